/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sessions of GnuTLS with itself, in memory: every cipher suite that it has under every version,
 * CBC with both orders of encryption and MAC, resumption, renegotiation, KeyUpdate, padding,
 * HelloRetryRequest. What they wrote is opened with what their key logs say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "keys/keys_play.h"
#include "keys/protection.h"

enum { CLIENT, SERVER };

/* What one side wrote and the other has not read; and all that was written, in order. */
struct wire {
	GByteArray *to[2];
	GPtrArray *written; /* GByteArray *, the first byte is the side */
	GString *lines;	    /* of the key log */
	gnutls_session_t s[2];
	GString *said[2];
};

static gnutls_certificate_credentials_t certificates;
static gnutls_anon_server_credentials_t anon_server;
static gnutls_anon_client_credentials_t anon_client;
static gnutls_psk_server_credentials_t psk_server;
static gnutls_psk_client_credentials_t psk_client;
static gnutls_datum_t ticket_key;

/* ---- both ends ---- */

static void add_certificate(gnutls_pk_algorithm_t kind, unsigned bits)
{
	static const char name[] = "smtp.office365.com";
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t crt;

	gnutls_x509_privkey_init(&key);
	assert_int_equal(gnutls_x509_privkey_generate(key, kind, bits, 0), 0);
	gnutls_x509_crt_init(&crt);
	gnutls_x509_crt_set_version(crt, 3);
	gnutls_x509_crt_set_serial(crt, "\1", 1);
	gnutls_x509_crt_set_activation_time(crt, 0);
	gnutls_x509_crt_set_expiration_time(crt, (time_t)1 << 32);
	gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, name, sizeof name - 1);
	gnutls_x509_crt_set_key(crt, key);
	gnutls_x509_crt_set_key_usage(crt,
				      GNUTLS_KEY_DIGITAL_SIGNATURE | GNUTLS_KEY_KEY_ENCIPHERMENT);
	assert_int_equal(gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0), 0);
	assert_int_equal(gnutls_certificate_set_x509_key(certificates, &crt, 1, key), 0);
	gnutls_x509_crt_deinit(crt);
	gnutls_x509_privkey_deinit(key);
}

static int psk_of(gnutls_session_t s, const char *user, gnutls_datum_t *key)
{
	key->data = gnutls_malloc(16);
	key->size = 16;
	memset(key->data, 0x55, 16);
	return 0;
}

static int set_up(void **state)
{
	const gnutls_datum_t psk = { (uint8_t *)"UUUUUUUUUUUUUUUU", 16 };

	gnutls_certificate_allocate_credentials(&certificates);
	add_certificate(GNUTLS_PK_RSA, 2048);
	add_certificate(GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1));
	gnutls_certificate_set_known_dh_params(certificates, GNUTLS_SEC_PARAM_MEDIUM);
	gnutls_anon_allocate_server_credentials(&anon_server);
	gnutls_anon_set_server_known_dh_params(anon_server, GNUTLS_SEC_PARAM_MEDIUM);
	gnutls_anon_allocate_client_credentials(&anon_client);
	gnutls_psk_allocate_server_credentials(&psk_server);
	gnutls_psk_set_server_known_dh_params(psk_server, GNUTLS_SEC_PARAM_MEDIUM);
	gnutls_psk_set_server_credentials_function(psk_server, psk_of);
	gnutls_psk_allocate_client_credentials(&psk_client);
	gnutls_psk_set_client_credentials(psk_client, "scanner", &psk, GNUTLS_PSK_KEY_RAW);
	return gnutls_session_ticket_key_generate(&ticket_key);
}

static int tear_down(void **state)
{
	gnutls_certificate_free_credentials(certificates);
	gnutls_anon_free_server_credentials(anon_server);
	gnutls_anon_free_client_credentials(anon_client);
	gnutls_psk_free_server_credentials(psk_server);
	gnutls_psk_free_client_credentials(psk_client);
	gnutls_free(ticket_key.data);
	return 0;
}

/* ---- the wire ---- */

struct end {
	struct wire *w;
	int side;
};

