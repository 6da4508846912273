/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the TLS decoder share and no one else includes: record.c walks over records,
 * handshake.c puts messages together, sslv2.c reads the record of an SSL 2.0 hello.
 */
#ifndef SMTP365_TLS_INTERNAL_H
#define SMTP365_TLS_INTERNAL_H

#include "tls/message.h"

#define TLS_RECORD_HEADER 5u
#define TLS_FRONT 4u /* handshake type and length */

enum tls_state {
	TLS_STATE_HEADER,
	TLS_STATE_BEGIN,
	TLS_STATE_FRAGMENT,
	TLS_STATE_PEEK,
	TLS_STATE_ALERT,
	TLS_STATE_SKIP,
	TLS_STATE_BODY,
	TLS_STATE_LOST,
	TLS_STATE_V2,
	TLS_STATE_V2_REST,
	TLS_STATE_BAD,
};

/* What one state answers; ON: look at the state again. */
enum turn { TURN_ON, TURN_ITEM, TURN_MORE, TURN_BAD };

struct tls {
	enum tls_state state;
	bool from_client;
	bool any_record;
	bool ccs;	/* ChangeCipherSpec was seen in this direction */
	bool finished;	/* an encrypted handshake record was seen: TLS 1.2 or older */
	bool may_retry; /* TLS 1.3 is possible: a clear hello may follow the CCS (RFC 8446 D.4) */
	bool hole;	/* record borders were lost at least once */
	bool unsure;	/* message borders are not known after a gap */
	bool after_gap; /* the next item says complete = false */
	unsigned probation;		/* headers to come before a found border counts as right */
	uint8_t head[TLS_MESSAGE_PEEK]; /* carry of a header, a peek or an alert */
	unsigned head_have;
	uint8_t type; /* of the record at hand */
	uint16_t version;
	uint32_t length, left;
	uint8_t front[TLS_FRONT]; /* of the message at hand */
	unsigned front_have;
	uint8_t message_type;
	uint32_t message_length, message_have;
	uint16_t message_version;
	bool message_skip; /* too long, or torn by a gap: counted only */
	bool message_torn; /* say so at its end */
	uint16_t suite;	   /* chosen in this direction, 0 unknown */
	uint8_t *buffer;   /* owned; the message at hand as far as it was copied */
	size_t buffer_size;
	bool buffer_done;	 /* handed out with the last item */
	struct tls_hello *hello; /* owned; handed out with the last item */
	unsigned peeked;	 /* bytes of the body of the record at hand that are in `head` */
	uint8_t *body;		 /* owned; of a record that was asked for, as far as it came */
	uint32_t body_have;
};

static inline bool tls_in_message(const struct tls *t)
{
	return t->front_have > 0;
}

/* Fill what every item of the record at hand has. */
static inline enum turn tls_emit(struct tls *t, struct tls_item *out, enum tls_item_kind kind,
				 uint32_t length)
{
	out->kind = kind;
	out->record_version = t->version;
	out->length = length;
	out->complete = !t->after_gap;
	out->after_ccs = t->ccs;
	t->after_gap = false;
	return TURN_ITEM;
}

/* handshake.c */
/* Start a message whose front is complete. */
void handshake_begin(struct tls *t);
/* Append to the message at hand; the caller knows that it fits into CAP_HANDSHAKE. */
void handshake_append(struct tls *t, struct bytes piece);
/* Go on with the message at hand, or begin one, in the record at hand. */
enum turn handshake_read(struct tls *t, struct bytes *in, struct tls_item *out);
/* A message of which only the front is known. */
enum turn handshake_torn(struct tls *t, struct tls_item *out);
/* Forget the message at hand. */
void handshake_drop(struct tls *t);
/* Free its copy; its length is still counted. */
void handshake_drop_copy(struct tls *t);
/* What the last item borrowed ends here. */
void handshake_end_loan(struct tls *t);

/* sslv2.c */
/* Read the first record, whose first byte has the high bit (RFC 5246 E.2). */
enum turn sslv2_read(struct tls *t, struct bytes *in, struct tls_item *out);

#endif
