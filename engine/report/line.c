/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verdict line: how it ended, who talks to whom, what became of it, the cause. One line that
 * grep finds; also what decides which word it begins with, and whether a session is told in full.
 */
#include "report/line.h"
#include "base/code.h"
#include "base/phrase.h"
#include <string.h>

#define FIRST_WORD 4 /* columns */

void report_color_on(const struct report_options *o, enum color c, GString *out)
{
	static const char *const codes[] = {
		[COLOR_RED] = "\033[1;31m", [COLOR_GREEN] = "\033[32m", [COLOR_YELLOW] = "\033[33m",
		[COLOR_CYAN] = "\033[36m",  [COLOR_BOLD] = "\033[1m",	[COLOR_DIM] = "\033[2m",
	};
	if (o->color)
		phrase_text(out, codes[c]);
}

void report_color_off(const struct report_options *o, GString *out)
{
	if (o->color)
		phrase_text(out, "\033[0m");
}

static const struct {
	const char *word;
	enum color color;
} first_words[] = {
	[OUTCOME_ACCEPTED] = { "ok", COLOR_GREEN },
	[OUTCOME_REJECTED] = { "FAIL", COLOR_RED },
	[OUTCOME_FAILED] = { "FAIL", COLOR_RED },
	[OUTCOME_NO_MAIL] = { "none", COLOR_DIM },
	[OUTCOME_ENCRYPTED] = { "enc", COLOR_CYAN },
	[OUTCOME_INCOMPLETE] = { "part", COLOR_YELLOW },
};

bool report_is_failure(const struct verdict *v)
{
	return v->outcome == OUTCOME_REJECTED || v->outcome == OUTCOME_FAILED;
}

const struct finding *report_worst(const struct verdict *v)
{
	const struct finding *worst = NULL;
	for (unsigned i = 0; i < v->finding_count; i++)
		if (v->findings[i].severity >= SEVERITY_HIGH &&
		    (!worst || v->findings[i].severity > worst->severity))
			worst = &v->findings[i];
	return worst;
}

static bool at_risk(const struct verdict *v)
{
	return !report_is_failure(v) && report_worst(v);
}

const char *report_first_word(const struct verdict *v)
{
	return at_risk(v) ? "RISK" : first_words[v->outcome].word;
}

bool report_in_full(const struct verdict *v, const struct report_options *o)
{
	return v->m365 || v->lookup_only || o->all;
}

bool report_tls_modern(const struct verdict *v)
{
	return v->tls_established == TRI_TRUE && v->tls_version &&
	       (strcmp(v->tls_version, "1.2") == 0 || strcmp(v->tls_version, "1.3") == 0);
}

/* Text from the wire inside a line of ours. */
static void append_clean(GString *out, const char *text)
{
	report_clean(out, text, strlen(text));
}

static void append_host(GString *out, const struct address *a, uint16_t port)
{
	char text[64];
	report_address(a, text);
	if (port == 0)
		phrase_text(out, text);
	else
		phrase_append(out, a->family == 6 ? "[%s]:%u" : "%s:%u", text, port);
}

/* "10.1.2.30:50332 > smtp.office365.com:587 (52.96.165.18)" */
static void append_ends(const struct verdict *v, GString *out)
{
	char ip[64];
	append_host(out, &v->client_ip, v->client_port);
	phrase_text(out, " > ");
	report_address(&v->server_ip, ip);
	if (!v->server_domain) {
		append_host(out, &v->server_ip, v->server_port);
	} else {
		append_clean(out, v->server_domain);
		if (v->lookup_only) /* the server is the name server that was asked */
			phrase_append(out, " (asked %s)", ip);
		else
			phrase_append(out, ":%u (%s)", v->server_port, ip);
	}
}

/* "TLS 1.2", or that none was used when a dialogue was seen. */
static void append_tls(const struct verdict *v, GString *out)
{
	if (v->tls_established == TRI_FALSE) { /* it was tried, and the session went on without */
		if (v->outcome == OUTCOME_ACCEPTED)
			phrase_text(out, ", in clear");
	} else if (v->tls_version) {
		phrase_text(out, g_strcmp0(v->tls_protocol, "ssl") == 0 ? ", SSL " : ", TLS ");
		append_clean(out, v->tls_version);
	} else if (v->tls_established == TRI_TRUE) {
		phrase_text(out, ", TLS");
	} else if (v->decrypted) {
		phrase_text(out, ", TLS decrypted by the mirror");
	} else if (v->outcome == OUTCOME_ACCEPTED) {
		phrase_text(out, ", in clear");
	}
}

