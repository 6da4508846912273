/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * queue.c: records come out whole and in order whatever the reader does; the oldest go when the
 * queue is full; a file is opened anew under its name.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "write/queue.h"

static char *folder;

static int enter(void **state)
{
	(void)state;
	folder = g_dir_make_tmp("smtp365-queue-XXXXXX", NULL);
	return !folder;
}

static int leave(void **state)
{
	(void)state;
	int failed = g_rmdir(folder);
	g_free(folder);
	return failed;
}

static struct queue *open_at(const char *path, size_t limit)
{
	char *error = NULL;
	struct queue *q = queue_open(path, limit, &error);
	if (!q)
		fail_msg("%s", error);
	return q;
}

static char *contents(const char *path)
{
	char *text = NULL;
	assert_true(g_file_get_contents(path, &text, NULL, NULL));
	return text;
}

static void add(struct queue *q, unsigned number, size_t padding)
{
	GString *text = g_string_new(NULL);
	g_string_printf(text, "%06u", number);
	for (size_t i = 0; i < padding; i++)
		g_string_append_c(text, '.');
	g_string_append_c(text, '\n');
	queue_add(q, text->str, text->len);
	g_string_free(text, TRUE);
}

static void file_is_appended_to_and_opened_anew(void **state)
{
	(void)state;
	char *path = g_build_filename(folder, "log", NULL), *old = g_strconcat(path, ".1", NULL);
	char *error = NULL, *text;
	g_file_set_contents(path, "half a li", -1, NULL);
	struct queue *q = open_at(path, QUEUE_BYTES);
	queue_add(q, "one\n", 4);
	assert_int_equal(g_rename(path, old), 0);
	queue_add(q, "two\n", 4);
	assert_true(queue_reopen(q, &error));
	queue_add(q, "three\n", 6);
	assert_int_equal(queue_fd(q), -1);
	assert_true(queue_close(q, 0, NULL));
	text = contents(old); /* what a crash left is ended, so that no record is glued to it */
	assert_string_equal(text, "half a li\none\ntwo\n");
	g_free(text);
	text = contents(path);
	assert_string_equal(text, "three\n");
	g_free(text);
	g_remove(path);
	g_remove(old);
	g_free(path);
	g_free(old);
}

static void folder_gone(void **state)
{
	(void)state;
	char *inside = g_build_filename(folder, "sub", NULL),
	     *path = g_build_filename(inside, "log", NULL);
	char *error = NULL;
	g_mkdir(inside, 0700);
	struct queue *q = open_at(path, QUEUE_BYTES);
	g_remove(path);
	g_rmdir(inside);
	assert_false(queue_reopen(q, &error));
	assert_non_null(strstr(error, path));
	g_free(error);
	queue_add(q, "goes on\n", 8); /* into the old file */
	assert_int_equal(queue_stats(q).written, 1);
	assert_true(queue_close(q, 0, NULL));
	error = NULL;
	assert_null(queue_open(path, QUEUE_BYTES, &error));
	assert_non_null(strstr(error, "--output"));
	g_free(error);
	g_free(path);
	g_free(inside);
}

/* A FIFO whose reader sleeps, then reads everything. */
static void pipe_is_never_waited_for(void **state)
{
	(void)state;
	enum { COUNT = 6000 };
	char *path = g_build_filename(folder, "fifo", NULL);
	assert_int_equal(mkfifo(path, 0600), 0);
	int reader = open(path, O_RDONLY | O_NONBLOCK);
	struct queue *q = open_at(path, 1u << 20);
	for (unsigned i = 0; i < COUNT; i++)
		add(q, i, i % 7 == 0 ? 6000 : 300); /* some do not go into a pipe at once */
	struct queue_stats s = queue_stats(q);
	assert_true(s.dropped > 0);
	assert_true(s.waiting_bytes <= 1u << 20);
	assert_int_equal(s.written + s.waiting + s.dropped, COUNT);
	char *line = queue_trouble(q);
	assert_non_null(strstr(line, "oldest records were dropped"));
	g_free(line);
	assert_null(queue_trouble(q)); /* said once */

	GString *got = g_string_new(NULL);
	char buffer[65536];
	for (unsigned idle = 0; idle < 50;) {
		ssize_t n = read(reader, buffer, sizeof(buffer));
		queue_flush(q);
		idle = n > 0 ? 0 : idle + 1;
		if (n > 0)
			g_string_append_len(got, buffer, n);
	}
	assert_true(queue_close(q, 100, &s));
	ssize_t n;
	while ((n = read(reader, buffer, sizeof(buffer))) > 0)
		g_string_append_len(got, buffer, n);
	char **lines = g_strsplit(got->str, "\n", 0);
	unsigned count = 0, last = 0;
	for (char **l = lines; *l && **l; l++, count++) {
		unsigned number = (unsigned)g_ascii_strtoull(*l, NULL, 10);
		assert_int_equal(strlen(*l), number % 7 == 0 ? 6006 : 306); /* whole */
		assert_true(count == 0 || number > last);		    /* in order, once */
		last = number;
	}
	assert_int_equal(last, COUNT - 1); /* the newest are kept */
	assert_int_equal(count, s.written);
	assert_int_equal(s.written + s.dropped, COUNT);
	g_strfreev(lines);
	g_string_free(got, TRUE);
	close(reader);
	g_remove(path);
	g_free(path);
}

