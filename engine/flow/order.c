/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Puts the bytes of each direction in order and both directions in causal order, and calls the
 * host's hooks. A segment that is next and whose ACK is satisfied goes straight through without
 * a copy. Anything else is copied into its lane, sorted and bounded, until the bytes before it
 * come or are given up as a gap. Leaves counting to stats.c and connections to table.c.
 */
#include "flow/lane.h"

/* A RST within this of what is expected counts: scaled windows of real hosts and what a capture may
 * have lost lie within, numbers of another connection hardly ever. */
#define RESET_WINDOW (4u << 20)
/* After so many segments in a row a jump beyond CAP_SEQUENCE_JUMP is believed. */
#define FAR_BELIEVED 3u

static void emit_gap(struct flow_table *t, struct conn *c, struct lane *l, uint32_t missing,
		     enum flow_gap why, struct flow_mark mark)
{
	lane_side(l)->gap_bytes += missing;
	if (!lane_side(l)->gap_frame)
		lane_side(l)->gap_frame = mark.frame;
	c->busy = true;
	t->hooks.gap(&c->flow, (enum flow_dir)l->dir, missing, why, mark, t->host);
	c->busy = false;
}

/* Deliver the bytes of one segment: what was captured of them, then the rest as a gap. */
static void emit_data(struct flow_table *t, struct conn *c, struct lane *l, struct bytes view,
		      uint32_t len, struct flow_mark mark)
{
	size_t n = bytes_left(&view);
	if (l->one_skipped) { /* it was no FIN after all */
		l->one_skipped = false;
		emit_gap(t, c, l, 1, FLOW_GAP_LOST, mark);
	}
	if (n && !c->dropped) {
		lane_side(l)->bytes += n;
		c->busy = true;
		t->hooks.data(&c->flow, (enum flow_dir)l->dir, view, mark, t->host);
		c->busy = false;
	}
	if (n < len && !c->dropped)
		emit_gap(t, c, l, len - (uint32_t)n, FLOW_GAP_SNAPPED, mark);
}

static void emit_close(struct flow_table *t, struct conn *c, struct lane *l, bool reset)
{
	struct flow_mark mark =
		reset ? (struct flow_mark){ lane_side(l)->rst_ns, lane_side(l)->rst_frame }
		      : (struct flow_mark){ lane_side(l)->fin_ns, lane_side(l)->fin_frame };
	c->busy = true;
	t->hooks.close(&c->flow, (enum flow_dir)l->dir, reset, mark, t->host);
	c->busy = false;
}

/* Give up the hole before what stands first. A single byte with nothing behind it is most likely
 * a FIN that was not captured: passed over in silence until payload shows otherwise. */
static void give_up(struct flow_table *t, struct conn *c, struct lane *l, bool culled)
{
	struct flow_side *me = &c->flow.side[l->dir];
	struct lane_hole hole = lane_hole(c, l);
	struct lane_item item = lane_item(l);
	struct flow_mark mark = l->ack_mark;
	if (item.any && (!l->ack_ahead || item.frame < mark.frame))
		mark = item.fin
			       ? (struct flow_mark){ lane_side(l)->fin_ns, lane_side(l)->fin_frame }
			       : l->first->mark;
	if (!me->segments)
		l->absent = true;
	me->next += hole.missing;
	if (hole.missing == 1 && !item.any && !l->one_skipped && !l->fin_known) {
		l->one_skipped = true;
		return;
	}
	if (l->one_skipped)
		hole.missing++;
	l->one_skipped = false;
	emit_gap(t, c, l, hole.missing,
		 culled		? FLOW_GAP_CULLED
		 : hole.covered ? FLOW_GAP_LOST
				: FLOW_GAP_UNKNOWN,
		 mark);
}

/* Deliver what stands first in the lane. */
static void deliver_first(struct flow_table *t, struct conn *c, struct lane *l)
{
	struct flow_side *me = &c->flow.side[l->dir];
	if (lane_item(l).fin) {
		l->fin_done = true;
		if (me->next == l->fin_seq)
			me->next++;
		emit_close(t, c, l, false);
		return;
	}
	struct held *h = l->first;
	held_remove(t, l, h);
	me->next = h->seq + h->len;
	emit_data(t, c, l, bytes_of(h->copy, h->caplen), h->len, h->mark);
	held_free(h);
}

/* Deliver all that can be: next in its lane and its ACK satisfied; of two, the earlier frame.
 * When each side waits for the other, the one that filled a hole goes first: it was sent again,
 * with an ACK newer than its bytes. */
