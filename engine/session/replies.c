/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Replies of a session: the greeting, which command a reply answers, and what is kept of it. What
 * it means for the progress is decided in progress.c.
 */
#include "session/inside.h"
#include "base/code.h"
#include "session/replies.h"
#include "session/commands.h"

#include "base/phrase.h"

#include <stdio.h>
#include <string.h>

/* ---- which command ---- */

static struct session_command *head(struct session *s)
{
	return s->queue && s->queue->len ? &g_array_index(s->queue, struct session_command, 0)
					 : NULL;
}

enum stage session_stage_of(const struct session_command *c, bool inside)
{
	if (c->body)
		return STAGE_DATA;
	switch (c->verb) {
	case SMTP_VERB_EHLO:
	case SMTP_VERB_HELO:
		return inside ? STAGE_EHLO2 : STAGE_EHLO;
	case SMTP_VERB_STARTTLS:
	case SMTP_VERB_X_ANONYMOUSTLS:
		return STAGE_STARTTLS;
	case SMTP_VERB_AUTH:
	case SMTP_VERB_X_EXPS:
		return STAGE_AUTH;
	case SMTP_VERB_MAIL:
		return STAGE_MAIL;
	case SMTP_VERB_RCPT:
		return STAGE_RCPT;
	case SMTP_VERB_DATA:
	case SMTP_VERB_BDAT:
		return STAGE_DATA;
	default:
		return STAGE_NONE;
	}
}

/* The stage that a reply without a command falls into: the one after what was reached. */
static enum stage next_stage(const struct session *s)
{
	const struct seen *n = &s->seen;
	if (s->body_open)
		return STAGE_DATA;
	switch (n->reached) {
	case STAGE_NONE:
	case STAGE_DNS:
	case STAGE_TCP:
		return STAGE_BANNER;
	case STAGE_BANNER:
		return STAGE_EHLO;
	case STAGE_EHLO:
	case STAGE_EHLO2:
	case STAGE_AUTH:
		return STAGE_MAIL;
	case STAGE_FINISHED:
		return STAGE_EHLO2;
	case STAGE_MAIL:
		return STAGE_RCPT;
	case STAGE_RCPT:
		return STAGE_DATA;
	case STAGE_ACCEPTED:
		return STAGE_MAIL;
	default:
		return n->reached + 1;
	}
}

/* "5.7.139" and its NUL (RFC 3463 section 2). */
#define ENHANCED 24u

static void write_enhanced(char to[ENHANCED], const struct smtp_reply *r)
{
	phrase(to, ENHANCED, "%u.%u.%u", r->klass, r->subject, r->detail);
}

static void copy(struct session *s, char *to, size_t size, struct bytes text)
{
	g_strlcpy(to, session_show(s, text, size - 4), size);
}

/* The stage of a refusal whose command was not captured, by what servers say at which step. */
static enum stage stage_by_code(const struct session *s, uint16_t code)
{
	if (!session_is_blind(s) || s->body_open || s->seen.reached >= STAGE_MAIL)
		return next_stage(s);
	switch (code) {
	case CODE_BAD_PARAMETER:
	case 534:
	case CODE_BAD_CREDENTIALS:
	case CODE_ENCRYPTION_REQUIRED:
		return STAGE_AUTH;
	case CODE_BAD_SEQUENCE:
	case CODE_LOGIN_REQUIRED:
		return STAGE_MAIL;
	case 450:
	case 452:
	case 550:
	case 551:
	case 553:
		return STAGE_RCPT;
	case 430:
	case 432:
	case 552:
	case CODE_FAILED:
		return STAGE_DATA;
	default:
		return s->seen.midstream && s->seen.reached < STAGE_EHLO ? STAGE_MAIL
									 : next_stage(s);
	}
}

/* The lines of a reply with blanks between them: a view of `text`, or of `room` when it had some;
 * `text` may be in the room already. */
static struct bytes in_one_line(struct bytes text, char room[CAP_REPLY_TEXT + 8])
{
	size_t n = bytes_left(&text);
	if (bytes_find(&text, '\n') < 0)
		return text;
	memmove(room, text.at, n);
	for (size_t i = 0; i < n; i++)
		if (room[i] == '\n')
			room[i] = ' ';
	return bytes_of(room, n);
}

/* The room for it is used again with every reply. */
static const char *keep_last(struct session *s, const char *text)
{
	size_t n = strlen(text) + 1;
	if (n > s->last_room) {
		s->last_room = MAX(n, 64);
		s->last_text = g_realloc(s->last_text, s->last_room);
	}
	memcpy(s->last_text, text, n);
	return s->last_text;
}

