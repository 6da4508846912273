/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The dialogue of a session: items of the two SMTP decoders become what was seen; replies are
 * matched to the commands that wait (RFC 2920), and the client decoder is told what follows
 * (RFC 5321 4.1.1.4 DATA). Logins are left to auth.c, replies to replies.c.
 */
#include "session/replies.h"
#include "base/code.h"
#include "session/commands.h"

#include <string.h>

#define GARBAGE_MOST 8u

static bool waiting_for(const struct session *s, enum smtp_verb verb)
{
	if (!s->queue)
		return false;
	for (guint i = 0; i < s->queue->len; i++)
		if (g_array_index(s->queue, struct session_command, i).verb == verb)
			return true;
	return false;
}

static void push(struct session *s, enum smtp_verb verb, bool body, struct flow_mark m)
{
	struct session_command c = {
		.verb = verb, .body = body, .in_tls = s->inside, .at = seen_at(m)
	};
	if (!s->queue)
		s->queue = g_array_new(FALSE, FALSE, sizeof c);
	if (s->queue->len < CAP_PIPELINE)
		g_array_append_val(s->queue, c);
	else
		s->desync = true;
}

/* EHLO or HELO: a new list of capabilities will follow. */
static void on_hello(struct session *s, const struct smtp_item *i, struct flow_mark m)
{
	struct seen *n = &s->seen;
	bool second = s->inside || n->odd->plain_after_220.frame;
	struct seen_ehlo *e = &n->ehlo;

	if (second) {
		if (!n->inner)
			n->inner = g_new0(struct seen_ehlo, 1);
		e = n->inner;
	} else if (i->verb == SMTP_VERB_HELO && e->extended && code_is_permanent(e->code)) {
		seen_first(&session_odd(s)->helo_after_ehlo, m);
	}
	const char **lines = e->lines;
	memset(e, 0, sizeof *e);
	e->lines = lines;
	e->command = seen_at(m);
	e->extended = i->verb == SMTP_VERB_EHLO;
	session_new_list(s, second);
	e->name = session_keep_list(s, second, i->argument, 255);
	e->marks = i->marks;
	session_step(s, e->extended ? "ehlo" : "helo");
}

static void on_starttls(struct session *s, const struct smtp_item *i, struct flow_mark m)
{
	struct seen *n = &s->seen;
	(void)i;
	if (s->inside || session_starttls_accepted(s)) {
		n->starttls_in_tls = true;
		return;
	}
	n->starttls = seen_at(m);
	n->starttls_after_mail = n->mail->mail.frame != 0;
	session_step(s, "starttls");
}

static void on_mail(struct session *s, const struct smtp_item *i, struct flow_mark m)
{
	struct seen_mail *mail = session_mail(s);
	session_end_transaction(s);
	s->envelope = 0;
	session_envelope(s, i->path.address);
	seen_first(&mail->mail, m);
	if (!s->inside)
		seen_first(&mail->mail_clear, m);
	if (!i->path.brackets)
		seen_first(&mail->no_brackets, m);
	if (i->path.has_size)
		mail->declared_size = i->path.size;
	const struct seen_ehlo *e = session_list_in_force(s);
	if (i->path.has_size && e->size && i->path.size > e->size)
		seen_first(&mail->too_big, m);
	if (!mail->from)
		mail->from = g_new0(const char *, CAP_RECIPIENTS + 1);
	if (mail->from_count < CAP_RECIPIENTS)
		mail->from[mail->from_count++] = session_keep_address(s, i->path.address);
	session_step(s, "mail");
}

static void on_rcpt(struct session *s, const struct smtp_item *i, struct flow_mark m)
{
	struct seen_mail *mail = session_mail(s);
	bool first = !mail->rcpt.frame || mail->rcpt.frame < mail->mail.frame;
	session_envelope(s, i->path.address);
	seen_first(&mail->rcpt, m);
	if (!i->path.brackets)
		seen_first(&mail->no_brackets, m);
	if (!mail->to)
		mail->to = g_new0(const char *, CAP_RECIPIENTS + 1);
	if (mail->to_count < CAP_RECIPIENTS)
		mail->to[mail->to_count++] = session_keep_address(s, i->path.address);
	if (first)
		session_step(s, "rcpt");
}

