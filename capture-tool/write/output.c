/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Output with its errors remembered, so that the loop writes without asking each time. The progress
 * line is drawn and taken away here, because only this file knows what else is on the terminal.
 */
#include "write/output.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "write/careful.h"

#define BUFFER_BYTES (256u << 10)
#define PROGRESS_AFTER (1 * G_USEC_PER_SEC)
#define PROGRESS_EVERY (G_USEC_PER_SEC / 5)

struct output {
	FILE *to;
	char *name; /* for messages, owned */
	bool flush; /* after each write */
	bool terminal;
	int failed;	       /* errno of the first failure, 0 none */
	gint64 started, drawn; /* monotonic, microseconds */
	gint64 file_started;
	char *file; /* whose progress is shown, owned */
	bool progress_terminal, progress_shown;
};

/* Is `path` the file that `to` says? */
static bool same_file(const struct stat *to, const char *path)
{
	struct stat in;
	return S_ISREG(to->st_mode) && stat(path, &in) == 0 && in.st_dev == to->st_dev &&
	       in.st_ino == to->st_ino;
}

/* The input that writing to `path` (NULL: standard output) would spoil, or NULL. */
static const char *spoiled_input(const char *path, const GPtrArray *inputs)
{
	struct stat to;
	if ((path ? stat(path, &to) : fstat(STDOUT_FILENO, &to)) != 0)
		return NULL;
	for (guint i = 0; i < inputs->len; i++)
		if (same_file(&to, g_ptr_array_index(inputs, i)))
			return g_ptr_array_index(inputs, i);
	return NULL;
}

struct output *output_open(const char *path, const GPtrArray *inputs, bool line_buffered,
			   char **error)
{
	const char *spoiled = spoiled_input(path, inputs);
	if (spoiled) {
		*error = g_strdup_printf("%s: is the output as well; write to another file",
					 spoiled);
		return NULL;
	}
	int fd = path ? careful_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666) : STDOUT_FILENO;
	FILE *to = path ? (fd >= 0 ? fdopen(fd, "w") : NULL) : stdout;
	if (!to && (errno == ELOOP || errno == EMLINK)) {
		*error = g_strdup_printf("%s: is a link, in a folder where others than root may "
					 "make one; give --output a file of its own",
					 path);
		return NULL;
	}
	if (!to) {
		*error = g_strdup_printf("%s: %s; give a file that can be written", path,
					 g_strerror(errno));
		return NULL;
	}
	setvbuf(to, NULL, _IOFBF, BUFFER_BYTES);
	struct output *o = g_new0(struct output, 1);
	o->to = to;
	o->name = g_strdup(path ? path : "standard output");
	o->terminal = isatty(fileno(to));
	o->flush = line_buffered || o->terminal;
	o->progress_terminal = isatty(STDERR_FILENO);
	o->started = g_get_monotonic_time();
	return o;
}

void output_write(struct output *o, const char *text, size_t n)
{
	if (o->failed || n == 0)
		return;
	if (o->terminal)
		output_progress_clear(o);
	errno = 0;
	if (fwrite(text, 1, n, o->to) != n || (o->flush && fflush(o->to) != 0))
		o->failed = errno ? errno : EIO;
}

bool output_color_wanted(void)
{
	const char *term = getenv("TERM");
	return !getenv("NO_COLOR") && term && strcmp(term, "dumb") != 0;
}

bool output_color(const struct output *o)
{
	return o->terminal && output_color_wanted();
}

bool output_done(const struct output *o)
{
	return o->failed != 0;
}

bool output_close(struct output *o, char **error)
{
	output_progress_clear(o);
	errno = 0;
	bool flushed = o->to == stdout ? fflush(o->to) == 0 : fclose(o->to) == 0;
	if (!flushed && !o->failed)
		o->failed = errno ? errno : EIO;
	bool fine = o->failed == 0 || o->failed == EPIPE;
	if (!fine)
		*error = g_strdup_printf("%s: %s; what was written is not complete", o->name,
					 g_strerror(o->failed));
	g_free(o->file);
	g_free(o->name);
	g_free(o);
	return fine;
}

/* "1.2 GiB" */
static char *bytes_in_words(uint64_t n)
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
	double size = (double)n;
	size_t unit = 0;
	for (; size >= 1024 && unit + 1 < G_N_ELEMENTS(units); unit++)
		size /= 1024;
	return g_strdup_printf("%.*f %s", unit > 0, size, units[unit]);
}

static void draw(struct output *o, uint64_t done, uint64_t total, gint64 now)
{
	char *read = bytes_in_words(done);
	fprintf(stderr, "\r\033[K%s: %s", o->file, read);
	g_free(read);
	if (total > 0 && done > 0 && done <= total) {
		char *all = bytes_in_words(total);
		double took = (double)(now - o->file_started) / G_USEC_PER_SEC;
		double left = took * (double)(total - done) / (double)done;
		fprintf(stderr, " of %s, %u %%, %u s left", all,
			(unsigned)(100.0 * (double)done / (double)total), (unsigned)(left + 0.5));
		g_free(all);
	}
	fflush(stderr);
	o->progress_shown = true;
}

void output_progress(struct output *o, const char *name, uint64_t done, uint64_t total)
{
	if (!o->progress_terminal)
		return;
	gint64 now = g_get_monotonic_time();
	if (g_strcmp0(o->file, name) != 0) {
		g_free(o->file);
		o->file = g_strdup(name);
		o->file_started = now;
	}
	if (now - o->started < PROGRESS_AFTER || now - o->drawn < PROGRESS_EVERY)
		return;
	o->drawn = now;
	draw(o, done, total, now);
}

void output_progress_clear(struct output *o)
{
	if (!o->progress_shown)
		return;
	fputs("\r\033[K", stderr);
	fflush(stderr);
	o->progress_shown = false;
}