/* What is kept of the words of a reply: of a refusal all, else until the next reply, and of a list
 * the greeting only: the list itself is in the record. `said` may be in the room. */
static const char *reply_text(struct session *s, const struct smtp_item *i, struct bytes said,
			      bool kept, char room[CAP_REPLY_TEXT + 8])
{
	if (kept)
		return session_keep(s, in_one_line(said, room), CAP_FIELD);
	ptrdiff_t end = i->reply.lines > 1 && !code_refuses(i->code) ? bytes_find(&said, '\n') : -1;
	if (end >= 0)
		said = bytes_upto(&said, (size_t)end);
	return keep_last(s, session_show(s, said, CAP_FIELD));
}

/* The trailer of a Microsoft server: its name, the time, the id of the session. */
static void note_trailer(struct session *s, struct bytes said)
{
	struct reply_trailer trailer = { 0 };

	replies_trailer(said, &trailer);
	if (!bytes_left(&trailer.server))
		return;
	session_inside_trailer(s, trailer.server);
	if (!s->seen.trace)
		s->seen.trace = g_new0(struct seen_trace, 1);
	copy(s, s->seen.trace->server, sizeof s->seen.trace->server, trailer.server);
	copy(s, s->seen.trace->time, sizeof s->seen.trace->time, trailer.time);
	copy(s, s->seen.trace->id, sizeof s->seen.trace->id, trailer.id);
}

/* The stage that a reply belongs to; c: the command that it answers, NULL none. */
static enum stage reply_stage(const struct session *s, uint16_t code,
			      const struct session_command *c)
{
	if (!c)
		return stage_by_code(s, code);
	if (c->at.frame == s->seen.odd->masked_command.frame && c->verb == SMTP_VERB_UNKNOWN)
		return STAGE_STARTTLS; /* what a firewall left of it */
	enum stage stage = session_stage_of(c, s->inside);
	if (stage == STAGE_NONE && (c->verb == SMTP_VERB_UNKNOWN || c->verb >= SMTP_VERB_PROXY))
		return next_stage(s);
	return stage;
}

/* MAIL was refused, or every recipient: what the server then says to commands that were sent all
 * the same is no news (RFC 5321 4.1.4). */
static bool is_consequence(const struct session *s, const struct seen_reply *r)
{
	bool order = r->code == CODE_FAILED ||
		     (r->code >= CODE_UNRECOGNIZED && r->code <= CODE_BAD_SEQUENCE);
	if (!order || !s->transaction_refused || r->unsolicited)
		return false;
	return (s->transaction_stage == STAGE_MAIL && r->stage > STAGE_MAIL) ||
	       (s->transaction_stage == STAGE_RCPT && r->stage == STAGE_DATA && !r->body &&
		!s->rcpt_ok);
}

/* `stage`: where it came, STAGE_NONE: as its command says. */
static struct seen_reply describe(struct session *s, const struct smtp_item *i,
				  const struct session_command *c, enum stage stage,
				  struct flow_mark m)
{
	const struct smtp_reply *r = &i->reply;
	struct seen_reply out = {
		.at = seen_at(m), .code = i->code, .in_tls = s->inside, .cut = r->cut
	};
	char enhanced[ENHANCED], room[CAP_REPLY_TEXT + 8];
	struct bytes said = session_without_echo(s, r->text, i->code, room);
	bool kept = code_refuses(i->code) && s->seen.reply_count < CAP_REPLIES;

	if (r->enhanced) {
		write_enhanced(enhanced, r);
		g_strlcpy(s->last_enhanced, enhanced, sizeof s->last_enhanced);
		out.enhanced = kept ? session_keep_text(s, enhanced) : s->last_enhanced;
	}
	out.text = reply_text(s, i, said, kept, room);
	/* Only refusals and the reply to a message carry the trailer. */
	if (code_refuses(i->code) || (c && c->body))
		note_trailer(s, said);
	out.unsolicited = !c;
	if (c) {
		out.has_verb = c->verb != SMTP_VERB_UNKNOWN;
		out.verb = c->verb;
		out.body = c->body;
		out.command_frame = c->at.frame;
	}
	out.stage = stage != STAGE_NONE ? stage : reply_stage(s, i->code, c);
	if (code_refuses(i->code))
		out.rows = replies_match(r, out.stage);
	out.consequence = is_consequence(s, &out);
	return out;
}

