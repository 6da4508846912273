/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Totals of a run: outcomes, stages, TLS, findings and clients, for the end of the text output.
 * Takes verdicts one by one and keeps counters only; what the tables have no room for is counted.
 */
#include "report.h"
#include <string.h>

/* Clients counted one by one; a scan of the whole address space must not fill the memory. */
#define SUMMARY_CLIENTS 65536u
/* Clients shown, those with most failures first. */
#define SUMMARY_CLIENTS_SHOWN 20u
#define COUNT_STAGES REPORT_STAGES
#define COUNT_OUTCOMES REPORT_OUTCOMES

struct report_summary {
	struct report_totals t;
	unsigned clients_beyond;
	GHashTable *findings; /* id -> report_finding_count, its strings owned */
	GHashTable *clients;  /* address -> report_client_count, cause owned by `findings` */
};

static guint address_hash(gconstpointer key)
{
	const struct address *a = key;
	guint h = a->family;
	for (unsigned i = 0; i < sizeof(a->byte); i++)
		h = h * 16777619u ^ a->byte[i];
	return h;
}

static int address_order(const struct address *a, const struct address *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->byte, b->byte, sizeof(a->byte));
}

static gboolean address_equal(gconstpointer a, gconstpointer b)
{
	return address_order(a, b) == 0;
}

static void finding_count_free(gpointer p)
{
	struct report_finding_count *c = p;
	g_free((char *)c->id);
	g_free((char *)c->title);
	g_free(c);
}

struct report_summary *report_summary_new(void)
{
	struct report_summary *s = g_new0(struct report_summary, 1);
	s->findings = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, finding_count_free);
	s->clients = g_hash_table_new_full(address_hash, address_equal, NULL, g_free);
	return s;
}

void report_summary_free(struct report_summary *s)
{
	if (!s)
		return;
	g_hash_table_destroy(s->clients);
	g_hash_table_destroy(s->findings);
	g_free(s);
}

/* Sessions come in the order in which they end, which is not that of their numbers: the totals are
 * the same for every order. */
static const struct report_finding_count *count_finding(struct report_summary *s,
							const struct finding *f, unsigned session)
{
	struct report_finding_count *c = g_hash_table_lookup(s->findings, f->id);
	if (!c) {
		c = g_new0(struct report_finding_count, 1);
		c->id = g_strdup(f->id);
		g_hash_table_insert(s->findings, (char *)c->id, c);
	}
	if (!c->title || session < c->first) {
		g_free((char *)c->title);
		c->title = g_strdup(f->title);
		c->first = session;
	}
	c->severity = MAX(c->severity, f->severity);
	c->sessions++;
	return c;
}

static void count_client(struct report_summary *s, const struct verdict *v, const char *cause)
{
	struct report_client_count *c = g_hash_table_lookup(s->clients, &v->client_ip);
	if (!c) {
		if (g_hash_table_size(s->clients) >= SUMMARY_CLIENTS) {
			s->clients_beyond++;
			return;
		}
		c = g_new0(struct report_client_count, 1);
		c->ip = v->client_ip;
		g_hash_table_insert(s->clients, &c->ip, c);
	}
	c->sessions++;
	c->failed += report_is_failure(v);
	if (cause && (!c->cause || v->session < c->first)) {
		c->cause = cause;
		c->first = v->session;
	}
}

/* In clear: mail or a login was attempted, or the session ended, in the SMTP dialogue without TLS.
 * Early: it did not come to that, so neither can be said. */
static void count_tls(struct report_summary *s, const struct verdict *v)
{
	bool dialogue = v->reached >= STAGE_EHLO && v->tls_established != TRI_TRUE;
	if (report_tls_modern(v))
		s->t.modern++;
	else if (v->tls_established == TRI_TRUE && v->tls_version)
		s->t.old++;
	else if (v->decrypted)
		s->t.decrypted++;
	else if (dialogue && (v->from || v->auth_seen || v->outcome == OUTCOME_ACCEPTED))
		s->t.clear++;
	else
		s->t.early++;
}

