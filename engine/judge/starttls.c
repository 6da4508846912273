/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * STARTTLS (docs/findings.md#starttls; RFC 3207). Absence is a fact only when the whole reply was
 * seen.
 */
#include "judge/judge.h"
#include "base/code.h"

#define PATIENCE (10 * SEGMENT_SECOND)

static void hello(struct judge *j)
{
	const struct seen *n = j->seen;
	const struct seen_ehlo *e = &n->ehlo;

	if (e->command.frame)
		judge_set(j, e->extended ? FACT_EHLO_SENT : FACT_HELO_SENT, e->command.frame);
	judge_seen(j, FACT_EHLO_REFUSED, &n->odd->ehlo_refused);
	if (n->odd->helo_after_ehlo.frame) /* both were sent */
		judge_set(j, FACT_EHLO_SENT, n->odd->ehlo_refused.frame);
	if (!e->extended || !e->complete || e->code != CODE_OK)
		return;
	judge_set(j, FACT_EHLO_REPLY_COMPLETE, e->reply.frame);
	if (e->has_starttls)
		judge_set(j, FACT_STARTTLS_OFFERED, e->reply.frame);
	else if (!e->starttls_first_line)
		judge_set(j, FACT_STARTTLS_NOT_IN_LIST, e->reply.frame);
	if (e->starttls_first_line)
		judge_set(j, FACT_STARTTLS_IN_FIRST_LINE, e->reply.frame);
	if (e->masked && !e->has_starttls)
		facts_say(j->facts, FACT_STARTTLS_MASKED, e->reply.frame,
			  judge_words(j, "the list has \"%s\" and no STARTTLS", e->masked));
	if (e->has_auth)
		judge_set(j, FACT_AUTH_OFFERED_CLEAR, e->reply.frame);
	if (e->auth_plain || e->auth_login)
		judge_set(j, FACT_PASSWORD_OFFERED_CLEAR, e->reply.frame);
}

static void command(struct judge *j)
{
	const struct seen *n = j->seen;
	uint64_t until = judge_until(j);
	uint16_t code = n->starttls_code;

	judge_seen(j, FACT_STARTTLS_SENT, &n->starttls);
	judge_seen(j, FACT_STARTTLS_COMMAND_MASKED, &n->odd->masked_command);
	if (!n->starttls.frame)
		return;
	if (code == CODE_READY) {
		judge_set(j, FACT_STARTTLS_ACCEPTED, n->starttls_reply.frame);
	} else if (code) { /* only 220 is a yes; a box that strips TLS may say 200 (RFC 3207 4) */
		if (code_refuses(code))
			facts_say(j->facts, FACT_STARTTLS_REFUSED, n->starttls_reply.frame,
				  judge_words(j, "%u to STARTTLS", code));
		if ((!code_refuses(code) ||
		     (code >= CODE_UNRECOGNIZED && code <= CODE_NOT_IMPLEMENTED)) &&
		    n->ehlo.has_starttls && !n->starttls_after_mail)
			judge_set(j, FACT_STARTTLS_UNKNOWN_COMMAND, n->starttls_reply.frame);
	} else if (!code && !n->odd->gap.frame && !j->flow->one_sided &&
		   j->flow->side[FLOW_S2C].last_new_ns <= n->starttls.ns &&
		   ns_since(until, n->starttls.ns) >= PATIENCE) {
		facts_say(j->facts, FACT_STARTTLS_NO_REPLY, n->starttls.frame,
			  judge_words(j, "no reply in %.0f s",
				      (double)ns_since(until, n->starttls.ns) / 1e9));
	}
	if (n->tls_before_220)
		judge_set(j, FACT_TLS_BEFORE_220, n->first_tls[FLOW_C2S].frame);
}

/* 220 was given and no ClientHello came: the client left, or waits for 10 s or more (S11). */
static void no_client_hello(struct judge *j)
{
	const struct seen *n = j->seen;
	const struct flow_side *c = &j->flow->side[FLOW_C2S];
	bool left = c->fin_frame || c->rst_frame;

	if (n->starttls_code != CODE_READY || n->first_tls[FLOW_C2S].frame ||
	    n->odd->plain_after_220.frame || n->readable_tls || n->tls->bad[FLOW_C2S].frame ||
	    j->flow->one_sided || c->bytes == 0 || n->odd->gap_c2s)
		return;
	if (c->last_new_ns > n->starttls_reply.ns || c->stuck_len)
		return;
	if (left || ns_since(judge_until(j), n->starttls_reply.ns) >= PATIENCE)
		judge_set(j, FACT_NO_CLIENT_HELLO, n->starttls_reply.frame);
}

/* The client goes on in clear text where TLS should begin, and nobody answers it (X28). With an
 * answer it is a mirror that decrypts, or a server that meant no TLS. */
static bool text_for_tls(const struct judge *j)
{
	const struct seen *n = j->seen;
	uint32_t text = n->odd->plain_after_220.frame;
	return text && !n->first_tls[FLOW_C2S].frame && !j->flow->one_sided && !n->readable_tls &&
	       !(n->last_set && n->last.at.frame > text) && judge_has(j, FACT_CLOSE_SEEN);
}

static void clear_text(struct judge *j)
{
	const struct seen *n = j->seen;

	if (!n->mirror) { /* what a mirror decrypted was never readable on the wire (C07) */
		judge_seen(j, FACT_CLEAR_MAIL, &n->mail->mail_clear);
		judge_seen(j, FACT_CLEAR_AUTH, &n->mail->auth_clear);
		judge_seen(j, FACT_CLEAR_AFTER_TLS_FAILED, &n->mail->mail_after_tls_failed);
	}
	if (n->starttls_code == CODE_READY && n->odd->pipelined.frame &&
	    n->odd->pipelined.frame <= n->starttls_reply.frame)
		facts_say(j->facts, FACT_INJECTION_C2S, n->odd->pipelined.frame,
			  judge_words(j, "%s right behind STARTTLS", n->odd->pipelined_words));
	if (n->odd->s2c_clear.frame && !n->odd->gap.frame && !n->midstream &&
	    !j->flow->one_sided) /* else its command may be lost */
		facts_say(
			j->facts, FACT_INJECTION_S2C, n->odd->s2c_clear.frame,
			judge_words(j, "\"%s\" between the 220 and TLS", n->odd->s2c_clear_words));
	if (n->starttls_code == CODE_READY && !n->mirror && !n->odd->gap.frame && text_for_tls(j))
		judge_set(j, FACT_TLS_GARBAGE, n->odd->plain_after_220.frame);
	bool begun = n->starttls.frame || !n->midstream; /* else the 220 may be a greeting */
	if (n->starttls_code == CODE_READY && !n->mirror && !n->odd->gap.frame && begun)
		for (int d = 0; d < 2; d++)
			if (n->tls->bad[d].frame && !n->first_tls[d].frame)
				judge_set(j, FACT_TLS_GARBAGE, n->tls->bad[d].frame);
	judge_seen(j, FACT_NO_SECOND_EHLO, &n->odd->no_second_ehlo);
	judge_seen(j, FACT_TLS_FAILED_THEN_454, &n->tls->text_after_alert);
}

/* What the server offered before TLS is not known, because bytes of the dialogue are missing: what
 * the client did may have been all that it could do. */
static bool list_unseen(const struct judge *j)
{
	const struct seen *n = j->seen;
	bool holes = judge_has(j, FACT_ONE_SIDED) || judge_has(j, FACT_MIDSTREAM) ||
		     judge_has(j, FACT_STREAM_GAP) || judge_has(j, FACT_SNAPPED);
	return holes && !n->ehlo.complete && !n->mirror && !n->inner && !n->tls->client.at.frame;
}

void judge_starttls(struct judge *j)
{
	if (list_unseen(j))
		judge_set(j, FACT_LIST_UNSEEN,
			  j->seen->odd->gap.frame ? j->seen->odd->gap.frame : j->flow->first_frame);
	hello(j);
	command(j);
	no_client_hello(j);
	clear_text(j);
}
