/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decoder of what an SMTP server sends: reply lines, and whole replies at their last line
 * (RFC 5321 4.2). See smtp.h for the contract. Enhanced status codes are believed only when their
 * class is the reply's (RFC 2034 4). The text of a reply of one line is a view; several lines are
 * joined in a buffer that lives until the next call after the last line.
 */
#include "base/caps.h"
#include "base/code.h"
#include "smtp/auth.h"
#include "smtp/line.h"
#include "smtp/verbs.h"

struct smtp_server {
	struct smtp_line line;
	uint8_t *text; /* owned; joined lines so far */
	uint32_t text_size, text_used;
	unsigned lines; /* of the reply that has begun; 0 none */
	uint16_t code;	/* of its first line */
	bool mixed;
	bool enhanced;
	uint8_t klass;
	uint16_t subject, detail;
	bool done;  /* the reply was given: forgotten by the next call */
	bool doubt; /* bytes were lost: lines are dropped until one is a reply's */
	bool torn;  /* the first of them: not known whether a line begins here */
	bool bad;
};

struct smtp_server *smtp_server_new(void)
{
	return g_new0(struct smtp_server, 1);
}

static void reply_forget(struct smtp_server *s)
{
	g_free(s->text);
	s->text = NULL;
	s->text_size = 0;
	s->text_used = 0;
	s->lines = 0;
	s->mixed = false;
	s->enhanced = false;
	s->done = false;
}

void smtp_server_reset(struct smtp_server *s)
{
	smtp_line_drop(&s->line);
	reply_forget(s);
	memset(s, 0, sizeof(*s));
}

void smtp_server_free(struct smtp_server *s)
{
	if (s == NULL)
		return;
	smtp_server_reset(s);
	g_free(s);
}

void smtp_server_gap(struct smtp_server *s, uint64_t missing)
{
	(void)missing;
	smtp_line_drop(&s->line);
	reply_forget(s);
	s->doubt = true;
	s->torn = true;
	s->bad = false;
}

size_t smtp_server_pending(const struct smtp_server *s)
{
	return (size_t)smtp_line_pending(&s->line);
}

struct bytes smtp_server_carry(const struct smtp_server *s)
{
	return smtp_line_front(&s->line);
}

bool smtp_server_in_reply(const struct smtp_server *s)
{
	return s->lines > 0 && !s->done;
}

size_t smtp_server_kept(const struct smtp_server *s)
{
	return sizeof(*s) + s->line.size + s->text_size;
}

/* Three digits, 200 to 599, then the end, SP or '-'. Cuts them off. */
static bool reply_code(struct bytes *line, uint16_t *code, bool *last)
{
	unsigned v = 0;

	for (int i = 0; i < 3; i++) {
		uint8_t c = bytes_u8(line);
		if (c < '0' || c > '9')
			return false;
		v = v * 10 + (unsigned)(c - '0');
	}
	if (v < 200 || v > 599)
		return false;
	*code = (uint16_t)v;
	*last = true;
	if (bytes_left(line) == 0)
		return true;
	uint8_t c = bytes_u8(line);
	*last = c != '-';
	return c == ' ' || c == '-';
}

/* One to three digits and then `stop`, which is cut off too (0: blank or end, left there). */
static bool enhanced_part(struct bytes *b, uint8_t stop, uint16_t *out)
{
	unsigned v = 0, n = 0;

	while (n < 3 && g_ascii_isdigit(bytes_peek(b, 0))) {
		v = v * 10 + (unsigned)(bytes_u8(b) - '0');
		n++;
	}
	*out = (uint16_t)v;
	if (n == 0)
		return false;
	if (stop)
		return bytes_u8(b) == stop;
	return bytes_left(b) == 0 || bytes_peek(b, 0) == ' ' || bytes_peek(b, 0) == '\t';
}

/* An enhanced code has the class of its reply (RFC 2034 4); Exchange Online mixes 4 and 5 all the
 * same ("451 5.7.3 STARTTLS is required", "550 4.4.4"). */
