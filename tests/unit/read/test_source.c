/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests of the source: every file format it reads, both byte orders, packed and in several members,
 * through a pipe; and every way in which a file can be wrong, with the words that the user gets.
 * Each format is also cut at every byte: what lies before the cut is delivered, never more.
 */
#include "read/capture_files.h"

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
	(void)state;
	for (int big = 0; big <= 1; big++) { /* read by us, and by libpcap */
		struct file f = made_pcap(big, true);
		char *error = NULL;
		unsigned count;
		struct source *s = open_bytes(f.bytes->data, 24 + 36 + 37 + 20, NULL, &error);
		assert_int_equal(read_all(s, &count, true), SOURCE_CUT);
		assert_int_equal(count, 2);
		assert_non_null(strstr(source_error(s), "x.pcap: "));
		assert_non_null(strstr(source_error(s), "frame 3"));
		assert_non_null(strstr(source_error(s), "byte 117"));
		assert_int_equal(big, strstr(source_error(s), "[libpcap: truncated") != NULL);
		source_close(s);
		g_byte_array_unref(f.bytes);
	}
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
				struct source *s =
					open_bytes(f.bytes->data, f.bytes->len, NULL, &error);
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
	assert_non_null(strstr(source_error(s), "at byte 60"));
	assert_non_null(strstr(source_error(s), "longer than any"));
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
	expect_refused("Received: from x\r\n and more text here", 38, "mail.txt",
		       "no capture file");
	expect_refused("\x01\x02", 2, "b.pcap", "no frame can be read");
	expect_refused("\xd4\xc3\xb2\xa1\2\0\4\0", 8, "c.pcap", "no frame can be read");
	expect_refused("\xfd"
		       "7zXZ\0\0\4",
		       8, "d.pcap.xz", "xz -dc");
	expect_refused("BZh91AY&SY", 10, "e.pcap.bz2", "bzip2 -dc");
	expect_refused("PK\3\4\0\0\0\0", 8, "f.zip", "ZIP");
	expect_refused("GMBU\0\2\1\0", 8, "g.cap", "Network Monitor");
	expect_refused("\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 25, "h.etl",
		       "etl2pcap");
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

/* Frames that the filter drops keep their numbers. */
static void test_filter(void **state)
{
	struct file f = made_pcap(false, true);
	struct source_packet k;
	char *error = NULL;

	(void)state;
	struct source *s =
		open_bytes(f.bytes->data, f.bytes->len, "ether[0] = 1 or ether[0] = 4", &error);
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
		cmocka_unit_test(test_filter),
		cmocka_unit_test(test_stdin),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
