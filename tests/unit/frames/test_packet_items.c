/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests of the items beside TCP segments: DNS datagrams, DNS messages inside TCP, ICMP errors with
 * the header that they quote; and what lengths that lie and quotes that are too short become.
 */
#include "frames/frames.h"

static struct packet_item item;

/* Read one frame with a new reader, demand this kind, and that `why` was counted once. */
static void expect(int dlt, const struct made *m, enum packet_kind kind, enum packet_count why)
{
	struct packet *p = packet_new(dlt);

	assert_non_null(p);
	assert_int_equal(read_hostile(p, m->at, m->n, m->n, &item), kind);
	assert_int_equal(item.kind, kind);
	assert_int_equal(counted(p, PACKET_COUNT_FRAME), 1);
	assert_int_equal(counted(p, why), 1);
	packet_free(p);
}

static void test_dns_datagram(void **state)
{
	(void)state;
	for (int answer = 0; answer <= 1; answer++) {
		struct made m = made_payload("0123456789abcdef");
		made_udp(&m, answer ? 53 : 40000, answer ? 40000 : 53);
		made_ip4(&m, 17, 1, 2);
		made_ether(&m, 0x0800);
		made_back(&m, "padding", 7);
		expect(DLT_EN10MB, &m, PACKET_DATAGRAM, PACKET_COUNT_DATAGRAM);
		assert_int_equal(item.datagram.len, 16);
		assert_int_equal(item.datagram.caplen, 16);
		assert_int_equal(item.datagram.dport, answer ? 40000 : 53);
		assert_false(item.datagram.over_tcp);
		assert_memory_equal(item.datagram.payload, "0123456789abcdef", 16);
		abuse(DLT_EN10MB, &m);
	}
}

static void test_lying_udp_length(void **state)
{
	static const struct {
		unsigned says, len;
	} cases[] = { { 0, 16 }, { 7, 16 }, { 8, 0 }, { 12, 4 }, { 25, 16 }, { 65535, 16 } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct made m = made_payload("0123456789abcdef");
		made_udp(&m, 53, 40000);
		put16(&m.at[4], cases[i].says);
		made_ip4(&m, 17, 1, 2);
		expect(DLT_RAW, &m, PACKET_DATAGRAM, PACKET_COUNT_DATAGRAM);
		assert_int_equal(item.datagram.len, cases[i].len);
	}
}

static void test_dns_over_tcp(void **state)
{
	struct made m = { 0 };
	struct packet *p = packet_new(DLT_RAW);

	(void)state;
	made_back(&m,
		  "\0\x0c"
		  "AAAAAAAAAAAA"
		  "\0\x0d"
		  "BBBBBBBBBBBBB"
		  "\0\x20"
		  "only a part",
		  42);
	made_tcp(&m, 53, 40000, TCP_ACK, NULL, 0);
	made_ip4(&m, 6, 1, 2);
	assert_int_equal(packet_read(p, 5, 6, m.at, m.n, m.n, &item), PACKET_DATAGRAM);
	assert_true(item.datagram.over_tcp);
	assert_int_equal(item.datagram.len, 12);
	assert_int_equal(item.datagram.sport, 53);
	assert_memory_equal(item.datagram.payload, "AAAAAAAAAAAA", 12);
	assert_int_equal(packet_more(p, &item), PACKET_DATAGRAM);
	assert_int_equal(item.datagram.len, 13);
	assert_int_equal(item.datagram.frame, 6);
	assert_memory_equal(item.datagram.payload, "BBBBBBBBBBBBB", 13);
	assert_int_equal(packet_more(p, &item), PACKET_NOTHING);
	assert_int_equal(packet_more(p, &item), PACKET_NOTHING);
	assert_int_equal(counted(p, PACKET_COUNT_DATAGRAM), 2);
	packet_free(p);
	abuse(DLT_RAW, &m);
}

