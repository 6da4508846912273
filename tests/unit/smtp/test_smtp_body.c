/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests of message bodies in the client decoder: end marks and what is not one, BDAT chunks, bodies
 * with lost bytes, expectations that are told late. How a dialogue is run is in smtp_play.h.
 */
#include "smtp/smtp_play.h"

static void data_bodies(void **state)
{
	(void)state;
	static const struct {
		const char *body, *want;
	} rows[] = {
		{ ".\r\n", "bytes=0 lf=0@0" },
		{ "a\r\n.\r\n", "bytes=3 lf=0@0" },
		{ "..\r\n.a\r\n...\r\n.\r\n", "bytes=13 lf=0@0" },
		{ "a\nbc\r\n.\r\n", "bytes=6 lf=1@1" },
		{ "a\n.\r\nb\r\n.\r\n", "bytes=8 lf=1@1,smuggling" },
		{ "a\n.\nb\r\n.\r\n", "bytes=7 lf=2@1,smuggling" },
		{ "a\r\n.\nb\r\n.\r\n", "bytes=8 lf=1@4,smuggling" },
		{ ".\nb\r\n.\r\n", "bytes=5 lf=1@1,smuggling" },
		{ "\n.\r\nb\r\n.\r\n", "bytes=7 lf=1@0,smuggling" },
		{ "\r\r\n.\r\n", "bytes=3 lf=0@0" },
		{ ".\r\r\n.\r\n", "bytes=4 lf=0@0" },
		{ ".a\nb\r\n.\r\n", "bytes=6 lf=1@2" },
		{ ".\ra\r\n.\r\n", "bytes=5 lf=0@0" },
		{ "QUIT\r\nMAIL FROM:<a@b>\r\n.\r\n", "bytes=23 lf=0@0" },
		{ "a.\r\n.\r\n", "bytes=4 lf=0@0" },
		{ "\x16\x03\x01\x02\x03\r\n.\r\n", "bytes=7 lf=0@0" },
	};

	for (size_t r = 0; r < G_N_ELEMENTS(rows); r++) {
		char *all = g_strconcat("DATA\r\n", rows[r].body, "QUIT\r\n", NULL);
		char *want = g_strconcat("COMMAND DATA argument= line=DATA\nBODY ", rows[r].want,
					 "\nCOMMAND QUIT argument= line=QUIT\n", NULL);
		check_cuts(all, strlen(all), PLAY_SEEN, want);
		check_cuts(all, strlen(all), PLAY_BLIND, want);
		g_free(all);
		g_free(want);
	}
}

static void two_messages_pipelined(void **state)
{
	(void)state;
	check(TEXT("MAIL FROM:<>\r\nRCPT TO:<a@b>\r\nDATA\r\nSubject: 1\r\n\r\nline one\r\n.\r\n"
		   "RSET\r\nMAIL FROM:<>\r\nRCPT TO:<a@b>\r\nDATA\r\nSubject: "
		   "two\r\n.\r\nQUIT\r\n"),
	      PLAY_SEEN,
	      "COMMAND MAIL argument=FROM:<> line=MAIL FROM:<> path= params=\n"
	      "COMMAND RCPT argument=TO:<a@b> line=RCPT TO:<a@b> path=a@b params=\n"
	      "COMMAND DATA argument= line=DATA\nBODY bytes=24 lf=0@0\n"
	      "COMMAND RSET argument= line=RSET\n"
	      "COMMAND MAIL argument=FROM:<> line=MAIL FROM:<> path= params=\n"
	      "COMMAND RCPT argument=TO:<a@b> line=RCPT TO:<a@b> path=a@b params=\n"
	      "COMMAND DATA argument= line=DATA\nBODY bytes=14 lf=0@0\n"
	      "COMMAND QUIT argument= line=QUIT\n");
}

