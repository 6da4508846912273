/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DNS messages made by hand for the tests of the DNS memory, and one client that sends them to one
 * name server. Every message is read at the end of an unreadable page.
 */
#ifndef SMTP365_TEST_DNS_MESSAGES_H
#define SMTP365_TEST_DNS_MESSAGES_H

#include <glib.h>
#include "frames/frames.h"
#include "base/caps.h"
#include "dns/dns.h"

#define MS 1000000ull

enum { A = 1, NS = 2, CNAME = 5, PTR = 12, MX = 15, TXT = 16, AAAA = 28, TLSA = 52 };

/* A message that grows. */
struct message {
	uint32_t n;
	uint8_t at[4096];
};

static inline void add(struct message *m, const void *p, uint32_t n)
{
	assert_true(m->n + n <= sizeof m->at);
	if (n)
		memcpy(&m->at[m->n], p, n);
	m->n += n;
}

static inline void add16(struct message *m, unsigned v)
{
	uint8_t b[2];

	put16(b, v);
	add(m, b, 2);
}

/* Labels of a name without compression. */
static inline void add_name(struct message *m, const char *name)
{
	while (*name && strcmp(name, ".") != 0) {
		uint8_t n = (uint8_t)strcspn(name, ".");
		add(m, &n, 1);
		add(m, name, n);
		name += n + (name[n] == '.');
	}
	add(m, "", 1);
}

static inline struct message question(unsigned id, unsigned flags, const char *name, unsigned type)
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

static inline void add_record(struct message *m, const char *owner, unsigned type, uint32_t ttl,
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

static inline void add_name_record(struct message *m, const char *owner, unsigned type,
				   const char *head, uint32_t n, const char *name)
{
	struct message data = { 0 };

	add(&data, head, n);
	add_name(&data, name);
	add_record(m, owner, type, 300, data.at, data.n);
}

static inline struct address ip4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
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

#endif
