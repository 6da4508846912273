/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the secrets of a key log to the keys of records: the PRF of TLS 1.0 to 1.2 and
 * HKDF-Expand-Label of TLS 1.3, over GnuTLS' HMAC and HKDF. GnuTLS has both inside, but for its own
 * sessions only. No state.
 */
#ifndef SMTP365_KEYS_DERIVE_H
#define SMTP365_KEYS_DERIVE_H

#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "bytes.h"

/*
 * PRF(secret, label, seed): n bytes to `out` (RFC 5246 5; RFC 2246 5 when `version` is older than
 * TLS 1.2, then `hash` is not looked at). False when GnuTLS refuses, as for MD5 in FIPS mode.
 */
bool derive_prf(uint16_t version, gnutls_mac_algorithm_t hash, struct bytes secret,
		const char *label, struct bytes seed, uint8_t *out, size_t n);
/* HKDF-Expand-Label(secret, label, "", n) to `out` (RFC 8446 7.1). */
bool derive_label(gnutls_mac_algorithm_t hash, struct bytes secret, const char *label, uint8_t *out,
		  size_t n);

#endif
