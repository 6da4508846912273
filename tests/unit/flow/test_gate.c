/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The gate: watched ports, first bytes on other ports, and the memory of handshakes, with near
 * misses for every word, payload against an unreadable page, and more connections than slots.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>
#include <glib.h>
#include <string.h>
#include "base/caps.h"
#include "flow/gate.h"

static struct segment packet(uint16_t sport, uint16_t dport, uint8_t flags)
{
	struct segment s = { .frame = 1, .time_ns = 5, .sport = sport, .dport = dport };
	s.src.family = s.dst.family = 4;
	s.src.byte[0] = (uint8_t)(sport > dport ? 10 : 20);
	s.dst.byte[0] = (uint8_t)(sport > dport ? 20 : 10);
	s.flags = flags;
	return s;
}

static enum gate_answer look(struct gate *g, const char *text, uint32_t n)
{
	/* the last byte lies against a page that cannot be read */
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t *map =
		mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(map != MAP_FAILED);
	assert_int_equal(mprotect(map + page, page, PROT_NONE), 0);
	memcpy(map + page - n, text, n);
	struct segment s = packet(50000, 8443, TCP_ACK);
	s.payload = map + page - n;
	s.len = s.caplen = n;
	enum gate_answer answer = gate_look(g, &s);
	munmap(map, 2 * page);
	return answer;
}

static void test_ports(void **state)
{
	(void)state;
	static const uint16_t watched[] = { 25, 465, 587, 2525 };
	struct gate *g = gate_new();
	unsigned n = 0;
	for (unsigned p = 0; p < 65536; p++)
		n += gate_watched(g, (uint16_t)p);
	assert_int_equal(n, 4);
	for (unsigned i = 0; i < 4; i++) {
		struct segment s = packet(40000, watched[i], TCP_SYN), back;
		assert_int_equal(gate_look(g, &s), GATE_WATCHED);
		back = packet(watched[i], 40000, TCP_RST);
		assert_int_equal(gate_look(g, &back), GATE_WATCHED);
	}
	gate_watch(g, 65535);
	gate_watch(g, 0);
	assert_true(gate_watched(g, 65535) && gate_watched(g, 0) && !gate_watched(g, 1));
	uint8_t only[8192] = { 0 };
	only[26 / 8] = 1u << (26 % 8);
	gate_watch_only(g, only);
	assert_true(gate_watched(g, 26) && !gate_watched(g, 25) && !gate_watched(g, 65535));
	gate_free(g);
	gate_free(NULL);
}

static void test_words(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint32_t n;
	} yes[] =
	    {
		{"220 mx\r\n", 8}, {"220-mx\r\n", 8}, {"220 ", 4},          {"EHLO a\r\n", 8},
		{"ehlo a\r\n", 8}, {"HeLo a\r\n", 8}, {"CONNECT a:25", 12}, {"connect a:25 H", 14},
		{"\5\1\0", 3},     {"\5\2\0\2", 4},   {"EHLO ", 5},
	    },
	  no[] = {
	      {"", 0},
	      {"220", 3},
	      {"220", 4},
	      {"220\r\n", 5},
	      {"220\1", 4},
	      {"221 x\r\n", 7},
	      {" 220 x", 6},
	      {"EHLO", 4},
	      {"EHLO\r\n", 6},
	      {"EHLOX ", 6},
	      {"CONNECT", 7},
	      {"CONNECTA ", 9},
	      {"CONN", 4},
	      {"\5\0", 2},
	      {"\5\1", 2},
	      {"\5\1\0\0", 4},
	      {"\5\377\0", 3},
	      {"\4\1\0", 3},
	      {"GET / HTTP/1.1", 14},
	      {"\26\3\1\2\0", 5},
	      {"\022\022\020\0", 4},
	  };
	struct gate *g = gate_new();
	for (unsigned i = 0; i < G_N_ELEMENTS(yes); i++)
		assert_int_equal(look(g, yes[i].text, yes[i].n), GATE_CANDIDATE);
	for (unsigned i = 0; i < G_N_ELEMENTS(no); i++)
		assert_int_equal(look(g, no[i].text, no[i].n), GATE_SKIP);
	gate_free(g);
}

/* What was cut by the snap length: judged by what is there. */
static void test_snapped(void **state)
{
	(void)state;
	struct gate *g = gate_new();
	struct segment s = packet(50000, 8443, TCP_ACK);
	s.payload = (const uint8_t *)"220 mail";
	for (uint32_t n = 0; n <= 8; n++) {
		s.len = 1000;
		s.caplen = n;
		assert_int_equal(gate_look(g, &s), n < 4 ? GATE_SKIP : GATE_CANDIDATE);
	}
	s.payload = (const uint8_t *)"\5\1\0";
	s.caplen = 3;
	s.len = 4;
	assert_int_equal(gate_look(g, &s), GATE_SKIP);
	gate_free(g);
}

