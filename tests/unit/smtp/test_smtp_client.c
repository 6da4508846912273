/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests of the client decoder: what each line becomes, AUTH dialogues, TLS at the front, lost
 * bytes. Bodies are in test_smtp_body.c; how a dialogue is run is in smtp_play.h.
 */
#include "smtp/smtp_play.h"

static void commands(void **state)
{
	(void)state;
	check(TEXT("EHLO mail.example.org\r\nMAIL FROM:<bob@example.org> SIZE=1200 "
		   "BODY=8BITMIME\r\n"
		   "RCPT TO:<amy@example.com>\r\nRSET\r\nNOOP\r\nSTARTTLS\r\nQUIT\r\n"),
	      PLAY_SEEN,
	      "COMMAND EHLO argument=mail.example.org line=EHLO mail.example.org\n"
	      "COMMAND MAIL argument=FROM:<bob@example.org> SIZE=1200 BODY=8BITMIME "
	      "line=MAIL FROM:<bob@example.org> SIZE=1200 BODY=8BITMIME path=bob@example.org "
	      "params=SIZE=1200 BODY=8BITMIME size=1200\n"
	      "COMMAND RCPT argument=TO:<amy@example.com> line=RCPT TO:<amy@example.com> "
	      "path=amy@example.com params=\n"
	      "COMMAND RSET argument= line=RSET\nCOMMAND NOOP argument= line=NOOP\n"
	      "COMMAND STARTTLS argument= line=STARTTLS\nCOMMAND QUIT argument= line=QUIT\n");
}

static void every_verb_has_name_and_source(void **state)
{
	(void)state;
	for (unsigned v = SMTP_VERB_UNKNOWN + 1; v < SMTP_VERB_COUNT; v++) {
		const char *name = smtp_verb_name((enum smtp_verb)v);
		assert_true(strlen(smtp_verb_source((enum smtp_verb)v)) > 0);
		for (int lower = 0; lower < 2; lower++) {
			struct smtp_client *c = smtp_client_new();
			struct smtp_item i;
			char *word = lower ? g_ascii_strdown(name, -1) : g_strdup(name);
			char *line =
				g_strdup_printf("%s %s\r\n", word, v == SMTP_VERB_BDAT ? "0" : "");
			struct bytes in = bytes_of(line, strlen(line));
			assert_int_equal(smtp_client_next(c, &in, &i), STEP_ITEM);
			assert_int_equal(i.kind, SMTP_ITEM_COMMAND);
			assert_int_equal(i.verb, v);
			g_free(word);
			g_free(line);
			smtp_client_free(c);
		}
	}
	assert_string_equal(smtp_verb_name(SMTP_VERB_UNKNOWN), "unknown");
	assert_string_equal(smtp_verb_name((enum smtp_verb)9999), "unknown");
	assert_string_equal(smtp_verb_source(SMTP_VERB_CONNECT), "RFC 9110");
}

static void case_blanks_and_line_ends(void **state)
{
	(void)state;
	check(TEXT("ehlo x\nMaIl\tfRoM: <a@b>  \r\nQuIt \t\r\n"), PLAY_SEEN,
	      "COMMAND EHLO argument=x line=ehlo x marks=1\n"
	      "COMMAND MAIL argument=fRoM: <a@b> line=MaIl\\09fRoM: <a@b>   path=a@b params=\n"
	      "COMMAND QUIT argument= line=QuIt \\09\n");
}

static void junk_before_verb(void **state)
{
	(void)state;
	check_cuts(TEXT("\xef\xbb\xbf"
			"EHLO x\r\n  NOOP\r\n\x01\x02QUIT\r\n"),
		   PLAY_SEEN,
		   "COMMAND EHLO argument=x line=\\ef\\bb\\bfEHLO x marks=30\n"
		   "COMMAND NOOP argument= line=  NOOP marks=20\n"
		   "COMMAND QUIT argument= line=\\01\\02QUIT marks=20\n");
}

static void odd_bytes(void **state)
{
	(void)state;
	check(TEXT("EHLO \xc3\xa4.example\r\nNOOP \0x\r\n\0\r\n\r\n\n"), PLAY_SEEN,
	      "COMMAND EHLO argument=\\c3\\a4.example line=EHLO \\c3\\a4.example marks=10\n"
	      "COMMAND NOOP argument= line=NOOP marks=8\n"
	      "GARBAGE line=\\00 marks=8\nGARBAGE line=\nGARBAGE line= marks=1\n");
}

