/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a lane holds, what stands first in it and what is missing before that; also the table's list
 * of lanes whose hole times out. For the files of this room: order.c decides what is delivered or
 * given up.
 */
#ifndef SMTP365_FLOW_LANE_H
#define SMTP365_FLOW_LANE_H

#include "flow/conn.h"

/* What stands first in a lane and waits: payload or the FIN. */
struct lane_item {
	bool any, fin, late;
	uint32_t seq, ack, frame;
	uint64_t arrived_ns;
};

/* What is missing before what stands first in a lane, as far as one gap may go: up to the ACK of
 * the peer when that covers less, and no further than the segment of the other side that waits
 * for it, so that the gap stands at its place in the dialogue. */
struct lane_hole {
	uint32_t missing;  /* 0: none */
	bool covered;	   /* the peer acknowledged it */
	uint64_t since_ns; /* when it was noticed and, when covered, acknowledged */
};

enum hole_state {
	HOLE_NONE,
	HOLE_OPEN,  /* may still be filled; nothing says that it arrived */
	HOLE_WAITS, /* can be given up when its time has come */
	HOLE_DUE,
};

static inline bool lane_fin_waits(const struct lane *l)
{
	return l->fin_known && !l->fin_done;
}

/* What stands first in this lane: held bytes, or the FIN when it comes before them. `l` may be
 * NULL. */
struct lane_item lane_item(const struct lane *l);
struct lane_hole lane_hole(const struct conn *c, const struct lane *l);
/* May the hole be given up, and since when does it wait (set for HOLE_WAITS and HOLE_DUE)? */
enum hole_state lane_state(const struct flow_table *t, const struct conn *c, const struct lane *l,
			   uint64_t *since_ns);
/* Enter the lane in the list of those that wait, or take it out, as its hole is now. */
void hole_wait_update(struct flow_table *t, struct conn *c, struct lane *l);
void hole_wait_remove(struct flow_table *t, struct lane *l);

/* Insert [like->seq, + like->len) from `at` on, between and around what is held; `view` is what
 * was captured from like->seq on. Returns whether any of it was new. */
bool held_insert(struct flow_table *t, struct lane *l, const struct held *like, struct bytes view,
		 uint32_t at);
/* Take it out of its lane; the caller frees it. */
void held_remove(struct flow_table *t, struct lane *l, struct held *h);
/* Wipe and free. */
void held_free(struct held *h);
/* Free what the lane holds and take it off the waiting list. */
void lane_clear(struct flow_table *t, struct lane *l);

#endif
