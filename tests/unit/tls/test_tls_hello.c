/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hellos: what recorded clients and servers say, GREASE, versions, SNI, ALPN, JA3 (values checked
 * against another decoder), and a built hello in which every length field lies in turn.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tls/hello.h"
#include "tls/tls_samples.h"
#include "tls/tls_trace.h"

/* The hello body in a recorded stream whose record begins at `at`. */
static struct bytes body_at(const uint8_t *stream, size_t n, size_t at)
{
	struct bytes b = bytes_of(stream, n);

	bytes_take(&b, at + 5 + 1);
	struct bytes body = bytes_vec(&b, 3);
	assert_false(body.bad);
	return body;
}

#define BODY(name, at) body_at(sample_##name, sizeof(sample_##name), at)

/* A hello in the making: the places of its length fields and their widths are remembered. */
struct build {
	GByteArray *bytes;
	struct {
		guint at;
		unsigned width;
		bool core; /* before the extensions: a lie there means that it is no hello */
	} length[64];
	unsigned lengths;
	bool in_extensions;
};

static void put(struct build *b, const void *data, size_t n)
{
	g_byte_array_append(b->bytes, data, (guint)n);
}

static void put16(struct build *b, unsigned v)
{
	const uint8_t two[2] = { (uint8_t)(v >> 8), (uint8_t)v };
	put(b, two, 2);
}

static unsigned open_length(struct build *b, unsigned width)
{
	assert_true(b->lengths < G_N_ELEMENTS(b->length));
	b->length[b->lengths].at = b->bytes->len;
	b->length[b->lengths].width = width;
	b->length[b->lengths].core = !b->in_extensions;
	put(b, "\0\0\0", width);
	return b->lengths++;
}

static void close_length(struct build *b, unsigned which)
{
	guint at = b->length[which].at;
	unsigned width = b->length[which].width, n = b->bytes->len - at - width;

	for (unsigned i = 0; i < width; i++)
		b->bytes->data[at + i] = (uint8_t)(n >> 8 * (width - 1 - i));
}

/* A vector of 16-bit values with a length of `width` bytes. */
static void put_list(struct build *b, unsigned width, const uint16_t *values, size_t count)
{
	unsigned l = open_length(b, width);

	for (size_t i = 0; i < count; i++)
		put16(b, values[i]);
	close_length(b, l);
}

static void put_opaque(struct build *b, unsigned width, const char *data, size_t n)
{
	unsigned l = open_length(b, width);

	put(b, data, n);
	close_length(b, l);
}

static void start(struct build *b, uint16_t version)
{
	static const uint16_t suites[] = { 0x2a2a, 0x1301, 0xc02f, 0x00ff, 0x5600, 0x0005 };
	uint8_t random[32] = { 7 };

	memset(b, 0, sizeof(*b));
	b->bytes = g_byte_array_new();
	put16(b, version);
	put(b, random, sizeof(random));
	put_opaque(b, 1, "session!", 8);
	put_list(b, 2, suites, G_N_ELEMENTS(suites));
	put_opaque(b, 1, "\0", 1);
}

static unsigned start_extension(struct build *b, unsigned type)
{
	put16(b, type);
	return open_length(b, 2);
}

static void put_sni(struct build *b, const char *name, size_t n)
{
	unsigned e = start_extension(b, 0), l = open_length(b, 2);

	put(b, "\0", 1);
	put_opaque(b, 2, name, n);
	close_length(b, l);
	close_length(b, e);
}

static void put_versions(struct build *b, const uint16_t *versions, size_t count)
{
	unsigned e = start_extension(b, 43);

	put_list(b, 1, versions, count);
	close_length(b, e);
}

