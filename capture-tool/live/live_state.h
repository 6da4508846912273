/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All counters of a running sensor at one moment: what the kernel and the interfaces lost, what the
 * streams lack, what the engine and the outputs did. The warnings (live_watch.c), SIGUSR1 and the
 * metrics are made from it, so they cannot contradict each other.
 */
#ifndef SMTP365_LIVE_STATE_H
#define SMTP365_LIVE_STATE_H

#include "smtp365.h"
#include "cli/options.h"
#include "recorder/recorder.h"
#include "frames/packet.h"
#include "write/queue.h"
#include "live/source_live.h"

struct live_source {
	const char *name; /* borrowed */
	enum source_live_state state;
	struct source_live_counts counts;
};

struct live_state {
	uint64_t started_ns, now_ns; /* UTC since 1970 */
	uint64_t last_smtp_ns;	     /* 0: no SMTP was seen */
	unsigned source_count;
	struct live_source source[OPTIONS_INTERFACES_MOST];
	struct packet_stats packets; /* all interfaces together */
	struct smtp365_stats engine;
	struct queue_stats queue;
	bool has_recorder;
	struct recorder_stats recorder;
	uint64_t resident; /* bytes of memory of the process, 0 not known */
};

/* For people: one line each, as SIGUSR1 and the end of a run show them. */
void live_state_text(const struct live_state *s, GString *out);

/* Parts per ten thousand of `part` in `all`; 0 when there is nothing. */
unsigned live_share(uint64_t part, uint64_t all);

#endif
