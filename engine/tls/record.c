/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pull decoder for one direction of a TLS stream, see tls.h. A state per place in the stream:
 *
 *   HEADER -> BEGIN -> FRAGMENT (clear handshake)  -> HEADER      LOST: borders unknown after a gap
 *                   -> PEEK     (clear or not?)    -> FRAGMENT    V2, V2_REST: SSL 2.0
 *                   -> ALERT    (two clear bytes)  -> HEADER      BAD: no TLS
 *                   -> SKIP     (counted only)     -> HEADER
 *                   -> BODY     (kept)             -> HEADER
 *
 * Encrypted bodies are kept only when asked for. Clear messages are put together in handshake.c,
 * SSL 2.0 is read in sslv2.c.
 */
#include "tls/state.h"

struct tls *tls_new(bool from_client)
{
	struct tls *t = g_new0(struct tls, 1);
	t->from_client = from_client;
	return t;
}

void tls_free(struct tls *t)
{
	if (!t)
		return;
	handshake_end_loan(t);
	handshake_drop_copy(t);
	g_free(t->body);
	g_free(t);
}

static void drop_body(struct tls *t)
{
	g_free(t->body);
	t->body = NULL;
	t->body_have = 0;
}

/* Is byte i of a record header possible? The length is judged with its second byte. */
static bool header_byte_fits(const struct tls *t, unsigned i, uint8_t c)
{
	switch (i) {
	case 0:
		return c >= TLS_RECORD_CCS && c <= TLS_RECORD_HEARTBEAT;
	case 1:
		return c == 3;
	case 2:
		return c <= 4;
	case 3:
		return c <= TLS_RECORD_MAX >> 8;
	default:
		return ((unsigned)t->head[3] << 8 | c) <= TLS_RECORD_MAX;
	}
}

/* No header where one must stand: no TLS, or a border after a gap that was guessed wrong. */
static enum turn bad_header(struct tls *t, struct bytes *in)
{
	t->head_have = 0;
	if (t->probation == 0) {
		t->state = TLS_STATE_BAD;
		return TURN_BAD;
	}
	t->state = TLS_STATE_LOST;
	t->unsure = t->after_gap = true;
	bytes_take(in, bytes_left(in));
	return TURN_MORE;
}

static enum turn read_header(struct tls *t, struct bytes *in)
{
	if (!t->any_record && t->head_have == 0 && (bytes_peek(in, 0) & 0x80)) {
		t->state = TLS_STATE_V2;
		return TURN_ON;
	}
	while (t->head_have < TLS_RECORD_HEADER) {
		if (bytes_left(in) == 0)
			return TURN_MORE;
		uint8_t c = bytes_peek(in, 0);
		if (!header_byte_fits(t, t->head_have, c))
			return bad_header(t, in);
		t->head[t->head_have++] = bytes_u8(in);
	}
	t->type = t->head[0];
	t->version = (uint16_t)(t->head[1] << 8 | t->head[2]);
	t->length = t->left = (uint32_t)t->head[3] << 8 | t->head[4];
	t->head_have = t->peeked = 0;
	t->any_record = true;
	if (t->probation)
		t->probation--;
	t->state = TLS_STATE_BEGIN;
	return TURN_ON;
}

/* The rest of this record is only counted. */
static void skip_record(struct tls *t)
{
	t->state = t->left ? TLS_STATE_SKIP : TLS_STATE_HEADER;
}

/*
 * A handshake record that is not read. Without a ChangeCipherSpec before it this is a guess after
 * a gap: where no record was lost it is the rest of a torn message, else encrypted most likely.
 */
static enum turn emit_unread_handshake(struct tls *t, struct tls_item *out)
{
	bool rest = !t->ccs && !t->hole;

