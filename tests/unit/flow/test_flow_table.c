/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The connection table: who opens a connection and who does not, direction, reuse of ports,
 * timeouts in packet time, many connections at once, the memory cap, drops from inside hooks.
 */
#include "flow/flow_wire.h"

static struct flow *last_fed(struct record *r, const struct wire *w, unsigned from)
{
	struct flow *f = NULL;
	for (unsigned i = from; i < w->seg->len; i++)
		f = record_feed(r, wire_at(w, i));
	return f;
}

static void test_syn_retransmitted(void **state)
{
	(void)state;
	struct wire w = wire_new(70, 80);
	unsigned syn = wire_put(&w, FLOW_C2S, TCP_SYN, NULL, 0);
	for (unsigned i = 0; i < 3; i++)
		wire_again(&w, syn, (1u << i) * SEGMENT_SECOND)->ip_id = (uint16_t)(90 + i);
	struct record *r = record_new(CAP_MEMORY_ALL);
	struct flow *f = last_fed(r, &w, 0);
	assert_int_equal(f->side[FLOW_C2S].syn_count, 4);
	assert_int_equal(f->side[FLOW_C2S].syn_frame, 1);
	assert_int_equal(f->side[FLOW_C2S].syn_last_frame, 4);
	assert_int_equal(f->side[FLOW_C2S].syn_last_ns - f->side[FLOW_C2S].syn_ns,
			 7 * SEGMENT_SECOND);
	assert_int_equal(f->side[FLOW_S2C].segments, 0);
	assert_int_equal(f->side[FLOW_C2S].mss, 1460);
	struct flow_side before = f->side[FLOW_C2S];
	struct wire other = wire_new(1, 1); /* packed and unpacked: nothing is forgotten */
	other.client_port = 9;
	wire_put(&other, FLOW_C2S, TCP_SYN, NULL, 0);
	flow_feed(r->table, wire_at(&other, 0));
	assert_int_not_equal(f->side[FLOW_C2S].syn_count, 4);
	const struct segment *s = wire_at(&w, 0);
	f = flow_find(r->table, &s->src, s->sport, &s->dst, s->dport, NULL);
	const struct flow_side *after = &f->side[FLOW_C2S];
	assert_int_equal(after->isn, before.isn);
	assert_int_equal(after->next, before.next);
	assert_int_equal(after->highest, before.highest);
	assert_int_equal(after->syn_ns, before.syn_ns);
	assert_int_equal(after->syn_last_ns, before.syn_last_ns);
	assert_int_equal(after->last_ns, before.last_ns);
	assert_int_equal(after->syn_frame, before.syn_frame);
	assert_int_equal(after->syn_last_frame, before.syn_last_frame);
	assert_int_equal(after->syn_count, before.syn_count);
	assert_int_equal(after->segments, before.segments);
	assert_int_equal(after->mss, before.mss);
	assert_int_equal(after->ip_id_last, before.ip_id_last);
	assert_int_equal(after->ttl_max, before.ttl_max);
	assert_true(after->have_next);
	flow_drop(r->table, flow_find(r->table, &s->src, 9, &s->dst, 25, NULL));
	wire_free(&other);
	flow_expire(r->table, w.now_ns + CAP_IDLE_SYN - 1);
	assert_int_equal(r->ends, 0);
	flow_expire(r->table, w.now_ns + CAP_IDLE_SYN + SEGMENT_SECOND);
	assert_int_equal(r->ends, 1);
	assert_int_equal(r->end, FLOW_END_IDLE);
	assert_int_equal(r->side[FLOW_C2S].syn_count, 4);
	assert_int_equal(r->side[FLOW_C2S].syn_last_ns - r->side[FLOW_C2S].syn_ns,
			 7 * SEGMENT_SECOND);
	record_free(r);
	wire_free(&w);
}

static void test_refused(void **state)
{
	(void)state;
	struct wire w = wire_new(70, 80);
	wire_put(&w, FLOW_C2S, TCP_SYN, NULL, 0);
	wire_put(&w, FLOW_S2C, TCP_RST | TCP_ACK, NULL, 0);
	struct record *r = record_new(CAP_MEMORY_ALL);
	last_fed(r, &w, 0);
	flow_expire(r->table, w.now_ns + CAP_LINGER + SEGMENT_SECOND);
	assert_string_equal(r->log->str, "S!;");
	assert_int_equal(r->end, FLOW_END_RESET);
	assert_int_equal(r->side[FLOW_S2C].rst_frame, 2);
	assert_int_equal(r->side[FLOW_S2C].ttl_rst, 110);
	record_free(r);
	wire_free(&w);
}