static void keep_reply(struct session *s, const struct seen_reply *r)
{
	struct seen *n = &s->seen;
	n->last = *r;
	n->last_set = true;
	if (!code_refuses(r->code))
		return;
	if (!n->replies)
		n->replies = g_new0(struct seen_reply, CAP_REPLIES);
	if (n->reply_count < CAP_REPLIES)
		n->replies[n->reply_count++] = *r;
}

/* ---- the greeting ---- */

static bool has_letters(struct bytes text, const char *word)
{
	size_t n = strlen(word);
	for (; bytes_left(&text) >= n; bytes_take(&text, 1))
		if (bytes_starts(&text, word, n))
			return true;
	return false;
}

/* "220 mail.example.com ...": a greeting begins with the name of the host (RFC 5321 4.2). */
static bool names_host(struct bytes text)
{
	bool dot = false, letter = false;
	while (bytes_left(&text) && bytes_peek(&text, 0) != ' ' && bytes_peek(&text, 0) != '\n') {
		uint8_t c = bytes_u8(&text);
		if (!g_ascii_isalnum(c) && c != '.' && c != '-')
			return false;
		dot |= c == '.';
		letter |= g_ascii_isalpha(c) != 0;
	}
	return dot && letter;
}

/* A 220 without the start of the connection: the greeting, or the answer to a STARTTLS that was not
 * captured? "220 2.0.0 SMTP server ready" is the latter; a greeting has no enhanced code (RFC 2034
 * 4). */
static bool greets(const struct session *s, const struct smtp_item *i)
{
	const struct bytes t = i->reply.text;
	if (i->code != CODE_READY || i->reply.enhanced || (s->queue && s->queue->len))
		return false;
	return has_letters(t, "SMTP") ||
	       (!s->seen.starttls.frame && names_host(t) && !has_letters(t, "TLS"));
}

/* The greeting: the first reply of a connection that was seen from its start (RFC 5321 3.1). */
static bool is_banner(const struct session *s, const struct smtp_item *i)
{
	const struct seen *n = &s->seen;
	if (n->banner.frame || n->last_set || s->inside)
		return false;
	if (n->midstream || s->desync)
		return greets(s, i);
	return i->code == CODE_READY || code_refuses(i->code);
}

void session_greeting_was_starttls(struct session *s)
{
	struct seen *n = &s->seen;
	if (!n->midstream || !n->banner.frame || n->starttls_code || n->ehlo.command.frame)
		return;
	n->starttls_reply = n->banner;
	n->starttls_code = 220;
	n->banner = (struct seen_at){ 0 };
	n->banner_text = n->banner_host = NULL;
	n->banner_code = 0;
	session_reach(s, STAGE_STARTTLS);
}

void session_starttls_was_greeting(struct session *s)
{
	struct seen *n = &s->seen;
	struct seen_ehlo *list = n->inner;
	const char *host = s->maybe_greeting;
	size_t name = host ? strcspn(host, " ") : 0;
	bool same = name && list->greeting && !g_ascii_strncasecmp(host, list->greeting, name) &&
		    (list->greeting[name] == ' ' || !list->greeting[name]);

	if (!host || n->starttls.frame || !(same || list->has_starttls))
		return;
	n->banner = n->starttls_reply;
	n->banner_code = 220;
	n->banner_text = host;
	n->banner_host = session_keep(s, bytes_of(host, name), 255);
	n->starttls_reply = session_odd(s)->plain_after_220 = (struct seen_at){ 0 };
	n->starttls_code = 0;
	n->reached = STAGE_BANNER;
	g_free(n->ehlo.lines);
	n->ehlo = *list;
	/* Its words lie in the room of inner lists, which a list inside TLS would empty. */
	for (unsigned i = 0; i < n->ehlo.count; i++)
		n->ehlo.lines[i] = session_keep_text(s, n->ehlo.lines[i]);
	n->ehlo.name = session_keep_text(s, n->ehlo.name);
	n->ehlo.greeting = session_keep_text(s, n->ehlo.greeting);
	n->ehlo.masked = session_keep_text(s, n->ehlo.masked);
	g_free(list);
	n->inner = NULL;
}

