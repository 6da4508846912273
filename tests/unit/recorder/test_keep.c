/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests of what may be kept of a packet: commands and replies whole, credentials never however they
 * are cut into segments, bodies only when asked, TLS whole, and the frames around them.
 */
#include "frames/frames.h"
#include <glib.h>
#include "recorder/keep.h"

static const uint16_t watched[] = { 25, 587 };
static struct keep_options options = { .ports = watched, .port_count = 2 };

enum from { CLIENT, SERVER };

struct line {
	enum from from;
	const char *text;
	uint32_t kept;
};

#define ALL UINT32_MAX

static struct segment segment_of(enum from from, const char *text, uint32_t seq)
{
	struct segment s = { .src = { 4, { 10, 0, 0, 1 } }, .dst = { 4, { 10, 0, 0, 2 } } };

	if (from == SERVER)
		s.src.byte[3] = 2, s.dst.byte[3] = 1;
	s.sport = from == CLIENT ? 40000 : 587;
	s.dport = from == CLIENT ? 587 : 40000;
	s.flags = TCP_ACK;
	s.seq = seq;
	s.len = s.caplen = (uint32_t)strlen(text);
	s.payload = wall(text, s.caplen);
	return s;
}

/* Play the dialogue, one segment a line, and compare what is kept of each. */
static void play(const struct line *lines, size_t n)
{
	struct keep k = { 0 };
	uint32_t seq[2] = { 0xfffffff0, 7 }; /* the client's wraps */

	for (size_t i = 0; i < n; i++) {
		struct segment s = segment_of(lines[i].from, lines[i].text, seq[lines[i].from]);
		uint32_t want = lines[i].kept == ALL ? s.caplen : lines[i].kept;
		uint32_t got = keep_payload(&k, &options, &s);
		if (got != want)
			fail_msg("line %zu \"%s\": kept %u, not %u", i, lines[i].text, got, want);
		seq[lines[i].from] += s.caplen;
	}
}

#define PLAY(...)                                                                                  \
	do {                                                                                       \
		const struct line lines_[] = { __VA_ARGS__ };                                      \
		play(lines_, G_N_ELEMENTS(lines_));                                                \
	} while (0)

static void test_dialogue(void **state)
{
	(void)state;
	PLAY({ SERVER, "220 mx ready\r\n", ALL }, { CLIENT, "EHLO printer\r\n", ALL },
	     { SERVER, "250-mx\r\n250-AUTH LOGIN\r\n250 STARTTLS\r\n", ALL },
	     { CLIENT, "mail from:<a@example.com>\r\n", ALL }, { SERVER, "250 ok\r\n", ALL },
	     { CLIENT, "RCPT TO:<b@example.com>\r\nDATA\r\n", ALL },
	     { SERVER, "250 ok\r\n354 go on\r\n", ALL }, { CLIENT, "Subject: x\r\n", 0 },
	     { CLIENT, "RCPT looks like a command\r\n.\r\n", 0 }, { SERVER, "250 queued\r\n", ALL },
	     { CLIENT, "QUIT\r\n", ALL }, { SERVER, "221 bye\r\n", ALL });
}

