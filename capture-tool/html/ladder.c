/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A session as a ladder: a table whose last column is the space between client (left) and server
 * (right), with an arrow for each event and the TLS part shaded. A table, so that it is read aloud
 * in order, wraps, prints, and can be searched and copied; the arrows are drawn by the style sheet.
 */
#include "html/parts.h"
#include <inttypes.h>
#include <string.h>

/* Is this event part of TLS? By the engine's own words for handshake messages and alerts. */
static bool is_tls(const struct event *e)
{
	static const char *const words[] = {
		"ClientHello, ",     "ServerHello, ",
		"HelloRetryRequest", "Certificate CN=",
		"Certificate that",  "fatal alert ",
		"warning alert ",    "the server asks for a client cert"
	};
	if (e->encrypted)
		return true;
	for (size_t i = 0; e->text && i < G_N_ELEMENTS(words); i++)
		if (g_str_has_prefix(e->text, words[i]))
			return true;
	return false;
}

/* Seconds since the first packet of the session; a look-up was before it. */
static void append_offset(GString *out, uint64_t at, uint64_t start)
{
	uint64_t d = at >= start ? at - start : start - at;
	g_string_append(out, at >= start ? "" : "\xe2\x88\x92");
	g_string_append_printf(out, "%" PRIu64 ".%06u", (uint64_t)(d / SEGMENT_SECOND),
			       (unsigned)(d % SEGMENT_SECOND / 1000));
}

static void append_rung(struct html_session *s, const struct event *e, bool tls)
{
	static const char *const classes[] = { "c", "s", "n" };
	static const char *const aloud[] = { "client to server: ", "server to client: ", "note: " };
	unsigned way = MIN(e->direction, EVENT_NOTE);
	g_string_append_printf(s->out, "<tr class=\"%s%s\"><td>", classes[way], tls ? " tls" : "");
	append_offset(s->out, e->time_ns, s->v->start_ns);
	g_string_append(s->out, "</td><td>");
	if (e->frame)
		g_string_append_printf(s->out, "%u", e->frame);
	g_string_append_printf(s->out, "</td><td><p><span class=\"vh\">%s</span>", aloud[way]);
	html_wire(s->out, e->text ? e->text : "", s->o->redact, s->scratch);
	g_string_append(s->out, "</p></td></tr>\n");
}

static void append_head(struct html_session *s)
{
	const struct verdict *v = s->v;
	char client[64], server[64];
	report_address(&v->client_ip, client);
	report_address(&v->server_ip, server);
	g_string_append(s->out, "<thead><tr><th scope=\"col\">Seconds</th>"
				"<th scope=\"col\">Frame</th><th scope=\"col\"><span>client<br>");
	html_text(s->out, client);
	g_string_append(s->out, "</span> <span>server<br>");
	if (v->server_domain && !v->lookup_only)
		html_wire(s->out, v->server_domain, s->o->redact, s->scratch);
	else
		html_text(s->out, server);
	g_string_append(s->out, "</span></th></tr></thead><tbody>\n");
}

void html_ladder(struct html_session *s)
{
	const struct verdict *v = s->v;
	unsigned first = v->event_count, last = 0;
	if (v->event_count == 0)
		return;
	for (unsigned i = 0; i < v->event_count; i++) {
		if (!is_tls(&v->events[i]))
			continue;
		first = MIN(first, i);
		last = i;
	}
	g_string_append_printf(s->out,
			       "<details><summary>Ladder, %u event%s</summary>\n"
			       "<table class=\"ladder\">",
			       v->event_count, v->event_count == 1 ? "" : "s");
	append_head(s);
	for (unsigned i = 0; i < v->event_count; i++)
		append_rung(s, &v->events[i], i >= first && i <= last);
	g_string_append(s->out, "</tbody></table>\n");
	if (first <= last)
		g_string_append(s->out, "<p class=\"key\"><span></span>shaded: TLS</p>\n");
	if (v->events_cut)
		g_string_append(s->out, "<p>The dialogue goes on; no more of it was kept.</p>\n");
	g_string_append(s->out, "</details>\n");
}
