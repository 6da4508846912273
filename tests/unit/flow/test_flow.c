/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Order of bytes: whole dialogues, then the same cut at every byte, with every segment lost, cut
 * short, doubled, shuffled, wrapped, seen from one side, with one side late. Holes that stay and
 * numbers that lie are in test_flow_hostile.c, many connections in test_flow_table.c.
 */
#include "flow/flow_wire.h"

static void test_plain(void **state)
{
	(void)state;
	struct wire w = wire_dialogue(100, 9000, 1460);
	struct record *r = record_wire(&w, ALL);
	assert_string_equal(r->log->str, LOG_PLAIN);
	assert_int_equal(r->end, FLOW_END_CLOSED);
	assert_int_equal(r->gap_count, 0);
	assert_int_equal(r->seen.handshake_frame, 3);
	assert_int_equal(flow_rtt_server(&r->seen), MS);
	assert_int_equal(flow_rtt_client(&r->seen), MS);
	assert_false(r->seen.midstream || r->seen.guessed_client || r->seen.one_sided);
	assert_int_equal(r->side[FLOW_C2S].retransmitted + r->side[FLOW_S2C].retransmitted, 0);
	assert_int_equal(r->side[FLOW_C2S].data_segments, 3);
	assert_int_equal(r->seen.side[FLOW_S2C].ttl_min, 110);
	record_free(r);
	wire_free(&w);
}

static void test_v6(void **state)
{
	(void)state;
	struct wire w = wire_new(1, 2);
	w.v6 = true;
	wire_open(&w);
	wire_say(&w, FLOW_S2C, "220\r\n");
	wire_ack(&w, FLOW_C2S);
	wire_ack(&w, FLOW_C2S); /* a second ACK without IP id is no copy */
	wire_close(&w);
	struct record *r = record_wire(&w, ALL);
	assert_string_equal(r->log->str, "S220\r\n.C.;");
	assert_int_equal(r->side[FLOW_C2S].duplicates, 0);
	record_free(r);
	wire_free(&w);
}

/* Cut at every byte position: the same bytes in the same order. */
static void test_cut_everywhere(void **state)
{
	(void)state;
	for (uint32_t cut = 1; cut < 50; cut++) {
		struct wire w = wire_dialogue(5, 6, cut);
		struct record *r = record_wire(&w, ALL);
		assert_string_equal(r->log->str, LOG_PLAIN);
		assert_false(r->frames_fall);
		record_free(r);
		wire_free(&w);
	}
}

static void test_wrap(void **state)
{
	(void)state;
	for (uint32_t back = 0; back < 80; back++) {
		struct wire w = wire_dialogue(UINT32_MAX - back, UINT32_MAX - 2 * back, 7);
		wire_expect(&w, LOG_PLAIN);
	}
}

/* The log with the text of one turn replaced by a gap. */
static char *log_without(const struct wire *w, uint32_t lost)
{
	GString *s = g_string_new(NULL);
	int last = -1;
	for (unsigned i = 0; i < w->seg->len; i++) {
		const struct segment *g = wire_at(w, i);
		int dir = g->sport == 25;
		bool fin = (g->flags & TCP_FIN) && i != lost;
		if (!g->len && !fin)
			continue;
		if (last != dir)
			g_string_append_c(s, dir ? 'S' : 'C');
		last = dir;
		if (g->len && i == lost)
			g_string_append_printf(s, "[%u]", g->len);
		else
			g_string_append_len(s, (const char *)g->payload, (gssize)g->len);
		if (fin)
			g_string_append_c(s, '.');
	}
	g_string_append_c(s, ';');
	return g_string_free(s, FALSE);
}

/* Lose each segment in turn: one gap of its size at its place, the rest as it was. */
static void test_lose_each(void **state)
{
	(void)state;
	static const uint32_t cuts[] = { 1460, 5, 2 };
	for (unsigned k = 0; k < G_N_ELEMENTS(cuts); k++) {
		struct wire w = wire_dialogue(5, UINT32_MAX - 30, cuts[k]);
		for (uint32_t lost = 0; lost < w.seg->len; lost++) {
			struct record *r = record_wire(&w, lost);
			char *want = log_without(&w, lost);
			assert_string_equal(r->log->str, want);
			assert_int_equal(r->gap_count, wire_at(&w, lost)->len ? 1 : 0);
			if (r->gap_count)
				assert_int_equal(r->why, FLOW_GAP_LOST);
			assert_int_equal(r->ends, 1);
			assert_false(r->seen.one_sided);
			g_free(want);
			record_free(r);
		}
		wire_free(&w);
	}
}