static void test_auth(void **state)
{
	(void)state;
	PLAY({ CLIENT, "AUTH LOGIN\r\n", 10 }, { SERVER, "334 VXNlcm5hbWU6\r\n", 4 },
	     { CLIENT, "dXNlcg==\r\n", 0 }, { SERVER, "334 UGFzc3dvcmQ6\r\n", 4 },
	     { CLIENT, "QUIT\r\n", 0 }, /* a password that looks like a command */
	     { SERVER, "235 ok\r\n", ALL }, { CLIENT, "QUIT\r\n", ALL });
	PLAY({ CLIENT, "AUTH PLAIN AHVzZXIAc2VjcmV0\r\n", 10 }, { SERVER, "535 no\r\n", ALL },
	     { CLIENT, "auth xoauth2 dXNlcj0=\r\n", 12 });
	PLAY({ CLIENT, "AUTH LOGIN dXNlcg==\r\nc2VjcmV0\r\n", 10 }, { CLIENT, "c2VjcmV0\r\n", 0 });
	/* Cut anywhere: what is left of a secret line is not known and not kept. */
	PLAY({ CLIENT, "AUTH", 4 }, { CLIENT, " PLAIN AHVzZXI=\r\n", 0 },
	     { SERVER, "235 ok\r\n", ALL });
	PLAY({ CLIENT, "AUTH PLAIN AHVz", 10 }, { CLIENT, "MAIL is a secret\r\n", 0 });
	PLAY({ CLIENT, "AUTH AHVzZXIAc2VjcmV0", 5 }); /* cut before the mechanism's end is seen */
	PLAY({ CLIENT, "AUTH LOGIN\r", 10 });
	/* No mechanism, or one that nobody knows: the word may be the secret. */
	PLAY({ CLIENT, "AUTH AHVzZXIAc2VjcmV0MTI=\r\n", 5 },
	     { SERVER, "504 5.7.4 Unrecognized authentication type\r\n", ALL });
	PLAY({ CLIENT, "AUTH AHVzZXIAc2VjcmV0\r\n", 5 }, { SERVER, "504 5.7.4 no\r\n", ALL });
	PLAY({ CLIENT, "AUTH SOMMER2026\r\n", 5 },
	     { SERVER, "504 5.7.4 Unrecognized authentication type SOMMER2026\r\n", 43 });
	PLAY({ CLIENT, "AUTH  PLAIN AHVzZXIAc2VjcmV0\r\n", 11 }, { SERVER, "501 no\r\n", ALL });
	PLAY({ CLIENT, "AUTH\tPLAIN\tAHVzZXIAc2VjcmV0\r\n", 10 });
	PLAY({ CLIENT, "X-EXPS GSSAPI YIIJ\r\n", 13 }, { CLIENT, "YIIJ\r\n", 0 });
	PLAY({ CLIENT, "XCLIENT LOGIN=user\r\n", 0 }, { CLIENT, "PASS secret\r\n", 0 });
	/* The capture begins in the middle; only one side; a repeated secret. */
	PLAY({ CLIENT, "c2VjcmV0\r\n", 0 }, { SERVER, "235 ok\r\n", ALL });
	PLAY({ CLIENT, "AUTH LOGIN\r\n", 10 }, { CLIENT, "MAIL FROM:<a@b>\r\n", 0 });
	PLAY({ CLIENT, "AUTH PLAIN\r\n", 10 }, { SERVER, "334 \r\n", 4 },
	     { CLIENT, "AHUAcA==\r\n", 0 }, { SERVER, "235 ok\r\n", ALL },
	     { CLIENT, "AHUAcA==\r\n", 0 });
	/* All in one segment. */
	PLAY({ CLIENT, "EHLO x\r\nAUTH PLAIN AHUAcA==\r\nMAIL FROM:<a@b>\r\n", 18 });
}

/* The front of a line that the engine would show. */
static void test_front_of_line(void **state)
{
	(void)state;
	PLAY({ CLIENT, "EHLO x\rAUTH PLAIN AHVzZXIAcA==\r\n", 6 },
	     { CLIENT, "EHLO x AHVzZXIAc2VjcmV0MTI=\r\n", 7 },
	     { CLIENT, "MAIL FROM:<a@b> SIZE=1 PASSWORD=x\r\n", 32 },
	     { CLIENT, "MAIL FROM:<a@b:x>\r\n", 14 }, { CLIENT, "NOOP x\r\n", 4 },
	     { CLIENT, "MAIL FROM:<a@b> SIZE=1\r\n", ALL });
	/* A line that goes on is no command. */
	PLAY({ CLIENT, "PASS ", 0 }, { CLIENT, "EHLO is geheim\r\n", 0 },
	     { CLIENT, "EHLO x\r\n", ALL });
	/* What follows a line that was left out is still understood. */
	PLAY({ CLIENT, "XFOO\r\nDATA\r\n", 0 }, { SERVER, "354 go\r\n", ALL },
	     { CLIENT, "RCPT looks like a command\r\n", 0 });
	PLAY({ CLIENT, "XFOO\r\n", 0 }, { SERVER, "500 geheim\r\n", 4 });
}

