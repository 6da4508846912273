/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The output as the capture loop sees it: a queue (queue.h) that a thread of its own empties, so
 * that a disk that hangs, a network file system for example, holds up nothing but itself. What
 * arrives meanwhile waits before the queue, bounded as the queue is.
 */
#ifndef SMTP365_SINK_H
#define SMTP365_SINK_H

#include "write/queue.h"

struct sink;

/* As queue_open. */
struct sink *sink_open(const char *path, char **error);
/* Begin to write in a thread. Call it after sandbox_enter. False and *error as worker_start. */
bool sink_start(struct sink *s, char **error);
void sink_add(struct sink *s, const char *text, size_t n);
/* SIGHUP: the thread opens the file anew; sink_trouble tells when that failed. */
void sink_reopen(struct sink *s);
/* Is that still to be done? */
bool sink_reopening(struct sink *s);
bool sink_gone(struct sink *s);
bool sink_terminal(const struct sink *s);
/* One line about trouble, as queue_trouble, or NULL. */
char *sink_trouble(struct sink *s);
/* What waits before the queue and was dropped there is counted in. */
struct queue_stats sink_stats(struct sink *s);
/* For the end, when nothing is captured any more: wait until much can be added again, as long as
 * something is written now and then. False when for `patience_ms` nothing was. */
bool sink_wait(struct sink *s, unsigned patience_ms);
/* Write for at most `wait_ms`, then close; *stats (may be NULL) is the last word. False when
 * records were left over, which count as dropped. A write that still hangs is left alone. */
bool sink_close(struct sink *s, unsigned wait_ms, struct queue_stats *stats);

#endif
