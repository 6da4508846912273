/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests of the server decoder: reply lines, joined replies, enhanced status codes, garbage. Every
 * dialogue runs whole, cut at every byte, byte by byte, and with gaps of several sizes at every
 * byte, with input that ends at an unreadable page. No gap may invent a reply.
 */
#include "smtp/smtp_dialogue.h"

#define TEXT(s) (s), sizeof(s) - 1

static bool feed(struct smtp_server *d, const char *p, size_t n, GString *out)
{
	struct bytes in = dialogue_at_wall(p, n);
	struct smtp_item i;

	for (;;) {
		enum step s = smtp_server_next(d, &in, &i);
		if (s == STEP_MORE) {
			assert_int_equal(bytes_left(&in), 0);
			return true;
		}
		if (s == STEP_BAD) {
			g_string_append(out, "BAD\n");
			return false;
		}
		dialogue_item(out, &i);
		if (i.kind == SMTP_ITEM_REPLY_LINE)
			assert_int_equal(smtp_server_in_reply(d), !i.last);
		if (i.kind == SMTP_ITEM_TLS)
			return false;
	}
}

static void check_cuts(const char *p, size_t n, const char *want)
{
	for (size_t cut = 0; cut <= n + 1; cut++) {
		struct smtp_server *d = smtp_server_new();
		GString *out = g_string_new(NULL);
		bool go = true;
		if (cut <= n) {
			go = feed(d, p, cut, out);
			if (go)
				feed(d, p + cut, n - cut, out);
		}
		for (size_t i = 0; cut > n && i < n && go; i++)
			go = feed(d, p + i, 1, out);
		if (strcmp(out->str, want) != 0)
			fail_msg("cut at %zu gives\n%s\nnot\n%s", cut, out->str, want);
		g_string_free(out, TRUE);
		smtp_server_free(d);
	}
}

/* Each line that a gap leaves must be a line of the dialogue, with the same code and text. */
static void only_known_lines(const char *got, const char *dialogue)
{
	char **lines = g_strsplit(got, "\n", -1);

	for (char **l = lines; *l != NULL; l++) {
		char *text = strstr(*l, " text=");
		if (!g_str_has_prefix(*l, "LINE") || text == NULL)
			continue;
		char *end = strstr(text, " reply=");
		if (end != NULL)
			*end = '\0';
		bool last = strstr(*l, ",last") != NULL;
		char *wire = g_strdup_printf("%.3s%c%s\r\n", *l + 5, last ? ' ' : '-', text + 6);
		const char *at = strstr(dialogue, wire);
		if (at == NULL || (at != dialogue && at[-1] != '\n'))
			fail_msg("invented: %s\nfrom: %s", *l, dialogue);
		g_free(wire);
	}
	g_strfreev(lines);
}

static void check_gaps(const char *p, size_t n)
{
	static const size_t sizes[] = { 1, 2, 3, 5, 8, 13, 21, 34, 55 };

	for (size_t g = 0; g < G_N_ELEMENTS(sizes); g++) {
		for (size_t at = 0; at + sizes[g] <= n; at++) {
			struct smtp_server *d = smtp_server_new();
			GString *out = g_string_new(NULL);
			bool go = feed(d, p, at, out);
			smtp_server_gap(d, sizes[g]);
			assert_false(smtp_server_in_reply(d));
			if (go)
				feed(d, p + at + sizes[g], n - at - sizes[g], out);
			only_known_lines(out->str, p);
			g_string_free(out, TRUE);
			smtp_server_free(d);
		}
	}
}