static void bdat_chunks(void **state)
{
	(void)state;
	check(TEXT("BDAT 6\r\nab\r\n.\nBDAT 3 last\r\n.\r\nBDAT 0 LAST\r\nRSET\r\n"), PLAY_SEEN,
	      "COMMAND BDAT argument=6 line=BDAT 6\nBODY bytes=6,bdat lf=0@0\n"
	      "COMMAND BDAT argument=3 last line=BDAT 3 last\nBODY bytes=3,bdat,last lf=0@0\n"
	      "COMMAND BDAT argument=0 LAST line=BDAT 0 LAST\nBODY bytes=0,bdat,last lf=0@0\n"
	      "COMMAND RSET argument= line=RSET\n");
	/* A chunk that looks like dialogue: cuts only, as a lost BDAT line would show it. */
	check_cuts(TEXT("BDAT 6 LAST\r\nRSET\r\nQUIT\r\n"), PLAY_BLIND,
		   "COMMAND BDAT argument=6 LAST line=BDAT 6 LAST\nBODY bytes=6,bdat,last lf=0@0\n"
		   "COMMAND QUIT argument= line=QUIT\n");
}

static void bdat_bad_sizes(void **state)
{
	(void)state;
	check_cuts(TEXT("BDAT -1\r\nBDAT\r\nBDAT x LAST\r\nBDAT 5 LASTLY\r\nBDAT "
			"18446744073709551616\r\n"
			"BDAT 1 LAST LAST\r\nBDAT 0x10\r\nQUIT\r\nBDAT "
			"18446744073709551615\r\nQUIT\r\n"),
		   PLAY_SEEN,
		   "GARBAGE line=BDAT -1\nGARBAGE line=BDAT\nGARBAGE line=BDAT x LAST\n"
		   "GARBAGE line=BDAT 5 LASTLY\nGARBAGE line=BDAT 18446744073709551616\n"
		   "GARBAGE line=BDAT 1 LAST LAST\nGARBAGE line=BDAT 0x10\n"
		   "COMMAND QUIT argument= line=QUIT\n"
		   "COMMAND BDAT argument=18446744073709551615 line=BDAT 18446744073709551615\n");
}

static void exchange_blob(void **state)
{
	(void)state;
	struct smtp_client *c = smtp_client_new();
	GString *out = g_string_new(NULL);

	feed(c, TEXT("XEXCH50 8 2\r\n"), PLAY_SEEN, out);
	smtp_client_expect(c, SMTP_EXPECT_DATA);
	feed(c, TEXT("\n.\r\n\0\0\r\nDATA\r\n"), PLAY_SEEN, out);
	assert_string_equal(out->str,
			    "COMMAND XEXCH50 argument=8 2 line=XEXCH50 8 2\n"
			    "BODY bytes=8,bdat lf=0@0\nCOMMAND DATA argument= line=DATA\n");
	g_string_free(out, TRUE);
	smtp_client_free(c);
}

/* The front of the body came before 354 was seen, and waits as a started line. */
static void data_told_late(void **state)
{
	(void)state;
	struct smtp_client *c = smtp_client_new();
	struct smtp_item i;
	struct bytes in = bytes_of("DATA\r\n..a", 9);

	assert_int_equal(smtp_client_next(c, &in, &i), STEP_ITEM);
	assert_int_equal(smtp_client_next(c, &in, &i), STEP_MORE);
	assert_int_equal(smtp_client_pending(c), 3);
	smtp_client_expect(c, SMTP_EXPECT_DATA);
	assert_int_equal(smtp_client_pending(c), 0);
	assert_int_equal(smtp_client_body(c).bytes, 3);
	in = bytes_of("\r\n.\r\nQUIT\r\n", 11);
	assert_int_equal(smtp_client_next(c, &in, &i), STEP_ITEM);
	assert_int_equal(i.kind, SMTP_ITEM_BODY_END);
	assert_int_equal(i.body.bytes, 5);
	assert_int_equal(smtp_client_next(c, &in, &i), STEP_ITEM);
	assert_int_equal(i.verb, SMTP_VERB_QUIT);
	smtp_client_free(c);
}

