/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A lane: what one direction holds until it can be delivered, and the hole before it. Copies of
 * segments are sorted by sequence number and never overlap; the first copy of every byte is kept.
 * Lanes whose hole times out wait in a list of the table. What is delivered, and when a hole is
 * given up, is order.c's business.
 */
#include "flow/lane.h"

/* ---- held segments ---- */

static size_t held_cost(const struct held *h)
{
	return sizeof(*h) + h->caplen + BLOCK_COST;
}

void held_remove(struct flow_table *t, struct lane *l, struct held *h)
{
	if (h->prev)
		h->prev->next = h->next;
	else
		l->first = h->next;
	if (h->next)
		h->next->prev = h->prev;
	else
		l->last = h->prev;
	l->held_count--;
	l->held_bytes -= h->caplen;
	flow_discharge(t, held_cost(h));
}

void held_free(struct held *h)
{
	explicit_bzero(h->copy, h->caplen); /* it may be a password that no decoder saw */
	g_free(h);
}

/* One piece of a segment into the lane, after `prev`. */
static struct held *held_add(struct flow_table *t, struct lane *l, struct held *prev,
			     const struct held *like, struct bytes view, uint32_t seq, uint32_t len)
{
	size_t n = bytes_left(&view);
	struct held *h = g_malloc(sizeof(*h) + n);
	*h = *like;
	h->seq = seq;
	h->len = len;
	h->caplen = (uint32_t)n;
	if (n)
		memcpy(h->copy, view.at, n);
	h->prev = prev;
	h->next = prev ? prev->next : l->first;
	if (h->next)
		h->next->prev = h;
	else
		l->last = h;
	if (prev)
		prev->next = h;
	else
		l->first = h;
	l->held_count++;
	l->held_bytes += h->caplen;
	flow_charge(t, held_cost(h));
	return h;
}

/* The part of a segment's captured bytes that begins `from` bytes into it, at most n. */
static struct bytes part_of(struct bytes view, uint32_t from, uint32_t n)
{
	bytes_upto(&view, from);
	return bytes_upto(&view, n);
}

/* Bytes that came twice: the first copy stays; different ones are remembered. */
static void compare(struct lane *l, const struct held *h, const struct held *like,
		    struct bytes view, uint32_t at, uint32_t end)
{
	struct bytes old = part_of(bytes_of(h->copy, h->caplen), at - h->seq, end - at);
	struct bytes new = part_of(view, at - like->seq, end - at);
	size_t n = MIN(bytes_left(&old), bytes_left(&new));
	if (!lane_side(l)->overlap_conflict &&
	    !bytes_equal(bytes_upto(&old, n), bytes_upto(&new, n)))
		lane_side(l)->overlap_conflict = like->mark.frame;
}

bool held_insert(struct flow_table *t, struct lane *l, const struct held *like, struct bytes view,
		 uint32_t at)
{
	uint32_t end = like->seq + like->len;
	struct held *prev = l->last;
	bool added = false;
	if (l->first && seq_cmp(l->first->seq, at) > 0)
		prev = NULL; /* before all of them, as what fills the first hole */
	while (prev && seq_cmp(prev->seq, at) > 0)
		prev = prev->prev;
	while (at != end) {
		uint32_t covered = prev ? prev->seq + prev->len : at;
		if (seq_cmp(covered, at) > 0) {
			uint32_t stop = seq_cmp(covered, end) < 0 ? covered : end;
			compare(l, prev, like, view, at, stop);
			at = stop;
			continue;
		}
		struct held *next = prev ? prev->next : l->first;
		uint32_t stop = next && seq_cmp(next->seq, end) < 0 ? next->seq : end;
		if (stop != at) {
			struct bytes part = part_of(view, at - like->seq, stop - at);
			prev = held_add(t, l, prev, like, part, at, stop - at);
			added = true;
			at = stop;
		} else {
			prev = next;
		}
	}
	return added;
}

/* ---- holes ---- */

static void wait_append(struct flow_table *t, struct lane *l, uint64_t since_ns)
{
	l->wait_ns = since_ns;
	l->wait_prev = t->wait_last;
	l->wait_next = NULL;
	if (t->wait_last)
		t->wait_last->wait_next = l;
	else
		t->wait_first = l;
	t->wait_last = l;
	l->waiting = true;
}