static void dialogue_of_a_session(void **state)
{
	(void)state;
	static const char in[] =
		"220 mx.example.org Microsoft ESMTP MAIL Service ready\r\n"
		"250-mx.example.org Hello [192.0.2.1]\r\n250-SIZE 157286400\r\n250-PIPELINING\r\n"
		"250 STARTTLS\r\n220 2.0.0 SMTP server ready\r\n334 VXNlcm5hbWU6\r\n"
		"535 5.7.139 Authentication unsuccessful, basic authentication is disabled.\r\n"
		"550-5.7.1 Not allowed\r\n550 5.7.1 at all\r\n221 2.0.0 Closing\r\n";

	check_cuts(TEXT(in),
		   "LINE 220,first,last text=mx.example.org Microsoft ESMTP MAIL Service ready "
		   "reply=220,1 joined=mx.example.org Microsoft ESMTP MAIL Service ready\n"
		   "LINE 250,first text=mx.example.org Hello [192.0.2.1]\n"
		   "LINE 250 text=SIZE 157286400\nLINE 250 text=PIPELINING\n"
		   "LINE 250,last text=STARTTLS reply=250,4 joined=mx.example.org Hello [192.0.2.1]"
		   "\\0aSIZE 157286400\\0aPIPELINING\\0aSTARTTLS\n"
		   "LINE 220,first,last text=2.0.0 SMTP server ready reply=220,1 enhanced=2.0.0 "
		   "joined=SMTP server ready\n"
		   "LINE 334,first,last text=VXNlcm5hbWU6 reply=334,1 joined=VXNlcm5hbWU6\n"
		   "LINE 535,first,last text=5.7.139 Authentication unsuccessful, basic "
		   "authentication is disabled. reply=535,1 enhanced=5.7.139 joined=Authentication "
		   "unsuccessful, basic authentication is disabled.\n"
		   "LINE 550,first text=5.7.1 Not allowed\n"
		   "LINE 550,last text=5.7.1 at all reply=550,2 enhanced=5.7.1 "
		   "joined=Not allowed\\0aat all\n"
		   "LINE 221,first,last text=2.0.0 Closing reply=221,1 enhanced=2.0.0 "
		   "joined=Closing\n");
	check_gaps(TEXT(in));
}

static void reply_shapes(void **state)
{
	(void)state;
	check_cuts(TEXT("250\r\n250 \r\n250-\r\n250\r\n220 ****0**2\nfoo\r\n"),
		   "LINE 250,first,last text= reply=250,1 joined=\n"
		   "LINE 250,first,last text= reply=250,1 joined=\n"
		   "LINE 250,first text=\nLINE 250,last text= reply=250,2 joined=\\0a\n"
		   "LINE 220,first,last text=****0**2 reply=220,1 joined=****0**2 marks=1\n"
		   "GARBAGE line=foo\n");
}

static void garbage(void **state)
{
	(void)state;
	check_cuts(
		TEXT("199 a\r\n600 a\r\n000 a\r\n25 a\r\n2500 a\r\n250a\r\n250\ta\r\n\r\n 250 a\r\n"
		     "HTTP/1.1 400 Bad Request\r\n\xff\xff\xff a\r\n-50 a\r\n"),
		"GARBAGE line=199 a\nGARBAGE line=600 a\nGARBAGE line=000 a\nGARBAGE line=25 a\n"
		"GARBAGE line=2500 a\nGARBAGE line=250a\nGARBAGE line=250\\09a\nGARBAGE line=\n"
		"GARBAGE line= 250 a\nGARBAGE line=HTTP/1.1 400 Bad Request\n"
		"GARBAGE line=\\ff\\ff\\ff a marks=10\nGARBAGE line=-50 a\n");
	/* Inside a reply it does not end it. */
	check_cuts(TEXT("250-a\r\nwarning\r\n250 b\r\n"),
		   "LINE 250,first text=a\nGARBAGE line=warning\n"
		   "LINE 250,last text=b reply=250,2 joined=a\\0ab\n");
}

static void mixed_codes(void **state)
{
	(void)state;
	check_cuts(TEXT("250-2.1.0 a\r\n550 5.7.1 b\r\n250 c\r\n"),
		   "LINE 250,first text=2.1.0 a\n"
		   "LINE 550,last text=5.7.1 b reply=550,2,mixed joined=a\\0a5.7.1 b\n"
		   "LINE 250,first,last text=c reply=250,1 joined=c\n");
}

