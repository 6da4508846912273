/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a verdict counts for, in two levels: outcome, stage, endpoint and findings by severity. One
 * walk serves the tree in the Statistics menu and `-z smtp365,tree`.
 */
#ifndef SMTP365_COUNTS_H
#define SMTP365_COUNTS_H

#include "verdict.h"

enum count_group {
	COUNT_OUTCOME,
	COUNT_STAGE,
	COUNT_ENDPOINT,
	COUNT_SEVERITY,
	COUNT_FINDING,
	COUNT_GROUPS
};

/* Heading of a group, for people. */
const char *counts_title(enum count_group g);
/* Calls fn once for each group and name that the verdict counts for. */
void counts_walk(const struct verdict *v,
		 void (*fn)(enum count_group g, const char *name, void *host), void *host);

#endif
