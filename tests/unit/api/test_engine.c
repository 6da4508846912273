/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The whole engine on dialogues: verdicts of the usual stories, the same verdict however the bytes
 * are cut, and no accusation when bytes are missing (docs/ARCHITECTURE.md#absence).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "smtp365.h"

#define C 0
#define S 1

struct line {
	int who; /* C or S */
	const char *text;
};

struct result {
	unsigned sessions;
	struct verdict last; /* pointers are stale; only plain members are read */
	char cause[64], ids[2048], history[512], words[8192];
};

struct wire {
	struct smtp365 *engine;
	uint32_t seq[2], frame;
	uint64_t now;
	struct result result;
};

static void on_session(const struct verdict *v, void *host)
{
	struct result *r = host;
	r->sessions++;
	r->last = *v;
	g_strlcpy(r->cause, v->cause ? v->cause->id : "", sizeof r->cause);
	g_strlcpy(r->history, v->history ? v->history : "", sizeof r->history);
	r->ids[0] = r->words[0] = '\0';
	for (unsigned i = 0; i < v->finding_count; i++) {
		g_strlcat(r->ids, v->findings[i].id, sizeof r->ids);
		g_strlcat(r->ids, " ", sizeof r->ids);
		if (v->findings[i].detail)
			g_strlcat(r->words, v->findings[i].detail, sizeof r->words);
	}
	for (unsigned i = 0; i < v->event_count; i++)
		g_strlcat(r->words, v->events[i].text, sizeof r->words);
}

static void send(struct wire *w, int who, const char *bytes, size_t n, uint8_t flags, bool lost)
{
	static const struct address client = { 4, { 10, 1, 2, 30 } },
				    server = { 4, { 52, 96, 165, 18 } };
	struct segment g = {
		.time_ns = w->now += 20000000,
		.frame = ++w->frame,
		.ttl = who == C ? 64 : 50,
		.src = who == C ? client : server,
		.dst = who == C ? server : client,
		.sport = who == C ? 50332 : 587,
		.dport = who == C ? 587 : 50332,
		.seq = w->seq[who],
		.ack = flags & TCP_ACK ? w->seq[!who] : 0,
		.flags = flags,
		.window = 65535,
		.len = (uint32_t)n,
		.caplen = (uint32_t)n,
		.payload = (const uint8_t *)bytes,
		.ip_id = (uint16_t)w->frame,
	};
	if (!lost)
		smtp365_segment(w->engine, &g);
	w->seq[who] += (uint32_t)n + (flags & (TCP_SYN | TCP_FIN) ? 1 : 0);
}

static void open_wire(struct wire *w)
{
	struct smtp365_options o = { .dialogue = true };
	memset(w, 0, sizeof *w);
	w->now = 1795000000ull * 1000000000ull; /* 2026-11-18 */
	w->seq[C] = 0xfffffff0u;		/* the sequence wraps within the dialogue */
	w->seq[S] = 7000;
	w->engine = smtp365_new(&o, on_session, &w->result, NULL);
	send(w, C, NULL, 0, TCP_SYN, false);
	send(w, S, NULL, 0, TCP_SYN | TCP_ACK, false);
	send(w, C, NULL, 0, TCP_ACK, false);
}

static struct result close_wire(struct wire *w)
{
	send(w, C, NULL, 0, TCP_FIN | TCP_ACK, false);
	send(w, S, NULL, 0, TCP_FIN | TCP_ACK, false);
	send(w, C, NULL, 0, TCP_ACK, false);
	smtp365_free(w->engine);
	return w->result;
}

/* Play a dialogue; the segment `cut_line` is cut at `cut` (or loses its bytes [cut, cut + hole)).
 */
static struct result play(const struct line *d, int cut_line, size_t cut, size_t hole)
{
	struct wire w;
	open_wire(&w);
	for (int i = 0; d[i].text; i++) {
		size_t n = strlen(d[i].text);
		if (i != cut_line) {
			send(&w, d[i].who, d[i].text, n, TCP_ACK | TCP_PSH, false);
			continue;
		}
		if (cut)
			send(&w, d[i].who, d[i].text, cut, TCP_ACK, false);
		if (hole)
			send(&w, d[i].who, d[i].text + cut, hole, TCP_ACK, true);
		if (n > cut + hole)
			send(&w, d[i].who, d[i].text + cut + hole, n - cut - hole,
			     TCP_ACK | TCP_PSH, false);
	}
	return close_wire(&w);
}

#define BANNER                                                                                     \
	"220 BE1P281CA0440.outlook.office365.com Microsoft ESMTP MAIL Service ready at "           \
	"Wed, 18 Nov 2026 11:06:40 +0000 [08DDD30471EE4ED5]\r\n"
#define EHLO_TOP                                                                                   \
	"250-BE1P281CA0440.outlook.office365.com Hello [203.0.113.7]\r\n250-SIZE 157286400\r\n"    \
	"250-PIPELINING\r\n250-DSN\r\n250-ENHANCEDSTATUSCODES\r\n"
#define EHLO_END "250-8BITMIME\r\n250-BINARYMIME\r\n250-CHUNKING\r\n250 SMTPUTF8\r\n"
#define TRAILER                                                                                    \
	" [BE1P281CA0440.DEUP281.PROD.OUTLOOK.COM 2026-11-18T11:06:45.781Z 08DDD30471EE4ED5]\r\n"

static const struct line not_used[] = {
	/* STARTTLS offered, mail in clear */
	{ S, BANNER },
	{ C, "EHLO printer.contoso.com\r\n" },
	{ S, EHLO_TOP "250-STARTTLS\r\n" EHLO_END },
	{ C, "MAIL FROM:<scan@contoso.com>\r\n" },
	{ S, "451 5.7.3 STARTTLS is required to send mail" TRAILER },
	{ C, "QUIT\r\n" },
	{ S, "221 2.0.0 Service closing transmission channel\r\n" },
	{ 0, NULL },
};
static const struct line stripped[] = {
	/* the same behind a firewall */
	{ S, BANNER },
	{ C, "EHLO printer.contoso.com\r\n" },
	{ S, EHLO_TOP EHLO_END },
	{ C, "MAIL FROM:<scan@contoso.com>\r\n" },
	{ S, "451 5.7.3 STARTTLS is required to send mail" TRAILER },
	{ C, "QUIT\r\n" },
	{ S, "221 2.0.0 Service closing transmission channel\r\n" },
	{ 0, NULL },
};
static const struct line delivered[] = {
	/* clear text login and two messages */
	{ S, BANNER },
	{ C, "EHLO printer.contoso.com\r\n" },
	{ S, EHLO_TOP "250-STARTTLS\r\n250-AUTH LOGIN XOAUTH2\r\n" EHLO_END },
	{ C, "AUTH LOGIN\r\n" },
	{ S, "334 VXNlcm5hbWU6\r\n" },
	{ C, "c2NhbkBjb250b3NvLmNvbQ==\r\n" },
	{ S, "334 UGFzc3dvcmQ6\r\n" },
	{ C, "UGFzcy13MHJkLVNFQ1JFVC0x\r\n" },
	{ S, "235 2.7.0 Authentication successful\r\n" },
	{ C, "MAIL FROM:<scan@contoso.com>\r\n" },
	{ S, "250 2.1.0 Sender OK\r\n" },
	{ C, "RCPT TO:<a@contoso.com>\r\n" },
	{ S, "250 2.1.5 Recipient OK\r\n" },
	{ C, "DATA\r\n" },
	{ S, "354 Start mail input; end with <CRLF>.<CRLF>\r\n" },
	{ C, "Subject: x\r\n\r\nEHLO is only a word here\r\n.\r\n" },
	{ S, "250 2.0.0 OK <1@x> [Hostname=BE1P281MB0440.DEUP281.PROD.OUTLOOK.COM]\r\n" },
	{ C, "RSET\r\n" },
	{ S, "250 2.0.0 Resetting\r\n" },
	{ C, "QUIT\r\n" },
	{ S, "221 2.0.0 Service closing transmission channel\r\n" },
	{ 0, NULL },
};

static void test_stories(void **state)
{
	(void)state;
	struct result r = play(not_used, -1, 0, 0);
	assert_int_equal(r.sessions, 1);
	assert_string_equal(r.cause, "starttls.offered_not_used");
	assert_int_equal(r.last.outcome, OUTCOME_REJECTED);
	assert_int_equal(r.last.stopped_at, STAGE_MAIL);
	assert_int_equal(r.last.reached, STAGE_EHLO);
	assert_int_equal(r.last.starttls_offered, TRI_TRUE);

	r = play(stripped, -1, 0, 0);
	assert_string_equal(r.cause, "starttls.missing_from_m365");
	assert_non_null(strstr(r.ids, "starttls.required_reply"));
	assert_int_equal(r.last.starttls_offered, TRI_FALSE);

	r = play(delivered, -1, 0, 0);
	assert_int_equal(r.last.outcome, OUTCOME_ACCEPTED);
	assert_int_equal(r.last.auth_exposure, EXPOSURE_PASSWORD);
	assert_non_null(strstr(r.ids, "auth.cleartext_password"));
	assert_string_equal(r.cause, "");
}

/* Cut at every byte: the same findings, cause, stages and history. */
static void cut_everywhere(const struct line *d)
{
	struct result whole = play(d, -1, 0, 0);
	for (int i = 0; d[i].text; i++) {
		for (size_t at = 1; at < strlen(d[i].text); at++) {
			struct result r = play(d, i, at, 0);
			assert_string_equal(r.ids, whole.ids);
			assert_string_equal(r.cause, whole.cause);
			assert_string_equal(r.history, whole.history);
			assert_int_equal(r.last.outcome, whole.last.outcome);
			assert_int_equal(r.last.stopped_at, whole.last.stopped_at);
			assert_null(strstr(r.words, "SECRET"));
			assert_null(strstr(r.words, "UGFzcy1"));
		}
	}
}

static void test_cuts(void **state)
{
	(void)state;
	cut_everywhere(not_used);
	cut_everywhere(stripped);
	cut_everywhere(delivered);
}

/* Any bytes missing: never "not offered", never a cause that rests on what was not seen. */
static void test_gaps(void **state)
{
	(void)state;
	static const struct line *const dialogues[] = { not_used, delivered };
	for (size_t k = 0; k < G_N_ELEMENTS(dialogues); k++) {
		const struct line *d = dialogues[k];
		for (int i = 0; d[i].text; i++) {
			size_t n = strlen(d[i].text);
			for (size_t at = 0; at < n; at++) {
				for (size_t hole = 1; hole <= n - at;
				     hole += hole < 4 ? 1 : n / 3 + 1) {
					struct result r = play(d, i, at, hole);
					assert_null(strstr(r.ids, "starttls.missing_from_m365"));
					assert_null(strstr(r.ids, "starttls.masked"));
					assert_null(strstr(r.ids, "mode.relay_in_path"));
					assert_null(strstr(r.words, "SECRET"));
					assert_null(strstr(r.words, "UGFzcy1"));
				}
			}
		}
	}
}

/* One direction only: nothing is said to be absent, and the client's secret stays secret. */
static void test_one_direction(void **state)
{
	(void)state;
	static const struct line *const dialogues[] = { not_used, stripped, delivered };
	for (size_t k = 0; k < G_N_ELEMENTS(dialogues); k++) {
		for (int only = C; only <= S; only++) {
			struct wire w;
			struct smtp365_options o = { .dialogue = true };
			memset(&w, 0, sizeof w);
			w.now = 1795000000ull * 1000000000ull;
			w.engine = smtp365_new(&o, on_session, &w.result, NULL);
			send(&w, C, NULL, 0, TCP_SYN, only != C);
			send(&w, S, NULL, 0, TCP_SYN | TCP_ACK, only != S);
			for (int i = 0; dialogues[k][i].text; i++)
				send(&w, dialogues[k][i].who, dialogues[k][i].text,
				     strlen(dialogues[k][i].text), TCP_ACK | TCP_PSH,
				     dialogues[k][i].who != only);
			smtp365_free(w.engine);
			assert_int_equal(w.result.sessions, 1);
			assert_null(strstr(w.result.ids, "starttls.missing_from_m365"));
			assert_null(strstr(w.result.words, "SECRET"));
			assert_null(strstr(w.result.words, "UGFzcy1"));
			assert_non_null(strstr(w.result.ids, "capture.one_sided"));
		}
	}
}

/* The plaintext entry: what a host decrypted is judged as inside TLS. */
static void test_plaintext(void **state)
{
	(void)state;
	static const struct line inside[] = {
		{ C, "EHLO printer.contoso.com\r\n" },
		{ S, EHLO_TOP "250-AUTH LOGIN XOAUTH2\r\n" EHLO_END },
		{ C, "AUTH LOGIN c2NhbkBjb250b3NvLmNvbQ==\r\n" },
		{ S, "334 UGFzc3dvcmQ6\r\n" },
		{ C, "UGFzcy13MHJkLVNFQ1JFVC0x\r\n" },
		{ S, "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is "
		     "disabled for the "
		     "Mailbox. Visit https://aka.ms/smtp_auth_disabled for more "
		     "information." TRAILER },
		{ C, "QUIT\r\n" },
		{ 0, NULL },
	};
	struct wire w;
	open_wire(&w);
	send(&w, S, BANNER, strlen(BANNER), TCP_ACK, false);
	send(&w, C, "EHLO p.contoso.com\r\n", 20, TCP_ACK, false);
	send(&w, S, EHLO_TOP "250-STARTTLS\r\n" EHLO_END,
	     strlen(EHLO_TOP "250-STARTTLS\r\n" EHLO_END), TCP_ACK, false);
	send(&w, C, "STARTTLS\r\n", 10, TCP_ACK, false);
	send(&w, S, "220 2.0.0 SMTP server ready\r\n", 29, TCP_ACK, false);
	for (int i = 0; inside[i].text; i++) {
		struct address a = { 4, { 10, 1, 2, 30 } }, b = { 4, { 52, 96, 165, 18 } };
		bool c = inside[i].who == C;
		struct plaintext p = { .time_ns = w.now,
				       .frame = w.frame,
				       .src = c ? a : b,
				       .dst = c ? b : a,
				       .sport = c ? 50332 : 587,
				       .dport = c ? 587 : 50332,
				       .len = (uint32_t)strlen(inside[i].text),
				       .payload = (const uint8_t *)inside[i].text };
		smtp365_plaintext(w.engine, &p);
	}
	struct result r = close_wire(&w);
	assert_string_equal(r.cause, "auth.smtp_auth_disabled_mailbox");
	assert_int_equal(r.last.stopped_at, STAGE_AUTH);
	assert_int_equal(r.last.auth_exposure, EXPOSURE_NONE);
	assert_null(strstr(r.ids, "auth.cleartext_password"));
	assert_null(strstr(r.words, "SECRET"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stories),	  cmocka_unit_test(test_cuts),
		cmocka_unit_test(test_gaps),	  cmocka_unit_test(test_one_direction),
		cmocka_unit_test(test_plaintext),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
