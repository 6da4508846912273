/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests of the pcapng reader: interfaces of several link types, records that have a frame number
 * though they are no packets, units of time, sections, old kinds of packets, blocks that lie.
 */
#include "read/capture_files.h"

/* Interfaces of other link types and snapshot lengths in one file, described late. */
static void test_mixed_interfaces(void **state)
{
	const int links[] = { DLT_EN10MB, DLT_RAW, DLT_EN10MB, DLT_IEEE802_11_RADIO, DLT_RAW };
	struct file f = { g_byte_array_new(), false };
	struct source_packet k;
	char *error = NULL;

	(void)state;
	put_section(&f);
	put_interface(&f, 1, 65535);
	put_enhanced_packet(&f, 0, 0);
	put_interface(&f, 101, 96);
	put_enhanced_packet(&f, 1, 1);
	put_enhanced_packet(&f, 0, 2);
	put_interface(&f, DLT_IEEE802_11_RADIO, 0);
	put_enhanced_packet(&f, 2, 3);
	put_enhanced_packet(&f, 1, 4);
	for (int filtered = 0; filtered <= 1; filtered++) {
		/* A filter that means something on Ethernet only drops the rest. */
		struct source *s = open_bytes(f.bytes->data, f.bytes->len,
					      filtered ? "vlan or ether[0] >= 0" : NULL, &error);
		assert_non_null(s);
		assert_int_equal(source_dlt(s), DLT_EN10MB);
		source_any_link(s);
		for (unsigned i = 0; i < 5; i++) {
			if (filtered && links[i] != DLT_EN10MB)
				continue;
			assert_int_equal(source_next(s, &k), SOURCE_PACKET);
			assert_int_equal(k.frame, i + 1);
			assert_int_equal(k.dlt, links[i]);
			assert_int_equal(k.data[0], i);
		}
		assert_int_equal(source_next(s, &k), SOURCE_END);
		source_close(s);
	}
	/* A caller that reads one link type gets its frames, and then how to split the file. */
	struct source *s = open_bytes(f.bytes->data, f.bytes->len, NULL, &error);
	assert_int_equal(source_next(s, &k), SOURCE_PACKET);
	assert_int_equal(source_next(s, &k), SOURCE_MIXED);
	assert_int_equal(source_next(s, &k), SOURCE_MIXED);
	assert_non_null(strstr(source_error(s), "frame 2"));
	assert_non_null(strstr(source_error(s), "tshark -r"));
	source_close(s);
	g_byte_array_unref(f.bytes);
}

/* Records that are no packets but have a number in Wireshark, and some that have none. */
static void test_numbered_records(void **state)
{
	static const struct {
		uint32_t type;
		bool numbered;
	} cases[] = {
		{ 0x0bad, true }, { 0x40000bad, true }, { 9, true },	  { 4, false },
		{ 5, false },	  { 10, false },	{ 0x777, false },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct file f = { g_byte_array_new(), true };
		struct source_packet k;
		char *error = NULL;
		put_section(&f);
		put_interface(&f, 1, 65535);
		put(&f, cases[i].type, 4);
		put(&f, 24, 4);
		put_bytes(&f, 0x41, 12);
		put(&f, 24, 4);
		put_enhanced_packet(&f, 0, 0);
		struct source *s = open_bytes(f.bytes->data, f.bytes->len, NULL, &error);
		assert_int_equal(source_next(s, &k), SOURCE_PACKET);
		assert_int_equal(k.frame, cases[i].numbered ? 2 : 1);
		assert_int_equal(source_next(s, &k), SOURCE_END);
		source_close(s);
		g_byte_array_unref(f.bytes);
	}
}

