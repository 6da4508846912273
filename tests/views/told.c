/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the engine tells of frames in memory: one short record a session, and how two of them
 * differ. For check_views.c.
 */
#include <string.h>

#include "frames/feed.h"
#include "frames/packet.h"
#include "read/source.h"
#include "report.h"
#include "smtp365.h"
#include "views.h"

bool told_same_ends(const struct told_session *a, const struct told_session *b)
{
	return !memcmp(&a->client, &b->client, sizeof a->client) &&
	       !memcmp(&a->server, &b->server, sizeof a->server) &&
	       a->client_port == b->client_port && a->server_port == b->server_port &&
	       a->lookup == b->lookup;
}

static void on_session(const struct verdict *v, void *host)
{
	GArray *list = host;
	static const struct report_options plain;
	struct told_session s = {
		.client = v->client_ip,
		.server = v->server_ip,
		.client_port = v->client_port,
		.server_port = v->server_port,
		.lookup = v->lookup_only,
		.failed = report_is_failure(v),
		.foreign = v->client_ip.byte[0] == 10 && v->client_ip.byte[1] == 177,
		.outcome = v->outcome,
		.reached = v->reached,
		.stopped = v->stopped_at,
		.exposure = v->auth_exposure,
		.confidence = v->cause ? v->cause->confidence : CONFIDENCE_CERTAIN,
		.messages = v->messages,
		.borrowed = v->cause &&
			    (!strcmp(v->cause->id, "tls.downgrade_dance") ||
			     (v->cause->detail && strstr(v->cause->detail, "session before"))),
		.count = v->finding_count,
	};
	GString *line = g_string_new(NULL);
	report_line(v, &plain, line);
	g_strlcpy(s.line, line->str, sizeof s.line);
	g_string_free(line, TRUE);
	g_strlcpy(s.cause, v->cause ? v->cause->id : "", sizeof s.cause);
	g_strlcpy(s.mechanism, v->auth_mechanism ? v->auth_mechanism : "", sizeof s.mechanism);
	g_strlcpy(s.version, v->tls_version ? v->tls_version : "", sizeof s.version);
	for (unsigned i = 0; i < v->finding_count; i++) {
		g_strlcpy(s.findings[i].id, v->findings[i].id, sizeof s.findings[i].id);
		s.findings[i].severity = v->findings[i].severity;
		s.findings[i].confidence = v->findings[i].confidence;
	}
	g_array_append_val(list, s);
}

struct told told_of(const struct frames *list)
{
	GArray *out = g_array_new(FALSE, FALSE, sizeof(struct told_session));
	static const struct smtp365_options o;
	struct smtp365 *e = smtp365_new(&o, on_session, out, NULL);
	struct packet *p = list->count ? packet_new(list->at[0].dlt) : NULL;
	struct packet_item item;
	for (unsigned i = 0; p && i < list->count; i++) {
		const struct frame *f = &list->at[i];
		packet_link(p, f->dlt);
		packet_read(p, f->ns, i + 1, f->data, f->caplen, f->len, &item);
		if (item.kind == PACKET_SEGMENT && segment_sums(&item.segment) &&
		    smtp365_watches(e, item.segment.sport, item.segment.dport))
			item.segment.checksum_bad = packet_checksum_bad(p, &item.segment);
		feed_item(e, p, &item);
	}
	smtp365_finish(e);
	smtp365_free(e);
	packet_free(p);
	struct told t = { .count = out->len };
	t.sessions = (struct told_session *)(void *)g_array_free(out, FALSE);
	for (unsigned i = 0; i < t.count; i++)
		for (unsigned k = 0; k < i; k++)
			t.sessions[i].nth += told_same_ends(&t.sessions[i], &t.sessions[k]);
	return t;
}

void told_clear(struct told *t)
{
	g_free(t->sessions);
	*t = (struct told){ 0 };
}

const struct told_session *told_find(const struct told *t, const struct told_session *like)
{
	for (unsigned i = 0; i < t->count; i++)
		if (t->sessions[i].nth == like->nth && told_same_ends(&t->sessions[i], like))
			return &t->sessions[i];
	return NULL;
}

static bool about_capture(const char *id, const char *allowed)
{
	const char *found = allowed ? strstr(allowed, id) : NULL;
	size_t n = strlen(id);
	bool listed =
		found && (found == allowed || found[-1] == ' ') && (found[n] == ' ' || !found[n]);
	return g_str_has_prefix(id, "capture.") || listed;
}

static const struct told_finding *finding(const struct told_session *s, const char *id)
{
	for (unsigned i = 0; i < s->count; i++)
		if (!strcmp(s->findings[i].id, id))
			return &s->findings[i];
	return NULL;
}

/* A finding of `a` that `b` lacks, or has otherwise. */
static const char *missing(const struct told_session *a, const struct told_session *b,
			   const char *allowed)
{
	for (unsigned i = 0; i < a->count; i++) {
		const struct told_finding *f = &a->findings[i], *g = finding(b, f->id);
		if (!about_capture(f->id, allowed) &&
		    (!g || g->severity != f->severity || g->confidence != f->confidence))
			return f->id;
	}
	return NULL;
}

char *told_difference(const struct told_session *a, const struct told_session *b,
		      const char *allowed)
{
	if (a->outcome != b->outcome)
		return g_strdup_printf("outcome %s, was %s", outcome_name(b->outcome),
				       outcome_name(a->outcome));
	if (strcmp(a->cause, b->cause) != 0 || a->confidence != b->confidence)
		return g_strdup_printf("cause %s, was %s", b->cause, a->cause);
	if (a->stopped != b->stopped || a->reached != b->reached || a->messages != b->messages)
		return g_strdup_printf("stage %d %d messages %u, were %d %d %u", (int)b->reached,
				       (int)b->stopped, b->messages, (int)a->reached,
				       (int)a->stopped, a->messages);
	if (a->exposure != b->exposure || strcmp(a->mechanism, b->mechanism) != 0)
		return g_strdup_printf("exposure %d %s, was %d %s", (int)b->exposure, b->mechanism,
				       (int)a->exposure, a->mechanism);
	if (strcmp(a->version, b->version) != 0)
		return g_strdup_printf("version %s, was %s", b->version, a->version);
	const char *gone = missing(a, b, allowed), *new = missing(b, a, allowed);
	if (gone)
		return g_strdup_printf("%s is gone or other", gone);
	return new ? g_strdup_printf("%s is new", new) : NULL;
}
