/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Findings and causes from facts: the table itself (unique meaning of each id, complete texts, no
 * row that can never be reached), evidence and words, the guards for absence, and stories whose
 * cause is known.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "m365/replies.h"
#include "rules/rule_stories.h"
#include "rules/rules.h"

static void set_all(struct facts *f, const enum fact *list, unsigned n)
{
	for (unsigned i = 0; i < n && list[i] != FACT_NONE; i++)
		facts_set(f, list[i], 100 + i);
}

static const struct finding *find(const struct finding *list, unsigned n, const char *id)
{
	for (unsigned i = 0; i < n; i++) {
		if (!strcmp(list[i].id, id))
			return &list[i];
	}
	return NULL;
}

/* ---- the table ---- */

static bool text_ok(const char *s)
{
	return s && *s && !strstr(s, "TODO") && !strstr(s, "FIXME") && !strstr(s, "  ") &&
	       s[strlen(s) - 1] != ' ';
}

static bool id_ok(const char *id)
{
	unsigned dots = 0;
	for (const char *c = id; *c; c++) {
		if (!g_ascii_islower(*c) && !g_ascii_isdigit(*c) && *c != '_' && *c != '.')
			return false;
		dots += *c == '.';
	}
	return dots == 1;
}

static void test_texts(void **state)
{
	size_t n;
	const struct rule *r = rules_all(&n);
	(void)state;
	assert_true(n > 150 && n < 1000);
	for (size_t i = 0; i < n; i++, r++) {
		if (!id_ok(r->id) || !text_ok(r->letter) || !text_ok(r->title) ||
		    !text_ok(r->cause) || !text_ok(r->fix) || !text_ok(r->check) ||
		    !text_ok(r->reference) || !text_ok(r->keys))
			fail_msg("row %zu %s", i, r->id);
		if (strlen(r->title) > 90 || r->title[strlen(r->title) - 1] == '.' ||
		    r->cause[strlen(r->cause) - 1] != '.' || r->fix[strlen(r->fix) - 1] != '.')
			fail_msg("%s: %s", r->id, r->title);
		assert_true(r->all[0] != FACT_NONE || r->any[0] != FACT_NONE);
		if (r->severity >= SEVERITY_HIGH && r->explains == STAGE_NONE)
			assert_true(r->side != SIDE_CAPTURE);
		if (r->side == SIDE_CAPTURE)
			assert_int_equal(r->explains, STAGE_NONE);
	}
}

static void test_ids(void **state)
{
	size_t n;
	const struct rule *r = rules_all(&n);
	(void)state;
	for (size_t i = 0; i < n; i++) {
		assert_ptr_equal(rules_find(r[i].id), rules_find(r[i].id));
		assert_string_equal(rules_find(r[i].id)->letter, r[i].letter);
		for (size_t k = 0; k < i; k++) /* one letter, one id */
			assert_int_equal(!strcmp(r[i].letter, r[k].letter),
					 !strcmp(r[i].id, r[k].id));
	}
	assert_null(rules_find("no.such_finding"));
	assert_string_equal(rules_find("starttls.masked")->letter, "S02");
	assert_string_equal(rules_find("auth.smtp_auth_disabled_mailbox")->letter, "A06b");
}

/* Facts that only Microsoft's servers have: of these a rule may speak as it likes. */
static bool only_microsoft(enum fact x)
{
	static const enum fact peers[] = {
		FACT_PEER_M365,		 FACT_PEER_CLAIMS_M365,
		FACT_PEER_SUBMISSION,	 FACT_PEER_MX,
		FACT_CLASS_LEGACY,	 FACT_CLASS_CONSUMER,
		FACT_CLASS_HVE,		 FACT_CLASS_ACS,
		FACT_CLASS_US_GOV,	 FACT_CLASS_CHINA,
		FACT_NAME_M365,		 FACT_BANNER_M365,
		FACT_CERT_M365,		 FACT_SPEAKER_M365,
		FACT_METHOD_KNOWN,	 FACT_DNS_LEGACY_NAME,
		FACT_RANGE_M365,	 FACT_LOOKUP_ONLY,
		FACT_DNS_PRIVATE_ANSWER, FACT_HELLO_FITS,
		FACT_DNS_FOREIGN_ANSWER, FACT_DNS_NO_SUCH_NAME,
	};
	size_t n;
	const struct reply_row *rows = replies_all(&n);
	bool of_a_row = false, others = false;
	for (size_t i = 0; i < G_N_ELEMENTS(peers); i++)
		if (x == peers[i])
			return true;
	for (size_t i = 0; i < n; i++) {
		bool its = rows[i].fact == x;
		of_a_row = of_a_row || its;
		others = others || (its && (rows[i].peers >> REPLY_PEER_OTHER & 1u));
	}
	return of_a_row && !others;
}

