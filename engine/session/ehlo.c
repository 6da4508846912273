/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The list of capabilities that answers EHLO (RFC 5321 4.1.1.1): kept line by line, with what the
 * later judgement asks for: STARTTLS, AUTH, SIZE, a word that a firewall overwrote, the address
 * that the server sees. Whether a line belongs to such a list is decided in replies.c.
 */
#include "session/replies.h"
#include "base/code.h"
#include "smtp/auth.h"

#include <string.h>

#define LINES_FIRST 10u /* Exchange's list has 9 */

/* A capability overwritten by a firewall: only X and at most one other letter at the end, or a run
 * of X, x or stars (docs/microsoft-365.md#middleboxes). Words with '-' are extensions of a
 * provider. */
static bool masked_word(struct bytes word)
{
	size_t n = bytes_left(&word);
	if (n < 4)
		return false;
	for (size_t i = 0; i + 1 < n; i++) {
		uint8_t c = bytes_peek(&word, i);
		if (c != 'X' && c != 'x' && c != '*')
			return false;
	}
	uint8_t last = bytes_peek(&word, n - 1);
	return (last >= 'A' && last <= 'Z') || last == 'x' || last == '*';
}

static struct bytes first_word(struct bytes *rest)
{
	ptrdiff_t blank = bytes_find(rest, ' ');
	ptrdiff_t equal = bytes_find(rest, '=');
	if (equal >= 0 && (blank < 0 || equal < blank))
		blank = equal; /* AUTH=LOGIN of old servers */
	struct bytes word = bytes_upto(rest, blank >= 0 ? (size_t)blank : bytes_left(rest));
	bytes_upto(rest, 1);
	return word;
}

static bool has_word(struct bytes list, const char *word)
{
	while (bytes_left(&list)) {
		struct bytes w = first_word(&list);
		if (bytes_is(&w, word))
			return true;
	}
	return false;
}

/* A mechanism that does not send the password or token itself? */
static bool has_other(struct bytes list)
{
	while (bytes_left(&list)) {
		enum smtp_mech m = smtp_mech_of(first_word(&list));
		if (m != SMTP_MECH_NONE && m != SMTP_MECH_PLAIN && m != SMTP_MECH_LOGIN &&
		    m != SMTP_MECH_XOAUTH2 && m != SMTP_MECH_OAUTHBEARER)
			return true;
	}
	return false;
}

static uint64_t decimal(struct bytes b)
{
	uint64_t v = 0;
	while (bytes_left(&b)) {
		uint8_t c = bytes_u8(&b);
		if (c < '0' || c > '9' || v > UINT64_MAX / 10 - 10)
			break;
		v = v * 10 + (uint64_t)(c - '0');
	}
	return v;
}

static void capability(struct session *s, struct seen_ehlo *e, struct bytes line)
{
	struct bytes rest = line;
	struct bytes word = first_word(&rest);

	if (bytes_is(&word, "STARTTLS"))
		e->has_starttls = true;
	else if (bytes_is(&word, "AUTH")) {
		e->has_auth = true;
		e->auth_login |= has_word(rest, "LOGIN");
		e->auth_xoauth2 |= has_word(rest, "XOAUTH2");
		e->auth_plain |= has_word(rest, "PLAIN");
		e->auth_other |= has_other(rest);
	} else if (bytes_is(&word, "SIZE"))
		e->size = decimal(bytes_trim(rest));
	else if (masked_word(word) && (!e->masked || bytes_left(&word) == strlen("STARTTLS")))
		e->masked = session_keep_list(s, e == s->seen.inner, word, 32);
	if (!e->lines || e->count == LINES_FIRST)
		e->lines = g_renew(const char *, e->lines,
				   e->count < LINES_FIRST ? LINES_FIRST : CAP_EHLO_WORDS);
	if (e->count < CAP_EHLO_WORDS)
		e->lines[e->count++] = session_keep_list(s, e == s->seen.inner, line, 200);
}

/* "Hello [203.0.113.7]": the address that Microsoft sees, the value for connector and SPF. */
static void greeting(struct session *s, struct seen_ehlo *e, struct bytes text)
{
	struct bytes t = text;
	e->greeting = session_keep_list(s, e == s->seen.inner, text, 200);
	e->starttls_first_line = has_word(text, "STARTTLS");
	ptrdiff_t open = bytes_find(&t, '[');
	if (open < 0)
		return;
	bytes_take(&t, (size_t)open + 1);
	ptrdiff_t close = bytes_find(&t, ']');
	if (close > 0 && close < 46)
		g_strlcpy(s->seen.public_ip, session_show(s, bytes_upto(&t, (size_t)close), 45),
			  sizeof s->seen.public_ip);
}

void session_ehlo_line(struct session *s, const struct smtp_item *i)
{
	struct seen_ehlo *e = s->filling;
	uint32_t bytes = (uint32_t)bytes_left(&i->line) + 2;
	e->bytes = i->first_line_of_reply ? bytes : e->bytes + bytes;
	if (i->first_line_of_reply) {
		e->first_bytes = bytes;
		greeting(s, e, i->text);
	} else {
		capability(s, e, i->text);
	}
}

/* Nothing of the list is shown; what it proves was noted line by line. */
static void hide_list(struct seen_ehlo *e)
{
	e->greeting = "…";
	for (unsigned i = 0; i < e->count; i++)
		e->lines[i] = "…";
}

void session_ehlo_done(struct session *s, const struct smtp_item *i, struct flow_mark m)
{
	struct seen *n = &s->seen;
	struct seen_ehlo *e = s->filling;
	bool inner = e == n->inner;

	e->reply = seen_at(m);
	e->code = i->code;
	s->filling = NULL;
	if (code_refuses(i->code)) {
		if (e->extended && !inner)
			seen_first(&session_odd(s)->ehlo_refused, m);
		return;
	}
	e->complete = i->reply.lines <= CAP_EHLO_WORDS;
	if (session_repeats_over_lines(s, i->reply.text))
		hide_list(e);
	n->smtp_proven = true;
	if (inner && s->maybe_greeting && !s->inside) {
		session_starttls_was_greeting(s);
		inner = n->inner != NULL;
	}
	/* The list of inside TLS, readable (C07): the server that takes STARTTLS off it believes
	 * that TLS runs (RFC 3207 4.2). The first list may be lost; then AUTH that is new must do.
	 */
	if (inner && !s->inside && !e->has_starttls &&
	    (n->ehlo.has_starttls || (e->has_auth && !n->ehlo.has_auth))) {
		n->mirror = true;
		n->mirror_certain = n->ehlo.has_starttls;
	}
	session_reach(s, inner ? STAGE_EHLO2 : STAGE_EHLO);
}
