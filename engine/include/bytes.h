/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A borrowed view of captured bytes with a sticky error. This is the only place in the engine
 * that moves a pointer over captured data: every reader takes from the front and goes bad when
 * there is too little, so a decoder makes any number of reads and tests `bad` once at the end.
 * A view never owns; the bytes live as long as the segment or buffer they were cut from.
 * Network byte order throughout.
 */
#ifndef SMTP365_BYTES_H
#define SMTP365_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
	const uint8_t *at;  /* first byte not yet taken; borrowed */
	const uint8_t *end; /* one past the last byte */
	bool bad;	    /* a take went past the end; stays set */
};

/* What a pull decoder answers: an item, "give me more bytes", or "this is not my protocol". */
enum step { STEP_ITEM, STEP_MORE, STEP_BAD };

/* A view of n bytes at p; p may be NULL when n is 0. */
static inline struct bytes bytes_of(const void *p, size_t n)
{
	const uint8_t *at = p;
	return (struct bytes){ .at = at, .end = n ? at + n : at, .bad = false };
}

/* Bytes left, 0 when bad or empty. */
static inline size_t bytes_left(const struct bytes *b)
{
	return b->bad ? 0 : (size_t)(b->end - b->at);
}

/* Cut n bytes off the front and return them, or go bad and return an empty view. */
static inline struct bytes bytes_take(struct bytes *b, size_t n)
{
	if (b->bad || (size_t)(b->end - b->at) < n) {
		b->bad = true;
		return (struct bytes){ .at = b->end, .end = b->end, .bad = true };
	}
	struct bytes cut = { .at = b->at, .end = n ? b->at + n : b->at, .bad = false };
	b->at = cut.end;
	return cut;
}

/* Cut at most n bytes off the front; never goes bad. */
static inline struct bytes bytes_upto(struct bytes *b, size_t n)
{
	size_t left = bytes_left(b);
	return bytes_take(b, n < left ? n : left);
}

/* The byte i from the front without taking it; 0 past the end. */
static inline uint8_t bytes_peek(const struct bytes *b, size_t i)
{
	return i < bytes_left(b) ? b->at[i] : 0;
}

static inline uint8_t bytes_u8(struct bytes *b)
{
	struct bytes c = bytes_take(b, 1);
	return c.bad ? 0 : c.at[0];
}

static inline uint16_t bytes_u16(struct bytes *b)
{
	struct bytes c = bytes_take(b, 2);
	return (uint16_t)(c.bad ? 0 : (c.at[0] << 8) | c.at[1]);
}

static inline uint32_t bytes_u24(struct bytes *b)
{
	struct bytes c = bytes_take(b, 3);
	return c.bad ? 0 : ((uint32_t)c.at[0] << 16) | ((uint32_t)c.at[1] << 8) | c.at[2];
}

static inline uint32_t bytes_u32(struct bytes *b)
{
	struct bytes c = bytes_take(b, 4);
	return c.bad ? 0
		     : ((uint32_t)c.at[0] << 24) | ((uint32_t)c.at[1] << 16) |
			       ((uint32_t)c.at[2] << 8) | c.at[3];
}

/* A TLS vector (RFC 8446 section 3.4): a length of `width` bytes (1, 2 or 3), then the body. */
static inline struct bytes bytes_vec(struct bytes *b, unsigned width)
{
	size_t n = width == 1 ? bytes_u8(b) : width == 2 ? bytes_u16(b) : bytes_u24(b);
	return bytes_take(b, n);
}

/* Where byte c first stands, or -1. */
static inline ptrdiff_t bytes_find(const struct bytes *b, uint8_t c)
{
	size_t n = bytes_left(b);
	const uint8_t *p = n ? memchr(b->at, c, n) : NULL;
	return p ? p - b->at : -1;
}

/* Add the bytes to `sum` as numbers of 32 bits in this machine's order, which folds to the same
 * 16-bit sum but for its byte order (RFC 1071 section 2); the end is padded with 0. */
static inline uint64_t bytes_sum(uint64_t sum, struct bytes b)
{
	size_t n = bytes_left(&b);
	uint32_t word;

	for (; n >= sizeof(word); n -= sizeof(word), b.at += sizeof(word)) {
		memcpy(&word, b.at, sizeof(word));
		sum += word;
	}
	word = 0;
	if (n)
		memcpy(&word, b.at, n);
	return sum + word;
}

/* Skip lines that end in CRLF and have at least `least` (> 0) bytes before the LF, up to the first
 * that is shorter, ends otherwise or is not whole; returns the bytes skipped. The inner loop of
 * every message body. */
static inline size_t bytes_skip_lines(struct bytes *b, size_t least)
{
	const uint8_t *start = b->at, *lf;

	while (bytes_left(b) && (lf = memchr(b->at, '\n', (size_t)(b->end - b->at))) != NULL &&
	       (size_t)(lf - b->at) >= least && lf[-1] == '\r')
		b->at = lf + 1;
	return (size_t)(b->at - start);
}

/* Same bytes? */
static inline bool bytes_equal(struct bytes a, struct bytes b)
{
	size_t n = bytes_left(&a);
	return n == bytes_left(&b) && (n == 0 || memcmp(a.at, b.at, n) == 0);
}

/* Does the view begin with the n bytes of word, ASCII letters compared without case? */
static inline bool bytes_starts(const struct bytes *b, const char *word, size_t n)
{
	if (bytes_left(b) < n)
		return false;
	for (size_t i = 0; i < n; i++) {
		uint8_t c = b->at[i], w = (uint8_t)word[i];
		c = (uint8_t)(c >= 'a' && c <= 'z' ? c - 32 : c);
		w = (uint8_t)(w >= 'a' && w <= 'z' ? w - 32 : w);
		if (c != w)
			return false;
	}
	return true;
}

/* Is the whole view this word, ASCII letters compared without case? */
static inline bool bytes_is(const struct bytes *b, const char *word)
{
	size_t n = strlen(word);
	return bytes_left(b) == n && bytes_starts(b, word, n);
}

/* Drop blanks (SP, HTAB, CR, LF) from both ends. */
static inline struct bytes bytes_trim(struct bytes b)
{
	if (b.bad)
		return b;
	while (b.at < b.end && (*b.at == ' ' || *b.at == '\t' || *b.at == '\r' || *b.at == '\n'))
		b.at++;
	while (b.at < b.end &&
	       (b.end[-1] == ' ' || b.end[-1] == '\t' || b.end[-1] == '\r' || b.end[-1] == '\n'))
		b.end--;
	return b;
}

#endif
