/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records, reassembly, encryption borders and hostile streams of the TLS decoder. Recorded sessions
 * (tls_samples.h) are fed whole and cut at every byte; gaps are in test_tls_gap.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tls/tls_trace.h"

/* The kinds of a trace in order, one word each. */
static char *kinds(bool client, const uint8_t *data, size_t n)
{
	char *all = trace(client, data, n, 0), **lines = g_strsplit(all, "\n", -1);
	GString *s = g_string_new(NULL);

	for (unsigned i = 0; lines[i] && *lines[i]; i++)
		g_string_append_printf(s, "%s%.*s", i ? " " : "", (int)strcspn(lines[i], " "),
				       lines[i]);
	g_strfreev(lines);
	g_free(all);
	return g_string_free(s, FALSE);
}

#define assert_kinds(client, data, n, wanted)                                                      \
	do {                                                                                       \
		char *seen_ = kinds(client, data, n);                                              \
		assert_string_equal(seen_, wanted);                                                \
		g_free(seen_);                                                                     \
	} while (0)
#define assert_sample(name, client, wanted)                                                        \
	assert_kinds(client, sample_##name, sizeof(sample_##name), wanted)

static void test_sessions(void **state)
{
	(void)state;
	assert_sample(
		tls12_c, true,
		"client_hello client_key_exchange ccs handshake_encrypted data alert_encrypted");
	assert_sample(
		tls12_s, false,
		"server_hello certificate server_key_exchange server_hello_done session_ticket "
		"ccs handshake_encrypted data alert_encrypted");
	assert_sample(tls12_resumed_s, false,
		      "server_hello ccs handshake_encrypted data alert_encrypted");
	assert_sample(tls12_resumed_c, true,
		      "client_hello ccs handshake_encrypted data alert_encrypted");
	assert_sample(tls12_refused_c, true, "client_hello alert");
	assert_sample(tls12_request_c, true,
		      "client_hello certificate client_key_exchange ccs handshake_encrypted data "
		      "alert_encrypted");
	assert_sample(tls10_too_old_s, false, "alert");
	assert_sample(tls13_retry_c, true, "client_hello ccs client_hello data data data");
	assert_sample(gnutls_refused_c, true, "client_hello ccs data");
}

static void test_cut_anywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(samples); i++) {
		char *whole = trace(samples[i].client, samples[i].data, samples[i].n, 0);
		assert_null(strstr(whole, "BAD"));
		for (size_t step = 1; step <= 40; step++) {
			char *cut = trace(samples[i].client, samples[i].data, samples[i].n, step);
			assert_string_equal(cut, whole);
			g_free(cut);
		}
		for (size_t at = 0; at <= samples[i].n; at++) {
			char *cut =
				trace_cut(samples[i].client, samples[i].data, samples[i].n, at, 0);
			assert_string_equal(cut, whole);
			g_free(cut);
		}
		g_free(whole);
	}
}

#define assert_bytes(client, array, wanted)                                                        \
	do {                                                                                       \
		char *whole_ = trace(client, (array)->data, (array)->len, 0);                      \
		char *cut_ = trace(client, (array)->data, (array)->len, 1);                        \
		assert_string_equal(whole_, wanted);                                               \
		assert_string_equal(cut_, wanted);                                                 \
		g_free(whole_);                                                                    \
		g_free(cut_);                                                                      \
	} while (0)

static void test_many_in_one_record(void **state)
{
	GByteArray *m = g_byte_array_new(), *s = g_byte_array_new();

	(void)state;
	put_message(m, 11, "\0\0\0", 3);
	put_message(m, 13, "xyz", 3);
	put_message(m, 0, NULL, 0);
	put_message(m, 14, NULL, 0);
	put_message(m, 20, "0123456789ab", 12);
	put_record(s, 22, TLS_1_2, m->data, m->len);
	assert_bytes(false, s,
		     "certificate 3 v0303 chain=0/0\ncertificate_request 3 v0303\n"
		     "hello_request 0 v0303\nserver_hello_done 0 v0303\nother 12 v0303 type=20\n");
	g_byte_array_unref(m);
	g_byte_array_unref(s);
}

