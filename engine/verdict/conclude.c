/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Builds the verdict: runs the judges and the rules, picks the cause, and copies what was seen into
 * the record. No judgement of its own.
 */
#include "verdict/conclude.h"
#include "base/code.h"
#include "verdict/inside.h"
#include "verdict/place.h"

#include <stdlib.h>
#include <string.h>

/* What a verdict points to besides the session; emptied after the callback. */
struct room {
	const struct session_context *cx;
	struct facts facts;
	GStringChunk *words;
	GPtrArray *ciphers, *versions, *ehlo;
	struct finding findings[CAP_FINDINGS];
	struct verdict_reply replies[CAP_REPLIES + 1];
	unsigned finding_count;
	struct inside_result inside;
	struct verdict_inside told;
};

struct room *conclude_room_new(const struct session_context *cx)
{
	struct room *r = g_new0(struct room, 1);
	r->cx = cx;
	r->words = g_string_chunk_new(1024);
	r->ciphers = g_ptr_array_new();
	r->versions = g_ptr_array_new();
	r->ehlo = g_ptr_array_new();
	return r;
}

/* Empty it for the next verdict; what it allocated stays for it. */
static void room_empty(struct room *r)
{
	facts_empty(&r->facts);
	g_string_chunk_clear(r->words);
	g_ptr_array_set_size(r->ciphers, 0);
	g_ptr_array_set_size(r->versions, 0);
	g_ptr_array_set_size(r->ehlo, 0);
}

void conclude_room_free(struct room *r)
{
	if (!r)
		return;
	facts_clear(&r->facts);
	g_string_chunk_free(r->words);
	g_ptr_array_free(r->ciphers, TRUE);
	g_ptr_array_free(r->versions, TRUE);
	g_ptr_array_free(r->ehlo, TRUE);
	g_free(r);
}

static const char *keep(struct room *r, const char *text)
{
	return text ? g_string_chunk_insert_const(r->words, text) : NULL;
}

static const char *const *strings(GPtrArray *list)
{
	if (!list->len)
		return NULL;
	g_ptr_array_add(list, NULL);
	return (const char *const *)list->pdata;
}

static int by_frame_then_id(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;
	uint32_t fx = x->frame_count ? x->frames[0] : 0, fy = y->frame_count ? y->frames[0] : 0;
	if (fx != fy)
		return fx < fy ? -1 : 1;
	return strcmp(x->id, y->id);
}

/* A session in clear that is refused because TLS failed in the one before has the cause of that one
 * (docs/ARCHITECTURE.md#the-cause). Its frames: what showed it there, and the refusal here. */
static const struct finding *cause_before(struct room *r, const struct tracked *t,
					  const struct finding *cause)
{
	if (!t || !t->before.rule || !cause || rules_of(cause)->explains != STAGE_STARTTLS ||
	    !facts_has(&r->facts, FACT_CLEAR_AFTER_TLS_FAILED) || r->finding_count == CAP_FINDINGS)
		return cause;
	for (unsigned i = 0; i < r->finding_count; i++)
		if (!strcmp(r->findings[i].id, t->before.rule->id))
			return cause; /* it happened again here */
	struct finding *f = &r->findings[r->finding_count];
	char *said = g_strdup_printf("frame %u is of the session before, where TLS failed for this",
				     t->before.frame);
	rules_borrow(t->before.rule, keep(r, said), f);
	g_free(said);
	f->frames[f->frame_count++] = t->before.frame;
	for (unsigned i = 0; i < cause->frame_count && f->frame_count < CAP_EVIDENCE; i++)
		if (cause->frames[i] > f->frames[f->frame_count - 1])
			f->frames[f->frame_count++] = cause->frames[i];
	r->finding_count++;
	return f;
}

static bool among(const struct finding *f, const struct finding *cause)
{
	for (unsigned i = 0; i < f->frame_count; i++) {
		bool there = false;
		for (unsigned k = 0; k < cause->frame_count; k++)
			there = there || cause->frames[k] == f->frames[i];
		if (!there)
			return false;
	}
	return f->frame_count > 0;
}

