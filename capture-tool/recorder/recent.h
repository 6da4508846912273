/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The latest packets, in memory of fixed size: each new one pushes out the oldest. The packets of
 * one conversation are chained, so that its verdict finds them without a search. Takes frames
 * already shortened (keep.h), gives them back in order of capture. Knows no file.
 */
#ifndef SMTP365_RECENT_H
#define SMTP365_RECENT_H

#include <stddef.h>
#include "recorder/keep.h"

/* Both ends of a conversation, the lower one first, so that both directions are the same. */
struct recent_ends {
	struct address a, b;
	uint16_t port_a, port_b;
};

struct recent_packet {
	uint64_t time_ns;
	uint32_t frame, caplen, len;
	int dlt;
	uint16_t interface;
	const uint8_t *data; /* borrowed until the next recent_add */
};

/* A packet by its place: counted in bytes from the first one ever held. */
typedef uint64_t recent_place;
#define RECENT_NONE UINT64_MAX

struct recent;
/* One conversation; valid until recent_add, which may forget it with its last packet. */
struct recent_talk;

/* bytes: of packets, at least 64 KiB; the conversations cost up to a quarter more. */
struct recent *recent_new(uint64_t bytes);
void recent_free(struct recent *h);

struct recent_ends recent_ends_of(const struct address *src, uint16_t sport,
				  const struct address *dst, uint16_t dport);
/* The conversation, made when it is not there. */
struct recent_talk *recent_talk(struct recent *h, const struct recent_ends *ends);
/* The same, NULL when it is not there. */
struct recent_talk *recent_find(struct recent *h, const struct recent_ends *ends);
struct keep *recent_keep(struct recent_talk *t);

/* Hold a packet of conversation `t` (NULL: one that has none, DNS); its bytes are copied. One that
 * is larger than a sixteenth of the memory is not held: false. */
bool recent_add(struct recent *h, struct recent_talk *t, const struct recent_packet *p);

/* From the newest to the oldest packet of `t` (NULL: those without conversation). */
recent_place recent_last(const struct recent *h, const struct recent_talk *t);
recent_place recent_before(const struct recent *h, recent_place at);
struct recent_packet recent_at(const struct recent *h, recent_place at);
/* Bytes in use, conversations included; and how many conversations. */
uint64_t recent_bytes(const struct recent *h);
size_t recent_talks(const struct recent *h);

#endif
