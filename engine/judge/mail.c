/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Replies and the mail transaction (docs/findings.md#m365): each refusal to the fact of its row,
 * and what the client itself did wrong.
 */
#include "judge/judge.h"
#include "base/code.h"

#include <stdio.h>
#include <string.h>

/* A row belongs to the peer it was written for. */
static const struct reply_row *row_of(const struct judge *j, const struct seen_reply *r)
{
	return r->rows.by[j->speaker];
}

/* What RFC 3463 says of a reply that has no row. */
static const char *class_of(const struct seen_reply *r)
{
	struct smtp_reply codes = { .code = r->code };
	unsigned k, s, d;
	if (r->enhanced && sscanf(r->enhanced, "%1u.%3u.%3u", &k, &s, &d) == 3) {
		codes.enhanced = true;
		codes.klass = (uint8_t)k;
		codes.subject = (uint16_t)s;
		codes.detail = (uint16_t)d;
	}
	return replies_rfc3463(r->code, &codes);
}

/* Most refusals in the greeting say no more than that; these name their reason. */
static bool greeting_explains(const struct reply_row *row)
{
	return row && row->sentence &&
	       (row->fact == FACT_REPLY_BAD_SEQUENCE || row->fact == FACT_REPLY_IP_BLOCKED);
}

static bool handled_elsewhere(const struct judge *j, const struct seen_reply *r,
			      const struct reply_row *row)
{
	const struct seen_auth *a = &j->seen->mail->auth;
	const struct seen *n = j->seen;
	bool no_hello = r->code == CODE_BAD_SEQUENCE && !n->ehlo.command.frame &&
			!n->odd->gap.frame && !n->midstream; /* O25: STARTTLS before EHLO */
	if (r->stage == STAGE_BANNER)
		return !code_is_permanent(r->code) || !greeting_explains(row); /* T11, B01 */
	if ((r->stage == STAGE_STARTTLS && !n->starttls_after_mail && !no_hello))
		return true; /* S06 */
	if (r->stage == STAGE_EHLO && j->seen->odd->ehlo_refused.frame == r->at.frame &&
	    r->code != CODE_BAD_ARGUMENT)
		return true; /* S14 */
	return r->stage == STAGE_AUTH && a->cancelled && r->code == CODE_BAD_ARGUMENT;
}

/* Refused because TLS is missing: the reply came in clear and wants STARTTLS, or is what the
 * server says to AUTH or MAIL that should have been inside (docs/microsoft-365.md#replies-connect).
 */
static bool wants_tls(const struct judge *j, const struct seen_reply *r,
		      const struct reply_row *row)
{
	if (r->in_tls || j->seen->mirror || j->seen->tls->established)
		return false;
	if (row && row->fact == FACT_STARTTLS_REQUIRED)
		return true;
	if (r->stage == STAGE_AUTH)
		return r->code == CODE_BAD_PARAMETER || r->code == CODE_ENCRYPTION_REQUIRED ||
		       r->code == CODE_LOGIN_REQUIRED;
	return r->stage == STAGE_MAIL && row && row->fact == FACT_REPLY_NOT_AUTHENTICATED;
}

/* A reply whose text is cut off: does what is left say all that matters? "Client not authenticated"
 * may go on with the reason, and a code alone stands for many. */
static bool whole_without_its_end(const struct reply_row *row)
{
	return row && row->fact != FACT_REPLY_NOT_AUTHENTICATED && (row->sentence || row->klass);
}

/* The server has too many recipients, and the whole session shows one: it slows the sender down. */
static bool too_many_of_one(const struct judge *j)
{
	return j->seen->mail->to_count == 1 && !j->seen->odd->gap.frame && !j->flow->midstream &&
	       !j->flow->one_sided;
}

/* The fact of a row, told apart by where it came. */
static enum fact fact_of(const struct judge *j, const struct reply_row *row,
			 const struct seen_reply *r)
{
	if (row->fact == FACT_REPLY_TOO_MANY_RCPT && too_many_of_one(j))
		return FACT_REPLY_THROTTLED;
	if (row->fact == FACT_REPLY_TEMPORARY && r->stage == STAGE_AUTH)
		return FACT_REPLY_TEMPORARY_LOGIN;
	return row->fact;
}

static void unknown_reply(struct judge *j, const struct seen_reply *r, const char *words)
{
	if (r->stage == STAGE_AUTH && r->code == CODE_BAD_CREDENTIALS)
		facts_say(j->facts, FACT_REPLY_AUTH_573, r->at.frame, words);
	else
		facts_say(j->facts,
			  !code_is_permanent(r->code) ? FACT_REPLY_UNKNOWN_LATER
						      : FACT_REPLY_UNKNOWN,
			  r->at.frame, judge_words(j, "%s (%s)", words, class_of(r)));
}

static void one_reply(struct judge *j, const struct seen_reply *r)
{
	const struct reply_row *row = row_of(j, r);
	const char *words = judge_words(j, "%u%s%s %s%s", r->code, r->enhanced ? " " : "",
					r->enhanced ? r->enhanced : "", r->text,
					r->cut ? " (cut off in the capture)" : "");

	if (r->consequence || handled_elsewhere(j, r, row))
		return;
	if (r->cut)
		judge_set(j, FACT_REPLY_CUT, r->at.frame);
	if (wants_tls(j, r, row)) {
		judge_set(j, FACT_NEEDS_TLS_REPLY, r->at.frame);
		if (r->stage == STAGE_AUTH && r->unsolicited) /* its AUTH was not captured */
			judge_set(j, FACT_AUTH_BEFORE_TLS_REFUSED, r->at.frame);
	}
	if (r->cut && r->code != CODE_BAD_CREDENTIALS && r->code != CODE_BAD_PARAMETER &&
	    !whole_without_its_end(row))
		return; /* U02 */
	if (row && row->fact == FACT_REPLY_IPV6 && j->flow->client.family == 6)
		judge_set(j, FACT_IPV6_ONLY_PATH, r->at.frame); /* N07 */
	if (!row) {
		unknown_reply(j, r, words);
		return;
	}
	if (!r->unsolicited && !r->has_verb)
		judge_set(j, FACT_COMMAND_UNKNOWN, r->at.frame);
	enum fact fact = fact_of(j, row, r);
	bool own = fact != FACT_REPLY_THROTTLED || row->fact == fact;
	facts_reply(j->facts, fact, r->at.frame, words, own ? row : NULL, r->cut);
	if (judge_has(j, FACT_CLASS_HVE) &&
	    (r->stage == STAGE_RCPT || (r->stage == STAGE_AUTH && r->code == CODE_BAD_ARGUMENT)))
		judge_set(j, FACT_HVE_REFUSED, r->at.frame);
}

/* A name that RFC 5321 4.1.1.1 does not allow, or one that says nothing: the server's own name too.
 */
static const char *bad_name(const struct judge *j, const char *name)
{
	const struct seen *n = j->seen;
	if (!*name)
		return "empty";
	if (name[0] == '[')
		return NULL;
	if (!g_ascii_strcasecmp(name, "localhost") || g_str_has_prefix(name, "localhost."))
		return "localhost";
	if (n->banner_host && !g_ascii_strcasecmp(name, n->banner_host))
		return "the server's own name";
	if (strspn(name, "0123456789.") == strlen(name) || strchr(name, ':'))
		return "an address without brackets";
	if (strpbrk(name, "_ \\/@,;()<>\"'") || strstr(name, "..") || name[0] == '.' ||
	    name[0] == '-')
		return "characters that no host name has";
	return NULL;
}

static const char *domain_of(const char *address)
{
	const char *at = strrchr(address, '@');
	return at && at[1] ? at + 1 : NULL;
}

/* Is the sender's domain another one than the recipient's, on the MX endpoint (O22)? */
static void sender_domain(struct judge *j)
{
	const struct seen *n = j->seen;
	const char *from = n->mail->from_count ? domain_of(n->mail->from[0]) : NULL;
	if (!j->mx || !from)
		return;
	for (unsigned i = 0; i < n->mail->to_count; i++) {
		const char *to = domain_of(n->mail->to[i]);
		if (to && g_ascii_strcasecmp(from, to)) {
			facts_say(j->facts, FACT_SENDER_OTHER_DOMAIN, n->mail->mail.frame,
				  judge_words(j, "sender in %s, recipient in %s", from, to));
			return;
		}
	}
}

static void client_side(struct judge *j)
{
	const struct seen *n = j->seen;
	const char *why = n->ehlo.command.frame && n->ehlo.name ? bad_name(j, n->ehlo.name) : NULL;

	if (why && !(n->odd->gap.frame && n->odd->gap_c2s))
		facts_say(j->facts, FACT_BAD_HELO_NAME, n->ehlo.command.frame,
			  judge_words(j, "\"%s\": %s", n->ehlo.name, why));
	judge_seen(j, FACT_MAIL_NO_BRACKETS, &n->mail->no_brackets);
	if (n->mail->too_big.frame)
		facts_say(j->facts, FACT_SIZE_OVER, n->mail->too_big.frame,
			  judge_words(j,
				      "%" G_GUINT64_FORMAT
				      " bytes, the server takes %" G_GUINT64_FORMAT,
				      MAX(n->mail->declared_size, n->mail->body_bytes),
				      n->inner ? n->inner->size : n->ehlo.size));
	if (n->mail->bare_lf.frame)
		facts_say(j->facts, FACT_BARE_LF, n->mail->bare_lf.frame,
			  judge_words(j,
				      "%u line feeds without carriage return, the first at byte "
				      "%" G_GUINT64_FORMAT " of the message",
				      n->mail->bare_lf_count, n->mail->bare_lf_offset));
	judge_seen(j, FACT_SMUGGLING, &n->mail->smuggling);
	judge_seen(j, FACT_BODY_END_ODD, &n->mail->odd_end);
	sender_domain(j);
}

void judge_mail(struct judge *j)
{
	const struct seen *n = j->seen;
	for (unsigned i = 0; i < n->reply_count; i++)
		one_reply(j, &n->replies[i]);
	client_side(j);
	judge_seen(j, FACT_MAIL_SENT, &n->mail->mail);
	judge_seen(j, FACT_RCPT_ACCEPTED, &n->mail->rcpt_accepted);
	judge_seen(j, FACT_DATA_STARTED, &n->mail->data_start);
	judge_seen(j, FACT_ACCEPTED, &n->mail->accepted);
	judge_seen(j, FACT_QUIT_SENT, &n->mail->quit);
	if (n->failed != STAGE_NONE)
		judge_set(j, FACT_REFUSED, n->failed_at.frame);
}
