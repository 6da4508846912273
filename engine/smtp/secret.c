/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fingerprints of secrets (Karp and Rabin's rolling polynomial). See secret.h.
 */
#include "smtp/secret.h"

#include <glib.h>

#define PRIME ((UINT64_C(1) << 61) - 1)
#define KEPT 24u      /* a login has at most a handful; lines in doubt after a gap are more */
#define WHOLE_WORD 6u /* shorter ones count only as a word of their own */

struct smtp_secrets {
	uint64_t key;
	unsigned added;
	struct {
		uint64_t print, power; /* power: key to the length, to roll the front byte out */
		unsigned size;
	} kept[KEPT];
};

static uint64_t times(uint64_t a, uint64_t b)
{
	unsigned __int128 v = (unsigned __int128)a * b;
	uint64_t sum = (uint64_t)(v & PRIME) + (uint64_t)(v >> 61);
	return sum >= PRIME ? sum - PRIME : sum;
}

/* A point that is neither 0 nor 1, where the polynomial would say nothing. */
static uint64_t point(uint64_t key)
{
	key %= PRIME - 256;
	return key + 256;
}

static uint64_t letter(const struct bytes *b, size_t i)
{
	return (uint64_t)(uint8_t)g_ascii_tolower((char)bytes_peek(b, i)) + 1;
}

static uint64_t print_of(uint64_t at, const struct bytes *b, size_t from, size_t n)
{
	uint64_t h = 0;
	for (size_t i = 0; i < n; i++)
		h = (times(h, at) + letter(b, from + i)) % PRIME;
	return h;
}

uint64_t smtp_secret_print(uint64_t key, struct bytes word)
{
	return print_of(point(key), &word, 0, bytes_left(&word));
}

void smtp_secrets_add(struct smtp_secrets **set, uint64_t key, struct bytes secret)
{
	struct bytes word = bytes_trim(secret);
	unsigned n = (unsigned)MIN(bytes_left(&word), SMTP_SECRET_FRONT);

	if (n < SMTP_SECRET_LEAST)
		return;
	if (!*set) {
		*set = g_new0(struct smtp_secrets, 1);
		(*set)->key = point(key);
	}
	struct smtp_secrets *s = *set;
	uint64_t print = print_of(s->key, &word, 0, n), power = 1;
	for (unsigned i = 0; i < KEPT; i++)
		if (s->kept[i].print == print && s->kept[i].size == n)
			return;
	for (unsigned i = 0; i < n; i++)
		power = times(power, s->key);
	unsigned slot = s->added++ % KEPT;
	s->kept[slot].print = print;
	s->kept[slot].power = power;
	s->kept[slot].size = n;
}

void smtp_secrets_free(struct smtp_secrets *set)
{
	if (!set)
		return;
	explicit_bzero(set, sizeof *set);
	g_free(set);
}

size_t smtp_secrets_kept(const struct smtp_secrets *set)
{
	return set ? sizeof *set : 0;
}

static bool is_letter(const struct bytes *b, size_t i)
{
	uint8_t c = bytes_peek(b, i);
	return g_ascii_isalnum(c) || c >= 0x80;
}

/* What was cut off the front of the secret may go on: letters of base64 and of tokens. */
static size_t end_of_word(const struct bytes *b, size_t at)
{
	while (at < bytes_left(b) &&
	       (is_letter(b, at) ||
		(bytes_peek(b, at) != 0 && strchr("+/=-_~.", bytes_peek(b, at)) != NULL)))
		at++;
	return at;
}

/* Where the secret `k` first stands in the text, or its length. */
static size_t find_one(const struct smtp_secrets *s, unsigned k, const struct bytes *b)
{
	size_t all = bytes_left(b), n = s->kept[k].size;

	if (n == 0 || n > all)
		return all;
	uint64_t h = print_of(s->key, b, 0, n);
	for (size_t at = 0;; at++) {
		bool whole =
			n >= WHOLE_WORD || (!(at && is_letter(b, at - 1)) && !is_letter(b, at + n));
		if (h == s->kept[k].print && whole)
			return at;
		if (at + n >= all)
			return all;
		uint64_t out = times(letter(b, at), s->kept[k].power);
		h = (times(h, s->key) + letter(b, at + n) + PRIME - out) % PRIME;
	}
}

bool smtp_secrets_find(const struct smtp_secrets *set, struct bytes text, size_t *from, size_t *to)
{
	size_t all = bytes_left(&text);

	*from = *to = all;
	for (unsigned k = 0; set && k < KEPT; k++) {
		size_t at = find_one(set, k, &text);
		if (at < *from) {
			*from = at;
			*to = end_of_word(&text, at + set->kept[k].size);
		} else if (at == *from && at < all) {
			*to = MAX(*to, end_of_word(&text, at + set->kept[k].size));
		}
	}
	return *from < all;
}
