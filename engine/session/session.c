/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of a session: ordered bytes go to the decoder of the direction's mode, gaps and closes
 * change the modes, and the end of the flow turns pending things into what was seen. The dialogue
 * itself is in commands.c, the handshake in tls.c, text and events in notes.c.
 */
#include "base/fetch.h"
#include "base/code.h"
#include "m365/peers.h"
#include "session/commands.h"
#include "session/inside.h"
#include "session/replies.h"

#include <string.h>

#define TLS_HEADER 5u /* of a record, RFC 8446 5.1 */
#define SILENCE_WORTH_NOTING (60 * SEGMENT_SECOND)

/* Most sessions of a mirror port wait quietly: what only TLS or mail need is allocated with them.
 */
static const struct seen_tls no_tls;
static const struct seen_mail no_mail;
static const struct seen_odd nothing_odd;

struct session *session_new(struct session_context *cx, unsigned number)
{
	struct session *s = pool_take(&cx->session_room, sizeof(struct session));
	s->cx = cx;
	s->number = number;
	s->seen.tls = &no_tls;
	s->seen.mail = &no_mail;
	s->seen.odd = &nothing_odd;
	return s;
}

const struct seen *session_seen(const struct session *s)
{
	return &s->seen;
}

unsigned session_number(const struct session *s)
{
	return s->number;
}

void session_set_number(struct session *s, unsigned number)
{
	s->number = number;
}

void session_begin_midstream(struct session *s)
{
	s->seen.midstream = true;
}

void session_free(struct session *s)
{
	if (!s)
		return;
	smtp_client_free(s->client);
	smtp_server_free(s->server);
	smtp_client_free(s->inner_client);
	smtp_server_free(s->inner_server);
	session_opened_free(s);
	tls_free(s->tls[FLOW_C2S]);
	tls_free(s->tls[FLOW_S2C]);
	certificates_drop(s->cx->certificates, s->seen.tls->leaf);
	pool_give(&s->cx->tls_room, s->own_tls);
	g_free(s->seen.mail->from);
	g_free(s->seen.mail->to);
	pool_give(&s->cx->mail_room, s->own_mail);
	g_free(s->own_odd);
	g_free(s->seen.trace);
	g_free(s->seen.ehlo.lines);
	if (s->seen.inner)
		g_free(s->seen.inner->lines);
	g_free(s->seen.lookup);
	if (s->seen.inside)
		inside_log_free(s->seen.inside->log);
	g_free(s->seen.inside);
	g_free(s->seen.inner);
	g_free(s->seen.replies);
	session_doubts_free(s);
	if (s->queue)
		g_array_free(s->queue, TRUE);
	session_free_events(s);
	g_free(s->last_text);
	for (int i = 0; i < 2; i++)
		arena_clear(&s->lists[i], &s->cx->blocks);
	g_free(s->history);
	g_free(s->tls_history);
	arena_clear(&s->arena, &s->cx->blocks);
	pool_give(&s->cx->session_room, s);
}

void session_fetch(const struct session *s, unsigned step)
{
	if (step == 0) {
		fetch(s, sizeof *s);
		return;
	}
	const void *const parts[] = { s->client, s->server, s->tls[0], s->tls[1], s->arena.at };
	for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
		if (parts[i])
			fetch(parts[i], 2 * FETCH_LINE);
}

size_t session_kept(const struct session *s)
{
	size_t n = sizeof *s + 128; /* histories, about */
	n += s->arena.bytes + s->lists[0].bytes + s->lists[1].bytes;
	n += s->client ? smtp_client_kept(s->client) : 0;
	n += s->server ? smtp_server_kept(s->server) : 0;
	n += s->tls[0] ? tls_kept(s->tls[0]) : 0;
	n += s->tls[1] ? tls_kept(s->tls[1]) : 0;
	n += session_opened_kept(s);
	n += s->events ? s->events->len * (sizeof(struct event) + (s->cx->dialogue ? 48 : 0)) : 0;
	n += s->queue ? s->queue->len * sizeof(struct session_command) : 0;
	n += s->own_odd ? sizeof *s->seen.odd : 0;
	n += s->own_mail ? sizeof *s->seen.mail : 0;
	n += s->own_tls ? sizeof *s->seen.tls : 0;
	n += s->seen.tls->leaf ? certificates_kept(s->seen.tls->leaf) : 0;
	n += (s->seen.mail->from ? 168u : 0u) + (s->seen.mail->to ? 168u : 0u) +
	     (s->seen.ehlo.lines ? 128u : 0u);
	n += s->seen.inside ? sizeof *s->seen.inside + inside_log_kept(s->seen.inside->log) : 0;
	n += s->seen.replies ? CAP_REPLIES * sizeof *s->seen.replies : 0;
	return n;
}

