/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fingerprints of secrets (Karp and Rabin's rolling polynomial). See secret.h.
 */
#include "smtp/secret.h"

#include <glib.h>

#define PRIME ((UINT64_C(1) << 61) - 1)
#define KEPT 24u      /* a login has at most a handful; lines in doubt after a gap are more */
#define WHOLE_WORD 6u /* shorter ones count only as a word of their own */

#define ENDINGS 64u /* slots of the table of endings */
#define RING 32u    /* over SMTP_SECRET_FRONT, a power of two */

G_STATIC_ASSERT(RING > SMTP_SECRET_FRONT && KEPT <= 32);

struct smtp_secrets {
	uint64_t key;
	unsigned added;
	/* Which of `kept` end with three letters that fall into this slot: few places of a text
	 * have to be compared at all. */
	uint32_t endings[ENDINGS];
	struct {
		uint64_t print, power; /* power: key to the length, to take the front away */
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

/* The slot of three letters, the newest lowest. */
static unsigned ending_slot(uint32_t letters)
{
	return ((letters & 0xffffffu) * 2654435761u) >> 26;
}

static uint32_t last_letters(const struct bytes *b, size_t n)
{
	uint32_t last = 0;
	for (size_t i = n - SMTP_SECRET_LEAST; i < n; i++)
		last = last << 8 | (uint8_t)g_ascii_tolower((char)bytes_peek(b, i));
	return last;
}

static void keep_print(struct smtp_secrets *s, uint64_t print, const struct bytes *word, unsigned n)
{
	unsigned slot = s->added++ % KEPT;

	for (unsigned i = 0; i < ENDINGS; i++)
		s->endings[i] &= ~(UINT32_C(1) << slot);
	s->endings[ending_slot(last_letters(word, n))] |= UINT32_C(1) << slot;
	s->kept[slot].print = print;
	s->kept[slot].power = 1;
	for (unsigned i = 0; i < n; i++)
		s->kept[slot].power = times(s->kept[slot].power, s->key);
	s->kept[slot].size = n;
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
	uint64_t print = print_of(s->key, &word, 0, n);
	for (unsigned i = 0; i < KEPT; i++)
		if (s->kept[i].print == print && s->kept[i].size == n)
			return;
	keep_print(s, print, &word, n);
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

/* A walk over a text, one letter after the other, that never goes back. */
struct walk {
	const struct smtp_secrets *set;
	struct bytes text;
	uint64_t front[RING]; /* prints of the text up to each of the last places */
	uint32_t last;	      /* the last letters */
};

/* Where the longest secret that ends before `at` begins; `at`: none ends here. */
static size_t begin_of_secret(const struct walk *w, size_t at)
{
	size_t begin = at;

	for (uint32_t left = at < SMTP_SECRET_LEAST ? 0 : w->set->endings[ending_slot(w->last)];
	     left; left &= left - 1) {
		unsigned k = (unsigned)__builtin_ctz(left), n = w->set->kept[k].size;
		if (n > at || at - n >= begin)
			continue;
		uint64_t out = times(w->front[(at - n) % RING], w->set->kept[k].power);
		if ((w->front[at % RING] + PRIME - out) % PRIME != w->set->kept[k].print)
			continue;
		if (n < WHOLE_WORD &&
		    ((at > n && is_letter(&w->text, at - n - 1)) || is_letter(&w->text, at)))
			continue;
		begin = at - n;
	}
	return begin;
}

/* Marks what has to go: +1 in `edge` where a repetition begins, -1 behind its end. Each byte is
 * looked at once, and the end of a word is looked for only behind the last one. */
static bool find_all(struct walk *w, int16_t edge[SMTP_SECRET_TEXT + 1])
{
	size_t all = bytes_left(&w->text), upto = 0;

	for (size_t at = 0; at <= all; at++) {
		size_t begin = begin_of_secret(w, at);
		if (begin < at) {
			upto = at > upto ? end_of_word(&w->text, at) : upto;
			edge[begin]++;
			edge[upto]--;
		}
		if (at == all)
			break;
		w->front[(at + 1) % RING] =
			(times(w->front[at % RING], w->set->key) + letter(&w->text, at)) % PRIME;
		w->last = w->last << 8 | (uint8_t)g_ascii_tolower((char)bytes_peek(&w->text, at));
	}
	return upto > 0;
}

struct bytes smtp_secrets_blank(const struct smtp_secrets *set, struct bytes text, char *room)
{
	static const char mark[] = "…";
	G_STATIC_ASSERT(SMTP_SECRET_LEAST >= sizeof mark - 1); /* so the text does not grow */
	struct walk w = { .set = set, .text = bytes_upto(&text, SMTP_SECRET_TEXT) };
	size_t all = bytes_left(&w.text), n = 0;

	if (!set)
		return w.text;
	int16_t edge[SMTP_SECRET_TEXT + 1] = { 0 };
	if (!find_all(&w, edge))
		return w.text;
	int depth = 0;
	for (size_t at = 0; at <= all; at++) {
		bool was = depth > 0;
		depth += edge[at];
		if (was && depth <= 0) {
			memcpy(&room[n], mark, sizeof mark - 1);
			n += sizeof mark - 1;
		}
		if (depth <= 0 && at < all)
			room[n++] = (char)bytes_peek(&w.text, at);
	}
	return bytes_of(room, n);
}
