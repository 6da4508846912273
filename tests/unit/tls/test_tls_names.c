/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tables of names: order (they are searched by halves), no gaps in meaning, and a set of values
 * that stand for each class of suite, each side of an alert and each kind of number.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tls/tls.h"

static void test_order(void **state)
{
	static const unsigned suites[] = {
#define SUITE(value, name, class, m365) value,
#include "tls/suites.def"
#undef SUITE
	};
	static const unsigned groups[] = {
#define GROUP(value, name) value,
#include "tls/groups.def"
#undef GROUP
	};
	static const unsigned alerts[] = {
#define ALERT(code, name, from_client, from_server) code,
#include "tls/alerts.def"
#undef ALERT
	};

	(void)state;
	for (size_t i = 1; i < G_N_ELEMENTS(suites); i++)
		assert_true(suites[i - 1] < suites[i]);
	for (size_t i = 1; i < G_N_ELEMENTS(groups); i++)
		assert_true(groups[i - 1] < groups[i]);
	for (size_t i = 1; i < G_N_ELEMENTS(alerts); i++)
		assert_true(alerts[i - 1] < alerts[i]);
	assert_true(G_N_ELEMENTS(suites) >= 200);
}

static void test_versions(void **state)
{
	(void)state;
	assert_string_equal(tls_version_name(TLS_1_2), "TLS 1.2");
	assert_string_equal(tls_version_name(TLS_SSL3), "SSL 3.0");
	assert_string_equal(tls_version_name(TLS_SSL2), "SSL 2.0");
	assert_string_equal(tls_version_ecs(TLS_1_3), "1.3");
	assert_string_equal(tls_version_ecs(TLS_SSL3), "3.0");
	const char *a = tls_version_name(0x0305), *b = tls_version_name(0x7f1c);
	assert_string_equal(a, "0x0305"); /* two in one printf */
	assert_string_equal(b, "0x7f1c");
	assert_string_equal(tls_version_ecs(0), "0x0000");
}

