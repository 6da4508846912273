/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes a large capture for the benchmark: make_capture smtp|mixed|tiny|flood MIB > FILE. `smtp`:
 * only SMTP sessions (half in clear with a body, half behind STARTTLS); `mixed`: 2 % of the packets
 * are SMTP, the rest HTTPS-like bulk; `tiny`: MIB thousand connections of one to three packets to
 * ports all over, one in 50 of them to port 25; `flood`: the same, all to port 25. Interleaved,
 * deterministic, TCP checksums right.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPEN 64
#define MSS 1448
#define BODY_SEGMENTS 24

struct flow {
	uint32_t number, step;
	uint32_t seq[2];
};

static uint64_t written, frames, now_us = 1795000000ull * 1000000;
static uint8_t body[MSS], record[MSS];

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

static uint64_t words(const uint8_t *at, uint32_t n)
{
	uint64_t sum = 0;
	for (uint32_t i = 0; i + 1 < n; i += 2)
		sum += (unsigned)at[i] << 8 | at[i + 1];
	return sum + (n % 2 ? (unsigned)at[n - 1] << 8 : 0);
}

/* RFC 9293 section 3.1; ip and tcp are the headers, with 20 bytes each. */
static unsigned checksum(const uint8_t *ip, const uint8_t *tcp, const void *data, uint32_t n)
{
	uint64_t sum = 6 + 20 + n + words(ip + 12, 8) + words(tcp, 20) + words(data, n);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

static void packet(uint32_t client, uint16_t cport, uint16_t sport, int from_server, uint32_t seq,
		   uint32_t ack, uint8_t flags, const void *data, uint32_t n)
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

static void say(struct flow *f, int server, uint16_t port, uint8_t flags, const void *data,
		uint32_t n)
{
	packet(f->number, (uint16_t)(10000 + f->number % 50000), port, server, f->seq[server],
	       f->seq[!server], flags, data, n);
	f->seq[server] += n + (flags & 3 ? 1 : 0);
}

static const char *const clear_text[] = {
	/* first letter: who speaks */
	"S220 BE1P281CA0440.mail.protection.outlook.com Microsoft ESMTP MAIL Service ready at Wed, "
	"18 Nov 2026 "
	"11:06:40 +0000 [08DDD30471EE4ED5]\r\n",
	"CEHLO printer.contoso.com\r\n",
	"S250-BE1P281CA0440.mail.protection.outlook.com Hello [203.0.113.7]\r\n250-SIZE "
	"157286400\r\n250-PIPELINING\r\n"
	"250-DSN\r\n250-ENHANCEDSTATUSCODES\r\n250-STARTTLS\r\n250-8BITMIME\r\n250-"
	"BINARYMIME\r\n250-CHUNKING\r\n250 "
	"SMTPUTF8\r\n",
	"CMAIL FROM:<scan@contoso.com>\r\n",
	"S250 2.1.0 Sender OK\r\n",
	"CRCPT TO:<a@contoso.com>\r\n",
	"S250 2.1.5 Recipient OK\r\n",
	"CDATA\r\n",
	"S354 Start mail input; end with <CRLF>.<CRLF>\r\n",
};
/* A TLS 1.3 handshake: ClientHello; ServerHello, CCS and the encrypted flight; CCS and Finished. */
static const char client_hello[] = "\x16\x03\x01\x00\xbe\x01\x00\x00\xba\x03\x03\x0b\x30\x55\x7a"
				   "\x9f\xc4\xe9\x0e\x33\x58\x7d\xa2\xc7"
				   "\xec\x11\x36\x5b\x80\xa5\xca\xef\x14\x39\x5e\x83\xa8\xcd\xf2"
				   "\x17\x3c\x61\x86\x20\x07\x3c\x71\xa6"
				   "\xdb\x10\x45\x7a\xaf\xe4\x19\x4e\x83\xb8\xed\x22\x57\x8c\xc1"
				   "\xf6\x2b\x60\x95\xca\xff\x34\x69\x9e"
				   "\xd3\x08\x3d\x72\x00\x08\x13\x02\x13\x01\xc0\x30\xc0\x2f\x01"
				   "\x00\x00\x69\x00\x00\x00\x17\x00\x15"
				   "\x00\x00\x12\x73\x6d\x74\x70\x2e\x6f\x66\x66\x69\x63\x65\x33"
				   "\x36\x35\x2e\x63\x6f\x6d\x00\x0a\x00"
				   "\x06\x00\x04\x00\x1d\x00\x17\x00\x0d\x00\x08\x00\x06\x08\x04"
				   "\x04\x03\x04\x01\x00\x2b\x00\x05\x04"
				   "\x03\x04\x03\x03\x00\x33\x00\x26\x00\x24\x00\x1d\x00\x20\x03"
				   "\x5e\xb9\x14\x6f\xca\x25\x80\xdb\x36"
				   "\x91\xec\x47\xa2\xfd\x58\xb3\x0e\x69\xc4\x1f\x7a\xd5\x30\x8b"
				   "\xe6\x41\x9c\xf7\x52\xad\x08\xff\x01"
				   "\x00\x01\x00";
static const char server_hello[] = "\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03\x86\x61\x3c\x17"
				   "\xf2\xcd\xa8\x83\x5e\x39\x14\xef\xca"
				   "\xa5\x80\x5b\x36\x11\xec\xc7\xa2\x7d\x58\x33\x0e\xe9\xc4\x9f"
				   "\x7a\x55\x30\x0b\x20\x07\x3c\x71\xa6"
				   "\xdb\x10\x45\x7a\xaf\xe4\x19\x4e\x83\xb8\xed\x22\x57\x8c\xc1"
				   "\xf6\x2b\x60\x95\xca\xff\x34\x69\x9e"
				   "\xd3\x08\x3d\x72\x13\x02\x00\x00\x2e\x00\x2b\x00\x02\x03\x04"
				   "\x00\x33\x00\x24\x00\x1d\x00\x20\x03"
				   "\x5e\xb9\x14\x6f\xca\x25\x80\xdb\x36\x91\xec\x47\xa2\xfd\x58"
				   "\xb3\x0e\x69\xc4\x1f\x7a\xd5\x30\x8b"
				   "\xe6\x41\x9c\xf7\x52\xad\x08\x14\x03\x03\x00\x01\x01";
static const char client_finished[] = "\x14\x03\x03\x00\x01\x01\x17\x03\x03\x00\x45\x00\x07\x0e\x15"
				      "\x1c\x23\x2a\x31\x38\x3f\x46\x4d\x54"
				      "\x5b\x62\x69\x70\x77\x7e\x85\x8c\x93\x9a\xa1\xa8\xaf\xb6\xbd"
				      "\xc4\xcb\xd2\xd9\xe0\xe7\xee\xf5\xfc"
				      "\x03\x0a\x11\x18\x1f\x26\x2d\x34\x3b\x42\x49\x50\x57\x5e\x65"
				      "\x6c\x73\x7a\x81\x88\x8f\x96\x9d\xa4"
				      "\xab\xb2\xb9\xc0\xc7\xce\xd5\xdc";
static const char *const tls_text[] = { "CSTARTTLS\r\n", "S220 2.0.0 SMTP server ready\r\n" };

/* One step of a session; returns 0 when it is over. */
static int smtp_step(struct flow *f)
{
	unsigned tls = f->number & 1, n = f->step++;
	uint16_t port = tls ? 587 : 25;

	if (n == 0) {
		f->seq[0] = f->number * 7919u;
		f->seq[1] = f->number * 104729u;
		say(f, 0, port, 2, NULL, 0);
	} else if (n == 1) {
		say(f, 1, port, 18, NULL, 0);
	} else if (n == 2) {
		say(f, 0, port, 16, NULL, 0);
	} else if (n < 6 || (!tls && n < 12)) {
		const char *t = clear_text[n - 3];
		say(f, t[0] == 'S', port, 24, t + 1, (uint32_t)strlen(t + 1));
	} else if (tls && n < 8) {
		const char *t = tls_text[n - 6];
		say(f, t[0] == 'S', port, 24, t + 1, (uint32_t)strlen(t + 1));
	} else if (tls && n == 8) {
		say(f, 0, port, 24, client_hello, sizeof client_hello - 1);
	} else if (tls && n == 9) {
		say(f, 1, port, 24, server_hello, sizeof server_hello - 1);
		say(f, 1, port, 24, record, MSS);
	} else if (tls && n == 10) {
		say(f, 0, port, 24, client_finished, sizeof client_finished - 1);
	} else if (n < 12 + BODY_SEGMENTS) {
		if (tls)
			say(f, n % 3 == 0, port, 24, record, MSS);
		else
			say(f, 0, port, 16, body, MSS);
		if (n % 2)
			say(f, tls && n % 3 ? 1 : 1, port, 16, NULL, 0);
	} else if (n == 12 + BODY_SEGMENTS && !tls) {
		say(f, 0, port, 24, "\r\n.\r\n", 5);
		say(f, 1, port, 24, "250 2.6.0 <x> Queued mail for delivery\r\n", 40);
		say(f, 0, port, 24, "QUIT\r\n", 6);
	} else {
		say(f, 0, port, 17, NULL, 0);
		say(f, 1, port, 17, NULL, 0);
		say(f, 0, port, 16, NULL, 0);
		return 0;
	}
	return 1;
}

static void bulk(uint64_t n)
{
	static uint32_t seq[4096];
	uint32_t k = (uint32_t)(n * 2654435761u >> 7) & 4095;
	packet(k, (uint16_t)(20000 + k), 443, 1, seq[k], 1, 16, record, MSS);
	seq[k] += MSS;
}

static void fill(void)
{
	for (unsigned i = 0; i < MSS; i++)
		body[i] = (uint8_t)(i % 78 == 76 ? '\r' : i % 78 == 77 ? '\n' : 'A' + i % 26);
	for (unsigned i = 0; i < MSS; i++)
		record[i] = (uint8_t)(i * 167 + 13);
	memcpy(record, "\x17\x03\x03", 3);
	put16(record + 3, MSS - 5);
}

int main(int argc, char **argv)
{
	static const uint32_t head[6] = { 0xa1b2c3d4, 0x00040002, 0, 0, 65535, 1 };
	struct flow open[OPEN] = { 0 };
	uint32_t next = 1;

	if (argc != 3) {
		fprintf(stderr, "usage: make_capture smtp|mixed|tiny|flood MIB > FILE\n");
		return 2;
	}
	uint64_t most = strtoull(argv[2], NULL, 10);
	fwrite(head, 1, sizeof head, stdout);
	fill();
	if (!strcmp(argv[1], "tiny") || !strcmp(argv[1], "flood")) {
		for (uint32_t i = 1; i <= most * 1000; i++) {
			struct flow f = { .number = i };
			uint16_t port = argv[1][0] == 'f' || i % 50 == 0
						? 25
						: (uint16_t)(1024 + i * 7919u % 60000);
			say(&f, 0, port, 2, NULL, 0);
			if (i % 3)
				say(&f, 1, port, 18, NULL, 0);
			if (i % 3 == 2)
				say(&f, 0, port, 16, NULL, 0);
		}
		return 0;
	}
	most <<= 20;
	int mixed = !strcmp(argv[1], "mixed");
	for (unsigned i = 0; i < OPEN; i++)
		open[i].number = next++;
	for (uint64_t n = 0; written < most; n++) {
		if (mixed && n % 50) {
			bulk(n);
			continue;
		}
		struct flow *f = &open[(mixed ? n / 50 : n) % OPEN];
		if (!smtp_step(f))
			*f = (struct flow){ .number = next++ };
	}
	return ferror(stdout) ? 1 : 0;
}
