/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One write for each message, after asking whether it would wait.
 */
#include "say.h"
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

void say_owned(char *line)
{
	struct pollfd p = { .fd = STDERR_FILENO, .events = POLLOUT };
	if (!line)
		return;
	char *text = g_strdup_printf("smtp365: %s\n", line);
	/* A pipe that is writable takes PIPE_BUF bytes at once (pipe(7)). */
	size_t n = MIN(strlen(text), (size_t)PIPE_BUF);
	if (poll(&p, 1, 0) == 1 && write(STDERR_FILENO, text, n) < 0) {
		/* nobody is left to tell */
	}
	g_free(text);
	g_free(line);
}

void say(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	say_owned(g_strdup_vprintf(format, args));
	va_end(args);
}
