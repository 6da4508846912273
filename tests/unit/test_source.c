/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests of the source: every file format it reads, both byte orders, packed and in several members,
 * through a pipe; and every way in which a file can be wrong, with the words that the user gets.
 * Each format is also cut at every byte: what lies before the cut is delivered, never more.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <cmocka.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <pcap/dlt.h>
#include <zlib.h>
#include <zstd.h>
#include "../../capture-tool/source.h"

#define PACKETS 5u

static char *folder;

/* Bytes that grow; numbers in the byte order that the file is to have. */
struct file {
	GByteArray *bytes;
	bool big;
};

static void put(struct file *f, uint64_t v, unsigned width)
{
	for (unsigned i = 0; i < width; i++) {
		unsigned shift = 8 * (f->big ? width - 1 - i : i);
		uint8_t b = (uint8_t)(v >> shift);
		g_byte_array_append(f->bytes, &b, 1);
	}
}

static void put_bytes(struct file *f, uint8_t value, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		g_byte_array_append(f->bytes, &value, 1);
}

/* Packet i: 20 + i bytes of value i at second 1000 + i and 123456789 ns; it had 60 on the wire. */
static void put_pcap_packet(struct file *f, unsigned i, bool nano)
{
	put(f, 1000 + i, 4);
	put(f, nano ? 123456789 : 123456, 4);
	put(f, 20 + i, 4);
	put(f, 60, 4);
	put_bytes(f, (uint8_t)i, 20 + i);
}

static void put_pcap_header(struct file *f, bool nano, uint32_t link)
{
	put(f, nano ? 0xa1b23c4d : 0xa1b2c3d4, 4);
	put(f, 2, 2);
	put(f, 4, 2);
	put(f, 0, 8);
	put(f, 65535, 4);
	put(f, link, 4);
}

static struct file made_pcap(bool big, bool nano)
{
	struct file f = { g_byte_array_new(), big };

	put_pcap_header(&f, nano, 1);
	for (unsigned i = 0; i < PACKETS; i++)
		put_pcap_packet(&f, i, nano);
	return f;
}

static void put_section(struct file *f)
{
	put(f, 0x0a0d0d0a, 4);
	put(f, 28, 4);
	put(f, 0x1a2b3c4d, 4);
	put(f, 1, 2);
	put(f, 0, 2);
	put(f, UINT64_MAX, 8);
	put(f, 28, 4);
}

/* An interface whose timestamps are in nanoseconds. */
static void put_interface(struct file *f, unsigned link, uint32_t snap)
{
	put(f, 1, 4);
	put(f, 32, 4);
	put(f, link, 2);
	put(f, 0, 2);
	put(f, snap, 4);
	put(f, 9, 2);
	put(f, 1, 2);
	put_bytes(f, 9, 1);
	put_bytes(f, 0, 3);
	put(f, 0, 4);
	put(f, 32, 4);
}

static void put_enhanced_packet(struct file *f, unsigned interface, unsigned i)
{
	uint64_t ns = (1000ull + i) * 1000000000 + 123456789;
	uint32_t n = 20 + i, padded = (n + 3) & ~3u;

	put(f, 6, 4);
	put(f, 32 + padded, 4);
	put(f, interface, 4);
	put(f, ns >> 32, 4);
	put(f, ns & 0xffffffff, 4);
	put(f, n, 4);
	put(f, 60, 4);
	put_bytes(f, (uint8_t)i, n);
	put_bytes(f, 0, padded - n);
	put(f, 32 + padded, 4);
}

static struct file made_pcapng(bool big, unsigned interfaces)
{
	struct file f = { g_byte_array_new(), big };

	put_section(&f);
	for (unsigned i = 0; i < interfaces; i++)
		put_interface(&f, 1, 65535);
	for (unsigned i = 0; i < PACKETS; i++)
		put_enhanced_packet(&f, i % interfaces, i);
	return f;
}

/* The same bytes as gzip or zstd, in `members` pieces, each packed by itself. */
static struct file packed(struct file f, bool zstd, unsigned members)
{
	struct file out = { g_byte_array_new(), false };
	uint8_t nothing = 0, *from = f.bytes->data ? f.bytes->data : &nothing;
	guint at = 0;