	skip_record(t);
	tls_emit(t, out, rest ? TLS_ITEM_HANDSHAKE_OTHER : TLS_ITEM_HANDSHAKE_ENCRYPTED, t->length);
	out->handshake_type = rest ? TLS_HANDSHAKE_TYPE_UNKNOWN : 0;
	out->complete = out->complete && t->ccs;
	t->finished = t->finished || t->ccs;
	return TURN_ITEM;
}

/*
 * ChangeCipherSpec. Its one byte says nothing. A TLS 1.3 peer sends one for the sake of
 * middleboxes (RFC 8446 D.4); after it a clear hello may still come, hence may_retry.
 */
static enum turn begin_ccs(struct tls *t, struct tls_item *out)
{
	tls_emit(t, out, TLS_ITEM_CHANGE_CIPHER_SPEC, t->length);
	out->malformed = t->length != 1 && !t->ccs; /* under encryption it is longer */
	t->ccs = true;
	skip_record(t);
	return TURN_ITEM;
}

/* RFC 8446 5.1: no other record inside a message. Its rest will not come. */
static enum turn cut_message(struct tls *t, struct tls_item *out)
{
	bool told = t->message_skip && !t->message_torn;

	if (t->front_have < TLS_FRONT) {
		t->message_type = t->front[0];
		t->message_length = 0;
	}
	if (!told)
		handshake_torn(t, out);
	handshake_drop(t);
	return told ? TURN_ON : TURN_ITEM;
}

/* The header is complete: say what the record is, or go where its body is read. */
static enum turn begin_record(struct tls *t, struct tls_item *out)
{
	bool clear = t->type == TLS_RECORD_HANDSHAKE && (!t->ccs || t->may_retry);

	if (t->length == 0 && t->type != TLS_RECORD_DATA) {
		t->state = TLS_STATE_HEADER; /* RFC 5246 6.2.1 forbids it; it says nothing */
		return TURN_ON;
	}
	if (tls_in_message(t) && !clear && t->type != TLS_RECORD_ALERT &&
	    t->type != TLS_RECORD_HEARTBEAT)
		return cut_message(t, out);
	switch (t->type) {
	case TLS_RECORD_CCS:
		return begin_ccs(t, out);
	case TLS_RECORD_ALERT:
		if (t->length == 2) {
			t->state = TLS_STATE_ALERT;
			return TURN_ON;
		}
		skip_record(t);
		return tls_emit(t, out, TLS_ITEM_ALERT_ENCRYPTED, t->length);
	case TLS_RECORD_HANDSHAKE:
		if (t->ccs && !t->may_retry)
			return emit_unread_handshake(t, out);
		t->state = (t->ccs || t->unsure) && !tls_in_message(t) ? TLS_STATE_PEEK
								       : TLS_STATE_FRAGMENT;
		return TURN_ON;
	case TLS_RECORD_DATA:
		skip_record(t);
		tls_emit(t, out, TLS_ITEM_DATA, t->length);
		/* Up to TLS 1.2 the encrypted Finished comes first; absence needs a stream without
		 * hole. */
		out->early = !t->finished && !t->hole;
		return TURN_ITEM;
	default:
		skip_record(t);
		return tls_emit(t, out, TLS_ITEM_HEARTBEAT, t->length);
	}
}

static enum turn skip_body(struct tls *t, struct bytes *in)
{
	struct bytes gone = bytes_upto(in, t->left);

	t->left -= (uint32_t)bytes_left(&gone);
	if (t->left)
		return TURN_MORE;
	t->state = TLS_STATE_HEADER;
	return TURN_ON;
}

void tls_take_body(struct tls *t)
{
	if (t->state != TLS_STATE_SKIP)
		return;
	t->state = TLS_STATE_BODY;
	if (t->peeked) {
		t->body = g_malloc(t->length);
		memcpy(t->body, t->head, t->peeked);
		t->body_have = t->peeked;
	}
}

/* A body that lies whole in one view is not copied. */
static enum turn read_body(struct tls *t, struct bytes *in, struct tls_item *out)
{
	struct bytes piece = bytes_upto(in, t->left);
	size_t n = bytes_left(&piece);