/* A server that quotes what it was sent. */
static void test_echoes(void **state)
{
	(void)state;
	PLAY({ CLIENT, "AUTH LOGIN\r\n", 10 }, { SERVER, "504 5.7.4 no such type\r\n", ALL },
	     { CLIENT, "hunter2\r\n", 0 }, { SERVER, "500 5.3.3 hunter2?\r\n", 9 },
	     { CLIENT, "QUIT\r\n", ALL }, { SERVER, "221 bye\r\n", ALL });
	PLAY({ SERVER, "220 mx\r\n", ALL }, { CLIENT, "hunter2\r\n", 0 },
	     { SERVER, "500 5.3.3 what is", 9 }, { SERVER, " hunter2?\r\n", 0 });
	PLAY({ SERVER, "220 mx\r\n", ALL },
	     { SERVER, "535 5.7.3 'hunter2' is wrong\r\n250 ok\r\n", 10 },
	     { SERVER, "550 5.7.1 AHVzZXIAc2VjcmV0MQ== is wrong\r\n", 10 },
	     { SERVER, "550 5.7.1 AHVzZXIAc2VjcmV0MQ==", 10 },
	     { SERVER,
	       "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is "
	       "disabled for the Tenant. [BE1P281CA0440.DEUP281 2026-11-24T09:00:05.075Z "
	       "08DF47ADD311455D]\r\n",
	       ALL });
}

static void test_every_cut_of_auth(void **state)
{
	static const char whole[] = "EHLO x\r\nAUTH PLAIN AHVzZXIAc2VjcmV0\r\n";
	const size_t secret = strlen("EHLO x\r\nAUTH PLAIN ");

	(void)state;
	for (size_t a = 1; a < sizeof whole - 1; a++)
		for (size_t b = a + 1; b < sizeof whole; b++) {
			const size_t cut[] = { 0, a, b, sizeof whole - 1 };
			struct keep k = { 0 };
			for (size_t i = 0; i < 3 && cut[i] < sizeof whole - 1; i++) {
				char *part = g_strndup(&whole[cut[i]], cut[i + 1] - cut[i]);
				struct segment s = segment_of(CLIENT, part, (uint32_t)cut[i]);
				uint32_t kept = keep_payload(&k, &options, &s);
				assert_true(kept == 0 || cut[i] + kept <= secret);
				g_free(part);
			}
		}
}

static void test_chunks(void **state)
{
	(void)state;
	PLAY({ CLIENT, "MAIL FROM:<a@b>\r\n", ALL }, { CLIENT, "BDAT 16 LAST\r\nMAIL", 14 },
	     { SERVER, "250 ok\r\n", ALL },  /* of MAIL, comes late */
	     { CLIENT, "RCPT TO:<x>\n", 0 }, /* the rest of the chunk */
	     { SERVER, "250 done\r\n", ALL }, { CLIENT, "QUIT\r\n", ALL });
	PLAY({ CLIENT, "BDAT 99999999999999999999\r\nx", 27 }, { CLIENT, "QUIT\r\n", 0 });
	PLAY({ CLIENT, "BDAT x\r\n", ALL }, { CLIENT, "RSET\r\n", ALL });
}

