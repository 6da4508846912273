/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests of the packet reader without tunnels: link types, IPv4 and IPv6, TCP, what is counted, and
 * what short and lying frames do. All hostile input ends at an unreadable page.
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

static void test_plain_v4(void **state)
{
	struct made m = made_segment();
	const struct segment *s = &item.segment;
	const uint8_t mac[6] = { 2, 0, 0, 0, 0, 2 };

	(void)state;
	made_ether(&m, 0x0800);
	struct packet *p = packet_new(DLT_EN10MB);
	assert_int_equal(packet_read(p, 77, 9, m.at, m.n, m.n, &item), PACKET_SEGMENT);
	assert_int_equal(s->time_ns, 77);
	assert_int_equal(s->frame, 9);
	assert_int_equal(s->src.family, 4);
	assert_memory_equal(s->src.byte, "\x0a\0\0\1\0\0\0\0\0\0\0\0\0\0\0", 16);
	assert_memory_equal(s->dst.byte, "\x0a\0\0\2\0\0\0\0\0\0\0\0\0\0\0", 16);
	assert_int_equal(s->sport, 40000);
	assert_int_equal(s->dport, 587);
	assert_int_equal(s->seq, 0x01020304);
	assert_int_equal(s->ack, 0xa1a2a3a4);
	assert_int_equal(s->flags, TCP_ACK | TCP_PSH);
	assert_int_equal(s->ttl, 57);
	assert_int_equal(s->window, 501);
	assert_int_equal(s->ip_id, 0x1234);
	assert_int_equal(s->mss, 0);
	assert_int_equal(s->sack_count, 0);
	assert_true(s->has_mac);
	assert_memory_equal(s->src_mac, mac, 6);
	assert_int_equal(s->len, 21);
	assert_int_equal(s->caplen, 21);
	assert_memory_equal(s->payload, "EHLO device.example\r\n", 21);
	assert_int_equal(s->encap.tunnel, TUNNEL_NONE);
	assert_int_equal(s->encap.vlan_count, 0);
	assert_int_equal(packet_more(p, &item), PACKET_NOTHING);
	packet_free(p);
}

static void test_plain_v6(void **state)
{
	struct made m = made_payload("220 x\r\n");
	const struct segment *s = &item.segment;

	(void)state;
	made_tcp(&m, 25, 40000, TCP_ACK, NULL, 0);
	made_ip6(&m, 6, 1, 2);
	made_ether(&m, 0x86dd);
	expect(DLT_EN10MB, &m, PACKET_SEGMENT, PACKET_COUNT_SEGMENT);
	assert_int_equal(s->src.family, 6);
	assert_int_equal(s->src.byte[0], 0xfd);
	assert_int_equal(s->src.byte[15], 1);
	assert_int_equal(s->dst.byte[15], 2);
	assert_int_equal(s->ttl, 58);
	assert_int_equal(s->ip_id, 0);
	assert_int_equal(s->len, 7);
}

static void test_extension_headers(void **state)
{
	static const char *const headers[] = {
		"06 00 0104 00000000",			 /* one, of 8 bytes */
		"06 01 010c 00000000 00000000 00000000", /* of 16 */
	};
	static const uint8_t kinds[] = { 0, 60, 43, 135, 139, 140 };

	(void)state;
	for (size_t k = 0; k < sizeof kinds; k++)
		for (size_t i = 0; i < 2; i++) {
			struct made m = made_payload("x");
			made_tcp(&m, 40000, 25, TCP_ACK, NULL, 0);
			made_hex(&m, headers[i]);
			made_ip6(&m, kinds[k], 1, 2);
			expect(DLT_RAW, &m, PACKET_SEGMENT, PACKET_COUNT_SEGMENT);
			assert_int_equal(item.segment.len, 1);
			abuse(DLT_RAW, &m);
		}
	/* Authentication header counts in words of 4 bytes, also behind IPv4. */
	for (int version = 4; version <= 6; version += 2) {
		struct made m = made_payload("x");
		made_tcp(&m, 40000, 25, TCP_ACK, NULL, 0);
		made_hex(&m, "06 04 0000 00000001 00000001 000000000000000000000000");
		version == 4 ? made_ip4(&m, 51, 1, 2) : made_ip6(&m, 51, 1, 2);
		expect(DLT_RAW, &m, PACKET_SEGMENT, PACKET_COUNT_SEGMENT);
		abuse(DLT_RAW, &m);
	}
	/* A datagram that is one fragment (RFC 6946). */
	struct made m = made_payload("x");
	made_tcp(&m, 40000, 25, TCP_ACK, NULL, 0);
	made_hex(&m, "06 00 0000 00000007");
	made_ip6(&m, 44, 1, 2);
	expect(DLT_RAW, &m, PACKET_SEGMENT, PACKET_COUNT_SEGMENT);
}

