/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What reading files and live capture share in front of the engine: the engine's options from those
 * of the command line. Keeps no packet and prints nothing.
 */
#ifndef SMTP365_FEED_H
#define SMTP365_FEED_H

#include "smtp365.h"
#include "cli/options.h"
#include "run/keys.h"

struct feed {
	struct smtp365_options engine; /* borrows from below and from the options */
	char *endpoints_json;	       /* owned */
	struct keys_file *keys;	       /* owned; NULL without --keylog */
	unsigned secrets;	       /* that it held when it was opened */
	GArray *ports;		       /* uint16_t: all watched ones, the default ones too */
};

/* Read what the options name and try it on an engine. False and *error, one line (g_free); *f is to
 * be cleared in both cases. */
bool feed_prepare(struct feed *f, const struct options *o, char **error);
void feed_clear(struct feed *f);
/* A new engine with these options and the keys, owned by the caller. */
struct smtp365 *feed_engine(const struct feed *f, smtp365_session_fn on_session, void *host);

#endif
