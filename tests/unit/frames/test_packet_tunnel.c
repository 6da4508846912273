/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests of the tunnels: each kind alone with what it says about itself, all flags of GRE, tunnels
 * in tunnels, loops and stacks that never end, and every frame cut and damaged at every byte.
 */
#include "frames/frames.h"

static struct packet_item item;

static void read_one(const struct made *m, enum packet_kind kind, enum packet_count why)
{
	struct packet *p = packet_new(DLT_EN10MB);

	assert_int_equal(read_hostile(p, m->at, m->n, m->n, &item), kind);
	assert_int_equal(counted(p, why), 1);
	packet_free(p);
}

/* A segment came out, whole, of this tunnel with this id; outer addresses end in 7 and 8. */
static void expect_tunnel(const struct made *m, enum tunnel_kind kind, uint32_t id,
			  unsigned outer_family)
{
	const struct encapsulation *e = &item.segment.encap;

	read_one(m, PACKET_SEGMENT, PACKET_COUNT_TUNNELLED);
	assert_int_equal(item.segment.dport, 587);
	assert_int_equal(item.segment.len, 21);
	assert_int_equal(item.segment.caplen, 21);
	assert_int_equal(e->tunnel, kind);
	assert_int_equal(e->tunnel_id, id);
	assert_int_equal(e->outer_src.family, outer_family);
	assert_int_equal(e->outer_dst.family, outer_family);
	if (outer_family) {
		assert_int_equal(e->outer_src.byte[outer_family == 4 ? 3 : 15], 7);
		assert_int_equal(e->outer_dst.byte[outer_family == 4 ? 3 : 15], 8);
	}
	abuse(DLT_EN10MB, m);
}

static struct made inner_ethernet(void)
{
	struct made m = made_segment();

	made_hex(&m, "020000000001 0200000000aa 0800");
	return m;
}

static void outside(struct made *m, uint8_t protocol, bool v6)
{
	v6 ? made_ip6(m, protocol, 7, 8) : made_ip4(m, protocol, 7, 8);
	made_ether(m, v6 ? 0x86dd : 0x0800);
}

static void test_gre_all_flags(void **state)
{
	(void)state;
	for (unsigned flags = 0; flags < 16; flags++)
		for (int v6 = 0; v6 <= 1; v6++) {
			struct made m = made_segment();
			uint8_t h[4];
			if (flags & 4) /* routing: one entry of 4 bytes, then the empty one */
				made_hex(&m, "0800 00 04 0a000001 0000 00 00");
			if (flags & 1)
				made_hex(&m, "00000005");
			if (flags & 2)
				made_hex(&m, "0001e240");
			if (flags & 12)
				made_hex(&m, "1234 0000");
			put16(&h[0], (flags & 8 ? 0x8000 : 0) | (flags & 4 ? 0x4000 : 0) |
					     (flags & 2 ? 0x2000 : 0) | (flags & 1 ? 0x1000 : 0));
			put16(&h[2], 0x0800);
			made_front(&m, h, 4);
			outside(&m, 47, v6);
			expect_tunnel(&m, TUNNEL_GRE, flags & 2 ? 123456 : 0, v6 ? 6 : 4);
		}
}

static void test_gre_kinds(void **state)
{
	struct made m = inner_ethernet();

	(void)state;
	made_hex(&m, "2000 6558 00000063");
	outside(&m, 47, false);
	expect_tunnel(&m, TUNNEL_GRE, 99, 4);
	assert_int_equal(item.segment.src_mac[5], 0xaa);
	m = made_segment(); /* MPLS in GRE: the label is the innermost tunnel */
	made_hex(&m, "0000 8847 00010140");
	outside(&m, 47, false);
	expect_tunnel(&m, TUNNEL_MPLS, 16, 0);
	m = made_segment(); /* PPTP: key is payload length and call; sequence and acknowledgement */
	made_hex(&m, "3081 880b 0041 002a 00000001 00000001 ff03 0021");
	outside(&m, 47, false);
	expect_tunnel(&m, TUNNEL_GRE, 42, 4);
	m = made_payload("");
	made_hex(&m, "2081 880b 0000 002a 00000001");
	outside(&m, 47, false);
	read_one(&m, PACKET_NOTHING, PACKET_COUNT_NOT_IP);
	m = made_segment(); /* WCCP 1 and 2 */
	made_hex(&m, "0000 883e");
	outside(&m, 47, false);
	expect_tunnel(&m, TUNNEL_GRE, 0, 4);
	m = made_segment();
	made_hex(&m, "0000 883e 00000000");
	outside(&m, 47, false);
	expect_tunnel(&m, TUNNEL_GRE, 0, 4);
}

