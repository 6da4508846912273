/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A wire for the tests of the connection table: writes a dialogue as segments, cuts, loses,
 * delays and shuffles them, feeds them, and records what the hooks said as one line of text:
 * `C` or `S` and the bytes of that side, `[n]` a gap of n bytes, `.` FIN, `!` RST, `;` the end.
 * Nothing here is shared with the engine but its public headers.
 */
#ifndef SMTP365_TEST_FLOW_WIRE_H
#define SMTP365_TEST_FLOW_WIRE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/caps.h"
#include "flow/flow.h"

#define MS (SEGMENT_SECOND / 1000)

struct wire {
	GArray *seg; /* struct segment; payloads are in `store` */
	GPtrArray *store;
	uint32_t seq[2];  /* next of each side */
	uint32_t seen[2]; /* what each side acknowledges */
	uint64_t now_ns;
	uint16_t client_port;
	uint16_t ip_id[2];
	uint8_t net; /* third byte of the client's address */
	bool v6;
};

struct record {
	GString *log;
	int last; /* direction of the bytes logged last, -1 none */
	uint64_t bytes[2], gaps[2];
	unsigned gap_count, ends;
	uint32_t last_frame[2];
	bool frames_fall; /* a mark's frame went back within one direction */
	enum flow_end end;
	enum flow_gap why;
	struct flow_table *table;
	unsigned drop_at; /* flow_drop in the hook call of this number, 0 never */
	unsigned calls;
	struct flow seen; /* copy of the flow at its end */
	struct flow_side side[2];
	GArray *order; /* uint32_t first frames, in the order of the end hooks */
	size_t kept;
};

static inline struct wire wire_new(uint32_t client_isn, uint32_t server_isn)
{
	return (struct wire){
		.seg = g_array_new(FALSE, TRUE, sizeof(struct segment)),
		.store = g_ptr_array_new_with_free_func(g_free),
		.seq = { client_isn, server_isn },
		.seen = { server_isn, client_isn },
		.now_ns = 1750000000 * SEGMENT_SECOND,
		.client_port = 40000,
		.ip_id = { 1, 1000 },
	};
}

static inline void wire_free(struct wire *w)
{
	g_array_free(w->seg, TRUE);
	g_ptr_array_free(w->store, TRUE);
}

static inline struct segment *wire_at(const struct wire *w, unsigned i)
{
	return &g_array_index(w->seg, struct segment, i);
}

static inline struct address wire_address(const struct wire *w, bool client)
{
	struct address a = { .family = w->v6 ? 6 : 4 };
	a.byte[0] = w->v6 ? 0x20 : 10;
	a.byte[2] = client ? w->net : 0;
	a.byte[3] = client ? 1 : 25;
	return a;
}

/* One segment 1 ms after the last one; returns its index. */
static inline unsigned wire_put(struct wire *w, unsigned dir, uint8_t flags, const void *payload,
				uint32_t len)
{
	struct segment s = {
		.time_ns = w->now_ns += MS,
		.frame = w->seg->len + 1,
		.src = wire_address(w, dir == FLOW_C2S),
		.dst = wire_address(w, dir == FLOW_S2C),
		.sport = dir == FLOW_C2S ? w->client_port : 25,
		.dport = dir == FLOW_C2S ? 25 : w->client_port,
		.seq = w->seq[dir],
		.ack = flags & TCP_ACK ? w->seq[!dir] : 0,
		.flags = flags,
		.ttl = dir == FLOW_C2S ? 64 : 110,
		.window = 8192,
		.mss = flags & TCP_SYN ? 1460 : 0,
		.ip_id = w->v6 ? 0 : w->ip_id[dir]++,
		.len = len,
		.caplen = len,
	};
	void *copy = g_malloc(len + 1u);
	if (len)
		memcpy(copy, payload, len);
	g_ptr_array_add(w->store, copy);
	s.payload = copy;
	w->seq[dir] += len + (flags & TCP_SYN ? 1 : 0) + (flags & TCP_FIN ? 1 : 0);
	g_array_append_val(w->seg, s);
	return w->seg->len - 1;
}