static void pump(struct flow_table *t, struct conn *c)
{
	const struct flow_side *side = c->flow.side;
	while (!c->dropped) {
		struct lane_item item[2] = { lane_item(c->lane[0]), lane_item(c->lane[1]) };
		bool next[2], ready[2];
		for (unsigned d = 0; d < 2; d++) {
			next[d] = item[d].any && seq_cmp(item[d].seq, side[d].next) <= 0;
			ready[d] = next[d] && (!side[!d].have_next ||
					       seq_cmp(item[d].ack, side[!d].next) <= 0);
		}
		unsigned pick = item[1].any && (!item[0].any || item[1].frame < item[0].frame);
		if (!ready[0] && !ready[1]) {
			if (!next[0] || !next[1])
				return;
			if (item[0].late != item[1].late)
				pick = item[1].late;
			else
				pick = !pick;
		} else if (!ready[pick]) {
			pick = !pick;
		}
		deliver_first(t, c, c->lane[pick]);
	}
}

/* Make what stands first in this lane deliverable: give up what is missing before it, or what the
 * other side still owes it. */
static void force(struct flow_table *t, struct conn *c, struct lane *l, bool culled)
{
	struct lane *other = c->lane[!l->dir];
	if (lane_hole(c, l).missing)
		give_up(t, c, l, culled);
	else if (other && lane_hole(c, other).missing)
		give_up(t, c, other, culled);
	else if (lane_item(l).any)
		deliver_first(t, c, l);
	pump(t, c);
}

/* Something is held, missing or announced: deliver, give up what is due, close. */
static void settle(struct flow_table *t, struct conn *c)
{
	bool again = true;
	pump(t, c);
	while (again && !c->dropped) {
		again = false;
		for (unsigned d = 0; d < 2 && !c->dropped; d++) {
			struct lane *l = c->lane[d];
			uint64_t since;
			if (!l || lane_state(t, c, l, &since) != HOLE_DUE)
				continue;
			give_up(t, c, l, false);
			pump(t, c);
			again = true;
		}
	}
	bool quiet = true;
	for (unsigned d = 0; d < 2; d++) {
		struct lane *l = c->lane[d];
		if (!l)
			continue;
		hole_wait_update(t, c, l);
		quiet &= !l->waiting && !lane_item(l).any;
	}
	for (unsigned d = 0; d < 2 && quiet && !c->dropped; d++) {
		struct lane *l = c->lane[d];
		if (!l || !l->reset_pending)
			continue;
		l->reset_pending = false;
		emit_close(t, c, l, true);
	}
}

static bool lane_busy(const struct lane *l)
{
	return l &&
	       (l->first || l->ack_ahead || l->waiting || l->reset_pending || lane_fin_waits(l));
}

enum distance {
	SEQUENCE_NEAR,
	SEQUENCE_FAR,	    /* not believed */
	SEQUENCE_ELSEWHERE, /* far behind, but several in a row: the stream goes on there */
};

/* Too far away to be believed, unless several segments follow one another there. */
static enum distance sequence_distance(struct lane *l, const struct flow_side *me, uint32_t seq,
				       uint32_t len)
{
	uint32_t base = me->next;
	if (me->have_acked && seq_cmp(me->acked, base) > 0)
		base = me->acked;
	bool behind = seq_cmp(seq, me->next) < 0;
	if ((behind ? me->next - seq : seq - base) <= CAP_SEQUENCE_JUMP || seq_cmp(seq, base) == 0)
		return SEQUENCE_NEAR;
	if (!behind && seq_cmp(seq, base) < 0)
		return SEQUENCE_NEAR;
	l->far_count = l->far_count && seq == l->far_next ? l->far_count + 1 : 1;
	l->far_next = seq + len;
	if (l->far_count < FAR_BELIEVED)
		return SEQUENCE_FAR;
	return behind ? SEQUENCE_ELSEWHERE : SEQUENCE_NEAR;
}

/* Go on at a number that lies behind all we know: what came before it is over. */
static void move_to(struct flow_table *t, struct conn *c, struct lane *l, uint32_t seq,
		    struct flow_mark mark)
{
	struct flow_side *me = lane_side(l);
	uint32_t missing = seq - me->next; /* round the sequence space, as a sender counts */
	lane_clear(t, l);
	l->ack_ahead = l->one_skipped = false;
	l->far_count = 0;
	me->next = me->highest = seq;
	me->have_acked = false;
	emit_gap(t, c, l, missing, FLOW_GAP_UNKNOWN, mark);
}

