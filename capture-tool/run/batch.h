/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames of a file on their way to the engine, a few at a time: segments whose bytes lie in memory
 * together are announced together, so that the engine waits once for the memory of all their
 * connections. Everything reaches the engine in the order of the file.
 */
#ifndef SMTP365_BATCH_H
#define SMTP365_BATCH_H

#include "frames/packet.h"
#include "read/source.h"
#include "smtp365.h"

struct batch {
	struct smtp365 *engine; /* borrowed, as is the reader */
	struct packet *reader;
	unsigned count; /* segments that wait, their checksums looked at */
	struct packet_item item[SMTP365_EXPECT];
};

/* Read one frame and give the engine what is in it, now or with the frames after it. `more`: the
 * next frame leaves the bytes of this one where they are (source_ready). */
void batch_add(struct batch *b, const struct source_packet *k, bool more);
/* Give the engine what waits. */
void batch_flush(struct batch *b);

#endif
