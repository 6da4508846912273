/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests of IP fragments, through the packet reader and alone: every order, repeats, overlaps that
 * disagree, holes, lies about place and length, timeouts and floods.
 */
#include <glib.h>
#include "frames/frames.h"
#include "frames/fragment.h"

static struct packet_item item;

/* A TCP segment of `n` bytes of payload, without IP header; byte i of the payload is i * 7. */
static struct made long_segment(uint32_t n)
{
	struct made m = { 0 };

	for (uint32_t i = 0; i < n; i++) {
		uint8_t b = (uint8_t)(i * 7);
		made_back(&m, &b, 1);
	}
	made_tcp(&m, 40000, 25, TCP_ACK, NULL, 0);
	return m;
}

static struct made piece_of(const struct made *whole, uint32_t offset, uint32_t n, bool more,
			    bool v6)
{
	struct made m = { 0 };
	uint8_t h[8] = { 6 };

	made_back(&m, &whole->at[offset], n);
	if (v6) {
		put16(&h[2], offset | more);
		put32(&h[4], 0xcafe);
		made_front(&m, h, 8);
		made_ip6(&m, 44, 1, 2);
	} else {
		made_ip4(&m, 6, 1, 2);
		put16(&m.at[6], (more ? 0x2000 : 0) | offset / 8);
	}
	return m;
}

static enum packet_kind feed(struct packet *p, const struct made *m)
{
	return read_hostile(p, m->at, m->n, m->n, &item);
}

static void check_whole(uint32_t n)
{
	assert_int_equal(item.kind, PACKET_SEGMENT);
	assert_int_equal(item.segment.len, n);
	assert_int_equal(item.segment.caplen, n);
	assert_int_equal(item.segment.dport, 25);
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(item.segment.payload[i], (uint8_t)(i * 7));
}

/* Five pieces in each of their 120 orders: only the last one gives the segment. */
static void test_every_order(void **state)
{
	const struct made whole = long_segment(85);
	const uint32_t at[] = { 0, 24, 32, 64, 96, 105 };

	(void)state;
	for (int v6 = 0; v6 <= 1; v6++) {
		struct packet *p = packet_new(DLT_RAW);
		for (unsigned order = 0; order < 120; order++) {
			unsigned left[] = { 0, 1, 2, 3, 4 }, code = order;
			for (unsigned k = 5; k > 0; k--) {
				unsigned pick = code % k, i = left[pick];
				code /= k;
				left[pick] = left[k - 1];
				struct made m =
					piece_of(&whole, at[i], at[i + 1] - at[i], i < 4, v6);
				assert_int_equal(feed(p, &m),
						 k > 1 ? PACKET_NOTHING : PACKET_SEGMENT);
			}
			check_whole(85);
		}
		assert_int_equal(counted(p, PACKET_COUNT_REASSEMBLED), 120);
		assert_int_equal(counted(p, PACKET_COUNT_FRAGMENT), 480);
		assert_int_equal(counted(p, PACKET_COUNT_FRAGMENT_OVERLAP), 0);
		packet_free(p);
	}
}

/* A first fragment too small for TCP's header, as RFC 1858 describes, hides nothing. */
static void test_tiny_fragments(void **state)
{
	const struct made whole = long_segment(44);
	struct packet *p = packet_new(DLT_RAW);

	(void)state;
	for (uint32_t at = 0; at < whole.n; at += 8) {
		struct made m = piece_of(&whole, at, 8, at + 8 < whole.n, false);
		feed(p, &m);
	}
	check_whole(44);
	packet_free(p);
}

static void test_repeated_fragment(void **state)
{
	const struct made whole = long_segment(44);
	struct packet *p = packet_new(DLT_RAW);
	struct made a = piece_of(&whole, 0, 32, true, false),
		    b = piece_of(&whole, 32, 32, false, false);

	(void)state;
	assert_int_equal(feed(p, &a), PACKET_NOTHING);
	assert_int_equal(feed(p, &a), PACKET_NOTHING);
	assert_int_equal(feed(p, &b), PACKET_SEGMENT);
	check_whole(44);
	assert_int_equal(counted(p, PACKET_COUNT_FRAGMENT_OVERLAP), 1);
	packet_free(p);
}

