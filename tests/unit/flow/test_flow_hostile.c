/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Holes that stay, caps, numbers that lie, resets, segments that never arrive: what a sick or
 * hostile network does to one connection. The order of honest traffic is in test_flow.c.
 */
#include "flow/flow_wire.h"

/* A hole is given up after CAP_HOLE_WAIT of packet time without any segment of its own. */
static void test_hole_wait(void **state)
{
	(void)state;
	struct wire w = wire_new(1, 1);
	wire_open(&w);
	unsigned lost = wire_say(&w, FLOW_S2C, "220 a\r\n");
	wire_say(&w, FLOW_S2C, "more");
	wire_ack(&w, FLOW_C2S);
	struct record *r = record_new(CAP_MEMORY_ALL);
	for (unsigned i = 0; i < w.seg->len; i++)
		if (i != lost)
			record_feed(r, wire_at(&w, i));
	assert_string_equal(r->log->str, "");
	flow_expire(r->table, w.now_ns + CAP_HOLE_WAIT - MS);
	assert_string_equal(r->log->str, "");
	flow_expire(r->table, w.now_ns + CAP_HOLE_WAIT);
	assert_string_equal(r->log->str, "S[7]more");
	record_feed(r, wire_at(&w, lost)); /* too late: not delivered */
	assert_string_equal(r->log->str, "S[7]more");
	record_free(r);
	wire_free(&w);
}

/* Not acknowledged by a peer that is seen: waits for the retransmission, however long. */
static void test_hole_open(void **state)
{
	(void)state;
	struct wire w = wire_new(1, 1);
	wire_open(&w);
	unsigned lost = wire_say(&w, FLOW_C2S, "MAIL ");
	unsigned next = wire_say(&w, FLOW_C2S, "FROM");
	wire_again(&w, lost, 20 * SEGMENT_SECOND)->ip_id = 99;
	struct record *r = record_new(CAP_MEMORY_ALL);
	for (unsigned i = 0; i < w.seg->len; i++)
		if (i != lost)
			record_feed(r, wire_at(&w, i));
	assert_int_equal(next, lost + 1);
	assert_string_equal(r->log->str, "CMAIL FROM");
	flow_table_finish(r->table);
	assert_int_equal(r->side[FLOW_C2S].retransmitted, 1);
	record_free(r);
	wire_free(&w);
}

/* A mirror of one direction: the other is waited for once, then no more, until it shows up; a hole
 * that no one can acknowledge is given up by time. */
static void test_absent_side(void **state)
{
	(void)state;
	struct wire w = wire_new(1, 1);
	struct record *r = record_new(CAP_MEMORY_ALL);
	wire_open(&w);
	wire_say(&w, FLOW_S2C, "220\r\n");
	wire_say(&w, FLOW_C2S, "EHLO a\r\n");
	wire_say(&w, FLOW_S2C, "250\r\n");
	wire_say(&w, FLOW_C2S, "QUIT\r\n");
	unsigned lost = wire_say(&w, FLOW_C2S, "lost");
	wire_say(&w, FLOW_C2S, "more");
	record_feed(r, wire_at(&w, 0));
	record_feed(r, wire_at(&w, 2));
	record_feed(r, wire_at(&w, 4));
	assert_string_equal(r->log->str, "");
	flow_expire(r->table, w.now_ns + CAP_HOLE_WAIT);
	assert_string_equal(r->log->str, "S[5]CEHLO a\r\n");
	record_feed(r, wire_at(&w, 6)); /* at once */
	assert_string_equal(r->log->str, "S[5]CEHLO a\r\nS[5]CQUIT\r\n");
	record_feed(r, wire_at(&w, lost + 1));
	flow_expire(r->table, w.now_ns + 2 * CAP_HOLE_WAIT);
	assert_string_equal(r->log->str, "S[5]CEHLO a\r\nS[5]CQUIT\r\n[4]more");
	assert_int_equal(r->why, FLOW_GAP_UNKNOWN);
	wire_say(&w, FLOW_S2C, "221\r\n"); /* here it is */
	record_feed(r, wire_at(&w, w.seg->len - 1));
	assert_true(g_str_has_suffix(r->log->str, "moreS221\r\n"));
	record_free(r);
	wire_free(&w);
}

