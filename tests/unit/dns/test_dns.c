/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests of the DNS memory: what each kind of answer becomes, which name an address gets, retries,
 * second servers, ids used again, answers that nobody asked for.
 */
#include "dns/dns_messages.h"

static void test_address_answer(void **state)
{
	struct dns *d = dns_new();

	(void)state;
	next_frame = 0;
	const struct dns_lookup *l = ask(d, 7, "SMTP.Office365.com", A, 1000);
	assert_non_null(l);
	assert_string_equal(l->name, "smtp.office365.com");
	assert_int_equal(l->outcome, DNS_PENDING);
	assert_int_equal(l->queries, 1);
	assert_int_equal(l->query_frame, 1);
	struct message m = question(7, 0x8180, "smtp.OFFICE365.com", A);
	add_name_record(&m, NULL, CNAME, "", 0, "Outlook.Office365.com");
	add_name_record(&m, "outlook.office365.com", CNAME, "", 0, "ams-efz.ms-acdc.office.com");
	add_record(&m, "ams-efz.ms-acdc.office.com", A, 20, "\x34\x60\xa5\x12", 4);
	add_record(&m, "ams-efz.ms-acdc.office.com", A, 10, "\x34\x60\xa5\x13", 4);
	l = answer(d, &m, 1030);
	assert_int_equal(l->outcome, DNS_ANSWERED);
	assert_int_equal(l->address_count, 2);
	assert_int_equal(l->address[1].byte[3], 0x13);
	assert_string_equal(l->cname, "ams-efz.ms-acdc.office.com");
	assert_int_equal(l->ttl, 10);
	assert_int_equal(l->query_frame, 1);
	assert_int_equal(l->answer_frame, 2);
	assert_int_equal(l->answer_ns - l->query_ns, 30 * MS);
	assert_int_equal(l->client_port, 5000);
	assert_memory_equal(&l->server, &server, sizeof server);
	/* The name that the client meant, with any case and dot in the question. */
	struct address a = ip4(0x34, 0x60, 0xa5, 0x12), other = ip4(10, 1, 2, 31);
	l = dns_name_for(d, &client, &a, 2000 * MS);
	assert_non_null(l);
	assert_string_equal(l->name, "smtp.office365.com");
	assert_null(dns_name_for(d, &client, &a, 1029 * MS)); /* not known yet then */
	assert_null(dns_name_for(d, &other, &a, 2000 * MS));
	assert_null(dns_name_for(d, &client, &client, 2000 * MS));
	assert_non_null(dns_lookup_of(d, &client, "Smtp.Office365.Com.", A));
	assert_null(dns_lookup_of(d, &client, "smtp.office365.com", AAAA));
	assert_null(dns_lookup_of(d, &other, "smtp.office365.com", A));
	assert_null(dns_lookup_of(d, &client, "", A));
	assert_int_equal(dns_client_seen(d, &client), 1);
	assert_int_equal(dns_client_seen(d, &other), 0);
	assert_int_equal(dns_kept(d), 1);
	dns_free(d);
}

static void test_v6_answer(void **state)
{
	struct dns *d = dns_new();
	struct message m = question(8, 0x8180, "x.example", AAAA);
	struct address a = { .family = 6, .byte = { 0x20, 1, 0xd, 0xb8, [15] = 9 } };

	(void)state;
	ask(d, 8, "x.example", AAAA, 1);
	add_record(&m, NULL, AAAA, 60, a.byte, 16);
	add_record(&m, NULL, A, 60, "\1\2\3\4", 4);    /* not asked for */
	add_record(&m, NULL, AAAA, 60, "\1\2\3\4", 4); /* wrong length */
	const struct dns_lookup *l = answer(d, &m, 2);
	assert_int_equal(l->outcome, DNS_ANSWERED);
	assert_int_equal(l->address_count, 1);
	assert_non_null(dns_name_for(d, &client, &a, 3 * MS));
	dns_free(d);
}

static void test_mx_answer(void **state)
{
	struct dns *d = dns_new();
	struct message m = question(9, 0x8180, "contoso.com", MX);

	(void)state;
	ask(d, 9, "contoso.com", MX, 1);
	add_name_record(&m, NULL, MX, "\0\x14", 2, "c.example");
	add_name_record(&m, NULL, MX, "\0\x0a", 2, "A.example");
	add_name_record(&m, NULL, MX, "\0\x1e", 2, "e.example");
	add_name_record(&m, NULL, MX, "\0\x0a", 2, "b.example");
	add_name_record(&m, NULL, MX, "\0\x15", 2, "d.example");
	add_name_record(&m, NULL, MX, "\0\x01", 2, "first.example");
	add_record(&m, NULL, MX, 60, "\0", 1); /* too short */
	const struct dns_lookup *l = answer(d, &m, 2);
	assert_int_equal(l->outcome, DNS_ANSWERED);
	assert_int_equal(l->mx_count, 4);
	assert_string_equal(l->mx[0], "first.example");
	assert_string_equal(l->mx[1], "a.example");
	assert_string_equal(l->mx[2], "b.example");
	assert_string_equal(l->mx[3], "c.example");
	/* Null MX, RFC 7505. */
	ask(d, 10, "null.example", MX, 3);
	m = question(10, 0x8180, "null.example", MX);
	add_name_record(&m, NULL, MX, "\0\0", 2, ".");
	l = answer(d, &m, 4);
	assert_int_equal(l->mx_count, 1);
	assert_string_equal(l->mx[0], ".");
	dns_free(d);
}

