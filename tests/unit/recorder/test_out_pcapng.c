/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests of the flight recorder and of the copy, on captures of the repository: only sessions with
 * findings, from their first frame, in files that our own reader and Wireshark's tools open; no
 * secret and no body in them; the folder bounded whatever comes; trouble said and not fatal.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memmem */
#endif
#include "frames/frames.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <signal.h>
#include <glib.h>
#include <glib/gstdio.h>
#include "recorder/copy.h"
#include "smtp365.h"

static const uint16_t watched[] = { 25, 465, 587, 2525 };
static char *folder;

/* One run over a capture, as live.c does it. */
struct play {
	struct recorder *recorder;
	struct comments *comments;
	unsigned sessions, with_findings;
	uint32_t first_frame;
	uint32_t base; /* frames of the plays before: a live capture counts on */
};

static void on_session(const struct verdict *v, void *host)
{
	struct play *p = host;

	p->sessions++;
	if (v->m365 && v->finding_count > 0) {
		if (p->with_findings++ == 0)
			p->first_frame = v->first_frame;
	}
	if (p->recorder)
		recorder_verdict(p->recorder, v);
	if (p->comments)
		comments_add(p->comments, v);
}

static char *capture(const char *name)
{
	char *path = g_build_filename(SMTP365_PCAPS, name, NULL);

	assert_true(g_file_test(path, G_FILE_TEST_EXISTS));
	return path;
}

static void play(struct play *p, const char *path)
{
	static const struct smtp365_options o;
	char *error = NULL;
	struct source *s = source_open_file(path, NULL, &error);
	struct smtp365 *engine = smtp365_new(&o, on_session, p, &error);
	struct source_packet k;
	struct packet_item item;

	assert_non_null(s);
	struct packet *reader = packet_new(source_dlt(s));
	while (source_next(s, &k) == SOURCE_PACKET) {
		k.frame += p->base;
		packet_read(reader, k.time_ns, k.frame, k.data, k.caplen, k.len, &item);
		if (p->recorder)
			recorder_packet(p->recorder, &k, 0, &item);
		if (item.kind == PACKET_SEGMENT)
			smtp365_segment(engine, &item.segment);
		else if (item.kind == PACKET_DATAGRAM)
			smtp365_datagram(engine, &item.datagram);
		else if (item.kind == PACKET_ICMP)
			smtp365_icmp(engine, &item.icmp);
	}
	p->base += source_frames(s);
	smtp365_finish(engine);
	smtp365_free(engine);
	packet_free(reader);
	source_close(s);
}

static struct recorder_options options(void)
{
	return (struct recorder_options){ .folder = folder, .ports = watched, .port_count = 4 };
}

static gint by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Names in the folder, sorted. */
static GPtrArray *names(void)
{
	GPtrArray *out = g_ptr_array_new_with_free_func(g_free);
	GDir *d = g_dir_open(folder, 0, NULL);
	const char *name;

	while (d && (name = g_dir_read_name(d)))
		g_ptr_array_add(out, g_strdup(name));
	if (d)
		g_dir_close(d);
	g_ptr_array_sort(out, by_name);
	return out;
}

static uint64_t folder_bytes(void)
{
	GPtrArray *all = names();
	uint64_t sum = 0;

	for (guint i = 0; i < all->len; i++) {
		GStatBuf info;
		char *path = g_build_filename(folder, all->pdata[i], NULL);
		sum += g_stat(path, &info) == 0 ? (uint64_t)info.st_size : 0;
		g_free(path);
	}
	g_ptr_array_free(all, TRUE);
	return sum;
}

static char *only_file(void)
{
	GPtrArray *all = names();

	assert_int_equal(all->len, 1);
	assert_true(g_str_has_suffix(all->pdata[0], ".pcapng"));
	char *path = g_build_filename(folder, all->pdata[0], NULL);
	g_ptr_array_free(all, TRUE);
	return path;
}

static unsigned frames_in(const char *path)
{
	char *error = NULL;
	struct source *s = source_open_file(path, NULL, &error);
	struct source_packet k;
	int state;

	if (!s)
		fail_msg("%s", error);
	while ((state = source_next(s, &k)) == SOURCE_PACKET)
		assert_true(k.caplen <= k.len);
	assert_int_equal(state, SOURCE_END);
	unsigned n = source_frames(s);
	source_close(s);
	return n;
}

