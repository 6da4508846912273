/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine inside of Wireshark: made anew for each file and each redissection, fed on the first
 * pass with the bytes of each frame and what Wireshark decrypted in it, concluded when the file is
 * over. Gives the book in which the verdicts stand.
 */
#ifndef SMTP365_HOST_H
#define SMTP365_HOST_H

#include "ws_compat.h"
#include "frames/packet.h"
#include "book.h"

/* A file is opened or dissected again; and closed. */
void host_init(void);
void host_cleanup(void);
/* A frame on the first pass. `tvb` is the whole frame as captured. */
void host_feed(tvbuff_t *tvb, packet_info *pinfo);
/* A frame on a later pass, or a statistic that is about to be shown: conclude what is still open.
 * While a live capture goes on nothing ends by that, but what is certain already is told. */
void host_settle(void);
/* The book of this capture; NULL outside of a capture. Borrowed. */
const struct book *host_book(void);
/* What became of the frames; NULL outside of a capture. Borrowed. */
const struct packet_stats *host_stats(void);
/* The session that a frame belongs to, 0 none. */
unsigned host_session(const packet_info *pinfo);

#endif