/* if_tsresol and if_tsoffset: units, what they mean in ns, and resolutions that cannot be. */
static void test_time_resolution(void **state)
{
	static const struct {
		uint8_t resolution;
		int64_t offset;
		uint64_t units, ns;
	} cases[] = {
		{ 6, 0, 1000123456, 1000123456000 },
		{ 9, 0, 1000123456789, 1000123456789 },
		{ 3, 0, 1000123, 1000123000000 },
		{ 0, 0, 1000, 1000000000000 },
		{ 12, 0, 1000123456789012, 1000123456789 },
		{ 19, 0, 12345678901234567890u, 1234567890 },
		{ 0x80 | 10, 0, 1000 * 1024 + 512, 1000500000000 },
		{ 0x80 | 32, 0, (5ull << 32) | (1ull << 31), 5500000000 },
		{ 0x80 | 60, 0, (5ull << 60) | (1ull << 59), 5500000000 },
		{ 6, 10, 1000000, 11000000000 },
		{ 6, -1, 5000000, 4000000000 },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases) * 2; i++) {
		struct file f = { g_byte_array_new(), i % 2 };
		struct source_packet k;
		char *error = NULL;
		put_section(&f);
		put(&f, 1, 4);
		put(&f, 40, 4);
		put(&f, 1, 2);
		put(&f, 0, 2);
		put(&f, 0, 4);
		put(&f, 9, 2);
		put(&f, 1, 2);
		put_bytes(&f, cases[i / 2].resolution, 1);
		put_bytes(&f, 0, 3);
		put(&f, 14, 2);
		put(&f, 8, 2);
		put(&f, (uint64_t)cases[i / 2].offset, 8);
		put(&f, 40, 4);
		put(&f, 6, 4);
		put(&f, 36, 4);
		put(&f, 0, 4);
		put(&f, cases[i / 2].units >> 32, 4);
		put(&f, cases[i / 2].units & 0xffffffff, 4);
		put(&f, 4, 4);
		put(&f, 60, 4);
		put_bytes(&f, 7, 4);
		put(&f, 36, 4);
		struct source *s = open_bytes(f.bytes->data, f.bytes->len, NULL, &error);
		assert_non_null(s);
		assert_int_equal(source_next(s, &k), SOURCE_PACKET);
		assert_int_equal(k.time_ns, cases[i / 2].ns);
		source_close(s);
		f.bytes->data[28 + 20] = i % 2 ? 20 : 0x80 | 64;
		assert_null(open_bytes(f.bytes->data, f.bytes->len, NULL, &error));
		assert_non_null(strstr(error, "impossible time resolution"));
		g_free(error);
		g_byte_array_unref(f.bytes);
	}
}

/* A second section in the other byte order, with interfaces of its own; simple and old packets. */
static void test_sections_and_old_packets(void **state)
{
	struct file f = made_pcapng(false, 2);
	struct source_packet k;
	char *error = NULL;

	(void)state;
	f.big = true;
	put_section(&f);
	put_interface(&f, 101, 3);
	put(&f, 3, 4); /* simple: 60 on the wire, 3 captured by the snapshot length */
	put(&f, 20, 4);
	put(&f, 60, 4);
	put_bytes(&f, 7, 4);
	put(&f, 20, 4);
	put(&f, 2, 4); /* old: interface and drops of 16 bits */
	put(&f, 36, 4);
	put(&f, 0, 2);
	put(&f, 5, 2);
	put(&f, 0, 4);
	put(&f, 77, 4);
	put(&f, 2, 4);
	put(&f, 60, 4);
	put_bytes(&f, 8, 4);
	put(&f, 36, 4);
	struct source *s = open_bytes(f.bytes->data, f.bytes->len, NULL, &error);
	source_any_link(s);
	for (unsigned i = 0; i < PACKETS; i++)
		assert_int_equal(source_next(s, &k), SOURCE_PACKET);
	assert_int_equal(source_next(s, &k), SOURCE_PACKET);
	assert_int_equal(k.caplen, 3);
	assert_int_equal(k.len, 60);
	assert_int_equal(k.dlt, DLT_RAW);
	assert_int_equal(source_next(s, &k), SOURCE_PACKET);
	assert_int_equal(k.caplen, 2);
	assert_int_equal(k.time_ns, 77);
	assert_int_equal(k.frame, PACKETS + 2);
	assert_int_equal(source_next(s, &k), SOURCE_END);
	source_close(s);
	g_byte_array_unref(f.bytes);
}

