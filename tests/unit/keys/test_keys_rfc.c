/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Known answers: the PRF of TLS 1.2, the keys of RFC 8448, and the whole handshake of its section 3
 * opened, in pieces of any size, with secrets missing, wrong and bytes lost.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "keys/derive.h"
#include "keys/keys_play.h"
#include "keys/protection.h"
#include "keys/rfc8448.h"

static void assert_hex(const uint8_t *got, size_t n, const char *want)
{
	GByteArray *w = unhex(want);
	assert_int_equal(w->len, n);
	assert_memory_equal(got, w->data, n);
	g_byte_array_unref(w);
}

/* P_SHA256 as the authors of TLS 1.2 published it on the list of the working group. */
static void test_prf(void **state)
{
	GByteArray *secret = unhex("9bbe436ba940f017b17652849a71db35");
	GByteArray *seed = unhex("a0ba9f936cda311827a6f796ffd5198c");
	uint8_t out[100];

	assert_true(derive_prf(TLS_1_2, GNUTLS_MAC_SHA256, bytes_of(secret->data, secret->len),
			       "test label", bytes_of(seed->data, seed->len), out, sizeof out));
	assert_hex(out, sizeof out,
		   "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a"
		   "6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def17abfd3797c0564bab"
		   "4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff701"
		   "87347b66");
	g_byte_array_unref(secret);
	g_byte_array_unref(seed);
}

static void test_labels(void **state)
{
	static const struct {
		const char *secret, *key, *iv;
	} want[] = {
		{ RFC8448_SECRET_HANDSHAKE_SERVER, "3fce516009c21727d0f2e4e86ee403bc",
		  "5d313eb2671276ee13000b30" },
		{ RFC8448_SECRET_HANDSHAKE_CLIENT, "dbfaa693d1762c5b666af5d950258d01",
		  "5bd3c71b836e0b76bb73265f" },
		{ RFC8448_SECRET_SERVER, "9f02283b6c9c07efc26bb9f2ac92e356",
		  "cf782b88dd83549aadf1e984" },
		{ RFC8448_SECRET_CLIENT, "17422dda596ed5d9acd890e3c63f5051",
		  "5b78923dee08579033e523d9" },
	};
	uint8_t key[16], iv[12];

	for (size_t i = 0; i < G_N_ELEMENTS(want); i++) {
		GByteArray *s = unhex(want[i].secret);
		const struct bytes secret = bytes_of(s->data, s->len);
		assert_true(derive_label(GNUTLS_MAC_SHA256, secret, "key", key, sizeof key));
		assert_true(derive_label(GNUTLS_MAC_SHA256, secret, "iv", iv, sizeof iv));
		assert_hex(key, sizeof key, want[i].key);
		assert_hex(iv, sizeof iv, want[i].iv);
		g_byte_array_unref(s);
	}
}

/* Every row is for some suite, and every suite of these kinds has a row. */
static void test_table(void **state)
{
	unsigned rows = 0;

	for (unsigned s = 0; s < 65536; s++) {
		const char *name = tls_suite_name((uint16_t)s);
		const struct protection *p = protection_find((uint16_t)s);
		assert_true(name || !p);
		if (!name)
			continue;
		rows += p != NULL;
		bool aes = strstr(name, "AES_128_") || strstr(name, "AES_256_");
		bool camellia = strstr(name, "CAMELLIA") != NULL;
		bool strange = strstr(name, "AES_256_CCM_SHA384"); /* of ECCPWD alone */
		if ((aes || camellia) && !strange)
			assert_non_null(p);
	}
	assert_true(rows > 150);
	assert_null(protection_find(0xcc13)); /* drafts make other nonces */
	assert_null(protection_find(0x0000));
	assert_null(protection_find(0x00c6));
}

enum { CLIENT, SERVER };

static const struct {
	int side;
	const char *record;
} trace[] = {
	{ CLIENT, rfc8448_client_hello },  { SERVER, rfc8448_server_hello },
	{ SERVER, rfc8448_server_flight }, { CLIENT, rfc8448_client_finished },
	{ SERVER, rfc8448_server_ticket }, { CLIENT, rfc8448_client_data },
	{ SERVER, rfc8448_server_data },   { CLIENT, rfc8448_client_alert },
	{ SERVER, rfc8448_server_alert },
};

static void play_record(struct play *p, unsigned i, size_t step)
{
	GByteArray *r = unhex(trace[i].record);
	play_feed(p, trace[i].side, bytes_of(r->data, r->len), step);
	g_byte_array_unref(r);
}

static struct play *play_trace(const char *lines, size_t step)
{
	struct key_log *log = key_log_new();
	add_line(log, lines);
	struct play *p = play_new(log);
	for (unsigned i = 0; i < G_N_ELEMENTS(trace); i++)
		play_record(p, i, step);
	key_log_free(log);
	return p;
}

#define ALL RFC8448_LINE_HANDSHAKE_CLIENT RFC8448_LINE_HANDSHAKE_SERVER APPLICATION
#define APPLICATION RFC8448_LINE_CLIENT RFC8448_LINE_SERVER

/* 0 to 49: the data that both sides send in the trace. */
static bool is_payload(const GString *s)
{
	for (unsigned i = 0; i < s->len; i++)
		if ((uint8_t)s->str[i] != i)
			return false;
	return s->len == 50;
}

