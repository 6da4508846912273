/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * smtp365_tick: an open session is told of once when it shows something critical or a cause that
 * lasts, its last verdict is the same as without ticks, idle sessions end without packets, failed
 * look-ups are told once, and a clock that jumps does no harm.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "smtp365.h"

#define SECOND 1000000000ull
#define BEGIN (1795000000ull * SECOND)

struct told {
	unsigned open, over, told_before, sessions[64];
	char cause[64], ids[2048];
	bool lookup;
};

struct talk {
	struct smtp365 *engine;
	uint32_t seq[2], frame;
	uint64_t now;
	uint16_t port;
	struct told told;
};

enum { CLIENT, SERVER };

static void on_session(const struct verdict *v, void *host)
{
	struct told *t = host;
	assert_true(v->session < G_N_ELEMENTS(t->sessions));
	if (v->open) {
		t->open++;
	} else {
		t->over++;
		t->sessions[v->session]++;
		t->told_before += v->told;
	}
	t->lookup = v->lookup_only;
	g_strlcpy(t->cause, v->cause ? v->cause->id : "", sizeof t->cause);
	t->ids[0] = '\0';
	for (unsigned i = 0; i < v->finding_count; i++) {
		g_strlcat(t->ids, v->findings[i].id, sizeof t->ids);
		g_strlcat(t->ids, " ", sizeof t->ids);
	}
}

static void packet(struct talk *t, int who, const char *text, uint8_t flags)
{
	static const struct address client = { 4, { 10, 1, 2, 30 } },
				    server = { 4, { 10, 9, 0, 2 } };
	size_t n = text ? strlen(text) : 0;
	struct segment g = {
		.time_ns = t->now += SECOND / 50,
		.frame = ++t->frame,
		.ttl = 64,
		.src = who == CLIENT ? client : server,
		.dst = who == CLIENT ? server : client,
		.sport = who == CLIENT ? t->port : 25,
		.dport = who == CLIENT ? 25 : t->port,
		.seq = t->seq[who],
		.ack = flags & TCP_ACK ? t->seq[!who] : 0,
		.flags = flags,
		.window = 65535,
		.len = (uint32_t)n,
		.caplen = (uint32_t)n,
		.payload = (const uint8_t *)text,
		.ip_id = (uint16_t)t->frame,
	};
	smtp365_segment(t->engine, &g);
	t->seq[who] += (uint32_t)n + (flags & (TCP_SYN | TCP_FIN) ? 1 : 0);
}

static void say(struct talk *t, int who, const char *text)
{
	packet(t, who, text, TCP_ACK | TCP_PSH);
}

static void begin(struct talk *t)
{
	struct smtp365_options o = { 0 };
	memset(t, 0, sizeof *t);
	t->now = BEGIN;
	t->port = 50332;
	t->engine = smtp365_new(&o, on_session, &t->told, NULL);
}

static void connect_to(struct talk *t)
{
	t->seq[CLIENT] = 1000;
	t->seq[SERVER] = 7000;
	packet(t, CLIENT, NULL, TCP_SYN);
	packet(t, SERVER, NULL, TCP_SYN | TCP_ACK);
	packet(t, CLIENT, NULL, TCP_ACK);
	say(t, SERVER,
	    "220 DB3.mail.protection.outlook.com Microsoft ESMTP MAIL Service ready at "
	    "Wed, 25 Nov 2026 10:00:00 +0000\r\n");
	say(t, CLIENT, "EHLO scan.contoso.com\r\n");
	say(t, SERVER,
	    "250-DB3.mail.protection.outlook.com Hello [203.0.113.25]\r\n250-SIZE 1000\r\n"
	    "250-STARTTLS\r\n250-AUTH LOGIN PLAIN\r\n250 8BITMIME\r\n");
}

static void bye(struct talk *t)
{
	say(t, CLIENT, "QUIT\r\n");
	say(t, SERVER, "221 2.0.0 Service closing transmission channel\r\n");
	packet(t, SERVER, NULL, TCP_FIN | TCP_ACK);
	packet(t, CLIENT, NULL, TCP_FIN | TCP_ACK);
	packet(t, SERVER, NULL, TCP_ACK);
}

/* Time passes and nothing comes. */
static void wait_for(struct talk *t, double seconds)
{
	for (uint64_t until = t->now + (uint64_t)(seconds * 1e9); t->now < until;
	     t->now += SECOND / 4)
		smtp365_tick(t->engine, t->now);
}

static void refuse(struct talk *t)
{
	say(t, CLIENT, "MAIL FROM:<a@contoso.com>\r\n");
	say(t, SERVER, "250 2.1.0 Sender OK\r\n");
	say(t, CLIENT, "RCPT TO:<b@contoso.com>\r\n");
	say(t, SERVER, "550 5.7.64 TenantAttribution; Relay Access Denied SMTP\r\n");
}

