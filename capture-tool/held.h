/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The latest packets, in memory of fixed size: each new one pushes out the oldest. The packets of
 * one conversation are chained, so that its verdict finds them without a search. Takes frames
 * already shortened (keep.h), gives them back in order of capture. Knows no file.
 */
#ifndef SMTP365_HELD_H
#define SMTP365_HELD_H

#include <stddef.h>
#include "keep.h"

/* Both ends of a conversation, the lower one first, so that both directions are the same. */
struct held_ends {
	struct address a, b;
	uint16_t port_a, port_b;
};

struct held_packet {
	uint64_t time_ns;
	uint32_t frame, caplen, len;
	int dlt;
	uint16_t interface;
	const uint8_t *data; /* borrowed until the next held_add */
};

/* A packet by its place: counted in bytes from the first one ever held. */
typedef uint64_t held_place;
#define HELD_NONE UINT64_MAX

struct held;
/* One conversation; valid until held_add, which may forget it with its last packet. */
struct held_talk;

/* bytes: of packets, at least 64 KiB; the conversations cost up to a quarter more. */
struct held *held_new(uint64_t bytes);
void held_free(struct held *h);

struct held_ends held_ends_of(const struct address *src, uint16_t sport, const struct address *dst,
                              uint16_t dport);
/* The conversation, made when it is not there. */
struct held_talk *held_talk(struct held *h, const struct held_ends *ends);
/* The same, NULL when it is not there. */
struct held_talk *held_find(struct held *h, const struct held_ends *ends);
struct keep *held_keep(struct held_talk *t);

/* Hold a packet of conversation `t` (NULL: one that has none, DNS); its bytes are copied. One that is
 * larger than a sixteenth of the memory is not held: false. */
bool held_add(struct held *h, struct held_talk *t, const struct held_packet *p);

/* From the newest to the oldest packet of `t` (NULL: those without conversation). */
held_place held_last(const struct held *h, const struct held_talk *t);
held_place held_before(const struct held *h, held_place at);
struct held_packet held_at(const struct held *h, held_place at);
/* Bytes in use, conversations included; and how many conversations. */
uint64_t held_bytes(const struct held *h);
size_t held_talks(const struct held *h);

#endif
