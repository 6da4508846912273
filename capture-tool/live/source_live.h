/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One interface to capture on (Linux): opens it through libpcap with the kernel's ring, hands its
 * packets on, counts what was lost on the way, and finds the interface again after it went away.
 * After opening it needs no privilege: the same socket is bound anew. Knows no protocol; what
 * passes is decided by filter.c.
 */
#ifndef SMTP365_SOURCE_LIVE_H
#define SMTP365_SOURCE_LIVE_H

#include <stdbool.h>
#include <stdint.h>
#include "frames/filter/filter.h"

struct source_live;

struct source_live_options {
	const char *interface; /* "any": all of them, cooked; borrowed */
	uint32_t buffer_kib;   /* the kernel's ring */
	uint32_t snaplen;      /* bytes of each packet */
	bool promiscuous;      /* never with "any" */
	const uint16_t *ports; /* as filter_options; borrowed during opening */
	unsigned port_count;
	const char *user_filter; /* NULL none; borrowed during opening */
};

enum source_live_state {
	SOURCE_LIVE_UP,
	SOURCE_LIVE_DOWN, /* exists, set down: captures again when it is up */
	SOURCE_LIVE_GONE, /* no interface of that name: captures again when there is one */
};

/* Totals since opening. */
struct source_live_counts {
	uint64_t received;	    /* passed the filter, lost ones included */
	uint64_t dropped;	    /* by the kernel: the ring was full */
	uint64_t interface_dropped; /* by the interface or its driver, whatever they were */
	uint64_t freezes;	    /* how often the ring was full */
	uint64_t given;		    /* handed to the program */
	uint32_t outages;	    /* how often it went down or away */
	bool interface_known;	    /* the interface counts what it drops */
};

struct source_live_packet {
	uint64_t time_ns; /* UTC, since 1970 */
	uint32_t caplen, len;
	const uint8_t *data; /* borrowed for the call */
};
typedef void (*source_live_fn)(const struct source_live_packet *p, void *host);

/* Open and set the filter. An Ethernet interface that is there but down is opened too and waited
 * for; source_live_look says so. On failure NULL and *error is one line that names the interface,
 * the reason and what to do (g_free). */
struct source_live *source_live_open(const struct source_live_options *o, char **error);
void source_live_close(struct source_live *s);
/* For -d: the filter that the kernel gets for this interface, as filter_text. The interface is
 * opened for it, which needs the same permission. */
char *source_live_filter(const struct source_live_options *o, char **error);

/* For epoll: readable when packets wait. Stays the same for life. */
int source_live_fd(const struct source_live *s);
/* Hand on at most `most` packets, without waiting. How many there were. */
unsigned source_live_read(struct source_live *s, unsigned most, source_live_fn fn, void *host);
/* Call once a second: is the interface there? When that changed, *news is one line (g_free), else
 * NULL. Binds the socket again to an interface that came back. */
enum source_live_state source_live_look(struct source_live *s, char **news);
/* Asks the kernel; cheap, but not for every packet. */
struct source_live_counts source_live_counts(struct source_live *s);

int source_live_dlt(const struct source_live *s);
const char *source_live_name(const struct source_live *s);

/* For -D: one line for each interface that can be captured on. NULL and *error as above. */
char *source_live_list(char **error);

#endif
