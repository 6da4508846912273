/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A login in clear whose lines the capture lost or cut. Its replies prove it: 334 and 235 answer
 * nothing but AUTH (RFC 4954 4, 6), and a server that asked for the password and then says 235 was
 * given one. What the capture cut at the snap length tells the mechanism all the same.
 */
#include "session/replies.h"
#include "smtp/hidden.h"

/* Inside TLS nothing crosses in clear. After STARTTLS readable text is a mirror's, and where the
 * beginning was not captured it may be. */
static bool in_clear(const struct session *s)
{
	const struct seen *n = &s->seen;
	bool perhaps_inside = n->starttls_code == 220 || (n->starttls.frame && !n->starttls_code);
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
	struct seen_auth *a = &s->seen.mail->auth;
	bool refused = code >= 400 && code != 421 && code != 500 && code != 501;
	bool asked = a->asked_password.frame && !a->cancelled;

	if (!in_clear(s) || (code != 235 && !(asked && refused)))
		return;
	a = login(s, m);
	if (asked && code == 235)
		note_password(a, &a->password, m);
	else if (asked || (a->mech == SMTP_MECH_NONE && !a->challenged &&
			   lists_only_readable(&s->seen.ehlo)))
		note_password(a, &a->password_likely, m);
	if (code == 235) {
		a->entertained = true;
		a->accepted = seen_at(m);
	} else {
		a->refused = seen_at(m);
		a->refused_code = code;
	}
	a->asked_password = (struct seen_at){ 0 };
}
