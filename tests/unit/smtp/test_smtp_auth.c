/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests of AUTH payload shapes, base64 and the wiping of what was decoded or carried. The wiping
 * is seen through an explicit_bzero of our own, which the engine's calls reach at link time.
 */
#define _GNU_SOURCE /* memmem */
#include "smtp/smtp_dialogue.h"
#include "smtp/auth.h"
#include "smtp/line.h"

#define TEXT(s) (s), sizeof(s) - 1

static const char *wiped_marker;
static unsigned wiped_count;

/* Stands in for libc's: counts wiped regions that held the marker, then wipes. */
void explicit_bzero(void *p, size_t n)
{
	void *volatile region = p; /* the prototype says write-only; here it is read first */

	if (wiped_marker != NULL && memmem(region, n, wiped_marker, strlen(wiped_marker)) != NULL)
		wiped_count++;
	volatile uint8_t *b = p;
	for (size_t i = 0; i < n; i++)
		b[i] = 0;
}

/* What the engine calls instead where it was compiled with _FORTIFY_SOURCE. */
void __explicit_bzero_chk(void *p, size_t n, size_t room);
void __explicit_bzero_chk(void *p, size_t n, size_t room)
{
	assert_true(n <= room);
	explicit_bzero(p, n);
}

static void base64_good(void **state)
{
	(void)state;
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "Zg==", "f" },
		{ "Zm8=", "fo" },
		{ "Zm9v", "foo" },
		{ "Zm9vYg==", "foob" },
		{ "Zm9vYmE=", "fooba" },
		{ "Zm9vYmFy", "foobar" },
		{ "+/+/", "\xfb\xff\xbf" },
		{ "", "" },
	};

	for (size_t r = 0; r < G_N_ELEMENTS(rows); r++) {
		uint8_t out[16];
		size_t total;
		bool bad;
		size_t n = smtp_base64(dialogue_at_wall(rows[r].text, strlen(rows[r].text)), out,
				       sizeof(out), &total, &bad);
		assert_false(bad);
		assert_int_equal(n, strlen(rows[r].want));
		assert_int_equal(total, n);
		assert_memory_equal(out, rows[r].want, n);
	}
}

static void base64_bad(void **state)
{
	(void)state;
	static const char *const rows[] = { "Z",      "Zg",   "Zg=",	  "Zm9",
					    "Zm9v\n", "Zm-_", "Zg==Zg==", "Z===",
					    "====",   "Zm 9", "Zm9v*",	  "\xc3\xa4\xc3\xa4",
					    "=Zm9" };

	for (size_t r = 0; r < G_N_ELEMENTS(rows); r++) {
		uint8_t out[16];
		size_t total;
		bool bad;
		smtp_base64(dialogue_at_wall(rows[r], strlen(rows[r])), out, sizeof(out), &total,
			    &bad);
		assert_true(bad);
	}
}

static void base64_keeps_front_only(void **state)
{
	(void)state;
	uint8_t out[5] = { 0 };
	size_t total;
	bool bad;

	assert_int_equal(smtp_base64(bytes_of("Zm9vYmFyZm9v", 12), out, 4, &total, &bad), 4);
	assert_int_equal(total, 9);
	assert_memory_equal(out, "foob\0", 5);
}

static void mechanisms(void **state)
{
	(void)state;
	assert_int_equal(smtp_mech_of(bytes_of("plain", 5)), SMTP_MECH_PLAIN);
	assert_int_equal(smtp_mech_of(bytes_of("SCRAM-SHA-256-PLUS", 18)), SMTP_MECH_SCRAM);
	assert_int_equal(smtp_mech_of(bytes_of("PLAINX", 6)), SMTP_MECH_OTHER);
	assert_int_equal(smtp_mech_of(bytes_of("", 0)), SMTP_MECH_NONE);
	for (unsigned m = SMTP_MECH_NONE; m <= SMTP_MECH_OTHER; m++)
		assert_true(strlen(smtp_mech_name((enum smtp_mech)m)) > 0);
}

