/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What stands in the Statistics menu: the table of sessions, the table of clients, and the tree of
 * counters. Rows come from the tap, which in the window runs after the verdicts are known.
 */
#ifndef SMTP365_STAT_SMTP365_H
#define SMTP365_STAT_SMTP365_H

void stat_register(void);

#endif
