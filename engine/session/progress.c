/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a reply means for the progress of a session: what it opens, refuses or repairs (RFC 5321
 * 4.3.2 lists the replies of each command). Which command it answers was decided by
 * replies.c.
 */
#include "session/replies.h"
#include "base/code.h"

#include <string.h>

/* Tell the client's decoder what follows; it does not exist when only the server was captured. */
static void expect(struct session *s, enum smtp_expect what)
{
	struct smtp_client *c = s->inside ? s->inner_client : s->client;
	if (c)
		smtp_client_expect(c, what);
}

static void refused(struct session *s, const struct seen_reply *r)
{
	bool odd = !r->unsolicited && r->stage != STAGE_STARTTLS &&
		   (!r->has_verb || r->verb >= SMTP_VERB_PROXY);
	/* Its command was not captured: what follows shows how it went on, unless it is one that
	 * only a transaction is refused with. */
	bool blind = r->unsolicited && session_is_blind(s);
	bool letter = r->code == 450 || r->code == 452 || (r->code >= 550 && r->code <= 554);
	bool of_transaction = r->stage >= STAGE_MAIL && r->stage <= STAGE_DATA && letter;
	if (blind && r->code >= CODE_UNRECOGNIZED && r->code <= CODE_NOT_IMPLEMENTED)
		return; /* a word that it does not know, or a login that was cancelled */
	odd |= blind && !s->seen.mail->mail.frame && !of_transaction;
	if (odd) { /* it belongs to no transaction */
		if (!s->transaction_refused)
			seen_failed_in(&s->seen, r->stage, r->at, true);
		return;
	}
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
		seen_failed_in(&s->seen, r->stage, r->at, false);
	}
}

/* A later success repairs an earlier refusal that the client got around. */
static void repaired(struct session *s, enum stage up_to)
{
	if (s->seen.failed == STAGE_NONE || s->seen.mail->refused_messages)
		return;
	if (s->seen.failed <= up_to || s->seen.failed_odd)
		s->seen.failed = STAGE_NONE;
}

static void message_accepted(struct session *s, struct flow_mark m)
{
	struct seen_mail *mail = session_mail(s);
	seen_first(&mail->accepted, m);
	mail->messages++;
	mail->body_reply = seen_at(m);
	s->transaction_refused = false;
	s->rcpt_ok = 0;
	session_transaction_repeated(s);
	repaired(s, STAGE_AUTH);
	session_reach(s, STAGE_ACCEPTED);
	session_step(s, "accepted");
}

/* What a server says to AUTH that may not come yet (RFC 4954 4 and 6, RFC 5321 4.2.2). */
static bool wants_tls_first(uint16_t code)
{
	return code == CODE_NOT_AVAILABLE || code == CODE_UNRECOGNIZED ||
	       (code >= CODE_NOT_IMPLEMENTED && code <= CODE_BAD_PARAMETER) ||
	       code == CODE_LOGIN_REQUIRED || code == CODE_ENCRYPTION_REQUIRED;
}

