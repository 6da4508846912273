/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The writers of engine/report on verdicts made by hand: the lines that docs/record.md shows,
 * hostile text, redaction, absent values, and JSON read back with another library.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <string.h>
#include "report.h"

static const char *const from[] = { "printer@contoso.com", NULL };
static const char *const to[] = { "bob@fabrikam.com", "\"a b\"@fabrikam.com", NULL };
static const char *const ehlo[] = { "SIZE 157286400", "STARTTLS", NULL };
static const struct event events[] = {
	{ .frame = 210, .direction = EVENT_S2C, .text = "220 outlook.office365.com" },
	{ .frame = 214,
	  .direction = EVENT_S2C,
	  .text = "Certificate CN=outlook.com, issued by DigiCert Global G2 TLS RSA SHA256 2020 "
		  "CA1" },
	{ .frame = 216, .direction = EVENT_C2S, .text = "fatal alert unknown_ca (48)" },
	{ .frame = 217, .direction = EVENT_C2S, .encrypted = true, .text = "a record" },
	{ .frame = 217, .direction = EVENT_S2C, .encrypted = true, .text = "an answer" },
	{ .frame = 218, .direction = EVENT_NOTE, .text = "the client closes" },
};
static const struct finding findings[] = {
	{
		.id = "tls.old_offer",
		.title = "the device offers TLS 1.0",
		.severity = SEVERITY_LOW,
		.confidence = CONFIDENCE_CERTAIN,
		.side = SIDE_DEVICE,
		.frames = { 213 },
		.frame_count = 1,
	},
	{
		.id = "cert.g2_trust",
		.title = "the device does not trust Microsoft's certificate",
		.letter = "X22",
		.severity = SEVERITY_HIGH,
		.confidence = CONFIDENCE_LIKELY,
		.side = SIDE_DEVICE,
		.frames = { 214, 216 },
		.frame_count = 2,
		.cause = "its trust store is older than the root change of March 2026",
		.fix = "import DigiCert Global Root G2 (SHA-1 DF3C24F9...)",
		.check = "openssl s_client -starttls smtp -connect smtp.office365.com:587 "
			 "-CAfile <its store>",
	},
};

static struct verdict failed(void)
{
	return (struct verdict){
		.session = 3,
		.m365 = true,
		.start_ns = 1795428000123456789u,
		.end_ns = 1795428001123456789u,
		.client_ip = { 4, { 10, 1, 2, 30 } },
		.server_ip = { 4, { 52, 96, 165, 18 } },
		.client_port = 50332,
		.server_port = 587,
		.server_domain = "smtp.office365.com",
		.transport = "tcp",
		.protocol = "smtp",
		.tls_version = "1.2",
		.tls_protocol = "tls",
		.tls_established = TRI_FALSE,
		.from = from,
		.to = to,
		.ehlo = ehlo,
		.first_frame = 208,
		.last_frame = 218,
		.frame_count = 11,
		.endpoint = ENDPOINT_SUBMISSION,
		.endpoint_source = ENDPOINT_SOURCE_DNS,
		.method = METHOD_CLIENT_SUBMISSION,
		.reached = STAGE_SERVER_HELLO,
		.stopped_at = STAGE_CERTIFICATE,
		.outcome = OUTCOME_FAILED,
		.helo = "printer",
		.findings = findings,
		.finding_count = 2,
		.cause = &findings[1],
		.events = events,
		.event_count = G_N_ELEMENTS(events),
		.sides = 2,
	};
}

static struct verdict accepted(void)
{
	struct verdict v = failed();
	v.outcome = OUTCOME_ACCEPTED;
	v.stopped_at = STAGE_NONE;
	v.reached = STAGE_ACCEPTED;
	v.cause = NULL;
	v.finding_count = 0;
	v.tls_established = TRI_TRUE;
	v.auth_seen = v.auth_inferred = true;
	v.auth_mechanism = "LOGIN";
	v.auth_result = AUTH_RESULT_ACCEPTED;
	v.messages = 1;
	return v;
}

