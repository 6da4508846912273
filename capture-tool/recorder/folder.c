/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lists the folder once, then keeps the list itself: the sandboxed process need not look again.
 * Names: smtp365-YYYYMMDDTHHMMSSZ-NNNNNN.pcapng, time of the first packet and a running number.
 */
#include "recorder/folder.h"
#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define NAME_PATTERN "smtp365-????????T??????Z-??????*.pcapng"
#define PART_PATTERN NAME_PATTERN ".part"

struct entry {
	char *path; /* owned */
	uint64_t bytes;
};

struct folder {
	char *path; /* owned */
	uint64_t most, used;
	uint64_t deleted;
	unsigned number;
	GQueue entries; /* of struct entry, oldest first */
};

static void entry_free(gpointer p)
{
	struct entry *e = p;

	g_free(e->path);
	g_free(e);
}

static int by_name(gconstpointer a, gconstpointer b, gpointer none)
{
	(void)none;
	return strcmp(((const struct entry *)a)->path, ((const struct entry *)b)->path);
}

void folder_add(struct folder *f, const char *path, uint64_t bytes)
{
	struct entry *e = g_new(struct entry, 1);

	e->path = g_strdup(path);
	e->bytes = bytes;
	f->used += bytes;
	g_queue_push_tail(&f->entries, e);
}

/* Take up what earlier runs left; no symbolic links. */
static void take_up(struct folder *f, GDir *d)
{
	const char *name;

	while ((name = g_dir_read_name(d))) {
		char *path = g_build_filename(f->path, name, NULL);
		GStatBuf info;
		if (g_pattern_match_simple(PART_PATTERN, name))
			g_unlink(path);
		else if (g_pattern_match_simple(NAME_PATTERN, name) && g_lstat(path, &info) == 0 &&
			 S_ISREG(info.st_mode))
			folder_add(f, path, (uint64_t)info.st_size);
		g_free(path);
	}
	g_queue_sort(&f->entries, by_name, NULL);
}

struct folder *folder_open(const char *path, uint64_t most, char **error)
{
	GError *wrong = NULL;

	if (g_mkdir(path, 0750) != 0 && errno != EEXIST) {
		*error = g_strdup_printf("%s: the folder cannot be made: %s; name one below a "
					 "folder that is there",
					 path, g_strerror(errno));
		return NULL;
	}
	GDir *d = g_dir_open(path, 0, &wrong);
	if (!d || g_access(path, W_OK) != 0) {
		*error = g_strdup_printf("%s: %s; name a folder that can be written to", path,
					 d ? g_strerror(errno) : wrong->message);
		g_clear_error(&wrong);
		if (d)
			g_dir_close(d);
		return NULL;
	}
	struct folder *f = g_new0(struct folder, 1);
	f->path = g_strdup(path);
	f->most = most;
	take_up(f, d);
	g_dir_close(d);
	folder_room(f, 0);
	return f;
}

void folder_free(struct folder *f)
{
	if (!f)
		return;
	g_queue_clear_full(&f->entries, entry_free);
	g_free(f->path);
	g_free(f);
}

char *folder_next(struct folder *f, uint64_t time_ns)
{
	GDateTime *t = g_date_time_new_from_unix_utc((gint64)(time_ns / 1000000000));
	char *when = t ? g_date_time_format(t, "%Y%m%dT%H%M%SZ") : g_strdup("00000000T000000Z");
	char *path;

	/* Packet time may repeat, between runs too: the number goes on past what is there. */
	do {
		char *name = g_strdup_printf("smtp365-%s-%06u.pcapng", when, ++f->number);
		path = g_build_filename(f->path, name, NULL);
		g_free(name);
		if (!g_file_test(path, G_FILE_TEST_EXISTS | G_FILE_TEST_IS_SYMLINK))
			break;
		g_free(path);
	} while (true);
	g_free(when);
	if (t)
		g_date_time_unref(t);
	return path;
}

bool folder_room(struct folder *f, uint64_t bytes)
{
	if (bytes > f->most)
		return false;
	while (f->used + bytes > f->most && !g_queue_is_empty(&f->entries)) {
		struct entry *e = g_queue_pop_head(&f->entries);
		/* One that somebody else took away makes room as well. */
		if (g_unlink(e->path) == 0 || errno == ENOENT)
			f->deleted++;
		f->used -= e->bytes;
		entry_free(e);
	}
	return true;
}

uint64_t folder_deleted(const struct folder *f)
{
	return f->deleted;
}
