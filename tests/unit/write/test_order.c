/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * order.c: texts of sessions come out by number whatever the order in which they end, and what is
 * held back stays within its bound.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <glib.h>
#include <stdlib.h>
#include "write/order.h"

static void collect(const char *text, size_t n, void *host)
{
	g_string_append_len(host, text, (gssize)n);
}

static void add(struct order *o, unsigned session)
{
	char text[16];
	int n = g_snprintf(text, sizeof(text), "%u ", session);
	order_add(o, session, text, (size_t)n);
}

static void in_order_at_once(void **state)
{
	(void)state;
	GString *out = g_string_new(NULL);
	struct order *o = order_new(ORDER_BYTES, collect, out);
	add(o, 2);
	add(o, 3);
	assert_string_equal(out->str, "");
	add(o, 1);
	assert_string_equal(out->str, "1 2 3 ");
	add(o, 4);
	assert_string_equal(out->str, "1 2 3 4 ");
	add(o, 7);
	add(o, 6); /* 5 never comes */
	order_finish(o);
	assert_string_equal(out->str, "1 2 3 4 6 7 ");
	add(o, 1); /* the next file */
	assert_string_equal(out->str, "1 2 3 4 6 7 1 ");
	order_free(o);
	g_string_free(out, TRUE);
}

static void any_order_gives_the_same(void **state)
{
	(void)state;
	enum { COUNT = 2000 };
	unsigned numbers[COUNT], random = 1;
	GString *out = g_string_new(NULL), *expected = g_string_new(NULL);
	struct order *o = order_new(ORDER_BYTES, collect, out);
	for (unsigned i = 0; i < COUNT; i++) {
		numbers[i] = i + 1;
		g_string_append_printf(expected, "%u ", i + 1);
	}
	for (unsigned i = COUNT - 1; i > 0; i--) {
		random = random * 1103515245u + 12345u;
		unsigned k = (random >> 8) % (i + 1), t = numbers[i];
		numbers[i] = numbers[k];
		numbers[k] = t;
	}
	for (unsigned i = 0; i < COUNT; i++)
		add(o, numbers[i]);
	assert_string_equal(out->str, expected->str);
	order_free(o);
	g_string_free(out, TRUE);
	g_string_free(expected, TRUE);
}

/* Session 1 stays open for ever: the others must not fill the memory. */
static void bound(void **state)
{
	(void)state;
	GString *out = g_string_new(NULL);
	struct order *o = order_new(1000, collect, out);
	for (unsigned i = 2; i < 200; i++)
		add(o, i);
	assert_true(out->len > 0);
	assert_true(g_str_has_prefix(out->str, "2 3 4 "));
	add(o, 1); /* late, but not lost */
	assert_true(g_str_has_suffix(out->str, " 1 "));
	order_free(o); /* with texts still in it */
	g_string_free(out, TRUE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_order_at_once),
		cmocka_unit_test(any_order_gives_the_same),
		cmocka_unit_test(bound),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
