/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names after Prometheus' conventions: prefix of the application, base units, _total for counters,
 * labels instead of numbered names. Families come in a fixed order, their rows sorted, so that two
 * files differ only where a number does. Labels come from our own tables, except for interface
 * names, which are escaped.
 */
#include "live/metrics.h"
#include <stdlib.h>
#include <string.h>
#include "smtp365.h"

struct metrics {
	GHashTable *sessions; /* labels -> uint64_t *, owned */
	GHashTable *findings;
};

/* The counter of the row with these labels, which are of our tables, so rows are few. */
static uint64_t *row_of(GHashTable *rows, char *labels)
{
	uint64_t *n = g_hash_table_lookup(rows, labels);
	if (n) {
		g_free(labels);
	} else {
		n = g_new0(uint64_t, 1);
		g_hash_table_insert(rows, labels, n);
	}
	return n;
}

static uint64_t *finding_row(struct metrics *m, const char *id, enum severity severity)
{
	return row_of(m->findings,
		      g_strdup_printf("id=\"%s\",severity=\"%s\"", id, severity_name(severity)));
}

/* Every finding has its row from the start: to increase() of Prometheus a row that appears with 1
 * has not grown, and the first password in clear would raise no alert. */
static void begin_findings(struct metrics *m)
{
	size_t n;
	const struct smtp365_rule *all = smtp365_rules(&n);
	for (size_t i = 0; i < n; i++) {
		finding_row(m, all[i].id, all[i].severity);
		for (unsigned k = 0; k < all[i].case_count; k++)
			finding_row(m, all[i].id, all[i].cases[k].severity);
	}
}

struct metrics *metrics_new(void)
{
	struct metrics *m = g_new0(struct metrics, 1);
	m->sessions = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	m->findings = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	begin_findings(m);
	return m;
}

void metrics_free(struct metrics *m)
{
	if (!m)
		return;
	g_hash_table_destroy(m->sessions);
	g_hash_table_destroy(m->findings);
	g_free(m);
}

void metrics_verdict(struct metrics *m, const struct verdict *v)
{
	const char *stopped = stage_name(v->stopped_at);
	++*row_of(m->sessions, g_strdup_printf("endpoint=\"%s\",outcome=\"%s\",stopped_at=\"%s\"",
					       endpoint_name(v->endpoint), outcome_name(v->outcome),
					       stopped ? stopped : "none"));
	for (unsigned i = 0; i < v->finding_count; i++)
		++*finding_row(m, v->findings[i].id, v->findings[i].severity);
}

/* ---- the file ---- */

static void family(GString *out, const char *name, const char *type, const char *help)
{
	g_string_append_printf(out, "# HELP smtp365_%s %s\n# TYPE smtp365_%s %s\n", name, help,
			       name, type);
}

static void row(GString *out, const char *name, const char *labels, uint64_t value)
{
	g_string_append_printf(out, "smtp365_%s%s%s%s %" G_GUINT64_FORMAT "\n", name,
			       labels ? "{" : "", labels ? labels : "", labels ? "}" : "", value);
}

static void counter(GString *out, const char *name, const char *help, uint64_t value)
{
	family(out, name, "counter", help);
	row(out, name, NULL, value);
}

static void gauge(GString *out, const char *name, const char *help, uint64_t value)
{
	family(out, name, "gauge", help);
	row(out, name, NULL, value);
}

/* Seconds with three digits, whatever the locale. */
static void gauge_time(GString *out, const char *name, const char *help, uint64_t ns)
{
	family(out, name, "gauge", help);
	g_string_append_printf(out, "smtp365_%s %" G_GUINT64_FORMAT ".%03u\n", name,
			       ns / 1000000000u, (unsigned)(ns / 1000000u % 1000u));
}

