/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All values of a record as a table of label, value and key: a writer for report_walk. Objects need
 * no place of their own, because labels say enough and keys are whole; lists stay in one cell.
 * Takes values that the walk has made clean and redacted, and escapes them.
 */
#include "html/parts.h"
#include <string.h>

struct facts {
	struct writer w; /* first: the walk hands back a pointer to it */
	GString *out;
	unsigned lists;	  /* open ones */
	bool item, first; /* an object of a list is open; nothing stands in the cell or item yet */
	const char *key;  /* of the outer list */
};

/* What the card shows already, or says nothing to people. */
static bool is_left_out(const char *key)
{
	static const char *const prefixes[] = { "event.", "ecs.", "message", "rule." };
	for (size_t i = 0; i < G_N_ELEMENTS(prefixes); i++)
		if (g_str_has_prefix(key, prefixes[i]))
			return true;
	return false;
}

static void row_begin(struct facts *f, const char *label)
{
	g_string_append(f->out, "<tr><th scope=\"row\">");
	html_text(f->out, label);
	g_string_append(f->out, "</th><td>");
}

static void row_end(struct facts *f, const char *key)
{
	g_string_append(f->out, "</td><td><code>");
	html_text(f->out, key);
	g_string_append(f->out, "</code></td></tr>\n");
}

static void put(struct facts *f, const struct field_info *i, const char *value)
{
	if (f->lists == 0) {
		if (is_left_out(i->key))
			return;
		row_begin(f, i->label);
		html_text(f->out, value);
		row_end(f, i->key);
		return;
	}
	if (is_left_out(f->key))
		return;
	if (!f->first)
		g_string_append(f->out, ", ");
	f->first = false;
	if (f->item && f->lists == 1) {
		html_text(f->out, i->label);
		g_string_append(f->out, ": ");
	}
	html_text(f->out, value);
}

static void on_list_begin(struct writer *w, const char *key, const char *label)
{
	struct facts *f = (struct facts *)w;
	if (f->lists++ == 0) {
		f->key = key;
		f->first = true;
		if (!is_left_out(key))
			row_begin(f, label);
		return;
	}
	/* Numbers of frames inside a finding. */
	g_string_append(f->out, f->first ? "" : ", ");
	html_text(f->out, label);
	g_string_append(f->out, ": ");
	f->first = true;
}

static void on_list_end(struct writer *w)
{
	struct facts *f = (struct facts *)w;
	if (--f->lists == 0 && !is_left_out(f->key))
		row_end(f, f->key);
	f->first = false;
}

static void on_object_begin(struct writer *w, const char *key, const char *label)
{
	struct facts *f = (struct facts *)w;
	(void)label;
	if (key)
		return;
	f->item = f->first = true;
	g_string_append(f->out, "<div>");
}

static void on_object_end(struct writer *w)
{
	struct facts *f = (struct facts *)w;
	if (f->item)
		g_string_append(f->out, "</div>");
	f->item = false;
}

static void on_string(struct writer *w, const struct field_info *i, const char *value)
{
	put((struct facts *)w, i, value);
}

static void on_uinteger(struct writer *w, const struct field_info *i, uint64_t value)
{
	char text[24];
	g_snprintf(text, sizeof(text), "%" G_GUINT64_FORMAT, value);
	put((struct facts *)w, i, text);
}

static void on_integer(struct writer *w, const struct field_info *i, int64_t value)
{
	char text[24];
	g_snprintf(text, sizeof(text), "%" G_GINT64_FORMAT, value);
	put((struct facts *)w, i, text);
}

static void on_hundredths(struct writer *w, const struct field_info *i, unsigned value)
{
	GString *text = g_string_sized_new(8);
	report_hundredths(text, value);
	put((struct facts *)w, i, text->str);
	g_string_free(text, TRUE);
}

static void on_boolean(struct writer *w, const struct field_info *i, bool value)
{
	put((struct facts *)w, i, value ? "yes" : "no");
}

void html_facts(struct html_session *s)
{
	struct facts f = {
		.w = { on_object_begin, on_object_end, on_list_begin, on_list_end, on_string,
		       on_uinteger, on_integer, on_hundredths, on_boolean },
		.out = s->out,
	};
	g_string_append(s->out, "<details><summary>All facts</summary>\n"
				"<div class=\"scroll\"><table class=\"facts\"><thead><tr>"
				"<th scope=\"col\">Fact</th><th scope=\"col\">Value</th>"
				"<th scope=\"col\">Key, as in Wireshark and JSON</th>"
				"</tr></thead><tbody>\n");
	report_walk(s->v, s->o, &f.w);
	g_string_append(s->out, "</tbody></table></div></details>\n");
}