static void test_bodies_when_asked(void **state)
{
	(void)state;
	options.bodies = true;
	PLAY({ CLIENT, "DATA\r\n", ALL }, { SERVER, "354 go\r\n", ALL },
	     { CLIENT, "Subject: x\r\n", ALL }, { CLIENT, ".\r\n", ALL },
	     { SERVER, "250 ok\r\n", ALL }, { CLIENT, "AUTH PLAIN eA==\r\n", 10 },
	     { SERVER, "334 \r\n", 4 }, { CLIENT, "eA==\r\n", 0 });
	PLAY({ CLIENT, "BDAT 4\r\nbody", ALL }, { CLIENT, "AUTH PLAIN eA==\r\n", 10 });
	/* A body ends at its end mark, wherever the segments are cut. */
	PLAY({ CLIENT, "DATA\r\n", ALL }, { SERVER, "354 go\r\n", ALL },
	     { CLIENT, "x\r\n.\r\nRSET\r\nAUTH PLAIN eA==\r\n", 3 + 3 + 6 + 10 },
	     { CLIENT, "eA==\r\n", 0 });
	PLAY({ CLIENT, "DATA\r\n", ALL }, { SERVER, "354 go\r\n", ALL }, { CLIENT, "x\r\n.", ALL },
	     { CLIENT, "\r\nPASS geheim\r\n", 2 });
	PLAY({ CLIENT, "DATA\r\n", ALL }, { SERVER, "354 go\r\n", ALL },
	     { CLIENT, "x\r\n..\r\n.y\r\n", ALL }, { CLIENT, "PASS geheim\r\n", ALL });
	/* Nothing behind DATA before the reply, or when it was refused. */
	PLAY({ CLIENT, "DATA\r\nAUTH PLAIN eA==\r\n", 6 }, { SERVER, "503 no\r\n", 4 },
	     { CLIENT, "eA==\r\n", 0 });
	PLAY({ CLIENT, "DATA\r\n", ALL }, { CLIENT, "AUTH PLAIN eA==\r\n", 0 },
	     { SERVER, "235 ok\r\n", ALL }, { CLIENT, "QUIT\r\n", ALL });
	/* A line that begins with AUTH is never kept, whatever it seems to be part of. */
	PLAY({ CLIENT, "DATA\r\n", ALL }, { SERVER, "354 go\r\n", ALL },
	     { CLIENT, "x\r\nauth plain eA==\r\n", 3 }, { CLIENT, "eA==\r\n", 0 });
	PLAY({ CLIENT, "DATA\r\n", ALL }, { SERVER, "354 go\r\n", ALL }, { CLIENT, "x\r\nAU", ALL },
	     { CLIENT, "TH LOGIN\r\n", 0 }, { CLIENT, "Z2VoZWlt\r\n", 0 });
	PLAY({ CLIENT, "BDAT 1000 LAST\r\nx\r\nX-EXPS LOGIN\r\n", 19 },
	     { CLIENT, "Z2VoZWlt\r\n", 0 });
	/* A chunk that was refused may never come. */
	PLAY({ CLIENT, "BDAT 1000 LAST\r\n", ALL }, { SERVER, "530 5.7.57 no\r\n", ALL },
	     { CLIENT, "PASS geheim\r\n", 0 }, { CLIENT, "AUTH PLAIN eA==\r\n", 0 },
	     { CLIENT, "eA==\r\n", 0 }, { SERVER, "235 ok\r\n", ALL }, { CLIENT, "QUIT\r\n", ALL });
	options.bodies = false;
}

static void test_redact(void **state)
{
	(void)state;
	options.redact = true;
	PLAY({ CLIENT, "EHLO x\r\n", ALL }, { SERVER, "250 ok\r\n", ALL },
	     { CLIENT, "MAIL FROM:<a@example.com>\r\n", 4 },
	     { SERVER, "550 5.7.1 a@example.com is not welcome\r\n", 9 });
	PLAY({ CLIENT, "MAIL FROM:<a@example.com>\r\n", 4 }, { SERVER, "550 anna no\r\n", 4 });
	/* One letter a segment: the command is not known, the answer repeats the address. */
	PLAY({ CLIENT, "R", 0 }, { CLIENT, "C", 0 }, { CLIENT, "PT TO:<a@example.com>\r\n", 0 },
	     { SERVER, "250 2.1.5 <a@example.com>... Recipient ok\r\n", 10 },
	     { SERVER, "250 2.1.5 anna ok\r\n", 10 });
	/* Only the server, from the middle and from the start. */
	PLAY({ SERVER, "550 5.4.1 [a@example.com]: Access denied\r\n", 10 });
	PLAY({ CLIENT, "EHLO a@example.com\r\n", 4 },
	     { SERVER, "501 5.5.4 Invalid domain name a@example.com\r\n", 9 });
	PLAY({ CLIENT, "EHLO x\r\n", ALL },
	     { SERVER, "250-mx.example.com Hello x\r\n250 DSN\r\n", ALL },
	     { CLIENT, "EXPN list\r\n", 0 }, { SERVER, "250-anna\r\n250 b@example.com\r\n", 4 });
	PLAY({ CLIENT, "NOOP anna@example.com\r\n", 4 }, { CLIENT, "HELP anna\r\n", 4 },
	     { CLIENT, "VRFY anna\r\n", 4 }, { SERVER, "250 Anna Meier <a@b>\r\n", 4 });
	options.redact = false;
}