/* Where the part of a segment begins that is still to be delivered; its end when there is none. */
static uint32_t new_part(const struct conn *c, struct lane *l, const struct segment *s,
			 uint32_t seq)
{
	struct flow_side *me = lane_side(l);
	uint32_t end = seq + s->len;
	if (seq_cmp(seq, me->next) >= 0)
		return seq;
	if (seq_cmp(seq, me->highest) >= 0) {
		/* New to us, yet given up because of an ACK: the ACK lied, or a slow mirror. */
		me->next = seq;
		me->have_acked = false;
		l->ack_ahead = l->one_skipped = false;
		return seq;
	}
	if (!c->anchored[l->dir] || me->bytes)
		stats_retransmitted(l, s->frame);
	return seq_cmp(end, me->next) <= 0 ? end : me->next;
}

/* Payload that is not simply next. Returns false when it is not believed. */
static bool take_data(struct flow_table *t, struct conn *c, struct lane *l, const struct segment *s,
		      uint32_t seq, uint32_t ack)
{
	struct flow_side *me = &c->flow.side[l->dir];
	enum distance distance = sequence_distance(l, me, seq, s->len);
	if (distance == SEQUENCE_FAR)
		return false;
	if (distance == SEQUENCE_ELSEWHERE)
		move_to(t, c, l, seq, (struct flow_mark){ s->time_ns, s->frame });
	if (c->dropped)
		return false;
	uint32_t at = new_part(c, l, s, seq);
	if (at == seq + s->len)
		return true;
	bool behind = seq_cmp(at, me->highest) < 0;
	struct held like = {
		.arrived_ns = t->now_ns,
		.mark = { s->time_ns, s->frame },
		.seq = seq,
		.len = s->len,
		.ack = ack,
		.late = behind || (me->have_acked && seq_cmp(at, me->acked) < 0),
	};
	uint64_t age = l->first ? flow_elapsed(t, l->first->arrived_ns) : 0;
	bool added = held_insert(t, l, &like, bytes_of(s->payload, s->caplen), at);
	if (!added)
		stats_retransmitted(l, s->frame);
	else if (behind && at == seq)
		stats_filled(c, l, age, s->frame);
	return true;
}

/* Hold the caps: give up the oldest hole until the lane fits. */
static void bound(struct flow_table *t, struct conn *c, struct lane *l)
{
	pump(t, c);
	while (!c->dropped &&
	       (l->held_bytes > CAP_HELD_DIRECTION || l->held_count > CAP_HELD_SEGMENTS))
		force(t, c, l, true);
}

static bool answers(const struct lane *l, const struct lane *other)
{
	const struct flow_side *seen = lane_side(other);
	uint32_t fin = other->fin_known ? other->fin_seq : seen->highest;
	return l->fin_known && (other->fin_known || seen->have_next) && l->fin_ack == fin + 1;
}

/* Which of two FINs answers the other, whatever order a mirror gave them (RFC 9293 3.6). */
static void compare_fins(struct conn *c)
{
	const struct lane *a = c->lane[FLOW_C2S], *b = c->lane[FLOW_S2C];
	if (a && b && (a->fin_known || b->fin_known)) {
		lane_side(a)->fin_answers = answers(a, b);
		lane_side(b)->fin_answers = answers(b, a);
	}
}

static void take_fin(struct flow_table *t, struct conn *c, unsigned dir, const struct segment *s,
		     uint32_t seq, uint32_t ack)
{
	struct lane *l = lane_get(t, c, dir);
	struct flow_side *me = &c->flow.side[dir];
	if (l->fin_known) {
		if (!s->len)
			stats_retransmitted(l, s->frame);
		return;
	}
	if (sequence_distance(l, me, seq, s->len) != SEQUENCE_NEAR)
		return;
	c->ending = true;
	l->fin_known = true;
	l->fin_seq = seq + s->len;
	l->fin_ack = ack;
	l->fin_at = t->now_ns;
	lane_side(l)->fin_frame = s->frame;
	lane_side(l)->fin_ns = s->time_ns;
	compare_fins(c);
	if (l->one_skipped && l->fin_seq + 1 == me->next)
		l->one_skipped = false; /* here is the FIN that was taken for lost */
	if (seq_cmp(l->fin_seq + 1, me->highest) > 0)
		me->highest = l->fin_seq + 1;
}

/* The receiver drops a RST whose number lies far outside of its window (RFC 9293 3.5.3): it ends
 * nothing. Before the side's numbers are known, the RST answers the SYN. */
