/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The key log: what counts as a line, what is passed over, and that the table keeps the newest.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "keys/log.h"

#define RANDOM "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define S32 "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf"
#define S48 S32 "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf"

static uint8_t number_random[KEY_RANDOM];

static struct key_log *log_of(const char *text)
{
	struct key_log *log = key_log_new();
	key_log_add(log, bytes_of(text, strlen(text)));
	return log;
}

static const uint8_t *the_random(void)
{
	for (unsigned i = 0; i < KEY_RANDOM; i++)
		number_random[i] = (uint8_t)i;
	return number_random;
}

/* How many secrets the text has. */
static unsigned count(const char *text)
{
	struct key_log *log = log_of(text);
	unsigned n = key_log_count(log);
	key_log_free(log);
	return n;
}

static void test_lines(void **state)
{
	struct key_log *log = log_of("# made by hand\n"
				     "CLIENT_RANDOM " RANDOM " " S48 "\r\n"
				     "\n"
				     "EXPORTER_SECRET " RANDOM " " S32 "\n"
				     "SERVER_TRAFFIC_SECRET_0 " RANDOM " " S32);
	struct key_secret s;

	assert_int_equal(key_log_count(log), 2);
	assert_true(key_log_find(log, the_random(), KEY_MASTER, &s));
	assert_int_equal(s.length, 48);
	assert_int_equal(s.bytes[0], 0xa0);
	assert_int_equal(s.bytes[47], 0xcf);
	assert_true(key_log_find(log, the_random(), KEY_APPLICATION_SERVER, &s));
	assert_int_equal(s.length, 32);
	assert_false(key_log_find(log, the_random(), KEY_APPLICATION_CLIENT, &s));
	number_random[31] ^= 1;
	assert_false(key_log_find(log, number_random, KEY_MASTER, &s));
	key_log_free(log);
}

static void test_every_label(void **state)
{
	assert_int_equal(count("CLIENT_RANDOM " RANDOM " " S48 "\n"
			       "CLIENT_EARLY_TRAFFIC_SECRET " RANDOM " " S32 "\n"
			       "CLIENT_HANDSHAKE_TRAFFIC_SECRET " RANDOM " " S48 "\n"
			       "SERVER_HANDSHAKE_TRAFFIC_SECRET " RANDOM " " S48 "\n"
			       "CLIENT_TRAFFIC_SECRET_0 " RANDOM " " S48 "\n"
			       "SERVER_TRAFFIC_SECRET_0 " RANDOM " " S48 "\n"),
			 6);
}

/* One thing wrong in each; none may count. */
static void test_no_lines(void **state)
{
	static const char *const bad[] = {
		"CLIENT_RANDOM " RANDOM "00 " S48,    /* random too long */
		"CLIENT_RANDOM 00 " S48,	      /* too short */
		"CLIENT_RANDOM " RANDOM " " S48 "00", /* secret too long */
		"CLIENT_RANDOM " RANDOM " " S32,      /* too short for a master secret */
		"SERVER_TRAFFIC_SECRET_0 " RANDOM " " S32 "00",
		"SERVER_TRAFFIC_SECRET_0 " RANDOM " a",
		"SERVER_TRAFFIC_SECRET_0 " RANDOM,
		"SERVER_TRAFFIC_SECRET_0",
		"SERVER_TRAFFIC_SECRET_1 " RANDOM " " S32,
		"CLIENT_RANDOM " RANDOM " " S48 " more",
		"CLIENT_RANDOM x" RANDOM " " S48,
		"CLIENT_RANDOMS " RANDOM " " S48,
		" ",
		"",
	};

	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
		assert_int_equal(count(bad[i]), 0);
	GString *line = g_string_new("CLIENT_RANDOM");
	for (unsigned i = 0; i < 100000; i++)
		g_string_append_c(line, ' ');
	g_string_append(line, RANDOM " " S48);
	assert_int_equal(count(line->str), 0);
	g_string_free(line, TRUE);
}

static void test_case_and_blanks(void **state)
{
	struct key_log *log =
		log_of("  client_random   000102030405060708090A0B0C0D0E0F101112131415161718191A1B"
		       "1C1D1E1F   " S48 "  \n");
	struct key_secret s;

	assert_true(key_log_find(log, the_random(), KEY_MASTER, &s));
	key_log_free(log);
}

static void test_again(void **state)
{
	struct key_log *log = log_of("CLIENT_TRAFFIC_SECRET_0 " RANDOM " " S32 "\n"
				     "CLIENT_TRAFFIC_SECRET_0 " RANDOM " " S48 "\n");
	struct key_secret s;

	assert_int_equal(key_log_count(log), 1);
	assert_true(key_log_find(log, the_random(), KEY_APPLICATION_CLIENT, &s));
	assert_int_equal(s.length, 48);
	key_log_free(log);
}

static void add_numbered(struct key_log *log, unsigned n)
{
	char *line = g_strdup_printf("CLIENT_RANDOM %064x " S48 "\n", n);
	key_log_add(log, bytes_of(line, strlen(line)));
	g_free(line);
}

static bool has_numbered(const struct key_log *log, unsigned n)
{
	uint8_t random[KEY_RANDOM] = { 0 };
	struct key_secret s;

	for (unsigned i = 0; i < 4; i++)
		random[31 - i] = (uint8_t)(n >> 8 * i);
	return key_log_find(log, random, KEY_MASTER, &s);
}

/* More lines than the table takes: the oldest go, however often it runs over. */
static void test_bound(void **state)
{
	const unsigned all = 2 * CAP_KEY_SECRETS + 1000;
	struct key_log *log = key_log_new();

	for (unsigned i = 0; i < all; i++)
		add_numbered(log, i);
	assert_int_equal(key_log_count(log), CAP_KEY_SECRETS);
	for (unsigned i = 0; i < all; i += 97)
		assert_int_equal(has_numbered(log, i), i >= all - CAP_KEY_SECRETS);
	assert_true(has_numbered(log, all - CAP_KEY_SECRETS));
	assert_false(has_numbered(log, all - CAP_KEY_SECRETS - 1));
	key_log_free(log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),	 cmocka_unit_test(test_every_label),
		cmocka_unit_test(test_no_lines), cmocka_unit_test(test_case_and_blanks),
		cmocka_unit_test(test_again),	 cmocka_unit_test(test_bound),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
