/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests of the short texts: the same as the C library's for every conversion that is put together
 * here, for those that are left to it, and at every size of room.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/phrase.h"

G_GNUC_PRINTF(2, 3) static int both(size_t size, const char *format, ...)
{
	char ours[256], theirs[256];
	va_list args;
	memset(ours, '#', sizeof ours);
	memset(theirs, '#', sizeof theirs);
	va_start(args, format);
	int n = phrase_v(ours, size, format, args);
	va_end(args);
	va_start(args, format);
	int m = vsnprintf(theirs, size, format, args);
	va_end(args);
	assert_int_equal(n, m);
	assert_string_equal(ours, theirs);
	assert_int_equal(ours[size], '#');
	return n;
}

static void test_like_the_library(void **state)
{
	(void)state;
	for (size_t size = 1; size <= 64; size++) {
		both(size, "nothing to convert");
		both(size, "%s", "");
		both(size, "%s of %s", "one", "a longer text that does not fit");
		both(size, "%u and %u, %u", 0u, 7u, UINT32_MAX);
		both(size, "%c%c|%c", 'a', '%', 0x7f);
		both(size, "%s%u%c", "x", 10u, '.');
	}
}

/* Widths, signs, long numbers, a percent sign, one at the end of a conversion of ours. */
static void test_left_to_the_library(void **state)
{
	(void)state;
	for (size_t size = 1; size <= 64; size++) {
		both(size, "%5u|%-8s|%02x", 42u, "left", 10u);
		both(size, "%s %d", "minus", -5);
		both(size, "%" G_GUINT64_FORMAT " bytes", UINT64_MAX);
		both(size, "%u%%", 99u);
	}
}

static void test_append(void **state)
{
	(void)state;
	GString *out = g_string_new("a");
	char *large = g_strnfill(2000, 'y');
	phrase_append(out, " %s=%u", "b", 3u);
	assert_string_equal(out->str, "a b=3");
	phrase_append(out, "%s", large);
	assert_int_equal(out->len, 2005);
	assert_int_equal(out->str[2004], 'y');
	g_string_truncate(out, 0);
	phrase_number(out, 0);
	phrase_blanks(out, 3);
	phrase_number(out, UINT64_MAX);
	phrase_blanks(out, 0);
	assert_string_equal(out->str, "0   18446744073709551615");
	g_free(large);
	g_string_free(out, TRUE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_like_the_library),
		cmocka_unit_test(test_left_to_the_library),
		cmocka_unit_test(test_append),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