static void test_text_and_tlsa(void **state)
{
	struct dns *d = dns_new();
	struct message m = question(11, 0x8180, "contoso.com", TXT);
	uint8_t long_text[300];

	(void)state;
	ask(d, 11, "contoso.com", TXT, 1);
	add_record(&m, NULL, TXT, 60, "\x08MS=ms123", 9);
	add_record(&m, NULL, TXT, 60, "\x06v=spf1\x0f include:x -all", 23);
	add_record(&m, NULL, TXT, 60, "\x07v=STSv1", 8);
	const struct dns_lookup *l = answer(d, &m, 2);
	assert_string_equal(l->text, "v=spf1 include:x -all");
	/* Longer than what is kept, and a string that claims more than the record has. */
	m = question(12, 0x8180, "_mta-sts.contoso.com", TXT);
	memset(long_text, 'z', sizeof long_text);
	memcpy(long_text, "\xffv=STSv1", 8);
	memcpy(&long_text[256], "\xff", 1);
	ask(d, 12, "_mta-sts.contoso.com", TXT, 3);
	add_record(&m, NULL, TXT, 60, long_text, sizeof long_text);
	l = answer(d, &m, 4);
	assert_int_equal(strlen(l->text), 255);
	assert_memory_equal(l->text, "v=STSv1zz", 9);
	m = question(13, 0x8180, "_25._tcp.mx.example", TLSA);
	ask(d, 13, "_25._tcp.mx.example", TLSA, 5);
	add_record(&m, NULL, TLSA, 60, "\3\1\1abc", 6);
	l = answer(d, &m, 6);
	assert_true(l->tlsa);
	assert_int_equal(l->outcome, DNS_ANSWERED);
	dns_free(d);
}

static void test_outcomes(void **state)
{
	static const struct {
		unsigned rcode;
		enum dns_outcome outcome;
	} cases[] = {
		{ 0, DNS_NODATA }, { 1, DNS_OTHER },   { 2, DNS_SERVFAIL }, { 3, DNS_NXDOMAIN },
		{ 4, DNS_OTHER },  { 5, DNS_REFUSED }, { 9, DNS_OTHER },
	};
	struct dns *d = dns_new();

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		char name[32];
		g_snprintf(name, sizeof name, "n%u.example", i);
		ask(d, i, name, A, 10 * i);
		struct message m = question(i, 0x8180 | cases[i].rcode, name, A);
		const struct dns_lookup *l = answer(d, &m, 10 * i + 1);
		assert_int_equal(l->outcome, cases[i].outcome);
		assert_int_equal(l->rcode, cases[i].rcode);
	}
	/* A chain that ends nowhere is no address. */
	struct message m = question(50, 0x8180, "alias.example", A);
	ask(d, 50, "alias.example", A, 200);
	add_name_record(&m, NULL, CNAME, "", 0, "gone.example");
	const struct dns_lookup *l = answer(d, &m, 201);
	assert_int_equal(l->outcome, DNS_NODATA);
	assert_string_equal(l->cname, "gone.example");
	dns_free(d);
}

/* A resolver with a search list asks name.domain first; both look-ups are kept apart. */
static void test_search_suffix(void **state)
{
	struct dns *d = dns_new();
	struct message no = question(20, 0x8183, "smtp.office365.com.corp.example", A);
	struct message yes = question(21, 0x8180, "smtp.office365.com", A);

	(void)state;
	add_record(&yes, NULL, A, 60, "\x34\x60\1\2", 4);
	ask(d, 20, "smtp.office365.com.corp.example", A, 1);
	answer(d, &no, 2);
	ask(d, 21, "smtp.office365.com", A, 3);
	answer(d, &yes, 4);
	const struct dns_lookup *l =
		dns_lookup_of(d, &client, "smtp.office365.com.corp.example", A);
	assert_int_equal(l->outcome, DNS_NXDOMAIN);
	l = dns_lookup_of(d, &client, "smtp.office365.com", A);
	assert_int_equal(l->outcome, DNS_ANSWERED);
	dns_free(d);
}

