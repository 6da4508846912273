/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Drives the client decoder through a dialogue as the session would: whole, cut at every byte, byte
 * by byte, and with gaps of several sizes at every byte, with input that ends at an unreadable
 * page. No run may show a secret; no gap may invent a command.
 */
#ifndef SMTP365_TEST_SMTP_PLAY_H
#define SMTP365_TEST_SMTP_PLAY_H

#include "smtp/smtp_dialogue.h"

#define TEXT(s) (s), sizeof(s) - 1

/* How the driver plays the session. */
enum play {
	PLAY_SEEN,  /* the server's replies are seen: 334 and 354 are told */
	PLAY_BLIND, /* one direction only: DATA_MAYBE, and nothing told about AUTH */
};

static const char *const secrets[] = {
	"hunter2secret",						    /* as it is */
	"aHVudGVyMnNlY3JldA==",						    /* encoded alone */
	"AGJvYkBleGFtcGxlLm9yZwBodW50ZXIyc2VjcmV0",			    /* PLAIN */
	"dXNlcj1ib2JAZXhhbXBsZS5vcmcBYXV0aD1CZWFyZXIgaHVudGVyMnNlY3JldAEB", /* XOAUTH2 */
	"bixhPWJvYkBleGFtcGxlLm9yZywBaG9zdD14AWF1dGg9QmVhcmVyIGh1bnRlcjJzZWNyZXQBAQ==",
	"Ym9iQGV4YW1wbGUub3JnIDAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVm", /* CRAM-MD5 */
	"0123456789abcdef0123456789abcdef",
	"TlRMTVNTUAADAAAAGAAYAAAAAAA=",	    /* NTLM type 3 */
	"Yz1iaXdzLHI9YWJjLHA9djBYOHYzQno=", /* SCRAM client-final */
	NULL,
};

/* One view: items until more is needed. False when the decoder is done (TLS or BAD). */
static inline bool feed(struct smtp_client *c, const char *p, size_t n, enum play play,
			GString *out)
{
	struct bytes in = dialogue_at_wall(p, n);
	struct smtp_item i;

	for (;;) {
		enum step s = smtp_client_next(c, &in, &i);
		if (s == STEP_MORE) {
			assert_int_equal(bytes_left(&in), 0);
			return true;
		}
		if (s == STEP_BAD) {
			g_string_append(out, "BAD\n");
			return false;
		}
		dialogue_item(out, &i);
		if (i.kind == SMTP_ITEM_TLS)
			return false;
		if (i.kind == SMTP_ITEM_COMMAND && i.verb == SMTP_VERB_DATA &&
		    !bytes_left(&i.argument))
			smtp_client_expect(c, play == PLAY_SEEN ? SMTP_EXPECT_DATA
								: SMTP_EXPECT_DATA_MAYBE);
		bool more = (i.kind == SMTP_ITEM_AUTH_RESPONSE && i.auth.step == 0 &&
			     i.auth.mech == SMTP_MECH_LOGIN) ||
			    (i.kind == SMTP_ITEM_COMMAND && i.verb == SMTP_VERB_AUTH &&
			     (!i.auth.initial || i.auth.mech == SMTP_MECH_LOGIN));
		if (more && play == PLAY_SEEN && !i.auth.cancel)
			smtp_client_expect(c, SMTP_EXPECT_AUTH);
	}
}

static inline char *run_whole(const char *p, size_t n, enum play play)
{
	struct smtp_client *c = smtp_client_new();
	GString *out = g_string_new(NULL);

	feed(c, p, n, play, out);
	smtp_client_free(c);
	return g_string_free(out, FALSE);
}

static inline void run_cuts(const char *p, size_t n, enum play play, const char *whole)
{
	for (size_t cut = 0; cut <= n; cut++) {
		struct smtp_client *c = smtp_client_new();
		GString *out = g_string_new(NULL);
		if (feed(c, p, cut, play, out))
			feed(c, p + cut, n - cut, play, out);
		if (strcmp(out->str, whole) != 0)
			fail_msg("cut at %zu gives\n%s\nnot\n%s", cut, out->str, whole);
		g_string_free(out, TRUE);
		smtp_client_free(c);
	}
	struct smtp_client *c = smtp_client_new();
	GString *out = g_string_new(NULL);
	bool go = true;
	for (size_t i = 0; i < n && go; i++)
		go = feed(c, p + i, 1, play, out);
	if (go)
		feed(c, p, 0, play, out);
	assert_string_equal(out->str, whole);
	g_string_free(out, TRUE);
	smtp_client_free(c);
}

static inline void run_gaps(const char *p, size_t n, enum play play, const char *whole)
{
	static const size_t sizes[] = { 1, 2, 3, 5, 8, 13, 21, 34, 55 };

	for (size_t g = 0; g < G_N_ELEMENTS(sizes); g++) {
		for (size_t at = 0; at + sizes[g] <= n; at++) {
			struct smtp_client *c = smtp_client_new();
			GString *out = g_string_new(NULL);
			bool go = feed(c, p, at, play, out);
			smtp_client_gap(c, sizes[g]);
			if (go)
				feed(c, p + at + sizes[g], n - at - sizes[g], play, out);
			dialogue_no_secret(out->str, secrets);
			dialogue_none_invented(out->str, whole, "COMMAND");
			g_string_free(out, TRUE);
			smtp_client_free(c);
		}
	}
}

/* The whole dialogue gives `want`, however it is cut; gaps invent and show nothing. */
static inline void check(const char *p, size_t n, enum play play, const char *want)
{
	char *whole = run_whole(p, n, play);

	assert_string_equal(whole, want);
	dialogue_no_secret(whole, secrets);
	run_cuts(p, n, play, whole);
	run_gaps(p, n, play, whole);
	g_free(whole);
}

/* Cut only: for dialogues whose lost bytes may leave other lines (a body without its DATA). */
static inline void check_cuts(const char *p, size_t n, enum play play, const char *want)
{
	char *whole = run_whole(p, n, play);

	assert_string_equal(whole, want);
	run_cuts(p, n, play, whole);
	g_free(whole);
}

#endif