/* One reply gives one high finding: what another row makes of the reply that the cause shows says
 * nothing new. */
static void one_high_for_a_reply(struct room *r, const struct finding *cause)
{
	for (unsigned i = 0; i < r->finding_count; i++) {
		struct finding *f = &r->findings[i];
		if (f != cause && f->severity == SEVERITY_HIGH &&
		    cause->severity >= SEVERITY_HIGH && facts_row(&r->facts, rules_of(f)->all[0]) &&
		    among(f, cause))
			f->severity = SEVERITY_MEDIUM;
	}
}

/* ---- how sure ---- */

static bool shows(const struct finding *f, const struct seen_reply *r)
{
	for (unsigned i = 0; i < f->frame_count; i++)
		if (f->frames[i] == r->at.frame)
			return true;
	return false;
}

/* A line that is cut off proves its code, and with the rest may have said something else. */
static void doubt_cut_replies(struct room *r, const struct seen *n)
{
	for (unsigned i = 0; i < n->reply_count; i++)
		for (unsigned k = 0; n->replies[i].cut && k < r->finding_count; k++)
			if (rules_of(&r->findings[k])->explains != STAGE_NONE &&
			    shows(&r->findings[k], &n->replies[i]))
				r->findings[k].confidence = CONFIDENCE_POSSIBLE;
}

/* The reply that a cause rests on, or NULL. */
static const struct seen_reply *reply_under(const struct finding *f, const struct seen *n)
{
	for (unsigned i = 0; i < n->reply_count; i++)
		if (shows(f, &n->replies[i]))
			return &n->replies[i];
	return NULL;
}

/* Are bytes missing that came before what the cause rests on? */
static bool hole_before(const struct facts *f, const struct finding *cause, const struct seen *n)
{
	uint32_t first = cause->frame_count ? cause->frames[cause->frame_count - 1] : 0;
	uint32_t gap = n->odd->gap.frame ? n->odd->gap.frame : n->odd->lost.frame;
	return facts_has(f, FACT_ONE_SIDED) || facts_has(f, FACT_MIDSTREAM) ||
	       facts_has(f, FACT_SNAPPED) || (gap && gap <= first);
}

/* Where bytes are missing, what was not captured may be the reason of what was: nobody is blamed
 * for that. In a black hole the missing bytes are the evidence. A sentence in which the server
 * gives a reason of its own has one meaning all the same, when the command that it answers is
 * known. */
static void doubt_cause(struct room *r, const struct finding *cause, const struct seen *n)
{
	struct finding *f = cause ? &r->findings[cause - r->findings] : NULL;
	if (!f || !n || facts_has(&r->facts, FACT_MTU_BLACKHOLE) || !hole_before(&r->facts, f, n))
		return;
	const enum fact first = rules_of(f)->all[0];
	const struct reply_row *row = first != FACT_NONE ? facts_row(&r->facts, first) : NULL;
	const struct seen_reply *reply = reply_under(f, n);
	bool own = row && row->sentence && f->side != SIDE_DEVICE && f->side != SIDE_NETWORK;
	/* Nothing came before it: perhaps it was the greeting. */
	bool first_word = reply && reply->unsolicited && n->reached < STAGE_EHLO;
	if (!own || first_word)
		f->confidence = CONFIDENCE_POSSIBLE;
	else if (reply && reply->unsolicited)
		f->confidence = MIN(f->confidence, CONFIDENCE_LIKELY);
}