static void test_too_many_extensions(void **state)
{
	struct made m = made_payload("x");

	(void)state;
	made_tcp(&m, 40000, 25, TCP_ACK, NULL, 0);
	made_hex(&m, "06 00 0104 00000000");
	for (int i = 0; i < 15; i++)
		made_hex(&m, "3c 00 0104 00000000");
	struct made more = m;
	made_ip6(&m, 60, 1, 2);
	expect(DLT_RAW, &m, PACKET_SEGMENT, PACKET_COUNT_SEGMENT);
	made_hex(&more, "3c 00 0104 00000000");
	made_ip6(&more, 60, 1, 2);
	expect(DLT_RAW, &more, PACKET_NOTHING, PACKET_COUNT_TOO_DEEP);
}

static void test_padding_and_trailer(void **state)
{
	struct made m = made_payload("");

	(void)state;
	made_tcp(&m, 40000, 25, TCP_ACK, NULL, 0);
	made_ip4(&m, 6, 1, 2);
	made_ether(&m, 0x0800);
	made_back(&m, "\0\0\0\0\0\0\xde\xad\xbe\xef", 10);
	expect(DLT_EN10MB, &m, PACKET_SEGMENT, PACKET_COUNT_SEGMENT);
	assert_int_equal(item.segment.len, 0);
	assert_int_equal(item.segment.caplen, 0);
}

static void test_snap_length(void **state)
{
	struct made m = made_segment();
	struct packet *p = packet_new(DLT_EN10MB);

	(void)state;
	made_ether(&m, 0x0800);
	/* Cut in the payload: the length stays that of the header. */
	for (uint32_t n = 54; n <= m.n; n++) {
		assert_int_equal(read_hostile(p, m.at, n, m.n, &item), PACKET_SEGMENT);
		assert_int_equal(item.segment.len, 21);
		assert_int_equal(item.segment.caplen, n - 54);
		assert_false(packet_checksum_bad(p, &item.segment) && n < m.n);
	}
	/* Cut in a header: nothing, and it is the capture's fault. */
	for (uint32_t n = 0; n < 54; n++)
		assert_int_equal(read_hostile(p, m.at, n, m.n, &item), PACKET_NOTHING);
	assert_int_equal(counted(p, PACKET_COUNT_CUT_HEADER), 54);
	assert_int_equal(counted(p, PACKET_COUNT_LENGTH_BEYOND), 0);
	/* A file that lost the original length: the IP header still knows it. */
	assert_int_equal(read_hostile(p, m.at, 60, 60, &item), PACKET_SEGMENT);
	assert_int_equal(item.segment.len, 21);
	assert_int_equal(item.segment.caplen, 6);
	assert_int_equal(counted(p, PACKET_COUNT_LENGTH_BEYOND), 1);
	/* An original length below the captured one is impossible and not used. */
	assert_int_equal(read_hostile(p, m.at, m.n, 3, &item), PACKET_SEGMENT);
	assert_int_equal(item.segment.len, 21);
	packet_free(p);
}