static void other_protocols(void **state)
{
	(void)state;
	check_cuts(TEXT("GET /index HTTP/1.1\r\nHost: x\r\nAuthorization: Basic x y\r\nLHLO x\r\n"
			"a001 LOGIN bob hunter2secret\r\nUSER bob\r\nPASS hunter2secret\r\n"
			"\x05\x01\x02\x01\x03"
			"bob\x0dhunter2secret\r\n"),
		   PLAY_SEEN,
		   "COMMAND GET argument=/index HTTP/1.1 line=GET /index HTTP/1.1\n"
		   "GARBAGE line=Host: x\nGARBAGE line=Authorization:\n"
		   "COMMAND unknown argument=x line=LHLO x\n"
		   "COMMAND unknown argument=LOGIN line=a001 LOGIN\n"
		   "COMMAND USER argument=bob line=USER bob\nCOMMAND PASS argument= line=PASS\n"
		   "GARBAGE line=\\05\\01\\02\n");
}

static void paths(void **state)
{
	(void)state;
	static const struct {
		const char *line, *address, *params;
		bool brackets, has_size;
		uint64_t size;
	} rows[] = {
		{ "MAIL FROM:<>", "", "", true, false, 0 },
		{ "MAIL FROM:<> SIZE=0", "", "SIZE=0", true, true, 0 },
		{ "MAIL FROM: <a@b>", "a@b", "", true, false, 0 },
		{ "MAIL FROM :<a@b>", "a@b", "", true, false, 0 },
		{ "MAIL FROM:a@b SIZE=5", "a@b", "SIZE=5", false, true, 5 },
		{ "MAIL FROM:<@a,@[IPv6:::1]:u@c>", "u@c", "", true, false, 0 },
		{ "MAIL FROM:<\"a>b\\\"\"@x> X=1", "\"a>b\\\"\"@x", "X=", true, false, 0 },
		{ "MAIL FROM:<\"a@b> X=1", "\"a@b", "X=", true, false, 0 },
		{ "MAIL FROM:<a@b", "a@b", "", false, false, 0 },
		{ "MAIL FROM:", "", "", false, false, 0 },
		{ "MAIL FROM", "", "", false, false, 0 },
		{ "MAIL", "", "", false, false, 0 },
		{ "MAIL TO:<a@b>", "", "", false, false, 0 },
		{ "RCPT TO:<\xc3\xa4@b>", "\xc3\xa4@b", "", true, false, 0 },
		{ "RCPT TO:<@a>", "@a", "", true, false, 0 },
		{ "MAIL FROM:<a@b> SIZE=x", "a@b", "SIZE=x", true, false, 0 },
		{ "MAIL FROM:<a@b> SIZE=", "a@b", "SIZE=", true, false, 0 },
		{ "MAIL FROM:<a@b> SIZE=-1", "a@b", "SIZE=-1", true, false, 0 },
		{ "MAIL FROM:<a@b> size=18446744073709551615", "a@b", "size=18446744073709551615",
		  true, true, UINT64_MAX },
		{ "MAIL FROM:<a@b> SIZE=99999999999999999999", "a@b", "SIZE=99999999999999999999",
		  true, true, UINT64_MAX },
		{ "MAIL FROM:<a@b> SIZE=999999999999999999999", "a@b", "SIZE=999999999999999999999",
		  true, false, 0 },
		{ "MAIL FROM:<a@b> AUTH=<> SIZE=7", "a@b", "AUTH=<> SIZE=7", true, true, 7 },
		/* what may be a secret is not shown */
		{ "MAIL FROM:<a@b> AUTH=<> PASSWORD=x SIZE=7", "a@b", "AUTH=<> PASSWORD=", true,
		  true, 7 },
		{ "MAIL FROM:<a@b> SMTPUTF8 Geheim77", "a@b", "SMTPUTF8", true, false, 0 },
		{ "MAIL FROM:<a@b> Geheim77=1", "a@b", "", true, false, 0 },
		{ "MAIL FROM:<a@b> AUTH=AGEAYg==", "a@b", "AUTH=", true, false, 0 },
		{ "MAIL FROM:<a@b> AUTH=c+40d@e", "a@b", "AUTH=c+40d@e", true, false, 0 },
		{ "MAIL FROM:<a@b:Geheim77>", "a@b", "", true, false, 0 },
		{ "RCPT TO:<a@[IPv6:::1]>", "a@[IPv6:::1]", "", true, false, 0 },
		{ "RCPT TO:<a@b>\rAUTH PLAIN AGEAYg==", "a@b", "", true, false, 0 },
	};

	for (size_t r = 0; r < G_N_ELEMENTS(rows); r++) {
		struct smtp_client *c = smtp_client_new();
		struct smtp_item i;
		char *line = g_strconcat(rows[r].line, "\r\n", NULL);
		struct bytes in = dialogue_at_wall(line, strlen(line));
		assert_int_equal(smtp_client_next(c, &in, &i), STEP_ITEM);
		assert_int_equal(i.kind, SMTP_ITEM_COMMAND);
		assert_true(bytes_equal(i.path.address,
					bytes_of(rows[r].address, strlen(rows[r].address))));
		if (!bytes_equal(i.path.params, bytes_of(rows[r].params, strlen(rows[r].params))))
			print_error("row %zu: \"%.*s\"\n", r, (int)bytes_left(&i.path.params),
				    i.path.params.at);
		assert_true(bytes_equal(i.path.params,
					bytes_of(rows[r].params, strlen(rows[r].params))));
		assert_int_equal(i.path.brackets, rows[r].brackets);
		assert_int_equal(i.path.has_size, rows[r].has_size);
		assert_true(!rows[r].has_size || i.path.size == rows[r].size);
		g_free(line);
		smtp_client_free(c);
	}
}

