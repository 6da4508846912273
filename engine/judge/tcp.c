/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What TCP says (docs/findings.md#tcp), from the counters of the flow.
 */
#include "judge/judge.h"
#include "base/code.h"

#define SYN_SILENCE (7 * SEGMENT_SECOND)
#define BANNER_SILENCE (30 * SEGMENT_SECOND)
#define LONG_SILENCE (60 * SEGMENT_SECOND)
#define WINDOW_SHUT (10 * SEGMENT_SECOND)
#define SLOW_RTT (400 * SEGMENT_SECOND / 1000)
#define STUCK_SENDS 3u
#define FULL_SEGMENT 1000u
#define HOLE_PATIENCE (3 * SEGMENT_SECOND)

static void connecting(struct judge *j)
{
	const struct flow *f = j->flow;
	const struct flow_side *c = &f->side[FLOW_C2S], *s = &f->side[FLOW_S2C];
	uint64_t until = judge_until(j);

	/* The SYN-ACK may be missing in the capture. */
	bool talk = s->data_segments || (s->syn_frame && c->data_segments);
	if (f->handshake_frame || f->midstream || talk)
		judge_set(j, FACT_TCP_CONNECTED,
			  f->handshake_frame ? f->handshake_frame : f->first_frame);
	if (!c->syn_frame || s->syn_frame || talk)
		return;
	if (s->rst_frame) {
		facts_say(j->facts, FACT_TCP_REFUSED, s->rst_frame,
			  judge_words(j, "RST %.1f ms after the SYN, TTL %u",
				      (double)ns_since(s->rst_ns, c->syn_last_ns) / 1e6,
				      s->ttl_rst));
		facts_set(j->facts, FACT_TCP_REFUSED, c->syn_frame);
	} else if (!s->segments && c->syn_count >= 3 && ns_since(until, c->syn_ns) >= SYN_SILENCE &&
		   !j->seen->odd->icmp.frame && !j->capture->one_sided) {
		facts_say(j->facts, FACT_SYN_NO_ANSWER, c->syn_frame,
			  judge_words(j, "%u SYN in %.0f s", c->syn_count,
				      (double)ns_since(c->syn_last_ns, c->syn_ns) / 1e9));
		facts_set(j->facts, FACT_SYN_NO_ANSWER, c->syn_last_frame);
	}
}

static void icmp(struct judge *j)
{
	const struct seen *n = j->seen;
	char from[64] = "";
	if (n->odd->icmp.frame) {
		const uint8_t *b = n->odd->icmp_from.byte;
		if (n->odd->icmp_from.family == 4)
			g_snprintf(from, sizeof from, "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
		else
			g_snprintf(from, sizeof from, "%x:%x:…:%x", (b[0] << 8) | b[1],
				   (b[2] << 8) | b[3], (b[14] << 8) | b[15]);
		facts_say(j->facts, FACT_ICMP_REJECT, n->odd->icmp.frame,
			  judge_words(j, "sent by %s, type %u code %u", from, n->odd->icmp_type,
				      n->odd->icmp_code));
		facts_set(j->facts, FACT_ICMP_REJECT, j->flow->side[FLOW_C2S].syn_frame);
	}
	if (n->odd->icmp_big.frame)
		facts_say(j->facts, FACT_ICMP_TOO_BIG, n->odd->icmp_big.frame,
			  judge_words(j, "next MTU %u", n->odd->icmp_mtu));
}

/* Does the RST come from elsewhere by its hop count? One hop of difference is load balancing. With
 * nothing but the SYN-ACK to compare with, which a balancer may have sent for the server, the
 * window must be another's too: a stack that resets a connection says 0, or the window it had. */
static bool other_hops(const struct flow_side *s)
{
	bool hops = s->ttl_min && s->ttl_rst &&
		    (s->ttl_rst + 1 < s->ttl_min || s->ttl_rst > s->ttl_max + 1);
	return hops && (s->segments >= 3 || (s->segments == 2 && s->syn_frame && s->window_rst &&
					     s->window_rst != s->window_syn));
}

/* A RST that was not sent by the server: its hop count is not that of the server's segments, or
 * the server went on after it (T04). After the other side's own end it stops nothing. */
static void injected(struct judge *j)
{
	for (int d = 0; d < 2; d++) {
		const struct flow_side *s = &j->flow->side[d], *other = &j->flow->side[!d];
		uint32_t over = flow_left(other, s);
		if (!s->rst_frame || s->segments < 2 || (over && over < s->rst_frame))
			continue;
		bool ttl = other_hops(s);
		if (!ttl && !s->data_after_rst_frame)
			continue;
		facts_say(j->facts, FACT_RST_INJECTED, s->rst_frame,
			  ttl ? judge_words(
					j, "RST has TTL %u, the other segments of the %s %u to %u",
					s->ttl_rst, d ? "server" : "client", s->ttl_min, s->ttl_max)
			      : judge_words(j, "the %s sent data after its RST",
					    d ? "server" : "client"));
		if (s->data_after_rst_frame)
			facts_set(j->facts, FACT_RST_INJECTED, s->data_after_rst_frame);
	}
}

static void greeting(struct judge *j)
{
	const struct flow *f = j->flow;
	const struct flow_side *c = &f->side[FLOW_C2S], *s = &f->side[FLOW_S2C];
	uint64_t from = f->handshake_ns, until = judge_until(j);
	uint64_t left = s->fin_ns ? s->fin_ns : s->rst_ns;
	uint32_t left_frame = s->fin_frame ? s->fin_frame : s->rst_frame;

	if (!f->handshake_frame || f->one_sided)
		return;
	if (ns_since(s->first_data_ns, from) >= BANNER_SILENCE)
		facts_say(j->facts, FACT_NO_BANNER, f->handshake_frame,
			  judge_words(j, "the banner came after %.0f s",
				      (double)ns_since(s->first_data_ns, from) / 1e9));
	bool spoke_first = c->data_segments && ns_since(c->first_data_ns, from) < BANNER_SILENCE;
	if (s->data_segments || spoke_first || s->gap_bytes) {
		if (j->seen->banner_code == CODE_NOT_AVAILABLE && left &&
		    ns_since(left, j->seen->banner.ns) <= SEGMENT_SECOND)
			judge_set(j, FACT_SERVER_CLOSED_EARLY, left_frame);
		return;
	}
	uint64_t gone = c->fin_ns ? c->fin_ns : c->rst_ns;
	bool server_first = left && !(s->fin_answers && !s->rst_ns) && (!gone || left < gone);
	uint64_t silence = ns_since(server_first ? left : gone ? gone : left ? left : until, from);
	if (silence >= BANNER_SILENCE)
		facts_say(j->facts, FACT_NO_BANNER, f->handshake_frame,
			  judge_words(j, "%.0f s without a banner", (double)silence / 1e9));
	else if (server_first)
		judge_set(j, FACT_SERVER_CLOSED_EARLY, left_frame);
}

/* The receiver's side of a black hole: its ACK stays at a hole of whole segments (T06). */
static void hole(struct judge *j)
{
	const struct seen *n = j->seen;
	const struct flow_side *sender = &j->flow->side[n->odd->hole_s2c ? FLOW_S2C : FLOW_C2S];
	uint64_t until = judge_until(j);

	if (!n->odd->hole_first.frame || n->odd->hole_size < FULL_SEGMENT || n->odd->lost.frame ||
	    ns_since(until, n->odd->hole_first.ns) < HOLE_PATIENCE ||
	    seq_cmp(sender->acked, n->odd->hole_ack) > 0)
		return;
	facts_say(j->facts, FACT_MTU_BLACKHOLE, n->odd->hole_first.frame,
		  judge_words(j, "%u bytes from the %s never arrive, what comes after them does",
			      n->odd->hole_size, n->odd->hole_s2c ? "server" : "client"));
	facts_set(j->facts, FACT_MTU_BLACKHOLE, n->odd->hole_last.frame);
}

static void path(struct judge *j)
{
	uint32_t data = 0, again = 0, frame = 0;
	for (int d = 0; d < 2; d++) {
		const struct flow_side *s = &j->flow->side[d];
		if (s->stuck_len && s->stuck_count >= STUCK_SENDS && !j->flow->one_sided) {
			facts_say(j->facts, FACT_MTU_BLACKHOLE, s->stuck_frame,
				  judge_words(j,
					      "%u bytes from the %s sent %u times, never "
					      "acknowledged; the "
					      "largest that arrived is %u",
					      s->stuck_len, d ? "server" : "client", s->stuck_count,
					      s->largest_acked));
			facts_set(j->facts, FACT_MTU_BLACKHOLE, s->stuck_last_frame);
		}
		if (s->zero_window_ns > WINDOW_SHUT)
			judge_set(j, FACT_ZERO_WINDOW, s->zero_window_frame);
		data += s->data_segments;
		again += s->retransmitted;
		frame = frame ? frame : s->retransmit_frame;
	}
	uint64_t rtt = flow_rtt_server(j->flow) + flow_rtt_client(j->flow);
	if (again >= 2 && (uint64_t)again * 100 > (uint64_t)data * 3)
		facts_say(j->facts, FACT_HIGH_RTT_LOSS, frame,
			  judge_words(j, "%u of %u segments sent again", again, data));
	else if (rtt > SLOW_RTT)
		facts_say(j->facts, FACT_HIGH_RTT_LOSS, j->flow->handshake_frame,
			  judge_words(j, "round trip of %.0f ms", (double)rtt / 1e6));
}

/* After more than 60 s of silence: RST, or data that nobody acknowledges (T07). */
static void idle(struct judge *j)
{
	const struct flow *f = j->flow;
	const struct flow_side *c = &f->side[FLOW_C2S], *s = &f->side[FLOW_S2C];
	uint64_t last = MAX(c->last_data_ns, s->last_data_ns);
	uint32_t rst = c->rst_frame ? c->rst_frame : s->rst_frame;
	uint64_t rst_ns = c->rst_frame ? c->rst_ns : s->rst_ns;

	if (!last || j->seen->mail->quit.frame)
		return;
	if (rst && rst_ns > last && rst_ns - last > LONG_SILENCE && !c->fin_frame &&
	    !s->fin_frame) {
		facts_say(j->facts, FACT_IDLE_DROP, rst,
			  judge_words(j, "RST after %.0f s of silence",
				      (double)(rst_ns - last) / 1e9));
		return;
	}
	if (!j->seen->longest_silence.frame || j->seen->longest_silence_ns <= LONG_SILENCE)
		return;
	if (rst && rst_ns >= last &&
	    MAX(c->last_data_frame, s->last_data_frame) == j->seen->longest_silence.frame) {
		facts_say(j->facts, FACT_IDLE_DROP, rst,
			  judge_words(j, "RST to the first data after %.0f s of silence",
				      (double)j->seen->longest_silence_ns / 1e9));
		return;
	}
	for (int d = 0; d < 2; d++) {
		const struct flow_side *a = &f->side[d], *b = &f->side[!d];
		bool unanswered = a->last_data_frame >= j->seen->longest_silence.frame &&
				  a->have_acked && seq_cmp(a->acked, a->highest) < 0 &&
				  b->last_ns < a->last_data_ns && a->retransmitted >= 2;
		if (unanswered)
			facts_say(j->facts, FACT_IDLE_DROP, j->seen->longest_silence.frame,
				  judge_words(j, "no answer after %.0f s of silence",
					      (double)j->seen->longest_silence_ns / 1e9));
	}
}

static void closing(struct judge *j)
{
	const struct flow_side *c = &j->flow->side[FLOW_C2S], *s = &j->flow->side[FLOW_S2C];
	uint32_t client = flow_left(c, s), server = flow_left(s, c);
	if (client || server)
		judge_set(j, FACT_CLOSE_SEEN,
			  client && server ? MIN(client, server) : client + server);
	if (flow_left_first(c, s))
		judge_set(j, FACT_CLIENT_CLOSED, client);
	else if (server)
		judge_set(j, FACT_SERVER_CLOSED, server);
}

void judge_tcp(struct judge *j)
{
	connecting(j);
	icmp(j);
	injected(j);
	greeting(j);
	path(j);
	hole(j);
	idle(j);
	closing(j);
	judge_seen(j, FACT_SLOW_CLIENT, &j->seen->odd->slow);
	if (j->seen->odd->proxy.frame)
		facts_say(j->facts, FACT_PROXIED, j->seen->odd->proxy.frame,
			  j->seen->odd->proxy_words);
}