static ssize_t push(gnutls_transport_ptr_t p, const void *data, size_t n)
{
	const struct end *e = p;
	const uint8_t side = (uint8_t)e->side;
	GByteArray *copy = g_byte_array_new();

	g_byte_array_append(e->w->to[!e->side], data, (guint)n);
	g_byte_array_append(copy, &side, 1);
	g_byte_array_append(copy, data, (guint)n);
	g_ptr_array_add(e->w->written, copy);
	return (ssize_t)n;
}

static ssize_t pull(gnutls_transport_ptr_t p, void *data, size_t n)
{
	const struct end *e = p;
	GByteArray *from = e->w->to[e->side];

	n = MIN(n, from->len);
	if (n == 0) {
		gnutls_transport_set_errno(e->w->s[e->side], EAGAIN);
		return -1;
	}
	memcpy(data, from->data, n);
	g_byte_array_remove_range(from, 0, (guint)n);
	return (ssize_t)n;
}

static int ready(gnutls_transport_ptr_t p, unsigned ms)
{
	const struct end *e = p;
	return e->w->to[e->side]->len > 0;
}

static void put_hex(GString *to, const gnutls_datum_t *d)
{
	for (unsigned i = 0; i < d->size; i++)
		g_string_append_printf(to, "%02x", d->data[i]);
}

static int keylog(gnutls_session_t s, const char *label, const gnutls_datum_t *secret)
{
	struct wire *w = gnutls_session_get_ptr(s);
	gnutls_datum_t client, server;

	gnutls_session_get_random(s, &client, &server);
	g_string_append_printf(w->lines, "%s ", label);
	put_hex(w->lines, &client);
	g_string_append_c(w->lines, ' ');
	put_hex(w->lines, secret);
	g_string_append_c(w->lines, '\n');
	return 0;
}

static void open_end(struct wire *w, struct end *e, const char *priority,
		     const gnutls_datum_t *data)
{
	gnutls_session_t s;
	bool server = e->side == SERVER;

	gnutls_init(&s, (server ? GNUTLS_SERVER : GNUTLS_CLIENT) | GNUTLS_NONBLOCK |
				GNUTLS_ALLOW_ID_CHANGE | GNUTLS_NO_SIGNAL);
	w->s[e->side] = s;
	gnutls_session_set_ptr(s, w);
	assert_int_equal(gnutls_priority_set_direct(s, priority, NULL), 0);
	gnutls_credentials_set(s, GNUTLS_CRD_CERTIFICATE, certificates);
	if (server) {
		gnutls_credentials_set(s, GNUTLS_CRD_ANON, anon_server);
		gnutls_credentials_set(s, GNUTLS_CRD_PSK, psk_server);
		gnutls_session_ticket_enable_server(s, &ticket_key);
	} else {
		gnutls_credentials_set(s, GNUTLS_CRD_ANON, anon_client);
		if (strstr(priority, "PSK"))
			gnutls_credentials_set(s, GNUTLS_CRD_PSK, psk_client);
		if (data && data->size)
			gnutls_session_set_data(s, data->data, data->size);
	}
	gnutls_handshake_set_timeout(s, 0);
	gnutls_transport_set_ptr(s, e);
	gnutls_transport_set_push_function(s, push);
	gnutls_transport_set_pull_function(s, pull);
	gnutls_transport_set_pull_timeout_function(s, ready);
	gnutls_session_set_keylog_function(s, keylog);
}

/* Both handshakes in turn; 0 or the first error. */
static int shake(struct wire *w)
{
	int c = GNUTLS_E_AGAIN, s = GNUTLS_E_AGAIN;

	for (unsigned i = 0; i < 60 && (c == GNUTLS_E_AGAIN || s == GNUTLS_E_AGAIN); i++) {
		if (c == GNUTLS_E_AGAIN)
			c = gnutls_handshake(w->s[CLIENT]);
		if (s == GNUTLS_E_AGAIN)
			s = gnutls_handshake(w->s[SERVER]);
	}
	return c ? c : s;
}

/* Read what is there: tickets and KeyUpdates are taken on the way. */
static void hear(struct wire *w, int side)
{
	char text[32768];
	ssize_t got;

	do
		got = gnutls_record_recv(w->s[side], text, sizeof text);
	while (got > 0 || (got < 0 && got != GNUTLS_E_AGAIN && !gnutls_error_is_fatal((int)got)));
}