static bool reset_is_near(const struct conn *c, unsigned dir, const struct segment *s)
{
	const struct flow_side *me = &c->flow.side[dir];
	uint32_t base = me->have_acked && seq_cmp(me->acked, me->next) > 0 ? me->acked : me->next;
	bool known = me->have_next && me->segments > 1;
	return !known ||
	       (seq_gap(base, s->seq) <= RESET_WINDOW && seq_gap(s->seq, base) <= RESET_WINDOW);
}

static void take_reset(struct flow_table *t, struct conn *c, unsigned dir, const struct segment *s)
{
	struct lane *l = lane_get(t, c, dir);
	if (lane_side(l)->rst_frame || !reset_is_near(c, dir, s))
		return;
	c->ending = true;
	lane_side(l)->window_rst = s->window;
	lane_side(l)->rst_frame = s->frame;
	l->rst_seq = s->seq;
	lane_side(l)->rst_ns = s->time_ns;
	lane_side(l)->ttl_rst = s->ttl;
	lane_side(l)->ip_id_rst = s->ip_id;
	l->reset_pending = true;
}

static void anchor(struct flow_side *me, uint32_t seq)
{
	me->isn = seq - 1;
	me->next = me->highest = seq;
	me->have_next = true;
}

/* A second SYN-ACK with another number (a load balancer, a tap on both sides of a firewall): until
 * the client acknowledged one of them both may be meant, the later goes first. */
static bool second_answer(struct conn *c)
{
	const struct flow_side *server = &c->flow.side[FLOW_S2C];
	if (server->have_acked && server->acked == server->isn + 1)
		return false; /* the client has chosen */
	c->two_answers = true;
	c->other_isn = server->isn;
	return true;
}

/* The number that the client acknowledges, or that the server goes on with, chooses. */
static void choose_answer(struct flow_table *t, struct conn *c, uint32_t number)
{
	struct flow_side *server = &c->flow.side[FLOW_S2C];
	struct lane *l = c->lane[FLOW_S2C];
	if (!c->two_answers)
		return;
	if (number != c->other_isn + 1 || server->bytes || server->gap_bytes) {
		c->two_answers = number != server->isn + 1;
		return;
	}
	if (l)
		lane_clear(t, l);
	anchor(server, number);
	server->have_acked = c->two_answers = false;
}

/* A SYN or SYN-ACK tells where its side begins, unless bytes of that side were delivered already
 * under another number: then it is a stray, and false. */
static bool take_syn(struct flow_table *t, struct conn *c, unsigned dir, const struct segment *s)
{
	struct flow_side *me = &c->flow.side[dir];
	struct lane *l = c->lane[dir];
	bool answer = dir == FLOW_S2C && (s->flags & TCP_ACK);
	if (answer && c->flow.side[FLOW_C2S].syn_frame && s->ack != c->flow.side[FLOW_C2S].isn + 1)
		return false; /* it answers another SYN (RFC 9293 3.5) */
	if (!me->have_next || me->isn != s->seq) {
		if (me->have_next && l && (me->bytes || me->gap_bytes))
			return false;
		if (answer && me->syn_frame && !second_answer(c))
			return false;
		if (l) {
			lane_clear(t, l);
			l->fin_known = l->fin_done = l->ack_ahead = false;
			lane_side(l)->fin_frame = 0;
		}
		anchor(me, s->seq + 1);
		me->have_acked = false; /* of the older numbers */
	}
	c->anchored[dir] = false;
	if (c->flow.midstream && !(s->flags & TCP_ACK) && dir == FLOW_C2S)
		c->flow.midstream = c->flow.guessed_client = false;
	stats_syn(c, dir, s);
	return true;
}

/* The ACK of this segment: what the other side must have delivered before it. */
static uint32_t take_ack(struct flow_table *t, struct conn *c, unsigned dir,
			 const struct segment *s)
{
	struct flow_side *peer = &c->flow.side[!dir];
	if (!peer->have_next) {
		anchor(peer, s->ack);
		c->anchored[!dir] = true;
	}
	uint32_t base = seq_cmp(peer->highest, peer->next) > 0 ? peer->highest : peer->next;
	if (seq_cmp(s->ack, base) > 0 && s->ack - base > CAP_SEQUENCE_JUMP)
		return peer->next; /* acknowledges what was never sent: not believed */
	if (!peer->have_acked || seq_cmp(s->ack, peer->acked) > 0) {
		peer->acked = s->ack;
		peer->have_acked = true;
		stats_acked(c, !dir);
		if (seq_cmp(peer->acked, peer->next) > 0) {
			struct lane *l = lane_get(t, c, !dir);
			if (!l->ack_ahead) {
				l->ack_ahead = true;
				l->ack_mark = (struct flow_mark){ s->time_ns, s->frame };
				l->ack_at = t->now_ns;
			}
		}
	}
	return s->ack;
}