void session_lookup(struct session *s, const struct dns_lookup *l, uint32_t dns_seen)
{
	s->seen.dns_seen = dns_seen;
	if (!l || s->seen.lookup)
		return;
	struct seen_lookup *k = s->seen.lookup = g_new0(struct seen_lookup, 1);
	k->name = session_keep_text(s, l->name);
	k->cname = session_keep_text(s, l->cname);
	k->answer_frame = l->answer_frame;
	k->query_ns = l->query_ns;
	k->answer_ns = l->answer_ns;
}

void session_hole(struct session *s, bool server_bytes, uint32_t ack, uint32_t size,
		  struct flow_mark m)
{
	struct seen *n = &s->seen;
	if (!n->odd->hole_first.frame || n->odd->hole_ack != ack ||
	    n->odd->hole_s2c != server_bytes) {
		session_odd(s)->hole_first = seen_at(m);
		session_odd(s)->hole_ack = ack;
		session_odd(s)->hole_s2c = server_bytes;
	}
	session_odd(s)->hole_size = size;
	session_odd(s)->hole_last = seen_at(m);
}

void session_icmp(struct session *s, const struct icmp_error *e)
{
	struct flow_mark m = { .time_ns = e->time_ns, .frame = e->frame };
	bool too_big = e->next_mtu || (e->src.family == 4 && e->type == 3 && e->code == 4) ||
		       (e->src.family == 6 && e->type == 2);
	struct seen *n = &s->seen;

	if (too_big) {
		seen_first(&session_odd(s)->icmp_big, m);
		session_odd(s)->icmp_mtu = e->next_mtu;
	} else if (!n->odd->icmp.frame) {
		session_odd(s)->icmp = seen_at(m);
		session_odd(s)->icmp_from = e->from;
		session_odd(s)->icmp_type = e->type;
		session_odd(s)->icmp_code = e->code;
	}
	session_event(s, EVENT_NOTE, m, false,
		      too_big ? "ICMP: packet too big, next MTU %u"
			      : "ICMP: destination unreachable, type %u code %u",
		      too_big ? e->next_mtu : e->type, e->code);
}

/* A proxy's answer: how many of its bytes end before the mail server's greeting (RFC 1928 3, 6). */
static size_t proxy_answer(struct bytes in)
{
	size_t n = bytes_left(&in);
	if (bytes_starts(&in, "HTTP/1", 6)) {
		for (size_t i = 0; i + 4 <= n; i++)
			if (bytes_peek(&in, i) == '\r' && bytes_peek(&in, i + 1) == '\n' &&
			    bytes_peek(&in, i + 2) == '\r' && bytes_peek(&in, i + 3) == '\n')
				return i + 4;
		return n;
	}
	if (bytes_peek(&in, 0) == 1) /* RFC 1929: the login's result */
		return MIN(n, 2);
	if (bytes_peek(&in, 0) != 5)
		return 0;
	if (n == 2)
		return n;
	size_t address = bytes_peek(&in, 3) == 1   ? 4
			 : bytes_peek(&in, 3) == 4 ? 16
						   : 1u + bytes_peek(&in, 4);
	return MIN(n, 6 + address);
}

/* What the client says to a proxy before the banner; a name and password may be in it. */
static const char *proxy_words(const struct seen *n, struct bytes in)
{
	if (bytes_starts(&in, "CONNECT ", 8))
		return "HTTP CONNECT";
	if (bytes_peek(&in, 0) == 5 && bytes_left(&in) >= 3 &&
	    (bytes_left(&in) == 2u + bytes_peek(&in, 1) || bytes_peek(&in, 1) <= 3))
		return "SOCKS 5";
	return n->odd->proxy.frame && bytes_peek(&in, 0) != 0x16 ? n->odd->proxy_words : NULL;
}

