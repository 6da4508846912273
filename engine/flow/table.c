/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The connection table: opens a connection for a segment that has none, tells a reused pair of
 * ports from a live connection, ends what is idle in packet time and culls when the memory cap is
 * reached, oldest idle first. Finding is left to lookup.c, the queues to idle.c, order of
 * bytes to order.c, counting to stats.c, memory of the sides to sides.c.
 */
#include "base/fetch.h"
#include "flow/conn.h"

/* A connection moves in its queue at most this often: one store a packet instead of a relink. */
#define QUEUE_STEP SEGMENT_SECOND
/* What the host keeps grows with the first segments, most of which a quiet session never passes;
 * later a new sum now and then is enough. */
#define KEPT_ALWAYS 16u
#define KEPT_EVERY 8u
/* Time-outs are looked for this often: several packets of a busy link share one look. */
#define EXPIRE_STEP (SEGMENT_SECOND / 1000)
/* Further ahead than this a single time stamp is not believed; more than a quiet night. */
#define CLOCK_LEAP (24 * 3600 * SEGMENT_SECOND)
/* A SYN with another number on a live connection is believed when that is older than this. */
#define REUSE_AGE (3 * SEGMENT_SECOND)

static const uint64_t idle_limit[CONN_CLASSES] = {
	[CONN_SYN] = CAP_IDLE_SYN,  [CONN_OPEN] = CAP_IDLE,	   [CONN_CLEAN] = CAP_LINGER_CLEAN,
	[CONN_LINGER] = CAP_LINGER, [CONN_TOLD] = CAP_LINGER_TOLD,
};

/* Does the segment tell nothing that needs a lane? */
static bool segment_is_plain(const struct segment *s)
{
	return !s->len && !(s->flags & (TCP_FIN | TCP_RST)) && s->window && !s->checksum_bad;
}

/* Who is the client when neither SYN nor SYN-ACK tells? +1 the destination is the server. */
static int guess_server(const struct flow_table *t, const struct segment *s)
{
	int side = t->server_side ? t->server_side(s, t->host) : 0;
	if (side)
		return side;
	return s->dport <= s->sport ? 1 : -1;
}

/* Open the connection of a segment that has none, or NULL when the segment does not deserve one:
 * RST, and ACK or FIN without payload, are the tail of something that is over. */
static struct conn *conn_open(struct flow_table *t, const struct segment *s, unsigned *dir)
{
	bool syn = s->flags & TCP_SYN, ack = s->flags & TCP_ACK;
	if ((s->flags & TCP_RST) || (!syn && s->len == 0))
		return NULL;
	struct conn *c = pool_take(&t->conn_room, sizeof(struct conn));
	struct flow *f = &c->flow;
	bool src_is_client = syn ? !ack : guess_server(t, s) > 0;
	f->client = src_is_client ? s->src : s->dst;
	f->server = src_is_client ? s->dst : s->src;
	f->client_port = src_is_client ? s->sport : s->dport;
	f->server_port = src_is_client ? s->dport : s->sport;
	f->midstream = f->guessed_client = !syn;
	f->encap = s->encap;
	f->first_ns = s->time_ns;
	f->first_frame = s->frame;
	*dir = src_is_client ? FLOW_C2S : FLOW_S2C;

	struct flow_ends e = { &s->src, &s->dst, s->sport, s->dport, s->ends_hash };
	lookup_add(t, c, &e);
	c->touched_ns = t->now_ns;
	idle_append(t, c, syn ? CONN_SYN : CONN_OPEN);
	c->is_packed = true;
	flow_charge(t, sizeof(*c) + BLOCK_COST);
	t->conns++;
	t->stats.opened++;
	if (++t->stats.open > t->stats.open_peak)
		t->stats.open_peak = t->stats.open;
	return c;
}

/* Take the connection out of every list and free it. */
static void conn_free(struct flow_table *t, struct conn *c)
{
	lookup_remove(t, c);
	idle_hold(t, c, false);
	idle_remove(t, c);
	sides_free(t, c);
	flow_discharge(t, c->charged + sizeof(*c) + BLOCK_COST);
	t->conns--;
	t->stats.open -= !c->told;
	pool_give(&t->conn_room, c);
}

