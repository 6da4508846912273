/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who is Microsoft 365: names, banners, certificates, addresses, a loaded document (good, odd and
 * hostile), mistyped names, private addresses, issuers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "m365/peers.h"

static struct address addr(const char *text)
{
	struct address a = { 0 };
	if (inet_pton(AF_INET, text, a.byte) == 1)
		a.family = 4;
	else if (inet_pton(AF_INET6, text, a.byte) == 1)
		a.family = 6;
	assert_true(a.family);
	return a;
}

static int setup(void **state)
{
	*state = peers_new();
	return 0;
}

static int teardown(void **state)
{
	peers_free(*state);
	return 0;
}

static void test_names(void **state)
{
	static const struct {
		const char *name;
		enum endpoint e;
		bool mx, retired;
	} yes[] = {
		{ "smtp.office365.com", ENDPOINT_SUBMISSION, false, false },
		{ "outlook.office365.com", ENDPOINT_SUBMISSION, false, false },
		{ "smtp-legacy.office365.com", ENDPOINT_LEGACY, false, true },
		{ "smtp-mail.outlook.com", ENDPOINT_CONSUMER, false, false },
		{ "smtp-emea.outlook.com", ENDPOINT_CONSUMER, false, true },
		{ "contoso-com.mail.protection.outlook.com", ENDPOINT_MX, true, false },
		{ "outlook-com.olc.protection.outlook.com", ENDPOINT_CONSUMER, true, false },
		{ "contoso-com.o-v1.mx.microsoft", ENDPOINT_MX, true, false },
		{ "smtp.hve.mx.microsoft", ENDPOINT_HVE, false, false },
		{ "smtp-hve.office365.com", ENDPOINT_HVE, false, true },
		{ "smtp.azurecomm.net", ENDPOINT_ACS, false, false },
		{ "smtp.office365.us", ENDPOINT_US_GOV, false, false },
		{ "contoso-us.mail.protection.office365.us", ENDPOINT_US_GOV, true, false },
		{ "x.a-v1.usgovcloud-mx.microsoft", ENDPOINT_US_GOV, true, false },
		{ "smtp.partner.outlook.cn", ENDPOINT_CHINA, false, false },
		{ "contoso-cn.mail.protection.partner.outlook.cn", ENDPOINT_CHINA, true, false },
		{ "contoso.com.mail.messaging.microsoft.com", ENDPOINT_MX, true, true },
		{ "mail.global.frontbridge.com", ENDPOINT_MX, true, true },
		{ "contoso-com.mail.eo.outlook.com", ENDPOINT_MX, true, true },
	};
	static const char *const no[] = {
		"smtp.office365.com.evil.example",
		"xsmtp.office365.com",
		"smtp.gmail.com",
		"",
		".mail.protection.outlook.com",
		"mx.microsoft",
		"evil-mx.microsoft",
		"contoso.com.mail.protection.outlook.com",
		"outlook.com",
		".mx.microsoft",
	};
	struct peer p;
	for (size_t i = 0; i < G_N_ELEMENTS(yes); i++) {
		assert_true(peers_by_name(*state, yes[i].name, 587, &p));
		assert_int_equal(p.endpoint, yes[i].e);
		assert_int_equal(p.mx, yes[i].mx);
		assert_int_equal(p.retired, yes[i].retired);
		assert_int_equal(p.gone, strcmp(yes[i].name, "smtp-emea.outlook.com") == 0);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(no); i++)
		assert_false(peers_by_name(*state, no[i], 587, &p));
}

static void test_added_name(void **state)
{
	struct peer p;
	peers_add_name(*state, "*.Relay.Example", 2525, ENDPOINT_SUBMISSION);
	peers_add_name(*state, "smtp.office365.com", 0, ENDPOINT_HVE);
	assert_true(peers_by_name(*state, "a.relay.example", 2525, &p));
	assert_int_equal(p.endpoint, ENDPOINT_SUBMISSION);
	assert_false(peers_by_name(*state, "a.relay.example", 25, &p));
	assert_true(peers_by_name(*state, "smtp.office365.com", 587, &p));
	assert_int_equal(p.endpoint, ENDPOINT_HVE);
}