static void test_retries(void **state)
{
	struct dns *d = dns_new();
	const struct dns_lookup *l;

	(void)state;
	next_frame = 0;
	ask(d, 30, "slow.example", A, 0);
	l = ask(d, 30, "slow.example", A, 2); /* a mirror's second copy */
	assert_int_equal(l->queries, 1);
	ask(d, 30, "slow.example", A, 1000);	 /* again, same id */
	l = ask(d, 31, "slow.example", A, 3000); /* again, another id */
	assert_int_equal(l->queries, 3);
	assert_int_equal(l->query_frame, 1);
	assert_int_equal(l->query_last_frame, 4);
	assert_int_equal(dns_kept(d), 1);
	dns_expire(d, 7999 * MS);
	assert_int_equal(dns_lookup_of(d, &client, "slow.example", A)->outcome, DNS_PENDING);
	dns_expire(d, 8001 * MS);
	assert_int_equal(dns_lookup_of(d, &client, "slow.example", A)->outcome, DNS_NO_ANSWER);
	/* It comes at last, to the first id. */
	struct message m = question(30, 0x8180, "slow.example", A);
	add_record(&m, NULL, A, 60, "\1\2\3\4", 4);
	l = answer(d, &m, 9000);
	assert_non_null(l);
	assert_int_equal(l->outcome, DNS_ANSWERED);
	assert_int_equal(l->queries, 3);
	dns_free(d);
}

static void test_one_query_proves_nothing(void **state)
{
	struct dns *d = dns_new();

	(void)state;
	ask(d, 1, "once.example", A, 0);
	dns_expire(d, UINT64_MAX);
	assert_int_equal(dns_lookup_of(d, &client, "once.example", A)->outcome, DNS_PENDING);
	/* Two are enough at the end of the capture; a look-up that is answered stays so. */
	ask(d, 2, "twice.example", A, 0);
	ask(d, 2, "twice.example", A, 4000);
	ask(d, 3, "good.example", A, 4000);
	struct message m = question(3, 0x8180, "good.example", A);
	add_record(&m, NULL, A, 60, "\1\2\3\4", 4);
	answer(d, &m, 4001);
	dns_expire(d, UINT64_MAX);
	assert_int_equal(dns_lookup_of(d, &client, "twice.example", A)->outcome, DNS_NO_ANSWER);
	assert_int_equal(dns_lookup_of(d, &client, "good.example", A)->outcome, DNS_ANSWERED);
	/* A first query that is late still belongs to the second, until a minute has passed. */
	ask(d, 4, "late.example", A, 10000);
	dns_expire(d, 20000 * MS);
	assert_int_equal(ask(d, 5, "late.example", A, 21000)->queries, 2);
	ask(d, 6, "new.example", A, 30000);
	assert_int_equal(ask(d, 7, "new.example", A, 95000)->queries, 1);
	dns_free(d);
}

/* The first server fails, the second answers: that counts. A second good answer does not. */
static void test_second_server(void **state)
{
	struct dns *d = dns_new();
	struct address second = ip4(10, 1, 2, 2);
	struct message q = question(40, 0x0100, "x.example", A);
	struct message fail = question(40, 0x8182, "x.example", A),
		       good = question(40, 0x8180, "x.example", A);
	struct message later = good;

	(void)state;
	add_record(&good, NULL, A, 60, "\1\2\3\4", 4);
	add_record(&later, NULL, A, 60, "\5\6\7\x8", 4);
	feed(d, &q, client, server, 5000, 1);
	feed(d, &q, client, second, 5000, 20);
	assert_int_equal(feed(d, &fail, client, server, 5000, 30)->outcome, DNS_SERVFAIL);
	assert_null(feed(d, &fail, client, second, 5000, 31));
	const struct dns_lookup *l = feed(d, &good, client, second, 5000, 40);
	assert_int_equal(l->outcome, DNS_ANSWERED);
	assert_int_equal(l->rcode, 0);
	assert_memory_equal(&l->server, &second, sizeof second);
	assert_null(feed(d, &later, client, server, 5000, 50));
	l = dns_lookup_of(d, &client, "x.example", A);
	assert_int_equal(l->address_count, 1);
	assert_int_equal(l->address[0].byte[0], 1);
	dns_free(d);
}