	for (unsigned m = 1; m <= members; m++) {
		guint end = f.bytes->len * m / members, room = (end - at) * 2 + 1000;
		uint8_t *to = g_malloc(room);
		gsize n;
		if (zstd) {
			n = ZSTD_compress(to, room, from + at, end - at, 3);
			assert_false(ZSTD_isError(n));
		} else {
			z_stream z = { .next_in = from + at, .avail_in = end - at,
				       .next_out = to, .avail_out = room };
			assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, 0), Z_OK);
			assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
			n = z.total_out;
			deflateEnd(&z);
		}
		g_byte_array_append(out.bytes, to, (guint)n);
		g_free(to);
		at = end;
	}
	g_byte_array_unref(f.bytes);
	return out;
}

static char *write_as(const char *name, const void *data, gsize n)
{
	char *path = g_build_filename(folder, name, NULL);

	/* A new file each time: writing over an old one waits for the disk on some file systems. */
	unlink(path);
	FILE *file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, n, file), n);
	assert_int_equal(fclose(file), 0);
	return path;
}

/* Open a file of these bytes; NULL with the words in *error. */
static struct source *open_bytes(const void *data, gsize n, const char *filter, char **error)
{
	char *path = write_as("x.pcap", data, n);
	struct source *s = source_open_file(path, filter, error);

	g_free(path);
	return s;
}

/* Read everything; each packet must be the one that its number says. Returns the last answer. */
static int read_all(struct source *s, unsigned *count, bool nano)
{
	struct source_packet k;
	int got;

	*count = 0;
	while ((got = source_next(s, &k)) == SOURCE_PACKET) {
		unsigned i = (*count)++;
		assert_int_equal(k.frame, i + 1);
		assert_int_equal(k.caplen, 20 + i);
		assert_int_equal(k.len, 60);
		assert_int_equal(k.time_ns, (1000ull + i) * 1000000000 + (nano ? 123456789 : 123456000));
		for (uint32_t b = 0; b < k.caplen; b++)
			assert_int_equal(k.data[b], i);
	}
	assert_int_equal(source_next(s, &k), got);
	assert_int_equal(source_error(s) != NULL, got < 0);
	return got;
}

static void expect_good(struct file f, bool nano)
{
	char *error = NULL;
	unsigned count;
	struct source *s = open_bytes(f.bytes->data, f.bytes->len, NULL, &error);

	assert_null(error);
	assert_non_null(s);
	assert_int_equal(source_dlt(s), DLT_EN10MB);
	assert_int_equal(source_progress(s).total, f.bytes->len);
	assert_int_equal(read_all(s, &count, nano), SOURCE_END);
	assert_int_equal(count, PACKETS);
	assert_int_equal(source_frames(s), PACKETS);
	assert_int_equal(source_progress(s).done, f.bytes->len);
	source_close(s);
	g_byte_array_unref(f.bytes);
}

static void test_pcap(void **state)
{
	(void)state;
	for (int big = 0; big <= 1; big++)
		for (int nano = 0; nano <= 1; nano++)
			expect_good(made_pcap(big, nano), nano);
}

static void test_pcapng(void **state)
{
	(void)state;
	for (int big = 0; big <= 1; big++)
		for (unsigned interfaces = 1; interfaces <= 3; interfaces++)
			expect_good(made_pcapng(big, interfaces), true);
}

static void test_packed(void **state)
{
	(void)state;
	for (int zstd = 0; zstd <= 1; zstd++)
		for (unsigned members = 1; members <= 20; members++) {
			expect_good(packed(made_pcap(false, true), zstd, members), true);
			expect_good(packed(made_pcapng(true, 2), zstd, members), true);
		}
	/* Padding with zeros behind gzip data, as tapes and disks leave it. */
	struct file f = packed(made_pcap(false, true), false, 2);
	put_bytes(&f, 0, 1000);
	expect_good(f, true);
}