static bool class_fits(unsigned klass, unsigned reply)
{
	return klass == reply ? klass == 2 || klass == 4 || klass == 5 : klass + reply == 9;
}

/* class.subject.detail (RFC 3463 2) at the front of the text of a reply; cut off when there. */
static bool enhanced_code(struct bytes *text, unsigned reply, uint8_t *klass, uint16_t *subject,
			  uint16_t *detail)
{
	struct bytes b = *text;
	uint8_t c = bytes_u8(&b);

	*klass = (uint8_t)(c - '0');
	if (c < '2' || c > '5' || !class_fits(*klass, reply) || bytes_u8(&b) != '.')
		return false;
	if (!enhanced_part(&b, '.', subject) || !enhanced_part(&b, 0, detail))
		return false;
	while (bytes_peek(&b, 0) == ' ' || bytes_peek(&b, 0) == '\t')
		bytes_take(&b, 1);
	*text = b;
	return true;
}

static void text_append(struct smtp_server *s, struct bytes part)
{
	struct bytes fits = bytes_upto(&part, CAP_REPLY_TEXT - s->text_used);
	uint32_t n = (uint32_t)bytes_left(&fits), need = s->text_used + n;

	if (n == 0)
		return;
	if (need > s->text_size) {
		uint32_t size =
			MAX(need, MIN(s->text_size ? s->text_size * 2 : 256u, CAP_REPLY_TEXT));
		s->text = g_realloc(s->text, size);
		s->text_size = size;
	}
	memcpy(&s->text[s->text_used], fits.at, n);
	s->text_used = need;
}

/* Take one line's text into the reply; its enhanced code counts on the first line. */
static struct bytes reply_text(struct smtp_server *s, struct bytes text, uint16_t code)
{
	uint16_t subject, detail;
	uint8_t klass;
	struct bytes bare = text;

	if (!enhanced_code(&bare, code / 100u, &klass, &subject, &detail))
		return text;
	if (s->lines == 1) {
		s->enhanced = true;
		s->klass = klass;
		s->subject = subject;
		s->detail = detail;
		return bare;
	}
	bool same =
		s->enhanced && s->klass == klass && s->subject == subject && s->detail == detail;
	return same ? bare : text;
}

static void reply_fill(struct smtp_server *s, struct bytes text, uint16_t code,
		       struct smtp_reply *r)
{
	r->code = code;
	r->lines = s->lines;
	r->mixed_codes = s->mixed;
	r->text = text;
	/* With mixed codes the last one counts; an enhanced code of another class does not. */
	if (s->enhanced && class_fits(s->klass, code / 100u)) {
		r->enhanced = true;
		r->klass = s->klass;
		r->subject = s->subject;
		r->detail = s->detail;
	}
}

static void item_reply(struct smtp_server *s, struct smtp_item *out)
{
	out->kind = SMTP_ITEM_REPLY_LINE;
	out->first_line_of_reply = s->lines == 0;
	if (s->lines == 0)
		s->code = out->code;
	s->mixed |= s->code != out->code;
	if (s->lines < UINT32_MAX)
		s->lines++;
	struct bytes text = reply_text(s, out->text, out->code);
	if (!out->last || s->lines > 1) {
		if (s->lines <= CAP_REPLY_LINES) {
			if (s->lines > 1)
				text_append(s, bytes_of("\n", 1));
			text_append(s, text);
		}
		text = bytes_of(s->text, s->text_used);
	}
	if (out->last) {
		reply_fill(s, bytes_upto(&text, CAP_REPLY_TEXT), out->code, &out->reply);
		s->done = true;
	}
}

/* Servers quote what they did not understand (500 5.3.3 Unrecognized command '...'): after a
 * dialogue out of step that is an AUTH payload. Cut the text before it. What follows the last '['
 * is Exchange's own trailer and no quotation. */
