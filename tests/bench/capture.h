/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the makers of captures for the benchmark share: frames of a TCP conversation to standard
 * output as an ordinary pcap file, checksums right, the clock of a full link of 1 Gbit/s.
 */
#ifndef SMTP365_BENCH_CAPTURE_H
#define SMTP365_BENCH_CAPTURE_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define MSS 1448

struct flow {
	uint32_t number, step;
	uint32_t seq[2];
};

static uint64_t written, frames, now_us = 1795000000ull * 1000000;

static inline void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

static inline uint64_t words(const uint8_t *at, uint32_t n)
{
	uint64_t sum = 0;
	for (uint32_t i = 0; i + 1 < n; i += 2)
		sum += (unsigned)at[i] << 8 | at[i + 1];
	return sum + (n % 2 ? (unsigned)at[n - 1] << 8 : 0);
}

/* RFC 9293 section 3.1; ip and tcp are the headers, with 20 bytes each. */
static inline unsigned checksum(const uint8_t *ip, const uint8_t *tcp, const void *data, uint32_t n)
{
	uint64_t sum = 6 + 20 + n + words(ip + 12, 8) + words(tcp, 20) + words(data, n);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

static inline void packet(uint32_t client, uint16_t cport, uint16_t sport, int from_server,
			  uint32_t seq, uint32_t ack, uint8_t flags, const void *data, uint32_t n)
{
	uint8_t h[16 + 54] = { 0 };
	uint32_t len = 54 + n, sec = (uint32_t)(now_us / 1000000),
		 us = (uint32_t)(now_us % 1000000);
	uint8_t *e = h + 16, *ip = e + 14, *tcp = ip + 20;

	memcpy(h, &sec, 4);
	memcpy(h + 4, &us, 4);
	memcpy(h + 8, &len, 4);
	memcpy(h + 12, &len, 4);
	e[0] = e[6] = 2;
	e[5] = from_server ? 1 : 2;
	e[11] = from_server ? 2 : 1;
	put16(e + 12, 0x0800);
	ip[0] = 0x45;
	put16(ip + 2, 40 + n);
	put16(ip + 4, (unsigned)frames & 0xffff);
	ip[8] = from_server ? 50 : 64;
	ip[9] = 6;
	uint32_t c = 0x0a000000u + (client & 0xffffff), s = 0x34600000u + (client & 0x3ff);
	put32(ip + 12, from_server ? s : c);
	put32(ip + 16, from_server ? c : s);
	put16(tcp, from_server ? sport : cport);
	put16(tcp + 2, from_server ? cport : sport);
	put32(tcp + 4, seq);
	put32(tcp + 8, ack);
	tcp[12] = 0x50;
	tcp[13] = flags;
	put16(tcp + 14, 65000);
	put16(tcp + 16, checksum(ip, tcp, data, n));
	fwrite(h, 1, sizeof h, stdout);
	if (n)
		fwrite(data, 1, n, stdout);
	written += sizeof h + n;
	frames++;
	now_us += 1 + len / 125; /* a full link of 1 Gbit/s */
}

static inline void say(struct flow *f, int server, uint16_t port, uint8_t flags, const void *data,
		       uint32_t n)
{
	packet(f->number, (uint16_t)(10000 + f->number % 50000), port, server, f->seq[server],
	       f->seq[!server], flags, data, n);
	f->seq[server] += n + (flags & 3 ? 1 : 0);
}

static inline void file_header(void)
{
	static const uint32_t head[6] = { 0xa1b2c3d4, 0x00040002, 0, 0, 65535, 1 };
	fwrite(head, 1, sizeof head, stdout);
}

#endif
