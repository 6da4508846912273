/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The handshake of a session: items of the two TLS decoders become what was seen, with the frame
 * of each. Also where TLS begins, and where readable text returns after a failed handshake. An
 * alert that the host decrypted takes the place of the sealed record that was counted before, or
 * stands for itself where TLS 1.3 hid it among the data (RFC 8446 section 6).
 */
#include "session/inside.h"
#include "base/code.h"

#include <string.h>

static bool waiting_for_starttls(const struct session *s)
{
	for (guint i = 0; s->queue && i < s->queue->len; i++) {
		enum smtp_verb v = g_array_index(s->queue, struct session_command, i).verb;
		if (v == SMTP_VERB_STARTTLS || v == SMTP_VERB_X_ANONYMOUSTLS)
			return true;
	}
	return false;
}

void session_start_tls(struct session *s, enum flow_dir dir, struct flow_mark m)
{
	struct seen *n = &s->seen;
	struct bytes carry =
		dir == FLOW_C2S ? smtp_client_carry(s->client) : smtp_server_carry(s->server);

	if (dir == FLOW_C2S)
		session_greeting_was_starttls(s);
	seen_first(&n->first_tls[dir], m);
	if (dir == FLOW_C2S && n->starttls_code != CODE_READY) {
		if (waiting_for_starttls(s))
			n->tls_before_220 = true;
		else if (!n->odd->gap.frame && !n->midstream)
			n->tls_without_starttls = true;
	}
	s->mode[dir] = SESSION_MODE_TLS;
	if (!s->tls[dir])
		s->tls[dir] = tls_new(dir == FLOW_C2S);
	if (bytes_left(&carry))
		session_tls_bytes(s, dir, &carry, m);
	if (dir == FLOW_C2S)
		smtp_client_reset(s->client);
	else
		smtp_server_reset(s->server);
}

static const uint16_t *keep_list(struct session *s, const uint16_t *list, unsigned n)
{
	uint16_t *kept = arena_take(&s->arena, &s->cx->blocks, n * sizeof *list, true);
	if (n)
		memcpy(kept, list, n * sizeof *list);
	return kept;
}

static void keep_hello(struct session *s, struct seen_hello *to, const struct tls_hello *h,
		       struct flow_mark m)
{
	memset(to, 0, sizeof *to);
	to->at = seen_at(m);
	to->record_version = h->record_version;
	to->legacy_version = h->legacy_version;
	to->max_version = h->max_version;
	to->version_count = MIN(h->version_count, G_N_ELEMENTS(to->versions));
	memcpy(to->versions, h->versions, to->version_count * sizeof *h->versions);
	to->suites = keep_list(s, h->suites, h->suite_count);
	to->suite_count = h->suite_count;
	to->groups = keep_list(s, h->groups, h->group_count);
	to->group_count = h->group_count;
	to->sigalgs = keep_list(s, h->sigalgs, h->sigalg_count);
	to->sigalg_count = h->sigalg_count;
	to->has_groups = h->has_groups;
	to->has_sigalgs = h->has_sigalgs;
	to->has_sni = h->has_sni;
	to->sni_bad = h->sni_bad;
	to->sni = h->has_sni ? session_keep_text(s, h->sni) : NULL;
	to->alpn = h->has_alpn ? session_keep_text(s, h->alpn) : NULL;
	to->fallback_scsv = h->fallback_scsv;
	to->renego_info = h->renego_info;
	to->compression = h->compression;
	to->sslv2 = h->sslv2;
	to->has_ticket = h->has_ticket;
	to->has_psk = h->has_psk;
	to->session_id_sent = h->session_id_sent;
	to->key_share = h->key_share;
	to->sentinel = h->sentinel;
	to->session_id_length = MIN(h->session_id_length, sizeof to->session_id);
	memcpy(to->session_id, h->session_id, to->session_id_length);
	to->length = h->length;
	memcpy(to->ja3, h->ja3, sizeof to->ja3);
}