/* A file larger than all buffers, so that they are filled many times. */
static void test_large(void **state)
{
	const unsigned rounds = 40000;

	(void)state;
	for (int how = 0; how < 3; how++) {
		struct file f = { g_byte_array_new(), false };
		struct source_packet k;
		char *error = NULL;
		uint32_t count = 0;
		put_pcap_header(&f, true, 1);
		for (unsigned i = 0; i < rounds; i++)
			put_pcap_packet(&f, i % 50, true);
		if (how > 0)
			f = packed(f, how == 2, 3);
		struct source *s = open_bytes(f.bytes->data, f.bytes->len, NULL, &error);
		assert_non_null(s);
		while (source_next(s, &k) == SOURCE_PACKET) {
			assert_int_equal(k.caplen, 20 + count % 50);
			assert_int_equal(k.data[k.caplen - 1], count % 50);
			count++;
		}
		assert_null(source_error(s));
		assert_int_equal(count, rounds);
		source_close(s);
		g_byte_array_unref(f.bytes);
	}
}

/* Cut at every byte: all whole packets before it come, and the answer tells that it was cut. */
static void expect_cut_everywhere(struct file f, bool is_packed, unsigned last_free)
{
	unsigned before = 0;

	for (guint n = 0; n < f.bytes->len - last_free; n++) {
		char *error = NULL;
		unsigned count;
		struct source *s = open_bytes(f.bytes->data, n, NULL, &error);
		if (!s) {
			assert_non_null(error);
			assert_null(strchr(error, '\n'));
			assert_int_equal(before, 0);
			g_free(error);
			continue;
		}
		int got = read_all(s, &count, true);
		assert_true(count >= before && count <= PACKETS);
		assert_true(got == SOURCE_CUT || (got == SOURCE_END && !is_packed));
		if (got == SOURCE_CUT) {
			assert_non_null(strstr(source_error(s), is_packed ? "cut" : "middle"));
			assert_null(strchr(source_error(s), '\n'));
		}
		before = count;
		source_close(s);
	}
	g_byte_array_unref(f.bytes);
}

static void test_cut_everywhere(void **state)
{
	(void)state;
	expect_cut_everywhere(made_pcap(false, true), false, 0);
	expect_cut_everywhere(made_pcap(true, true), false, 0);
	expect_cut_everywhere(made_pcapng(false, 2), false, 0);
	expect_cut_everywhere(packed(made_pcap(false, true), false, 1), true, 0);
	expect_cut_everywhere(packed(made_pcap(false, true), true, 1), true, 0);
	expect_cut_everywhere(packed(made_pcapng(false, 1), false, 1), true, 0);
}

/* The place is named: frame 3 is cut, the file ends at byte 24 + 36 + 37 + 20. */
static void test_cut_words(void **state)
{
	struct file f = made_pcap(false, true);
	char *error = NULL;
	unsigned count;

	(void)state;
	struct source *s = open_bytes(f.bytes->data, 24 + 36 + 37 + 20, NULL, &error);
	assert_int_equal(read_all(s, &count, true), SOURCE_CUT);
	assert_int_equal(count, 2);
	assert_non_null(strstr(source_error(s), "x.pcap: "));
	assert_non_null(strstr(source_error(s), "frame 3"));
	assert_non_null(strstr(source_error(s), "byte 117"));
	assert_non_null(strstr(source_error(s), "[libpcap: truncated"));
	source_close(s);
	g_byte_array_unref(f.bytes);
}

/* Every byte of every format replaced: no crash, and an answer with words when it is bad. */
static void test_damaged_everywhere(void **state)
{
	static const uint8_t values[] = { 0x00, 0x01, 0x7f, 0x80, 0xff };

	(void)state;
	for (int how = 0; how < 4; how++) {
		struct file f = how % 2 ? made_pcapng(false, 2) : made_pcap(false, true);
		if (how >= 2)
			f = packed(f, how == 3, 2);
		for (guint i = 0; i < f.bytes->len; i++)
			for (size_t v = 0; v < sizeof values; v++) {
				struct source_packet k;
				char *error = NULL;
				uint8_t old = f.bytes->data[i];
				unsigned count = 0;
				int got = SOURCE_END;
				f.bytes->data[i] = values[v];
				struct source *s = open_bytes(f.bytes->data, f.bytes->len, NULL, &error);
				while (s && (got = source_next(s, &k)) == SOURCE_PACKET)
					count += k.caplen <= 262144;
				assert_int_equal(!s, error != NULL);
				assert_true(count <= 100);
				if (got < 0)
					assert_non_null(source_error(s));
				g_free(error);
				source_close(s);
				f.bytes->data[i] = old;
			}
		g_byte_array_unref(f.bytes);
	}
}

