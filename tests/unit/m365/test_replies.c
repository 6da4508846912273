/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reply sentences: for every row of replies.def a reply as servers send it that must match exactly
 * that row, in nine shapes; rows that can never win and rows that tie; whose words they are and
 * where they can come; quotes, near misses, trailers, repeated reasons, and hostile texts.
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

static const struct reply_row *match_at(const char *wire, enum reply_peer peer, enum stage stage)
{
	struct smtp_reply r = reply_of(wire);
	return replies_match(&r, stage).by[peer];
}

/* The row of a reply for this peer at the stage where it is most at home: the most specific of all
 * stages. */
static const struct reply_row *match(const char *wire, bool m365)
{
	const struct reply_row *best = NULL;
	for (int stage = STAGE_BANNER; stage <= STAGE_DATA; stage++) {
		const struct reply_row *r = match_at(
			wire, m365 ? REPLY_PEER_M365 : REPLY_PEER_OTHER, (enum stage)stage);
		if (r && (!best || replies_rank(r, true) > replies_rank(best, true)))
			best = r;
	}
	return best;
}

static bool speaks_at(const struct reply_row *r, unsigned peer, unsigned stage)
{
	return (r->peers >> peer & 1u) && (!r->stages || (r->stages >> stage & 1u));
}

/* Is there a row of this sentence and fact for this peer here? */
static bool claimed(enum fact fact, const char *sentence, unsigned peer, unsigned stage)
{
	size_t n;
	const struct reply_row *rows = replies_all(&n);
	for (size_t i = 0; i < n; i++)
		if (rows[i].fact == fact && rows[i].sentence &&
		    !strcmp(rows[i].sentence, sentence) && speaks_at(&rows[i], peer, stage))
			return true;
	return false;
}

/* Does the sample reach a row of its sentence, and wherever such a row may speak no row of another
 * fact? */
static bool reaches(const char *wire, enum fact fact, const char *sentence, bool *hit)
{
	size_t n;
	const struct reply_row *rows = replies_all(&n);
	bool found = false;
	for (unsigned p = 0; p < REPLY_PEERS; p++)
		for (unsigned stage = STAGE_BANNER; stage <= STAGE_DATA; stage++) {
			const struct reply_row *r =
				match_at(wire, (enum reply_peer)p, (enum stage)stage);
			if (!claimed(fact, sentence, p, stage))
				continue;
			if (!r || r->fact != fact)
				return false;
			bool its_own = r->sentence && !strcmp(r->sentence, sentence);
			found = found || its_own;
			if (hit && its_own)
				hit[r - rows] = true;
		}
	return found;
}

static void test_samples(void **state)
{
	size_t n;
	const struct reply_row *rows = replies_all(&n);
	bool *hit = g_new0(bool, n);
	(void)state;
	unsigned bad = 0;
	assert_true(G_N_ELEMENTS(samples) >= 147);
	for (size_t i = 0; i < G_N_ELEMENTS(samples); i++) {
		const struct reply_row *r = match(samples[i].wire, true);
		if (!reaches(samples[i].wire, samples[i].fact, samples[i].sentence, hit))
			bad++, print_error("%s: matched \"%s\"\n", samples[i].wire,
					   r ? r->sentence ? r->sentence : "(code)" : "(none)");
	}
	for (size_t i = 0; i < n; i++)
		if (rows[i].sentence && !hit[i])
			bad++, print_error("no sample for \"%s\" \"%s\" %u %x\n", rows[i].sentence,
					   rows[i].also ? rows[i].also : "", rows[i].code,
					   rows[i].peers);
	g_free(hit);
	assert_int_equal(bad, 0);
}

enum shape {
	AS_SENT,
	LOWER,
	UPPER,
	WRAPPED,
	NEW_TRAILER,
	OLD_TRAILER,
	NO_ENHANCED,
	BLANKS,
	TOKEN,
	SHAPES
};

/* Where the text begins behind "550 5.7.1 ". */
static size_t text_at(const char *wire)
{
	unsigned code, k, s, d;
	int used = 0, more = 0;
	sscanf(wire, "%3u %n", &code, &used);
	if (sscanf(wire + used, "%1u.%3u.%3u %n", &k, &s, &d, &more) == 3 && more)
		used += more;
	return (size_t)used;
}