/* Whole records of 16 + 256 bytes: text cannot hold a zero, so no length byte may be one. */
#define HELLO "\x16\x03\x03\x01\x10"
#define DATA "\x17\x03\x03\x01\x10"
#define BODY_16 "0123456789abcdef"
#define BODY_64 BODY_16 BODY_16 BODY_16 BODY_16
#define BODY_272 BODY_64 BODY_64 BODY_64 BODY_64 BODY_16
/* The server chooses TLS_RSA_WITH_NULL_SHA256, or with AES. */
#define SERVER_HELLO(suite)                                                                        \
	"\x16\x03\x03\x01\x10\x02\x01\x01\x0c\x03\x03" BODY_16 BODY_16 "\x01s" suite

static void test_tls(void **state)
{
	(void)state;
	PLAY({ CLIENT, "STARTTLS\r\n", ALL }, { SERVER, "220 go\r\n", ALL },
	     { CLIENT, HELLO BODY_64, ALL }, { CLIENT, BODY_64 BODY_64 BODY_64 BODY_16, ALL },
	     { SERVER, HELLO BODY_272 DATA BODY_272 HELLO BODY_272, 5 + 272 + 5 },
	     { CLIENT, DATA BODY_64, 5 }, { CLIENT, BODY_64 BODY_64, 0 },
	     { CLIENT, BODY_64 BODY_16 HELLO BODY_16, 0 });
	/* Data that ends in the middle of a segment; then the next record is known again. */
	PLAY({ CLIENT, HELLO BODY_64, ALL },
	     { CLIENT, BODY_64 BODY_64 BODY_64 BODY_16 HELLO BODY_16, ALL });
	/* In the middle of a connection, and where no record is known to begin. */
	PLAY({ SERVER, DATA "hello", 5 }, { CLIENT, "in the middle", 0 },
	     { CLIENT, HELLO "again", ALL });
	PLAY({ CLIENT, "\x80\x2e\x01\x03\x01 hello", ALL });
	PLAY({ CLIENT, "AUTH LOGIN\r\n", 10 }, { CLIENT, HELLO "no hello", 0 });
	PLAY({ CLIENT, "\x16\x04\x01\x01\x10none", 0 }, { CLIENT, "\x16\x03\x01\xff\xff none", 0 },
	     { CLIENT, "\x16\x03", 0 });
}

/* Asked for, encrypted data is kept, but not that of a suite that does not encrypt. */
static void test_tls_bodies(void **state)
{
	(void)state;
	options.bodies = true;
	PLAY({ CLIENT, HELLO BODY_272, ALL }, { SERVER, SERVER_HELLO("\x13\x02"), ALL },
	     { CLIENT, DATA BODY_272, ALL }, { SERVER, "not known where", 15 });
	PLAY({ CLIENT, HELLO BODY_272, ALL }, { SERVER, SERVER_HELLO("\xc0\xb4"), ALL },
	     { CLIENT, DATA BODY_272, 5 });
	PLAY({ CLIENT, HELLO BODY_272, ALL }, { SERVER, SERVER_HELLO("\x7a\x7a"), ALL },
	     { CLIENT, DATA BODY_272, 5 });
	PLAY({ CLIENT, HELLO BODY_272, ALL }, { CLIENT, DATA BODY_272, 5 });
	options.bodies = false;
}

/* The same segment again does not hide where the open record ends. */
static void test_tls_repeated(void **state)
{
	struct keep k = { 0 };
	struct segment first = segment_of(CLIENT, HELLO BODY_272, 1000);

	(void)state;
	assert_int_equal(keep_payload(&k, &options, &first), first.caplen);
	struct segment s = segment_of(CLIENT, DATA BODY_64, 1277);
	assert_int_equal(keep_payload(&k, &options, &s), 5);
	s = segment_of(CLIENT, HELLO BODY_272, 1000);
	assert_int_equal(keep_payload(&k, &options, &s), s.caplen);
	s = segment_of(CLIENT, HELLO "is body", 1277 + 69);
	assert_int_equal(keep_payload(&k, &options, &s), 0);
}