/* Only the words of the table: what looks like one may be a password. */
static void registered(void **state)
{
	static const char *const yes[] = { "NTLM", "KERBEROS_V4", "login", "SCRAM-SHA-256-PLUS",
					   "GS2-KRB5" };
	static const char *const no[] = { "",
					  "aHVudGVyMnNlY3JldA==",
					  "SCRAMaHVudGV",
					  "AAAAAAAAAAAAAAAAAAAAA",
					  "SCRAM-aHVudGVyMnNl",
					  "QZ7KPVXW92LM",
					  "SCRAM-SHA-GEHEIM",
					  "PLAIN=",
					  "SOMMER2026" };
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(yes); i++)
		assert_true(smtp_mech_registered(dialogue_at_wall(yes[i], strlen(yes[i]))));
	for (size_t i = 0; i < G_N_ELEMENTS(no); i++)
		assert_false(smtp_mech_registered(dialogue_at_wall(no[i], strlen(no[i]))));
}

struct row {
	enum smtp_mech mech;
	unsigned step;
	const char *raw;
	size_t n;
	const char *user; /* NULL: none */
	bool password, hash;
};

static void look(const struct row *r, bool may_name, struct smtp_auth *a)
{
	char *text = g_base64_encode((const guchar *)r->raw, r->n);

	memset(a, 0, sizeof(*a));
	a->mech = r->mech;
	a->step = r->step;
	smtp_auth_look(a, dialogue_at_wall(text, strlen(text)), may_name);
	g_free(text);
}

static void shapes(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{ SMTP_MECH_PLAIN, 0, TEXT("\0bob\0pw"), "bob", true, false },
		{ SMTP_MECH_PLAIN, 0, TEXT("z\0bob\0pw"), "bob", true, false },
		{ SMTP_MECH_PLAIN, 0, TEXT("\0bob\0"), "bob", false, false },
		{ SMTP_MECH_PLAIN, 0, TEXT("\0\0pw"), NULL, true, false },
		{ SMTP_MECH_PLAIN, 0, TEXT("bob\0pw"), NULL, true, false },
		{ SMTP_MECH_PLAIN, 0, TEXT("bobpw"), NULL, false, false },
		{ SMTP_MECH_PLAIN, 0, TEXT("\0bob\0pw\0x"), NULL, true, false },
		{ SMTP_MECH_PLAIN, 0, TEXT("\0b\nob\0pw"), NULL, true, false },
		{ SMTP_MECH_PLAIN, 0, TEXT("\0b\xff\0pw"), NULL, true, false },
		{ SMTP_MECH_PLAIN, 0, TEXT("\0b\xc3\xa4\0pw"), "b\xc3\xa4", true, false },
		{ SMTP_MECH_LOGIN, 0, TEXT("bob"), "bob", false, false },
		{ SMTP_MECH_LOGIN, 0, TEXT("bob\0pw"), NULL, false, false },
		{ SMTP_MECH_LOGIN, 1, TEXT("pw"), NULL, true, false },
		{ SMTP_MECH_LOGIN, 2, TEXT("pw"), NULL, true, false },
		{ SMTP_MECH_XOAUTH2, 0, TEXT("user=b@x\1auth=Bearer t\1\1"), "b@x", true, false },
		{ SMTP_MECH_XOAUTH2, 0, TEXT("user=b@x\1auth=Bearer \1\1"), NULL, false, false },
		{ SMTP_MECH_XOAUTH2, 0, TEXT("user=b@x^Aauth=Bearer tok^A^A"), NULL, false, false },
		{ SMTP_MECH_XOAUTH2, 0, TEXT("user=b@x auth=Bearer t\1\1"), NULL, false, false },
		{ SMTP_MECH_XOAUTH2, 0, TEXT("b@x\1auth=Bearer tok\1\1"), NULL, true, false },
		{ SMTP_MECH_OAUTHBEARER, 0, TEXT("n,a=b@x,\1host=h\1auth=Bearer t\1\1"), "b@x",
		  true, false },
		{ SMTP_MECH_OAUTHBEARER, 0, TEXT("n,,\1auth=Bearer tok\1\1"), NULL, true, false },
		{ SMTP_MECH_OAUTHBEARER, 0, TEXT("n,a=b@x\1auth=Bearer tok\1\1"), NULL, true,
		  false },
		{ SMTP_MECH_OAUTHBEARER, 0, TEXT("\1"), NULL, false, false },
		{ SMTP_MECH_CRAM_MD5, 0, TEXT("bob 0123456789abcdef0123456789ABCDEF"), "bob", false,
		  true },
		{ SMTP_MECH_CRAM_MD5, 0, TEXT("b b 0123456789abcdef0123456789abcdef"), "b b", false,
		  true },
		{ SMTP_MECH_CRAM_MD5, 0, TEXT("bob 0123456789abcdef0123456789abcdeg"), NULL, false,
		  false },
		{ SMTP_MECH_CRAM_MD5, 0, TEXT("bob_0123456789abcdef0123456789abcdef"), NULL, false,
		  false },
		{ SMTP_MECH_CRAM_MD5, 0, TEXT("my password"), NULL, false, false },
		{ SMTP_MECH_NTLM, 0, TEXT("NTLMSSP\0\1\0\0\0x"), NULL, false, false },
		{ SMTP_MECH_NTLM, 1, TEXT("NTLMSSP\0\3\0\0\0x"), NULL, false, true },
		{ SMTP_MECH_NTLM, 1, TEXT("NTLMSSP\0\3\0\0"), NULL, false, false },
		{ SMTP_MECH_SCRAM, 0, TEXT("n,,n=bob,r=p=1"), NULL, false, false },
		{ SMTP_MECH_SCRAM, 1, TEXT("c=biws,r=x,p=abc"), NULL, false, true },
		{ SMTP_MECH_DIGEST_MD5, 0, TEXT("username=\"b\",response=00"), NULL, false, true },
		{ SMTP_MECH_GSSAPI, 0, TEXT("\0bob\0pw"), NULL, false, false },
		{ SMTP_MECH_EXTERNAL, 0, TEXT("bob"), NULL, false, false },
		{ SMTP_MECH_OTHER, 0, TEXT("bob"), NULL, false, false },
		{ SMTP_MECH_NONE, 0, TEXT("bob"), NULL, false, false },
	};

	for (size_t r = 0; r < G_N_ELEMENTS(rows); r++) {
		struct smtp_auth a;
		look(&rows[r], true, &a);
		if (a.has_user != (rows[r].user != NULL) || a.has_password != rows[r].password ||
		    a.has_hash != rows[r].hash || a.bad_base64 || a.empty || a.cancel)
			fail_msg("row %zu: user %d password %d hash %d", r, a.has_user,
				 a.has_password, a.has_hash);
		assert_string_equal(a.user, rows[r].user ? rows[r].user : "");
	}
}

