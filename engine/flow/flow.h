/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The connection table and the order of bytes. Takes segments, finds their connection (keyed
 * hash over the 5-tuple), decides which end is the client, puts each direction in order and
 * both directions into causal order, and hands the result to the host's hooks. Counts what the
 * facts about TCP need (handshake, retransmission, duplicates, holes, TTL, round trips).
 * Judges nothing. Time is packet time (RFC 9293 for the sequence rules).
 *
 * Causal order: bytes of one side are delivered only after the bytes of the other side that
 * they acknowledge were delivered or given up as lost (a gap whose size the ACK tells). So a
 * tap that delivers one direction late does not turn a dialogue upside down.
 */
#ifndef SMTP365_FLOW_H
#define SMTP365_FLOW_H

#include <glib.h>
#include "base/serial.h"
#include "bytes.h"
#include "segment.h"

enum flow_dir { FLOW_C2S, FLOW_S2C };

/* Where bytes came from: the frame that carried them and its time. */
struct flow_mark {
	uint64_t time_ns;
	uint32_t frame;
};

enum flow_gap {
	FLOW_GAP_LOST,	  /* acknowledged by the peer, never captured */
	FLOW_GAP_SNAPPED, /* captured packet was cut (snap length) */
	FLOW_GAP_CULLED,  /* given up because a cap was reached */
	FLOW_GAP_UNKNOWN, /* a hole that nothing acknowledged when it was given up */
};

enum flow_end {
	FLOW_END_CLOSED,  /* FIN from both sides, or FIN and last ACK */
	FLOW_END_RESET,	  /* RST */
	FLOW_END_IDLE,	  /* timeout in packet time */
	FLOW_END_REUSED,  /* a new SYN on the same ports */
	FLOW_END_CULLED,  /* a cap was reached */
	FLOW_END_CAPTURE, /* the capture ended first */
};

/* What one side of the connection did. Frame numbers are 0 when it did not happen. */
struct flow_side {
	uint32_t isn;	  /* initial sequence number, valid with `syn_frame` or guessed midstream */
	uint32_t next;	  /* next sequence number to deliver */
	uint32_t highest; /* highest sequence number + length seen */
	uint32_t acked;	  /* highest ACK that the other side sent for our bytes */
	bool have_next;	  /* `next` and `highest` are valid */
	bool have_acked;
	bool has_mac;
	bool fin_answers; /* its FIN acknowledges a FIN of the other side, which closed first; also
			     one that was not captured: one number past all that was seen */
	uint8_t ttl_rst;  /* TTL of the first RST */
	uint8_t ttl_first, ttl_min, ttl_max; /* TTL of segments that are not RST */
	uint8_t src_mac[6];
	uint16_t mss; /* of its SYN, 0 unknown */
	uint16_t ip_id_rst;
	uint16_t ip_id_last; /* IPv4 id of the last segment before the RST */
	uint32_t syn_frame, syn_last_frame, fin_frame, rst_frame;
	uint64_t syn_ns, syn_last_ns, fin_ns, rst_ns;
	uint32_t syn_count; /* SYN (client) or SYN-ACK (server), retransmissions counted */
	uint32_t first_data_frame, last_data_frame;
	uint32_t segments; /* segments with or without payload, duplicates left out */
	uint64_t first_data_ns, last_data_ns, last_ns; /* last_ns: any segment */
	uint64_t last_new_ns;		 /* payload that had not been delivered before */
	uint16_t window_syn, window_rst; /* as in the headers of its SYN and first RST */
	uint64_t bytes;			 /* payload delivered */
	uint64_t gap_bytes;		 /* payload given up */
	uint32_t gap_frame;		 /* frame at which the first gap was noticed */
	uint32_t snapped_frame;		 /* first segment with captured < length */
	uint32_t data_segments; /* with payload, retransmissions too, duplicates left out */
	uint32_t duplicates;	/* copies made by the mirror (C05) */
	uint32_t duplicate_frame;
	uint32_t retransmitted; /* segments sent again by the sender */
	uint32_t retransmit_frame;
	uint32_t reordered;	   /* late but filled in time */
	uint32_t overlap_conflict; /* overlap with different bytes: frame of the first; first copy
				      wins */
	uint32_t checksum_bad;	   /* segments */
	uint32_t large_segments;   /* with payload, but segment_sums() leaves them out */
	uint32_t over_mss;	   /* segments longer than the peer's MSS (offload, C06) */
	uint32_t over_mss_frame, checksum_frame;
	uint32_t zero_window_frame;
	uint64_t zero_window_ns;       /* time spent with window 0, in all */
	uint32_t data_after_rst_frame; /* this side sent payload although its RST was seen */
	/* T06: a full-size segment sent at least 3 times and never acknowledged */
	uint32_t stuck_len; /* its length, 0 when none */
	uint32_t stuck_frame, stuck_last_frame, stuck_count;
	uint32_t largest_acked; /* largest payload segment known to have arrived */
};

