/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections that came to nothing: some of a kind are told, the others counted, each minute anew.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "run/alike.h"

static struct verdict knock(unsigned client, uint64_t second)
{
	struct verdict v = { .server_port = 587, .sides = 1 };

	v.client_ip.byte[2] = (uint8_t)(client >> 8);
	v.client_ip.byte[3] = (uint8_t)client;
	v.start_ns = second * G_GUINT64_CONSTANT(1000000000);
	return v;
}

static void add(const char *text, size_t n, void *host)
{
	g_string_append_len(host, text, (gssize)n);
}

/* Tells or counts one; what is due goes to `out`. */
static bool one(struct alike *a, const struct verdict *v, GString *out)
{
	char text[32];

	alike_due(a, v, false, add, out);
	if (alike_tells(a, v))
		return true;
	int n = snprintf(text, sizeof text, "<%u>", alike_counted(a));
	alike_keep(a, text, (size_t)n);
	return false;
}

static void counts(void **state)
{
	struct alike *a = alike_new();
	GString *out = g_string_new(NULL);
	unsigned told = 0;

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		struct verdict v = knock(i % 2, 1000);
		told += one(a, &v, out);
	}
	assert_int_equal(told, 40);
	assert_string_equal(out->str, ""); /* the minute is not over */
	struct verdict next = knock(7, 1080);
	assert_true(one(a, &next, out));
	assert_string_equal(out->str, "<480><480>");
	alike_due(a, NULL, true, add, out);
	assert_string_equal(out->str, "<480><480>"); /* nothing was counted since */
	g_string_free(out, TRUE);
	alike_free(a);
}

/* What was answered is told, however often. */
static void others(void **state)
{
	struct alike *a = alike_new();
	GString *out = g_string_new(NULL);

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		struct verdict v = knock(1, 1000);
		v.sides = 2;
		v.reached = STAGE_BANNER;
		assert_true(one(a, &v, out));
	}
	g_string_free(out, TRUE);
	alike_free(a);
}

/* More clients than are told apart: still bounded, and the rest is one count. */
static void many_clients(void **state)
{
	struct alike *a = alike_new();
	GString *out = g_string_new(NULL);
	unsigned told = 0;

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		struct verdict v = knock(i, 1000);
		told += one(a, &v, out);
	}
	assert_int_equal(told, 4096 + 20);
	alike_due(a, NULL, true, add, out);
	assert_string_equal(out->str, "<15884>");
	g_string_free(out, TRUE);
	alike_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts),
		cmocka_unit_test(others),
		cmocka_unit_test(many_clients),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