/* Lose every pair of segments: never a crash, every byte is delivered or in a gap. */
static void test_lose_two(void **state)
{
	(void)state;
	struct wire w = wire_dialogue(77, 88, 9);
	for (uint32_t a = 0; a < w.seg->len; a++) {
		for (uint32_t b = a + 1; b < w.seg->len; b++) {
			struct record *r = record_new(CAP_MEMORY_ALL);
			uint64_t sent[2] = { 0, 0 }, lost[2] = { 0, 0 };
			for (uint32_t i = 0; i < w.seg->len; i++) {
				const struct segment *s = wire_at(&w, i);
				sent[s->sport == 25] += s->len;
				if (i == a || i == b)
					lost[s->sport == 25] += s->len;
				else
					record_feed(r, s);
			}
			flow_table_finish(r->table);
			for (unsigned d = 0; d < 2; d++) {
				assert_int_equal(r->bytes[d], sent[d] - lost[d]);
				/* the ACK of a lost FIN behind lost bytes looks like one more byte
				 */
				assert_in_range(r->gaps[d], lost[d], lost[d] ? lost[d] + 1 : 0);
			}
			record_free(r);
		}
	}
	wire_free(&w);
}

/* Doubled by the mirror: nothing but `duplicates` moves. */
static void test_mirror_doubles(void **state)
{
	(void)state;
	static const unsigned behind[] = { 1, 3 };
	for (unsigned k = 0; k < G_N_ELEMENTS(behind); k++) {
		struct wire w = wire_dialogue(5, 6, 11);
		struct record *once = record_wire(&w, ALL), *r = record_new(CAP_MEMORY_ALL);
		unsigned n = w.seg->len;
		for (unsigned i = 0; i < n + behind[k]; i++) {
			if (i < n)
				record_feed(r, wire_at(&w, i));
			if (i >= behind[k]) {
				struct segment s = *wire_at(&w, i - behind[k]);
				s.time_ns += MS;
				s.ttl--;
				record_feed(r, &s);
			}
		}
		flow_table_finish(r->table);
		assert_string_equal(r->log->str, once->log->str);
		/* a side without payload remembers one segment only: an ACK copied late may pass */
		assert_in_range(r->side[0].duplicates + r->side[1].duplicates, k ? n - 2 : n, n);
		for (unsigned d = 0; d < 2; d++) {
			assert_int_equal(r->side[d].retransmitted, 0);
			assert_true(k || r->seen.side[d].segments == once->seen.side[d].segments);
			assert_int_equal(r->seen.side[d].ttl_min, once->seen.side[d].ttl_min);
			assert_int_equal(r->seen.side[d].syn_count, 1);
		}
		record_free(once);
		record_free(r);
		wire_free(&w);
	}
}

/* Sent again by the sender: another IP id, or the same one much later. */
static void test_retransmission(void **state)
{
	(void)state;
	struct wire w = wire_new(1, 1);
	wire_open(&w);
	unsigned i = wire_say(&w, FLOW_S2C, "220 a\r\n");
	wire_again(&w, i, 2 * MS)->ip_id = 555;
	wire_again(&w, i, 300 * MS);
	wire_ack(&w, FLOW_C2S);
	struct record *r = record_wire(&w, ALL);
	assert_string_equal(r->log->str, "S220 a\r\n;");
	assert_int_equal(r->side[FLOW_S2C].retransmitted, 2);
	assert_int_equal(r->side[FLOW_S2C].retransmit_frame, 5);
	assert_int_equal(r->side[FLOW_S2C].duplicates, 0);
	record_free(r);
	wire_free(&w);
}

static void test_keep_alive(void **state)
{
	(void)state;
	struct wire w = wire_new(1, 1);
	wire_open(&w);
	wire_say(&w, FLOW_S2C, "220 a\r\n");
	for (uint32_t len = 0; len < 2; len++) {
		unsigned i = wire_ack(&w, FLOW_S2C);
		wire_at(&w, i)->seq--;
		wire_at(&w, i)->len = wire_at(&w, i)->caplen = len;
		wire_ack(&w, FLOW_C2S);
	}
	wire_say(&w, FLOW_S2C, "421 b\r\n");
	struct record *r = record_wire(&w, ALL);
	assert_string_equal(r->log->str, "S220 a\r\n421 b\r\n;");
	assert_int_equal(r->side[FLOW_S2C].retransmitted, 0);
	assert_int_equal(r->side[FLOW_S2C].data_segments, 2);
	record_free(r);
	wire_free(&w);
}