static void say(struct wire *w, int side, const char *text, size_t n, size_t pad)
{
	g_string_append_len(w->said[side], text, (gssize)n);
	while (n > 0) {
		ssize_t sent = gnutls_record_send2(w->s[side], text, n, pad, 0);
		assert_true(sent > 0);
		text += sent;
		n -= (size_t)sent;
	}
	hear(w, !side);
}

static void line(struct wire *w, int side, const char *text)
{
	say(w, side, text, strlen(text), 0);
}

static void dialogue(struct wire *w)
{
	char *body = g_strnfill(40000, 'x');

	line(w, SERVER, "220 smtp.office365.com\r\n");
	line(w, CLIENT, "EHLO scan-2f.contoso.com\r\n");
	line(w, SERVER, "250-smtp.office365.com\r\n250 AUTH LOGIN XOAUTH2\r\n");
	for (size_t n = 1; n < 300; n += 13)
		say(w, CLIENT, body, n, 0);
	say(w, CLIENT, body, 40000, 0);
	line(w, SERVER, "250 2.0.0 OK\r\n");
	g_free(body);
}

static struct wire *wire_new(struct end ends[2], const char *priority, const gnutls_datum_t *data)
{
	struct wire *w = g_new0(struct wire, 1);

	w->written = g_ptr_array_new_with_free_func((GDestroyNotify)g_byte_array_unref);
	w->lines = g_string_new(NULL);
	for (int i = 0; i < 2; i++) {
		w->to[i] = g_byte_array_new();
		w->said[i] = g_string_new(NULL);
		ends[i] = (struct end){ w, i };
		open_end(w, &ends[i], priority, data);
	}
	return w;
}

static void wire_free(struct wire *w)
{
	for (int i = 0; i < 2; i++) {
		gnutls_deinit(w->s[i]);
		g_byte_array_unref(w->to[i]);
		g_string_free(w->said[i], TRUE);
	}
	g_ptr_array_free(w->written, TRUE);
	g_string_free(w->lines, TRUE);
	g_free(w);
}

/* ---- opened? ---- */

static struct play *replay(const struct wire *w, struct key_log *log, size_t step)
{
	struct play *p = play_new(log);

	for (guint i = 0; i < w->written->len; i++) {
		GByteArray *b = g_ptr_array_index(w->written, i);
		play_feed(p, b->data[0], bytes_of(b->data + 1, b->len - 1), step);
	}
	return p;
}

/* `log` knows what came before. */
static void assert_opened_after(const struct wire *w, struct key_log *log, const char *name)
{
	static const size_t steps[] = { 0, 1, 1448 };

	add_line(log, w->lines->str);
	for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
		struct play *p = replay(w, log, steps[i]);
		for (int side = 0; side < 2; side++)
			if (!g_string_equal(p->plain[side], w->said[side]))
				fail_msg("%s: %zu of %zu bytes of side %d were opened", name,
					 (size_t)p->plain[side]->len, (size_t)w->said[side]->len,
					 side);
		assert_int_equal(p->lost, 0);
		play_free(p);
	}
}

static void assert_opened(const struct wire *w, const char *name)
{
	struct key_log *log = key_log_new();

	assert_opened_after(w, log, name);
	key_log_free(log);
}

static void bye(struct wire *w)
{
	gnutls_bye(w->s[CLIENT], GNUTLS_SHUT_WR);
	hear(w, SERVER);
}

/* A session with these priorities. False: the two do not come together. */
static bool try_session(const char *priority, const char *name)
{
	struct end ends[2];
	struct wire *w = wire_new(ends, priority, NULL);
	bool good = shake(w) == 0;

	if (good) {
		dialogue(w);
		bye(w);
		assert_opened(w, name);
	}
	wire_free(w);
	return good;
}

static const struct {
	gnutls_protocol_t number;
	const char *name;
} versions[] = { { GNUTLS_TLS1_0, "VERS-TLS1.0" },
		 { GNUTLS_TLS1_1, "VERS-TLS1.1" },
		 { GNUTLS_TLS1_2, "VERS-TLS1.2" },
		 { GNUTLS_TLS1_3, "VERS-TLS1.3" } };

