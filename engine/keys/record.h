/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opens the protected records of one direction under one set of keys: TLS 1.0 to 1.2 with CBC (MAC
 * before or after encryption), RC4, GCM, CCM and ChaCha20-Poly1305; TLS 1.3. All ciphers and MACs
 * are GnuTLS'. A record opens only when its MAC or tag is right, so wrong keys open nothing. Which
 * keys are in use when is opening.c's business.
 */
#ifndef SMTP365_KEYS_RECORD_H
#define SMTP365_KEYS_RECORD_H

#include "bytes.h"
#include "keys/log.h"
#include "keys/protection.h"

/* What the handshake of TLS 1.0 to 1.2 agreed on. */
struct record_terms {
	const struct protection *how;
	uint16_t version;
	bool encrypt_then_mac;		   /* RFC 7366; counts with CBC only */
	uint8_t client_random[KEY_RANDOM]; /* of the hellos */
	uint8_t server_random[KEY_RANDOM];
};

struct record_opener;

/* Keys of one direction from the master secret (RFC 5246 6.3). NULL: GnuTLS does not have the
 * cipher, or refuses it. */
struct record_opener *record_opener_master(const struct record_terms *t,
					   const struct key_secret *master, bool from_client);
/* Keys of TLS 1.3 from a traffic secret (RFC 8446 7.3). NULL as above, or the secret's length is
 * not that of the suite's hash. */
struct record_opener *record_opener_traffic(const struct protection *how,
					    const struct key_secret *traffic);
/* After a KeyUpdate of this direction: the next generation of keys (RFC 8446 7.2). */
bool record_opener_update(struct record_opener *r);
/* Wipes. NULL is allowed. */
void record_opener_free(struct record_opener *r);

/*
 * Open the next record. `type` and `version` are those of its header, `body` is what follows it. On
 * success *inner is the type of what was inside and *plain its view, valid until the next call. On
 * failure nothing changes for AEAD, so the record may be tried under other keys.
 */
bool record_opener_open(struct record_opener *r, uint8_t type, uint16_t version, struct bytes body,
			uint8_t *inner, struct bytes *plain);
/* Bytes of memory. */
size_t record_opener_kept(const struct record_opener *r);

#endif
