/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages on standard error, which for a running sensor under a service manager is the journal.
 * Unlike printf, what a sensor says never waits for a reader: a message that a pipe cannot take now
 * is dropped, and one for a file on a disk that hangs waits in a thread.
 */
#ifndef SMTP365_SAY_H
#define SMTP365_SAY_H

#include <glib.h>
#include <stdbool.h>

/* "smtp365: ", the line, a line end. */
void say(const char *format, ...) G_GNUC_PRINTF(1, 2);
/* The same; frees the line. NULL says nothing. */
void say_owned(char *line);
/* Each line of a text. */
void say_text(const char *text);

/* What a command says before it goes on or ends, also "smtp365: ", the line, a line end: waits for
 * the reader. */
void complain(const char *line);

/* Write messages in a thread from now on. After sandbox_enter. False and *error as worker_start. */
bool say_start(char **error);
/* Wait at most `wait_ms` until they are written, and end the thread. */
void say_end(unsigned wait_ms);

#endif
