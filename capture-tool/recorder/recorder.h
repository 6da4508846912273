/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The flight recorder (-w FOLDER with -i): holds the latest packets in memory and writes those of
 * sessions with findings, from their SYN, with the verdict as comments, as pcapng into a folder of
 * bounded size. Leaves out credentials always and message bodies unless asked (keep.h). Takes
 * packets and verdicts, knows no protocol.
 */
#ifndef SMTP365_RECORDER_H
#define SMTP365_RECORDER_H

#include <stdbool.h>
#include <stdint.h>
#include "verdict.h"
#include "frames/packet.h"
#include "read/source.h"

/* All borrowed for the life of the recorder. */
struct recorder_options {
	const char *folder;    /* exists, or is made (0750) */
	uint64_t folder_bytes; /* --ring: all files of the folder together; 0: 1 GiB */
	uint64_t file_bytes;   /* a file is closed when it is larger; 0: folder_bytes / 16 */
	uint32_t file_seconds; /* or older, in packet time; 0: 3600 */
	uint64_t memory_bytes; /* packets held for sessions still open; 0: 64 MiB */
	uint32_t snaplen;      /* for the interface description; 0: 262144 */
	bool bodies;	       /* --bodies: message bodies and encrypted TLS data too */
	bool redact;	       /* --redact: no envelope addresses */
	bool all;	       /* --all: of other sessions too those with lesser findings */
	enum severity least;   /* only sessions with a finding as severe as this; of those that are
				* not Microsoft 365 at least high */
	const char *command; /* options of this run in words, for the section comment; NULL none */
	const char *const *interfaces; /* names by interface number, NULL-terminated; NULL none */
	const uint16_t *ports; /* watched TCP ports, all of them; other packets are not held */
	unsigned port_count;   /* 0: every TCP port */
};

struct recorder_stats {
	uint64_t sessions, packets, bytes; /* written */
	uint64_t incomplete; /* sessions whose first packets had left the memory already */
	uint64_t files, deleted;
	uint64_t failed;     /* packets not written: disk full or hanging, folder gone */
	uint64_t held_bytes; /* in memory now */
};

struct recorder;

/* Open the folder, remove ".part" files of a run that was killed, count what is there. On trouble
 * NULL and *error, one line that names the folder and what to do (g_free). Before sandbox_enter. */
struct recorder *recorder_new(const struct recorder_options *o, char **error);
/* Write in a thread from now on, so that a disk that hangs cannot hold up the capture. After
 * sandbox_enter; without it the calls below write themselves. False and *error as worker_start. */
bool recorder_start(struct recorder *r, char **error);
/* One packet and what packet_read made of it (kind PACKET_NOTHING: not held). `interface`: number
 * of the capture handle, from 0, below 64. Frames ascend. Call it before the engine sees the item,
 * because its verdict may come at once. Never fails and never waits. */
void recorder_packet(struct recorder *r, const struct source_packet *k, unsigned interface,
		     const struct packet_item *item);
/* A session ended (in the engine's session callback, once per session): write it when it has
 * findings. */
void recorder_verdict(struct recorder *r, const struct verdict *v);
/* Call now and then with the time: closes a file that is old enough, so that it can be taken away.
 */
void recorder_tick(struct recorder *r, uint64_t now_ns);
/* SIGHUP: close the file in the works and begin a new one with the next session. */
void recorder_rotate(struct recorder *r);
/* First trouble with the disk since the last call, as one line, g_free; NULL none. */
char *recorder_trouble(struct recorder *r);
struct recorder_stats recorder_stats(struct recorder *r);
/* Write what waits for at most `wait_ms`, complete the file, free all; *stats (may be NULL) is the
 * last word. False when a write still hangs: it is left alone, what waits counts as failed. */
bool recorder_close(struct recorder *r, unsigned wait_ms, struct recorder_stats *stats);
/* The same without waiting, for when nothing was recorded; NULL is fine. */
void recorder_free(struct recorder *r);

#endif
