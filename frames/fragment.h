/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IP fragments to datagrams, for both IP versions. Bounded in number and bytes, timed in packet
 * time, and safe with overlaps: bytes that came first stay (RFC 5722 would drop the datagram; a
 * sniffer cannot know what the receiver did, so it counts). Keeps bytes only, knows no header.
 */
#ifndef SMTP365_PACKET_FRAGMENT_H
#define SMTP365_PACKET_FRAGMENT_H

#include "bytes.h"
#include "segment.h"

/* Datagrams open at once. Each has at most 64 KiB, so 16 MiB in all; the oldest goes first. */
#define FRAGMENT_DATAGRAMS 256u
/* How long the rest may take: Linux and Windows give up after 30 to 60 s (RFC 8200 section 4.5). */
#define FRAGMENT_WAIT (30 * SEGMENT_SECOND)
/* RFC 791: offset and total length are 16 bits. */
#define FRAGMENT_BYTES 65535u

/* Which datagram a fragment belongs to (RFC 791 section 2.3, RFC 8200 section 4.5), and the way
 * on which this copy was taken, so that two mirrors do not mix. Filled without holes: memcmp. */
struct fragment_key {
	struct address src, dst;
	uint8_t protocol; /* 44 with IPv6 */
	uint8_t spare;
	uint16_t vlan[2];
	uint32_t id;
	uint32_t tunnel_id;
};

struct fragment {
	struct fragment_key key;
	uint64_t time_ns;
	uint32_t offset;   /* bytes, a multiple of 8 */
	bool more;	   /* not the last one */
	uint8_t next;	   /* protocol behind it; that of offset 0 counts */
	struct bytes data; /* captured */
	uint32_t len;	   /* on the wire, >= captured */
};

struct datagram_whole {
	struct bytes data; /* borrowed until fragments_release */
	uint32_t len;
	uint8_t next;
};

enum fragment_result {
	FRAGMENT_KEPT,
	FRAGMENT_WHOLE, /* the datagram is complete; `whole` is filled */
	FRAGMENT_BAD,	/* cannot belong to any datagram, or contradicts those before it */
};

/* What happened besides; the caller adds it up. */
struct fragment_notes {
	unsigned overlaps, timeouts, culled;
};

struct fragments;
struct fragments *fragments_new(void);
void fragments_free(struct fragments *f);
/* Take one fragment; copies its bytes. */
enum fragment_result fragments_add(struct fragments *f, const struct fragment *in,
				   struct datagram_whole *whole, struct fragment_notes *notes);
/* Whole datagrams handed out so far are no longer used. */
void fragments_release(struct fragments *f);
/* Datagrams open now. */
unsigned fragments_open(const struct fragments *f);

#endif
