/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One session as text for a terminal: a verdict line that grep finds, then indented evidence, what
 * happened, who does what about it, and the further findings. Takes a verdict, appends to a string.
 */
#include "report.h"
#include "base/phrase.h"
#include <string.h>

#define INDENT 5
#define FIRST_WORD 4 /* columns */
#define LABEL 11     /* columns of a label with its gap */
#define EVENTS_PER_FRAME 4
#define FRAMES_SHOWN 8
#define FINDING_COLUMNS 110u /* id, title and detail together */
#define CHECK_WHOLE 110u     /* bytes: longer ones are texts */

enum color { COLOR_RED, COLOR_GREEN, COLOR_YELLOW, COLOR_CYAN, COLOR_BOLD, COLOR_DIM };

static void color_on(const struct report_options *o, enum color c, GString *out)
{
	static const char *const codes[] = {
		[COLOR_RED] = "\033[1;31m", [COLOR_GREEN] = "\033[32m", [COLOR_YELLOW] = "\033[33m",
		[COLOR_CYAN] = "\033[36m",  [COLOR_BOLD] = "\033[1m",	[COLOR_DIM] = "\033[2m",
	};
	if (o->color)
		phrase_text(out, codes[c]);
}

static void color_off(const struct report_options *o, GString *out)
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

const char *report_first_word(const struct verdict *v)
{
	return first_words[v->outcome].word;
}