static void no_name_when_unsure(void **state)
{
	(void)state;
	static const struct row row = { SMTP_MECH_LOGIN, 0, TEXT("hunter2"), NULL, false, false };
	struct smtp_auth a;

	look(&row, false, &a);
	assert_false(a.has_user);
	assert_string_equal(a.user, "");
}

static void special_answers(void **state)
{
	(void)state;
	struct smtp_auth a = { .mech = SMTP_MECH_LOGIN };

	smtp_auth_look(&a, bytes_of("*", 1), true);
	assert_true(a.cancel && !a.bad_base64 && !a.empty);
	a = (struct smtp_auth){ .mech = SMTP_MECH_LOGIN, .initial = true };
	smtp_auth_look(&a, bytes_of("*", 1), true);
	assert_true(!a.cancel && a.bad_base64);
	a = (struct smtp_auth){ .mech = SMTP_MECH_LOGIN };
	smtp_auth_look(&a, bytes_of("=", 1), true);
	assert_true(a.empty && !a.has_user);
	a = (struct smtp_auth){ .mech = SMTP_MECH_LOGIN };
	smtp_auth_look(&a, bytes_of("", 0), true);
	assert_true(a.empty);
	a = (struct smtp_auth){ .mech = SMTP_MECH_LOGIN };
	smtp_auth_look(&a, bytes_of("bob@example.org", 15), true);
	assert_true(a.bad_base64 && !a.has_user);
	a = (struct smtp_auth){ .mech = SMTP_MECH_PLAIN };
	smtp_auth_look(&a, bytes_of("AGJvYgBwdw== x", 14), true);
	assert_true(a.bad_base64 && !a.has_user && !a.has_password);
}