static void findings(struct verdict *v, struct room *r, const struct tracked *t,
		     const struct seen *n)
{
	r->finding_count = rules_judge(&r->facts, r->findings);
	inside_name_login(&r->inside, r->words, r->findings, r->finding_count);
	const struct finding *cause =
		v->stopped_at != STAGE_NONE
			? rules_cause(r->findings, r->finding_count, v->stopped_at)
			: NULL;
	cause = cause_before(r, t, cause);
	if (n)
		doubt_cut_replies(r, n);
	doubt_cause(r, cause, n);
	const char *id = cause ? cause->id : NULL;
	if (cause)
		one_high_for_a_reply(r, cause);

	/* Rows that only say that nothing explains the failure are worth nothing beside a cause. */
	for (unsigned i = 0; i < r->finding_count;) {
		if (r->findings[i].letter[0] == 'U' && (!id || strcmp(r->findings[i].id, id)))
			r->findings[i] = r->findings[--r->finding_count];
		else
			i++;
	}

	qsort(r->findings, r->finding_count, sizeof *r->findings, by_frame_then_id);
	for (unsigned i = 0; i < r->finding_count; i++)
		r->findings[i].check = place_check(r->findings[i].check, v, r->words);
	v->findings = r->findings;
	v->finding_count = r->finding_count;
	for (unsigned i = 0; id && i < r->finding_count; i++)
		if (!strcmp(r->findings[i].id, id))
			v->cause = &r->findings[i];
}

static enum tri tri(bool known, bool value)
{
	return !known ? TRI_UNKNOWN : value ? TRI_TRUE : TRI_FALSE;
}

static const char *suite_number(struct room *r, unsigned suite)
{
	char number[16];
	g_snprintf(number, sizeof number, "0x%04x", suite);
	return keep(r, number);
}

static void fill_tls_hello(struct verdict *v, struct room *r, const struct seen_tls *t)
{
	const struct seen_hello *c = &t->client, *s = &t->server;

	if (s->at.frame) {
		v->tls_version = tls_version_ecs(s->max_version);
		v->tls_protocol = s->max_version <= TLS_SSL3 ? "ssl" : "tls";
		v->tls_cipher = s->suite_count ? tls_suite_name(s->suites[0]) : NULL;
		v->tls_curve = t->group ? tls_group_name(t->group) : NULL;
	}
	if (!c->at.frame)
		return;
	v->sni = c->has_sni ? c->sni : NULL;
	v->ja3 = c->ja3[0] ? c->ja3 : NULL;
	v->client_max = keep(r, tls_version_ecs(c->max_version));
	for (unsigned i = 0; i < c->suite_count; i++) {
		const char *name = tls_suite_name(c->suites[i]);
		g_ptr_array_add(r->ciphers,
				(gpointer)(name ? name : suite_number(r, c->suites[i])));
	}
	v->client_ciphers = strings(r->ciphers);
	for (unsigned i = 0; i < c->version_count; i++)
		g_ptr_array_add(r->versions, (gpointer)keep(r, tls_version_ecs(c->versions[i])));
	if (!c->version_count)
		g_ptr_array_add(r->versions, (gpointer)keep(r, tls_version_ecs(c->legacy_version)));
	v->client_versions = strings(r->versions);
}

static void fill_tls(struct verdict *v, struct room *r, const struct seen_tls *t)
{
	fill_tls_hello(v, r, t);
	if (t->client.at.frame || t->server.at.frame) {
		bool failed = facts_has(&r->facts, FACT_TLS_FAILED) || t->established;
		v->tls_established = tri(failed, t->established);
		v->tls_resumed = tri(t->server.at.frame, facts_has(&r->facts, FACT_TLS_RESUMED));
	}
	if (t->leaf) {
		v->cert_subject = t->leaf->subject;
		v->cert_issuer = t->leaf->issuer;
		v->cert_sha256 = t->leaf->sha256;
		v->cert_not_before = t->leaf->not_before;
		v->cert_not_after = t->leaf->not_after;
	}
	v->alert_count = t->alert_count;
	for (unsigned i = 0; i < t->alert_count; i++)
		v->alerts[i] = (struct verdict_alert){
			.from_client = t->alerts[i].from_client,
			.encrypted = t->alerts[i].encrypted,
			.level = t->alerts[i].level,
			.code = t->alerts[i].code,
			.name = t->alerts[i].encrypted ? NULL : tls_alert_name(t->alerts[i].code),
			.frame = t->alerts[i].at.frame,
		};
}

