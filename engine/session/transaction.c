/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A mail transaction (RFC 5321 3.3): MAIL, RCPT and the message. What the body looked like, when a
 * transaction was refused for good, and the stage that could then not be completed.
 */
#include "session/state.h"

void seen_failed_in(struct seen *n, enum stage stage, struct seen_at at, bool odd)
{
	if (n->failed != STAGE_NONE && (odd || !n->failed_odd))
		return;
	n->failed = stage;
	n->failed_at = at;
	n->failed_odd = odd;
}

void seen_transaction_failed(struct seen *n, struct seen_mail *mail, enum stage stage,
			     struct seen_at at)
{
	mail->refused_messages++;
	seen_failed_in(n, stage, at, false);
}

void session_envelope(struct session *s, struct bytes address)
{
	s->envelope = s->envelope * 16777619u + 1;
	while (bytes_left(&address))
		s->envelope = (s->envelope ^ (uint8_t)g_ascii_tolower((char)bytes_u8(&address))) *
			      16777619u;
}

void session_transaction_repeated(struct session *s)
{
	struct seen_mail *mail = session_mail(s);
	if (mail->refused_messages != 1 || !s->envelope || s->envelope != s->refused_envelope)
		return;
	mail->refused_messages = 0;
	s->seen.failed = STAGE_NONE;
}

void session_transaction_failed(struct session *s)
{
	s->refused_envelope = s->envelope;
	seen_transaction_failed(&s->seen, session_mail(s), s->transaction_stage, s->transaction_at);
}

/* A transaction that was refused and not repaired ends here. */
void session_end_transaction(struct session *s)
{
	if (s->transaction_refused)
		session_transaction_failed(s);
	s->transaction_refused = false;
	s->rcpt_ok = 0;
}

void session_body_shape(struct session *s, const struct smtp_body *b, struct flow_mark m)
{
	struct seen_mail *mail = session_mail(s);
	if (b->bdat)
		return;
	if (b->bare_lf && !mail->bare_lf.frame) {
		mail->bare_lf = seen_at(m);
		mail->bare_lf_count = b->bare_lf;
		mail->bare_lf_offset = b->bare_lf_at;
	}
	if (b->smuggling)
		seen_first(&mail->smuggling, m);
}

void session_body_unfinished(struct session *s, struct flow_mark m)
{
	const struct smtp_client *c = s->inside ? s->inner_client : s->client;
	if (!s->body_open || !c || smtp_client_expecting(c) != SMTP_EXPECT_DATA)
		return;
	struct smtp_body b = smtp_client_body(c);
	if (b.bdat || b.gap || !b.odd_end_at || b.odd_end_at != b.bytes)
		return;
	session_body_shape(s, &b, m);
	seen_first(&session_mail(s)->odd_end, m);
}

/* Was the message in hand refused for good? While recipients were taken and the connection is open
 * it may still come. */
bool session_transaction_over(const struct session *s, const struct flow *f)
{
	const struct flow_side *c = &f->side[FLOW_C2S], *s2c = &f->side[FLOW_S2C];
	const struct seen_mail *mail = s->seen.mail;
	/* Of several recipients the reply to another one may be among the bytes that are missing.
	 */
	if (s->transaction_refused && s->desync && s->transaction_stage == STAGE_RCPT &&
	    (mail->to_count > 1 || mail->rcpt_accepted.frame))
		return false;
	return s->transaction_refused && (!s->rcpt_ok || s->transaction_stage == STAGE_DATA ||
					  flow_left(c, s2c) || flow_left(s2c, c));
}
