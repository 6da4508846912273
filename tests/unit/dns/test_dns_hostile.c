/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests of the DNS memory with messages that lie: cut at every byte, wrong counts, compression
 * loops, names too long, every byte damaged; and with more questions than it may keep.
 */
#include "dns/dns_messages.h"

static void test_not_of_interest(void **state)
{
	struct dns *d = dns_new();
	struct message m;

	(void)state;
	next_frame = 0;
	assert_null(ask(d, 1, "1.2.0.192.in-addr.arpa", PTR, 1));
	assert_int_equal(dns_client_seen(d, &client), 1); /* but the client was heard */
	m = question(1, 0x2800, "x.example", A);	  /* update */
	assert_null(answer(d, &m, 2));
	m = question(1, 0x0100, "x.example", A);
	put16(&m.at[m.n - 2], 3); /* class CHAOS */
	assert_null(answer(d, &m, 2));
	m = question(1, 0x0100, "x.example", A);
	put16(&m.at[4], 2); /* two questions, one there */
	assert_null(answer(d, &m, 2));
	put16(&m.at[4], 0);
	assert_null(answer(d, &m, 2));
	/* A response sent to port 53, a query from it. */
	struct datagram g = { .src = client, .dst = server, .sport = 5000, .dport = 53 };
	m = question(1, 0x8180, "x.example", A);
	g.payload = m.at;
	g.len = g.caplen = m.n;
	assert_null(dns_feed(d, &g));
	assert_int_equal(dns_kept(d), 0);
	dns_free(d);
}

/* A good answer that is cut, or whose count lies: never "no data", never a crash. */
static void test_cut_and_counts(void **state)
{
	struct message whole = question(5, 0x8180, "cut.example", A);

	(void)state;
	add_record(&whole, NULL, A, 60, "\1\2\3\4", 4);
	add_record(&whole, NULL, A, 60, "\5\6\7\x8", 4);
	for (uint32_t n = 0; n <= whole.n; n++) {
		struct dns *d = dns_new();
		struct message m = whole;
		m.n = n;
		ask(d, 5, "cut.example", A, 1);
		const struct dns_lookup *l = answer(d, &m, 2);
		if (l) {
			assert_int_equal(l->outcome, DNS_ANSWERED);
			assert_int_equal(l->address_count, n == whole.n	       ? 2
							   : n >= whole.n - 16 ? 1
									       : 0);
		} else {
			assert_true(n < 12 + 13 + 4);
		}
		dns_free(d);
	}
	for (unsigned count = 0; count < 65536; count += 255) {
		struct dns *d = dns_new();
		struct message m = whole;
		put16(&m.at[6], count);
		ask(d, 5, "cut.example", A, 1);
		const struct dns_lookup *l = answer(d, &m, 2);
		assert_non_null(l);
		assert_int_equal(l->address_count, count == 0 ? 0 : 2);
		put16(&m.at[6], 2);
		put16(&m.at[8], count);
		put16(&m.at[10], count);
		ask(d, 5, "cut.example", A, 10);
		l = answer(d, &m, 12);
		assert_int_equal(l->address_count, 2);
		dns_free(d);
	}
}

static void test_compression_loops(void **state)
{
	static const char *const names[] = {
		"\xc0\x0c",	    /* points to itself */
		"\xc0\x0e\xc0\x0c", /* to and fro */
		"\x01"
		"a\xc0\x0c", /* grows for ever */
		"\xff\xff",  /* beyond the end */
		"\xc0",	     /* half a pointer */
		"\x40"
		"abc", /* reserved label types */
		"\x80"
		"abc",
		"\x3f"
		"abc", /* a label longer than the message */
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		for (int response = 0; response <= 1; response++) {
			struct dns *d = dns_new();
			struct message m = { 0 };
			add(&m, "\0\1", 2);
			add16(&m, response ? 0x8180 : 0x0100);
			add(&m, "\0\1\0\1\0\0\0\0", 8);
			add(&m, names[i], (uint32_t)strlen(names[i]));
			add(&m, "\0\1\0\1", 4);
			assert_null(answer(d, &m, 1));
			dns_free(d);
		}
	/* In the data of a record. */
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		struct dns *d = dns_new();
		struct message m = question(1, 0x8180, "x.example", MX);
		struct message data = { 0 };
		char loop[3] = "\xc0";
		loop[1] = (char)(m.n + 12 + 2); /* the name of this record's data itself */
		add(&data, "\0\1", 2);
		add(&data, i ? names[i] : loop, i ? (uint32_t)strlen(names[i]) : 2);
		ask(d, 1, "x.example", MX, 1);
		add_record(&m, NULL, MX, 60, data.at, data.n);
		const struct dns_lookup *l = answer(d, &m, 2);
		assert_non_null(l);
		if (i != 1 && i != 2)
			assert_int_equal(l->mx_count, 0);
		dns_free(d);
	}
}

