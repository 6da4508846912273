/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the connection table share and no one else includes: table.c opens and ends
 * connections; lookup.c finds them; idle.c queues them by how long they may be idle;
 * sides.c keeps their sides small; order.c decides what is delivered and calls the host's
 * hooks; graves.c remembers what closed; lane.c holds what waits and knows for what; stats.c
 * counts. A connection (struct conn) is the public struct flow and its links; a lane is the part of
 * one side that exists only once that side has payload, holes or oddities.
 */
#ifndef SMTP365_FLOW_INTERNAL_H
#define SMTP365_FLOW_INTERNAL_H

#include "base/caps.h"
#include "base/pool.h"
#include "flow/flow.h"

/* A piece of one direction that cannot be delivered yet; owns its copy of the bytes. */
struct held {
	struct held *prev, *next; /* by sequence number, never overlapping */
	uint64_t arrived_ns;	  /* the table's clock */
	struct flow_mark mark;
	uint32_t seq, len;
	uint32_t caplen; /* bytes in `copy` */
	uint32_t ack;	 /* what the other side must have delivered first */
	bool late;	 /* filled a hole: its ACK may be newer than its bytes */
	uint8_t copy[];
};

/* What an allocator adds to each block, about; counted for the cap. */
#define BLOCK_COST 16u

/* Copies by a mirror come soon after; so many signatures before the last one are remembered. */
#define LANE_SIGNATURES 8
/* Segment sizes whose ACK is awaited, for `largest_acked`. */
#define LANE_SIZES 4

struct conn;

struct lane {
	struct conn *owner;
	struct lane *wait_prev, *wait_next;
	struct held *first, *last;
	uint32_t held_count, held_bytes;
	struct flow_mark ack_mark; /* the ACK that went past `next` */
	uint64_t ack_at;	   /* when it came, on the table's clock */
	uint64_t wait_ns;	   /* its place in the waiting list: when its hole was noticed */
	uint64_t fin_at;	   /* when the FIN came, on the table's clock */
	uint32_t fin_seq, fin_ack, rst_seq;
	uint32_t far_next, far_count; /* segments in a row beyond CAP_SEQUENCE_JUMP */
	uint8_t dir;
	bool waiting;	/* in the table's list of lanes whose hole times out */
	bool ack_ahead; /* `ack_mark` is valid: the peer acknowledged what we miss */
	bool fin_known, fin_done;
	bool absent;	    /* a first hole of a side that was never seen was given up */
	bool one_skipped;   /* one byte passed over in silence: most likely a FIN not captured */
	bool reset_pending; /* RST seen, close hook not called yet */
	bool zero_window;
	uint8_t signature_at;
	uint32_t signature[LANE_SIGNATURES];
	uint32_t signature_us[LANE_SIGNATURES]; /* packet time, wraps after 71 minutes */
	uint64_t zero_since_ns;
	struct {
		uint32_t len, end;
	} size[LANE_SIZES]; /* sent, not acknowledged, larger than all that was */
	struct {
		uint32_t seq, len, count, frame, last_frame;
		bool split; /* sent again in smaller pieces */
	} big;		    /* T06: the full-size segment that may be stuck */
};

/* What struct flow_side tells of a side that has no lane; the rest of it is zero. */
struct packed_side {
	uint64_t syn_ns, syn_last_ns, last_ns;
	uint32_t isn, next, highest, acked;
	uint32_t syn_frame, syn_last_frame, syn_count, segments;
	uint16_t mss, ip_id_last, window_syn;
	uint8_t ttl_first, ttl_min, ttl_max;
	bool have_next : 1, have_acked : 1, has_mac : 1;
	uint8_t src_mac[6];
};

/* Queues of connections by how long they may be idle, oldest first. */
enum conn_class { CONN_SYN, CONN_OPEN, CONN_CLEAN, CONN_LINGER, CONN_TOLD, CONN_CLASSES };