/* The tail of something that is over opens nothing. */
static void test_nothing_opened(void **state)
{
	(void)state;
	static const uint8_t flags[] = { TCP_RST,	    TCP_RST | TCP_ACK, TCP_ACK,
					 TCP_FIN | TCP_ACK, TCP_FIN,	       0,
					 TCP_RST | TCP_SYN, 0xc0 | TCP_ACK,    TCP_PSH };
	struct record *r = record_new(CAP_MEMORY_ALL);
	for (unsigned i = 0; i < G_N_ELEMENTS(flags); i++) {
		struct wire w = wire_new(1, 1);
		wire_put(&w, i % 2, flags[i], NULL, 0);
		assert_null(record_feed(r, wire_at(&w, 0)));
		wire_free(&w);
	}
	struct wire w = wire_new(1, 1);
	wire_put(&w, FLOW_C2S, TCP_RST | TCP_ACK, "payload of a RST", 16);
	assert_null(record_feed(r, wire_at(&w, 0)));
	wire_free(&w);
	assert_int_equal(flow_table_stats(r->table).opened, 0);
	record_free(r);
}

static int server_is_src(const struct segment *s, void *host)
{
	(void)s, (void)host;
	return -1;
}

static void test_midstream_direction(void **state)
{
	(void)state;
	for (unsigned dir = 0; dir < 2; dir++) {
		for (unsigned told = 0; told < 2; told++) {
			struct wire w = wire_new(1, 1);
			wire_say(&w, dir, "x");
			struct record *r = record_new(CAP_MEMORY_ALL);
			if (told)
				flow_table_set_server_side(r->table, server_is_src);
			struct flow *f = record_feed(r, wire_at(&w, 0));
			uint16_t src = wire_at(&w, 0)->sport;
			assert_int_equal(f->server_port, told ? src : 25);
			assert_true(f->midstream && f->guessed_client);
			record_free(r);
			wire_free(&w);
		}
	}
}

/* SYN-ACK first: not midstream, its destination is the client; the late SYN fits. */
static void test_syn_ack_first(void **state)
{
	(void)state;
	for (unsigned late = 0; late < 2; late++) {
		struct wire w = wire_new(UINT32_MAX, 4);
		wire_put(&w, FLOW_C2S, TCP_SYN, NULL, 0);
		wire_put(&w, FLOW_S2C, TCP_SYN | TCP_ACK, NULL, 0);
		wire_say(&w, FLOW_S2C, "220\r\n");
		wire_say(&w, FLOW_C2S, "QUIT\r\n");
		struct record *r = record_new(CAP_MEMORY_ALL);
		record_feed(r, wire_at(&w, 1));
		if (late)
			record_feed(r, wire_at(&w, 0));
		struct flow *f = last_fed(r, &w, 2);
		assert_int_equal(f->server_port, 25);
		assert_false(f->midstream || f->guessed_client);
		assert_int_equal(f->side[FLOW_C2S].isn, UINT32_MAX);
		assert_string_equal(r->log->str, "S220\r\nCQUIT\r\n");
		assert_int_equal(r->ends, 0);
		record_free(r);
		wire_free(&w);
	}
}

static void test_simultaneous_open(void **state)
{
	(void)state;
	struct wire w = wire_new(10, 20);
	wire_put(&w, FLOW_C2S, TCP_SYN, NULL, 0);
	wire_put(&w, FLOW_S2C, TCP_SYN, NULL, 0);
	wire_ack(&w, FLOW_C2S);
	wire_ack(&w, FLOW_S2C);
	wire_say(&w, FLOW_S2C, "220\r\n");
	wire_say(&w, FLOW_C2S, "EHLO\r\n");
	wire_expect(&w, "S220\r\nCEHLO\r\n;");
}

