/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The four shapes of a protected record, see record.h. CBC and RC4 run on from record to record in
 * one handle of GnuTLS: in TLS 1.0 the last block of a record is the IV of the next; from TLS 1.1
 * on a record begins with its own IV, which is then decrypted like any block and dropped.
 */
#include "keys/record.h"

#include <gnutls/crypto.h>
#include <string.h>
#include "keys/derive.h"
#include "tls/tls.h"

#define NONCE 12u
#define TAG 16u
#define TAG_SHORT 8u
#define EXPLICIT 8u /* bytes of the nonce that GCM and CCM send along in TLS 1.2 */
#define TYPE_DATA 23u
#define KEY_MOST 32u
#define IV_MOST 16u
#define MAC_MOST 48u
/* What GnuTLS keeps for a cipher, about: the table of GCM alone has 4 KiB. */
#define GNUTLS_STATE 6144u
#define PLAIN_MOST (16384u + 2048u)

struct record_opener {
	const struct protection *how;
	bool v13, encrypt_then_mac, own_iv;
	uint64_t sequence;
	uint8_t iv[NONCE]; /* AEAD: the part that is not sent, its length in `fixed` */
	unsigned fixed;
	gnutls_aead_cipher_hd_t aead;
	gnutls_cipher_hd_t cipher;
	gnutls_hmac_hd_t hmac;
	size_t mac_size, block;
	struct key_secret traffic; /* TLS 1.3 */
	uint8_t *plain;		   /* owned */
	size_t room;
};

static bool is_aead(const struct protection *how)
{
	return how->mac == GNUTLS_MAC_AEAD;
}

static size_t tag_size(const struct protection *how)
{
	return how->cipher == GNUTLS_CIPHER_AES_128_CCM_8 ||
			       how->cipher == GNUTLS_CIPHER_AES_256_CCM_8
		       ? TAG_SHORT
		       : TAG;
}

void record_opener_free(struct record_opener *r)
{
	if (!r)
		return;
	if (r->aead)
		gnutls_aead_cipher_deinit(r->aead);
	if (r->cipher)
		gnutls_cipher_deinit(r->cipher);
	if (r->hmac)
		gnutls_hmac_deinit(r->hmac, NULL);
	if (r->plain)
		explicit_bzero(r->plain, r->room);
	g_free(r->plain);
	explicit_bzero(r, sizeof *r);
	g_free(r);
}

size_t record_opener_kept(const struct record_opener *r)
{
	return r ? sizeof *r + r->room + GNUTLS_STATE : 0;
}

/* ---- keys ---- */

static bool start_aead(struct record_opener *r, const uint8_t *key)
{
	const gnutls_datum_t k = { (uint8_t *)(uintptr_t)key,
				   (unsigned)gnutls_cipher_get_key_size(r->how->cipher) };

	if (r->aead) {
		gnutls_aead_cipher_deinit(r->aead);
		r->aead = NULL;
	}
	return gnutls_aead_cipher_init(&r->aead, r->how->cipher, &k) == 0;
}

static bool start_cipher(struct record_opener *r, const uint8_t *mac_key, const uint8_t *key,
			 uint8_t *iv)
{
	const gnutls_datum_t k = { (uint8_t *)(uintptr_t)key,
				   (unsigned)gnutls_cipher_get_key_size(r->how->cipher) };
	gnutls_datum_t v = { iv, (unsigned)r->block };

	return gnutls_hmac_init(&r->hmac, r->how->mac, mac_key, r->mac_size) == 0 &&
	       gnutls_cipher_init(&r->cipher, r->how->cipher, &k, r->block ? &v : NULL) == 0;
}

/* The key block: MAC keys, keys and IVs, each of the client, then of the server. */
static bool start_master(struct record_opener *r, const struct record_terms *t,
			 const struct key_secret *master, bool from_client)
{
	uint8_t seed[2 * KEY_RANDOM], all[2 * (MAC_MOST + KEY_MOST + IV_MOST)];
	size_t key = gnutls_cipher_get_key_size(t->how->cipher);
	size_t iv = is_aead(t->how) ? r->fixed : r->block;
	size_t side = from_client ? 0 : 1;

	memcpy(seed, t->server_random, KEY_RANDOM);
	memcpy(seed + KEY_RANDOM, t->client_random, KEY_RANDOM);
	g_assert(r->mac_size <= MAC_MOST && key <= KEY_MOST && iv <= IV_MOST);
	bool good = derive_prf(t->version, t->how->hash, bytes_of(master->bytes, master->length),
			       "key expansion", bytes_of(seed, sizeof seed), all,
			       2 * (r->mac_size + key + iv));
	uint8_t *mac_key = all + side * r->mac_size;
	uint8_t *own_key = all + 2 * r->mac_size + side * key;
	uint8_t *own_iv = all + 2 * (r->mac_size + key) + side * iv;
	if (is_aead(t->how))
		memcpy(r->iv, own_iv, iv);
	good = good && (is_aead(t->how) ? start_aead(r, own_key)
					: start_cipher(r, mac_key, own_key, own_iv));
	explicit_bzero(all, sizeof all);
	return good;
}

