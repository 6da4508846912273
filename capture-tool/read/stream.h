/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bytes of a capture file, as a FILE for libpcap or where they lie, unpacked on the way when
 * they are gzip or zstd (told by their first bytes, so that pipes work too; several members in a
 * row are one file). Damage ends the FILE like an end of file, so that all that was good before is
 * read; the reason is kept for the caller. Memory does not depend on the data.
 */
#ifndef SMTP365_SOURCE_STREAM_H
#define SMTP365_SOURCE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* First unpacked bytes that stream_head can show: a pcap file header. */
#define STREAM_HEAD 24u

enum stream_trouble {
	STREAM_FINE,
	STREAM_CUT,	/* compressed data ends too early */
	STREAM_DAMAGED, /* compressed data is wrong */
	STREAM_FAILED,	/* read(2) failed */
};

struct stream;

/* Take over `fd` (closed by stream_close when `own`), read what is needed to know its packing. */
struct stream *stream_open(int fd, bool own);
/* After the FILE was closed. */
void stream_close(struct stream *s);
/* A FILE over the stream with a large buffer; closing it leaves the stream open. */
FILE *stream_file(struct stream *s);
/* Instead of the FILE: the next n unpacked bytes in a row, without taking them; NULL when the
 * stream ends before. Borrowed until the next call. n is checked by the caller: so much memory is
 * used. */
const uint8_t *stream_view(struct stream *s, size_t n);
/* What lies ready without reading more, from the first byte not taken on; *n how many bytes. */
const uint8_t *stream_unread(const struct stream *s, size_t *n);
/* Go on behind n bytes that stream_view showed. */
void stream_take(struct stream *s, size_t n);
/* Unpacked bytes taken so far by stream_take, and all that were unpacked: the difference is what
 * lies ready. */
uint64_t stream_taken(const struct stream *s);
uint64_t stream_unpacked(const struct stream *s);
/* The first unpacked bytes, at most STREAM_HEAD, without taking them; *n how many. */
const uint8_t *stream_head(const struct stream *s, size_t *n);
/* "gzip", "zstd" or NULL. */
const char *stream_packing(const struct stream *s);
/* Bytes read from the descriptor so far. */
uint64_t stream_raw(const struct stream *s);
/* What went wrong so far, and in words (borrowed, "" when nothing). */
enum stream_trouble stream_trouble(const struct stream *s, const char **words);

#endif
