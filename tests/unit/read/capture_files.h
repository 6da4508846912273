/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Capture files made by hand for the tests of the source: pcap and pcapng in both byte orders,
 * packed or not, whose packets tell their own number; and the folder in which they lie.
 */
#ifndef SMTP365_TEST_CAPTURE_FILES_H
#define SMTP365_TEST_CAPTURE_FILES_H

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
#include "read/source.h"

#define PACKETS 5u

static char *folder;

/* Bytes that grow; numbers in the byte order that the file is to have. */
struct file {
	GByteArray *bytes;
	bool big;
};

static inline void put(struct file *f, uint64_t v, unsigned width)
{
	for (unsigned i = 0; i < width; i++) {
		unsigned shift = 8 * (f->big ? width - 1 - i : i);
		uint8_t b = (uint8_t)(v >> shift);
		g_byte_array_append(f->bytes, &b, 1);
	}
}

static inline void put_bytes(struct file *f, uint8_t value, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		g_byte_array_append(f->bytes, &value, 1);
}

/* Packet i: 20 + i bytes of value i at second 1000 + i and 123456789 ns; it had 60 on the wire. */
static inline void put_pcap_packet(struct file *f, unsigned i, bool nano)
{
	put(f, 1000 + i, 4);
	put(f, nano ? 123456789 : 123456, 4);
	put(f, 20 + i, 4);
	put(f, 60, 4);
	put_bytes(f, (uint8_t)i, 20 + i);
}

static inline void put_pcap_header(struct file *f, bool nano, uint32_t link)
{
	put(f, nano ? 0xa1b23c4d : 0xa1b2c3d4, 4);
	put(f, 2, 2);
	put(f, 4, 2);
	put(f, 0, 8);
	put(f, 65535, 4);
	put(f, link, 4);
}

static inline struct file made_pcap(bool big, bool nano)
{
	struct file f = { g_byte_array_new(), big };

	put_pcap_header(&f, nano, 1);
	for (unsigned i = 0; i < PACKETS; i++)
		put_pcap_packet(&f, i, nano);
	return f;
}

static inline void put_section(struct file *f)
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
static inline void put_interface(struct file *f, unsigned link, uint32_t snap)
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

static inline void put_enhanced_packet(struct file *f, unsigned interface, unsigned i)
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

static inline struct file made_pcapng(bool big, unsigned interfaces)
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
static inline struct file packed(struct file f, bool zstd, unsigned members)
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
			z_stream z = { .next_in = from + at,
				       .avail_in = end - at,
				       .next_out = to,
				       .avail_out = room };
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

static inline char *write_as(const char *name, const void *data, gsize n)
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
static inline struct source *open_bytes(const void *data, gsize n, const char *filter, char **error)
{
	char *path = write_as("x.pcap", data, n);
	struct source *s = source_open_file(path, filter, error);

	g_free(path);
	return s;
}

/* Read everything; each packet must be the one that its number says. Returns the last answer. */
static inline int read_all(struct source *s, unsigned *count, bool nano)
{
	struct source_packet k;
	int got;

	*count = 0;
	while ((got = source_next(s, &k)) == SOURCE_PACKET) {
		unsigned i = (*count)++;
		assert_int_equal(k.frame, i + 1);
		assert_int_equal(k.caplen, 20 + i);
		assert_int_equal(k.len, 60);
		assert_int_equal(k.time_ns,
				 (1000ull + i) * 1000000000 + (nano ? 123456789 : 123456000));
		for (uint32_t b = 0; b < k.caplen; b++)
			assert_int_equal(k.data[b], i);
	}
	assert_int_equal(source_next(s, &k), got);
	assert_int_equal(source_error(s) != NULL, got < 0);
	return got;
}

static inline void expect_good(struct file f, bool nano)
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

static inline int make_folder(void **state)
{
	(void)state;
	folder = g_dir_make_tmp("smtp365-XXXXXX", NULL);
	return folder ? 0 : -1;
}

static inline int remove_folder(void **state)
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

#endif