static void test_offload_length_zero(void **state)
{
	struct made m = made_segment();
	struct made six = made_payload("0123456789");

	(void)state;
	put16(&m.at[2], 0);
	made_ether(&m, 0x0800);
	expect(DLT_EN10MB, &m, PACKET_SEGMENT, PACKET_COUNT_LENGTH_ZERO);
	assert_int_equal(item.segment.len, 21);
	made_tcp(&six, 40000, 25, TCP_ACK, NULL, 0);
	made_ip6(&six, 6, 1, 2);
	put16(&six.at[4], 0);
	expect(DLT_RAW, &six, PACKET_SEGMENT, PACKET_COUNT_LENGTH_ZERO);
	assert_int_equal(item.segment.len, 10);
	/* A jumbogram: hop-by-hop option, payload length 0 (RFC 2675). */
	six = made_payload("0123456789");
	made_tcp(&six, 40000, 25, TCP_ACK, NULL, 0);
	made_hex(&six, "06 00 c204 00010000");
	made_ip6(&six, 0, 1, 2);
	put16(&six.at[4], 0);
	expect(DLT_RAW, &six, PACKET_SEGMENT, PACKET_COUNT_LENGTH_ZERO);
	assert_int_equal(item.segment.len, 10);
}

static void test_impossible_headers(void **state)
{
	(void)state;
	struct made good = made_segment(), m;

	m = good;
	m.at[0] = 0x44; /* header of 16 bytes */
	expect(DLT_IPV4, &m, PACKET_NOTHING, PACKET_COUNT_BAD_HEADER);
	m = good;
	put16(&m.at[2], 19); /* total length below the header */
	expect(DLT_IPV4, &m, PACKET_NOTHING, PACKET_COUNT_BAD_HEADER);
	m = good;
	put16(&m.at[2], 39); /* no room for TCP */
	expect(DLT_IPV4, &m, PACKET_NOTHING, PACKET_COUNT_BAD_HEADER);
	m = good;
	m.at[0] = 0x4f; /* options reach into TCP, whose header then is too short */
	expect(DLT_IPV4, &m, PACKET_NOTHING, PACKET_COUNT_BAD_HEADER);
	m = good;
	m.at[32] = 0x40; /* TCP header of 16 bytes */
	expect(DLT_IPV4, &m, PACKET_NOTHING, PACKET_COUNT_BAD_HEADER);
	m = good;
	m.at[32] = 0xf0; /* TCP header of 60 bytes, 41 are there */
	expect(DLT_IPV4, &m, PACKET_NOTHING, PACKET_COUNT_BAD_HEADER);
	m = good;
	m.at[0] = 0x55;
	made_ether(&m, 0x0800);
	expect(DLT_EN10MB, &m, PACKET_NOTHING, PACKET_COUNT_BAD_HEADER);
	m = good;
	made_ether(&m, 0x86dd);
	expect(DLT_EN10MB, &m, PACKET_NOTHING, PACKET_COUNT_BAD_HEADER);
	expect(DLT_RAW, &(struct made){ .n = 1, .at = { 0x70 } }, PACKET_NOTHING,
	       PACKET_COUNT_NOT_IP);
	expect(DLT_RAW, &(struct made){ 0 }, PACKET_NOTHING, PACKET_COUNT_BAD_HEADER);
}

static void test_ip_options(void **state)
{
	struct made m = made_segment();

	(void)state;
	memmove(&m.at[24], &m.at[20], m.n - 20);
	memcpy(&m.at[20], "\x94\x04\0\0", 4); /* router alert */
	m.n += 4;
	m.at[0] = 0x46;
	put16(&m.at[2], m.n);
	expect(DLT_RAW, &m, PACKET_SEGMENT, PACKET_COUNT_SEGMENT);
	assert_int_equal(item.segment.len, 21);
	abuse(DLT_RAW, &m);
}