/* Overlaps with other bytes: those that came first stay, whichever side comes first. */
static void test_first_wins(void **state)
{
	const struct made whole = long_segment(44);
	struct made other = whole;

	(void)state;
	memset(&other.at[20], 0xee, 44);
	for (int first = 0; first <= 1; first++) {
		struct packet *p = packet_new(DLT_RAW);
		struct made a = piece_of(&whole, 0, 40, true, false);
		struct made b = piece_of(&other, 24, 40, false, false);
		feed(p, first ? &b : &a);
		assert_int_equal(feed(p, first ? &a : &b), PACKET_SEGMENT);
		assert_int_equal(item.segment.len, 44);
		/* Payload byte 4 to 19 (24 to 39 of the datagram) is in both. */
		assert_int_equal(item.segment.payload[4], first ? 0xee : 4 * 7);
		assert_int_equal(item.segment.payload[19], first ? 0xee : 19 * 7);
		assert_int_equal(item.segment.payload[3], 3 * 7);
		assert_int_equal(item.segment.payload[20], 0xee);
		assert_int_equal(counted(p, PACKET_COUNT_FRAGMENT_OVERLAP), 1);
		packet_free(p);
	}
}

static void test_impossible_fragments(void **state)
{
	const struct made whole = long_segment(108);
	struct packet *p = packet_new(DLT_RAW);
	struct made m;

	(void)state;
	m = piece_of(&whole, 0, 12, true, false); /* not the last, not a multiple of 8 */
	feed(p, &m);
	m = piece_of(&whole, 0, 0, true, false); /* empty */
	feed(p, &m);
	m = piece_of(&whole, 0, 100, false, false); /* ping of death: ends past 65535 */
	put16(&m.at[6], 0x1fff);
	feed(p, &m);
	assert_int_equal(counted(p, PACKET_COUNT_FRAGMENT_BAD), 3);
	m = piece_of(&whole, 64, 64, false, false); /* the end is at 128 */
	feed(p, &m);
	m = piece_of(&whole, 64, 56, false, false); /* another end, before it */
	feed(p, &m);
	m = piece_of(&whole, 0, 64, true, false);
	put16(&m.at[6], 0x2000 | 16); /* more behind the end */
	feed(p, &m);
	assert_int_equal(counted(p, PACKET_COUNT_FRAGMENT_BAD), 5);
	m = piece_of(&whole, 0, 64, true, false);
	assert_int_equal(feed(p, &m), PACKET_SEGMENT); /* and the honest rest still fits */
	check_whole(108);
	/* An end before bytes that are already there. */
	m = piece_of(&whole, 64, 64, true, false);
	feed(p, &m);
	m = piece_of(&whole, 0, 32, false, false);
	put16(&m.at[6], 4);
	feed(p, &m);
	assert_int_equal(counted(p, PACKET_COUNT_FRAGMENT_BAD), 6);
	packet_free(p);
}

/* Ids, addresses, protocols, VLANs do not mix. */
static void test_keys_do_not_mix(void **state)
{
	const struct made whole = long_segment(44);
	struct packet *p = packet_new(DLT_RAW);
	struct made a = piece_of(&whole, 0, 32, true, false), b;
	const uint32_t places[] = { 4, 5, 9, 12, 15, 16, 19 };

	(void)state;
	feed(p, &a);
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		b = piece_of(&whole, 32, 32, false, false);
		b.at[places[i]] ^= 0x10;
		assert_int_equal(feed(p, &b), PACKET_NOTHING);
	}
	b = piece_of(&whole, 32, 32, false, false);
	assert_int_equal(feed(p, &b), PACKET_SEGMENT);
	packet_free(p);
	p = packet_new(DLT_EN10MB);
	made_hex(&a, "0064 0800");
	made_ether(&a, 0x8100);
	feed(p, &a);
	struct made other = b;
	made_hex(&other, "0065 0800");
	made_ether(&other, 0x8100);
	assert_int_equal(feed(p, &other), PACKET_NOTHING);
	made_hex(&b, "0064 0800");
	made_ether(&b, 0x8100);
	assert_int_equal(feed(p, &b), PACKET_SEGMENT);
	packet_free(p);
}

