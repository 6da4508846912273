/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verb table and the grammar of arguments (RFC 5321 4.1.1, 4.1.2). See verbs.h for the
 * contract. The form check is stricter than a server's: it decides only where a line could also be
 * a secret, the text of a message or the tail of something lost.
 */
#include "smtp/verbs.h"

static const struct {
	const char *word, *source;
} verbs[] = {
	{ "unknown", "" },
#define VERB(name, word, source) { word, source },
#include "smtp/verbs.def"
#undef VERB
};
G_STATIC_ASSERT(G_N_ELEMENTS(verbs) == SMTP_VERB_COUNT);

enum verb_form {
	FORM_NEVER,  /* nothing makes it sure */
	FORM_BARE,   /* no argument */
	FORM_WORD,   /* one word of a name or address */
	FORM_FROM,   /* FROM: and a path */
	FORM_TO,     /* TO: and a path */
	FORM_MECH,   /* a mechanism first */
	FORM_CHUNK,  /* size, LAST */
	FORM_PARAMS, /* every word is key=value */
	FORM_HTTP,   /* last word is HTTP/ and a version */
};

/* clang-format off */
static const uint8_t forms[SMTP_VERB_COUNT] = {
	[SMTP_VERB_HELO] = FORM_WORD,
	[SMTP_VERB_EHLO] = FORM_WORD,
	[SMTP_VERB_MAIL] = FORM_FROM,
	[SMTP_VERB_SEND] = FORM_FROM,
	[SMTP_VERB_SOML] = FORM_FROM,
	[SMTP_VERB_SAML] = FORM_FROM,
	[SMTP_VERB_RCPT] = FORM_TO,
	[SMTP_VERB_DATA] = FORM_BARE,
	[SMTP_VERB_RSET] = FORM_BARE,
	[SMTP_VERB_HELP] = FORM_BARE,
	[SMTP_VERB_NOOP] = FORM_BARE,
	[SMTP_VERB_QUIT] = FORM_BARE,
	[SMTP_VERB_TURN] = FORM_BARE,
	[SMTP_VERB_STARTTLS] = FORM_BARE,
	[SMTP_VERB_X_ANONYMOUSTLS] = FORM_BARE,
	[SMTP_VERB_VRFY] = FORM_WORD,
	[SMTP_VERB_EXPN] = FORM_WORD,
	[SMTP_VERB_ETRN] = FORM_WORD,
	[SMTP_VERB_ATRN] = FORM_WORD,
	[SMTP_VERB_AUTH] = FORM_MECH,
	[SMTP_VERB_X_EXPS] = FORM_MECH,
	[SMTP_VERB_BDAT] = FORM_CHUNK,
	[SMTP_VERB_XCLIENT] = FORM_PARAMS,
	[SMTP_VERB_XFORWARD] = FORM_PARAMS,
	[SMTP_VERB_XPROXY] = FORM_PARAMS,
	[SMTP_VERB_XPROXYFROM] = FORM_PARAMS,
	[SMTP_VERB_XPROXYTO] = FORM_PARAMS,
	[SMTP_VERB_XSESSIONPARAMS] = FORM_PARAMS,
	[SMTP_VERB_GET] = FORM_HTTP,
	[SMTP_VERB_HEAD] = FORM_HTTP,
	[SMTP_VERB_POST] = FORM_HTTP,
	[SMTP_VERB_PUT] = FORM_HTTP,
	[SMTP_VERB_DELETE] = FORM_HTTP,
	[SMTP_VERB_CONNECT] = FORM_HTTP,
	[SMTP_VERB_OPTIONS] = FORM_HTTP,
	[SMTP_VERB_TRACE] = FORM_HTTP,
};
/* clang-format on */

const char *smtp_verb_name(enum smtp_verb v)
{
	return verbs[v < SMTP_VERB_COUNT ? v : SMTP_VERB_UNKNOWN].word;
}