static void handshake(struct gate *g, uint16_t port, uint32_t isn, uint32_t frame, bool reversed)
{
	struct segment syn = packet(port, 8025, TCP_SYN), back = packet(8025, port, 0);
	syn.seq = isn;
	syn.mss = 1400;
	syn.ttl = 64;
	syn.ip_id = 7;
	syn.window = 500;
	syn.frame = frame + reversed;
	syn.time_ns = frame * 1000ull + reversed;
	back.flags = TCP_SYN | TCP_ACK;
	back.seq = isn * 3;
	back.ack = isn + 1;
	back.frame = frame + !reversed;
	back.time_ns = frame * 1000ull + !reversed;
	gate_look(g, reversed ? &back : &syn);
	gate_look(g, reversed ? &syn : &back);
}

static void test_recall(void **state)
{
	(void)state;
	for (unsigned reversed = 0; reversed < 2; reversed++) {
		struct gate *g = gate_new();
		handshake(g, 51000, 900, 3, reversed);
		for (unsigned from_server = 0; from_server < 2; from_server++) {
			struct segment s = from_server ? packet(8025, 51000, TCP_ACK)
						       : packet(51000, 8025, TCP_ACK),
				       out[2];
			s.encap.vlan_count = 1;
			s.encap.vlan[0] = 12;
			assert_int_equal(gate_recall(g, &s, out), 2);
			const struct segment *syn = &out[reversed], *ack = &out[!reversed];
			assert_int_equal(syn->flags, TCP_SYN);
			assert_int_equal(syn->seq, 900);
			assert_int_equal(syn->sport, 51000);
			assert_int_equal(syn->src.byte[0], 10);
			assert_int_equal(syn->mss, 1400);
			assert_int_equal(syn->len + syn->caplen, 0);
			assert_int_equal(ack->flags, TCP_SYN | TCP_ACK);
			assert_int_equal(ack->ack, 901);
			assert_int_equal(ack->sport, 8025);
			assert_int_equal(ack->src.byte[0], 20);
			assert_int_equal(out[0].frame, 3);
			assert_int_equal(out[1].frame, 4);
			assert_int_equal(out[1].encap.vlan[0], 12);
		}
		gate_free(g);
	}
}

static void test_recall_not(void **state)
{
	(void)state;
	struct gate *g = gate_new();
	struct segment out[2], s = packet(51000, 8025, TCP_ACK);
	assert_int_equal(gate_recall(g, &s, out), 0);
	handshake(g, 51000, 900, 3, false);
	s.sport = 51001;
	assert_int_equal(gate_recall(g, &s, out), 0);
	s.sport = 51000;
	s.src.byte[15] = 1;
	assert_int_equal(gate_recall(g, &s, out), 0);
	s = packet(25000, 25, TCP_SYN); /* a watched port is not remembered */
	gate_look(g, &s);
	assert_int_equal(gate_recall(g, &s, out), 0);
	gate_free(g);
}

/* Sent again: the first stays. Another number: another connection. */
static void test_again(void **state)
{
	(void)state;
	struct gate *g = gate_new();
	struct segment out[2], s = packet(51000, 8025, TCP_SYN);
	s.seq = 900;
	for (uint32_t i = 0; i < 3; i++) {
		s.frame = 10 + i;
		gate_look(g, &s);
	}
	assert_int_equal(gate_recall(g, &s, out), 1);
	assert_int_equal(out[0].frame, 10);
	handshake(g, 51000, 901, 50, false);
	assert_int_equal(gate_recall(g, &s, out), 2);
	assert_int_equal(out[0].frame, 50);
	s.seq = 77;
	s.frame = 60;
	gate_look(g, &s); /* a new SYN forgets the old SYN-ACK */
	assert_int_equal(gate_recall(g, &s, out), 1);
	assert_int_equal(out[0].seq, 77);
	gate_free(g);
}

/* More connections than slots: what is recalled is always the right one, and most are. */
static void test_crowd(void **state)
{
	(void)state;
	struct gate *g = gate_new();
	unsigned right = 0;
	for (uint32_t i = 0; i < 20000; i++)
		handshake(g, (uint16_t)(20000 + i), i + 1, 1 + 2 * i, false);
	for (uint32_t i = 0; i < 20000; i++) {
		struct segment out[2], s = packet((uint16_t)(20000 + i), 8025, TCP_ACK);
		unsigned n = gate_recall(g, &s, out);
		assert_true(n == 0 || (n == 2 && out[0].seq == i + 1));
		right += n == 2;
	}
	assert_true(right > 20000 * 3 / 4); /* 65,536 slots, direct-mapped */
	gate_free(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ports),	   cmocka_unit_test(test_words),
		cmocka_unit_test(test_snapped),	   cmocka_unit_test(test_recall),
		cmocka_unit_test(test_recall_not), cmocka_unit_test(test_again),
		cmocka_unit_test(test_crowd),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