static void auth_dialogues(void **state)
{
	(void)state;
	static const struct {
		const char *in, *want;
	} rows[] = {
		{ "AUTH PLAIN AGJvYkBleGFtcGxlLm9yZwBodW50ZXIyc2VjcmV0\r\nQUIT\r\n",
		  "COMMAND AUTH argument=PLAIN line=AUTH PLAIN auth=PLAIN/0,initial,password "
		  "user=bob@example.org\nCOMMAND QUIT argument= line=QUIT\n" },
		{ "AUTH PLAIN\r\nAGJvYkBleGFtcGxlLm9yZwBodW50ZXIyc2VjcmV0\r\nQUIT\r\n",
		  "COMMAND AUTH argument=PLAIN line=AUTH PLAIN auth=PLAIN/0\n"
		  "ANSWER auth=PLAIN/0,password user=bob@example.org\n"
		  "COMMAND QUIT argument= line=QUIT\n" },
		{ "auth login\r\nYm9iQGV4YW1wbGUub3Jn\r\naHVudGVyMnNlY3JldA==\r\nQUIT\r\n",
		  "COMMAND AUTH argument=login line=auth login auth=LOGIN/0\n"
		  "ANSWER auth=LOGIN/0 user=bob@example.org\nANSWER auth=LOGIN/1,password\n"
		  "COMMAND QUIT argument= line=QUIT\n" },
		{ "AUTH LOGIN Ym9iQGV4YW1wbGUub3Jn\r\naHVudGVyMnNlY3JldA==\r\nQUIT\r\n",
		  "COMMAND AUTH argument=LOGIN line=AUTH LOGIN auth=LOGIN/0,initial "
		  "user=bob@example.org\nANSWER auth=LOGIN/1,password\n"
		  "COMMAND QUIT argument= line=QUIT\n" },
		{ "AUTH XOAUTH2 "
		  "dXNlcj1ib2JAZXhhbXBsZS5vcmcBYXV0aD1CZWFyZXIgaHVudGVyMnNlY3JldAEB\r\n"
		  "QUIT\r\n",
		  "COMMAND AUTH argument=XOAUTH2 line=AUTH XOAUTH2 auth=XOAUTH2/0,initial,password "
		  "user=bob@example.org\nCOMMAND QUIT argument= line=QUIT\n" },
		{ "AUTH OAUTHBEARER "
		  "bixhPWJvYkBleGFtcGxlLm9yZywBaG9zdD14AWF1dGg9QmVhcmVyIGh1bnRlcjJz"
		  "ZWNyZXQBAQ==\r\nQUIT\r\n",
		  "COMMAND AUTH argument=OAUTHBEARER line=AUTH OAUTHBEARER "
		  "auth=OAUTHBEARER/0,initial,password user=bob@example.org\n"
		  "COMMAND QUIT argument= line=QUIT\n" },
		{ "AUTH CRAM-MD5\r\n"
		  "Ym9iQGV4YW1wbGUub3JnIDAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVm\r\nQUIT\r\n",
		  "COMMAND AUTH argument=CRAM-MD5 line=AUTH CRAM-MD5 auth=CRAM-MD5/0\n"
		  "ANSWER auth=CRAM-MD5/0,hash user=bob@example.org\n"
		  "COMMAND QUIT argument= line=QUIT\n" },
		{ "AUTH NTLM TlRMTVNTUAABAAAAB4IIAA==\r\nTlRMTVNTUAADAAAAGAAYAAAAAAA=\r\nQUIT\r\n",
		  "COMMAND AUTH argument=NTLM line=AUTH NTLM auth=NTLM/0,initial\n"
		  "ANSWER auth=NTLM/1,hash\nCOMMAND QUIT argument= line=QUIT\n" },
		{ "AUTH SCRAM-SHA-256 biwsbj1ib2Iscj1hYmM=\r\nYz1iaXdzLHI9YWJjLHA9djBYOHYzQno=\r\n"
		  "QUIT\r\n",
		  "COMMAND AUTH argument=SCRAM-SHA-256 line=AUTH SCRAM-SHA-256 "
		  "auth=SCRAM/0,initial\n"
		  "ANSWER auth=SCRAM/1,hash\nCOMMAND QUIT argument= line=QUIT\n" },
		{ "AUTH EXTERNAL =\r\nQUIT\r\n", "COMMAND AUTH argument=EXTERNAL line=AUTH "
						 "EXTERNAL auth=EXTERNAL/0,initial,empty\n"
						 "COMMAND QUIT argument= line=QUIT\n" },
		{ "AUTH PLAIN hunter2secret\r\nQUIT\r\n",
		  "COMMAND AUTH argument=PLAIN line=AUTH PLAIN auth=PLAIN/0,initial,bad\n"
		  "COMMAND QUIT argument= line=QUIT\n" },
		{ "AUTH SOMMER2026\r\nQUIT\r\n",
		  "COMMAND AUTH argument= line=AUTH auth=other/0\nCOMMAND QUIT argument= "
		  "line=QUIT\n" },
		{ "AUTH aHVudGVyMnNlY3JldA==\r\nQUIT\r\n",
		  "COMMAND AUTH argument= line=AUTH auth=other/0\nCOMMAND QUIT argument= "
		  "line=QUIT\n" },
		{ "X-EXPS NTLM TlRMTVNTUAADAAAAGAAYAAAAAAA=\r\nQUIT\r\n",
		  "COMMAND X-EXPS argument=NTLM line=X-EXPS NTLM auth=NTLM/0,initial,hash\n"
		  "COMMAND QUIT argument= line=QUIT\n" },
	};

	for (size_t r = 0; r < G_N_ELEMENTS(rows); r++) {
		check(rows[r].in, strlen(rows[r].in), PLAY_BLIND, rows[r].want);
		/* With 334 told, QUIT would be the answer to a challenge: leave it out. */
		char **parts = g_strsplit(rows[r].want, "COMMAND QUIT", 2);
		check(rows[r].in, strlen(rows[r].in) - 6, PLAY_SEEN, parts[0]);
		g_strfreev(parts);
	}
}

