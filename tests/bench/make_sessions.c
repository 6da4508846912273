/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes a capture of many sessions for the benchmark: make_sessions gateway|short|open|scan N >
 * FILE. `gateway`: a mail gateway with 2,500 sessions open at once, N in all, half in clear with
 * dialogue and body, half behind STARTTLS, of these 3 in 10 with TLS 1.2 and certificates; one in
 * ten is refused. `short`: the same without bodies. `open`: N sessions that all stay open after the
 * first recipient. `scan`: N connections of one to four packets to port 25, 20,000 at once: SYNs
 * without an answer, refused, reset, or closed after the greeting. Deterministic, checksums right.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/tls/certificate_samples.h"
#include "capture.h"
#include "handshake.h"

#define OPEN_GATEWAY 2500u
#define OPEN_SCAN 20000u
#define SYN 2
#define ACK 16
#define PUSH 24

/* A step of a session: who speaks and what. 'C' and 'S': this text; the other letters: see play().
 */
struct step {
	char who;
	const char *text;
};

#define GREETING                                                                                   \
	{ 'S', "220 BE1P281CA0440.mail.protection.outlook.com Microsoft ESMTP MAIL Service ready " \
	       "at Wed, 18 Nov 2026 11:06:40 +0000 [08DDD30471EE4ED5]\r\n" },                      \
		{ 'C', "EHLO app17.corp.example\r\n" },                                            \
	{                                                                                          \
		'S', "250-BE1P281CA0440.mail.protection.outlook.com Hello [203.0.113.7]\r\n"       \
		     "250-SIZE "                                                                   \
		     "157286400\r\n250-PIPELINING\r\n250-DSN\r\n250-ENHANCEDSTATUSCODES\r\n"       \
		     "250-STARTTLS\r\n250-8BITMIME\r\n250-BINARYMIME\r\n250-CHUNKING\r\n250 "      \
		     "SMTPUTF8\r\n"                                                                \
	}
#define OPENING                                                                                    \
	{ '1', NULL }, { '2', NULL },                                                              \
	{                                                                                          \
		'3', NULL                                                                          \
	}
#define CLOSING                                                                                    \
	{ 'x', NULL }, { 'X', NULL },                                                              \
	{                                                                                          \
		'y', NULL                                                                          \
	}

static const struct step clear[] = {
	OPENING,
	GREETING,
	{ 'C', "MAIL FROM:<reports@corp.example> SIZE=20480\r\n" },
	{ 'S', "250 2.1.0 Sender OK\r\n" },
	{ 'C', "RCPT TO:<first@partner.example>\r\n" },
	{ 'S', "250 2.1.5 Recipient OK\r\n" },
	{ 'C', "RCPT TO:<second@partner.example>\r\n" },
	{ 'S', "250 2.1.5 Recipient OK\r\n" },
	{ 'C', "DATA\r\n" },
	{ 'S', "354 Start mail input; end with <CRLF>.<CRLF>\r\n" },
	{ 'B', NULL },
	{ 'C', "\r\n.\r\n" },
	{ 'S', "250 2.6.0 <4711@corp.example> [InternalId=90071992547409, "
	       "Hostname=AM0PR04MB1234.eurprd04.prod.outlook.com] 21504 bytes in 0.187, 112.299 "
	       "KB/sec Queued mail for delivery\r\n" },
	{ 'C', "QUIT\r\n" },
	{ 'S', "221 2.0.0 Service closing transmission channel\r\n" },
	CLOSING,
};

static const struct step left_open[] = {
	OPENING,
	GREETING,
	{ 'C', "MAIL FROM:<reports@corp.example> SIZE=20480\r\n" },
	{ 'S', "250 2.1.0 Sender OK\r\n" },
	{ 'C', "RCPT TO:<first@partner.example>\r\n" },
	{ 'S', "250 2.1.5 Recipient OK\r\n" },
};

static const struct step refused[] = {
	OPENING,
	GREETING,
	{ 'C', "MAIL FROM:<reports@corp.example>\r\n" },
	{ 'S', "250 2.1.0 Sender OK\r\n" },
	{ 'C', "RCPT TO:<nobody@partner.example>\r\n" },
	{ 'S', "550 5.4.1 Recipient address rejected: Access denied. For more information see "
	       "https://aka.ms/EXOSmtpErrors [DB5PEPF00014B9A.eurprd02.prod.outlook.com "
	       "2026-11-18T11:06:41.123Z 08DDB0123456789A]\r\n" },
	{ 'C', "QUIT\r\n" },
	{ 'S', "221 2.0.0 Service closing transmission channel\r\n" },
	CLOSING,
};

#define TLS_BEGIN                                                                                  \
	OPENING, GREETING, { 'C', "STARTTLS\r\n" }, { 'S', "220 2.0.0 SMTP server ready\r\n" },    \
	{                                                                                          \
		'H', NULL                                                                          \
	}
