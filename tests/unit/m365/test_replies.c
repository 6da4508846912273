/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reply sentences: for every row of replies.def a reply as servers send it that must match exactly
 * that row, near misses, trailers, repeated reasons, and hostile texts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/caps.h"
#include "m365/replies.h"
#include "m365/reply_samples.h"

/* A reply as the decoder hands it out: code and an enhanced code of the same class cut off. */
static struct smtp_reply reply_of(const char *wire)
{
	struct smtp_reply r = { .lines = 1 };
	unsigned code = 0, k, s, d;
	int used = 0, more = 0;
	assert_int_equal(sscanf(wire, "%3u %n", &code, &used), 1);
	r.code = (uint16_t)code;
	if (sscanf(wire + used, "%1u.%3u.%3u %n", &k, &s, &d, &more) == 3 && more &&
	    k == code / 100) {
		r.enhanced = true;
		r.klass = (uint8_t)k;
		r.subject = (uint16_t)s;
		r.detail = (uint16_t)d;
		used += more;
	}
	r.text = bytes_of(wire + used, strlen(wire + used));
	return r;
}

static const struct reply_row *match(const char *wire, bool m365)
{
	struct smtp_reply r = reply_of(wire);
	return replies_match(&r, m365);
}

static void test_samples(void **state)
{
	size_t n;
	const struct reply_row *rows = replies_all(&n);
	bool *hit = g_new0(bool, n);
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(samples); i++) {
		const struct reply_row *r = match(samples[i].wire, true);
		if (!r || r->fact != samples[i].fact || !r->sentence ||
		    strcmp(r->sentence, samples[i].sentence) != 0)
			fail_msg("%s: matched \"%s\"", samples[i].wire,
				 r ? r->sentence ? r->sentence : "(code)" : "(none)");
		assert_false(hit[r - rows]); /* one sample a row, each row its own */
		hit[r - rows] = !(r->also && !strcmp(r->also, "ATTR"));
	}
	for (size_t i = 0; i < n; i++) {
		bool two = rows[i].also && !strcmp(rows[i].also, "ATTR");
		if (rows[i].sentence && !two && !hit[i])
			fail_msg("no sample for \"%s\"", rows[i].sentence);
	}
	g_free(hit);
}

/* The same replies in lower case, without enhanced code, on two lines with the code repeated. */
static void test_variants(void **state)
{
	(void)state;
	static const struct {
		const char *wire;
		enum fact fact;
	} rows[] = {
		{ "535 authentication unsuccessful, smtpclientauthentication is disabled for the "
		  "tenant. visit",
		  FACT_REPLY_TENANT },
		{ "535 5.7.139 5.7.139 Authentication unsuccessful, the user credentials were "
		  "incorrect.",
		  FACT_REPLY_BAD_CREDENTIALS },
		{ "535 5.7.139 Authentication unsuccessful, the user\n5.7.139 credentials were "
		  "incorrect.",
		  FACT_REPLY_BAD_CREDENTIALS },
		{ "550 5.7.1 TenantAttribution;\t Relay  Access Denied SMTP",
		  FACT_REPLY_RELAY_DENIED },
		{ "550 5.7.606 Access denied, banned sending IP [192.0.2.7] AS(1430)",
		  FACT_REPLY_IP_BLOCKED },
		{ "550 5.7.64 TenantAttribution; Relay Access Denied (AS3130)" T,
		  FACT_REPLY_RELAY_DENIED },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct reply_row *r = match(rows[i].wire, true);
		assert_non_null(r);
		assert_int_equal(r->fact, rows[i].fact);
	}
}

static void test_repeated_reason(void **state)
{
	(void)state;
	static const struct {
		const char *wire;
		enum fact fact;
	} rows[] = {
		{ "530 5.7.57 Client not authenticated to send mail. Error: 535 5.7.139 "
		  "Authentication "
		  "unsuccessful, account locked. Contact your administrator." T,
		  FACT_REPLY_ACCOUNT_LOCKED },
		{ "530 5.7.57 Client not authenticated to send mail. Error: 535 5.7.3 "
		  "Authentication "
		  "unsuccessful" T,
		  FACT_REPLY_AUTH_573 },
		{ "530 5.7.57 Client not authenticated to send mail. Error: nothing",
		  FACT_REPLY_NOT_AUTHENTICATED },
		{ "530 5.7.57 Client not authenticated to send mail. Error: 250 fine",
		  FACT_REPLY_NOT_AUTHENTICATED },
		{ "530 5.7.57 Client not authenticated to send mail. Error: 5355 x",
		  FACT_REPLY_NOT_AUTHENTICATED },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct reply_row *r = match(rows[i].wire, true);
		assert_non_null(r);
		assert_int_equal(r->fact, rows[i].fact);
	}
}