/* The first bytes of a direction may be a proxy's dialogue. True: all of them were. */
static bool proxy_request(struct session *s, enum flow_dir dir, struct bytes *in,
			  struct flow_mark m)
{
	struct seen *n = &s->seen;
	const char *words = dir == FLOW_C2S && !n->banner.frame ? proxy_words(n, *in) : NULL;

	if (words) {
		bool first = !n->odd->proxy.frame;
		seen_first(&session_odd(s)->proxy, m);
		session_odd(s)->proxy_words = words;
		session_event(s, EVENT_C2S, m, false,
			      first ? "%s request to a proxy" : "%s, to the proxy (not shown)",
			      words);
		bytes_upto(in, bytes_left(in));
		return true;
	}
	if (n->banner.frame || !n->odd->proxy.frame || dir != FLOW_S2C)
		return false;
	size_t answer = proxy_answer(*in);
	if (answer)
		session_event(s, EVENT_S2C, m, false, "the proxy's answer");
	bytes_take(in, answer);
	return answer && !bytes_left(in);
}

/* Long silence of both (T07), and of the client within the message (T08). */
static void notice_silence(struct session *s, enum flow_dir dir, struct flow_mark m)
{
	if (s->last_data_ns && m.time_ns > s->last_data_ns &&
	    m.time_ns - s->last_data_ns > s->seen.longest_silence_ns) {
		s->seen.longest_silence_ns = m.time_ns - s->last_data_ns;
		s->seen.longest_silence = seen_at(m);
	}
	s->last_data_ns = m.time_ns;
	if (s->body_open && s->last_c2s_ns && m.time_ns > s->last_c2s_ns &&
	    m.time_ns - s->last_c2s_ns > SILENCE_WORTH_NOTING)
		seen_first(&session_odd(s)->slow, m);
	if (dir == FLOW_C2S)
		s->last_c2s_ns = m.time_ns;
}

/* After an accepted STARTTLS: bytes that neither begin a TLS record nor a line of text. */
static void notice_garbage(struct session *s, enum flow_dir dir, struct flow_mark m)
{
	struct bytes kept =
		dir == FLOW_C2S ? smtp_client_carry(s->client) : smtp_server_carry(s->server);
	uint8_t first = bytes_peek(&kept, 0);
	if (s->seen.starttls_code != CODE_READY || s->seen.odd->plain_after_220.frame ||
	    s->mode[dir] != SESSION_MODE_SMTP || bytes_left(&kept) < TLS_HEADER ||
	    smtp_looks_like_tls(kept, NULL) || (first >= ' ' && first < 0x7f))
		return;
	seen_first(&session_tls(s)->bad[dir], m);
	s->mode[dir] = SESSION_MODE_OPAQUE;
}

/* A decoder that starts in the middle does not trust the first line, it may be part of a body. */
static void make_decoder(struct session *s, enum flow_dir dir)
{
	if (dir == FLOW_C2S && !s->client) {
		s->client = smtp_client_new();
		smtp_client_set_key(s->client, s->cx->secret_key, s->cx->redact);
		if (s->seen.midstream)
			smtp_client_gap(s->client, 0);
		if (s->body_open) /* 354 came, and all before it is missing */
			smtp_client_expect(s->client, SMTP_EXPECT_DATA);
	} else if (dir == FLOW_S2C && !s->server) {
		s->server = smtp_server_new();
		if (s->seen.midstream)
			smtp_server_gap(s->server, 0);
	}
}

static void data_smtp(struct session *s, enum flow_dir dir, struct bytes *in, struct flow_mark m)
{
	make_decoder(s, dir);
	if (s->seen.midstream && bytes_peek(in, 0) == 0x17 && bytes_peek(in, 1) == 3 &&
	    bytes_peek(in, 2) <= 4) {
		session_start_tls(s, dir, m); /* the capture began inside TLS */
		return;
	}
	if (dir == FLOW_C2S)
		session_smtp_client(s, s->client, in, m);
	else
		session_smtp_server(s, s->server, in, m);
	if (!bytes_left(in))
		notice_garbage(s, dir, m);
}

