/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Assembly of SMTP lines for both decoders. Takes views, gives lines without their CRLF and with
 * their marks. A line that lies whole in the view is not copied; a partial one goes to a carry
 * buffer that grows with its need up to CAP_LINE and is wiped when done, whatever it held.
 * Knows nothing of verbs, codes or secrets; that is left to client.c and server.c.
 */
#ifndef SMTP365_SMTP_LINE_H
#define SMTP365_SMTP_LINE_H

#include "smtp/smtp.h"

struct smtp_line {
	uint8_t *buf;	/* owned; front of the line that has started, or the line given last */
	uint32_t size;	/* bytes allocated, at most CAP_LINE */
	uint32_t used;	/* bytes kept */
	uint64_t total; /* bytes of the started line so far, kept or not */
	uint8_t last;	/* its last byte so far */
	bool given;	/* buf was handed out: released by the next call */
	bool overrun;	/* smtp_line_overrun has said so */
};

/* Is the front of what is not yet a line a TLS record? */
enum smtp_line_tls {
	SMTP_LINE_TLS_NO,
	SMTP_LINE_TLS_MAYBE, /* too few bytes to tell */
	SMTP_LINE_TLS_YES,
};

/* One line from the front of `in`: STEP_ITEM, or STEP_MORE after everything was taken. The line is
 * borrowed (from `in` or from l) until the next call. Longer than CAP_LINE: front only, marked. */
enum step smtp_line_next(struct smtp_line *l, struct bytes *in, struct bytes *line,
			 unsigned *marks);
/* Wipe and forget a started line. */
void smtp_line_drop(struct smtp_line *l);
/* Wipe n bytes of the carry from offset `from` (a secret that is not needed any more), when
 * `line` lies in it. */
void smtp_line_wipe(struct smtp_line *l, size_t from);
/* A line has started and waits for its end: how many bytes. */
uint64_t smtp_line_pending(const struct smtp_line *l);
/* The kept front of a started line; empty when none has. */
struct bytes smtp_line_front(const struct smtp_line *l);
/* Started line and front of `in` together; asks only at the start of a line. */
enum smtp_line_tls smtp_line_looks_tls(const struct smtp_line *l, struct bytes in);
/* Keep all of `in` in the carry without looking for a line end. */
void smtp_line_keep(struct smtp_line *l, struct bytes *in);
/* The started line has just passed CAP_LINE: true once for a line. */
bool smtp_line_overrun(struct smtp_line *l);
/* Has this text so many NUL and control bytes that it is no text at all? */
bool smtp_line_binary(struct bytes front);

#endif