static void enhanced_codes(void **state)
{
	(void)state;
	static const struct {
		const char *line, *enhanced, *joined;
	} rows[] = {
		{ "550 5.7.1 x", "5.7.1", "x" },
		{ "550 5.7.1", "5.7.1", "" },
		{ "550 5.7.1   x", "5.7.1", "x" },
		{ "451 4.7.500 x", "4.7.500", "x" },
		{ "250 2.0.0 OK", "2.0.0", "OK" },
		{ "451 5.7.3 x", "5.7.3", "x" },
		{ "550 4.4.4 x", "4.4.4", "x" },
		{ "550 2.7.1 x", "", "2.7.1 x" },
		{ "250 5.7.1 x", "", "5.7.1 x" },
		{ "354 6.0.0 x", "", "6.0.0 x" },
		{ "550 5.7.1x", "", "5.7.1x" },
		{ "550 5.7.1.2 x", "", "5.7.1.2 x" },
		{ "550 5.7 x", "", "5.7 x" },
		{ "550 5..1 x", "", "5..1 x" },
		{ "550 5.7. x", "", "5.7. x" },
		{ "550 5.1234.1 x", "", "5.1234.1 x" },
		{ "550 5.7.1234 x", "", "5.7.1234 x" },
		{ "550  5.7.1 x", "", " 5.7.1 x" },
		{ "334 3.0.0 x", "", "3.0.0 x" },
		{ "550 5", "", "5" },
		{ "550 5.", "", "5." },
		{ "550 #5.7.1 x", "", "#5.7.1 x" },
	};

	for (size_t r = 0; r < G_N_ELEMENTS(rows); r++) {
		struct smtp_server *d = smtp_server_new();
		struct smtp_item i;
		char *line = g_strconcat(rows[r].line, "\r\n", NULL);
		struct bytes in = dialogue_at_wall(line, strlen(line));
		assert_int_equal(smtp_server_next(d, &in, &i), STEP_ITEM);
		char *got = i.reply.enhanced ? g_strdup_printf("%u.%u.%u", i.reply.klass,
							       i.reply.subject, i.reply.detail)
					     : g_strdup("");
		assert_string_equal(got, rows[r].enhanced);
		assert_true(bytes_equal(i.reply.text,
					bytes_of(rows[r].joined, strlen(rows[r].joined))));
		g_free(got);
		g_free(line);
		smtp_server_free(d);
	}
}

static void other_enhanced_on_later_line(void **state)
{
	(void)state;
	check_cuts(TEXT("550-5.7.1 a\r\n550-5.7.2 b\r\n550 5.7.1 c\r\n550-a\r\n550 5.7.1 b\r\n"),
		   "LINE 550,first text=5.7.1 a\nLINE 550 text=5.7.2 b\n"
		   "LINE 550,last text=5.7.1 c reply=550,3 enhanced=5.7.1 "
		   "joined=a\\0a5.7.2 b\\0ac\n"
		   "LINE 550,first text=a\n"
		   "LINE 550,last text=5.7.1 b reply=550,2 joined=a\\0a5.7.1 b\n");
}

static void echoed_secret(void **state)
{
	(void)state;
	check_cuts(TEXT("500 5.3.3 Unrecognized command 'aHVudGVyMnNlY3JldA==' "
			"[BN9PR03CA0012.namprd03.prod.outlook.com 2025-09-06T02:41:15.886Z "
			"08DDE524AD2CBD69]\r\n500 5.3.3 Unrecognized command 'GET' "
			"[AAAAAAAAAAAAAAAAAAAB]\r\n"
			"aHVudGVyMnNlY3JldA==\r\n"),
		   "LINE 500,first,last text=5.3.3 Unrecognized command ' reply=500,1 "
		   "enhanced=5.3.3 joined=Unrecognized command '\n"
		   "LINE 500,first,last text=5.3.3 Unrecognized command 'GET' "
		   "[AAAAAAAAAAAAAAAAAAAB] reply=500,1 enhanced=5.3.3 "
		   "joined=Unrecognized command 'GET' [AAAAAAAAAAAAAAAAAAAB]\n"
		   "GARBAGE line=\n");
}

static void long_reply_is_capped(void **state)
{
	(void)state;
	struct smtp_server *d = smtp_server_new();
	struct smtp_item i;
	GString *all = g_string_new(NULL);

	for (int k = 0; k < 1000; k++)
		g_string_append_printf(all, "250-line %d of a reply that does not end\r\n", k);
	g_string_append(all, "250 end\r\n");
	struct bytes in = bytes_of(all->str, all->len);
	unsigned lines = 0;
	do {
		assert_int_equal(smtp_server_next(d, &in, &i), STEP_ITEM);
		assert_true(smtp_server_kept(d) < CAP_REPLY_TEXT + 1024);
		lines++;
	} while (!i.last);
	assert_int_equal(lines, 1001);
	assert_int_equal(i.reply.lines, 1001);
	assert_int_equal(bytes_left(&i.reply.text), CAP_REPLY_TEXT);
	assert_int_equal(smtp_server_next(d, &in, &i), STEP_MORE);
	assert_true(smtp_server_kept(d) < 512);
	g_string_free(all, TRUE);
	/* One line only. */
	all = g_string_new("550 5.7.1 ");
	for (int k = 0; k < 900; k++)
		g_string_append(all, "wordy ");
	g_string_append(all, "\r\n");
	in = bytes_of(all->str, all->len);
	assert_int_equal(smtp_server_next(d, &in, &i), STEP_ITEM);
	assert_int_equal(bytes_left(&i.reply.text), CAP_REPLY_TEXT);
	assert_int_equal(bytes_left(&i.text), 6 + 900 * 6);
	assert_int_equal(i.marks, SMTP_LINE_OVER_512);
	g_string_free(all, TRUE);
	smtp_server_free(d);
}

