/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live_watch.c and capture-tool/live/metrics.c: each kind of loss is said once and in numbers,
 * silence begins and ends, and the metrics carry the same numbers in the right form.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "live/live_watch.h"
#include "live/metrics.h"

#define SECOND 1000000000ull

static void collect(char *line, void *host)
{
	g_string_append_printf(host, "%s\n", line);
	g_free(line);
}

static struct live_state state_at(uint64_t seconds)
{
	struct live_state s = { .started_ns = SECOND,
				.now_ns = seconds * SECOND,
				.source_count = 1 };
	s.source[0].name = "eth1";
	return s;
}

static void losses(void **state)
{
	(void)state;
	GString *said = g_string_new(NULL);
	struct live_watch w = { 0 };
	struct live_state s = state_at(60);
	s.source[0].counts.received = 1000;
	live_watch_compare(&w, &s, collect, said);
	assert_string_equal(said->str, "");
	s.source[0].counts.received = 2000;
	s.source[0].counts.dropped = 25;
	s.source[0].counts.interface_dropped = 3;
	s.engine.gap_bytes = 50;
	s.engine.delivered_bytes = 950;
	s.engine.culled = 4;
	live_watch_compare(&w, &s, collect, said);
	assert_non_null(
		strstr(said->str, "eth1: 2.50 % lost: the kernel dropped 25 of 1000 packets"));
	assert_non_null(strstr(said->str, "the interface dropped 3 packets"));
	assert_non_null(strstr(said->str, "5.00 % of the bytes"));
	assert_non_null(strstr(said->str, "4 connections were given up"));
	g_string_truncate(said, 0);
	live_watch_compare(&w, &s, collect, said); /* nothing new */
	assert_string_equal(said->str, "");
	g_string_free(said, TRUE);
}

static void losses_of_a_session(void **state)
{
	(void)state;
	struct live_losses l = { 0 };
	struct live_state s = state_at(100);
	live_losses_note(&l, &s);
	assert_int_equal(live_losses_since(&l, 0), 0);
	s.source[0].counts.dropped = 5;
	live_losses_note(&l, &s);
	live_losses_note(&l, &s);
	s.now_ns = 200 * SECOND;
	s.source[0].counts.interface_dropped = 2;
	live_losses_note(&l, &s);
	assert_int_equal(l.count, 2);
	assert_int_equal(live_losses_since(&l, 50 * SECOND), 7);
	assert_int_equal(live_losses_since(&l, 150 * SECOND), 2);
	assert_int_equal(live_losses_since(&l, 250 * SECOND), 0);
	for (unsigned i = 1; i <= 2 * LIVE_LOSSES; i++, s.now_ns += SECOND) {
		s.source[0].counts.dropped++;
		live_losses_note(&l, &s);
	}
	assert_int_equal(l.count, LIVE_LOSSES);
	assert_int_equal(live_losses_since(&l, 0), LIVE_LOSSES - 1);
	assert_int_equal(live_losses_since(&l, s.now_ns - 3 * SECOND), 2);
}

static void directions(void **state)
{
	(void)state;
	GString *said = g_string_new(NULL);
	struct live_watch w = { 0 };
	struct live_state s = state_at(60);
	s.engine.one_sided = 2;
	live_watch_compare(&w, &s, collect, said);
	assert_string_equal(said->str, ""); /* too few */
	struct live_watch ended = { .last = true };
	live_watch_compare(&ended, &s, collect, said);
	assert_non_null(strstr(said->str, "only one direction seen in 2 of 2 sessions"));
	g_string_truncate(said, 0);
	s.engine.one_sided = 5;
	live_watch_compare(&w, &s, collect, said);
	assert_non_null(strstr(said->str, "only one direction seen in 5 of 5 sessions"));
	g_string_truncate(said, 0);
	s.engine.two_sided = 10;
	live_watch_compare(&w, &s, collect, said);
	assert_string_equal(said->str, "both directions are seen again\n");
	g_string_free(said, TRUE);
}