static void a_cause_that_lasts(void **state)
{
	(void)state;
	struct talk t;
	begin(&t);
	connect_to(&t);
	wait_for(&t, 0.5);
	refuse(&t);
	wait_for(&t, 4);
	assert_int_equal(t.told.open, 0); /* it may try again */
	wait_for(&t, 5);
	assert_int_equal(t.told.open, 1);
	assert_string_equal(t.told.cause, "m365.relay_denied");
	wait_for(&t, 60);
	assert_int_equal(t.told.open, 1); /* once */
	assert_int_equal(t.told.over, 0);
	bye(&t);
	wait_for(&t, 6);
	assert_int_equal(t.told.over, 1);
	assert_int_equal(t.told.told_before, 1);
	assert_string_equal(t.told.cause, "m365.relay_denied");
	assert_int_equal(smtp365_stats(t.engine).told_early, 1);
	smtp365_free(t.engine);
	assert_int_equal(t.told.over, 1);
}

static void what_is_repaired_is_not_told(void **state)
{
	(void)state;
	struct talk t;
	begin(&t);
	connect_to(&t);
	wait_for(&t, 0.5);
	refuse(&t);
	wait_for(&t, 3);
	say(&t, CLIENT, "RCPT TO:<c@contoso.com>\r\n");
	say(&t, SERVER, "250 2.1.5 Recipient OK\r\n");
	say(&t, CLIENT, "DATA\r\n");
	say(&t, SERVER, "354 Start mail input\r\n");
	say(&t, CLIENT, "Subject: x\r\n\r\ny\r\n.\r\n");
	say(&t, SERVER, "250 2.6.0 Queued mail for delivery\r\n");
	wait_for(&t, 20);
	assert_int_equal(t.told.open, 0);
	bye(&t);
	wait_for(&t, 6);
	assert_int_equal(t.told.over, 1);
	smtp365_free(t.engine);
}

/* A login in clear, which the server takes. */
static void log_in(struct talk *t)
{
	begin(t);
	smtp365_tick(t->engine, t->now);
	connect_to(t);
	say(t, CLIENT, "AUTH PLAIN AHNjYW5uZXIAU0VDUkVULTE=\r\n");
	say(t, SERVER, "235 2.7.0 Authentication successful\r\n");
}

static void a_password_at_once(void **state)
{
	(void)state;
	struct talk t;
	log_in(&t);
	wait_for(&t, 1.3);
	assert_int_equal(t.told.open, 1);
	assert_non_null(strstr(t.told.ids, "auth.cleartext_password"));
	bye(&t);
	smtp365_free(t.engine);
	assert_int_equal(t.told.over, 1);
}

/* A reset leaves a session in wait for late segments: the password is told before that is over. */
static void a_password_before_a_reset(void **state)
{
	(void)state;
	struct talk t;
	log_in(&t);
	packet(&t, CLIENT, NULL, TCP_RST);
	wait_for(&t, 1.3);
	assert_int_equal(t.told.open, 1);
	assert_int_equal(t.told.over, 0);
	assert_non_null(strstr(t.told.ids, "auth.cleartext_password"));
	wait_for(&t, 6);
	assert_int_equal(t.told.open, 1);
	assert_int_equal(t.told.over, 1);
	assert_int_equal(t.told.told_before, 1);
	t.port++; /* its cause alone, though certain, can wait */
	connect_to(&t);
	refuse(&t);
	packet(&t, CLIENT, NULL, TCP_RST);
	wait_for(&t, 4.5);
	assert_int_equal(t.told.over, 1);
	wait_for(&t, 2);
	assert_int_equal(t.told.open, 1);
	assert_int_equal(t.told.over, 2);
	smtp365_free(t.engine);
}

/* The last verdict is not changed by looks at the open session. */
static void same_end_with_and_without_ticks(void **state)
{
	(void)state;
	struct talk with, without;
	begin(&with);
	begin(&without);
	smtp365_tick(with.engine, with.now);
	connect_to(&with);
	connect_to(&without);
	refuse(&with);
	refuse(&without);
	wait_for(&with, 20);
	without.now = with.now;
	bye(&with);
	bye(&without);
	smtp365_free(with.engine);
	smtp365_free(without.engine);
	assert_int_equal(with.told.open, 1);
	assert_int_equal(without.told.open, 0);
	assert_string_equal(with.told.ids, without.told.ids);
	assert_string_equal(with.told.cause, without.told.cause);
}

/* The administrator sets the clock back by minutes, an hour or a day while one session is just over
 * and one is open: both are told as if nothing had happened. */
static void clock_set_back(void **state)
{
	static const uint64_t leaps[] = { 5 * 60, 3600, 86400 };
	(void)state;
	for (size_t i = 0; i < sizeof(leaps) / sizeof(*leaps); i++) {
		struct talk t;
		begin(&t);
		smtp365_tick(t.engine, t.now);
		connect_to(&t);
		bye(&t);
		packet(&t, CLIENT, NULL, TCP_RST);
		wait_for(&t, 1);
		t.now -= leaps[i] * SECOND;
		wait_for(&t, 30);
		assert_int_equal(t.told.over, 1);
		smtp365_free(t.engine);
		begin(&t);
		smtp365_tick(t.engine, t.now);
		packet(&t, CLIENT, NULL, TCP_SYN);
		wait_for(&t, 1);
		t.now -= leaps[i] * SECOND;
		wait_for(&t, 140);
		assert_int_equal(t.told.over, 0);
		wait_for(&t, 20);
		assert_int_equal(t.told.over, 1);
		smtp365_free(t.engine);
	}
}