static inline unsigned wire_say(struct wire *w, unsigned dir, const char *text)
{
	return wire_put(w, dir, TCP_ACK | TCP_PSH, text, (uint32_t)strlen(text));
}

static inline unsigned wire_ack(struct wire *w, unsigned dir)
{
	return wire_put(w, dir, TCP_ACK, NULL, 0);
}

static inline void wire_open(struct wire *w)
{
	wire_put(w, FLOW_C2S, TCP_SYN, NULL, 0);
	wire_put(w, FLOW_S2C, TCP_SYN | TCP_ACK, NULL, 0);
	wire_ack(w, FLOW_C2S);
}

static inline void wire_close(struct wire *w)
{
	wire_put(w, FLOW_S2C, TCP_ACK | TCP_FIN, NULL, 0);
	wire_put(w, FLOW_C2S, TCP_ACK | TCP_FIN, NULL, 0);
	wire_ack(w, FLOW_S2C);
}

/* Hand-made copy of segment i at the end, with a new frame number and time. */
static inline struct segment *wire_again(struct wire *w, unsigned i, uint64_t after_ns)
{
	struct segment s = *wire_at(w, i);
	s.frame = w->seg->len + 1;
	s.time_ns = w->now_ns += after_ns;
	g_array_append_val(w->seg, s);
	return wire_at(w, w->seg->len - 1);
}

static const char *const wire_turns[] = {
	"S220 mx ready\r\n", "CEHLO a.example\r\n", "S250-mx\r\n250-SIZE 99\r\n250 STARTTLS\r\n",
	"CSTARTTLS\r\n",     "S220 go\r\n",	    "CQUIT\r\n",
	"S221 bye\r\n",
};

#define LOG_PLAIN                                                                                  \
	"S220 mx ready\r\nCEHLO a.example\r\nS250-mx\r\n250-SIZE 99\r\n250 STARTTLS\r\n"           \
	"CSTARTTLS\r\nS220 go\r\nCQUIT\r\nS221 bye\r\n.C.;"

/* A dialogue as it is spoken; each turn in segments of at most `cut` bytes. */
static inline struct wire wire_dialogue(uint32_t client_isn, uint32_t server_isn, uint32_t cut)
{
	struct wire w = wire_new(client_isn, server_isn);
	wire_open(&w);
	for (size_t i = 0; i < G_N_ELEMENTS(wire_turns); i++) {
		unsigned dir = wire_turns[i][0] == 'S';
		const char *at = wire_turns[i] + 1;
		for (uint32_t left = (uint32_t)strlen(at), n; left; left -= n, at += n) {
			n = left < cut ? left : cut;
			wire_put(&w, dir, TCP_ACK | TCP_PSH, at, n);
		}
	}
	wire_close(&w);
	return w;
}

static inline void record_mark(struct record *r, unsigned dir, uint32_t frame)
{
	r->frames_fall |= frame < r->last_frame[dir];
	r->last_frame[dir] = frame;
	assert_int_not_equal(frame, 0);
}

static inline void record_call(struct record *r, struct flow *f)
{
	if (++r->calls == r->drop_at)
		flow_drop(r->table, f);
}

static inline void record_side(struct record *r, unsigned dir)
{
	if (r->last != (int)dir)
		g_string_append_c(r->log, dir == FLOW_C2S ? 'C' : 'S');
	r->last = (int)dir;
}

static inline void on_data(struct flow *f, enum flow_dir dir, struct bytes view,
			   struct flow_mark mark, void *host)
{
	struct record *r = host;
	assert_true(bytes_left(&view) > 0);
	record_mark(r, dir, mark.frame);
	record_side(r, dir);
	r->bytes[dir] += bytes_left(&view);
	if (r->log->len < 1u << 16)
		g_string_append_len(r->log, (const char *)view.at, (gssize)bytes_left(&view));
	record_call(r, f);
}

