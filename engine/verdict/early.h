/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Verdicts of sessions that are still open, for live capture: which session is worth a look, and
 * is what it shows worth telling before its end? Critical findings are told within a second, a
 * certain cause when the session stays open for some seconds after it. Works in ticks of the host;
 * without ticks (files) it only keeps a list.
 */
#ifndef SMTP365_EARLY_H
#define SMTP365_EARLY_H

#include "verdict/tracked.h"

struct early {
	struct tracked *oldest, *newest; /* worth a look, in the order in which looks are due */
	bool on;			 /* the host ticks: capture is live */
};

/* Something happened in this session. Cheap when nothing new was noted since the last look. */
void early_touch(struct early *e, struct tracked *t, struct flow *f, uint64_t now_ns);
/* The session ends: no look any more. */
void early_forget(struct early *e, struct tracked *t);
/* Call `look` for each session that is due; it answers through early_worth. */
void early_look(struct early *e, uint64_t now_ns, void (*look)(struct tracked *t, void *host),
		void *host);
/* Is this verdict of an open session to be told now? Remembers that it was. May put the session
 * back on the list, for a cause that has to last a while. */
bool early_worth(struct early *e, struct tracked *t, const struct verdict *v, uint64_t now_ns);

#endif
