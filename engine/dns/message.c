/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads one DNS message with libresolv's parser (ns_initparse, ns_parserr, ns_name_uncompress;
 * they check lengths and compression loops) into the form that dns.c keeps. Sources: RFC 1035
 * sections 3 and 4, RFC 7208 section 3 (SPF), RFC 8461 section 3.1 (MTA-STS).
 */
#include <arpa/nameser.h>
#include <resolv.h>
#include "dns/message.h"

/* Sizes of the wire format: header; type, class, TTL and length behind a record's name. */
#define HEADER 12u
#define RECORD_FIXED 10u
#define QUESTION_FIXED 4u

bool dns_name_normal(const char *name, char out[256])
{
	size_t n = strnlen(name, 257);

	if (n > 1 && n <= 256 && name[n - 1] == '.' && name[n - 2] != '\\')
		n--;
	if (n == 0 || n > 255)
		return false;
	for (size_t i = 0; i < n; i++)
		out[i] = (char)g_ascii_tolower(name[i]);
	memset(&out[n], 0, 256 - n);
	return true;
}

/* A name inside the data of a record; false when it is wrong or reaches beyond the data. */
static bool name_in(const ns_msg *h, const struct bytes *data, char out[256])
{
	char name[NS_MAXDNAME];
	int n = ns_name_uncompress(ns_msg_base(*h), ns_msg_end(*h), data->at, name, sizeof name);

	return n > 0 && (size_t)n <= bytes_left(data) && dns_name_normal(name, out);
}

static void take_address(const struct bytes *data, struct dns_lookup *l)
{
	struct address *a = &l->address[l->address_count];
	size_t n = l->type == DNS_TYPE_A ? 4 : 16;

	if (bytes_left(data) != n || l->address_count == G_N_ELEMENTS(l->address))
		return;
	a->family = n == 4 ? 4 : 6;
	memcpy(a->byte, data->at, n);
	l->address_count++;
}

/* Keep the exchangers of lowest preference, in order; equal ones in the order of the message. */
static void take_mx(const ns_msg *h, struct bytes data, struct dns_lookup *l,
		    uint16_t preferences[4])
{
	const unsigned room = G_N_ELEMENTS(l->mx);
	uint16_t preference = bytes_u16(&data);
	char name[256];
	unsigned at = l->mx_count;

	if (data.bad || !name_in(h, &data, name))
		return;
	while (at > 0 && preferences[at - 1] > preference)
		at--;
	if (at == room)
		return;
	if (l->mx_count < room)
		l->mx_count++;
	for (unsigned i = l->mx_count - 1; i > at; i--) {
		memcpy(l->mx[i], l->mx[i - 1], sizeof name);
		preferences[i] = preferences[i - 1];
	}
	memcpy(l->mx[at], name, sizeof name);
	preferences[at] = preference;
}

/* The strings of a TXT record joined (RFC 7208 section 3.3), when they begin as SPF or MTA-STS. */
static void take_text(struct bytes data, struct dns_lookup *l)
{
	char text[256] = "";
	size_t n = 0;

	if (l->text[0])
		return;
	while (bytes_left(&data) > 0) {
		struct bytes part = bytes_vec(&data, 1);
		if (part.bad)
			break;
		part = bytes_upto(&part, sizeof text - 1 - n);
		if (bytes_left(&part) > 0)
			memcpy(&text[n], part.at, bytes_left(&part));
		n += bytes_left(&part);
	}
	struct bytes all = bytes_of(text, n);
	if (bytes_starts(&all, "v=spf1", 6) || bytes_starts(&all, "v=STSv1", 7))
		memcpy(l->text, text, sizeof text);
}

/* One record of the answer section. `owner` follows the CNAME chain (RFC 1034 section 3.6.2). */
static void take_record(const ns_msg *h, const ns_rr *rr, struct dns_message *m, char owner[256],
			uint16_t preferences[4])
{
	struct dns_lookup *l = &m->said;
	struct bytes data = bytes_of(ns_rr_rdata(*rr), ns_rr_rdlen(*rr));
	char name[256];

	uint16_t type = (uint16_t)ns_rr_type(*rr);
	if (ns_rr_class(*rr) != ns_c_in)
		return;
	if (type == l->type)
		m->answered = true;
	else if (type != DNS_TYPE_CNAME)
		return;
	if (ns_rr_ttl(*rr) < l->ttl)
		l->ttl = ns_rr_ttl(*rr);
	switch (type) {
	case DNS_TYPE_A:
	case DNS_TYPE_AAAA:
		take_address(&data, l);
		break;
	case DNS_TYPE_CNAME:
		if (dns_name_normal(ns_rr_name(*rr), name) && strcmp(name, owner) == 0 &&
		    name_in(h, &data, name)) {
			memcpy(owner, name, sizeof name);
			memcpy(l->cname, name, sizeof name);
		}
		break;
	case DNS_TYPE_MX:
		take_mx(h, data, l, preferences);
		break;
	case DNS_TYPE_TXT:
		take_text(data, l);
		break;
	case DNS_TYPE_TLSA:
		l->tlsa = true;
		break;
	default:
		break;
	}
}