/* What may be shown of a line that is no command. Once a login was tried it may be a password;
 * before, only its first word, up to what announces a value. */
static struct bytes unknown_line(const struct session *s, const struct smtp_item *i)
{
	struct bytes b = bytes_trim(i->line);
	size_t n = 0;

	if (s->seen.mail->auth.tries)
		return bytes_of("(not shown)", strlen("(not shown)"));
	while (n < bytes_left(&b) && bytes_peek(&b, n) != ' ' && bytes_peek(&b, n) != '=' &&
	       bytes_peek(&b, n) != ':' && bytes_peek(&b, n) != '"')
		n++;
	return bytes_upto(&b, n + 1);
}

static void on_foreign(struct session *s, const struct smtp_item *i, struct flow_mark m)
{
	struct seen *n = &s->seen;
	if (n->odd->foreign.frame ||
	    n->mail->auth.tries) /* after AUTH it is an answer out of step */
		return;
	if (!i->verb && (n->odd->gap_c2s || n->midstream)) /* perhaps the text of a message */
		return;
	if (!i->verb && n->reached >= STAGE_EHLO) /* it speaks SMTP, with a word of its own */
		return;
	session_odd(s)->foreign = seen_at(m);
	session_odd(s)->foreign_words =
		i->verb ? smtp_verb_name(i->verb) : session_keep(s, unknown_line(s, i), 40);
}

static void command_text(struct session *s, const struct smtp_item *i, struct flow_mark m)
{
	const char *verb = smtp_verb_name(i->verb);
	if (i->verb == SMTP_VERB_AUTH) {
		const char *what = i->auth.has_password ? "password"
				   : i->auth.has_hash	? "challenge answer"
							: "initial response";
		if (i->auth.has_user && !s->cx->redact)
			session_event(s, EVENT_C2S, m, s->inside, "AUTH %s, user %s%s",
				      smtp_mech_name(i->auth.mech), i->auth.user,
				      i->auth.has_password ? ", password sent (not shown)" : "");
		else
			session_event(s, EVENT_C2S, m, s->inside, "AUTH %s%s%s%s",
				      smtp_mech_name(i->auth.mech), i->auth.initial ? ", " : "",
				      i->auth.initial ? what : "",
				      i->auth.initial ? " (not shown)" : "");
	} else if (i->verb == SMTP_VERB_MAIL || i->verb == SMTP_VERB_RCPT) {
		const char *open = i->path.brackets ? "<" : "",
			   *close = i->path.brackets ? ">" : "";
		session_event(s, EVENT_C2S, m, s->inside, "%s %s%s%s%s%s",
			      i->verb == SMTP_VERB_MAIL ? "MAIL FROM:" : "RCPT TO:", open,
			      session_show_address(s, i->path.address), close,
			      bytes_left(&i->path.params) ? " " : "",
			      s->cx->redact ? ""
					    : session_show(s, bytes_trim(i->path.params), 200));
	} else if (i->verb != SMTP_VERB_UNKNOWN) {
		bool name = i->verb == SMTP_VERB_VRFY || i->verb == SMTP_VERB_EXPN;
		const char *argument = name ? session_show_address(s, i->argument)
					    : session_show(s, i->argument, 300);
		session_event(s, EVENT_C2S, m, s->inside, "%s%s%s", verb, *argument ? " " : "",
			      argument);
	} else {
		session_event(s, EVENT_C2S, m, s->inside, "%s",
			      session_show(s, unknown_line(s, i), 300));
	}
}

/* smtp/verbs.def ends with the words of other protocols. */
static bool foreign_verb(enum smtp_verb v)
{
	return v >= SMTP_VERB_PROXY;
}

/* A run of X letters is what a firewall leaves of a command that it does not allow. */
static bool masked_command(const struct smtp_item *i)
{
	struct bytes b = bytes_trim(i->line);
	size_t n = bytes_left(&b);
	if (n < 4)
		return false;
	for (size_t k = 0; k < n; k++)
		if (bytes_peek(&b, k) != 'X' && bytes_peek(&b, k) != 'x')
			return false;
	return true;
}