static char *shaped(const char *wire, enum shape shape)
{
	size_t at = text_at(wire), n = strlen(wire);
	bool trailer = wire[n - 1] == ']';
	GString *out = g_string_new(wire);
	switch (shape) {
	case LOWER:
	case UPPER:
		for (size_t i = at; i < n; i++)
			out->str[i] = shape == LOWER ? g_ascii_tolower(wire[i])
						     : g_ascii_toupper(wire[i]);
		break;
	case WRAPPED: { /* the second line repeats the enhanced code */
		const char *blank = strchr(wire + at + (n - at) / 3, ' ');
		if (blank) {
			size_t i = (size_t)(blank - wire);
			out->str[i] = '\n';
			g_string_insert_len(out, (gssize)i + 1, wire + 4, (gssize)(at - 4));
		}
		break;
	}
	case NEW_TRAILER:
		if (!trailer)
			g_string_append(out, T);
		break;
	case OLD_TRAILER:
		if (!trailer)
			g_string_append(out, " [DB5EUR03FT018.eop-EUR03.prod.protection.outlook."
					     "com]");
		break;
	case NO_ENHANCED:
		g_string_erase(out, 4, (gssize)at - 4);
		break;
	case BLANKS:
		for (gsize i = at; i < out->len; i++)
			if (out->str[i] == ' ')
				g_string_insert_c(out, (gssize)i++, '\t');
		break;
	case TOKEN:
		if (!trailer)
			g_string_append(out, " For more information see https://aka.ms/x (AS123)");
		break;
	default:
		break;
	}
	return g_string_free(out, FALSE);
}

/* Every sentence in nine shapes: the same row. */
static void test_shapes(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(samples); i++)
		for (int shape = 0; shape < SHAPES; shape++) {
			char *wire = shaped(samples[i].wire, (enum shape)shape);
			if (!reaches(wire, samples[i].fact, samples[i].sentence, NULL)) {
				const struct reply_row *r = match(wire, true);
				fail_msg("shape %d: %s: matched \"%s\"", shape, wire,
					 r ? r->sentence ? r->sentence : "(code)" : "(none)");
			}
			g_free(wire);
		}
}

/* A reply made of the row itself. */
static struct smtp_reply own_reply(const struct reply_row *w, unsigned detail, GString *text)
{
	g_string_printf(text, "%s %s", w->sentence ? w->sentence : "x", w->also ? w->also : "");
	return (struct smtp_reply){
		.code = w->code ? w->code : (uint16_t)(w->klass ? w->klass * 100 + 50 : 550),
		.enhanced = w->klass != 0,
		.klass = w->klass,
		.subject = w->subject,
		.detail = (uint16_t)detail,
		.text = bytes_of(text->str, text->len),
	};
}

/* A row that never wins says what nobody will ever read. */
static void test_rows_win(void **state)
{
	size_t n;
	const struct reply_row *rows = replies_all(&n);
	GString *text = g_string_new(NULL);
	(void)state;
	for (size_t i = 0; i < n; i++) {
		const struct reply_row *w = &rows[i];
		assert_true(w->code || w->klass || w->sentence);
		for (unsigned p = 0; p < REPLY_PEERS; p++) {
			bool won = !(w->peers >> p & 1u);
			for (unsigned d = w->detail_from; d <= w->detail_to && !won; d++)
				for (int s = STAGE_BANNER; s <= STAGE_DATA && !won; s++) {
					struct smtp_reply r = own_reply(w, d, text);
					won = replies_match(&r, (enum stage)s).by[p] == w;
				}
			if (!won)
				fail_msg("row %zu \"%s\" %u %u.%u.%u never wins for peer %u", i,
					 w->sentence ? w->sentence : "", w->code, w->klass,
					 w->subject, w->detail_from, p);
		}
	}
	g_string_free(text, TRUE);
}

static bool same_text(const char *a, const char *b)
{
	return (!a && !b) || (a && b && !g_ascii_strcasecmp(a, b));
}

/* Can it fit a reply that has no enhanced code? */
static bool bare_fits(const struct reply_row *r)
{
	return !r->klass || r->sentence || (r->code && !r->detail_to);
}

/* Rows that fit the same reply of the same peer at the same stage differ in rank: their order in
 * the table means nothing. */