/* TCP Fast Open: payload in the SYN; sent again when the server did not take it. */
static void test_fast_open(void **state)
{
	(void)state;
	for (unsigned again = 0; again < 2; again++) {
		struct wire w = wire_new(UINT32_MAX - 2, 20);
		wire_put(&w, FLOW_C2S, TCP_SYN, "EHLO a\r\n", 8);
		if (again)
			w.seq[FLOW_C2S] -= 8;
		wire_put(&w, FLOW_S2C, TCP_SYN | TCP_ACK, NULL, 0);
		if (again)
			wire_say(&w, FLOW_C2S, "EHLO a\r\n");
		wire_say(&w, FLOW_S2C, "250\r\n");
		struct record *r = record_wire(&w, ALL);
		assert_string_equal(r->log->str, "CEHLO a\r\nS250\r\n;");
		assert_int_equal(r->side[FLOW_C2S].retransmitted, again);
		record_free(r);
		wire_free(&w);
	}
}

/* Another SYN on the same ports. */
static void test_port_reuse(void **state)
{
	(void)state;
	enum { CLOSED, RESET, OLD, YOUNG, UNANSWERED, AGAIN, CASES };
	for (unsigned k = 0; k < CASES; k++) {
		struct wire w = wire_new(1000, 2000);
		if (k == UNANSWERED) {
			wire_put(&w, FLOW_C2S, TCP_SYN, NULL, 0);
		} else {
			wire_open(&w);
			wire_say(&w, FLOW_S2C, "one");
		}
		if (k == CLOSED)
			wire_close(&w);
		if (k == RESET)
			wire_put(&w, FLOW_C2S, TCP_RST, NULL, 0);
		w.now_ns += k == OLD ? 4 * SEGMENT_SECOND : MS;
		uint32_t kept[2] = { w.seq[0], w.seq[1] };
		w.seq[0] = k == AGAIN ? 1000 : 70000;
		w.seq[1] = k == AGAIN ? 2000 : 90000;
		unsigned second = w.seg->len;
		wire_open(&w);
		if (k == YOUNG || k == AGAIN) {
			w.seq[0] = kept[0];
			w.seq[1] = kept[1];
		}
		wire_say(&w, FLOW_S2C, "two");
		bool reused = k != YOUNG && k != AGAIN;
		struct record *r = record_new(CAP_MEMORY_ALL);
		for (unsigned i = 0; i <= second; i++)
			record_feed(r, wire_at(&w, i));
		assert_int_equal(r->ends, reused);
		if (reused)
			assert_int_equal(r->end, FLOW_END_REUSED);
		struct flow *f = last_fed(r, &w, second + 1);
		assert_int_equal(f->first_frame, reused ? second + 1 : 1);
		assert_int_equal(f->side[FLOW_S2C].bytes, reused ? 3 : 6);
		assert_false(f->midstream);
		assert_true(g_str_has_suffix(r->log->str, "two"));
		record_free(r);
		wire_free(&w);
	}
}

/* The ACK of the last FIN was not seen: that side may send it again, so late segments belong to the
 * old connection until the linger time is over. */
static void test_linger(void **state)
{
	(void)state;
	struct wire w = wire_new(1, 1);
	wire_open(&w);
	wire_say(&w, FLOW_S2C, "221\r\n");
	wire_put(&w, FLOW_S2C, TCP_ACK | TCP_FIN, NULL, 0);
	wire_put(&w, FLOW_C2S, TCP_ACK | TCP_FIN, NULL, 0);
	struct record *r = record_new(CAP_MEMORY_ALL);
	last_fed(r, &w, 0);
	for (unsigned i = 1; i < 5; i++) { /* late segments do not prolong it */
		wire_again(&w, 4, SEGMENT_SECOND - MS);
		record_feed(r, wire_at(&w, w.seg->len - 1));
		assert_int_equal(r->ends, 0);
	}
	flow_expire(r->table, w.now_ns + SEGMENT_SECOND + 5 * MS);
	assert_int_equal(r->ends, 1);
	assert_int_equal(r->end, FLOW_END_CLOSED);
	wire_again(&w, 5, 0); /* the FIN once more: no new connection */
	assert_null(record_feed(r, wire_at(&w, w.seg->len - 1)));
	record_free(r);
	wire_free(&w);
}

/* All was acknowledged: told soon, and what comes late is nobody's, be it payload or the SYN of the
 * old connection; a new SYN begins a new one at once. */