#define ALL_ELSE ":+SIGN-ALL:+GROUP-ALL:+COMP-NULL:+CTYPE-X509:%VERIFY_ALLOW_BROKEN"

/* One suite under one version. False: these priorities mean nothing to GnuTLS, or no session. */
static bool try_suite(unsigned version, gnutls_kx_algorithm_t kx, gnutls_cipher_algorithm_t cipher,
		      gnutls_mac_algorithm_t mac, const char *name, const char *more)
{
	const char *exchange = gnutls_kx_get_name(kx);
	bool v13 = versions[version].number == GNUTLS_TLS1_3;
	char *priority = g_strdup_printf("NONE:+%s:+%s:+%s%s%s%s%s", versions[version].name,
					 gnutls_cipher_get_name(cipher), gnutls_mac_get_name(mac),
					 v13 ? "" : ":+", v13 ? "" : exchange, ALL_ELSE, more);
	char *whole = g_strdup_printf("%s %s%s", versions[version].name, name, more);
	gnutls_priority_t p;
	bool good = gnutls_priority_init(&p, priority, NULL) == 0;

	if (good) {
		gnutls_priority_deinit(p);
		good = try_session(priority, whole);
	}
	g_free(priority);
	g_free(whole);
	return good;
}

static bool key_exchange_is_set_up(gnutls_kx_algorithm_t kx)
{
	return kx != GNUTLS_KX_SRP && kx != GNUTLS_KX_SRP_RSA && kx != GNUTLS_KX_SRP_DSS &&
	       kx != GNUTLS_KX_DHE_DSS && kx != GNUTLS_KX_RSA_PSK;
}

static void test_every_suite(void **state)
{
	unsigned sessions[G_N_ELEMENTS(versions)] = { 0 }, kinds[5] = { 0 };
	gnutls_kx_algorithm_t kx;
	gnutls_cipher_algorithm_t cipher;
	gnutls_mac_algorithm_t mac;
	gnutls_protocol_t least;
	unsigned char id[2];
	const char *name;

	for (size_t i = 0; (name = gnutls_cipher_suite_info(i, id, &kx, &cipher, &mac, &least));
	     i++) {
		const struct protection *how = protection_find((uint16_t)(id[0] << 8 | id[1]));
		if (!how || (kx != GNUTLS_KX_UNKNOWN && !key_exchange_is_set_up(kx)))
			continue;
		for (unsigned v = 0; v < G_N_ELEMENTS(versions); v++) {
			bool v13 = versions[v].number == GNUTLS_TLS1_3;
			if (versions[v].number < least || v13 != (least == GNUTLS_TLS1_3))
				continue;
			bool one = try_suite(v, kx, cipher, mac, name, "");
			sessions[v] += one;
			kinds[how->kind] += one;
			if (how->kind == PROTECTION_CBC)
				sessions[v] += try_suite(v, kx, cipher, mac, name, ":%NO_ETM");
		}
	}
	print_message("sessions of TLS 1.0: %u, 1.1: %u, 1.2: %u, 1.3: %u\n", sessions[0],
		      sessions[1], sessions[2], sessions[3]);
	assert_true(sessions[0] > 10 && sessions[1] > 10 && sessions[2] > 60);
	assert_true(sessions[3] >= 4);
	for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++)
		assert_true(kinds[i] > 0);
}

#define TLS12 "NORMAL:-VERS-ALL:+VERS-TLS1.2"
#define TLS13 "NORMAL:-VERS-ALL:+VERS-TLS1.3"

/* A full session, then two that go on, one from the other; all are opened. Of resumed sessions up
 * to TLS 1.2 GnuTLS logs nothing. */
static void resume(const char *priority)
{
	gnutls_datum_t data = { NULL, 0 };
	struct key_log *log = key_log_new();

	for (unsigned i = 0; i < 3; i++) {
		struct end ends[2];
		struct wire *w = wire_new(ends, priority, &data);
		assert_int_equal(shake(w), 0);
		assert_int_equal(gnutls_session_is_resumed(w->s[CLIENT]), i > 0);
		dialogue(w);
		gnutls_free(data.data);
		assert_int_equal(gnutls_session_get_data2(w->s[CLIENT], &data), 0);
		assert_opened_after(w, log, i ? "resumed" : "before it is resumed");
		wire_free(w);
	}
	gnutls_free(data.data);
	key_log_free(log);
}