static void test_banners(void **state)
{
	static const struct {
		const char *text;
		enum endpoint e;
	} rows[] = {
		{ "BE1P281CA0440.outlook.office365.com Microsoft ESMTP MAIL Service ready at Mon, "
		  "4 Aug "
		  "2025 11:15:30 +0000 [08DDD30471EE4ED5]",
		  ENDPOINT_SUBMISSION },
		{ "VE1EUR01FT034.mail.protection.outlook.com Microsoft ESMTP MAIL Service ready at "
		  "Mon, "
		  "4 "
		  "Jul 2022 12:14:15 +0000",
		  ENDPOINT_MX },
		{ "mail.contoso.example Microsoft ESMTP MAIL Service ready at Mon, 4 Jul 2022",
		  ENDPOINT_NONE },
		{ "x.outlook.office365.com ESMTP Postfix", ENDPOINT_NONE },
		{ "**************", ENDPOINT_NONE },
		{ "", ENDPOINT_NONE },
		{ " x.outlook.office365.com Microsoft ESMTP MAIL Service", ENDPOINT_NONE },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct peer p = { .endpoint = ENDPOINT_NONE };
		bool found = peers_by_banner(*state, rows[i].text, &p);
		assert_int_equal(found, rows[i].e != ENDPOINT_NONE);
		assert_int_equal(p.endpoint, rows[i].e);
	}
}

static void test_addresses(void **state)
{
	static const struct {
		const char *text;
		uint16_t port;
		enum endpoint e;
		bool mx;
	} rows[] = {
		{ "52.96.165.18", 587, ENDPOINT_SUBMISSION, false },
		{ "40.96.0.0", 587, ENDPOINT_SUBMISSION, false },
		{ "40.103.255.255", 25, ENDPOINT_SUBMISSION, false },
		{ "40.105.255.255", 25, ENDPOINT_SUBMISSION, false },
		{ "40.106.0.0", 25, ENDPOINT_NONE, false },
		{ "40.95.255.255", 25, ENDPOINT_NONE, false },
		{ "40.93.1.1", 25, ENDPOINT_MX, true },
		{ "104.47.127.255", 25, ENDPOINT_MX, true },
		{ "104.47.128.0", 25, ENDPOINT_NONE, false },
		{ "13.107.6.153", 587, ENDPOINT_SUBMISSION, false },
		{ "13.107.6.154", 587, ENDPOINT_NONE, false },
		{ "2603:1026:1::1", 587, ENDPOINT_SUBMISSION, false },
		{ "2603:1036:fff::1", 587, ENDPOINT_SUBMISSION, false },
		{ "2603:1037::1", 587, ENDPOINT_NONE, false },
		{ "2a01:111:f403:c900::1", 25, ENDPOINT_MX, true },
		{ "2620:1ec:4::153", 587, ENDPOINT_SUBMISSION, false },
		{ "2620:1ec:4::154", 587, ENDPOINT_NONE, false },
		{ "23.103.191.7", 25, ENDPOINT_US_GOV, true },
		{ "20.35.208.9", 587, ENDPOINT_US_GOV, false },
		{ "42.159.36.1", 25, ENDPOINT_CHINA, true },
		{ "::ffff:52.96.165.18", 587, ENDPOINT_SUBMISSION, false },
		{ "64:ff9b::3460:a512", 587, ENDPOINT_SUBMISSION, false },
		{ "192.0.2.1", 25, ENDPOINT_NONE, false },
		{ "0.0.0.0", 25, ENDPOINT_NONE, false },
		{ "::", 25, ENDPOINT_NONE, false },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct address a = addr(rows[i].text);
		struct peer p = { .endpoint = ENDPOINT_NONE };
		assert_int_equal(peers_by_address(*state, &a, rows[i].port, &p),
				 rows[i].e != ENDPOINT_NONE);
		assert_int_equal(p.endpoint, rows[i].e);
		assert_int_equal(p.mx, rows[i].mx);
	}
	struct address none = { 0 };
	struct peer p;
	assert_false(peers_by_address(*state, &none, 25, &p));
	assert_false(peers_loaded(*state));
	assert_true(peers_date(*state) > 1780000000);
}

