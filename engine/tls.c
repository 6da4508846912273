/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pull decoder for one direction of a TLS stream, see tls.h. A state per place in the stream:
 *
 *   HEADER -> BEGIN -> FRAGMENT (clear handshake)  -> HEADER      LOST: borders unknown after a gap
 *                   -> PEEK     (clear or not?)    -> FRAGMENT    V2, V2_REST: SSL 2.0
 *                   -> ALERT    (two clear bytes)  -> HEADER      BAD: no TLS
 *                   -> SKIP     (counted only)     -> HEADER
 *
 * Encrypted bodies are never kept. A message that lies whole in one record of one view is read
 * where it lies; only what is cut is copied, into a buffer that grows with what really came.
 */
#include "tls_hello.h"
#include "tls_message.h"

#define RECORD_HEADER 5u
#define FRONT 4u /* handshake type and length */
#define PEEK_LENGTH TLS_MESSAGE_PEEK
#define BUFFER_FIRST 1024u

enum tls_state {
	TLS_STATE_HEADER,
	TLS_STATE_BEGIN,
	TLS_STATE_FRAGMENT,
	TLS_STATE_PEEK,
	TLS_STATE_ALERT,
	TLS_STATE_SKIP,
	TLS_STATE_LOST,
	TLS_STATE_V2,
	TLS_STATE_V2_REST,
	TLS_STATE_BAD,
};

/* What one state answers; ON: look at the state again. */
enum turn { TURN_ON, TURN_ITEM, TURN_MORE, TURN_BAD };

struct tls {
	enum tls_state state;
	bool from_client;
	bool any_record;
	bool ccs;	/* ChangeCipherSpec was seen in this direction */
	bool finished;	/* an encrypted handshake record was seen: TLS 1.2 or older */
	bool may_retry; /* TLS 1.3 is possible: a clear hello may follow the CCS (RFC 8446 D.4) */
	bool hole;	/* record borders were lost at least once */
	bool unsure;	/* message borders are not known after a gap */
	bool after_gap; /* the next item says complete = false */
	unsigned probation;	   /* headers to come before a found border counts as right */
	uint8_t head[PEEK_LENGTH]; /* carry of a header, a peek or an alert */
	unsigned head_have;
	uint8_t type; /* of the record at hand */
	uint16_t version;
	uint32_t length, left;
	uint8_t front[FRONT]; /* of the message at hand */
	unsigned front_have;
	uint8_t message_type;
	uint32_t message_length, message_have;
	uint16_t message_version;
	bool message_skip; /* too long, or torn by a gap: counted only */
	bool message_torn; /* say so at its end */
	uint16_t suite;	   /* chosen in this direction, 0 unknown */
	uint8_t *buffer;   /* owned; the message at hand as far as it was copied */
	size_t buffer_size;
	bool buffer_done;	 /* handed out with the last item */
	struct tls_hello *hello; /* owned; handed out with the last item */
};

struct tls *tls_new(bool from_client)
{
	struct tls *t = g_new0(struct tls, 1);
	t->from_client = from_client;
	return t;
}

static void drop_buffer(struct tls *t)
{
	g_free(t->buffer);
	t->buffer = NULL;
	t->buffer_size = 0;
	t->buffer_done = false;
}

/* What the last item borrowed ends here. */
static void end_loan(struct tls *t)
{
	g_free(t->hello);
	t->hello = NULL;
	if (t->buffer_done)
		drop_buffer(t);
}

void tls_free(struct tls *t)
{
	if (!t)
		return;
	end_loan(t);
	drop_buffer(t);
	g_free(t);
}

static bool in_message(const struct tls *t)
{
	return t->front_have > 0;
}

static void drop_message(struct tls *t)
{
	t->front_have = 0;
	t->message_have = t->message_length = 0;
	t->message_skip = t->message_torn = false;
	drop_buffer(t);
}

/* Fill what every item of the record at hand has. */
static enum turn emit(struct tls *t, struct tls_item *out, enum tls_item_kind kind, uint32_t length)
{
	out->kind = kind;
	out->record_version = t->version;
	out->length = length;
	out->complete = !t->after_gap;
	out->after_ccs = t->ccs;
	t->after_gap = false;
	return TURN_ITEM;
}

/* Append to the message buffer; its size follows the bytes that came, never the announced length.
 */