static void test_linger_clean(void **state)
{
	(void)state;
	struct wire w = wire_new(1, 1);
	wire_open(&w);
	wire_say(&w, FLOW_S2C, "221\r\n");
	wire_close(&w);
	struct record *r = record_new(CAP_MEMORY_ALL);
	last_fed(r, &w, 0);
	assert_int_equal(r->ends, 0);
	wire_again(&w, 4, 5 * MS); /* a mirror's copy still counts */
	assert_non_null(record_feed(r, wire_at(&w, w.seg->len - 1)));
	flow_expire(r->table, w.now_ns + CAP_LINGER_CLEAN + MS);
	assert_int_equal(r->ends, 1);
	assert_int_equal(r->end, FLOW_END_CLOSED);
	assert_int_equal(flow_table_stats(r->table).open, 0);
	for (unsigned i = 0; i < 6; i++) {
		wire_again(&w, i, CAP_LINGER_TOLD / 10);
		assert_null(record_feed(r, wire_at(&w, w.seg->len - 1)));
	}
	assert_int_equal(flow_table_stats(r->table).open, 0);
	struct segment *again = wire_again(&w, 0, MS);
	again->seq += 100000;
	assert_non_null(record_feed(r, again));
	assert_int_equal(flow_table_stats(r->table).open, 1);
	assert_int_equal(flow_table_stats(r->table).opened, 2);
	record_free(r);
	wire_free(&w);
}

static void test_idle(void **state)
{
	(void)state;
	struct wire w = wire_new(1, 1);
	wire_open(&w);
	struct record *r = record_new(CAP_MEMORY_ALL);
	last_fed(r, &w, 0);
	for (unsigned i = 0; i < 5; i++) { /* kept alive by one segment before each timeout */
		w.now_ns += CAP_IDLE - 2 * SEGMENT_SECOND;
		wire_say(&w, FLOW_S2C, "x");
		last_fed(r, &w, w.seg->len - 1);
		assert_int_equal(r->ends, 0);
	}
	flow_expire(r->table, w.now_ns + CAP_IDLE - MS);
	assert_int_equal(r->ends, 0);
	flow_expire(r->table, w.now_ns + CAP_IDLE + SEGMENT_SECOND);
	assert_int_equal(r->ends, 1);
	assert_int_equal(r->end, FLOW_END_IDLE);
	record_free(r);
	wire_free(&w);
}

/* One segment from the far future or past does not end what goes on; a real leap does. */
static void test_wild_clock(void **state)
{
	(void)state;
	for (unsigned bad = 0; bad < 23; bad++) {
		for (unsigned past = 0; past < 2; past++) {
			struct wire w = wire_new(1, 1);
			struct record *r = record_new(CAP_MEMORY_ALL);
			wire_open(&w);
			for (unsigned i = 0; i < 20; i++)
				wire_say(&w, i % 2, "y");
			wire_at(&w, bad)->time_ns = past ? 5 : UINT64_MAX - 5;
			last_fed(r, &w, 0);
			assert_int_equal(r->ends, 0);
			assert_int_equal(r->bytes[0] + r->bytes[1], 20);
			flow_expire(r->table, w.now_ns + CAP_IDLE + SEGMENT_SECOND);
			/* the last one keeps its leap until another segment comes */
			assert_int_equal(r->ends, bad == 22 && !past ? 0 : 1);
			record_free(r);
			wire_free(&w);
		}
	}
	struct wire w = wire_new(1, 1);
	struct record *r = record_new(CAP_MEMORY_ALL);
	wire_open(&w);
	last_fed(r, &w, 0);
	w.now_ns += 1000 * 24 * 3600 * SEGMENT_SECOND;
	for (unsigned i = 0; i < 2; i++) {
		w.client_port++; /* two new connections after three years */
		wire_put(&w, FLOW_C2S, TCP_SYN, NULL, 0);
		record_feed(r, wire_at(&w, w.seg->len - 1));
		assert_int_equal(r->ends, i);
	}
	record_free(r);
	wire_free(&w);
}