/* Lies of blocks, each behind two good frames. */
static void test_lying_blocks(void **state)
{
	static const struct {
		uint32_t at, value;
		const char *words;
	} cases[] = {
		{ 4, 8, "impossible length" },	     { 4, 0, "impossible length" },
		{ 4, 57, "impossible length" },	     { 4, 0x7ffffffc, "impossible length" },
		{ 4, 52, "two lengths differ" },     { 8, 1, "interface that was not described" },
		{ 20, 25, "longer than its block" }, { 20, 0xffffffff, "longer than its block" },
		{ 52, 55, "two lengths differ" },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct file f = { g_byte_array_new(), false };
		char *error = NULL;
		unsigned count;
		put_section(&f);
		put_interface(&f, 1, 65535);
		put_enhanced_packet(&f, 0, 0);
		put_enhanced_packet(&f, 0, 1);
		guint third = f.bytes->len;
		put_enhanced_packet(&f, 0, 2);
		for (unsigned k = 0; k < 4; k++)
			f.bytes->data[third + cases[i].at + k] = (uint8_t)(cases[i].value >> 8 * k);
		struct source *s = open_bytes(f.bytes->data, f.bytes->len, NULL, &error);
		assert_int_equal(read_all(s, &count, true), SOURCE_DAMAGED);
		assert_int_equal(count, 2);
		assert_non_null(strstr(source_error(s), cases[i].words));
		assert_non_null(strstr(source_error(s), "damaged at frame 3"));
		source_close(s);
		g_byte_array_unref(f.bytes);
	}
	/* More interfaces than anyone has. */
	struct file f = { g_byte_array_new(), false };
	char *error = NULL;
	put_section(&f);
	for (unsigned i = 0; i < 1025; i++)
		put_interface(&f, 1, 0);
	assert_null(open_bytes(f.bytes->data, f.bytes->len, NULL, &error));
	assert_non_null(strstr(error, "1024 interfaces"));
	g_free(error);
	g_byte_array_unref(f.bytes);
}

/* A block of decryption secrets: n bytes of text that says it has `claimed`. */
static void put_secrets(struct file *f, uint32_t type, const char *text, uint32_t claimed)
{
	unsigned n = (unsigned)strlen(text), pad = (4 - n % 4) % 4;

	put(f, 10, 4);
	put(f, 20 + n + pad, 4);
	put(f, type, 4);
	put(f, claimed, 4);
	g_byte_array_append(f->bytes, (const uint8_t *)text, n);
	put_bytes(f, 0, pad);
	put(f, 20 + n + pad, 4);
}

static void assert_secrets(struct source *s, const char *want)
{
	size_t n = 0;
	char *got = source_take_secrets(s, &n);

	assert_int_equal(n, want ? strlen(want) : 0);
	if (want)
		assert_memory_equal(got, want, n);
	else
		assert_null(got);
	g_free(got);
}

/* Secrets of TLS come out once, in order, before the packet behind them, each block with a line
 * end; those of other protocols and blocks that lie do not. */
static void test_secrets(void **state)
{
	const uint32_t tls = 0x544c534b, wireguard = 0x57474b4c;

	for (int big = 0; big <= 1; big++) {
		struct file f = { g_byte_array_new(), big };
		struct source_packet k;
		char *error = NULL;
		put_section(&f);
		put_interface(&f, 1, 65535);
		put_secrets(&f, tls, "one", 3);
		put_secrets(&f, wireguard, "other", 5);
		put_secrets(&f, tls, "too long", 13);
		put_secrets(&f, tls, "all\n", 4);
		put_enhanced_packet(&f, 0, 0);
		put_enhanced_packet(&f, 0, 1);
		put_secrets(&f, tls, "", 0);
		put_secrets(&f, tls, "last", 4);
		put_enhanced_packet(&f, 0, 2);
		struct source *s = open_bytes(f.bytes->data, f.bytes->len, NULL, &error);
		assert_non_null(s);
		assert_int_equal(source_next(s, &k), SOURCE_PACKET);
		assert_secrets(s, "one\nall\n\n");
		assert_secrets(s, NULL);
		assert_int_equal(source_next(s, &k), SOURCE_PACKET);
		assert_secrets(s, NULL);
		assert_int_equal(source_next(s, &k), SOURCE_PACKET);
		assert_int_equal(k.frame, 3);
		assert_secrets(s, "last\n");
		source_close(s);
		/* A filter that drops the packets drops no secrets. */
		s = open_bytes(f.bytes->data, f.bytes->len, "greater 1000", &error);
		assert_int_equal(source_next(s, &k), SOURCE_END);
		assert_secrets(s, "one\nall\n\nlast\n");
		source_close(s);
		g_byte_array_unref(f.bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mixed_interfaces),
		cmocka_unit_test(test_numbered_records),
		cmocka_unit_test(test_time_resolution),
		cmocka_unit_test(test_sections_and_old_packets),
		cmocka_unit_test(test_lying_blocks),
		cmocka_unit_test(test_secrets),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
