/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who the server is (docs/ARCHITECTURE.md#who-is-microsoft-365): the name asked in DNS, then SNI,
 * banner, certificate, and last the address range. Disagreement is left standing as facts for the
 * rules.
 */
#include "judge/judge.h"
#include "base/code.h"
#include "base/phrase.h"

#include <stdarg.h>

const char *judge_words(struct judge *j, const char *format, ...)
{
	char text[CAP_REPLY_TEXT];
	va_list ap;
	va_start(ap, format);
	int n = phrase_v(text, sizeof text, format, ap);
	va_end(ap);
	if (n >= (int)sizeof text) { /* cut: not within a character */
		const char *end;
		g_utf8_validate(text, -1, &end);
		text[end - text] = '\0';
	}
	return g_string_chunk_insert(j->words, text);
}

static void claim(struct judge *j, const struct peer *p, enum endpoint_source source,
		  uint32_t frame)
{
	judge_set(j, FACT_PEER_M365, frame);
	if (source != ENDPOINT_SOURCE_RANGE)
		judge_set(j, FACT_PEER_CLAIMS_M365, frame);
	if (j->source != ENDPOINT_SOURCE_NONE)
		return;
	j->source = source;
	j->endpoint = p->endpoint;
	j->mx = p->mx;
}

static void by_name(struct judge *j, const char *name, enum endpoint_source source, uint32_t frame)
{
	struct peer p;
	if (!name || !peers_by_name(j->peers, name, j->flow->server_port, &p))
		return;
	judge_set(j, FACT_NAME_M365, frame);
	if (p.retired)
		facts_say(j->facts, FACT_DNS_LEGACY_NAME, frame, judge_words(j, "%s", name));
	claim(j, &p, source, frame);
}

static void by_dns(struct judge *j)
{
	const struct seen_lookup *l = j->seen->lookup;
	if (!l)
		return;
	j->domain = l->name;
	by_name(j, l->name, ENDPOINT_SOURCE_DNS, l->answer_frame);
	if (!judge_has(j, FACT_NAME_M365) && l->cname[0]) /* smtp.contoso.com is an alias */
		by_name(j, l->cname, ENDPOINT_SOURCE_DNS, l->answer_frame);
}

static void by_tls(struct judge *j)
{
	const struct seen_hello *h = &j->seen->tls->client;
	if (h->at.frame && h->has_sni && !h->sni_bad) {
		by_name(j, h->sni, ENDPOINT_SOURCE_SNI, h->at.frame);
		if (!j->domain)
			j->domain = h->sni;
		j->expected_name = h->sni;
	} else if (j->seen->lookup) {
		j->expected_name = j->seen->lookup->name;
		j->expected_from_dns = true;
	}
}

static void by_banner(struct judge *j)
{
	const struct seen *n = j->seen;
	struct peer p;
	if (!n->banner.frame)
		return;
	judge_set(j, FACT_BANNER_SEEN, n->banner.frame);
	if (n->banner_masked) {
		facts_say(j->facts, FACT_BANNER_MASKED, n->banner.frame,
			  judge_words(j, "220 %s", n->banner_text));
	} else if (peers_by_banner(j->peers, n->banner_text, &p)) {
		judge_set(j, FACT_BANNER_M365, n->banner.frame);
		claim(j, &p, ENDPOINT_SOURCE_BANNER, n->banner.frame);
	} else if (n->banner_code == CODE_READY) {
		facts_say(j->facts, FACT_BANNER_NOT_M365, n->banner.frame,
			  judge_words(j, "the banner says \"%s\"", n->banner_text));
	}
	if (code_is_temporary(n->banner_code))
		judge_set(j, FACT_BANNER_421, n->banner.frame);
	else if (code_is_permanent(n->banner_code))
		judge_set(j, FACT_BANNER_554, n->banner.frame);
}

static void classes(struct judge *j, uint32_t frame)
{
	enum { USUAL, OWN };
	static const struct {
		enum fact fact;
		bool own_ranges, own_issuers;
	} of[] = {
#define ENDPOINT(name, word, ranges, issuers, says)                                                \
	[ENDPOINT_##name] = { FACT_CLASS_##name, ranges == OWN, issuers == OWN },
#include "endpoints.def"
#undef ENDPOINT
	};
	if (j->endpoint == ENDPOINT_NONE)
		return;
	judge_set(j, j->mx ? FACT_PEER_MX : FACT_PEER_SUBMISSION, frame);
	judge_set(j, of[j->endpoint].fact, frame);
	if (of[j->endpoint].own_ranges)
		judge_set(j, FACT_PEER_OWN_RANGES, frame);
	if (of[j->endpoint].own_issuers)
		judge_set(j, FACT_PEER_OWN_ISSUERS, frame);
}

/* Microsoft's own server ends a refusal with its name (docs/microsoft-365.md#trailer). */
static bool trailer_of_microsoft(const struct seen *n)
{
	static const char *const suffixes[] = { ".outlook.com", ".outlook.cn", ".office365.us",
						".apps.mil" };
	char *name = n->trace ? g_ascii_strdown(n->trace->server, -1) : NULL;
	bool ours = false;
	for (size_t i = 0; name && i < G_N_ELEMENTS(suffixes); i++)
		ours = ours || g_str_has_suffix(name, suffixes[i]);
	g_free(name);
	return ours;
}

/* Who answers: not Microsoft when the greeting is another server's, whatever the client asked for;
 * a box that only rewrites the greeting leaves Microsoft's trailer in the refusals. */
static void speaker(struct judge *j)
{
	bool foreign = judge_has(j, FACT_BANNER_NOT_M365) && !trailer_of_microsoft(j->seen);
	if (!judge_has(j, FACT_PEER_M365) || foreign)
		return; /* REPLY_PEER_OTHER */
	j->speaker = j->endpoint == ENDPOINT_CONSUMER ? REPLY_PEER_CONSUMER : REPLY_PEER_M365;
	judge_set(j, FACT_SPEAKER_M365, j->flow->first_frame);
}

void judge_peer(struct judge *j)
{
	struct peer p;
	const struct seen_tls *t = j->seen->tls;

	by_dns(j);
	by_tls(j);
	by_banner(j);
	if (t->leaf && peers_by_certificate(j->peers, t->leaf, &p)) {
		judge_set(j, FACT_CERT_M365, t->certificate.frame);
		claim(j, &p, ENDPOINT_SOURCE_CERTIFICATE, t->certificate.frame);
	}
	if (peers_by_address(j->peers, &j->flow->server, j->flow->server_port, &p)) {
		judge_set(j, FACT_RANGE_M365, j->flow->first_frame);
		claim(j, &p, ENDPOINT_SOURCE_RANGE, j->flow->first_frame);
	}
	classes(j, j->flow->first_frame);
	speaker(j);
	switch (j->flow->server_port) {
	case 25:
		judge_set(j, FACT_PORT_25, j->flow->first_frame);
		break;
	case 465:
		judge_set(j, FACT_PORT_465, j->flow->first_frame);
		break;
	case 587:
		judge_set(j, FACT_PORT_587, j->flow->first_frame);
		break;
	default:
		judge_set(j, FACT_PORT_OTHER, j->flow->first_frame);
	}
	if (j->capture->table_stale)
		judge_set(j, FACT_TABLE_OLD, 0);
}
