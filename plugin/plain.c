/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Wireshark adds each decrypted record to the frame as a byte view of its own. In TLS 1.3 the kind
 * of a record is inside of it, so what is not mail is recognised by its shape: a handshake message
 * has a known type and a length that fits (RFC 8446 section 4), an alert two bytes (section 6).
 * Mail is text and begins with neither.
 */
#include "plain.h"

#include <string.h>
#include "bytes.h"

#define VIEW_NAME "Decrypted TLS"
/* A longer message is no handshake of ours (RFC 8446 section 4 allows 2^24 - 1). */
#define LONGEST_HANDSHAKE (64u << 10)
/* Types of handshake messages, a bit each: RFC 8446 section 4, RFC 5246 section 7.4, RFC 5077,
 * RFC 6066. */
/* clang-format off */
#define HANDSHAKE_TYPES                                                                                    \
	(1u << 0 | 1u << 1 | 1u << 2 | 1u << 4 | 1u << 5 | 1u << 8 | 1u << 11 | 1u << 12 | 1u << 13 |      \
	 1u << 14 | 1u << 15 | 1u << 16 | 1u << 20 | 1u << 21 | 1u << 22 | 1u << 24)
/* clang-format on */

struct plain {
	GHashTable *
		missing; /* session * 2 + direction -> bytes of a handshake message still to come */
};

struct plain *plain_new(void)
{
	struct plain *p = g_new0(struct plain, 1);
	p->missing = g_hash_table_new(g_direct_hash, g_direct_equal);
	return p;
}

void plain_free(struct plain *p)
{
	if (!p)
		return;
	g_hash_table_destroy(p->missing);
	g_free(p);
}

/* A record that is an alert: level 1 or 2 and a description. "\n\n" is none. */
static bool is_alert(const struct bytes *in)
{
	return bytes_left(in) == 2 && (bytes_peek(in, 0) == 1 || bytes_peek(in, 0) == 2);
}

/* An encrypted ChangeCipherSpec, of a renegotiation: its one byte is 1 (RFC 5246 7.1). */
static bool is_change_cipher(const struct bytes *in)
{
	return bytes_left(in) == 1 && bytes_peek(in, 0) == 1;
}

/* Take handshake messages off the front. False when this is no handshake at all. What the last one
 * still lacks is left in *missing. */
static bool take_handshake(struct bytes *in, size_t *missing)
{
	bool any = *missing > 0;
	size_t n = MIN(*missing, bytes_left(in));

	bytes_take(in, n);
	*missing -= n;
	while (*missing == 0 && bytes_left(in) >= 4) {
		struct bytes look = *in;
		uint8_t type = bytes_u8(&look);
		size_t length = (size_t)bytes_u8(&look) << 16;
		length |= bytes_u16(&look);
		if (type > 24 || !(HANDSHAKE_TYPES >> type & 1) || length > LONGEST_HANDSHAKE)
			return any;
		any = true;
		*in = look;
		n = MIN(length, bytes_left(in));
		bytes_take(in, n);
		*missing = length - n;
	}
	return any;
}

static void feed_record(struct plain *p, struct smtp365 *engine, tvbuff_t *tvb,
			struct plaintext *text, gpointer direction)
{
	unsigned n = (unsigned)tvb_captured_length(tvb);
	if (n == 0)
		return;
	struct bytes in = bytes_of(tvb_get_ptr(tvb, 0, (gint)n), n);
	size_t missing = GPOINTER_TO_SIZE(g_hash_table_lookup(p->missing, direction));
	bool handshake = missing > 0 || bytes_peek(&in, 0) < 0x20;

	text->payload = in.at;
	text->len = (uint32_t)bytes_left(&in);
	if (is_alert(&in) && !missing) {
		smtp365_plain_alert(engine, text);
		return;
	}
	if (is_change_cipher(&in) && !missing)
		return;
	if (handshake && take_handshake(&in, &missing)) {
		g_hash_table_insert(p->missing, direction, GSIZE_TO_POINTER(missing));
		return;
	}
	smtp365_plaintext(engine, text);
}

void plain_feed(struct plain *p, struct smtp365 *engine, packet_info *pinfo,
		const struct segment *g, unsigned session)
{
	struct plaintext text = { .time_ns = g->time_ns,
				  .frame = g->frame,
				  .src = g->src,
				  .dst = g->dst,
				  .sport = g->sport,
				  .dport = g->dport };
	int order = memcmp(&g->src, &g->dst, sizeof g->src);
	bool back = order > 0 || (order == 0 && g->sport > g->dport);
	gpointer direction = GSIZE_TO_POINTER((size_t)session * 2 + back);

	/* The first view is the frame itself. */
	for (const GSList *i = pinfo->data_src ? pinfo->data_src->next : NULL; i; i = i->next) {
		char *name = compat_view_name(i->data);
		bool decrypted = g_str_has_prefix(name, VIEW_NAME);
		wmem_free(NULL, name);
		if (decrypted)
			feed_record(p, engine, get_data_source_tvb(i->data), &text, direction);
	}
}