/* Readable commands where TLS should be: a mirror that decrypts, injection, or no TLS at all. */
static void out_of_place(struct session *s, const struct smtp_item *i, struct flow_mark m)
{
	struct seen *n = &s->seen;
	if (s->inside)
		return;
	if (waiting_for(s, SMTP_VERB_STARTTLS) && !n->odd->pipelined.frame) {
		session_odd(s)->pipelined = seen_at(m);
		session_odd(s)->pipelined_words = smtp_verb_name(i->verb);
	}
	if (n->starttls.frame && !n->starttls_code && i->verb != SMTP_VERB_QUIT)
		seen_first(&n->clear_after_starttls, m);
	if (session_starttls_accepted(s) && !n->odd->plain_after_220.frame &&
	    !n->tls->client.at.frame)
		session_odd(s)->plain_after_220 = seen_at(m);
	if (code_refuses(n->starttls_code) || n->tls->alert_count)
		if (i->verb == SMTP_VERB_MAIL || i->verb == SMTP_VERB_AUTH)
			seen_first(&session_mail(s)->mail_after_tls_failed, m);
}

/* A command at a moment that says something: before the greeting, or without a second EHLO. */
static void untimely(struct session *s, const struct smtp_item *i, struct flow_mark m)
{
	struct seen *n = &s->seen;

	if (!n->banner.frame && !n->midstream && !s->inside)
		seen_first(&session_odd(s)->pregreet, m);
	out_of_place(s, i, m);
	if (s->inside && !n->inner && i->verb != SMTP_VERB_EHLO && i->verb != SMTP_VERB_HELO &&
	    i->verb != SMTP_VERB_QUIT)
		seen_first(&session_odd(s)->no_second_ehlo, m);
}

/* DATA, or a chunk by BDAT. */
static void on_data(struct session *s, struct smtp_client *c, bool chunk, struct flow_mark m)
{
	session_mail(s)->data = seen_at(m);
	if (!chunk || !s->body_open)
		session_step(s, chunk ? "bdat" : "data");
	s->body_open = true;
	if (!chunk)
		smtp_client_expect(c, SMTP_EXPECT_DATA_MAYBE);
}

/* RSET or QUIT. */
static void on_end(struct session *s, struct seen_at *at, const char *word, struct flow_mark m)
{
	*at = seen_at(m);
	session_end_transaction(s);
	session_step(s, word);
}

/* No command that moves the dialogue: a word that a firewall masked, or one of no SMTP. */
static void on_other(struct session *s, const struct smtp_item *i, struct flow_mark m)
{
	if (i->verb == SMTP_VERB_UNKNOWN && masked_command(i))
		seen_first(&session_odd(s)->masked_command, m);
	else if (i->verb == SMTP_VERB_UNKNOWN || foreign_verb(i->verb))
		on_foreign(s, i, m);
}

static void on_command(struct session *s, struct smtp_client *c, const struct smtp_item *i,
		       struct flow_mark m)
{
	untimely(s, i, m);
	command_text(s, i, m);
	s->auth_open = false;
	switch (i->verb) {
	case SMTP_VERB_EHLO:
	case SMTP_VERB_HELO:
		on_hello(s, i, m);
		break;
	case SMTP_VERB_STARTTLS:
	case SMTP_VERB_X_ANONYMOUSTLS:
		on_starttls(s, i, m);
		break;
	case SMTP_VERB_AUTH:
	case SMTP_VERB_X_EXPS: /* Exchange's own word for it */
		session_auth(s, i, m);
		break;
	case SMTP_VERB_MAIL:
		on_mail(s, i, m);
		break;
	case SMTP_VERB_RCPT:
		on_rcpt(s, i, m);
		break;
	case SMTP_VERB_DATA:
	case SMTP_VERB_BDAT:
		on_data(s, c, i->verb == SMTP_VERB_BDAT, m);
		break;
	case SMTP_VERB_RSET:
		on_end(s, &session_mail(s)->rset, "rset", m);
		break;
	case SMTP_VERB_QUIT:
		on_end(s, &session_mail(s)->quit, "quit", m);
		break;
	default:
		on_other(s, i, m);
	}
	push(s, i->verb, false, m);
}

/* The BDAT whose bytes just ended waits for its reply; what is pipelined comes behind it. */
static void last_chunk_sent(struct session *s)
{
	struct session_command *c =
		s->queue && s->queue->len
			? &g_array_index(s->queue, struct session_command, s->queue->len - 1)
			: NULL;
	if (c && c->verb == SMTP_VERB_BDAT)
		c->last_chunk = true;
}