static void auth_cancelled_and_refused(void **state)
{
	(void)state;
	check(TEXT("AUTH LOGIN\r\n*\r\nAUTH LOGIN\r\n\r\n=\r\nMAIL FROM:<a@b>\r\n"), PLAY_BLIND,
	      "COMMAND AUTH argument=LOGIN line=AUTH LOGIN auth=LOGIN/0\nANSWER "
	      "auth=LOGIN/0,cancel\n"
	      "COMMAND AUTH argument=LOGIN line=AUTH LOGIN auth=LOGIN/0\nANSWER "
	      "auth=LOGIN/0,empty\n"
	      "ANSWER auth=LOGIN/1,empty\n"
	      "COMMAND MAIL argument=FROM:<a@b> line=MAIL FROM:<a@b> path=a@b params=\n");
	/* Refused with 504, but the client had pipelined its answers. */
	struct smtp_client *c = smtp_client_new();
	GString *out = g_string_new(NULL);
	feed(c, TEXT("AUTH LOGIN\r\n"), PLAY_BLIND, out);
	smtp_client_expect(c, SMTP_EXPECT_COMMAND);
	feed(c, TEXT("bob\r\nhunter2\r\nRSET\r\nfoo\r\n"), PLAY_BLIND, out);
	assert_string_equal(out->str,
			    "COMMAND AUTH argument=LOGIN line=AUTH LOGIN auth=LOGIN/0\n"
			    "GARBAGE line=\nGARBAGE line=\nCOMMAND RSET argument= line=RSET\n"
			    "COMMAND unknown argument= line=foo\n");
	g_string_free(out, TRUE);
	smtp_client_free(c);
}