/* Caps of one direction: bytes and segments; what is given up is said, the rest is delivered. */
static void test_held_caps(void **state)
{
	(void)state;
	static const uint32_t size[] = { 1460, 1 };
	uint8_t *body = g_malloc0(1460);
	memset(body, 'x', 1460);
	for (unsigned k = 0; k < 2; k++) {
		struct wire w = wire_new(1, 1);
		wire_open(&w);
		uint32_t n = k ? CAP_HELD_SEGMENTS + 10 : CAP_HELD_DIRECTION / 1460 + 10;
		for (uint32_t i = 0; i < n; i++) {
			w.seq[FLOW_C2S] += 100; /* a hole before each */
			wire_put(&w, FLOW_C2S, TCP_ACK, body, size[k]);
		}
		struct record *r = record_new(CAP_MEMORY_ALL);
		for (unsigned i = 0; i < w.seg->len; i++)
			record_feed(r, wire_at(&w, i));
		assert_int_equal(r->why, FLOW_GAP_CULLED);
		assert_true(r->gap_count >= 10 && r->gap_count <= 12);
		flow_table_finish(r->table);
		assert_int_equal(r->gap_count, n);
		assert_int_equal(r->gaps[FLOW_C2S], n * 100);
		assert_int_equal(r->bytes[FLOW_C2S], n * size[k]);
		record_free(r);
		wire_free(&w);
	}
	g_free(body);
}

/* An ACK of what was never sent, and a sequence number from nowhere, do not stop the stream. */
static void test_wild_numbers(void **state)
{
	(void)state;
	static const uint32_t jump[] = { CAP_SEQUENCE_JUMP + 2000, 1u << 30, 1u << 31, 3u << 30 };
	for (unsigned k = 0; k < G_N_ELEMENTS(jump); k++) {
		struct wire w = wire_dialogue(5, 6, 1460);
		for (unsigned dir = 0; dir < 2; dir++) {
			struct record *r = record_new(CAP_MEMORY_ALL);
			for (unsigned i = 0; i < w.seg->len; i++) {
				record_feed(r, wire_at(&w, i));
				struct segment s = *wire_at(&w, i);
				if (i < 3 || !s.len || (s.sport == 25) != (dir == 1))
					continue;
				uint32_t far = jump[k] + i * 5000; /* never in a row */
				s.seq += far;
				s.ip_id = 7777;
				record_feed(r, &s);
				s.seq -= far;
				s.ack += far;
				s.len = s.caplen = 0;
				record_feed(r, &s);
			}
			flow_table_finish(r->table);
			assert_string_equal(r->log->str, LOG_PLAIN);
			record_free(r);
		}
		wire_free(&w);
	}
}

/* An ACK that lies by a little costs one gap; what then comes is delivered. */
static void test_lying_ack(void **state)
{
	(void)state;
	struct wire w = wire_new(1, 1);
	wire_open(&w);
	wire_say(&w, FLOW_S2C, "220 a\r\n");
	unsigned lie = wire_ack(&w, FLOW_C2S);
	wire_at(&w, lie)->ack += 5000;
	w.now_ns += 4 * SEGMENT_SECOND;
	for (unsigned i = 0; i < 3; i++) {
		wire_say(&w, FLOW_S2C, "250 b\r\n");
		wire_ack(&w, FLOW_C2S);
	}
	wire_expect(&w, "S220 a\r\n[5000]250 b\r\n250 b\r\n250 b\r\n;");
}

/* A real jump: after three segments in a row the stream goes on there. */
static void test_jump_believed(void **state)
{
	(void)state;
	struct wire w = wire_new(1, 1);
	wire_open(&w);
	wire_say(&w, FLOW_C2S, "a");
	w.seq[FLOW_C2S] += CAP_SEQUENCE_JUMP + 1;
	for (unsigned i = 0; i < 5; i++)
		wire_say(&w, FLOW_C2S, "bb");
	struct record *r = record_wire(&w, ALL);
	assert_int_equal(r->bytes[FLOW_C2S], 1 + 3 * 2);
	assert_int_equal(r->gaps[FLOW_C2S], CAP_SEQUENCE_JUMP + 1 + 4);
	record_free(r);
	wire_free(&w);
}

/* A jump back, as when ports are used again and the SYN was not captured. */
static void test_jump_back(void **state)
{
	(void)state;
	struct wire w = wire_new(1, 1);
	wire_open(&w);
	wire_say(&w, FLOW_C2S, "a");
	w.seq[FLOW_C2S] -= CAP_SEQUENCE_JUMP + 500;
	for (unsigned i = 0; i < 5; i++)
		wire_say(&w, FLOW_C2S, "bb");
	struct record *r = record_wire(&w, ALL);
	assert_int_equal(r->bytes[FLOW_C2S], 1 + 3 * 2);
	assert_int_equal(r->gap_count, 1);
	assert_int_equal(r->why, FLOW_GAP_UNKNOWN);
	record_free(r);
	wire_free(&w);
}

