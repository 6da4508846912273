/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The loop: capture files to packets to the engine, verdicts to the output, in order. One engine
 * for each file, because frame numbers are the file's. Troubles with one file are said on standard
 * error, and the others are read all the same.
 */
#ifndef SMTP365_RUN_H
#define SMTP365_RUN_H

#include "cli/options.h"
#include "run/results.h"
#include "write/output.h"

/* Read all files of `o` and write to `out`. */
struct run_result run(const struct options *o, struct output *out);

#endif
