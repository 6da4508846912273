/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sensor's descriptors and outputs: opens all that the options name, in the order that least
 * privilege asks for (open, drop, make the threads that write), and closes it. What happens with
 * them is in live.c.
 */
#ifndef SMTP365_LIVE_OPEN_H
#define SMTP365_LIVE_OPEN_H

#include "run/feed.h"
#include "write/metrics_file.h"
#include "live/notify.h"
#include "live/metrics.h"
#include "recorder/recorder.h"
#include "sandbox/sandbox.h"
#include "write/sink.h"
#include "live/source_live.h"

/* An interface and the reader of its frames. */
struct live_port {
	struct source_live *source;
	struct packet *packet;
};

struct live_files {
	unsigned port_count;
	struct live_port port[OPTIONS_INTERFACES_MOST];
	struct sink *sink;
	struct metrics_file *metrics; /* NULL: not asked for */
	struct recorder *recorder;    /* NULL: not asked for */
	struct notify *notify;
	int signals, timer, poll; /* descriptors; -1 not open */
	int memory;		  /* /proc/self/statm, or -1 */
	struct sandbox_state sandbox;
	/* what the recorder borrows */
	const char *interfaces[OPTIONS_INTERFACES_MOST + 1];
	char *command;
};

/* Nothing open. */
#define LIVE_FILES_CLOSED                                                                          \
	((struct live_files){ .signals = -1, .timer = -1, .poll = -1, .memory = -1 })

/* Open it all, drop privileges, begin to write in threads. False and *error, one line (g_free);
 * live_files_close is due in both cases. `feed`: the watched ports. After a success live.c closes
 * the outputs itself, which may fail, and sets them to NULL. */
bool live_files_open(struct live_files *f, const struct options *o, const struct feed *feed,
		     char **error);
void live_files_close(struct live_files *f);

#endif