static void client_hello(struct session *s, const struct tls_hello *h, struct flow_mark m)
{
	struct seen_tls *t = session_tls(s);
	t->client_hellos++;
	if (t->client.at.frame) {
		/* A second hello in clear is a renegotiation (RFC 5746), unless the server asked
		 * for it (RFC 8446 4.1.4), which may be missing in the capture. */
		if (!t->retry.frame && t->server.at.frame)
			seen_first(&t->renegotiation, m);
		return;
	}
	keep_hello(s, &t->client, h, m);
	session_event(s, EVENT_C2S, m, false, "ClientHello, highest version %s%s%s%s",
		      h->sslv2 && h->max_version == TLS_SSL2 ? "SSL 2.0"
							     : tls_version_name(h->max_version),
		      h->has_sni ? ", server name " : ", no server name", h->has_sni ? h->sni : "",
		      h->sslv2 ? ", in SSL 2.0 form" : "");
	session_tls_step(s, "client_hello");
	session_reach(s, STAGE_CLIENT_HELLO);
}

static void server_hello(struct session *s, const struct tls_hello *h, struct flow_mark m)
{
	struct seen_tls *t = session_tls(s);
	const char *suite = h->suite_count ? tls_suite_name(h->suites[0]) : NULL;
	if (t->server.at.frame)
		return;
	keep_hello(s, &t->server, h, m);
	if (h->key_share)
		t->group = h->key_share;
	session_event(s, EVENT_S2C, m, false, "ServerHello, %s, %s",
		      tls_version_name(h->max_version), suite ? suite : "unknown cipher suite");
	session_tls_step(s, "server_hello");
	session_reach(s, STAGE_SERVER_HELLO);
}

static void server_certificate(struct session *s, const struct tls_item *i, struct flow_mark m)
{
	struct seen_tls *t = session_tls(s);
	const struct certificate *top;

	if (t->certificate.frame)
		return;
	t->certificate = seen_at(m);
	t->chain_count = i->chain_in_all;
	session_tls_step(s, "certificate");
	if (!i->chain_count)
		return;
	t->leaf = certificates_get(s->cx->certificates, i->chain[0]);
	if (!t->leaf) {
		session_event(s, EVENT_S2C, m, false, "Certificate that cannot be read");
		return;
	}
	top = i->chain_count > 1
		      ? certificates_get(s->cx->certificates, i->chain[i->chain_count - 1])
		      : NULL;
	t->chain_complete = top != NULL;
	t->top_issuer_cn = session_keep_text(s, (top ? top : t->leaf)->issuer_cn);
	certificates_drop(s->cx->certificates, top);
	session_event(
		s, EVENT_S2C, m, false, "Certificate CN=%s, issued by %s",
		session_show_text(s, t->leaf->subject_cn),
		session_show_text(s, *t->leaf->issuer_cn ? t->leaf->issuer_cn : t->leaf->issuer));
}

static void client_certificate(struct session *s, const struct tls_item *i, struct flow_mark m)
{
	struct seen_tls *t = session_tls(s);
	if (t->client_cert.frame)
		return;
	t->client_cert = seen_at(m);
	t->client_cert_empty = i->chain_in_all == 0;
	session_event(s, EVENT_C2S, m, false,
		      t->client_cert_empty ? "no client certificate" : "client certificate");
}

static void alert(struct session *s, enum flow_dir dir, const struct tls_item *i,
		  struct flow_mark m)
{
	struct seen_tls *t = session_tls(s);
	bool encrypted = i->kind == TLS_ITEM_ALERT_ENCRYPTED;
	const char *name = encrypted ? NULL : tls_alert_name(i->alert_code);