/* One hello over records of one byte, empty records between them. */
static void test_one_over_many_records(void **state)
{
	GByteArray *s = g_byte_array_new();
	const uint8_t *hello = sample_tls10_c + 5;

	(void)state;
	for (size_t i = 0; i < 153; i++) {
		put_record(s, 22, TLS_1_0, hello + i, 1);
		put_record(s, 22, TLS_1_0, NULL, 0);
	}
	char *one = trace(true, sample_tls10_c, 158, 0);
	assert_bytes(true, s, one);
	g_free(one);
	g_byte_array_unref(s);
}

static void test_alerts(void **state)
{
	GByteArray *s = g_byte_array_new();

	(void)state;
	put_record(s, 21, TLS_1_2, "\2\60", 2);
	put_record(s, 21, TLS_1_2, "\1\370", 2); /* clear, unknown code: stays a number */
	put_record(s, 21, TLS_1_2, "\3\60", 2);	 /* no such level */
	put_record(s, 21, TLS_1_2, "\2", 1);
	put_record(s, 21, TLS_1_2, NULL, 0);
	put_ccs(s);
	put_record(s, 21, TLS_1_2, "\2\24", 2);
	put_record(s, 21, TLS_1_2, "\2\370", 2);
	put_record(s, 21, TLS_1_2, "0123456789abcdef0123456789", 26);
	assert_bytes(true, s,
		     "alert 2 v0303 level=2 code=48\nalert 2 v0303 level=1 code=248\n"
		     "alert_encrypted 2 v0303\nalert_encrypted 1 v0303\nccs 1 v0303\n"
		     "alert 2 v0303 level=2 code=20 after_ccs\nalert_encrypted 2 v0303 after_ccs\n"
		     "alert_encrypted 26 v0303 after_ccs\n");
	g_byte_array_unref(s);
}

/* After the CCS of TLS 1.2 a Finished that begins like a hello is still encrypted. */
static void test_finished_is_no_hello(void **state)
{
	GByteArray *s = g_byte_array_new();

	(void)state;
	/* This client offers TLS 1.3, so only its key exchange tells that no second hello comes. */
	g_byte_array_append(s, sample_tls13_downgraded_c, 517 + 42);
	put_ccs(s);
	put_record(s, 22, TLS_1_2, sample_tls12_c + 5, 183); /* would parse */
	char *seen = kinds(true, s->data, s->len);
	assert_string_equal(seen, "client_hello client_key_exchange ccs handshake_encrypted");
	g_free(seen);
	g_byte_array_unref(s);
}

static void test_resumed_13_client_to_12_server(void **state)
{
	GByteArray *s = g_byte_array_new();
	uint8_t finished[40] = { 0 };

	(void)state;
	/* A client that offers TLS 1.3 resumes TLS 1.2: CCS, then the Finished, nonce 0. */
	g_byte_array_append(s, sample_tls13_c, 517);
	put_ccs(s);
	put_record(s, 22, TLS_1_2, finished, sizeof(finished));
	put_record(s, 23, TLS_1_2, finished, sizeof(finished));
	char *all = trace(true, s->data, s->len, 0), *cut = trace(true, s->data, s->len, 1);
	assert_non_null(strstr(all, "\nhandshake_encrypted 40 v0303 after_ccs\ndata 40 v0303 "
				    "after_ccs\n"));
	assert_string_equal(all, cut);
	g_free(all);
	g_free(cut);
	g_byte_array_unref(s);
}

/* A second hello after the compatibility CCS that spans two records. */
static void test_retry_hello_in_two_records(void **state)
{
	GByteArray *s = g_byte_array_new();

	(void)state;
	g_byte_array_append(s, sample_tls13_retry_c, 517 + 6);
	put_record(s, 22, TLS_1_2, sample_tls13_retry_c + 528, 100);
	put_record(s, 22, TLS_1_2, sample_tls13_retry_c + 628, 412);
	for (size_t step = 0; step < 10; step++) {
		char *seen = trace(true, s->data, s->len, step);
		char *second = strstr(seen, "ccs 1 v0303\n");
		assert_non_null(second);
		assert_true(g_str_has_prefix(second + 12, "client_hello 508 v0303 max=0304"));
		g_free(seen);
	}
	g_byte_array_unref(s);
}