bool report_is_failure(const struct verdict *v)
{
	return v->outcome == OUTCOME_REJECTED || v->outcome == OUTCOME_FAILED;
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
	if (v->tls_version) {
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
	if (v->outcome == OUTCOME_ACCEPTED && v->messages > 1)
		phrase_append(out, "accepted %u messages", v->messages);
	else
		phrase_text(out, words[v->outcome]);
	append_tls(v, out);
	append_login(v, out);
	if (v->outcome != OUTCOME_ACCEPTED && v->outcome != OUTCOME_ENCRYPTED &&
	    v->reached != STAGE_NONE)
		phrase_append(out, ", reached %s", stage_name(v->reached));
}

/* The reply that stopped the session, for a failure that no finding explains. */
static void append_last_reply(const struct verdict *v, GString *out)
{
	for (unsigned i = v->reply_count; i-- > 0;) {
		const struct verdict_reply *r = &v->replies[i];
		if (r->code < 400)
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
	if (v->cause) {
		phrase_text(out, "  ");
		color_on(o, COLOR_BOLD, out);
		phrase_text(out, v->cause->id);
		color_off(o, out);
		phrase_append(out, "  %s", v->cause->title);
	} else if (failed) {
		append_last_reply(v, out);
	}
}

static void append_line(const struct verdict *v, const struct report_options *o, GString *out)
{
	color_on(o, first_words[v->outcome].color, out);
	phrase_text(out, report_first_word(v));
	color_off(o, out);
	phrase_blanks(out, FIRST_WORD - MIN(strlen(report_first_word(v)), FIRST_WORD) + 1);
	append_ends(v, out);
	phrase_text(out, "  ");
	append_verdict(v, o, out);
}

void report_line(const struct verdict *v, const struct report_options *o, GString *out)
{
	struct report_options plain = *o;
	plain.color = false;
	append_line(v, &plain, out);
}

/* swaks' marks, which say who spoke and whether inside TLS. */
const char *report_event_mark(const struct event *e)
{
	if (e->direction == EVENT_C2S)
		return e->encrypted ? "~>" : "->";
	if (e->direction == EVENT_S2C)
		return e->encrypted ? "<~" : "<-";
	return "**";
}

/* Digits of the widest frame number, so that the marks of a session stand below each other. */
static int frame_digits(const struct verdict *v)
{
	int digits = 1;
	for (uint32_t n = v->last_frame; n >= 10; n /= 10)
		digits++;
	return digits;
}

static void append_frame_number(GString *out, uint32_t frame, int digits)
{
	int own = 1;
	for (uint32_t n = frame; n >= 10; n /= 10)
		own++;
	phrase_text(out, "frame ");
	phrase_blanks(out, (size_t)MAX(digits - own, 0));
	phrase_number(out, frame);
}

static void append_event(const struct verdict *v, const struct event *e,
			 const struct report_options *o, GString *out, GString *scratch)
{
	int digits = frame_digits(v);
	unsigned column = INDENT + 6 + (unsigned)digits + 6;
	phrase_blanks(out, INDENT);
	color_on(o, COLOR_DIM, out);
	if (e->frame)
		append_frame_number(out, e->frame, digits);
	else
		phrase_blanks(out, 6 + (size_t)digits);
	color_off(o, out);
	phrase_append(out, "  %s  ", report_event_mark(e));
	report_wrap(out, e->text ? report_fit(e->text, o->redact, scratch) : "", column, column);
	g_string_append_c(out, '\n');
}

/* The events of one frame: the evidence in words. False when the session kept none for it. */
static bool append_frame(const struct verdict *v, uint32_t frame, const struct report_options *o,
			 GString *out, GString *scratch)
{
	unsigned shown = 0;
	for (unsigned i = 0; i < v->event_count; i++) /* a note may stand after later frames */
		if (v->events[i].frame == frame && shown++ < EVENTS_PER_FRAME)
			append_event(v, &v->events[i], o, out, scratch);
	return shown > 0;
}

static void append_label(const struct report_options *o, const char *label, enum color c,
			 GString *out)
{
	phrase_blanks(out, INDENT);
	color_on(o, c, out);
	phrase_text(out, label);
	color_off(o, out);
	phrase_blanks(out, strlen(label) < LABEL ? LABEL - strlen(label) : 1);
}

/* A label and a text that is broken at the right edge, and goes on below its own beginning. */
static void append_para(const struct report_options *o, const char *label, const char *text,
			GString *out)
{
	if (!text || !text[0])
		return;
	append_label(o, label, COLOR_DIM, out);
	report_wrap(out, text, INDENT + LABEL, INDENT + LABEL);
	g_string_append_c(out, '\n');
}

/* A command stays on one line, so that it can be copied; a text about how to check is broken. */
static void append_check(const struct report_options *o, const char *check, GString *out)
{
	if (!check || strlen(check) > CHECK_WHOLE) {
		append_para(o, "check", check, out);
		return;
	}
	append_label(o, "check", COLOR_DIM, out);
	phrase_text(out, check);
	g_string_append_c(out, '\n');
}

/* Does the text of an evidence frame contain the detail already? It often is the reply itself. */
bool report_was_said(const struct verdict *v, const struct finding *f)
{
	for (unsigned i = 0; i < v->event_count; i++)
		for (unsigned k = 0; k < f->frame_count && v->events[i].text; k++)
			if (v->events[i].frame == f->frames[k] &&
			    strstr(v->events[i].text, f->detail))
				return true;
	return false;
}

/* Frames of the finding in words; those without words as numbers in one line. */
static void append_evidence(const struct verdict *v, const struct finding *f,
			    const struct report_options *o, GString *out, GString *scratch)
{
	uint32_t mute[CAP_EVIDENCE];
	unsigned mute_count = 0;
	for (unsigned i = 0; i < f->frame_count && i < CAP_EVIDENCE; i++)
		if (!append_frame(v, f->frames[i], o, out, scratch))
			mute[mute_count++] = f->frames[i];
	if (mute_count) {
		g_string_append_printf(out, "%*s%s ", INDENT, "",
				       mute_count > 1 ? "frames" : "frame");
		report_frames(out, mute, mute_count, FRAMES_SHOWN);
		g_string_append_c(out, '\n');
	}
	if (f->detail && !report_was_said(v, f))
		append_para(o, "seen", report_fit(f->detail, o->redact, scratch), out);
}

static void append_cause(const struct verdict *v, const struct report_options *o, GString *out,
			 GString *scratch)
{
	const struct finding *c = v->cause;
	append_evidence(v, c, o, out, scratch);
	append_para(o, confidence_name(c->confidence), c->cause, out);
	append_para(o, side_name(c->side), c->fix, out);
	append_check(o, c->check, out);
	append_para(o, "see", c->reference, out);
}

/* Microsoft's own trace of the refusal, for a support case. */
static void append_trace(const struct verdict *v, const struct report_options *o, GString *out,
			 GString *scratch)
{
	const char *const parts[] = { v->trace_server, v->trace_time, v->trace_id };
	GString *text = g_string_sized_new(128);
	for (unsigned i = 0; i < G_N_ELEMENTS(parts); i++) {
		if (!parts[i])
			continue;
		if (text->len)
			g_string_append_c(text, ' ');
		phrase_text(text, report_fit(parts[i], false, scratch));
	}
	append_para(o, "trace", text->str, out);
	g_string_free(text, TRUE);
}

/* A finding beside the cause, one line; a detail that has no room in it is in the record only. */
static void append_finding(const struct finding *f, const struct report_options *o, GString *out,
			   GString *scratch)
{
	append_label(o, severity_name(f->severity),
		     f->severity >= SEVERITY_HIGH ? COLOR_RED : COLOR_DIM, out);
	phrase_append(out, "%s  %s", f->id, f->title);
	const char *detail = f->detail ? report_fit(f->detail, o->redact, scratch) : "";
	size_t width = strlen(f->id) + strlen(f->title) + report_width(detail, strlen(detail));
	if (detail[0] && width <= FINDING_COLUMNS)
		phrase_append(out, ": %s", detail);
	if (f->frame_count) {
		phrase_text(out, f->frame_count > 1 ? "  frames " : "  frame ");
		report_frames(out, f->frames, f->frame_count, FRAMES_SHOWN);
	}
	if (f->inferred)
		phrase_text(out, "  (inferred)");
	g_string_append_c(out, '\n');
}

/* A session without trouble stays short: what is only good to know about it is in the summary, the
 * record, and with the dialogue. */
bool report_is_shown(const struct verdict *v, const struct finding *f,
		     const struct report_options *o)
{
	return f->severity > SEVERITY_INFO || o->dialogue || v->cause || v->lookup_only ||
	       report_is_failure(v);
}

static void append_dialogue(const struct verdict *v, const struct report_options *o, GString *out,
			    GString *scratch)
{
	if (v->event_count)
		g_string_append_printf(out, "%*sdialogue\n", INDENT, "");
	for (unsigned i = 0; i < v->event_count; i++)
		append_event(v, &v->events[i], o, out, scratch);
	if (v->events_cut)
		g_string_append_printf(out, "%*sthe dialogue goes on; no more of it was kept\n",
				       INDENT, "");
}

void report_text(const struct verdict *v, const struct report_options *o, GString *out)
{
	GString *scratch = g_string_sized_new(640);
	append_line(v, o, out);
	g_string_append_c(out, '\n');
	if (report_in_full(v, o)) {
		if (v->cause)
			append_cause(v, o, out, scratch);
		if (v->outcome != OUTCOME_ACCEPTED)
			append_trace(v, o, out, scratch);
		for (unsigned i = 0; i < v->finding_count; i++)
			if (&v->findings[i] != v->cause && report_is_shown(v, &v->findings[i], o))
				append_finding(&v->findings[i], o, out, scratch);
		if (o->dialogue)
			append_dialogue(v, o, out, scratch);
	}
	g_string_free(scratch, TRUE);
}
