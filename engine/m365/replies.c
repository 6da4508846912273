/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds the rows of replies.def for a reply. The text is folded first (lower case, one line,
 * repeated enhanced codes and blanks dropped, trailer, quotes and addresses cut out), then the most
 * specific row that fits is taken for each that may have spoken. Judges nothing: the row names a
 * fact. Keeps nothing of the reply.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1 /* memmem */
#endif
#include "m365/replies.h"
#include "base/code.h"
#include "base/caps.h"
#include "m365/pages.h"

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

/* ---- what is not this server's own sentence ---- */

/* Drop the bytes from..to of the folded text, and leave a mark that no sentence has. */
static void cut_out(struct folded *f, size_t from, size_t to)
{
	f->text[from] = '\x01';
	memmove(f->text + from + 1, f->text + to, f->n - to + 1);
	f->n -= to - from - 1;
}

/* "<a@b.example>": the words of an address are nobody's sentence. */
static void cut_addresses(struct folded *f)
{
	size_t open = 0;
	bool in = false, at = false;
	for (size_t i = 0; i < f->n; i++) {
		char c = f->text[i];
		if (c == '<') {
			open = i;
			in = true;
			at = false;
		} else if (c == '@') {
			at = true;
		} else if (c == '>' && in) {
			in = false;
			if (at && i > open + 1) {
				cut_out(f, open, i + 1);
				i = open;
			}
		}
	}
}

/* What opens a quotation of another server's words, and what ends it; '\0': the end of the text. */
static const struct {
	const char *open;
	char close;
} quotations[] = {
	{ "[message=", ']' },
	{ "responded with \"", '"' },
	{ "responded with: \"", '"' },
	{ "responded with '", '\'' },
	{ "responded with: ", '\0' },
	{ "returned '", '\'' },
	{ "returned \"", '"' },
	{ "] said: ", '\0' },
	{ ") said: ", '\0' },
	{ "remote server said: ", '\0' },
	{ "error from remote mail server", '\0' },
	{ "remote host said: ", '\0' },
};

/* The words that open the quotation stay: they are this server's own. Only its contents go. */
static void cut_quotation(struct folded *f, const char *open, char close)
{
	size_t words = strlen(open);
	const char *at = memmem(f->text, f->n, open, words);
	if (!at)
		return;
	size_t from = (size_t)(at - f->text) + words, to = from;
	if (from >= f->n)
		return;
	while (to < f->n && (!close || f->text[to] != close))
		to++;
	if (to > from)
		cut_out(f, from, to);
}

static void cut_foreign(struct folded *f)
{
	for (size_t i = 0; i < G_N_ELEMENTS(quotations); i++)
		cut_quotation(f, quotations[i].open, quotations[i].close);
	cut_addresses(f);
}

/* ---- which row ---- */

static bool enhanced_fits(const struct reply_row *r, const struct folded *f)
{
	if (!r->klass)
		return true;
	if (!f->enhanced) /* a class and subject beside a code only rule out what contradicts */
		return r->sentence || (r->code && !r->detail_to);
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

static bool row_fits(size_t i, const struct folded *f, enum stage stage)
{
	const struct reply_row *r = &rows[i];
	return (!r->code || r->code == f->code) && (!r->stages || (r->stages >> stage & 1u)) &&
	       enhanced_fits(r, f) && sentence_fits(&needles[i], f);
}

static unsigned bits_in(unsigned x)
{
	return (unsigned)__builtin_popcount(x);
}

/* How exactly a row asks for an enhanced code: not at all, class and subject, a range, one. Where
 * the reply has none, who asks for none fits best. */
static unsigned enhanced_rank(const struct reply_row *r, bool enhanced)
{
	if (!enhanced)
		return r->klass ? 0 : 1;
	if (!r->klass)
		return 0;
	if (!r->detail_from && !r->detail_to)
		return 1;
	return r->detail_from == r->detail_to ? 3 : 2;
}

uint32_t replies_rank(const struct reply_row *r, bool enhanced)
{
	uint32_t letters = r->wrapper ? 1
				      : (uint32_t)((r->sentence ? strlen(r->sentence) : 0) +
						   (r->also ? strlen(r->also) : 0));
	return letters << 16 | enhanced_rank(r, enhanced) << 12 | (r->code ? 1u : 0u) << 11 |
	       (REPLY_PEERS - bits_in(r->peers)) << 8 | (r->stages ? 32 - bits_in(r->stages) : 0);
}

static void better(struct reply_match *m, const struct reply_row *r, bool enhanced)
{
	for (unsigned p = 0; p < REPLY_PEERS; p++) {
		const struct reply_row *had = m->by[p];
		if ((r->peers >> p & 1u) &&
		    (!had || replies_rank(r, enhanced) > replies_rank(had, enhanced)))
			m->by[p] = r;
	}
}

static struct reply_match find(const struct folded *f, enum stage stage)
{
	struct reply_match m = { { NULL } };
	for (size_t i = 0; i < ROWS; i++) {
		if (row_fits(i, f, stage))
			better(&m, &rows[i], f->enhanced);
	}
	return m;
}

/* "... Error: 535 5.7.139 Authentication unsuccessful, ...": the reason of an earlier reply that
 * Microsoft repeats (docs/microsoft-365.md#replies-sender). */
static void find_inner(const struct folded *f, struct reply_match *m)
{
	static const char word[] = "error: ";
	const char *at = memmem(f->text, f->n, word, sizeof word - 1);
	if (!at)
		return;
	size_t skip = (size_t)(at - f->text) + sizeof word - 1, i = 0;
	struct bytes rest = bytes_of(f->text + skip, f->n - skip);
	unsigned code;
	if (!number_at(&rest, &i, &code) || !code_refuses(code) || code > 599 ||
	    bytes_peek(&rest, i) != ' ')
		return;
	bytes_take(&rest, i + 1);
	struct folded inner = { .code = (uint16_t)code };
	fold_text(&inner, &rest);
	struct reply_match found = find(&inner, STAGE_AUTH);
	for (unsigned p = 0; p < REPLY_PEERS; p++)
		if (found.by[p] && m->by[p] && m->by[p]->fact == FACT_REPLY_NOT_AUTHENTICATED)
			m->by[p] = found.by[p];
}

struct reply_match replies_match(const struct smtp_reply *reply, enum stage stage)
{
	struct reply_match m = { { NULL } };
	if (!code_refuses(reply->code) || reply->code > 599)
		return m;
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
	cut_foreign(&f);
	m = find(&f, stage);
	find_inner(&f, &m);
	return m;
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
	bool permanent =
		code_is_permanent(code); /* the code counts, whatever class the enhanced code has */
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
