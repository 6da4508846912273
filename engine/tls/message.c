/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Handshake messages up to TLS 1.2, and the hellos of all versions. See message.h. Lists are
 * walked to their own end; a length that lies marks the item and ends the walk.
 */
#include "tls/hello.h"
#include "tls/message.h"

enum message_type {
	MESSAGE_HELLO_REQUEST = 0,
	MESSAGE_CLIENT_HELLO = 1,
	MESSAGE_SERVER_HELLO = 2,
	MESSAGE_SESSION_TICKET = 4,
	MESSAGE_CERTIFICATE = 11,
	MESSAGE_SERVER_KEY_EXCHANGE = 12,
	MESSAGE_CERTIFICATE_REQUEST = 13,
	MESSAGE_SERVER_HELLO_DONE = 14,
	MESSAGE_CERTIFICATE_VERIFY = 15,
	MESSAGE_CLIENT_KEY_EXCHANGE = 16,
	MESSAGE_CERTIFICATE_STATUS = 22,
};

/* Finished, hellos before they are read, and what is not listed are HANDSHAKE_OTHER. */
static enum tls_item_kind kind_of(uint8_t type)
{
	switch (type) {
	case MESSAGE_HELLO_REQUEST:
		return TLS_ITEM_HELLO_REQUEST;
	case MESSAGE_SESSION_TICKET:
		return TLS_ITEM_SESSION_TICKET;
	case MESSAGE_CERTIFICATE:
		return TLS_ITEM_CERTIFICATE;
	case MESSAGE_SERVER_KEY_EXCHANGE:
		return TLS_ITEM_SERVER_KEY_EXCHANGE;
	case MESSAGE_CERTIFICATE_REQUEST:
		return TLS_ITEM_CERTIFICATE_REQUEST;
	case MESSAGE_SERVER_HELLO_DONE:
		return TLS_ITEM_SERVER_HELLO_DONE;
	case MESSAGE_CERTIFICATE_VERIFY:
		return TLS_ITEM_CERTIFICATE_VERIFY;
	case MESSAGE_CLIENT_KEY_EXCHANGE:
		return TLS_ITEM_CLIENT_KEY_EXCHANGE;
	default:
		return TLS_ITEM_HANDSHAKE_OTHER;
	}
}

/* certificate_list of RFC 5246 7.4.2: counts all, keeps the first CAP_CHAIN. */
static void read_chain(struct bytes body, struct tls_item *out)
{
	struct bytes list = bytes_vec(&body, 3);

	out->malformed = list.bad || bytes_left(&body) > 0;
	while (bytes_left(&list)) {
		struct bytes der = bytes_vec(&list, 3);
		if (der.bad) {
			out->malformed = true;
			return;
		}
		out->chain_in_all++;
		if (out->chain_count < CAP_CHAIN)
			out->chain[out->chain_count++] = der;
	}
}

/* The named curve of an ECDHE ServerKeyExchange (RFC 8422 5.4), 0 for any other exchange. */
static uint16_t read_key_exchange(struct bytes body, uint16_t chosen)
{
	const char *suite = tls_suite_name(chosen);

	if (chosen && (!suite || (!strstr(suite, "_ECDHE_") && !strstr(suite, "_ECDH_anon_"))))
		return 0;
	if (suite && strstr(suite, "_ECDHE_PSK_"))
		bytes_vec(&body, 2); /* psk_identity_hint (RFC 5489 2) */
	if (bytes_u8(&body) != 3)
		return 0;
	uint16_t group = bytes_u16(&body);
	struct bytes point = bytes_vec(&body, 1);
	/* Without the ServerHello 03 may begin the length of a DHE prime: then the name must be
	 * known. */
	if (point.bad || bytes_left(&point) == 0 || (!chosen && !tls_group_name(group)))
		return 0;
	return group;
}

