/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Test helper: both TLS decoders and an opening over the bytes of a connection, as a session holds
 * them; what was inside is gathered as text.
 */
#ifndef SMTP365_TEST_KEYS_PLAY_H
#define SMTP365_TEST_KEYS_PLAY_H

#include <glib.h>
#include "keys/opening.h"

struct play {
	struct opening *opening;
	struct tls *tls[2]; /* of the client, of the server */
	GString *plain[2];
	unsigned alerts, last_alert; /* level << 8 | description */
	unsigned lost;
};

static inline struct play *play_new(struct key_log *log)
{
	struct play *p = g_new0(struct play, 1);
	p->opening = opening_new(log);
	for (int i = 0; i < 2; i++) {
		p->tls[i] = tls_new(i == 0);
		p->plain[i] = g_string_new(NULL);
	}
	return p;
}

static inline void play_free(struct play *p)
{
	opening_free(p->opening);
	for (int i = 0; i < 2; i++) {
		tls_free(p->tls[i]);
		g_string_free(p->plain[i], TRUE);
	}
	g_free(p);
}

static inline void play_body(struct play *p, int side, const struct tls_item *i)
{
	struct bytes in;

	switch (opening_record(p->opening, side == 0, i->record_type, i->record_version, i->body,
			       &in)) {
	case OPENED_DATA:
		g_string_append_len(p->plain[side], (const char *)in.at, (gssize)bytes_left(&in));
		break;
	case OPENED_ALERT:
		p->alerts++;
		p->last_alert = bytes_u16(&in);
		break;
	case OPENED_LOST:
		p->lost++;
		break;
	case OPENED_NOTHING:
		break;
	}
}

static inline void play_item(struct play *p, int side, const struct tls_item *i)
{
	switch (i->kind) {
	case TLS_ITEM_ALERT_ENCRYPTED:
	case TLS_ITEM_HANDSHAKE_ENCRYPTED:
	case TLS_ITEM_DATA:
		if (opening_wants(p->opening, side == 0))
			tls_take_body(p->tls[side]);
		break;
	case TLS_ITEM_BODY:
		play_body(p, side, i);
		break;
	case TLS_ITEM_CHANGE_CIPHER_SPEC:
		if (i->length > 1) {
			if (opening_wants(p->opening, side == 0))
				tls_take_body(p->tls[side]);
			break;
		}
		/* fall through */
	default:
		opening_message(p->opening, side == 0, i);
	}
}

/* Bytes of one side, in pieces of `step` bytes, 0 in one piece. */
static inline void play_feed(struct play *p, int side, struct bytes all, size_t step)
{
	struct tls_item item;

	while (bytes_left(&all)) {
		struct bytes in = bytes_upto(&all, step ? step : bytes_left(&all));
		while (tls_next(p->tls[side], &in, &item) == STEP_ITEM)
			play_item(p, side, &item);
	}
}

static inline void play_gap(struct play *p, int side, uint64_t missing)
{
	opening_gap(p->opening, side == 0);
	tls_gap(p->tls[side], missing);
}

/* Hexadecimal text to bytes; the caller frees. */
static inline GByteArray *unhex(const char *text)
{
	GByteArray *out = g_byte_array_new();
	for (; text[0] && text[1]; text += 2) {
		uint8_t c = (uint8_t)(g_ascii_xdigit_value(text[0]) << 4 |
				      g_ascii_xdigit_value(text[1]));
		g_byte_array_append(out, &c, 1);
	}
	return out;
}

static inline void add_line(struct key_log *log, const char *text)
{
	key_log_add(log, bytes_of(text, strlen(text)));
}

#endif
