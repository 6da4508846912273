/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside TLS: lengths of the sentences, trailers by host, the record log and its bounds, and
 * dialogues as logs of records: what is said of them, and when nothing is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "inside/hosts.h"
#include "inside/inside.h"
#include "m365/replies.h"
#include "tls/tls.h"

#define HOST "AM0PR06CA0126.outlook.office365.com"
#define TRAILER 84u /* of this host: 13 + 25 + 46 */
#define LIST 205u   /* EHLO reply before STARTTLS */
#define GCM_12 24u
#define OVER_13 17u
#define SUITE_12_GCM 0xc02f
#define SUITE_13 0x1302
#define SUITE_CBC 0xc013
#define MS 1000000ull

/* sentences: what they measured when they were read in public logs, CRLF included */
static void lengths_are_those_seen(void **state)
{
	static const struct {
		enum sent_label label;
		unsigned length;
	} seen[] = {
		{ SENT_smtpauth_disabled_mailbox, 158 },
		{ SENT_smtpauth_disabled_tenant, 157 },
		{ SENT_criteria_not_met, 142 },
		{ SENT_security_defaults, 134 },
		{ SENT_account_locked, 86 },
		{ SENT_bad_credentials, 79 },
		{ SENT_basic_auth_disabled, 76 },
		{ SENT_temp_server_error_451, 64 },
		{ SENT_auth_unsuccessful_573, 39 },
		{ SENT_xoauth2_invalid_data, 39 },
		{ SENT_mech_unsupported_504, 44 },
		{ SENT_account_issue, 92 },
		{ SENT_sts_no_https, 88 },
		{ SENT_sts_unreachable, 81 },
		{ SENT_basic_retired_5730, 73 },
		{ SENT_api_permission_144, 68 },
		{ SENT_token_expires_142, 36 },
		{ SENT_token_expired_143, 27 },
		{ SENT_temp_auth_454, 44 },
		{ SENT_auth_139_bare, 41 },
		{ SENT_tls_too_old_42166, 137 },
		{ SENT_not_authenticated_530, 51 },
		{ SENT_spamhaus_571, 215 },
		{ SENT_ip_rate_limited_47650, 219 },
		{ SENT_recipient_rejected_541, 108 },
		{ SENT_recipient_rejected_541_old, 54 },
		{ SENT_relay_denied_5764, 51 },
		{ SENT_direct_send_5768, 110 },
		{ SENT_server_busy_47500, 59 + 5 },
		{ SENT_banned_ip_57606, 233 + 8 },
		{ SENT_mailbox_unavailable_550, 74 },
		{ SENT_excessive_rate_45127, 122 },
		{ SENT_ok, 27 + 20 + 37 },
		{ SENT_concurrent_limit_432, 124 + 37 },
		{ SENT_outbound_spam, 323 + 37 + 2 * 7 },
		{ SENT_no_permission_5760, 74 + 40 },
		{ SENT_sender_thread_limit_432, 75 + 37 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof seen / sizeof *seen; i++)
		assert_int_equal(sent_length(seen[i].label)->pieces[0].from, seen[i].length);
	assert_int_equal(sent_length(SENT_spamhaus_571)->ips, 2);
	assert_int_equal(sent_length(SENT_server_busy_47500)->count, 3);
	assert_int_equal(sent_length(SENT_temp_server_error_451)->pieces[1].from, 65);
}

/* Each sentence is one that the table of replies knows, so both say the same about it. */
static void sentences_have_rows(void **state)
{
	(void)state;
	for (unsigned l = 0; l < SENT_COUNT; l++) {
		if (sent_row(l)->group == SENT_GROUP_accepted)
			continue;
		const struct reply_row *row = sent_reply(l);
		if (!row)
			fail_msg("%s has no row", sent_row(l)->label);
	}
	assert_int_equal(sent_reply(SENT_smtpauth_disabled_tenant)->fact, FACT_REPLY_TENANT);
	assert_int_equal(sent_reply(SENT_relay_denied_5764)->fact, FACT_REPLY_RELAY_DENIED);
}

static void trailers_by_host(void **state)
{
	struct sent_trailer t = sent_trailer("FR5P281CA0041.outlook.office365.com", true, 0);
	(void)state;
	assert_true(t.known);
	assert_int_equal(t.usual, 13 + 24 + 46);
	t = sent_trailer(HOST, true, 0);
	assert_int_equal(t.usual, TRAILER);
	t = sent_trailer("CH3PEPF00000015.mail.protection.outlook.com", true, 0);
	assert_true(t.known);
	assert_int_equal(t.usual, 15 + 25 + 46);
	t = sent_trailer("VE1EUR01FT034.mail.protection.outlook.com", true, 0);
	assert_int_equal(t.usual, 13 + 37 + 46);
	assert_false(sent_trailer("DM5SPR00MB2471.outlook.office365.com", true, 0).known);
	assert_false(sent_trailer("NT0PR01CA0010.partner.outlook.cn", true, 0).known);
	t = sent_trailer("DM5SPR00MB2471.outlook.office365.com", true, 31);
	assert_true(t.known);
	assert_int_equal(t.usual, 14 + 31 + 46);
}

static void greetings(void **state)
{
	bool id;
	(void)state;
	assert_true(sent_greeting(HOST " Microsoft ESMTP MAIL Service ready at Sun, 23 Nov 2025 "
				       "11:12:20 +0000 [08DE2A6028D26C22]",
				  &id));
	assert_true(id);
	assert_true(sent_greeting(HOST " Microsoft ESMTP MAIL Service ready at Mon, 4 Jul 2022 "
				       "12:14:15 +0000",
				  &id));
	assert_false(id);
	assert_false(sent_greeting("mail.contoso.example ESMTP Postfix", &id));
}

static void clear_trailers_are_kept(void **state)
{
	struct inside_hosts *h = inside_hosts_new();
	static const char server[] = "DM5SPR00MB2471.namprd00.prod.outlook.com";
	(void)state;
	assert_int_equal(inside_hosts_domain(h, "DM5SPR00MB2471.x"), 0);
	unsigned n = sent_domain("DM5SPR00MB2471.outlook.office365.com",
				 bytes_of(server, sizeof server - 1));
	assert_int_equal(n, 25);
	inside_hosts_note(h, "DM5SPR00MB2471.outlook.office365.com", n);
	assert_int_equal(inside_hosts_domain(h, "dm5spr00mb2471.outlook.office365.com"), 25);
	assert_int_equal(
		sent_domain("OTHER.outlook.office365.com", bytes_of(server, sizeof server - 1)), 0);
	inside_hosts_free(h);
}

/* dialogues */

struct play {
	struct inside_log *log;
	struct inside_input in;
	unsigned over;
	uint64_t ns;
	uint32_t frame;
};

static void begin(struct play *p, uint16_t version, uint16_t suite, unsigned over)
{
	*p = (struct play){ .log = inside_log_new(), .over = over, .ns = 1000 * MS };
	p->in = (struct inside_input){ .log = p->log,
				       .version = version,
				       .suite = suite,
				       .host = HOST,
				       .greeting_id = true,
				       .list = LIST,
				       .first_line = 64,
				       .ip = 13 };
	if (version == TLS_1_3)
		inside_log_add(p->log, 0, 69, ++p->frame, p->ns);
}

static void say(struct play *p, bool server, unsigned length, unsigned ms)
{
	p->ns += ms * MS;
	inside_log_add(p->log, server ? INSIDE_SERVER : 0, length + p->over, ++p->frame, p->ns);
}

static void client(struct play *p, unsigned length)
{
	say(p, false, length, 20);
}

static void server(struct play *p, unsigned length)
{
	say(p, true, length, 50);
}

/* EHLO, AUTH LOGIN, user, password */
static void log_in(struct play *p)
{
	client(p, 20);
	server(p, LIST + 10);
	client(p, 12);
	server(p, 18);
	client(p, 30);
	server(p, 18);
	client(p, 18);
}

static struct inside_result result(struct play *p)
{
	static struct inside_result r;
	inside_read(&p->in, &r);
	inside_log_free(p->log);
	return r;
}

static void tenant_is_named(void **state)
{
	struct play p;
	(void)state;
	for (unsigned v = 0; v < 2; v++) {
		begin(&p, v ? TLS_1_3 : TLS_1_2, v ? SUITE_13 : SUITE_12_GCM, v ? OVER_13 : GCM_12);
		log_in(&p);
		say(&p, true, 157 + TRAILER, 5000);
		client(&p, 6);
		server(&p, 48);
		struct inside_result r = result(&p);
		assert_int_equal(r.statement, INSIDE_LOGIN_REFUSED);
		assert_true(r.named && r.likely);
		assert_int_equal(r.label, SENT_smtpauth_disabled_tenant);
		assert_int_equal(r.group, SENT_GROUP_smtpauth_off);
		assert_int_equal(r.reply_bytes, 157);
		assert_int_equal(r.mech, INSIDE_MECH_LOGIN);
	}
}

static void unlisted_is_not_named(void **state)
{
	struct play p;
	(void)state;
	begin(&p, TLS_1_3, SUITE_13, OVER_13);
	log_in(&p);
	say(&p, true, 115 + TRAILER, 5000);
	struct inside_result r = result(&p);
	assert_int_equal(r.statement, INSIDE_LOGIN_REFUSED);
	assert_false(r.named || r.likely);
	assert_int_equal(r.group, SENT_GROUP_NONE);
	assert_int_equal(r.reply_bytes, 115);
}

/* 530 repeats the refusal of the login: both lengths must agree. */
static void repeated_refusal_must_agree(void **state)
{
	struct play p;
	(void)state;
	for (unsigned same = 0; same < 2; same++) {
		begin(&p, TLS_1_3, SUITE_13, OVER_13);
		log_in(&p);
		say(&p, true, 79 + TRAILER, 5000);
		client(&p, 40);
		say(&p, true, 57 + (same ? 79 : 86) + TRAILER, 5000);
		struct inside_result r = result(&p);
		assert_int_equal(r.statement, INSIDE_LOGIN_REFUSED);
		assert_int_equal(r.named, same);
		if (same)
			assert_int_equal(r.label, SENT_bad_credentials);
	}
}

static void message(struct play *p, unsigned reply)
{
	log_in(p);
	server(p, 37);
	client(p, 40);
	server(p, 21);
	client(p, 35);
	server(p, 24);
	client(p, 6);
	server(p, 46);
	for (unsigned i = 0; i < 20; i++)
		client(p, 4000);
	server(p, reply);
}

static void accepted_with_its_size(void **state)
{
	struct play p;
	(void)state;
	begin(&p, TLS_1_3, SUITE_13, OVER_13);
	message(&p, 27 + 70 + 39);
	struct inside_result r = result(&p);
	assert_int_equal(r.statement, INSIDE_ACCEPTED);
	assert_true(r.login_accepted && r.likely);
	assert_int_equal(r.message_bytes, 80000);
	begin(&p, TLS_1_3, SUITE_13, OVER_13);
	message(&p, 124 + 39); /* 432 or 5.7.60 */
	assert_int_equal(result(&p).statement, INSIDE_ANSWERED);
}

static void cbc_says_the_stage_only(void **state)
{
	struct play p;
	(void)state;
	/* 16 of IV, 20 of MAC, padding: 157 + 84 bytes make 288 */
	begin(&p, TLS_1_2, SUITE_CBC, 0);
	static const unsigned sizes[] = { 64, 256, 64, 64, 80, 64, 64, 288 };
	for (unsigned i = 0; i < 8; i++)
		say(&p, i % 2, sizes[i], i == 7 ? 5000 : 20);
	struct inside_result r = result(&p);
	assert_int_equal(r.statement, INSIDE_LOGIN_REFUSED);
	assert_false(r.named || r.likely);
	assert_int_equal(r.candidate_count, 0);
}

/* Two records in the turn of the refusal: a reply of two lines is no single sentence. */
static void two_records_are_not_named(void **state)
{
	struct play p;
	(void)state;
	begin(&p, TLS_1_3, SUITE_13, OVER_13);
	log_in(&p);
	say(&p, true, 157 + TRAILER, 5000);
	server(&p, 90);
	struct inside_result r = result(&p);
	assert_false(r.named);
}

static void silence(void **state)
{
	struct play p;
	(void)state;
	begin(&p, TLS_1_3, SUITE_13, OVER_13); /* another list: a proxy */
	p.in.list = LIST + 20;
	log_in(&p);
	server(&p, 157 + TRAILER);
	assert_int_equal(result(&p).statement, INSIDE_NOTHING);

	begin(&p, TLS_1_2, SUITE_12_GCM, GCM_12); /* renegotiation */
	p.in.renegotiation = true;
	log_in(&p);
	server(&p, 157 + TRAILER);
	assert_int_equal(result(&p).statement, INSIDE_NOTHING);

	begin(&p, TLS_1_2, SUITE_12_GCM, 0); /* records that no cipher makes */
	for (unsigned i = 0; i < 8; i++)
		say(&p, i % 2, 5, 20);
	assert_int_equal(result(&p).statement, INSIDE_NOTHING);

	begin(&p, TLS_1_3, SUITE_13, OVER_13);
	say(&p, true, 20000, 20);
	assert_true(p.log->bad);
	assert_int_equal(result(&p).statement, INSIDE_NOTHING);
}

/* A lost segment is one record whose length the missing bytes tell. */
static void one_lost_record(void **state)
{
	struct play p;
	(void)state;
	begin(&p, TLS_1_3, SUITE_13, OVER_13);
	client(&p, 20);
	server(&p, LIST + 10);
	client(&p, 12);
	inside_log_add(p.log, INSIDE_SERVER | INSIDE_HOLE, 5 + 18 + OVER_13, ++p.frame, p.ns);
	client(&p, 30);
	server(&p, 18);
	client(&p, 18);
	say(&p, true, 157 + TRAILER, 5000);
	struct inside_result r = result(&p);
	assert_true(r.named);
	assert_int_equal(r.label, SENT_smtpauth_disabled_tenant);
}

static void log_is_bounded(void **state)
{
	struct inside_log *log = inside_log_new();
	bool broken;
	(void)state;
	for (unsigned i = 0; i < 1000000; i++)
		inside_log_add(log, i & 1, 1, i + 1, i);
	assert_int_equal(inside_log_count(log), INSIDE_LOG_ALL);
	assert_true(inside_log_kept(log) < 2048);
	assert_int_equal(inside_log_at(log, 0, &broken)->frame, 1);
	assert_false(broken);
	assert_int_equal(inside_log_at(log, INSIDE_LOG_FRONT, &broken)->frame, 1000000 - 31);
	assert_true(broken);
	assert_int_equal(inside_log_at(log, INSIDE_LOG_ALL - 1, &broken)->frame, 1000000);
	inside_log_free(log);
	assert_int_equal(sizeof(struct inside_record), 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lengths_are_those_seen),
		cmocka_unit_test(sentences_have_rows),
		cmocka_unit_test(trailers_by_host),
		cmocka_unit_test(greetings),
		cmocka_unit_test(clear_trailers_are_kept),
		cmocka_unit_test(tenant_is_named),
		cmocka_unit_test(unlisted_is_not_named),
		cmocka_unit_test(repeated_refusal_must_agree),
		cmocka_unit_test(accepted_with_its_size),
		cmocka_unit_test(cbc_says_the_stage_only),
		cmocka_unit_test(two_records_are_not_named),
		cmocka_unit_test(silence),
		cmocka_unit_test(one_lost_record),
		cmocka_unit_test(log_is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