static void test_gre_lies(void **state)
{
	static const struct {
		const char *head;
		enum packet_count why;
	} cases[] = {
		{ "0002 0800", PACKET_COUNT_BAD_HEADER },	    /* version 2 */
		{ "2001 0800 0000 0001", PACKET_COUNT_BAD_HEADER }, /* version 1 without PPP */
		{ "0000 1234", PACKET_COUNT_NOT_IP },
		{ "4000 0800 0000 0000 0800 00 ff", PACKET_COUNT_BAD_HEADER }, /* route too long */
		{ "1000 88be 00000001 2064 0001 00000000", PACKET_COUNT_BAD_HEADER }, /* version */
		{ "1000 22eb 00000001 1064 0001 00000000 00000000", PACKET_COUNT_BAD_HEADER },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct made m = made_segment();
		made_hex(&m, cases[i].head);
		outside(&m, 47, false);
		read_one(&m, PACKET_NOTHING, cases[i].why);
		abuse(DLT_EN10MB, &m);
	}
	/* Route entries up to the end of the packet, none of them the last. */
	struct made m = { 0 };
	for (int i = 0; i < 300; i++)
		made_hex(&m, "0800 0000");
	made_hex(&m, "4000 0800 0000 0000");
	outside(&m, 47, false);
	read_one(&m, PACKET_NOTHING, PACKET_COUNT_BAD_HEADER);
}

static void test_erspan(void **state)
{
	struct made m = inner_ethernet();

	(void)state;
	made_hex(&m, "0000 88be"); /* type I */
	outside(&m, 47, false);
	expect_tunnel(&m, TUNNEL_ERSPAN, 0, 4);
	m = inner_ethernet(); /* type II, session 33, frame had no tag */
	made_hex(&m, "1000 88be 00000001 1064 0021 00000000");
	outside(&m, 47, false);
	expect_tunnel(&m, TUNNEL_ERSPAN, 33, 4);
	assert_int_equal(item.segment.encap.vlan_count, 0);
	m = inner_ethernet(); /* type II, its tag is in the header: VLAN 100 */
	made_hex(&m, "1000 88be 00000001 1064 1021 00000000");
	outside(&m, 47, false);
	expect_tunnel(&m, TUNNEL_ERSPAN, 33, 4);
	assert_int_equal(item.segment.encap.vlan_count, 1);
	assert_int_equal(item.segment.encap.vlan[0], 100);
	m = inner_ethernet(); /* type III */
	made_hex(&m, "1000 22eb 00000001 2064 03ff 00000000 0000 0000");
	outside(&m, 47, false);
	expect_tunnel(&m, TUNNEL_ERSPAN, 1023, 4);
	m = inner_ethernet(); /* type III with the platform's 8 bytes */
	made_hex(&m, "1000 22eb 00000001 2064 0005 00000000 0000 0001 0000000000000000");
	outside(&m, 47, false);
	expect_tunnel(&m, TUNNEL_ERSPAN, 5, 4);
	m = made_segment(); /* type III, frame type 2: IP */
	made_hex(&m, "1000 22eb 00000001 2064 0005 00000000 0000 0800");
	outside(&m, 47, true);
	expect_tunnel(&m, TUNNEL_ERSPAN, 5, 6);
}

static void test_vxlan(void **state)
{
	static const unsigned ports[] = { 4789, 8472, 4790 };

	(void)state;
	for (size_t i = 0; i < 3; i++)
		for (int v6 = 0; v6 <= 1; v6++) {
			struct made m = inner_ethernet();
			made_hex(&m, "08000000 abcdef00");
			made_udp(&m, 50000, ports[i]);
			outside(&m, 17, v6);
			expect_tunnel(&m, TUNNEL_VXLAN, 0xabcdef, v6 ? 6 : 4);
			assert_int_equal(item.segment.src_mac[5], 0xaa);
		}
	struct made m = made_segment(); /* GPE with IPv4 inside */
	made_hex(&m, "0c000001 00002a00");
	made_udp(&m, 50000, 4790);
	outside(&m, 17, false);
	expect_tunnel(&m, TUNNEL_VXLAN, 42, 4);
	m = made_segment();
	made_hex(&m, "0c000004 00002a00"); /* GPE with something else */
	made_udp(&m, 50000, 4790);
	outside(&m, 17, false);
	read_one(&m, PACKET_NOTHING, PACKET_COUNT_NOT_IP);
	m = inner_ethernet(); /* no valid id: not VXLAN */
	made_hex(&m, "00000000 abcdef00");
	made_udp(&m, 50000, 4789);
	outside(&m, 17, false);
	read_one(&m, PACKET_NOTHING, PACKET_COUNT_UDP);
}