struct record_opener *record_opener_master(const struct record_terms *t,
					   const struct key_secret *master, bool from_client)
{
	struct record_opener *r = g_new0(struct record_opener, 1);

	r->how = t->how;
	r->encrypt_then_mac = t->encrypt_then_mac && t->how->kind == PROTECTION_CBC;
	r->fixed = t->how->kind == PROTECTION_CHACHA ? NONCE : NONCE - EXPLICIT;
	if (!is_aead(t->how))
		r->mac_size = gnutls_hmac_get_len(t->how->mac);
	if (t->how->kind == PROTECTION_CBC)
		r->block = gnutls_cipher_get_block_size(t->how->cipher);
	r->own_iv = r->block && t->version >= TLS_1_1;
	if (start_master(r, t, master, from_client))
		return r;
	record_opener_free(r);
	return NULL;
}

static bool start_traffic(struct record_opener *r)
{
	uint8_t key[KEY_MOST];
	const struct bytes secret = bytes_of(r->traffic.bytes, r->traffic.length);
	bool good = derive_label(r->how->hash, secret, "key", key,
				 gnutls_cipher_get_key_size(r->how->cipher)) &&
		    derive_label(r->how->hash, secret, "iv", r->iv, NONCE) && start_aead(r, key);

	r->sequence = 0;
	explicit_bzero(key, sizeof key);
	return good;
}

struct record_opener *record_opener_traffic(const struct protection *how,
					    const struct key_secret *traffic)
{
	if (!is_aead(how) || gnutls_hmac_get_len(how->hash) != traffic->length)
		return NULL;
	struct record_opener *r = g_new0(struct record_opener, 1);
	r->how = how;
	r->v13 = true;
	r->fixed = NONCE;
	r->traffic = *traffic;
	if (start_traffic(r))
		return r;
	record_opener_free(r);
	return NULL;
}

bool record_opener_update(struct record_opener *r)
{
	struct key_secret next = { .length = r->traffic.length };
	bool good = derive_label(r->how->hash, bytes_of(r->traffic.bytes, r->traffic.length),
				 "traffic upd", next.bytes, next.length);

	r->traffic = next;
	explicit_bzero(&next, sizeof next);
	return good && start_traffic(r);
}

/* ---- records ---- */

static void put16(uint8_t *to, size_t v)
{
	to[0] = (uint8_t)(v >> 8);
	to[1] = (uint8_t)v;
}

static void put64(uint8_t *to, uint64_t v)
{
	for (unsigned i = 0; i < 8; i++)
		to[i] = (uint8_t)(v >> (56 - 8 * i));
}

/* Sequence number, type, version, length: what MACs and tags up to TLS 1.2 cover besides the text.
 */
static void put_head(const struct record_opener *r, uint8_t type, uint16_t version, size_t length,
		     uint8_t head[13])
{
	put64(head, r->sequence);
	head[8] = type;
	put16(&head[9], version);
	put16(&head[11], length);
}

/* Fixed part and sequence number, added up (RFC 8446 5.3, RFC 7905 2), or the part that was sent
 * behind the fixed one (RFC 5288 3). */
static void make_nonce(const struct record_opener *r, struct bytes *body, uint8_t nonce[NONCE])
{
	memcpy(nonce, r->iv, r->fixed);
	if (r->fixed < NONCE) {
		struct bytes sent = bytes_take(body, NONCE - r->fixed);
		if (!sent.bad)
			memcpy(nonce + r->fixed, sent.at, NONCE - r->fixed);
		return;
	}
	for (unsigned i = 0; i < 8; i++)
		nonce[NONCE - 1 - i] ^= (uint8_t)(r->sequence >> 8 * i);
}