struct flow {
	/* Both ends; client = sender of the SYN, or the end with the port that is not watched. */
	struct address client, server;
	uint16_t client_port, server_port;
	/* Two, by enum flow_dir of what that side SENDS. Valid until the next call to the table: a
	 * connection of a few packets without payload is kept packed, and unpacked when asked for.
	 */
	struct flow_side *side;
	struct encapsulation encap; /* of the first frame */
	uint64_t first_ns, last_ns;
	uint32_t first_frame, last_frame, frames;
	uint32_t handshake_frame; /* client's ACK that completed the handshake */
	uint64_t handshake_ns;
	bool midstream;	     /* first frame was neither SYN nor SYN-ACK (C04) */
	bool guessed_client; /* direction is a guess from ports or grammar */
	bool one_sided;	     /* payload one way only while its ACKs advance (C01); final at end */
	enum flow_end end;   /* valid in the end hook */
	void *session;	     /* the host's; owned by the host, freed in its end hook */
	uint32_t tag;	     /* the host's, 0 at first */
};

/* What the host wants to know. `host` is the pointer given to flow_table_new. All views are
 * borrowed for the call. Delivery within one connection is in causal order. */
#define FLOW_FETCH_STEPS 2u
struct flow_hooks {
	/* Bytes of one direction, in order. */
	void (*data)(struct flow *f, enum flow_dir dir, struct bytes view, struct flow_mark mark,
		     void *host);
	/* `missing` bytes of this direction are lost; the stream goes on after them. */
	void (*gap)(struct flow *f, enum flow_dir dir, uint64_t missing, enum flow_gap why,
		    struct flow_mark mark, void *host);
	/* FIN (once per side, after its data) or RST of a side. A RST comes at once, or, when
	 * earlier bytes still wait for theirs, after them and at most CAP_HOLE_WAIT late. */
	void (*close)(struct flow *f, enum flow_dir dir, bool reset, struct flow_mark mark,
		      void *host);
	/* The connection is over: last call for it; the flow is freed afterwards. */
	void (*end)(struct flow *f, void *host);
	/* Bytes that the host keeps for a connection, for the cap; may be NULL. */
	size_t (*kept)(const struct flow *f, void *host);
	/* Ask for the memory of this session of the host's: itself at step 0, what it points to at
	 * step 1, and so on to FLOW_FETCH_STEPS, each when the one before has come; may be NULL. */
	void (*fetch)(const void *session, unsigned step);
};

struct flow_stats {
	uint64_t opened, ended, culled;
	uint32_t open, open_peak;
	size_t bytes, bytes_peak; /* memory of the table and what it holds */
};

struct flow_table;

/* A new table. `key` seeds the hash (16 bytes; random per process against flooding). `memory` is
 * the cap in bytes (CAP_MEMORY_ALL by default). Never fails (GLib aborts when memory ends). */