/* The same with a first line over the cap, of which only the length and the last byte are kept. */
static void data_told_late_after_long_line(void **state)
{
	(void)state;
	struct smtp_client *c = smtp_client_new();
	GString *out = g_string_new(NULL);
	GString *line = g_string_new("DATA\r\n");

	for (unsigned k = 0; k < CAP_LINE + 4000; k++)
		g_string_append_c(line, 'a');
	g_string_append_c(line, '\r');
	struct bytes in = bytes_of(line->str, line->len);
	struct smtp_item i;
	assert_int_equal(smtp_client_next(c, &in, &i), STEP_ITEM);
	assert_int_equal(smtp_client_next(c, &in, &i), STEP_MORE);
	smtp_client_expect(c, SMTP_EXPECT_DATA);
	feed(c, TEXT("\n.\r\nQUIT\r\n"), PLAY_SEEN, out);
	assert_string_equal(out->str,
			    "BODY bytes=20386 lf=0@0\nCOMMAND QUIT argument= line=QUIT\n");
	g_string_free(line, TRUE);
	g_string_free(out, TRUE);
	smtp_client_free(c);
}

/* The client did not wait for 354 or 334: the replies are told when all is over. */
static void told_too_late(void **state)
{
	(void)state;
	struct smtp_client *c = smtp_client_new();
	GString *out = g_string_new(NULL);

	feed(c, TEXT("DATA\r\na\r\n.\r\n"), PLAY_BLIND, out);
	smtp_client_expect(c, SMTP_EXPECT_DATA);
	assert_int_equal(smtp_client_expecting(c), SMTP_EXPECT_COMMAND);
	feed(c, TEXT("DATA\r\n.\r\nAUTH LOGIN\r\nYm9i\r\naHVudGVyMnNlY3JldA==\r\n"), PLAY_BLIND,
	     out);
	smtp_client_expect(c, SMTP_EXPECT_AUTH);
	smtp_client_expect(c, SMTP_EXPECT_AUTH);
	feed(c, TEXT("MAIL FROM:<>\r\n"), PLAY_BLIND, out);
	smtp_client_expect(c, SMTP_EXPECT_AUTH);
	feed(c, TEXT("QUIT\r\n"), PLAY_BLIND, out);
	assert_string_equal(out->str,
			    "COMMAND DATA argument= line=DATA\nBODY bytes=3 lf=0@0\n"
			    "COMMAND DATA argument= line=DATA\nBODY bytes=0 lf=0@0\n"
			    "COMMAND AUTH argument=LOGIN line=AUTH LOGIN auth=LOGIN/0\n"
			    "ANSWER auth=LOGIN/0 user=bob\nANSWER auth=LOGIN/1,password\n"
			    "COMMAND MAIL argument=FROM:<> line=MAIL FROM:<> path= params=\n"
			    "COMMAND QUIT argument= line=QUIT\n");
	g_string_free(out, TRUE);
	smtp_client_free(c);
}

/* A refused DATA that was played as a body: the session calls the decoder back. */
static void data_refused(void **state)
{
	(void)state;
	struct smtp_client *c = smtp_client_new();
	GString *out = g_string_new(NULL);

	feed(c, TEXT("DATA\r\nhalf a li"), PLAY_BLIND, out);
	smtp_client_expect(c, SMTP_EXPECT_COMMAND);
	feed(c, TEXT("ne QUIT\r\nRSET\r\n"), PLAY_SEEN, out);
	assert_string_equal(out->str, "COMMAND DATA argument= line=DATA\n"
				      "COMMAND RSET argument= line=RSET\n");
	g_string_free(out, TRUE);
	smtp_client_free(c);
}

