/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plugin's copies of verdicts: those of all captures of the project say the same after the
 * engine is gone, and events are kept only where they are shown.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <glib.h>
#include <string.h>
#include "frames/feed.h"
#include "read/source.h"
#include "report.h"
#include "plugin/counts.h"
#include "plugin/kept.h"

static const struct report_options everything = { .dialogue = true, .all = true };

/* One verdict: its copy, and what the original said. */
struct pair {
	struct verdict *kept;
	char *said;
};

static char *words_of(const struct verdict *v)
{
	GString *out = g_string_new(NULL);
	report_json(v, &everything, out);
	report_text(v, &everything, out);
	return g_string_free(out, FALSE);
}

static void keep(const struct verdict *v, void *host)
{
	struct pair p = { kept_new(v, true), words_of(v) };
	g_array_append_val((GArray *)host, p);
}

static void read_capture(const char *path, GArray *pairs)
{
	struct smtp365_options o = { .dialogue = true };
	struct smtp365 *e = smtp365_new(&o, keep, pairs, NULL);
	char *error = NULL;
	struct source *s = source_open_file(path, NULL, &error);
	struct packet *p = s ? packet_new(source_dlt(s)) : NULL;
	struct source_packet k;
	struct packet_item item;

	if (s)
		source_any_link(s);
	while (p && source_next(s, &k) == SOURCE_PACKET) {
		packet_link(p, k.dlt);
		item.kind = packet_read(p, k.time_ns, k.frame, k.data, k.caplen, k.len, &item);
		if (item.kind != PACKET_NOTHING)
			feed_item(e, p, &item);
	}
	smtp365_free(e); /* concludes what is open */
	packet_free(p);
	if (s)
		source_close(s);
	g_free(error);
}

/* The engine's memory is gone when the copies are read: with a sanitizer a text that was not copied
 * ends the test, without one its words differ. */
static void copies_outlive_the_engine(void **state)
{
	GArray *pairs = g_array_new(FALSE, FALSE, sizeof(struct pair));
	GDir *dir = g_dir_open(SMTP365_PCAPS, 0, NULL);
	const char *name;
	(void)state;

	assert_non_null(dir);
	while ((name = g_dir_read_name(dir))) {
		char *path = g_build_filename(SMTP365_PCAPS, name, NULL);
		if (strstr(name, ".pcap"))
			read_capture(path, pairs);
		g_free(path);
	}
	g_dir_close(dir);
	assert_true(pairs->len > 500);
	for (guint i = 0; i < pairs->len; i++) {
		struct pair *p = &g_array_index(pairs, struct pair, i);
		char *again = words_of(p->kept);
		assert_string_equal(again, p->said);
		g_free(again);
		g_free(p->said);
		kept_free(p->kept);
	}
	g_array_free(pairs, TRUE);
}

static const struct finding two[] = {
	{ .id = "a.low", .severity = SEVERITY_LOW, .frames = { 3 }, .frame_count = 1 },
	{ .id = "b.high", .severity = SEVERITY_HIGH, .frames = { 3, 9 }, .frame_count = 2 },
};
static const struct event dialogue[] = {
	{ .frame = 2, .text = "greeting" },
	{ .frame = 3, .text = "reply" },
	{ .frame = 4, .text = "command" },
	{ .frame = 9, .text = "end" },
};

static struct verdict sample(void)
{
	return (struct verdict){ .session = 1,
				 .findings = two,
				 .finding_count = 2,
				 .cause = &two[1],
				 .events = dialogue,
				 .event_count = 4,
				 .outcome = OUTCOME_FAILED,
				 .stopped_at = STAGE_AUTH,
				 .endpoint = ENDPOINT_MX };
}

static void events_of_findings_only(void **state)
{
	struct verdict v = sample();
	struct verdict *kept = kept_new(&v, false);
	(void)state;

	assert_int_equal(kept->event_count, 2);
	assert_string_equal(kept->events[0].text, "reply");
	assert_string_equal(kept->events[1].text, "end");
	assert_ptr_not_equal(kept->events[1].text, dialogue[3].text);
	assert_ptr_equal(kept->cause, &kept->findings[1]);
	assert_true(kept_names(kept->cause, 9));
	assert_false(kept_names(kept->cause, 4));
	kept_free(kept);

	v.finding_count = 0;
	v.cause = NULL;
	kept = kept_new(&v, false);
	assert_int_equal(kept->event_count, 0);
	assert_null(kept->cause);
	kept_free(kept);
}

static void note(enum count_group g, const char *name, void *host)
{
	g_string_append_printf(host, "%u %s\n", g, name);
}

static void a_finding_counts_once(void **state)
{
	struct verdict v = sample();
	GString *out = g_string_new(NULL);
	(void)state;

	counts_walk(&v, note, out);
	assert_string_equal(out->str, "0 failed\n1 auth\n2 mx\n3 low\n4 a.low\n3 high\n4 b.high\n");
	v.stopped_at = STAGE_NONE;
	v.finding_count = 0;
	g_string_truncate(out, 0);
	counts_walk(&v, note, out);
	assert_string_equal(out->str, "0 failed\n2 mx\n");
	g_string_free(out, TRUE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies_outlive_the_engine),
		cmocka_unit_test(events_of_findings_only),
		cmocka_unit_test(a_finding_counts_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
