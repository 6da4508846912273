/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From record lengths to lengths of what is inside (RFC 5246 6.2.3, RFC 7366, RFC 7905, RFC 6655,
 * RFC 8446 5.2): exact where the cipher adds a fixed number of bytes, an interval where it pads.
 */
#ifndef SMTP365_INSIDE_LENGTHS_H
#define SMTP365_INSIDE_LENGTHS_H

#include "inside/inside.h"

/* What one side said before the other answered, or one record of an answer. */
struct inside_turn {
	uint32_t low, high; /* bytes inside */
	uint32_t frame;	    /* of its first record */
	uint64_t ms;	    /* of its first record, since the log began */
	uint32_t delay;	    /* of an answer: ms since the last record of the client */
	unsigned number;    /* answers to the same turn have the same */
	bool server, hole;  /* hole: its bytes, or some, are missing; their number is known */
	bool timed;	    /* `delay` can be trusted */
	bool broken;	    /* entries of the log are missing before it */
};

struct inside_turns {
	struct inside_turn at[INSIDE_LOG_ALL];
	unsigned count;
	bool inexact; /* lengths are intervals, or the cipher was guessed */
	bool broken;  /* entries of the log are missing somewhere */
	bool blind;   /* the client's direction was not captured */
};

/* The dialogue after the second EHLO reply. False: lengths say nothing here, as this is no server
 * of Microsoft 365 that answers, or its records are padded. */
bool inside_turns(const struct inside_input *in, struct inside_turns *out);

#endif
