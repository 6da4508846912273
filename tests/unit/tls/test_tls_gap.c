/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The TLS decoder when bytes are missing: a gap at every byte of the recorded sessions invents
 * nothing, known lengths lead over a gap, lost borders are found again at the start of a segment.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tls/tls_trace.h"

/* Every line of `part` that says one of the kinds must stand in `whole`, flags aside. */
static void assert_nothing_invented(const char *part, const char *whole, const char *name)
{
	static const char *const facts[] = { "client_hello", "server_hello ",	    "hello_retry",
					     "certificate ", "server_key_exchange", "alert " };
	char **lines = g_strsplit(part, "\n", -1);

	for (unsigned i = 0; lines[i]; i++) {
		bool fact = false;
		for (unsigned f = 0; f < G_N_ELEMENTS(facts); f++)
			fact = fact || g_str_has_prefix(lines[i], facts[f]);
		char *flag = strstr(lines[i], " incomplete");
		if (flag)
			memmove(flag, flag + strlen(" incomplete"),
				strlen(flag + strlen(" incomplete")) + 1);
		flag = strstr(lines[i], " after_ccs");
		if (flag)
			*flag = '\0'; /* the CCS itself may be in the hole */
		if (fact && !strstr(whole, lines[i]))
			fail_msg("%s: invented %s", name, lines[i]);
	}
	g_strfreev(lines);
}

static void test_gap_anywhere(void **state)
{
	static const size_t sizes[] = { 1, 2, 5, 6, 44, 200, 1000 };

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(samples); i++) {
		char *whole = trace(samples[i].client, samples[i].data, samples[i].n, 0);
		for (size_t at = 0; at < samples[i].n; at++) {
			for (size_t k = 0; k < G_N_ELEMENTS(sizes); k++) {
				if (at + sizes[k] > samples[i].n)
					break;
				char *part = trace_cut(samples[i].client, samples[i].data,
						       samples[i].n, at, sizes[k]);
				assert_null(strstr(part, "BAD"));
				assert_nothing_invented(part, whole, samples[i].name);
				g_free(part);
			}
		}
		g_free(whole);
	}
}

/* A loss inside an encrypted body: the next record is found by count. */
static void test_gap_in_body(void **state)
{
	uint8_t body[400] = { 0 };
	GByteArray *s = g_byte_array_new();

	(void)state;
	put_record(s, 23, TLS_1_2, body, sizeof(body));
	put_record(s, 23, TLS_1_2, body, 77);
	for (size_t lose = 1; lose <= 400 - 5; lose += 13) {
		char *seen = trace_cut(true, s->data, s->len, 10, lose);
		assert_string_equal(seen, "data 400 v0303 early\ndata 77 v0303 early\n");
		g_free(seen);
	}
	g_byte_array_unref(s);
}

/* A loss over a border: found again at a segment start, and said so once. */
static void test_gap_over_border(void **state)
{
	uint8_t body[400];
	GByteArray *s = g_byte_array_new();
	struct tls *t = tls_new(true);
	GString *seen = g_string_new(NULL);

	(void)state;
	memset(body, 0x17, sizeof(body)); /* looks like headers, but 0x1717 is no version */
	put_record(s, 23, TLS_1_2, body, 100);
	put_record(s, 23, TLS_1_2, body, 200);
	assert_true(trace_feed(t, s->data, 50, seen));
	tls_gap(t, 70);
	assert_true(trace_feed(t, s->data + 120, s->len - 120, seen)); /* no border here */
	assert_true(trace_feed(t, body, 300, seen));
	assert_true(trace_feed(t, s->data, s->len, seen));
	assert_string_equal(seen->str, "data 100 v0303 early\ndata 100 v0303 incomplete\n"
				       "data 200 v0303\n");
	tls_free(t);
	g_string_free(seen, TRUE);
	g_byte_array_unref(s);
}

/* A border that was guessed wrong is given up again, not called "no TLS". */
static void test_wrong_border(void **state)
{
	static const uint8_t lure[] = { 23, 3, 3, 0, 20, 1, 2, 3, 4 };
	uint8_t noise[60];
	struct tls *t = tls_new(true);
	GString *seen = g_string_new(NULL);

	(void)state;
	memset(noise, 0xee, sizeof(noise));
	tls_gap(t, 1);
	assert_true(trace_feed(t, lure, sizeof(lure), seen));
	assert_true(trace_feed(t, noise, sizeof(noise), seen));
	assert_true(trace_feed(t, sample_tls10_c, 158, seen));
	assert_non_null(strstr(seen->str, "client_hello 149 v0301"));
	tls_free(t);
	g_string_free(seen, TRUE);
}

/* A certificate torn by a gap: known as such by its front; what follows is read. */
static void test_torn_certificate(void **state)
{
	(void)state;
	char *seen = trace_cut(false, sample_tls12_s, sizeof(sample_tls12_s), 300, 200);
	char **lines = g_strsplit(seen, "\n", 4);
	assert_true(g_str_has_prefix(lines[0], "server_hello "));
	assert_true(g_str_has_prefix(lines[1], "other "));
	assert_true(g_str_has_suffix(lines[1], "type=11 incomplete"));
	assert_true(g_str_has_prefix(lines[2], "server_key_exchange "));
	assert_non_null(strstr(lines[2], "group=001d"));
	g_strfreev(lines);
	g_free(seen);
}

