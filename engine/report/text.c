/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One session as text for a terminal: a verdict line that grep finds, then indented evidence, what
 * happened, who does what about it, and the further findings. Takes a verdict, appends to a string.
 */
#include "report/line.h"
#include "base/phrase.h"
#include <string.h>

#define INDENT 5
#define LABEL 11 /* columns of a label with its gap */
#define EVENTS_PER_FRAME 4
#define FRAMES_SHOWN 8
#define FINDING_COLUMNS 110u /* id, title and detail together */
#define CHECK_WHOLE 110u     /* bytes: longer ones are texts */

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
	report_color_on(o, COLOR_DIM, out);
	if (e->frame)
		append_frame_number(out, e->frame, digits);
	else
		phrase_blanks(out, 6 + (size_t)digits);
	report_color_off(o, out);
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
	report_color_on(o, c, out);
	phrase_text(out, label);
	report_color_off(o, out);
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
	if (!report_in_full(v, o))
		return f->severity >= SEVERITY_HIGH;
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
	report_colored_line(v, o, out);
	g_string_append_c(out, '\n');
	bool full = report_in_full(v, o);
	if (full && v->cause)
		append_cause(v, o, out, scratch);
	if (full && v->outcome != OUTCOME_ACCEPTED)
		append_trace(v, o, out, scratch);
	for (unsigned i = 0; i < v->finding_count; i++)
		if (&v->findings[i] != v->cause && report_is_shown(v, &v->findings[i], o))
			append_finding(&v->findings[i], o, out, scratch);
	if (full && o->dialogue)
		append_dialogue(v, o, out, scratch);
	g_string_free(scratch, TRUE);
}
