/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads pcapng from a FILE, for source.c only. libpcap reads it too, but refuses interfaces whose
 * link types or snapshot lengths differ (every capture on all interfaces of Windows), and does not
 * count the records that Wireshark numbers although they are no packets; here the frame numbers
 * are Wireshark's. Source: draft-ietf-opsawg-pcapng.
 */
#ifndef SMTP365_SOURCE_PCAPNG_H
#define SMTP365_SOURCE_PCAPNG_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Largest block that is read; libpcap and Wireshark draw the line at the same place. */
#define PCAPNG_BLOCK (16u << 20)
/* Interfaces of one section. */
#define PCAPNG_INTERFACES 1024u
/* Decryption secrets kept until the caller takes them; what goes beyond is left out. */
#define PCAPNG_SECRETS (64u << 20)

enum pcapng_result {
	PCAPNG_PACKET,
	PCAPNG_END,
	PCAPNG_CUT,	/* the file ends inside a block */
	PCAPNG_DAMAGED, /* a block says what cannot be */
};

struct pcapng_packet {
	uint64_t time_ns; /* UTC, since 1970 */
	uint32_t frame;	  /* as Wireshark counts */
	uint32_t caplen, len;
	int dlt;	     /* DLT_... of its interface */
	const uint8_t *data; /* borrowed until the next pcapng_next */
};

struct pcapng;
/* Reads from `file`, which stays the caller's. */
struct pcapng *pcapng_new(FILE *file);
void pcapng_free(struct pcapng *p);
/* The next packet; the first call may be to learn whether it is a good file at all. */
enum pcapng_result pcapng_next(struct pcapng *p, struct pcapng_packet *out);
/* Why PCAPNG_DAMAGED; a constant. */
const char *pcapng_words(const struct pcapng *p);
/* TLS secrets (key log lines) of the blocks read since the last call; *n bytes, owned by the
 * caller, who wipes them, g_free. NULL: none. */
char *pcapng_take_secrets(struct pcapng *p, size_t *n);
/* Records numbered so far. */
uint32_t pcapng_frames(const struct pcapng *p);
/* Link type of interface i of the section; -1 when there is none. */
int pcapng_dlt(const struct pcapng *p, unsigned i);

#endif
