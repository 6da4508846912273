/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What both windows do between the packet reader and the engine: hand on what a frame holds, and
 * start the engine's keyed hash. Keeps nothing and prints nothing.
 */
#ifndef SMTP365_FRAMES_FEED_H
#define SMTP365_FRAMES_FEED_H

#include "smtp365.h"
#include "frames/packet.h"

/* A fresh key for the engine's table of connections, from the kernel's random numbers. Before the
 * kernel has any it is zero: the table works all the same, only its order could be guessed. */
void feed_hash_key(struct smtp365_options *o);

/* Look at the checksum of the segment that `p` has just read, where it pays. */
void feed_checksum(const struct smtp365 *s, const struct packet *p, struct segment *g);
/* Hand what a frame holds to the engine; `p` has just read it into `item`. Of DNS messages in one
 * TCP segment all; `item` holds the last one then, and else what it held before. Nothing is done
 * for PACKET_NOTHING. */
void feed_item(struct smtp365 *s, struct packet *p, struct packet_item *item);

#endif
