/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the client's dialogue share: commands.c takes the items, auth.c
 * those of a login.
 */
#ifndef SMTP365_SESSION_SMTP_H
#define SMTP365_SESSION_SMTP_H

#include "session/session.h"

static inline bool session_starttls_accepted(const struct session *s)
{
	return s->seen.starttls_code == 220;
}

/* What the server listed last: inside of TLS, else before. */
static inline const struct seen_ehlo *session_list_in_force(const struct session *s)
{
	return s->seen.inner ? s->seen.inner : &s->seen.ehlo;
}

/* The command AUTH. A client that logs in waits; so after lost bytes it counts when a reply to a
 * login is what comes next (session_auth_replied). */
void session_auth(struct session *s, const struct smtp_item *i, struct flow_mark m);
/* A later line of the exchange. */
void session_auth_response(struct session *s, const struct smtp_item *i, struct flow_mark m);

#endif