/* A hello as browsers send it, with GREASE in every place of RFC 8701. */
static void build_full(struct build *b)
{
	static const uint16_t groups[] = { 0x4a4a, 0x11ec, 29, 23 }, sigalgs[] = { 0x0403, 0x3a3a };
	static const uint16_t versions[] = { 0x6a6a, 0x0304, 0x0303 };

	start(b, 0x0303);
	b->in_extensions = true;
	unsigned all = open_length(b, 2), e = start_extension(b, 0xdada);
	close_length(b, e);
	put_sni(b, "SMTP.Office365.Com", 18);
	e = start_extension(b, 10);
	put_list(b, 2, groups, G_N_ELEMENTS(groups));
	close_length(b, e);
	e = start_extension(b, 11);
	put_opaque(b, 1, "\0\1", 2);
	close_length(b, e);
	e = start_extension(b, 13);
	put_list(b, 2, sigalgs, G_N_ELEMENTS(sigalgs));
	close_length(b, e);
	e = start_extension(b, 16);
	unsigned l = open_length(b, 2);
	put_opaque(b, 1, "\x0a\x0a", 2);
	put_opaque(b, 1, "smtp", 4);
	close_length(b, l);
	close_length(b, e);
	put_versions(b, versions, G_N_ELEMENTS(versions));
	e = start_extension(b, 51);
	l = open_length(b, 2);
	put16(b, 0x8a8a);
	put_opaque(b, 2, "\0", 1);
	put16(b, 29);
	put_opaque(b, 2, "0123456789abcdef0123456789abcdef", 32);
	close_length(b, l);
	close_length(b, e);
	close_length(b, all);
}

/* Read it against the unreadable page. */
static bool read_client(const struct build *b, struct tls_hello *h)
{
	uint8_t *at = fence_end() - b->bytes->len;

	memcpy(at, b->bytes->data, b->bytes->len);
	memset(h, 0, sizeof(*h));
	return tls_hello_client(bytes_of(at, b->bytes->len), h);
}

static void test_recorded_clients(void **state)
{
	struct tls_hello h = { 0 };

	(void)state;
	assert_true(tls_hello_client(BODY(ch_openssl, 0), &h));
	assert_int_equal(h.max_version, TLS_1_3);
	assert_int_equal(h.legacy_version, TLS_1_2);
	assert_int_equal(h.suites[0], 0x1302);
	assert_int_equal(h.suite_count, 31);
	assert_int_equal(h.groups[0], 29);
	assert_int_equal(h.key_share, 29);
	assert_string_equal(h.sni, "smtp.office365.com");
	assert_true(h.has_sni && !h.sni_bad && h.renego_info && !h.grease && !h.malformed);
	assert_true(h.ems && h.etm && h.has_ticket && h.has_groups && h.has_sigalgs);
	assert_string_equal(h.ja3, "a3afc2c46ba4a7d7fbe1cfb7a3031c2f");

	memset(&h, 0, sizeof(h));
	assert_true(tls_hello_client(BODY(ch_openssl_fallback, 0), &h));
	assert_int_equal(h.max_version, TLS_1_0);
	assert_int_equal(h.version_count, 0);
	assert_true(h.fallback_scsv && !h.has_sni && !h.has_sigalgs);
	assert_string_equal(h.ja3, "a947e851fe10f563c6f90e0a91cfff0c");

	memset(&h, 0, sizeof(h));
	assert_true(tls_hello_client(BODY(ch_openssl_weak, 0), &h));
	bool weak = false;
	for (unsigned i = 0; i < h.suite_count; i++)
		weak = weak || tls_suite_is_null_anon_export(h.suites[i]);
	assert_true(weak);
	assert_string_equal(h.ja3, "a32527bee4bb45bde0b4dd84381641c2");

	memset(&h, 0, sizeof(h));
	assert_true(tls_hello_client(BODY(ch_gnutls, 0), &h));
	assert_string_equal(h.alpn, "smtp");
	assert_true(h.has_alpn && h.has_status_request);
	assert_string_equal(h.ja3, "6af33c9e05452609f615c60bfdef7ce7");

	memset(&h, 0, sizeof(h));
	assert_true(tls_hello_client(BODY(ch_gnutls_tls12, 0), &h));
	assert_int_equal(h.max_version, TLS_1_2);
	assert_string_equal(h.ja3, "ad8d5073ee6f6ff236274e82b9079dc0");

	memset(&h, 0, sizeof(h));
	assert_true(tls_hello_client(BODY(tls12_resumed_c, 0), &h));
	assert_true(h.ticket_length > 0 && h.session_id_sent);
}