static void load_bad(struct peers *p, const char *json, size_t n)
{
	char *error = NULL;
	struct address a = addr("52.96.165.18");
	struct peer out;
	assert_false(peers_load(p, json, n, &error));
	assert_non_null(error);
	g_free(error);
	assert_true(peers_by_address(p, &a, 587, &out));
	assert_false(peers_loaded(p));
}

static void test_load(void **state)
{
	static const char doc[] =
		"[{\"id\":1,\"serviceArea\":\"Exchange\",\"urls\":[\"outlook.office365.com\"],"
		"\"ips\":[\"203.0.113.0/24\"],\"tcpPorts\":\"80,443\"},"
		"{\"id\":2,\"urls\":[\"outlook.office365.com\",\"smtp.office365.com\"],"
		"\"ips\":[\"198.51.100.0/25\",\"2001:db8::/32\",\"nonsense\",7,\"1.2.3.4/"
		"33\",\"0.0.0.0/0\"],"
		"\"tcpPorts\":\"587, 993, 995,143\"},"
		"{\"id\":10,\"urls\":[\"*.mail.protection.outlook.com\",\"*.mx.microsoft\"],"
		"\"ips\":[\"198.51.100.128/25\",\"198.51.100.0/25\"],\"tcpPorts\":\"25\"},"
		"{\"id\":9,\"urls\":[\"*.protection.outlook.com\"],\"ips\":[\"192.0.2.0/24\"],"
		"\"tcpPorts\":\"443\"},"
		"{\"id\":5,\"urls\":[\"outlook.office365.us\"],\"ips\":[\"192.0.2.128/25\"],"
		"\"tcpPorts\":\"143,25,587\"},"
		"7,null,\"x\",[],{},{\"urls\":7,\"tcpPorts\":\"25\"},{\"urls\":[],\"ips\":{}}]";
	char *error = NULL;
	struct peer p;
	assert_true(peers_load(*state, doc, sizeof doc - 1, &error));
	assert_true(peers_loaded(*state));
	assert_int_equal(peers_date(*state), 0);
	struct address a = addr("198.51.100.5");
	assert_true(peers_by_address(*state, &a, 587, &p));
	assert_false(p.mx);
	assert_true(peers_by_address(*state, &a, 25, &p)); /* in both sets: the port decides */
	assert_true(p.mx);
	a = addr("198.51.100.200");
	assert_true(peers_by_address(*state, &a, 25, &p) && p.mx);
	a = addr("2001:db8:1::1");
	assert_true(peers_by_address(*state, &a, 587, &p));
	a = addr("192.0.2.200");
	assert_true(peers_by_address(*state, &a, 587, &p));
	assert_int_equal(p.endpoint, ENDPOINT_US_GOV);
	static const char *const gone[] = { "203.0.113.1", "192.0.2.1", "52.96.165.18", "1.2.3.4" };
	for (size_t i = 0; i < G_N_ELEMENTS(gone); i++) {
		a = addr(gone[i]);
		assert_false(peers_by_address(*state, &a, 587, &p));
	}
}

static void test_load_bad(void **state)
{
	static const char *const docs[] = {
		"",
		"{",
		"[]",
		"{}",
		"null",
		"[1,2,3]",
		"\"x\"",
		"[{\"urls\":[\"smtp.office365.com\"]}]",
		"[{\"urls\":[\"smtp.office365.com\"],\"ips\":[],\"tcpPorts\":\"587\"}]",
		"[{\"urls\":[\"smtp.office365.com\"],\"ips\":[\"1.2.3.0/24\"],\"tcpPorts\":587}]",
		"[{\"urls\":[\"www.office.com\"],\"ips\":[\"1.2.3.0/24\"],\"tcpPorts\":\"25\"}]",
		"[{\"tcpPorts\":\"587\",\"urls\":[\"smtp.office365.com\"],\"ips\":[\"::/0\"]}]",
		"[{\"urls\":[\"\",\"*.\",\"*\"],\"ips\":[\"1.2.3.0/24\"],\"tcpPorts\":\"25\"}]",
		"[{\"urls\":[\"smtp.office365.com\"],\"ips\":[\"1.2.3.0/24\"],\"tcpPorts\":\"-\"}]",
	};
	for (size_t i = 0; i < G_N_ELEMENTS(docs); i++)
		load_bad(*state, docs[i], strlen(docs[i]));
	size_t deep = 1 << 20;
	char *brackets = g_malloc(deep);
	memset(brackets, '[', deep);
	load_bad(*state, brackets, deep);
	memset(brackets, 0, deep);
	load_bad(*state, brackets, deep);
	g_free(brackets);
}

