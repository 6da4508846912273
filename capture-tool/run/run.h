/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The loop: capture files to packets to the engine, verdicts to the output, in order. One engine
 * for each file, because frame numbers are the file's. Troubles with one file are said on standard
 * error, and the others are read all the same.
 */
#ifndef SMTP365_RUN_H
#define SMTP365_RUN_H

#include <stdbool.h>
#include "verdict.h"
#include "cli/options.h"
#include "write/output.h"

struct run_result {
	bool trouble;	     /* a file could not be read, or is no capture: exit status 2 */
	bool findings;	     /* there was one */
	enum severity worst; /* the most severe */
	char id[64];	     /* its id, "" none */
	unsigned session;    /* and the first session that has it */
};

/* Note the findings of one session. */
void run_result_add(struct run_result *r, const struct verdict *v);

/* Read all files of `o` and write to `out`. */
struct run_result run(const struct options *o, struct output *out);
/* One line on standard error: "smtp365: " and what is wrong. */
void run_complain(const char *line);

#endif
