/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One DNS message, read by libresolv, for dns.c and records.c only: what was asked and what the
 * answer section says. A message that is cut or whose counts lie is read as far as its records are
 * whole.
 */
#ifndef SMTP365_DNS_MESSAGE_H
#define SMTP365_DNS_MESSAGE_H

#include "dns/dns.h"

/* Types of interest (RFC 1035, RFC 3596, RFC 6698). */
enum {
	DNS_TYPE_A = 1,
	DNS_TYPE_CNAME = 5,
	DNS_TYPE_MX = 15,
	DNS_TYPE_TXT = 16,
	DNS_TYPE_AAAA = 28,
	DNS_TYPE_TLSA = 52,
};

struct dns_message {
	uint16_t id;
	bool response;
	bool truncated; /* TC: the whole answer comes over TCP */
	bool partial;	/* some records could not be read */
	bool answered;	/* records of the type asked came, or may have among the unread ones */
	/* Name, type and rcode; of a response also what the records say. Nothing else is set. */
	struct dns_lookup said;
};

/* Read n captured bytes. False when it is no query or response of one question of interest. */
bool dns_message_read(const uint8_t *at, uint32_t n, struct dns_message *m);
/* Lower-case `name` into out[256] without a dot at the end; false when it is too long or empty. */
bool dns_name_normal(const char *name, char out[256]);

#endif