struct conn {
	struct flow flow; /* must be first: struct flow * of the host points here */
	struct lane *lane[2];
	struct packed_side packed[2]; /* while `flow.side` is not the connection's own */
	struct conn *older, *newer;
	uint64_t touched_ns,
		queued_ns; /* the table's clock; moved in its queue once a second at most */
	uint32_t hash;
	uint32_t charged;      /* bytes counted for the host's kept() */
	uint32_t signature[2]; /* of the last segment of each side */
	uint8_t queue;	       /* enum conn_class */
	bool is_packed : 1;    /* `packed` tells all; no lanes */
	bool beyond_syn : 1;   /* more than SYN and SYN-ACK seen */
	bool ending : 1;       /* FIN or RST seen */
	bool closed : 1;
	bool busy : 1;	  /* inside a hook */
	bool dropped : 1; /* flow_drop came while busy */
	bool holds : 1;	  /* counted in `lingering` of the table */
	bool told : 1;	  /* the end hook was called: no sides, only ends and ISNs are left */
	bool anchored[2]; /* `next` of that side is known from the peer's ACK only */
	bool two_answers; /* `other_isn` is that of another SYN-ACK to the same SYN */
	uint32_t other_isn;
};

/* Both ends of a segment, as flow_find takes them. */
struct flow_ends {
	const struct address *src, *dst;
	uint16_t sport, dport;
	uint32_t hash; /* 0 when not known yet */
};

/* A place of the hash; the hash beside the pointer saves a look at the connection. */
struct flow_slot {
	struct conn *conn; /* NULL when free */
	uint32_t hash;
};

struct conn_queue {
	struct conn *oldest, *newest;
};

/* A connection that closed, so that copies of its segments that come after it was forgotten are not
 * taken for another one. A newer one on the same place takes it over. */
struct grave {
	uint64_t closed_ns; /* the table's clock; 0 empty */
	uint32_t hash;
	uint32_t first[2], end[2]; /* its numbers, by enum flow_dir */
	uint16_t client_port;
};
#define GRAVES 8192u /* power of two */

/* Clients share a counter by hash, which costs them seconds at most. */
#define LINGER_SLOTS 4096u

struct flow_table {
	struct flow_hooks hooks;
	void *host;
	flow_server_side server_side;
	uint64_t key[2];
	uint64_t now_ns;	/* packet time */
	uint64_t expired_ns;	/* of the last look for time-outs */
	uint64_t leap_ns;	/* a time far from it that nothing has confirmed, or 0 */
	struct flow_slot *slot; /* open addressing, at most three quarters full */
	size_t mask;		/* slots - 1 */
	size_t conns;		/* in the slots, told ones too */
	struct conn *recent;	/* the last one found: most packets follow one of their own */
	struct conn *unpacked;	/* whose sides `side` shows, or NULL */
	struct flow_side side[2];
	struct conn_queue queue[CONN_CLASSES];
	uint32_t lingering[LINGER_SLOTS]; /* by client: closed, not clean, end not yet told */
	struct lane *wait_first, *wait_last;
	struct grave *graves; /* GRAVES of them, of fixed size and not counted */
	size_t memory;
	struct pool conn_room, sides_room, lane_room;
	struct flow_stats stats;
};

static inline struct flow_side *lane_side(const struct lane *l)
{
	return &l->owner->flow.side[l->dir];
}

/* Packet time that passed since then, 0 when the clock went back. */
static inline uint64_t flow_elapsed(const struct flow_table *t, uint64_t then_ns)
{
	return t->now_ns > then_ns ? t->now_ns - then_ns : 0;
}

static inline void flow_charge(struct flow_table *t, size_t bytes)
{
	t->stats.bytes += bytes;
	if (t->stats.bytes > t->stats.bytes_peak)
		t->stats.bytes_peak = t->stats.bytes;
}

static inline void flow_discharge(struct flow_table *t, size_t bytes)
{
	t->stats.bytes -= bytes;
}

