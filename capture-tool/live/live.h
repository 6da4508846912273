/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sensor: captures on interfaces until a signal (or -c) and writes sessions as they end. One
 * loop over packets, signals and a timer; nothing in it waits for anything else, outputs have
 * threads of their own. SIGHUP opens the output anew, SIGUSR1 prints the counters, SIGTERM and
 * SIGINT end with a summary.
 */
#ifndef SMTP365_LIVE_H
#define SMTP365_LIVE_H

#include "run/run.h"

/* Open everything that `o` names, give up privileges, capture. Troubles at the start are said on
 * standard error and give `trouble`. */
struct run_result live(const struct options *o);

#endif