static void idle_ends_without_packets(void **state)
{
	(void)state;
	struct talk t;
	begin(&t);
	smtp365_tick(t.engine, t.now); /* before the first packet: nothing */
	packet(&t, CLIENT, NULL, TCP_SYN);
	wait_for(&t, 140);
	assert_int_equal(t.told.over, 0);
	wait_for(&t, 15);
	assert_int_equal(t.told.over, 1);
	t.port++;
	connect_to(&t);
	assert_true(smtp365_stats(t.engine).open == 1);
	wait_for(&t, 16 * 60);
	assert_int_equal(t.told.over, 2);
	assert_true(smtp365_stats(t.engine).open == 0);
	smtp365_free(t.engine);
}

/* One question for a Microsoft name, and the answer that there is no such name. RFC 1035 section 4.
 */
static void ask_in_vain(struct talk *t, uint8_t id, bool answer)
{
	static const uint8_t question[] = "\4smtp\7office3\3com\0\0\1\0";
	uint8_t m[12 + sizeof question] = { 0, id, answer ? 0x81 : 0x01, answer ? 0x83 : 0, 0, 1 };
	static const struct address client = { 4, { 10, 1, 2, 30 } },
				    resolver = { 4, { 10, 1, 2, 1 } };
	memcpy(m + 12, question, sizeof question);
	m[12 + sizeof question - 1] = 1; /* class IN */
	struct datagram g = {
		.time_ns = t->now += SECOND / 50,
		.frame = ++t->frame,
		.src = answer ? resolver : client,
		.dst = answer ? client : resolver,
		.sport = answer ? 53 : 4000,
		.dport = answer ? 4000 : 53,
		.len = sizeof m,
		.caplen = sizeof m,
		.payload = m,
	};
	smtp365_datagram(t->engine, &g);
}

static void failed_look_ups(void **state)
{
	(void)state;
	struct talk t;
	begin(&t);
	smtp365_tick(t.engine, t.now);
	ask_in_vain(&t, 1, false);
	ask_in_vain(&t, 1, true);
	wait_for(&t, 10);
	assert_int_equal(t.told.over, 0);
	wait_for(&t, 90);
	assert_int_equal(t.told.over, 1);
	assert_true(t.told.lookup);
	wait_for(&t, 600);
	assert_int_equal(t.told.over, 1); /* once */
	ask_in_vain(&t, 2, false);
	ask_in_vain(&t, 2, true);
	wait_for(&t, 100);
	assert_int_equal(t.told.over, 2); /* and again when it is asked again */
	ask_in_vain(&t, 3, false);
	ask_in_vain(&t, 3, true);
	smtp365_free(t.engine); /* what was not ripe yet is told at the end */
	assert_int_equal(t.told.over, 3);
}

static void the_clock_jumps(void **state)
{
	(void)state;
	struct talk t;
	begin(&t);
	connect_to(&t);
	say(&t, CLIENT, "AUTH PLAIN AHNjYW5uZXIAU0VDUkVULTE=\r\n");
	t.now -= 3600 * SECOND; /* set back */
	wait_for(&t, 3);
	bye(&t);
	wait_for(&t, 10);
	t.port++;
	connect_to(&t);
	t.now += 40ull * 24 * 3600 * SECOND; /* and far ahead */
	wait_for(&t, 3);
	bye(&t);
	wait_for(&t, 10);
	smtp365_free(t.engine);
	assert_true(t.told.over >= 2);
	for (unsigned i = 1; i <= t.told.over; i++)
		assert_int_equal(t.told.sessions[i], 1);
}

static void many_sessions(void **state)
{
	(void)state;
	struct talk t;
	begin(&t);
	for (unsigned i = 0; i < 50; i++, t.port++) {
		connect_to(&t);
		if (i % 2)
			refuse(&t);
		if (i % 3 == 0)
			bye(&t);
		wait_for(&t, 0.7);
	}
	wait_for(&t, 20 * 60);
	assert_int_equal(t.told.over, 50);
	for (unsigned i = 1; i <= 50; i++)
		assert_int_equal(t.told.sessions[i], 1);
	assert_true(t.told.open >= 16 && t.told.open <= 25);
	assert_int_equal(t.told.open, t.told.told_before);
	smtp365_free(t.engine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cause_that_lasts),
		cmocka_unit_test(what_is_repaired_is_not_told),
		cmocka_unit_test(a_password_at_once),
		cmocka_unit_test(a_password_before_a_reset),
		cmocka_unit_test(same_end_with_and_without_ticks),
		cmocka_unit_test(clock_set_back),
		cmocka_unit_test(idle_ends_without_packets),
		cmocka_unit_test(failed_look_ups),
		cmocka_unit_test(the_clock_jumps),
		cmocka_unit_test(many_sessions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
