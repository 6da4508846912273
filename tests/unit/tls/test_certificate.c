/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Certificates: fields of ordinary ones, names of any kind, dates at the edges, name comparison,
 * and DER that lies or ends early.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "tls/certificate.h"
#include "tls/certificate_samples.h"

#define READ(name, c) certificate_read(bytes_of(der_##name, sizeof(der_##name)), c)

static void test_leaf(void **state)
{
	struct certificate c;

	(void)state;
	assert_true(READ(leaf, &c));
	assert_string_equal(c.subject, "CN=smtp.example.test,O=Unit Test");
	assert_string_equal(c.issuer, "CN=Unit Test Root,O=Unit Test CA");
	assert_string_equal(c.subject_cn, "smtp.example.test");
	assert_string_equal(c.subject_o, "Unit Test");
	assert_string_equal(c.issuer_cn, "Unit Test Root");
	assert_string_equal(c.issuer_o, "Unit Test CA");
	assert_int_equal(c.name_count, 4);
	assert_int_equal(c.names_in_all, 4); /* mail address and URI do not name a host */
	assert_string_equal(c.names[1], "*.mail.example.test");
	assert_string_equal(c.names[2], "192.0.2.7");
	assert_string_equal(c.names[3], "2001:db8::7");
	assert_int_equal(c.names_are_addresses, 0xc);
	assert_int_equal(c.not_after - c.not_before, 365 * 86400);
	assert_string_equal(c.key_type, "ECDSA");
	assert_int_equal(c.key_bits, 256);
	assert_string_equal(c.signature, "ECDSA-SHA256");
	assert_string_equal(c.sha256, sha256_leaf);
	assert_string_equal(c.sha1, sha1_leaf);
	assert_false(c.weak_signature || c.self_signed || c.ca);
	certificate_clear(&c);
	assert_int_equal(c.name_count, 0);
}

static void test_kinds(void **state)
{
	struct certificate c;

	(void)state;
	assert_true(READ(root, &c));
	assert_true(c.self_signed && c.ca);
	certificate_clear(&c);
	assert_true(READ(sha1, &c));
	assert_true(c.weak_signature);
	assert_string_equal(c.key_type, "RSA");
	assert_int_equal(c.key_bits, 1024);
	assert_string_equal(c.signature, "RSA-SHA1");
	certificate_clear(&c);
	assert_true(READ(md5, &c));
	assert_true(c.weak_signature);
	certificate_clear(&c);
	assert_true(READ(pss, &c));
	assert_false(c.weak_signature);
	assert_int_equal(c.key_bits, 2048);
	assert_string_equal(c.signature, "RSA-PSS-SHA256");
	certificate_clear(&c);
	assert_true(READ(ed25519, &c));
	assert_string_equal(c.key_type, "Ed25519");
	assert_string_equal(c.sha256, sha256_ed25519);
	certificate_clear(&c);
	assert_true(READ(no_name, &c));
	assert_string_equal(c.subject, "");
	assert_true(certificate_matches(&c, "smtp.example.test"));
	certificate_clear(&c);
}

/* Bell, right-to-left override, comma, plus: shown, but never raw. */
static void test_odd_names(void **state)
{
	struct certificate c;

	(void)state;
	assert_true(READ(odd, &c));
	assert_string_equal(c.subject_cn, "b\xc3\xbc"
					  "cher \\xE2\\x80\\xAE\\x07 \xe4\xb8\xad");
	assert_string_equal(c.subject_o, "a+b\\, \"c\"");
	assert_true(g_utf8_validate(c.subject, -1, NULL));
	certificate_clear(&c);
}