static const struct report_options plain;

static char *text_of(const struct verdict *v, const struct report_options *o)
{
	GString *out = g_string_new(NULL);
	report_text(v, o, out);
	assert_true(g_utf8_validate(out->str, (gssize)out->len, NULL));
	return g_string_free(out, FALSE);
}

static json_t *json_of(const struct verdict *v, const struct report_options *o)
{
	json_error_t error;
	GString *out = g_string_new("x"); /* it appends */
	report_json(v, o, out);
	assert_int_equal(out->str[out->len - 1], '\n');
	assert_ptr_equal(strchr(out->str, '\n'), out->str + out->len - 1);
	json_t *root = json_loads(out->str + 1, JSON_REJECT_DUPLICATES, &error);
	assert_non_null(root);
	g_string_free(out, TRUE);
	return root;
}

/* The string at a dotted path, NULL when absent. */
static const char *at(json_t *root, const char *path)
{
	char **names = g_strsplit(path, ".", -1);
	for (char **n = names; *n && root; n++)
		root = json_object_get(root, *n);
	g_strfreev(names);
	return json_string_value(root);
}

static void text_is_the_contract(void **state)
{
	(void)state;
	struct verdict v = failed();
	char *text = text_of(&v, &plain);
	assert_string_equal(
		text,
		"FAIL 10.1.2.30:50332 > smtp.office365.com:587 (52.96.165.18)  stopped at "
		"certificate  "
		"cert.g2_trust  the device does not trust Microsoft's certificate\n"
		"     frame 214  <-  Certificate CN=outlook.com, issued by DigiCert Global G2 TLS "
		"RSA "
		"SHA256 2020 CA1\n"
		"     frame 216  ->  fatal alert unknown_ca (48)\n"
		"     likely     its trust store is older than the root change of March 2026\n"
		"     device     import DigiCert Global Root G2 (SHA-1 DF3C24F9...)\n"
		"     check      openssl s_client -starttls smtp -connect smtp.office365.com:587 "
		"-CAfile <its store>\n"
		"     low        tls.old_offer  the device offers TLS 1.0  frame 213\n");
	g_free(text);
	v = accepted();
	text = text_of(&v, &plain);
	assert_string_equal(text, "ok   10.1.2.30:50332 > smtp.office365.com:587 (52.96.165.18)  "
				  "accepted, TLS 1.2, login by AUTH LOGIN (inferred)\n");
	g_free(text);
}

static void dialogue_has_marks(void **state)
{
	(void)state;
	struct verdict v = accepted();
	struct report_options o = { .dialogue = true };
	char *text = text_of(&v, &o);
	assert_non_null(strstr(text, "\n     frame 210  <-  220 outlook.office365.com\n"));
	assert_non_null(strstr(text, "\n     frame 217  ~>  a record\n"));
	assert_non_null(strstr(text, "\n     frame 217  <~  an answer\n"));
	assert_non_null(strstr(text, "\n     frame 218  **  the client closes\n"));
	g_free(text);
}

static void others_are_one_line(void **state)
{
	(void)state;
	struct verdict v = failed();
	struct report_options all = { .all = true };
	v.m365 = false;
	char *text = text_of(&v, &plain);
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	g_free(text);
	text = text_of(&v, &all);
	assert_non_null(strstr(text, "     check      "));
	g_free(text);
}

