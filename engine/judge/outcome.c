/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How far the session came, where it stopped and how it ended (docs/ARCHITECTURE.md#stages), and
 * which of the three ways of sending it was. Runs after all other facts.
 */
#include "judge/judge.h"
#include "base/code.h"

#include <string.h>

#define HAS(x) judge_has(j, FACT_##x)

/* Where a handshake that failed stopped. */
static enum stage tls_stage(const struct judge *j)
{
	const struct seen_tls *t = j->seen->tls;
	if (HAS(ALERT_CLIENT_CERT))
		return STAGE_CERTIFICATE; /* it came, though it may not have been captured */
	if (!t->client.at.frame)
		return STAGE_CLIENT_HELLO;
	if (!t->server.at.frame)
		return STAGE_SERVER_HELLO;
	if (HAS(CLIENT_LEFT_AFTER_CERT) || HAS(CLIENT_REFUSED_13))
		return STAGE_CERTIFICATE;
	if (HAS(SENTINEL_ATTACK) || HAS(ALERT_INAPPROPRIATE_FALLBACK))
		return STAGE_SERVER_HELLO; /* what the client did not like stands in the hello */
	if (!t->client_key.frame && !t->ccs[FLOW_C2S].frame)
		return STAGE_CERTIFICATE;
	return STAGE_FINISHED;
}

/* A failure that needs no reply to be proven. */
static enum stage silent_failure(const struct judge *j)
{
	if (HAS(SYN_NO_ANSWER) || HAS(TCP_REFUSED) || (HAS(ICMP_REJECT) && !HAS(TCP_CONNECTED)))
		return STAGE_TCP;
	if (HAS(TLS_WITHOUT_STARTTLS) && !HAS(TLS_IMPLICIT_WORKS))
		return j->seen->banner.frame ? STAGE_EHLO : STAGE_BANNER;
	if (HAS(PLAIN_REPLY_TO_TLS) && !HAS(TLS_IMPLICIT_WORKS))
		return STAGE_EHLO;
	if (HAS(PLAINTEXT_ON_465))
		return STAGE_BANNER;
	if (HAS(BANNER_421) || HAS(BANNER_554))
		return STAGE_BANNER;
	if (!j->seen->banner.frame && (HAS(NO_BANNER) || HAS(SERVER_CLOSED_EARLY)))
		return STAGE_BANNER;
	if (HAS(STARTTLS_NO_REPLY))
		return STAGE_STARTTLS;
	if (HAS(NO_CLIENT_HELLO))
		return STAGE_CLIENT_HELLO;
	if (HAS(TLS_GARBAGE))
		return tls_stage(j);
	if (HAS(TLS_FAILED) && !HAS(TLS_ESTABLISHED))
		return tls_stage(j);
	return STAGE_NONE;
}

static enum stage after(enum stage reached)
{
	switch (reached) {
	case STAGE_NONE:
	case STAGE_DNS:
		return STAGE_TCP;
	case STAGE_EHLO:
	case STAGE_EHLO2:
	case STAGE_AUTH:
	case STAGE_ACCEPTED:
		return STAGE_MAIL;
	default:
		return reached + 1;
	}
}

/* The client said its FIN, the server not yet, and there the capture ends. */
static bool half_closed(const struct judge *j)
{
	const struct flow_side *c = &j->flow->side[FLOW_C2S], *s = &j->flow->side[FLOW_S2C];
	return j->flow->end == FLOW_END_CAPTURE && c->fin_frame && !c->rst_frame &&
	       !flow_left(s, c) && ns_since(j->capture->now_ns, j->flow->last_ns) < CAP_HOLE_WAIT;
}

/* Was there a reason not to trust the server? Who leaves right after the handshake without one may
 * just have checked the port. */
static bool doubtful_certificate(const struct judge *j)
{
	return HAS(CERT_FOREIGN_ISSUER) || HAS(CERT_NAME_MISMATCH) || HAS(CERT_NAME_MISMATCH_DNS) ||
	       HAS(CERT_EXPIRED) || HAS(CERT_NOT_YET);
}

/* The connection broke in the middle: a command without reply, TLS half done, a message half sent.
 */
static enum stage broken_off(const struct judge *j)
{
	const struct seen *n = j->seen;
	const struct flow_side *c = &j->flow->side[FLOW_C2S], *s = &j->flow->side[FLOW_S2C];
	bool reset = c->rst_frame || s->rst_frame;
	bool tls_open = n->tls->client.at.frame && !n->tls->established;

	if ((n->odd->gap.frame && !HAS(MTU_BLACKHOLE)) || j->flow->one_sided || j->flow->midstream)
		return STAGE_NONE;
	if (HAS(MTU_BLACKHOLE) || HAS(IDLE_DROP) || HAS(BIG_CLIENT_HELLO) ||
	    (HAS(CLOSE_SEEN) && tls_open)) {
		if (tls_open)
			return tls_stage(j);
		if (n->tls->established)
			return STAGE_NONE; /* what was going on inside is not known */
		if (n->starttls_code == CODE_READY)
			return STAGE_CLIENT_HELLO;
		return n->pending_stage != STAGE_NONE ? n->pending_stage : after(n->reached);
	}
	if (HAS(SERVER_LEFT_AFTER_HANDSHAKE) ||
	    (HAS(CLIENT_LEFT_AFTER_HANDSHAKE) && doubtful_certificate(j)))
		return STAGE_EHLO2;
	if (n->tls->established && !n->readable_tls)
		return HAS(RST_INJECTED) ? STAGE_FINISHED : STAGE_NONE;
	if (n->pending.frame && n->mail->quit.frame && half_closed(j))
		return STAGE_NONE; /* all was sent at once, and the replies come after the capture
				    */
	if (n->pending.frame && HAS(CLOSE_SEEN) && n->pending_verb != SMTP_VERB_QUIT)
		return n->pending_stage;
	if (HAS(RST_INJECTED) ||
	    (HAS(SERVER_CLOSED) && !n->mail->quit.frame && !n->mail->accepted.frame &&
	     (reset || n->reached >= STAGE_BANNER)))
		return after(n->reached);
	if (n->mail->data_start.frame && !n->mail->body_end.frame && HAS(CLOSE_SEEN) &&
	    !n->mail->accepted.frame)
		return STAGE_DATA;
	return STAGE_NONE;
}

/* The client wanted TLS, did not find it on Microsoft 365, and left without a message. */
static bool gave_up_without_tls(const struct judge *j)
{
	return (HAS(STARTTLS_NOT_IN_LIST) || HAS(STARTTLS_MASKED)) && HAS(PEER_CLAIMS_M365) &&
	       !j->seen->mail->mail.frame && !j->seen->mail->auth.at.frame &&
	       !HAS(DECRYPTED_MIRROR) && HAS(CLOSE_SEEN);
}

static enum stage stopped(const struct judge *j)
{
	const struct seen *n = j->seen;
	enum stage silent = silent_failure(j);

	if (silent != STAGE_NONE && !n->mail->accepted.frame)
		return silent;
	if (HAS(NO_TCP_CLOSE) && !n->mail->refused_messages && n->pending_verb != SMTP_VERB_QUIT &&
	    n->failed != STAGE_NONE && n->pending.frame > n->failed_at.frame)
		return STAGE_NONE; /* another try goes on, and the capture ends */
	if (n->mail->refused_messages || (n->failed != STAGE_NONE && !n->mail->accepted.frame))
		return n->failed;
	if (n->mail->accepted.frame)
		return STAGE_NONE;
	if (gave_up_without_tls(j) || HAS(STARTTLS_COMMAND_MASKED))
		return STAGE_STARTTLS;
	return broken_off(j);
}

/* Was the failure inferred, and nothing in clear explains it? */
static bool is_inferred(const struct judge *j)
{
	enum stage reached = STAGE_NONE, at = STAGE_NONE;

	if (!j->inside)
		return false;
	judge_inside_stage(j->inside, &reached, &at);
	return at != STAGE_NONE && at == j->stopped;
}

static enum outcome outcome(const struct judge *j)
{
	const struct seen *n = j->seen;
	bool closed = HAS(CLOSE_SEEN) || HAS(QUIT_SENT);

	if (j->stopped != STAGE_NONE && is_inferred(j))
		return OUTCOME_REJECTED;
	if (j->stopped == STAGE_NONE && j->inside && j->inside->statement == INSIDE_ACCEPTED)
		return OUTCOME_ACCEPTED;
	if (j->stopped != STAGE_NONE) {
		bool reply = n->failed != STAGE_NONE && j->stopped == n->failed;
		bool banner = j->stopped == STAGE_BANNER && code_refuses(n->banner_code);
		bool timeout = HAS(TIMEOUT_REPLY) || HAS(SLOW_CLIENT);
		bool answered =
			reply && !timeout && !HAS(TLS_FAILED) && j->stopped != STAGE_STARTTLS;
		return answered || banner ? OUTCOME_REJECTED : OUTCOME_FAILED;
	}
	if (n->mail->accepted.frame)
		return OUTCOME_ACCEPTED;
	if (n->tls->established && !n->readable_tls && !HAS(SILENT_INSIDE))
		return OUTCOME_ENCRYPTED;
	if (j->flow->midstream &&
	    (n->tls->data_records[FLOW_C2S] || n->tls->data_records[FLOW_S2C]))
		return OUTCOME_ENCRYPTED;
	if (!closed || n->odd->gap.frame || j->flow->one_sided || j->flow->midstream)
		return OUTCOME_INCOMPLETE;
	return n->mail->mail.frame ? OUTCOME_INCOMPLETE : OUTCOME_NO_MAIL;
}

/* An external recipient that the MX endpoint takes can only be a relay through a connector: direct
 * send reaches the tenant's own mailboxes only (docs/microsoft-365.md#ways-to-send). */
static bool relays(const struct judge *j)
{
	const struct seen *n = j->seen;
	char *label = j->domain ? g_strndup(j->domain, strcspn(j->domain, ".")) : NULL;
	bool external = false;
	for (unsigned i = 0; label && n->mail->rcpt_accepted.frame && i < n->mail->to_count; i++) {
		const char *at = strrchr(n->mail->to[i], '@');
		char *domain = at ? g_strdelimit(g_ascii_strdown(at + 1, -1), ".", '-') : NULL;
		external |= domain && *domain && strcmp(domain, label) && n->mail->to_count == 1;
		g_free(domain);
	}
	g_free(label);
	return external && g_str_has_suffix(j->domain, ".mail.protection.outlook.com");
}

static enum method method(const struct judge *j)
{
	if (j->endpoint == ENDPOINT_NONE)
		return METHOD_UNKNOWN;
	if (!j->mx)
		return METHOD_CLIENT_SUBMISSION;
	if (HAS(REPLY_DIRECT_SEND))
		return METHOD_DIRECT_SEND;
	if (HAS(REPLY_RELAY_DENIED) || relays(j))
		return METHOD_RELAY;
	return METHOD_DIRECT_SEND_OR_RELAY;
}

/* Which way it is and from what that is known. */
static const char *method_words(struct judge *j)
{
	static const char *const ways[] = {
		[METHOD_CLIENT_SUBMISSION] = "client submission",
		[METHOD_DIRECT_SEND] = "direct send, as the refusal says",
		[METHOD_RELAY] = "relay through a connector, as the recipient or the refusal shows",
		[METHOD_DIRECT_SEND_OR_RELAY] = "direct send or relay, which look alike",
	};
	static const char *const sources[] = {
		[ENDPOINT_SOURCE_DNS] = "the name that was looked up",
		[ENDPOINT_SOURCE_SNI] = "the server name in TLS",
		[ENDPOINT_SOURCE_BANNER] = "the greeting",
		[ENDPOINT_SOURCE_CERTIFICATE] = "the certificate",
		[ENDPOINT_SOURCE_RANGE] = "the address alone",
	};
	const char *from = sources[j->source];

	return judge_words(j, "%s: %s host, by %s%s%s", ways[j->method],
			   j->mx ? "an MX" : "a submission", from ? from : "nothing else",
			   j->domain && j->source != ENDPOINT_SOURCE_RANGE ? " " : "",
			   j->domain && j->source != ENDPOINT_SOURCE_RANGE ? j->domain : "");
}

void judge_outcome(struct judge *j)
{
	const struct seen *n = j->seen;

	j->reached = n->reached;
	if (j->reached == STAGE_NONE && HAS(TCP_CONNECTED))
		j->reached = STAGE_TCP;
	else if (j->reached == STAGE_NONE && n->lookup)
		j->reached = STAGE_DNS;
	j->stopped = stopped(j);
	if (j->stopped == STAGE_NONE && j->inside)
		judge_inside_stage(j->inside, &j->reached, &j->stopped);
	/* A hello that nobody asked for is no step: what was reached lies before what failed. */
	if (n->tls_without_starttls && j->stopped != STAGE_NONE && j->reached >= j->stopped)
		j->reached = j->stopped - 1;
	j->outcome = outcome(j);
	if (j->outcome == OUTCOME_NO_MAIL && n->banner.frame && !n->mail->mail.frame &&
	    !n->mail->auth.at.frame)
		judge_set(j, FACT_PROBE,
			  n->mail->quit.frame ? n->mail->quit.frame : j->flow->last_frame);
	j->method = method(j);
	if (j->method != METHOD_UNKNOWN)
		facts_say(j->facts, FACT_METHOD_KNOWN,
			  n->lookup ? n->lookup->answer_frame : j->flow->first_frame,
			  method_words(j));
	judge_set(j, j->stopped != STAGE_NONE ? FACT_FAILED : FACT_WORKED,
		  j->stopped != STAGE_NONE && n->failed_at.frame ? n->failed_at.frame
								 : j->flow->last_frame);
	if (j->outcome == OUTCOME_INCOMPLETE)
		facts_unset(j->facts, FACT_WORKED);
}

void judge_session(struct judge *j)
{
	judge_peer(j);
	judge_capture_quality(j);
	judge_dns(j);
	judge_tcp(j);
	judge_mode(j);
	judge_starttls(j);
	judge_hello(j);
	judge_certificate(j);
	judge_auth(j);
	judge_mail(j);
	judge_inside(j);
	judge_outcome(j);
}