/* An id used again for another name, another type, another client. */
static void test_id_reuse(void **state)
{
	struct dns *d = dns_new();
	struct address other = ip4(10, 1, 2, 31);
	struct message m = question(60, 0x8180, "b.example", A),
		       q = question(60, 0x0100, "b.example", A);

	(void)state;
	add_record(&m, NULL, A, 60, "\1\2\3\4", 4);
	ask(d, 60, "a.example", A, 1);
	ask(d, 60, "b.example", A, 2);
	ask(d, 60, "b.example", AAAA, 3);
	feed(d, &q, other, server, 5000, 4);
	answer(d, &m, 5);
	assert_int_equal(dns_lookup_of(d, &client, "a.example", A)->outcome, DNS_PENDING);
	assert_int_equal(dns_lookup_of(d, &client, "b.example", A)->outcome, DNS_ANSWERED);
	assert_int_equal(dns_lookup_of(d, &client, "b.example", AAAA)->outcome, DNS_PENDING);
	assert_int_equal(dns_lookup_of(d, &other, "b.example", A)->outcome, DNS_PENDING);
	/* The same question after its answer is a new look-up; the old one is still told. */
	ask(d, 60, "b.example", A, 1000);
	assert_int_equal(dns_lookup_of(d, &client, "b.example", A)->outcome, DNS_PENDING);
	struct address a = ip4(1, 2, 3, 4);
	assert_non_null(dns_name_for(d, &client, &a, 1001 * MS));
	assert_int_equal(dns_kept(d), 5);
	dns_free(d);
}

/* An answer to an id or port that was never asked is not the answer. */
static void test_forged_answer(void **state)
{
	struct dns *d = dns_new();
	struct message m = question(71, 0x8180, "x.example", A);

	(void)state;
	add_record(&m, NULL, A, 60, "\6\6\6\6", 4);
	ask(d, 70, "x.example", A, 1);
	assert_null(answer(d, &m, 2));
	m.at[1] = 70;
	assert_null(feed(d, &m, client, server, 5001, 3));
	assert_int_equal(dns_lookup_of(d, &client, "x.example", A)->outcome, DNS_PENDING);
	assert_non_null(answer(d, &m, 4));
	dns_free(d);
}

/* The query was not captured. */
static void test_answer_alone(void **state)
{
	struct dns *d = dns_new();
	struct message m = question(80, 0x8180, "x.example", A);
	struct address a = ip4(1, 2, 3, 4);

	(void)state;
	add_record(&m, NULL, A, 60, "\1\2\3\4", 4);
	const struct dns_lookup *l = answer(d, &m, 10);
	assert_non_null(l);
	assert_int_equal(l->outcome, DNS_ANSWERED);
	assert_int_equal(l->query_frame, 0);
	assert_int_equal(l->queries, 0);
	assert_null(answer(d, &m, 11)); /* the mirror's copy */
	assert_int_equal(dns_kept(d), 1);
	assert_non_null(dns_name_for(d, &client, &a, 20 * MS));
	dns_free(d);
}

/* The newest name at or before the time asked. */
static void test_several_names(void **state)
{
	static const char *const names[] = { "one.example", "two.example", "three.example" };
	struct dns *d = dns_new();
	struct address a = ip4(1, 2, 3, 4);

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct message m = question(i, 0x8180, names[i], A);
		add_record(&m, NULL, A, 60, a.byte, 4);
		add_record(&m, NULL, A, 60, a.byte, 4); /* twice in one answer */
		ask(d, i, names[i], A, 1000 * i);
		answer(d, &m, 1000 * i + 10);
	}
	assert_null(dns_name_for(d, &client, &a, 9 * MS));
	assert_string_equal(dns_name_for(d, &client, &a, 10 * MS)->name, "one.example");
	assert_string_equal(dns_name_for(d, &client, &a, 1999 * MS)->name, "two.example");
	assert_string_equal(dns_name_for(d, &client, &a, UINT64_MAX)->name, "three.example");
	dns_free(d);
}

static void test_truncated_flag(void **state)
{
	struct dns *d = dns_new();
	struct message m = question(90, 0x8380, "x.example", TXT);

	(void)state;
	ask(d, 90, "x.example", TXT, 1);
	assert_null(answer(d, &m, 2)); /* TC: it will be asked again over TCP */
	assert_int_equal(dns_lookup_of(d, &client, "x.example", TXT)->outcome, DNS_PENDING);
	ask(d, 91, "x.example", TXT, 10);
	m = question(91, 0x8180, "x.example", TXT);
	add_record(&m, NULL, TXT, 60, "\x0bv=spf1 -all", 12);
	assert_string_equal(answer(d, &m, 11)->text, "v=spf1 -all");
	dns_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_address_answer),
		cmocka_unit_test(test_v6_answer),
		cmocka_unit_test(test_mx_answer),
		cmocka_unit_test(test_text_and_tlsa),
		cmocka_unit_test(test_outcomes),
		cmocka_unit_test(test_search_suffix),
		cmocka_unit_test(test_retries),
		cmocka_unit_test(test_one_query_proves_nothing),
		cmocka_unit_test(test_second_server),
		cmocka_unit_test(test_id_reuse),
		cmocka_unit_test(test_forged_answer),
		cmocka_unit_test(test_answer_alone),
		cmocka_unit_test(test_several_names),
		cmocka_unit_test(test_truncated_flag),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
