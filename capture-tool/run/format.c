/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A format that has an option in options.def and no row here does not compile.
 */
#include "run/format.h"
#include "cli/explain.h"
#include "frames/packet.h"

static void text_begin(const char *file, GString *out)
{
	GString *room = g_string_new(NULL);

	g_string_append_printf(out, "== %s\n", report_sentence(file, room));
	g_string_free(room, TRUE);
}

static void text_session(const struct verdict *v, const struct report_options *o, GString *out)
{
	report_text(v, o, out);
	if (v->alike)
		g_string_append_printf(out,
				       "     alike      %u connections like this one in this minute"
				       ", told as one\n",
				       v->alike);
	if (v->open)
		g_string_append(out, "     open       more may come; the last verdict "
				     "of this session follows\n");
}

/* Nothing was found: say what the frames were instead, for it is often a mirror gone wrong. */
static void append_frames(const uint64_t *frames, GString *out)
{
	g_string_append_printf(out, "frames read: %" G_GUINT64_FORMAT "\n",
			       frames[PACKET_COUNT_FRAME]);
	for (unsigned i = PACKET_COUNT_SEGMENT; i <= PACKET_COUNT_FRAGMENT_BAD; i++)
		if (frames[i])
			g_string_append_printf(out, "%11" G_GUINT64_FORMAT "  %s\n", frames[i],
					       packet_count_text((enum packet_count)i));
}

static void text_end(const struct format_end *e, GString *out)
{
	if (!e->summary)
		return;
	if (e->sessions)
		g_string_append_c(out, '\n');
	report_summary_text(e->summary, e->report, out);
	if (e->sessions == 0 && e->frames)
		append_frames(e->frames, out);
}

static const struct output_format format_text = {
	.color = true,
	.adds_up = true,
	.begin = text_begin,
	.session = text_session,
	.end = text_end,
	.findings = explain_list_text,
};

static const struct output_format format_json = {
	.session = report_json,
	.findings = explain_list_json,
};

static const struct output_format *const formats[FORMAT_COUNT] = {
	[FORMAT_TEXT] = &format_text,
#define OPTION_FORMAT(constant, name, help) [constant] = &format_##name,
#include "cli/options.def"
};

const struct output_format *format_row(enum format f)
{
	g_assert((unsigned)f < FORMAT_COUNT);
	return formats[f];
}