static int by_text(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void rows(GString *out, const char *name, const char *help, GHashTable *table)
{
	guint n;
	gpointer *labels = g_hash_table_get_keys_as_array(table, &n);
	if (n > 1)
		qsort(labels, n, sizeof(*labels), by_text);
	family(out, name, "counter", help);
	for (guint i = 0; i < n; i++)
		row(out, name, labels[i], *(const uint64_t *)g_hash_table_lookup(table, labels[i]));
	g_free(labels);
}

/* A label value: backslash, quote and line end are escaped (text format 0.0.4). */
static char *interface_label(const char *name)
{
	GString *text = g_string_new("interface=\"");
	for (const char *p = name; *p; p++) {
		if (*p == '\\' || *p == '"')
			g_string_append_c(text, '\\');
		g_string_append_c(text, *p);
	}
	g_string_append_c(text, '"');
	return g_string_free(text, FALSE);
}

/* What each interface counts: one family for each row of this table. */
static const struct {
	const char *name, *type, *help;
} source_families[] = {
	{ "capture_up", "gauge", "Whether the interface is there and up." },
	{ "capture_packets_total", "counter",
	  "Packets that passed the kernel filter, dropped ones included." },
	{ "capture_dropped_packets_total", "counter",
	  "Packets that the kernel dropped because the ring was full." },
	{ "capture_interface_dropped_packets_total", "counter",
	  "Packets that the interface or its driver dropped." },
	{ "capture_outages_total", "counter", "Times that the interface went down or away." },
};

static uint64_t source_value(const struct live_source *s, size_t which)
{
	const uint64_t values[G_N_ELEMENTS(source_families)] = {
		s->state == SOURCE_LIVE_UP,  s->counts.received, s->counts.dropped,
		s->counts.interface_dropped, s->counts.outages,
	};
	return values[which];
}

static void sources(const struct live_state *s, GString *out)
{
	for (size_t f = 0; f < G_N_ELEMENTS(source_families); f++) {
		family(out, source_families[f].name, source_families[f].type,
		       source_families[f].help);
		for (unsigned i = 0; i < s->source_count; i++) {
			char *label = interface_label(s->source[i].name);
			row(out, source_families[f].name, label, source_value(&s->source[i], f));
			g_free(label);
		}
	}
	family(out, "packets_total", "counter",
	       "What the packets were, or why they were not read.");
	for (unsigned i = 0; i < PACKET_COUNT_ALL; i++) {
		char *label =
			g_strdup_printf("kind=\"%s\"", packet_count_name((enum packet_count)i));
		row(out, "packets_total", label, s->packets.count[i]);
		g_free(label);
	}
}

static void engine(const struct smtp365_stats *e, GString *out)
{
	counter(out, "stream_bytes_total", "Payload of ended sessions that was read.",
		e->delivered_bytes);
	counter(out, "stream_missing_bytes_total", "Payload of ended sessions that is missing.",
		e->gap_bytes);
	counter(out, "duplicate_packets_total", "Packets that the mirror delivered twice.",
		e->duplicates);
	counter(out, "sessions_one_sided_total",
		"Sessions of which one direction only was captured.", e->one_sided);
	counter(out, "sessions_two_sided_total", "Sessions with payload of both directions.",
		e->two_sided);
	counter(out, "sessions_unanswered_total",
		"Sessions in which the server sent nothing, as in a flood of SYNs.", e->unanswered);
	counter(out, "sessions_told_early_total", "Verdicts of sessions that were still open.",
		e->told_early);
	counter(out, "connections_culled_total", "Connections given up because the table was full.",
		e->culled);
	gauge(out, "connections_open", "Connections that are followed now.", e->open);
	gauge(out, "table_memory_bytes", "Memory of the table of connections.", e->bytes);
	gauge(out, "table_memory_peak_bytes", "The most that it was.", e->bytes_peak);
}

static void outputs(const struct live_state *s, GString *out)
{
	const struct queue_stats *q = &s->queue;
	counter(out, "output_records_total", "Records written.", q->written);
	counter(out, "output_bytes_total", "Bytes written.", q->written_bytes);
	counter(out, "output_dropped_records_total",
		"Records dropped because the reader stopped or the disk was full.", q->dropped);
	counter(out, "output_failed_writes_total", "Writes that failed.", q->failures);
	gauge(out, "output_waiting_records", "Records that wait to be written.", q->waiting);
	gauge(out, "output_waiting_bytes", "Memory of the records that wait.", q->waiting_bytes);
	if (!s->has_recorder)
		return;
	const struct recorder_stats *r = &s->recorder;
	counter(out, "recorder_sessions_total", "Sessions recorded.", r->sessions);
	counter(out, "recorder_packets_total", "Packets recorded.", r->packets);
	counter(out, "recorder_incomplete_sessions_total",
		"Sessions recorded without their first packets.", r->incomplete);
	counter(out, "recorder_files_total", "Files begun.", r->files);
	counter(out, "recorder_deleted_files_total", "Files deleted for room.", r->deleted);
	counter(out, "recorder_failed_packets_total", "Packets that could not be written.",
		r->failed);
	gauge(out, "recorder_memory_bytes", "Memory of packets of open sessions.", r->held_bytes);
}

void metrics_text(const struct metrics *m, const struct live_state *s, GString *out)
{
	family(out, "build_info", "gauge", "Version of the program; always 1.");
	row(out, "build_info", "version=\"" SMTP365_VERSION "\"", 1);
	gauge_time(out, "start_time_seconds", "When the capture began, Unix time.", s->started_ns);
	gauge_time(out, "last_smtp_timestamp_seconds",
		   "When SMTP was seen last, Unix time; 0 never.", s->last_smtp_ns);
	rows(out, "sessions_total", "Sessions that ended, by peer, outcome and where they stopped.",
	     m->sessions);
	rows(out, "findings_total", "Findings of sessions that ended, by id and severity.",
	     m->findings);
	sources(s, out);
	engine(&s->engine, out);
	outputs(s, out);
	if (s->resident)
		gauge(out, "resident_memory_bytes", "Memory of the process.", s->resident);
}