/* Not as the RFC wants it, but the password was sent. */
static void sloppy_answers(void **state)
{
	(void)state;
	struct smtp_auth a = { .mech = SMTP_MECH_PLAIN, .initial = true };

	smtp_auth_look(&a, bytes_of("AGJvYgBwdzE", 11), true); /* \0bob\0pw1 without its '=' */
	assert_true(a.bad_base64 && a.has_password && a.has_user);
	a = (struct smtp_auth){ .mech = SMTP_MECH_PLAIN, .initial = true };
	smtp_auth_look(&a, bytes_of("AGJvYgBwd", 9), true); /* one letter over: cut somewhere */
	assert_true(a.bad_base64 && !a.has_password);
	a = (struct smtp_auth){ .mech = SMTP_MECH_LOGIN, .step = 1 };
	smtp_auth_look(&a, bytes_of("secret-4711!", 12), true);
	assert_true(a.bad_base64 && a.has_password);
	a = (struct smtp_auth){ .mech = SMTP_MECH_LOGIN, .step = 1 };
	smtp_auth_look(&a, bytes_of("MAIL FROM:<a@b.c>", 17), true);
	assert_true(a.bad_base64 && !a.has_password);
}

static void long_names_are_cut(void **state)
{
	(void)state;
	char raw[300];
	struct row row = { SMTP_MECH_LOGIN, 0, raw, sizeof(raw), NULL, false, false };
	struct smtp_auth a;

	memset(raw, 'u', sizeof(raw));
	look(&row, true, &a);
	assert_int_equal(strlen(a.user), 127);
	for (size_t i = 0; i < sizeof(raw); i += 2)
		memcpy(raw + i, "\xc3\xa4", 2);
	look(&row, true, &a);
	assert_int_equal(strlen(a.user), 126); /* never half a character */
	/* A token far longer than the front that is decoded. */
	GString *big = g_string_new("user=b@x\1auth=Bearer ");
	for (int i = 0; i < 6000; i++)
		g_string_append_c(big, 't');
	g_string_append(big, "\1\1");
	row = (struct row){ SMTP_MECH_XOAUTH2, 0, big->str, big->len, NULL, false, false };
	look(&row, true, &a);
	assert_true(a.has_password && a.has_user);
	assert_string_equal(a.user, "b@x");
	g_string_free(big, TRUE);
}

static void secret_like(void **state)
{
	(void)state;
	static const char *const yes[] = { "aHVudGVyMnNlY3JldA==", "cGFzcw==",	       "c2VjcmV0",
					   "AGJvYgBwdw==",	   "ABCDEFGHIJKLMNOP", "YWJj+/==" };
	static const char *const no[] = { "",
					  "abc",
					  "QUIT",
					  "Hello",
					  "foo.example.org",
					  "XXXXXXXX",
					  "XXXXXXXXXXXXXXXXXXXX",
					  "====",
					  "a=b=c",
					  "STARTTLS",
					  "Received",
					  "mailserver",
					  "user@host" };

	for (size_t i = 0; i < G_N_ELEMENTS(yes); i++)
		assert_true(smtp_auth_secret_like(dialogue_at_wall(yes[i], strlen(yes[i]))));
	for (size_t i = 0; i < G_N_ELEMENTS(no); i++)
		assert_false(smtp_auth_secret_like(dialogue_at_wall(no[i], strlen(no[i]))));
	assert_int_equal(smtp_auth_find_secret(bytes_of("foo key=aHVudGVyMnNlY3JldA==;", 29)), 8);
	assert_int_equal(smtp_auth_find_secret(bytes_of("\"aHVudGVyMnNlY3JldA==\"", 22)), 1);
	assert_int_equal(smtp_auth_find_secret(bytes_of("SIZE=100 BODY=7BIT", 18)), 18);
	assert_int_equal(smtp_auth_find_secret(bytes_of("", 0)), 0);
}

static void decoded_front_is_wiped(void **state)
{
	(void)state;
	static const struct row row = { SMTP_MECH_PLAIN, 0,    TEXT("\0bob\0hunter2secret"),
					"bob",		 true, false };
	struct smtp_auth a;

	wiped_marker = "hunter2secret";
	wiped_count = 0;
	look(&row, true, &a);
	assert_int_equal(wiped_count, 1);
	wiped_marker = NULL;
}