/* Ends come in the order of first frames, whatever the order of the last ones. */
static void test_finish_order(void **state)
{
	(void)state;
	struct record *r = record_new(CAP_MEMORY_ALL);
	struct wire w = wire_new(1, 1);
	for (unsigned i = 0; i < 3000; i++) {
		w.client_port = (uint16_t)(1024 + i * 7919 % 60000);
		unsigned at = wire_put(&w, FLOW_C2S, TCP_SYN, NULL, 0);
		record_feed(r, wire_at(&w, at));
		if (i % 3 == 0)
			record_feed(r, wire_at(&w, at / 2)); /* touches an older one */
	}
	assert_int_equal(flow_table_stats(r->table).open, 3000);
	flow_table_finish(r->table);
	assert_int_equal(r->ends, 3000);
	for (unsigned i = 1; i < 3000; i++)
		assert_true(g_array_index(r->order, uint32_t, i - 1) <
			    g_array_index(r->order, uint32_t, i));
	assert_int_equal(r->end, FLOW_END_CAPTURE);
	record_free(r);
	wire_free(&w);
}

/* Each connection says its own number; the hooks check that no byte strays. */
struct crowd {
	uint64_t good, bad, ends;
};

static void crowd_data(struct flow *f, enum flow_dir dir, struct bytes view, struct flow_mark mark,
		       void *host)
{
	struct crowd *c = host;
	uint32_t who = (uint32_t)f->client.byte[2] << 16 | f->client_port;
	(void)mark;
	uint32_t said = bytes_u32(&view);
	if (said == (who ^ (dir ? 0xffffffffu : 0)) && !bytes_left(&view) && !view.bad)
		c->good++;
	else
		c->bad++;
}

static void crowd_gap(struct flow *f, enum flow_dir dir, uint64_t missing, enum flow_gap why,
		      struct flow_mark mark, void *host)
{
	(void)f, (void)dir, (void)missing, (void)why, (void)mark;
	((struct crowd *)host)->bad++;
}

static void crowd_close(struct flow *f, enum flow_dir dir, bool reset, struct flow_mark mark,
			void *host)
{
	(void)f, (void)dir, (void)reset, (void)mark, (void)host;
}

static void crowd_end(struct flow *f, void *host)
{
	struct crowd *c = host;
	c->ends++;
	if (f->side[0].bytes != 8 || f->side[1].bytes != 8 || f->side[0].syn_count != 1 ||
	    f->side[1].syn_count != 1)
		c->bad++;
}

#define CROWD 50000u

static void test_fifty_thousand(void **state)
{
	(void)state;
	static const struct flow_hooks hooks = { crowd_data, crowd_gap, crowd_close,
						 crowd_end,  NULL,	NULL };
	static const uint8_t key[16] = { 9 };
	struct crowd crowd = { 0, 0, 0 };
	struct flow_table *t = flow_table_new(&hooks, &crowd, key, CAP_MEMORY_ALL);
	size_t empty = flow_table_stats(t).bytes;
	struct wire *w = g_new0(struct wire, CROWD);
	uint32_t frame = 0;
	for (unsigned i = 0; i < CROWD; i++) {
		w[i] = wire_new(i * 77777u, i * 99999u);
		w[i].client_port = (uint16_t)(1000 + i % 40000);
		w[i].net = (uint8_t)(i / 40000);
		uint32_t who = (uint32_t)w[i].net << 16 | w[i].client_port;
		uint32_t word[2] = { g_htonl(who), g_htonl(~who) };
		wire_open(&w[i]);
		for (unsigned k = 0; k < 4; k++)
			wire_put(&w[i], k % 2, TCP_ACK, &word[k % 2], 4);
	}
	for (unsigned k = 0; k < 7; k++) {
		for (unsigned i = 0; i < CROWD; i++) {
			/* every third connection has its last four segments the wrong way round */
			struct segment s = *wire_at(&w[i], k > 2 && i % 3 == 0 ? 9 - k : k);
			s.frame = ++frame;
			flow_expire(t, s.time_ns);
			assert_non_null(flow_feed(t, &s));
		}
	}
	struct flow_stats stats = flow_table_stats(t);
	assert_int_equal(stats.open, CROWD);
	assert_int_equal(stats.culled, 0);
	assert_true(stats.bytes < CROWD * 4096ull); /* design: under 4 KiB for a quiet session */
	flow_table_finish(t);
	assert_int_equal(crowd.bad, 0);
	assert_int_equal(crowd.good, CROWD * 4ull);
	assert_int_equal(crowd.ends, CROWD);
	assert_true(flow_table_stats(t).bytes >= empty);
	flow_table_free(t);
	for (unsigned i = 0; i < CROWD; i++)
		wire_free(&w[i]);
	g_free(w);
}

