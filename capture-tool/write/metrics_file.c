/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PATH.tmp is written and renamed; the collector reads names that end in .prom only.
 */
#include "write/metrics_file.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <glib.h>
#include "write/worker.h"

struct metrics_file {
	char *path, *temporary; /* owned */
	struct worker *worker;
	bool failed; /* of the thread */
};

static bool write_all(int fd, const char *text, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, text, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		text += done;
		n -= (size_t)done;
	}
	return true;
}

/* 0, or the errno of what failed. */
static int replace(const struct metrics_file *f, const char *text, size_t n)
{
	int fd = open(f->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	/* The collector is another user, whatever the umask says. */
	bool fine = fd >= 0 && fchmod(fd, 0644) == 0 && write_all(fd, text, n);
	int reason = errno;
	if (fd >= 0 && close(fd) != 0 && fine) {
		fine = false;
		reason = errno;
	}
	if (fine && rename(f->temporary, f->path) != 0) {
		fine = false;
		reason = errno;
	}
	if (!fine)
		unlink(f->temporary);
	return fine ? 0 : reason;
}

static void on_text(const void *bytes, size_t n, void *host)
{
	struct metrics_file *f = host;
	int reason = replace(f, bytes, n);
	if (reason && !f->failed)
		worker_say(f->worker,
			   g_strdup_printf("%s: %s; give --metrics a file in a folder that the "
					   "user of the sensor can write",
					   f->path, g_strerror(reason)));
	f->failed = reason != 0;
}

struct metrics_file *metrics_file_new(const char *path)
{
	static const struct worker_calls calls = { .work = on_text };
	struct metrics_file *f = g_new0(struct metrics_file, 1);
	f->path = g_strdup(path);
	f->temporary = g_strconcat(path, ".tmp", NULL);
	f->worker = worker_new(0, &calls, f);
	return f;
}

bool metrics_file_start(struct metrics_file *f, char **error)
{
	return worker_start(f->worker, error);
}

void metrics_file_write(struct metrics_file *f, const char *text, size_t n)
{
	worker_give(f->worker, text, n);
}

char *metrics_file_trouble(struct metrics_file *f)
{
	return worker_news(f->worker, f->path, "metrics");
}

bool metrics_file_close(struct metrics_file *f, unsigned wait_ms)
{
	if (!worker_join(f->worker, g_get_monotonic_time() + (gint64)wait_ms * 1000))
		return false;
	g_free(f->path);
	g_free(f->temporary);
	g_free(f);
	return true;
}