static void test_tcp_options(void **state)
{
	/* MSS, SACK permitted, no-operations, window scale */
	static const uint8_t syn[] = "\x02\x04\x05\xb4\x04\x02\x01\x03\x03\x07\x01\x00";
	/* 4 blocks (RFC 2018 allows them without timestamps); 3 are kept */
	static const uint8_t sack[] = "\x01\x01\x05\x22"
				      "\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4"
				      "\0\0\0\5\0\0\0\6\0\0\0\7\0\0\0\x8";
	struct made m = made_payload("");
	const struct segment *s = &item.segment;

	(void)state;
	made_tcp(&m, 40000, 25, TCP_SYN, syn, 12);
	made_ip4(&m, 6, 1, 2);
	expect(DLT_RAW, &m, PACKET_SEGMENT, PACKET_COUNT_SEGMENT);
	assert_int_equal(s->mss, 1460);
	assert_int_equal(s->sack_count, 0);
	abuse(DLT_RAW, &m);
	m = made_payload("data");
	made_tcp(&m, 40000, 25, TCP_ACK, sack, 36);
	made_ip4(&m, 6, 1, 2);
	expect(DLT_RAW, &m, PACKET_SEGMENT, PACKET_COUNT_SEGMENT);
	assert_int_equal(s->sack_count, 3);
	assert_int_equal(s->sack[0][0], 1);
	assert_int_equal(s->sack[2][1], 6);
	assert_int_equal(s->len, 4);
	abuse(DLT_RAW, &m);
	/* The capture ends in the options: no payload, but a segment with its length. */
	struct packet *p = packet_new(DLT_RAW);
	assert_int_equal(read_hostile(p, m.at, 40 + 12, m.n, &item), PACKET_SEGMENT);
	assert_int_equal(s->len, 4);
	assert_int_equal(s->caplen, 0);
	assert_int_equal(s->sack_count, 0);
	packet_free(p);
}

static void test_lying_tcp_options(void **state)
{
	static const struct {
		uint8_t option[8];
		unsigned mss, sacks;
	} cases[] = {
		{ { 2, 0, 5, 0xb4, 0, 0, 0, 0 }, 0, 0 }, /* length 0 would loop for ever */
		{ { 2, 1, 5, 0xb4, 0, 0, 0, 0 }, 0, 0 },
		{ { 2, 3, 5, 1, 1, 1, 1, 1 }, 0, 0 },	    /* MSS of the wrong size */
		{ { 2, 200, 5, 0xb4, 0, 0, 0, 0 }, 0, 0 },  /* beyond the header */
		{ { 1, 1, 1, 1, 1, 1, 1, 5 }, 0, 0 },	    /* no room for the length */
		{ { 5, 8, 0, 0, 0, 1, 0, 0 }, 0, 0 },	    /* SACK of less than a block */
		{ { 0, 0, 0, 0, 2, 4, 5, 0xb4 }, 0, 0 },    /* behind the end of the list */
		{ { 8, 2, 8, 2, 2, 4, 5, 0xb4 }, 1460, 0 }, /* unknown ones are skipped */
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct made m = made_payload("x");
		made_tcp(&m, 40000, 25, TCP_SYN, cases[i].option, 8);
		made_ip4(&m, 6, 1, 2);
		expect(DLT_RAW, &m, PACKET_SEGMENT, PACKET_COUNT_SEGMENT);
		assert_int_equal(item.segment.mss, cases[i].mss);
		assert_int_equal(item.segment.sack_count, cases[i].sacks);
		assert_int_equal(item.segment.len, 1);
	}
}