#define TLS_DIALOGUE                                                                               \
	{ 'c', NULL }, { 's', NULL }, { 'c', NULL }, { 's', NULL }, { 'c', NULL }, { 's', NULL },  \
		{ 'c', NULL }, { 's', NULL }, { 'c', NULL }, { 's', NULL }, { 'D', NULL },         \
		{ 'c', NULL }, { 's', NULL }, CLOSING

static const struct step tls13[] = { TLS_BEGIN, { 'V', NULL }, { 'F', NULL }, TLS_DIALOGUE };
static const struct step tls12[] = {
	TLS_BEGIN, { 'W', NULL }, { 'K', NULL }, { 'L', NULL }, TLS_DIALOGUE
};

static const struct step silent[] = { { '1', NULL }, { 'n', NULL }, { 'n', NULL } };
static const struct step turned_away[] = { { '1', NULL }, { 'r', NULL } };
static const struct step reset[] = { OPENING, { 'R', NULL } };
static const struct step greeted[] = { OPENING,
				       { 'S', "220 mx17.partner.example ESMTP\r\n" },
				       CLOSING };

struct script {
	const struct step *steps;
	unsigned count;
};
#define SCRIPT(x)                                                                                  \
	{                                                                                          \
		x, sizeof(x) / sizeof((x)[0])                                                      \
	}

static const struct script gateway_scripts[10] = {
	SCRIPT(clear), SCRIPT(tls13), SCRIPT(clear), SCRIPT(tls12),   SCRIPT(clear),
	SCRIPT(tls13), SCRIPT(clear), SCRIPT(tls12), SCRIPT(refused), SCRIPT(tls13),
};
static const struct script scan_scripts[10] = {
	SCRIPT(silent), SCRIPT(turned_away), SCRIPT(silent), SCRIPT(reset),  SCRIPT(silent),
	SCRIPT(silent), SCRIPT(turned_away), SCRIPT(silent), SCRIPT(silent), SCRIPT(greeted),
};

static const struct script open_scripts[10] = {
	SCRIPT(left_open), SCRIPT(left_open), SCRIPT(left_open), SCRIPT(left_open),
	SCRIPT(left_open), SCRIPT(left_open), SCRIPT(left_open), SCRIPT(left_open),
	SCRIPT(left_open), SCRIPT(left_open),
};

static const struct script *scripts = gateway_scripts;
static unsigned open_at_once = OPEN_GATEWAY, segments_of_body = 6;
static uint8_t body[MSS], record[MSS], flight[8192];
static uint32_t flight_length;

static uint8_t *put24(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 16);
	put16(p + 1, v & 0xffff);
	return p + 3;
}

static uint8_t *record_head(uint8_t *p, uint8_t type, uint32_t n)
{
	memcpy(p, "\x16\x03\x03", 3);
	p[0] = type;
	put16(p + 3, n);
	return p + 5;
}

/* The server's flight of TLS 1.2 (RFC 5246 7.3): hello, leaf and two more certificates, done. */
static void make_flight(void)
{
	static const uint8_t done[] = { 14, 0, 0, 0 };
	const uint32_t list = 2 * 3 + sizeof der_leaf + sizeof der_root + 3 + sizeof der_pss;
	uint8_t *p = record_head(flight, 22, 42);

	*p++ = 2;
	p = put24(p, 38);
	memset(p, 0x5a, 38);
	memcpy(p, "\x03\x03", 2);
	memcpy(p + 34, "\x00\xc0\x2f\x00", 4); /* no session id, suite, no compression */
	p = record_head(p + 38, 22, 4 + 3 + list);
	*p++ = 11;
	p = put24(put24(p, 3 + list), list);
	p = put24(p, sizeof der_leaf);
	memcpy(p, der_leaf, sizeof der_leaf);
	p = put24(p + sizeof der_leaf, sizeof der_pss);
	memcpy(p, der_pss, sizeof der_pss);
	p = put24(p + sizeof der_pss, sizeof der_root);
	memcpy(p, der_root, sizeof der_root);
	p = record_head(p + sizeof der_root, 22, sizeof done);
	memcpy(p, done, sizeof done);
	flight_length = (uint32_t)(p + sizeof done - flight);
}

static void say_all(struct flow *f, int server, uint16_t port, const uint8_t *data, uint32_t n)
{
	for (uint32_t at = 0; at < n; at += MSS)
		say(f, server, port, PUSH, data + at, n - at < MSS ? n - at : MSS);
}

/* A record of application data with so many bytes. */
static void say_record(struct flow *f, int server, uint16_t port, uint32_t n)
{
	uint8_t data[512];
	memcpy(record_head(data, 23, n), record, n);
	say(f, server, port, PUSH, data, 5 + n);
}

