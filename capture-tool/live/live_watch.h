/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an operator has to hear without asking: packets lost, streams with holes, one direction
 * only, no SMTP at all, sessions given up for lack of memory. Compares the counters of two moments
 * and says each trouble in one line, at most once a minute while it lasts.
 */
#ifndef SMTP365_LIVE_WATCH_H
#define SMTP365_LIVE_WATCH_H

#include "live/live_state.h"

/* Time between two comparisons. */
#define LIVE_WATCH_SECONDS 60u

struct live_watch {
	struct live_state before;      /* at the last comparison; names borrowed */
	uint64_t one_sided, two_sided; /* sessions when the last word about sides fell */
	uint64_t silent_since_ns;
	uint64_t segments;
	bool silence_said, sides_said;
	bool last; /* the capture is over: what few sessions show is said now or never */
};

/* When packets were lost, so that each session can tell how many were while it went on. */
#define LIVE_LOSSES 512u
struct live_losses {
	unsigned count;
	bool forgotten; /* older entries had to go */
	struct {
		uint64_t ns, total;
	} at[LIVE_LOSSES];
};
/* The counters of `now`, if they changed. */
void live_losses_note(struct live_losses *l, const struct live_state *now);
/* Packets lost after that time, as far back as is remembered. */
uint64_t live_losses_since(const struct live_losses *l, uint64_t ns);

typedef void (*live_watch_fn)(char *line, void *host); /* line: owned by the callee */

/* Every LIVE_WATCH_SECONDS, and once at the end. */
void live_watch_compare(struct live_watch *w, const struct live_state *now, live_watch_fn fn,
			void *host);
/* Every second: how long was there no SMTP? silence_s 0: never warn. Writes now->last_smtp_ns. */
void live_watch_silence(struct live_watch *w, struct live_state *now, uint32_t silence_s,
			live_watch_fn fn, void *host);

#endif