static void auth_reply(struct session *s, const struct smtp_item *i, const struct seen_reply *r,
		       struct flow_mark m)
{
	struct seen_auth *a = &session_mail(s)->auth;
	s->auth_open = false;
	expect(s, SMTP_EXPECT_COMMAND);
	if (i->code == CODE_AUTHENTICATED) {
		a->entertained = true;
		a->accepted = seen_at(m);
		repaired(s, STAGE_AUTH);
		session_reach(s, STAGE_AUTH);
	} else if (code_refuses(i->code)) {
		a->entertained |= !wants_tls_first(i->code);
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
	if (i->code == CODE_READY) {
		session_reach(s, STAGE_STARTTLS);
		if (s->queue) /* what was pipelined behind it is discarded by the server (RFC
				 3207 4.2) */
			g_array_set_size(s->queue, 0);
	} else {
		refused(s, r);
	}
}

/* DATA is answered: the body follows, or a command. */
static void data_reply(struct session *s, bool good, struct flow_mark m)
{
	if (good)
		session_mail(s)->data_start = seen_at(m);
	s->body_open = good;
	expect(s, good ? SMTP_EXPECT_DATA : SMTP_EXPECT_COMMAND);
}

/* MAIL that is taken repairs AUTH; EHLO or HELO that is taken repairs EHLO. */
static void stage_taken(struct session *s, enum stage stage)
{
	if (stage != STAGE_MAIL && stage != STAGE_RCPT && stage != STAGE_EHLO &&
	    stage != STAGE_EHLO2)
		return;
	repaired(s, stage == STAGE_MAIL ? STAGE_AUTH : stage);
	session_reach(s, stage);
}

void session_answered(struct session *s, const struct smtp_item *i, const struct session_command *c,
		      const struct seen_reply *r, struct flow_mark m)
{
	bool good = !code_refuses(i->code);

	if (c->body || c->last_chunk) {
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
	case SMTP_VERB_X_EXPS:
		auth_reply(s, i, r, m);
		return;
	case SMTP_VERB_XEXCH50:
		if (i->code == CODE_START_INPUT)
			expect(s, SMTP_EXPECT_DATA);
		break;
	case SMTP_VERB_DATA:
		data_reply(s, good, m);
		break;
	case SMTP_VERB_RCPT:
		if (good) {
			s->rcpt_ok++;
			seen_first(&session_mail(s)->rcpt_accepted, m);
		}
		break;
	default:
		break;
	}
	if (good)
		stage_taken(s, r->stage);
	else
		refused(s, r);
}

/* "250 2.6.0 <id> Queued mail for delivery", "250 2.0.0 Ok: queued as 4XyZ", "Message accepted for
 * delivery": only a message is answered so (RFC 3463 3.7: X.6.0 is about the content). */
static bool answers_message(const struct smtp_item *i)
{
	static const char *const words[] = { "queued", "for delivery" };
	const struct smtp_reply *r = &i->reply;
	bool said = r->enhanced && r->subject == 6 && r->detail == 0;

	for (size_t k = 0; k < G_N_ELEMENTS(words) && !said; k++)
		said = bytes_left(&r->text) && g_strstr_len((const char *)r->text.at,
							    (gssize)bytes_left(&r->text), words[k]);
	return i->code == CODE_OK && said;
}

/* What a reply proves by itself when its command was not captured (RFC 3463: X.1.0, X.1.5). */
static void progress_by_code(struct session *s, const struct smtp_item *i, struct flow_mark m)
{
	const struct smtp_reply *r = &i->reply;

	if (!session_is_blind(s))
		return;
	if (i->code == CODE_AUTHENTICATED) {
		repaired(s, STAGE_AUTH);
		session_reach(s, STAGE_AUTH);
	} else if (answers_message(i)) {
		message_accepted(s, m);
	} else if (i->code == CODE_START_INPUT) {
		seen_first(&session_mail(s)->data_start, m);
		s->body_open = true;
		expect(s, SMTP_EXPECT_DATA);
	} else if (i->code == CODE_OK && r->enhanced && r->subject == 1 && r->detail == 0) {
		session_end_transaction(s); /* another one begins */
		repaired(s, STAGE_AUTH);
		session_reach(s, STAGE_MAIL);
	} else if (i->code == CODE_OK && r->enhanced && r->subject == 1 && r->detail == 5) {
		seen_first(&session_mail(s)->rcpt_accepted, m);
		session_reach(s, STAGE_RCPT);
	}
}

void session_challenge(struct session *s, const struct smtp_item *i, struct flow_mark m)
{
	struct seen_auth *a = &session_mail(s)->auth;
	if (bytes_starts(&i->text, "eyJ", 3) && !a->challenge_json) {
		a->challenge_json = true;
		a->challenge_json_at = seen_at(m);
	}
	a->entertained = true;
	session_login_prompt(s, i->text, m);
	struct smtp_client *c = s->inside ? s->inner_client : s->client;
	if (c)
		smtp_client_prompt(c, i->text);
	expect(s, SMTP_EXPECT_AUTH);
}

static bool says_timeout(struct bytes text)
{
	for (; bytes_left(&text); bytes_take(&text, 1))
		if (bytes_starts(&text, "timeout", 7) || bytes_starts(&text, "timed out", 9))
			return true;
	return false;
}

/* A server that is tired of waiting says so unasked, most often by 421 (RFC 5321 3.8), Exchange by
 * 451: when all messages were taken, nothing failed. */
static bool goodbye(const struct session *s, const struct smtp_item *i)
{
	const struct seen_mail *mail = s->seen.mail;
	bool open = mail->mail.frame > mail->body_reply.frame;
	if (session_is_blind(s) && (i->code == CODE_NOT_AVAILABLE || i->code == 451) && !open &&
	    !s->body_open && says_timeout(i->reply.text))
		return true; /* what it took before is not known */
	return mail->messages && !open && !s->body_open &&
	       (i->code == CODE_NOT_AVAILABLE || (i->code == 451 && !session_is_blind(s)));
}

void session_unasked(struct session *s, const struct smtp_item *i, const struct seen_reply *r,
		     struct flow_mark m)
{
	if (session_is_blind(s) && i->code == CODE_CHALLENGE)
		session_login_prompt(s, i->text, m);
	else if (session_is_blind(s))
		session_login_over(s, i->code, m);
	if (s->body_open) {
		/* The end mark was lost, or the server gave up in the middle: the body is over. */
		if (code_refuses(i->code))
			session_body_unfinished(s, m);
		s->body_open = false;
		expect(s, SMTP_EXPECT_COMMAND);
		if (i->code == CODE_OK)
			message_accepted(s, m);
		else if (code_refuses(i->code))
			refused(s, r);
	} else if (i->code == CODE_READY && (s->desync || s->seen.midstream)) {
		starttls_reply(s, i, r, m); /* nothing else is answered so; the command was lost */
		if (!i->reply.enhanced)	    /* no greeting has an enhanced code (RFC 2034 4) */
			s->maybe_greeting = session_keep(s, i->reply.text, CAP_FIELD);
	} else if (!code_refuses(i->code)) {
		progress_by_code(s, i, m);
	} else if (!goodbye(s, i)) {
		refused(s, r);
	}
}
