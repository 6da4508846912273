/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Captures in memory, the views that can be made of them, and what the engine tells of one, cut
 * down to what may not change. For check_views.c.
 */
#ifndef SMTP365_TESTS_VIEWS_H
#define SMTP365_TESTS_VIEWS_H

#include <glib.h>
#include "base/caps.h"
#include "verdict.h"

/* One frame; the bytes are borrowed from the capture, or owned when the view changed them. */
struct frame {
	uint64_t ns;
	uint8_t *data;
	uint32_t caplen, len;
	int dlt;
	bool owned;
};

struct frames {
	struct frame *at;
	unsigned count, room;
};

/* All frames of a file, in its order; false when it cannot be read at all. */
bool frames_read(const char *path, struct frames *out);
void frames_add(struct frames *list, struct frame f);
void frames_clear(struct frames *list);
/* Give its clients (10.x) addresses that no other capture has. */
void frames_elsewhere(struct frames *list);

struct told_finding {
	char id[48];
	enum severity severity;
	enum confidence confidence;
};

struct told_session {
	struct address client, server;
	uint16_t client_port, server_port;
	bool lookup, failed, foreign; /* foreign: of the capture beside */
	bool borrowed;		      /* the cause is that of an earlier session */
	enum outcome outcome;
	enum stage reached, stopped;
	enum exposure exposure;
	enum confidence confidence; /* of the cause */
	char cause[48], mechanism[24], version[12];
	unsigned messages, nth; /* nth session of these ends */
	char line[200];
	struct told_finding findings[CAP_FINDINGS];
	unsigned count;
};

struct told {
	struct told_session *sessions;
	unsigned count;
};

/* What the engine says of these frames. */
struct told told_of(const struct frames *list);
void told_clear(struct told *t);
bool told_same_ends(const struct told_session *a, const struct told_session *b);
/* The session of the same ends and number, or NULL. */
const struct told_session *told_find(const struct told *t, const struct told_session *like);
/* In words how `b` differs from `a`, findings about the capture and `allowed` (ids with blanks
 * between) left out; NULL when it does not. The caller frees it. */
char *told_difference(const struct told_session *a, const struct told_session *b,
		      const char *allowed);

struct view {
	const char *kind;
	unsigned n;
	bool equal;
	const char *allowed; /* ids that may come and go in an equal view */
	const struct frames *frames;
};

/* Make every view of `whole` that `wanted` asks for and hand it to `on_view`. */
void views_make(const struct frames *whole, const struct told *told, const struct frames *beside,
		bool (*wanted)(const char *kind, unsigned n, void *host),
		void (*on_view)(const struct view *v, void *host), void *host);

#endif