/* One byte or none, before the next: a keep-alive (RFC 9293 3.8.4) or a window probe. */
static bool is_probe(const struct flow_side *me, const struct segment *s)
{
	return s->len <= 1 && !(s->flags & TCP_SYN) && s->seq + 1 == me->highest;
}

static void take_payload(struct flow_table *t, struct conn *c, unsigned dir,
			 const struct segment *s, uint32_t seq, uint32_t ack)
{
	struct flow_side *me = &c->flow.side[dir], *peer = &c->flow.side[!dir];
	uint32_t end = seq + s->len;
	stats_data(t, c, dir, s, seq);
	struct lane *l = c->lane[dir];
	if (seq == me->next && !l->first && (!peer->have_next || seq_cmp(ack, peer->next) <= 0)) {
		me->next = end;
		if (seq_cmp(end, me->highest) > 0)
			me->highest = end;
		emit_data(t, c, l, bytes_of(s->payload, s->caplen), s->len,
			  (struct flow_mark){ s->time_ns, s->frame });
		return;
	}
	if (!take_data(t, c, l, s, seq, ack))
		return;
	if (seq_cmp(end, me->highest) > 0)
		me->highest = end;
	bound(t, c, l);
}

void order_take(struct flow_table *t, struct conn *c, unsigned dir, const struct segment *s)
{
	struct flow_side *me = &c->flow.side[dir];
	uint32_t seq = s->seq, ack;
	if (s->flags & TCP_RST) {
		take_reset(t, c, dir, s);
		settle(t, c);
		return;
	}
	if (s->flags & TCP_SYN) {
		if (!take_syn(t, c, dir, s))
			return;
		seq++;
	} else if (!me->have_next) {
		anchor(me, seq);
	}
	if (c->two_answers && !(s->flags & TCP_SYN))
		choose_answer(t, c, dir == FLOW_C2S ? s->ack : s->seq);
	ack = c->flow.side[!dir].next;
	if (s->flags & TCP_ACK)
		ack = take_ack(t, c, dir, s);
	if (s->len && !is_probe(me, s))
		take_payload(t, c, dir, s, seq, ack);
	if ((s->flags & TCP_FIN) && !c->dropped)
		take_fin(t, c, dir, s, seq, ack);
	if (!c->dropped && (lane_busy(c->lane[0]) || lane_busy(c->lane[1])))
		settle(t, c);
}

void order_flush(struct flow_table *t, struct conn *c)
{
	pump(t, c);
	while (!c->dropped) {
		struct lane *lane[2] = { c->lane[0], c->lane[1] };
		struct lane_item item[2] = { lane_item(lane[0]), lane_item(lane[1]) };
		unsigned pick = item[1].any && (!item[0].any || item[1].frame < item[0].frame);
		if (!item[pick].any) {
			pick = lane[1] && lane_hole(c, lane[1]).missing;
			if (!pick && !(lane[0] && lane_hole(c, lane[0]).missing))
				break;
		}
		force(t, c, lane[pick], false);
	}
	for (unsigned d = 0; d < 2 && !c->dropped; d++) {
		struct lane *l = c->lane[d];
		if (!l || !l->reset_pending)
			continue;
		l->reset_pending = false;
		emit_close(t, c, l, true);
	}
}

void order_set_back(struct lane *l, uint64_t now_ns)
{
	l->wait_ns = MIN(l->wait_ns, now_ns);
	l->ack_at = MIN(l->ack_at, now_ns);
	l->fin_at = MIN(l->fin_at, now_ns);
	for (struct held *h = l->first; h; h = h->next)
		h->arrived_ns = MIN(h->arrived_ns, now_ns);
}

void order_expire(struct flow_table *t)
{
	struct lane *l;
	while ((l = t->wait_first) && flow_elapsed(t, l->wait_ns) >= CAP_HOLE_WAIT) {
		struct conn *c = l->owner;
		hole_wait_remove(t, l); /* settle enters it again with the time of its next hole */
		settle(t, c);
		if (c->dropped)
			flow_drop(t, &c->flow);
	}
}
