/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What each client asked the DNS and what came back (A, AAAA, CNAME, MX, TXT for SPF and MTA-STS,
 * TLSA), so that an address gets the name that the client meant. libresolv reads the message
 * (ns_initparse); this file keeps the answers, bounded, oldest first out. It judges nothing: which
 * names matter is asked of `dns_hooks.interesting`.
 */
#ifndef SMTP365_DNS_H
#define SMTP365_DNS_H

#include <glib.h>
#include "bytes.h"
#include "segment.h"

enum dns_outcome {
	DNS_PENDING,  /* asked, no answer yet */
	DNS_ANSWERED, /* NOERROR with records of the type asked */
	DNS_NODATA,   /* NOERROR without such records */
	DNS_NXDOMAIN,
	DNS_SERVFAIL,
	DNS_REFUSED,
	DNS_OTHER,     /* another rcode */
	DNS_NO_ANSWER, /* timeout: CAP 5 s after the last of at least 2 queries, or at the end */
};

/* One question of one client and what became of it. */
struct dns_lookup {
	struct address client, server; /* server: the name server */
	uint16_t client_port;
	bool over_tcp;
	uint16_t type;	/* ns_t_a 1, ns_t_aaaa 28, ns_t_mx 15, ns_t_txt 16, 52 TLSA */
	char name[256]; /* lower case, no dot at the end */
	enum dns_outcome outcome;
	uint8_t rcode;
	uint32_t query_frame, query_last_frame, answer_frame;
	uint64_t query_ns, query_last_ns, answer_ns;
	unsigned queries;	    /* same question sent again, any id */
	struct address address[16]; /* A and AAAA answers */
	unsigned address_count;
	char cname[256]; /* last name of the CNAME chain; empty none */
	char mx[4][256]; /* by preference, lowest first */
	unsigned mx_count;
	char text[256]; /* first TXT that begins "v=spf1" or "v=STSv1", cut */
	bool tlsa;	/* a TLSA record came back */
	uint32_t ttl;	/* lowest TTL of the answers, seconds */
};

struct dns;
struct dns *dns_new(void);
void dns_free(struct dns *d);
/* Feed one message. Returns the look-up it started or completed (borrowed until the next feed),
 * NULL when it is no DNS message or of no interest. */
const struct dns_lookup *dns_feed(struct dns *d, const struct datagram *g);
/* The newest answered look-up (A or AAAA) of this client that gave `address` at or before `now_ns`,
 * or NULL. The name a client meant, not a canonical name. */
const struct dns_lookup *dns_name_for(const struct dns *d, const struct address *client,
				      const struct address *address, uint64_t now_ns);
/* The newest look-up of this client for `name` and `type`, whatever its outcome, or NULL. */
const struct dns_lookup *dns_lookup_of(const struct dns *d, const struct address *client,
				       const char *name, uint16_t type);
/* Was any DNS of this client seen at all (else absence says nothing)? First frame or 0. */
uint32_t dns_client_seen(const struct dns *d, const struct address *client);
/* Call `fn` for each look-up kept, in the order of their first queries. */
void dns_each(const struct dns *d, void (*fn)(const struct dns_lookup *l, void *arg), void *arg);
/* Mark pending queries older than 5 s (2 or more sent) as DNS_NO_ANSWER. */
void dns_expire(struct dns *d, uint64_t now_ns);
/* The capture ends: the same for questions whose first query is 5 s old, though asked again since.
 */
void dns_finish(struct dns *d, uint64_t now_ns);
size_t dns_kept(const struct dns *d);

#endif