static bool holds(const char *path, const char *text)
{
	char *data;
	gsize n;

	assert_true(g_file_get_contents(path, &data, &n, NULL));
	bool found = memmem(data, n, text, strlen(text)) != NULL;
	g_free(data);
	return found;
}

/* What a program of Wireshark prints about the file; NULL when it is not installed. */
static char *ask(const char *program, const char *arguments, const char *path)
{
	char *found = g_find_program_in_path(program), *out = NULL, *said = NULL;
	int status = 0;

	if (!found)
		return NULL;
	char *line = g_strdup_printf("%s %s '%s'", found, arguments, path);
	assert_true(g_spawn_command_line_sync(line, &out, &said, &status, NULL));
	if (status != 0 || strstr(said, "damaged") || strstr(said, "cut short"))
		fail_msg("%s: %s", line, said);
	g_free(line);
	g_free(said);
	g_free(found);
	return out;
}

static void test_session_with_findings(void **state)
{
	struct recorder_options o = options();
	struct play p = { 0 };
	char *error = NULL, *path = capture("starttls-masked-asa.pcapng");

	(void)state;
	o.command = "-i eth1";
	o.interfaces = (const char *const[]){ "eth1", NULL };
	p.recorder = recorder_new(&o, &error);
	assert_non_null(p.recorder);
	play(&p, path);
	struct recorder_stats s = recorder_stats(p.recorder);
	assert_int_equal(s.sessions, p.with_findings);
	assert_int_equal(s.incomplete, 0);
	assert_int_equal(s.failed, 0);
	/* Not complete yet, and its name says so. */
	GPtrArray *all = names();
	assert_int_equal(all->len, 1);
	assert_true(g_str_has_suffix(all->pdata[0], ".pcapng.part"));
	g_ptr_array_free(all, TRUE);
	recorder_free(p.recorder);
	char *file = only_file();
	assert_int_equal(frames_in(file), s.packets);
	assert_true(holds(file, "starttls.masked"));
	assert_true(holds(file, "-i eth1"));
	char *said = ask("capinfos", "-M -c -T", file);
	g_free(said);
	said = ask("tshark", "-n -T fields -e frame.comment -e frame.interface_name -r", file);
	if (said) {
		assert_non_null(strstr(said, "(the cause)"));
		assert_non_null(strstr(said, "eth1"));
	}
	g_free(said);
	g_free(file);
	g_free(path);
}

/* A session without findings leaves nothing, not even a file. */
static void test_nothing_to_record(void **state)
{
	struct recorder_options o = options();
	struct play p = { 0 };
	char *error = NULL, *path = capture("starttls-masked-asa.pcapng");

	(void)state;
	o.least = SEVERITY_CRITICAL + 1;
	p.recorder = recorder_new(&o, &error);
	play(&p, path);
	assert_int_equal(recorder_stats(p.recorder).sessions, 0);
	assert_true(recorder_stats(p.recorder).held_bytes > 0);
	recorder_free(p.recorder);
	GPtrArray *all = names();
	assert_int_equal(all->len, 0);
	g_ptr_array_free(all, TRUE);
	g_free(path);
}

/* Of other servers' sessions only what is grave, unless --all is given. */
static void test_other_servers(void **state)
{
	static const struct {
		const char *capture;
		bool all;
		unsigned recorded;
	} rows[] = {
		{ "auth-clear-plain-port25.pcapng", false, 1 },
		{ "helo-accepted.pcapng", false, 0 },
		{ "helo-accepted.pcapng", true, 1 },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct recorder_options o = options();
		struct play p = { 0 };
		char *error = NULL, *path = capture(rows[i].capture);

		o.least = SEVERITY_LOW;
		o.all = rows[i].all;
		p.recorder = recorder_new(&o, &error);
		play(&p, path);
		assert_int_equal(p.with_findings, 0); /* it is none of Microsoft 365 */
		assert_int_equal(recorder_stats(p.recorder).sessions, rows[i].recorded);
		recorder_free(p.recorder);
		g_free(path);
	}
}

