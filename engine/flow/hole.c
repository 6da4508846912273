/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The holes of a connection, see flow_hole.h. */
#include "flow/hole.h"

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