/* How the connection ended when time, memory or the capture ran out: what its ends did counts. */
static enum flow_end end_reason(const struct conn *c, enum flow_end why)
{
	const struct flow_side *side = c->flow.side;
	if (why == FLOW_END_REUSED)
		return why;
	if (side[0].rst_frame || side[1].rst_frame)
		return FLOW_END_RESET;
	return c->closed ? FLOW_END_CLOSED : why;
}

/* Deliver what is held and tell the host that it is over. */
static void conn_tell_end(struct flow_table *t, struct conn *c, enum flow_end why)
{
	if (c->told)
		return;
	sides_unpack(t, c);
	if (!c->dropped)
		order_flush(t, c);
	if (c->dropped)
		return;
	stats_end(c);
	c->flow.end = end_reason(c, why);
	c->busy = true;
	t->hooks.end(&c->flow, t->host);
	c->busy = false;
	c->told = true;
	if (c->closed)
		graves_add(t, c);
	t->stats.open--;
	t->stats.ended++;
	t->stats.culled += why == FLOW_END_CULLED;
}

static void conn_end(struct flow_table *t, struct conn *c, enum flow_end why)
{
	conn_tell_end(t, c, why);
	conn_free(t, c);
}

/* Nothing can change it any more: tell the host now and give its memory back. What is left only
 * keeps late copies from being taken for a connection of their own. */
static void conn_bury(struct flow_table *t, struct conn *c)
{
	conn_tell_end(t, c, FLOW_END_CLOSED);
	if (c->dropped) {
		conn_free(t, c);
		return;
	}
	uint32_t isn[2] = { c->flow.side[0].isn, c->flow.side[1].isn };
	sides_free(t, c);
	for (unsigned d = 0; d < 2; d++) {
		c->lane[d] = NULL;
		c->packed[d] = (struct packed_side){ .isn = isn[d] };
	}
	c->is_packed = true;
	flow_discharge(t, c->charged);
	c->charged = 0;
	idle_remove(t, c);
	idle_append(t, c, CONN_TOLD);
}

/* Both ends are done: FIN from both, RST, or FIN of the only side that the capture shows. */
static bool conn_is_closed(const struct conn *c)
{
	const struct flow_side *side = c->flow.side;
	bool reset = false, alive = false, all = true, any = false;
	if (!c->ending)
		return false;
	for (unsigned d = 0; d < 2; d++) {
		const struct lane *l = c->lane[d];
		bool fin = l && (lane_side(l)->fin_frame || l->one_skipped);
		reset |= l && lane_side(l)->rst_frame;
		alive |= l && lane_side(l)->data_after_rst_frame;
		any |= l && lane_side(l)->fin_frame;
		all &= fin || side[d].segments == 0;
	}
	return reset ? !alive : any && all;
}

/* After each segment: the right queue, the host's memory, the cap. */
static void conn_settle(struct flow_table *t, struct conn *c)
{
	c->closed = conn_is_closed(c);
	enum conn_class class = idle_class(t, c);
	if (!c->closed || c->queue != class) /* late segments do not prolong it */
		c->touched_ns = MAX(t->now_ns, t->leap_ns);
	bool stale = c->queued_ns > t->now_ns || flow_elapsed(t, c->queued_ns) >= QUEUE_STEP;
	if (class != c->queue || (stale && !c->closed))
		idle_move(t, c, class);
	uint32_t nth = c->flow.frames;
	if (!t->hooks.kept || (nth > KEPT_ALWAYS && nth % KEPT_EVERY))
		return;
	size_t kept = MIN(t->hooks.kept(&c->flow, t->host), UINT32_MAX);
	flow_discharge(t, c->charged);
	c->charged = (uint32_t)kept;
	flow_charge(t, kept);
}

static void table_cull(struct flow_table *t, const struct conn *keep)
{
	while (t->stats.bytes > t->memory) {
		struct conn *c = idle_oldest(t, keep);
		if (!c)
			return;
		conn_end(t, c, FLOW_END_CULLED);
	}
}