static void lines_past_cap_are_counted(void **state)
{
	(void)state;
	struct smtp_server *d = smtp_server_new();
	struct smtp_item i;
	GString *all = g_string_new(NULL);

	for (unsigned k = 0; k < CAP_REPLY_LINES + 5; k++)
		g_string_append(all, "250-x\r\n");
	g_string_append(all, "250 y\r\n");
	struct bytes in = bytes_of(all->str, all->len);
	do {
		assert_int_equal(smtp_server_next(d, &in, &i), STEP_ITEM);
	} while (!i.last);
	assert_int_equal(i.reply.lines, CAP_REPLY_LINES + 6);
	assert_int_equal(bytes_left(&i.reply.text), 2 * CAP_REPLY_LINES - 1);
	g_string_free(all, TRUE);
	smtp_server_free(d);
}

static void long_line(void **state)
{
	(void)state;
	char *line = g_malloc(50000);

	memset(line, 'x', 50000);
	memcpy(line, "250 ", 4);
	memcpy(line + 50000 - 9, "\r\n220 a\r\n", 9);
	for (size_t cut = 0; cut < 50000; cut += 4999) {
		struct smtp_server *d = smtp_server_new();
		struct smtp_item i;
		struct bytes in = dialogue_at_wall(line, cut);
		assert_int_equal(smtp_server_next(d, &in, &i), STEP_MORE);
		in = dialogue_at_wall(line + cut, 50000 - cut);
		assert_int_equal(smtp_server_next(d, &in, &i), STEP_ITEM);
		assert_int_equal(i.marks, SMTP_LINE_TOO_LONG | SMTP_LINE_OVER_512);
		assert_int_equal(bytes_left(&i.text), CAP_LINE - 4);
		assert_int_equal(smtp_server_next(d, &in, &i), STEP_ITEM);
		assert_int_equal(i.code, 220);
		assert_true(i.first_line_of_reply);
		smtp_server_free(d);
	}
	g_free(line);
}

static void gap_resync(void **state)
{
	(void)state;
	static const struct {
		const char *after, *want;
	} rows[] = {
		{ "220 a\r\n", "LINE 220,first,last text=a reply=220,1 joined=a\n" },
		{ "0 a\r\n221 b\r\n", "LINE 221,first,last text=b reply=221,1 joined=b\n" },
		{ "junk 250 a\r\nmore\r\n221 b\r\nodd\r\n",
		  "LINE 221,first,last text=b reply=221,1 joined=b\nGARBAGE line=odd\n" },
		{ "\n250-c\r\n250 d\r\n",
		  "LINE 250,first text=c\nLINE 250,last text=d reply=250,2 joined=c\\0ad\n" },
	};

	for (size_t r = 0; r < G_N_ELEMENTS(rows); r++) {
		struct smtp_server *d = smtp_server_new();
		GString *out = g_string_new(NULL);
		feed(d, TEXT("250-first\r\n250-sec"), out);
		assert_true(smtp_server_in_reply(d));
		assert_int_equal(smtp_server_pending(d), 7);
		smtp_server_gap(d, 10);
		assert_int_equal(smtp_server_pending(d), 0);
		g_string_truncate(out, 0);
		feed(d, rows[r].after, strlen(rows[r].after), out);
		assert_string_equal(out->str, rows[r].want);
		g_string_free(out, TRUE);
		smtp_server_free(d);
	}
}

static void tls_at_front(void **state)
{
	(void)state;
	static const char alert[] = "\x15\x03\x01\x00\x02\x02\x28";

	for (size_t cut = 0; cut < 5; cut++) {
		struct smtp_server *d = smtp_server_new();
		struct smtp_item i;
		struct bytes in = dialogue_at_wall(alert, cut);
		assert_int_equal(smtp_server_next(d, &in, &i), STEP_MORE);
		in = dialogue_at_wall(alert + cut, 7 - cut);
		assert_int_equal(smtp_server_next(d, &in, &i), STEP_ITEM);
		assert_int_equal(i.kind, SMTP_ITEM_TLS);
		assert_int_equal(bytes_left(&in), 7 - cut);
		assert_true(bytes_equal(smtp_server_carry(d), bytes_of(alert, cut)));
		smtp_server_reset(d);
		assert_int_equal(smtp_server_pending(d), 0);
		smtp_server_free(d);
	}
	check_cuts(TEXT("220 a\r\n\x16\x03\x03\x00\x7a\x02"),
		   "LINE 220,first,last text=a reply=220,1 joined=a\nTLS\n");
}

