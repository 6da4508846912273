/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the verdicts of a run say about frames, as comments in words: for the recorder's sections
 * and for the copy of a file.
 */
#ifndef SMTP365_COMMENTS_H
#define SMTP365_COMMENTS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include "verdict.h"

/* Comments of a file's frames, collected from its verdicts. */
struct comments;
/* redact: no user names and local parts in the verdict lines. */
struct comments *comments_new(bool redact);
void comments_add(struct comments *c, const struct verdict *v);
/* Text for a frame: borrowed, NULL none. */
const char *comments_of(const struct comments *c, uint32_t frame);
/* Append the verdict lines, as far as they found room. */
void comments_lines(const struct comments *c, GString *out);
/* How many verdicts there were, and *with_findings of them with findings. */
uint64_t comments_sessions(const struct comments *c, uint64_t *with_findings);
void comments_free(struct comments *c);

#endif
