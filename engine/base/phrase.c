/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The common conversions of printf, see phrase.h.
 */
#include "base/phrase.h"

#include <stdio.h>
#include <string.h>

#define DIGITS 20 /* of UINT64_MAX */

struct sheet {
	char *to;
	size_t size, used; /* used: what the whole text takes, also past the room */
};

static void put(struct sheet *s, const char *text, size_t n)
{
	if (s->used < s->size)
		memcpy(s->to + s->used, text, MIN(n, s->size - s->used));
	s->used += n;
}

/* The digits of n, written to the end of `room`; returns where they begin. */
static const char *digits(char room[DIGITS], uint64_t n)
{
	char *at = room + DIGITS;
	do {
		*--at = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	return at;
}

static void put_number(struct sheet *s, unsigned n)
{
	char room[DIGITS];
	const char *at = digits(room, n);
	put(s, at, (size_t)(room + DIGITS - at));
}

/* False at the first conversion that is none of ours. */
static bool put_all(struct sheet *s, const char *format, va_list args)
{
	const char *p;
	for (; (p = strchr(format, '%')); format = p + 2) {
		put(s, format, (size_t)(p - format));
		if (p[1] == 's') {
			const char *text = va_arg(args, const char *);
			put(s, text ? text : "(null)", text ? strlen(text) : 6);
		} else if (p[1] == 'u') {
			put_number(s, va_arg(args, unsigned));
		} else if (p[1] == 'c') {
			char c = (char)va_arg(args, int);
			put(s, &c, 1);
		} else {
			return false;
		}
	}
	put(s, format, strlen(format));
	return true;
}

int phrase_v(char *to, size_t size, const char *format, va_list args)
{
	struct sheet s = { .to = to, .size = size };
	va_list again;
	va_copy(again, args);
	bool done = put_all(&s, format, args);
	int library = done ? 0 : vsnprintf(to, size, format, again);
	va_end(again);
	if (!done)
		return library;
	to[MIN(s.used, size - 1)] = '\0';
	return (int)MIN(s.used, (size_t)INT32_MAX);
}

int phrase(char *to, size_t size, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int n = phrase_v(to, size, format, args);
	va_end(args);
	return n;
}

void phrase_append(GString *out, const char *format, ...)
{
	char text[512];
	va_list args;
	va_start(args, format);
	int n = phrase_v(text, sizeof text, format, args);
	va_end(args);
	if (n >= 0 && (size_t)n < sizeof text) {
		phrase_put(out, text, (size_t)n);
		return;
	}
	va_start(args, format);
	g_string_append_vprintf(out, format, args);
	va_end(args);
}

void phrase_blanks(GString *out, size_t n)
{
	static const char blanks[] = "                                ";
	for (size_t now; n > 0; n -= now)
		phrase_put(out, blanks, now = MIN(n, sizeof blanks - 1));
}

void phrase_number(GString *out, uint64_t n)
{
	char room[DIGITS];
	const char *at = digits(room, n);
	phrase_put(out, at, (size_t)(room + DIGITS - at));
}
