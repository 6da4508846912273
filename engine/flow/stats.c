/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the connection table counts: copies made by a mirror, TTL, handshake, retransmissions,
 * zero windows, sizes that arrive and sizes that do not. Takes segments before they are put in
 * order, gives numbers in struct flow_side. Judges nothing: the facts do.
 */
#include "flow/conn.h"

/* From this payload on a segment counts as full size for T06, whatever the MSS. */
#define BIG_SEGMENT 1000u
/* TCP options that a full-size segment may carry, most often timestamps (RFC 7323 appendix A). */
#define OPTION_SLACK 12u
/* T06 wants the original and two more. */
#define STUCK_COPIES 3u
/* A hole filled sooner than this was reordering when no round trip is known; delayed
 * acknowledgements and retransmission timers are far above it. */
#define REORDER_NS (20 * (SEGMENT_SECOND / 1000))
#define REORDER_MIN_NS (3 * (SEGMENT_SECOND / 1000))

/* What makes two segments of one side the same, keyed so that no one can make them collide. */
static uint32_t signature_of(const struct flow_table *t, const struct segment *s)
{
	uint64_t x = t->key[0] ^ (((uint64_t)s->seq << 32) | s->ack);
	uint64_t y = t->key[1] ^ (((uint64_t)s->len << 32) | ((uint64_t)s->ip_id << 16) | s->flags);
	if (s->sack_count)
		y ^= ((uint64_t)s->sack[0][0] << 32 | s->sack[0][1]) * 0x9e3779b97f4a7c15ULL;
	x = (x ^ (x >> 32)) * 0xd6e8feb86659fd93ULL;
	y = (y ^ (y >> 29)) * 0xff51afd7ed558ccdULL;
	x ^= y ^ (y >> 32);
	x = (x ^ (x >> 31)) * 0xc4ceb9fe1a85ec53ULL;
	return (uint32_t)(x >> 32) | 1;
}

static bool is_recent(uint64_t a, uint64_t b)
{
	return (a > b ? a - b : b - a) <= CAP_MIRROR_DUPLICATE;
}

static uint32_t microseconds(uint64_t ns)
{
	return (uint32_t)(ns / 1000u);
}

static bool is_recent_us(uint32_t a, uint32_t b)
{
	int32_t d = (int32_t)(a - b);
	return d >= -(int32_t)(CAP_MIRROR_DUPLICATE / 1000u) &&
	       d <= (int32_t)(CAP_MIRROR_DUPLICATE / 1000u);
}

static bool signature_known(const struct conn *c, unsigned dir, uint32_t signature,
			    const struct segment *s)
{
	const struct flow_side *me = &c->flow.side[dir];
	if (c->signature[dir] == signature && is_recent(s->time_ns, me->last_ns))
		return true;
	/* No stack sends a SYN again before a second is over (RFC 6298 2.1). */
	if ((s->flags & TCP_SYN) && me->syn_frame && me->isn == s->seq &&
	    is_recent(s->time_ns, me->syn_last_ns))
		return true;
	const struct lane *l = c->lane[dir];
	uint32_t now = microseconds(s->time_ns);
	for (unsigned i = 0; l && i < LANE_SIGNATURES; i++)
		if (l->signature[i] == signature && is_recent_us(now, l->signature_us[i]))
			return true;
	return false;
}

bool stats_duplicate(struct flow_table *t, struct conn *c, unsigned dir, const struct segment *s)
{
	/* Equal ACKs without payload are TCP's own way to say that something is missing (RFC 5681
	 * 3.2); only the IP identification tells a copy from the second of them. */
	if (!s->len && !s->ip_id && !(s->flags & (TCP_SYN | TCP_FIN | TCP_RST)))
		return false;
	uint32_t signature = signature_of(t, s);
	if (signature_known(c, dir, signature, s)) {
		struct lane *l = lane_get(t, c, dir);
		if (!lane_side(l)->duplicates++)
			lane_side(l)->duplicate_frame = s->frame;
		return true;
	}
	struct lane *l = c->lane[dir];
	if (l) {
		l->signature[l->signature_at] = c->signature[dir];
		l->signature_us[l->signature_at] = microseconds(c->flow.side[dir].last_ns);
		l->signature_at = (uint8_t)((l->signature_at + 1) % LANE_SIGNATURES);
	}
	c->signature[dir] = signature;
	return false;
}

void stats_syn(struct conn *c, unsigned dir, const struct segment *s)
{
	struct flow_side *me = &c->flow.side[dir];
	if (!me->syn_frame) {
		me->syn_frame = s->frame;
		me->syn_ns = s->time_ns;
		me->window_syn = s->window;
	}
	me->syn_last_frame = s->frame;
	me->syn_last_ns = s->time_ns;
	me->syn_count++;
	if (s->mss)
		me->mss = s->mss;
}