struct flow_table *flow_table_new(const struct flow_hooks *hooks, void *host, const uint8_t key[16],
				  size_t memory);
/* Ends every connection (FLOW_END_CAPTURE, in the order of their first frames) and frees. */
void flow_table_free(struct flow_table *t);
/* Same as free, but the table stays usable. */
void flow_table_finish(struct flow_table *t);

/* The server port is known to be this side of `s`: +1 dst is the server, -1 src is, 0 unknown. */
typedef int (*flow_server_side)(const struct segment *s, void *host);
/* Who decides the direction when no SYN was seen. */
void flow_table_set_server_side(struct flow_table *t, flow_server_side fn);

/* Segments that are looked at together by flow_expect. */
#define FLOW_EXPECT 8u
/* These segments, FLOW_EXPECT at most, are fed next, most likely: writes their `ends_hash` and asks
 * for the memory of their connections, so that feeding them needs not wait for it. Changes
 * nothing else. */
void flow_expect(struct flow_table *t, struct segment *const *g, unsigned n);
/* Feed one segment, create its connection when needed. Returns it (valid until the
 * next call), or NULL when the segment belonged to nothing (a bare RST or ACK of an unknown
 * connection). */
struct flow *flow_feed(struct flow_table *t, const struct segment *s);
/* The connection of these ends in either direction, or NULL. `dir` (may be NULL): what src->dst is.
 */
struct flow *flow_find(struct flow_table *t, const struct address *src, uint16_t sport,
		       const struct address *dst, uint16_t dport, enum flow_dir *dir);
/* Stop caring: the connection is dropped without the end hook. The one call that a hook may make,
 * and only for its own connection; `session` is then the host's to free. */
void flow_drop(struct flow_table *t, struct flow *f);
/* End connections that are idle at this packet time. Cheap; call it every packet. */
void flow_expire(struct flow_table *t, uint64_t now_ns);
/* The clock was set back to this time, for certain: nothing may wait until it has caught up. Looks
 * at each connection. */
void flow_set_back(struct flow_table *t, uint64_t now_ns);
struct flow_stats flow_table_stats(const struct flow_table *t);
/* Round-trip times that the capture point shows: to the server and to the client, 0 unknown. */
uint64_t flow_rtt_server(const struct flow *f);
uint64_t flow_rtt_client(const struct flow *f);

/* Frame that shows that a side left, 0 none does: its first FIN or RST, or the FIN of the other
 * side that answers one which was not captured. */
static inline uint32_t flow_left(const struct flow_side *s, const struct flow_side *other)
{
	uint32_t fin = s->fin_frame, rst = s->rst_frame;
	if (!fin && !rst && other->fin_answers)
		return other->fin_frame;
	return fin && rst ? (fin < rst ? fin : rst) : fin + rst;
}

/* Did this side leave before the other? A FIN that answers the other's came later, whatever order
 * the frames have. */
static inline bool flow_left_first(const struct flow_side *side, const struct flow_side *other)
{
	uint32_t a = flow_left(side, other), b = flow_left(other, side);
	if (a && b && !(side->rst_frame == a || other->rst_frame == b) &&
	    side->fin_answers != other->fin_answers)
		return other->fin_answers;
	return a && (!b || a < b);
}

/* Bytes that an ACK with SACK blocks says are missing, 0 when none are: a first block below the
 * ACK, or within the second, repeats what came twice (RFC 2883 4). */
static inline uint32_t flow_sack_hole(const struct segment *s)
{
	if (!s->sack_count || !(s->flags & TCP_ACK))
		return 0;
	uint32_t left = s->sack[0][0], right = s->sack[0][1];
	bool twice = s->sack_count > 1 && seq_cmp(left, s->sack[1][0]) >= 0 &&
		     seq_cmp(right, s->sack[1][1]) <= 0;
	return twice ? 0 : seq_gap(s->ack, left);
}

#endif