static void test_matches(void **state)
{
	static const struct {
		const char *host;
		bool match;
	} cases[] = {
		{ "smtp.example.test", true },
		{ "SMTP.Example.TEST", true },
		{ "smtp.example.test.", true },
		{ "a.mail.example.test", true },
		{ "A.MAIL.example.test.", true },
		{ "mail.example.test", false },
		{ ".mail.example.test", false },
		{ "a.b.mail.example.test", false },
		{ "amail.example.test", false },
		{ "*.mail.example.test", false },
		{ "smtp.example.test.evil.test", false },
		{ "xsmtp.example.test", false },
		{ "192.0.2.7", true },
		{ "192.0.2.8", false },
		{ "2001:db8::7", true },
		{ "2001:DB8:0:0:0:0:0:7", true },
		{ "2001:db8::8", false },
		{ "", false },
		{ ".", false },
		{ "..", false },
		{ "smtp.example.test\\x00", false },
		{ "smtp.example.test ", false },
	};
	struct certificate c;

	(void)state;
	assert_true(READ(leaf, &c));
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
		if (certificate_matches(&c, cases[i].host) != cases[i].match)
			fail_msg("%s", cases[i].host);
	assert_false(certificate_matches(&c, NULL));
	certificate_clear(&c);
}

static void test_matches_cn(void **state)
{
	struct certificate c;

	(void)state;
	assert_true(READ(cn_only, &c));
	assert_true(certificate_matches(&c, "mail.example.test"));
	assert_false(certificate_matches(&c, "smtp.example.test"));
	certificate_clear(&c);
	assert_true(READ(wild_cn, &c));
	assert_true(certificate_matches(&c, "a.example.test"));
	assert_false(certificate_matches(&c, "a.b.example.test"));
	assert_false(certificate_matches(&c, "example.test"));
	certificate_clear(&c);
	/* An address in a dNSName or in the CN names no address. */
	assert_true(READ(address_cn, &c));
	assert_int_equal(c.names_are_addresses, 0);
	assert_false(certificate_matches(&c, "192.0.2.9"));
	certificate_clear(&c);
	/* CN and SAN "smtp.example.test<NUL>evil.test" */
	assert_true(READ(nul, &c));
	assert_string_equal(c.names[0], "smtp.example.test\\x00evil.test");
	assert_false(certificate_matches(&c, "smtp.example.test"));
	assert_false(certificate_matches(&c, "smtp.example.test\\x00evil.test"));
	certificate_clear(&c);
}

/* "*" counts only as the whole leftmost label and never for a top-level domain. */
static void test_wildcards(void **state)
{
	static const struct {
		const char *name, *host;
		bool match;
	} cases[] = {
		{ "*.example.test", "a.example.test", true },
		{ "*.example.test.", "a.example.test", true },
		{ "*.test", "example.test", false },
		{ "*", "test", false },
		{ "*.", "test", false },
		{ "a*.example.test", "ab.example.test", false },
		{ "*a.example.test", "ba.example.test", false },
		{ "a.*.test", "a.example.test", false },
		{ "*.*.test", "a.example.test", false },
		{ "**.example.test", "a.example.test", false },
		{ "*..example.test", "a..example.test", false },
		{ "", "", false },
		{ "example.test", "example.tes", false },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct certificate c = { .name_count = 1, .names_in_all = 1 };
		c.names[0] = g_strdup(cases[i].name);
		if (certificate_matches(&c, cases[i].host) != cases[i].match)
			fail_msg("%s for %s", cases[i].name, cases[i].host);
		certificate_clear(&c);
	}
}

/* A certificate put together here: any dates, any extensions; its signature says nothing. */
static GByteArray *wrap(uint8_t tag, GByteArray *body)
{
	GByteArray *a = g_byte_array_new();
	guint n = body->len;
	const uint8_t head[5] = { tag, 0x83, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n };
	const uint8_t middle[4] = { tag, 0x82, (uint8_t)(n >> 8), (uint8_t)n };
	const uint8_t small[2] = { tag, (uint8_t)n }, one[3] = { tag, 0x81, (uint8_t)n };

	if (n < 128)
		g_byte_array_append(a, small, 2);
	else if (n < 256)
		g_byte_array_append(a, one, 3);
	else if (n < 65536)
		g_byte_array_append(a, middle, 4);
	else
		g_byte_array_append(a, head, 5);
	g_byte_array_append(a, body->data, n);
	g_byte_array_unref(body);
	return a;
}

static GByteArray *raw(const void *data, size_t n)
{
	GByteArray *a = g_byte_array_new();
	return g_byte_array_append(a, data, (guint)n);
}

static void add(GByteArray *to, GByteArray *part)
{
	g_byte_array_append(to, part->data, part->len);
	g_byte_array_unref(part);
}

