/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests of the arena: pieces never overlap whatever their sizes, numbers are aligned, blocks come
 * back from the pool, and what is too large for it does not stay.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <glib.h>
#include "base/arena.h"

static void test_pieces(void **state)
{
	(void)state;
	struct arena_pool pool = { 0 };
	struct arena a = { 0 };
	char *piece[400];
	for (unsigned i = 0; i < 400; i++) {
		piece[i] = arena_take(&a, &pool, i * 3, i % 2);
		if (i % 2)
			assert_int_equal((uintptr_t)piece[i] & 1, 0);
		memset(piece[i], (int)(i & 0xff), i * 3);
	}
	for (unsigned i = 0; i < 400; i++)
		for (unsigned k = 0; k < i * 3; k++)
			assert_int_equal((unsigned char)piece[i][k], i & 0xff);
	arena_clear(&a, &pool);
	arena_pool_clear(&pool);
	assert_null(pool.spare);
}

static void test_text(void **state)
{
	(void)state;
	struct arena_pool pool = { 0 };
	struct arena a = { 0 };
	const char *first = arena_text(&a, &pool, "EHLO mfp", 4);
	const char *empty = arena_text(&a, &pool, NULL, 0);
	char *large = g_strnfill(100000, 'x');
	const char *copy = arena_text(&a, &pool, large, 100000);
	const char *last = arena_text(&a, &pool, "end", 3);
	assert_string_equal(first, "EHLO");
	assert_string_equal(empty, "");
	assert_string_equal(copy, large);
	assert_string_equal(last, "end");
	g_free(large);
	arena_clear(&a, &pool);
	arena_pool_clear(&pool);
}

static void test_pool(void **state)
{
	(void)state;
	struct arena_pool pool = { 0 };
	struct arena many[3] = { 0 };
	for (unsigned i = 0; i < 3; i++) {
		arena_take(&many[i], &pool, 10, false);
		arena_take(&many[i], &pool, ARENA_BLOCK * 4, false);
	}
	for (unsigned i = 0; i < 3; i++)
		arena_clear(&many[i], &pool);
	assert_int_equal(pool.count, 3); /* the large ones are gone */
	arena_take(&many[0], &pool, 10, false);
	assert_int_equal(pool.count, 2);
	arena_clear(&many[0], &pool);
	for (unsigned i = 0; i < 2 * ARENA_SPARE; i++)
		arena_take(&many[1], &pool, ARENA_BLOCK / 2, false);
	arena_clear(&many[1], &pool);
	assert_int_equal(pool.count, ARENA_SPARE);
	arena_pool_clear(&pool);
	assert_int_equal(pool.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_pool),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
