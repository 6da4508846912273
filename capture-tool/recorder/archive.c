/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Folder and file belong to the thread; counters and wishes lie under a lock.
 */
#include "recorder/archive.h"
#include <glib.h>
#include "recorder/folder.h"
#include "recorder/pcapng_file.h"
#include "write/worker.h"

/* Sections that wait for the disk. */
#define WAITING_BYTES (128u << 20)

struct archive {
	char *name; /* of the folder, owned */
	struct archive_options o;
	struct worker *worker;
	struct folder *folder;	  /* of the thread, as the next ones */
	struct pcapng_file *file; /* NULL between two files */
	char *path;		  /* of `file`, owned */
	uint64_t file_began;	  /* packet time */
	GMutex lock;		  /* for what follows */
	struct archive_stats stats;
	uint64_t waiting; /* packets of sections given and not yet written */
	uint64_t now_ns;  /* of archive_tick */
	bool rotate;
};

static void note_trouble(struct archive *a, const char *words)
{
	worker_say(a->worker,
		   g_strdup_printf("%s: the flight recorder lost packets: %s", a->name, words));
}

/* ---- in the thread ---- */

static void close_file(struct archive *a)
{
	char *error = NULL;

	if (!a->file)
		return;
	uint64_t bytes = pcapng_file_size(a->file);
	if (pcapng_file_close(a->file, &error)) {
		folder_add(a->folder, a->path, bytes);
	} else {
		note_trouble(a, error);
		g_free(error);
	}
	a->file = NULL;
	g_clear_pointer(&a->path, g_free);
}

static void close_old(struct archive *a, uint64_t now_ns)
{
	if (a->file && now_ns > a->file_began &&
	    (now_ns - a->file_began) / 1000000000 >= a->o.file_seconds)
		close_file(a);
}

/* A file with room for n bytes, a new one when the last is full or old. */
static bool have_file(struct archive *a, uint64_t n, uint64_t now_ns)
{
	char *error = NULL;

	close_old(a, now_ns);
	if (a->file && pcapng_file_size(a->file) + n > a->o.file_bytes)
		close_file(a);
	if (!folder_room(a->folder, (a->file ? pcapng_file_size(a->file) : 0) + n)) {
		note_trouble(a, "a session is larger than the whole folder may be (--ring)");
		return false;
	}
	if (a->file)
		return true;
	a->path = folder_next(a->folder, now_ns);
	a->file = pcapng_file_open(a->path, &error);
	a->file_began = now_ns;
	if (a->file) {
		g_mutex_lock(&a->lock);
		a->stats.files++;
		g_mutex_unlock(&a->lock);
		return true;
	}
	note_trouble(a, error);
	g_free(error);
	g_clear_pointer(&a->path, g_free);
	return false;
}

static bool write_section(struct archive *a, const struct archive_section *s, const void *blocks,
			  size_t n)
{
	if (!have_file(a, n, s->time_ns))
		return false;
	pcapng_file_append(a->file, blocks, n);
	if (pcapng_file_mark(a->file))
		return true;
	note_trouble(a, "the disk is full, or it cannot be written");
	return false;
}

static void on_section(const void *bytes, size_t n, void *host)
{
	struct archive *a = host;
	const struct archive_section *s = bytes;
	size_t blocks = n - sizeof(*s);
	bool written = write_section(a, s, &s[1], blocks);

	g_mutex_lock(&a->lock);
	a->waiting -= s->packets;
	a->stats.sessions += written;
	a->stats.packets += written ? s->packets : 0;
	a->stats.bytes += written ? blocks : 0;
	a->stats.failed += written ? 0 : s->packets;
	a->stats.deleted = folder_deleted(a->folder);
	g_mutex_unlock(&a->lock);
}

static void on_asked(void *host)
{
	struct archive *a = host;

	g_mutex_lock(&a->lock);
	bool rotate = a->rotate;
	uint64_t now_ns = a->now_ns;
	a->rotate = false;
	g_mutex_unlock(&a->lock);
	if (rotate)
		close_file(a);
	close_old(a, now_ns);
}

static void on_finish(void *host)
{
	close_file(host);
}

/* ---- in the thread of the recorder ---- */

static void on_lost(const void *bytes, size_t n, void *host)
{
	struct archive *a = host;
	const struct archive_section *s = bytes;

	(void)n;
	g_mutex_lock(&a->lock);
	a->waiting -= s->packets;
	a->stats.failed += s->packets;
	g_mutex_unlock(&a->lock);
}

struct archive *archive_new(const struct archive_options *o, char **error)
{
	static const struct worker_calls calls = {
		.work = on_section,
		.asked = on_asked,
		.finish = on_finish,
		.lost = on_lost,
	};
	struct folder *folder = folder_open(o->folder, o->folder_bytes, error);

	if (!folder)
		return NULL;
	struct archive *a = g_new0(struct archive, 1);
	a->name = g_strdup(o->folder);
	a->o = *o;
	a->folder = folder;
	a->stats.deleted = folder_deleted(folder);
	a->worker = worker_new(WAITING_BYTES, &calls, a);
	g_mutex_init(&a->lock);
	return a;
}

bool archive_start(struct archive *a, char **error)
{
	return worker_start(a->worker, error);
}

void archive_add(struct archive *a, const void *bytes, size_t n)
{
	const struct archive_section *s = bytes;

	g_mutex_lock(&a->lock);
	a->waiting += s->packets;
	g_mutex_unlock(&a->lock);
	worker_give(a->worker, bytes, n);
}

static void ask(struct archive *a, uint64_t now_ns, bool rotate)
{
	g_mutex_lock(&a->lock);
	a->now_ns = MAX(a->now_ns, now_ns);
	a->rotate |= rotate;
	g_mutex_unlock(&a->lock);
	worker_ask(a->worker);
}

void archive_tick(struct archive *a, uint64_t now_ns)
{
	ask(a, now_ns, false);
}

void archive_rotate(struct archive *a)
{
	ask(a, 0, true);
}

char *archive_trouble(struct archive *a)
{
	return worker_news(a->worker, a->name, "recorded sessions");
}

struct archive_stats archive_stats(struct archive *a)
{
	g_mutex_lock(&a->lock);
	struct archive_stats s = a->stats;
	g_mutex_unlock(&a->lock);
	return s;
}

bool archive_close(struct archive *a, unsigned wait_ms, struct archive_stats *stats)
{
	bool done = worker_join(a->worker, g_get_monotonic_time() + (gint64)wait_ms * 1000);

	g_mutex_lock(&a->lock);
	struct archive_stats last = a->stats;
	last.failed += a->waiting;
	g_mutex_unlock(&a->lock);
	if (stats)
		*stats = last;
	if (!done)
		return false; /* the thread still has it all */
	folder_free(a->folder);
	g_mutex_clear(&a->lock);
	g_free(a->name);
	g_free(a);
	return true;
}
