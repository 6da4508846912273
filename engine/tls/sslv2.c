/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The record that holds an SSL 2.0 hello, for tls.c: first in the stream or not at all. Its body is
 * read in hello.c.
 */
#include "tls/hello.h"
#include "tls/state.h"

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
	tls_emit(t, out, t->from_client ? TLS_ITEM_CLIENT_HELLO : TLS_ITEM_SERVER_HELLO, h->length);
	out->handshake_type = t->from_client ? 1 : 2;
	out->hello = h;
	return TURN_ITEM;
}

enum turn sslv2_read(struct tls *t, struct bytes *in, struct tls_item *out)
{
	const unsigned look = TLS_RECORD_HEADER;

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
			handshake_append(t, bytes_of(t->head + 2, look - 2));
	}
	t->message_length = (uint32_t)(t->head[0] & 0x7f) << 8 | t->head[1];
	handshake_append(t, bytes_upto(in, t->message_length - t->message_have));
	if (t->message_have < t->message_length)
		return TURN_MORE;
	return end_v2(t, bytes_of(t->buffer, t->message_have), out);
}