static void first_words(void **state)
{
	(void)state;
	static const struct {
		enum outcome outcome;
		const char *begins;
	} rows[] = {
		{ OUTCOME_ACCEPTED, "ok   10." },  { OUTCOME_REJECTED, "FAIL 10." },
		{ OUTCOME_FAILED, "FAIL 10." },	   { OUTCOME_NO_MAIL, "none 10." },
		{ OUTCOME_ENCRYPTED, "enc  10." }, { OUTCOME_INCOMPLETE, "part 10." },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct verdict v = accepted();
		GString *line = g_string_new(NULL);
		v.outcome = rows[i].outcome;
		report_line(&v, &plain, line);
		assert_true(g_str_has_prefix(line->str, rows[i].begins));
		assert_null(strchr(line->str, '\n'));
		g_string_free(line, TRUE);
	}
}

/* A finding of severity high takes the place of every word but FAIL, and stands at the end; it is
 * shown though the server is not Microsoft 365, other findings are not. */
static void risk(void **state)
{
	(void)state;
	struct finding two[] = {
		{ .id = "tcp.probe", .title = "a check", .severity = SEVERITY_MEDIUM },
		{ .id = "auth.port25", .title = "on port 25", .severity = SEVERITY_HIGH },
	};
	struct verdict v = accepted();
	v.m365 = false;
	v.findings = two;
	v.finding_count = 2;
	char *text = text_of(&v, &plain);
	assert_true(g_str_has_prefix(text, "RISK 10."));
	assert_non_null(strstr(text, "  auth.port25  on port 25\n     high "));
	assert_null(strstr(text, "tcp.probe"));
	g_free(text);
	v.outcome = OUTCOME_FAILED;
	text = text_of(&v, &plain);
	assert_true(g_str_has_prefix(text, "FAIL 10."));
	g_free(text);
	v.outcome = OUTCOME_ACCEPTED;
	two[1].severity = SEVERITY_MEDIUM;
	text = text_of(&v, &plain);
	assert_true(g_str_has_prefix(text, "ok   10."));
	assert_null(strchr(strchr(text, '\n') + 1, '\n'));
	g_free(text);
}

static void ipv6_and_no_name(void **state)
{
	(void)state;
	struct verdict v = accepted();
	GString *line = g_string_new(NULL);
	v.client_ip = (struct address){ 6, { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 } };
	v.server_ip = (struct address){ 6, { 0x26, 0x03, 0x10, 0x26, [15] = 2 } };
	v.server_domain = NULL;
	report_line(&v, &plain, line);
	assert_true(g_str_has_prefix(line->str, "ok   [2001:db8::1]:50332 > [2603:1026::2]:587  "));
	g_string_free(line, TRUE);
}

static void color_only_when_asked(void **state)
{
	(void)state;
	struct verdict v = failed();
	struct report_options o = { .color = true };
	char *text = text_of(&v, &plain);
	assert_null(strchr(text, 033));
	g_free(text);
	text = text_of(&v, &o);
	assert_true(g_str_has_prefix(text, "\033[1;31mFAIL\033[0m 10.1.2.30"));
	g_free(text);
	GString *line = g_string_new(NULL);
	report_line(&v, &o, line); /* goes into records: never coloured */
	assert_null(strchr(line->str, 033));
	g_string_free(line, TRUE);
}