static void test_interleaved(void **state)
{
	GByteArray *s = g_byte_array_new();

	(void)state;
	put_record(s, 22, TLS_1_2, "\13\0\0\40abc", 7);
	put_record(s, 21, TLS_1_2, "\1\132", 2); /* an alert may come between */
	put_record(s, 23, TLS_1_2, "0123456789abcdef", 16);
	put_record(s, 22, TLS_1_2, "\16", 1);
	put_ccs(s);
	assert_bytes(false, s,
		     "alert 2 v0303 level=1 code=90\nother 32 v0303 type=11 incomplete\n"
		     "data 16 v0303 early\nother 0 v0303 type=14 incomplete\nccs 1 v0303\n");
	g_byte_array_unref(s);
}

static void test_too_long_message(void **state)
{
	GByteArray *s = g_byte_array_new();
	uint8_t body[16384] = { 11, 1, 0, 1 }; /* 65,537 bytes: one over the cap */

	(void)state;
	put_record(s, 22, TLS_1_2, body, sizeof(body));
	memset(body, 0, sizeof(body));
	for (unsigned i = 0; i < 3; i++)
		put_record(s, 22, TLS_1_2, body, sizeof(body));
	/* 4 + 65,537 - 65,536 = 5 bytes remain, then the next message */
	put_record(s, 22, TLS_1_2, "\0\0\0\0\0\16\0\0\0", 9);
	char *all = trace(false, s->data, s->len, 0), *cut = trace(false, s->data, s->len, 1000);
	assert_string_equal(all,
			    "other 65537 v0303 type=11 incomplete\nserver_hello_done 0 v0303\n");
	assert_string_equal(all, cut);
	g_free(all);
	g_free(cut);
	g_byte_array_unref(s);
}

static void test_chain(void **state)
{
	GByteArray *list = g_byte_array_new(), *m = g_byte_array_new(), *s = g_byte_array_new();
	uint8_t long_list[3] = { 0, 0, 60 }; /* 12 certificates of 2 bytes */

	(void)state;
	g_byte_array_append(list, long_list, 3);
	for (unsigned i = 0; i < 12; i++)
		g_byte_array_append(list, (const uint8_t *)"\0\0\2ab", 5);
	put_message(m, 11, list->data, list->len);
	put_message(m, 11, "\0\0\5\0\0\3abX", 9);   /* the certificate lies beyond the list */
	put_message(m, 11, "\0\1\0\0\0\2ab", 8);    /* the list lies beyond the message */
	put_message(m, 11, "\0\0\5\0\0\2abXX", 10); /* rest after the list */
	put_message(m, 11, "\0\0", 2);
	put_record(s, 22, TLS_1_2, m->data, m->len);
	char *seen = trace(false, s->data, s->len, 0);
	assert_non_null(strstr(seen, "certificate 63 v0303 chain=8/12 "));
	assert_non_null(strstr(seen, "certificate 9 v0303 chain=0/0 malformed\n"));
	assert_non_null(strstr(seen, "certificate 8 v0303 chain=0/0 malformed\n"));
	assert_non_null(strstr(seen, "certificate 10 v0303 chain=1/1 187ef443 malformed\n"));
	assert_non_null(strstr(seen, "certificate 2 v0303 chain=0/0 malformed\n"));
	g_free(seen);
	g_byte_array_unref(list);
	g_byte_array_unref(m);
	g_byte_array_unref(s);
}