static struct verdict_reply reply_of(const struct seen_reply *r)
{
	return (struct verdict_reply){
		.frame = r->at.frame,
		.code = r->code,
		.enhanced = r->enhanced,
		.text = r->text,
		.command = r->body	 ? "DATA"
			   : r->has_verb ? smtp_verb_name(r->verb)
					 : NULL,
		.in_tls = r->in_tls,
	};
}

static void fill_replies(struct verdict *v, struct room *r, const struct seen *n)
{
	for (unsigned i = 0; i < n->reply_count; i++)
		r->replies[v->reply_count++] = reply_of(&n->replies[i]);
	if (n->last_set && !code_refuses(n->last.code))
		r->replies[v->reply_count++] = reply_of(&n->last);
	v->replies = r->replies;
	if (n->trace) {
		v->trace_server = n->trace->server;
		v->trace_time = *n->trace->time ? n->trace->time : NULL;
		v->trace_id = *n->trace->id ? n->trace->id : NULL;
	}
}

static void fill_starttls(struct verdict *v, const struct facts *f, const struct seen *n)
{
	bool list = facts_has(f, FACT_EHLO_REPLY_COMPLETE), sent = n->starttls.frame != 0;
	bool provable = !facts_has(f, FACT_ONE_SIDED) && !facts_has(f, FACT_MIDSTREAM) &&
			!n->odd->gap.frame;

	v->starttls_offered = tri(list || n->ehlo.has_starttls, n->ehlo.has_starttls);
	v->starttls_requested = tri(sent || (provable && n->ehlo.command.frame), sent);
	v->starttls_accepted = tri(n->starttls_code != 0, n->starttls_code == CODE_READY);
	bool tls = n->starttls_code == CODE_READY && n->tls->established;
	bool known = tls || code_refuses(n->starttls_code) || facts_has(f, FACT_TLS_FAILED) ||
		     facts_has(f, FACT_NO_CLIENT_HELLO) ||
		     (!sent && provable && n->mail->mail_clear.frame);
	v->starttls_established = tri(known, tls);
}

/* "none" is a claim: the login was inside TLS, or all lines of it are in the capture. */
static bool nothing_exposed(const struct seen *n)
{
	const struct seen_auth *a = &n->mail->auth;
	bool lines = a->mech != SMTP_MECH_NONE && !n->odd->gap_c2s && !n->odd->snapped.frame;
	return a->in_tls || n->tls->established || lines;
}

static void fill_auth(struct verdict *v, const struct facts *f, const struct seen *n)
{
	const struct seen_auth *a = &n->mail->auth;
	if (!a->at.frame && !a->password.frame)
		return;
	v->auth_seen = true;
	v->auth_mechanism = a->mech == SMTP_MECH_NONE ? NULL : smtp_mech_name(a->mech);
	v->auth_result = facts_has(f, FACT_AUTH_ACCEPTED)  ? AUTH_RESULT_ACCEPTED
			 : facts_has(f, FACT_AUTH_REFUSED) ? AUTH_RESULT_REJECTED
							   : AUTH_RESULT_UNKNOWN;
	if (n->mirror)
		return;
	bool likely = !a->password.frame && a->password_likely.frame;
	v->auth_exposure = a->password.frame || likely ? EXPOSURE_PASSWORD
			   : a->user.frame	       ? EXPOSURE_USER
			   : nothing_exposed(n)	       ? EXPOSURE_NONE
						       : EXPOSURE_UNKNOWN;
	v->auth_inferred = likely;
}

static void fill_mail(struct verdict *v, struct room *r, const struct seen *n)
{
	const struct seen_ehlo *e = n->ehlo.count ? &n->ehlo : n->inner ? n->inner : &n->ehlo;

	v->from = (const char *const *)n->mail->from;
	v->to = (const char *const *)n->mail->to;
	v->messages = n->mail->messages;
	v->helo = n->ehlo.command.frame && n->ehlo.name && *n->ehlo.name ? n->ehlo.name : NULL;
	v->banner = n->banner_text;
	v->client_public_ip = *n->public_ip ? n->public_ip : NULL;
	for (unsigned i = 0; i < e->count; i++)
		g_ptr_array_add(r->ehlo, (gpointer)e->lines[i]);
	v->ehlo = strings(r->ehlo);
	v->protocol = n->smtp_proven || n->banner.frame || n->ehlo.command.frame ? "smtp" : NULL;
}