/* A document with many overlapping prefixes stays fast and gives the longest one. */
static void test_load_many(void **state)
{
	GString *s =
		g_string_new("[{\"urls\":[\"smtp.office365.com\"],\"tcpPorts\":\"587\",\"ips\":[");
	for (unsigned i = 0; i < 100000; i++)
		g_string_append_printf(s, "%s\"10.%u.%u.%u/%u\"", i ? "," : "", i >> 12 & 255,
				       i >> 4 & 255, i * 16 & 255, 8 + i % 25);
	g_string_append(s, "]}]");
	char *error = NULL;
	struct peer p;
	assert_true(peers_load(*state, s->str, s->len, &error));
	g_string_free(s, TRUE);
	struct address a = addr("10.200.1.1");
	for (unsigned i = 0; i < 10000; i++)
		assert_true(peers_by_address(*state, &a, 587, &p));
	a = addr("11.0.0.1");
	assert_false(peers_by_address(*state, &a, 587, &p));
}

static void test_lookalike(void **state)
{
	static const struct {
		const char *name, *meant;
	} rows[] = {
		{ "smtp-office365.com", "smtp.office365.com" },
		{ "smtp.ofice365.com", "smtp.office365.com" },
		{ "smtp.office356.com", "smtp.office365.com" },
		{ "smpt.office365.com", "smtp.office365.com" },
		{ "smtp.office365.con", "smtp.office365.com" },
		{ "smtp.office365com", "smtp.office365.com" },
		{ "smtp-mail.outlok.com", "smtp-mail.outlook.com" },
		{ "contoso.com.mail.protection.outlook.com", "<domain" },
		{ "contoso-com.mail.protecton.outlook.com", "<domain" },
		{ "contoso-com.mail.protection.outlook.de", "<domain" },
		{ "contoso-com.protection.outlook.com", "<domain" },
		{ "contoso.com.mail.protection.outlok.com", "<domain" },
	};
	static const char *const no[] = {
		"smtp.office365.com",
		"outlook.office365.com",
		"smtp.office365.us",
		"smtp.office365.com.corp.local",
		"smtp.office365.com.localdomain",
		"contoso-com.mail.protection.outlook.com.corp.local",
		"contoso-com.mail.protection.outlook.com",
		"smtp.gmail.com",
		"mail.contoso.com",
		"",
		"a",
		"spf.protection.outlook.com",
		"www.office.com",
		"mx1.contoso.com",
		"x.outbound.protection.outlook.com",
		"outlook.com",
		"autodiscover.outlook.com",
	};
	const char *meant;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		meant = NULL;
		assert_true(peers_lookalike(*state, rows[i].name, &meant));
		assert_non_null(meant);
		assert_int_equal(strncmp(meant, rows[i].meant, strlen(rows[i].meant)), 0);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(no); i++)
		assert_false(peers_lookalike(*state, no[i], &meant));
	assert_true(peers_lookalike(*state, "smtp-office365.com", NULL));
}

static void test_lookalike_hostile(void **state)
{
	char name[4096];
	for (size_t n = 0; n < sizeof name - 1; n += 7) {
		memset(name, n % 3 ? 'a' : '.', n);
		name[n] = 0;
		peers_lookalike(*state, name, NULL);
	}
	srand(1);
	for (unsigned i = 0; i < 20000; i++) {
		size_t n = (size_t)rand() % 300;
		for (size_t k = 0; k < n; k++)
			name[k] = "abco.-3tm"[rand() % 9];
		name[n] = 0;
		peers_lookalike(*state, name, NULL);
	}
}

