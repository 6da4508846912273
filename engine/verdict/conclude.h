/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a session (or a look-up that led nowhere) to its verdict: facts, rules, cause, and the
 * record that the windows show. The verdict borrows from the session and from a room that is freed
 * after the callback.
 */
#ifndef SMTP365_CONCLUDE_H
#define SMTP365_CONCLUDE_H

#include "judge/judge.h"
#include "verdict/tracked.h"

/* Where verdicts are made; one per engine, used again and again. */
struct room;
/* `cx` is borrowed for the room's life. */
struct room *conclude_room_new(const struct session_context *cx);
void conclude_room_free(struct room *r);
/* Make the verdict of a session that has ended, hand it to `fn` and remember its cause. */
void conclude_session(struct room *room, struct tracked *t, const struct flow *f,
		      const struct judge_capture *capture,
		      void (*fn)(const struct verdict *v, void *host), void *host);
/* The same for a session that goes on: `open` is set in the verdict, nothing of the session
 * changes. */
void conclude_open(struct room *room, const struct tracked *t, const struct flow *f,
		   const struct judge_capture *capture,
		   void (*fn)(const struct verdict *v, void *host), void *host);
/* The same for a failed look-up of a Microsoft name (docs/record.md#one-record). `meant` may be
 * NULL. */
void conclude_lookup(struct room *room, unsigned number, const struct dns_lookup *l,
		     const char *meant, void (*fn)(const struct verdict *v, void *host),
		     void *host);

#endif
