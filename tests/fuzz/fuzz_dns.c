/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libFuzzer harness of the DNS memory: messages behind a length of two bytes, each a query or a
 * response of one client by its own flag, with time that passes and everything asked afterwards.
 */
#include "base/caps.h"
#include "dns/dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(const struct dns_lookup *l, void *arg)
{
	const struct dns *d = arg;

	(void)dns_lookup_of(d, &l->client, l->name, l->type);
	for (unsigned i = 0; i < l->address_count; i++)
		(void)dns_name_for(d, &l->client, &l->address[i], UINT64_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size);
	struct dns *d = dns_new();
	struct datagram g = { .frame = 1 };

	while (bytes_left(&in) > 0) {
		uint16_t length = bytes_u16(&in);
		g.time_ns += bytes_u8(&in) * SEGMENT_SECOND;
		struct bytes one = bytes_upto(&in, length);
		bool response = bytes_peek(&one, 2) & 0x80;
		g.src = (struct address){ .family = 4, .byte = { response ? 2 : 1 } };
		g.dst = (struct address){ .family = 4, .byte = { response ? 1 : 2 } };
		g.sport = response ? 53 : 5000;
		g.dport = response ? 5000 : 53;
		g.len = length;
		g.caplen = (uint32_t)bytes_left(&one);
		g.payload = one.at;
		(void)dns_feed(d, &g);
		dns_expire(d, g.time_ns);
		g.frame++;
	}
	dns_each(d, look, d);
	dns_free(d);
	return 0;
}