/* A loss that ends with its record leaves the next border known, however short the next view is. */
static void test_gap_to_border(void **state)
{
	uint8_t body[400] = { 0 };
	GByteArray *s = g_byte_array_new();
	struct tls *t = tls_new(true);
	GString *seen = g_string_new(NULL);

	(void)state;
	put_record(s, 23, TLS_1_2, body, sizeof(body));
	put_record(s, 23, TLS_1_2, body, 77);
	assert_true(trace_feed(t, s->data, 105, seen));
	tls_gap(t, 300);
	assert_int_equal(tls_pending(t), 0);
	for (guint at = 405; at < s->len; at++)
		assert_true(trace_feed(t, s->data + at, 1, seen));
	assert_string_equal(seen->str, "data 400 v0303 early\ndata 77 v0303 early\n");
	tls_free(t);
	g_string_free(seen, TRUE);
	g_byte_array_unref(s);
}

/* The front of a message is lost inside its record: its rest in the next record is no message. */
static void test_rest_of_torn_message(void **state)
{
	GByteArray *s = g_byte_array_new();
	uint8_t rest[60] = { 16, 0, 0, 200 }; /* like a key exchange that its record cannot hold */

	(void)state;
	put_record(s, 22, TLS_1_2, rest, sizeof(rest));
	put_record(s, 22, TLS_1_2, rest, sizeof(rest));
	put_record(s, 22, TLS_1_2, "\16\0\0\0", 4);
	char *seen = trace_cut(false, s->data, s->len, 7, 20);
	assert_string_equal(seen,
			    "other 60 v0303 type=255 incomplete\nserver_hello_done 0 v0303\n");
	g_free(seen);
	g_byte_array_unref(s);
}

/* After a lost border a handshake record may be encrypted: an AES-GCM Finished begins with eight
 * zeroes, which read as an empty HelloRequest. */
static void test_finished_after_hole(void **state)
{
	GByteArray *s = g_byte_array_new();
	uint8_t finished[40] = { 0 };

	(void)state;
	put_record(s, 22, TLS_1_2, finished, sizeof(finished));
	put_record(s, 23, TLS_1_2, finished, sizeof(finished));
	struct tls *t = tls_new(true);
	GString *seen = g_string_new(NULL);
	assert_true(trace_feed(t, sample_tls12_c, 188, seen));
	tls_gap(t, 50);
	g_string_truncate(seen, 0);
	assert_true(trace_feed(t, s->data, s->len, seen));
	assert_string_equal(seen->str, "handshake_encrypted 40 v0303 incomplete\ndata 40 v0303\n");
	tls_free(t);
	g_string_free(seen, TRUE);
	g_byte_array_unref(s);
}

/* What is taken for a border after a gap and what is not. */
static void test_borders(void **state)
{
	static const struct {
		const char *view;
		size_t n;
		const char *wanted;
	} cases[] = {
		{ "\x17\3\3\0\x10"
		  "0123456789abcdef",
		  21, "data 16 v0303 incomplete\n" },
		{ "\x17\3\3\0\x0f"
		  "0123456789abcdef",
		  21, "" }, /* shorter than a tag */
		{ "\x17\3\4\0\x10"
		  "0123456789abcdef",
		  21, "" }, /* no record says 0x0304 */
		{ "\x17\3\3\x49\0"
		  "0123456789abcdef",
		  21, "" }, /* too long */
		{ "\x18\3\3\0\x10"
		  "0123456789abcdef",
		  21, "" }, /* heartbeat: hardly */
		{ "\x14\3\3\0\2\1\1", 7, "" },
		{ "\x15\3\3\0\3\1\1\1", 8, "" },
		{ "\x15\3\3\0\2\2\50", 7, "alert 2 v0303 level=2 code=40 incomplete\n" },
		{ "\x15\3\3\0\2\2\50X", 8, "" }, /* no header behind it */
		{ "\x15\3\3\0\2\2\50\x15\4", 9, "" },
		{ "\x17\3\3\0", 4, "" },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct tls *t = tls_new(false);
		GString *seen = g_string_new(NULL);
		tls_gap(t, 9);
		assert_true(trace_feed(t, (const uint8_t *)cases[i].view, cases[i].n, seen));
		assert_string_equal(seen->str, cases[i].wanted);
		tls_free(t);
		g_string_free(seen, TRUE);
	}
	/* After the CCS the record version stays what it was. */
	struct tls *t = tls_new(true);
	GString *seen = g_string_new(NULL);
	assert_true(trace_feed(t, sample_tls12_c, 188 + 42 + 6, seen));
	tls_gap(t, 45);
	g_string_truncate(seen, 0);
	assert_true(trace_feed(t,
			       (const uint8_t *)"\x17\3\1\0\x10"
						"0123456789abcdef",
			       21, seen));
	assert_string_equal(seen->str, "");
	assert_true(trace_feed(t,
			       (const uint8_t *)"\x17\3\3\0\x10"
						"0123456789abcdef",
			       21, seen));
	assert_string_equal(seen->str, "data 16 v0303 incomplete after_ccs\n");
	tls_free(t);
	g_string_free(seen, TRUE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gap_anywhere),
		cmocka_unit_test(test_gap_in_body),
		cmocka_unit_test(test_gap_over_border),
		cmocka_unit_test(test_wrong_border),
		cmocka_unit_test(test_torn_certificate),
		cmocka_unit_test(test_gap_to_border),
		cmocka_unit_test(test_rest_of_torn_message),
		cmocka_unit_test(test_finished_after_hole),
		cmocka_unit_test(test_borders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
