/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plugin's book of a capture: sessions by number, by frame, by ends and by evidence, verdicts
 * that come again, and whether two books are of one file.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "plugin/book.h"

static const struct address client = { 4, { 10, 1, 2, 30 } }, server = { 4, { 52, 96, 165, 18 } };

/* Session n from `first` to `last`, with a finding on each of two frames. */
static struct verdict session(unsigned n, uint32_t first, uint32_t last, struct finding f[2])
{
	f[0] = (struct finding){ .id = "a", .frames = { first, last }, .frame_count = 2 };
	f[1] = (struct finding){ .id = "b", .frames = { last }, .frame_count = 1 };
	return (struct verdict){
		.session = n,
		.client_ip = client,
		.server_ip = server,
		.client_port = 50000,
		.server_port = 587,
		.first_frame = first,
		.last_frame = last,
		.findings = f,
		.finding_count = 2,
		.cause = &f[0],
	};
}

static void add(struct book *b, unsigned n, uint32_t first, uint32_t last)
{
	struct finding f[2];
	struct verdict v = session(n, first, last, f);
	book_add(b, &v, false);
}

static void an_empty_book(void **state)
{
	struct book *b = book_new();
	(void)state;
	assert_int_equal(book_last(b), 0);
	assert_int_equal(book_count(b), 0);
	assert_null(book_verdict(b, 0));
	assert_null(book_verdict(b, 1));
	assert_int_equal(book_session(b, 7), 0);
	assert_null(book_evidence(b, 7));
	assert_int_equal(book_between(b, 7, &client, 50000, &server, 587), 0);
	book_free(b);
	book_free(NULL);
}

/* Sessions conclude in any order; one that is told again while it is open counts once. */
static void verdicts_by_number(void **state)
{
	struct book *b = book_new();
	(void)state;
	add(b, 3, 30, 39);
	add(b, 1, 10, 19);
	assert_int_equal(book_last(b), 3);
	assert_int_equal(book_count(b), 2);
	assert_null(book_verdict(b, 2));
	assert_int_equal(book_verdict(b, 3)->first_frame, 30);
	add(b, 1, 10, 25);
	assert_int_equal(book_count(b), 2);
	assert_int_equal(book_verdict(b, 1)->last_frame, 25);
	assert_int_equal(book_between(b, 22, &client, 50000, &server, 587), 1);
	book_free(b);
}

static void frames_and_evidence(void **state)
{
	struct book *b = book_new();
	(void)state;
	book_frame(b, 5, 2);
	book_frame(b, 1000000, 7);
	assert_int_equal(book_session(b, 5), 2);
	assert_int_equal(book_session(b, 6), 0);
	assert_int_equal(book_session(b, 1000000), 7);
	assert_int_equal(book_session(b, UINT32_MAX), 0);

	add(b, 1, 10, 19);
	const struct book_evidence *e = book_evidence(b, 19); /* two findings, one session */
	assert_non_null(e);
	assert_int_equal(e->session, 1);
	assert_null(e->next);
	for (unsigned n = 2; n < 40; n++) /* one frame may prove something for thousands */
		add(b, n, 10, 100 + n);
	unsigned count = 0;
	for (e = book_evidence(b, 10); e; e = e->next)
		assert_int_equal(e->session, ++count);
	assert_int_equal(count, 16);
	book_free(b);
}

/* The same ends are used again: the frame tells which session it was; between them is none. */
static void ends_used_again(void **state)
{
	struct book *b = book_new();
	(void)state;
	add(b, 1, 10, 19);
	add(b, 2, 30, 39);
	for (int turned = 0; turned < 2; turned++) {
		const struct address *x = turned ? &server : &client,
				     *y = turned ? &client : &server;
		uint16_t xp = turned ? 587 : 50000, yp = turned ? 50000 : 587;
		assert_int_equal(book_between(b, 9, x, xp, y, yp), 0);
		assert_int_equal(book_between(b, 10, x, xp, y, yp), 1);
		assert_int_equal(book_between(b, 19, x, xp, y, yp), 1);
		assert_int_equal(book_between(b, 25, x, xp, y, yp), 0);
		assert_int_equal(book_between(b, 35, x, xp, y, yp), 2);
		assert_int_equal(book_between(b, 40, x, xp, y, yp), 0);
		assert_int_equal(book_between(b, 35, x, (uint16_t)(xp + 1), y, yp), 0);
	}
	assert_int_equal(book_between(b, 35, &client, 587, &server, 50000), 0);
	book_free(b);
}

static void lookups_have_no_ends(void **state)
{
	struct book *b = book_new();
	struct finding f[2];
	struct verdict v = session(1, 10, 19, f);
	(void)state;
	v.lookup_only = true;
	book_add(b, &v, false);
	assert_int_equal(book_count(b), 1);
	assert_int_equal(book_between(b, 12, &client, 50000, &server, 587), 0);
	book_free(b);
}

/* The mark of a frame depends on all before it. */
static void the_same_file_again(void **state)
{
	struct book *a = book_new(), *b = book_new(), *c = book_new();
	(void)state;
	for (uint32_t i = 1; i <= 100; i++) {
		book_mark(a, i, i * 1000, 60);
		book_mark(b, i, i * 1000, 60);
		book_mark(c, i, i * 1000, i == 50 ? 61 : 60);
		assert_true(book_same(a, b, i));
		assert_int_equal(book_same(a, c, i), i < 50);
	}
	assert_false(book_same(a, b, 101));
	book_free(a);
	book_free(b);
	book_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_book),	cmocka_unit_test(verdicts_by_number),
		cmocka_unit_test(frames_and_evidence),	cmocka_unit_test(ends_used_again),
		cmocka_unit_test(lookups_have_no_ends), cmocka_unit_test(the_same_file_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