static void silence(void **state)
{
	(void)state;
	GString *said = g_string_new(NULL);
	struct live_watch w = { 0 };
	struct live_state s = state_at(100);
	for (unsigned i = 0; i < 1300; i++, s.now_ns += SECOND)
		live_watch_silence(&w, &s, 600, collect, said);
	assert_true(g_str_has_prefix(said->str, "no SMTP seen for 10 minutes"));
	assert_null(strchr(strchr(said->str, '\n') + 1, '\n')); /* once */
	assert_true(s.last_smtp_ns == 0);
	g_string_truncate(said, 0);
	s.engine.smtp_segments = 1;
	live_watch_silence(&w, &s, 600, collect, said);
	assert_string_equal(said->str, "SMTP is seen again\n");
	assert_true(s.last_smtp_ns == s.now_ns);
	s.now_ns = SECOND; /* the clock is set back: no false alarm */
	g_string_truncate(said, 0);
	live_watch_silence(&w, &s, 600, collect, said);
	assert_string_equal(said->str, "");
	struct live_watch never = { 0 };
	for (unsigned i = 0; i < 5000; i++, s.now_ns += SECOND)
		live_watch_silence(&never, &s, 0, collect, said);
	assert_string_equal(said->str, "");
	g_string_free(said, TRUE);
}

static void metrics(void **state)
{
	(void)state;
	const struct finding findings[] = {
		{ .id = "starttls.masked", .severity = SEVERITY_CRITICAL },
	};
	const struct verdict v = { .outcome = OUTCOME_FAILED,
				   .stopped_at = STAGE_STARTTLS,
				   .endpoint = ENDPOINT_MX,
				   .findings = findings,
				   .finding_count = 1 };
	const struct verdict fine = { .outcome = OUTCOME_ACCEPTED };
	struct metrics *m = metrics_new();
	struct live_state s = state_at(100);
	GString *text = g_string_new(NULL);
	s.source[0].name = "od\"d\\1";
	s.source[0].counts.received = UINT64_MAX;
	s.last_smtp_ns = 99 * SECOND + 5000000;
	/* Rows start at 0, or increase() would not see the first of them. */
	metrics_text(m, &s, text);
	assert_non_null(strstr(text->str, "\nsmtp365_findings_total{id=\"auth.cleartext_password\","
					  "severity=\"critical\"} 0\n"));
	g_string_truncate(text, 0);
	metrics_verdict(m, &v);
	metrics_verdict(m, &v);
	metrics_verdict(m, &fine);
	metrics_text(m, &s, text);
	assert_non_null(strstr(text->str,
			       "\nsmtp365_sessions_total{endpoint=\"mx\",outcome=\"failed\","
			       "stopped_at=\"starttls\"} 2\n"));
	assert_non_null(strstr(text->str, "outcome=\"accepted\",stopped_at=\"none\"} 1\n"));
	assert_non_null(strstr(text->str, "\nsmtp365_findings_total{id=\"starttls.masked\","
					  "severity=\"critical\"} 2\n"));
	assert_non_null(strstr(text->str, "{interface=\"od\\\"d\\\\1\"} 18446744073709551615\n"));
	assert_non_null(strstr(text->str, "\nsmtp365_last_smtp_timestamp_seconds 99.005\n"));
	assert_non_null(strstr(text->str, "# TYPE smtp365_capture_packets_total counter\n"));
	g_string_free(text, TRUE);
	metrics_free(m);
}

static void counters_in_words(void **state)
{
	(void)state;
	struct live_state s = state_at(100);
	GString *text = g_string_new(NULL);
	s.source[0].counts.received = 200;
	s.source[0].counts.dropped = 1;
	s.engine.one_sided = 1;
	s.engine.two_sided = 2;
	live_state_text(&s, text);
	assert_non_null(
		strstr(text->str, "eth1: up, received 200, dropped by the kernel 1 (0.50 %)"));
	assert_non_null(strstr(text->str, "1 with the dialogue of one side only (33.33 %)"));
	assert_null(strstr(text->str, "recorder"));
	g_string_free(text, TRUE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(losses),     cmocka_unit_test(losses_of_a_session),
		cmocka_unit_test(directions), cmocka_unit_test(silence),
		cmocka_unit_test(metrics),    cmocka_unit_test(counters_in_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