static void test_private(void **state)
{
	static const char *const yes[] = { "10.0.0.1",
					   "172.16.0.1",
					   "172.31.255.255",
					   "192.168.1.1",
					   "127.0.0.1",
					   "0.0.0.0",
					   "169.254.1.1",
					   "100.64.0.1",
					   "::1",
					   "::",
					   "fe80::1",
					   "fd00::1",
					   "::ffff:10.1.1.1",
					   "64:ff9b::a01:101" };
	static const char *const no[] = { "172.32.0.1",	 "172.15.0.1",	     "11.0.0.1",
					  "100.128.0.1", "2603:1026::1",     "52.96.1.1",
					  "::2",	 "64:ff9b::3460:101" };
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(yes); i++) {
		struct address a = addr(yes[i]);
		assert_true(peers_private(&a));
	}
	for (size_t i = 0; i < G_N_ELEMENTS(no); i++) {
		struct address a = addr(no[i]);
		assert_false(peers_private(&a));
	}
	struct address none = { 0 };
	assert_false(peers_private(&none));
}

static struct certificate certificate(const char *o, const char *cn, const char *subject)
{
	struct certificate c = { 0 };
	g_strlcpy(c.issuer_o, o, sizeof c.issuer_o);
	g_strlcpy(c.issuer_cn, cn, sizeof c.issuer_cn);
	g_snprintf(c.issuer, sizeof c.issuer, "CN=%s,O=%s", cn, o);
	g_strlcpy(c.subject_cn, subject, sizeof c.subject_cn);
	return c;
}

static void test_issuer(void **state)
{
	static const struct {
		const char *o, *cn, *vendor;
		bool known;
	} rows[] = {
		{ "DigiCert Inc", "DigiCert Global G2 TLS RSA SHA256 2020 CA1", NULL, true },
		{ "Microsoft Corporation", "Microsoft Azure RSA TLS Issuing CA 04", NULL, true },
		{ "Baltimore", "Baltimore CyberTrust Root", NULL, true },
		{ "", "DigiCert Cloud Services CA-1", NULL, true },
		{ "Fortinet", "FGT60F1234567890", "Fortinet FortiGate", false },
		{ "Contoso", "Microsoft 365 Proxy", NULL, false },
		{ "Sophos", "Sophos SSL CA_C01", "Sophos Firewall", false },
		{ "AVAST Software", "avast! Web/Mail Shield Root", "Avast mail shield", false },
		{ "Unreset", "Unreset ssl", NULL, false },
		{ "", "", NULL, false },
	};
	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct certificate c = certificate(rows[i].o, rows[i].cn, "outlook.com");
		assert_int_equal(peers_issuer_known(&c), rows[i].known);
		const char *v = peers_inspection_vendor(&c);
		if (rows[i].vendor)
			assert_string_equal(v, rows[i].vendor);
		else
			assert_null(v);
	}
}

static void test_certificate_names(void **state)
{
	struct certificate c = certificate("DigiCert Inc", "x", "outlook.com");
	struct peer p;
	assert_true(peers_by_certificate(*state, &c, &p));
	assert_int_equal(p.endpoint, ENDPOINT_SUBMISSION);
	c = certificate("DigiCert Inc", "x", "mail.protection.outlook.com");
	assert_true(peers_by_certificate(*state, &c, &p));
	assert_true(p.mx);
	c = certificate("x", "x", "mail.contoso.com");
	assert_false(peers_by_certificate(*state, &c, &p));
	c.names[0] = "*.OUTLOOK.com";
	c.name_count = 1;
	assert_true(peers_by_certificate(*state, &c, &p));
	c.names[0] = "*.mx.microsoft";
	assert_true(peers_by_certificate(*state, &c, &p));
	assert_true(p.mx);
	c.names[0] = "notoutlook.com";
	assert_false(peers_by_certificate(*state, &c, &p));
}

int main(void)
{
#define PEERS_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		PEERS_TEST(test_names),
		PEERS_TEST(test_added_name),
		PEERS_TEST(test_banners),
		PEERS_TEST(test_addresses),
		PEERS_TEST(test_load),
		PEERS_TEST(test_load_bad),
		PEERS_TEST(test_load_many),
		PEERS_TEST(test_lookalike),
		PEERS_TEST(test_lookalike_hostile),
		PEERS_TEST(test_private),
		PEERS_TEST(test_issuer),
		PEERS_TEST(test_certificate_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