static void test_no_ties(void **state)
{
	size_t n;
	const struct reply_row *r = replies_all(&n);
	(void)state;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++) {
			const struct reply_row *a = &r[i], *b = &r[k];
			bool codes = !a->code || !b->code || a->code == b->code;
			bool classes =
				!a->klass || !b->klass ||
				(a->klass == b->klass && a->subject == b->subject &&
				 a->detail_from <= b->detail_to && b->detail_from <= a->detail_to);
			bool stages = !a->stages || !b->stages || (a->stages & b->stages);
			if (same_text(a->sentence, b->sentence) && same_text(a->also, b->also) &&
			    codes && classes && stages && (a->peers & b->peers) &&
			    (replies_rank(a, true) == replies_rank(b, true) ||
			     (bare_fits(a) && bare_fits(b) &&
			      replies_rank(a, false) == replies_rank(b, false))))
				fail_msg("rows %zu and %zu tie: \"%s\" %u %u.%u", i, k,
					 a->sentence ? a->sentence : "", a->code, a->klass,
					 a->subject);
		}
}

/* A sentence always beats a code, and a longer sentence a shorter one. */
static void test_rank(void **state)
{
	size_t n;
	const struct reply_row *r = replies_all(&n);
	(void)state;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++) {
			size_t a = r[i].sentence ? strlen(r[i].sentence) : 0;
			size_t b = r[k].sentence ? strlen(r[k].sentence) : 0;
			if (!r[i].also && !r[k].also && !r[i].wrapper && a > b)
				assert_true(replies_rank(&r[i], i & 1) >
					    replies_rank(&r[k], i & 1));
		}
}

/* No row about a recipient can answer what came before RCPT, and none about AUTH a recipient. */
static void test_stages(void **state)
{
	size_t n;
	const struct reply_row *rows = replies_all(&n);
	(void)state;
	for (size_t i = 0; i < n; i++) {
		bool recipient = rows[i].fact == FACT_REPLY_RECIPIENT ||
				 rows[i].fact == FACT_REPLY_TOO_MANY_RCPT ||
				 rows[i].fact == FACT_REPLY_MAILBOX_FULL;
		if (recipient)
			assert_int_equal(rows[i].stages & ~(1u << STAGE_RCPT | 1u << STAGE_DATA),
					 0);
		if (recipient || rows[i].fact == FACT_REPLY_BAD_MECH)
			assert_true(rows[i].stages);
	}
	const struct reply_row *r =
		match_at("550 5.2.1 Mailbox cannot be accessed", REPLY_PEER_M365, STAGE_AUTH);
	assert_int_equal(r->fact, FACT_REPLY_LOGON_FAILED);
	r = match_at("550 5.2.1 Mailbox cannot be accessed", REPLY_PEER_M365, STAGE_RCPT);
	assert_int_equal(r->fact, FACT_REPLY_RECIPIENT);
	assert_null(match_at("550 5.1.1 User unknown", REPLY_PEER_OTHER, STAGE_MAIL));
	assert_int_equal(match_at("502 5.5.1 x", REPLY_PEER_M365, STAGE_AUTH)->fact,
			 FACT_REPLY_BAD_MECH);
	assert_int_equal(match_at("501 5.5.4 x", REPLY_PEER_M365, STAGE_AUTH)->fact,
			 FACT_REPLY_BAD_MECH);
	assert_int_equal(match_at("501 5.5.4 x", REPLY_PEER_M365, STAGE_EHLO)->fact,
			 FACT_REPLY_BAD_HELO);
	assert_int_equal(match_at("501 5.5.4 x", REPLY_PEER_M365, STAGE_RCPT)->fact,
			 FACT_REPLY_SYNTAX);
}

static bool says(const char *text, const char *const *words)
{
	for (; text && *words; words++)
		if (strstr(text, *words))
			return true;
	return false;
}

/* What is said of a server that is not Microsoft's names nobody of Microsoft, and no cmdlet. */
static void test_words_for_others(void **state)
{
	static const char *const strange[] = {
		"Microsoft", "microsoft", "365",    "utlook", "Exchange Online",
		"Entra",     "EAC ",	  "tenant", "Get-",   "Set-",
		"New-",	     "Add-",	  NULL,
	};
	size_t n;
	const struct reply_row *rows = replies_all(&n);
	(void)state;
	for (size_t i = 0; i < n; i++) {
		const struct reply_row *r = &rows[i];
		assert_true(r->peers && r->peers < 1u << REPLY_PEERS);
		if (!(r->peers >> REPLY_PEER_OTHER & 1u))
			continue;
		if (says(r->title, strange) || says(r->cause, strange) || says(r->fix, strange) ||
		    says(r->check, strange) || says(r->reference, strange) ||
		    r->side == 1 + SIDE_TENANT || r->side == 1 + SIDE_MICROSOFT)
			fail_msg("\"%s\" speaks of Microsoft to others", r->sentence);
	}
}

