/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libFuzzer entry: a hostile key log and hostile records. The input is a key log up to a NUL, then
 * pieces: a byte of flags, two of length, the bytes. Plain pieces go to the decoders as they are;
 * sealed ones are protected first under the keys of RFC 8448, so that what is read behind a right
 * tag (types, padding, handshake messages over records, KeyUpdate) is fuzzed too.
 */
#include <gnutls/crypto.h>
#include <string.h>

#include "keys/derive.h"
#include "keys/keys_play.h"
#include "keys/rfc8448.h"

enum { FROM_SERVER = 1, SEALED = 2, HANDSHAKE_KEYS = 4, GAP = 8, BEGIN = 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct sealer {
	gnutls_aead_cipher_hd_t aead;
	uint8_t iv[12];
	uint64_t sequence;
};

static void sealer_start(struct sealer *s, const char *secret)
{
	GByteArray *from = unhex(secret);
	uint8_t key[16];
	const gnutls_datum_t k = { key, sizeof key };
	const struct bytes in = bytes_of(from->data, from->len);

	g_assert(derive_label(GNUTLS_MAC_SHA256, in, "key", key, sizeof key));
	g_assert(derive_label(GNUTLS_MAC_SHA256, in, "iv", s->iv, sizeof s->iv));
	g_assert(gnutls_aead_cipher_init(&s->aead, GNUTLS_CIPHER_AES_128_GCM, &k) == 0);
	s->sequence = 0;
	g_byte_array_unref(from);
}

static void seal_and_feed(struct play *p, int side, struct sealer *s, struct bytes inner)
{
	size_t n = bytes_left(&inner), size = n + 16;
	GByteArray *record = g_byte_array_sized_new((guint)(5 + size));
	uint8_t nonce[12];

	g_byte_array_set_size(record, (guint)(5 + size));
	memcpy(record->data, (const uint8_t[]){ 23, 3, 3, (uint8_t)(size >> 8), (uint8_t)size }, 5);
	memcpy(nonce, s->iv, sizeof nonce);
	for (unsigned i = 0; i < 8; i++)
		nonce[11 - i] ^= (uint8_t)(s->sequence >> 8 * i);
	s->sequence++;
	g_assert(gnutls_aead_cipher_encrypt(s->aead, nonce, sizeof nonce, record->data, 5, 16,
					    inner.at, n, record->data + 5, &size) == 0);
	play_feed(p, side, bytes_of(record->data, record->len), 0);
	g_byte_array_unref(record);
}

/* The clear hellos, after which sealed records of TLS 1.3 may come. */
static void begin(struct play *p)
{
	GByteArray *c = unhex(rfc8448_client_hello), *s = unhex(rfc8448_server_hello);

	play_feed(p, 0, bytes_of(c->data, c->len), 0);
	play_feed(p, 1, bytes_of(s->data, s->len), 0);
	g_byte_array_unref(c);
	g_byte_array_unref(s);
}

static void feed_piece(struct play *p, struct sealer sealers[2][2], struct bytes *all)
{
	uint8_t flags = bytes_u8(all);
	size_t length = bytes_u16(all) % 16384u;
	int side = flags & FROM_SERVER;

	if (flags & BEGIN) {
		begin(p);
	} else if (flags & GAP) {
		play_gap(p, side, length);
	} else if (flags & SEALED) {
		struct bytes in = bytes_upto(all, length);
		seal_and_feed(p, side, &sealers[side][(flags & HANDSHAKE_KEYS) != 0], in);
	} else {
		play_feed(p, side, bytes_upto(all, length), 0);
	}
}

static const char *const secrets[2][2] = {
	{ RFC8448_SECRET_CLIENT, RFC8448_SECRET_HANDSHAKE_CLIENT },
	{ RFC8448_SECRET_SERVER, RFC8448_SECRET_HANDSHAKE_SERVER },
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct bytes all = bytes_of(data, n);
	struct sealer sealers[2][2];
	struct key_log *log = key_log_new();
	ptrdiff_t end = bytes_find(&all, 0);

	key_log_add(log, bytes_upto(&all, end < 0 ? n : (size_t)end));
	bytes_upto(&all, 1);
	add_line(log, RFC8448_LINE_HANDSHAKE_CLIENT RFC8448_LINE_HANDSHAKE_SERVER
			      RFC8448_LINE_CLIENT RFC8448_LINE_SERVER);
	for (int i = 0; i < 4; i++)
		sealer_start(&sealers[i / 2][i % 2], secrets[i / 2][i % 2]);
	struct play *p = play_new(log);
	while (bytes_left(&all)) {
		feed_piece(p, sealers, &all);
		g_assert(opening_kept(p->opening) < 4 * CAP_HANDSHAKE);
	}
	play_free(p);
	for (int i = 0; i < 4; i++)
		gnutls_aead_cipher_deinit(sealers[i / 2][i % 2].aead);
	key_log_free(log);
	return 0;
}
