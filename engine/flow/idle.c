/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The queues of connections, one for each length of time that a connection may be idle, the oldest
 * first: which queue a connection belongs in, and which connection has to go when memory is short.
 * Ending it is left to table.c.
 */
#include "flow/conn.h"

static uint32_t *lingering_of(struct flow_table *t, const struct conn *c)
{
	uint32_t word[sizeof(c->flow.client) / sizeof(uint32_t)], sum = 0;
	memcpy(word, &c->flow.client, sizeof(word));
	for (size_t i = 0; i < G_N_ELEMENTS(word); i++)
		sum = (sum ^ word[i]) * 2654435761u;
	return &t->lingering[(sum >> 16) % LINGER_SLOTS];
}

void idle_hold(struct flow_table *t, struct conn *c, bool holds)
{
	if (c->holds != holds)
		*lingering_of(t, c) += holds ? 1u : UINT32_MAX;
	c->holds = holds;
}

void idle_remove(struct flow_table *t, struct conn *c)
{
	struct conn_queue *q = &t->queue[c->queue];
	if (c->older)
		c->older->newer = c->newer;
	else
		q->oldest = c->newer;
	if (c->newer)
		c->newer->older = c->older;
	else
		q->newest = c->older;
}

void idle_append(struct flow_table *t, struct conn *c, unsigned class)
{
	struct conn_queue *q = &t->queue[class];
	c->queue = (uint8_t) class;
	c->queued_ns = t->now_ns;
	c->older = q->newest;
	c->newer = NULL;
	if (q->newest)
		q->newest->newer = c;
	else
		q->oldest = c;
	q->newest = c;
}

/* Both ends closed in order, and each acknowledged all of the other: there is nothing left to send
 * again, so that only copies by a mirror can follow. */
static bool conn_is_clean(const struct conn *c)
{
	for (unsigned d = 0; d < 2; d++) {
		const struct flow_side *me = &c->flow.side[d];
		const struct lane *l = c->lane[d];
		if (!l || !l->fin_done || l->first || l->waiting || me->rst_frame ||
		    !me->have_acked || seq_cmp(me->acked, l->fin_seq + 1) < 0)
			return false;
	}
	return true;
}

/* A clean one is told soon, but not before one of the same client that closed earlier and lingers:
 * what a client does after a failure is told by the order. */
enum conn_class idle_class(struct flow_table *t, const struct conn *c)
{
	if (!c->closed)
		return c->beyond_syn ? CONN_OPEN : CONN_SYN;
	if (!conn_is_clean(c))
		return CONN_LINGER;
	bool waits = *lingering_of(t, c) > c->holds; /* for another than itself */
	return c->queue == CONN_CLEAN || !waits ? CONN_CLEAN : CONN_LINGER;
}

void idle_move(struct flow_table *t, struct conn *c, enum conn_class class)
{
	idle_remove(t, c);
	idle_append(t, c, class);
	idle_hold(t, c, class == CONN_LINGER && !conn_is_clean(c));
}

struct conn *idle_oldest(const struct flow_table *t, const struct conn *keep)
{
	struct conn *oldest[CONN_CLASSES];
	for (unsigned i = 0; i < CONN_CLASSES; i++) {
		struct conn *c = t->queue[i].oldest;
		oldest[i] = c == keep && c ? c->newer : c;
	}
	if (oldest[CONN_TOLD])
		return oldest[CONN_TOLD];
	if (oldest[CONN_SYN])
		return oldest[CONN_SYN];
	struct conn *pick = NULL;
	for (unsigned i = CONN_OPEN; i <= CONN_LINGER; i++)
		if (oldest[i] && (!pick || oldest[i]->queued_ns < pick->queued_ns))
			pick = oldest[i];
	return pick;
}
