/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where frames come from: a capture file (pcap, pcapng; plain, gzip or zstd; or standard input),
 * with nanoseconds kept; pcap through libpcap, pcapng by pcapng.c, which says why. One
 * source is one file: frames are numbered from 1 in each, as Wireshark numbers them. Every trouble
 * ends as one line that names the file, the place, the reason and what to do. Knows no protocol.
 */
#ifndef SMTP365_SOURCE_H
#define SMTP365_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What source_next answers. Below 0 nothing more comes and source_error has the line. */
enum source_state {
	SOURCE_PACKET = 1,
	SOURCE_END = 0,
	SOURCE_CUT = -1,     /* the file ends in the middle of a packet or of compressed data */
	SOURCE_DAMAGED = -2, /* the file says what cannot be, or reading failed */
	SOURCE_MIXED = -3,   /* pcapng with interfaces of several link types, see source_any_link */
};

struct source_packet {
	uint64_t time_ns;    /* UTC, since 1970 */
	uint32_t frame;	     /* from 1; frames that the filter drops are counted too */
	uint32_t caplen;     /* bytes at `data` */
	uint32_t len;	     /* bytes on the wire */
	int dlt;	     /* link type; that of source_dlt without source_any_link */
	const uint8_t *data; /* borrowed until the next source_next, see also source_ready */
};

struct source_progress {
	uint64_t done;	/* bytes of the file read so far, as stored (compressed) */
	uint64_t total; /* bytes of the file; 0 when not known (pipe) */
};

struct source;

/* Open a capture file; "-" is standard input. `filter` is a libpcap filter or NULL. On failure
 * NULL, and *error is one line without a line end, freed by the caller with g_free. */
struct source *source_open_file(const char *path, const char *filter, char **error);
void source_close(struct source *s);

/* Give frames of all link types of a pcapng file, instead of ending with SOURCE_MIXED at the first
 * that is not of source_dlt. The caller then passes source_packet.dlt to packet_link each time. */
void source_any_link(struct source *s);
/* The next packet that passes the filter; an enum source_state. */
int source_next(struct source *s, struct source_packet *out);
/* Secrets of TLS sessions (lines of a key log) that the file brought along since the last call; a
 * pcapng file may have them before any packet that needs them. *n bytes, owned by the caller, who
 * wipes them, g_free. NULL: none. */
char *source_take_secrets(struct source *s, size_t *n);
/* Does the next packet lie ready, so that data of the packets before it stays where it is? */
bool source_ready(const struct source *s);
/* Why source_next answered less than 0; borrowed, NULL before. */
const char *source_error(const struct source *s);

/* Link type (DLT_...) of the file, of pcapng that of the first interface that packet_new knows. */
int source_dlt(const struct source *s);
/* Name for messages: the path as given, "standard input" for "-". Borrowed. */
const char *source_name(const struct source *s);
/* Frames read so far. */
uint32_t source_frames(const struct source *s);
struct source_progress source_progress(const struct source *s);

#endif
