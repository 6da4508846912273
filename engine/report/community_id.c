/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SHA-1 over seed, ordered addresses, protocol, padding and ordered ports (Community ID spec, v1).
 */
#include "report/community_id.h"
#include "base/phrase.h"

#include <glib.h>
#include <string.h>

void community_id(const struct address *a, uint16_t a_port, const struct address *b,
		  uint16_t b_port, uint8_t protocol, char out[40])
{
	size_t n = a->family == 4 ? 4 : 16;
	uint8_t data[2 + 32 + 2 + 4] = { 0 }, digest[20];
	gsize size = sizeof digest, at = 2;

	out[0] = '\0';
	if (!a->family || a->family != b->family)
		return;
	int order = memcmp(a->byte, b->byte, n);
	if (order > 0 || (order == 0 && a_port > b_port)) {
		const struct address *swap = a;
		uint16_t port = a_port;
		a = b;
		b = swap;
		a_port = b_port;
		b_port = port;
	}
	memcpy(data + at, a->byte, n);
	memcpy(data + at + n, b->byte, n);
	at += 2 * n;
	data[at++] = protocol;
	data[at++] = 0;
	data[at++] = (uint8_t)(a_port >> 8);
	data[at++] = (uint8_t)a_port;
	data[at++] = (uint8_t)(b_port >> 8);
	data[at++] = (uint8_t)b_port;

	GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA1);
	g_checksum_update(sum, data, (gssize)at);
	g_checksum_get_digest(sum, digest, &size);
	g_checksum_free(sum);
	char *text = g_base64_encode(digest, size);
	phrase(out, 40, "1:%s", text);
	g_free(text);
}