/* Ed25519 with an empty name; `san` may be NULL and is taken over. */
static GByteArray *build(const char *not_before, const char *not_after, GByteArray *san)
{
	static const uint8_t algorithm[] = { 0x30, 5, 6, 3, 0x2b, 0x65, 0x70 };
	static const uint8_t san_oid[] = { 6, 3, 0x55, 0x1d, 0x11 };
	uint8_t key[35] = { 3, 33, 0, 1 }, signature[67] = { 3, 65, 0, 1 };
	GByteArray *tbs = raw("\xa0\3\2\1\2\2\1\5", 8), *both = g_byte_array_new();
	const char *times[2] = { not_before, not_after };

	add(tbs, raw(algorithm, sizeof(algorithm)));
	add(tbs, raw("\x30\0", 2));
	for (unsigned i = 0; i < 2; i++) {
		size_t n = strlen(times[i]);
		add(both, wrap(n == 15 ? 0x18 : 0x17, raw(times[i], n)));
	}
	add(tbs, wrap(0x30, both));
	add(tbs, raw("\x30\0", 2));
	GByteArray *spki = raw(algorithm, sizeof(algorithm));
	add(spki, raw(key, sizeof(key)));
	add(tbs, wrap(0x30, spki));
	if (san) {
		GByteArray *extension = raw(san_oid, sizeof(san_oid));
		add(extension, wrap(4, wrap(0x30, san)));
		add(tbs, wrap(0xa3, wrap(0x30, wrap(0x30, extension))));
	}
	GByteArray *all = wrap(0x30, tbs);
	add(all, raw(algorithm, sizeof(algorithm)));
	add(all, raw(signature, sizeof(signature)));
	return wrap(0x30, all);
}

static bool read_array(GByteArray *der, struct certificate *c)
{
	bool good = certificate_read(bytes_of(der->data, der->len), c);

	g_byte_array_unref(der);
	return good;
}

static void test_dates(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds;
	} cases[] = {
		{ "700101000000Z", 0 },
		{ "691231235959Z", -1 },
		{ "500101000000Z", -631152000 },
		{ "491231235959Z", 2524607999 },
		{ "000229120000Z", 951825600 },
		{ "210301000000Z", 1614556800 },
		{ "21060207062816Z", 4294967296 },
		{ "22000301000000Z", 7263216000 },
		{ "99991231235959Z", 253402300799 },
		{ "19000301000000Z", -2203891200 },
		{ "00000101000000Z", -62167219200 },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct certificate c;
		assert_true(read_array(build(cases[i].text, "20500101000000Z", NULL), &c));
		assert_int_equal(c.not_before, cases[i].seconds);
		assert_int_equal(c.not_after, 2524608000);
		certificate_clear(&c);
	}
}

static void test_bad_dates(void **state)
{
	static const char *const texts[] = {
		"701301000000Z", "700001000000Z",
		"700100000000Z", "700132000000Z",
		"700101240000Z", "700101006000Z",
		"7001010000Z",	 "x00101000000Z",
		"700101000000+", "",
		"7001010000000", "20500101000000+",
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		struct certificate c;
		assert_false(read_array(build(texts[i], "20500101000000Z", NULL), &c));
		assert_string_equal(c.sha256, "");
		assert_int_equal(c.name_count, 0);
	}
}

static void test_many_names(void **state)
{
	GByteArray *san = g_byte_array_new();
	struct certificate c;

	(void)state;
	for (unsigned i = 0; i < 3000; i++) {
		char name[8];
		g_snprintf(name, sizeof(name), "h%04u.t", i);
		add(san, wrap(0x82, raw(name, 7)));
	}
	assert_true(read_array(build("700101000000Z", "20500101000000Z", san), &c));
	assert_int_equal(c.names_in_all, 3000);
	assert_int_equal(c.name_count, 32);
	assert_string_equal(c.names[31], "h0031.t");
	assert_true(certificate_matches(&c, "h0031.t"));
	assert_false(certificate_matches(&c, "h0032.t")); /* cut; names_in_all says so */
	certificate_clear(&c);
}

