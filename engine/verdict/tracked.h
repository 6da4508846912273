/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A session and what the layers above it remember of it until it ends: facts that only several
 * sessions together show (clients.c), the cause as told (conclude.c), its place among the open
 * sessions that are worth a look (early.c). The engine keeps one for each connection.
 */
#ifndef SMTP365_VERDICT_TRACKED_H
#define SMTP365_VERDICT_TRACKED_H

#include "rules/rules.h"
#include "session/session.h"

#define TRACKED_EXTRAS 4u

/* A fact that only several sessions together show. */
struct tracked_extra {
	enum fact fact;
	uint32_t frame;
	const char *words; /* of the session */
};

/* A cause and the first frame that proves it. */
struct tracked_cause {
	const struct rule *rule; /* NULL: none */
	uint32_t frame;
};

/* Its place in the list of open sessions that are worth a look. */
struct tracked_look {
	struct tracked *older, *newer;
	struct flow *flow; /* for the look */
	uint64_t due_ns;
	uint64_t certain_ns; /* since when its cause is certain, 0 it is not */
	uint32_t noted;	     /* session_noted() at the last look */
	unsigned alarms;     /* critical findings told */
	bool listed, cause_told;
	bool closed; /* at the last look it only waited for late segments */
	bool told;   /* something was */
};

struct tracked {
	struct session *session;     /* owned */
	struct tracked_extra *extra; /* TRACKED_EXTRAS at most, allocated when needed */
	unsigned extra_count;
	struct tracked_cause cause;  /* as told in the verdict */
	struct tracked_cause before; /* why TLS failed in the session before */
	struct tracked_look look;
};

#endif
