/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counters for Prometheus, as a text file for the node exporter's textfile collector (text format
 * 0.0.4). Takes verdicts and the state of the sensor, writes the whole file anew beside the old one
 * and renames it, so that a scrape never sees half of it.
 */
#ifndef SMTP365_OUT_METRICS_H
#define SMTP365_OUT_METRICS_H

#include "live/live_state.h"

struct metrics;

struct metrics *metrics_new(void);
void metrics_free(struct metrics *m);
/* Count the last verdict of a session. */
void metrics_verdict(struct metrics *m, const struct verdict *v);
/* The text of the file. */
void metrics_text(const struct metrics *m, const struct live_state *s, GString *out);

#endif