/* A name of the greatest length, and one of escapes that is longer in words than can be kept. */
static void test_long_names(void **state)
{
	struct dns *d = dns_new();
	char name[256] = "";
	struct message m = { 0 };

	(void)state;
	for (int i = 0; i < 3; i++)
		for (int k = 0; k < 64; k++)
			name[i * 64 + k] = k < 63 ? (char)('a' + i) : '.';
	memset(&name[192], 'd', 61);
	assert_int_equal(strlen(name), 253);
	const struct dns_lookup *l = ask(d, 1, name, A, 1);
	assert_non_null(l);
	assert_string_equal(l->name, name);
	assert_non_null(dns_lookup_of(d, &client, name, A));
	add(&m, "\0\1\1\0\0\1\0\0\0\0\0\0", 12);
	for (int i = 0; i < 3; i++) {
		add(&m, "\x3f", 1);
		for (int k = 0; k < 63; k++)
			add(&m, "\xff", 1);
	}
	add(&m, "\0\0\1\0\1", 5);
	assert_null(answer(d, &m, 2));
	assert_int_equal(dns_kept(d), 1);
	dns_free(d);
}

static void test_damaged_everywhere(void **state)
{
	static const uint8_t values[] = { 0, 1, 3, 12, 63, 64, 0x80, 0xc0, 0xff };
	struct message whole = question(5, 0x8180, "damage.example", MX);

	(void)state;
	add_name_record(&whole, NULL, CNAME, "", 0, "other.example");
	add_name_record(&whole, "other.example", MX, "\0\x0a", 2, "mx.example");
	add_record(&whole, NULL, TXT, 60, "\x06v=spf1", 7);
	add_record(&whole, NULL, A, 60, "\1\2\3\4", 4);
	for (uint32_t i = 0; i < whole.n; i++)
		for (size_t v = 0; v < sizeof values; v++) {
			struct dns *d = dns_new();
			struct message m = whole;
			m.at[i] = values[v];
			ask(d, 5, "damage.example", MX, 1);
			for (uint32_t n = m.n; n > m.n - 40; n -= 13) {
				m.n = n;
				const struct dns_lookup *l = answer(d, &m, 2);
				if (l) {
					assert_true(l->mx_count <= 4 && l->address_count <= 16);
					assert_non_null(memchr(l->name, 0, sizeof l->name));
					assert_non_null(memchr(l->text, 0, sizeof l->text));
				}
			}
			dns_free(d);
		}
}

static void count_one(const struct dns_lookup *l, void *arg)
{
	uint32_t *last = arg;

	assert_true(l->query_frame > *last);
	*last = l->query_frame;
}

/* More questions than are kept: the oldest go, and everything that points to them. */
static void test_bounds(void **state)
{
	struct dns *d = dns_new();
	const unsigned rounds = CAP_DNS_ANSWERS + 5000;
	uint32_t last = 0;
	char name[32];

	(void)state;
	next_frame = 0;
	for (unsigned i = 0; i < rounds; i++) {
		struct address who = ip4(10, 0, (uint8_t)(i % 3), (uint8_t)(i % 7));
		g_snprintf(name, sizeof name, "n%u.example", i);
		struct message q = question(i & 0xffff, 0x0100, name, A);
		struct message r = question(i & 0xffff, 0x8180, name, A);
		/* Always the same addresses, so that one address has very many names. */
		add_record(&r, NULL, A, 60, "\1\2\3\4", 4);
		add_record(&r, NULL, A, 60, "\5\6\7\x8", 4);
		feed(d, &q, who, server, 5000, i);
		if (i % 2)
			feed(d, &r, who, server, 5000, i);
		dns_expire(d, i * MS);
	}
	assert_int_equal(dns_kept(d), CAP_DNS_ANSWERS);
	dns_each(d, count_one, &last);
	struct address first = ip4(10, 0, 0, 0), newest = ip4(10, 0, (uint8_t)((rounds - 1) % 3),
							      (uint8_t)((rounds - 1) % 7));
	struct address a = ip4(1, 2, 3, 4);
	assert_null(dns_lookup_of(d, &first, "n0.example", A));
	g_snprintf(name, sizeof name, "n%u.example", rounds - 1);
	assert_non_null(dns_lookup_of(d, &newest, name, A));
	assert_string_equal(dns_name_for(d, &newest, &a, UINT64_MAX)->name, name);
	dns_free(d);
	/* Clients without end. */
	d = dns_new();
	struct message q = question(1, 0x0100, "x.example", PTR);
	for (unsigned i = 0; i < CAP_DNS_ANSWERS + 10; i++)
		feed(d, &q, ip4(11, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i), server, 1,
		     i);
	struct address gone = ip4(11, 0, 0, 0), kept = ip4(11, 0, 0, 20);
	assert_int_equal(dns_client_seen(d, &gone), 0);
	assert_int_not_equal(dns_client_seen(d, &kept), 0);
	dns_free(d);
	dns_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_not_of_interest),	   cmocka_unit_test(test_cut_and_counts),
		cmocka_unit_test(test_compression_loops),  cmocka_unit_test(test_long_names),
		cmocka_unit_test(test_damaged_everywhere), cmocka_unit_test(test_bounds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
