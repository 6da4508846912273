/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The reports of tshark: text and NDJSON with the words of the command-line tool, because the same
 * code writes them, and counters. A display filter behind the name keeps the sessions of which at
 * least one frame passes it.
 */
#include "ws_compat.h"

#include <stdio.h>
#include <string.h>
#include "counts.h"
#include "host.h"
#include "packet-smtp365.h"
#include "report.h"
#include "settings.h"
#include "stat-smtp365.h"
#include "tap-smtp365.h"

enum report_kind { REPORT_SESSIONS, REPORT_JSON, REPORT_TREE, REPORT_KINDS };

static const char *const names[REPORT_KINDS] = {
	[REPORT_SESSIONS] = "smtp365,sessions",
	[REPORT_JSON] = "smtp365,json",
	[REPORT_TREE] = "smtp365,tree",
};

struct report {
	enum report_kind kind;
	bool filtered;
	GArray *passed; /* guint8 by session: a frame of it passed the filter */
};

static tap_packet_status on_packet(void *arg, packet_info *pinfo, epan_dissect_t *edt,
				   const void *data, tap_flags_t flags)
{
	struct report *r = arg;
	const struct packet_tap *t = data;
	(void)pinfo;
	(void)edt;
	(void)flags;
	if (!r->filtered)
		return TAP_PACKET_DONT_REDRAW;
	if (t->session >= r->passed->len)
		g_array_set_size(r->passed, t->session + 1);
	g_array_index(r->passed, guint8, t->session) = 1;
	return TAP_PACKET_DONT_REDRAW;
}

static bool chosen(const struct report *r, const struct verdict *v)
{
	return v && (!r->filtered ||
		     (v->session < r->passed->len && g_array_index(r->passed, guint8, v->session)));
}

static struct report_options options(void)
{
	return (struct report_options){ .redact = settings_redact(), .all = settings_all() };
}

static void write_out(GString *text)
{
	fwrite(text->str, 1, text->len, stdout);
	g_string_truncate(text, 0);
}

/* Nothing was found: what the frames were instead, as the tool says it. */
static void append_frames(GString *text)
{
	const struct packet_stats *s = host_stats();
	if (!s)
		return;
	g_string_append_printf(text, "frames read: %" G_GUINT64_FORMAT "\n",
			       s->count[PACKET_COUNT_FRAME]);
	for (unsigned i = PACKET_COUNT_SEGMENT; i <= PACKET_COUNT_FRAGMENT_BAD; i++)
		if (s->count[i])
			g_string_append_printf(text, "%11" G_GUINT64_FORMAT "  %s\n", s->count[i],
					       packet_count_text((enum packet_count)i));
}

static void draw_sessions(const struct report *r, const struct book *b)
{
	struct report_options o = options();
	struct report_summary *sum = report_summary_new();
	GString *text = g_string_sized_new(4096);
	bool any = false;

	for (unsigned n = 1; n <= book_last(b); n++) {
		const struct verdict *v = book_verdict(b, n);
		if (!chosen(r, v))
			continue;
		any = true;
		report_summary_add(sum, v);
		report_text(v, &o, text);
		write_out(text);
	}
	if (any)
		g_string_append_c(text, '\n');
	report_summary_text(sum, &o, text);
	if (!any)
		append_frames(text);
	write_out(text);
	report_summary_free(sum);
	g_string_free(text, TRUE);
}

static void draw_json(const struct report *r, const struct book *b)
{
	struct report_options o = options();
	GString *text = g_string_sized_new(4096);

	for (unsigned n = 1; n <= book_last(b); n++) {
		if (!chosen(r, book_verdict(b, n)))
			continue;
		report_json(book_verdict(b, n), &o, text);
		write_out(text);
	}
	g_string_free(text, TRUE);
}

/* ---- counters ---- */

static void count(enum count_group g, const char *name, void *host)
{
	GHashTable **tables = host;
	guint n = GPOINTER_TO_UINT(g_hash_table_lookup(tables[g], name));
	g_hash_table_insert(tables[g], (gpointer)name, GUINT_TO_POINTER(n + 1));
}

static gint by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(a, b);
}

static void draw_group(enum count_group g, GHashTable *table)
{
	GList *keys = g_list_sort(g_hash_table_get_keys(table), by_name);

	printf("%s\n", counts_title(g));
	for (const GList *i = keys; i; i = i->next)
		printf("  %-42s %8u\n", (const char *)i->data,
		       GPOINTER_TO_UINT(g_hash_table_lookup(table, i->data)));
	g_list_free(keys);
}

static void draw_tree(const struct report *r, const struct book *b)
{
	GHashTable *tables[COUNT_GROUPS];
	unsigned sessions = 0, m365 = 0;

	for (unsigned g = 0; g < COUNT_GROUPS; g++) /* names are static or the rules' */
		tables[g] = g_hash_table_new(g_str_hash, g_str_equal);
	for (unsigned n = 1; n <= book_last(b); n++) {
		const struct verdict *v = book_verdict(b, n);
		if (!chosen(r, v))
			continue;
		sessions++;
		m365 += v->m365;
		counts_walk(v, count, tables);
	}
	printf("%-44s %8u\n%-44s %8u\n", "Sessions", sessions, "  with Microsoft 365", m365);
	for (unsigned g = 0; g < COUNT_GROUPS; g++) {
		draw_group((enum count_group)g, tables[g]);
		g_hash_table_destroy(tables[g]);
	}
}

static void on_draw(void *arg)
{
	static void (*const draw[REPORT_KINDS])(
		const struct report *, const struct book *) = { [REPORT_SESSIONS] = draw_sessions,
								[REPORT_JSON] = draw_json,
								[REPORT_TREE] = draw_tree };
	const struct report *r = arg;

	host_settle();
	if (host_book())
		draw[r->kind](r, host_book());
	fflush(stdout);
}

static void on_finish(void *arg)
{
	struct report *r = arg;
	g_array_free(r->passed, TRUE);
	g_free(r);
}

/* `arg` is all that stands behind -z. */
static compat_stat_init on_init(const char *arg, void *user_data)
{
	enum report_kind kind = (enum report_kind)GPOINTER_TO_UINT(user_data);
	const char *rest = &arg[strlen(names[kind])];
	const char *filter = rest[0] == ',' && rest[1] ? &rest[1] : NULL;
	struct report *r = g_new0(struct report, 1);

	r->kind = kind;
	r->filtered = filter != NULL;
	r->passed = g_array_new(FALSE, TRUE, sizeof(guint8));
	GString *error = register_tap_listener("smtp365", r, filter, TL_REQUIRES_NOTHING, NULL,
					       on_packet, on_draw, on_finish);
	if (error) {
		fprintf(stderr, "tshark: cannot count for -z %s: %s\n", names[kind], error->str);
		g_string_free(error, TRUE);
		on_finish(r);
		COMPAT_STAT_INIT_FAILED;
	}
	COMPAT_STAT_INIT_DONE;
}

void tap_register(void)
{
	static stat_tap_ui uis[REPORT_KINDS];

	for (unsigned i = 0; i < REPORT_KINDS; i++) {
		uis[i] = (stat_tap_ui){ .group = REGISTER_STAT_GROUP_GENERIC,
					.cli_string = names[i],
					.tap_init_cb = on_init };
		register_stat_tap_ui(&uis[i], GUINT_TO_POINTER(i));
	}
	stat_register();
}