static bool names_microsoft(const char *text)
{
	static const char *const strange[] = {
		"icrosoft", "365",	"utlook",   "Exchange Online",
		"Entra",    "EAC ",	"tenant",   "Defender",
		"Get-",	    "Set-",	"New-",	    "Add-",
		"Remove-",  "Test-Net", "Resolve-",
	};
	for (size_t i = 0; i < G_N_ELEMENTS(strange); i++)
		if (strstr(text, strange[i]))
			return true;
	return false;
}

static const char * or (const char *a, const char *b)
{
	return a ? a : b;
}

/* What is said of a server that is not Microsoft's: no side of Microsoft, no cmdlet, no address. */
static void test_words_elsewhere(void **state)
{
	size_t n;
	const struct rule *r = rules_all(&n);
	(void)state;
	for (size_t i = 0; i < n; i++, r++) {
		const struct rule_words *w = &r->elsewhere;
		bool ours = false;
		for (unsigned k = 0; k < RULE_FACTS && r->all[k]; k++)
			ours = ours || only_microsoft(r->all[k]);
		if (ours)
			continue;
		enum side side = w->side ? (enum side)(w->side - 1) : r->side;
		if (side == SIDE_MICROSOFT || side == SIDE_TENANT)
			fail_msg("%s: side %s of another server", r->id, side_name(side));
		if (names_microsoft(or (w->cause, r->cause)) ||
		    names_microsoft(or (w->fix, r->fix)) ||
		    names_microsoft(or (w->check, r->check)) ||
		    names_microsoft(or (w->title, r->title)))
			fail_msg("%s (\"%s\") speaks of Microsoft to others: %s", r->id, r->title,
				 or (w->reference, r->reference));
	}
}

/* "see" leads somewhere: addresses, with commas between them. */
static bool addresses(const char *reference)
{
	char **parts = g_strsplit(reference, ", ", -1);
	bool good = true;
	for (char **p = parts; *p; p++)
		good = good && g_str_has_prefix(*p, "https://") && strlen(*p) > 16 &&
		       !strpbrk(*p, " \"<>");
	g_strfreev(parts);
	return good;
}

static void test_references(void **state)
{
	size_t n, m;
	const struct rule *r = rules_all(&n);
	const struct reply_row *rows = replies_all(&m);
	(void)state;
	for (size_t i = 0; i < n; i++)
		if (!addresses(r[i].reference) ||
		    (r[i].elsewhere.reference && !addresses(r[i].elsewhere.reference)))
			fail_msg("%s: see %s", r[i].id, r[i].reference);
	for (size_t i = 0; i < m; i++)
		if (rows[i].reference && !addresses(rows[i].reference))
			fail_msg("%s: see %s", rows[i].sentence, rows[i].reference);
}

/* No check names a host of its own: {host} and {port} are the session's. */
static void test_checks_name_no_host(void **state)
{
	static const char *const places[] = { "smtp.office365",
					      "protection.outlook.com:", "<server>",
					      "connect smtp." };
	size_t n;
	const struct rule *r = rules_all(&n);
	(void)state;
	for (size_t i = 0; i < n; i++, r++)
		for (size_t k = 0; k < G_N_ELEMENTS(places); k++)
			if (strstr(r->check, places[k]))
				fail_msg("%s checks %s", r->id, places[k]);
}

/* A row with exactly its own facts must be chosen, or it can never be. */
static void test_reachable(void **state)
{
	size_t n;
	const struct rule *r = rules_all(&n);
	struct finding list[CAP_FINDINGS];
	(void)state;
	for (size_t i = 0; i < n; i++) {
		bool reached = false;
		for (unsigned a = 0; a < RULE_FACTS && !reached; a++) {
			if (a > 0 && r[i].any[a] == FACT_NONE)
				break;
			struct facts f = { 0 };
			set_all(&f, r[i].all, RULE_FACTS);
			if (r[i].any[a] != FACT_NONE)
				facts_set(&f, r[i].any[a], 200);
			unsigned count = rules_judge(&f, list);
			const struct finding *found = find(list, count, r[i].id);
			if (!found)
				fail_msg("%s does not hold with its own facts", r[i].id);
			reached = rules_of(found) == &r[i];
			facts_clear(&f);
		}
		if (!reached)
			fail_msg("row %zu of %s is never reached", i, r[i].id);
	}
}

