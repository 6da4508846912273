/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One write for each message, after asking whether it would wait.
 */
#include "write/say.h"
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "report.h"
#include "write/worker.h"

/* Of messages that wait. */
#define WAITING_BYTES (256u << 10)

static struct worker *background; /* NULL: written in place */

static void on_message(const void *bytes, size_t n, void *host)
{
	struct pollfd p = { .fd = STDERR_FILENO, .events = POLLOUT };
	(void)host;
	/* A pipe that is writable takes PIPE_BUF bytes at once (pipe(7)). */
	if (poll(&p, 1, 0) == 1 && write(STDERR_FILENO, bytes, MIN(n, (size_t)PIPE_BUF)) < 0) {
		/* nobody is left to tell */
	}
}

/* Names of files and interfaces are not ours: a terminal might obey them. */
static char *whole_line(const char *line)
{
	GString *room = g_string_new(NULL);
	char *text = g_strdup_printf("smtp365: %s\n", report_sentence(line, room));

	g_string_free(room, TRUE);
	return text;
}

void say_owned(char *line)
{
	if (!line)
		return;
	char *text = whole_line(line);
	if (background)
		worker_give(background, text, strlen(text));
	else
		on_message(text, strlen(text), NULL);
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

void complain(const char *line)
{
	char *text = whole_line(line);

	fputs(text, stderr);
	g_free(text);
}

void say_text(const char *text)
{
	char **lines = g_strsplit(text, "\n", 0);
	for (char **line = lines; *line; line++)
		if (**line)
			say("%s", *line);
	g_strfreev(lines);
}

bool say_start(char **error)
{
	static const struct worker_calls calls = { .work = on_message };
	background = worker_new(WAITING_BYTES, &calls, NULL);
	return worker_start(background, error);
}

void say_end(unsigned wait_ms)
{
	struct worker *w = background;
	background = NULL;
	if (w) /* one that hangs is left alone */
		worker_join(w, g_get_monotonic_time() + (gint64)wait_ms * 1000);
}
