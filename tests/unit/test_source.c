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
	guint at = 0;

	for (unsigned m = 1; m <= members; m++) {
		guint end = f.bytes->len * m / members, room = (end - at) * 2 + 1000;
		uint8_t *to = g_malloc(room);
		gsize n;
		if (zstd) {
			n = ZSTD_compress(to, room, f.bytes->data + at, end - at, 3);
			assert_false(ZSTD_isError(n));
		} else {
			z_stream z = { .next_in = f.bytes->data + at, .avail_in = end - at,
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

/* libpcap reads one link type a file; the words say how to split it. */
static void test_mixed_interfaces(void **state)
{
	(void)state;
	for (int snap = 0; snap <= 1; snap++) {
		struct file f = { g_byte_array_new(), false };
		char *error = NULL;
		unsigned count;
		put_section(&f);
		put_interface(&f, 1, 65535);
		put_enhanced_packet(&f, 0, 0);
		put_interface(&f, snap ? 1 : 101, snap ? 96 : 65535);
		put_enhanced_packet(&f, 1, 1);
		struct source *s = open_bytes(f.bytes->data, f.bytes->len, NULL, &error);
		assert_int_equal(read_all(s, &count, true), SOURCE_MIXED);
		assert_int_equal(count, 1);
		assert_non_null(strstr(source_error(s), snap ? "snapshot length" : "link type"));
		assert_non_null(strstr(source_error(s), snap ? "editcap -F pcap FILE" : "tshark -r"));
		source_close(s);
		g_byte_array_unref(f.bytes);
	}
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
		cmocka_unit_test(test_filter),
		cmocka_unit_test(test_stdin),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