static void test_recorded_servers(void **state)
{
	struct tls_hello h = { 0 };
	bool retry = true;

	(void)state;
	assert_true(tls_hello_server(BODY(tls13_retry_s, 0), &h, &retry));
	assert_true(retry);
	assert_int_equal(h.key_share, 0x18);
	assert_int_equal(h.max_version, TLS_1_3);
	memset(&h, 0, sizeof(h));
	assert_true(tls_hello_server(BODY(tls13_retry_s, 99), &h, &retry));
	assert_false(retry);
	assert_int_equal(h.key_share, 0x18);
	assert_int_equal(h.suites[0], 0x1302);
	assert_int_equal(h.sentinel, 0);
	memset(&h, 0, sizeof(h));
	assert_true(tls_hello_server(BODY(tls12_s, 0), &h, &retry));
	assert_int_equal(h.max_version, TLS_1_2);
	assert_int_equal(h.version_count, 0);
	assert_int_equal(h.sentinel, 2); /* this server can do TLS 1.3 */
	assert_int_equal(h.suites[0], 0xc02c);
	assert_true(h.renego_info);
	assert_string_equal(h.ja3, "");
}

static void test_sentinel(void **state)
{
	uint8_t hello[38] = { 3, 2 };
	struct tls_hello h = { 0 };
	bool retry;

	(void)state;
	memcpy(hello + 2 + 24, "DOWNGRD\0", 8);
	assert_true(tls_hello_server(bytes_of(hello, 38), &h, &retry));
	assert_int_equal(h.sentinel, 1);
	hello[33] = 1;
	assert_true(tls_hello_server(bytes_of(hello, 38), &h, &retry));
	assert_int_equal(h.sentinel, 2);
	hello[33] = 2;
	assert_true(tls_hello_server(bytes_of(hello, 38), &h, &retry));
	assert_int_equal(h.sentinel, 0);
	for (size_t n = 0; n < 38; n++)
		assert_false(tls_hello_server(bytes_of(hello, n), &h, &retry));
}

static void test_grease(void **state)
{
	struct build b;
	struct tls_hello h;

	(void)state;
	build_full(&b);
	assert_true(read_client(&b, &h));
	assert_true(h.grease && !h.malformed);
	assert_int_equal(h.suite_count, 5);
	assert_int_equal(h.suites_in_all, 5);
	assert_int_equal(h.suites[0], 0x1301);
	assert_int_equal(h.group_count, 3);
	assert_int_equal(h.groups[0], 0x11ec);
	assert_int_equal(h.sigalg_count, 1);
	assert_int_equal(h.version_count, 2);
	assert_int_equal(h.max_version, TLS_1_3);
	assert_int_equal(h.key_share, 29);
	assert_string_equal(h.alpn, "smtp");
	assert_string_equal(h.sni, "smtp.office365.com");
	assert_true(h.fallback_scsv && h.renego_info);
	/* 771,4865-49199-255-22016-5,0-10-11-13-16-43-51,4588-29-23,0-1 */
	char *sum = g_compute_checksum_for_string(
		G_CHECKSUM_MD5, "771,4865-49199-255-22016-5,0-10-11-13-16-43-51,4588-29-23,0-1",
		-1);
	assert_string_equal(h.ja3, sum);
	g_free(sum);
	g_byte_array_unref(b.bytes);
	for (unsigned v = 0; v < 0x10000; v++) {
		bool reserved = (v >> 8) == (v & 255) && (v & 15) == 10;
		assert_int_equal(tls_is_grease((uint16_t)v), reserved);
	}
}

/* Each length field one too small, one too large, 0 and all ones. */
static void test_lying_lengths(void **state)
{
	struct build b;
	struct tls_hello h;

	(void)state;
	build_full(&b);
	assert_int_equal(b.lengths, 24);
	for (unsigned i = 0; i < b.lengths; i++) {
		guint last = b.length[i].at + b.length[i].width - 1;
		uint8_t right = b.bytes->data[last];
		const uint8_t lies[] = { (uint8_t)(right - 1), (uint8_t)(right + 1), 0, 255 };
		for (size_t k = 0; k < G_N_ELEMENTS(lies); k++) {
			if (lies[k] == right)
				continue;
			b.bytes->data[last] = lies[k];
			bool good = read_client(&b, &h);
			/* Only an opaque text may carry a lie that nothing contradicts. */
			if (good && !h.malformed && !h.sni_bad)
				fail_msg("length %u at %u as %u passed", i, last, lies[k]);
		}
		b.bytes->data[last] = right;
	}
	assert_true(read_client(&b, &h));
	assert_false(h.malformed);
	g_byte_array_unref(b.bytes);
}

