/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests of the DNS memory: what each kind of answer becomes, which name an address gets, retries
 * and second servers, limits; and messages that lie: compression loops, wrong counts, cut at every
 * byte. All messages end at an unreadable page.
 */
#include <glib.h>
#include "frames.h"
#include "../../engine/caps.h"
#include "../../engine/dns.h"

#define MS 1000000ull

enum { A = 1, NS = 2, CNAME = 5, PTR = 12, MX = 15, TXT = 16, AAAA = 28, TLSA = 52 };

/* A message that grows. */
struct message {
	uint32_t n;
	uint8_t at[4096];
};

static void add(struct message *m, const void *p, uint32_t n)
{
	assert_true(m->n + n <= sizeof m->at);
	if (n)
		memcpy(&m->at[m->n], p, n);
	m->n += n;
}

static void add16(struct message *m, unsigned v)
{
	uint8_t b[2];

	put16(b, v);
	add(m, b, 2);
}

/* Labels of a name without compression. */
static void add_name(struct message *m, const char *name)
{
	while (*name && strcmp(name, ".") != 0) {
		uint8_t n = (uint8_t)strcspn(name, ".");
		add(m, &n, 1);
		add(m, name, n);
		name += n + (name[n] == '.');
	}
	add(m, "", 1);
}

static struct message question(unsigned id, unsigned flags, const char *name, unsigned type)
{
	struct message m = { 0 };

	add16(&m, id);
	add16(&m, flags);
	add16(&m, 1);
	add(&m, "\0\0\0\0\0\0", 6);
	add_name(&m, name);
	add16(&m, type);
	add16(&m, 1);
	return m;
}

static void add_record(struct message *m, const char *owner, unsigned type, uint32_t ttl,
		       const void *data, uint32_t n)
{
	uint8_t t[4];

	put16(&m->at[6], m->at[6] * 256u + m->at[7] + 1);
	if (owner)
		add_name(m, owner);
	else
		add(m, "\xc0\x0c", 2); /* the name of the question */
	add16(m, type);
	add16(m, 1);
	put32(t, ttl);
	add(m, t, 4);
	add16(m, n);
	add(m, data, n);
}

static void add_name_record(struct message *m, const char *owner, unsigned type, const char *head,
			    uint32_t n, const char *name)
{
	struct message data = { 0 };

	add(&data, head, n);
	add_name(&data, name);
	add_record(m, owner, type, 300, data.at, data.n);
}

static struct address ip4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	return (struct address){ .family = 4, .byte = { a, b, c, d } };
}

static const struct address client = { .family = 4, .byte = { 10, 1, 2, 30 } };
static const struct address server = { .family = 4, .byte = { 10, 1, 2, 1 } };

static uint32_t next_frame;

static const struct dns_lookup *feed(struct dns *d, const struct message *m, struct address who,
				     struct address ns, uint16_t port, uint64_t ms)
{
	bool response = m->n > 2 && m->at[2] & 0x80;
	struct datagram g = {
		.time_ns = ms * MS,
		.frame = ++next_frame,
		.src = response ? ns : who,
		.dst = response ? who : ns,
		.sport = response ? 53 : port,
		.dport = response ? port : 53,
		.len = m->n,
		.caplen = m->n,
		.payload = wall(m->at, m->n),
	};
	return dns_feed(d, &g);
}

static const struct dns_lookup *ask(struct dns *d, unsigned id, const char *name, unsigned type,
				    uint64_t ms)
{
	struct message m = question(id, 0x0100, name, type);

	return feed(d, &m, client, server, 5000, ms);
}

static const struct dns_lookup *answer(struct dns *d, const struct message *m, uint64_t ms)
{
	return feed(d, m, client, server, 5000, ms);
}

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
	add_record(&m, NULL, A, 60, "\1\2\3\4", 4);          /* not asked for */
	add_record(&m, NULL, AAAA, 60, "\1\2\3\4", 4);       /* wrong length */
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
	const struct dns_lookup *l = dns_lookup_of(d, &client, "smtp.office365.com.corp.example", A);
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
	ask(d, 30, "slow.example", A, 1000); /* again, same id */
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
	struct message fail = question(40, 0x8182, "x.example", A), good = question(40, 0x8180, "x.example", A);
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
	struct message m = question(60, 0x8180, "b.example", A), q = question(60, 0x0100, "b.example", A);

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

static void test_not_of_interest(void **state)
{
	struct dns *d = dns_new();
	struct message m;

	(void)state;
	next_frame = 0;
	assert_null(ask(d, 1, "1.2.0.192.in-addr.arpa", PTR, 1));
	assert_int_equal(dns_client_seen(d, &client), 1); /* but the client was heard */
	m = question(1, 0x2800, "x.example", A); /* update */
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
			assert_int_equal(l->address_count, n == whole.n ? 2 : n >= whole.n - 16 ? 1 : 0);
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
		"\xc0\x0c",             /* points to itself */
		"\xc0\x0e\xc0\x0c",     /* to and fro */
		"\x01" "a\xc0\x0c",     /* grows for ever */
		"\xff\xff",             /* beyond the end */
		"\xc0",                 /* half a pointer */
		"\x40" "abc",           /* reserved label types */
		"\x80" "abc",
		"\x3f" "abc",           /* a label longer than the message */
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
		feed(d, &q, ip4(11, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i), server, 1, i);
	struct address gone = ip4(11, 0, 0, 0), kept = ip4(11, 0, 0, 20);
	assert_int_equal(dns_client_seen(d, &gone), 0);
	assert_int_not_equal(dns_client_seen(d, &kept), 0);
	dns_free(d);
	dns_free(NULL);
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
		cmocka_unit_test(test_not_of_interest),
		cmocka_unit_test(test_cut_and_counts),
		cmocka_unit_test(test_compression_loops),
		cmocka_unit_test(test_long_names),
		cmocka_unit_test(test_damaged_everywhere),
		cmocka_unit_test(test_bounds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