static void test_key_exchange(void **state)
{
	static const uint8_t dhe_6144[] = { 0x03, 0x00, 0x1d, 0x02, 0xab, 0xcd, 0xef };
	static const struct {
		uint8_t suite[2];
		const char *body;
		size_t n;
		const char *wanted;
	} cases[] = {
		{ { 0xc0, 0x30 }, "\3\0\27\2ab", 6, "server_key_exchange 6 v0303 group=0017\n" },
		{ { 0xc0, 0x30 }, "\3\22\64\2ab", 6, "server_key_exchange 6 v0303 group=1234\n" },
		{ { 0xc0, 0x30 }, "\1\0\27\2ab", 6, "server_key_exchange 6 v0303\n" },
		{ { 0xc0, 0x30 }, "\3\0\27\7ab", 6, "server_key_exchange 6 v0303\n" },
		{ { 0xc0, 0x30 }, "\3", 1, "server_key_exchange 1 v0303\n" },
		{ { 0x00, 0x9f }, (const char *)dhe_6144, 7, "server_key_exchange 7 v0303\n" },
		{ { 0xc0, 0x35 },
		  "\0\2hi\3\0\30\1a",
		  9,
		  "server_key_exchange 9 v0303 group=0018\n" },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		GByteArray *m = g_byte_array_new(), *s = g_byte_array_new();
		uint8_t hello[38] = { 3, 3 };
		memcpy(hello + 35, cases[i].suite, 2);
		put_message(m, 2, hello, sizeof(hello));
		put_message(m, 12, cases[i].body, cases[i].n);
		put_record(s, 22, TLS_1_2, m->data, m->len);
		char *seen = trace(false, s->data, s->len, 0);
		assert_string_equal(strchr(seen, '\n') + 1, cases[i].wanted);
		g_free(seen);
		g_byte_array_unref(m);
		g_byte_array_unref(s);
	}
}

static void test_no_tls(void **state)
{
	static const char *const texts[] = {
		"454 4.7.0 TLS not available\r\n",
		"220 ready",
		"GET / HTTP/1.0\r\n\r\n",
		"\x16\x02",
		"\x16\x03\x05",
		"\x19\x03\x01",
		"\x13\x03\x01",
		"\x16\x03\x01\x48\x01",
		"\x17\x03\x03\x49",
		"\x80\x10\x01",
		"\x80\x2e\x02",
		"\x80\x2e\x01\x03\x05",
		"\x80\x2e\x01\x02",
		"\xff\xff\xff",
		"\xe2\x82\xac 5",
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		const uint8_t *data = (const uint8_t *)texts[i];
		struct tls *t = tls_new(true);
		struct tls_item item;
		struct bytes in = bytes_of(data, strlen(texts[i]));
		assert_int_equal(tls_next(t, &in, &item), STEP_BAD);
		assert_false(tls_any_record(t));
		struct bytes more = bytes_of(sample_ch_openssl, sizeof(sample_ch_openssl));
		assert_int_equal(tls_next(t, &more, &item), STEP_BAD); /* stays bad */
		tls_gap(t, 5);
		assert_int_equal(tls_next(t, &more, &item), STEP_BAD);
		tls_free(t);
		char *cut = trace(true, data, strlen(texts[i]), 1);
		assert_string_equal(cut, "BAD\n");
		g_free(cut);
	}
}

/* A fatal alert, then the server goes on in clear (X29b): the text is left in the view. */
static void test_text_after_alert(void **state)
{
	static const char stream[] = "\x15\x03\x03\0\2\2\x28"
				     "454 4.3.0 TLS failed\r\n";
	struct tls *t = tls_new(false);
	struct tls_item item;
	struct bytes in = bytes_of(stream, sizeof(stream) - 1);

	(void)state;
	assert_int_equal(tls_next(t, &in, &item), STEP_ITEM);
	assert_int_equal(item.kind, TLS_ITEM_ALERT);
	assert_int_equal(tls_next(t, &in, &item), STEP_BAD);
	assert_true(bytes_starts(&in, "454 ", 4));
	assert_true(tls_any_record(t));
	tls_free(t);
}