/* Every row without a sentence is reached by its own code, with Microsoft 365 as the peer. */
static void test_code_rows(void **state)
{
	size_t n;
	const struct reply_row *rows = replies_all(&n);
	bool seen = false;
	(void)state;
	for (size_t i = 0; i < n; i++) {
		const struct reply_row *w = &rows[i];
		if (w->sentence) {
			assert_false(seen); /* rows with a sentence stand before all others */
			continue;
		}
		seen = true;
		assert_true(w->code || w->klass);
		bool reached = false, other = false, general = !strncmp(w->source, "RFC", 3);
		bool others = !strncmp(w->source, "others", 6);
		for (unsigned d = w->detail_from; d <= w->detail_to && !reached; d++) {
			struct smtp_reply r = {
				.code = w->code ? w->code : (uint16_t)(w->klass * 100 + 50),
				.enhanced = w->klass != 0,
				.klass = w->klass,
				.subject = w->subject,
				.detail = (uint16_t)d,
				.text = bytes_of("x", 1),
			};
			reached = replies_match(&r, !others) == w;
			other = replies_match(&r, others) == w;
		}
		if (!reached)
			fail_msg("row %zu: %u %u.%u.%u never matches", i, w->code, w->klass,
				 w->subject, w->detail_from);
		assert_int_equal(other, general);
	}
}

static void test_misses(void **state)
{
	static const char *const none[] = {
		"550 5.0.0 no",
		"554 5.7.1 Message refused by policy",
		"550 5.7.1 Command denied",
		"451x",
		"554 5.3.0 x",
		"550 5.7.139 x",
	};
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(none); i++) {
		if (none[i][3] == 'x')
			continue;
		assert_null(match(none[i], true));
		assert_null(match(none[i], false));
	}
	/* a code that only Microsoft uses so says nothing about another server */
	assert_null(match("550 5.4.1 x", false));
	assert_non_null(match("550 5.4.1 x", true));
	assert_null(match("450 4.2.99 Come back later", true));
	assert_int_equal(match("450 4.2.99 Come back later", false)->fact, FACT_REPLY_TEMPORARY);
	/* successes are no refusals, whatever they say */
	assert_null(match("250 2.0.0 Authentication unsuccessful", true));
	assert_null(match("354 STARTTLS is required to send mail", true));
	/* near misses of sentences */
	assert_int_equal(
		match("535 5.7.3 Authentication unsuccessful, smtp client auth is disabled", true)
			->fact,
		FACT_REPLY_AUTH_573);
	assert_int_equal(match("550 5.7.502 banned sender", true)->fact, FACT_REPLY_SENDER_BLOCKED);
	assert_int_equal(match("535 5.7.8 Error: authentication failed: bad", false)->fact,
			 FACT_REPLY_AUTH_573);
	assert_int_equal(match("550 5.4.1 Relay Access Denied", true)->fact,
			 FACT_REPLY_RELAY_DENIED);
	assert_int_equal(match("451 4.4.4 Temporary server error. ATTR3" T, true)->fact,
			 FACT_REPLY_TEMPORARY);
}

static void test_trailer(void **state)
{
	static const struct {
		const char *text, *front, *server, *time, *id;
	} rows[] = {
		{ "Authentication unsuccessful" T, "Authentication unsuccessful",
		  "SY5P282CA0097.AUSP282.PROD.OUTLOOK.COM", "2025-11-23T11:12:20.123Z",
		  "08DE2A6028D26C22" },
		{ "Send hello first [DB5EUR03FT018.eop-EUR03.prod.protection.outlook.com]",
		  "Send hello first", "DB5EUR03FT018.eop-EUR03.prod.protection.outlook.com", "",
		  "" },
		{ "OK <a@b> [Hostname=BYAPR17MB2920.namprd17.prod.outlook.com]", "OK <a@b>",
		  "BYAPR17MB2920.namprd17.prod.outlook.com", "", "" },
		{ "try again later from [192.0.2.7]", "try again later from [192.0.2.7]", "", "",
		  "" },
		{ "x []", "x []", "", "", "" },
		{ "x [a.b", "x [a.b", "", "", "" },
		{ "x a.b]", "x a.b]", "", "", "" },
		{ "]", "]", "", "", "" },
		{ "", "", "", "", "" },
		{ "x [a.b 2025-11-23T11:12:20.123Z]", "x [a.b 2025-11-23T11:12:20.123Z]", "", "",
		  "" },
		{ "x [a.b yesterday 08DE2A6028D26C22]", "x [a.b yesterday 08DE2A6028D26C22]", "",
		  "", "" },
		{ "x [a.b 2025-11-23T11:12:20.123Z 08DE2A6028D26C22 more]",
		  "x [a.b 2025-11-23T11:12:20.123Z 08DE2A6028D26C22 more]", "", "", "" },
		{ "x [host]", "x [host]", "", "", "" },
	};
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct reply_trailer t;
		struct bytes front =
			replies_trailer(bytes_of(rows[i].text, strlen(rows[i].text)), &t);
		assert_true(bytes_is(&front, rows[i].front));
		assert_true(bytes_is(&t.server, rows[i].server));
		assert_true(bytes_is(&t.time, rows[i].time));
		assert_true(bytes_is(&t.id, rows[i].id));
	}
}