static void json_has_the_values(void **state)
{
	(void)state;
	struct verdict v = failed();
	v.encap = (struct encapsulation){
		.vlan = { 100, 200 }, .vlan_count = 2, .tunnel = TUNNEL_VXLAN, .tunnel_id = 42
	};
	v.alert_count = 2;
	v.alerts[0] = (struct verdict_alert){
		.from_client = true, .level = 2, .code = 48, .name = "unknown_ca", .frame = 216
	};
	v.alerts[1] = (struct verdict_alert){ .encrypted = true, .level = 77, .frame = 217 };
	v.cert_not_after = 1800000000;
	json_t *root = json_of(&v, &plain);
	assert_string_equal(at(root, "@timestamp"), "2026-11-23T10:00:00.123456789Z");
	assert_string_equal(at(root, "event.outcome"), "failure");
	assert_string_equal(at(root, "network.vlan.id"), "100");
	assert_string_equal(at(root, "network.inner.vlan.id"), "200");
	assert_string_equal(at(root, "tls.server.not_after"), "2027-01-15T08:00:00Z");
	assert_string_equal(at(root, "rule.id"), "cert.g2_trust");
	assert_string_equal(at(root, "smtp365.stopped_at"), "certificate");
	assert_string_equal(at(root, "smtp365.capture.tunnel"), "vxlan 42");
	json_t *own = json_object_get(root, "smtp365");
	assert_int_equal(json_integer_value(json_object_get(own, "session")), 3);
	json_t *alerts = json_object_get(json_object_get(own, "tls"), "alerts");
	assert_int_equal(json_array_size(alerts), 2);
	assert_null(json_object_get(json_array_get(alerts, 1), "level")); /* ciphertext */
	json_t *list = json_object_get(own, "findings");
	assert_int_equal(json_array_size(list), 2);
	json_t *frames = json_object_get(json_array_get(list, 1), "frames");
	assert_int_equal(json_integer_value(json_array_get(frames, 1)), 216);
	json_decref(root);
	v.end_ns = v.start_ns + SEGMENT_SECOND / 1000000 * 544211; /* of a file with microseconds */
	v.start_ns = v.end_ns - v.end_ns % 1000;
	root = json_of(&v, &plain);
	assert_string_equal(at(root, "event.start"), "2026-11-23T10:00:00.667667Z");
	json_decref(root);
}

/* No null, no empty object, list or string anywhere. */
static void assert_filled(json_t *value)
{
	const char *key;
	json_t *item;
	size_t i;
	assert_false(json_is_null(value));
	if (json_is_object(value)) {
		assert_int_not_equal(json_object_size(value), 0);
		json_object_foreach(value, key, item) assert_filled(item);
	} else if (json_is_array(value)) {
		assert_int_not_equal(json_array_size(value), 0);
		json_array_foreach(value, i, item) assert_filled(item);
	} else if (json_is_string(value)) {
		assert_int_not_equal(json_string_length(value), 0);
	}
}

static void absent_values_are_left_out(void **state)
{
	(void)state;
	static const char *const nobody[] = { "", "", NULL };
	struct verdict v = {
		.session = 1, .helo = "", .from = nobody, .to = nobody, .ehlo = nobody
	};
	json_t *root = json_of(&v, &plain);
	assert_filled(root);
	assert_null(json_object_get(root, "client"));
	assert_null(json_object_get(root, "tls"));
	assert_null(json_object_get(root, "email"));
	assert_null(json_object_get(root, "rule"));
	json_t *own = json_object_get(root, "smtp365");
	assert_null(json_object_get(own, "starttls"));
	assert_null(json_object_get(own, "auth"));
	assert_null(json_object_get(own, "findings"));
	assert_null(json_object_get(own, "stopped_at"));
	json_decref(root);
	char *text = text_of(&v, &plain);
	g_free(text);
}

static void lookup_has_its_own_shape(void **state)
{
	(void)state;
	struct verdict v = failed();
	v.lookup_only = true;
	v.m365 = false;
	v.client_port = 0;
	v.server_domain = "smtp-office365.com";
	v.server_ip = (struct address){ 4, { 10, 0, 0, 53 } };
	v.server_port = 53;
	v.transport = "udp";
	v.stopped_at = STAGE_DNS;
	json_t *root = json_of(&v, &plain);
	json_t *own = json_object_get(root, "smtp365");
	assert_null(json_object_get(own, "capture"));
	assert_string_equal(at(root, "network.transport"), "udp");
	json_decref(root);
	char *text = text_of(&v, &plain);
	assert_true(g_str_has_prefix(text, "FAIL 10.1.2.30 > smtp-office365.com (asked 10.0.0.53)  "
					   "stopped at dns  cert.g2_trust"));
	assert_non_null(strstr(text, "     check      ")); /* in full although no peer is known */
	g_free(text);
}

