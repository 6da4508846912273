/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * out_html*.c on verdicts made by hand: hostile text in every place where text stands, order and
 * sections, the bound of cards, spools that grow into temporary files, paths as file names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <glib/gstdio.h>
#include <unistd.h>
#include "html/out_html.h"
#include "html/parts.h"

#define EVIL                                                                                       \
	"<script>alert(\"1\")</script>'&\033[0m\xff"                                               \
	"bob@contoso.com"
static const char *const evils[] = { EVIL, "</td><b onclick='x'>", NULL };
static const struct event events[] = {
	{ .frame = 3, .direction = EVENT_C2S, .text = EVIL },
	{ .frame = 4, .direction = EVENT_S2C, .encrypted = true, .text = EVIL, .time_ns = 5000 },
	{ .frame = 5, .direction = EVENT_NOTE, .text = NULL },
};
static const struct verdict_reply replies[] = {
	{ .frame = 4, .code = 550, .enhanced = EVIL, .text = EVIL, .command = EVIL },
};
static const struct finding findings[] = {
	{ .id = "unknown.refused",
	  .title = "the server refused <this>",
	  .severity = SEVERITY_HIGH,
	  .frames = { 3, 4, 9 },
	  .frame_count = 3,
	  .detail = "other " EVIL,
	  .cause = "a & b",
	  .fix = "use 'quotes' \"both\"",
	  .check = "cat <file> > other",
	  .reference = "RFC 5321" },
	{ .id = "tls.no_sni", .title = "no name", .severity = SEVERITY_LOW, .detail = EVIL },
};

static struct verdict evil(unsigned session)
{
	return (struct verdict){
		.session = session,
		.m365 = true,
		.start_ns = 1000,
		.end_ns = 9000,
		.client_ip = { .family = 4, .byte = { 10, 1, 2, 3 } },
		.server_ip = { .family = 4, .byte = { 52, 96, 1, 2 } },
		.server_domain = EVIL,
		.tls_version = EVIL,
		.tls_cipher = EVIL,
		.sni = EVIL,
		.ja3 = EVIL,
		.client_ciphers = evils,
		.client_versions = evils,
		.cert_subject = EVIL,
		.cert_issuer = EVIL,
		.from = evils,
		.to = evils,
		.first_frame = 3,
		.last_frame = 9,
		.frame_count = 4,
		.reached = STAGE_RCPT,
		.stopped_at = STAGE_RCPT,
		.outcome = OUTCOME_REJECTED,
		.history = "banner " EVIL,
		.helo = EVIL,
		.banner = EVIL,
		.ehlo = evils,
		.auth_mechanism = EVIL,
		.replies = replies,
		.reply_count = 1,
		.trace_server = EVIL,
		.trace_time = EVIL,
		.trace_id = EVIL,
		.findings = findings,
		.finding_count = 2,
		.cause = &findings[0],
		.sides = 2,
		.events = events,
		.event_count = 3,
		.events_cut = true,
	};
}

static char *folder;

static struct options options_of(const char *name, unsigned files)
{
	struct options o = { .files = g_ptr_array_new(),
			     .ports = g_array_new(FALSE, FALSE, sizeof(uint16_t)),
			     .html = g_build_filename(folder, name, NULL),
			     .filter = (char *)EVIL };
	for (unsigned i = 0; i < files; i++)
		g_ptr_array_add(o.files, (char *)"/nonexistent/" EVIL);
	return o;
}

/* Close, read the page, clean up. */
static char *page_of(struct options *o, struct out_html *h)
{
	char *text = NULL, *error = NULL;
	assert_true(out_html_close(h, &error));
	assert_null(error);
	assert_true(g_file_get_contents(o->html, &text, NULL, NULL));
	g_unlink(o->html);
	g_free(o->html);
	g_ptr_array_free(o->files, TRUE);
	g_array_free(o->ports, TRUE);
	return text;
}

static void assert_harmless(const char *page)
{
	const char *body = strstr(page, "<body>");
	assert_non_null(body);
	assert_true(g_utf8_validate(page, -1, NULL));
	assert_null(strstr(page, "<script"));
	assert_null(strstr(body, "<b "));
	assert_null(strchr(page, '\033'));
	assert_null(strchr(body, '\'')); /* all of them escaped */
	assert_non_null(strstr(body, "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39;&amp;"
				     "\\x1b[0m\\xff"));
}

static void hostile_text(void **state)
{
	(void)state;
	struct options o = options_of("hostile", 1);
	o.verbose = true;
	struct out_html *h = out_html_open(&o, NULL);
	const struct out_html_file end = { .trouble = EVIL };
	struct verdict v = evil(1);
	out_html_file_begin(h, g_ptr_array_index(o.files, 0));
	out_html_session(h, &v);
	v.session = 2;
	v.m365 = false; /* a finding of severity high gives it a card all the same */
	out_html_session(h, &v);
	v.session = 4;
	v.finding_count = 0;
	out_html_session(h, &v);
	v.session = 3;
	v.m365 = true;
	v.outcome = OUTCOME_ACCEPTED;
	v.cause = NULL;
	v.finding_count = 0;
	out_html_session(h, &v);
	out_html_file_end(h, &end);
	char *page = page_of(&o, h);
	assert_harmless(page);
	assert_non_null(strstr(page, "<section id=\"failed\""));
	assert_non_null(strstr(page, "<section id=\"others\""));
	assert_non_null(strstr(page, "<section id=\"worked\""));
	assert_non_null(strstr(page, "cat &lt;file&gt; &gt; other"));
	assert_non_null(strstr(page, "no more of it was kept"));
	assert_null(strstr(page, "SHA-256"));
	g_free(page);
}