/* Long names, addresses of no known length, lengths that lie inside the list. */
static void test_odd_san(void **state)
{
	char long_name[300];
	struct certificate c;

	(void)state;
	memset(long_name, 'x', sizeof(long_name));
	for (size_t n = 240; n <= sizeof(long_name); n++) {
		GByteArray *san = wrap(0x82, raw(long_name, n));
		assert_true(read_array(build("700101000000Z", "20500101000000Z", san), &c));
		assert_true(strlen(c.names[0]) <= 255);
		assert_true(g_utf8_validate(c.names[0], -1, NULL));
		long_name[255] = '\0';
		assert_int_equal(certificate_matches(&c, long_name), n == 255);
		long_name[255] = 'x';
		certificate_clear(&c);
	}
	static const struct {
		uint8_t tag;
		size_t n;
	} odd[] = { { 0x87, 5 }, { 0x87, 0 }, { 0x87, 8 }, { 0x87, 17 }, { 0x82, 0 } };
	for (size_t i = 0; i < G_N_ELEMENTS(odd); i++) {
		/* GnuTLS may refuse such a certificate; when it does not, nothing matches. */
		GByteArray *san = wrap(odd[i].tag, raw(long_name, odd[i].n));
		if (!read_array(build("700101000000Z", "20500101000000Z", san), &c))
			continue;
		assert_int_equal(c.names_in_all, 1);
		assert_int_equal(c.names_are_addresses, 0);
		assert_false(certificate_matches(&c, ""));
		assert_false(certificate_matches(&c, "120.120.120.120"));
		certificate_clear(&c);
	}
	GByteArray *san = raw("\x82\x7fz", 3);
	bool good = read_array(build("700101000000Z", "20500101000000Z", san), &c);
	assert_true(!good || c.name_count == 0);
	certificate_clear(&c);
}

/* Cut at every byte, against an unreadable page; then every byte changed. */
static void test_hostile(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), n = sizeof(der_leaf);
	uint8_t *block =
		mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct certificate c;

	(void)state;
	assert_true(block != MAP_FAILED && n < page);
	assert_int_equal(mprotect(block + page, page, PROT_NONE), 0);
	for (size_t cut = 0; cut < n; cut++) {
		memcpy(block + page - cut, der_leaf, cut);
		assert_false(certificate_read(bytes_of(block + page - cut, cut), &c));
		assert_string_equal(c.subject, "");
	}
	uint8_t *at = block + page - n;
	for (size_t i = 0; i < n; i++) {
		static const uint8_t values[] = { 0, 1, 0x7f, 0x80, 0x84, 0xff };
		memcpy(at, der_leaf, n);
		for (size_t k = 0; k < sizeof(values); k++) {
			at[i] = values[k];
			if (!certificate_read(bytes_of(at, n), &c))
				continue;
			assert_true(g_utf8_validate(c.subject, -1, NULL));
			assert_true(g_utf8_validate(c.issuer_o, -1, NULL));
			for (unsigned j = 0; j < c.name_count; j++)
				assert_true(g_utf8_validate(c.names[j], -1, NULL));
			certificate_clear(&c);
		}
	}
	munmap(block, 2 * page);
}

static void test_no_certificate(void **state)
{
	uint8_t *zeros = g_malloc0(70000);
	struct certificate c;

	(void)state;
	assert_false(certificate_read(bytes_of(NULL, 0), &c));
	assert_false(certificate_read(bytes_of("hello", 5), &c));
	assert_false(certificate_read(bytes_of(zeros, 1000), &c));
	assert_false(certificate_read(bytes_of(zeros, 70000), &c));
	memset(zeros, 0x30, 1000); /* nested sequences */
	assert_false(certificate_read(bytes_of(zeros, 1000), &c));
	GByteArray *rest = raw(der_leaf, sizeof(der_leaf));
	g_byte_array_append(rest, zeros, 3);
	assert_false(read_array(rest, &c)); /* bytes behind the certificate */
	certificate_clear(&c);
	certificate_clear(&c);
	g_free(zeros);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_leaf),	   cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_odd_names),  cmocka_unit_test(test_matches),
		cmocka_unit_test(test_matches_cn), cmocka_unit_test(test_wildcards),
		cmocka_unit_test(test_dates),	   cmocka_unit_test(test_bad_dates),
		cmocka_unit_test(test_many_names), cmocka_unit_test(test_odd_san),
		cmocka_unit_test(test_hostile),	   cmocka_unit_test(test_no_certificate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