static void test_damage_words(void **state)
{
	char *error = NULL;
	unsigned count;
	struct file f = made_pcap(false, true);
	struct source *s;

	(void)state;
	/* Frame 2 claims 4 GiB. */
	memset(&f.bytes->data[24 + 36 + 8], 0xff, 4);
	s = open_bytes(f.bytes->data, f.bytes->len, NULL, &error);
	assert_int_equal(read_all(s, &count, true), SOURCE_DAMAGED);
	assert_int_equal(count, 1);
	assert_non_null(strstr(source_error(s), "damaged at frame 2"));
	assert_non_null(strstr(source_error(s), "[libpcap: invalid"));
	source_close(s);
	g_byte_array_unref(f.bytes);
	/* The check sum at the end of gzip data is wrong: all frames come, and then the warning. */
	f = packed(made_pcap(false, true), false, 1);
	f.bytes->data[f.bytes->len - 6] ^= 1;
	s = open_bytes(f.bytes->data, f.bytes->len, NULL, &error);
	assert_int_equal(read_all(s, &count, true), SOURCE_DAMAGED);
	assert_int_equal(count, PACKETS);
	assert_non_null(strstr(source_error(s), "compressed data is damaged after frame 5"));
	source_close(s);
	g_byte_array_unref(f.bytes);
	/* Something else behind the gzip data. */
	f = packed(made_pcap(false, true), false, 1);
	put_bytes(&f, 'x', 10);
	s = open_bytes(f.bytes->data, f.bytes->len, NULL, &error);
	assert_int_equal(read_all(s, &count, true), SOURCE_DAMAGED);
	assert_int_equal(count, PACKETS);
	source_close(s);
	g_byte_array_unref(f.bytes);
}

static void expect_refused(const void *data, gsize n, const char *name, const char *words)
{
	char *path = write_as(name, data, n), *error = NULL;

	assert_null(source_open_file(path, NULL, &error));
	assert_non_null(error);
	if (!strstr(error, words))
		fail_msg("\"%s\" is not in: %s", words, error);
	assert_true(g_str_has_prefix(error, path));
	assert_null(strchr(error, '\n'));
	g_free(error);
	unlink(path);
	g_free(path);
}