static void on_body_end(struct session *s, const struct smtp_item *i, struct flow_mark m)
{
	struct seen_mail *mail = session_mail(s);
	mail->body_bytes += i->body.bytes;
	mail->body_end = seen_at(m);
	const struct seen_ehlo *e = session_list_in_force(s);
	if (e->size && i->body.bytes > e->size)
		seen_first(&mail->too_big, m);
	session_body_shape(s, &i->body, m);
	if (!i->body.bdat) {
		session_event(s, EVENT_C2S, m, s->inside,
			      "end of the message, %s%" G_GUINT64_FORMAT " bytes",
			      i->body.gap ? "at least " : "", i->body.bytes);
		s->body_open = false;
		push(s, SMTP_VERB_DATA, true, m);
	} else if (i->body.bdat_last) {
		s->body_open = false;
		last_chunk_sent(s);
	}
}

/* A line that is not SMTP. After some of them without a sound one the direction is only counted:
 * binary data would else cost a text for each of its "lines". */
void session_garbage(struct session *s, enum flow_dir dir, const struct smtp_item *i,
		     struct flow_mark m)
{
	if (++s->garbage[dir] > GARBAGE_MOST && !s->inside)
		s->mode[dir] = SESSION_MODE_OPAQUE;
	session_event(s, (enum event_direction)dir, m, s->inside, "not SMTP: %s",
		      session_show(s, unknown_line(s, i), 60));
}

/* Greeting and STARTTLS say nothing of login and mail; everything else may. */
static bool only_greets(const struct smtp_item *i)
{
	return i->kind == SMTP_ITEM_COMMAND &&
	       (i->verb == SMTP_VERB_EHLO || i->verb == SMTP_VERB_HELO ||
		i->verb == SMTP_VERB_STARTTLS || i->verb == SMTP_VERB_NOOP);
}

void session_client_item(struct session *s, struct smtp_client *c, const struct smtp_item *i,
			 struct flow_mark m)
{
	if (!only_greets(i))
		session_mail(s);
	switch (i->kind) {
	case SMTP_ITEM_COMMAND:
		if (i->verb != SMTP_VERB_UNKNOWN)
			s->garbage[FLOW_C2S] = 0;
		else if (++s->garbage[FLOW_C2S] > GARBAGE_MOST && !s->inside)
			s->mode[FLOW_C2S] = SESSION_MODE_OPAQUE;
		on_command(s, c, i, m);
		break;
	case SMTP_ITEM_AUTH_RESPONSE:
		session_auth_response(s, i, m);
		if (i->auth.unasked)
			push(s, SMTP_VERB_UNKNOWN, false, m);
		break;
	case SMTP_ITEM_BODY_END:
		on_body_end(s, i, m);
		break;
	case SMTP_ITEM_GARBAGE:
		if (!s->inside && session_starttls_accepted(s) &&
		    !s->seen.odd->plain_after_220.frame)
			seen_first(&session_tls(s)->bad[FLOW_C2S], m);
		else
			on_foreign(s, i, m);
		session_garbage(s, FLOW_C2S, i, m);
		push(s, SMTP_VERB_UNKNOWN, false, m);
		break;
	default:
		break;
	}
}

void session_smtp_client(struct session *s, struct smtp_client *c, struct bytes *in,
			 struct flow_mark m)
{
	struct smtp_item item;
	for (;;) {
		enum step step = smtp_client_next(c, in, &item);
		if (step == STEP_MORE)
			return;
		if (step == STEP_BAD) {
			if (session_starttls_accepted(s) && !s->inside)
				seen_first(&session_tls(s)->bad[FLOW_C2S], m);
			if (!s->inside)
				s->mode[FLOW_C2S] = SESSION_MODE_OPAQUE;
			return;
		}
		if (item.kind == SMTP_ITEM_TLS && !s->inside) {
			session_start_tls(s, FLOW_C2S, m);
			return;
		}
		if (item.kind == SMTP_ITEM_TLS)
			return;
		if (session_doubts(s))
			session_doubt(s, &item, m);
		else
			session_client_item(s, c, &item, m);
		if (s->mode[FLOW_C2S] == SESSION_MODE_OPAQUE && !s->inside)
			return;
	}
}
