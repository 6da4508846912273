/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The client's side of a login (RFC 4954): that it was tried, with what, and what its payload gave
 * away. The payload itself was read and blanked by the decoder. What the server says to it is
 * decided in progress.c; a login whose lines were lost is login.c's.
 */
#include "session/commands.h"

#include <string.h>

/* What an AUTH payload gave away, and where. */
static void note_payload(struct session *s, const struct smtp_auth *a, struct flow_mark m)
{
	struct seen_auth *n = &s->seen.mail->auth;
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

/* After lost bytes or a start in the middle, and before any reply since, a line that looks like
 * AUTH may stand in the text of a message. */
static bool unproven(const struct session *s)
{
	return !s->inside && (s->after_gap || (s->seen.midstream && !s->seen.last_set));
}

static void note_auth(struct session *s, const struct smtp_item *i, struct flow_mark m)
{
	struct seen *n = &s->seen;
	const struct seen_ehlo *e = session_list_in_force(s);

	n->mail->auth.at = seen_at(m);
	n->mail->auth.mech = i->auth.mech;
	n->mail->auth.tries++;
	n->mail->auth.in_tls = s->inside;
	n->mail->auth.cancelled = n->mail->auth.challenged = false;
	n->mail->auth.asked_password = (struct seen_at){ 0 };
	n->mail->auth.listed = e->has_auth;
	n->mail->auth.not_listed =
		e->complete && !e->has_auth && (s->inside || !session_starttls_accepted(s));
	if (!s->inside)
		seen_first(&n->mail->auth_clear, m);
	s->auth_open = true;
	session_step(s, "auth");
	note_payload(s, &i->auth, m);
}

void session_auth(struct session *s, const struct smtp_item *i, struct flow_mark m)
{
	if (!unproven(s)) {
		note_auth(s, i, m);
		return;
	}
	s->maybe_auth = g_new0(struct smtp_item, 1);
	s->maybe_auth->auth = i->auth;
	s->maybe_at = m;
	s->auth_open = true;
}

void session_auth_replied(struct session *s, uint16_t code)
{
	if (!s->maybe_auth)
		return;
	if (code == 235 || code == 334 || code >= 400)
		note_auth(s, s->maybe_auth, s->maybe_at);
	g_free(s->maybe_auth);
	s->maybe_auth = NULL;
}

void session_auth_response(struct session *s, const struct smtp_item *i, struct flow_mark m)
{
	const struct smtp_auth *a = &i->auth;
	if (!unproven(s))
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
