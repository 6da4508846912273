/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How much of a packet may be kept in a file: all headers, commands, replies and TLS handshakes,
 * but never what can hold a credential, and no message body and no TLS data unless asked. The kept
 * part is always the front, so that the packet stays valid with a captured length. Takes segments
 * in order of capture, holds a few bytes per conversation. What it does not recognise it leaves
 * out: a password in an unusual place must not slip through, so the lists say what may be kept, not
 * what may not.
 */
#ifndef SMTP365_KEEP_H
#define SMTP365_KEEP_H

#include "frames/packet.h"
#include "read/source.h"

struct keep_options {
	bool bodies;	       /* message bodies and encrypted TLS data too */
	bool redact;	       /* no envelope addresses, and replies to them only as numbers */
	const uint16_t *ports; /* watched TCP ports; borrowed */
	unsigned port_count;
};

/* A TLS record that reaches beyond its segment, in one direction. */
struct keep_record {
	uint32_t start, next; /* sequence numbers of its first byte and behind its last */
	bool known, kept;
};

/* State of one conversation; all zero at its first packet. */
struct keep {
	uint8_t state;	/* enum keep_state */
	uint8_t client; /* enum keep_client */
	bool tls, mail, chunk;
	bool unknown;		      /* lines were left out that no reply has answered */
	bool secret;		      /* a login was sent readable: replies may repeat it */
	bool torn;		      /* the last reply line goes on in the next segment */
	bool hello;		      /* EHLO was kept whole and is not answered */
	bool fresh;		      /* the connection was seen from its start, no reply yet */
	bool refused;		      /* the announced chunk was refused, and may never come */
	bool lost;		      /* bytes of a body were lost: no line is known to begin */
	bool followed;		      /* `next` is known */
	uint8_t front[8], front_size; /* the client's line that goes on in the next segment */
	uint32_t next;		      /* sequence number behind the client's last byte */
	bool sealed;		      /* the suite that the server chose encrypts */
	struct keep_record record[2]; /* of the client, of the server */
	uint32_t chunk_end;	      /* sequence number behind the announced bytes of BDAT */
	struct address client_ip;
	uint16_t client_port;
};

/* Bytes at the front of the payload of `s` that may be kept, at most s->caplen. */
uint32_t keep_payload(struct keep *k, const struct keep_options *o, const struct segment *s);

/* Bytes at the front of the frame that may be kept. `k` is the conversation of a segment, else
 * NULL. Frames without mail keep their headers only, DNS is whole, an ICMP error ends behind the
 * ports and the sequence number that it quotes. */
uint32_t keep_frame(struct keep *k, const struct keep_options *o, const struct source_packet *f,
		    const struct packet_item *item);

#endif