static void test_cut_short(void **state)
{
	struct build b;
	struct tls_hello h;

	(void)state;
	build_full(&b);
	for (guint n = b.bytes->len; n-- > 0;) {
		g_byte_array_set_size(b.bytes, n);
		bool good = read_client(&b, &h);
		/* Cut right behind the compression methods it is a hello without extensions. */
		assert_true(!good || h.malformed || n == 2 + 32 + 9 + 14 + 2);
	}
	g_byte_array_unref(b.bytes);
}

/* Any byte of any hello, changed to any of a few values: no crash, text stays printable. */
static void test_flipped_bytes(void **state)
{
	static const uint8_t values[] = { 0, 1, 0x7f, 0x80, 0xff };
	struct build b;
	struct tls_hello h;

	(void)state;
	build_full(&b);
	for (guint at = 0; at < b.bytes->len; at++) {
		uint8_t right = b.bytes->data[at];
		for (size_t k = 0; k < G_N_ELEMENTS(values); k++) {
			b.bytes->data[at] = values[k];
			if (!read_client(&b, &h))
				continue;
			for (const char *c = h.sni; *c; c++)
				assert_true(*c > 0x20 && *c < 0x7f);
			for (const char *c = h.alpn; *c; c++)
				assert_true(*c > 0x20 && *c < 0x7f);
			assert_int_equal(strlen(h.ja3), 32);
		}
		b.bytes->data[at] = right;
	}
	g_byte_array_unref(b.bytes);
}

static void test_versions(void **state)
{
	static const struct {
		uint16_t legacy, offered[4];
		size_t count;
		uint16_t max;
		unsigned kept;
	} cases[] = {
		{ 0x0303, { 0 }, 0, 0x0303, 0 },
		{ 0x0301, { 0 }, 0, 0x0301, 0 },
		{ 0x0300, { 0 }, 0, 0x0300, 0 },
		{ 0x0303, { 0x0304, 0x0303 }, 2, 0x0304, 2 },
		{ 0x0303, { 0x0301, 0x0302 }, 2, 0x0302, 2 },
		{ 0x0303, { 0x9a9a, 0x0303 }, 2, 0x0303, 1 },
		{ 0x0303, { 0x7f1c, 0x0303 }, 2, 0x0304, 2 }, /* draft 28 */
		{ 0x0303, { 0xfefd, 0x0303 }, 2, 0x0303, 2 }, /* DTLS 1.2 is not "higher" */
		{ 0x0303, { 0xfefd }, 1, 0x0303, 1 },
		{ 0x0303, { 0x0a0a }, 1, 0x0303, 0 },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct build b;
		struct tls_hello h;
		start(&b, cases[i].legacy);
		if (cases[i].count) {
			unsigned all = open_length(&b, 2);
			put_versions(&b, cases[i].offered, cases[i].count);
			close_length(&b, all);
		}
		assert_true(read_client(&b, &h));
		assert_int_equal(h.max_version, cases[i].max);
		assert_int_equal(h.version_count, cases[i].kept);
		assert_false(h.malformed);
		g_byte_array_unref(b.bytes);
	}
}

static void test_sni(void **state)
{
	static const struct {
		const char *name;
		size_t n;
		bool bad;
		const char *seen;
	} cases[] = {
		{ "smtp.office365.com", 18, false, "smtp.office365.com" },
		{ "MX_1.Example.TEST.", 18, false, "mx_1.example.test." },
		{ "1e100.net", 9, false, "1e100.net" },
		{ "xn--bcher-kva.test", 18, false, "xn--bcher-kva.test" },
		{ "printer", 7, false, "printer" },
		{ "52.96.0.1", 9, true, "52.96.0.1" },
		{ "2603:1026::1", 12, true, "2603:1026::1" },
		{ "[::1]", 5, true, "[::1]" },
		{ "a..b", 4, true, "a..b" },
		{ ".a", 2, true, ".a" },
		{ "", 0, true, "" },
		{ "a\0b", 3, true, "a\\x00b" },
		{ "a b\n\xc3\xbc\\", 7, true, "a\\x20b\\x0a\\xc3\\xbc\\x5c" },
	};
	char longest[600], *label = longest;

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct build b;
		struct tls_hello h;
		start(&b, 0x0303);
		unsigned all = open_length(&b, 2);
		put_sni(&b, cases[i].name, cases[i].n);
		close_length(&b, all);
		assert_true(read_client(&b, &h));
		assert_true(h.has_sni);
		assert_string_equal(h.sni, cases[i].seen);
		assert_int_equal(h.sni_bad, cases[i].bad);
		g_byte_array_unref(b.bytes);
	}
	for (size_t n = 1; n < sizeof(longest); n++) {
		struct build b;
		struct tls_hello h;
		label[n - 1] = n % 60 == 0 ? '.' : n % 7 == 0 ? '\x01' : 'a';
		start(&b, 0x0303);
		unsigned all = open_length(&b, 2);
		put_sni(&b, longest, n);
		close_length(&b, all);
		assert_true(read_client(&b, &h));
		assert_true(strlen(h.sni) < sizeof(h.sni));
		assert_true(n < 254 || h.sni_bad);
		g_byte_array_unref(b.bytes);
	}
}