static void test_geneve(void **state)
{
	struct made m = inner_ethernet();

	(void)state;
	made_hex(&m, "00 00 6558 00006400");
	made_udp(&m, 50000, 6081);
	outside(&m, 17, false);
	expect_tunnel(&m, TUNNEL_GENEVE, 100, 4);
	m = made_segment(); /* 12 bytes of options, IPv4 inside without Ethernet */
	made_hex(&m, "03 40 0800 00000100 0108 0102 0000000000000000");
	made_udp(&m, 50000, 6081);
	outside(&m, 17, true);
	expect_tunnel(&m, TUNNEL_GENEVE, 1, 6);
	m = made_segment(); /* options longer than the packet */
	made_hex(&m, "3f 00 0800 00000100");
	made_udp(&m, 50000, 6081);
	outside(&m, 17, false);
	read_one(&m, PACKET_NOTHING, PACKET_COUNT_BAD_HEADER);
	m = made_segment(); /* another version */
	made_hex(&m, "40 00 0800 00000100");
	made_udp(&m, 50000, 6081);
	outside(&m, 17, false);
	read_one(&m, PACKET_NOTHING, PACKET_COUNT_UDP);
}

static void test_ip_in_ip(void **state)
{
	(void)state;
	for (int v6 = 0; v6 <= 1; v6++) {
		struct made m = made_segment();
		outside(&m, 4, v6);
		expect_tunnel(&m, TUNNEL_IPIP, 0, v6 ? 6 : 4);
		assert_int_equal(item.segment.src.family, 4);
		m = made_payload("EHLO device.example\r\n");
		made_tcp(&m, 40000, 587, TCP_ACK, NULL, 0);
		made_ip6(&m, 6, 1, 2);
		outside(&m, 41, v6);
		expect_tunnel(&m, TUNNEL_IPIP, 0, v6 ? 6 : 4);
		assert_int_equal(item.segment.src.family, 6);
	}
}