static void detail_is_said_once(void **state)
{
	(void)state;
	struct finding f[2] = { findings[0], findings[1] };
	struct verdict v = failed();
	f[0].detail = "TLS 1.0 to 1.2";
	f[1].detail = "seen nowhere else";
	v.findings = f;
	v.cause = &f[1];
	char *text = text_of(&v, &plain);
	assert_non_null(strstr(text, "     seen       seen nowhere else\n"));
	assert_non_null(strstr(text, "the device offers TLS 1.0: TLS 1.0 to 1.2  frame 213\n"));
	g_free(text);
	f[1].detail = "unknown_ca (48)"; /* the event of frame 216 says so */
	text = text_of(&v, &plain);
	assert_null(strstr(text, "     seen "));
	g_free(text);
}

static void good_sessions_stay_short(void **state)
{
	(void)state;
	struct finding f = findings[0];
	struct report_options verbose = { .dialogue = true };
	struct verdict v = accepted();
	v.findings = &f;
	v.finding_count = 1;
	char *text = text_of(&v, &plain);
	assert_non_null(strstr(text, "     low        tls.old_offer"));
	g_free(text);
	f.severity = SEVERITY_INFO;
	text = text_of(&v, &plain);
	assert_null(strstr(text, "tls.old_offer"));
	g_free(text);
	text = text_of(&v, &verbose);
	assert_non_null(strstr(text, "     info       tls.old_offer"));
	g_free(text);
	v.outcome = OUTCOME_FAILED;
	text = text_of(&v, &plain);
	assert_non_null(strstr(text, "     info       tls.old_offer"));
	g_free(text);
}

static void clock_set_back(void **state)
{
	(void)state;
	struct verdict v = failed();
	v.end_ns = v.start_ns - SEGMENT_SECOND;
	json_t *root = json_of(&v, &plain);
	assert_string_equal(at(root, "event.end"), at(root, "event.start"));
	json_decref(root);
}

static void redaction(void **state)
{
	(void)state;
	static const struct verdict_reply reply = {
		.frame = 217,
		.code = 550,
		.command = "RCPT",
		.text = "Recipient <bob.x+y@fabrikam.com> unknown; al@b.example and \"q "
			"u\"@c.example",
	};
	struct report_options o = { .redact = true, .dialogue = true };
	struct event e[] = { { .frame = 216, .text = "MAIL FROM:<printer@contoso.com> SIZE=3" } };
	struct verdict v = failed();
	v.replies = &reply;
	v.reply_count = 1;
	v.events = e;
	v.event_count = 1;
	json_t *root = json_of(&v, &o);
	char *dump = json_dumps(root, 0), *text = text_of(&v, &o);
	static const char *const hidden[] = { "printer@", "bob", "al@", "q u", "a b" };
	for (size_t i = 0; i < G_N_ELEMENTS(hidden); i++) {
		assert_null(strstr(dump, hidden[i]));
		assert_null(strstr(text, hidden[i]));
	}
	assert_non_null(strstr(text, "MAIL FROM:<…@contoso.com> SIZE=3"));
	assert_string_equal(at(root, "smtp365.helo"), "printer");
	json_t *own = json_object_get(root, "smtp365");
	assert_string_equal(at(json_array_get(json_object_get(own, "replies"), 0), "text"),
			    "Recipient <…@fabrikam.com> unknown; …@b.example and …@c.example");
	free(dump);
	g_free(text);
	json_decref(root);
}

static void clean_row(const char *in, size_t n, const char *expected)
{
	GString *out = g_string_new(NULL);
	report_clean(out, in, n);
	assert_string_equal(out->str, expected);
	g_string_free(out, TRUE);
}