static void test_v2_hello(void **state)
{
	static const uint8_t v2[] = {
		0x80, 0x34, 0x01, 0x00, 0x02, 0x00, 0x1b, 0x00, 0x00, 0x00, 0x10, 0x07, 0x00, 0xc0,
		0x05, 0x00, 0x80, 0x03, 0x00, 0x80, 0x01, 0x00, 0x80, 0x06, 0x00, 0x40, 0x04, 0x00,
		0x80, 0x02, 0x00, 0x80, 0x00, 0x00, 0x04, 0x00, 0x00, 0x0a, 1,	  2,	3,    4,
		5,    6,    7,	  8,	9,    10,   11,	  12,	13,   14,   15,	  16,
	};
	static const uint8_t v2_server[] = { 0x80, 0x12, 4, 0,	 1,   0, 2, 0,	  2,   0,
					     3,	   0,	 2, 'c', 'c', 1, 0, 0x80, 'i', 'd' };
	uint8_t compatible[sizeof(v2) + 7];

	(void)state;
	assert_kinds(true, v2, sizeof(v2), "client_hello");
	assert_kinds(false, v2_server, sizeof(v2_server), "server_hello");
	assert_kinds(false, v2, sizeof(v2), "BAD");
	char *whole = trace(true, v2, sizeof(v2), 0), *cut = trace(true, v2, sizeof(v2), 1);
	assert_string_equal(whole, cut);
	g_free(whole);
	g_free(cut);
	memcpy(compatible, v2, sizeof(v2));
	compatible[3] = 3;
	compatible[4] = 1;
	memcpy(compatible + sizeof(v2), "\x15\x03\x01\0\2\2\x46", 7);
	assert_kinds(true, compatible, sizeof(compatible), "client_hello alert");
	/* what follows a true SSL 2.0 hello is SSL 2.0: neither read nor called wrong */
	uint8_t more[sizeof(v2) + 40] = { 0 };
	memcpy(more, v2, sizeof(v2));
	assert_kinds(true, more, sizeof(more), "client_hello");
	/* a challenge of 33 bytes, all lengths in step: RFC 5246 E.2 says 32 at most */
	uint8_t challenge[sizeof(v2) + 17] = { 0 };
	memcpy(challenge, v2, sizeof(v2));
	challenge[1] = (uint8_t)(challenge[1] + 16);
	challenge[10] = 32;
	assert_kinds(true, challenge, sizeof(v2) + 16, "client_hello");
	challenge[1]++;
	challenge[10] = 33;
	assert_kinds(true, challenge, sizeof(challenge), "BAD");
	/* each length field lies, one up and one down */
	for (size_t at = 1; at < 11; at++) {
		if (at >= 2 && at < 5)
			continue;
		for (int by = -1; by <= 1; by += 2) {
			uint8_t lie[sizeof(v2) + 16] = { 0 };
			memcpy(lie, v2, sizeof(v2));
			lie[at] = (uint8_t)(lie[at] + by);
			char *seen = trace(true, lie, sizeof(lie), 0);
			assert_null(strstr(seen, "client_hello"));
			g_free(seen);
		}
	}
}

/* An announced length costs nothing until its bytes come. */
static void test_memory(void **state)
{
	static const uint8_t start[] = { 22, 3, 3, 0x40, 0, 11, 0, 0xff, 0xfc, 1, 2, 3 };
	struct tls *t = tls_new(false);
	struct tls_item item;
	uint8_t block[16384] = { 0 };

	(void)state;
	size_t empty = tls_kept(t);
	struct bytes in = bytes_of(start, sizeof(start));
	assert_int_equal(tls_next(t, &in, &item), STEP_MORE);
	assert_true(tls_kept(t) - empty <= 1024);
	assert_int_equal(tls_pending(t), sizeof(start));
	in = bytes_of(block, 16384 - 7); /* the rest of that record */
	assert_int_equal(tls_next(t, &in, &item), STEP_MORE);
	assert_true(tls_kept(t) - empty <= 2 * 16384);
	for (unsigned i = 0; i < 3; i++) {
		const uint8_t head[5] = { 22, 3, 3, 0x40, 0 };
		in = bytes_of(head, sizeof(head));
		assert_int_equal(tls_next(t, &in, &item), STEP_MORE);
		in = bytes_of(block, sizeof(block));
		assert_int_equal(tls_next(t, &in, &item), i < 2 ? STEP_MORE : STEP_ITEM);
		assert_true(tls_kept(t) - empty <= CAP_HANDSHAKE);
	}
	assert_int_equal(item.length, 65532);
	tls_free(t);

	t = tls_new(true);
	in = bytes_of(sample_tls10_c, 100);
	assert_int_equal(tls_next(t, &in, &item), STEP_MORE);
	assert_int_equal(tls_pending(t), 100);
	in = bytes_of(sample_tls10_c + 100, 58);
	assert_int_equal(tls_next(t, &in, &item), STEP_ITEM);
	assert_non_null(item.hello);
	assert_int_equal(tls_next(t, &in, &item), STEP_MORE);
	assert_int_equal(tls_kept(t), empty); /* the message was freed */
	assert_int_equal(tls_pending(t), 0);
	tls_free(t);
}