void report_summary_add(struct report_summary *s, const struct verdict *v)
{
	const char *cause = NULL;
	s->t.sessions += !v->lookup_only;
	s->t.lookups += v->lookup_only;
	s->t.outcomes[v->outcome]++;
	if (report_is_failure(v) && v->stopped_at != STAGE_NONE)
		s->t.stages[v->stopped_at]++;
	s->t.at_risk += !report_is_failure(v) && report_worst(v);
	/* Whose server it was changes nothing for those who could read along. */
	s->t.passwords += v->auth_exposure == EXPOSURE_PASSWORD;
	s->t.users += v->auth_exposure == EXPOSURE_USER;
	if (!v->lookup_only && v->m365) {
		s->t.m365++;
		s->t.hidden += v->outcome == OUTCOME_ENCRYPTED;
		count_tls(s, v);
	}
	for (unsigned i = 0; i < v->finding_count; i++) {
		const struct report_finding_count *c =
			count_finding(s, &v->findings[i], v->session);
		if (&v->findings[i] == v->cause)
			cause = c->id;
	}
	count_client(s, v, cause);
}

static void append_count(GString *out, unsigned n, const char *words, bool *first)
{
	if (!n)
		return;
	g_string_append_printf(out, "%s%u %s", *first ? "" : ", ", n, words);
	*first = false;
}

static const char *plural(unsigned n)
{
	return n == 1 ? "" : "s";
}

static void append_totals(const struct report_summary *s, GString *out)
{
	static const char *const words[COUNT_OUTCOMES] = {
		[OUTCOME_ACCEPTED] = "accepted",   [OUTCOME_REJECTED] = "rejected",
		[OUTCOME_FAILED] = "failed",	   [OUTCOME_NO_MAIL] = "without mail",
		[OUTCOME_ENCRYPTED] = "encrypted", [OUTCOME_INCOMPLETE] = "incomplete",
	};
	bool first = true;
	g_string_append_printf(out, "%u session%s", s->t.sessions, plural(s->t.sessions));
	if (s->t.m365 != s->t.sessions)
		g_string_append_printf(out, ", %u with Microsoft 365", s->t.m365);
	if (s->t.lookups)
		g_string_append_printf(out, ", %u failed look-up%s", s->t.lookups,
				       plural(s->t.lookups));
	g_string_append(out, ": ");
	for (unsigned i = 0; i < COUNT_OUTCOMES; i++)
		append_count(out, s->t.outcomes[i], words[i], &first);
	if (s->t.at_risk)
		g_string_append_printf(out, "; %u at risk", s->t.at_risk);
	g_string_append_c(out, '\n');
}

/* The versions of the sessions with Microsoft 365. */
static void append_versions(const struct report_summary *s, GString *out)
{
	bool first = true;
	g_string_append(out, "TLS: ");
	append_count(out, s->t.modern, "with 1.2 or later", &first);
	append_count(out, s->t.old, "with an older version", &first);
	append_count(out, s->t.decrypted, "decrypted by the mirror", &first);
	append_count(out, s->t.clear, "in clear", &first);
	append_count(out, s->t.early, "did not get that far", &first);
	g_string_append_c(out, '\n');
}

/* What can be said of encryption, and no more: of versions only sessions with Microsoft 365 count,
 * of logins all. */
void report_summary_encryption(const struct report_summary *s, GString *out)
{
	if (s->t.m365 && s->t.modern == s->t.m365 && !s->t.passwords && !s->t.users && !s->t.hidden)
		g_string_append_printf(
			out, "%u session%s%s, all TLS 1.2 or later, nothing in clear\n", s->t.m365,
			plural(s->t.m365), s->t.m365 == s->t.sessions ? "" : " with Microsoft 365");
	else if (s->t.m365)
		append_versions(s, out);
	if (s->t.hidden)
		g_string_append_printf(
			out,
			"%u session%s whose outcome is inside TLS and not visible; to see it: "
			"keys, the device's log, or Entra sign-in logs\n",
			s->t.hidden, plural(s->t.hidden));
	if (s->t.passwords)
		g_string_append_printf(out, "passwords in clear: %u session%s\n", s->t.passwords,
				       plural(s->t.passwords));
	if (s->t.users)
		g_string_append_printf(out, "user names in clear: %u session%s\n", s->t.users,
				       plural(s->t.users));
}

static void append_stages(const struct report_summary *s, GString *out)
{
	bool first = true;
	for (unsigned i = 0; i < COUNT_STAGES; i++) {
		if (!s->t.stages[i])
			continue;
		g_string_append_printf(out, "%s%s %u", first ? "stopped at: " : ", ",
				       stage_name((enum stage)i), s->t.stages[i]);
		first = false;
	}
	if (!first)
		g_string_append_c(out, '\n');
}