/* A SYN-ACK out of nowhere on a live connection changes nothing. */
static void test_stray_syn_ack(void **state)
{
	(void)state;
	struct wire w = wire_dialogue(5, 6, 1460);
	struct record *r = record_new(CAP_MEMORY_ALL);
	for (unsigned i = 0; i < w.seg->len; i++) {
		record_feed(r, wire_at(&w, i));
		struct segment s = *wire_at(&w, i);
		if (i < 4 || i > 8)
			continue;
		s.flags = TCP_SYN | TCP_ACK;
		s.seq += 100;
		s.ack += 300;
		s.ip_id = 999;
		record_feed(r, &s);
	}
	flow_table_finish(r->table);
	assert_string_equal(r->log->str, LOG_PLAIN);
	assert_int_equal(r->seen.side[FLOW_S2C].syn_count, 1);
	record_free(r);
	wire_free(&w);
}

/* A hole filled at once is reordering; filled after the sender had time to notice, it was sent
 * again. */
static void test_filled(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		struct wire w = wire_new(1, 1);
		wire_open(&w);
		unsigned late = wire_say(&w, FLOW_C2S, "a");
		wire_say(&w, FLOW_C2S, "b");
		wire_again(&w, late, k ? 250 * MS : MS);
		struct record *r = record_wire(&w, late);
		assert_string_equal(r->log->str, "Cab;");
		assert_int_equal(r->side[FLOW_C2S].reordered, !k);
		assert_int_equal(r->side[FLOW_C2S].retransmitted, k);
		record_free(r);
		wire_free(&w);
	}
}

/* Sent again with an ACK newer than its bytes: each side seems to wait for the other. */
static void test_newer_ack(void **state)
{
	(void)state;
	struct wire w = wire_new(1, 1);
	wire_open(&w);
	unsigned lost = wire_say(&w, FLOW_C2S, "NOOP\r\n");
	wire_say(&w, FLOW_S2C, "250 ok\r\n");
	unsigned again = wire_ack(&w, FLOW_C2S);
	uint32_t newer = wire_at(&w, again)->ack;
	wire_again(&w, lost, MS)->ack = newer;
	wire_at(&w, again + 1)->ip_id = 4242;
	wire_say(&w, FLOW_C2S, "QUIT\r\n");
	struct record *r = record_wire(&w, lost);
	assert_string_equal(r->log->str, "CNOOP\r\nS250 ok\r\nCQUIT\r\n;");
	record_free(r);
	wire_free(&w);
}

/* A reset comes after the bytes that wait, and late data is still delivered and noted. */
static void test_reset(void **state)
{
	(void)state;
	struct wire w = wire_new(1, 1);
	wire_open(&w);
	wire_say(&w, FLOW_S2C, "220 a\r\n");
	unsigned rst = wire_put(&w, FLOW_S2C, TCP_RST | TCP_ACK, NULL, 0);
	wire_at(&w, rst)->ttl = 57;
	wire_at(&w, rst)->ip_id = 0;
	wire_say(&w, FLOW_C2S, "EHLO x\r\n");
	wire_say(&w, FLOW_S2C, "250 b\r\n");
	struct record *r = record_wire(&w, ALL);
	assert_string_equal(r->log->str, "S220 a\r\n!CEHLO x\r\nS250 b\r\n;");
	assert_int_equal(r->end, FLOW_END_RESET);
	assert_int_equal(r->side[FLOW_S2C].ttl_rst, 57);
	assert_int_equal(r->side[FLOW_S2C].rst_frame, 5);
	assert_int_equal(r->side[FLOW_S2C].data_after_rst_frame, 7);
	assert_int_equal(r->side[FLOW_C2S].data_after_rst_frame, 0);
	assert_int_equal(r->seen.side[FLOW_S2C].ttl_min, 110);
	record_free(r);
	wire_free(&w);
	w = wire_new(1, 1);
	wire_open(&w);
	unsigned lost = wire_say(&w, FLOW_S2C, "220 a\r\n");
	wire_say(&w, FLOW_C2S, "EHLO x\r\n"); /* waits for the banner, and the reset for it */
	wire_put(&w, FLOW_S2C, TCP_RST | TCP_ACK, NULL, 0);
	r = record_new(CAP_MEMORY_ALL);
	for (unsigned i = 0; i < w.seg->len; i++)
		if (i != lost)
			record_feed(r, wire_at(&w, i));
	assert_string_equal(r->log->str, "");
	flow_expire(r->table, w.now_ns + CAP_HOLE_WAIT);
	assert_string_equal(r->log->str, "S[7]CEHLO x\r\nS!");
	flow_expire(r->table, w.now_ns + CAP_LINGER);
	assert_string_equal(r->log->str, "S[7]CEHLO x\r\nS!;");
	record_free(r);
	wire_free(&w);
}

