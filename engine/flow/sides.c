/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory of the two sides of a connection. Most connections of a scan or a blocked port are SYN
 * and little else: those keep a packed form, shown to the host in one pair that the table owns.
 * The first payload, FIN, RST or oddity gives the connection sides of its own and a lane.
 */
#include "flow/lane.h"

#define SIDES_COST (2 * sizeof(struct flow_side) + BLOCK_COST)

void sides_unpack(struct flow_table *t, struct conn *c)
{
	if (!c->is_packed || t->unpacked == c)
		return;
	t->unpacked = c;
	c->flow.side = t->side;
	for (unsigned d = 0; d < 2; d++) {
		const struct packed_side *p = &c->packed[d];
		t->side[d] = (struct flow_side){
			.isn = p->isn,
			.next = p->next,
			.highest = p->highest,
			.acked = p->acked,
			.have_next = p->have_next,
			.have_acked = p->have_acked,
			.has_mac = p->has_mac,
			.ttl_first = p->ttl_first,
			.ttl_min = p->ttl_min,
			.ttl_max = p->ttl_max,
			.mss = p->mss,
			.window_syn = p->window_syn,
			.ip_id_last = p->ip_id_last,
			.syn_frame = p->syn_frame,
			.syn_last_frame = p->syn_last_frame,
			.syn_ns = p->syn_ns,
			.syn_last_ns = p->syn_last_ns,
			.syn_count = p->syn_count,
			.segments = p->segments,
			.last_ns = p->last_ns,
		};
		memcpy(t->side[d].src_mac, p->src_mac, sizeof(p->src_mac));
	}
}

void sides_pack(struct flow_table *t, struct conn *c)
{
	for (unsigned d = 0; d < 2 && c->is_packed; d++) {
		const struct flow_side *s = &t->side[d];
		c->packed[d] = (struct packed_side){
			.isn = s->isn,
			.next = s->next,
			.highest = s->highest,
			.acked = s->acked,
			.have_next = s->have_next,
			.have_acked = s->have_acked,
			.has_mac = s->has_mac,
			.ttl_first = s->ttl_first,
			.ttl_min = s->ttl_min,
			.ttl_max = s->ttl_max,
			.mss = s->mss,
			.window_syn = s->window_syn,
			.ip_id_last = s->ip_id_last,
			.syn_frame = s->syn_frame,
			.syn_last_frame = s->syn_last_frame,
			.syn_ns = s->syn_ns,
			.syn_last_ns = s->syn_last_ns,
			.syn_count = s->syn_count,
			.segments = s->segments,
			.last_ns = s->last_ns,
		};
		memcpy(c->packed[d].src_mac, s->src_mac, sizeof(s->src_mac));
	}
}

void sides_own(struct flow_table *t, struct conn *c)
{
	if (!c->is_packed)
		return;
	sides_unpack(t, c);
	c->flow.side = pool_take(&t->sides_room, sizeof(t->side));
	memcpy(c->flow.side, t->side, sizeof(t->side));
	t->unpacked = NULL;
	c->is_packed = false;
	flow_charge(t, SIDES_COST);
}

struct lane *lane_get(struct flow_table *t, struct conn *c, unsigned dir)
{
	struct lane *l = c->lane[dir];
	if (l)
		return l;
	sides_own(t, c);
	l = c->lane[dir] = pool_take(&t->lane_room, sizeof(struct lane));
	l->owner = c;
	l->dir = (uint8_t)dir;
	flow_charge(t, sizeof(*l) + BLOCK_COST);
	return l;
}

void sides_free(struct flow_table *t, struct conn *c)
{
	for (unsigned d = 0; d < 2; d++) {
		struct lane *l = c->lane[d];
		if (!l)
			continue;
		lane_clear(t, l);
		flow_discharge(t, sizeof(*l) + BLOCK_COST);
		pool_give(&t->lane_room, l);
	}
	if (t->unpacked == c)
		t->unpacked = NULL;
	if (c->is_packed)
		return;
	flow_discharge(t, SIDES_COST);
	pool_give(&t->sides_room, c->flow.side);
}
