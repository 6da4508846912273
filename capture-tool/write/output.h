/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where results go: standard output or a file, and the progress line on standard error that must
 * not get in their way. Takes finished text; a reader that went away ends the run quietly, a full
 * disk is said.
 */
#ifndef SMTP365_OUTPUT_H
#define SMTP365_OUTPUT_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct output;

/* Open `path`, or standard output when NULL. On failure NULL and *error, one line, g_free; also
 * when it is one of `inputs` (char *), which opening would empty. line_buffered: write out after
 * each call of output_write; always so on a terminal. */
struct output *output_open(const char *path, const GPtrArray *inputs, bool line_buffered,
			   char **error);
void output_write(struct output *o, const char *text, size_t n);
/* May colours be used on a terminal, as far as the environment says? */
bool output_color_wanted(void);
/* May colours be used: a terminal, and neither NO_COLOR nor TERM=dumb forbids them? */
bool output_color(const struct output *o);
/* The reader went away or writing failed: the rest of the run has no use. */
bool output_done(const struct output *o);
/* Write out and close. True when all was written, or the reader went away; else *error as above. */
bool output_close(struct output *o, char **error);

/* One line of progress on standard error, when that is a terminal and the run takes over a second.
 * total 0: not known. Cheap enough to call every few thousand packets. */
void output_progress(struct output *o, const char *name, uint64_t done, uint64_t total);
/* Take the progress line away, before anything else is printed on the terminal. */
void output_progress_clear(struct output *o);

#endif