static void test_no_capture(void **state)
{
	(void)state;
	expect_refused("", 0, "a.pcap", "is empty");
	expect_refused("Received: from x\r\n and more text here", 38, "mail.txt", "no capture file");
	expect_refused("\x01\x02", 2, "b.pcap", "no frame can be read");
	expect_refused("\xd4\xc3\xb2\xa1\2\0\4\0", 8, "c.pcap", "no frame can be read");
	expect_refused("\xfd" "7zXZ\0\0\4", 8, "d.pcap.xz", "xz -dc");
	expect_refused("BZh91AY&SY", 10, "e.pcap.bz2", "bzip2 -dc");
	expect_refused("PK\3\4\0\0\0\0", 8, "f.zip", "ZIP");
	expect_refused("GMBU\0\2\1\0", 8, "g.cap", "Network Monitor");
	expect_refused("\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 25, "h.etl", "etl2pcap");
	expect_refused("\x1f\x8b\x08\0", 4, "i.gz", "damaged from the start");
	expect_refused("\x28\xb5\x2f\xfd", 4, "j.zst", "damaged from the start");
	struct file f = { g_byte_array_new(), false }, empty = { g_byte_array_new(), false };
	put_pcap_header(&f, false, 127);
	expect_refused(f.bytes->data, f.bytes->len, "k.pcap", "link type 127 (");
	empty = packed(empty, false, 1);
	expect_refused(empty.bytes->data, empty.bytes->len, "l.pcap.gz", "is empty");
	g_byte_array_unref(f.bytes);
	g_byte_array_unref(empty.bytes);
}

static void test_no_file(void **state)
{
	char *error = NULL, *path = g_build_filename(folder, "missing.pcap", NULL);

	(void)state;
	assert_null(source_open_file(path, NULL, &error));
	assert_non_null(strstr(error, "missing.pcap: there is no such file"));
	g_free(error);
	assert_null(source_open_file(folder, NULL, &error));
	assert_non_null(strstr(error, "is a directory"));
	g_free(error);
	g_free(path);
	if (geteuid() == 0) /* root may read everything */
		return;
	path = write_as("closed.pcap", "x", 1);
	assert_int_equal(chmod(path, 0), 0);
	assert_null(source_open_file(path, NULL, &error));
	assert_non_null(strstr(error, "permission denied"));
	g_free(error);
	g_free(path);
}

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
		{ 0x0bad, true }, { 0x40000bad, true }, { 9, true }, { 4, false },
		{ 5, false }, { 10, false }, { 0x777, false },
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
		{ 4, 8, "impossible length" },       { 4, 0, "impossible length" },
		{ 4, 57, "impossible length" },      { 4, 0x7ffffffc, "impossible length" },
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

/* Frames that the filter drops keep their numbers. */
static void test_filter(void **state)
{
	struct file f = made_pcap(false, true);
	struct source_packet k;
	char *error = NULL;

	(void)state;
	struct source *s = open_bytes(f.bytes->data, f.bytes->len, "ether[0] = 1 or ether[0] = 4", &error);
	assert_non_null(s);
	assert_int_equal(source_next(s, &k), SOURCE_PACKET);
	assert_int_equal(k.frame, 2);
	assert_int_equal(source_next(s, &k), SOURCE_PACKET);
	assert_int_equal(k.frame, 5);
	assert_int_equal(source_next(s, &k), SOURCE_END);
	source_close(s);
	assert_null(open_bytes(f.bytes->data, f.bytes->len, "tcp prot 25", &error));
	assert_non_null(strstr(error, "\"tcp prot 25\""));
	assert_non_null(strstr(error, "[libpcap: "));
	g_free(error);
	g_byte_array_unref(f.bytes);
}

/* Standard input is a pipe that gives a few bytes at a time, plain and packed. */
static void test_stdin(void **state)
{
	int old = dup(STDIN_FILENO);

	(void)state;
	for (int how = 0; how < 3; how++) {
		struct file f = made_pcap(false, true);
		char *error = NULL;
		unsigned count;
		int ends[2];
		if (how > 0)
			f = packed(f, how == 2, 2);
		assert_int_equal(pipe(ends), 0);
		pid_t child = fork();
		if (child == 0) {
			close(ends[0]);
			for (guint i = 0; i < f.bytes->len; i += 3) {
				guint n = MIN(3, f.bytes->len - i);
				if (write(ends[1], f.bytes->data + i, n) < 0)
					_exit(1);
			}
			_exit(0);
		}
		close(ends[1]);
		assert_true(dup2(ends[0], STDIN_FILENO) >= 0);
		close(ends[0]);
		struct source *s = source_open_file("-", NULL, &error);
		assert_non_null(s);
		assert_string_equal(source_name(s), "standard input");
		assert_int_equal(source_progress(s).total, 0);
		assert_int_equal(read_all(s, &count, true), SOURCE_END);
		assert_int_equal(count, PACKETS);
		source_close(s);
		/* It is not ours to close. */
		assert_int_not_equal(fcntl(STDIN_FILENO, F_GETFD), -1);
		g_byte_array_unref(f.bytes);
	}
	dup2(old, STDIN_FILENO);
	close(old);
}

static int make_folder(void **state)
{
	(void)state;
	folder = g_dir_make_tmp("smtp365-XXXXXX", NULL);
	return folder ? 0 : -1;
}

static int remove_folder(void **state)
{
	static const char *const names[] = { "x.pcap", "closed.pcap" };

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		char *path = g_build_filename(folder, names[i], NULL);
		unlink(path);
		g_free(path);
	}
	int gone = g_rmdir(folder);
	g_free(folder);
	return gone;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pcap),
		cmocka_unit_test(test_pcapng),
		cmocka_unit_test(test_packed),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_cut_everywhere),
		cmocka_unit_test(test_cut_words),
		cmocka_unit_test(test_damaged_everywhere),
		cmocka_unit_test(test_damage_words),
		cmocka_unit_test(test_no_capture),
		cmocka_unit_test(test_no_file),
		cmocka_unit_test(test_mixed_interfaces),
		cmocka_unit_test(test_numbered_records),
		cmocka_unit_test(test_time_resolution),
		cmocka_unit_test(test_sections_and_old_packets),
		cmocka_unit_test(test_lying_blocks),
		cmocka_unit_test(test_filter),
		cmocka_unit_test(test_stdin),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
