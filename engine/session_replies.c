/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Replies of a session: the greeting, and which command a reply answers, with what that means for
 * the progress (RFC 5321 4.3.2 lists the replies of each command).
 */
#include "session_replies.h"

#include "phrase.h"

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

/* Commands may be missing in the capture, not in the dialogue: it began in the middle, has holes,
 * or only the server was captured. */
static bool blind(const struct session *s)
{
	return s->seen.midstream || s->desync || (!s->client && !s->inside);
}

/* The stage of a refusal whose command was not captured, by what servers say at which step. */
static enum stage stage_by_code(const struct session *s, uint16_t code)
{
	if (!blind(s) || s->body_open || s->seen.reached >= STAGE_MAIL)
		return next_stage(s);
	switch (code) {
	case 504:
	case 534:
	case 535:
	case 538:
		return STAGE_AUTH;
	case 530:
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
	case 554:
		return STAGE_DATA;
	default:
		return s->seen.midstream && s->seen.reached < STAGE_EHLO ? STAGE_MAIL
									 : next_stage(s);
	}
}

/* Tell the client's decoder what follows; it does not exist when only the server was captured. */
static void expect(struct session *s, enum smtp_expect what)
{
	struct smtp_client *c = s->inside ? s->inner_client : s->client;
	if (c)
		smtp_client_expect(c, what);
}