/* Sessions with a password in clear are the ones that are recorded; it must not be in the file. */
static void test_no_secrets(void **state)
{
	static const char *const captures[] = { "auth-535-over-clear.pcapng",
						"auth-attempt-before-tls.pcapng" };
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(captures); i++) {
		struct recorder_options o = options();
		struct play p = { 0 };
		char *error = NULL, *path = capture(captures[i]), *data;
		gsize n;

		o.all = o.bodies = true;
		p.recorder = recorder_new(&o, &error);
		play(&p, path);
		recorder_free(p.recorder);
		char *file = only_file();
		assert_true(holds(file, "AUTH "));
		/* Every base64 word of 8 characters or more behind AUTH in the original. */
		assert_true(g_file_get_contents(path, &data, &n, NULL));
		for (char *at = data; (at = memmem(at, n - (gsize)(at - data), "AUTH ", 5));
		     at += 5) {
			char *end = memchr(at, '\r', MIN(200, n - (gsize)(at - data)));
			char *line = end ? g_strndup(at, (gsize)(end - at)) : NULL;
			char **words = line ? g_strsplit(line, " ", 3) : NULL;
			if (words && g_strv_length(words) == 3 && strlen(words[2]) >= 8 &&
			    strcmp(words[1], "PLAIN") == 0)
				assert_false(holds(file, words[2]));
			g_strfreev(words);
			g_free(line);
		}
		assert_false(holds(file, "\r\nUGFz"));
		g_unlink(file);
		g_free(data);
		g_free(file);
		g_free(path);
	}
}

static void test_rotation_and_bound(void **state)
{
	struct recorder_options o = options();
	struct play p = { 0 };
	char *error = NULL, *path = capture("starttls-masked-asa.pcapng");

	(void)state;
	o.folder_bytes = 40000;
	o.file_bytes = 8000;
	p.recorder = recorder_new(&o, &error);
	for (unsigned i = 0; i < 60; i++) {
		play(&p, path);
		assert_true(folder_bytes() <= 40000);
	}
	struct recorder_stats s = recorder_stats(p.recorder);
	assert_int_equal(s.sessions, p.with_findings);
	assert_true(s.deleted > 0 && s.files > s.deleted);
	recorder_rotate(p.recorder);
	recorder_free(p.recorder);
	GPtrArray *all = names();
	assert_true(all->len >= 4);
	for (guint i = 0; i < all->len; i++) {
		char *file = g_build_filename(folder, all->pdata[i], NULL);
		assert_true(g_str_has_suffix(file, ".pcapng"));
		assert_true(frames_in(file) > 0);
		g_free(file);
	}
	g_ptr_array_free(all, TRUE);
	/* A later run counts what is there, takes away what a killed one left, nothing else. */
	char *mine = g_build_filename(folder, "notes.txt", NULL);
	char *left = g_build_filename(folder, "smtp365-20260101T000000Z-000001.pcapng.part", NULL);
	assert_true(g_file_set_contents(mine, "x", 1, NULL));
	assert_true(g_file_set_contents(left, "x", 1, NULL));
	o.folder_bytes = 9000;
	p.recorder = recorder_new(&o, &error);
	assert_true(folder_bytes() <= 9001);
	assert_true(g_file_test(mine, G_FILE_TEST_EXISTS));
	assert_false(g_file_test(left, G_FILE_TEST_EXISTS));
	recorder_free(p.recorder);
	g_free(mine);
	g_free(left);
	g_free(path);
}

static void test_old_file_is_closed(void **state)
{
	struct recorder_options o = options();
	struct play p = { 0 };
	char *error = NULL, *path = capture("starttls-masked-asa.pcapng");

	(void)state;
	o.file_seconds = 60;
	p.recorder = recorder_new(&o, &error);
	play(&p, path);
	recorder_tick(p.recorder, 1); /* a clock that stands behind closes nothing */
	GPtrArray *all = names();
	assert_true(g_str_has_suffix(all->pdata[0], ".part"));
	g_ptr_array_free(all, TRUE);
	recorder_tick(p.recorder, UINT64_MAX);
	g_free(only_file());
	recorder_free(p.recorder);
	g_free(path);
}

