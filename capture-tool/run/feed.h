/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What reading files and live capture share in front of the engine: the engine's options from those
 * of the command line, and the way of a packet's content into it. Keeps no packet and prints
 * nothing.
 */
#ifndef SMTP365_FEED_H
#define SMTP365_FEED_H

#include "smtp365.h"
#include "cli/options.h"
#include "frames/packet.h"

struct feed {
	struct smtp365_options engine; /* borrows from below and from the options */
	char *endpoints_json;	       /* owned */
	GArray *ports;		       /* uint16_t: all watched ones, the default ones too */
};

/* Read what the options name and try it on an engine. False and *error, one line (g_free); *f is to
 * be cleared in both cases. */
bool feed_prepare(struct feed *f, const struct options *o, char **error);
void feed_clear(struct feed *f);

/* Hand what a frame holds to the engine; `p` has just read it. */
void feed_item(struct smtp365 *s, struct packet *p, struct packet_item *item);

#endif