/* Most severe first, then most frequent, then by id. */
static gint order_findings(gconstpointer a, gconstpointer b)
{
	const struct report_finding_count *x = *(const struct report_finding_count *const *)a;
	const struct report_finding_count *y = *(const struct report_finding_count *const *)b;
	if (x->severity != y->severity)
		return x->severity > y->severity ? -1 : 1;
	if (x->sessions != y->sessions)
		return x->sessions > y->sessions ? -1 : 1;
	return strcmp(x->id, y->id);
}

/* Most failures first, then most sessions, then by address. */
static gint order_clients(gconstpointer a, gconstpointer b)
{
	const struct report_client_count *x = *(const struct report_client_count *const *)a;
	const struct report_client_count *y = *(const struct report_client_count *const *)b;
	if (x->failed != y->failed)
		return x->failed > y->failed ? -1 : 1;
	if (x->sessions != y->sessions)
		return x->sessions > y->sessions ? -1 : 1;
	return address_order(&x->ip, &y->ip);
}

/* The values of a table in an order that does not depend on its hash. Caller frees the array. */
static GPtrArray *sorted_values(GHashTable *table, GCompareFunc order)
{
	GPtrArray *list = g_ptr_array_new();
	GHashTableIter at;
	gpointer value;
	g_hash_table_iter_init(&at, table);
	while (g_hash_table_iter_next(&at, NULL, &value))
		g_ptr_array_add(list, value);
	g_ptr_array_sort(list, order);
	return list;
}

static void append_findings(const struct report_summary *s, GString *out)
{
	GPtrArray *list = sorted_values(s->findings, order_findings);
	int width = 0;
	for (guint i = 0; i < list->len; i++) {
		const struct report_finding_count *c = g_ptr_array_index(list, i);
		width = MAX(width, (int)strlen(c->id));
	}
	for (guint i = 0; i < list->len; i++) {
		const struct report_finding_count *c = g_ptr_array_index(list, i);
		g_string_append_printf(out, "%s  %-8s  %5u  %-*s  %s\n",
				       i == 0 ? "finding" : "       ", severity_name(c->severity),
				       c->sessions, width, c->id, c->title);
	}
	g_ptr_array_free(list, TRUE);
}

static void append_clients(const struct report_summary *s, GString *out)
{
	GPtrArray *list = sorted_values(s->clients, order_clients);
	for (guint i = 0; i < list->len && i < SUMMARY_CLIENTS_SHOWN; i++) {
		const struct report_client_count *c = g_ptr_array_index(list, i);
		char ip[64];
		report_address(&c->ip, ip);
		g_string_append_printf(out, "%s  %-15s  %u session%s",
				       i == 0 ? "client " : "       ", ip, c->sessions,
				       plural(c->sessions));
		if (c->failed)
			g_string_append_printf(out, ", %u failed", c->failed);
		if (c->cause)
			g_string_append_printf(out, "  %s", c->cause);
		g_string_append_c(out, '\n');
	}
	unsigned more = s->clients_beyond;
	if (list->len > SUMMARY_CLIENTS_SHOWN)
		g_string_append_printf(out, "         and %u more clients\n",
				       list->len - SUMMARY_CLIENTS_SHOWN);
	if (more)
		g_string_append_printf(out, "         and %u sessions of further clients\n", more);
	g_ptr_array_free(list, TRUE);
}

void report_summary_text(const struct report_summary *s, const struct report_options *o,
			 GString *out)
{
	(void)o; /* nothing in the totals is hidden or coloured */
	if (!s->t.sessions && !s->t.lookups) {
		g_string_append(out, "no SMTP sessions\n");
		return;
	}
	append_totals(s, out);
	report_summary_encryption(s, out);
	append_stages(s, out);
	append_findings(s, out);
	append_clients(s, out);
}

const struct report_totals *report_summary_totals(const struct report_summary *s)
{
	return &s->t;
}

void report_summary_findings(const struct report_summary *s, report_finding_fn each, void *host)
{
	GPtrArray *list = sorted_values(s->findings, order_findings);
	for (guint i = 0; i < list->len; i++)
		each(g_ptr_array_index(list, i), host);
	g_ptr_array_free(list, TRUE);
}

unsigned report_summary_clients(const struct report_summary *s, report_client_fn each, void *host)
{
	GPtrArray *list = sorted_values(s->clients, order_clients);
	guint shown = MIN(list->len, SUMMARY_CLIENTS_SHOWN), more = list->len - shown;
	for (guint i = 0; i < shown; i++)
		each(g_ptr_array_index(list, i), host);
	g_ptr_array_free(list, TRUE);
	return more;
}
