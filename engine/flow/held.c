/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one direction holds until it can be delivered: copies of segments, sorted by sequence
 * number, never overlapping, the first copy of every byte kept. Takes captured bytes as views,
 * gives them back in order; when to deliver and when to give up is flow_order.c's business.
 */
#include "flow/conn.h"

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