/* Question and answers of a message that libresolv has accepted. */
static bool read_sections(ns_msg *h, struct dns_message *m)
{
	struct dns_lookup *l = &m->said;
	uint16_t preferences[4];
	char owner[256];
	ns_rr rr;

	if (ns_msg_getflag(*h, ns_f_opcode) != ns_o_query || ns_msg_count(*h, ns_s_qd) != 1 ||
	    ns_parserr(h, ns_s_qd, 0, &rr) != 0 || ns_rr_class(rr) != ns_c_in)
		return false;
	m->id = (uint16_t)ns_msg_id(*h);
	m->response = ns_msg_getflag(*h, ns_f_qr);
	m->truncated = ns_msg_getflag(*h, ns_f_tc);
	l->rcode = (uint8_t)ns_msg_getflag(*h, ns_f_rcode);
	l->type = (uint16_t)ns_rr_type(rr);
	if (!dns_name_normal(ns_rr_name(rr), l->name))
		return false;
	if (!m->response)
		return true;
	memcpy(owner, l->name, sizeof owner);
	l->ttl = UINT32_MAX;
	for (int i = 0; i < ns_msg_count(*h, ns_s_an); i++) {
		if (ns_parserr(h, ns_s_an, i, &rr) != 0) {
			m->partial = true;
			break;
		}
		take_record(h, &rr, m, owner, preferences);
	}
	if (l->ttl == UINT32_MAX)
		l->ttl = 0;
	return true;
}

/* Take a name off the front; false when it is not whole. */
static bool skip_name(struct bytes *in)
{
	for (;;) {
		uint8_t n = bytes_u8(in);
		if (in->bad)
			return false;
		if (n == 0)
			return true;
		if (n >= 0xc0) {
			bytes_u8(in);
			return !in->bad;
		}
		if (n >= 0x40)
			return false;
		bytes_take(in, n);
	}
}

/* How many of `claimed` answers are whole behind the one question, and how many bytes that is. */
static bool whole_records(const uint8_t *at, uint32_t n, unsigned claimed, unsigned *count,
			  size_t *length)
{
	struct bytes in = bytes_of(at, n);

	bytes_take(&in, HEADER);
	if (!skip_name(&in) || bytes_take(&in, QUESTION_FIXED).bad)
		return false;
	*length = n - bytes_left(&in);
	for (*count = 0; *count < claimed; ++*count) {
		if (!skip_name(&in))
			break;
		struct bytes fixed = bytes_take(&in, RECORD_FIXED);
		bytes_take(&fixed, RECORD_FIXED - 2);
		if (bytes_take(&in, bytes_u16(&fixed)).bad || fixed.bad)
			break;
		*length = n - bytes_left(&in);
	}
	return true;
}

/* libresolv refuses a message that is not whole. Read a copy whose counts say what is there. */
static bool read_partial(const uint8_t *at, uint32_t n, struct dns_message *m)
{
	struct bytes header = bytes_of(at, n);
	unsigned count;
	size_t length;
	ns_msg h;

	bytes_take(&header, 4);
	uint16_t questions = bytes_u16(&header), answers = bytes_u16(&header);
	bytes_take(&header, 4);
	if (header.bad || questions != 1 || !whole_records(at, n, answers, &count, &length))
		return false;
	uint8_t *copy = g_memdup2(at, length);
	memset(&copy[6], 0, HEADER - 6);
	copy[6] = (uint8_t)(count >> 8);
	copy[7] = (uint8_t)count;
	bool good = ns_initparse(copy, (int)length, &h) == 0 && read_sections(&h, m);
	g_free(copy);
	/* What was not read may have been what was asked for: absence needs proof. */
	m->partial = m->partial || count < answers;
	return good;
}

bool dns_message_read(const uint8_t *at, uint32_t n, struct dns_message *m)
{
	ns_msg h;

	memset(m, 0, sizeof *m);
	if (n < HEADER || n > 65535)
		return false;
	bool good =
		ns_initparse(at, (int)n, &h) == 0 ? read_sections(&h, m) : read_partial(at, n, m);
	if (m->partial)
		m->answered = true;
	return good;
}
