/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The borrowed view: every reader at its last byte and one past it, against an unreadable page;
 * bad stays bad; vectors that lie about their length.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>
#include "bytes.h"

static uint8_t *edge; /* the bytes before it can be read, it can not */

static int map_edge(void **state)
{
	(void)state;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t *map =
		mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED || mprotect(map + page, page, PROT_NONE))
		return -1;
	edge = map + page;
	return 0;
}

static struct bytes view(const void *p, size_t n)
{
	memcpy(edge - n, p, n);
	return bytes_of(edge - n, n);
}

static void test_numbers(void **state)
{
	(void)state;
	struct bytes b = view("\x01\x02\x03\x04\x05\x06\x07\x08\xff\xfe", 10);
	assert_int_equal(bytes_u8(&b), 1);
	assert_int_equal(bytes_u16(&b), 0x0203);
	assert_int_equal(bytes_u24(&b), 0x040506);
	assert_true(bytes_u32(&b) == 0x0708fffeu);
	assert_false(b.bad);
	assert_int_equal(bytes_left(&b), 0);
}

/* One byte too few: 0, bad, and it stays so although a smaller read would fit. */
static void test_short(void **state)
{
	(void)state;
	for (unsigned width = 1; width <= 4; width++) {
		struct bytes b = view("\xff\xff\xff\xff", width - 1);
		uint32_t n = width == 1	  ? bytes_u8(&b)
			     : width == 2 ? bytes_u16(&b)
			     : width == 3 ? bytes_u24(&b)
					  : bytes_u32(&b);
		assert_int_equal(n, 0);
		assert_true(b.bad);
		assert_int_equal(bytes_u8(&b), 0);
		assert_int_equal(bytes_left(&b), 0);
		assert_int_equal(bytes_peek(&b, 0), 0);
		assert_int_equal(bytes_find(&b, 0xff), -1);
		assert_true(bytes_take(&b, 0).bad);
	}
}

static void test_empty(void **state)
{
	(void)state;
	struct bytes b = bytes_of(NULL, 0);
	assert_int_equal(bytes_left(&b), 0);
	assert_int_equal(bytes_find(&b, 'x'), -1);
	assert_true(bytes_equal(b, view("", 0)));
	assert_true(bytes_starts(&b, "x", 0));
	assert_false(bytes_starts(&b, "x", 1));
	assert_int_equal(bytes_left(&(struct bytes){ 0 }), 0);
	b = bytes_trim(b);
	assert_false(bytes_take(&b, 0).bad);
	assert_false(b.bad);
	assert_true(bytes_take(&b, 1).bad);
	assert_true(b.bad);
}

static void test_take(void **state)
{
	(void)state;
	struct bytes b = view("abcdef", 6), cut = bytes_take(&b, 2);
	assert_true(bytes_is(&cut, "AB"));
	cut = bytes_upto(&b, 100);
	assert_true(bytes_is(&cut, "cdef"));
	assert_false(b.bad);
	b = view("abcdef", 6);
	cut = bytes_take(&b, SIZE_MAX);
	assert_true(b.bad && cut.bad);
	assert_int_equal(bytes_left(&cut), 0);
}

static void test_vector(void **state)
{
	(void)state;
	struct bytes b = view("\x02"
			      "ab"
			      "\x00\x01"
			      "c"
			      "\x00\x00\x00",
			      9);
	struct bytes v = bytes_vec(&b, 1);
	assert_true(bytes_is(&v, "ab"));
	v = bytes_vec(&b, 2);
	assert_true(bytes_is(&v, "c"));
	v = bytes_vec(&b, 3);
	assert_int_equal(bytes_left(&v), 0);
	assert_false(b.bad || v.bad);
	for (unsigned width = 1; width <= 3; width++) { /* says more than there is */
		b = view("\xff\xff\xff"
			 "abc",
			 6);
		v = bytes_vec(&b, width);
		assert_true(b.bad && v.bad && !bytes_left(&v));
		b = view("\xff", width == 1 ? 0 : 1); /* not even the length is whole */
		v = bytes_vec(&b, width);
		assert_true(b.bad && v.bad);
	}
}

static void test_words(void **state)
{
	(void)state;
	struct bytes b = view("EhLo[\x80", 6);
	assert_true(bytes_starts(&b, "ehlo", 4));
	assert_true(bytes_starts(&b, "EHLO[", 5));
	assert_false(bytes_starts(&b, "EHLO{", 5)); /* not a letter: no case */
	assert_false(bytes_starts(&b, "EHLO[\x80z", 7));
	assert_false(bytes_is(&b, "ehlo"));
	struct bytes nul = view("a\0b", 3);
	assert_false(bytes_is(&nul, "a"));
	assert_int_equal(bytes_find(&nul, 0), 1);
	assert_int_equal(bytes_find(&nul, 'b'), 2);
	assert_int_equal(bytes_find(&nul, 'c'), -1);
	assert_int_equal(bytes_peek(&nul, 2), 'b');
	assert_int_equal(bytes_peek(&nul, 3), 0);
	assert_false(bytes_equal(bytes_of("ab", 2), bytes_of("abc", 3)));
	assert_false(bytes_equal(bytes_of("abd", 3), bytes_of("abc", 3)));
}

static void test_trim(void **state)
{
	(void)state;
	static const struct {
		const char *in, *out;
	} row[] = { { " \t a b\r\n", "a b" }, { "\r\n \t", "" }, { "x", "x" }, { "\vx", "\vx" } };
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct bytes b = bytes_trim(view(row[i].in, strlen(row[i].in)));
		assert_true(bytes_is(&b, row[i].out));
	}
	struct bytes bad = { .bad = true };
	assert_true(bytes_trim(bad).bad);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers), cmocka_unit_test(test_short),
		cmocka_unit_test(test_empty),	cmocka_unit_test(test_take),
		cmocka_unit_test(test_vector),	cmocka_unit_test(test_words),
		cmocka_unit_test(test_trim),
	};
	return cmocka_run_group_tests(tests, map_edge, NULL);
}