/* Is this SYN or SYN-ACK the start of another connection on the same ports? */
static bool syn_is_new(const struct conn *c, unsigned dir, const struct segment *s)
{
	const struct flow_side *me = &c->flow.side[dir], *peer = &c->flow.side[!dir];
	bool ack = s->flags & TCP_ACK;
	if (me->have_next && me->isn == s->seq)
		return false; /* sent again, or late: its number is known from the peer's ACK */
	if (!me->segments)    /* the first of this side: does it fit what the other acknowledged? */
		return me->have_next && !ack;
	if (ack && peer->syn_frame && s->ack == peer->isn + 1)
		return false; /* answers our SYN; what came before was the tail of an older one */
	if (c->closed || !c->beyond_syn)
		return true;
	uint64_t first = c->flow.first_ns;
	return s->time_ns > first && s->time_ns - first >= REUSE_AGE;
}

/* Packet time does not go back, and one segment with a broken timestamp must not end everything:
 * a leap is believed when a second time stamp agrees with it. */
static void clock_set(struct flow_table *t, uint64_t time_ns)
{
	uint64_t now = t->now_ns, leap = t->leap_ns;
	if (!now || (time_ns > now ? time_ns - now <= CLOCK_LEAP : now - time_ns <= CAP_IDLE)) {
		t->now_ns = MAX(now, time_ns);
		t->leap_ns = 0;
		return;
	}
	uint64_t apart = time_ns > leap ? time_ns - leap : leap - time_ns;
	bool agrees = leap && apart && apart <= CAP_IDLE;
	t->now_ns = agrees ? time_ns : now;
	t->leap_ns = agrees ? 0 : time_ns;
}

struct flow *flow_feed(struct flow_table *t, const struct segment *s)
{
	clock_set(t, s->time_ns);
	struct flow_ends e = { &s->src, &s->dst, s->sport, s->dport, s->ends_hash };
	unsigned dir;
	struct conn *c = lookup_find(t, &e, &dir);
	if (c && c->told) {
		if (!(s->flags & TCP_SYN) || (s->flags & TCP_RST) || c->packed[dir].isn == s->seq)
			return NULL; /* a late copy */
		conn_free(t, c);
		c = NULL;
	}
	if (c)
		sides_unpack(t, c);
	if (c && (s->flags & TCP_SYN) && !(s->flags & TCP_RST) && syn_is_new(c, dir, s)) {
		conn_end(t, c, FLOW_END_REUSED);
		c = NULL;
	}
	if (!c && graves_know(t, s, lookup_hash(t, &e)))
		return NULL; /* a copy that came very late */
	if (!c)
		c = conn_open(t, s, &dir);
	if (!c)
		return NULL;
	sides_unpack(t, c);
	if (!segment_is_plain(s))
		sides_own(t, c);
	if (stats_duplicate(t, c, dir, s))
		return &c->flow;
	stats_segment(t, c, dir, s);
	order_take(t, c, dir, s);
	if (c->dropped) {
		conn_free(t, c);
		return NULL;
	}
	sides_pack(t, c);
	conn_settle(t, c);
	if (t->stats.bytes > t->memory) {
		table_cull(t, c);
		sides_unpack(t, c);
	}
	return &c->flow;
}

struct flow *flow_find(struct flow_table *t, const struct address *src, uint16_t sport,
		       const struct address *dst, uint16_t dport, enum flow_dir *dir)
{
	struct flow_ends e = { src, dst, sport, dport, 0 };
	unsigned d;
	struct conn *c = lookup_find(t, &e, &d);
	if (!c || c->told)
		return NULL;
	sides_unpack(t, c);
	if (dir)
		*dir = (enum flow_dir)d;
	return &c->flow;
}

void flow_drop(struct flow_table *t, struct flow *f)
{
	struct conn *c = (struct conn *)f;
	if (c->busy)
		c->dropped = true; /* whoever called the hook frees it */
	else
		conn_free(t, c);
}