/* The user's answer was lost and 334 is told again: what comes must not be taken for a name. */
static void auth_gap_no_name(void **state)
{
	(void)state;
	struct smtp_client *c = smtp_client_new();
	GString *out = g_string_new(NULL);

	feed(c, TEXT("AUTH LOGIN\r\n"), PLAY_SEEN, out);
	smtp_client_gap(c, 22);
	smtp_client_expect(c, SMTP_EXPECT_AUTH);
	feed(c, TEXT("aHVudGVyMnNlY3JldA==\r\naHVudGVyMnNlY3JldA==\r\nQUIT\r\n"), PLAY_SEEN, out);
	dialogue_no_secret(out->str, secrets);
	assert_null(strstr(out->str, "user="));
	assert_non_null(strstr(out->str, "COMMAND QUIT"));
	g_string_free(out, TRUE);
	smtp_client_free(c);
}

/* A sure command ends the doubt, but the steps of the dialogue before it stay unknown. */
static void auth_gap_then_command(void **state)
{
	(void)state;
	struct smtp_client *c = smtp_client_new();
	GString *out = g_string_new(NULL);

	feed(c, TEXT("AUTH LOGIN\r\n"), PLAY_SEEN, out);
	smtp_client_gap(c, 22);
	feed(c, TEXT("RSET\r\n"), PLAY_SEEN, out);
	smtp_client_expect(c, SMTP_EXPECT_AUTH);
	assert_int_equal(smtp_client_expecting(c), SMTP_EXPECT_AUTH);
	feed(c, TEXT("aHVudGVyMnNlY3JldA==\r\n"), PLAY_BLIND, out);
	assert_int_equal(smtp_client_expecting(c), SMTP_EXPECT_AUTH_MAYBE);
	assert_non_null(strstr(out->str, "ANSWER"));
	assert_null(strstr(out->str, "user="));
	g_string_free(out, TRUE);
	smtp_client_free(c);
}

static void secrets_out_of_place(void **state)
{
	(void)state;
	check(TEXT("aHVudGVyMnNlY3JldA==\r\nfoo aHVudGVyMnNlY3JldA==\r\nXXXXXXXXXXXXXXXXXXXX\r\n"
		   "AUTHPLAIN aHVudGVyMnNlY3JldA==\r\nAUTH=LOGIN hunter2secret\r\n"
		   "XPROXYTO TOKEN=aHVudGVyMnNlY3JldA==\r\n\xef\xbb\xbf"
		   "aHVudGVyMnNlY3JldA==\r\n"),
	      PLAY_BLIND,
	      "GARBAGE line=\nCOMMAND unknown argument= line=foo \n"
	      "COMMAND unknown argument= line=XXXXXXXXXXXXXXXXXXXX\n"
	      "COMMAND unknown argument= line=AUTHPLAIN\nGARBAGE line=AUTH=LOGIN\n"
	      "COMMAND XPROXYTO argument=TOKEN= line=XPROXYTO TOKEN=\n"
	      "GARBAGE line=\\ef\\bb\\bf marks=10\n");
	/* A CR inside ends a line for some servers, and what may be shown. */
	check(TEXT("EHLO x\rAGFsaWNlAGdlaGVpbTc3\r\nEHLO x  AGFsaWNlAGdlaGVpbTc3\r\n"), PLAY_BLIND,
	      "COMMAND EHLO argument=x line=EHLO x\nCOMMAND EHLO argument=x line=EHLO x  \n");
	check(TEXT("NOOP Geheim77\r\nHELP Geheim77\r\n"), PLAY_BLIND,
	      "COMMAND NOOP argument= line=NOOP\nCOMMAND HELP argument= line=HELP\n");
	check(TEXT("BURL imap://b@h/x;urlauth=user+b:internal:0123456789abcdef0123456789abcdef "
		   "LAST\r\n"),
	      PLAY_BLIND, "COMMAND BURL argument= line=BURL\n");
}