/* ClientKeyExchange, or nothing, then ChangeCipherSpec and Finished (RFC 5246 7.3). */
static void say_finished(struct flow *f, int server, uint16_t port)
{
	uint8_t data[128], *p = data;
	if (!server) {
		p = record_head(p, 22, 37);
		memset(p, 0x3c, 37);
		memcpy(p, "\x10\x00\x00\x21\x20", 5);
		p += 37;
	}
	p = record_head(p, 20, 1);
	*p++ = 1;
	p = record_head(p, 22, 40);
	memset(p, 0xa7, 40);
	say(f, server, port, PUSH, data, (uint32_t)(p + 40 - data));
}

static void say_body(struct flow *f, uint16_t port, const uint8_t *data)
{
	unsigned n = segments_of_body ? 1 + f->number % (2 * segments_of_body) : 0;
	for (unsigned i = 0; i < n; i++) {
		say(f, 0, port, ACK, data, MSS);
		if (i % 2)
			say(f, 1, port, ACK, NULL, 0);
	}
}

static void play(struct flow *f, const struct step *s, uint16_t port)
{
	switch (s->who) {
	case '1':
		f->seq[0] = f->number * 7919u;
		f->seq[1] = f->number * 104729u;
		say(f, 0, port, SYN, NULL, 0);
		break;
	case 'n': /* the SYN again */
		f->seq[0]--;
		say(f, 0, port, SYN, NULL, 0);
		break;
	case '2':
		say(f, 1, port, SYN | ACK, NULL, 0);
		break;
	case 'r':
		say(f, 1, port, 4 | ACK, NULL, 0);
		break;
	case 'R':
		say(f, 0, port, 4 | ACK, NULL, 0);
		break;
	case '3':
	case 'y':
		say(f, 0, port, ACK, NULL, 0);
		break;
	case 'x':
	case 'X':
		say(f, s->who == 'X', port, 1 | ACK, NULL, 0);
		break;
	case 'C':
	case 'S':
		say(f, s->who == 'S', port, PUSH, s->text, (uint32_t)strlen(s->text));
		break;
	case 'B':
		say_body(f, port, body);
		break;
	case 'D':
		say_body(f, port, record);
		break;
	case 'c':
		say_record(f, 0, port, 40 + (f->number + f->step) % 32);
		break;
	case 's':
		say_record(f, 1, port, 45 + (f->number + f->step) % 200);
		break;
	case 'H':
		say(f, 0, port, PUSH, client_hello, sizeof client_hello - 1);
		break;
	case 'V':
		say(f, 1, port, PUSH, server_hello, sizeof server_hello - 1);
		say(f, 1, port, PUSH, record, MSS);
		break;
	case 'F':
		say(f, 0, port, PUSH, client_finished, sizeof client_finished - 1);
		break;
	case 'W':
		say_all(f, 1, port, flight, flight_length);
		break;
	case 'K':
	case 'L':
		say_finished(f, s->who == 'L', port);
		break;
	}
}

/* One step; returns 0 when the session is over. */
static int step(struct flow *f)
{
	const struct script *s = &scripts[f->number % 10];
	play(f, &s->steps[f->step], scripts == gateway_scripts && f->number % 2 ? 587 : 25);
	return ++f->step < s->count;
}

static void fill(void)
{
	for (unsigned i = 0; i < MSS; i++)
		body[i] = (uint8_t)(i % 78 == 76 ? '\r' : i % 78 == 77 ? '\n' : 'A' + i % 26);
	for (unsigned i = 0; i < MSS; i++)
		record[i] = (uint8_t)(i * 167 + 13);
	record_head(record, 23, MSS - 5);
	make_flight();
}

int main(int argc, char **argv)
{
	uint32_t most = argc == 3 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0, next = 1, left;

	if (!most) {
		fprintf(stderr, "usage: make_sessions gateway|short|open|scan N > FILE\n");
		return 2;
	}
	if (!strcmp(argv[1], "scan")) {
		scripts = scan_scripts;
		open_at_once = OPEN_SCAN;
	} else if (!strcmp(argv[1], "open")) {
		scripts = open_scripts;
		open_at_once = most;
	} else if (!strcmp(argv[1], "short")) {
		segments_of_body = 0;
	}
	open_at_once = open_at_once < most ? open_at_once : most;
	struct flow *open = calloc(open_at_once, sizeof *open);
	for (unsigned i = 0; i < open_at_once; i++)
		open[i].number = next++;
	file_header();
	fill();
	left = open_at_once;
	for (uint64_t n = 0; left; n++) {
		unsigned i = (unsigned)(n * 2654435761u >> 9) % left; /* no two in a row */
		now_us += 20;
		if (step(&open[i]))
			continue;
		open[i] = next <= most ? (struct flow){ .number = next++ } : open[--left];
	}
	free(open);
	return ferror(stdout) ? 1 : 0;
}
