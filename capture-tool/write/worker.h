/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A thread for what may take any time: writes to a disk that may hang. Takes items in order, each a
 * copy of some bytes, and never makes the giver wait: the list is bounded, and when it is full the
 * oldest items go, counted. Until worker_start, and without it, everything is done in place by the
 * caller. Knows nothing of what the bytes are.
 */
#ifndef SMTP365_WORKER_H
#define SMTP365_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct worker;

/* Called in the thread, one at a time; `host` is the one of worker_new. NULL: nothing to do. */
struct worker_calls {
	void (*work)(const void *bytes, size_t n, void *host); /* an item */
	void (*asked)(void *host);			       /* after worker_ask */
	/* No item waits; also every quarter of a second. A descriptor that is waited for until it
	 * can be written to, or -1. */
	int (*idle)(void *host);
	void (*finish)(void *host); /* the last call */
	/* In the thread of the giver: an item that went unseen. */
	void (*lost)(const void *bytes, size_t n, void *host);
};

struct worker_stats {
	uint64_t dropped, waiting; /* items */
	size_t waiting_bytes;
};

/* limit: bytes that wait at most; the newest item always may. `calls` is copied. */
struct worker *worker_new(size_t limit, const struct worker_calls *calls, void *host);
/* Make the thread. It has the rights of the caller: call it after sandbox_enter. False and *error,
 * one line (g_free), when there may be no more threads. */
bool worker_start(struct worker *w, char **error);
void worker_give(struct worker *w, const void *bytes, size_t n);
/* Call `asked` soon, before the items that wait. */
void worker_ask(struct worker *w);
struct worker_stats worker_stats(struct worker *w);
/* From the thread: one line about trouble (taken), instead of one that nobody asked for yet. */
void worker_say(struct worker *w, char *line);
/* That line, or one when a call began to hang or came back since the last time (g_free), else NULL.
 * `name`: of the file; `items`: what they are, in the plural. */
char *worker_news(struct worker *w, const char *name, const char *items);

/* Nothing more comes: the thread does what waits, then `finish`. Wait for that until the monotonic
 * time (microseconds), and free the worker. False: a call hangs; then the thread, the worker and
 * what `host` is stay as they are, and worker_stats may still be asked. */
bool worker_join(struct worker *w, int64_t until_us);

#endif