static void long_lines(void **state)
{
	(void)state;
	static const size_t sizes[] = { 510, 511, CAP_LINE - 1, CAP_LINE, CAP_LINE + 1, 70000 };

	for (size_t s = 0; s < G_N_ELEMENTS(sizes); s++) {
		for (size_t cut = 0; cut < 4; cut++) {
			size_t n = sizes[s];
			char *line = g_malloc(n + 8);
			memset(line, 'a', n);
			memcpy(line, "VRFY .", 6);
			for (size_t k = 6; k < n; k += 7)
				line[k] = '.';
			memcpy(line + n, "\r\nRSET\r\n", 8);
			size_t at = cut == 0 ? 0 : cut == 1 ? n : cut == 2 ? n + 1 : n / 2;
			struct smtp_client *c = smtp_client_new();
			struct smtp_item i;
			struct bytes in = dialogue_at_wall(line, at);
			assert_int_equal(smtp_client_next(c, &in, &i), STEP_MORE);
			assert_true(smtp_client_kept(c) < CAP_LINE + 1024);
			assert_int_equal(smtp_client_pending(c), at);
			in = dialogue_at_wall(line + at, n + 8 - at);
			assert_int_equal(smtp_client_next(c, &in, &i), STEP_ITEM);
			assert_int_equal(i.verb, SMTP_VERB_VRFY);
			assert_int_equal(bytes_left(&i.line), MIN(n, CAP_LINE));
			assert_int_equal(i.marks, (n > 510 ? SMTP_LINE_OVER_512 : 0) |
							  (n > CAP_LINE ? SMTP_LINE_TOO_LONG : 0));
			assert_int_equal(smtp_client_next(c, &in, &i), STEP_ITEM);
			assert_int_equal(i.verb, SMTP_VERB_RSET);
			assert_true(smtp_client_kept(c) < 1024);
			smtp_client_free(c);
			g_free(line);
		}
	}
}

static void long_token(void **state)
{
	(void)state;
	struct smtp_client *c = smtp_client_new();
	struct smtp_item i;
	char *line = g_malloc(40000);

	memset(line, 'A', 40000);
	memcpy(line, "AUTH XOAUTH2 ", 13);
	line[39999] = '\n';
	for (size_t at = 0; at < 40000; at += 1000) {
		struct bytes in = dialogue_at_wall(line + at, 1000);
		assert_int_equal(smtp_client_next(c, &in, &i), at == 39000 ? STEP_ITEM : STEP_MORE);
	}
	assert_int_equal(bytes_left(&i.line), 12);
	assert_true(i.marks & SMTP_LINE_TOO_LONG);
	assert_true(i.auth.initial);
	g_free(line);
	smtp_client_free(c);
}

static void not_smtp_at_all(void **state)
{
	(void)state;
	struct smtp_client *c = smtp_client_new();
	struct smtp_item i;
	char *junk = g_malloc(CAP_LINE + 10);

	memset(junk, 7, CAP_LINE + 10);
	struct bytes in = bytes_of(junk, 100);
	assert_int_equal(smtp_client_next(c, &in, &i), STEP_MORE);
	in = bytes_of(junk, CAP_LINE + 10);
	assert_int_equal(smtp_client_next(c, &in, &i), STEP_BAD);
	in = bytes_of("QUIT\r\n", 6);
	assert_int_equal(smtp_client_next(c, &in, &i), STEP_BAD);
	smtp_client_reset(c);
	in = bytes_of("QUIT\r\n", 6);
	assert_int_equal(smtp_client_next(c, &in, &i), STEP_ITEM);
	smtp_client_free(c);
	g_free(junk);
}

static void tls_at_front(void **state)
{
	(void)state;
	static const char hello[] = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
	static const char old[] = "\x80\x2e\x01\x03\x01\x00\x15\x00\x00\x00\x10zzz";

	check_cuts(TEXT("EHLO x\r\nSTARTTLS\r\n\x16\x03\x01\x02\x00\x01"), PLAY_SEEN,
		   "COMMAND EHLO argument=x line=EHLO x\nCOMMAND STARTTLS argument= line=STARTTLS\n"
		   "TLS\n");
	for (int which = 0; which < 2; which++) {
		const char *p = which ? old : hello;
		for (size_t cut = 0; cut < 5; cut++) {
			struct smtp_client *c = smtp_client_new();
			struct smtp_item i;
			struct bytes in = dialogue_at_wall(p, cut);
			assert_int_equal(smtp_client_next(c, &in, &i), STEP_MORE);
			in = dialogue_at_wall(p + cut, 11 - cut);
			for (int again = 0; again < 2; again++) {
				assert_int_equal(smtp_client_next(c, &in, &i), STEP_ITEM);
				assert_int_equal(i.kind, SMTP_ITEM_TLS);
				assert_int_equal(bytes_left(&in), 11 - cut);
				struct bytes kept = smtp_client_carry(c);
				assert_true(bytes_equal(kept, bytes_of(p, cut)));
			}
			smtp_client_reset(c);
			assert_int_equal(smtp_client_pending(c), 0);
			smtp_client_free(c);
		}
	}
	/* Not TLS: goes on as a line. */
	check_cuts(TEXT("\x16\x03\nQUIT\r\n\x16\x03\x01\xff\xff\r\n\x80\nQUIT\r\n"), PLAY_SEEN,
		   "GARBAGE line=\\16\\03 marks=1\nCOMMAND QUIT argument= line=QUIT\n"
		   "GARBAGE line=\\16\\03\\01\\ff\\ff marks=10\nGARBAGE line=\\80 marks=11\n"
		   "COMMAND QUIT argument= line=QUIT\n");
}