static void test_rfc3463(void **state)
{
	struct smtp_reply r = { 0 };
	(void)state;
	for (unsigned code = 0; code <= 1000; code++) {
		assert_non_null(replies_rfc3463((uint16_t)code, NULL));
		for (unsigned s = 0; s < 300; s += 7) {
			r = (struct smtp_reply){ .code = (uint16_t)code,
						 .enhanced = true,
						 .klass = 5,
						 .subject = (uint16_t)s };
			assert_non_null(replies_rfc3463((uint16_t)code, &r));
		}
	}
	r = (struct smtp_reply){ .code = 550, .enhanced = true, .klass = 5, .subject = 7 };
	assert_non_null(strstr(replies_rfc3463(550, &r), "5.7.x"));
	assert_non_null(strstr(replies_rfc3463(452, NULL), "4.3.x"));
}

/* Random and nasty texts: no crash, and never a match without its sentence. */
static void test_hostile(void **state)
{
	size_t n;
	const struct reply_row *rows = replies_all(&n);
	size_t most = CAP_REPLY_TEXT * 2;
	char *text = g_malloc(most);
	(void)state;
	srand(3);
	for (unsigned i = 0; i < 3000; i++) {
		size_t len = (size_t)rand() % (i % 10 ? 200 : most);
		for (size_t k = 0; k < len; k++)
			text[k] = i % 3 ? (char)rand() : "5.7 [\n]a\t0Error: 535"[rand() % 20];
		if (len > 120) { /* a sentence in the middle of rubbish */
			const struct reply_row *w = &rows[(size_t)rand() % n];
			if (w->sentence)
				memcpy(text + len / 3, w->sentence, strlen(w->sentence));
		}
		struct smtp_reply r = { .code = (uint16_t)(400 + rand() % 200),
					.text = bytes_of(text, len) };
		struct reply_trailer t;
		replies_match(&r, i & 1);
		replies_trailer(r.text, &t);
	}
	memset(text, '[', most);
	struct smtp_reply r = { .code = 550, .text = bytes_of(text, most) };
	replies_match(&r, true);
	memset(text, 'a', most);
	text[most - 1] = ']';
	replies_match(&r, true);
	for (size_t k = 0; k + 7 < most; k += 7)
		memcpy(text + k, "error: ", 7);
	assert_null(replies_match(&r, true));
	r.text = bytes_of(NULL, 0);
	assert_null(replies_match(&r, true));
	for (unsigned code = 0; code < 400; code++) {
		r.code = (uint16_t)code;
		assert_null(replies_match(&r, true));
	}
	g_free(text);
}

static bool text_ok(const char *s)
{
	return !s || (*s && !strstr(s, "TODO") && !strstr(s, "  "));
}

static void test_table(void **state)
{
	size_t n;
	const struct reply_row *rows = replies_all(&n);
	(void)state;
	assert_true(n > 150);
	for (size_t i = 0; i < n; i++) {
		const struct reply_row *r = &rows[i];
		assert_true(r->fact != FACT_NONE && r->fact < FACT_COUNT);
		assert_non_null(r->source);
		assert_non_null(r->since);
		assert_true(*r->source);
		assert_true(r->detail_from <= r->detail_to);
		assert_true(text_ok(r->cause) && text_ok(r->fix) && text_ok(r->check) &&
			    text_ok(r->reference) && text_ok(r->sentence) && text_ok(r->also));
		assert_true(!r->sentence || strlen(r->sentence) < 90);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples),		cmocka_unit_test(test_variants),
		cmocka_unit_test(test_repeated_reason), cmocka_unit_test(test_code_rows),
		cmocka_unit_test(test_misses),		cmocka_unit_test(test_trailer),
		cmocka_unit_test(test_rfc3463),		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
