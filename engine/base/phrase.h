/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Short texts from a format, several times a session: %s, %u and %c are put together here, which
 * costs a tenth of the C library's way; a format with anything else goes to the C library, with
 * the same result.
 */
#ifndef SMTP365_PHRASE_H
#define SMTP365_PHRASE_H

#include <glib.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* As vsnprintf(to, size, format, args): size > 0 bytes of room, always ended with a NUL; returns
 * the length that the whole text has. */
int phrase_v(char *to, size_t size, const char *format, va_list args) G_GNUC_PRINTF(3, 0);
/* As snprintf. */
int phrase(char *to, size_t size, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* Append to `out`, whatever its length. */
void phrase_append(GString *out, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Append n bytes; most often there is room, and then it costs a copy only. */
static inline void phrase_put(GString *out, const char *text, size_t n)
{
	if (n && out->len + n < out->allocated_len) {
		memcpy(out->str + out->len, text, n);
		out->len += n;
		out->str[out->len] = '\0';
	} else {
		g_string_append_len(out, text, (gssize)n);
	}
}
static inline void phrase_text(GString *out, const char *text)
{
	phrase_put(out, text, strlen(text));
}
/* Append n blanks. */
void phrase_blanks(GString *out, size_t n);
/* Append a number in decimal. */
void phrase_number(GString *out, uint64_t n);

#endif
