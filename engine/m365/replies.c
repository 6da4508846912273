/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds the row of replies.def for a reply. The text is folded first (lower case, one line,
 * repeated enhanced codes and blanks dropped, trailer cut), then the rows are tried in order.
 * Judges nothing: the row names a fact. Keeps nothing of the reply.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1 /* memmem */
#endif
#include "m365/replies.h"
#include "base/caps.h"

#define ROW_SENTENCE_MAX 96

static const struct reply_row rows[] = {
#define REPLY(...) { __VA_ARGS__ },
#include "m365/replies.def"
};
#define ROWS G_N_ELEMENTS(rows)

/* Which pairs of neighbouring bytes a text has, by a hash of them: a text that lacks one of a
 * sentence's pairs does not contain it, which spares most searches. */
#define PAIR_BITS 512u
struct pairs {
	uint64_t bit[PAIR_BITS / 64];
};

static void pairs_add(struct pairs *p, const char *text, size_t n)
{
	for (size_t i = 0; i + 1 < n; i++) {
		unsigned k = ((unsigned char)text[i] * 37u + (unsigned char)text[i + 1] * 11u) %
			     PAIR_BITS;
		p->bit[k / 64] |= UINT64_C(1) << (k % 64);
	}
}

static bool pairs_within(const struct pairs *some, const struct pairs *all)
{
	uint64_t missing = 0;
	for (size_t i = 0; i < G_N_ELEMENTS(some->bit); i++)
		missing |= some->bit[i] & ~all->bit[i];
	return !missing;
}

/* Sentences in lower case with their lengths and the pairs of both, made at first use. */
struct needle {
	char text[ROW_SENTENCE_MAX], also[ROW_SENTENCE_MAX];
	size_t n, n_also;
	struct pairs pairs;
};
static struct needle needles[ROWS];

static size_t lower_into(char *to, const char *from)
{
	size_t n = 0;
	for (; from && from[n] && n < ROW_SENTENCE_MAX - 1; n++)
		to[n] = g_ascii_tolower(from[n]);
	to[n] = 0;
	return n;
}

static void needles_make(void)
{
	static gsize once;
	if (!g_once_init_enter(&once))
		return;
	for (size_t i = 0; i < ROWS; i++) {
		needles[i].n = lower_into(needles[i].text, rows[i].sentence);
		needles[i].n_also = lower_into(needles[i].also, rows[i].also);
		pairs_add(&needles[i].pairs, needles[i].text, needles[i].n);
		pairs_add(&needles[i].pairs, needles[i].also, needles[i].n_also);
	}
	g_once_init_leave(&once, 1);
}

/* What a reply says, ready to compare. */
struct folded {
	uint16_t code;
	bool enhanced;
	uint8_t klass;
	uint16_t subject, detail;
	size_t n;
	struct pairs pairs;
	char text[CAP_REPLY_TEXT + 1];
};

/* One to three digits at index *i; *i moves past them. */
static bool number_at(const struct bytes *b, size_t *i, unsigned *out)
{
	unsigned n = 0, digits = 0;
	while (digits < 3 && g_ascii_isdigit(bytes_peek(b, *i))) {
		n = n * 10 + (unsigned)(bytes_peek(b, *i) - '0');
		(*i)++;
		digits++;
	}
	*out = n;
	return digits > 0 && !g_ascii_isdigit(bytes_peek(b, *i));
}

/* An enhanced status code (RFC 3463 2) at index i that ends at a blank or the end: how many bytes
 * it takes, 0 when there is none. */
static size_t enhanced_at(const struct bytes *b, size_t i, struct folded *f)
{
	size_t from = i;
	unsigned k, s, d;
	if (!number_at(b, &i, &k) || (k != 2 && k != 4 && k != 5) || bytes_peek(b, i++) != '.' ||
	    !number_at(b, &i, &s) || bytes_peek(b, i++) != '.' || !number_at(b, &i, &d))
		return 0;
	uint8_t after = bytes_peek(b, i);
	if (i < bytes_left(b) && after != ' ' && after != '\n' && after != '\t')
		return 0;
	if (f && !f->enhanced) {
		f->enhanced = true;
		f->klass = (uint8_t)k;
		f->subject = (uint16_t)s;
		f->detail = (uint16_t)d;
	}
	return i - from;
}

