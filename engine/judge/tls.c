/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The handshake (docs/findings.md#tls): versions, suites, groups, alerts, who left and when.
 */
#include "judge/judge.h"

#include <string.h>

#define ALERT_13 19u /* an alert's record in TLS 1.3: 2 bytes, the type, 16 bytes of tag */
#define SLOW (5 * SEGMENT_SECOND)
#define MANY_MSS 2u

static bool tls13_offered(const struct seen_hello *h)
{
	return h->max_version >= TLS_1_3;
}

static void versions(struct judge *j)
{
	const struct seen_hello *c = &j->seen->tls->client, *s = &j->seen->tls->server;

	judge_seen(j, FACT_CLIENT_HELLO, &c->at);
	judge_seen(j, FACT_SERVER_HELLO, &s->at);
	if (!c->at.frame)
		goto server;
	if (c->sslv2)
		judge_set(j, FACT_TLS_SSLV2_HELLO, c->at.frame);
	if (c->max_version == TLS_SSL3)
		judge_set(j, FACT_TLS_SSLV3, c->at.frame);
	if (c->max_version && c->max_version <= TLS_1_1)
		facts_say(j->facts, FACT_CLIENT_MAX_OLD, c->at.frame,
			  judge_words(j, "it offers %s at most", tls_version_name(c->max_version)));
	if (c->fallback_scsv)
		judge_set(j, FACT_FALLBACK_SCSV, c->at.frame);
server:
	if (!s->at.frame)
		return;
	if (s->max_version <= TLS_1_1)
		facts_say(j->facts, FACT_TLS_CHOSEN_OLD, s->at.frame,
			  judge_words(j, "%s was chosen", tls_version_name(s->max_version)));
	if (s->max_version == TLS_SSL3)
		judge_set(j, FACT_TLS_SSLV3, s->at.frame);
	if (s->max_version == TLS_1_3)
		judge_set(j, FACT_TLS_13, s->at.frame);
	/* RFC 8446 4.1.3: the mark says that the server could have done better. */
	bool more = c->at.frame && c->max_version > s->max_version && s->max_version < TLS_1_3;
	if (s->sentinel && more)
		judge_set(j, FACT_SENTINEL_ATTACK, s->at.frame);
	else if (s->sentinel && c->at.frame)
		judge_set(j, FACT_SENTINEL_CLIENT_LIMIT, s->at.frame);
	else if (c->at.frame && tls13_offered(c) && s->max_version == TLS_1_2)
		judge_set(j, FACT_SERVER_IS_LIMIT, s->at.frame);
}

static void suite_chosen(struct judge *j)
{
	const struct seen_hello *s = &j->seen->tls->server;
	if (!s->at.frame || !s->suite_count)
		return;
	const char *name = tls_suite_name(s->suites[0]);
	const char *words =
		name ? judge_words(j, "%s", name) : judge_words(j, "0x%04x", s->suites[0]);
	switch (tls_suite_class(s->suites[0])) {
	case TLS_SUITE_BROKEN:
		facts_say(j->facts, FACT_SUITE_BROKEN, s->at.frame, words);
		break;
	case TLS_SUITE_3DES:
		facts_say(j->facts, FACT_SUITE_3DES, s->at.frame, words);
		break;
	case TLS_SUITE_STATIC_RSA:
	case TLS_SUITE_CBC:
		facts_say(j->facts, FACT_SUITE_OLD, s->at.frame, words);
		break;
	default:
		break;
	}
}

/* What of the offer Microsoft 365 could accept (docs/microsoft-365.md#tls). Only whole lists count.
 */
static void overlap(struct judge *j)
{
	const struct seen_hello *c = &j->seen->tls->client;
	bool suite = false, group = false, listed = false, sigalg = false, offered_null = false;

	if (!c->at.frame || c->sslv2 || !c->suite_count || c->suite_count >= CAP_HELLO_LIST)
		return;
	for (unsigned i = 0; i < c->suite_count; i++) {
		suite |= tls_suite_m365(c->suites[i]);
		offered_null |= tls_suite_is_null_anon_export(c->suites[i]);
	}
	for (unsigned i = 0; i < c->group_count; i++) {
		/* x25519, P-256, P-384 and hybrids with them; P-521 may do */
		uint16_t g = c->groups[i];
		listed |= g == 29 || g == 23 || g == 24 || (g >= 0x11eb && g <= 0x11ed);
		group |= listed || g == 25;
	}
	for (unsigned i = 0; i < c->sigalg_count; i++) { /* RFC 8446 4.2.3: SHA-256 or better */
		uint16_t a = c->sigalgs[i];
		sigalg |= ((a >> 8) >= 4 && (a >> 8) <= 6 && (a & 0xff) >= 1 && (a & 0xff) <= 3) ||
			  (a >= 0x0804 && a <= 0x080b);
	}
	if (offered_null)
		judge_set(j, FACT_SUITE_OFFERED_NULL, c->at.frame);
	if (!suite)
		judge_set(j, FACT_NO_SUITE_OVERLAP, c->at.frame);
	else if (judge_has(j, FACT_PEER_M365) && c->max_version >= TLS_1_2 && listed && sigalg)
		judge_set(j, FACT_HELLO_FITS, c->at.frame);
	if (c->max_version >= TLS_1_2 && (!c->has_groups || !group))
		facts_say(j->facts, FACT_NO_GROUP_OVERLAP, c->at.frame,
			  c->has_groups ? "no group that Microsoft 365 takes"
					: "no supported_groups extension");
	if (c->max_version >= TLS_1_2 && c->has_sigalgs && !sigalg)
		judge_set(j, FACT_NO_SIGALG_OVERLAP, c->at.frame);
}

/* close_notify and warnings are normal (RFC 8446 6.1), a sealed alert may be one. */
static bool tells(const struct seen_alert *a)
{
	return !a->encrypted && a->code != 0 && (a->level != 1 || a->code == 90);
}

/* Did the client say itself, in clear or with the keys, why it ended the handshake? */
static bool client_said(const struct seen_tls *t)
{
	for (unsigned i = 0; i < t->alert_count; i++)
		if (t->alerts[i].from_client && tells(&t->alerts[i]))
			return true;
	return false;
}

static bool about_certificate(uint8_t code)
{
	return code == 42 || code == 43 || code == 44 || code == 45 || code == 46 || code == 48;
}

static void alerts(struct judge *j)
{
	const struct seen_tls *t = j->seen->tls;
	const struct flow_side *d = &j->flow->side[FLOW_S2C];
	uint32_t server_gone = flow_left(d, &j->flow->side[FLOW_C2S]);

	for (unsigned i = 0; i < t->alert_count; i++) {
		const struct seen_alert *a = &t->alerts[i];
		const char *name = a->encrypted ? NULL : tls_alert_name(a->code);
		const char *meaning =
			a->encrypted ? NULL : tls_alert_meaning(a->code, a->from_client);
		const char *words = judge_words(j, "the %s's alert %s (%u)%s%s",
						a->from_client ? "client" : "server",
						name ? name : "of unknown code", a->code,
						meaning ? ": " : "", meaning ? meaning : "");
		enum fact fact = FACT_ALERT_OTHER;
		if (!tells(a))
			continue;
		if (a->from_client && server_gone && server_gone < a->at.frame &&
		    !t->server.at.frame)
			continue; /* the client's complaint about a connection that the server
				     closed */
		if (a->after_ccs)
			judge_set(j, FACT_ALERT_AFTER_CCS, a->at.frame);
		if (!a->from_client && a->code == 70)
			fact = FACT_ALERT_PROTOCOL_VERSION;
		else if (!a->from_client && a->code == 40)
			fact = FACT_ALERT_HANDSHAKE_FAILURE;
		else if (a->code == 86)
			fact = FACT_ALERT_INAPPROPRIATE_FALLBACK;
		else if (a->from_client && about_certificate(a->code))
			fact = FACT_ALERT_CLIENT_CERT;
		facts_say(j->facts, fact, a->at.frame, words);
		if (!a->from_client && a->code == 112)
			judge_set(j, FACT_ALERT_UNKNOWN_NAME, a->at.frame);
		if (a->from_client && a->code == 48)
			judge_set(j, FACT_ALERT_CLIENT_TRUST, a->at.frame);
		if (a->from_client && a->code == 45)
			judge_set(j, FACT_ALERT_CLIENT_EXPIRED, a->at.frame);
		if (a->from_client && (a->code == 43 || a->code == 44))
			judge_set(j, FACT_ALERT_CLIENT_NOT_TRUST, a->at.frame);
		if (!t->established)
			judge_set(j, FACT_TLS_FAILED, a->at.frame);
	}
}

/* Who left in the middle of the handshake without a word. */
static void leaving(struct judge *j)
{
	const struct seen_tls *t = j->seen->tls;
	const struct flow_side *c = &j->flow->side[FLOW_C2S], *s = &j->flow->side[FLOW_S2C];
	uint32_t client = flow_left(c, s), server = flow_left(s, c);
	bool server_first = server && !flow_left_first(c, s);
	bool client_first = client && !server_first;
	uint32_t gone = server_first ? server : client;
	/* By the order of the bytes: a mirror may bring an alert behind the FIN that follows it. */
	bool silent = !t->alert_count || (t->alerts[0].at.frame > gone && t->alerts[0].after_close);

	if (!t->client.at.frame || t->established || j->flow->one_sided || j->seen->odd->gap.frame)
		return;
	if (silent && !t->server.at.frame && server_first && server > t->client.at.frame &&
	    !t->retry.frame && !j->seen->tls_without_starttls) {
		judge_set(j, FACT_SERVER_LEFT_AFTER_HELLO, server);
		judge_set(j, FACT_TLS_FAILED, server);
	}
	bool cert_shown = t->certificate.frame ||
			  (t->server.max_version == TLS_1_3 && t->first_data[FLOW_S2C].frame);
	if (silent && cert_shown && client_first && !t->client_key.frame &&
	    !t->first_data[FLOW_C2S].frame && !t->finished[FLOW_C2S].frame) {
		judge_set(j, FACT_CLIENT_LEFT_AFTER_CERT, client);
		judge_set(j, FACT_TLS_FAILED, client);
	}
	/* With the keys its inside is known, and nothing is inferred from the size. */
	if (t->server.max_version == TLS_1_3 && t->first_data_length[FLOW_C2S] == ALERT_13 &&
	    t->data_records[FLOW_C2S] == 1 && !client_said(t)) {
		judge_set(j, FACT_CLIENT_REFUSED_13, t->first_data[FLOW_C2S].frame);
		judge_set(j, FACT_TLS_FAILED, t->first_data[FLOW_C2S].frame);
	}
}

/* Did every record of the client belong to the handshake, or to its end? */
static bool nothing_inside(const struct judge *j)
{
	const struct seen_tls *t = j->seen->tls;
	const struct flow_side *c = &j->flow->side[FLOW_C2S], *s = &j->flow->side[FLOW_S2C];

	if (!t->established || j->seen->readable_tls || j->flow->one_sided || j->flow->midstream ||
	    j->seen->odd->gap.frame || c->gap_bytes || s->gap_bytes || t->bad[FLOW_C2S].frame)
		return false;
	if (t->server.max_version < TLS_1_3)
		return t->data_records[FLOW_C2S] == 0;
	/* the Finished and, at most, an alert (docs/microsoft-365.md#what-stays-visible) */
	return t->data_records[FLOW_C2S] == 1 ||
	       (t->data_records[FLOW_C2S] == 2 && t->last_data_length[FLOW_C2S] == ALERT_13);
}

/* The handshake came to its end and nothing was said inside. Libraries that look at the certificate
 * only then (Node.js, GnuTLS) drop the connection so when they do not trust it; a mere check of the
 * port says close_notify, or takes its time. */
static void silent_inside(struct judge *j)
{
	const struct seen_tls *t = j->seen->tls;
	const struct flow_side *c = &j->flow->side[FLOW_C2S], *s = &j->flow->side[FLOW_S2C];
	bool v13 = t->server.max_version == TLS_1_3;
	bool said_goodbye = t->alert_count || (v13 && t->data_records[FLOW_C2S] > 1);
	uint64_t done = v13 ? t->first_data[FLOW_C2S].ns
			    : MAX(t->finished[FLOW_C2S].ns, t->finished[FLOW_S2C].ns);
	uint64_t left = c->fin_ns ? c->fin_ns : c->rst_ns;

	if (!nothing_inside(j) || !(flow_left(c, s) || flow_left(s, c)))
		return;
	judge_set(j, FACT_SILENT_INSIDE,
		  t->finished[FLOW_C2S].frame ? t->finished[FLOW_C2S].frame
					      : t->first_data[FLOW_C2S].frame);
	if (said_goodbye)
		return;
	if (!flow_left_first(c, s))
		judge_set(j, FACT_SERVER_LEFT_AFTER_HANDSHAKE, flow_left(s, c));
	else if ((t->certificate.frame || (v13 && !t->server.has_psk)) &&
		 ns_since(left, done) <= SEGMENT_SECOND)
		judge_set(j, FACT_CLIENT_LEFT_AFTER_HANDSHAKE, flow_left(c, s));
}

static void timing(struct judge *j)
{
	const struct seen_tls *t = j->seen->tls;
	if (t->client.at.frame && t->server.at.frame && t->server.at.ns - t->client.at.ns > SLOW &&
	    t->server.at.ns > t->client.at.ns)
		facts_say(j->facts, FACT_TLS_SLOW_SERVER, t->server.at.frame,
			  judge_words(j, "%.1f s to the ServerHello",
				      (double)(t->server.at.ns - t->client.at.ns) / 1e9));
	if (t->server_done.frame && t->client_key.frame && t->client_key.ns > t->server_done.ns &&
	    t->client_key.ns - t->server_done.ns > SLOW)
		facts_say(j->facts, FACT_TLS_SLOW_CLIENT, t->client_key.frame,
			  judge_words(j, "%.1f s after the certificate",
				      (double)(t->client_key.ns - t->server_done.ns) / 1e9));
}

/* X30: a hello of several segments arrived (it was acknowledged) and nothing ever came back. */
static void big_hello(struct judge *j)
{
	const struct seen_hello *c = &j->seen->tls->client;
	const struct flow_side *a = &j->flow->side[FLOW_C2S], *b = &j->flow->side[FLOW_S2C];
	uint32_t mss = b->mss ? b->mss : 1460;
	if (!c->at.frame || c->length + 9 <= mss || j->seen->tls->server.at.frame ||
	    j->seen->tls->alert_count || b->rst_frame ||
	    (b->fin_frame && !(a->fin_frame && a->fin_frame < b->fin_frame)) ||
	    j->flow->one_sided || a->stuck_len)
		return;
	bool acked = a->have_acked && seq_cmp(a->acked, a->highest) >= 0;
	if (acked && ns_since(judge_until(j), c->at.ns) > SLOW)
		facts_say(j->facts, FACT_BIG_CLIENT_HELLO, c->at.frame,
			  judge_words(j, "ClientHello of %u bytes", c->length));
}

static void hygiene(struct judge *j)
{
	const struct seen_tls *t = j->seen->tls;
	const struct seen_hello *c = &t->client, *s = &t->server;

	judge_seen(j, FACT_TLS_HELLO_RETRY, &t->retry);
	judge_seen(j, FACT_TLS_RENEGOTIATION,
		   t->hello_request.frame ? &t->hello_request : &t->renegotiation);
	judge_seen(j, FACT_CERT_REQUESTED, &t->certificate_request);
	if (t->client_cert.frame)
		judge_set(j, t->client_cert_empty ? FACT_CLIENT_CERT_EMPTY : FACT_CLIENT_CERT_SENT,
			  t->client_cert.frame);
	if (c->at.frame && !c->has_sni && !c->sslv2)
		judge_set(j, FACT_NO_SNI, c->at.frame);
	if (c->at.frame && !c->renego_info && !c->sslv2 &&
	    !(c->version_count == 1 && c->max_version == TLS_1_3))
		judge_set(j, FACT_TLS_NO_RENEGO_INFO, c->at.frame);
	if (s->at.frame && s->compression)
		judge_set(j, FACT_TLS_COMPRESSION, s->at.frame);
	/* Abbreviated handshake: the session id comes back (RFC 5246 7.3, RFC 5077 3.4), no
	 * Certificate. */
	bool same_id = c->session_id_length && c->session_id_length == s->session_id_length &&
		       !memcmp(c->session_id, s->session_id, s->session_id_length);
	if (s->at.frame && s->max_version < TLS_1_3 && t->ccs[FLOW_S2C].frame &&
	    !t->certificate.frame && !j->seen->odd->gap.frame && same_id)
		judge_set(j, FACT_TLS_RESUMED, s->at.frame);
	else if (s->at.frame && s->max_version == TLS_1_3 && s->has_psk)
		judge_set(j, FACT_TLS_RESUMED, s->at.frame);
	if (t->established)
		judge_set(j, FACT_TLS_ESTABLISHED,
			  t->first_data[0].frame ? t->first_data[0].frame : s->at.frame);
}

void judge_hello(struct judge *j)
{
	if (!j->seen->tls->client.at.frame && !j->seen->tls->server.at.frame)
		return;
	versions(j);
	suite_chosen(j);
	overlap(j);
	alerts(j);
	leaving(j);
	silent_inside(j);
	timing(j);
	big_hello(j);
	hygiene(j);
}
