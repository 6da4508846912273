/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a cipher suite says about the protection of records: a table (protection.def), found by the
 * suite's name, so that numbers stand in one place only (tls/suites.def).
 */
#ifndef SMTP365_KEYS_PROTECTION_H
#define SMTP365_KEYS_PROTECTION_H

#include <gnutls/gnutls.h>
#include <stdint.h>

enum protection_kind {
	PROTECTION_CBC,
	PROTECTION_STREAM,
	PROTECTION_GCM,
	PROTECTION_CCM,
	PROTECTION_CHACHA,
};

struct protection {
	const char *name;
	enum protection_kind kind;
	gnutls_cipher_algorithm_t cipher;
	gnutls_mac_algorithm_t mac;  /* GNUTLS_MAC_AEAD: none of its own */
	gnutls_mac_algorithm_t hash; /* of the key schedule, TLS 1.2 and later */
};

/* The row of a suite, static; NULL when records under it cannot be opened. */
const struct protection *protection_find(uint16_t suite);

#endif