/* Two names, an unknown type, the empty extension, an extension that comes twice. */
static void test_odd_sni(void **state)
{
	static const struct {
		const char *extension;
		size_t n;
		const char *seen;
	} cases[] = {
		{ "\0\0\0\0", 4, "" },
		{ "\0\0\0\2\0\0", 6, "" },
		{ "\0\0\0\6\0\4\1\0\1a", 10, "" },
		{ "\0\0\0\12\0\10\0\0\1a\0\0\1b", 14, "a" },
		{ "\0\0\0\12\0\10\1\0\1a\0\0\1b", 14, "b" },
		{ "\0\0\0\6\0\4\0\0\1a\0\0\0\6\0\4\0\0\1b", 20, "a" },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct build b;
		struct tls_hello h;
		start(&b, 0x0303);
		put_opaque(&b, 2, cases[i].extension, cases[i].n);
		assert_true(read_client(&b, &h));
		assert_true(h.has_sni && (h.sni_bad || h.malformed));
		assert_string_equal(h.sni, cases[i].seen);
		g_byte_array_unref(b.bytes);
	}
}

/* More suites than are kept: counted, and JA3 covers all. */
static void test_many_suites(void **state)
{
	uint16_t suites[3000];
	struct build b = { .bytes = g_byte_array_new() };
	struct tls_hello h;
	uint8_t random[32] = { 0 };

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(suites); i++)
		suites[i] = (uint16_t)(i + 0x4000);
	put16(&b, 0x0300);
	put(&b, random, sizeof(random));
	put_opaque(&b, 1, "", 0);
	put_list(&b, 2, suites, G_N_ELEMENTS(suites));
	put_opaque(&b, 1, "\1\0", 2);
	assert_true(read_client(&b, &h));
	assert_int_equal(h.suite_count, CAP_HELLO_LIST);
	assert_int_equal(h.suites_in_all, 2999); /* 0x4a4a is GREASE */
	assert_true(h.compression);
	assert_int_equal(h.max_version, TLS_SSL3);
	g_byte_array_unref(b.bytes);
}

static void test_no_hello(void **state)
{
	struct build b;
	struct tls_hello h;

	(void)state;
	start(&b, 0x0203); /* no SSL 3 or TLS */
	assert_false(read_client(&b, &h));
	g_byte_array_unref(b.bytes);
	start(&b, 0xfefd);
	assert_false(read_client(&b, &h));
	g_byte_array_unref(b.bytes);
	b.bytes = g_byte_array_new();
	for (unsigned i = 0; i < 300; i++) {
		g_byte_array_append(b.bytes, (const uint8_t *)"\3", 1);
		assert_false(read_client(&b, &h)); /* 0x0303..., session id 3, suites 0x0303 */
		if (i > 100)
			break;
	}
	g_byte_array_unref(b.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recorded_clients),
		cmocka_unit_test(test_recorded_servers),
		cmocka_unit_test(test_sentinel),
		cmocka_unit_test(test_grease),
		cmocka_unit_test(test_lying_lengths),
		cmocka_unit_test(test_cut_short),
		cmocka_unit_test(test_flipped_bytes),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_sni),
		cmocka_unit_test(test_odd_sni),
		cmocka_unit_test(test_many_suites),
		cmocka_unit_test(test_no_hello),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
