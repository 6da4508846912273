/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One session as HTML: a card with verdict, evidence, who acts and how, or a row of a table. Takes
 * a verdict, appends to a string. Knows nothing of the page.
 */
#include "html/parts.h"
#include <inttypes.h>
#include <string.h>

#define EVENTS_PER_FRAME 4
#define FRAMES_SHOWN 8

static void append_id(struct html_session *s)
{
	g_string_append(s->out, " id=\"");
	html_anchor(s->out, s->file, s->v->session);
	g_string_append_c(s->out, '"');
}

static void append_line(struct html_session *s)
{
	GString *line = g_string_sized_new(256);
	report_line(s->v, s->o, line);
	g_string_append(s->out, "<code class=\"line\">");
	html_text(s->out, line->str);
	g_string_append(s->out, "</code>");
	g_string_free(line, TRUE);
}

static void append_start(struct html_session *s)
{
	char text[40];
	report_time(s->v->start_ns, text);
	g_string_append(s->out, text);
}

static void append_frames(GString *out, const uint32_t *frames, unsigned count)
{
	g_string_append(out, count > 1 ? "frames " : "frame ");
	report_frames(out, frames, count, FRAMES_SHOWN);
}

/* The finding that colours the card and gives its heading. */
static const struct finding *leading(const struct verdict *v)
{
	const struct finding *most = v->cause;
	for (unsigned i = 0; i < v->finding_count && !v->cause; i++)
		if (!most || v->findings[i].severity > most->severity)
			most = &v->findings[i];
	return most && (v->cause || most->severity >= SEVERITY_HIGH) ? most : NULL;
}

static void append_top(struct html_session *s, const struct finding *f)
{
	const struct verdict *v = s->v;
	uint64_t took = v->end_ns > v->start_ns ? v->end_ns - v->start_ns : 0;
	g_string_append_printf(s->out, "<p class=\"when\">%s <a href=\"#",
			       v->lookup_only ? "Look-up" : "Session");
	html_anchor(s->out, s->file, v->session);
	g_string_append_printf(s->out, "\">%u</a> &middot; ", v->session);
	append_start(s);
	g_string_append(s->out, " &middot; ");
	g_string_append_printf(s->out, "%" PRIu64 ".%03u s &middot; frames %u to %u</p>\n<h3>",
			       (uint64_t)(took / SEGMENT_SECOND),
			       (unsigned)(took % SEGMENT_SECOND / 1000000), v->first_frame,
			       v->last_frame);
	if (f)
		html_sentence(s->out, f->title, s->scratch);
	else
		g_string_append(s->out, report_is_failure(v) ? "failed, and nothing shows why"
							     : "worth a look");
	g_string_append(s->out, "</h3>\n<p class=\"tags\">");
	if (f) {
		html_severity(s->out, f->severity);
		g_string_append_printf(s->out, " <code>%s</code> <span>%s%s</span>", f->id,
				       confidence_name(f->confidence),
				       f->inferred ? ", inferred" : "");
	}
	g_string_append_printf(s->out, " <span>%s</span>", outcome_name(v->outcome));
	g_string_append(s->out, "</p>\n<p class=\"verdict\">");
	append_line(s);
	g_string_append(s->out, "</p>\n");
}

/* The steps that were seen, and where it stopped. */
static void append_steps(struct html_session *s)
{
	const struct verdict *v = s->v;
	bool stopped = report_is_failure(v) && v->stopped_at != STAGE_NONE;
	if (!v->history && !stopped)
		return;
	char **words = g_strsplit(v->history ? v->history : "", " ", -1);
	g_string_append(s->out, "<ol class=\"steps\" aria-label=\"Steps that were seen\">");
	for (char **w = words; *w; w++) {
		if (!**w)
			continue;
		g_string_append(s->out, "<li>");
		html_wire(s->out, *w, s->o->redact, s->scratch);
		g_string_append(s->out, "</li>");
	}
	if (stopped)
		g_string_append_printf(s->out, "<li class=\"stop\">stopped at %s</li>",
				       stage_name(v->stopped_at));
	g_string_append(s->out, "</ol>\n");
	g_strfreev(words);
}

static void append_event(struct html_session *s, const struct event *e)
{
	static const char *const aloud[] = { "from the client", "from the server", "note" };
	g_string_append_printf(s->out, "<tr><td>frame %u</td><td><span aria-hidden=\"true\">",
			       e->frame);
	html_text(s->out, report_event_mark(e));
	g_string_append_printf(s->out, "</span><span class=\"vh\">%s%s</span></td><td>",
			       aloud[MIN(e->direction, EVENT_NOTE)],
			       e->encrypted ? " inside TLS" : "");
	html_wire(s->out, e->text ? e->text : "", s->o->redact, s->scratch);
	g_string_append(s->out, "</td></tr>\n");
}

/* Frames of the finding in words; those without words as numbers in one row. */
static void append_seen(struct html_session *s, const struct finding *f)
{
	const struct verdict *v = s->v;
	uint32_t mute[CAP_EVIDENCE];
	unsigned mutes = 0;
	if (f->frame_count == 0 && !f->detail)
		return;
	g_string_append(s->out, "<dt>Seen</dt><dd>");
	if (f->frame_count)
		g_string_append(s->out, "<table class=\"seen\"><tbody>\n");
	for (unsigned i = 0; i < f->frame_count && i < CAP_EVIDENCE; i++) {
		unsigned shown = 0;
		for (unsigned k = 0; k < v->event_count; k++)
			if (v->events[k].frame == f->frames[i] && shown++ < EVENTS_PER_FRAME)
				append_event(s, &v->events[k]);
		if (shown == 0)
			mute[mutes++] = f->frames[i];
	}
	if (mutes) {
		g_string_append(s->out, "<tr><td colspan=\"3\">");
		append_frames(s->out, mute, mutes);
		g_string_append(s->out, "</td></tr>\n");
	}
	if (f->frame_count)
		g_string_append(s->out, "</tbody></table>");
	if (f->detail && !report_was_said(v, f)) {
		g_string_append(s->out, "<p>");
		html_wire(s->out, f->detail, s->o->redact, s->scratch);
		g_string_append(s->out, "</p>");
	}
	g_string_append(s->out, "</dd>\n");
}