static void clean_text(void **state)
{
	(void)state;
	clean_row("plain \"text\" \\", 14, "plain \"text\" \\");
	clean_row("a\0b\r\n\x1b[31m\x7f", 11, "a\\x00b\\x0d\\x0a\\x1b[31m\\x7f");
	clean_row("\xc3\xa4\xe2\x82\xac\xf0\x9f\x93\xa7", 9, "ä€📧");
	clean_row("\xc3", 1, "\\xc3");					   /* cut */
	clean_row("\xc0\xaf\xe0\x80\xaf", 5, "\\xc0\\xaf\\xe0\\x80\\xaf"); /* overlong */
	clean_row("\xed\xa0\x80", 3, "\\xed\\xa0\\x80");		   /* a surrogate */
	clean_row("\xf4\x90\x80\x80\xff", 5, "\\xf4\\x90\\x80\\x80\\xff"); /* past U+10FFFF */
	clean_row("\xc2\x9b"
		  "2J",
		  4, "\\xc2\\x9b2J"); /* CSI of 8 bits */
	clean_row("\xe2\x80\xae"
		  "cod",
		  6, "\\xe2\\x80\\xaecod"); /* turns the direction */
	/* shown as nothing: width none, byte order mark, tag, filler, soft hyphen, noncharacter */
	clean_row("a\xe2\x80\x8b\xef\xbb\xbf", 7, "a\\xe2\\x80\\x8b\\xef\\xbb\\xbf");
	clean_row("\xf3\xa0\x81\x81\xe3\x85\xa4", 7, "\\xf3\\xa0\\x81\\x81\\xe3\\x85\\xa4");
	clean_row("\xc2\xad\xef\xb7\x90", 5, "\\xc2\\xad\\xef\\xb7\\x90");
	clean_row("\xf0\x9f\xbf\xbf\xef\xbf\xbe", 7, "\\xf0\\x9f\\xbf\\xbf\\xef\\xbf\\xbe");
	clean_row("\xef\xbf\xbd\xc2\xa1", 5, "\xef\xbf\xbd¡"); /* neighbours that are seen */
	clean_row("", 0, "");
}

static void long_text_is_cut_whole(void **state)
{
	(void)state;
	static const char *const units[] = { "x", "ä", "€", "📧", "\x01", "\xff" };
	for (size_t i = 0; i < G_N_ELEMENTS(units); i++) {
		GString *in = g_string_new(NULL), *once = g_string_new(NULL),
			*twice = g_string_new(NULL);
		while (in->len < 10240)
			g_string_append(in, units[i]);
		report_clean(once, in->str, in->len);
		assert_true(once->len <= CAP_FIELD && once->len > CAP_FIELD - 16);
		assert_true(g_str_has_suffix(once->str, "…"));
		assert_true(g_utf8_validate(once->str, (gssize)once->len, NULL));
		report_clean(twice, once->str, once->len); /* what was cut stays as it is */
		assert_string_equal(once->str, twice->str);
		g_string_free(in, TRUE);
		g_string_free(once, TRUE);
		g_string_free(twice, TRUE);
	}
}

/* Every text of a verdict as hostile as can be, in both outputs. */
static void hostile_everywhere(void **state)
{
	(void)state;
	GString *evil = g_string_new("\xff\x1b]0;\x07\"\\\xc2\x85@\n");
	while (evil->len < 10240)
		g_string_append(evil, "\x80\xe2\x80\xae\r\n@");
	const char *const list[] = { evil->str, evil->str, NULL };
	const struct verdict_reply reply = {
		.code = 550, .enhanced = evil->str, .text = evil->str, .command = evil->str
	};
	const struct event e = { .frame = 216, .text = evil->str };
	struct finding f = findings[1];
	f.detail = evil->str;
	struct verdict v = failed();
	v.server_domain = v.helo = v.banner = v.history = v.sni = v.ja3 = v.auth_mechanism =
		evil->str;
	v.cert_subject = v.cert_issuer = v.tls_cipher = v.tls_version = v.trace_server = evil->str;
	v.client_public_ip = v.trace_id = v.trace_time = v.tls_history = evil->str;
	v.from = v.to = v.ehlo = v.client_ciphers = list;
	v.replies = &reply;
	v.reply_count = 1;
	v.events = &e;
	v.event_count = 1;
	v.findings = &f;
	v.finding_count = 1;
	v.cause = NULL;
	for (unsigned redact = 0; redact < 2; redact++) {
		struct report_options o = { .redact = redact, .dialogue = true };
		json_t *root = json_of(&v, &o);
		assert_true(strlen(at(root, "smtp365.banner")) <= CAP_FIELD);
		json_decref(root);
		char *text = text_of(&v, &o);
		for (const char *p = text; *p; p++)
			assert_true(*p == '\n' || (uint8_t)*p >= 0x20);
		assert_true(strlen(text) < 8192);
		g_free(text);
	}
	g_string_free(evil, TRUE);
}