static void append(struct tls *t, struct bytes piece)
{
	size_t n = bytes_left(&piece), need = t->message_have + n;

	g_assert(need <= CAP_HANDSHAKE);
	if (need > t->buffer_size) {
		size_t size = MAX(t->buffer_size * 2, BUFFER_FIRST);
		while (size < need)
			size *= 2;
		t->buffer_size = MIN(size, CAP_HANDSHAKE);
		t->buffer = g_realloc(t->buffer, t->buffer_size);
	}
	if (n)
		memcpy(t->buffer + t->message_have, piece.at, n);
	t->message_have += (uint32_t)n;
}

/* What a message changes for the rest of the stream. */
static void note_message(struct tls *t, const struct tls_item *item)
{
	switch (item->kind) {
	case TLS_ITEM_CLIENT_HELLO:
		t->may_retry = item->hello->max_version >= TLS_1_3;
		break;
	case TLS_ITEM_HELLO_RETRY:
	case TLS_ITEM_SERVER_HELLO:
		t->may_retry = item->kind == TLS_ITEM_HELLO_RETRY;
		t->suite = item->hello->suites[0];
		break;
	case TLS_ITEM_CLIENT_KEY_EXCHANGE:
		t->may_retry = false; /* TLS 1.2 or older: after the CCS all is encrypted */
		break;
	default:
		break;
	}
}

/* One whole message is there: body is its view, in the segment or in the buffer. */
static enum turn emit_message(struct tls *t, struct bytes body, struct tls_item *out)
{
	emit(t, out, TLS_ITEM_HANDSHAKE_OTHER, t->message_length);
	out->record_version = t->message_version;
	out->handshake_type = t->message_type;
	if (t->message_type == (t->from_client ? 1 : 2))
		t->hello = g_new0(struct tls_hello, 1);
	tls_message_read(body, t->from_client, t->suite, t->hello, out);
	note_message(t, out);
	t->front_have = 0;
	t->buffer_done = true;
	t->message_have = 0;
	return TURN_ITEM;
}

/* A message of which only the front is known. */
static enum turn emit_torn(struct tls *t, struct tls_item *out)
{
	emit(t, out, TLS_ITEM_HANDSHAKE_OTHER, t->message_length);
	out->record_version = t->message_version;
	out->handshake_type = t->message_type;
	out->complete = false;
	return TURN_ITEM;
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
	while (t->head_have < RECORD_HEADER) {
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
	t->head_have = 0;
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
	emit(t, out, rest ? TLS_ITEM_HANDSHAKE_OTHER : TLS_ITEM_HANDSHAKE_ENCRYPTED, t->length);
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
	emit(t, out, TLS_ITEM_CHANGE_CIPHER_SPEC, t->length);
	out->malformed = t->length != 1 && !t->ccs; /* under encryption it is longer */
	t->ccs = true;
	skip_record(t);
	return TURN_ITEM;
}

/* The header is complete: say what the record is, or go where its body is read. */
static enum turn begin_record(struct tls *t, struct tls_item *out)
{
	bool clear = t->type == TLS_RECORD_HANDSHAKE && (!t->ccs || t->may_retry);

