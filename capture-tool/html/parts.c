/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The small parts that cards, rows and page are made of, and where a session stands.
 */
#include "html/parts.h"
#include <string.h>

void html_text(GString *out, const char *text)
{
	for (;;) {
		size_t n = strcspn(text, "&<>\"'");
		g_string_append_len(out, text, (gssize)n);
		text += n;
		switch (*text++) {
		case '&':
			g_string_append(out, "&amp;");
			break;
		case '<':
			g_string_append(out, "&lt;");
			break;
		case '>':
			g_string_append(out, "&gt;");
			break;
		case '"':
			g_string_append(out, "&quot;");
			break;
		case '\'':
			g_string_append(out, "&#39;");
			break;
		default:
			return;
		}
	}
}

void html_wire(GString *out, const char *text, bool redact, GString *scratch)
{
	html_text(out, report_fit(text, redact, scratch));
}

void html_sentence(GString *out, const char *text, GString *scratch)
{
	html_text(out, report_sentence(text, scratch));
}

void html_severity(GString *out, enum severity s)
{
	g_string_append_printf(out, "<span class=\"sev %s\">%s</span>", severity_name(s),
			       severity_name(s));
}

void html_anchor(GString *out, unsigned file, unsigned session)
{
	if (file)
		g_string_append_printf(out, "f%u", file);
	g_string_append_printf(out, "s%u", session);
}

enum html_place html_place(const struct verdict *v, const struct report_options *o)
{
	const struct finding *worst = report_worst(v);
	if (!report_in_full(v, o) && !worst)
		return HTML_OTHER;
	if (report_is_failure(v))
		return HTML_FAILED;
	return v->cause || worst ? HTML_ATTENTION : HTML_WORKED;
}
