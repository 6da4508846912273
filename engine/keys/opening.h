/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One TLS connection that is opened with the secrets of a key log: which keys are in use in which
 * direction, from the hellos to KeyUpdate. Takes what the TLS decoder found in the clear (hellos,
 * ChangeCipherSpec) and the bodies of protected records in order; gives what was inside. Knows no
 * flow, no mail, no file.
 */
#ifndef SMTP365_KEYS_OPENING_H
#define SMTP365_KEYS_OPENING_H

#include "keys/log.h"
#include "tls/tls.h"

enum opened {
	OPENED_NOTHING, /* of the handshake, or a record that no key is known for */
	OPENED_DATA,	/* bytes of the dialogue */
	OPENED_ALERT,	/* level and description */
	OPENED_LOST,	/* this and all that follows of this direction stays closed */
};

/* How it stands with the keys of a connection. */
enum opening_state {
	OPENING_NONE,	 /* no protected record came yet */
	OPENING_MISSING, /* the log has no secrets for it */
	OPENING_CANNOT,	 /* its version or suite is none that can be opened */
	OPENING_GAP,	 /* bytes of the handshake are missing */
	OPENING_WRONG,	 /* it has some, and no record opened with them */
	OPENING_DONE,	 /* at least one record was opened */
};

struct opening;

/* `log` is borrowed and may grow meanwhile; master secrets of sessions that may be resumed are
 * added to it. */
struct opening *opening_new(struct key_log *log);
/* Wipes. NULL is allowed. */
void opening_free(struct opening *o);
/* A hello, ChangeCipherSpec or other handshake message that was not encrypted. */
void opening_message(struct opening *o, bool from_client, const struct tls_item *i);
/* Is the body of the protected record that begins here wanted? Asked once for each. */
bool opening_wants(struct opening *o, bool from_client);
/* The body of the record, with type and version of its header. *inside is valid until the next
 * call. */
enum opened opening_record(struct opening *o, bool from_client, uint8_t type, uint16_t version,
			   struct bytes body, struct bytes *inside);
/* Bytes of this direction are missing: after the handshake nothing more of it can be opened. */
void opening_gap(struct opening *o, bool from_client);
enum opening_state opening_state(const struct opening *o);
/* Protected records of this direction came, and none will be opened (`at_end` false), or none of
 * its application data was (true). */
bool opening_shut(const struct opening *o, bool from_client, bool at_end);
/* Bytes of memory. */
size_t opening_kept(const struct opening *o);

#endif