/* Lower case, one blank between words, enhanced codes at the front of lines dropped. */
static void fold_text(struct folded *f, const struct bytes *text)
{
	bool front = true;
	size_t all = bytes_left(text);
	f->n = 0;
	for (size_t i = 0; i < all && f->n < CAP_REPLY_TEXT; i++) {
		uint8_t c = bytes_peek(text, i);
		if (front) {
			size_t skip = enhanced_at(text, i, f);
			front = false;
			if (skip) {
				i += skip - 1;
				continue;
			}
		}
		if (c == '\n')
			front = true;
		if (c == '\n' || c == '\t' || c == '\r')
			c = ' ';
		if (c == ' ' && (f->n == 0 || f->text[f->n - 1] == ' '))
			continue;
		f->text[f->n++] = g_ascii_tolower((char)c);
	}
	f->text[f->n] = 0;
	f->pairs = (struct pairs){ 0 };
	pairs_add(&f->pairs, f->text, f->n);
}

static bool code_fits(const struct reply_row *r, const struct folded *f)
{
	if (r->code && r->code != f->code)
		return false;
	if (!r->klass)
		return true;
	if (!f->enhanced)
		return r->sentence != NULL;
	if (f->klass != r->klass || f->subject != r->subject)
		return false;
	return (!r->detail_from && !r->detail_to) ||
	       (f->detail >= r->detail_from && f->detail <= r->detail_to);
}

static bool sentence_fits(const struct needle *n, const struct folded *f)
{
	return pairs_within(&n->pairs, &f->pairs) &&
	       (!n->n || memmem(f->text, f->n, n->text, n->n)) &&
	       (!n->n_also || memmem(f->text, f->n, n->also, n->n_also));
}

/* A code without its sentence: some mean the same with every server, some only with Microsoft 365,
 * some only with others. */
static bool code_speaks(const struct reply_row *r, bool m365)
{
	if (strncmp(r->source, "RFC", 3) == 0)
		return true;
	return m365 != (strncmp(r->source, "others", 6) == 0);
}

static const struct reply_row *find(const struct folded *f, bool m365)
{
	for (size_t i = 0; i < ROWS; i++) {
		const struct reply_row *r = &rows[i];
		if (!r->sentence && !code_speaks(r, m365))
			continue;
		if (code_fits(r, f) && sentence_fits(&needles[i], f))
			return r;
	}
	return NULL;
}

/* "... Error: 535 5.7.139 Authentication unsuccessful, ...": the reason of an earlier reply that
 * Microsoft repeats (docs/microsoft-365.md#replies-sender). */
static const struct reply_row *find_inner(const struct folded *f, bool m365)
{
	static const char word[] = "error: ";
	const char *at = memmem(f->text, f->n, word, sizeof word - 1);
	if (!at)
		return NULL;
	size_t skip = (size_t)(at - f->text) + sizeof word - 1, i = 0;
	struct bytes rest = bytes_of(f->text + skip, f->n - skip);
	unsigned code;
	if (!number_at(&rest, &i, &code) || code < 400 || code > 599 || bytes_peek(&rest, i) != ' ')
		return NULL;
	bytes_take(&rest, i + 1);
	struct folded inner = { .code = (uint16_t)code };
	fold_text(&inner, &rest);
	return find(&inner, m365);
}

const struct reply_row *replies_match(const struct smtp_reply *reply, bool m365)
{
	if (reply->code < 400 || reply->code > 599)
		return NULL;
	needles_make();
	struct reply_trailer t;
	struct bytes text = replies_trailer(reply->text, &t);
	struct folded f; /* without its text, which is large */
	f.code = reply->code;
	f.enhanced = reply->enhanced;
	f.klass = reply->klass;
	f.subject = reply->subject;
	f.detail = reply->detail;
	fold_text(&f, &text);
	const struct reply_row *inner = find_inner(&f, m365);
	return inner ? inner : find(&f, m365);
}

static bool host_byte(uint8_t c)
{
	return g_ascii_isalnum(c) || c == '.' || c == '-' || c == '_';
}

