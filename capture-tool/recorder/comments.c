/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A text for each frame that a verdict names, and the verdict lines for the head of the file.
 */
#include "recorder/comments.h"
#include "report.h"

/* Verdict lines in the comment of the file; the frames have theirs anyway. */
#define HEAD_BYTES 16384u

struct comments {
	GHashTable *frames; /* frame number to GString */
	GString *head;	    /* verdict lines */
	uint64_t sessions, with_findings, not_shown;
	bool redact;
};

static void free_string(gpointer p)
{
	g_string_free(p, TRUE);
}

struct comments *comments_new(bool redact)
{
	struct comments *c = g_new0(struct comments, 1);

	c->frames = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, free_string);
	c->head = g_string_new(NULL);
	c->redact = redact;
	return c;
}

void comments_free(struct comments *c)
{
	if (!c)
		return;
	g_hash_table_destroy(c->frames);
	g_string_free(c->head, TRUE);
	g_free(c);
}

/* The text of a frame, to be appended to on a line of its own. */
static GString *text_of(struct comments *c, uint32_t frame)
{
	GString *text = g_hash_table_lookup(c->frames, GUINT_TO_POINTER(frame));

	if (!text) {
		text = g_string_new(NULL);
		g_hash_table_insert(c->frames, GUINT_TO_POINTER(frame), text);
	} else {
		g_string_append_c(text, '\n');
	}
	return text;
}

static void add_finding(struct comments *c, const struct verdict *v, const struct finding *f)
{
	for (unsigned i = 0; i < f->frame_count; i++) {
		GString *text = text_of(c, f->frames[i]);
		g_string_append_printf(text, "%s %s: %s%s", severity_name(f->severity), f->id,
				       f->title, f == v->cause ? " (the cause)" : "");
	}
}

void comments_add(struct comments *c, const struct verdict *v)
{
	const struct report_options o = { .redact = c->redact };
	GString *line = g_string_new(NULL);

	c->sessions++;
	c->with_findings += v->finding_count > 0;
	report_line(v, &o, line);
	g_string_append(text_of(c, v->first_frame), line->str);
	for (unsigned i = 0; i < v->finding_count; i++)
		add_finding(c, v, &v->findings[i]);
	if (c->head->len + line->len < HEAD_BYTES)
		g_string_append_printf(c->head, "%s\n", line->str);
	else
		c->not_shown++;
	g_string_free(line, TRUE);
}

const char *comments_of(const struct comments *c, uint32_t frame)
{
	const GString *text = g_hash_table_lookup(c->frames, GUINT_TO_POINTER(frame));

	return text ? text->str : NULL;
}

void comments_lines(const struct comments *c, GString *out)
{
	g_string_append(out, c->head->str);
	if (c->not_shown > 0)
		g_string_append_printf(out, "and %" G_GUINT64_FORMAT " more, on their frames\n",
				       c->not_shown);
}

uint64_t comments_sessions(const struct comments *c, uint64_t *with_findings)
{
	*with_findings = c->with_findings;
	return c->sessions;
}