/* No fact may stand in two of the lists of a row, none-of would contradict all-of. */
static void test_lists(void **state)
{
	size_t n;
	const struct rule *r = rules_all(&n);
	(void)state;
	for (size_t i = 0; i < n; i++) {
		for (unsigned a = 0; a < RULE_FACTS; a++) {
			for (unsigned b = 0; b < RULE_FACTS; b++) {
				if (r[i].all[a] != FACT_NONE &&
				    (r[i].all[a] == r[i].none[b] || r[i].all[a] == r[i].any[b]))
					fail_msg("%s", r[i].id);
				if (r[i].any[a] != FACT_NONE && r[i].any[a] == r[i].none[b])
					fail_msg("%s", r[i].id);
			}
		}
	}
}

/* ---- evidence, words, guards ---- */

static void test_evidence(void **state)
{
	struct facts f = { 0 };
	struct finding list[CAP_FINDINGS];
	(void)state;
	facts_set(&f, FACT_FAILED, 9);
	facts_set(&f, FACT_BANNER_SEEN, 4);
	facts_say(&f, FACT_RST_INJECTED, 9, "hop count 61, the server's is 112");
	facts_set(&f, FACT_RST_INJECTED, 3);
	for (unsigned i = 0; i < 40; i++)
		facts_set(&f, FACT_RST_INJECTED, 50 - i);
	unsigned n = rules_judge(&f, list);
	const struct finding *x = find(list, n, "tcp.rst_injected");
	assert_non_null(x);
	assert_int_equal(x->frame_count, CAP_EVIDENCE);
	for (unsigned i = 1; i < x->frame_count; i++)
		assert_true(x->frames[i - 1] < x->frames[i]);
	assert_int_equal(x->frames[0], 3);
	assert_int_equal(x->frames[1], 4);
	assert_int_equal(x->frames[2], 9);
	assert_string_equal(x->detail, "hop count 61, the server's is 112");
	facts_clear(&f);
}

static void test_detail(void **state)
{
	struct facts f = { 0 };
	struct finding list[CAP_FINDINGS];
	char buf[64];
	(void)state;
	facts_say(&f, FACT_PEER_M365, 1, "one");
	facts_say(&f, FACT_CERT_ISSUER_G2, 2, "two");
	facts_say(&f, FACT_ALERT_CLIENT_CERT, 3, "unknown_ca (48)");
	facts_set(&f, FACT_FAILED, 3);
	unsigned n = rules_judge(&f, list);
	const struct finding *x = find(list, n, "cert.g2_trust");
	assert_non_null(x);
	assert_int_equal(rules_detail(&f, x, buf, sizeof buf), strlen("one; two; unknown_ca (48)"));
	assert_string_equal(buf, "one; two; unknown_ca (48)");
	assert_int_equal(rules_detail(&f, x, buf, 9), 8);
	assert_string_equal(buf, "one; two");
	assert_int_equal(rules_detail(&f, x, buf, 8), 3);
	assert_int_equal(rules_detail(&f, x, buf, 1), 0);
	facts_clear(&f);
}

static void test_reply_words(void **state)
{
	static const struct reply_row row = {
		.cause = "C.", .fix = "F.", .check = "K", .reference = "R"
	};
	static const struct reply_row part = { .cause = "C." };
	struct facts f = { 0 };
	struct finding list[CAP_FINDINGS];
	(void)state;
	facts_reply(&f, FACT_STARTTLS_REQUIRED, 7, "451 5.7.3 x", &row, false);
	facts_set(&f, FACT_SPEAKER_M365, 5);
	facts_set(&f, FACT_STARTTLS_OFFERED, 5);
	facts_set(&f, FACT_CLEAR_MAIL, 6);
	facts_set(&f, FACT_FAILED, 7);
	unsigned n = rules_judge(&f, list);
	const struct finding *x = find(list, n, "starttls.required_reply");
	assert_string_equal(x->cause, "C.");
	assert_string_equal(x->fix, "F.");
	assert_string_equal(x->check, "K");
	assert_string_equal(x->reference, "R");
	assert_string_equal(x->detail, "451 5.7.3 x");
	/* the reply is evidence of the other one, not its subject */
	assert_string_equal(find(list, n, "starttls.offered_not_used")->cause,
			    rules_of(find(list, n, "starttls.offered_not_used"))->cause);
	facts_clear(&f);

	facts_set(&f, FACT_SPEAKER_M365, 5);
	facts_reply(&f, FACT_REPLY_IP_BLOCKED, 7, NULL, &part, false);
	n = rules_judge(&f, list);
	x = find(list, n, "m365.ip_blocked");
	assert_string_equal(x->cause, "C.");
	assert_string_equal(x->fix, rules_of(x)->fix);
	facts_clear(&f);
}

