/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was inferred from record lengths, as the verdict tells it.
 */
#ifndef SMTP365_VERDICT_INSIDE_H
#define SMTP365_VERDICT_INSIDE_H

#include "inside/inside.h"
#include "session/session.h"

/* Fill *to and point the verdict to it when something is said. */
void inside_fill(struct verdict *v, const struct inside_result *i, struct verdict_inside *to);
/* The finding for a refused login takes title, fix and check from the row of the reply that was
 * inferred; words are kept in `words`. */
void inside_name_login(const struct inside_result *i, GStringChunk *words, struct finding *findings,
		       unsigned count);
/* The dialogue as it was inferred, as events of the session. */
void inside_events(struct session *s, const struct inside_result *i);

#endif