static void fill_flow(struct verdict *v, const struct flow *f, const struct seen *n)
{
	const struct flow_side *c = &f->side[FLOW_C2S], *d = &f->side[FLOW_S2C];

	v->start_ns = f->first_ns;
	v->end_ns = f->last_ns;
	v->client_ip = f->client;
	v->server_ip = f->server;
	v->client_port = f->client_port;
	v->server_port = f->server_port;
	v->has_client_mac = c->has_mac;
	memcpy(v->client_mac, c->src_mac, sizeof v->client_mac);
	v->transport = "tcp";
	v->encap = f->encap;
	v->first_frame = f->first_frame;
	v->last_frame = f->last_frame;
	v->frame_count = f->frames;
	v->sides = (c->segments ? 1u : 0u) + (d->segments ? 1u : 0u);
	v->midstream = f->midstream;
	v->decrypted = n->mirror;
	v->snapped = n->odd->snapped.frame || n->odd->snapped_body.frame;
	v->gap_bytes = c->gap_bytes + d->gap_bytes;
	v->duplicates = c->duplicates + d->duplicates;
}

static void fill_judged(struct verdict *v, const struct judge *j)
{
	v->endpoint = j->endpoint;
	v->endpoint_source = j->source;
	v->server_domain = j->domain;
	v->method = j->method;
	v->reached = j->reached;
	v->stopped_at = j->stopped;
	v->outcome = j->outcome;
}

static void fill_events(struct verdict *v, const struct session *s)
{
	v->events = session_events(s, &v->event_count, &v->events_cut);
}

/* The verdict of what was seen; `ending` is the session when it is over and its events may still
 * be completed, else NULL. */
static struct tracked_cause conclude(struct room *room, const struct tracked *t,
				     const struct seen *seen, const struct flow *f,
				     const struct judge_capture *capture, struct session *ending,
				     void (*fn)(const struct verdict *v, void *host), void *host)
{
	const struct session *s = t->session;
	struct verdict v = { .session = session_number(s),
			     .open = !ending,
			     .told = ending && t->look.told,
			     .history = session_history(s),
			     .tls_history = session_tls_history(s) };
	struct judge j = {
		.facts = &room->facts,
		.seen = seen,
		.flow = f,
		.peers = room->cx->peers,
		.dns = room->cx->dns,
		.capture = capture,
		.words = room->words,
		.over = ending,
		.hosts = room->cx->hosts,
		.inside = room->cx->hosts ? &room->inside : NULL,
	};

	memset(&room->inside, 0, sizeof room->inside);

	for (unsigned i = 0; i < t->extra_count; i++)
		facts_say(&room->facts, t->extra[i].fact, t->extra[i].frame, t->extra[i].words);
	judge_session(&j);
	v.m365 = facts_has(&room->facts, FACT_PEER_M365);
	fill_judged(&v, &j);
	fill_flow(&v, f, seen);
	fill_tls(&v, room, seen->tls);
	fill_mail(&v, room, seen);
	fill_replies(&v, room, seen);
	fill_starttls(&v, &room->facts, seen);
	fill_auth(&v, &room->facts, seen);
	inside_fill(&v, &room->inside, &room->told);
	findings(&v, room, t, seen);
	struct tracked_cause cause = {
		.rule = v.cause ? rules_of(v.cause) : NULL,
		.frame = v.cause && v.cause->frame_count ? v.cause->frames[0] : 0,
	};
	if (!room->cx->events_of_causes || v.cause) {
		if (ending && (room->cx->dialogue || v.cause))
			inside_events(ending, &room->inside);
		if (ending)
			session_network_events(ending, f);
		fill_events(&v, s);
	}
	fn(&v, host);
	room_empty(room);
	return cause;
}

