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

#include "capture.h"
#include "handshake.h"

#define OPEN 64
#define BODY_SEGMENTS 24

static uint8_t body[MSS], record[MSS];

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
	struct flow open[OPEN] = { 0 };
	uint32_t next = 1;

	if (argc != 3) {
		fprintf(stderr, "usage: make_capture smtp|mixed|tiny|flood MIB > FILE\n");
		return 2;
	}
	uint64_t most = strtoull(argv[2], NULL, 10);
	file_header();
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
