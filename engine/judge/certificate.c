/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The server's certificate (docs/findings.md#cert), visible up to TLS 1.2.
 */
#include "judge/clock.h"
#include "judge/judge.h"

#include <string.h>

#define RSA_LEAST 2048u
#define SKEW_MARGIN_S 86400

static void dates(struct judge *j, const struct certificate *c, struct seen_at at)
{
	int64_t now = (int64_t)(at.ns / SEGMENT_SECOND);
	int64_t banner = j->seen->banner.frame ? clock_banner_date(j->seen->banner_text) : 0;
	int64_t then = (int64_t)(j->seen->banner.ns / SEGMENT_SECOND);

	if (j->capture->clock_servers >= 3 && ABS(j->capture->clock_skew_s) > SKEW_MARGIN_S)
		now += j->capture->clock_skew_s; /* the capture's clock is wrong, and by how much */
	else if (banner && ABS(banner - then) > SKEW_MARGIN_S)
		judge_set(j, FACT_CLOCK_DOUBT, j->seen->banner.frame);
	if (c->not_after && c->not_after < now)
		facts_say(j->facts, FACT_CERT_EXPIRED, at.frame,
			  judge_words(j, "expired %" G_GINT64_FORMAT " days before this session",
				      (now - c->not_after) / SKEW_MARGIN_S));
	else if (c->not_before && c->not_before > now)
		facts_say(j->facts, FACT_CERT_NOT_YET, at.frame,
			  judge_words(j, "valid only %" G_GINT64_FORMAT " days after this session",
				      (c->not_before - now) / SKEW_MARGIN_S));
}

static void names(struct judge *j, const struct certificate *c, struct seen_at at)
{
	if (!j->expected_name || certificate_matches(c, j->expected_name))
		return;
	facts_say(j->facts,
		  j->expected_from_dns ? FACT_CERT_NAME_MISMATCH_DNS : FACT_CERT_NAME_MISMATCH,
		  at.frame,
		  judge_words(j, "%s is not among its names (CN=%s)", j->expected_name,
			      c->subject_cn));
}

static void issuer(struct judge *j, const struct certificate *c, struct seen_at at)
{
	const char *vendor = peers_inspection_vendor(c);
	if (vendor)
		facts_say(j->facts, FACT_CERT_INSPECTION_VENDOR, at.frame,
			  judge_words(j, "issued by %s (%s)",
				      *c->issuer_cn ? c->issuer_cn : c->issuer, vendor));
	if (!peers_issuer_known(c))
		facts_say(j->facts, FACT_CERT_FOREIGN_ISSUER, at.frame,
			  judge_words(j, "issued by %s", c->issuer));
	/* Without the ClientHello the name in force is not known: the refusal may be about the
	 * name. */
	if (j->seen->tls->top_issuer_cn &&
	    !strcmp(j->seen->tls->top_issuer_cn, "DigiCert Global Root G2") &&
	    j->seen->tls->client.at.frame)
		judge_set(j, FACT_CERT_ISSUER_G2, at.frame);
}

/* The name looked up, its alias, or another Microsoft 365 name for the same front end. */
static bool same_service(const struct judge *j, const char *sni, const struct seen_lookup *l)
{
	struct peer a, b;
	size_t n = strlen(sni);
	if (n && sni[n - 1] == '.') /* the root's dot, which RFC 6066 3 does not want */
		n--;
	if ((!strncmp(sni, l->name, n) && !l->name[n]) ||
	    (!strncmp(sni, l->cname, n) && !l->cname[n]))
		return true;
	return peers_by_name(j->peers, sni, 0, &a) && peers_by_name(j->peers, l->name, 0, &b) &&
	       a.mx == b.mx;
}

void judge_certificate(struct judge *j)
{
	const struct seen_tls *t = j->seen->tls;
	const struct certificate *c = t->leaf;
	const struct seen_hello *h = &t->client;

	if (h->at.frame && h->has_sni && h->sni_bad)
		facts_say(j->facts, FACT_SNI_MISMATCH, h->at.frame,
			  judge_words(j, "\"%s\" is no host name", h->sni));
	else if (h->at.frame && h->has_sni && j->seen->lookup &&
		 !same_service(j, h->sni, j->seen->lookup))
		facts_say(
			j->facts, FACT_SNI_MISMATCH, h->at.frame,
			judge_words(j, "SNI %s, name looked up %s", h->sni, j->seen->lookup->name));
	if (!c)
		return;
	judge_set(j, FACT_CERT_SEEN, t->certificate.frame);
	dates(j, c, t->certificate);
	names(j, c, t->certificate);
	issuer(j, c, t->certificate);
	if (c->weak_signature ||
	    (!strcmp(c->key_type, "RSA") && c->key_bits && c->key_bits < RSA_LEAST))
		facts_say(
			j->facts, FACT_CERT_WEAK, t->certificate.frame,
			judge_words(j, "%s, %u bits, %s", c->key_type, c->key_bits, c->signature));
	if (t->chain_count == 1 && !c->self_signed)
		judge_set(j, FACT_CERT_CHAIN_INCOMPLETE, t->certificate.frame);
}
