/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fingerprints of secrets: what a reply repeats is found, what only looks alike is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "smtp/hidden.h"

#define KEY UINT64_C(0x9e3779b97f4a7c15)

static struct bytes text_of(const char *s)
{
	return bytes_of(s, strlen(s));
}

/* The text with every repetition as "_". */
static void blanked(const struct smtp_secrets *set, const char *text, char *out)
{
	char room[512];
	struct bytes got = smtp_secrets_blank(set, text_of(text), room);
	size_t n = 0;

	while (bytes_left(&got)) {
		bool mark = bytes_starts(&got, "…", 3);
		out[n++] = mark ? '_' : (char)bytes_peek(&got, 0);
		bytes_take(&got, mark ? 3 : 1);
	}
	out[n] = '\0';
}

static void repetitions(void **state)
{
	static const struct {
		const char *secret, *text, *want;
	} rows[] = {
		{ "Sommer2026!geheim", "no Sommer2026!geheim", "no _" },
		{ "Sommer2026!geheim", "SOMMER2026!GEHEIM, sommer2026!geheim.", "_, _" },
		{ "Sommer2026!geheim", "no Sommer2026!gehein", "no Sommer2026!gehein" },
		{ " padded  ", "(padded)", "(_)" },
		{ "two words", "it was 'two words' again", "it was '_' again" },
		{ "pass", "wrong password, pass", "wrong password, _" },
		{ "pass", "pass", "_" },
		{ "abc", "abcabc abc", "abcabc _" },
		{ "ab", "ab", "ab" }, /* too short to be told from chance */
		{ "0123456789abcdefghijklmnopqrstuvwxyzABCDEF",
		  "token 0123456789abcdefghijklmnopqrstuvwxyzABCDEF.x refused", "token _ refused" },
		{ "caf\xc3\xa9s1", "no caf\xc3\xa9s1", "no _" },
		{ "correct horse battery staple", "no correct horse battery staple here",
		  "no _ here" },
		{ "Qz7KpvXw92LmQz7KpvXw92Lm#Tail77", "it is Qz7KpvXw92LmQz7KpvXw92Lm#Tail77.",
		  "it is _" },
		/* over the end of a line */
		{ "Geheim77", "no Gehe\nim77 here", "no _ here" },
		{ "pass", "pa\nss word", "_ word" },
		{ "pass", "pa\nssword", "pa\nssword" },
		/* base64 at each alignment, with and without padding, folded */
		{ "Geheim77", "got R2VoZWltNzc= hm", "got _ hm" },
		{ "Geheim77", "got R2VoZWltNzc hm", "got _ hm" },
		{ "Geheim77", "got eEdlaGVpbTc3 hm", "got _ hm" },
		{ "Geheim77", "got eHhHZWhlaW03Nw== hm", "got _ hm" },
		{ "Geheim77", "got zR2VoZWltNzc hm", "got _ hm" },
		{ "Geheim77", "got R2VoZ\nWltNzc hm", "got _ hm" },
		{ "Geheim77", "got R2VoZWltNzg hm", "got R2VoZWltNzg hm" },
		/* hexadecimal, escaped, UTF-16 */
		{ "Geheim77", "got 47656865696D3737 hm", "got _ hm" },
		{ "Geheim77", "got x47656865696d3737 hm", "got x_ hm" },
		{ "Geheim77", "got f47656865696d3737 hm", "got _ hm" },
		{ "Geheim77", "got %47eheim%37%37 hm", "got _ hm" },
		{ "Ge heim=7", "got Ge=20heim=3D7 hm", "got _ hm" },
		{ "Ge heim+7", "got Ge+20heim+2B7 hm", "got _ hm" },
		{ "secret1", "", "" },
		{ "secret1", "secret", "secret" },
	};
	char out[256];
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct smtp_secrets *set = NULL;
		smtp_secrets_add(&set, KEY, text_of(rows[i].secret));
		blanked(set, rows[i].text, out);
		if (strcmp(out, rows[i].want))
			print_error("row %zu: \"%s\"\n", i, out);
		assert_string_equal(out, rows[i].want);
		smtp_secrets_free(set);
	}
}

/* The newest are kept, whatever came before; every key finds the same. */
static void many(void **state)
{
	struct smtp_secrets *set = NULL;
	char word[32], out[64];
	(void)state;
	for (unsigned key = 0; key < 4; key++) {
		for (unsigned i = 0; i < 1000; i++) {
			int n = snprintf(word, sizeof word, "secret-%u", i);
			smtp_secrets_add(&set, key * KEY, bytes_of(word, (size_t)n));
		}
		blanked(set, "secret-999 secret-990 secret-1", out);
		assert_string_equal(out, "_ _ secret-1");
		assert_true(smtp_secrets_kept(set) < 1024);
		smtp_secrets_free(set);
		set = NULL;
	}
	assert_true(smtp_secrets_kept(NULL) == 0);
	blanked(NULL, "secret-1", out);
	assert_string_equal(out, "secret-1");
}