void flow_expire(struct flow_table *t, uint64_t now_ns)
{
	clock_set(t, now_ns);
	if (t->now_ns >= t->expired_ns && t->now_ns < t->expired_ns + EXPIRE_STEP)
		return;
	t->expired_ns = t->now_ns;
	for (unsigned i = 0; i < CONN_CLASSES; i++) {
		struct conn *c;
		while ((c = t->queue[i].oldest) && flow_elapsed(t, c->queued_ns) >= idle_limit[i]) {
			if (i == CONN_CLEAN) {
				conn_bury(t, c);
				continue;
			}
			if (flow_elapsed(t, c->touched_ns) >= idle_limit[i]) {
				conn_end(t, c, FLOW_END_IDLE);
				continue;
			}
			if (c->touched_ns <= c->queued_ns + QUEUE_STEP)
				break;	   /* in a moment */
			idle_remove(t, c); /* touched after a leap of the clock */
			idle_append(t, c, i);
		}
	}
	if (t->wait_first)
		order_expire(t);
}

void flow_set_back(struct flow_table *t, uint64_t now_ns)
{
	t->now_ns = now_ns;
	t->leap_ns = 0;
	/* The order of the queues stays as it is. */
	for (unsigned i = 0; i < CONN_CLASSES; i++)
		for (struct conn *c = t->queue[i].oldest; c; c = c->newer) {
			c->touched_ns = MIN(c->touched_ns, now_ns);
			c->queued_ns = MIN(c->queued_ns, now_ns);
			for (unsigned d = 0; d < 2; d++)
				if (c->lane[d])
					order_set_back(c->lane[d], now_ns);
		}
}

struct flow_stats flow_table_stats(const struct flow_table *t)
{
	return t->stats;
}

struct flow_table *flow_table_new(const struct flow_hooks *hooks, void *host, const uint8_t key[16],
				  size_t memory)
{
	struct flow_table *t = g_new0(struct flow_table, 1);
	t->hooks = *hooks;
	t->host = host;
	t->memory = memory;
	memcpy(t->key, key, sizeof(t->key));
	flow_charge(t, sizeof(*t));
	lookup_init(t);
	t->graves = g_new0(struct grave, GRAVES);
	return t;
}

void flow_table_set_server_side(struct flow_table *t, flow_server_side fn)
{
	t->server_side = fn;
}

struct finish_order {
	uint32_t frame;
	struct conn *conn;
};

/* Bits of the frame number that one pass of the sort looks at. */
#define PASS_BITS 11u

/* By frame, least significant bits first; each pass keeps the order of the one before. `all` has n
 * places and n more for the passes in between. */
static struct finish_order *sort_by_frame(struct finish_order *all, size_t n)
{
	struct finish_order *from = all, *to = all + n, *swap;
	for (unsigned shift = 0; shift < 32;
	     shift += PASS_BITS, swap = from, from = to, to = swap) {
		size_t start[(1u << PASS_BITS) + 1] = { 0 };
		const uint32_t mask = (1u << PASS_BITS) - 1;
		for (size_t i = 0; i < n; i++)
			start[(from[i].frame >> shift & mask) + 1]++;
		for (unsigned k = 0; k < mask; k++)
			start[k + 1] += start[k];
		for (size_t i = 0; i < n; i++)
			to[start[from[i].frame >> shift & mask]++] = from[i];
	}
	return from;
}

void flow_table_finish(struct flow_table *t)
{
	size_t n = 0;
	struct finish_order *all = g_new(struct finish_order, 2 * t->conns + 1);
	for (unsigned i = 0; i < CONN_CLASSES; i++)
		for (struct conn *c = t->queue[i].oldest; c; c = c->newer)
			all[n++] = (struct finish_order){ c->flow.first_frame, c };
	g_assert(n == t->conns);
	const struct finish_order *sorted = sort_by_frame(all, n);
	for (size_t i = 0; i < n; i++) {
		if (i + FLOW_EXPECT < n)
			fetch(sorted[i + FLOW_EXPECT].conn, sizeof(struct conn));
		conn_end(t, sorted[i].conn, FLOW_END_CAPTURE);
	}
	g_free(all);
}

void flow_table_free(struct flow_table *t)
{
	if (!t)
		return;
	flow_table_finish(t);
	g_free(t->graves);
	g_free(t->slot);
	pool_clear(&t->conn_room);
	pool_clear(&t->sides_room);
	pool_clear(&t->lane_room);
	g_free(t);
}
