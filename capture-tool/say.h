/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages of a running sensor on standard error, which under a service manager is the journal.
 * Unlike printf it never waits for a reader: a message that cannot be written now is dropped.
 */
#ifndef SMTP365_SAY_H
#define SMTP365_SAY_H

#include <glib.h>

/* "smtp365: ", the line, a line end. */
void say(const char *format, ...) G_GNUC_PRINTF(1, 2);
/* The same; frees the line. NULL says nothing. */
void say_owned(char *line);

#endif