static void wrapping(void **state)
{
	(void)state;
	GString *out = g_string_new(NULL);
	for (unsigned i = 0; i < 60; i++)
		g_string_append(out, i ? " wörd" : "wörd");
	char *text = g_string_free(out, FALSE);
	out = g_string_new(NULL);
	report_wrap(out, text, 16, 16);
	char **lines = g_strsplit(out->str, "\n", -1);
	for (unsigned i = 0; lines[i]; i++) {
		assert_true(g_utf8_strlen(lines[i], -1) + (i == 0 ? 16 : 0) <= REPORT_COLUMNS);
		assert_true(i == 0 || g_str_has_prefix(lines[i], "                wörd"));
	}
	assert_true(g_strv_length(lines) == 4);
	g_strfreev(lines);
	g_string_free(out, TRUE);
	g_free(text);
	out = g_string_new(NULL); /* lines of a reply, joined with bars */
	report_wrap(out,
		    "250-SIZE "
		    "157286400|PIPELINING|DSN|ENHANCEDSTATUSCODES|STARTTLS|8BITMIME|BINARYMIME|"
		    "CHUNKING|SMTPUTF8",
		    16, 16);
	assert_string_equal(out->str,
			    "250-SIZE 157286400|PIPELINING|DSN|ENHANCEDSTATUSCODES|STARTTLS|"
			    "8BITMIME|BINARYMIME|\n                CHUNKING|SMTPUTF8");
	g_string_free(out, TRUE);
}

static void times_and_addresses(void **state)
{
	(void)state;
	char text[64];
	report_time(0, text);
	assert_string_equal(text, "1970-01-01T00:00:00.000000Z");
	report_time(951782400ull * SEGMENT_SECOND, text); /* a leap day of a century */
	assert_string_equal(text, "2000-02-29T00:00:00.000000Z");
	report_time(UINT64_MAX, text);
	assert_string_equal(text, "2554-07-21T23:34:33.709551615Z");
	struct address a = { 4, { 255, 0, 10, 1 } };
	report_address(&a, text);
	assert_string_equal(text, "255.0.10.1");
	a.family = 0;
	report_address(&a, text);
	assert_string_equal(text, "");
}

static void fields_are_consistent(void **state)
{
	(void)state;
	GHashTable *seen = g_hash_table_new(g_str_hash, g_str_equal);
	for (unsigned i = 0; i < FIELD_COUNT; i++) {
		const struct field_info *f = field_info((enum field)i);
		assert_true(g_hash_table_add(seen, (char *)f->key));
		assert_true(f->label[0] && f->meaning[0] && g_str_has_suffix(f->meaning, "."));
	}
	g_hash_table_destroy(seen);
}

static char *summary_of(const struct verdict *list, unsigned n)
{
	struct report_summary *s = report_summary_new();
	GString *out = g_string_new(NULL);
	for (unsigned i = 0; i < n; i++)
		report_summary_add(s, &list[i]);
	report_summary_text(s, &plain, out);
	report_summary_free(s);
	return g_string_free(out, FALSE);
}