static void not_smtp_at_all(void **state)
{
	(void)state;
	struct smtp_server *d = smtp_server_new();
	struct smtp_item i;
	char *junk = g_malloc0(CAP_LINE + 10);
	struct bytes in = bytes_of(junk, CAP_LINE + 10);

	assert_int_equal(smtp_server_next(d, &in, &i), STEP_BAD);
	in = bytes_of("220 a\r\n", 7);
	assert_int_equal(smtp_server_next(d, &in, &i), STEP_BAD);
	smtp_server_gap(d, 1);
	in = bytes_of("220 a\r\n", 7);
	assert_int_equal(smtp_server_next(d, &in, &i), STEP_ITEM);
	smtp_server_free(d);
	smtp_server_free(NULL);
	g_free(junk);
}

/* Pieces thrown together without sense: however cut, they say the same. */
static void soup(void **state)
{
	(void)state;
	static const struct {
		const char *at;
		size_t n;
	} bits[] = {
		{ TEXT("220 a\r\n") }, { TEXT("250-") },
		{ TEXT("250 ") },      { TEXT("5.7.1 x") },
		{ TEXT("\r\n") },      { TEXT("\n") },
		{ TEXT("\r") },	       { TEXT("550-5.7.1 b\r\n") },
		{ TEXT("500 '") },     { TEXT("aHVudGVyMnNlY3JldA==") },
		{ TEXT("[x]") },       { TEXT("\0") },
		{ TEXT("\x16\x03") },  { TEXT("\x80") },
		{ TEXT("354\r\n") },   { TEXT("9") },
	};
	GRand *r = g_rand_new_with_seed(365);

	for (int round = 0; round < 3000; round++) {
		GString *in = g_string_new(NULL), *whole = g_string_new(NULL);
		for (int k = g_rand_int_range(r, 1, 20); k > 0; k--) {
			size_t b = (size_t)g_rand_int_range(r, 0, G_N_ELEMENTS(bits));
			g_string_append_len(in, bits[b].at, (gssize)bits[b].n);
		}
		struct smtp_server *d = smtp_server_new();
		feed(d, in->str, in->len, whole);
		smtp_server_free(d);
		check_cuts(in->str, in->len, whole->str);
		g_string_free(in, TRUE);
		g_string_free(whole, TRUE);
	}
	g_rand_free(r);
}

/* What the front of a line gives when the snap length cuts it there. */
static void cut_line(void **state)
{
	(void)state;
	static const struct {
		const char *seen;
		unsigned code; /* 0: nothing */
	} rows[] = {
		{ "250 2.6.0 <1@mfp> [Internal", 250 },
		{ "550 5.7.64 TenantAttr", 550 },
		{ "250 ok\r\n221 2.0.0 Serv", 221 },
		{ "250-SIZE 15728", 0 },	   /* lines follow */
		{ "250-SIZE 1\r\n250 STARTT", 0 }, /* the last of a list must be whole */
		{ "250", 0 },
		{ "250 ", 0 },
		{ "25", 0 },
		{ "", 0 },
		{ "250 ok\r\n", 0 },
		{ "999 x", 0 },
		{ "hello", 0 },
	};
	for (size_t r = 0; r < G_N_ELEMENTS(rows); r++) {
		struct smtp_server *d = smtp_server_new();
		GString *out = g_string_new(NULL);
		struct smtp_item i;
		feed(d, rows[r].seen, strlen(rows[r].seen), out);
		bool given = smtp_server_cut(d, &i);
		assert_int_equal(given, rows[r].code != 0);
		if (given)
			assert_true(i.code == rows[r].code && i.last && i.reply.code == i.code &&
				    i.reply.cut);
		smtp_server_gap(d, 20);
		smtp_server_free(d);
		g_string_free(out, TRUE);
	}
}

int main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dialogue_of_a_session),
		cmocka_unit_test(reply_shapes),
		cmocka_unit_test(garbage),
		cmocka_unit_test(mixed_codes),
		cmocka_unit_test(enhanced_codes),
		cmocka_unit_test(other_enhanced_on_later_line),
		cmocka_unit_test(echoed_secret),
		cmocka_unit_test(long_reply_is_capped),
		cmocka_unit_test(lines_past_cap_are_counted),
		cmocka_unit_test(long_line),
		cmocka_unit_test(gap_resync),
		cmocka_unit_test(tls_at_front),
		cmocka_unit_test(not_smtp_at_all),
		cmocka_unit_test(soup),
		cmocka_unit_test(cut_line),
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}
