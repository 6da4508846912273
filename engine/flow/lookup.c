/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds the connection of a segment: an open-addressing hash over both ends, keyed, so that no one
 * who chooses addresses and ports can make the search long. Most packets follow one of their own
 * connection, which is looked at first. When connections begin and end is table.c's business.
 */
#include "base/fetch.h"
#include "base/sip.h"
#include "flow/conn.h"

#define SLOTS_FIRST 1024u /* power of two */

/* One end as words, most significant first where it matters not. */
static inline void end_words(uint64_t out[3], const struct address *a, uint16_t port)
{
	memcpy(&out[0], &a->byte[0], 8);
	memcpy(&out[1], &a->byte[8], 8);
	out[2] = ((uint64_t)a->family << 16) | port;
}

/* The same for both directions: the ends are put in order first. */
uint32_t lookup_hash(const struct flow_table *t, const struct flow_ends *e)
{
	uint64_t x[3], y[3], word[6];
	if (e->hash) /* it was announced, see flow_expect() */
		return e->hash;
	end_words(x, e->src, e->sport);
	end_words(y, e->dst, e->dport);
	bool swap = x[0] != y[0] ? x[0] > y[0] : x[1] != y[1] ? x[1] > y[1] : x[2] > y[2];
	const uint64_t *lo = swap ? y : x, *hi = swap ? x : y;
	uint64_t tail = lo[2] << 32 | hi[2];
	if (e->src->family == 4 && e->dst->family == 4) {
		word[0] = lo[0] << 32 | (hi[0] & 0xffffffffu);
		if (G_BYTE_ORDER == G_BIG_ENDIAN)
			word[0] = (lo[0] & ~0xffffffffULL) | hi[0] >> 32;
		word[1] = tail;
		return (uint32_t)sip_hash(t->key, word, 2);
	}
	word[0] = lo[0];
	word[1] = lo[1];
	word[2] = hi[0];
	word[3] = hi[1];
	word[4] = tail;
	return (uint32_t)sip_hash(t->key, word, 5);
}

static inline bool same_address(const struct address *a, const struct address *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* What src -> dst is for this connection: enum flow_dir, or -1 when it is another's. */
static inline int conn_dir(const struct conn *c, const struct flow_ends *e)
{
	const struct flow *f = &c->flow;
	if (e->sport == f->client_port && e->dport == f->server_port &&
	    same_address(e->src, &f->client) && same_address(e->dst, &f->server))
		return FLOW_C2S;
	if (e->sport == f->server_port && e->dport == f->client_port &&
	    same_address(e->src, &f->server) && same_address(e->dst, &f->client))
		return FLOW_S2C;
	return -1;
}

struct conn *lookup_find(struct flow_table *t, const struct flow_ends *e, unsigned *dir)
{
	int d;
	if (t->recent && (d = conn_dir(t->recent, e)) >= 0) {
		*dir = (unsigned)d;
		return t->recent;
	}
	uint32_t hash = lookup_hash(t, e);
	for (size_t i = hash & t->mask; t->slot[i].conn; i = (i + 1) & t->mask) {
		struct conn *c = t->slot[i].conn;
		if (t->slot[i].hash == hash && (d = conn_dir(c, e)) >= 0) {
			*dir = (unsigned)d;
			return t->recent = c;
		}
	}
	return NULL;
}

/* Most likely the connection with this hash; others are not looked at. */
static const struct conn *likely_conn(const struct flow_table *t, uint32_t hash)
{
	for (size_t i = hash & t->mask; t->slot[i].conn; i = (i + 1) & t->mask)
		if (t->slot[i].hash == hash)
			return t->slot[i].conn;
	return NULL;
}

/* What a connection has besides itself, and the host's first bytes of it. */
static void fetch_parts(const struct flow_table *t, const struct conn *c)
{
	if (c->is_packed)
		return;
	fetch(c->flow.side, 2 * sizeof *c->flow.side);
	for (unsigned d = 0; d < 2; d++)
		if (c->lane[d])
			fetch(c->lane[d], sizeof *c->lane[d]);
	if (c->flow.session && t->hooks.fetch)
		t->hooks.fetch(c->flow.session, 0);
}

void flow_expect(struct flow_table *t, struct segment *const *g, unsigned n)
{
	const struct conn *c[FLOW_EXPECT];

	n = MIN(n, FLOW_EXPECT);
	for (unsigned i = 0; i < n; i++) {
		struct flow_ends e = { &g[i]->src, &g[i]->dst, g[i]->sport, g[i]->dport, 0 };
		g[i]->ends_hash = lookup_hash(t, &e);
		fetch(&t->slot[g[i]->ends_hash & t->mask], 1);
	}
	for (unsigned i = 0; i < n; i++)
		if ((c[i] = likely_conn(t, g[i]->ends_hash)))
			fetch(c[i], sizeof *c[i]);
	for (unsigned i = 0; i < n; i++)
		if (c[i])
			fetch_parts(t, c[i]);
	for (unsigned step = 1; step <= FLOW_FETCH_STEPS && t->hooks.fetch; step++)
		for (unsigned i = 0; i < n; i++)
			if (c[i] && c[i]->flow.session && g[i]->len)
				t->hooks.fetch(c[i]->flow.session, step);
}

static void slot_put(struct flow_table *t, uint32_t hash, struct conn *c)
{
	size_t i = hash & t->mask;
	while (t->slot[i].conn)
		i = (i + 1) & t->mask;
	t->slot[i] = (struct flow_slot){ c, hash };
}

/* The slot is emptied and what had to go past it moves up, so that no search stops too early. */
void lookup_remove(struct flow_table *t, const struct conn *c)
{
	size_t hole = c->hash & t->mask;
	while (t->slot[hole].conn != c)
		hole = (hole + 1) & t->mask;
	for (size_t i = hole;;) {
		i = (i + 1) & t->mask;
		if (!t->slot[i].conn)
			break;
		size_t home = t->slot[i].hash & t->mask;
		if (((i - home) & t->mask) < ((i - hole) & t->mask))
			continue;
		t->slot[hole] = t->slot[i];
		hole = i;
	}
	t->slot[hole].conn = NULL;
	if (t->recent == c)
		t->recent = NULL;
}

static void table_grow(struct flow_table *t)
{
	struct flow_slot *old = t->slot;
	size_t n = t->mask + 1;
	t->slot = g_new0(struct flow_slot, n * 2);
	t->mask = n * 2 - 1;
	for (size_t i = 0; i < n; i++)
		if (old[i].conn)
			slot_put(t, old[i].hash, old[i].conn);
	g_free(old);
	flow_charge(t, n * sizeof(*old));
}

void lookup_add(struct flow_table *t, struct conn *c, const struct flow_ends *e)
{
	c->hash = lookup_hash(t, e);
	if (t->conns >= (t->mask + 1) / 4 * 3)
		table_grow(t);
	slot_put(t, c->hash, c);
	t->recent = c;
}

void lookup_init(struct flow_table *t)
{
	t->mask = SLOTS_FIRST - 1;
	t->slot = g_new0(struct flow_slot, SLOTS_FIRST);
	flow_charge(t, SLOTS_FIRST * sizeof(*t->slot));
}