/* Cut the front up to a blank or the end off b; the blanks after it go too. */
static struct bytes word_of(struct bytes *b)
{
	size_t n = 0;
	while (n < bytes_left(b) && bytes_peek(b, n) != ' ')
		n++;
	struct bytes w = bytes_take(b, n);
	*b = bytes_trim(*b);
	return w;
}

/* A host name with a dot and a letter: not an address, not a word. */
static bool is_host(const struct bytes *b)
{
	bool dot = false, letter = false;
	for (size_t i = 0; i < bytes_left(b); i++) {
		uint8_t c = bytes_peek(b, i);
		if (!host_byte(c))
			return false;
		dot = dot || c == '.';
		letter = letter || g_ascii_isalpha(c);
	}
	return dot && letter;
}

static bool is_id(const struct bytes *b)
{
	if (bytes_left(b) != 16)
		return false;
	for (size_t i = 0; i < 16; i++) {
		if (!g_ascii_isxdigit(bytes_peek(b, i)))
			return false;
	}
	return true;
}

static bool is_time(const struct bytes *b)
{
	return bytes_left(b) >= 20 && bytes_left(b) <= 32 && bytes_peek(b, 4) == '-' &&
	       bytes_peek(b, 10) == 'T' && g_ascii_isdigit(bytes_peek(b, 0));
}

struct bytes replies_trailer(struct bytes text, struct reply_trailer *out)
{
	*out = (struct reply_trailer){ 0 };
	struct bytes all = bytes_trim(text);
	size_t n = bytes_left(&all), open = n;
	if (n < 4 || bytes_peek(&all, n - 1) != ']')
		return text;
	while (open > 0 && bytes_peek(&all, open - 1) != '[')
		open--;
	if (open == 0)
		return text;

	struct bytes rest = all;
	struct bytes front = bytes_take(&rest, open - 1);
	bytes_take(&rest, 1);
	struct bytes inside = bytes_upto(&rest, bytes_left(&rest) - 1);
	static const char hostname[] = "Hostname=";
	if (bytes_starts(&inside, hostname, sizeof hostname - 1))
		bytes_take(&inside, sizeof hostname - 1);
	struct bytes server = word_of(&inside), time = word_of(&inside), id = word_of(&inside);
	if (!is_host(&server) || bytes_left(&inside) != 0)
		return text;
	if (bytes_left(&time) && (!is_time(&time) || !is_id(&id)))
		return text;
	out->server = server;
	out->time = time;
	out->id = id;
	return bytes_trim(front);
}

const char *replies_rfc3463(uint16_t code, const struct smtp_reply *reply)
{
	static const char *const by_subject[2][8] = {
		{
			"The server put the command off and does not class the reason (4.0.x).",
			"The server put the command off because of an address (4.1.x).",
			"The server put the command off because of the mailbox (4.2.x).",
			"The server put the command off because of its own mail system (4.3.x).",
			"The server put the command off because of network or routing (4.4.x).",
			"The server put the command off because of the SMTP dialogue (4.5.x).",
			"The server put the message off because of its content (4.6.x).",
			"The server put the command off for security or policy (4.7.x).",
		},
		{
			"The server refused for good and does not class the reason (5.0.x).",
			"The server refused for good because of an address (5.1.x).",
			"The server refused for good because of the recipient's mailbox (5.2.x).",
			"The server refused for good because of its own mail system (5.3.x).",
			"The server refused for good because of network or routing (5.4.x).",
			"The server refused for good because of the SMTP dialogue (5.5.x).",
			"The server refused the message for good because of its content (5.6.x).",
			"The server refused for good for security or policy (5.7.x).",
		},
	};
	/* RFC 5321 4.2.1: the second digit of the code, when there is no enhanced code */
	static const uint8_t by_digit[10] = { 5, 0, 4, 0, 0, 3, 0, 0, 0, 0 };
	bool permanent = code >= 500; /* the code counts, whatever class the enhanced code has */
	unsigned subject = by_digit[code / 10 % 10];
	if (reply && reply->enhanced)
		subject = reply->subject;
	return by_subject[permanent][subject < 8 ? subject : 0];
}

const struct reply_row *replies_all(size_t *n)
{
	*n = ROWS;
	return rows;
}