/* The cap: never exceeded by more than one connection, those stuck in SYN go first, counted. */
static void test_cull(void **state)
{
	(void)state;
	size_t cap = 200 << 10;
	struct record *r = record_new(cap);
	struct wire talk = wire_new(1, 1), w = wire_new(1, 1);
	wire_open(&talk);
	wire_say(&talk, FLOW_S2C, "220\r\n");
	last_fed(r, &talk, 0);
	for (unsigned i = 0; i < 5000; i++) {
		w.client_port = (uint16_t)(50000 + i);
		struct flow *f =
			record_feed(r, wire_at(&w, wire_put(&w, FLOW_C2S, TCP_SYN, NULL, 0)));
		assert_int_equal(f->client_port, w.client_port);
		assert_int_equal(f->side[FLOW_C2S].syn_frame, i + 1);
		assert_true(flow_table_stats(r->table).bytes <= cap);
	}
	struct flow_stats stats = flow_table_stats(r->table);
	assert_true(stats.culled > 4000 && stats.culled == r->ends);
	assert_int_equal(stats.open + stats.culled, 5001);
	assert_int_equal(r->end, FLOW_END_CULLED);
	assert_int_equal(r->side[FLOW_C2S].syn_count, 1); /* still told at its end */
	const struct segment *s = wire_at(&talk, 0);
	assert_non_null(flow_find(r->table, &s->src, s->sport, &s->dst, s->dport, NULL));
	record_free(r);
	wire_free(&w);
	wire_free(&talk);
}

/* What the host keeps counts too. */
static void test_kept_counts(void **state)
{
	(void)state;
	struct record *r = record_new(1 << 20);
	struct wire w = wire_new(1, 1);
	r->kept = 100 << 10;
	for (unsigned i = 0; i < 50; i++) {
		w.client_port++;
		record_feed(r, wire_at(&w, wire_put(&w, FLOW_C2S, TCP_SYN, NULL, 0)));
	}
	struct flow_stats stats = flow_table_stats(r->table);
	assert_in_range(stats.open, 8, 10);
	assert_true(stats.bytes <= 1 << 20);
	r->kept = UINT32_MAX; /* one alone above the cap stays: it is the one that speaks */
	w.client_port++;
	assert_non_null(record_feed(r, wire_at(&w, wire_put(&w, FLOW_C2S, TCP_SYN, NULL, 0))));
	assert_int_equal(flow_table_stats(r->table).open, 1);
	record_free(r);
	wire_free(&w);
}

/* flow_drop from the n-th hook call: no further call, no end hook, all memory back. */
static void test_drop_inside(void **state)
{
	(void)state;
	for (unsigned n = 1; n < 12; n++) {
		struct wire w = wire_new(1, 1);
		wire_open(&w);
		unsigned first = wire_say(&w, FLOW_S2C, "a"), cut = wire_say(&w, FLOW_S2C, "bcd");
		wire_at(&w, cut)->caplen = 1;
		wire_say(&w, FLOW_C2S, "e");
		wire_say(&w, FLOW_S2C, "f");
		wire_put(&w, FLOW_C2S, TCP_FIN | TCP_ACK, "g", 1);
		wire_put(&w, FLOW_S2C, TCP_RST, NULL, 0);
		for (unsigned lost = 0; lost < 2; lost++) {
			struct record *r = record_new(CAP_MEMORY_ALL);
			size_t empty = flow_table_stats(r->table).bytes;
			r->drop_at = n;
			for (unsigned i = 0; i < w.seg->len && r->calls < n; i++)
				if (!lost || i != first)
					record_feed(r, wire_at(&w, i));
			flow_table_finish(r->table);
			assert_int_equal(r->ends, r->calls < n);
			assert_int_equal(flow_table_stats(r->table).bytes, empty);
			record_free(r);
		}
		wire_free(&w);
	}
}

