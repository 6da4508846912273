/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A verdict that outlives the engine's callback: a copy with everything it points to in one block
 * of memory. Events are kept only for frames that a finding names, unless all are asked for, so
 * that a capture with many sessions stays small.
 */
#ifndef SMTP365_KEPT_H
#define SMTP365_KEPT_H

#include "verdict.h"

/* A copy, owned by the caller, freed with kept_free. Never NULL. */
struct verdict *kept_new(const struct verdict *v, bool all_events);
void kept_free(struct verdict *v);
/* Does this finding name this frame? */
bool kept_names(const struct finding *f, uint32_t frame);

#endif
