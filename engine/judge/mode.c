/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Port and mode (docs/findings.md#mode): does the client speak what the server expects?
 */
#include "judge/judge.h"

#include <string.h>

static bool foreign_alpn(const char *alpn)
{
	return alpn && (!strcmp(alpn, "h2") || g_str_has_prefix(alpn, "http/"));
}

static void tls_or_text(struct judge *j)
{
	const struct seen *n = j->seen;
	bool implicit_port = j->flow->server_port == 465;
	bool starttls_port = j->flow->server_port == 25 || j->flow->server_port == 587;

	if (n->tls_without_starttls) {
		bool text = n->banner.frame != 0;
		/* The server's side may not have been captured: the client goes on all the same. */
		const struct seen_at *goes_on =
			n->tls->client_key.frame ? &n->tls->client_key : &n->tls->ccs[FLOW_C2S];
		const struct seen_at *works =
			n->first_tls[FLOW_S2C].frame ? &n->first_tls[FLOW_S2C] : goes_on;
		judge_seen(j, FACT_TLS_IMPLICIT_WORKS, works);
		if (!implicit_port && (starttls_port || text))
			judge_set(j, FACT_TLS_WITHOUT_STARTTLS, n->first_tls[FLOW_C2S].frame);
		if (text)
			judge_set(j, FACT_PLAIN_REPLY_TO_TLS, n->banner.frame);
	}
	if (implicit_port && n->odd->pregreet.frame && n->ehlo.command.frame && !n->banner.frame)
		judge_set(j, FACT_PLAINTEXT_ON_465, n->ehlo.command.frame);
}

void judge_mode(struct judge *j)
{
	const struct seen *n = j->seen;

	tls_or_text(j);
	if (n->odd->foreign.frame)
		facts_say(j->facts, FACT_CROSS_PROTOCOL, n->odd->foreign.frame,
			  judge_words(j, "\"%s\" is not SMTP", n->odd->foreign_words));
	else if (foreign_alpn(n->tls->client.alpn))
		facts_say(j->facts, FACT_CROSS_PROTOCOL, n->tls->client.at.frame,
			  judge_words(j, "ALPN %s", n->tls->client.alpn));
	if (j->mx && n->mail->auth.at.frame && n->mail->auth.not_listed)
		judge_set(j, FACT_AUTH_ON_MX, n->mail->auth.at.frame);
	if (n->odd->pregreet.frame && !n->tls_without_starttls && !n->odd->gap.frame &&
	    !j->flow->one_sided)
		judge_set(j, FACT_PREGREET, n->odd->pregreet.frame);
}