void hole_wait_remove(struct flow_table *t, struct lane *l)
{
	if (!l->waiting)
		return;
	if (l->wait_prev)
		l->wait_prev->wait_next = l->wait_next;
	else
		t->wait_first = l->wait_next;
	if (l->wait_next)
		l->wait_next->wait_prev = l->wait_prev;
	else
		t->wait_last = l->wait_prev;
	l->waiting = false;
}

struct lane_item lane_item(const struct lane *l)
{
	if (!l)
		return (struct lane_item){ .any = false };
	const struct held *h = l->first;
	if (lane_fin_waits(l) && (!h || seq_cmp(l->fin_seq, h->seq) < 0))
		return (struct lane_item){
			.any = true,
			.fin = true,
			.seq = l->fin_seq,
			.ack = l->fin_ack,
			.frame = lane_side(l)->fin_frame,
			.arrived_ns = l->fin_at,
		};
	if (!h)
		return (struct lane_item){ .any = false };
	return (struct lane_item){
		.any = true,
		.late = h->late,
		.seq = h->seq,
		.ack = h->ack,
		.frame = h->mark.frame,
		.arrived_ns = h->arrived_ns,
	};
}

struct lane_hole lane_hole(const struct conn *c, const struct lane *l)
{
	const struct flow_side *me = &c->flow.side[l->dir], *peer = &c->flow.side[!l->dir];
	struct lane_item item = lane_item(l);
	struct lane_hole hole = { .since_ns = item.arrived_ns };
	if (item.any && seq_cmp(item.seq, me->next) <= 0)
		return hole;
	hole.missing = item.any ? item.seq - me->next : 0;
	hole.covered = me->have_acked && seq_cmp(me->acked, me->next) > 0;
	if (!hole.covered)
		return hole;
	if (l->ack_ahead && l->ack_at > hole.since_ns)
		hole.since_ns = l->ack_at;
	if (!item.any || seq_cmp(me->acked, item.seq) < 0)
		hole.missing = me->acked - me->next;
	struct lane_item other = lane_item(c->lane[!l->dir]);
	if (!other.any || seq_cmp(other.seq, peer->next) > 0 || seq_cmp(other.ack, me->next) <= 0)
		return hole;
	if (other.arrived_ns > hole.since_ns)
		hole.since_ns = other.arrived_ns;
	if (other.ack - me->next < hole.missing)
		hole.missing = other.ack - me->next;
	return hole;
}

enum hole_state lane_state(const struct flow_table *t, const struct conn *c, const struct lane *l,
			   uint64_t *since_ns)
{
	const struct flow_side *side = c->flow.side;
	struct lane_hole hole = lane_hole(c, l);
	if (!hole.missing)
		return HOLE_NONE;
	bool reset = side[0].rst_frame || side[1].rst_frame;
	if (!hole.covered && !reset && side[!l->dir].segments)
		return HOLE_OPEN; /* the peer will acknowledge it, or have it sent again */
	*since_ns = hole.since_ns;
	if (l->absent && !side[l->dir].segments)
		return HOLE_DUE;
	return flow_elapsed(t, hole.since_ns) >= CAP_HOLE_WAIT ? HOLE_DUE : HOLE_WAITS;
}

void hole_wait_update(struct flow_table *t, struct conn *c, struct lane *l)
{
	const struct flow_side *me = &c->flow.side[l->dir];
	uint64_t since;
	if (l->ack_ahead && seq_cmp(me->acked, me->next) <= 0)
		l->ack_ahead = false;
	bool waits = lane_state(t, c, l, &since) >= HOLE_WAITS;
	if (waits == l->waiting)
		return;
	if (waits)
		wait_append(t, l, since);
	else
		hole_wait_remove(t, l);
}

void lane_clear(struct flow_table *t, struct lane *l)
{
	while (l->first) {
		struct held *h = l->first;
		held_remove(t, l, h);
		held_free(h);
	}
	hole_wait_remove(t, l);
}
