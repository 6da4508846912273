/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzzes what the flight recorder keeps: a dialogue of segments of both sides, some repeated or
 * with odd sequence numbers. Never more is kept than there is, and of a line that begins with AUTH
 * never more than the mechanism.
 */
#include <stdlib.h>
#include <string.h>
#include "recorder/keep.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t feed(struct keep *k, const struct keep_options *o, const uint8_t *head,
		     const uint8_t *payload, uint32_t n, uint32_t seq)
{
	bool client = head[0] & 1;
	struct segment s = { .src = { 4, { 10, 0, 0, 1 } }, .dst = { 4, { 10, 0, 0, 2 } } };

	if (!client) {
		s.src.byte[3] = 2;
		s.dst.byte[3] = 1;
	}
	s.sport = client ? 40000 : 25;
	s.dport = client ? 25 : 40000;
	s.flags = head[0] & 2 ? TCP_SYN : TCP_ACK;
	s.seq = head[0] & 4 ? seq + (uint32_t)head[1] * 16777213u : seq;
	s.len = s.caplen = n;
	s.payload = payload;
	uint32_t kept = keep_payload(k, o, &s);
	if (kept > n)
		abort();
	if (client && !k->tls && !o->bodies && n >= 5 && memcmp(payload, "AUTH ", 5) == 0 &&
	    kept > 5 + 31)
		abort();
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint16_t ports[] = { 25 };
	struct keep_options o = { .ports = ports, .port_count = 1 };
	struct keep k = { 0 };
	uint32_t seq[2] = { 0xffffff00u, 1 };

	if (size > 0) {
		o.bodies = data[0] & 1;
		o.redact = data[0] & 2;
		data++;
		size--;
	}
	while (size >= 3) {
		uint32_t n = data[2];
		if (n > size - 3)
			n = (uint32_t)size - 3;
		uint8_t *exact = malloc(n ? n : 1); /* so that a byte too far is seen */
		memcpy(exact, data + 3, n);
		seq[data[0] & 1] += feed(&k, &o, data, exact, n, seq[data[0] & 1]);
		free(exact);
		data += 3 + n;
		size -= 3 + n;
	}
	return 0;
}