static void test_absence(void **state)
{
	static const enum fact base[] = { FACT_PEER_CLAIMS_M365,
					  FACT_EHLO_SENT,
					  FACT_EHLO_REPLY_COMPLETE,
					  FACT_STARTTLS_NOT_IN_LIST,
					  FACT_FAILED,
					  FACT_CLIENT_CLOSED,
					  FACT_NONE };
	static const struct {
		enum fact quality;
		bool holds;
		enum confidence c;
	} rows[] = {
		{ FACT_WORKED, true, CONFIDENCE_LIKELY },
		{ FACT_ONE_SIDED, false, CONFIDENCE_POSSIBLE },
		{ FACT_MIDSTREAM, false, CONFIDENCE_POSSIBLE },
		{ FACT_STREAM_GAP, true, CONFIDENCE_POSSIBLE },
		{ FACT_SNAPPED, true, CONFIDENCE_POSSIBLE },
		{ FACT_DECRYPTED_MIRROR, false, CONFIDENCE_POSSIBLE },
	};
	struct finding list[CAP_FINDINGS];
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct facts f = { 0 };
		set_all(&f, base, G_N_ELEMENTS(base));
		facts_set(&f, rows[i].quality, 1);
		unsigned n = rules_judge(&f, list);
		const struct finding *x = find(list, n, "starttls.missing_from_m365");
		assert_int_equal(x != NULL, rows[i].holds);
		if (x)
			assert_int_equal(x->confidence, rows[i].c);
		facts_clear(&f);
	}
}

/* A decrypted mirror is inside TLS: nothing there was sent in clear. */
static void test_mirror(void **state)
{
	static const enum fact base[] = { FACT_DECRYPTED_MIRROR,
					  FACT_STARTTLS_OFFERED,
					  FACT_CLEAR_MAIL,
					  FACT_CLEAR_AUTH,
					  FACT_CLEAR_PASSWORD,
					  FACT_CLEAR_USER,
					  FACT_AUTH_OFFERED_CLEAR,
					  FACT_PEER_CLAIMS_M365,
					  FACT_AUTH_CLEAR_25,
					  FACT_CLEAR_HASH,
					  FACT_CLEAR_AFTER_TLS_FAILED,
					  FACT_AUTH_BEFORE_TLS_REFUSED,
					  FACT_NONE };
	static const char *const none[] = {
		"starttls.offered_not_used", "starttls.cleartext_fallback",
		"auth.cleartext_password",   "auth.cleartext_user",
		"auth.offered_before_tls",   "auth.port25",
		"auth.cleartext_hash",	     "auth.attempt_before_tls"
	};
	struct facts f = { 0 };
	struct finding list[CAP_FINDINGS];
	(void)state;
	set_all(&f, base, G_N_ELEMENTS(base));
	unsigned n = rules_judge(&f, list);
	for (size_t i = 0; i < G_N_ELEMENTS(none); i++)
		assert_null(find(list, n, none[i]));
	assert_non_null(find(list, n, "capture.decrypted_mirror"));
	facts_clear(&f);
}

/* ---- stories ---- */

static void test_stories(void **state)
{
	struct finding list[CAP_FINDINGS];
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(stories); i++) {
		struct facts f = { 0 };
		set_all(&f, stories[i].facts, STORY_FACTS);
		unsigned n = rules_judge(&f, list);
		const struct finding *c = rules_cause(list, n, stories[i].stopped);
		if (!c || strcmp(c->id, stories[i].cause) != 0 ||
		    c->severity != stories[i].severity)
			fail_msg("%s: cause %s, severity %d", stories[i].what, c ? c->id : "(none)",
				 c ? (int)c->severity : -1);
		assert_null(rules_cause(list, n, STAGE_NONE));
		facts_clear(&f);
	}
}