/* How the client proved who it is, or in which way it sends without. */
static void append_login(const struct verdict *v, GString *out)
{
	if (v->auth_seen || v->auth_mechanism) {
		phrase_text(out, ", login");
		if (v->auth_result == AUTH_RESULT_REJECTED)
			phrase_text(out, " refused");
		if (v->auth_mechanism) {
			phrase_text(out, " by AUTH ");
			append_clean(out, v->auth_mechanism);
		}
		if (v->auth_inferred)
			phrase_text(out, " (inferred)");
	} else if (v->method == METHOD_DIRECT_SEND) {
		phrase_text(out, ", direct send");
	} else if (v->method == METHOD_RELAY) {
		phrase_text(out, ", relay");
	} else if (v->method == METHOD_DIRECT_SEND_OR_RELAY) {
		phrase_text(out, ", direct send or relay");
	}
}

/* Nothing is known of how it ended, and where to look. */
static void append_hidden(const struct verdict *v, GString *out)
{
	bool known = v->tls_established == TRI_TRUE && v->tls_version;

	g_string_append(out, "outcome inside TLS");
	if (known) {
		g_string_append_c(out, ' ');
		append_clean(out, v->tls_version);
	}
	g_string_append(out, ", not visible");
	append_login(v, out);
	if (v->m365)
		g_string_append(out,
				"  (to see it: keys, the device's log, or Entra sign-in logs)");
}

static void append_outcome(const struct verdict *v, GString *out)
{
	static const char *const words[] = {
		[OUTCOME_ACCEPTED] = "accepted",
		[OUTCOME_REJECTED] = "rejected",
		[OUTCOME_FAILED] = "failed",
		[OUTCOME_NO_MAIL] = "ended without a message",
		[OUTCOME_ENCRYPTED] = "encrypted",
		[OUTCOME_INCOMPLETE] = "the capture does not show the end",
	};
	if (v->outcome == OUTCOME_ENCRYPTED) {
		append_hidden(v, out);
		return;
	}
	if (v->outcome == OUTCOME_ACCEPTED && v->inside)
		g_string_append(out, "accepted (inferred)");
	else if (v->outcome == OUTCOME_ACCEPTED && v->messages > 1)
		phrase_append(out, "accepted %u messages", v->messages);
	else
		phrase_text(out, words[v->outcome]);
	append_tls(v, out);
	append_login(v, out);
	if (v->outcome != OUTCOME_ACCEPTED && v->reached != STAGE_NONE)
		phrase_append(out, ", reached %s", stage_name(v->reached));
}

/* The reply that stopped the session, for a failure that no finding explains. */
static void append_last_reply(const struct verdict *v, GString *out)
{
	for (unsigned i = v->reply_count; i-- > 0;) {
		const struct verdict_reply *r = &v->replies[i];
		if (!code_refuses(r->code))
			continue;
		phrase_append(out, "  reply %u", r->code);
		if (r->enhanced) {
			g_string_append_c(out, ' ');
			append_clean(out, r->enhanced);
		}
		if (r->command) {
			phrase_text(out, " to ");
			append_clean(out, r->command);
		}
		return;
	}
}

/* All after the ends: what became of the session, then its cause. */
static void append_verdict(const struct verdict *v, const struct report_options *o, GString *out)
{
	bool failed = report_is_failure(v);
	if (failed && v->stopped_at != STAGE_NONE)
		phrase_append(out, "stopped at %s", stage_name(v->stopped_at));
	else
		append_outcome(v, out);
	const struct finding *why = v->cause ? v->cause : failed ? NULL : report_worst(v);
	if (why) {
		phrase_text(out, "  ");
		report_color_on(o, COLOR_BOLD, out);
		phrase_text(out, why->id);
		report_color_off(o, out);
		phrase_append(out, "  %s", why->title);
	} else if (failed) {
		append_last_reply(v, out);
	}
}

void report_colored_line(const struct verdict *v, const struct report_options *o, GString *out)
{
	report_color_on(o, at_risk(v) ? COLOR_RED : first_words[v->outcome].color, out);
	phrase_text(out, report_first_word(v));
	report_color_off(o, out);
	phrase_blanks(out, FIRST_WORD - MIN(strlen(report_first_word(v)), FIRST_WORD) + 1);
	append_ends(v, out);
	phrase_text(out, "  ");
	append_verdict(v, o, out);
}

void report_line(const struct verdict *v, const struct report_options *o, GString *out)
{
	struct report_options plain = *o;
	plain.color = false;
	report_colored_line(v, &plain, out);
}

/* swaks' marks, which say who spoke and whether inside TLS. */