/* What a reply proves by itself when its command was not captured (RFC 3463: X.1.0, X.1.5). */
static void progress_by_code(struct session *s, const struct smtp_item *i, struct flow_mark m)
{
	const struct smtp_reply *r = &i->reply;

	if (!blind(s))
		return;
	if (i->code == 235) {
		session_reach(s, STAGE_AUTH);
	} else if (i->code == 354) {
		seen_first(&session_mail(s)->data_start, m);
		s->body_open = true;
		expect(s, SMTP_EXPECT_DATA);
	} else if (i->code == 250 && r->enhanced && r->subject == 1 && r->detail == 0) {
		session_reach(s, STAGE_MAIL);
	} else if (i->code == 250 && r->enhanced && r->subject == 1 && r->detail == 5) {
		seen_first(&session_mail(s)->rcpt_accepted, m);
		session_reach(s, STAGE_RCPT);
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

static struct seen_reply describe(struct session *s, const struct smtp_item *i,
				  const struct session_command *c, struct flow_mark m)
{
	const struct smtp_reply *r = &i->reply;
	struct seen_reply out = { .at = seen_at(m), .code = i->code, .in_tls = s->inside };
	struct reply_trailer trailer = { 0 };
	char enhanced[ENHANCED], room[CAP_REPLY_TEXT + 8];
	struct bytes said = session_without_echo(s, r->text, i->code, room);
	bool kept = i->code >= 400 && s->seen.reply_count < CAP_REPLIES;

	if (r->enhanced) {
		write_enhanced(enhanced, r);
		g_strlcpy(s->last_enhanced, enhanced, sizeof s->last_enhanced);
		out.enhanced = kept ? session_keep_text(s, enhanced) : s->last_enhanced;
	}
	if (kept) {
		out.text = session_keep(s, in_one_line(said, room), CAP_FIELD);
	} else {
		/* Of a list the greeting is enough: the list itself is in the record. */
		struct bytes first = said;
		ptrdiff_t end = r->lines > 1 && i->code < 400 ? bytes_find(&first, '\n') : -1;
		if (end >= 0)
			first = bytes_upto(&first, (size_t)end);
		out.text = keep_last(s, session_show(s, first, CAP_FIELD));
	}
	/* Only refusals and the reply to a message carry Microsoft's trailer. */
	if (i->code >= 400 || (c && c->body))
		replies_trailer(said, &trailer);
	if (bytes_left(&trailer.server)) {
		if (!s->seen.trace)
			s->seen.trace = g_new0(struct seen_trace, 1);
		copy(s, s->seen.trace->server, sizeof s->seen.trace->server, trailer.server);
		copy(s, s->seen.trace->time, sizeof s->seen.trace->time, trailer.time);
		copy(s, s->seen.trace->id, sizeof s->seen.trace->id, trailer.id);
	}
	if (i->code >= 400) {
		out.row = replies_match(r, true);
		out.row_other = replies_match(r, false);
		if (!out.row && !s->seen.rfc3463)
			s->seen.rfc3463 = replies_rfc3463(i->code, r);
	}
	out.unsolicited = !c;
	if (c) {
		out.has_verb = c->verb != SMTP_VERB_UNKNOWN;
		out.verb = c->verb;
		out.body = c->body;
		out.command_frame = c->at.frame;
		out.stage = session_stage_of(c, s->inside);
	}
	if (c && c->at.frame == s->seen.o->masked_command.frame && c->verb == SMTP_VERB_UNKNOWN)
		out.stage = STAGE_STARTTLS; /* what a firewall left of it */
	else if (!c)
		out.stage = stage_by_code(s, i->code);
	else if (out.stage == STAGE_NONE &&
		 (c->verb == SMTP_VERB_UNKNOWN || c->verb >= SMTP_VERB_PROXY))
		out.stage = next_stage(s);
	return out;
}

static void keep_reply(struct session *s, const struct seen_reply *r)
{
	struct seen *n = &s->seen;
	n->last = *r;
	n->last_set = true;
	if (r->code < 400)
		return;
	if (!n->replies)
		n->replies = g_new0(struct seen_reply, CAP_REPLIES);
	if (n->reply_count < CAP_REPLIES)
		n->replies[n->reply_count++] = *r;
}

/* ---- what it means ---- */

static void refused(struct session *s, const struct seen_reply *r)
{
	struct seen *n = &s->seen;
	switch (r->stage) {
	case STAGE_MAIL:
	case STAGE_RCPT:
	case STAGE_DATA:
		if (!s->transaction_refused || r->stage < s->transaction_stage) {
			s->transaction_refused = true;
			s->transaction_stage = r->stage;
			s->transaction_at = r->at;
		}
		break;
	case STAGE_NONE:
		break;
	default:
		if (n->failed == STAGE_NONE) {
			n->failed = r->stage;
			n->failed_at = r->at;
		}
	}
}

/* A later success repairs an earlier refusal that the client got around. */
static void repaired(struct session *s, enum stage up_to)
{
	if (s->seen.failed != STAGE_NONE && s->seen.failed <= up_to && !s->seen.m->refused_messages)
		s->seen.failed = STAGE_NONE;
}

static void message_accepted(struct session *s, struct flow_mark m)
{
	struct seen *n = &s->seen;
	session_mail(s);
	seen_first(&n->m->accepted, m);
	n->m->messages++;
	n->m->body_reply = seen_at(m);
	s->transaction_refused = false;
	s->rcpt_ok = 0;
	repaired(s, STAGE_AUTH);
	session_reach(s, STAGE_ACCEPTED);
	session_step(s, "accepted");
}

static void auth_reply(struct session *s, const struct smtp_item *i, const struct seen_reply *r,
		       struct flow_mark m)
{
	struct seen_auth *a = &s->seen.m->auth;
	s->auth_open = false;
	expect(s, SMTP_EXPECT_COMMAND);
	if (i->code == 235) {
		a->accepted = seen_at(m);
		repaired(s, STAGE_AUTH);
		session_reach(s, STAGE_AUTH);
	} else if (i->code >= 400) {
		a->refused = seen_at(m);
		a->refused_code = i->code;
		if (!a->cancelled) /* 501 after "*" is what the client asked for (RFC 4954 4) */
			refused(s, r);
	}
}

static void starttls_reply(struct session *s, const struct smtp_item *i, const struct seen_reply *r,
			   struct flow_mark m)
{
	struct seen *n = &s->seen;
	if (n->starttls_in_tls || s->inside)
		return;
	n->starttls_reply = seen_at(m);
	n->starttls_code = i->code;
	if (i->code == 220) {
		session_reach(s, STAGE_STARTTLS);
		if (s->queue) /* what was pipelined behind it is discarded by the server (RFC
				 3207 4.2) */
			g_array_set_size(s->queue, 0);
	} else {
		refused(s, r);
	}
}

static void answered(struct session *s, const struct smtp_item *i, const struct session_command *c,
		     const struct seen_reply *r, struct flow_mark m)
{
	bool good = i->code < 400;

	if (c->body || (c->verb == SMTP_VERB_BDAT && s->chunk_last_sent && !s->queue->len)) {
		s->chunk_last_sent = false;
		if (good)
			message_accepted(s, m);
		else
			refused(s, r);
		return;
	}
	switch (c->verb) {
	case SMTP_VERB_STARTTLS:
	case SMTP_VERB_X_ANONYMOUSTLS:
		starttls_reply(s, i, r, m);
		return;
	case SMTP_VERB_AUTH:
		auth_reply(s, i, r, m);
		return;
	case SMTP_VERB_XEXCH50:
		if (i->code == 354)
			expect(s, SMTP_EXPECT_DATA);
		break;
	case SMTP_VERB_DATA:
		if (good) {
			s->seen.m->data_start = seen_at(m);
			s->body_open = true;
		} else {
			s->body_open = false;
		}
		expect(s, good ? SMTP_EXPECT_DATA : SMTP_EXPECT_COMMAND);
		break;
	case SMTP_VERB_RCPT:
		if (good) {
			s->rcpt_ok++;
			seen_first(&s->seen.m->rcpt_accepted, m);
		}
		break;
	default:
		break;
	}
	if (!good)
		refused(s, r);
	else if (r->stage == STAGE_MAIL || r->stage == STAGE_RCPT || r->stage == STAGE_EHLO ||
		 r->stage == STAGE_EHLO2) {
		/* MAIL that is taken repairs AUTH; EHLO or HELO that is taken repairs EHLO. */
		repaired(s, r->stage == STAGE_MAIL ? STAGE_AUTH : r->stage);
		session_reach(s, r->stage);
	}
}

/* The greeting: the first reply of a connection that was seen from its start (RFC 5321 3.1). */
static bool is_banner(const struct session *s, const struct smtp_item *i)
{
	const struct seen *n = &s->seen;
	if (n->banner.frame || n->last_set || s->inside)
		return false;
	if (n->midstream || s->desync) {
		struct bytes t = i->reply.text;
		const char *found = bytes_left(&t) ? g_strstr_len((const char *)t.at,
								  (gssize)bytes_left(&t), "SMTP")
						   : NULL;
		/* "220 2.0.0 SMTP server ready" answers STARTTLS; a greeting has no enhanced code
		 * (RFC 2034 4). */
		return i->code == 220 && found && !i->reply.enhanced &&
		       !(s->queue && s->queue->len);
	}
	return i->code == 220 || i->code == 421 || i->code >= 500;
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
	if (i->code < 400)
		session_reach(s, STAGE_BANNER);
	else {
		n->failed = STAGE_BANNER;
		n->failed_at = seen_at(m);
	}
}

/* 334 with a JSON document instead of a prompt: the token was refused (XOAUTH2). */
static void challenge(struct session *s, const struct smtp_item *i, struct flow_mark m)
{
	struct seen_auth *a = &s->seen.m->auth;
	if (bytes_starts(&i->text, "eyJ", 3) && !a->challenge_json) {
		a->challenge_json = true;
		a->challenge_json_at = seen_at(m);
	}
	session_login_prompt(s, i->text, m);
	struct smtp_client *c = s->inside ? s->inner_client : s->client;
	if (c)
		smtp_client_prompt(c, i->text);
	expect(s, SMTP_EXPECT_AUTH);
}

/* One line for people: the lines of a list with commas, those of a refusal with blanks. */
static const char *one_line(struct session *s, const struct smtp_item *i)
{
	char room[CAP_REPLY_TEXT + 8];
	struct bytes t = session_without_echo(s, i->reply.text, i->code, room);
	if (i->code == 334)
		return "";
	if (i->reply.lines <= 1)
		return session_show(s, t, 400);
	GString *line = g_string_sized_new(bytes_left(&t) + 16);
	while (bytes_left(&t)) {
		ptrdiff_t end = bytes_find(&t, '\n');
		struct bytes part = bytes_upto(&t, end >= 0 ? (size_t)end : bytes_left(&t));
		g_string_append_len(line, (const char *)part.at, (gssize)bytes_left(&part));
		if (end >= 0)
			g_string_append(line, i->code < 400 ? ", " : " ");
		bytes_upto(&t, end >= 0 ? 1 : 0);
	}
	const char *text = session_show(s, bytes_of(line->str, line->len), 400);
	g_string_free(line, TRUE);
	return text;
}

static void reply_event(struct session *s, const struct smtp_item *i, struct flow_mark m)
{
	char enhanced[ENHANCED] = "";
	bool list = s->filling && i->code < 400, shown = s->cx->dialogue || s->cx->on_event;
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
	if (s->inside || n->starttls_code != 220 || n->starttls_in_tls ||
	    n->o->plain_after_220.frame)
		return false;
	if (n->t->alert_count)
		seen_first(&session_tls(s)->text_after_alert, m);
	else if (!n->o->s2c_clear.frame && m.frame >= n->starttls_reply.frame) {
		session_odd(s)->s2c_clear = seen_at(m);
		session_odd(s)->s2c_clear_words =
			session_keep(s, session_without_echo(s, i->reply.text, i->code, room), 60);
	}
	return true;
}

static void finish_reply(struct session *s, const struct smtp_item *i, struct flow_mark m)
{
	struct session_command *h = head(s), c;

	session_auth_replied(s, i->code);
	s->after_gap = false;
	if (h)
		c = *h;
	if (is_banner(s, i)) {
		banner(s, i, m);
		struct seen_reply r = describe(s, i, NULL, m);
		r.stage = STAGE_BANNER;
		keep_reply(s, &r);
		return;
	}
	if (h && (c.verb == SMTP_VERB_AUTH || c.verb == SMTP_VERB_X_EXPS) && i->code == 334) {
		challenge(s, i, m);
		return;
	}
	if (h)
		g_array_remove_index(s->queue, 0);
	else if (clear_after_220(s, i, m) && i->code < 400)
		return;
	struct seen_reply r = describe(s, i, h ? &c : NULL, m);
	keep_reply(s, &r);
	if (!h && blind(s) && i->code == 334)
		session_login_prompt(s, i->text, m);
	else if (!h && blind(s))
		session_login_over(s, i->code, m);
	if (h) {
		answered(s, i, &c, &r, m);
	} else if (s->body_open) {
		/* The end mark was lost, or the server gave up in the middle: the body is over. */
		if (i->code >= 400)
			session_body_unfinished(s, m);
		s->body_open = false;
		expect(s, SMTP_EXPECT_COMMAND);
		if (i->code == 250)
			message_accepted(s, m);
		else if (i->code >= 400)
			refused(s, &r);
	} else if (i->code == 220 && (s->desync || s->seen.midstream)) {
		starttls_reply(s, i, &r, m); /* nothing else is answered so; the command was lost */
	} else if (i->code < 400) {
		progress_by_code(s, i, m);
	} else if (!(s->seen.m->messages && i->code == 421)) {
		refused(s, &r);
	}
}

/* Only the server was captured: a list is the answer to an EHLO all the same. It proves what is in
 * it; `extended` stays false, so that nothing is concluded from what is not. */
static struct seen_ehlo *list_without_command(struct session *s)
{
	struct seen *n = &s->seen;
	if (n->starttls_code != 220)
		return n->ehlo.reply.frame ? NULL : &n->ehlo;
	if (!n->inner)
		n->inner = g_new0(struct seen_ehlo, 1);
	return n->inner->reply.frame ? NULL : n->inner;
}

void session_reply_line(struct session *s, const struct smtp_item *i, struct flow_mark m)
{
	struct session_command *h = head(s);

	if (i->first_line_of_reply && h && !h->body &&
	    (h->verb == SMTP_VERB_EHLO || h->verb == SMTP_VERB_HELO) &&
	    (s->seen.last_set || s->seen.midstream || i->code == 250))
		s->filling = s->inside || s->seen.o->plain_after_220.frame ? s->seen.inner
									   : &s->seen.ehlo;
	else if (i->first_line_of_reply && !h && !i->last && i->code == 250 && !s->client &&
		 !s->inside)
		s->filling = list_without_command(s);
	if (s->filling && i->code < 400)
		session_ehlo_line(s, i);
	char room[CAP_REPLY_TEXT + 8];
	if (s->cx->dialogue)
		session_event(
			s, EVENT_S2C, m, s->inside, "%u%c%s", i->code, i->last ? ' ' : '-',
			i->code == 334
				? ""
				: session_show(s, session_without_echo(s, i->text, i->code, room),
					       400));
	if (!i->last)
		return;
	if (!s->cx->dialogue)
		reply_event(s, i, m);
	if (s->filling)
		session_ehlo_done(s, i, m);
	finish_reply(s, i, m);
}