static void gap_in_bodies(void **state)
{
	(void)state;
	static const struct {
		const char *before, *after, *want;
		uint64_t missing;
	} rows[] = {
		{ "DATA\r\nabc", "\r\n.\r\nQUIT\r\n",
		  "BODY bytes=5 lf=0@0,gap\nCOMMAND QUIT argument= line=QUIT\n", 100 },
		{ "DATA\r\nabc\r\n", ".\r\nx\r\n.\r\nQUIT\r\n",
		  "BODY bytes=11 lf=0@0,gap\nCOMMAND QUIT argument= line=QUIT\n", 1 },
		{ "DATA\r\nabc\r", "\n.\r\nQUIT\r\n",
		  "BODY bytes=5 lf=0@0,gap\nCOMMAND QUIT argument= line=QUIT\n", 1 },
		{ "DATA\r\nabc", "\n.\r\nQUIT\r\n",
		  "BODY bytes=4 lf=0@0,gap\nCOMMAND QUIT argument= line=QUIT\n", 1 },
		{ "BDAT 10\r\nabc", "fgQUIT\r\n",
		  "BODY bytes=10,bdat lf=0@0,gap\nCOMMAND QUIT argument= line=QUIT\n", 5 },
		{ "BDAT 10\r\nabc", "QUIT\r\n",
		  "BODY bytes=10,bdat lf=0@0,gap\nCOMMAND QUIT argument= line=QUIT\n", 7 },
		{ "BDAT 10\r\nabc", "x QUIT\r\nRSET\r\n",
		  "BODY bytes=10,bdat lf=0@0,gap\nCOMMAND RSET argument= line=RSET\n", 9 },
		{ "BDAT 18446744073709551615\r\nabc", "QUIT\r\n", "", UINT64_MAX / 2 },
	};

	for (size_t r = 0; r < G_N_ELEMENTS(rows); r++) {
		struct smtp_client *c = smtp_client_new();
		GString *out = g_string_new(NULL);
		feed(c, rows[r].before, strlen(rows[r].before), PLAY_SEEN, out);
		g_string_truncate(out, 0);
		smtp_client_gap(c, rows[r].missing);
		feed(c, rows[r].after, strlen(rows[r].after), PLAY_SEEN, out);
		assert_string_equal(out->str, rows[r].want);
		g_string_free(out, TRUE);
		smtp_client_free(c);
	}
}

/* The end mark was lost; the server's reply shows that the body is over. */
static void gap_over_end_mark(void **state)
{
	(void)state;
	struct smtp_client *c = smtp_client_new();
	GString *out = g_string_new(NULL);

	feed(c, TEXT("DATA\r\nabc\r\n"), PLAY_SEEN, out);
	smtp_client_gap(c, 3);
	assert_int_equal(smtp_client_expecting(c), SMTP_EXPECT_DATA);
	assert_true(smtp_client_body(c).gap);
	smtp_client_expect(c, SMTP_EXPECT_COMMAND);
	feed(c, TEXT("text\r\nRSET\r\n"), PLAY_SEEN, out);
	assert_string_equal(out->str, "COMMAND DATA argument= line=DATA\n"
				      "COMMAND RSET argument= line=RSET\n");
	g_string_free(out, TRUE);
	smtp_client_free(c);
}

/* The session learns from 354 that DATA was among the lost bytes. */
static void gap_over_data_command(void **state)
{
	(void)state;
	struct smtp_client *c = smtp_client_new();
	GString *out = g_string_new(NULL);

	smtp_client_gap(c, 6);
	smtp_client_expect(c, SMTP_EXPECT_DATA);
	feed(c, TEXT(".\r\nQUIT\r\n.\r\nfoo\r\n"), PLAY_SEEN, out);
	assert_string_equal(out->str,
			    "BODY bytes=9 lf=0@0,gap\nCOMMAND unknown argument= line=foo\n");
	g_string_free(out, TRUE);
	smtp_client_free(c);
}

int main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(data_bodies),
		cmocka_unit_test(two_messages_pipelined),
		cmocka_unit_test(bdat_chunks),
		cmocka_unit_test(bdat_bad_sizes),
		cmocka_unit_test(exchange_blob),
		cmocka_unit_test(data_told_late),
		cmocka_unit_test(data_told_late_after_long_line),
		cmocka_unit_test(told_too_late),
		cmocka_unit_test(data_refused),
		cmocka_unit_test(gap_in_bodies),
		cmocka_unit_test(gap_over_end_mark),
		cmocka_unit_test(gap_over_data_command),
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}