static void test_resumed(void **state)
{
	resume(TLS12);
	resume(TLS12 ":-AES-128-GCM:-AES-256-GCM:-CHACHA20-POLY1305:-AES-256-CCM:-AES-128-CCM");
	resume(TLS13);
}

static void test_no_extended_master_secret(void **state)
{
	assert_true(try_session(TLS12 ":%NO_SESSION_HASH", "without extended master secret"));
}

static void rehandshake(const char *priority, const char *name)
{
	struct end ends[2];
	struct wire *w = wire_new(ends, priority, NULL);

	assert_int_equal(shake(w), 0);
	dialogue(w);
	assert_int_equal(shake(w), 0);
	dialogue(w);
	assert_opened(w, name);
	wire_free(w);
}

static void test_renegotiated(void **state)
{
	rehandshake(TLS12, "renegotiated");
	rehandshake(TLS12 ":-CIPHER-ALL:+AES-128-CBC", "renegotiated, CBC");
	rehandshake("NORMAL:-VERS-ALL:+VERS-TLS1.0", "renegotiated, TLS 1.0");
}

static void test_key_update(void **state)
{
	struct end ends[2];
	struct wire *w = wire_new(ends, TLS13, NULL);

	assert_int_equal(shake(w), 0);
	for (int i = 0; i < 4; i++) {
		dialogue(w);
		assert_int_equal(gnutls_session_key_update(w->s[i % 2], i < 2 ? GNUTLS_KU_PEER : 0),
				 0);
		hear(w, !(i % 2));
	}
	dialogue(w);
	assert_opened(w, "with KeyUpdate");
	wire_free(w);
}

static void test_padding(void **state)
{
	struct end ends[2];
	struct wire *w = wire_new(ends, TLS13, NULL);

	assert_int_equal(shake(w), 0);
	for (size_t pad = 1; pad < 4000; pad *= 3) {
		say(w, CLIENT, "NOOP\r\n", 6, pad);
		say(w, SERVER, "250 OK\r\n", 8, pad);
	}
	assert_opened(w, "with padding");
	wire_free(w);
}

/* The client's share is of a group that the server does not want. */
static void test_retry(void **state)
{
	struct wire *w = g_new0(struct wire, 1);
	struct end ends[2] = { { w, CLIENT }, { w, SERVER } };

	w->written = g_ptr_array_new_with_free_func((GDestroyNotify)g_byte_array_unref);
	w->lines = g_string_new(NULL);
	for (int i = 0; i < 2; i++) {
		w->to[i] = g_byte_array_new();
		w->said[i] = g_string_new(NULL);
	}
	open_end(w, &ends[CLIENT], TLS13 ":-GROUP-ALL:+GROUP-X25519:+GROUP-SECP384R1", NULL);
	open_end(w, &ends[SERVER], TLS13 ":-GROUP-ALL:+GROUP-SECP384R1", NULL);
	assert_int_equal(shake(w), 0);
	dialogue(w);
	assert_opened(w, "after HelloRetryRequest");
	wire_free(w);
}

/* A log of the other session opens nothing. */
static void test_other_keys(void **state)
{
	struct end a[2], b[2];
	struct wire *one = wire_new(a, TLS13, NULL), *two = wire_new(b, TLS13, NULL);
	struct key_log *log = key_log_new();

	assert_int_equal(shake(one), 0);
	assert_int_equal(shake(two), 0);
	dialogue(one);
	add_line(log, two->lines->str);
	struct play *p = replay(one, log, 0);
	assert_int_equal(p->plain[CLIENT]->len + p->plain[SERVER]->len, 0);
	assert_int_equal(opening_state(p->opening), OPENING_MISSING);
	play_free(p);
	key_log_free(log);
	wire_free(one);
	wire_free(two);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_suite),
		cmocka_unit_test(test_resumed),
		cmocka_unit_test(test_no_extended_master_secret),
		cmocka_unit_test(test_renegotiated),
		cmocka_unit_test(test_key_update),
		cmocka_unit_test(test_padding),
		cmocka_unit_test(test_retry),
		cmocka_unit_test(test_other_keys),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