/* The ServerHello is lost: a named curve is believed only when it has a name. */
static void test_key_exchange_alone(void **state)
{
	GByteArray *m = g_byte_array_new(), *s = g_byte_array_new();

	(void)state;
	put_message(m, 12, "\3\0\27\2ab", 6);
	put_message(m, 12, "\3\0\323\2ab", 6); /* a DHE prime of 6,144 bits begins like this */
	put_record(s, 22, TLS_1_2, m->data, m->len);
	assert_bytes(false, s,
		     "server_key_exchange 6 v0303 group=0017\nserver_key_exchange 6 v0303\n");
	g_byte_array_unref(m);
	g_byte_array_unref(s);
}

/* Text behind an encrypted alert in the same view: *in is left at the text. */
static void test_text_after_encrypted(void **state)
{
	static const char stream[] = "\x15\x03\x03\0\x10"
				     "0123456789abcdef"
				     "454 no\r\n";
	struct tls *t = tls_new(false);
	struct tls_item item;
	struct bytes in = bytes_of(stream, sizeof(stream) - 1);

	(void)state;
	assert_int_equal(tls_next(t, &in, &item), STEP_ITEM);
	assert_int_equal(tls_next(t, &in, &item), STEP_BAD);
	assert_true(bytes_starts(&in, "454 ", 4));
	tls_free(t);
}

/* Random bytes and bit flips: ends in STEP_MORE or STEP_BAD, the same however it is cut. */
static void test_noise(void **state)
{
	GRand *random = g_rand_new_with_seed(365);
	uint8_t data[2100];

	(void)state;
	for (unsigned round = 0; round < 3000; round++) {
		size_t i = round % G_N_ELEMENTS(samples), n = samples[i].n;
		bool client = samples[i].client;
		memcpy(data, samples[i].data, n);
		for (unsigned k = 0; k < 1 + round % 8; k++)
			data[g_rand_int_range(random, 0, (gint32)n)] = (uint8_t)g_rand_int(random);
		char *whole = trace(client, data, n, 0), *cut = trace(client, data, n, 1);
		assert_string_equal(whole, cut);
		g_free(whole);
		g_free(cut);
		for (size_t b = 0; b < 200; b++)
			data[b] = (uint8_t)g_rand_int(random);
		data[0] = (uint8_t)g_rand_int_range(random, 20, 25);
		data[1] = 3;
		data[2] = (uint8_t)g_rand_int_range(random, 0, 5);
		data[3] = 0;
		g_free(trace(client, data, 200, 7));
	}
	g_rand_free(random);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sessions),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_many_in_one_record),
		cmocka_unit_test(test_one_over_many_records),
		cmocka_unit_test(test_alerts),
		cmocka_unit_test(test_finished_is_no_hello),
		cmocka_unit_test(test_resumed_13_client_to_12_server),
		cmocka_unit_test(test_retry_hello_in_two_records),
		cmocka_unit_test(test_interleaved),
		cmocka_unit_test(test_too_long_message),
		cmocka_unit_test(test_chain),
		cmocka_unit_test(test_key_exchange),
		cmocka_unit_test(test_no_tls),
		cmocka_unit_test(test_text_after_alert),
		cmocka_unit_test(test_v2_hello),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_key_exchange_alone),
		cmocka_unit_test(test_text_after_encrypted),
		cmocka_unit_test(test_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