void conclude_session(struct room *room, struct tracked *t, const struct flow *f,
		      const struct judge_capture *capture,
		      void (*fn)(const struct verdict *v, void *host), void *host)
{
	t->cause = conclude(room, t, session_seen(t->session), f, capture, t->session, fn, host);
}

void conclude_open(struct room *room, const struct tracked *t, const struct flow *f,
		   const struct judge_capture *capture,
		   void (*fn)(const struct verdict *v, void *host), void *host)
{
	struct session_snapshot now;

	conclude(room, t, session_as_ended(t->session, f, &now), f, capture, NULL, fn, host);
}

/* What became of the look-up, as facts. `meant`: the name of which this one is a slip, or NULL. */
static void lookup_facts(struct room *room, const struct dns_lookup *l, const char *meant)
{
	bool absent = l->outcome == DNS_NXDOMAIN || l->outcome == DNS_NODATA;
	enum fact fact = absent			      ? FACT_DNS_NO_SUCH_NAME
			 : l->outcome == DNS_ANSWERED ? FACT_DNS_PRIVATE_ANSWER
						      : FACT_DNS_NO_ANSWER;
	struct peer withdrawn;
	char *text = meant ? g_strdup_printf("%s; probably meant: %s", l->name, meant)
			   : g_strdup(l->name);

	facts_say(&room->facts, fact, l->answer_frame ? l->answer_frame : l->query_last_frame,
		  keep(room, text));
	facts_set(&room->facts, fact, l->query_frame);
	if (l->outcome == DNS_NXDOMAIN && peers_by_name(room->cx->peers, l->name, 0, &withdrawn) &&
	    withdrawn.gone)
		facts_set(&room->facts, FACT_DNS_LEGACY_NAME, l->answer_frame);
	facts_set(&room->facts, FACT_FAILED, l->query_frame);
	facts_set(&room->facts, FACT_LOOKUP_ONLY, l->query_frame);
	g_free(text);
}

/* The question and its answer, which may be missing. */
static void lookup_events(struct verdict *v, struct room *room, const struct dns_lookup *l,
			  struct event events[2])
{
	static const char *const words[] = { "no answer",    "a null address", "no address",
					     "no such name", "SERVFAIL",       "the query REFUSED",
					     "an error",     "no answer" };
	char *asked = g_strdup_printf("DNS query for %s", l->name);
	char *said = g_strdup_printf("DNS answer: %s", words[MIN(l->outcome, DNS_NO_ANSWER)]);

	events[0] = (struct event){ .time_ns = l->query_ns,
				    .frame = l->query_frame,
				    .direction = EVENT_C2S,
				    .text = keep(room, asked) };
	events[1] = (struct event){ .time_ns = l->answer_ns,
				    .frame = l->answer_frame,
				    .direction = EVENT_S2C,
				    .text = keep(room, said) };
	g_free(asked);
	g_free(said);
	v->events = events;
	v->event_count = l->answer_frame ? 2 : 1;
}

void conclude_lookup(struct room *room, unsigned number, const struct dns_lookup *l,
		     const char *meant, void (*fn)(const struct verdict *v, void *host), void *host)
{
	struct event events[2];
	struct verdict v = {
		.session = number,
		.m365 = true,
		.lookup_only = true,
		.start_ns = l->query_ns,
		.end_ns = l->answer_ns ? l->answer_ns : l->query_last_ns,
		.client_ip = l->client,
		.client_port = l->client_port,
		.server_ip = l->server,
		.server_port = 53,
		.server_domain = l->name,
		.transport = l->over_tcp ? "tcp" : "udp",
		.protocol = "dns",
		.first_frame = l->query_frame,
		.last_frame = l->answer_frame ? l->answer_frame : l->query_last_frame,
		.frame_count = l->queries + (l->answer_frame ? 1 : 0),
		.stopped_at = STAGE_DNS,
		.outcome = OUTCOME_FAILED,
		.history = "dns",
		.sides = l->answer_frame ? 2 : 1,
	};

	lookup_facts(room, l, meant);
	lookup_events(&v, room, l, events);
	findings(&v, room, NULL, NULL);
	fn(&v, host);
	room_empty(room);
}