/* A full disk, played by a limit on file size: said once, nothing half left, and it goes on. */
static void test_full_disk(void **state)
{
	struct recorder_options o = options();
	struct play p = { 0 };
	char *error = NULL, *path = capture("starttls-masked-asa.pcapng");
	struct rlimit before, small;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	p.recorder = recorder_new(&o, &error);
	play(&p, path);
	uint64_t whole = recorder_stats(p.recorder).packets;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	small.rlim_cur = folder_bytes() + 100;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	play(&p, path);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(recorder_stats(p.recorder).packets, whole);
	assert_true(recorder_stats(p.recorder).failed > 0);
	char *trouble = recorder_trouble(p.recorder);
	assert_non_null(strstr(trouble, "disk is full"));
	g_free(trouble);
	assert_null(recorder_trouble(p.recorder));
	play(&p, path);
	assert_int_equal(recorder_stats(p.recorder).packets, 2 * whole);
	recorder_free(p.recorder);
	char *file = only_file();
	assert_int_equal(frames_in(file), 2 * whole);
	g_free(file);
	g_free(path);
}

/* Memory too small for the session: what is left is written and counted as incomplete. */
static void test_pushed_out(void **state)
{
	struct recorder_options o = options();
	struct recorder_stats s;
	struct play p = { 0 };
	char *error = NULL, *path = capture("starttls-masked-asa.pcapng");

	(void)state;
	o.memory_bytes = 1;
	p.recorder = recorder_new(&o, &error);
	play(&p, path);
	s = recorder_stats(p.recorder);
	assert_true(s.held_bytes <= 65536 * 5 / 4);
	recorder_free(p.recorder);
	g_free(path);
}

static void test_bad_folders(void **state)
{
	struct recorder_options o = options();
	char *error = NULL;

	(void)state;
	o.folder = "/nowhere/at/all";
	assert_null(recorder_new(&o, &error));
	assert_non_null(strstr(error, "/nowhere/at/all: "));
	assert_null(strchr(error, '\n'));
	g_clear_pointer(&error, g_free);
	o.folder = "/dev/null";
	assert_null(recorder_new(&o, &error));
	assert_non_null(error);
	g_free(error);
}

static void test_copy(void **state)
{
	struct recorder_options o = options();
	struct play p = { .comments = comments_new(false) };
	char *error = NULL, *path = capture("auth-535-over-clear.pcapng");
	char *out = g_build_filename(folder, "copy.pcapng", NULL);

	(void)state;
	play(&p, path);
	assert_true(pcapng_copy(path, NULL, 0, out, p.comments, &o, &error));
	assert_int_equal(frames_in(out), frames_in(path));
	assert_non_null(comments_of(p.comments, p.first_frame));
	assert_null(comments_of(p.comments, UINT32_MAX));
	char *said = ask("tshark", "-n -T fields -e frame.comment -r", out);
	if (said)
		assert_non_null(strstr(said, "(the cause)"));
	g_free(said);
	g_free(ask("capinfos", "-M", out));
	assert_true(pcapng_copy(path, "tcp", 3, out, p.comments, &o, &error));
	assert_int_equal(frames_in(out), 3);
	/* Trouble in words. */
	assert_true(pcapng_copy_check(path, out, &error));
	assert_false(pcapng_copy_check("-", out, &error));
	assert_non_null(strstr(error, "cannot be read twice"));
	g_clear_pointer(&error, g_free);
	assert_false(pcapng_copy(path, NULL, 0, "/nowhere/x.pcapng", p.comments, &o, &error));
	assert_non_null(strstr(error, "/nowhere/x.pcapng"));
	g_clear_pointer(&error, g_free);
	assert_false(pcapng_copy("/nowhere.pcap", NULL, 0, out, p.comments, &o, &error));
	g_clear_pointer(&error, g_free);
	comments_free(p.comments);
	g_free(out);
	g_free(path);
}