static void append_entry(struct html_session *s, const char *label, const char *text,
			 const char *before, const char *after)
{
	if (!text || !text[0])
		return;
	g_string_append_printf(s->out, "<dt>%s</dt><dd>%s", label, before);
	html_sentence(s->out, text, s->scratch);
	g_string_append_printf(s->out, "%s</dd>\n", after);
}

static const char *who_acts(enum side side)
{
	static const char *const who[] = {
		[SIDE_DEVICE] = "the device: whoever looks after what sends the mail",
		[SIDE_NETWORK] = "the network: whoever runs firewall, router and line",
		[SIDE_TENANT] = "the tenant: the administrator of Microsoft 365",
		[SIDE_DNS] = "DNS: whoever runs name servers and zones",
		[SIDE_MICROSOFT] =
			"Microsoft: a support case, with the trace below if there is one",
		[SIDE_RECIPIENT] = "the recipient's side: their postmaster",
		[SIDE_CAPTURE] = "the capture: whoever takes it",
	};
	return who[side];
}

/* Microsoft's own trace of the refusal, for a support case. */
static void append_trace(struct html_session *s)
{
	const struct verdict *v = s->v;
	const char *const parts[] = { v->trace_server, v->trace_time, v->trace_id };
	bool any = false;
	for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
		if (!parts[i])
			continue;
		g_string_append(s->out, any ? " " : "<dt>Trace</dt><dd><code>");
		html_wire(s->out, parts[i], false, s->scratch);
		any = true;
	}
	if (any)
		g_string_append(s->out, "</code></dd>\n");
}

static void append_cause(struct html_session *s, const struct finding *f)
{
	g_string_append(s->out, "<dl>\n");
	if (f) {
		append_seen(s, f);
		append_entry(s, "Cause", f->cause, "", "");
		append_entry(s, "Who acts", who_acts(f->side), "<strong>", "</strong>");
		append_entry(s, "Fix", f->fix, "", "");
		append_entry(s, "Check", f->check, "<pre><code>", "</code></pre>");
		append_entry(s, "Reference", f->reference, "", "");
	}
	append_trace(s);
	g_string_append(s->out, "</dl>\n");
}

static void append_others(struct html_session *s, const struct finding *but)
{
	bool any = false;
	for (unsigned i = 0; i < s->v->finding_count; i++) {
		const struct finding *f = &s->v->findings[i];
		if (f == but || !report_is_shown(s->v, f, s->o))
			continue;
		if (!any)
			g_string_append(s->out, "<table class=\"more\"><caption>Other findings"
						"</caption><tbody>\n");
		any = true;
		g_string_append(s->out, "<tr><td>");
		html_severity(s->out, f->severity);
		g_string_append_printf(s->out, "</td><td><code>%s</code></td><td>", f->id);
		html_sentence(s->out, f->title, s->scratch);
		if (f->detail) {
			g_string_append(s->out, ": ");
			html_wire(s->out, f->detail, s->o->redact, s->scratch);
		}
		g_string_append(s->out, f->inferred ? " (inferred)</td><td>" : "</td><td>");
		if (f->frame_count)
			append_frames(s->out, f->frames, f->frame_count);
		g_string_append(s->out, "</td></tr>\n");
	}
	if (any)
		g_string_append(s->out, "</tbody></table>\n");
}

void html_card(struct html_session *s)
{
	const struct finding *f = leading(s->v);
	g_string_append_printf(s->out, "<article class=\"card %s\"",
			       f ? severity_name(f->severity) : "medium");
	append_id(s);
	g_string_append(s->out, ">\n");
	append_top(s, f);
	append_steps(s);
	append_cause(s, f);
	append_others(s, f);
	html_ladder(s);
	html_facts(s);
	g_string_append(s->out, "</article>\n");
}

void html_row(struct html_session *s)
{
	const struct verdict *v = s->v;
	bool full = report_in_full(v, s->o), any = false;
	g_string_append(s->out, "<tr");
	append_id(s);
	g_string_append_printf(s->out, "><th scope=\"row\">%u</th><td>", v->session);
	append_start(s);
	g_string_append(s->out, "</td><td>");
	append_line(s);
	g_string_append(s->out, "</td><td>");
	for (unsigned i = 0; i < v->finding_count; i++) {
		enum severity least = full ? SEVERITY_LOW : SEVERITY_HIGH;
		if (v->findings[i].severity < least && !(full && s->o->dialogue))
			continue;
		g_string_append(s->out, any ? "<br>" : "");
		html_severity(s->out, v->findings[i].severity);
		g_string_append_printf(s->out, " <code>%s</code>", v->findings[i].id);
		any = true;
	}
	g_string_append(s->out, "</td></tr>\n");
	if (full && s->o->dialogue && v->event_count) {
		g_string_append(s->out, "<tr class=\"under\"><td colspan=\"4\">");
		html_ladder(s);
		g_string_append(s->out, "</td></tr>\n");
	}
}