void session_data(struct session *s, const struct flow *f, enum flow_dir dir, struct bytes view,
		  struct flow_mark mark)
{
	(void)f;
	session_opened_settle(s, mark);
	notice_silence(s, dir, mark);
	if (proxy_request(s, dir, &view, mark))
		return;
	/* A mode may change in the middle of a view: go on until all was taken. Each round either
	 * takes bytes or changes the mode, so it ends. */
	for (unsigned round = 0; bytes_left(&view) && round < 64; round++) {
		enum session_mode mode = s->mode[dir];
		size_t before = bytes_left(&view);
		if (mode == SESSION_MODE_OPAQUE)
			return;
		if (mode == SESSION_MODE_SMTP)
			data_smtp(s, dir, &view, mark);
		else
			session_tls_bytes(s, dir, &view, mark);
		if (bytes_left(&view) == before && s->mode[dir] == mode)
			return;
	}
}

/* Does a gap here hide dialogue or handshake (and not only a body or bytes that nobody reads)? */
static bool gap_matters(const struct session *s, enum flow_dir dir)
{
	if (s->mode[dir] == SESSION_MODE_OPAQUE)
		return false;
	if (s->mode[dir] == SESSION_MODE_TLS) /* what follows inside cannot be read either */
		return !s->seen.tls->established || s->seen.plaintext;
	return dir != FLOW_C2S || !s->body_open || (s->client && !smtp_client_in_body(s->client));
}

static void client_gap(struct session *s, struct smtp_client *c, uint64_t missing,
		       struct flow_mark mark)
{
	struct smtp_auth cut;

	if (smtp_client_cut_auth(c, &cut))
		session_login_cut(s, &cut, mark);
	smtp_client_gap(c, missing);
	if (smtp_client_in_doubt(c))
		session_doubts_gap(s);
}

/* Replies can no longer be matched to commands: forget what waits (RFC 2920). */
static void lose_step(struct session *s, enum flow_dir dir)
{
	if (dir == FLOW_C2S && s->body_open)
		return;
	if (s->queue)
		g_array_set_size(s->queue, 0);
	s->filling = NULL;
	s->desync = true;
}

/* The same inside TLS, where it was readable. */
static void inner_gap(struct session *s, enum flow_dir dir, uint64_t missing, struct flow_mark mark)
{
	s->inside = true;
	if (dir == FLOW_C2S && s->inner_client)
		client_gap(s, s->inner_client, missing, mark);
	else if (dir == FLOW_S2C && s->inner_server)
		smtp_server_gap(s->inner_server, missing);
	s->inside = false;
}

/* A gap that hides dialogue: it is said, and the sides are no longer in step. */
static void note_gap(struct session *s, enum flow_dir dir, struct flow_mark mark)
{
	seen_first(&session_odd(s)->gap, mark);
	if (dir == FLOW_C2S)
		session_odd(s)->gap_c2s = true;
	else
		session_odd(s)->gap_s2c = true;
	lose_step(s, dir);
}

/* A direction that cannot be read while the other can: its part of the dialogue is missing, as in a
 * capture of one side. */
static void note_shut(struct session *s, bool at_end, struct flow_mark mark)
{
	for (enum flow_dir dir = FLOW_C2S; dir <= FLOW_S2C; dir++) {
		bool lost = s->sealed_gap[dir].frame != 0; /* at the end this was said */
		if (at_end ? lost || !session_opened_shut(s, dir, true)
			   : !lost && !session_opened_shut(s, dir, false))
			continue;
		seen_first(&s->sealed_gap[dir], mark);
		session_event(s, EVENT_NOTE, mark, true,
			      "not all that the %s sends inside TLS can be read",
			      dir == FLOW_C2S ? "client" : "server");
		note_gap(s, dir, mark);
	}
}

static void begin_plaintext(struct session *s, struct flow_mark mark)
{
	s->seen.plaintext = true;
	note_shut(s, false, mark);
}

void session_plain_lost(struct session *s, enum flow_dir dir, struct flow_mark m)
{
	seen_first(&s->sealed_gap[dir], m);
	if (!s->seen.plaintext)
		return; /* as without keys, until something can be read */
	session_event(s, EVENT_NOTE, m, true, "what the %s sends from here on cannot be decrypted",
		      dir == FLOW_C2S ? "client" : "server");
	note_gap(s, dir, m);
	inner_gap(s, dir, 0, m);
}