/* RFC 5077 3.3: a lifetime, then the ticket; that of TLS 1.3 is shaped otherwise, and is none. */
static struct bytes read_ticket(struct bytes body)
{
	bytes_u32(&body);
	struct bytes ticket = bytes_vec(&body, 2);
	return ticket.bad || bytes_left(&body) ? bytes_of(NULL, 0) : ticket;
}

/* A hello that is none stays HANDSHAKE_OTHER. */
static void read_hello(struct bytes body, bool from_client, struct tls_hello *h,
		       struct tls_item *out)
{
	bool retry = false;
	bool good = from_client ? tls_hello_client(body, h) : tls_hello_server(body, h, &retry);

	out->malformed = !good || h->malformed;
	if (!good)
		return;
	h->record_version = out->record_version;
	out->hello = h;
	if (from_client)
		out->kind = TLS_ITEM_CLIENT_HELLO;
	else
		out->kind = retry ? TLS_ITEM_HELLO_RETRY : TLS_ITEM_SERVER_HELLO;
}

void tls_message_read(struct bytes body, bool from_client, uint16_t suite, struct tls_hello *hello,
		      struct tls_item *out)
{
	out->kind = kind_of(out->handshake_type);
	if (hello)
		read_hello(body, from_client, hello, out);
	else if (out->kind == TLS_ITEM_CERTIFICATE)
		read_chain(body, out);
	else if (out->kind == TLS_ITEM_SESSION_TICKET)
		out->ticket = read_ticket(body);
	else if (out->kind == TLS_ITEM_SERVER_KEY_EXCHANGE)
		out->group = read_key_exchange(body, suite);
}

bool tls_message_fits(struct bytes front, uint32_t record, bool from_client, bool after_ccs)
{
	uint8_t type = bytes_u8(&front);
	uint32_t length = bytes_u24(&front), room = record - 4;

	if (front.bad)
		return false;
	if (type == (from_client ? MESSAGE_CLIENT_HELLO : MESSAGE_SERVER_HELLO)) {
		bool version = bytes_u8(&front) == 3 && bytes_u8(&front) <= 4 && !front.bad;
		/* 38: version, random, empty session id, and a suite with its compression */
		return version && length >= 38 && length <= CAP_HANDSHAKE;
	}
	if (after_ccs)
		return false;
	if (type == MESSAGE_HELLO_REQUEST || type == MESSAGE_SERVER_HELLO_DONE)
		return length == 0 && room == 0;
	if (type == MESSAGE_CERTIFICATE) /* may go on in the next record */
		return length >= 3 && length <= CAP_HANDSHAKE;
	return (kind_of(type) != TLS_ITEM_HANDSHAKE_OTHER || type == MESSAGE_CERTIFICATE_STATUS) &&
	       length >= 2 && length <= room;
}

/* The lengths that a record of this type has in practice. */
static bool length_fits(uint8_t type, uint16_t length)
{
	switch (type) {
	case TLS_RECORD_CCS:
		return length == 1;
	case TLS_RECORD_ALERT:
		return length == 2 || (length >= 16 && length <= 512);
	case TLS_RECORD_HANDSHAKE:
		return length >= 4;
	case TLS_RECORD_DATA:
		return length >= 16; /* a tag or a MAC at least */
	default:
		return false;
	}
}

bool tls_border_fits(struct bytes view, uint16_t version)
{
	uint8_t type = bytes_u8(&view);
	uint16_t seen = bytes_u16(&view), length = bytes_u16(&view);

	if (view.bad || seen < TLS_SSL3 || seen > TLS_1_2 || (version && seen != version) ||
	    length > TLS_RECORD_MAX || !length_fits(type, length))
		return false;
	if (bytes_left(&view) <= length)
		return true;
	bytes_take(&view, length);
	uint8_t next = bytes_u8(&view);
	return next >= TLS_RECORD_CCS && next <= TLS_RECORD_HEARTBEAT &&
	       (bytes_left(&view) == 0 || bytes_u8(&view) == 3);
}