/* lookup.c */
/* The first slots, empty; freed with the table. */
void lookup_init(struct flow_table *t);
/* The hash of these ends, the same for both directions. */
uint32_t lookup_hash(const struct flow_table *t, const struct flow_ends *e);
/* The connection of these ends, told ones too, and the direction of src -> dst, or NULL. */
struct conn *lookup_find(struct flow_table *t, const struct flow_ends *e, unsigned *dir);
void lookup_add(struct flow_table *t, struct conn *c, const struct flow_ends *e);
void lookup_remove(struct flow_table *t, const struct conn *c);

/* graves.c */
/* The connection closed and is about to be forgotten. */
void graves_add(struct flow_table *t, const struct conn *c);
/* Does a segment that belongs to no connection repeat what one of these sent? */
bool graves_know(const struct flow_table *t, const struct segment *s, uint32_t hash);

/* idle.c */
/* Into a queue as its newest, at the table's time; out of the queue that it is in. */
void idle_append(struct flow_table *t, struct conn *c, unsigned class);
void idle_remove(struct flow_table *t, struct conn *c);
/* The queue that a connection belongs in now; c->closed is up to date. */
enum conn_class idle_class(struct flow_table *t, const struct conn *c);
/* From its queue into that one, and count it for the clean ones of its client when they wait. */
void idle_move(struct flow_table *t, struct conn *c, enum conn_class class);
/* Count it, or no longer, among those that clean ones of its client wait for. */
void idle_hold(struct flow_table *t, struct conn *c, bool holds);
/* The oldest idle connection but `keep`: what was told already, then what never got past SYN, then
 * by age. NULL when there is none. */
struct conn *idle_oldest(const struct flow_table *t, const struct conn *keep);

/* sides.c */
/* The lane of a side, made when it has none. `flow.side` may move. */
struct lane *lane_get(struct flow_table *t, struct conn *c, unsigned dir);
/* Show the sides of a packed connection in the table's own pair; others show theirs always. */
void sides_unpack(struct flow_table *t, struct conn *c);
/* Keep what the table's pair shows, when the connection is packed. */
void sides_pack(struct flow_table *t, struct conn *c);
/* Give the connection sides of its own, for good: it has more to tell than fits packed. */
void sides_own(struct flow_table *t, struct conn *c);
/* Free the sides and lanes of a connection. */
void sides_free(struct flow_table *t, struct conn *c);

/* order.c */
/* Put one segment in its place and deliver what became deliverable. */
void order_take(struct flow_table *t, struct conn *c, unsigned dir, const struct segment *s);
/* The connection is over: deliver what is held, with gaps, then the closes. */
void order_flush(struct flow_table *t, struct conn *c);
/* Give up holes whose time has come, in all connections. */
void order_expire(struct flow_table *t);
/* Times of the table's clock that are later than this become this. */
void order_set_back(struct lane *l, uint64_t now_ns);

/* stats.c */
/* A copy of a segment that was just seen (C05)? Remembers this one when not. */
bool stats_duplicate(struct flow_table *t, struct conn *c, unsigned dir, const struct segment *s);
/* Count a SYN or SYN-ACK that order_take found to be of this connection. */
void stats_syn(struct conn *c, unsigned dir, const struct segment *s);
/* Count what every segment tells: TTL, checksum, window, handshake. */
void stats_segment(struct flow_table *t, struct conn *c, unsigned dir, const struct segment *s);
/* Count a segment whose payload begins at `seq`, before it is put in order. */
void stats_data(struct flow_table *t, struct conn *c, unsigned dir, const struct segment *s,
		uint32_t seq);
/* The peer acknowledged more of this side. */
void stats_acked(struct conn *c, unsigned dir);
/* A segment that filled a hole of this age: late, or sent again? */
void stats_filled(struct conn *c, struct lane *l, uint64_t age_ns, uint32_t frame);
/* A segment sent again. */
void stats_retransmitted(struct lane *l, uint32_t frame);
/* The connection ends: one_sided, times that still run. */
void stats_end(struct conn *c);

#endif
