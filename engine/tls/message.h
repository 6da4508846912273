/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads one whole clear handshake message into an item: its kind, the hello, the certificate list,
 * the group of the key exchange. Also the two guesses that a gap makes needful: is this a message,
 * is this a border. Internal to the TLS decoder (record.c), which keeps all state.
 */
#ifndef SMTP365_TLS_MESSAGE_H
#define SMTP365_TLS_MESSAGE_H

#include "tls/tls.h"

enum tls_record_type {
	TLS_RECORD_CCS = 20,
	TLS_RECORD_ALERT,
	TLS_RECORD_HANDSHAKE,
	TLS_RECORD_DATA,
	TLS_RECORD_HEARTBEAT,
};

#define TLS_RECORD_MAX (16384u + 2048u) /* RFC 5246 6.2.3; TLS 1.3 allows less */

/* Bytes that tls_message_fits wants: type, length, and the version of a hello. */
#define TLS_MESSAGE_PEEK 6u

/*
 * Read `body` (without type and length) into *out, whose handshake_type is set. `suite`: chosen in
 * this direction, 0 unknown. `hello`: zeroed, lent to *out when the message is the hello of this
 * side; NULL for any other type. What is not what its type says becomes HANDSHAKE_OTHER, malformed.
 * (RFC 8446 4, RFC 5246 7.4, RFC 8422 5.4)
 */
void tls_message_read(struct bytes body, bool from_client, uint16_t suite, struct tls_hello *hello,
		      struct tls_item *out);
/*
 * Can a record of `record` bytes that begins with `front` (TLS_MESSAGE_PEEK bytes, or all when it
 * is shorter) hold a clear message? Asked when encryption may have begun: after a ChangeCipherSpec
 * only a hello counts (RFC 8446 D.4), after a gap any message whose length fits.
 */
bool tls_message_fits(struct bytes front, uint32_t record, bool from_client, bool after_ccs);
/*
 * Can a record begin at the front of this view? Asked after a gap, at the start of a segment, so
 * stricter than a header in place; `version`: that of the records before, 0 any. When the record
 * ends in the view, what follows must look like a header too.
 */
bool tls_border_fits(struct bytes view, uint16_t version);

#endif
