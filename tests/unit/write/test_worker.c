/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * worker.c: items are done in order, one that hangs never holds up the giver, the oldest go when
 * the list is full, and the end waits no longer than it was told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <glib.h>
#include <string.h>
#include <unistd.h>
#include "write/worker.h"

/* A place where the thread can be held up. */
struct place {
	GMutex gate;
	GMutex lock; /* for what follows */
	GString *seen;
	unsigned asked, idle, finished;
	GString *lost; /* of the giver's thread */
};

static struct place place;

static void on_work(const void *bytes, size_t n, void *host)
{
	struct place *p = host;
	g_mutex_lock(&p->gate);
	g_mutex_unlock(&p->gate);
	g_mutex_lock(&p->lock);
	g_string_append_len(p->seen, bytes, (gssize)n);
	g_mutex_unlock(&p->lock);
}

static void count(unsigned *what)
{
	g_mutex_lock(&place.lock);
	(*what)++;
	g_mutex_unlock(&place.lock);
}

static void on_asked(void *host)
{
	count(&((struct place *)host)->asked);
}

static int on_idle(void *host)
{
	count(&((struct place *)host)->idle);
	return -1;
}

static void on_finish(void *host)
{
	count(&((struct place *)host)->finished);
}

static void on_lost(const void *bytes, size_t n, void *host)
{
	g_string_append_len(((struct place *)host)->lost, bytes, (gssize)n);
}

static const struct worker_calls calls = { on_work, on_asked, on_idle, on_finish, on_lost };

static int enter(void **state)
{
	(void)state;
	memset(&place, 0, sizeof(place));
	g_mutex_init(&place.gate);
	g_mutex_init(&place.lock);
	place.seen = g_string_new(NULL);
	place.lost = g_string_new(NULL);
	return 0;
}

static int leave(void **state)
{
	(void)state;
	g_string_free(place.seen, TRUE);
	g_string_free(place.lost, TRUE);
	return 0;
}

static void start(struct worker *w)
{
	char *error = NULL;
	if (!worker_start(w, &error))
		fail_msg("%s", error);
}

static gint64 in_ms(unsigned ms)
{
	return g_get_monotonic_time() + (gint64)ms * 1000;
}

static bool becomes(const unsigned *what, unsigned wanted)
{
	for (gint64 until = in_ms(5000); g_get_monotonic_time() < until; g_usleep(1000)) {
		g_mutex_lock(&place.lock);
		bool is = *what >= wanted;
		g_mutex_unlock(&place.lock);
		if (is)
			return true;
	}
	return false;
}

static void in_place_without_a_thread(void **state)
{
	(void)state;
	struct worker *w = worker_new(1, &calls, &place);
	worker_give(w, "a", 1);
	worker_give(w, "bc", 2);
	worker_ask(w);
	assert_string_equal(place.seen->str, "abc");
	assert_int_equal(place.asked, 1);
	assert_true(worker_join(w, 0));
	assert_int_equal(place.finished, 1);
}

static void in_order_in_the_thread(void **state)
{
	(void)state;
	struct worker *w = worker_new(1u << 20, &calls, &place);
	GString *wanted = g_string_new(NULL);
	start(w);
	for (unsigned i = 0; i < 2000; i++) {
		char text[16];
		g_snprintf(text, sizeof(text), "%u,", i);
		worker_give(w, text, strlen(text));
		g_string_append(wanted, text);
	}
	worker_ask(w);
	assert_true(becomes(&place.asked, 1));
	assert_true(becomes(&place.idle, 3)); /* also while nothing comes */
	assert_true(worker_join(w, in_ms(5000)));
	assert_string_equal(place.seen->str, wanted->str);
	assert_int_equal(place.finished, 1);
	g_string_free(wanted, TRUE);
}

static void one_that_hangs(void **state)
{
	(void)state;
	struct worker *w = worker_new(1000, &calls, &place);
	g_mutex_lock(&place.gate);
	start(w);
	worker_give(w, "first ", 6);
	for (gint64 until = in_ms(5000);
	     worker_stats(w).waiting > 0 && g_get_monotonic_time() < until;)
		g_usleep(1000);
	gint64 before = g_get_monotonic_time();
	for (char c = 'a'; c <= 'z'; c++)
		worker_give(w, &c, 1);
	assert_true(g_get_monotonic_time() - before < 3 * G_USEC_PER_SEC);
	struct worker_stats s = worker_stats(w);
	assert_true(s.dropped > 0 && s.waiting_bytes <= 1000);
	assert_int_equal(s.dropped + s.waiting, 26);
	assert_int_equal(place.lost->len, s.dropped);
	assert_true(g_str_has_prefix(place.lost->str, "abc")); /* the oldest */
	char *line = worker_news(w, "/srv/log", "records");
	assert_non_null(strstr(line, "/srv/log: "));
	assert_non_null(strstr(line, "oldest records were dropped"));
	g_free(line);
	assert_null(worker_news(w, "/srv/log", "records")); /* once */
	g_usleep(3200 * 1000);
	line = worker_news(w, "/srv/log", "records");
	assert_non_null(strstr(line, "has not answered for "));
	assert_non_null(strstr(line, "seconds; capture goes on, records wait"));
	g_free(line);
	assert_false(worker_join(w, in_ms(50))); /* the end does not wait for it */
	assert_int_equal(worker_stats(w).waiting, s.waiting);
	g_mutex_unlock(&place.gate);
	assert_true(worker_join(w, in_ms(5000)));
	assert_true(g_str_has_prefix(place.seen->str, "first "));
	assert_true(g_str_has_suffix(place.seen->str, "xyz"));
	assert_int_equal(place.seen->len, 6 + s.waiting);
}

static void the_newest_is_always_kept(void **state)
{
	(void)state;
	struct worker *w = worker_new(0, &calls, &place);
	g_mutex_lock(&place.gate);
	start(w);
	worker_give(w, "-", 1);
	for (gint64 until = in_ms(5000);
	     worker_stats(w).waiting > 0 && g_get_monotonic_time() < until;)
		g_usleep(1000);
	worker_give(w, "old", 3);
	worker_give(w, "new", 3);
	g_mutex_unlock(&place.gate);
	assert_true(worker_join(w, in_ms(5000)));
	assert_string_equal(place.seen->str, "-new");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(in_place_without_a_thread, enter, leave),
		cmocka_unit_test_setup_teardown(in_order_in_the_thread, enter, leave),
		cmocka_unit_test_setup_teardown(one_that_hangs, enter, leave),
		cmocka_unit_test_setup_teardown(the_newest_is_always_kept, enter, leave),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
