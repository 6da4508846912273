/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libFuzzer entry: a TLS stream in one direction, in pieces. The first byte chooses the side; then
 * each piece is led by a byte: its length, or with the high bit a loss of that many bytes.
 */
#include "tls/certificate.h"
#include "tls/tls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct bytes all = bytes_of(data, n);
	struct tls *t = tls_new(bytes_u8(&all) & 1);
	struct tls_item item;
	struct certificate leaf;
	enum step step = STEP_MORE;

	while (bytes_left(&all) && step != STEP_BAD) {
		uint8_t lead = bytes_u8(&all);
		if (lead & 0x80) {
			tls_gap(t, lead & 0x7f);
			continue;
		}
		/* 0x7f: all that is left, so that recorded streams are seeds */
		struct bytes in = bytes_upto(&all, lead == 0x7f ? n : lead);
		while ((step = tls_next(t, &in, &item)) == STEP_ITEM) {
			if (item.chain_count && certificate_read(item.chain[0], &leaf))
				certificate_clear(&leaf);
			g_assert(tls_kept(t) < 2 * CAP_HANDSHAKE);
		}
		g_assert(step == STEP_BAD || bytes_left(&in) == 0);
	}
	tls_free(t);
	return 0;
}