static void test_drop_outside(void **state)
{
	(void)state;
	struct record *r = record_new(CAP_MEMORY_ALL);
	struct wire w = wire_new(1, 1);
	wire_open(&w);
	size_t empty = flow_table_stats(r->table).bytes;
	for (unsigned n = 1; n <= 3; n++) {
		struct flow *f = NULL;
		for (unsigned i = 0; i < n; i++)
			f = record_feed(r, wire_at(&w, i));
		flow_drop(r->table, f);
		assert_int_equal(flow_table_stats(r->table).bytes, empty);
		const struct segment *s = wire_at(&w, 0);
		assert_null(flow_find(r->table, &s->src, s->sport, &s->dst, s->dport, NULL));
	}
	flow_table_finish(r->table);
	assert_int_equal(r->ends, 0);
	record_free(r);
	wire_free(&w);
}

/* Holes in the hash: after every second connection was dropped the others are still found. */
static void test_find_after_drops(void **state)
{
	(void)state;
	struct record *r = record_new(CAP_MEMORY_ALL);
	struct wire w = wire_new(1, 1);
	for (unsigned i = 0; i < 12000; i++) {
		w.client_port = (uint16_t)(1024 + i);
		unsigned at = wire_put(&w, FLOW_C2S, TCP_SYN, NULL, 0);
		record_feed(r, wire_at(&w, at));
	}
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < 12000; i++) {
			const struct segment *s = wire_at(&w, i);
			struct flow *f =
				flow_find(r->table, &s->src, s->sport, &s->dst, s->dport, NULL);
			assert_int_equal(f != NULL, round == 0 || i % 2);
			if (f && i % 2 == 0)
				flow_drop(r->table, f);
		}
	}
	assert_int_equal(flow_table_stats(r->table).open, 6000);
	record_free(r);
	wire_free(&w);
}

/* Found from both ends; a stranger with one thing different is not. */
static void test_find(void **state)
{
	(void)state;
	for (unsigned v6 = 0; v6 < 2; v6++) {
		struct record *r = record_new(CAP_MEMORY_ALL);
		struct wire w = wire_new(1, 1), other = wire_new(500, 1);
		w.v6 = other.v6 = v6;
		other.client_port = 7;
		wire_put(&w, FLOW_C2S, TCP_SYN, NULL, 0);
		wire_put(&other, FLOW_C2S, TCP_SYN, NULL, 0);
		record_feed(r, wire_at(&w, 0));
		record_feed(r, wire_at(&other, 0));
		struct segment s = *wire_at(&w, 0);
		enum flow_dir dir;
		struct flow *f = flow_find(r->table, &s.dst, s.dport, &s.src, s.sport, &dir);
		assert_non_null(f);
		assert_int_equal(dir, FLOW_S2C);
		assert_int_equal(f->side[FLOW_C2S].isn, 1); /* its own side, not the last one fed */
		assert_ptr_equal(f, flow_find(r->table, &s.src, s.sport, &s.dst, s.dport, &dir));
		assert_int_equal(dir, FLOW_C2S);
		assert_null(flow_find(r->table, &s.src, s.dport, &s.dst, s.sport, NULL));
		assert_null(flow_find(r->table, &s.src, 7000, &s.dst, s.dport, NULL));
		s.src.byte[v6 ? 15 : 3] ^= 1;
		assert_null(flow_find(r->table, &s.src, s.sport, &s.dst, s.dport, NULL));
		record_free(r);
		wire_free(&w);
		wire_free(&other);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_syn_retransmitted),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_nothing_opened),
		cmocka_unit_test(test_midstream_direction),
		cmocka_unit_test(test_syn_ack_first),
		cmocka_unit_test(test_simultaneous_open),
		cmocka_unit_test(test_fast_open),
		cmocka_unit_test(test_port_reuse),
		cmocka_unit_test(test_linger),
		cmocka_unit_test(test_linger_clean),
		cmocka_unit_test(test_idle),
		cmocka_unit_test(test_wild_clock),
		cmocka_unit_test(test_finish_order),
		cmocka_unit_test(test_fifty_thousand),
		cmocka_unit_test(test_cull),
		cmocka_unit_test(test_kept_counts),
		cmocka_unit_test(test_drop_inside),
		cmocka_unit_test(test_drop_outside),
		cmocka_unit_test(test_find_after_drops),
		cmocka_unit_test(test_find),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
