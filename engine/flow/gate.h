/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which segments are worth a connection. Watched ports always are. On every other port a segment
 * opens a *candidate* when its payload begins like SMTP ("220 ", "220-", "EHLO ", "HELO "), like a
 * SOCKS 5 greeting or an HTTP CONNECT (a proxied session, T10). A fixed direct-mapped memory of
 * SYNs gives a candidate the handshake that came before, so a busy link costs no memory.
 */
#ifndef SMTP365_GATE_H
#define SMTP365_GATE_H

#include "segment.h"

enum gate_answer {
	GATE_SKIP,	/* not interesting, and no connection of ours */
	GATE_WATCHED,	/* one port is watched */
	GATE_CANDIDATE, /* looks like SMTP on another port */
};

struct gate;

/* A gate that watches the ports of ports.h. */
struct gate *gate_new(void);
void gate_free(struct gate *g);
/* Watch one more TCP port. */
void gate_watch(struct gate *g, uint16_t port);
/* Watch exactly the ports whose bit is set, instead of the default ones. */
void gate_watch_only(struct gate *g, const uint8_t ports[8192]);
bool gate_watched(const struct gate *g, uint16_t port);
/* Look at one segment; remembers SYN and SYN-ACK of ports that are not watched. No payload copies.
 */
enum gate_answer gate_look(struct gate *g, const struct segment *s);
/* Copies of the SYN and SYN-ACK remembered for the connection of `s`, oldest first, into out[2].
 * Returns how many (payload views empty). */
unsigned gate_recall(const struct gate *g, const struct segment *s, struct segment out[2]);

#endif