static void test_suites(void **state)
{
	static const struct {
		uint16_t value;
		const char *name;
		enum tls_suite_class class;
		bool open, m365;
	} cases[] = {
		{ 0x0000, "TLS_NULL_WITH_NULL_NULL", TLS_SUITE_BROKEN, true, false },
		{ 0x0004, "TLS_RSA_WITH_RC4_128_MD5", TLS_SUITE_BROKEN, false, false },
		{ 0x0003, "TLS_RSA_EXPORT_WITH_RC4_40_MD5", TLS_SUITE_BROKEN, true, false },
		{ 0x0009, "TLS_RSA_WITH_DES_CBC_SHA", TLS_SUITE_BROKEN, false, false },
		{ 0x000a, "TLS_RSA_WITH_3DES_EDE_CBC_SHA", TLS_SUITE_3DES, false, false },
		{ 0x001b, "TLS_DH_anon_WITH_3DES_EDE_CBC_SHA", TLS_SUITE_BROKEN, true, false },
		{ 0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA", TLS_SUITE_STATIC_RSA, false, false },
		{ 0x0033, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA", TLS_SUITE_CBC, false, false },
		{ 0x0060, "TLS_RSA_EXPORT1024_WITH_RC4_56_MD5", TLS_SUITE_BROKEN, true, false },
		{ 0x009c, "TLS_RSA_WITH_AES_128_GCM_SHA256", TLS_SUITE_STATIC_RSA, false, false },
		{ 0x009e, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", TLS_SUITE_MODERN, false, false },
		{ 0x00ff, "TLS_EMPTY_RENEGOTIATION_INFO_SCSV", TLS_SUITE_UNKNOWN, false, false },
		{ 0x1301, "TLS_AES_128_GCM_SHA256", TLS_SUITE_MODERN, false, true },
		{ 0x1302, "TLS_AES_256_GCM_SHA384", TLS_SUITE_MODERN, false, true },
		{ 0x5600, "TLS_FALLBACK_SCSV", TLS_SUITE_UNKNOWN, false, false },
		{ 0xc007, "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA", TLS_SUITE_BROKEN, false, false },
		{ 0xc00e, "TLS_ECDH_RSA_WITH_AES_128_CBC_SHA", TLS_SUITE_STATIC_RSA, false, false },
		{ 0xc012, "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA", TLS_SUITE_3DES, false, false },
		{ 0xc014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", TLS_SUITE_CBC, false, true },
		{ 0xc018, "TLS_ECDH_anon_WITH_AES_128_CBC_SHA", TLS_SUITE_BROKEN, true, false },
		{ 0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", TLS_SUITE_MODERN, false, true },
		{ 0xc0b4, "TLS_SHA256_SHA256", TLS_SUITE_BROKEN, true, false },
		{ 0xcca8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", TLS_SUITE_MODERN, false,
		  false },
		{ 0xffff, NULL, TLS_SUITE_UNKNOWN, false, false },
		{ 0x2a2a, NULL, TLS_SUITE_UNKNOWN, false, false },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		const char *name = tls_suite_name(cases[i].value);
		if (cases[i].name)
			assert_string_equal(name, cases[i].name);
		else
			assert_null(name);
		assert_int_equal(tls_suite_class(cases[i].value), cases[i].class);
		assert_int_equal(tls_suite_is_null_anon_export(cases[i].value), cases[i].open);
		assert_int_equal(tls_suite_m365(cases[i].value), cases[i].m365);
	}
}

/* Whatever is open is broken; Microsoft 365 accepts nothing but forward secrecy. */
static void test_suite_rules(void **state)
{
	unsigned accepted = 0;

	(void)state;
	for (unsigned v = 0; v < 0x10000; v++) {
		uint16_t s = (uint16_t)v;
		enum tls_suite_class class = tls_suite_class(s);
		if (tls_suite_is_null_anon_export(s))
			assert_int_equal(class, TLS_SUITE_BROKEN);
		if (tls_suite_m365(s))
			assert_true(class == TLS_SUITE_MODERN || class == TLS_SUITE_CBC);
		accepted += tls_suite_m365(s);
		if (!tls_suite_name(s))
			assert_int_equal(class, TLS_SUITE_UNKNOWN);
	}
	assert_int_equal(accepted, 15);
}

static void test_groups(void **state)
{
	(void)state;
	assert_string_equal(tls_group_name(23), "secp256r1");
	assert_string_equal(tls_group_name(29), "x25519");
	assert_string_equal(tls_group_name(0x0100), "ffdhe2048");
	assert_string_equal(tls_group_name(0x11ec), "X25519MLKEM768");
	assert_null(tls_group_name(0));
	assert_null(tls_group_name(0x2a2a));
	assert_null(tls_group_name(0xffff));
}

static void test_alerts(void **state)
{
	static const uint8_t needed[] = { 0,  10, 20,  21,  22,	 40,  41,  42,	43,  44,
					  45, 46, 47,  48,  49,	 50,  51,  70,	71,  80,
					  86, 90, 100, 109, 110, 112, 113, 115, 116, 120 };

	(void)state;
	assert_string_equal(tls_alert_name(48), "unknown_ca");
	assert_string_equal(tls_alert_meaning(48, true),
			    "the device does not trust the certificate authority that signed the "
			    "server's certificate");
	assert_string_equal(tls_alert_meaning(70, false),
			    "the server accepts none of the TLS versions that the device offers");
	for (size_t i = 0; i < G_N_ELEMENTS(needed); i++)
		assert_non_null(tls_alert_name(needed[i]));
	for (unsigned c = 0; c < 256; c++) {
		const char *mine = tls_alert_meaning((uint8_t)c, true);
		const char *theirs = tls_alert_meaning((uint8_t)c, false);
		assert_int_equal(mine != NULL, tls_alert_name((uint8_t)c) != NULL);
		if (!mine)
			continue;
		assert_true(g_str_has_prefix(mine, "the device"));
		assert_true(g_str_has_prefix(theirs, "the server"));
		assert_false(g_str_has_suffix(mine, "."));
	}
	assert_null(tls_alert_name(255));
}

static void test_lengths_13(void **state)
{
	(void)state;
	assert_int_equal(tls13_alert_length(0x1301), 19);
	assert_int_equal(tls13_alert_length(0x1305), 11);
	assert_int_equal(tls13_alert_length(0xc030), 0);
	assert_int_equal(tls13_finished_length(0x1301), 53);
	assert_int_equal(tls13_finished_length(0x1302), 69);
	assert_int_equal(tls13_finished_length(0x002f), 0);
	assert_true(tls13_is_refusal(0x1302, 19));
	assert_false(tls13_is_refusal(0x1302, 69));
	assert_false(tls13_is_refusal(0x1305, 19));
	assert_false(tls13_is_refusal(0xc030, 0)); /* no TLS 1.3: nothing is said */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),	   cmocka_unit_test(test_versions),
		cmocka_unit_test(test_suites),	   cmocka_unit_test(test_suite_rules),
		cmocka_unit_test(test_groups),	   cmocka_unit_test(test_alerts),
		cmocka_unit_test(test_lengths_13),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