static void summary(void **state)
{
	(void)state;
	struct verdict v[3] = { accepted(), accepted(), failed() };
	v[1].client_ip.byte[3] = 31;
	char *text = summary_of(v, 2);
	assert_non_null(strstr(text, "2 sessions, all TLS 1.2 or later, nothing in clear\n"));
	g_free(text);
	text = summary_of(v,
			  3); /* one that did not get into TLS: the sentence would claim too much */
	assert_null(strstr(text, "nothing in clear"));
	assert_non_null(strstr(text, "stopped at: certificate 1\n"));
	assert_non_null(strstr(text, "finding  high          1  cert.g2_trust  "));
	assert_non_null(
		strstr(text, "client   10.1.2.30        2 sessions, 1 failed  cert.g2_trust\n"));
	g_free(text);
	v[0].auth_exposure = EXPOSURE_PASSWORD;
	text = summary_of(v, 2);
	assert_null(strstr(text, "nothing in clear"));
	assert_non_null(strstr(text, "passwords in clear: 1 session\n"));
	g_free(text);
	v[0] = accepted();
	v[0].decrypted = true; /* readable here, not on the wire */
	v[0].tls_version = NULL;
	v[0].tls_established = TRI_UNKNOWN;
	text = summary_of(v, 2);
	assert_non_null(strstr(text, "TLS: 1 with 1.2 or later, 1 decrypted by the mirror\n"));
	g_free(text);
	v[0] = accepted();
	v[1].m365 = false;
	v[1].tls_version = NULL;
	v[1].tls_established = TRI_UNKNOWN;
	text = summary_of(v, 2);
	assert_non_null(
		strstr(text, "1 session with Microsoft 365, all TLS 1.2 or later, nothing"));
	g_free(text);
	text = summary_of(v, 0);
	assert_string_equal(text, "no SMTP sessions\n");
	g_free(text);
}

/* A session that began earlier may end later. */
static void summary_of_any_order(void **state)
{
	(void)state;
	struct finding other = findings[1];
	other.title = "other words for it";
	struct finding first = findings[1];
	first.id = "tls.client_rejects_cert";
	first.title = "another cause";
	struct finding both[] = { first, other };
	struct verdict v[2] = { failed(), failed() };
	v[0].session = 7;
	v[1].session = 2;
	v[1].findings = both;
	v[1].cause = &both[0];
	char *text = summary_of(v, 2);
	assert_non_null(strstr(text, "other words for it"));
	assert_non_null(strstr(text, "2 sessions, 2 failed  tls.client_rejects_cert"));
	struct verdict turned[2] = { v[1], v[0] };
	char *again = summary_of(turned, 2);
	assert_string_equal(text, again);
	g_free(text);
	g_free(again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_the_contract),
		cmocka_unit_test(dialogue_has_marks),
		cmocka_unit_test(others_are_one_line),
		cmocka_unit_test(first_words),
		cmocka_unit_test(risk),
		cmocka_unit_test(ipv6_and_no_name),
		cmocka_unit_test(color_only_when_asked),
		cmocka_unit_test(json_has_the_values),
		cmocka_unit_test(absent_values_are_left_out),
		cmocka_unit_test(lookup_has_its_own_shape),
		cmocka_unit_test(detail_is_said_once),
		cmocka_unit_test(good_sessions_stay_short),
		cmocka_unit_test(clock_set_back),
		cmocka_unit_test(redaction),
		cmocka_unit_test(clean_text),
		cmocka_unit_test(long_text_is_cut_whole),
		cmocka_unit_test(hostile_everywhere),
		cmocka_unit_test(wrapping),
		cmocka_unit_test(times_and_addresses),
		cmocka_unit_test(fields_are_consistent),
		cmocka_unit_test(summary),
		cmocka_unit_test(summary_of_any_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