void session_plaintext(struct session *s, enum flow_dir dir, struct bytes view,
		       struct flow_mark mark)
{
	if (!s->seen.plaintext)
		begin_plaintext(s, mark);
	s->seen.readable_tls = true;
	s->inside = true;
	if (dir == FLOW_C2S) {
		if (!s->inner_client) {
			s->inner_client = smtp_client_new();
			smtp_client_set_key(s->inner_client, s->cx->secret_key, s->cx->redact);
		}
		session_smtp_client(s, s->inner_client, &view, mark);
	} else {
		if (!s->inner_server)
			s->inner_server = smtp_server_new();
		session_smtp_server(s, s->inner_server, &view, mark);
	}
	s->inside = false;
}

/* The snap length cut a line of the server: of a refusal or a final "250 " its front says enough.
 * A greeting and a list of capabilities must be whole. */
static void reply_cut(struct session *s, struct flow_mark m)
{
	struct smtp_item item;
	enum smtp_verb v = s->body_open ? SMTP_VERB_DATA : SMTP_VERB_EHLO;
	if (s->queue && s->queue->len)
		v = g_array_index(s->queue, struct session_command, 0).verb;
	if (s->mode[FLOW_S2C] != SESSION_MODE_SMTP || v == SMTP_VERB_EHLO || v == SMTP_VERB_HELO ||
	    !s->server || !smtp_server_cut(s->server, &item))
		return;
	if (s->seen.mail->auth.tries ||
	    session_is_blind(s)) /* the front of an echoed secret is not recognised */
		item.text = item.reply.text = item.line = bytes_of(NULL, 0);
	session_reply_line(s, &item, m);
}

/* Inside an encrypted record the count goes on; else borders are lost. */
static void tls_gap_of(struct session *s, enum flow_dir dir, uint64_t missing, struct flow_mark m)
{
	tls_gap(s->tls[dir], missing);
	if (tls_lost(s->tls[dir]))
		session_inside_hole(s, dir, missing, m);
}

void session_gap(struct session *s, const struct flow *f, enum flow_dir dir, uint64_t missing,
		 enum flow_gap why, struct flow_mark mark)
{
	(void)f;
	session_opened_settle(s, mark);
	session_opened_gap(s, dir);
	bool matters = gap_matters(s, dir);

	if (why == FLOW_GAP_SNAPPED && dir == FLOW_S2C)
		reply_cut(s, mark);
	if (why == FLOW_GAP_LOST)
		seen_first(&session_odd(s)->lost, mark);
	if (why == FLOW_GAP_SNAPPED)
		seen_first(matters ? &session_odd(s)->snapped : &session_odd(s)->snapped_body,
			   mark);
	if (matters) {
		session_event(s, EVENT_NOTE, mark, false,
			      "%" G_GUINT64_FORMAT " bytes from the %s are %s", missing,
			      dir == FLOW_C2S ? "client" : "server",
			      why == FLOW_GAP_SNAPPED ? "cut off by the snap length"
						      : "missing in the capture");
		note_gap(s, dir, mark);
	}
	if (s->mode[dir] == SESSION_MODE_TLS && s->tls[dir]) {
		if (!matters)
			seen_first(&s->sealed_gap[dir], mark);
		tls_gap_of(s, dir, missing, mark);
		inner_gap(s, dir, missing, mark);
	} else if (dir == FLOW_C2S && s->client)
		client_gap(s, s->client, missing, mark);
	else if (dir == FLOW_S2C && s->server)
		smtp_server_gap(s->server, missing);
}

void session_close(struct session *s, const struct flow *f, enum flow_dir dir, bool reset,
		   struct flow_mark mark)
{
	(void)f;
	session_opened_settle(s, mark);
	session_event(s, dir == FLOW_C2S ? EVENT_C2S : EVENT_S2C, mark, false,
		      "%s %s the connection", dir == FLOW_C2S ? "the client" : "the server",
		      reset ? "resets" : "closes");
	session_step(s, reset ? "reset" : "close");
	s->closed = true;
}

/* Microsoft 365 goes into no login before TLS (docs/microsoft-365.md#ehlo-lists), so one that it
 * does go into is inside. When it began was not captured. */
