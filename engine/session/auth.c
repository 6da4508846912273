/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A login (RFC 4954). The client's side: that it was tried, with what, and what its payload gave
 * away; the payload itself was read and blanked by the decoder. Then a login in clear whose lines
 * the capture lost or cut: its replies prove it, because 334 and 235 answer nothing but AUTH (RFC
 * 4954 4, 6), and a server that asked for the password and then says 235 was given one. What the
 * server's reply means for the session is decided in progress.c.
 */
#include "session/commands.h"
#include "base/code.h"
#include "session/replies.h"
#include "smtp/hidden.h"

#include <string.h>

/* ---- as captured ---- */

/* What an AUTH payload gave away, and where. */
static void note_payload(struct session *s, const struct smtp_auth *a, struct flow_mark m)
{
	struct seen_auth *n = &session_mail(s)->auth;
	if (a->user_is_secret)
		session_hide_user(s);
	if (a->cancel)
		n->cancelled = true;
	if (a->has_user) {
		n->user_seen = true;
		n->user_is_upn = strchr(a->user, '@') && !strchr(a->user, '\\');
	}
	if (s->inside)
		return;
	if (a->has_user)
		seen_first(&n->user, m);
	if (a->has_password)
		seen_first(&n->password, m);
	if (a->has_hash)
		seen_first(&n->hash, m);
}

void session_auth(struct session *s, const struct smtp_item *i, struct flow_mark m)
{
	struct seen_mail *mail = session_mail(s);
	const struct seen_ehlo *e = session_list_in_force(s);

	mail->auth.at = seen_at(m);
	mail->auth.mech = i->auth.mech;
	mail->auth.tries++;
	mail->auth.in_tls = s->inside;
	mail->auth.cancelled = mail->auth.challenged = false;
	mail->auth.asked_password = (struct seen_at){ 0 };
	mail->auth.listed = e->has_auth;
	mail->auth.not_listed =
		e->complete && !e->has_auth && (s->inside || !session_starttls_accepted(s));
	if (!s->inside)
		seen_first(&mail->auth_clear, m);
	s->auth_open = true;
	session_step(s, "auth");
	note_payload(s, &i->auth, m);
}

void session_auth_response(struct session *s, const struct smtp_item *i, struct flow_mark m)
{
	const struct smtp_auth *a = &i->auth;
	note_payload(s, a, m);
	if (a->cancel)
		session_event(s, EVENT_C2S, m, s->inside, "AUTH cancelled");
	else if (a->has_user && !a->has_password && !s->cx->redact)
		session_event(s, EVENT_C2S, m, s->inside, "AUTH answer: user %s", a->user);
	else
		session_event(s, EVENT_C2S, m, s->inside, "AUTH answer: %s (not shown)",
			      a->has_password ? "password"
			      : a->has_hash   ? "challenge answer"
			      : a->has_user   ? "user name"
					      : "no readable data");
}

/* ---- as its replies tell ---- */

/* Inside TLS nothing crosses in clear. After STARTTLS readable text is a mirror's, and where the
 * beginning was not captured it may be. */
static bool in_clear(const struct session *s)
{
	const struct seen *n = &s->seen;
	bool perhaps_inside =
		n->starttls_code == CODE_READY || (n->starttls.frame && !n->starttls_code);
	return !s->inside && !perhaps_inside && (!n->midstream || n->ehlo.reply.frame);
}

/* The login in hand, which may not have begun for us. */
static struct seen_auth *login(struct session *s, struct flow_mark m)
{
	struct seen_mail *mail = session_mail(s);
	struct seen_auth *a = &mail->auth;

	if (a->at.frame)
		return a;
	a->at = seen_at(m);
	a->tries = 1;
	a->listed = s->seen.ehlo.has_auth;
	seen_first(&mail->auth_clear, m);
	session_step(s, "auth");
	return a;
}

void session_login_cut(struct session *s, const struct smtp_auth *cut, struct flow_mark m)
{
	bool secret = cut->mech == SMTP_MECH_PLAIN || cut->mech == SMTP_MECH_XOAUTH2 ||
		      cut->mech == SMTP_MECH_OAUTHBEARER;

	if (!in_clear(s))
		return;
	struct seen_auth *a = login(s, m);
	a->mech = cut->mech;
	a->asked_password = (struct seen_at){ 0 };
	a->challenged = a->cancelled = false;
	if (secret && cut->initial)
		seen_first(&a->password, m);
}

void session_login_prompt(struct session *s, struct bytes text, struct flow_mark m)
{
	if (!in_clear(s))
		return;
	struct seen_auth *a = login(s, m);
	bool asked = smtp_hidden_asked(text);

	a->entertained = true;
	a->asked_password = asked ? seen_at(m) : (struct seen_at){ 0 };
	a->challenged = !asked && bytes_left(&text) > 0;
	if (asked && a->mech == SMTP_MECH_NONE)
		a->mech = SMTP_MECH_LOGIN;
}

/* Does the server list nothing but mechanisms that carry the password or token itself? */
static bool lists_only_readable(const struct seen_ehlo *e)
{
	return e->complete && e->has_auth && !e->auth_other;
}

/* The reply m shows that a password was sent; the prompt that it answers is evidence too. */
static void note_password(struct seen_auth *a, struct seen_at *password, struct flow_mark m)
{
	if (password->frame)
		return;
	a->prompt = a->asked_password;
	*password = seen_at(m);
}

void session_login_over(struct session *s, uint16_t code, struct flow_mark m)
{
	struct seen_auth *a = &session_mail(s)->auth;
	bool refused = code_refuses(code) && code != CODE_NOT_AVAILABLE &&
		       code != CODE_UNRECOGNIZED && code != CODE_BAD_ARGUMENT;
	bool asked = a->asked_password.frame && !a->cancelled;

	if (!in_clear(s) || (code != CODE_AUTHENTICATED && !(asked && refused)))
		return;
	a = login(s, m);
	if (asked && code == CODE_AUTHENTICATED)
		note_password(a, &a->password, m);
	else if (asked || (a->mech == SMTP_MECH_NONE && !a->challenged &&
			   lists_only_readable(&s->seen.ehlo)))
		note_password(a, &a->password_likely, m);
	if (code == CODE_AUTHENTICATED) {
		a->entertained = true;
		a->accepted = seen_at(m);
	} else {
		a->refused = seen_at(m);
		a->refused_code = code;
	}
	a->asked_password = (struct seen_at){ 0 };
}