static inline void on_gap(struct flow *f, enum flow_dir dir, uint64_t missing, enum flow_gap why,
			  struct flow_mark mark, void *host)
{
	struct record *r = host;
	assert_true(missing > 0);
	assert_int_not_equal(mark.frame, 0);
	record_side(r, dir);
	if (r->log->len < 1u << 16)
		g_string_append_printf(r->log, "[%llu]", (unsigned long long)missing);
	r->gaps[dir] += missing;
	r->gap_count++;
	r->why = why;
	record_call(r, f);
}

static inline void on_close(struct flow *f, enum flow_dir dir, bool reset, struct flow_mark mark,
			    void *host)
{
	struct record *r = host;
	assert_int_not_equal(mark.frame, 0);
	record_side(r, dir);
	if (r->log->len < 1u << 16)
		g_string_append_c(r->log, reset ? '!' : '.');
	record_call(r, f);
}

static inline void on_end(struct flow *f, void *host)
{
	struct record *r = host;
	if (r->log->len < 1u << 16)
		g_string_append_c(r->log, ';');
	r->last = -1;
	r->ends++;
	r->end = f->end;
	r->seen = *f;
	r->seen.side = r->side;
	for (unsigned d = 0; d < 2; d++) {
		r->side[d] = f->side[d];
		r->last_frame[d] = 0;
	}
	g_array_append_val(r->order, f->first_frame);
}

static inline size_t on_kept(const struct flow *f, void *host)
{
	(void)f;
	return ((struct record *)host)->kept;
}

static inline struct record *record_new(size_t memory)
{
	static const struct flow_hooks hooks = { on_data, on_gap, on_close, on_end, on_kept, NULL };
	static const uint8_t key[16] = "sixteen letters";
	struct record *r = g_new0(struct record, 1);
	r->log = g_string_new(NULL);
	r->last = -1;
	r->order = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	r->table = flow_table_new(&hooks, r, key, memory);
	return r;
}

static inline void record_free(struct record *r)
{
	flow_table_free(r->table);
	g_string_free(r->log, TRUE);
	g_array_free(r->order, TRUE);
	g_free(r);
}

/* Feed one segment from a heap copy of exactly its size, so that a read past it is seen. */
static inline struct flow *record_feed(struct record *r, const struct segment *s)
{
	struct segment copy = *s;
	uint8_t *payload = g_malloc(s->caplen ? s->caplen : 1);
	if (s->caplen)
		memcpy(payload, s->payload, s->caplen);
	copy.payload = payload;
	flow_expire(r->table, s->time_ns);
	struct flow *f = flow_feed(r->table, &copy);
	g_free(payload);
	return f;
}

/* Feed all segments of a wire but `lost` (UINT32_MAX none) and end. */
static inline struct record *record_wire(const struct wire *w, uint32_t lost)
{
	struct record *r = record_new(CAP_MEMORY_ALL);
	for (unsigned i = 0; i < w->seg->len; i++)
		if (i != lost)
			record_feed(r, wire_at(w, i));
	flow_table_finish(r->table);
	return r;
}

#define ALL UINT32_MAX

/* The same, announced in groups before it is fed. */
static inline struct record *record_expected(const struct wire *w)
{
	struct record *r = record_new(CAP_MEMORY_ALL);
	for (unsigned i = 0; i < w->seg->len; i += FLOW_EXPECT) {
		struct segment *group[FLOW_EXPECT];
		unsigned n = MIN(FLOW_EXPECT, w->seg->len - i);
		for (unsigned k = 0; k < n; k++)
			group[k] = wire_at(w, i + k);
		flow_expect(r->table, group, n);
		for (unsigned k = 0; k < n; k++)
			record_feed(r, group[k]);
	}
	flow_table_finish(r->table);
	return r;
}

/* Feed a wire and compare the whole log. */
static inline void wire_expect(struct wire *w, const char *log)
{
	struct record *r = record_wire(w, ALL);
	assert_string_equal(r->log->str, log);
	assert_int_equal(r->ends, 1);
	record_free(r);
	r = record_expected(w);
	assert_string_equal(r->log->str, log);
	record_free(r);
	wire_free(w);
}

#endif