static void banner(struct session *s, const struct smtp_item *i, struct flow_mark m)
{
	struct seen *n = &s->seen;
	struct bytes text = i->reply.text, host = text;
	ptrdiff_t blank = bytes_find(&host, ' ');
	size_t stars = 0, letters = 0;
	bool stars_in = bytes_find(&text, '*') >= 0; /* in hardly any */

	n->banner = seen_at(m);
	n->banner_code = i->code;
	n->banner_text = session_keep(s, text, CAP_FIELD);
	n->banner_host = session_keep(
		s, bytes_upto(&host, blank >= 0 ? (size_t)blank : bytes_left(&host)), 255);
	for (size_t k = 0; stars_in && k < bytes_left(&text); k++) {
		uint8_t c = bytes_peek(&text, k);
		stars += c == '*';
		letters += c != '*' && c != ' ' && c != '2' && c != '0' && c != '\n';
	}
	n->banner_masked = stars >= 8 && letters == 0;
	if (strstr(n->banner_text, "SMTP"))
		n->smtp_proven = true;
	session_step(s, "banner");
	if (!code_refuses(i->code))
		session_reach(s, STAGE_BANNER);
	else {
		n->failed = STAGE_BANNER;
		n->failed_at = seen_at(m);
	}
}

/* One line for people: the lines of a list with commas, those of a refusal with blanks. */
static const char *one_line(struct session *s, const struct smtp_item *i)
{
	char room[CAP_REPLY_TEXT + 8];
	struct bytes t = session_without_echo(s, i->reply.text, i->code, room);
	if (i->code == CODE_CHALLENGE)
		return "";
	if (i->reply.lines <= 1)
		return session_show(s, t, 400);
	GString *line = g_string_sized_new(bytes_left(&t) + 16);
	while (bytes_left(&t)) {
		ptrdiff_t end = bytes_find(&t, '\n');
		struct bytes part = bytes_upto(&t, end >= 0 ? (size_t)end : bytes_left(&t));
		g_string_append_len(line, (const char *)part.at, (gssize)bytes_left(&part));
		if (end >= 0)
			g_string_append(line, !code_refuses(i->code) ? ", " : " ");
		bytes_upto(&t, end >= 0 ? 1 : 0);
	}
	const char *text = session_show(s, bytes_of(line->str, line->len), 400);
	g_string_free(line, TRUE);
	return text;
}

static void reply_event(struct session *s, const struct smtp_item *i, struct flow_mark m)
{
	char enhanced[ENHANCED] = "";
	bool list = s->filling && !code_refuses(i->code), shown = s->cx->dialogue;
	const char *text =
		list && !shown ? "" : one_line(s, i); /* a list's text is kept elsewhere */
	if (list) {
		session_event_text(s, EVENT_S2C, m, s->inside, text, s->cx->dialogue);
		return;
	}
	if (i->reply.enhanced)
		write_enhanced(enhanced, &i->reply);
	session_event(s, EVENT_S2C, m, s->inside, "%u%s%s%s%s", i->code, *enhanced ? " " : "",
		      enhanced, *text ? " " : "", text);
}

/* After an accepted STARTTLS nothing readable should come, unless the mirror decrypts. */
static bool clear_after_220(struct session *s, const struct smtp_item *i, struct flow_mark m)
{
	char room[CAP_REPLY_TEXT + 8];
	struct seen *n = &s->seen;
	if (s->inside || n->starttls_code != CODE_READY || n->starttls_in_tls ||
	    n->odd->plain_after_220.frame)
		return false;
	if (!s->client && n->odd->s2c_clear.frame)
		return false; /* only the server was captured, and its dialogue is readable */
	if (n->tls->alert_count)
		seen_first(&session_tls(s)->text_after_alert, m);
	else if (!n->odd->s2c_clear.frame && m.frame >= n->starttls_reply.frame) {
		session_odd(s)->s2c_clear = seen_at(m);
		session_odd(s)->s2c_clear_words =
			session_keep(s, session_without_echo(s, i->reply.text, i->code, room), 60);
	}
	return true;
}

static void finish_reply(struct session *s, const struct smtp_item *i, struct flow_mark m)
{
	struct session_command *h = head(s), c;

	if (h)
		c = *h;
	if (is_banner(s, i)) {
		banner(s, i, m);
		struct seen_reply r = describe(s, i, NULL, STAGE_BANNER, m);
		keep_reply(s, &r);
		return;
	}
	if (h && (c.verb == SMTP_VERB_AUTH || c.verb == SMTP_VERB_X_EXPS) &&
	    i->code == CODE_CHALLENGE) {
		session_challenge(s, i, m);
		return;
	}
	if (h)
		g_array_remove_index(s->queue, 0);
	else if (clear_after_220(s, i, m) && !code_refuses(i->code))
		return;
	struct seen_reply r = describe(s, i, h ? &c : NULL, STAGE_NONE, m);
	keep_reply(s, &r);
	if (h)
		session_answered(s, i, &c, &r, m);
	else
		session_unasked(s, i, &r, m);
}