/* T06: the full-size segment goes three times and is never acknowledged, small ones are. */
static void test_stuck(void **state)
{
	(void)state;
	uint8_t body[1460] = { 0x16, 3, 1 };
	struct wire w = wire_new(1, 1);
	wire_open(&w);
	wire_say(&w, FLOW_C2S, "EHLO a\r\n");
	wire_ack(&w, FLOW_S2C);
	unsigned big = wire_put(&w, FLOW_C2S, TCP_ACK, body, sizeof(body));
	for (unsigned i = 0; i < 3; i++)
		wire_again(&w, big, (300ull << i) * MS)->ip_id = (uint16_t)(500 + i);
	struct record *r = record_wire(&w, ALL);
	assert_int_equal(r->side[FLOW_C2S].stuck_len, 1460);
	assert_int_equal(r->side[FLOW_C2S].stuck_count, 4);
	assert_int_equal(r->side[FLOW_C2S].stuck_frame, big + 1);
	assert_int_equal(r->side[FLOW_C2S].stuck_last_frame, big + 4);
	assert_int_equal(r->side[FLOW_C2S].largest_acked, 8);
	record_free(r);
	wire_ack(&w, FLOW_S2C); /* the near miss: it arrived after all */
	r = record_wire(&w, ALL);
	assert_int_equal(r->side[FLOW_C2S].stuck_len, 0);
	assert_int_equal(r->side[FLOW_C2S].largest_acked, 1460);
	record_free(r);
	wire_free(&w);
}

/* The sender gave up on the size and cut it: the large one never arrived, the pieces did. */
static void test_stuck_then_cut(void **state)
{
	(void)state;
	uint8_t body[1460] = { 0x16, 3, 1 };
	struct wire w = wire_new(1, 1);
	wire_open(&w);
	unsigned big = wire_put(&w, FLOW_C2S, TCP_ACK, body, sizeof(body));
	for (unsigned i = 0; i < 2; i++)
		wire_again(&w, big, (300ull << i) * MS)->ip_id = (uint16_t)(500 + i);
	for (uint32_t at = 0; at < 1460; at += 512) {
		struct segment *s = wire_again(&w, big, 300 * MS);
		s->seq += at;
		s->len = s->caplen = MIN(512, 1460 - at);
	}
	wire_ack(&w, FLOW_S2C);
	struct record *r = record_wire(&w, ALL);
	assert_int_equal(r->bytes[FLOW_C2S], 1460);
	assert_int_equal(r->side[FLOW_C2S].stuck_len, 1460);
	assert_int_equal(r->side[FLOW_C2S].stuck_count, 3);
	assert_int_equal(r->side[FLOW_C2S].largest_acked, 512);
	record_free(r);
	wire_free(&w);
}

static void test_zero_window(void **state)
{
	(void)state;
	struct wire w = wire_new(1, 1);
	wire_open(&w);
	wire_say(&w, FLOW_C2S, "x");
	wire_at(&w, wire_ack(&w, FLOW_S2C))->window = 0;
	w.now_ns += 2 * SEGMENT_SECOND - MS;
	wire_ack(&w, FLOW_S2C);
	struct record *r = record_wire(&w, ALL);
	assert_int_equal(r->side[FLOW_S2C].zero_window_frame, 5);
	assert_int_equal(r->side[FLOW_S2C].zero_window_ns, 2 * SEGMENT_SECOND);
	record_free(r);
	wire_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hole_wait),     cmocka_unit_test(test_hole_open),
		cmocka_unit_test(test_absent_side),   cmocka_unit_test(test_held_caps),
		cmocka_unit_test(test_wild_numbers),  cmocka_unit_test(test_lying_ack),
		cmocka_unit_test(test_jump_believed), cmocka_unit_test(test_jump_back),
		cmocka_unit_test(test_stray_syn_ack), cmocka_unit_test(test_filled),
		cmocka_unit_test(test_newer_ack),     cmocka_unit_test(test_reset),
		cmocka_unit_test(test_stuck),	      cmocka_unit_test(test_stuck_then_cut),
		cmocka_unit_test(test_zero_window),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