/* Time with a closed window; a SYN's window is not scaled yet and a RST's means nothing. */
static void note_window(struct flow_table *t, struct conn *c, unsigned dir, const struct segment *s)
{
	struct lane *l = c->lane[dir];
	if (s->window == 0) {
		if (!l)
			l = lane_get(t, c, dir);
		if (l->zero_window)
			return;
		l->zero_window = true;
		l->zero_since_ns = s->time_ns;
		if (!lane_side(l)->zero_window_frame)
			lane_side(l)->zero_window_frame = s->frame;
	} else if (l && l->zero_window) {
		l->zero_window = false;
		if (s->time_ns > l->zero_since_ns)
			lane_side(l)->zero_window_ns += s->time_ns - l->zero_since_ns;
	}
}

/* The client's ACK that completes the handshake. The SYN-ACK may come later than it when the
 * mirror delays one direction; then the acknowledged number is all there is to go by. */
static void note_handshake(struct conn *c, const struct segment *s)
{
	struct flow *f = &c->flow;
	const struct flow_side *server = &f->side[FLOW_S2C];
	if (f->handshake_frame || !f->side[FLOW_C2S].syn_frame || !(s->flags & TCP_ACK))
		return;
	if (server->syn_frame && seq_cmp(s->ack, server->isn + 1) < 0)
		return;
	f->handshake_frame = s->frame;
	f->handshake_ns = s->time_ns;
}

static void note_ttl(struct flow_side *me, const struct segment *s)
{
	if (me->segments == 1 || !me->ttl_first) {
		me->ttl_first = me->ttl_min = me->ttl_max = s->ttl;
		return;
	}
	if (s->ttl < me->ttl_min)
		me->ttl_min = s->ttl;
	if (s->ttl > me->ttl_max)
		me->ttl_max = s->ttl;
}

void stats_segment(struct flow_table *t, struct conn *c, unsigned dir, const struct segment *s)
{
	struct flow *f = &c->flow;
	struct flow_side *me = &f->side[dir];
	f->frames++;
	f->last_frame = s->frame;
	f->last_ns = s->time_ns;
	me->segments++;
	me->last_ns = s->time_ns;
	if (s->has_mac && !me->has_mac) {
		memcpy(me->src_mac, s->src_mac, sizeof(me->src_mac));
		me->has_mac = true;
	}
	if (s->checksum_bad) {
		struct lane *l = lane_get(t, c, dir);
		if (!lane_side(l)->checksum_bad++)
			lane_side(l)->checksum_frame = s->frame;
	}
	if (s->flags & TCP_RST)
		return;
	note_ttl(me, s);
	if (!me->rst_frame)
		me->ip_id_last = s->ip_id;
	if (s->flags & TCP_SYN)
		return;
	c->beyond_syn = true;
	if (s->window == 0 || me->zero_window_frame)
		note_window(t, c, dir, s);
	if (dir == FLOW_C2S)
		note_handshake(c, s);
}

/* Remember the size until its last byte is acknowledged. */
static void note_size(struct lane *l, uint32_t seq, uint32_t len)
{
	unsigned slot = 0;
	for (unsigned i = 0; i < LANE_SIZES; i++) {
		if (l->size[i].len == len)
			return; /* the earlier of that size will tell */
		if (l->size[i].len < l->size[slot].len)
			slot = i;
	}
	l->size[slot].len = len;
	l->size[slot].end = seq + len;
}

/* Sent again in smaller pieces: the ACK will not tell that the large one arrived. */
static void split_sizes(struct lane *l, uint32_t seq, uint32_t len)
{
	for (unsigned i = 0; i < LANE_SIZES; i++) {
		if (l->size[i].len > len && l->size[i].end - l->size[i].len == seq) {
			l->size[i].len = len;
			l->size[i].end = seq + len;
		}
	}
	if (l->big.count && l->big.seq == seq && len < l->big.len)
		l->big.split = true;
}

static void start_big(struct lane *l, const struct segment *s, uint32_t copies)
{
	l->big.seq = s->seq;
	l->big.len = s->len;
	l->big.frame = l->big.last_frame = s->frame;
	l->big.count = copies;
	l->big.split = false;
}

/* T06: follow one full-size segment that is not acknowledged. */
static void note_big(struct lane *l, const struct flow_side *me, const struct segment *s,
		     bool again)
{
	if (!l->big.count) {
		start_big(l, s, 1);
		return;
	}
	if (!again)
		return;
	if (l->big.seq == s->seq && l->big.len == s->len) {
		l->big.count++;
		l->big.last_frame = s->frame;
	} else if (me->have_acked && s->seq == me->acked && l->big.seq != s->seq) {
		start_big(l, s, 2); /* the first copy went by while another was followed */
	}
	if (l->big.count >= STUCK_COPIES && l->big.len > lane_side(l)->largest_acked) {
		lane_side(l)->stuck_len = l->big.len;
		lane_side(l)->stuck_frame = l->big.frame;
		lane_side(l)->stuck_last_frame = l->big.last_frame;
		lane_side(l)->stuck_count = l->big.count;
	}
}