	if (t->length == 0 && t->type != TLS_RECORD_DATA) {
		t->state = TLS_STATE_HEADER; /* RFC 5246 6.2.1 forbids it; it says nothing */
		return TURN_ON;
	}
	if (in_message(t) && !clear && t->type != TLS_RECORD_ALERT &&
	    t->type != TLS_RECORD_HEARTBEAT) {
		/* RFC 8446 5.1: no other record inside a message. Its rest will not come. */
		bool told = t->message_skip && !t->message_torn;
		if (t->front_have < FRONT) {
			t->message_type = t->front[0];
			t->message_length = 0;
		}
		if (!told)
			emit_torn(t, out);
		drop_message(t);
		return told ? TURN_ON : TURN_ITEM;
	}
	switch (t->type) {
	case TLS_RECORD_CCS:
		return begin_ccs(t, out);
	case TLS_RECORD_ALERT:
		if (t->length == 2) {
			t->state = TLS_STATE_ALERT;
			return TURN_ON;
		}
		skip_record(t);
		return emit(t, out, TLS_ITEM_ALERT_ENCRYPTED, t->length);
	case TLS_RECORD_HANDSHAKE:
		if (t->ccs && !t->may_retry)
			return emit_unread_handshake(t, out);
		t->state = (t->ccs || t->unsure) && !in_message(t) ? TLS_STATE_PEEK
								   : TLS_STATE_FRAGMENT;
		return TURN_ON;
	case TLS_RECORD_DATA:
		skip_record(t);
		emit(t, out, TLS_ITEM_DATA, t->length);
		/* Up to TLS 1.2 the encrypted Finished comes first; absence needs a stream without
		 * hole. */
		out->early = !t->finished && !t->hole;
		return TURN_ITEM;
	default:
		skip_record(t);
		return emit(t, out, TLS_ITEM_HEARTBEAT, t->length);
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
	emit(t, out, clear ? TLS_ITEM_ALERT : TLS_ITEM_ALERT_ENCRYPTED, t->length);
	if (clear) {
		out->alert_level = level;
		out->alert_code = code;
	}
	return TURN_ITEM;
}

/* Start a message whose front is complete. */
static void begin_message(struct tls *t)
{
	struct bytes front = bytes_of(t->front, FRONT);

	t->message_type = bytes_u8(&front);
	t->message_length = bytes_u24(&front);
	t->message_have = 0;
	t->message_skip = t->message_length > CAP_HANDSHAKE;
	t->message_torn = false;
}

static enum turn peek_body(struct tls *t, struct bytes *in, struct tls_item *out)
{
	unsigned need = MIN(t->length, PEEK_LENGTH);
	uint8_t look[PEEK_LENGTH] = { 0 };

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
	if (!tls_message_fits(bytes_of(look, need), t->length, t->from_client, t->ccs))
		return emit_unread_handshake(t, out);
	t->unsure = false;
	t->state = TLS_STATE_FRAGMENT;
	if (taken) {
		/* tls_message_fits saw to it that these bytes belong to the first message. */
		memcpy(t->front, look, FRONT);
		t->front_have = FRONT;
		t->message_version = t->version;
		begin_message(t);
		append(t, bytes_of(look + FRONT, taken - FRONT));
	}
	return TURN_ON;
}

/* The whole message in this record and this view? Then no copy is needed. */
static bool whole_message(const struct tls *t, const struct bytes *in)
{
	uint32_t length = (uint32_t)bytes_peek(in, 1) << 16 | (uint32_t)bytes_peek(in, 2) << 8 |
			  bytes_peek(in, 3);

	return t->left >= FRONT && bytes_left(in) >= FRONT && t->left - FRONT >= length &&
	       bytes_left(in) - FRONT >= length;
}

/* Collect the front; true when it is complete now. */
static bool read_front(struct tls *t, struct bytes *in)
{
	if (t->front_have == 0)
		t->message_version = t->version;
	while (t->front_have < FRONT && t->left && bytes_left(in)) {
		t->front[t->front_have++] = bytes_u8(in);
		t->left--;
	}
	if (t->front_have < FRONT)
		return false;
	begin_message(t);
	return true;
}

static enum turn end_message(struct tls *t, struct tls_item *out)
{
	if (!t->message_skip)
		return emit_message(t, bytes_of(t->buffer, t->message_have), out);
	bool torn = t->message_torn;
	if (torn)
		emit_torn(t, out);
	drop_message(t);
	return torn ? TURN_ITEM : TURN_ON;
}

static enum turn read_fragment(struct tls *t, struct bytes *in, struct tls_item *out)
{
	if (t->front_have == FRONT && t->message_have == t->message_length)
		return end_message(t, out); /* a gap or the carry of a peek reached its end */
	if (t->left == 0) {
		t->state = TLS_STATE_HEADER;
		return TURN_ON;
	}
	if (bytes_left(in) == 0)
		return TURN_MORE;
	if (t->front_have < FRONT) {
		bool whole = t->front_have == 0 && whole_message(t, in);
		if (!read_front(t, in))
			return TURN_ON;
		if (whole) {
			t->left -= t->message_length;
			return emit_message(t, bytes_take(in, t->message_length), out);
		}
		return t->message_skip ? emit_torn(t, out) : TURN_ON;
	}
	uint32_t want = MIN(t->left, t->message_length - t->message_have);
	struct bytes piece = bytes_upto(in, want);
	uint32_t n = (uint32_t)bytes_left(&piece);
	if (t->message_skip)
		t->message_have += n;
	else
		append(t, piece);
	t->left -= n;
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

/* Byte i of an SSL 2.0 hello: length with high bit, message type, version (RFC 5246 E.2). */
static bool v2_byte_fits(const struct tls *t, unsigned i, uint8_t c)
{
	switch (i) {
	case 0:
		return (c & 0x80) != 0;
	case 1:
		return ((unsigned)(t->head[0] & 0x7f) << 8 | c) >= (t->from_client ? 28 : 11);
	case 2:
		return c == (t->from_client ? 1 : 4);
	case 3:
		return !t->from_client || c == 3 || c == 0;
	default:
		return !t->from_client || (t->head[3] == 3 ? c <= 4 : c == 2);
	}
}

static enum turn end_v2(struct tls *t, struct bytes record, struct tls_item *out)
{
	struct tls_hello *h = t->hello = g_new0(struct tls_hello, 1);
	bool good =
		t->from_client ? tls_hello_client_v2(record, h) : tls_hello_server_v2(record, h);