static void test_dns_over_tcp_without_whole_message(void **state)
{
	static const struct {
		const char *bytes;
		uint32_t n;
	} cases[] = {
		{ "", 0 },
		{ "\0\x0c", 2 },
		{ "\0\x0c"
		  "AAAAAAAAAAA",
		  13 }, /* one byte short */
		{ "\xff\xff"
		  "AAAAAAAAAAAAAAAA",
		  18 },
		{ "\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 14 }, /* empty messages */
		{ "\0\x0b"
		  "AAAAAAAAAAAAAAA",
		  17 }, /* shorter than a header */
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct made m = { 0 };
		made_back(&m, cases[i].bytes, cases[i].n);
		made_tcp(&m, 40000, 53, TCP_ACK, NULL, 0);
		made_ip4(&m, 6, 1, 2);
		expect(DLT_RAW, &m, PACKET_SEGMENT, PACKET_COUNT_SEGMENT);
		assert_int_equal(item.segment.len, cases[i].n);
	}
}

/* An ICMP error of this type that quotes the first `n` bytes of our segment. */
static struct made icmp_quoting(const char *head, uint32_t n, bool v6)
{
	struct made m = made_payload("EHLO");

	made_tcp(&m, 40000, 587, TCP_SYN, NULL, 0);
	v6 ? made_ip6(&m, 6, 1, 2) : made_ip4(&m, 6, 1, 2);
	if (n < m.n)
		m.n = n;
	made_hex(&m, head);
	v6 ? made_ip6(&m, 58, 9, 1) : made_ip4(&m, 1, 9, 1);
	return m;
}

static void test_icmp_errors(void **state)
{
	static const struct {
		const char *head;
		bool v6;
		uint8_t type, code;
		uint16_t mtu;
	} cases[] = {
		{ "03 0d 0000 00000000", false, 3, 13, 0 },
		{ "03 04 0000 000005dc", false, 3, 4, 1500 },
		{ "03 01 0000 000005dc", false, 3, 1, 0 },
		{ "0b 00 0000 00000000", false, 11, 0, 0 },
		{ "0c 00 0000 00000000", false, 12, 0, 0 },
		{ "04 00 0000 00000000", false, 4, 0, 0 },
		{ "05 01 0000 0a000001", false, 5, 1, 0 },
		{ "01 01 0000 00000000", true, 1, 1, 0 },
		{ "02 00 0000 00000500", true, 2, 0, 1280 },
		{ "02 00 0000 00100000", true, 2, 0, 65535 },
		{ "03 00 0000 00000500", true, 3, 0, 0 },
		{ "04 01 0000 00000028", true, 4, 1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct made m = icmp_quoting(cases[i].head, cases[i].v6 ? 48 : 28, cases[i].v6);
		const struct icmp_error *e = &item.icmp;
		expect(DLT_RAW, &m, PACKET_ICMP, PACKET_COUNT_ICMP);
		assert_int_equal(e->type, cases[i].type);
		assert_int_equal(e->code, cases[i].code);
		assert_int_equal(e->next_mtu, cases[i].mtu);
		assert_int_equal(e->sport, 40000);
		assert_int_equal(e->dport, 587);
		assert_int_equal(e->seq, 0x01020304);
		assert_int_equal(e->from.byte[cases[i].v6 ? 15 : 3], 9);
		assert_int_equal(e->src.byte[cases[i].v6 ? 15 : 3], 1);
		assert_int_equal(e->dst.byte[cases[i].v6 ? 15 : 3], 2);
		assert_int_equal(e->dst.family, cases[i].v6 ? 6 : 4);
		abuse(DLT_RAW, &m);
	}
}

static void test_icmp_without_use(void **state)
{
	struct made m;

	(void)state;
	/* Quotes of every length that is too short for the sequence number. */
	for (uint32_t n = 0; n < 28; n++) {
		m = icmp_quoting("03 01 0000 00000000", n, false);
		expect(DLT_RAW, &m, PACKET_NOTHING, PACKET_COUNT_ICMP_OTHER);
	}
	for (uint32_t n = 0; n < 48; n++) {
		m = icmp_quoting("01 01 0000 00000000", n, true);
		expect(DLT_RAW, &m, PACKET_NOTHING, PACKET_COUNT_ICMP_OTHER);
	}
	/* Echo, and a neighbour solicitation. */
	m = icmp_quoting("08 00 0000 00000000", 28, false);
	expect(DLT_RAW, &m, PACKET_NOTHING, PACKET_COUNT_ICMP_OTHER);
	m = icmp_quoting("87 00 0000 00000000", 48, true);
	expect(DLT_RAW, &m, PACKET_NOTHING, PACKET_COUNT_ICMP_OTHER);
	/* The quoted packet is UDP, or a later fragment, or of no version. */
	m = icmp_quoting("03 01 0000 00000000", 28, false);
	m.at[28 + 9] = 17;
	expect(DLT_RAW, &m, PACKET_NOTHING, PACKET_COUNT_ICMP_OTHER);
	m = icmp_quoting("03 01 0000 00000000", 28, false);
	m.at[28 + 7] = 1;
	expect(DLT_RAW, &m, PACKET_NOTHING, PACKET_COUNT_ICMP_OTHER);
	m = icmp_quoting("03 01 0000 00000000", 28, false);
	m.at[28] = 0x75;
	expect(DLT_RAW, &m, PACKET_NOTHING, PACKET_COUNT_ICMP_OTHER);
	m = icmp_quoting("03 01 0000 00000000", 28, false);
	m.at[28] = 0x4f; /* options beyond the quote */
	expect(DLT_RAW, &m, PACKET_NOTHING, PACKET_COUNT_ICMP_OTHER);
	/* ICMP inside IPv6 and ICMPv6 inside IPv4 do not exist. */
	m = icmp_quoting("03 01 0000 00000000", 28, false);
	m.at[9] = 58;
	expect(DLT_RAW, &m, PACKET_NOTHING, PACKET_COUNT_NOT_TCP);
}

static void test_icmp_quote_with_extensions(void **state)
{
	struct made m = made_payload("");

	(void)state;
	made_tcp(&m, 40000, 587, TCP_SYN, NULL, 0);
	made_hex(&m, "06 00 0000 00000007"); /* fragment header, offset 0 */
	made_hex(&m, "2c 00 0104 00000000"); /* destination options */
	made_ip6(&m, 60, 1, 2);
	made_hex(&m, "01 01 0000 00000000");
	made_ip6(&m, 58, 9, 1);
	expect(DLT_RAW, &m, PACKET_ICMP, PACKET_COUNT_ICMP);
	assert_int_equal(item.icmp.dport, 587);
	abuse(DLT_RAW, &m);
	m.at[40 + 8 + 40 + 8 + 3] = 8; /* a later fragment has no ports */
	expect(DLT_RAW, &m, PACKET_NOTHING, PACKET_COUNT_ICMP_OTHER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dns_datagram),
		cmocka_unit_test(test_lying_udp_length),
		cmocka_unit_test(test_dns_over_tcp),
		cmocka_unit_test(test_dns_over_tcp_without_whole_message),
		cmocka_unit_test(test_icmp_errors),
		cmocka_unit_test(test_icmp_without_use),
		cmocka_unit_test(test_icmp_quote_with_extensions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