/* The checksum as RFC 1071 writes it, over the addresses and TCP of an IP packet. */
static uint16_t checksum_of(const struct made *m, unsigned header)
{
	unsigned addresses = header == 20 ? 12 : 8, n = m->n - header;
	uint32_t sum = 6 + n;

	for (unsigned i = addresses; i < header; i += 2)
		sum += (uint32_t)(m->at[i] << 8 | m->at[i + 1]);
	for (unsigned i = header; i < m->n; i += 2)
		sum += (uint32_t)(m->at[i] << 8 | (i + 1 < m->n ? m->at[i + 1] : 0));
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void test_checksum(void **state)
{
	char text[140];

	(void)state;
	memset(text, 'q', sizeof text);
	/* Every length from 0 to 130, so that every remainder of the summing is met. */
	for (unsigned n = 0; n <= 130; n++)
		for (unsigned header = 20; header <= 40; header += 20) {
			struct made m = { 0 };
			made_back(&m, text, n);
			made_tcp(&m, 40000, 25, TCP_ACK, NULL, 0);
			header == 20 ? made_ip4(&m, 6, 1, 2) : made_ip6(&m, 6, 1, 2);
			put16(&m.at[header + 16], checksum_of(&m, header));
			struct packet *p = packet_new(DLT_RAW);
			read_hostile(p, m.at, m.n, m.n, &item);
			assert_false(packet_checksum_bad(p, &item.segment));
			m.at[m.n - 1] ^= 1;
			if (n > 0) {
				read_hostile(p, m.at, m.n, m.n, &item);
				assert_true(packet_checksum_bad(p, &item.segment));
				read_hostile(p, m.at, m.n - 1, m.n, &item);
				assert_false(packet_checksum_bad(p, &item.segment));
			}
			put16(&m.at[header + 16], 0); /* never computed */
			read_hostile(p, m.at, m.n, m.n, &item);
			assert_false(packet_checksum_bad(p, &item.segment));
			packet_free(p);
		}
}

static void test_checksum_not_checkable_when_routed(void **state)
{
	struct packet *p = packet_new(DLT_RAW);

	(void)state;
	for (int left = 0; left <= 1; left++) {
		struct made m = made_payload("x");
		made_tcp(&m, 40000, 25, TCP_ACK, NULL, 0);
		put16(&m.at[16], 0x1111); /* wrong */
		made_hex(&m, left ? "06 00 0401 00000000" : "06 00 0400 00000000");
		made_ip6(&m, 43, 1, 2);
		read_hostile(p, m.at, m.n, m.n, &item);
		assert_int_equal(packet_checksum_bad(p, &item.segment), !left);
	}
	packet_free(p);
}

static void test_link_types(void **state)
{
	static const struct {
		int dlt;
		const char *head;
		bool mac;
	} cases[] = {
		{ DLT_RAW, "", false },
		{ DLT_IPV4, "", false },
		{ DLT_EN10MB, "020000000001 020000000002 0800", true },
		{ DLT_EN10MB, "020000000001 020000000002 8100 0064 0800", true },
		{ DLT_EN10MB, "020000000001 020000000002 0045 aaaa03 000000 0800", true },
		{ DLT_LINUX_SLL, "0000 0001 0006 0200000000020000 0800", true },
		{ DLT_LINUX_SLL, "0004 0304 0000 0000000000000000 0800", false },
		{ DLT_LINUX_SLL, "0000 0001 0006 0200000000020000 8100 0064 0800", true },
		{ 276, "0800 0000 00000002 0001 00 06 0200000000020000", true },
		{ 276, "0800 0000 00000002 ffff 00 00 0000000000000000", false },
		{ DLT_NULL, "02000000", false },
		{ DLT_NULL, "00000002", false },
		{ DLT_LOOP, "00000002", false },
		{ DLT_LOOP, "02000000", false },
		{ DLT_PPP, "ff03 0021", false },
		{ DLT_PPP, "0021", false },
		{ DLT_PPP, "ff03 21", false },
		{ DLT_PPP, "21", false },
		{ DLT_PPP_SERIAL, "ff03 0021", false },
		{ DLT_PPP_SERIAL, "0f00 0800", false },
		{ DLT_C_HDLC, "0f00 0800", false },
		{ DLT_PPP_ETHER, "11 00 1234 003f 0021", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct made m = made_segment();
		assert_true(packet_knows(cases[i].dlt));
		made_hex(&m, cases[i].head);
		expect(cases[i].dlt, &m, PACKET_SEGMENT, PACKET_COUNT_SEGMENT);
		assert_int_equal(item.segment.dport, 587);
		assert_int_equal(item.segment.len, 21);
		assert_int_equal(item.segment.has_mac, cases[i].mac);
		abuse(cases[i].dlt, &m);
	}
	assert_false(packet_knows(DLT_IEEE802_11_RADIO));
	assert_null(packet_new(DLT_IEEE802_11_RADIO));
	assert_null(packet_new(-1));
}

/* The link type changes from frame to frame; an unknown one is counted and does no harm. */
static void test_changing_link(void **state)
{
	struct made raw = made_segment(), ether = raw;
	struct packet *p = packet_new(DLT_EN10MB);

	(void)state;
	made_ether(&ether, 0x0800);
	for (int round = 0; round < 3; round++) {
		packet_link(p, DLT_EN10MB);
		assert_int_equal(read_hostile(p, ether.at, ether.n, ether.n, &item),
				 PACKET_SEGMENT);
		packet_link(p, DLT_RAW);
		assert_int_equal(read_hostile(p, raw.at, raw.n, raw.n, &item), PACKET_SEGMENT);
		packet_link(p, DLT_IEEE802_11_RADIO);
		assert_int_equal(read_hostile(p, raw.at, raw.n, raw.n, &item), PACKET_NOTHING);
	}
	assert_int_equal(counted(p, PACKET_COUNT_LINK), 3);
	packet_free(p);
}

static void test_loopback_v6(void **state)
{
	static const char *const families[] = { "0a000000", "17000000", "18000000",
						"1c000000", "1e000000", "0000001e" };

	(void)state;
	for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
		struct made m = made_payload("x");
		made_tcp(&m, 40000, 25, TCP_ACK, NULL, 0);
		made_ip6(&m, 6, 1, 2);
		made_hex(&m, families[i]);
		expect(DLT_NULL, &m, PACKET_SEGMENT, PACKET_COUNT_SEGMENT);
	}
	struct made m = made_segment();
	made_hex(&m, "63000000");
	expect(DLT_NULL, &m, PACKET_NOTHING, PACKET_COUNT_NOT_IP);
}

static void test_vlan_tags(void **state)
{
	static const struct {
		const char *tags;
		uint8_t count;
		uint16_t first, second;
	} cases[] = {
		{ "8100 e064 0800", 1, 100, 0 },
		{ "88a8 00c8 8100 0064 0800", 2, 200, 100 },
		{ "8100 00c8 8100 0064 0800", 2, 200, 100 },
		{ "9100 00c8 8100 0064 0800", 2, 200, 100 },
		{ "8100 0001 8100 0002 8100 0003 0800", 2, 1, 3 },
		{ "8100 0000 0800", 1, 0, 0 }, /* priority tag */
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct made m = made_segment();
		made_hex(&m, cases[i].tags);
		made_hex(&m, "020000000001 020000000002");
		expect(DLT_EN10MB, &m, PACKET_SEGMENT, PACKET_COUNT_SEGMENT);
		assert_int_equal(item.segment.encap.vlan_count, cases[i].count);
		assert_int_equal(item.segment.encap.vlan[0], cases[i].first);
		assert_int_equal(item.segment.encap.vlan[1], cases[i].second);
		abuse(DLT_EN10MB, &m);
	}
	struct made m = made_segment();
	made_hex(&m, "0001 0800");
	for (int i = 0; i < 16; i++)
		made_hex(&m, "0001 8100");
	made_ether(&m, 0x8100);
	expect(DLT_EN10MB, &m, PACKET_NOTHING, PACKET_COUNT_TOO_DEEP);
}

/* What Linux and libpcap make of two tags on "any": the outer one in its place (v1) or lost (v2),
 * of the inner one the bytes but not the type. Its number may look like the beginning of IP. */
static void test_cooked_inner_tag(void **state)
{
	static const struct {
		int dlt;
		const char *head;
		bool v6;
		unsigned count, first, second;
	} cases[] = {
		{ DLT_LINUX_SLL, "0003 0001 0006 0200000000020000 88a8 00c8 0800 0064 0800", false,
		  2, 200, 100 },
		{ DLT_LINUX_SLL, "0003 0001 0006 0200000000020000 88a8 00c8 86dd 0064 86dd", true,
		  2, 200, 100 },
		{ DLT_LINUX_SLL, "0003 0001 0006 0200000000020000 8100 00c8 0800 4564 0800", false,
		  2, 200, 0x564 },
		{ DLT_LINUX_SLL, "0003 0001 0006 0200000000020000 8100 00c8 86dd 6064 86dd", true,
		  2, 200, 0x64 },
		{ DLT_LINUX_SLL,
		  "0003 0001 0006 0200000000020000 88a8 00c8 0800 0064 8100 0065 0800", false, 2,
		  200, 101 },
		{ DLT_LINUX_SLL2, "0800 0000 00000002 0001 03 06 0200000000020000 0064 0800", false,
		  1, 100, 0 },
		{ DLT_LINUX_SLL, "0003 0001 0006 0200000000020000 0800", false, 0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct made m = made_payload("EHLO device.example\r\n");
		made_tcp(&m, 40000, 587, TCP_ACK | TCP_PSH, NULL, 0);
		cases[i].v6 ? made_ip6(&m, 6, 1, 2) : made_ip4(&m, 6, 1, 2);
		made_hex(&m, cases[i].head);
		expect(cases[i].dlt, &m, PACKET_SEGMENT, PACKET_COUNT_SEGMENT);
		assert_int_equal(item.segment.encap.vlan_count, cases[i].count);
		assert_int_equal(item.segment.encap.vlan[0], cases[i].first);
		assert_int_equal(item.segment.encap.vlan[1], cases[i].second);
		abuse(cases[i].dlt, &m);
	}
	/* Of Ethernet all types are there: it is a bad header. */
	struct made m = made_segment();
	made_hex(&m, "0064 0800");
	made_ether(&m, 0x0800);
	expect(DLT_EN10MB, &m, PACKET_NOTHING, PACKET_COUNT_BAD_HEADER);
	/* A real packet whose length is that of a type. */
	static const char filling[2048 - 40];
	m = (struct made){ 0 };
	made_back(&m, filling, sizeof filling);
	made_tcp(&m, 40000, 587, TCP_ACK, NULL, 0);
	made_ip4(&m, 6, 1, 2);
	m.at[4] = 0x45; /* and what follows looks like IP */
	made_hex(&m, "0004 0001 0006 0200000000010000 0800");
	expect(DLT_LINUX_SLL, &m, PACKET_SEGMENT, PACKET_COUNT_SEGMENT);
	assert_int_equal(item.segment.encap.vlan_count, 0);
	assert_int_equal(item.segment.len, sizeof filling);
}

static void test_reasons(void **state)
{
	static const struct {
		unsigned type;
		enum packet_count why;
	} ethernet[] = {
		{ 0x0806, PACKET_COUNT_NOT_IP }, { 0x88cc, PACKET_COUNT_NOT_IP },
		{ 0x0026, PACKET_COUNT_NOT_IP }, { 0x88e5, PACKET_COUNT_ENCRYPTED },
		{ 0x8863, PACKET_COUNT_NOT_IP },
	};
	static const struct {
		uint8_t protocol;
		enum packet_count why;
	} ip[] = {
		{ 2, PACKET_COUNT_NOT_TCP },
		{ 50, PACKET_COUNT_ENCRYPTED },
		{ 89, PACKET_COUNT_NOT_TCP },
		{ 132, PACKET_COUNT_NOT_TCP },
	};

	(void)state;
	for (size_t i = 0; i < sizeof ethernet / sizeof ethernet[0]; i++) {
		struct made m = made_segment();
		made_ether(&m, ethernet[i].type);
		expect(DLT_EN10MB, &m, PACKET_NOTHING, ethernet[i].why);
	}
	for (size_t i = 0; i < sizeof ip / sizeof ip[0]; i++) {
		struct made m = made_segment();
		m.at[9] = ip[i].protocol;
		expect(DLT_RAW, &m, PACKET_NOTHING, ip[i].why);
	}
	struct made m = made_payload("quic");
	made_udp(&m, 443, 40000);
	made_ip4(&m, 17, 1, 2);
	expect(DLT_RAW, &m, PACKET_NOTHING, PACKET_COUNT_UDP);
	m = made_segment();
	made_hex(&m, "ff03 00fd");
	expect(DLT_PPP, &m, PACKET_NOTHING, PACKET_COUNT_ENCRYPTED);
	m = made_segment();
	made_hex(&m, "ff03 c021");
	expect(DLT_PPP, &m, PACKET_NOTHING, PACKET_COUNT_NOT_IP);
}

/* Whatever comes, each frame is handed on or counted with exactly one reason. */
static void test_every_frame_is_accounted_for(void **state)
{
	struct packet *p = packet_new(DLT_EN10MB);
	struct made m = made_segment();
	uint32_t x = 1;

	(void)state;
	made_ether(&m, 0x0800);
	for (unsigned round = 0; round < 200000; round++) {
		struct made copy = m;
		for (unsigned i = 0; i < 1 + round % 5; i++) {
			x = x * 1664525 + 1013904223;
			copy.at[(x >> 8) % m.n] = (uint8_t)(x >> 24);
		}
		uint32_t n = round % 3 ? m.n : (x >> 4) % (m.n + 1);
		read_hostile(p, copy.at, n, m.n, &item);
	}
	uint64_t sum = 0;
	for (int c = PACKET_COUNT_SEGMENT; c < PACKET_COUNT_TUNNELLED; c++)
		sum += counted(p, (enum packet_count)c);
	assert_int_equal(sum, counted(p, PACKET_COUNT_FRAME));
	packet_free(p);
}

static void test_counters_have_names(void **state)
{
	(void)state;
	for (int c = 0; c < PACKET_COUNT_ALL; c++) {
		assert_non_null(packet_count_name((enum packet_count)c));
		assert_non_null(packet_count_text((enum packet_count)c));
		for (int d = 0; d < c; d++)
			assert_string_not_equal(packet_count_name((enum packet_count)c),
						packet_count_name((enum packet_count)d));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_v4),
		cmocka_unit_test(test_plain_v6),
		cmocka_unit_test(test_extension_headers),
		cmocka_unit_test(test_too_many_extensions),
		cmocka_unit_test(test_padding_and_trailer),
		cmocka_unit_test(test_snap_length),
		cmocka_unit_test(test_offload_length_zero),
		cmocka_unit_test(test_impossible_headers),
		cmocka_unit_test(test_ip_options),
		cmocka_unit_test(test_tcp_options),
		cmocka_unit_test(test_lying_tcp_options),
		cmocka_unit_test(test_checksum),
		cmocka_unit_test(test_checksum_not_checkable_when_routed),
		cmocka_unit_test(test_link_types),
		cmocka_unit_test(test_changing_link),
		cmocka_unit_test(test_loopback_v6),
		cmocka_unit_test(test_vlan_tags),
		cmocka_unit_test(test_cooked_inner_tag),
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_every_frame_is_accounted_for),
		cmocka_unit_test(test_counters_have_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