/* The words that no output may hold, as the captures' stories list them, each also in base64. */
static GPtrArray *secret_words(const char *pcaps)
{
	GPtrArray *out = g_ptr_array_new_with_free_func(g_free);
	char *stories = g_build_filename(pcaps, "stories", NULL);
	GDir *d = g_dir_open(stories, 0, NULL);
	const char *name;

	while (d && (name = g_dir_read_name(d))) {
		char *path = g_build_filename(stories, name, NULL), *text = NULL;
		if (g_str_has_prefix(name, "secrets") &&
		    g_file_get_contents(path, &text, NULL, NULL)) {
			char **lines = g_strsplit(text, "\n", -1);
			for (char **l = lines; *l; l++)
				if (**l && **l != '#')
					g_ptr_array_add(out, g_strdup(g_strstrip(*l)));
			g_strfreev(lines);
		}
		g_free(text);
		g_free(path);
	}
	if (d)
		g_dir_close(d);
	g_free(stories);
	for (guint i = out->len; i > 0; i--) {
		const char *word = out->pdata[i - 1];
		g_ptr_array_add(out, g_base64_encode((const guchar *)word, strlen(word)));
	}
	g_ptr_array_add(out, g_strdup("SECRET"));
	return out;
}

static unsigned copy_and_look(const char *path, const GPtrArray *words, bool bodies)
{
	struct recorder_options o = options();
	struct comments *none = comments_new(false);
	char *out = g_build_filename(folder, "copy.pcapng", NULL), *error = NULL;

	o.bodies = bodies;
	bool copied = pcapng_copy(path, NULL, 0, out, none, &o, &error);
	for (guint i = 0; copied && i < words->len; i++)
		if (holds(out, words->pdata[i]))
			fail_msg("%s: the copy holds \"%.6s...\"", path, (char *)words->pdata[i]);
	g_free(error); /* captures that are damaged on purpose */
	g_free(out);
	comments_free(none);
	return copied;
}

/* Every capture there is, the hostile ones too, without message bodies and with them. */
static void test_no_secret_of_any_capture(void **state)
{
	char *pcaps = g_strdup(SMTP365_PCAPS);
	static const char *const parts[] = { ".", "hostile" };
	GPtrArray *words = secret_words(pcaps);
	unsigned copied = 0;

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
		char *part = g_build_filename(pcaps, parts[i], NULL);
		GDir *d = g_dir_open(part, 0, NULL);
		const char *name;
		while (d && (name = g_dir_read_name(d))) {
			char *path = g_build_filename(part, name, NULL);
			if (strstr(name, ".pcap"))
				copied += copy_and_look(path, words, false);
			/* The login in the data of a BDAT is the text of a message: kept then. */
			if (strstr(name, ".pcap") && strcmp(name, "bdat-lies.pcapng"))
				copied += copy_and_look(path, words, true);
			g_free(path);
		}
		if (d)
			g_dir_close(d);
		g_free(part);
	}
	print_message("%u copies made, %u words looked for\n", copied, words->len);
	g_ptr_array_free(words, TRUE);
	g_free(pcaps);
}

static int make_folder(void **state)
{
	(void)state;
	folder = g_dir_make_tmp("smtp365-recorder-XXXXXX", NULL);
	return folder ? 0 : -1;
}

static int remove_folder(void **state)
{
	GPtrArray *all = names();

	(void)state;
	for (guint i = 0; i < all->len; i++) {
		char *path = g_build_filename(folder, all->pdata[i], NULL);
		g_unlink(path);
		g_free(path);
	}
	g_ptr_array_free(all, TRUE);
	g_rmdir(folder);
	g_free(folder);
	return 0;
}

#define RECORDER_TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RECORDER_TEST(test_session_with_findings),
		RECORDER_TEST(test_nothing_to_record),
		RECORDER_TEST(test_other_servers),
		RECORDER_TEST(test_no_secrets),
		RECORDER_TEST(test_rotation_and_bound),
		RECORDER_TEST(test_old_file_is_closed),
		RECORDER_TEST(test_full_disk),
		RECORDER_TEST(test_pushed_out),
		RECORDER_TEST(test_bad_folders),
		RECORDER_TEST(test_copy),
		RECORDER_TEST(test_no_secret_of_any_capture),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