static void tls_shapes(void **state)
{
	(void)state;
	static const struct {
		const char *at;
		size_t n;
		bool tls, old;
	} rows[] = {
		{ TEXT("\x16\x03\x00\x00\x01"), true, false },
		{ TEXT("\x15\x03\x04\x00\x02"), true, false },
		{ TEXT("\x16\x03\x03\x48\x00"), true, false },
		{ TEXT("\x16\x03\x03\x48\x01"), false, false },
		{ TEXT("\x16\x03\x05\x00\x01"), false, false },
		{ TEXT("\x16\x02\x00\x00\x01"), false, false },
		{ TEXT("\x17\x03\x03\x00\x20"), false, false },
		{ TEXT("\x16\x03\x01\x00\x00"), false, false },
		{ TEXT("\x16\x03\x01\x00"), false, false },
		{ TEXT(""), false, false },
		{ TEXT("QUIT\r\n"), false, false },
		{ TEXT("\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10"), true, true },
		{ TEXT("\x80\x2e\x01\x03\x01\x00\x15\x00\x00\x00\x10"), true, true },
		{ TEXT("\x80\x2e\x01\x03\x01"), true, true },
		{ TEXT("\x80\x2e\x01\x03\x01\x00\x14\x00\x00\x00\x11"), false, false },
		{ TEXT("\x80\x2f\x01\x03\x01\x00\x15\x00\x00\x00\x10"), false, false },
		{ TEXT("\x80\x2e\x02\x03\x01\x00\x15\x00\x00\x00\x10"), false, false },
		{ TEXT("\x80\x2e\x01\x00\x03\x00\x15\x00\x00\x00\x10"), false, false },
		{ TEXT("\x80\x08\x01\x03\x01"), false, false },
	};

	for (size_t r = 0; r < G_N_ELEMENTS(rows); r++) {
		bool old = true;
		assert_int_equal(smtp_looks_like_tls(dialogue_at_wall(rows[r].at, rows[r].n), &old),
				 rows[r].tls);
		assert_int_equal(old, rows[r].old);
		assert_int_equal(smtp_looks_like_tls(bytes_of(rows[r].at, rows[r].n), NULL),
				 rows[r].tls);
	}
}

static void gap_resync(void **state)
{
	(void)state;
	static const struct {
		const char *after, *want;
	} rows[] = {
		{ "QUIT\r\n", "COMMAND QUIT argument= line=QUIT\n" },
		{ "foo QUIT\r\nRSET\r\n", "COMMAND RSET argument= line=RSET\n" },
		{ "QUIT now\r\nRSET\r\n", "COMMAND RSET argument= line=RSET\n" },
		{ " QUIT\r\nRSET\r\n", "COMMAND RSET argument= line=RSET\n" },
		{ "Mail from: Bob\r\nData of today\r\nhello there\r\nRSET\r\nfoo\r\n",
		  "COMMAND RSET argument= line=RSET\nCOMMAND unknown argument= line=foo\n" },
		{ "\r\nEHLO x\r\n", "COMMAND EHLO argument=x line=EHLO x\n" },
	};

	for (size_t r = 0; r < G_N_ELEMENTS(rows); r++) {
		struct smtp_client *c = smtp_client_new();
		GString *out = g_string_new(NULL);
		feed(c, TEXT("MAIL FROM:<cut"), PLAY_SEEN, out);
		smtp_client_gap(c, 100);
		assert_int_equal(smtp_client_pending(c), 0);
		feed(c, rows[r].after, strlen(rows[r].after), PLAY_SEEN, out);
		assert_string_equal(out->str, rows[r].want);
		g_string_free(out, TRUE);
		smtp_client_free(c);
	}
}

