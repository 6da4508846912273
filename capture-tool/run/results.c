/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Holds what a run says of all its sessions; how it is said is in the row of the format.
 */
#include "run/results.h"

void results_init(struct results *r, const struct options *o, bool terminal)
{
	const struct output_format *f = format_row(o->format);
	*r = (struct results){
		.format = f,
		.report = {
			.redact = o->redact,
			.dialogue = o->verbose,
			.color = f->color && terminal,
			.all = o->all,
		},
		.summary = f->adds_up && !o->quiet ? report_summary_new() : NULL,
		.text = g_string_sized_new(4096),
		.alike = alike_new(),
	};
}

void results_clear(struct results *r)
{
	report_summary_free(r->summary);
	alike_free(r->alike);
	g_string_free(r->text, TRUE);
}

static void add_text(const char *text, size_t n, void *host)
{
	g_string_append_len(host, text, (gssize)n);
}

const GString *results_file(struct results *r, const char *file)
{
	g_string_truncate(r->text, 0);
	alike_due(r->alike, NULL, true, add_text, r->text);
	r->report.file = file;
	if (r->format->begin)
		r->format->begin(file, r->text);
	return r->text;
}

/* Sessions come in the order in which they end: the first by number counts. */
static void note_worst(struct run_result *r, const struct verdict *v)
{
	for (unsigned i = 0; i < v->finding_count; i++) {
		const struct finding *f = &v->findings[i];
		bool worse = !r->findings || f->severity > r->worst;
		if (!worse && !(f->severity == r->worst && v->session < r->session))
			continue;
		r->findings = true;
		r->worst = f->severity;
		r->session = v->session;
		g_strlcpy(r->id, f->id, sizeof r->id);
	}
}

static void count(struct results *r, const struct verdict *v)
{
	r->sessions++;
	note_worst(&r->told, v);
	if (r->summary)
		report_summary_add(r->summary, v);
}

/* One that is only counted: its record is the one of its kind, with the count in it. */
static void keep_alike(struct results *r, const struct verdict *v)
{
	size_t before = r->text->len;
	struct verdict one = *v;

	one.alike = alike_counted(r->alike);
	r->format->session(&one, &r->report, r->text);
	alike_keep(r->alike, r->text->str + before, r->text->len - before);
	g_string_truncate(r->text, before);
}

const GString *results_session(struct results *r, const struct verdict *v)
{
	g_string_truncate(r->text, 0);
	alike_due(r->alike, v, false, add_text, r->text);
	if (alike_tells(r->alike, v))
		r->format->session(v, &r->report, r->text);
	else
		keep_alike(r, v);
	if (!v->open)
		count(r, v);
	return r->text;
}

const GString *results_end(struct results *r, const uint64_t *frames)
{
	const struct format_end end = { r->summary, &r->report, r->sessions, frames };
	g_string_truncate(r->text, 0);
	alike_due(r->alike, NULL, true, add_text, r->text);
	if (r->format->end)
		r->format->end(&end, r->text);
	return r->text;
}