static bool login_inside(const struct session *s, const struct flow *f)
{
	const struct seen *n = &s->seen;
	struct peer p;
	bool before =
		n->ehlo.complete && !n->starttls.frame && (!n->midstream || n->ehlo.has_starttls);
	return n->mail->auth.entertained && !before &&
	       ((n->lookup && peers_by_name(s->cx->peers, n->lookup->name, f->server_port, &p)) ||
		peers_by_address(s->cx->peers, &f->server, f->server_port, &p));
}

/* What shows that the readable dialogue of a session with holes was inside TLS (C07), frame 0
 * nothing. */
static struct seen_at mirror_sign(const struct session *s, const struct flow *f)
{
	const struct seen *n = &s->seen;
	bool holes = n->odd->gap.frame || f->one_sided || f->midstream;

	if (n->mirror || n->readable_tls || !holes || n->first_tls[FLOW_C2S].frame ||
	    n->first_tls[FLOW_S2C].frame)
		return (struct seen_at){ 0 };
	if (n->odd->plain_after_220.frame && !(n->inner && n->inner->complete))
		return n->odd->plain_after_220; /* what the second list says is not known */
	if (!n->starttls_code && n->clear_after_starttls.frame)
		return n->clear_after_starttls; /* so the 220 was lost */
	if (!n->odd->plain_after_220.frame && n->ehlo.auth_xoauth2 && !n->ehlo.has_starttls)
		return n->ehlo.reply; /* tokens are offered inside TLS only, STARTTLS came before */
	return login_inside(s, f) ? n->mail->auth.at : (struct seen_at){ 0 };
}

/* A mirror that decrypts (C07) whose proof was lost: its dialogue must not pass for clear text. */
static void suspect_mirror(struct session *s, const struct flow *f)
{
	struct seen *n = &s->seen;
	struct seen_at sign = mirror_sign(s, f);

	if (!sign.frame)
		return;
	n->mirror = true;
	if (!n->odd->plain_after_220.frame)
		session_odd(s)->plain_after_220 = sign;
}

/* After an accepted STARTTLS the client sent the beginning of something that is no TLS and did not
 * even end a line; then the connection was closed. */
static void unfinished_garbage(struct session *s, const struct flow_side *c2s,
			       const struct flow_side *s2c)
{
	struct seen *n = &s->seen;
	struct flow_mark m = { .time_ns = c2s->last_data_ns, .frame = c2s->last_data_frame };
	struct bytes kept = s->client ? smtp_client_carry(s->client) : bytes_of(NULL, 0);

	if (n->starttls_code != CODE_READY || n->odd->plain_after_220.frame ||
	    n->first_tls[FLOW_C2S].frame || s->mode[FLOW_C2S] != SESSION_MODE_SMTP ||
	    !(flow_left(c2s, s2c) || flow_left(s2c, c2s)) || bytes_left(&kept) < TLS_HEADER ||
	    smtp_looks_like_tls(kept, NULL))
		return;
	seen_first(&session_tls(s)->bad[FLOW_C2S], m);
}

void session_end(struct session *s, const struct flow *f)
{
	struct seen *n = &s->seen;

	const struct flow_side *c2s = &f->side[FLOW_C2S];
	if (n->plaintext)
		note_shut(s, true,
			  (struct flow_mark){ .time_ns = f->last_ns, .frame = f->last_frame });
	session_doubts_end(s);
	suspect_mirror(s, f);
	unfinished_garbage(s, c2s, &f->side[FLOW_S2C]);
	session_body_unfinished(s, (struct flow_mark){ .time_ns = c2s->last_data_ns,
						       .frame = c2s->last_data_frame });
	if (s->queue && s->queue->len) {
		struct session_command *c = &g_array_index(s->queue, struct session_command, 0);
		n->pending = c->at;
		n->pending_verb = c->verb;
		n->pending_stage = session_stage_of(c, c->in_tls);
	}
	if (session_transaction_over(s, f))
		session_transaction_failed(s);
}

const struct seen *session_as_ended(const struct session *s, const struct flow *f,
				    struct session_snapshot *out)
{
	out->seen = s->seen;
	if (mirror_sign(s, f).frame)
		out->seen.mirror = true;
	if (session_transaction_over(s, f)) {
		out->mail = *s->seen.mail;
		out->seen.mail = &out->mail;
		seen_transaction_failed(&out->seen, &out->mail, s->transaction_stage,
					s->transaction_at);
	}
	return &out->seen;
}
