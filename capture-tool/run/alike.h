/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections that never came about, one like the other: who knocks a thousand times a second at a
 * closed door would fill the disk with records. After some of one client, server and minute the
 * others are counted and told as one.
 */
#ifndef SMTP365_ALIKE_H
#define SMTP365_ALIKE_H

#include <glib.h>
#include "verdict.h"

struct alike;

struct alike *alike_new(void);
void alike_free(struct alike *a); /* NULL is fine */
/* Is this one to be told by itself? When not, it was counted. */
bool alike_tells(struct alike *a, const struct verdict *v);
/* Whose count is due, because a later minute has begun or, with `end`, the run ends: calls fn for
 * each with how many were counted and the text that was kept of the last one. */
void alike_due(struct alike *a, const struct verdict *next, bool end,
	       void (*fn)(const char *text, size_t n, void *host), void *host);
/* The text of the session that was counted last, for its kind; `counted` of it so far. */
unsigned alike_counted(const struct alike *a);
void alike_keep(struct alike *a, const char *text, size_t n);

#endif