static void test_mpls(void **state)
{
	static const struct {
		const char *stack;
		uint32_t label;
		bool ethernet;
	} cases[] = {
		{ "00010140", 16, false },
		{ "00020040 00030140", 48, false }, /* two labels */
		{ "00020040 00030040 00040140", 64, false },
		{ "00000140", 0, false },	   /* explicit null */
		{ "00010140", 16, true },	   /* pseudowire */
		{ "00010140 00000000", 16, true }, /* with control word */
		{ "00010140 00000123", 16, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct made m = cases[i].ethernet ? inner_ethernet() : made_segment();
		made_hex(&m, cases[i].stack);
		made_ether(&m, 0x8847);
		expect_tunnel(&m, TUNNEL_MPLS, cases[i].label, 0);
		assert_int_equal(item.segment.src_mac[5], cases[i].ethernet ? 0xaa : 2);
	}
	struct made m = made_segment(); /* in IP, RFC 4023 */
	made_hex(&m, "00010140");
	outside(&m, 137, false);
	expect_tunnel(&m, TUNNEL_MPLS, 16, 0);
	m = made_segment();
	for (int i = 0; i < 17; i++)
		made_hex(&m, "00010040");
	made_ether(&m, 0x8848);
	read_one(&m, PACKET_NOTHING, PACKET_COUNT_TOO_DEEP);
	m = made_payload("\x90 no IP");
	made_hex(&m, "00010140");
	made_ether(&m, 0x8847);
	read_one(&m, PACKET_NOTHING, PACKET_COUNT_NOT_IP);
}

static void test_pppoe(void **state)
{
	struct made m = made_segment();

	(void)state;
	made_hex(&m, "11 00 1234 003f 0021");
	made_ether(&m, 0x8864);
	expect_tunnel(&m, TUNNEL_PPPOE, 0x1234, 0);
	m = made_segment(); /* behind a VLAN tag, as on DSL */
	made_hex(&m, "0007 8864 11 00 1234 003f 0021");
	made_ether(&m, 0x8100);
	expect_tunnel(&m, TUNNEL_PPPOE, 0x1234, 0);
	assert_int_equal(item.segment.encap.vlan[0], 7);
	m = made_segment(); /* a length beyond the frame is not believed */
	made_hex(&m, "11 00 1234 ffff 0021");
	made_ether(&m, 0x8864);
	expect_tunnel(&m, TUNNEL_PPPOE, 0x1234, 0);
	m = made_segment(); /* discovery code */
	made_hex(&m, "11 09 1234 003f 0021");
	made_ether(&m, 0x8864);
	read_one(&m, PACKET_NOTHING, PACKET_COUNT_NOT_IP);
	m = made_segment();
	made_hex(&m, "21 00 1234 003f 0021");
	made_ether(&m, 0x8864);
	read_one(&m, PACKET_NOTHING, PACKET_COUNT_BAD_HEADER);
}

/* A copy by ERSPAN of VXLAN, in which GRE carries Ethernet with a tag: the innermost counts. */
static void test_nested(void **state)
{
	struct made m = made_segment();

	(void)state;
	made_hex(&m, "020000000001 0200000000bb 8100 0009 0800");
	made_hex(&m, "2000 6558 00000063");
	made_ip4(&m, 47, 7, 8);
	made_hex(&m, "020000000001 0200000000aa 8100 0005 0800");
	made_hex(&m, "08000000 00000500");
	made_udp(&m, 50000, 4789);
	made_ip4(&m, 17, 5, 6);
	made_hex(&m, "020000000001 0200000000cc 88a8 0003 8100 0004 0800");
	made_hex(&m, "1000 88be 00000001 1064 1021 00000000");
	made_ip4(&m, 47, 3, 4);
	made_hex(&m, "0002 0800");
	made_ether(&m, 0x8100);
	expect_tunnel(&m, TUNNEL_GRE, 99, 4);
	assert_int_equal(item.segment.encap.vlan_count, 1);
	assert_int_equal(item.segment.encap.vlan[0], 9);
	assert_int_equal(item.segment.src_mac[5], 0xbb);
	assert_int_equal(item.segment.src.byte[3], 1);
}

static void test_other_items_in_tunnels(void **state)
{
	struct made m = made_payload("0123456789abcdef");

	(void)state;
	made_udp(&m, 53, 40000);
	made_ip4(&m, 17, 1, 2);
	made_hex(&m, "0000 0800");
	outside(&m, 47, false);
	read_one(&m, PACKET_DATAGRAM, PACKET_COUNT_TUNNELLED);
	assert_int_equal(item.datagram.src.byte[3], 1);
	m = made_payload("");
	made_tcp(&m, 40000, 25, TCP_SYN, NULL, 0);
	made_ip4(&m, 6, 1, 2);
	made_hex(&m, "03 0d 0000 00000000");
	made_ip4(&m, 1, 9, 1);
	outside(&m, 4, false);
	read_one(&m, PACKET_ICMP, PACKET_COUNT_TUNNELLED);
	assert_int_equal(item.icmp.from.byte[3], 9);
}

/* A tunnel inside itself, again and again, up to the room of a frame: one stop, no recursion. */
static void test_loops(void **state)
{
	static const struct {
		const char *head;
		uint8_t protocol;
	} cases[] = {
		{ "", 4 },
		{ "0000 0800", 47 },
		{ "0000 6558 020000000001 020000000002 0800", 47 },
		{ "0000 88be 020000000001 020000000002 0800", 47 },
		{ "00010140", 137 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct made m = made_segment();
		while (m.n < 4000) {
			made_hex(&m, cases[i].head);
			made_ip4(&m, cases[i].protocol, 7, 8);
		}
		made_ether(&m, 0x0800);
		read_one(&m, PACKET_NOTHING, PACKET_COUNT_TOO_DEEP);
	}
	/* The deepest that is still read, and one more. */
	for (int more = 0; more <= 1; more++) {
		struct made m = made_segment();
		for (unsigned i = 0; i < PACKET_DEPTH - 3 + (unsigned)more; i++)
			made_ip4(&m, 4, 7, 8);
		made_ether(&m, 0x0800);
		read_one(&m, more ? PACKET_NOTHING : PACKET_SEGMENT,
			 more ? PACKET_COUNT_TOO_DEEP : PACKET_COUNT_SEGMENT);
	}
}

/* An inner packet that claims more than its tunnel carries is cut to what is there. */
static void test_inner_length_beyond_outer(void **state)
{
	struct made m = made_segment();

	(void)state;
	put16(&m.at[2], 1500);
	outside(&m, 4, false);
	read_one(&m, PACKET_SEGMENT, PACKET_COUNT_LENGTH_BEYOND);
	assert_int_equal(item.segment.len, 1460);
	assert_int_equal(item.segment.caplen, 21);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gre_all_flags),
		cmocka_unit_test(test_gre_kinds),
		cmocka_unit_test(test_gre_lies),
		cmocka_unit_test(test_erspan),
		cmocka_unit_test(test_vxlan),
		cmocka_unit_test(test_geneve),
		cmocka_unit_test(test_ip_in_ip),
		cmocka_unit_test(test_mpls),
		cmocka_unit_test(test_pppoe),
		cmocka_unit_test(test_nested),
		cmocka_unit_test(test_other_items_in_tunnels),
		cmocka_unit_test(test_loops),
		cmocka_unit_test(test_inner_length_beyond_outer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