static void test_not_mail(void **state)
{
	struct keep k = { 0 };
	struct segment s = segment_of(CLIENT, "GET / HTTP/1.1\r\nCookie: x\r\n", 1);

	(void)state;
	assert_int_equal(keep_payload(&k, &options, &s), 0);
	s = segment_of(SERVER, "HTTP/1.1 200 OK\r\n", 1);
	s.sport = 8080;
	k = (struct keep){ 0 };
	assert_int_equal(keep_payload(&k, &options, &s), 0);
	/* A server on another port is known by its reply. */
	s = segment_of(SERVER, "220 mx\r\n", 1);
	s.sport = 1025;
	k = (struct keep){ 0 };
	assert_int_equal(keep_payload(&k, &options, &s), s.caplen);
}

/* A new connection between the same ends forgets the old one. */
static void test_new_connection(void **state)
{
	struct keep k = { 0 };
	struct segment s = segment_of(CLIENT, "AUTH LOGIN\r\n", 1);

	(void)state;
	assert_int_equal(keep_payload(&k, &options, &s), 10);
	s = segment_of(CLIENT, "", 500);
	s.flags = TCP_SYN;
	assert_int_equal(keep_payload(&k, &options, &s), 0);
	s = segment_of(CLIENT, "EHLO x\r\n", 501);
	assert_int_equal(keep_payload(&k, &options, &s), 8);
}

static uint32_t kept_of(struct made *m, uint32_t caplen, struct keep *k)
{
	struct packet *p = packet_new(DLT_EN10MB);
	struct packet_item item;
	const struct source_packet f = {
		.frame = 1, .caplen = caplen, .len = m->n, .dlt = DLT_EN10MB, .data = m->at
	};

	packet_read(p, 1, 1, f.data, f.caplen, f.len, &item);
	uint32_t n = keep_frame(item.kind == PACKET_SEGMENT ? k : NULL, &options, &f, &item);
	assert_true(n <= caplen);
	packet_free(p);
	return n;
}

static void test_frames(void **state)
{
	struct keep k = { 0 };
	struct made m = made_segment();

	(void)state;
	made_ether(&m, 0x0800);
	assert_int_equal(kept_of(&m, m.n, &k), m.n);
	for (uint32_t n = 0; n <= m.n; n++)
		kept_of(&m, n, &k);
	m = made_payload("AUTH PLAIN c2VjcmV0\r\n");
	made_tcp(&m, 40000, 587, TCP_ACK, NULL, 0);
	made_ip4(&m, 6, 1, 2);
	struct made secret = m;
	made_ether(&m, 0x0800);
	assert_int_equal(kept_of(&m, m.n, &k), 54 + 10);
	/* Quoted in an ICMP error. */
	made_hex(&secret, "0304 0000 00000500");
	made_ip4(&secret, 1, 2, 1);
	made_ether(&secret, 0x0800);
	assert_int_equal(kept_of(&secret, secret.n, &k), 14 + 20 + 8 + 20 + 8);
	/* DNS whole, other things their headers. */
	m = made_payload("\x12\x34\x81\x80\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01");
	made_udp(&m, 53, 40000);
	made_ip4(&m, 17, 1, 2);
	made_ether(&m, 0x0800);
	assert_int_equal(kept_of(&m, m.n, &k), m.n);
	m = made_payload("community secret and more");
	made_udp(&m, 161, 40000);
	made_ip4(&m, 17, 1, 2);
	made_ether(&m, 0x0800);
	assert_int_equal(kept_of(&m, m.n, &k), 34);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dialogue),
		cmocka_unit_test(test_auth),
		cmocka_unit_test(test_echoes),
		cmocka_unit_test(test_every_cut_of_auth),
		cmocka_unit_test(test_chunks),
		cmocka_unit_test(test_bodies_when_asked),
		cmocka_unit_test(test_redact),
		cmocka_unit_test(test_front_of_line),
		cmocka_unit_test(test_tls),
		cmocka_unit_test(test_tls_bodies),
		cmocka_unit_test(test_tls_repeated),
		cmocka_unit_test(test_not_mail),
		cmocka_unit_test(test_new_connection),
		cmocka_unit_test(test_frames),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
