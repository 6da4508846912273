/* SPDX-License-Identifier: GPL-2.0-or-later */
/* P_hash and what is built of it, and the label of TLS 1.3; see derive.h. */
#include "keys/derive.h"

#include <glib.h>
#include <gnutls/crypto.h>
#include <string.h>

#define HASH_MOST 64u
/* A label and two randoms. */
#define SEED_MOST 96u
/* The label with its prefix is one byte long at most (RFC 8446 7.1); ours are short. */
#define INFO_MOST 64u

/* P_hash(secret, seed), RFC 5246 5: the bytes are added to `out`, which holds zeroes or the other
 * half of the older PRF. `seed` begins behind room for one hash. */
static bool add_p_hash(gnutls_mac_algorithm_t hash, struct bytes secret, struct bytes seed,
		       uint8_t *out, size_t n)
{
	const size_t size = gnutls_hmac_get_len(hash), key = bytes_left(&secret);
	uint8_t a[HASH_MOST + SEED_MOST], block[HASH_MOST];
	bool good = size > 0 && size <= HASH_MOST;

	memcpy(a + size, seed.at, bytes_left(&seed));
	good = good && gnutls_hmac_fast(hash, secret.at, key, seed.at, bytes_left(&seed), a) == 0;
	for (size_t at = 0; good && at < n; at += size) {
		good = gnutls_hmac_fast(hash, secret.at, key, a, size + bytes_left(&seed), block) ==
		       0;
		for (size_t i = 0; good && i < size && at + i < n; i++)
			out[at + i] ^= block[i];
		good = good && gnutls_hmac_fast(hash, secret.at, key, a, size, block) == 0;
		memcpy(a, block, size);
	}
	explicit_bzero(a, sizeof a);
	explicit_bzero(block, sizeof block);
	return good;
}

bool derive_prf(uint16_t version, gnutls_mac_algorithm_t hash, struct bytes secret,
		const char *label, struct bytes seed, uint8_t *out, size_t n)
{
	uint8_t whole[SEED_MOST];
	size_t words = strlen(label), all = words + bytes_left(&seed);

	g_assert(all <= sizeof whole);
	memcpy(whole, label, words);
	memcpy(whole + words, seed.at, bytes_left(&seed));
	memset(out, 0, n);
	if (version >= 0x0303)
		return add_p_hash(hash, secret, bytes_of(whole, all), out, n);
	/* RFC 2246 5: the halves overlap by a byte when the length is odd. */
	size_t half = (bytes_left(&secret) + 1) / 2;
	struct bytes first = secret, second = secret;
	first = bytes_upto(&first, half);
	bytes_upto(&second, bytes_left(&secret) - half);
	return add_p_hash(GNUTLS_MAC_MD5, first, bytes_of(whole, all), out, n) &&
	       add_p_hash(GNUTLS_MAC_SHA1, second, bytes_of(whole, all), out, n);
}

bool derive_label(gnutls_mac_algorithm_t hash, struct bytes secret, const char *label, uint8_t *out,
		  size_t n)
{
	static const char prefix[] = "tls13 ";
	uint8_t info[INFO_MOST];
	size_t words = strlen(prefix) + strlen(label);

	g_assert(4 + words <= sizeof info);
	info[0] = (uint8_t)(n >> 8);
	info[1] = (uint8_t)n;
	info[2] = (uint8_t)words;
	memcpy(&info[3], prefix, strlen(prefix));
	memcpy(&info[3 + strlen(prefix)], label, strlen(label));
	info[3 + words] = 0; /* no context */
	const gnutls_datum_t key = { (uint8_t *)(uintptr_t)secret.at,
				     (unsigned)bytes_left(&secret) };
	const gnutls_datum_t about = { info, (unsigned)(4 + words) };
	return gnutls_hkdf_expand(hash, &key, &about, out, n) == 0;
}
