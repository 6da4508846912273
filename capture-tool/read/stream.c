/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The unpacking FILE of stream.h: fopencookie over read(2), zlib or libzstd. A plain file
 * takes the same way and costs nothing more, because read(2) goes straight into the FILE's buffer.
 * Sources: RFC 1952 (gzip, section 2.2: members follow each other), RFC 8878 (zstd frames).
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* fopencookie */
#endif
#include <errno.h>
#include <stdio_ext.h>
#include <string.h>
#include <unistd.h>
#include <glib.h>
#include <zlib.h>
#include <zstd.h>
#include "read/stream.h"

/* Compressed bytes read at once, and the FILE's buffer: larger ones were not faster. */
#define BLOCK (128u << 10)

struct stream {
	int fd;
	bool own, ended;  /* ended: read(2) gave 0 or failed */
	bool open_member; /* inside a gzip member or zstd frame */
	enum stream_trouble trouble;
	const char *words;
	const char *packing;
	ssize_t (*unpack)(struct stream *s, char *to, size_t n);
	z_stream gzip;
	ZSTD_DStream *zstd;
	uint64_t raw;
	uint64_t given; /* unpacked bytes handed out */
	uint8_t *view;	/* owned; of stream_view, NULL until asked for */
	size_t view_room, view_from, view_to;
	size_t head_at, head_end;
	uint8_t head[STREAM_HEAD];
	size_t at, end; /* of in[], not yet unpacked */
	uint8_t in[BLOCK];
	char buffer[BLOCK]; /* of the FILE */
};

static void go_wrong(struct stream *s, enum stream_trouble what, const char *words)
{
	if (s->trouble != STREAM_FINE)
		return;
	s->trouble = what;
	s->words = words;
}

