/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fingerprints of secrets (Karp and Rabin's rolling polynomial). See secret.h.
 */
#include "smtp/secret.h"
#include "smtp/auth.h"

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
		unsigned size;	       /* bytes that make the print */
		unsigned whole;	       /* bytes of the secret */
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

static void keep_print(struct smtp_secrets *s, uint64_t print, const struct bytes *word, unsigned n,
		       unsigned whole)
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
	s->kept[slot].whole = whole;
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
	unsigned whole = (unsigned)MIN(bytes_left(&word), SMTP_SECRET_TEXT);
	for (unsigned i = 0; i < KEPT; i++)
		if (s->kept[i].print == print && s->kept[i].size == n) {
			s->kept[i].whole = MAX(s->kept[i].whole, whole);
			return;
		}
	keep_print(s, print, &word, n, whole);
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

static bool is_letter(uint8_t c)
{
	return g_ascii_isalnum(c) || c >= 0x80;
}

/* What is cut off the front of a secret may go on: letters of base64 and of tokens. */
static size_t end_of_word(const struct bytes *b, size_t at)
{
	while (at < bytes_left(b) &&
	       (is_letter(bytes_peek(b, at)) ||
		(bytes_peek(b, at) != 0 && strchr("+/=-_~.%", bytes_peek(b, at)) != NULL)))
		at++;
	return at;
}

/*
 * A text may repeat a secret as it is, over the end of a line, or written in another way. Each way
 * of reading is one walk over letters that never goes back: a ring holds the prints of the last
 * places, so that the print of any of the last words is one subtraction away.
 */
struct walk {
	const struct smtp_secrets *set;
	struct bytes text;
	int32_t *edge;	    /* +1 where a part that has to go begins, -1 behind its end */
	bool found;	    /* there is such a part */
	size_t upto;	    /* behind the last one of this way of reading */
	bool whole;	    /* a hit takes all of start..stop */
	size_t start, stop; /* what is being decoded */
	/* the place */
	size_t at;	      /* letters read */
	uint64_t front[RING]; /* prints of all letters up to each of the last places */
	size_t from[RING];    /* where in the text the letter at each of the last places begins */
	uint8_t before[RING]; /* the letter before each */
	uint32_t last;	      /* the last three letters */
	uint32_t waiting;     /* secrets that end here if the next letter ends the word */
};

static void walk_restart(struct walk *w)
{
	w->at = 0;
	w->last = 0;
	w->waiting = 0;
	w->front[0] = 0;
	w->before[0] = 0;
}

/* Secret k ended with the last letter; `behind` is where the text goes on. */
static void walk_hit(struct walk *w, unsigned k, size_t behind)
{
	size_t all = bytes_left(&w->text);
	size_t begin = w->from[(w->at - w->set->kept[k].size) % RING];
	size_t end = MAX(behind, MIN(all, begin + w->set->kept[k].whole));

	if (w->whole) {
		begin = w->start;
		end = w->stop;
	}
	if (end > w->upto)
		w->upto = end_of_word(&w->text, end);
	w->edge[begin]++;
	w->edge[w->upto]--;
	w->found = true;
}

/* Which secrets end with the last letter. */
static uint32_t walk_ends(const struct walk *w)
{
	uint32_t found = 0;

	for (uint32_t left = w->at < SMTP_SECRET_LEAST ? 0 : w->set->endings[ending_slot(w->last)];
	     left; left &= left - 1) {
		unsigned k = (unsigned)__builtin_ctz(left), n = w->set->kept[k].size;
		if (n > w->at)
			continue;
		uint64_t out = times(w->front[(w->at - n) % RING], w->set->kept[k].power);
		if ((w->front[w->at % RING] + PRIME - out) % PRIME != w->set->kept[k].print)
			continue;
		if (n >= WHOLE_WORD || !is_letter(w->before[(w->at - n) % RING]))
			found |= UINT32_C(1) << k;
	}
	return found;
}

/* One letter, which stands at from..behind of the text; c 0 and from == behind: the end. */
static void walk_letter(struct walk *w, uint8_t c, size_t from, size_t behind)
{
	for (uint32_t left = is_letter(c) ? 0 : w->waiting; left; left &= left - 1)
		walk_hit(w, (unsigned)__builtin_ctz(left), from);
	w->waiting = 0;
	if (from == behind)
		return;
	w->from[w->at % RING] = from;
	uint8_t small = (uint8_t)g_ascii_tolower((char)c);
	w->front[(w->at + 1) % RING] =
		(times(w->front[w->at % RING], w->set->key) + small + 1u) % PRIME;
	w->last = w->last << 8 | small;
	w->at++;
	w->before[w->at % RING] = c;
	for (uint32_t left = walk_ends(w); left; left &= left - 1) {
		unsigned k = (unsigned)__builtin_ctz(left);
		if (w->set->kept[k].size < WHOLE_WORD)
			w->waiting |= UINT32_C(1) << k;
		else
			walk_hit(w, k, behind);
	}
}

/* As it is; without the ends of lines, or without NUL (UTF-16), when told so. */
static void walk_plain(struct walk *w, bool no_lines, bool no_nul)
{
	size_t all = bytes_left(&w->text);

	w->upto = 0;
	walk_restart(w);
	for (size_t i = 0; i < all; i++) {
		uint8_t c = bytes_peek(&w->text, i);
		if (!(no_lines && c == '\n') && !(no_nul && c == 0))
			walk_letter(w, c, i, i + 1);
	}
	walk_letter(w, 0, all, all);
}

/* The letters of RFC 4648 4 and 5. */
static int base64_value(uint8_t c)
{
	return c == '-' ? 62 : c == '_' ? 63 : smtp_base64_value(c);
}

static int digit_value(uint8_t c)
{
	return g_ascii_isxdigit(c) ? g_ascii_xdigit_value((char)c) : -1;
}

/* With %41, =41 and +41 for a letter (RFC 3986 2.1, RFC 2045 6.7, RFC 3461 4). */
static void walk_escaped(struct walk *w)
{
	size_t all = bytes_left(&w->text);

	w->upto = 0;
	walk_restart(w);
	for (size_t i = 0, next; i < all; i = next) {
		uint8_t c = bytes_peek(&w->text, i);
		int high = digit_value(bytes_peek(&w->text, i + 1));
		int low = digit_value(bytes_peek(&w->text, i + 2));
		bool escape = (c == '%' || c == '=' || c == '+') && high >= 0 && low >= 0;
		next = i + (escape ? 3 : 1);
		walk_letter(w, escape ? (uint8_t)((unsigned)high << 4 | (unsigned)low) : c, i,
			    next);
	}
	walk_letter(w, 0, all, all);
}

/* An alphabet: bits a letter, letters that the same bytes can begin at, the value of each letter or
 * -1. */
struct alphabet {
	unsigned bits, alignments;
	int (*value)(uint8_t c);
};

/* The run of letters at start..stop, read from its letter `skip` on. */
static void walk_run(struct walk *w, const struct alphabet *a, unsigned skip)
{
	uint32_t bits = 0;
	unsigned have = 0;
	size_t begin = w->start;

	walk_restart(w);
	for (size_t i = w->start; i < w->stop; i++) {
		int v = a->value(bytes_peek(&w->text, i));
		if (v < 0)
			continue;
		if (skip) {
			skip--;
			continue;
		}
		bits = (bits << a->bits | (uint32_t)v) & 0xffffffu;
		have += a->bits;
		if (have < 8)
			continue;
		have -= 8;
		walk_letter(w, (uint8_t)(bits >> have), begin, i + 1);
		begin = i + 1;
	}
	walk_letter(w, 0, w->stop, w->stop);
}

/* Runs of letters of the alphabet, over ends of lines too, at each alignment; a hit takes the run.
 */
static void walk_coded(struct walk *w, const struct alphabet *a)
{
	size_t all = bytes_left(&w->text), least = (SMTP_SECRET_LEAST * 8 + a->bits - 1) / a->bits;

	w->whole = true;
	w->upto = 0;
	for (size_t i = 0; i < all; i++) {
		w->start = i;
		while (i < all && (a->value(bytes_peek(&w->text, i)) >= 0 ||
				   (i > w->start && bytes_peek(&w->text, i) == '\n')))
			i++;
		w->stop = i;
		for (unsigned k = 0; i - w->start >= least && k < a->alignments; k++)
			walk_run(w, a, k);
	}
	w->whole = false;
}

/* Marks in `edge` what has to go; false: nothing. */
static bool find_all(struct walk *w)
{
	static const struct alphabet base64 = { 6, 4, base64_value }, hex = { 4, 2, digit_value };

	walk_plain(w, false, false);
	if (bytes_find(&w->text, '\n') >= 0)
		walk_plain(w, true, false);
	if (bytes_find(&w->text, 0) >= 0)
		walk_plain(w, true, true);
	if (bytes_find(&w->text, '%') >= 0 || bytes_find(&w->text, '=') >= 0 ||
	    bytes_find(&w->text, '+') >= 0)
		walk_escaped(w);
	walk_coded(w, &base64);
	walk_coded(w, &hex);
	return w->found;
}

struct bytes smtp_secrets_blank(const struct smtp_secrets *set, struct bytes text, char *room)
{
	static const char mark[] = "…";
	G_STATIC_ASSERT(SMTP_SECRET_LEAST >= sizeof mark - 1); /* so the text does not grow */
	struct bytes rest = bytes_upto(&text, SMTP_SECRET_TEXT);
	size_t all = bytes_left(&rest), n = 0;

	if (!set || !all)
		return rest;
	int32_t edge[SMTP_SECRET_TEXT + 1] = { 0 };
	struct walk w = { .set = set, .text = rest, .edge = edge };
	if (!find_all(&w))
		return rest;
	int depth = 0;
	for (size_t at = 0; at <= all; at++) {
		bool was = depth > 0;
		depth += edge[at];
		if (was && depth <= 0) {
			memcpy(&room[n], mark, sizeof mark - 1);
			n += sizeof mark - 1;
		}
		if (depth <= 0 && at < all)
			room[n++] = (char)bytes_peek(&rest, at);
	}
	return bytes_of(room, n);
}
