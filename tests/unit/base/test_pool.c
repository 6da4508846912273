/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests of the pool: things never overlap, each is all zero and aligned, also when it was used
 * before, and what is given back is taken again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/pool.h"

#define THINGS 1000u

static void assert_zero(const unsigned char *thing, size_t size)
{
	for (size_t i = 0; i < size; i++)
		assert_int_equal(thing[i], 0);
}

static void test_things(void **state)
{
	static const size_t sizes[] = { sizeof(void *), 104, 376, 1000, 4000 };
	unsigned char *thing[THINGS];

	(void)state;
	for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
		struct pool pool = { 0 };
		for (unsigned round = 0; round < 3; round++) {
			for (unsigned i = 0; i < THINGS; i++) {
				thing[i] = pool_take(&pool, sizes[k]);
				assert_int_equal((uintptr_t)thing[i] % 16, 0);
				assert_zero(thing[i], sizes[k]);
				memset(thing[i], (int)(i & 0x7f) | 0x80, sizes[k]);
			}
			for (unsigned i = 0; i < THINGS; i++) {
				assert_int_equal(thing[i][0], (i & 0x7f) | 0x80);
				assert_int_equal(thing[i][sizes[k] - 1], (i & 0x7f) | 0x80);
			}
			for (unsigned i = 0; i < THINGS; i++) /* in another order than taken */
				pool_give(&pool, thing[i * 7 % THINGS]);
		}
		pool_clear(&pool);
	}
}

static void test_nothing(void **state)
{
	struct pool pool = { 0 };

	(void)state;
	pool_give(&pool, NULL);
	pool_clear(&pool);
	assert_null(pool.blocks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_things),
		cmocka_unit_test(test_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