static void wide(void **state)
{
	static const char text[] = "no G\0e\0h\0e\0i\0m\0007\0007\0 here";
	struct smtp_secrets *set = NULL;
	char room[64];
	(void)state;
	smtp_secrets_add(&set, KEY, text_of("Geheim77"));
	struct bytes got = smtp_secrets_blank(set, bytes_of(text, sizeof text - 1), room);
	assert_true(bytes_left(&got) < 16);
	assert_null(memchr(got.at, 'h', bytes_left(&got) - 5));
	smtp_secrets_free(set);
}

/* Many secrets that end in every place of a text as long as any: nothing runs over. */
static void crowded(void **state)
{
	struct smtp_secrets *set = NULL;
	char text[SMTP_SECRET_TEXT], room[SMTP_SECRET_TEXT];
	(void)state;
	memset(text, 'a', sizeof text);
	for (unsigned n = 6; n < 30; n++)
		smtp_secrets_add(&set, KEY, bytes_of(text, n));
	struct bytes got = smtp_secrets_blank(set, bytes_of(text, sizeof text), room);
	assert_true(bytes_is(&got, "…"));
	smtp_secrets_free(set);
}

static void payloads(void **state)
{
	static const struct {
		enum smtp_mech mech;
		const char *user, *payload, *text, *want;
	} rows[] = {
		/* NUL scan NUL Geheim77 */
		{ SMTP_MECH_PLAIN, "scan", "AHNjYW4AR2VoZWltNzc=", "scan Geheim77", "scan _" },
		{ SMTP_MECH_PLAIN, "", "AHNjYW4AR2VoZWltNzc=", "scan Geheim77", "_ _" },
		/* user=scan ^A auth=Bearer Tok3n.abc ^A ^A */
		{ SMTP_MECH_XOAUTH2, "scan", "dXNlcj1zY2FuAWF1dGg9QmVhcmVyIFRvazNuLmFiYwEB",
		  "scan: Tok3n.abc expired", "scan: _ expired" },
		{ SMTP_MECH_PLAIN, "", "AHNjYW4AR2VoZWltNw", "scan Geheim7", "_ _" },
		{ SMTP_MECH_LOGIN, "", "R2VoZWltNzc=", "R2VoZWltNzc= is Geheim77", "_ is _" },
		{ SMTP_MECH_LOGIN, "", "not base64!", "not base64!", "_" },
	};
	char out[64];
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct smtp_hidden h = { .key = KEY };
		struct smtp_auth a = { .mech = rows[i].mech, .has_user = *rows[i].user };
		g_strlcpy(a.user, rows[i].user, sizeof a.user);
		smtp_hidden_payload(&h, text_of(rows[i].payload), &a);
		blanked(h.secrets, rows[i].text, out);
		if (strcmp(out, rows[i].want))
			print_error("row %zu: \"%s\"\n", i, out);
		assert_string_equal(out, rows[i].want);
		smtp_secrets_free(h.secrets);
	}
}

static void attributes(void **state)
{
	static const struct {
		const char *line;
		const char *shown;
	} rows[] = {
		{ "XCLIENT ADDR=192.0.2.1 NAME=a.example",
		  "XCLIENT ADDR=192.0.2.1 NAME=a.example" },
		{ "XCLIENT ADDR=192.0.2.1 LOGIN=x NAME=a", "XCLIENT ADDR=192.0.2.1 LOGIN=" },
		{ "xclient login=x", "xclient login=" },
		{ "XCLIENT", "XCLIENT" },
		{ "XCLIENT bare", "XCLIENT" },
		{ "XCLIENT R2VoZWltNzc=", "XCLIENT" },
		{ "XFORWARD =x", "XFORWARD" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(smtp_hidden_from(text_of(rows[i].line)), strlen(rows[i].shown));
}

static void prompts(void **state)
{
	(void)state;
	assert_true(smtp_hidden_asked(text_of("UGFzc3dvcmQ6")));
	assert_true(smtp_hidden_asked(text_of("Password:")));
	assert_true(smtp_hidden_asked(text_of("UGFzc3dvcmQA"))); /* ends with NUL */
	assert_false(smtp_hidden_asked(text_of("VXNlcm5hbWU6")));
	assert_false(smtp_hidden_asked(text_of("")));
	assert_false(smtp_hidden_asked(text_of("=")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(repetitions), cmocka_unit_test(many),
		cmocka_unit_test(wide),	       cmocka_unit_test(crowded),
		cmocka_unit_test(payloads),    cmocka_unit_test(attributes),
		cmocka_unit_test(prompts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
