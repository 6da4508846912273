/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the client's dialogue share: commands.c takes the items, auth.c
 * those of a login.
 */
#ifndef SMTP365_SESSION_SMTP_H
#define SMTP365_SESSION_SMTP_H

#include "base/code.h"
#include "session/state.h"

static inline bool session_starttls_accepted(const struct session *s)
{
	return s->seen.starttls_code == CODE_READY;
}

/* What the server listed last: inside of TLS, else before. */
static inline const struct seen_ehlo *session_list_in_force(const struct session *s)
{
	return s->seen.inner ? s->seen.inner : &s->seen.ehlo;
}

/* The command AUTH. */
void session_auth(struct session *s, const struct smtp_item *i, struct flow_mark m);
/* A later line of the exchange. */
void session_auth_response(struct session *s, const struct smtp_item *i, struct flow_mark m);

/* Take one item of the client's decoder as what it is. */
void session_client_item(struct session *s, struct smtp_client *c, const struct smtp_item *i,
			 struct flow_mark m);

/* doubt.c */
/* Is what the client says now perhaps the text of a message? Then its items go to session_doubt()
 * and, when a reply shows what they are, from there to session_client_item(). */
bool session_doubts(const struct session *s);
void session_doubt(struct session *s, const struct smtp_item *i, struct flow_mark m);
/* Bytes of the client are missing outside of a body. */
void session_doubts_gap(struct session *s);
/* The end: without any reply in the capture the form must do. */
void session_doubts_end(struct session *s);
void session_doubts_free(struct session *s);

#endif