static void test_timeout(void **state)
{
	const struct made whole = long_segment(44);
	struct packet *p = packet_new(DLT_RAW);
	struct made a = piece_of(&whole, 0, 32, true, false),
		    b = piece_of(&whole, 32, 32, false, false);

	(void)state;
	packet_read(p, 100 * SEGMENT_SECOND, 1, a.at, a.n, a.n, &item);
	assert_int_equal(packet_read(p, 130 * SEGMENT_SECOND, 2, b.at, b.n, b.n, &item),
			 PACKET_SEGMENT);
	packet_read(p, 200 * SEGMENT_SECOND, 3, a.at, a.n, a.n, &item);
	assert_int_equal(packet_read(p, 230 * SEGMENT_SECOND + 1, 4, b.at, b.n, b.n, &item),
			 PACKET_NOTHING);
	assert_int_equal(counted(p, PACKET_COUNT_FRAGMENT_TIMEOUT), 1);
	/* Time that goes backwards ends nothing. */
	assert_int_equal(packet_read(p, SEGMENT_SECOND, 5, a.at, a.n, a.n, &item), PACKET_SEGMENT);
	packet_free(p);
}

static void test_flood(void **state)
{
	const struct made whole = long_segment(44);
	struct packet *p = packet_new(DLT_RAW);

	(void)state;
	for (unsigned id = 0; id < 5000; id++) {
		struct made m = piece_of(&whole, 0, 32, true, false);
		put16(&m.at[4], id);
		packet_read(p, id, id + 1, m.at, m.n, m.n, &item);
	}
	assert_int_equal(counted(p, PACKET_COUNT_FRAGMENT_CULLED), 5000 - FRAGMENT_DATAGRAMS);
	/* The newest are still there, the oldest are not. */
	struct made b = piece_of(&whole, 32, 32, false, false);
	put16(&b.at[4], 4999);
	assert_int_equal(packet_read(p, 5000, 1, b.at, b.n, b.n, &item), PACKET_SEGMENT);
	put16(&b.at[4], 5000 - FRAGMENT_DATAGRAMS - 1);
	assert_int_equal(packet_read(p, 5000, 1, b.at, b.n, b.n, &item), PACKET_NOTHING);
	packet_free(p);
}

/* Fragments cut by the snap length give a segment of full length with fewer captured bytes. */
static void test_snapped(void **state)
{
	const struct made whole = long_segment(108);
	struct packet *p = packet_new(DLT_RAW);
	struct made a = piece_of(&whole, 0, 64, true, false),
		    b = piece_of(&whole, 64, 64, false, false);

	(void)state;
	read_hostile(p, b.at, 20 + 10, b.n, &item);
	assert_int_equal(read_hostile(p, a.at, a.n, a.n, &item), PACKET_SEGMENT);
	assert_int_equal(item.segment.len, 108);
	assert_int_equal(item.segment.caplen, 54);
	assert_int_equal(item.segment.payload[53], (uint8_t)(53 * 7));
	read_hostile(p, b.at, b.n, b.n, &item);
	assert_int_equal(read_hostile(p, a.at, 20 + 30, a.n, &item), PACKET_SEGMENT);
	assert_int_equal(item.segment.caplen, 10);
	read_hostile(p, b.at, b.n, b.n, &item);
	assert_int_equal(read_hostile(p, a.at, 20 + 10, a.n, &item), PACKET_NOTHING);
	assert_int_equal(counted(p, PACKET_COUNT_CUT_HEADER), 1);
	packet_free(p);
}