/* A consumer account has no administrator. */
static void test_words_for_consumers(void **state)
{
	static const char *const strange[] = { "administrator", "tenant", "Get-",
					       "Set-",		"Entra",  NULL };
	static const char *const replies[] = {
		"535 5.7.139 Authentication unsuccessful, basic authentication is disabled.",
		"535 5.7.139 Authentication unsuccessful, the user credentials were incorrect.",
		"535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for "
		"the Mailbox.",
		"535 5.7.3 Authentication unsuccessful",
	};
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(replies); i++) {
		const struct reply_row *r = match_at(replies[i], REPLY_PEER_CONSUMER, STAGE_AUTH);
		assert_true(r && r->cause && r->fix && r->check);
		assert_int_equal(r->side, 1 + SIDE_DEVICE);
		assert_false(says(r->cause, strange) || says(r->fix, strange) ||
			     says(r->check, strange));
	}
}

/* What a reply repeats of another server, and the words of an address, are not its own. */
static void test_quotes(void **state)
{
	static const struct {
		const char *wire;
		enum fact fact; /* FACT_NONE: no row */
	} rows[] = {
		{ "450 4.4.317 Cannot connect to remote server [Message=451 5.7.3 STARTTLS is "
		  "required to send mail] [LastAttemptedServerName=mx.example]" T,
		  FACT_REPLY_OUTBOUND },
		{ "451 4.4.0 Primary target IP address responded with: \"451 5.7.3 STARTTLS is "
		  "required to send mail.\" Attempted failover to alternate host" T,
		  FACT_REPLY_OUTBOUND },
		{ "450 4.4.316 Connection refused [Message=Socket error code 10061]" T,
		  FACT_REPLY_OUTBOUND },
		{ "550 5.0.350 Remote server returned an error -> 550 5.7.1 x; remote server "
		  "returned '550 5.1.1 User unknown'",
		  FACT_NONE },
		{ "550 5.7.1 <spamhaus-user-unknown@example.com> no", FACT_NONE },
		{ "550 5.7.1 host mx.example[192.0.2.1] said: 550 5.1.1 User unknown", FACT_NONE },
	};
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		const struct reply_row *r = match_at(rows[i].wire, REPLY_PEER_M365, STAGE_DATA);
		enum fact fact = r ? r->fact : FACT_NONE;
		if (fact != rows[i].fact)
			fail_msg("%s: %s", rows[i].wire, r ? facts_name(fact) : "none");
	}
	/* the same words outside of quotes are the server's own */
	assert_int_equal(match("451 5.7.3 STARTTLS is required to send mail", true)->fact,
			 FACT_STARTTLS_REQUIRED);
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
		replies_match(&r, (enum stage)(i % (STAGE_ACCEPTED + 1)));
		replies_trailer(r.text, &t);
	}
	memset(text, '[', most);
	struct smtp_reply r = { .code = 550, .text = bytes_of(text, most) };
	replies_match(&r, STAGE_DATA);
	memset(text, 'a', most);
	text[most - 1] = ']';
	replies_match(&r, STAGE_DATA);
	for (size_t k = 0; k + 7 < most; k += 7)
		memcpy(text + k, "error: ", 7);
	assert_null(replies_match(&r, STAGE_DATA).by[REPLY_PEER_M365]);
	r.text = bytes_of(NULL, 0);
	assert_null(replies_match(&r, STAGE_DATA).by[REPLY_PEER_M365]);
	for (unsigned code = 0; code < 400; code++) {
		r.code = (uint16_t)code;
		assert_null(replies_match(&r, STAGE_DATA).by[REPLY_PEER_M365]);
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
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_rows_win),
		cmocka_unit_test(test_no_ties),
		cmocka_unit_test(test_rank),
		cmocka_unit_test(test_stages),
		cmocka_unit_test(test_words_for_others),
		cmocka_unit_test(test_words_for_consumers),
		cmocka_unit_test(test_quotes),
		cmocka_unit_test(test_repeated_reason),
		cmocka_unit_test(test_misses),
		cmocka_unit_test(test_trailer),
		cmocka_unit_test(test_rfc3463),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