/* read(2) without interruptions; 0 at the end, also after a failure, which is noted. */
static size_t read_raw(struct stream *s, void *to, size_t n)
{
	ssize_t got = 0;

	if (s->ended)
		return 0;
	do {
		got = read(s->fd, to, n);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		go_wrong(s, STREAM_FAILED, g_strerror(errno));
	s->ended = got <= 0;
	s->raw += got > 0 ? (uint64_t)got : 0;
	return got > 0 ? (size_t)got : 0;
}

/* More compressed bytes when there are none left; false at the end. */
static bool refill(struct stream *s)
{
	if (s->at < s->end)
		return true;
	s->at = 0;
	s->end = read_raw(s, s->in, sizeof s->in);
	return s->end > 0;
}

static ssize_t unpack_plain(struct stream *s, char *to, size_t n)
{
	size_t left = s->end - s->at;

	if (left == 0)
		return (ssize_t)read_raw(s, to, n);
	n = n < left ? n : left;
	memcpy(to, &s->in[s->at], n);
	s->at += n;
	return (ssize_t)n;
}

/* Between gzip members: another one, or nothing but padding with zeros (tapes, block devices). */
static bool next_member(struct stream *s)
{
	while (refill(s) && s->in[s->at] == 0)
		s->at++;
	if (s->at == s->end)
		return false;
	if (s->in[s->at] != 0x1f) {
		go_wrong(s, STREAM_DAMAGED, "other bytes follow the compressed data");
		return false;
	}
	inflateReset(&s->gzip);
	s->open_member = true;
	return true;
}

static ssize_t unpack_gzip(struct stream *s, char *to, size_t n)
{
	z_stream *z = &s->gzip;
	uInt room = (uInt)(n < BLOCK ? n : BLOCK);

	z->next_out = (Bytef *)to;
	z->avail_out = room;
	while (z->avail_out == room && s->trouble == STREAM_FINE) {
		if (!s->open_member && !next_member(s))
			break;
		if (!refill(s)) {
			go_wrong(s, STREAM_CUT, "the gzip data ends too early");
			break;
		}
		z->next_in = &s->in[s->at];
		z->avail_in = (uInt)(s->end - s->at);
		int got = inflate(z, Z_NO_FLUSH);
		s->at = s->end - z->avail_in;
		if (got == Z_STREAM_END)
			s->open_member = false;
		else if (got != Z_OK && got != Z_BUF_ERROR)
			go_wrong(s, STREAM_DAMAGED, z->msg ? z->msg : "wrong gzip data");
	}
	return (ssize_t)(room - z->avail_out);
}

static ssize_t unpack_zstd(struct stream *s, char *to, size_t n)
{
	ZSTD_outBuffer out = { .dst = to, .size = n };

	while (out.pos == 0 && s->trouble == STREAM_FINE) {
		/* Output may wait inside while no input is left, so the end shows only here. */
		bool more = refill(s);
		ZSTD_inBuffer in = { .src = s->in, .size = s->end, .pos = s->at };
		if (!more && !s->open_member)
			break;
		size_t got = ZSTD_decompressStream(s->zstd, &out, &in);
		s->at = in.pos;
		if (ZSTD_isError(got)) {
			go_wrong(s, STREAM_DAMAGED, ZSTD_getErrorName(got));
			break;
		}
		s->open_member = got != 0;
		if (!more && out.pos == 0 && s->open_member) {
			go_wrong(s, STREAM_CUT, "the zstd data ends too early");
			break;
		}
	}
	return (ssize_t)out.pos;
}

/* The read function of the FILE: first the head that was looked at, then the rest. */
static ssize_t cookie_read(void *cookie, char *to, size_t n)
{
	struct stream *s = cookie;
	size_t left = s->head_end - s->head_at;
	ssize_t got;

	if (left > 0) {
		got = (ssize_t)(n < left ? n : left);
		memcpy(to, &s->head[s->head_at], (size_t)got);
		s->head_at += (size_t)got;
	} else {
		got = s->unpack(s, to, n);
	}
	s->given += (uint64_t)got;
	return got;
}

/* Only "where am I": it makes ftello work, which tells the place of damage. */
static int cookie_seek(void *cookie, off64_t *offset, int whence)
{
	const struct stream *s = cookie;

	if (whence != SEEK_CUR || *offset != 0) {
		errno = ESPIPE;
		return -1;
	}
	*offset = (off64_t)s->given;
	return 0;
}

/* gzip is 1f 8b 08 (deflate); zstd frames and skippable frames are little-endian magic numbers. */
static void choose_packing(struct stream *s)
{
	static const uint8_t gzip[] = { 0x1f, 0x8b }, zstd[] = { 0x28, 0xb5, 0x2f, 0xfd };

	s->unpack = unpack_plain;
	if (s->end >= sizeof gzip && memcmp(s->in, gzip, sizeof gzip) == 0) {
		/* 15 bits of window, 16: gzip only. */
		if (inflateInit2(&s->gzip, 15 + 16) != Z_OK)
			g_error("zlib has no memory");
		s->packing = "gzip";
		s->unpack = unpack_gzip;
		s->open_member = true;
	} else if (s->end >= sizeof zstd && memcmp(s->in, zstd, sizeof zstd) == 0) {
		s->zstd = ZSTD_createDStream();
		g_assert(s->zstd);
		s->packing = "zstd";
		s->unpack = unpack_zstd;
		s->open_member = true;
	}
}

struct stream *stream_open(int fd, bool own)
{
	struct stream *s = g_new0(struct stream, 1);

	s->fd = fd;
	s->own = own;
	s->words = "";
	while (s->end < 4) { /* a pipe may give single bytes */
		size_t got = read_raw(s, &s->in[s->end], sizeof s->in - s->end);
		if (got == 0)
			break;
		s->end += got;
	}
	choose_packing(s);
	while (s->head_end < sizeof s->head) {
		ssize_t got =
			s->unpack(s, (char *)&s->head[s->head_end], sizeof s->head - s->head_end);
		if (got <= 0)
			break;
		s->head_end += (size_t)got;
	}
	return s;
}

void stream_close(struct stream *s)
{
	if (!s)
		return;
	if (s->unpack == unpack_gzip)
		inflateEnd(&s->gzip);
	ZSTD_freeDStream(s->zstd);
	if (s->own)
		close(s->fd);
	g_free(s->view);
	g_free(s);
}

FILE *stream_file(struct stream *s)
{
	cookie_io_functions_t io = { .read = cookie_read, .seek = cookie_seek };
	FILE *file = fopencookie(s, "r", io);

	if (!file)
		return NULL;
	/* glibc ignores the size when it is to find the buffer itself. */
	setvbuf(file, s->buffer, _IOFBF, sizeof s->buffer);
	/* One thread reads it; without this every fread takes a lock, twice a packet. */
	__fsetlocking(file, FSETLOCKING_BYCALLER);
	return file;
}

/* Make room for n bytes from the first one not taken on: what is left moves to the front, which is
 * less than one frame for every block that is read. */
static void view_make_room(struct stream *s, size_t n)
{
	size_t left = s->view_to - s->view_from;

	if (s->view_from > 0)
		memmove(s->view, s->view + s->view_from, left);
	s->view_from = 0;
	s->view_to = left;
	if (s->view_room < n) {
		s->view_room = n > BLOCK ? n : BLOCK;
		s->view = g_realloc(s->view, s->view_room);
	}
}

const uint8_t *stream_view(struct stream *s, size_t n)
{
	if (s->view_to - s->view_from >= n)
		return s->view + s->view_from;
	view_make_room(s, n);
	while (s->view_to < n) {
		ssize_t got =
			cookie_read(s, (char *)s->view + s->view_to, s->view_room - s->view_to);
		if (got <= 0)
			return NULL;
		s->view_to += (size_t)got;
	}
	return s->view;
}

const uint8_t *stream_unread(const struct stream *s, size_t *n)
{
	*n = s->view_to - s->view_from;
	return s->view + s->view_from;
}

void stream_take(struct stream *s, size_t n)
{
	g_assert(n <= s->view_to - s->view_from);
	s->view_from += n;
}

uint64_t stream_taken(const struct stream *s)
{
	return s->given - (s->view_to - s->view_from);
}

uint64_t stream_unpacked(const struct stream *s)
{
	return s->given;
}

const uint8_t *stream_head(const struct stream *s, size_t *n)
{
	*n = s->head_end;
	return s->head;
}

const char *stream_packing(const struct stream *s)
{
	return s->packing;
}

uint64_t stream_raw(const struct stream *s)
{
	return s->raw;
}

enum stream_trouble stream_trouble(const struct stream *s, const char **words)
{
	*words = s->words;
	return s->trouble;
}