static void proxy_header(void **state)
{
	(void)state;
	check_cuts(
		TEXT("PROXY TCP4 192.0.2.1 192.0.2.2 1 25\r\nEHLO x\r\n"), PLAY_SEEN,
		"COMMAND PROXY argument=TCP4 192.0.2.1 192.0.2.2 1 25 "
		"line=PROXY TCP4 192.0.2.1 192.0.2.2 1 25\nCOMMAND EHLO argument=x line=EHLO x\n");
	check_cuts(TEXT("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c............\r\nQUIT\n"), PLAY_SEEN,
		   "GARBAGE line=\nGARBAGE line=\nGARBAGE line=\\00 marks=8\n"
		   "COMMAND PROXY argument= line=QUIT marks=1\n"
		   "GARBAGE line=!\\11\\00\\0c............ marks=8\n"
		   "COMMAND QUIT argument= line=QUIT marks=1\n");
}

/* Pieces thrown together without sense: whole and byte by byte must say the same. */
static void soup(void **state)
{
	(void)state;
	static const struct {
		const char *at;
		size_t n;
	} bits[] = {
		{ TEXT("EHLO x\r\n") },
		{ TEXT("MAIL FROM:<a@b> SIZE=") },
		{ TEXT("9") },
		{ TEXT("\r\n") },
		{ TEXT("\n") },
		{ TEXT("\r") },
		{ TEXT(".") },
		{ TEXT("\r\n.\r\n") },
		{ TEXT("DATA\r\n") },
		{ TEXT("BDAT 7\r\n") },
		{ TEXT("BDAT 0 LAST\n") },
		{ TEXT("AUTH LOGIN\r\n") },
		{ TEXT("AUTH PLAIN AGJvYgBwdw==\r\n") },
		{ TEXT("Ym9i\r\n") },
		{ TEXT("*\r\n") },
		{ TEXT("\0") },
		{ TEXT("\xef\xbb\xbf") },
		{ TEXT("QUIT") },
		{ TEXT(" ") },
		{ TEXT("\x80") },
		{ TEXT("\x16\x03") },
		{ TEXT("aHVudGVyMnNlY3JldA==") },
		{ TEXT("<\"") },
		{ TEXT(">") },
		{ TEXT("XEXCH50 3\r\n") },
		{ TEXT("\x05\x01") },
		{ TEXT("BURL a;b\r\n") },
	};
	GRand *r = g_rand_new_with_seed(365);

	for (int round = 0; round < 3000; round++) {
		GString *in = g_string_new(NULL);
		for (int k = g_rand_int_range(r, 1, 20); k > 0; k--) {
			size_t b = (size_t)g_rand_int_range(r, 0, G_N_ELEMENTS(bits));
			g_string_append_len(in, bits[b].at, (gssize)bits[b].n);
		}
		enum play play = round & 1 ? PLAY_SEEN : PLAY_BLIND;
		char *whole = run_whole(in->str, in->len, play);
		run_cuts(in->str, in->len, play, whole);
		g_free(whole);
		g_string_free(in, TRUE);
	}
	g_rand_free(r);
}

/* A long line in small pieces must cost time in proportion to its length. */
static void slow_drip(void **state)
{
	(void)state;
	struct smtp_client *c = smtp_client_new();
	struct smtp_item i;
	gint64 begin = g_get_monotonic_time();

	for (unsigned k = 0; k < 2000000; k++) {
		struct bytes in = bytes_of("a", 1);
		assert_int_equal(smtp_client_next(c, &in, &i), STEP_MORE);
	}
	assert_true(g_get_monotonic_time() - begin < 20 * G_TIME_SPAN_SECOND);
	smtp_client_free(c);
}

int main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands),
		cmocka_unit_test(every_verb_has_name_and_source),
		cmocka_unit_test(case_blanks_and_line_ends),
		cmocka_unit_test(junk_before_verb),
		cmocka_unit_test(odd_bytes),
		cmocka_unit_test(other_protocols),
		cmocka_unit_test(paths),
		cmocka_unit_test(auth_dialogues),
		cmocka_unit_test(auth_cancelled_and_refused),
		cmocka_unit_test(auth_gap_no_name),
		cmocka_unit_test(auth_gap_then_command),
		cmocka_unit_test(secrets_out_of_place),
		cmocka_unit_test(long_lines),
		cmocka_unit_test(long_token),
		cmocka_unit_test(not_smtp_at_all),
		cmocka_unit_test(tls_at_front),
		cmocka_unit_test(tls_shapes),
		cmocka_unit_test(gap_resync),
		cmocka_unit_test(proxy_header),
		cmocka_unit_test(soup),
		cmocka_unit_test(slow_drip),
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}