static bool open_aead(struct record_opener *r, uint8_t type, uint16_t version, struct bytes body,
		      size_t *n)
{
	uint8_t nonce[NONCE], head[13];
	size_t tag = tag_size(r->how), whole = bytes_left(&body);

	make_nonce(r, &body, nonce);
	if (body.bad || bytes_left(&body) < tag)
		return false;
	put_head(r, type, version, r->v13 ? whole : bytes_left(&body) - tag, head);
	size_t skip = r->v13 ? 8 : 0; /* TLS 1.3: the header of the record alone */
	*n = r->room;
	return gnutls_aead_cipher_decrypt(r->aead, nonce, NONCE, head + skip, sizeof head - skip,
					  tag, body.at, bytes_left(&body), r->plain, n) == 0;
}

/* Is `mac` that of the head and the text? */
static bool mac_fits(struct record_opener *r, uint8_t type, uint16_t version, struct bytes text,
		     const uint8_t *mac)
{
	uint8_t head[13], own[MAC_MOST];

	put_head(r, type, version, bytes_left(&text), head);
	if (gnutls_hmac(r->hmac, head, sizeof head) != 0 ||
	    (bytes_left(&text) && gnutls_hmac(r->hmac, text.at, bytes_left(&text)) != 0))
		return false;
	gnutls_hmac_output(r->hmac, own); /* and begins anew */
	return gnutls_memcmp(own, mac, r->mac_size) == 0;
}

/* Cut the padding off n bytes of CBC (RFC 5246 6.2.3.2); false when it is none. */
static bool cut_padding(const struct record_opener *r, size_t at, size_t *n)
{
	if (*n <= at)
		return false;
	size_t padding = r->plain[*n - 1] + 1u;
	if (padding > *n - at)
		return false;
	for (size_t i = 0; i < padding; i++)
		if (r->plain[*n - 1 - i] != padding - 1)
			return false;
	*n -= padding;
	return true;
}

/* CBC and RC4. *at: where the text begins in r->plain, *n: its bytes. */
static bool open_mac(struct record_opener *r, uint8_t type, uint16_t version, struct bytes body,
		     size_t *at, size_t *n)
{
	struct bytes sealed = body;

	if (r->encrypt_then_mac) {
		if (bytes_left(&body) < r->mac_size)
			return false;
		sealed = bytes_take(&body, bytes_left(&body) - r->mac_size);
		if (!mac_fits(r, type, version, sealed, body.at))
			return false;
	}
	size_t size = bytes_left(&sealed);
	if (size == 0 || (r->block && size % r->block) ||
	    gnutls_cipher_decrypt2(r->cipher, sealed.at, size, r->plain, r->room) != 0)
		return false;
	*at = r->own_iv ? r->block : 0;
	if (r->block && !cut_padding(r, *at, &size))
		return false;
	*n = size - *at;
	if (r->encrypt_then_mac)
		return true;
	if (*n < r->mac_size)
		return false;
	*n -= r->mac_size;
	return mac_fits(r, type, version, bytes_of(r->plain + *at, *n), r->plain + *at + *n);
}

/* TLSInnerPlaintext (RFC 8446 5.2): the type is the last byte that is not zero. */
static bool read_inner(const struct record_opener *r, size_t *n, uint8_t *inner)
{
	while (*n && r->plain[*n - 1] == 0)
		--*n;
	if (*n == 0)
		return false;
	*inner = r->plain[--*n];
	return true;
}

/* The text is never longer than the body. */
static void make_room(struct record_opener *r, size_t n)
{
	if (n <= r->room)
		return;
	if (r->plain)
		explicit_bzero(r->plain, r->room);
	g_free(r->plain);
	r->room = n;
	r->plain = g_malloc(n);
}

bool record_opener_open(struct record_opener *r, uint8_t type, uint16_t version, struct bytes body,
			uint8_t *inner, struct bytes *plain)
{
	size_t at = 0, n = 0;

	if (bytes_left(&body) == 0 || bytes_left(&body) > PLAIN_MOST ||
	    (r->v13 && type != TYPE_DATA))
		return false;
	make_room(r, bytes_left(&body));
	*inner = type;
	if (!(is_aead(r->how) ? open_aead(r, type, version, body, &n)
			      : open_mac(r, type, version, body, &at, &n)) ||
	    (r->v13 && !read_inner(r, &n, inner)))
		return false;
	r->sequence++;
	*plain = bytes_of(r->plain + at, n);
	return true;
}