/* Overlap: the first copy wins whichever comes first, and a lie is remembered. */
static void test_overlap(void **state)
{
	(void)state;
	struct wire w = wire_new(1, 1);
	wire_open(&w);
	unsigned first = wire_say(&w, FLOW_C2S, "EHLO "); /* fed last */
	wire_say(&w, FLOW_C2S, "good");
	wire_say(&w, FLOW_C2S, ".example\r\n");
	unsigned lie = wire_say(&w, FLOW_C2S, "XXevil.elsewhe");
	wire_at(&w, lie)->seq = wire_at(&w, first)->seq + 3;
	struct record *r = record_new(CAP_MEMORY_ALL);
	static const unsigned order[] = { 0, 1, 2, 4, 6, 5, 3 };
	for (unsigned i = 0; i < G_N_ELEMENTS(order); i++)
		record_feed(r, wire_at(&w, order[i]));
	/* good held; the lie fills the two bytes before and what follows; then the rest */
	assert_string_equal(r->log->str, "CEHLXXgood.elsewhe\r\n");
	flow_table_finish(r->table);
	assert_int_equal(r->side[FLOW_C2S].overlap_conflict, 7);
	record_free(r);
	wire_free(&w);
}

static void test_overlap_same(void **state)
{
	(void)state;
	struct wire w = wire_new(1, 1);
	wire_open(&w);
	unsigned a = wire_say(&w, FLOW_C2S, "abcdefghij");
	for (uint32_t from = 0; from < 10; from++) {
		for (uint32_t n = 1; from + n <= 10; n++) {
			struct segment *s = wire_again(&w, a, 10 * MS);
			s->ip_id = (uint16_t)(2000 + s->frame);
			s->seq += from;
			s->payload = wire_at(&w, a)->payload + from;
			s->len = s->caplen = n;
		}
	}
	for (unsigned lead = 0; lead < 2; lead++) { /* with the original first, then without */
		struct record *r = record_wire(&w, lead ? a : ALL);
		assert_string_equal(r->log->str, "Cabcdefghij;");
		assert_int_equal(r->side[FLOW_C2S].overlap_conflict, 0);
		record_free(r);
	}
	wire_free(&w);
}

/* Shuffle within a window: the same text. Both directions, causality kept by the ACKs. */
static void test_shuffle(void **state)
{
	(void)state;
	GRand *rand = g_rand_new_with_seed(7);
	for (unsigned round = 0; round < 400; round++) {
		struct wire w = wire_dialogue(5, UINT32_MAX - 20, 3 + round % 30);
		unsigned n = w.seg->len, window = 2 + round % 12;
		struct record *r = record_new(CAP_MEMORY_ALL);
		for (unsigned i = 3; i + 1 < n; i++) { /* the handshake stays first */
			unsigned j = i + (unsigned)g_rand_int_range(rand, 0, (gint32)window);
			if (j >= n)
				continue;
			struct segment s = *wire_at(&w, i);
			*wire_at(&w, i) = *wire_at(&w, j);
			*wire_at(&w, j) = s;
		}
		for (unsigned i = 0; i < n; i++)
			record_feed(r, wire_at(&w, i));
		flow_table_finish(r->table);
		assert_string_equal(r->log->str, LOG_PLAIN);
		assert_int_equal(r->gap_count, 0);
		record_free(r);
		wire_free(&w);
	}
	g_rand_free(rand);
}

static int by_time(const void *a, const void *b)
{
	const struct segment *x = a, *y = b;
	return x->time_ns < y->time_ns ? -1 : x->time_ns > y->time_ns;
}

/* A tap that delivers one direction later: text in the order it was spoken. */
static void test_tap_lag(void **state)
{
	(void)state;
	for (unsigned late = 0; late < 2; late++) {
		for (unsigned lag = 1; lag <= 64; lag++) {
			struct wire w = wire_dialogue(1000, 2000, 12);
			for (unsigned i = 0; i < w.seg->len; i++)
				if ((wire_at(&w, i)->sport == 25) == (late == 1))
					wire_at(&w, i)->time_ns += lag * MS + MS / 2;
			qsort(w.seg->data, w.seg->len, sizeof(struct segment), by_time);
			for (unsigned i = 0; i < w.seg->len; i++)
				wire_at(&w, i)->frame = i + 1;
			struct record *r = record_wire(&w, ALL);
			/* the two FINs do not depend on one another's arrival here */
			assert_string_equal(r->log->str, LOG_PLAIN);
			assert_int_equal(r->seen.midstream, 0);
			assert_int_equal(r->end, FLOW_END_CLOSED);
			record_free(r);
			wire_free(&w);
		}
	}
}