static void hide_echo(struct smtp_item *out)
{
	static const char quotes[] = { '\'', '"', '`', '<' };
	struct bytes look = out->text;
	size_t n = bytes_left(&look), from = n, upto = n;

	if (out->code < CODE_UNRECOGNIZED || out->code > CODE_BAD_PARAMETER)
		return;
	for (size_t i = 0; i < n; i++) {
		uint8_t c = bytes_peek(&look, i);
		if (from == n && memchr(quotes, c, sizeof(quotes)) != NULL)
			from = i;
		if (c == '[')
			upto = i;
	}
	if (from >= upto)
		return;
	look = bytes_upto(&look, upto);
	bytes_take(&look, from);
	size_t at = smtp_auth_find_secret(look);
	if (at == bytes_left(&look))
		return;
	size_t cut = n - (from + at);
	out->line = bytes_upto(&out->line, bytes_left(&out->line) - cut);
	out->text = bytes_upto(&out->text, bytes_left(&out->text) - cut);
}

/* What is this line? False: it is dropped. */
static bool server_line(struct smtp_server *s, struct bytes line, unsigned marks,
			struct smtp_item *out)
{
	struct bytes text = line;
	bool reply = reply_code(&text, &out->code, &out->last);

	out->line = line;
	out->marks = marks;
	if (s->doubt) {
		/* "250 SIZE 157286400" may leave "400": a torn line needs text to be believed. */
		bool bare = s->torn && bytes_left(&text) == 0;
		s->torn = false;
		if (!reply || bare || (marks & (SMTP_LINE_TOO_LONG | SMTP_LINE_NUL)))
			return false;
		s->doubt = false;
	}
	if (reply) {
		out->text = text;
		hide_echo(out);
		item_reply(s, out);
		return true;
	}
	out->kind = SMTP_ITEM_GARBAGE;
	out->code = 0;
	out->last = false;
	/* May be the other direction, when the ends were guessed: nothing like a payload is shown.
	 */
	out->line = bytes_upto(&line, smtp_auth_find_secret(line));
	return true;
}

static enum step server_give_up(struct smtp_server *s, struct bytes *in)
{
	smtp_line_drop(&s->line);
	bytes_upto(in, SIZE_MAX);
	s->bad = true;
	return STEP_BAD;
}

static enum step server_lines(struct smtp_server *s, struct bytes *in, struct smtp_item *out)
{
	struct bytes line;
	unsigned marks;

	for (;;) {
		enum smtp_line_tls tls = smtp_line_looks_tls(&s->line, *in);
		if (tls == SMTP_LINE_TLS_YES) {
			out->kind = SMTP_ITEM_TLS;
			return STEP_ITEM;
		}
		if (tls == SMTP_LINE_TLS_MAYBE) {
			smtp_line_keep(&s->line, in);
			return STEP_MORE;
		}
		if (smtp_line_next(&s->line, in, &line, &marks) == STEP_MORE) {
			struct bytes front = smtp_line_front(&s->line);
			front = bytes_upto(&front, CAP_LINE);
			if (smtp_line_overrun(&s->line) && smtp_line_binary(front))
				return server_give_up(s, in);
			return STEP_MORE;
		}
		if ((marks & SMTP_LINE_TOO_LONG) && smtp_line_binary(line))
			return server_give_up(s, in);
		if (server_line(s, line, marks, out))
			return STEP_ITEM;
		memset(out, 0, sizeof(*out));
	}
}

bool smtp_server_cut(struct smtp_server *s, struct smtp_item *out)
{
	struct bytes line = smtp_line_front(&s->line), look = line;
	uint16_t code;
	bool last;

	memset(out, 0, sizeof(*out));
	if (s->bad || smtp_server_in_reply(s) || !reply_code(&look, &code, &last) || !last ||
	    bytes_left(&look) == 0)
		return false;
	bool given = server_line(s, line, 0, out);
	out->reply.cut = given;
	return given;
}

enum step smtp_server_next(struct smtp_server *s, struct bytes *in, struct smtp_item *out)
{
	memset(out, 0, sizeof(*out));
	if (s->line.given)
		smtp_line_drop(&s->line);
	if (s->done)
		reply_forget(s);
	if (s->bad)
		return server_give_up(s, in);
	return server_lines(s, in, out);
}
