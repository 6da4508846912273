/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known of the capture that is open: verdicts by session number, the session of a frame,
 * and the sessions for which a frame is evidence. Filled during the first pass and when the engine
 * concludes, read in every pass. Knows nothing of Wireshark.
 */
#ifndef SMTP365_BOOK_H
#define SMTP365_BOOK_H

#include <glib.h>
#include "verdict.h"

struct book;

struct book *book_new(void);
void book_free(struct book *b);

/* A verdict came in. Copied; `all_events`: with the whole dialogue. */
void book_add(struct book *b, const struct verdict *v, bool all_events);
/* Number of the highest session with a verdict, and its verdict (NULL: none, or not yet). */
unsigned book_last(const struct book *b);
const struct verdict *book_verdict(const struct book *b, unsigned session);
/* Verdicts so far. */
unsigned book_count(const struct book *b);

/* This frame belongs to this session. */
void book_frame(struct book *b, uint32_t frame, unsigned session);
/* The session of a frame, 0 none. */
unsigned book_session(const struct book *b, uint32_t frame);
/* The session between these ends that this frame lies in, 0 none. For frames that came before the
 * session was known to be SMTP. */
unsigned book_between(const struct book *b, uint32_t frame, const struct address *x,
		      uint16_t x_port, const struct address *y, uint16_t y_port);

/* The capture's next frame has these marks (time and length). Equal marks of equal frames tell that
 * a file was read again. */
void book_mark(struct book *b, uint32_t frame, uint64_t time_ns, uint32_t len);
/* Are the two books of the same capture up to this frame? */
bool book_same(const struct book *a, const struct book *b, uint32_t frame);

/* Sessions with a finding that names the frame, in order of their conclusion; the first 16. */
struct book_evidence {
	unsigned session;
	struct book_evidence *next;
};
const struct book_evidence *book_evidence(const struct book *b, uint32_t frame);

#endif