static void test_largest(void **state)
{
	struct fragments *f = fragments_new();
	struct fragment_notes notes = { 0 };
	struct datagram_whole whole;
	uint8_t *block = g_malloc0(65536);
	struct fragment in = { .next = 6 };

	(void)state;
	/* 65535 bytes in pieces of 8, backwards: as many blocks as there can be. */
	for (uint32_t at = 65528; at > 0; at -= 8) {
		in.offset = at;
		in.len = at == 65528 ? 7 : 8;
		in.more = at != 65528;
		block[0] = (uint8_t)(at / 8);
		in.data = bytes_of(wall(block, in.len), in.len);
		assert_int_equal(fragments_add(f, &in, &whole, &notes), FRAGMENT_KEPT);
	}
	in.offset = 0;
	in.data = bytes_of(wall(block, 8), 8);
	assert_int_equal(fragments_add(f, &in, &whole, &notes), FRAGMENT_WHOLE);
	assert_int_equal(whole.len, 65535);
	assert_int_equal(bytes_left(&whole.data), 65535);
	assert_int_equal(whole.data.at[800], 100);
	assert_int_equal(fragments_open(f), 0);
	fragments_release(f);
	/* One byte more is refused, and so is a length that would wrap. */
	in.offset = 65528;
	in.more = false;
	in.len = 8;
	assert_int_equal(fragments_add(f, &in, &whole, &notes), FRAGMENT_BAD);
	in.offset = 8;
	in.len = UINT32_MAX - 4;
	assert_int_equal(fragments_add(f, &in, &whole, &notes), FRAGMENT_BAD);
	fragments_free(f);
	fragments_free(NULL);
	g_free(block);
}

/* A tunnel whose packets are fragmented, and inside it a datagram that is too. */
static void test_fragments_in_fragments(void **state)
{
	const struct made whole = long_segment(108);
	struct packet *p = packet_new(DLT_RAW);

	(void)state;
	for (int round = 0; round < 300; round++) {
		for (uint32_t half = 0; half < 2; half++) {
			struct made inner = piece_of(&whole, half * 64, 64, half == 0, false);
			for (uint32_t at = 0; at < inner.n; at += 48) {
				uint32_t n = at + 48 < inner.n ? 48 : inner.n - at;
				struct made outer =
					piece_of(&inner, at, n, at + n < inner.n, false);
				outer.at[9] = 4;
				outer.at[5] ^= (uint8_t)half;
				feed(p, &outer);
			}
		}
		check_whole(108);
		assert_int_equal(item.segment.encap.tunnel, TUNNEL_IPIP);
	}
	assert_int_equal(counted(p, PACKET_COUNT_FRAGMENT_CULLED), 0);
	packet_free(p);
}

static void test_damage(void **state)
{
	const struct made whole = long_segment(108);

	(void)state;
	for (int v6 = 0; v6 <= 1; v6++) {
		struct made m = piece_of(&whole, 64, 64, false, v6);
		abuse(DLT_RAW, &m);
		m = piece_of(&whole, 0, 64, true, v6);
		abuse(DLT_RAW, &m);
	}
	/* Random pieces of random datagrams: every frame is accounted for. */
	struct packet *p = packet_new(DLT_RAW);
	uint32_t x = 1;
	for (unsigned i = 0; i < 100000; i++) {
		x = x * 1664525 + 1013904223;
		uint32_t at = (x >> 8) % 15 * 8, n = (x >> 12) % (whole.n - at);
		struct made m = piece_of(&whole, at, n, (x >> 20) & 1, (x >> 21) & 1);
		m.at[5] = (uint8_t)((x >> 24) & 3);
		read_hostile(p, m.at, (x >> 28) ? m.n : m.n / 2, m.n, &item);
	}
	uint64_t sum = 0;
	for (int c = PACKET_COUNT_SEGMENT; c < PACKET_COUNT_TUNNELLED; c++)
		sum += counted(p, (enum packet_count)c);
	assert_int_equal(sum, 100000);
	assert_true(counted(p, PACKET_COUNT_REASSEMBLED) > 100);
	packet_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_order),
		cmocka_unit_test(test_tiny_fragments),
		cmocka_unit_test(test_repeated_fragment),
		cmocka_unit_test(test_first_wins),
		cmocka_unit_test(test_impossible_fragments),
		cmocka_unit_test(test_keys_do_not_mix),
		cmocka_unit_test(test_timeout),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_snapped),
		cmocka_unit_test(test_largest),
		cmocka_unit_test(test_fragments_in_fragments),
		cmocka_unit_test(test_damage),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