const char *smtp_verb_source(enum smtp_verb v)
{
	return verbs[v < SMTP_VERB_COUNT ? v : SMTP_VERB_UNKNOWN].source;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static void skip_blanks(struct bytes *b)
{
	while (bytes_left(b) && is_blank(bytes_peek(b, 0)))
		bytes_take(b, 1);
}

struct bytes smtp_word(struct bytes *rest)
{
	size_t n = 0;

	skip_blanks(rest);
	while (n < bytes_left(rest) && !is_blank(bytes_peek(rest, n)))
		n++;
	return bytes_take(rest, n);
}

/* BOM, blanks, control bytes before the verb: Exchange answers 500 to them, the eye sees none. */
bool smtp_skip_junk(struct bytes *b)
{
	size_t before = bytes_left(b);

	if (bytes_starts(b, "\xef\xbb\xbf", 3))
		bytes_take(b, 3);
	while (bytes_left(b) && (bytes_peek(b, 0) <= 0x20 || bytes_peek(b, 0) == 0x7f))
		bytes_take(b, 1);
	return bytes_left(b) != before;
}

enum smtp_verb smtp_verb_of(struct bytes word)
{
	size_t n = bytes_left(&word);

	if (n < 3 || n > 14)
		return SMTP_VERB_UNKNOWN;
	uint8_t first = (uint8_t)g_ascii_toupper((char)bytes_peek(&word, 0));
	for (unsigned v = SMTP_VERB_UNKNOWN + 1; v < SMTP_VERB_COUNT; v++) {
		if (verbs[v].word[0] == first && bytes_is(&word, verbs[v].word))
			return (enum smtp_verb)v;
	}
	return SMTP_VERB_UNKNOWN;
}

bool smtp_verb_shaped(struct bytes word)
{
	size_t n = bytes_left(&word);

	if (n < 3 || n > 32 || !g_ascii_isalpha(bytes_peek(&word, 0)))
		return false;
	while (bytes_left(&word)) {
		uint8_t c = bytes_u8(&word);
		if (!g_ascii_isalnum(c) && c != '-' && c != '_')
			return false;
	}
	return true;
}

static bool one_word(struct bytes b)
{
	struct bytes word = smtp_word(&b);

	if (bytes_left(&b) || bytes_left(&word) == 0)
		return false;
	while (bytes_left(&word)) {
		uint8_t c = bytes_u8(&word);
		if (c < 0x21 || c == 0x7f)
			return false;
	}
	return true;
}

static bool all_params(struct bytes b)
{
	bool any = false;

	for (;;) {
		struct bytes word = smtp_word(&b);
		if (bytes_left(&word) == 0)
			return any;
		if (bytes_find(&word, '=') <= 0)
			return false;
		any = true;
	}
}

static bool sound_path(struct bytes b, const char *keyword)
{
	struct smtp_path p;

	smtp_path_read(b, keyword, &p);
	return p.brackets || bytes_find(&p.address, '@') > 0;
}

static bool sound_http(struct bytes b)
{
	struct bytes target = smtp_word(&b), version = smtp_word(&b);

	return bytes_left(&target) && bytes_starts(&version, "HTTP/", 5) && bytes_left(&b) == 0;
}

bool smtp_verb_sound(enum smtp_verb v, struct bytes argument)
{
	uint64_t size;
	bool last;

	switch ((enum verb_form)forms[v]) {
	case FORM_NEVER:
		return false;
	case FORM_BARE:
		return bytes_left(&argument) == 0;
	case FORM_WORD:
		return one_word(argument);
	case FORM_FROM:
		return sound_path(argument, "FROM");
	case FORM_TO:
		return sound_path(argument, "TO");
	case FORM_MECH:
		return bytes_left(&argument) && g_ascii_isalpha(bytes_peek(&argument, 0));
	case FORM_CHUNK:
		return smtp_chunk_read(argument, &size, &last);
	case FORM_PARAMS:
		return all_params(argument);
	case FORM_HTTP:
		return sound_http(argument);
	}
	return false;
}

bool smtp_number(struct bytes digits, bool clamp, uint64_t *out)
{
	size_t n = bytes_left(&digits);
	uint64_t v = 0;
	bool over = false;

	if (n < 1 || n > 20)
		return false;
	while (bytes_left(&digits)) {
		uint8_t c = bytes_u8(&digits);
		if (c < '0' || c > '9')
			return false;
		unsigned d = (unsigned)(c - '0');
		over |= v > (UINT64_MAX - d) / 10;
		v = over ? UINT64_MAX : v * 10 + d;
	}
	*out = v;
	return clamp || !over;
}

bool smtp_chunk_read(struct bytes argument, uint64_t *size, bool *last)
{
	struct bytes number = smtp_word(&argument), word = smtp_word(&argument);

	*last = bytes_is(&word, "LAST");
	if (bytes_left(&argument) || (bytes_left(&word) && !*last))
		return false;
	return smtp_number(number, false, size);
}

/* Where the first unquoted c stands, or -1. A quote that never ends is no quote (RFC 5321 4.1.2).
 */
static ptrdiff_t find_unquoted(struct bytes b, uint8_t c)
{
	bool quoted = false;
	size_t n = bytes_left(&b);

	for (size_t i = 0; i < n; i++) {
		uint8_t at = bytes_peek(&b, i);
		if (quoted && at == '\\')
			i++;
		else if (at == '"')
			quoted = !quoted;
		else if (!quoted && at == c)
			return (ptrdiff_t)i;
	}
	return quoted ? bytes_find(&b, c) : -1;
}

/* Drop "@a,@b:" (RFC 5321 4.1.1.3 and appendix C). A colon in [IPv6:...] does not end it. */
static struct bytes without_route(struct bytes address)
{
	bool literal = false;

	if (bytes_peek(&address, 0) != '@')
		return address;
	size_t n = bytes_left(&address);
	for (size_t i = 0; i < n; i++) {
		uint8_t c = bytes_peek(&address, i);
		if (c == '[' || c == ']')
			literal = c == '[';
		if (c == ':' && !literal) {
			bytes_take(&address, i + 1);
			break;
		}
	}
	return address;
}

static void path_params(struct smtp_path *p)
{
	struct bytes rest = p->params;

	for (;;) {
		struct bytes word = smtp_word(&rest);
		if (bytes_left(&word) == 0)
			return;
		if (p->has_size || !bytes_starts(&word, "SIZE=", 5))
			continue;
		bytes_take(&word, 5);
		p->has_size = smtp_number(word, true, &p->size);
	}
}

void smtp_path_read(struct bytes argument, const char *keyword, struct smtp_path *p)
{
	size_t n = strlen(keyword);

	memset(p, 0, sizeof(*p));
	if (!bytes_starts(&argument, keyword, n))
		return;
	bytes_take(&argument, n);
	skip_blanks(&argument); /* "FROM :" is wrong and seen */
	if (bytes_u8(&argument) != ':')
		return;
	skip_blanks(&argument);
	struct bytes inside = argument;
	if (bytes_peek(&argument, 0) == '<')
		bytes_take(&inside, 1);
	bool open = bytes_left(&inside) != bytes_left(&argument);
	ptrdiff_t close = open ? find_unquoted(inside, '>') : -1;
	if (close >= 0) {
		p->brackets = true;
		p->address = without_route(bytes_take(&inside, (size_t)close));
		bytes_take(&inside, 1);
	} else {
		ptrdiff_t blank = find_unquoted(inside, ' ');
		p->address = bytes_upto(&inside, blank < 0 ? SIZE_MAX : (size_t)blank);
	}
	p->params = bytes_trim(inside);
	path_params(p);
}