static void reader_that_never_reads(void **state)
{
	(void)state;
	char *path = g_build_filename(folder, "fifo", NULL);
	assert_int_equal(mkfifo(path, 0600), 0);
	int reader = open(path, O_RDONLY | O_NONBLOCK);
	struct queue *q = open_at(path, QUEUE_BYTES);
	struct queue_stats s;
	for (unsigned i = 0; i < 5000; i++)
		add(q, i, 300);
	assert_false(queue_close(q, 10, &s));
	assert_true(s.dropped > 0);
	assert_int_equal(s.written + s.dropped, 5000);
	GString *got = g_string_new(NULL);
	char buffer[65536];
	ssize_t n;
	while ((n = read(reader, buffer, sizeof(buffer))) > 0)
		g_string_append_len(got, buffer, n);
	assert_int_equal(got->len, s.written * 307); /* no half record in the pipe */
	g_string_free(got, TRUE);
	close(reader);
	g_remove(path);
	g_free(path);
}

static void reader_that_leaves(void **state)
{
	(void)state;
	char *path = g_build_filename(folder, "fifo", NULL);
	assert_int_equal(mkfifo(path, 0600), 0);
	int reader = open(path, O_RDONLY | O_NONBLOCK);
	struct queue *q = open_at(path, QUEUE_BYTES);
	char buffer[16] = "";
	queue_add(q, "x\n", 2);
	assert_int_equal(read(reader, buffer, sizeof(buffer)), 2);
	close(reader);
	queue_add(q, "y\n", 2);
	queue_add(q, "z\n", 2);
	queue_flush(q);
	assert_false(queue_gone(q)); /* another one may come */
	assert_int_equal(queue_stats(q).waiting, 2);
	assert_int_equal(queue_fd(q), -1);
	char *line = queue_trouble(q);
	assert_non_null(strstr(line, "capture goes on"));
	g_free(line);
	reader = open(path, O_RDONLY | O_NONBLOCK);
	queue_flush(q);
	assert_int_equal(read(reader, buffer, sizeof(buffer)), 4);
	assert_string_equal(buffer, "y\nz\n");
	assert_true(queue_close(q, 0, NULL));
	close(reader);
	g_remove(path);
	g_free(path);
}

static void device_without_room(void **state)
{
	(void)state;
	if (access("/dev/full", W_OK) != 0)
		skip();
	struct queue *q = open_at("/dev/full", 4096);
	for (unsigned i = 0; i < 100; i++)
		add(q, i, 100);
	char *line = queue_trouble(q);
	assert_non_null(strstr(line, g_strerror(ENOSPC)));
	assert_non_null(strstr(line, "dropped"));
	g_free(line);
	assert_true(queue_stats(q).failures > 0);
	assert_false(queue_close(q, 0, NULL));
}

/* Somebody empties the file again and again, as who makes room on a full disk. */
struct emptier {
	int fd;
	volatile bool stop;
	unsigned rounds, torn; /* torn: times that the file did not begin with a record */
};

/* '0', as of every record, when the file is empty. */
static char first_byte(int fd)
{
	char first = '0';
	return pread(fd, &first, 1, 0) < 0 ? '!' : first;
}

static gpointer empty(gpointer data)
{
	struct emptier *e = data;
	for (; !e->stop; e->rounds++) {
		gint64 until = g_get_monotonic_time() + 2 * G_USEC_PER_SEC;
		while (first_byte(e->fd) == '\0' && g_get_monotonic_time() < until)
			g_usleep(1000); /* zeros stand only until the writer's next call */
		e->torn += first_byte(e->fd) != '0';
		assert_int_equal(ftruncate(e->fd, 0), 0);
		g_usleep(e->rounds % 7);
	}
	return NULL;
}

static void full_file_is_emptied(void **state)
{
	(void)state;
	char *path = g_build_filename(folder, "emptied", NULL);
	struct rlimit old, small;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = (struct rlimit){ .rlim_cur = 1000, .rlim_max = old.rlim_max };
	struct queue *q = open_at(path, 1u << 20);
	struct emptier e = { .fd = open(path, O_RDWR) };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0); /* stands for the end of the disk */
	GThread *thread = g_thread_new(NULL, empty, &e);
	gint64 until = g_get_monotonic_time() + 700000;
	for (unsigned i = 0; g_get_monotonic_time() < until; i++) {
		add(q, i % 1000, 300); /* the records begin with 0 */
		queue_flush(q);
	}
	e.stop = true;
	g_thread_join(thread);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_true(queue_stats(q).failures > 10);
	assert_true(e.rounds > 100);
	assert_int_equal(e.torn, 0);
	queue_close(q, 0, NULL);
	char *text = contents(path);
	assert_true(!*text || (*text == '0' && g_str_has_suffix(text, "\n")));
	g_free(text);
	close(e.fd);
	g_remove(path);
	g_free(path);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(file_is_appended_to_and_opened_anew),
		cmocka_unit_test(folder_gone),
		cmocka_unit_test(pipe_is_never_waited_for),
		cmocka_unit_test(reader_that_never_reads),
		cmocka_unit_test(reader_that_leaves),
		cmocka_unit_test(device_without_room),
		cmocka_unit_test(full_file_is_emptied),
	};
	return cmocka_run_group_tests(tests, enter, leave);
}