/* One direction only, both ways, with and without the handshake. */
static void test_one_direction(void **state)
{
	(void)state;
	static const char *const log[2] = {
		"S[14]CEHLO a.example\r\nS[35]CSTARTTLS\r\nS[8]CQUIT\r\nS[10]C.;",
		"S220 mx ready\r\nC[16]S250-mx\r\n250-SIZE 99\r\n250 STARTTLS\r\n"
		"C[10]S220 go\r\nC[6]S221 bye\r\n.;",
	};
	for (unsigned dir = 0; dir < 2; dir++) {
		for (unsigned from = 0; from < 4; from += 3) {
			struct wire w = wire_dialogue(1, 2, 1460);
			struct record *r = record_new(CAP_MEMORY_ALL);
			for (unsigned i = from; i < w.seg->len; i++)
				if ((wire_at(&w, i)->sport == 25) == (dir == 1))
					record_feed(r, wire_at(&w, i));
			flow_table_finish(r->table);
			/* midstream the client's first ACK already covers the banner */
			assert_string_equal(r->log->str, log[dir] + (from && !dir ? 5 : 0));
			assert_true(r->seen.one_sided);
			assert_int_equal(r->seen.midstream, from != 0);
			assert_int_equal(r->seen.server_port, 25);
			assert_int_equal(r->end, FLOW_END_CLOSED);
			record_free(r);
			wire_free(&w);
		}
	}
}

/* True silence of the server is not a one-sided capture. */
static void test_silent_server(void **state)
{
	(void)state;
	struct wire w = wire_new(1, 1);
	wire_open(&w);
	wire_say(&w, FLOW_C2S, "EHLO x\r\n");
	wire_ack(&w, FLOW_S2C);
	struct record *r = record_wire(&w, ALL);
	assert_string_equal(r->log->str, "CEHLO x\r\n;");
	assert_false(r->seen.one_sided);
	record_free(r);
	wire_free(&w);
}

/* Snapped: the captured front, then a gap of the rest, at every length. */
static void test_snapped(void **state)
{
	(void)state;
	for (uint32_t snap = 0; snap < 10; snap++) {
		for (unsigned held = 0; held < 2; held++) {
			struct wire w = wire_new(1, 1);
			wire_open(&w);
			wire_say(&w, FLOW_S2C, "AB");
			unsigned i = wire_say(&w, FLOW_S2C, "0123456789");
			wire_say(&w, FLOW_S2C, "YZ");
			wire_at(&w, i)->caplen = snap;
			if (held) { /* AB comes last */
				struct segment s = *wire_at(&w, i - 1);
				memmove(wire_at(&w, i - 1), wire_at(&w, i), 2 * sizeof(s));
				*wire_at(&w, i + 1) = s;
			}
			struct record *r = record_wire(&w, ALL);
			char *want = g_strdup_printf("SAB%.*s[%u]YZ;", (int)snap, "0123456789",
						     10 - snap);
			assert_string_equal(r->log->str, want);
			assert_int_equal(r->why, FLOW_GAP_SNAPPED);
			assert_int_equal(r->side[FLOW_S2C].snapped_frame, i + 1);
			g_free(want);
			record_free(r);
			wire_free(&w);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),	       cmocka_unit_test(test_v6),
		cmocka_unit_test(test_cut_everywhere), cmocka_unit_test(test_wrap),
		cmocka_unit_test(test_lose_each),      cmocka_unit_test(test_lose_two),
		cmocka_unit_test(test_mirror_doubles), cmocka_unit_test(test_retransmission),
		cmocka_unit_test(test_keep_alive),     cmocka_unit_test(test_overlap),
		cmocka_unit_test(test_overlap_same),   cmocka_unit_test(test_shuffle),
		cmocka_unit_test(test_tap_lag),	       cmocka_unit_test(test_one_direction),
		cmocka_unit_test(test_silent_server),  cmocka_unit_test(test_snapped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