	out->body = piece;
	t->left -= (uint32_t)n;
	if (t->left || t->body_have) {
		if (!t->body)
			t->body = g_malloc(t->length);
		memcpy(t->body + t->body_have, piece.at, n);
		t->body_have += (uint32_t)n;
		out->body = bytes_of(t->body, t->body_have);
	}
	if (t->left)
		return TURN_MORE;
	out->record_type = t->type;
	t->state = TLS_STATE_HEADER;
	return tls_emit(t, out, TLS_ITEM_BODY, t->length);
}

/* Take bytes of the record body into the carry until `need`; false: more bytes are wanted. */
static bool carry(struct tls *t, struct bytes *in, unsigned need)
{
	while (t->head_have < need && bytes_left(in)) {
		t->head[t->head_have++] = bytes_u8(in);
		t->left--;
	}
	return t->head_have == need;
}

/* Two bytes: clear when level and code make sense, even after CCS (no cipher makes 2 bytes). */
static enum turn read_alert(struct tls *t, struct bytes *in, struct tls_item *out)
{
	if (!carry(t, in, 2))
		return TURN_MORE;
	uint8_t level = t->head[0], code = t->head[1];
	bool clear = (level == 1 || level == 2) && (!t->ccs || tls_alert_name(code));

	t->head_have = 0;
	t->state = TLS_STATE_HEADER;
	tls_emit(t, out, clear ? TLS_ITEM_ALERT : TLS_ITEM_ALERT_ENCRYPTED, t->length);
	if (clear) {
		out->alert_level = level;
		out->alert_code = code;
	}
	return TURN_ITEM;
}

static enum turn peek_body(struct tls *t, struct bytes *in, struct tls_item *out)
{
	unsigned need = MIN(t->length, TLS_MESSAGE_PEEK);
	uint8_t look[TLS_MESSAGE_PEEK] = { 0 };

	if (t->head_have == 0 && bytes_left(in) >= need) {
		for (unsigned i = 0; i < need; i++)
			look[i] = bytes_peek(in, i);
	} else {
		if (!carry(t, in, need))
			return TURN_MORE;
		memcpy(look, t->head, need);
	}
	unsigned taken = t->head_have;
	t->head_have = 0;
	if (!tls_message_fits(bytes_of(look, need), t->length, t->from_client, t->ccs)) {
		t->peeked = taken;
		return emit_unread_handshake(t, out);
	}
	t->unsure = false;
	t->state = TLS_STATE_FRAGMENT;
	if (taken) {
		/* tls_message_fits saw to it that these bytes belong to the first message. */
		memcpy(t->front, look, TLS_FRONT);
		t->front_have = TLS_FRONT;
		t->message_version = t->version;
		handshake_begin(t);
		handshake_append(t, bytes_of(look + TLS_FRONT, taken - TLS_FRONT));
	}
	return TURN_ON;
}

static enum turn find_border(struct tls *t, struct bytes *in)
{
	/* The record version is settled once encryption began. */
	if (!tls_border_fits(*in, t->any_record && t->ccs ? t->version : 0)) {
		bytes_take(in, bytes_left(in));
		return TURN_MORE;
	}
	t->probation = 2;
	t->state = TLS_STATE_HEADER;
	return TURN_ON;
}

static enum turn take_turn(struct tls *t, struct bytes *in, struct tls_item *out)
{
	switch (t->state) {
	case TLS_STATE_HEADER:
		return read_header(t, in);
	case TLS_STATE_BEGIN:
		return begin_record(t, out);
	case TLS_STATE_FRAGMENT:
		return handshake_read(t, in, out);
	case TLS_STATE_PEEK:
		return peek_body(t, in, out);
	case TLS_STATE_ALERT:
		return read_alert(t, in, out);
	case TLS_STATE_SKIP:
		return skip_body(t, in);
	case TLS_STATE_BODY:
		return read_body(t, in, out);
	case TLS_STATE_LOST:
		return find_border(t, in);
	case TLS_STATE_V2:
		return sslv2_read(t, in, out);
	case TLS_STATE_V2_REST:
		bytes_take(in, bytes_left(in));
		return TURN_MORE;
	case TLS_STATE_BAD:
		return TURN_BAD;
	}
	g_assert_not_reached();
}

