/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The output of live capture: a bounded queue of whole records before a file, pipe, socket or
 * terminal. Never waits: what cannot be written stays in the queue, and when that is full the
 * oldest records go, counted. A record is written whole or not at all: a disk that filled up in the
 * middle of one is set back to its beginning, and a pipe gets a record only when it has room for
 * it.
 */
#ifndef SMTP365_QUEUE_H
#define SMTP365_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes that wait at most: minutes of a stopped reader. */
#define QUEUE_BYTES (32u << 20)

struct queue_stats {
	uint64_t written; /* records */
	uint64_t written_bytes;
	uint64_t dropped; /* records that had to make room, or were left at the end */
	uint64_t waiting; /* records now */
	size_t waiting_bytes;
	uint64_t failures; /* writes that failed: disk full, file system gone */
};

struct queue;

/* Open `path` to append, or standard output when NULL. limit: bytes to hold. On failure NULL and
 * *error, one line that says what to do (g_free). */
struct queue *queue_open(const char *path, size_t limit, char **error);
/* Take a record with its line end and write what can be written now. */
void queue_add(struct queue *q, const char *text, size_t n);
/* Write what can be written now. Call when queue_fd is writable, and several times a second. */
void queue_flush(struct queue *q);
/* Descriptor to wait for, while records wait that only need a reader; -1 when there is nothing to
 * wait for or waiting does not help (a file). */
int queue_fd(const struct queue *q);
/* Open the file again under its name (SIGHUP): a log rotated away is let go, after the record in
 * hand. False and *error as above; then the old file is used on. No-op for standard output. */
bool queue_reopen(struct queue *q, char **error);
/* The reader of standard output or of a socket went away: nothing that comes has a use. For the
 * reader of a named pipe records wait, it may come back. */
bool queue_gone(const struct queue *q);
bool queue_terminal(const struct queue *q);
/* One line about trouble that began, ended or cost records since the last call (g_free), or NULL.
 */
char *queue_trouble(struct queue *q);
struct queue_stats queue_stats(const struct queue *q);
/* Write what is left for at most `wait_ms`, close. Records that are left over count as dropped;
 * *stats (may be NULL) is the last word. False when some were left or the last write failed. */
bool queue_close(struct queue *q, unsigned wait_ms, struct queue_stats *stats);

#endif
