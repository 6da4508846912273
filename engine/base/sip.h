/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SipHash-1-3 (Aumasson and Bernstein 2012): a keyed hash, so that no one who chooses what is
 * hashed can aim at one bucket. The key is random per process.
 */
#ifndef SMTP365_SIP_H
#define SMTP365_SIP_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct sip {
	uint64_t a, b, c, d;
};

static inline uint64_t sip_rotate(uint64_t x, unsigned n)
{
	return (x << n) | (x >> (64 - n));
}

static inline void sip_round(struct sip *v)
{
	v->a += v->b;
	v->b = sip_rotate(v->b, 13) ^ v->a;
	v->a = sip_rotate(v->a, 32);
	v->c += v->d;
	v->d = sip_rotate(v->d, 16) ^ v->c;
	v->a += v->d;
	v->d = sip_rotate(v->d, 21) ^ v->a;
	v->c += v->b;
	v->b = sip_rotate(v->b, 17) ^ v->c;
	v->c = sip_rotate(v->c, 32);
}

static inline struct sip sip_begin(const uint64_t key[2])
{
	return (struct sip){ key[0] ^ 0x736f6d6570736575ULL, key[1] ^ 0x646f72616e646f6dULL,
			     key[0] ^ 0x6c7967656e657261ULL, key[1] ^ 0x7465646279746573ULL };
}

static inline void sip_word(struct sip *v, uint64_t word)
{
	v->d ^= word;
	sip_round(v);
	v->a ^= word;
}

static inline uint64_t sip_end(struct sip *v, size_t words)
{
	sip_word(v, (uint64_t)words << 59);
	v->c ^= 0xff;
	sip_round(v);
	sip_round(v);
	sip_round(v);
	return v->a ^ v->b ^ v->c ^ v->d;
}

/* Of n words. */
static inline uint64_t sip_hash(const uint64_t key[2], const uint64_t *word, size_t n)
{
	struct sip v = sip_begin(key);
	for (size_t i = 0; i < n; i++)
		sip_word(&v, word[i]);
	return sip_end(&v, n);
}

/* Of n bytes, the last word filled up with zeros; their number goes in too. The result depends on
 * the byte order of the machine. */
static inline uint64_t sip_bytes(const uint64_t key[2], const void *bytes, size_t n)
{
	struct sip v = sip_begin(key);
	const uint8_t *at = bytes;
	uint64_t word = n;

	sip_word(&v, word);
	for (size_t left = n; left; at += sizeof word) {
		size_t take = left < sizeof word ? left : sizeof word;
		word = 0;
		memcpy(&word, at, take);
		sip_word(&v, word);
		left -= take;
	}
	return sip_end(&v, n / sizeof word);
}

#endif
