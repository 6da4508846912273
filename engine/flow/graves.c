/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections that closed. A mirror or a busy sender may bring copies of their segments long after
 * the connection was told and forgotten; those belong to it, not to a connection of their own. Only
 * its numbers are kept, in a table of fixed size, for as long as segments live in a network.
 */
#include "flow/conn.h"

/* RFC 9293 3.4.2 lets a segment live for two minutes; a minute is more than real ones need. */
#define GRAVE_KEPT (60 * SEGMENT_SECOND)

void graves_add(struct flow_table *t, const struct conn *c)
{
	const struct flow_side *side = c->flow.side;
	if (!side[0].have_next || !side[1].have_next)
		return;
	struct grave *g = &t->graves[c->hash % GRAVES];
	*g = (struct grave){
		.closed_ns = MAX(t->now_ns, 1),
		.hash = c->hash,
		.client_port = c->flow.client_port,
	};
	for (unsigned d = 0; d < 2; d++) {
		g->first[d] = side[d].isn;
		g->end[d] =
			seq_cmp(side[d].highest, side[d].next) > 0 ? side[d].highest : side[d].next;
	}
}

bool graves_know(const struct flow_table *t, const struct segment *s, uint32_t hash)
{
	const struct grave *g = &t->graves[hash % GRAVES];
	if (!g->closed_ns || g->hash != hash || flow_elapsed(t, g->closed_ns) > GRAVE_KEPT ||
	    (s->flags & TCP_SYN))
		return false;
	unsigned dir = s->sport == g->client_port ? FLOW_C2S : FLOW_S2C;
	return seq_cmp(s->seq, g->first[dir]) >= 0 && seq_cmp(s->seq + s->len, g->end[dir]) <= 0;
}