void stats_data(struct flow_table *t, struct conn *c, unsigned dir, const struct segment *s,
		uint32_t seq)
{
	struct lane *l = lane_get(t, c, dir);
	struct flow_side *me = &c->flow.side[dir];
	uint16_t mss = c->flow.side[!dir].mss;
	if (!me->data_segments++) {
		me->first_data_frame = s->frame;
		me->first_data_ns = s->time_ns;
	}
	me->large_segments += !segment_sums(s);
	me->last_data_frame = s->frame;
	me->last_data_ns = s->time_ns;
	if (seq_cmp(seq + s->len, me->next) > 0)
		me->last_new_ns = s->time_ns;
	if (s->caplen < s->len && !me->snapped_frame)
		me->snapped_frame = s->frame;
	/* What lies before the RST in the stream was only captured late. */
	if (me->rst_frame && !me->data_after_rst_frame && seq_cmp(seq + s->len, l->rst_seq) > 0)
		me->data_after_rst_frame = s->frame;
	if (mss && s->len > mss && !me->over_mss++)
		me->over_mss_frame = s->frame;
	bool again = seq_cmp(seq, me->highest) < 0;
	if (again)
		split_sizes(l, seq, s->len);
	else if (s->len > me->largest_acked)
		note_size(l, seq, s->len);
	if (s->len >= BIG_SEGMENT || (mss && s->len + OPTION_SLACK >= mss))
		note_big(l, me, s, again);
}

void stats_acked(struct conn *c, unsigned dir)
{
	struct lane *l = c->lane[dir];
	uint32_t acked = c->flow.side[dir].acked;
	if (!l)
		return;
	for (unsigned i = 0; i < LANE_SIZES; i++) {
		if (!l->size[i].len || seq_cmp(l->size[i].end, acked) > 0)
			continue;
		if (l->size[i].len > lane_side(l)->largest_acked)
			lane_side(l)->largest_acked = l->size[i].len;
		l->size[i].len = 0;
	}
	if (!l->big.count || seq_cmp(l->big.seq + l->big.len, acked) > 0)
		return;
	if (!l->big.split)
		lane_side(l)->stuck_len = lane_side(l)->stuck_frame =
			lane_side(l)->stuck_last_frame = lane_side(l)->stuck_count = 0;
	l->big.count = 0;
}

void stats_retransmitted(struct lane *l, uint32_t frame)
{
	if (!lane_side(l)->retransmitted++)
		lane_side(l)->retransmit_frame = frame;
}

void stats_filled(struct conn *c, struct lane *l, uint64_t age_ns, uint32_t frame)
{
	uint64_t trip = flow_rtt_server(&c->flow) + flow_rtt_client(&c->flow);
	uint64_t limit = trip ? MAX(trip, REORDER_MIN_NS) : REORDER_NS;
	if (age_ns < limit)
		lane_side(l)->reordered++;
	else
		stats_retransmitted(l, frame); /* lost before the capture point, then sent again */
}

/* C01: this side's payload was seen and the other's never, yet the other's was acknowledged, or
 * there is no segment of it at all although this side answers it, payload or not. */
static bool side_alone(const struct flow *f, unsigned dir)
{
	const struct flow_side *other = &f->side[!dir];
	if (other->data_segments || !other->have_acked)
		return false;
	if (!other->segments)
		return true;
	if (!f->side[dir].data_segments)
		return false;
	uint32_t start = other->isn + 1, fin = other->fin_frame ? 1 : 0;
	return seq_cmp(other->acked, start + fin) > 0;
}

void stats_end(struct conn *c)
{
	struct flow *f = &c->flow;
	f->one_sided = side_alone(f, FLOW_C2S) || side_alone(f, FLOW_S2C);
	for (unsigned d = 0; d < 2; d++) {
		struct lane *l = c->lane[d];
		if (!l || !l->zero_window)
			continue;
		l->zero_window = false;
		if (f->last_ns > l->zero_since_ns)
			lane_side(l)->zero_window_ns += f->last_ns - l->zero_since_ns;
	}
}

uint64_t flow_rtt_server(const struct flow *f)
{
	const struct flow_side *c = &f->side[FLOW_C2S], *s = &f->side[FLOW_S2C];
	if (c->syn_count != 1 || s->syn_count != 1 || s->syn_ns <= c->syn_ns)
		return 0;
	return s->syn_ns - c->syn_ns;
}

uint64_t flow_rtt_client(const struct flow *f)
{
	const struct flow_side *s = &f->side[FLOW_S2C];
	if (s->syn_count != 1 || !f->handshake_frame || f->handshake_ns <= s->syn_ns)
		return 0;
	return f->handshake_ns - s->syn_ns;
}