/* The order of the list does not matter for the cause. */
static void test_cause_order(void **state)
{
	struct finding list[CAP_FINDINGS];
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(stories); i++) {
		struct facts f = { 0 };
		set_all(&f, stories[i].facts, STORY_FACTS);
		unsigned n = rules_judge(&f, list);
		for (unsigned k = 0; k < n / 2; k++) {
			struct finding t = list[k];
			list[k] = list[n - 1 - k];
			list[n - 1 - k] = t;
		}
		assert_string_equal(rules_cause(list, n, stories[i].stopped)->id, stories[i].cause);
		facts_clear(&f);
	}
}

/* Whatever the facts are: a failed session has a cause, findings are unique and in row order. */
static void test_random(void **state)
{
	struct finding list[CAP_FINDINGS];
	(void)state;
	srand(5);
	for (unsigned i = 0; i < 20000; i++) {
		struct facts f = { 0 };
		for (unsigned k = (unsigned)rand() % 40; k > 0; k--)
			facts_set(&f, (enum fact)(1 + rand() % (FACT_COUNT - 1)),
				  (uint32_t)rand() % 50);
		facts_set(&f, FACT_FAILED, 60);
		facts_unset(&f, FACT_WORKED);
		unsigned n = rules_judge(&f, list);
		assert_true(n > 0 && n <= CAP_FINDINGS);
		for (unsigned k = 0; k < n; k++) {
			assert_true(!k || list[k - 1].row < list[k].row);
			assert_true(list[k].frame_count <= CAP_EVIDENCE);
			for (unsigned m = 0; m < k; m++)
				assert_string_not_equal(list[k].id, list[m].id);
		}
		enum stage stopped = (enum stage)(1 + rand() % (STAGE_ACCEPTED - 1));
		const struct finding *c = rules_cause(list, n, stopped);
		if (!c)
			fail_msg("no cause at stage %s", stage_name(stopped));
		assert_true(rules_of(c)->explains <= stopped ||
			    rules_of(c)->explains == STAGE_ACCEPTED ||
			    c->confidence == CONFIDENCE_CERTAIN);
		facts_clear(&f);
	}
}

static void test_empty(void **state)
{
	struct facts f = { 0 };
	struct finding list[CAP_FINDINGS];
	(void)state;
	assert_int_equal(rules_judge(&f, list), 0);
	assert_null(rules_cause(list, 0, STAGE_MAIL));
	facts_set(&f, FACT_WORKED, 1);
	assert_int_equal(rules_judge(&f, list), 0);
	facts_clear(&f);
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(severity_name(SEVERITY_CRITICAL), "critical");
	assert_string_equal(confidence_name(CONFIDENCE_LIKELY), "likely");
	assert_string_equal(side_name(SIDE_RECIPIENT), "recipient");
	assert_string_equal(stage_name(STAGE_CLIENT_HELLO), "client_hello");
	assert_string_equal(stage_name(STAGE_EHLO2), "ehlo2");
	assert_null(stage_name(STAGE_NONE));
	assert_string_equal(outcome_name(OUTCOME_NO_MAIL), "no_mail");
	assert_string_equal(endpoint_name(ENDPOINT_US_GOV), "us_gov");
	assert_null(endpoint_source_name(ENDPOINT_SOURCE_NONE));
	assert_string_equal(endpoint_source_name(ENDPOINT_SOURCE_RANGE), "range");
	assert_string_equal(method_name(METHOD_DIRECT_SEND_OR_RELAY), "direct_send_or_relay");
	assert_string_equal(exposure_name(EXPOSURE_PASSWORD), "password");
	assert_null(auth_result_name(AUTH_RESULT_NONE));
	assert_string_equal(auth_result_name(AUTH_RESULT_REJECTED), "rejected");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),	   cmocka_unit_test(test_words_elsewhere),
		cmocka_unit_test(test_references), cmocka_unit_test(test_checks_name_no_host),
		cmocka_unit_test(test_ids),	   cmocka_unit_test(test_reachable),
		cmocka_unit_test(test_lists),	   cmocka_unit_test(test_evidence),
		cmocka_unit_test(test_detail),	   cmocka_unit_test(test_reply_words),
		cmocka_unit_test(test_absence),	   cmocka_unit_test(test_mirror),
		cmocka_unit_test(test_stories),	   cmocka_unit_test(test_cause_order),
		cmocka_unit_test(test_random),	   cmocka_unit_test(test_empty),
		cmocka_unit_test(test_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
