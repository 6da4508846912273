/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Resumed sessions up to TLS 1.2 have the master secret of the session before them, and not every
 * library writes it down again (GnuTLS does not). So the secret of a session that was seen from its
 * beginning is also kept under its session id (RFC 5246 7.3) and under its ticket (RFC 5077).
 */
#ifndef SMTP365_KEYS_RESUMPTION_H
#define SMTP365_KEYS_RESUMPTION_H

#include "keys/log.h"
#include "tls/tls.h"

/* What the hellos at hand say about it. All zero: nothing. */
struct resumption {
	uint8_t offered[KEY_RANDOM], chosen[KEY_RANDOM]; /* session ids of client and server */
	uint8_t offered_length, chosen_length;
	uint8_t ticket[KEY_RANDOM], new_ticket[KEY_RANDOM]; /* SHA-256 of them */
	bool has_ticket, has_new_ticket;		    /* offered; given by the server */
	bool full;					    /* a whole handshake, nothing resumed */
};

/* Take note of a message that is not encrypted, or of one inside a renegotiation. */
void resumption_message(struct resumption *r, bool from_client, const struct tls_item *i);
/* The master secret of the session that is resumed; false: none is, or it is not known. */
bool resumption_find(const struct resumption *r, const struct key_log *log, struct key_secret *out);
/* Keep the master secret of this session for those that resume it. */
void resumption_keep(const struct resumption *r, struct key_log *log,
		     const struct key_secret *master);

#endif
