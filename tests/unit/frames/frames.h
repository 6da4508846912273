/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames made by hand for the tests of the packet reader. A frame grows from the inside out: the
 * payload first, then each header in front of it, whose length fields are those of what is there.
 * Also the wall: input copied so that it ends at an unreadable page.
 */
#ifndef SMTP365_TEST_FRAMES_H
#define SMTP365_TEST_FRAMES_H

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>
#include <pcap/dlt.h>
#include "frames/packet.h"

#define FRAME_ROOM 8192u

struct made {
	uint32_t n;
	uint8_t at[FRAME_ROOM];
};

static inline void made_front(struct made *m, const void *p, uint32_t n)
{
	assert_true(m->n + n <= FRAME_ROOM);
	memmove(&m->at[n], m->at, m->n);
	if (n)
		memcpy(m->at, p, n);
	m->n += n;
}

static inline void made_back(struct made *m, const void *p, uint32_t n)
{
	assert_true(m->n + n <= FRAME_ROOM);
	memcpy(&m->at[m->n], p, n);
	m->n += n;
}

static inline void put16(uint8_t *at, unsigned v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

static inline void put32(uint8_t *at, uint32_t v)
{
	put16(at, v >> 16);
	put16(&at[2], v & 0xffff);
}

/* Headers given as bytes: made_hex(&m, "8100 0064 0800") puts them in front. */
static inline void made_hex(struct made *m, const char *hex)
{
	uint8_t b[256];
	uint32_t n = 0, digits = 0;

	for (; *hex; hex++) {
		if (*hex == ' ')
			continue;
		unsigned v = *hex <= '9' ? (unsigned)*hex - '0' : ((unsigned)*hex | 32u) - 'a' + 10;
		b[n] = (uint8_t)(digits % 2 ? b[n] | v : v << 4);
		n += digits++ % 2;
	}
	made_front(m, b, n);
}

static inline struct made made_payload(const char *text)
{
	struct made m = { 0 };

	made_back(&m, text, (uint32_t)strlen(text));
	return m;
}

/* TCP with options already in wire form; their length a multiple of 4. */
static inline void made_tcp(struct made *m, unsigned sport, unsigned dport, uint8_t flags,
			    const void *options, uint32_t n)
{
	uint8_t h[20] = { 0 };

	made_front(m, options, n);
	put16(&h[0], sport);
	put16(&h[2], dport);
	put32(&h[4], 0x01020304);
	put32(&h[8], 0xa1a2a3a4);
	h[12] = (uint8_t)((20 + n) / 4 << 4);
	h[13] = flags;
	put16(&h[14], 501);
	made_front(m, h, sizeof h);
}

static inline void made_udp(struct made *m, unsigned sport, unsigned dport)
{
	uint8_t h[8] = { 0 };

	put16(&h[0], sport);
	put16(&h[2], dport);
	put16(&h[4], m->n + 8);
	made_front(m, h, sizeof h);
}

/* IPv4 from 10.0.0.`from` to 10.0.0.`to`. */
static inline void made_ip4(struct made *m, uint8_t protocol, uint8_t from, uint8_t to)
{
	uint8_t h[20] = { 0x45, 0, 0,  0, 0x12, 0x34, 0,  0, 57, protocol,
			  0,	0, 10, 0, 0,	from, 10, 0, 0,	 to };

	put16(&h[2], m->n + 20);
	made_front(m, h, sizeof h);
}

/* IPv6 from fd00::`from` to fd00::`to`. */
static inline void made_ip6(struct made *m, uint8_t next, uint8_t from, uint8_t to)
{
	uint8_t h[40] = { 0x60 };

	put16(&h[4], m->n);
	h[6] = next;
	h[7] = 58;
	h[8] = h[24] = 0xfd;
	h[23] = from;
	h[39] = to;
	made_front(m, h, sizeof h);
}

static inline void made_ether(struct made *m, unsigned type)
{
	uint8_t h[14] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2 };

	put16(&h[12], type);
	made_front(m, h, sizeof h);
}

/* "EHLO" from 10.0.0.1:40000 to 10.0.0.2:587 as an IPv4 packet. */
static inline struct made made_segment(void)
{
	struct made m = made_payload("EHLO device.example\r\n");

	made_tcp(&m, 40000, 587, TCP_ACK | TCP_PSH, NULL, 0);
	made_ip4(&m, 6, 1, 2);
	return m;
}

/* The n bytes, so placed that the next one cannot be read. */
static inline const uint8_t *wall(const void *p, size_t n)
{
	static uint8_t *region;
	const size_t room = 1u << 20;

	if (!region) {
		size_t page = (size_t)sysconf(_SC_PAGESIZE);
		region = mmap(NULL, room + page, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		assert_true(region != MAP_FAILED);
		assert_int_equal(mprotect(region + room, page, PROT_NONE), 0);
	}
	assert_true(n <= room);
	if (n)
		memcpy(region + room - n, p, n);
	return region + room - n;
}

/* Whatever was read lies inside the input or the reassembly, and its lengths are sane. */
static inline void touch_item(const struct packet *p, const struct packet_item *i)
{
	const uint8_t *at = NULL;
	uint32_t n = 0;
	volatile uint8_t sum = 0;

	if (i->kind == PACKET_SEGMENT) {
		assert_true(i->segment.caplen <= i->segment.len);
		assert_true(i->segment.sack_count <= 3);
		assert_true(i->segment.encap.vlan_count <= 2);
		at = i->segment.payload;
		n = i->segment.caplen;
		(void)packet_checksum_bad(p, &i->segment);
	} else if (i->kind == PACKET_DATAGRAM) {
		assert_true(i->datagram.caplen <= i->datagram.len);
		at = i->datagram.payload;
		n = i->datagram.caplen;
	}
	for (uint32_t k = 0; k < n; k++)
		sum = (uint8_t)(sum + at[k]);
}

/* Read a frame at the wall and look at everything that comes out. */
static inline enum packet_kind read_hostile(struct packet *p, const uint8_t *at, uint32_t caplen,
					    uint32_t len, struct packet_item *out)
{
	enum packet_kind first = packet_read(p, 1, 1, wall(at, caplen), caplen, len, out),
			 k = first;
	struct packet_item more;

	touch_item(p, out);
	while (k == PACKET_DATAGRAM) {
		k = packet_more(p, &more);
		touch_item(p, &more);
	}
	return first;
}

/* The frame cut at every byte (captured and on the wire, or captured only), and every byte of it
 * replaced by telling values. */
static inline void abuse(int dlt, const struct made *m)
{
	static const uint8_t values[] = {
		0, 1, 4, 6, 0x0f, 0x1f, 0x40, 0x45, 0x7f, 0x80, 0xf0, 0xff
	};
	struct packet *p = packet_new(dlt);
	struct packet_item item;
	struct made copy = *m;

	assert_non_null(p);
	for (uint32_t n = 0; n <= m->n; n++) {
		read_hostile(p, m->at, n, m->n, &item);
		read_hostile(p, m->at, n, n, &item);
	}
	for (uint32_t i = 0; i < m->n; i++) {
		for (size_t v = 0; v < sizeof values; v++) {
			copy.at[i] = values[v];
			read_hostile(p, copy.at, copy.n, copy.n, &item);
			read_hostile(p, copy.at, copy.n - copy.n / 4, copy.n, &item);
		}
		copy.at[i] = m->at[i];
	}
	packet_free(p);
}

static inline uint64_t counted(const struct packet *p, enum packet_count c)
{
	return packet_stats(p)->count[c];
}

#endif