static void redacted(void **state)
{
	(void)state;
	struct options o = options_of("redacted", 1);
	o.redact = true;
	o.filter = NULL;
	struct out_html *h = out_html_open(&o, NULL);
	const struct out_html_file end = { 0 };
	struct verdict v = evil(1);
	static const char *const plain[] = { "bob@contoso.com", NULL };
	v.from = v.to = plain;
	v.server_domain = NULL;
	v.tls_version = v.auth_mechanism = NULL;
	v.trace_server = v.trace_time = v.trace_id = NULL;
	out_html_file_begin(h, "file");
	out_html_session(h, &v);
	out_html_file_end(h, &end);
	char *page = page_of(&o, h);
	assert_null(strstr(page, "bob@"));
	assert_non_null(strstr(page, "\xe2\x80\xa6@contoso.com"));
	g_free(page);
}

/* Sessions end in any order, and numbers repeat from file to file. */
static void ordered(void **state)
{
	(void)state;
	struct options o = options_of("ordered", 2);
	struct out_html *h = out_html_open(&o, NULL);
	const struct out_html_file end = { 0 };
	static const unsigned numbers[] = { 3, 1, 2 };
	for (unsigned f = 0; f < 2; f++) {
		out_html_file_begin(h, f ? "second" : "first");
		for (unsigned i = 0; i < 3; i++) {
			struct verdict v = evil(numbers[i]);
			out_html_session(h, &v);
		}
		out_html_file_end(h, &end);
	}
	char *page = page_of(&o, h), *at = page;
	static const char *const marks[] = {
		"<p class=\"file\">first",  "id=\"f1s1\"", "id=\"f1s2\"", "id=\"f1s3\"",
		"<p class=\"file\">second", "id=\"f2s1\"", "id=\"f2s3\""
	};
	for (size_t i = 0; i < G_N_ELEMENTS(marks); i++) {
		at = strstr(at, marks[i]);
		assert_non_null(at);
	}
	assert_non_null(strstr(page, "<a href=\"#f1s1\"><code>unknown.refused"));
	g_free(page);
}

static unsigned count(const char *page, const char *word)
{
	unsigned n = 0;
	for (; (page = strstr(page, word)); page += strlen(word))
		n++;
	return n;
}

/* More cards than a browser likes, and more text than a spool holds. */
static void many(void **state)
{
	(void)state;
	struct options o = options_of("many", 1);
	struct out_html *h = out_html_open(&o, NULL);
	const struct out_html_file end = { 0 };
	out_html_file_begin(h, "file");
	for (unsigned i = 1; i <= 2100; i++) {
		struct verdict v = evil(i);
		out_html_session(h, &v);
	}
	for (unsigned i = 2101; i <= 12100; i++) {
		struct verdict v = evil(i);
		v.m365 = false;
		out_html_session(h, &v);
	}
	out_html_file_end(h, &end);
	char *page = page_of(&o, h);
	assert_true(strlen(page) > 10u << 20);
	assert_int_equal(count(page, "<article "), 2000);
	assert_int_equal(count(page, "</article>"), 2000);
	assert_int_equal(count(page, "<code class=\"line\">"), 12100);
	assert_non_null(strstr(page, "id=\"s12100\""));
	assert_non_null(strstr(page, "</html>\n"));
	g_free(page);
}

/* A folder for temporary files that is not there: one line, and no half page taken for whole. */
static void no_room(void **state)
{
	(void)state;
	struct options o = options_of("room", 1);
	struct out_html *h = out_html_open(&o, NULL);
	char *error = NULL;
	out_html_file_begin(h, "file");
	for (unsigned i = 1; i <= 500; i++) {
		struct verdict v = evil(i);
		out_html_session(h, &v);
	}
	const struct out_html_file end = { 0 };
	out_html_file_end(h, &end);
	bool fine = out_html_close(h, &error);
	if (!fine) {
		assert_non_null(strstr(error, "TMPDIR"));
		g_free(error);
	}
	assert_false(fine);
	g_unlink(o.html);
	g_free(o.html);
	g_ptr_array_free(o.files, TRUE);
	g_array_free(o.ports, TRUE);
}

int main(int argc, char **argv)
{
	/* GLib asks for the folder once, so the test without one is a process of its own. */
	const struct CMUnitTest here[] = {
		cmocka_unit_test(hostile_text),
		cmocka_unit_test(redacted),
		cmocka_unit_test(ordered),
		cmocka_unit_test(many),
	};
	const struct CMUnitTest alone[] = { cmocka_unit_test(no_room) };
	if (argc > 1) {
		folder = argv[1];
		return cmocka_run_group_tests(alone, NULL, NULL);
	}
	folder = g_dir_make_tmp("smtp365-html-XXXXXX", NULL);
	int failed = cmocka_run_group_tests(here, NULL, NULL);
	g_setenv("TMPDIR", "/nonexistent", TRUE);
	char *child[] = { argv[0], folder, NULL };
	gint status = 1;
	g_spawn_sync(NULL, child, NULL, G_SPAWN_CHILD_INHERITS_STDIN, NULL, NULL, NULL, NULL,
		     &status, NULL);
	g_rmdir(folder);
	g_free(folder);
	return failed + (status != 0);
}
