/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See resumption.h. Tickets are long, so the table has their hashes. */
#include "keys/resumption.h"

#include <gnutls/crypto.h>
#include <string.h>

static bool digest(struct bytes ticket, uint8_t out[KEY_RANDOM])
{
	return bytes_left(&ticket) > 0 &&
	       gnutls_hash_fast(GNUTLS_DIG_SHA256, ticket.at, bytes_left(&ticket), out) == 0;
}

static void take_hello(struct resumption *r, bool from_client, const struct tls_hello *h)
{
	if (from_client) {
		memset(r, 0, sizeof *r);
		memcpy(r->offered, h->session_id, h->session_id_length);
		r->offered_length = h->session_id_length;
		r->has_ticket = h->ticket_length > 0;
		memcpy(r->ticket, h->ticket_sha256, sizeof r->ticket);
		return;
	}
	memset(r->chosen, 0, sizeof r->chosen);
	memcpy(r->chosen, h->session_id, h->session_id_length);
	r->chosen_length = h->session_id_length;
}

void resumption_message(struct resumption *r, bool from_client, const struct tls_item *i)
{
	switch (i->kind) {
	case TLS_ITEM_CLIENT_HELLO:
	case TLS_ITEM_SERVER_HELLO:
		take_hello(r, from_client, i->hello);
		break;
	case TLS_ITEM_SERVER_HELLO_DONE:
		r->full = true;
		break;
	case TLS_ITEM_SESSION_TICKET:
		r->has_new_ticket = digest(i->ticket, r->new_ticket);
		break;
	default:
		break;
	}
}

bool resumption_find(const struct resumption *r, const struct key_log *log, struct key_secret *out)
{
	/* The server says the client's session id again when it goes on with that session. */
	bool same = r->offered_length && r->offered_length == r->chosen_length &&
		    memcmp(r->offered, r->chosen, r->offered_length) == 0;

	if (r->full)
		return false;
	return (same && key_log_find(log, r->chosen, KEY_SESSION, out)) ||
	       (r->has_ticket && (same || !r->offered_length) &&
		key_log_find(log, r->ticket, KEY_TICKET, out));
}

void resumption_keep(const struct resumption *r, struct key_log *log,
		     const struct key_secret *master)
{
	if (r->chosen_length)
		key_log_keep(log, r->chosen, KEY_SESSION, master);
	if (r->has_new_ticket)
		key_log_keep(log, r->new_ticket, KEY_TICKET, master);
}