	t->buffer_done = true;
	t->head_have = 0;
	t->message_have = 0;
	if (!good) {
		t->state = TLS_STATE_BAD;
		return TURN_BAD;
	}
	t->any_record = true;
	t->version = h->record_version = TLS_SSL2;
	/* A hello that only looks like SSL 2.0 leads to TLS records; a real one to its own. */
	t->state = h->legacy_version == TLS_SSL2 ? TLS_STATE_V2_REST : TLS_STATE_HEADER;
	emit(t, out, t->from_client ? TLS_ITEM_CLIENT_HELLO : TLS_ITEM_SERVER_HELLO, h->length);
	out->handshake_type = t->from_client ? 1 : 2;
	out->hello = h;
	return TURN_ITEM;
}

static enum turn read_v2(struct tls *t, struct bytes *in, struct tls_item *out)
{
	const unsigned look = RECORD_HEADER;

	while (t->head_have < look) {
		if (bytes_left(in) == 0)
			return TURN_MORE;
		uint8_t c = bytes_peek(in, 0);
		if (!v2_byte_fits(t, t->head_have, c)) {
			t->state = TLS_STATE_BAD;
			return TURN_BAD;
		}
		t->head[t->head_have++] = bytes_u8(in);
		if (t->head_have == look)
			append(t, bytes_of(t->head + 2, look - 2));
	}
	t->message_length = (uint32_t)(t->head[0] & 0x7f) << 8 | t->head[1];
	append(t, bytes_upto(in, t->message_length - t->message_have));
	if (t->message_have < t->message_length)
		return TURN_MORE;
	return end_v2(t, bytes_of(t->buffer, t->message_have), out);
}

static enum turn take_turn(struct tls *t, struct bytes *in, struct tls_item *out)
{
	switch (t->state) {
	case TLS_STATE_HEADER:
		return read_header(t, in);
	case TLS_STATE_BEGIN:
		return begin_record(t, out);
	case TLS_STATE_FRAGMENT:
		return read_fragment(t, in, out);
	case TLS_STATE_PEEK:
		return peek_body(t, in, out);
	case TLS_STATE_ALERT:
		return read_alert(t, in, out);
	case TLS_STATE_SKIP:
		return skip_body(t, in);
	case TLS_STATE_LOST:
		return find_border(t, in);
	case TLS_STATE_V2:
		return read_v2(t, in, out);
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

	end_loan(t);
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
	drop_message(t);
	t->head_have = 0;
	t->left = 0;
	t->hole = t->unsure = t->after_gap = true;
	t->state = TLS_STATE_LOST;
}

void tls_gap(struct tls *t, uint64_t missing)
{
	bool body = t->state == TLS_STATE_SKIP || t->state == TLS_STATE_FRAGMENT ||
		    t->state == TLS_STATE_PEEK || t->state == TLS_STATE_ALERT;

	end_loan(t);
	if (missing == 0 || t->state == TLS_STATE_BAD || t->state == TLS_STATE_V2_REST)
		return;
	if (!body || missing > t->left) {
		lose_borders(t);
		return;
	}
	if (t->state == TLS_STATE_FRAGMENT && t->front_have == FRONT &&
	    missing <= t->message_length - t->message_have) {
		/* The message's own length leads to the next one; only this one is lost. */
		t->message_torn = t->message_torn || !t->message_skip;
		t->message_skip = true;
		t->message_have += (uint32_t)missing;
		t->left -= (uint32_t)missing;
		drop_buffer(t);
		return;
	}
	if (t->state != TLS_STATE_SKIP) {
		drop_message(t);
		t->head_have = 0;
		t->unsure = t->after_gap = true;
	}
	t->left -= (uint32_t)missing;
	skip_record(t);
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
		return t->head_have < RECORD_HEADER ? t->head_have : t->message_have + 2;
	case TLS_STATE_HEADER:
		return t->head_have + t->front_have + t->message_have;
	default:
		if (t->left == 0 && t->state == TLS_STATE_FRAGMENT)
			return t->front_have + t->message_have;
		return RECORD_HEADER + (t->length - t->left);
	}
}

size_t tls_kept(const struct tls *t)
{
	return sizeof(*t) + t->buffer_size + (t->hello ? sizeof(*t->hello) : 0);
}
