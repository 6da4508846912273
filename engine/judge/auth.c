/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Authentication (docs/findings.md#auth; RFC 4954): what was tried, what it gave away, who refused.
 * The facts CLEAR_* speak of bytes that crossed the network readable; a mirror that decrypts is
 * told apart by the rules.
 */
#include "judge/judge.h"
#include "base/code.h"

/* Whether TLS was begun before the capture is not known: neither the greeting nor a list that
 * offers STARTTLS was seen. */
static bool start_unseen(const struct seen *n)
{
	return n->midstream && !n->banner.frame && !n->ehlo.has_starttls;
}

static bool password(struct judge *j)
{
	const struct seen_auth *a = &j->seen->mail->auth;
	enum fact fact = a->password.frame ? FACT_CLEAR_PASSWORD : FACT_CLEAR_PASSWORD_LIKELY;

	if (a->password.frame || a->password_likely.frame)
		judge_seen(j, fact, &a->user);
	bool token = a->mech == SMTP_MECH_XOAUTH2 || a->mech == SMTP_MECH_OAUTHBEARER;
	if (token && a->tries == 1) /* of several logins another one may have had the password */
		judge_seen(j, FACT_CLEAR_TOKEN, &a->at);
	judge_seen(j, fact, &a->prompt);
	judge_seen(j, fact, a->password.frame ? &a->password : &a->password_likely);
	return a->password.frame || a->password_likely.frame;
}

static void exposure(struct judge *j)
{
	const struct seen_auth *a = &j->seen->mail->auth;
	if (j->seen->mirror)
		return; /* on the real wire it was inside TLS (C07) */
	if (start_unseen(j->seen))
		judge_set(j, FACT_CLEAR_UNPROVEN, j->flow->first_frame);
	if (password(j))
		return;
	if (a->hash.frame)
		judge_set(j, FACT_CLEAR_HASH, a->hash.frame);
	else if (a->user.frame)
		judge_set(j, FACT_CLEAR_USER, a->user.frame);
}

static void mechanism(struct judge *j)
{
	const struct seen_auth *a = &j->seen->mail->auth;
	switch (a->mech) {
	case SMTP_MECH_LOGIN:
		judge_set(j, FACT_AUTH_BASIC, a->at.frame);
		break;
	case SMTP_MECH_PLAIN: /* Basic too, and not offered by Microsoft 365
				 (docs/microsoft-365.md#ehlo-lists) */
		judge_set(j, FACT_AUTH_BASIC, a->at.frame);
		judge_set(j, FACT_AUTH_OTHER_MECH, a->at.frame);
		break;
	case SMTP_MECH_XOAUTH2:
	case SMTP_MECH_OAUTHBEARER:
		judge_set(j, FACT_AUTH_XOAUTH2, a->at.frame);
		break;
	case SMTP_MECH_NONE: /* its line was not captured */
		break;
	default:
		facts_say(j->facts, FACT_AUTH_OTHER_MECH, a->at.frame, smtp_mech_name(a->mech));
	}
}

void judge_auth(struct judge *j)
{
	const struct seen *n = j->seen;
	const struct seen_auth *a = &n->mail->auth;
	const struct seen_ehlo *list = n->inner ? n->inner : &n->ehlo;

	if (list->has_auth)
		judge_set(j, FACT_AUTH_LISTED, list->reply.frame);
	else if (list->complete && (n->inner || n->starttls_code != CODE_READY))
		judge_set(j, FACT_AUTH_NOT_LISTED, list->reply.frame);
	if (list->has_auth && n->mail->mail.frame && !a->at.frame)
		judge_set(j, FACT_AUTH_NOT_TRIED, n->mail->mail.frame);
	exposure(j); /* also when only the answers of the exchange were captured */
	if (!a->at.frame)
		return;
	judge_set(j, FACT_AUTH_SENT, a->at.frame);
	mechanism(j);
	judge_seen(j, FACT_AUTH_ACCEPTED, &a->accepted);
	if (a->refused.frame && !(a->cancelled && a->refused_code == CODE_BAD_ARGUMENT))
		judge_set(j, FACT_AUTH_REFUSED, a->refused.frame);
	bool clear = n->mail->auth_clear.frame && !n->mirror;
	if (clear && j->flow->server_port == 25)
		judge_set(j, FACT_AUTH_CLEAR_25, n->mail->auth_clear.frame);
	/* 504, 503, 530, 538 to AUTH in clear: the server wants TLS first (RFC 4954 4, 6). */
	if (clear && a->refused.frame && !a->accepted.frame &&
	    (a->refused_code == CODE_BAD_PARAMETER || a->refused_code == CODE_BAD_SEQUENCE ||
	     a->refused_code == CODE_LOGIN_REQUIRED || a->refused_code == CODE_ENCRYPTION_REQUIRED))
		judge_set(j, FACT_AUTH_BEFORE_TLS_REFUSED, a->refused.frame);
	if (a->user_seen && !a->user_is_upn)
		judge_set(j, FACT_USER_NOT_UPN, a->user.frame ? a->user.frame : a->at.frame);
	if (a->challenge_json)
		judge_set(j, FACT_OAUTH_ERROR_JSON, a->challenge_json_at.frame);
}
