/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the server says: one line at a time. Takes reply lines from commands.c; fills the EHLO
 * list (ehlo.c), the greeting, the progress of the transaction (progress.c) and the
 * list of refusals in `struct seen`.
 */
#ifndef SMTP365_SESSION_REPLIES_H
#define SMTP365_SESSION_REPLIES_H

#include "session/state.h"

/* Take one reply line (RFC 5321 4.2.1); on the last one the reply is matched to its command. */
void session_reply_line(struct session *s, const struct smtp_item *i, struct flow_mark m);

/* What the whole reply `i`, kept as `r`, means: as the answer to c, which left the queue, or to no
 * command that was captured. */
void session_answered(struct session *s, const struct smtp_item *i, const struct session_command *c,
		      const struct seen_reply *r, struct flow_mark m);
void session_unasked(struct session *s, const struct smtp_item *i, const struct seen_reply *r,
		     struct flow_mark m);
/* 334: the prompt of an AUTH exchange; with a JSON document instead the token was refused
 * (XOAUTH2). */
void session_challenge(struct session *s, const struct smtp_item *i, struct flow_mark m);

/* doubt.c: a reply with this code begins; what the client said before it is settled. */
void session_doubts_replied(struct session *s, uint16_t code);

/* Commands may be missing in the capture, not in the dialogue: it began in the middle, has holes,
 * or only the server was captured. */
static inline bool session_is_blind(const struct session *s)
{
	return s->seen.midstream || s->desync || (!s->client && !s->inside);
}

/* Take one line of the reply to EHLO into the list s->filling, and its end: with a refusal nothing
 * was listed. Views of the item are copied. */
void session_ehlo_line(struct session *s, const struct smtp_item *i);
void session_ehlo_done(struct session *s, const struct smtp_item *i, struct flow_mark m);

/* The 220 that a late start took for the answer to a STARTTLS was the greeting, when the list that
 * came next says so: it names the same host, or still offers STARTTLS. */
void session_starttls_was_greeting(struct session *s);

/* A login in clear of which lines were not captured. Its 334 with what it asks for (views are not
 * kept); a reply that may end it, when its command is not known; an AUTH line that the snap length
 * cut, as smtp_client_cut_auth() gives it. */
void session_login_prompt(struct session *s, struct bytes text, struct flow_mark m);
void session_login_over(struct session *s, uint16_t code, struct flow_mark m);
void session_login_cut(struct session *s, const struct smtp_auth *cut, struct flow_mark m);

/* The text of a reply without what may be an echoed secret: a view of `text`, or of `room` when
 * something was taken out. */
struct bytes session_without_echo(const struct session *s, struct bytes text, uint16_t code,
				  char room[CAP_REPLY_TEXT + 8]);

#endif
