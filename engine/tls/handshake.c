/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Handshake messages over record borders (RFC 8446 5.1), for record.c. A message that lies whole in
 * one record of one view is read where it lies; only what is cut is copied, into a buffer that
 * grows with what really came. A message that is too long, or torn by a gap, is only counted.
 */
#include "tls/state.h"

#define BUFFER_FIRST 1024u

void handshake_drop_copy(struct tls *t)
{
	g_free(t->buffer);
	t->buffer = NULL;
	t->buffer_size = 0;
	t->buffer_done = false;
}

void handshake_end_loan(struct tls *t)
{
	g_free(t->hello);
	t->hello = NULL;
	if (t->buffer_done)
		handshake_drop_copy(t);
}

void handshake_drop(struct tls *t)
{
	t->front_have = 0;
	t->message_have = t->message_length = 0;
	t->message_skip = t->message_torn = false;
	handshake_drop_copy(t);
}

/* Append to the message buffer; its size follows the bytes that came, never the announced length.
 */
void handshake_append(struct tls *t, struct bytes piece)
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
	tls_emit(t, out, TLS_ITEM_HANDSHAKE_OTHER, t->message_length);
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

enum turn handshake_torn(struct tls *t, struct tls_item *out)
{
	tls_emit(t, out, TLS_ITEM_HANDSHAKE_OTHER, t->message_length);
	out->record_version = t->message_version;
	out->handshake_type = t->message_type;
	out->complete = false;
	return TURN_ITEM;
}

void handshake_begin(struct tls *t)
{
	struct bytes front = bytes_of(t->front, TLS_FRONT);

	t->message_type = bytes_u8(&front);
	t->message_length = bytes_u24(&front);
	t->message_have = 0;
	t->message_skip = t->message_length > CAP_HANDSHAKE;
	t->message_torn = false;
}

/* The whole message in this record and this view? Then no copy is needed. */
static bool whole_message(const struct tls *t, const struct bytes *in)
{
	uint32_t length = (uint32_t)bytes_peek(in, 1) << 16 | (uint32_t)bytes_peek(in, 2) << 8 |
			  bytes_peek(in, 3);

	return t->left >= TLS_FRONT && bytes_left(in) >= TLS_FRONT &&
	       t->left - TLS_FRONT >= length && bytes_left(in) - TLS_FRONT >= length;
}

/* Collect the front; true when it is complete now. */
static bool read_front(struct tls *t, struct bytes *in)
{
	if (t->front_have == 0)
		t->message_version = t->version;
	while (t->front_have < TLS_FRONT && t->left && bytes_left(in)) {
		t->front[t->front_have++] = bytes_u8(in);
		t->left--;
	}
	if (t->front_have < TLS_FRONT)
		return false;
	handshake_begin(t);
	return true;
}

static enum turn end_message(struct tls *t, struct tls_item *out)
{
	if (!t->message_skip)
		return emit_message(t, bytes_of(t->buffer, t->message_have), out);
	bool torn = t->message_torn;
	if (torn)
		handshake_torn(t, out);
	handshake_drop(t);
	return torn ? TURN_ITEM : TURN_ON;
}

enum turn handshake_read(struct tls *t, struct bytes *in, struct tls_item *out)
{
	if (t->front_have == TLS_FRONT && t->message_have == t->message_length)
		return end_message(t, out); /* a gap or the carry of a peek reached its end */
	if (t->left == 0) {
		t->state = TLS_STATE_HEADER;
		return TURN_ON;
	}
	if (bytes_left(in) == 0)
		return TURN_MORE;
	if (t->front_have < TLS_FRONT) {
		bool whole = t->front_have == 0 && whole_message(t, in);
		if (!read_front(t, in))
			return TURN_ON;
		if (whole) {
			t->left -= t->message_length;
			return emit_message(t, bytes_take(in, t->message_length), out);
		}
		return t->message_skip ? handshake_torn(t, out) : TURN_ON;
	}
	uint32_t want = MIN(t->left, t->message_length - t->message_have);
	struct bytes piece = bytes_upto(in, want);
	uint32_t n = (uint32_t)bytes_left(&piece);
	if (t->message_skip)
		t->message_have += n;
	else
		handshake_append(t, piece);
	t->left -= n;
	return TURN_ON;
}
