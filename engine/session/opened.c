/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sealed records of a session whose keys are known: their bodies go to the opening, what was inside
 * comes back at the end of the frame, as a host that decrypts hands it over after the frame. So
 * both ways give the same events in the same order. Nothing is kept of sessions without keys.
 */
#include "session/state.h"

#include <string.h>

enum piece_kind { PIECE_DATA, PIECE_ALERT, PIECE_LOST };

/* What was inside one record, until the segment is over. */
struct piece {
	struct piece *next;
	enum piece_kind kind;
	enum flow_dir dir;
	struct flow_mark mark;
	size_t n;
	uint8_t bytes[]; /* wiped when freed: it may be a password */
};

struct session_opened {
	struct opening *opening;
	struct piece *first, *last;
	size_t bytes; /* of the pieces */
};

static void add_piece(struct session_opened *o, enum piece_kind kind, enum flow_dir dir,
		      struct flow_mark m, struct bytes inside)
{
	size_t n = bytes_left(&inside);
	struct piece *p = g_malloc(sizeof *p + n);

	*p = (struct piece){ .kind = kind, .dir = dir, .mark = m, .n = n };
	if (n)
		memcpy(p->bytes, inside.at, n);
	if (o->last)
		o->last->next = p;
	else
		o->first = p;
	o->last = p;
	o->bytes += sizeof *p + n;
}

static struct piece *take_piece(struct session_opened *o)
{
	struct piece *p = o->first;

	if (!p)
		return NULL;
	o->first = p->next;
	if (!o->first)
		o->last = NULL;
	o->bytes -= sizeof *p + p->n;
	return p;
}

static void piece_free(struct piece *p)
{
	explicit_bzero(p->bytes, p->n);
	g_free(p);
}

void session_opened_free(struct session *s)
{
	struct session_opened *o = s->opened;

	if (!o)
		return;
	for (struct piece *p; (p = take_piece(o)) != NULL;)
		piece_free(p);
	opening_free(o->opening);
	g_free(o);
	s->opened = NULL;
}

size_t session_opened_kept(const struct session *s)
{
	return s->opened ? sizeof *s->opened + opening_kept(s->opened->opening) + s->opened->bytes
			 : 0;
}

enum opening_state session_opened_state(const struct session *s)
{
	const struct seen_at *tls = s->seen.first_tls;

	if (s->opened)
		return opening_state(s->opened->opening);
	/* Without its ClientHello no session is found in a key log. */
	return s->cx->key_log && (tls[FLOW_C2S].frame || tls[FLOW_S2C].frame) ? OPENING_GAP
									      : OPENING_NONE;
}

bool session_opened_shut(const struct session *s, enum flow_dir dir, bool at_end)
{
	return s->opened && opening_shut(s->opened->opening, dir == FLOW_C2S, at_end);
}

/* ---- records ---- */

/* A ClientHello that can be found in a key log. */
static void begin(struct session *s)
{
	s->opened = g_new0(struct session_opened, 1);
	s->opened->opening = opening_new(s->cx->key_log);
}

/* A protected record begins. */
static void want_body(struct session *s, enum flow_dir dir)
{
	if (opening_wants(s->opened->opening, dir == FLOW_C2S))
		tls_take_body(s->tls[dir]);
}

static void take_body(struct session *s, enum flow_dir dir, const struct tls_item *i,
		      struct flow_mark m)
{
	struct session_opened *o = s->opened;
	struct bytes inside;

	switch (opening_record(o->opening, dir == FLOW_C2S, i->record_type, i->record_version,
			       i->body, &inside)) {
	case OPENED_DATA:
		add_piece(o, PIECE_DATA, dir, m, inside);
		break;
	case OPENED_ALERT:
		add_piece(o, PIECE_ALERT, dir, m, inside);
		break;
	case OPENED_LOST:
		add_piece(o, PIECE_LOST, dir, m, inside);
		break;
	case OPENED_NOTHING:
		break;
	}
}

void session_opened_item(struct session *s, enum flow_dir dir, const struct tls_item *i,
			 struct flow_mark m)
{
	if (s->cx->key_log && !s->opened && i->kind == TLS_ITEM_CLIENT_HELLO && !i->hello->sslv2)
		begin(s);
	if (!s->opened)
		return;
	switch (i->kind) {
	case TLS_ITEM_ALERT_ENCRYPTED:
	case TLS_ITEM_HANDSHAKE_ENCRYPTED:
	case TLS_ITEM_DATA:
		want_body(s, dir);
		break;
	case TLS_ITEM_BODY:
		take_body(s, dir, i, m);
		break;
	case TLS_ITEM_CHANGE_CIPHER_SPEC:
		if (i->length > 1) { /* it is encrypted: a renegotiation */
			want_body(s, dir);
			break;
		}
		/* fall through */
	default:
		opening_message(s->opened->opening, dir == FLOW_C2S, i);
	}
}

void session_opened_gap(struct session *s, enum flow_dir dir)
{
	if (!s->opened)
		return;
	opening_gap(s->opened->opening, dir == FLOW_C2S);
}

/* ---- what was inside ---- */

static void give_piece(struct session *s, const struct piece *p, struct flow_mark m)
{
	const struct bytes in = bytes_of(p->bytes, p->n);

	switch (p->kind) {
	case PIECE_DATA:
		session_plaintext(s, p->dir, in, m);
		break;
	case PIECE_ALERT:
		session_plain_alert(s, p->dir, p->bytes[0], p->bytes[1], m);
		break;
	case PIECE_LOST:
		session_plain_lost(s, p->dir, m);
		break;
	}
}

/* `now` NULL: with the marks of the records. `but` is a frame whose records wait on, 0 none. */
static void give_pieces(struct session *s, const struct flow_mark *now, uint32_t but)
{
	struct session_opened *o = s->opened;

	while (o && o->first && o->first->mark.frame != but) {
		struct piece *p = take_piece(o);
		give_piece(s, p, now ? *now : p->mark);
		piece_free(p);
	}
}

void session_opened_flush(struct session *s, const struct flow_mark *now)
{
	give_pieces(s, now, 0);
}

void session_opened_settle(struct session *s, struct flow_mark m)
{
	give_pieces(s, NULL, m.frame);
}
