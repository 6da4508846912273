/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The flight recorder's files: takes finished sections and writes them, in a thread of its own,
 * into files of a folder of bounded size. A disk that hangs holds up nothing but this; sections
 * wait then, and the oldest go. Time is packet time.
 */
#ifndef SMTP365_OUT_PCAPNG_ARCHIVE_H
#define SMTP365_OUT_PCAPNG_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct archive;

struct archive_options {
	const char *folder;    /* exists, or is made (0750) */
	uint64_t folder_bytes; /* of all files together */
	uint64_t file_bytes;   /* a file is closed before it is larger */
	uint32_t file_seconds; /* or when it is older */
};

/* What a section is about; the bytes of its blocks follow. */
struct archive_section {
	uint64_t time_ns, packets;
};

struct archive_stats {
	uint64_t sessions, packets, bytes; /* written */
	uint64_t files, deleted;
	uint64_t failed; /* packets not written: disk full, hanging, folder gone */
};

/* On trouble NULL and *error, one line (g_free). */
struct archive *archive_new(const struct archive_options *o, char **error);
/* Begin to write in a thread; without it archive_add writes itself. False and *error as
 * worker_start. */
bool archive_start(struct archive *a, char **error);
/* An archive_section and its blocks. */
void archive_add(struct archive *a, const void *bytes, size_t n);
/* Close the file if it is old enough by then. */
void archive_tick(struct archive *a, uint64_t now_ns);
/* Close the file. */
void archive_rotate(struct archive *a);
/* One line about the first trouble since the last call (g_free), or NULL. */
char *archive_trouble(struct archive *a);
struct archive_stats archive_stats(struct archive *a);
/* Write what waits for at most `wait_ms`, close; *stats (may be NULL) is the last word, with what
 * is left over as failed. False when a write still hangs: it is left alone. */
bool archive_close(struct archive *a, unsigned wait_ms, struct archive_stats *stats);

#endif
