/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The seam: what a window (capture tool or plugin) hands to the engine. A TCP segment, a UDP
 * datagram of port 53, an ICMP error with the header it quotes, and bytes that the host
 * decrypted. All pointers are borrowed for the duration of the call. Ports and numbers are in
 * host byte order; addresses as on the wire.
 */
#ifndef SMTP365_SEGMENT_H
#define SMTP365_SEGMENT_H

#include <stdbool.h>
#include <stdint.h>

/* One second of packet time, in the unit of every time_ns. */
#define SEGMENT_SECOND 1000000000ULL

struct address {
	uint8_t family;	  /* 4 or 6; 0 = none */
	uint8_t byte[16]; /* 4 or 16 used, rest zero, so that memcmp compares */
};

enum tunnel_kind {
	TUNNEL_NONE,
	TUNNEL_MPLS,
	TUNNEL_PPPOE,
	TUNNEL_GRE,
	TUNNEL_ERSPAN,
	TUNNEL_VXLAN,
	TUNNEL_GENEVE,
	TUNNEL_IPIP, /* IP in IP, 6in4, 4in6 */
};

/* Where the copy of the packet came from; innermost tunnel. */
struct encapsulation {
	uint16_t vlan[2];   /* VLAN ids outermost first, of the innermost Ethernet frame */
	uint8_t vlan_count; /* 0 to 2; more tags than 2 keep the first and the last */
	uint8_t tunnel;	    /* enum tunnel_kind */
	uint32_t tunnel_id; /* GRE key, ERSPAN session, VNI, MPLS label, PPPoE session */
	struct address outer_src, outer_dst; /* of the tunnel, family 0 when it has none */
};

enum tcp_flag {
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_PSH = 0x08,
	TCP_ACK = 0x10,
};

struct segment {
	uint64_t time_ns; /* UTC, since 1970 */
	uint32_t frame;	  /* number of the frame, from 1 */
	struct address src, dst;
	uint16_t sport, dport;
	uint32_t seq, ack;
	uint8_t flags;	     /* enum tcp_flag */
	uint8_t ttl;	     /* hop limit with IPv6 */
	uint16_t window;     /* as in the header, not scaled */
	uint16_t mss;	     /* of the MSS option, 0 when absent */
	uint16_t ip_id;	     /* IPv4 identification, 0 with IPv6 */
	bool checksum_bad;   /* TCP checksum wrong (and not zero); false when not checkable, and
			      * in segments that segment_sums() leaves out */
	uint8_t sack_count;  /* SACK blocks that follow, at most 3 (RFC 2018) */
	uint32_t sack[3][2]; /* left and right edge */
	bool has_mac;
	uint8_t src_mac[6];
	uint32_t len;	 /* payload bytes on the wire */
	uint32_t caplen; /* payload bytes captured, <= len */
	const uint8_t *payload;
	struct encapsulation encap;
	uint32_t ends_hash; /* of smtp365_expect(), 0 before it */
};

/* Is its checksum worth a look? SYN and short payload tell of offloading as much as all segments
 * do, and cost next to nothing. */
static inline bool segment_sums(const struct segment *s)
{
	return (s->flags & TCP_SYN) || (s->len > 0 && s->len <= 256);
}

/* A UDP datagram (or one length-prefixed message of DNS over TCP) from or to port 53. */
struct datagram {
	uint64_t time_ns;
	uint32_t frame;
	struct address src, dst;
	uint16_t sport, dport;
	bool over_tcp;
	uint32_t len, caplen; /* of the DNS message */
	const uint8_t *payload;
};

/* An ICMP or ICMPv6 error and the TCP header that it quotes. */
struct icmp_error {
	uint64_t time_ns;
	uint32_t frame;
	struct address from;	 /* who sent the error: the blocker */
	struct address src, dst; /* of the quoted packet */
	uint16_t sport, dport;
	uint32_t seq;
	uint8_t type, code;
	uint16_t next_mtu; /* of "fragmentation needed" / "packet too big", else 0 */
};

/* Bytes that the host decrypted for a connection, in order, one direction. */
struct plaintext {
	uint64_t time_ns;
	uint32_t frame;
	struct address src, dst;
	uint16_t sport, dport;
	uint32_t len;
	const uint8_t *payload;
};

#endif