	if (t->alert_count < CAP_ALERTS)
		t->alerts[t->alert_count++] = (struct seen_alert){
			.from_client = dir == FLOW_C2S,
			.encrypted = encrypted,
			.after_ccs = t->ccs[dir].frame != 0,
			.after_close = s->closed,
			.level = i->alert_level,
			.code = i->alert_code,
			.at = seen_at(m),
		};
	if (encrypted)
		session_event(s, (enum event_direction)dir, m, true, "encrypted alert");
	else
		session_event(s, (enum event_direction)dir, m, false, "%s alert %s (%u)",
			      i->alert_level == 2 ? "fatal" : "warning",
			      name ? name : "of unknown code", i->alert_code);
	if (!encrypted)
		session_tls_step(s, "alert");
}

/* Records of type 23: in TLS 1.3 the rest of the handshake looks like data. The client's first one
 * is its Finished (53 or 69 bytes), its certificate, or an alert (19 bytes),
 * docs/microsoft-365.md#what-stays-visible. */
static void data_record(struct session *s, enum flow_dir dir, const struct tls_item *i,
			struct flow_mark m)
{
	struct seen_tls *t = session_tls(s);
	if (!t->first_data[dir].frame) {
		t->first_data[dir] = seen_at(m);
		t->first_data_length[dir] = i->length;
	}
	t->last_data_length[dir] = i->length;
	if (t->data_records[dir] < G_MAXUINT)
		t->data_records[dir]++;
	bool v13 = t->server.max_version == TLS_1_3;
	if (v13 && dir == FLOW_C2S && i->length > 19 && t->first_data[FLOW_S2C].frame &&
	    !t->established) {
		t->established = true;
		session_event(s, EVENT_NOTE, m, true, "TLS is established");
		session_tls_step(s, "finished");
		session_reach(s, STAGE_FINISHED);
	}
}

static void finished(struct session *s, enum flow_dir dir, struct flow_mark m)
{
	struct seen_tls *t = session_tls(s);
	/* One encrypted handshake record a side is the Finished; one more begins another handshake.
	 */
	if (t->established && t->finished[dir].frame)
		seen_first(&t->renegotiation, m);
	seen_first(&t->finished[dir], m);
	if (!t->established && t->finished[0].frame && t->finished[1].frame) {
		t->established = true;
		session_event(s, EVENT_NOTE, m, true, "TLS is established");
		session_tls_step(s, "finished");
		session_reach(s, STAGE_CERTIFICATE);
		session_reach(s, STAGE_FINISHED);
	}
}

/* Where the first item of this kind is noted; NULL for kinds of which that is not kept. */
static struct seen_at *first_of(struct seen_tls *t, enum flow_dir dir, enum tls_item_kind kind)
{
	switch (kind) {
	case TLS_ITEM_HELLO_RETRY:
		return &t->retry;
	case TLS_ITEM_CERTIFICATE_REQUEST:
		return &t->certificate_request;
	case TLS_ITEM_SERVER_HELLO_DONE:
		return &t->server_done;
	case TLS_ITEM_CLIENT_KEY_EXCHANGE:
		return &t->client_key;
	case TLS_ITEM_HELLO_REQUEST:
		return &t->hello_request;
	case TLS_ITEM_CHANGE_CIPHER_SPEC:
		return &t->ccs[dir];
	default:
		return NULL;
	}
}

/* A handshake message in clear. */
static void tls_message(struct session *s, enum flow_dir dir, const struct tls_item *i,
			struct flow_mark m)
{
	switch (i->kind) {
	case TLS_ITEM_CLIENT_HELLO:
		client_hello(s, i->hello, m);
		break;
	case TLS_ITEM_SERVER_HELLO:
		server_hello(s, i->hello, m);
		break;
	case TLS_ITEM_HELLO_RETRY:
		session_event(s, EVENT_S2C, m, false, "HelloRetryRequest");
		session_tls_step(s, "hello_retry");
		break;
	case TLS_ITEM_CERTIFICATE:
		if (dir == FLOW_S2C)
			server_certificate(s, i, m);
		else
			client_certificate(s, i, m);
		break;
	case TLS_ITEM_CERTIFICATE_REQUEST:
		session_event(s, EVENT_S2C, m, false, "the server asks for a client certificate");
		break;
	case TLS_ITEM_SERVER_KEY_EXCHANGE:
		session_tls(s)->group = i->group;
		break;
	case TLS_ITEM_CLIENT_KEY_EXCHANGE:
		session_reach(s, STAGE_CERTIFICATE);
		break;
	default:
		break;
	}
}