enum step tls_next(struct tls *t, struct bytes *in, struct tls_item *out)
{
	enum turn turn = TURN_ON;

	handshake_end_loan(t);
	if (t->state != TLS_STATE_BODY && t->body)
		drop_body(t); /* it was lent with the last item */
	memset(out, 0, sizeof(*out));
	if (t->state == TLS_STATE_BAD)
		return STEP_BAD;
	if (bytes_left(in) == 0 && t->state != TLS_STATE_BEGIN)
		return STEP_MORE;
	while (turn == TURN_ON)
		turn = take_turn(t, in, out);
	switch (turn) {
	case TURN_ITEM:
		return STEP_ITEM;
	case TURN_BAD:
		return STEP_BAD;
	default:
		return STEP_MORE;
	}
}

/* Borders of records and messages are unknown from here. */
static void lose_borders(struct tls *t)
{
	handshake_drop(t);
	t->head_have = 0;
	t->left = 0;
	t->hole = t->unsure = t->after_gap = true;
	t->state = TLS_STATE_LOST;
}

void tls_gap(struct tls *t, uint64_t missing)
{
	bool body = t->state == TLS_STATE_SKIP || t->state == TLS_STATE_FRAGMENT ||
		    t->state == TLS_STATE_PEEK || t->state == TLS_STATE_ALERT ||
		    t->state == TLS_STATE_BODY;

	handshake_end_loan(t);
	drop_body(t);
	if (t->state == TLS_STATE_BODY)
		t->state = TLS_STATE_SKIP;
	if (missing == 0 || t->state == TLS_STATE_BAD || t->state == TLS_STATE_V2_REST)
		return;
	if (!body || missing > t->left) {
		lose_borders(t);
		return;
	}
	if (t->state == TLS_STATE_FRAGMENT && t->front_have == TLS_FRONT &&
	    missing <= t->message_length - t->message_have) {
		/* The message's own length leads to the next one; only this one is lost. */
		t->message_torn = t->message_torn || !t->message_skip;
		t->message_skip = true;
		t->message_have += (uint32_t)missing;
		t->left -= (uint32_t)missing;
		handshake_drop_copy(t);
		return;
	}
	if (t->state != TLS_STATE_SKIP) {
		handshake_drop(t);
		t->head_have = 0;
		t->unsure = t->after_gap = true;
	}
	t->left -= (uint32_t)missing;
	skip_record(t);
}

bool tls_lost(const struct tls *t)
{
	return t->state == TLS_STATE_LOST;
}

bool tls_any_record(const struct tls *t)
{
	return t->any_record;
}

size_t tls_pending(const struct tls *t)
{
	switch (t->state) {
	case TLS_STATE_LOST:
	case TLS_STATE_V2_REST:
	case TLS_STATE_BAD:
		return 0;
	case TLS_STATE_V2:
		return t->head_have < TLS_RECORD_HEADER ? t->head_have : t->message_have + 2;
	case TLS_STATE_HEADER:
		return t->head_have + t->front_have + t->message_have;
	default:
		if (t->left == 0 && t->state == TLS_STATE_FRAGMENT)
			return t->front_have + t->message_have;
		return TLS_RECORD_HEADER + (t->length - t->left);
	}
}

size_t tls_kept(const struct tls *t)
{
	return sizeof(*t) + t->buffer_size + (t->hello ? sizeof(*t->hello) : 0) +
	       (t->body ? t->length : 0);
}