/* The carry that held the payload is wiped with the item, not only at the next call. */
static void carried_payload_is_wiped(void **state)
{
	(void)state;
	static const char text[] = "AUTH PLAIN AGJvYgBodW50ZXIyc2VjcmV0\r\n";

	for (size_t cut = 12; cut < sizeof(text) - 2; cut++) {
		struct smtp_client *c = smtp_client_new();
		struct smtp_item i;
		struct bytes in = bytes_of(text, cut);
		wiped_marker = "AGJvYgBodW50ZXIyc2VjcmV0";
		wiped_count = 0;
		assert_int_equal(smtp_client_next(c, &in, &i), STEP_MORE);
		in = bytes_of(text, sizeof(text) - 1);
		bytes_take(&in, cut);
		assert_int_equal(smtp_client_next(c, &in, &i), STEP_ITEM);
		assert_int_equal(wiped_count, 1);
		assert_string_equal(i.auth.user, "bob");
		assert_int_equal(bytes_left(&i.line), 10);
		wiped_marker = NULL;
		smtp_client_free(c);
	}
}

/* The same for the answer to a challenge, and for one that came after AUTH was refused. */
static void carried_answer_is_wiped(void **state)
{
	(void)state;
	for (int refused = 0; refused < 2; refused++) {
		struct smtp_client *c = smtp_client_new();
		struct smtp_item i;
		struct bytes in = bytes_of("AUTH LOGIN\r\naHVudGVyMnNl", 24);
		wiped_marker = "aHVudGVyMnNlY3JldA==";
		wiped_count = 0;
		assert_int_equal(smtp_client_next(c, &in, &i), STEP_ITEM);
		if (refused)
			smtp_client_expect(c, SMTP_EXPECT_COMMAND);
		assert_int_equal(smtp_client_next(c, &in, &i), STEP_MORE);
		in = bytes_of("Y3JldA==\r\n", 10);
		assert_int_equal(smtp_client_next(c, &in, &i), STEP_ITEM);
		assert_int_equal(i.kind, SMTP_ITEM_AUTH_RESPONSE);
		assert_int_equal(i.auth.unasked, refused != 0);
		assert_int_equal(bytes_left(&i.line), 0);
		assert_int_equal(wiped_count, 1);
		wiped_marker = NULL;
		smtp_client_free(c);
	}
}

/* A payload whose end never comes is wiped when the line grows, is dropped, or the decoder goes. */
static void abandoned_payload_is_wiped(void **state)
{
	(void)state;
	for (int how = 0; how < 4; how++) {
		struct smtp_client *c = smtp_client_new();
		struct smtp_item i;
		struct bytes in = bytes_of("AUTH LOGIN hunter2secret", 24);
		char more[200];
		memset(more, 'x', sizeof(more));
		wiped_marker = "hunter2secret";
		wiped_count = 0;
		assert_int_equal(smtp_client_next(c, &in, &i), STEP_MORE);
		in = bytes_of(more, sizeof(more));
		if (how == 0)
			smtp_client_gap(c, 1);
		if (how == 1)
			smtp_client_reset(c);
		if (how == 2)
			assert_int_equal(smtp_client_next(c, &in, &i), STEP_MORE);
		if (how < 3)
			assert_int_equal(wiped_count, 1);
		smtp_client_free(c);
		assert_int_equal(wiped_count, how == 2 ? 2 : 1);
		wiped_marker = NULL;
	}
}

int main(void)
{
	/* clang-format off */
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(base64_good),
		cmocka_unit_test(base64_bad),
		cmocka_unit_test(base64_keeps_front_only),
		cmocka_unit_test(mechanisms), cmocka_unit_test(registered),
		cmocka_unit_test(shapes),
		cmocka_unit_test(no_name_when_unsure),
		cmocka_unit_test(special_answers),
		cmocka_unit_test(sloppy_answers),
		cmocka_unit_test(long_names_are_cut),
		cmocka_unit_test(secret_like),
		cmocka_unit_test(decoded_front_is_wiped),
		cmocka_unit_test(carried_payload_is_wiped),
		cmocka_unit_test(carried_answer_is_wiped),
		cmocka_unit_test(abandoned_payload_is_wiped),
	};
	/* clang-format on */

	return cmocka_run_group_tests(tests, NULL, NULL);
}
