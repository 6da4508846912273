/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a captured frame to the seam of the engine: link layer, VLAN tags, tunnels, IP with its
 * fragments, TCP, DNS datagrams, ICMP errors. Takes one frame at a time and gives at most one
 * item for it (several DNS messages of one TCP segment follow through packet_more). The item
 * borrows from the frame, or from the reassembly buffer, until the next packet_read. Keeps no
 * connection; what it cannot read is counted by reason and left alone.
 */
#ifndef SMTP365_PACKET_H
#define SMTP365_PACKET_H

#include "segment.h"

/* Layers of one frame that are followed: an ERSPAN copy of VXLAN of a tunnel needs 18. */
#define PACKET_DEPTH 24u
/* VLAN tags or MPLS labels of one stack; real networks stop at 3. */
#define PACKET_STACK 16u
/* Headers between IPv6 and its payload. */
#define PACKET_EXTENSIONS 16u

enum packet_kind {
	PACKET_NOTHING, /* nothing for the engine in this frame; the reason is counted */
	PACKET_SEGMENT,
	PACKET_DATAGRAM,
	PACKET_ICMP,
};

struct packet_item {
	enum packet_kind kind;
	union {
		struct segment segment; /* PACKET_SEGMENT; checksum_bad is left false, see below */
		struct datagram datagram; /* PACKET_DATAGRAM */
		struct icmp_error icmp;	  /* PACKET_ICMP */
	};
};

/* What became of the frames. The first group counts what was handed on, the second what was not
 * (one reason a frame), the third what was odd on the way (any number a frame). */
enum packet_count {
	PACKET_COUNT_FRAME,
	PACKET_COUNT_SEGMENT,
	PACKET_COUNT_DATAGRAM,
	PACKET_COUNT_ICMP,

	PACKET_COUNT_LINK,	   /* a link type that cannot be read, among others that can */
	PACKET_COUNT_NOT_IP,	   /* ARP, LLDP, STP ... */
	PACKET_COUNT_NOT_TCP,	   /* IP with something else inside */
	PACKET_COUNT_UDP,	   /* UDP of no interest */
	PACKET_COUNT_ICMP_OTHER,   /* no error, or it quotes no TCP header */
	PACKET_COUNT_ENCRYPTED,	   /* ESP, MACsec, encrypted PPP */
	PACKET_COUNT_FRAGMENT,	   /* a fragment kept until its datagram is complete */
	PACKET_COUNT_CUT_HEADER,   /* the capture ends inside a header (snap length) */
	PACKET_COUNT_BAD_HEADER,   /* a header says what cannot be */
	PACKET_COUNT_TOO_DEEP,	   /* more than PACKET_DEPTH layers */
	PACKET_COUNT_FRAGMENT_BAD, /* a fragment that cannot belong to a datagram */

	PACKET_COUNT_TUNNELLED,	       /* items that came out of a tunnel */
	PACKET_COUNT_LENGTH_BEYOND,    /* IP length larger than the frame was on the wire */
	PACKET_COUNT_LENGTH_ZERO,      /* IP length 0 (segmentation offload): frame length used */
	PACKET_COUNT_REASSEMBLED,      /* datagrams put together from fragments */
	PACKET_COUNT_FRAGMENT_OVERLAP, /* fragments that repeat bytes already there; first wins */
	PACKET_COUNT_FRAGMENT_TIMEOUT, /* datagrams given up: their rest never came */
	PACKET_COUNT_FRAGMENT_CULLED,  /* datagrams given up: too many open at once */
	PACKET_COUNT_ALL
};

struct packet_stats {
	uint64_t count[PACKET_COUNT_ALL];
};

struct packet;

/* A reader for frames of libpcap's link type `dlt` (DLT_..., not LINKTYPE_...). Owned by the
 * caller, freed with packet_free. NULL when the link type is not one that it knows. */
struct packet *packet_new(int dlt);
void packet_free(struct packet *p);
/* Can packet_new read this link type? */
bool packet_knows(int dlt);
/* The next frames are of this link type; fragments are kept. Costs nothing when it is the same. One
 * that is not known counts each of its frames as PACKET_COUNT_LINK. */
void packet_link(struct packet *p, int dlt);

/* Read one frame: UTC time in ns, frame number from 1, the captured bytes, how many they are and
 * how many were on the wire (an original length below the captured one is raised to it). `out` is
 * written only as far as its kind needs. Time drives only the timeout of fragments. */
enum packet_kind packet_read(struct packet *p, uint64_t time_ns, uint32_t frame,
			     const uint8_t *data, uint32_t caplen, uint32_t len,
			     struct packet_item *out);
/* The next DNS message of the TCP segment just read; call after PACKET_DATAGRAM with over_tcp
 * until PACKET_NOTHING. */
enum packet_kind packet_more(struct packet *p, struct packet_item *out);

/* Is the TCP checksum of `s`, the segment just read, wrong? Costs a pass over its bytes, so the
 * caller asks only for segments that it wants. False when it cannot be told: captured in part,
 * checksum 0 (never computed), IPv6 routing header. RFC 9293 section 3.1. */
bool packet_checksum_bad(const struct packet *p, const struct segment *s);

/* Counters so far; borrowed, valid until packet_free. */
const struct packet_stats *packet_stats(const struct packet *p);
/* A counter's name for outputs ("fragment_overlap") and what it means in words. */
const char *packet_count_name(enum packet_count c);
const char *packet_count_text(enum packet_count c);

#endif