/* Only the server was captured: a list is the answer to an EHLO all the same. It proves what is in
 * it; `extended` stays false, so that nothing is concluded from what is not. */
static struct seen_ehlo *list_without_command(struct session *s)
{
	struct seen *n = &s->seen;
	if (n->starttls_code != CODE_READY)
		return n->ehlo.reply.frame ? NULL : &n->ehlo;
	if (!n->inner)
		n->inner = g_new0(struct seen_ehlo, 1);
	return n->inner->reply.frame ? NULL : n->inner;
}

static void line_event(struct session *s, const struct smtp_item *i, bool last, struct bytes text,
		       struct flow_mark m)
{
	session_event(s, EVENT_S2C, m, s->inside, "%u%c%s", i->code, last ? ' ' : '-',
		      i->code == CODE_CHALLENGE ? "" : session_show(s, text, 400));
}

/* One line of a reply for the dialogue. A secret may be repeated over the end of a line, which
 * shows only when all of them are there: then they are told with the last one. */
static void dialogue_line(struct session *s, const struct smtp_item *i, struct flow_mark m)
{
	char room[CAP_REPLY_TEXT + 8];

	if (!session_hides(s) || (i->last && i->reply.lines == 1)) {
		line_event(s, i, i->last, session_without_echo(s, i->text, i->code, room), m);
		return;
	}
	if (!i->last)
		return;
	struct bytes rest = session_without_echo(s, i->reply.text, i->code, room);
	for (bool last = false; !last;) {
		ptrdiff_t end = bytes_find(&rest, '\n');
		last = end < 0;
		struct bytes line = bytes_upto(&rest, last ? bytes_left(&rest) : (size_t)end);
		bytes_upto(&rest, 1);
		line_event(s, i, last, line, m);
	}
}

void session_reply_line(struct session *s, const struct smtp_item *i, struct flow_mark m)
{
	if (i->first_line_of_reply && !s->inside)
		session_doubts_replied(s, i->code);
	struct session_command *h = head(s);

	if (i->first_line_of_reply && h && !h->body &&
	    (h->verb == SMTP_VERB_EHLO || h->verb == SMTP_VERB_HELO) &&
	    (s->seen.last_set || s->seen.midstream || i->code == CODE_OK))
		s->filling = s->inside || s->seen.odd->plain_after_220.frame ? s->seen.inner
									     : &s->seen.ehlo;
	else if (i->first_line_of_reply && !h && !i->last && i->code == CODE_OK && !s->client &&
		 !s->inside)
		s->filling = list_without_command(s);
	if (s->filling && !code_refuses(i->code))
		session_ehlo_line(s, i);
	if (s->cx->dialogue)
		dialogue_line(s, i, m);
	if (!i->last)
		return;
	if (!s->cx->dialogue)
		reply_event(s, i, m);
	if (s->filling)
		session_ehlo_done(s, i, m);
	finish_reply(s, i, m);
}

void session_smtp_server(struct session *s, struct smtp_server *d, struct bytes *in,
			 struct flow_mark m)
{
	struct smtp_item item;
	for (;;) {
		enum step step = smtp_server_next(d, in, &item);
		if (step == STEP_MORE)
			return;
		if (step == STEP_BAD) {
			if (session_starttls_accepted(s) && !s->inside)
				seen_first(&session_tls(s)->bad[FLOW_S2C], m);
			if (!s->inside)
				s->mode[FLOW_S2C] = SESSION_MODE_OPAQUE;
			return;
		}
		if (item.kind == SMTP_ITEM_TLS && !s->inside) {
			session_start_tls(s, FLOW_S2C, m);
			return;
		}
		if (item.kind == SMTP_ITEM_TLS)
			return;
		if (item.kind == SMTP_ITEM_REPLY_LINE) {
			session_reply_line(s, &item, m);
		} else if (item.kind == SMTP_ITEM_GARBAGE) {
			if (session_starttls_accepted(s) && !s->inside)
				seen_first(&session_tls(s)->bad[FLOW_S2C], m);
			session_garbage(s, FLOW_S2C, &item, m);
			if (s->mode[FLOW_S2C] == SESSION_MODE_OPAQUE && !s->inside)
				return;
		}
	}
}