static void test_trace(void **state)
{
	static const size_t steps[] = { 0, 1, 2, 3, 5, 6, 7, 64, 680 };

	for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
		struct play *p = play_trace(ALL, steps[i]);
		assert_true(is_payload(p->plain[CLIENT]));
		assert_true(is_payload(p->plain[SERVER]));
		assert_int_equal(p->alerts, 2);
		assert_int_equal(p->last_alert, 0x0100); /* close_notify */
		assert_int_equal(p->lost, 0);
		assert_int_equal(opening_state(p->opening), OPENING_DONE);
		play_free(p);
	}
}

/* Without the secrets of the handshake the first record of the dialogue shows where it begins. */
static void test_no_handshake_secrets(void **state)
{
	struct play *p = play_trace(APPLICATION, 0);
	assert_true(is_payload(p->plain[CLIENT]));
	assert_true(is_payload(p->plain[SERVER]));
	play_free(p);
}

static void test_one_side(void **state)
{
	struct play *p = play_trace(RFC8448_LINE_SERVER, 0);
	assert_int_equal(p->plain[CLIENT]->len, 0);
	assert_true(is_payload(p->plain[SERVER]));
	play_free(p);
}

static void test_only_handshake_secrets(void **state)
{
	struct play *p = play_trace(RFC8448_LINE_HANDSHAKE_CLIENT RFC8448_LINE_HANDSHAKE_SERVER, 0);
	assert_int_equal(p->plain[CLIENT]->len + p->plain[SERVER]->len, 0);
	assert_int_equal(p->alerts, 0);
	play_free(p);
}

static void test_wrong(void **state)
{
	/* The secrets of client and server exchanged. */
	struct play *p =
		play_trace("CLIENT_TRAFFIC_SECRET_0 " RFC8448_RANDOM " " RFC8448_SECRET_SERVER "\n"
			   "SERVER_TRAFFIC_SECRET_0 " RFC8448_RANDOM " " RFC8448_SECRET_CLIENT "\n",
			   0);
	assert_int_equal(p->plain[CLIENT]->len + p->plain[SERVER]->len, 0);
	assert_int_equal(opening_state(p->opening), OPENING_WRONG);
	play_free(p);
	p = play_trace("", 0);
	assert_int_equal(opening_state(p->opening), OPENING_MISSING);
	play_free(p);
	/* Of another hash than the suite's. */
	p = play_trace("SERVER_TRAFFIC_SECRET_0 " RFC8448_RANDOM " " RFC8448_SECRET_SERVER
		       "00000000000000000000000000000000\n",
		       0);
	assert_int_equal(opening_state(p->opening), OPENING_MISSING);
	play_free(p);
}

/* A record of each side is lost, one after the other. What follows the handshake opens when no
 * record of the dialogue was lost before it; nothing is ever invented. */
static void test_lost(void **state)
{
	struct key_log *log = key_log_new();
	add_line(log, ALL);
	for (unsigned lost = 2; lost < G_N_ELEMENTS(trace); lost++) {
		struct play *p = play_new(log);
		for (unsigned i = 0; i < G_N_ELEMENTS(trace); i++) {
			if (i == lost)
				play_gap(p, trace[i].side, strlen(trace[i].record) / 2);
			else
				play_record(p, i, 0);
		}
		bool ticket = lost == 4, client = lost == 5, server = lost == 6;
		assert_true(client ? p->plain[CLIENT]->len == 0 : is_payload(p->plain[CLIENT]));
		assert_true(ticket || server ? p->plain[SERVER]->len == 0
					     : is_payload(p->plain[SERVER]));
		assert_int_equal(opening_state(p->opening), OPENING_DONE);
		play_free(p);
	}
	key_log_free(log);
}

/* Any bit of a record turned: it does not open, and nothing of that side does after it. */
static void test_turned(void **state)
{
	struct key_log *log = key_log_new();
	add_line(log, ALL);
	GByteArray *r = unhex(rfc8448_server_data);
	for (unsigned bit = 5 * 8; bit < r->len * 8; bit += 7) {
		struct play *p = play_new(log);
		for (unsigned i = 0; i < 6; i++)
			play_record(p, i, 0);
		r->data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		play_feed(p, SERVER, bytes_of(r->data, r->len), 0);
		r->data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		play_record(p, 8, 0);
		assert_int_equal(p->plain[SERVER]->len, 0);
		assert_int_equal(p->lost, 1);
		assert_int_equal(p->alerts, 0);
		play_free(p);
	}
	g_byte_array_unref(r);
	key_log_free(log);
}

/* A sensor is quicker than the program that writes the log. */
static void test_late_secrets(void **state)
{
	struct key_log *log = key_log_new();
	struct play *p = play_new(log);

	add_line(log, "# nothing yet\n");
	for (unsigned i = 0; i < 4; i++)
		play_record(p, i, 0);
	add_line(log, APPLICATION);
	for (unsigned i = 4; i < G_N_ELEMENTS(trace); i++)
		play_record(p, i, 0);
	assert_true(is_payload(p->plain[CLIENT]));
	assert_true(is_payload(p->plain[SERVER]));
	play_free(p);
	key_log_free(log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prf),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_trace),
		cmocka_unit_test(test_no_handshake_secrets),
		cmocka_unit_test(test_one_side),
		cmocka_unit_test(test_only_handshake_secrets),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_turned),
		cmocka_unit_test(test_late_secrets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