static void tls_item(struct session *s, enum flow_dir dir, const struct tls_item *i,
		     struct flow_mark m)
{
	struct seen_at *first = first_of(session_tls(s), dir, i->kind);

	if (first)
		seen_first(first, m);
	if (i->kind == TLS_ITEM_DATA || i->kind == TLS_ITEM_HANDSHAKE_ENCRYPTED)
		session_inside_record(s, dir, i, m);
	switch (i->kind) {
	case TLS_ITEM_ALERT:
	case TLS_ITEM_ALERT_ENCRYPTED:
		alert(s, dir, i, m);
		break;
	case TLS_ITEM_HANDSHAKE_ENCRYPTED:
		if (i->complete) /* else it is a guess after a gap */
			finished(s, dir, m);
		break;
	case TLS_ITEM_DATA:
		data_record(s, dir, i, m);
		break;
	default:
		tls_message(s, dir, i, m);
	}
}

/* Text after a handshake that failed: "454 ..." of a gateway, or the client going on in clear. */
static bool text_again(struct session *s, enum flow_dir dir, struct bytes at)
{
	uint8_t c = bytes_peek(&at, 0);
	if (dir == FLOW_S2C)
		return c >= '2' && c <= '5' && bytes_peek(&at, 1) >= '0' &&
		       bytes_peek(&at, 1) <= '9' && bytes_peek(&at, 2) >= '0' &&
		       bytes_peek(&at, 2) <= '9';
	return s->seen.tls->alert_count && ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'));
}

void session_tls_bytes(struct session *s, enum flow_dir dir, struct bytes *in, struct flow_mark m)
{
	struct tls_item item;
	for (;;) {
		enum step step = tls_next(s->tls[dir], in, &item);
		if (step == STEP_MORE)
			return;
		if (step == STEP_ITEM) {
			tls_item(s, dir, &item, m);
			session_opened_item(s, dir, &item, m);
			continue;
		}
		if (text_again(s, dir, *in)) { /* `in` was left at the byte that is no TLS */
			s->mode[dir] = SESSION_MODE_SMTP;
			return;
		}
		seen_first(&session_tls(s)->bad[dir], m);
		s->mode[dir] = SESSION_MODE_OPAQUE;
		return;
	}
}

/* ---- as the host decrypted it ---- */

/* The sealed alert of this side and frame, or a new one; NULL when there is no room. */
static struct seen_alert *alert_of(struct seen_tls *t, bool from_client, uint32_t frame)
{
	for (unsigned i = t->alert_count; i-- > 0;)
		if (t->alerts[i].encrypted && t->alerts[i].from_client == from_client &&
		    t->alerts[i].at.frame == frame)
			return &t->alerts[i];
	return t->alert_count < CAP_ALERTS ? &t->alerts[t->alert_count++] : NULL;
}

void session_plain_alert(struct session *s, enum flow_dir dir, uint8_t level, uint8_t code,
			 struct flow_mark m)
{
	const char *name = tls_alert_name(code);
	struct seen_alert *a = code ? alert_of(session_tls(s), dir == FLOW_C2S, m.frame) : NULL;

	if (!a) /* close_notify is an orderly end */
		return;
	*a = (struct seen_alert){
		.from_client = dir == FLOW_C2S, .level = level, .code = code, .at = seen_at(m)
	};
	session_event(s, (enum event_direction)dir, m, true, "%s alert %s (%u)",
		      level == 2 ? "fatal" : "warning", name ? name : "of unknown code", code);
	session_tls_step(s, "alert");
}
