/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tables of sessions and clients and the tree of findings, see stat-smtp365.h. A row is made at the
 * first frame of a session that passes the filter, and filled once its verdict is known.
 */
#include "ws_compat.h"

#include <string.h>
#include "counts.h"
#include "host.h"
#include "packet-smtp365.h"
#include "report.h"
#include "stat-smtp365.h"

#define MENU "Microsoft 365 SMTP"

/* ---- rows ---- */

/* Which rows a table has; kept beside it because the table has no place for it. */
struct index {
	GArray *session_row;	/* guint by session: row + 1, 0 none */
	GHashTable *client_row; /* address text -> row + 1, keys owned */
};

static GHashTable *indexes; /* stat_tap_table -> struct index */

static void index_free(gpointer p)
{
	struct index *x = p;
	g_array_free(x->session_row, TRUE);
	g_hash_table_destroy(x->client_row);
	g_free(x);
}

static struct index *index_of(const stat_tap_table *t)
{
	if (!indexes)
		indexes = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, index_free);
	struct index *x = g_hash_table_lookup(indexes, t);
	if (!x) {
		x = g_new0(struct index, 1);
		x->session_row = g_array_new(FALSE, TRUE, sizeof(guint));
		x->client_row = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
		g_hash_table_insert(indexes, (gpointer)t, x);
	}
	return x;
}

/* Row + 1 of a session, to be set by the caller when it is 0. */
static guint *session_row(struct index *x, unsigned session)
{
	if (session >= x->session_row->len)
		g_array_set_size(x->session_row, session + 1);
	return &g_array_index(x->session_row, guint, session);
}

static void reset(stat_tap_table *t)
{
	if (indexes)
		g_hash_table_remove(indexes, t);
	t->num_elements = 0;
}

static void free_item(stat_tap_table *t, guint row, guint column, stat_tap_table_item_type *item)
{
	if (row == 0 && column == 0 && indexes)
		g_hash_table_remove(indexes, t);
	if (item && item->type == TABLE_ITEM_STRING)
		g_free((gpointer)item->value.string_value);
}

static void set_number(stat_tap_table *t, guint row, guint column, guint value)
{
	stat_tap_table_item_type *item = stat_tap_get_field_data(t, row, column);
	item->type = TABLE_ITEM_UINT;
	item->value.uint_value = value;
	stat_tap_set_field_data(t, row, column, item);
}

static void set_text(stat_tap_table *t, guint row, guint column, const char *value)
{
	stat_tap_table_item_type *item = stat_tap_get_field_data(t, row, column);
	if (item->type == TABLE_ITEM_STRING)
		g_free((gpointer)item->value.string_value);
	item->type = TABLE_ITEM_STRING;
	item->value.string_value = g_strdup(value ? value : "");
	stat_tap_set_field_data(t, row, column, item);
}

/* ---- sessions ---- */

enum session_column {
	S_NUMBER,
	S_CLIENT,
	S_SERVER,
	S_ENDPOINT,
	S_OUTCOME,
	S_STAGE,
	S_CAUSE,
	S_TITLE,
	S_FIRST,
	S_FRAMES,
	S_FINDINGS,
	S_COLUMNS
};

/* clang-format off */
static stat_tap_table_item session_columns[S_COLUMNS] = {
	{ TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "No.", "%5u " },
	{ TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Client", "%-24s " },
	{ TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Server", "%-36s " },
	{ TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Endpoint", "%-10s " },
	{ TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Outcome", "%-10s " },
	{ TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Stopped at", "%-12s " },
	{ TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Cause", "%-28s " },
	{ TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "In words", "%-48s " },
	{ TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Frame", "%7u " },
	{ TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Frames", "%7u " },
	{ TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Findings", "%8u" },
};
/* clang-format on */

static char *end_text(const struct address *a, uint16_t port, const char *name)
{
	char text[64];
	report_address(a, text);
	if (name)
		return g_strdup_printf("%s:%u", name, port);
	return g_strdup_printf(a->family == 6 ? "[%s]:%u" : "%s:%u", text, port);
}

static void new_row(stat_tap_table *t, guint row, const stat_tap_table_item *columns, guint n)
{
	stat_tap_table_item_type *items = g_new0(stat_tap_table_item_type, n);
	for (guint i = 0; i < n; i++) {
		items[i].type = columns[i].type;
		if (items[i].type == TABLE_ITEM_STRING)
			items[i].value.string_value = g_strdup("");
	}
	stat_tap_init_table_row(t, row, n, items);
	g_free(items);
}

static void fill_session(stat_tap_table *t, guint row, const struct verdict *v)
{
	char *client = end_text(&v->client_ip, v->client_port, NULL);
	char *server = end_text(&v->server_ip, v->server_port, v->server_domain);

	set_text(t, row, S_CLIENT, client);
	set_text(t, row, S_SERVER, server);
	set_text(t, row, S_ENDPOINT, endpoint_name(v->endpoint));
	set_text(t, row, S_OUTCOME, outcome_name(v->outcome));
	set_text(t, row, S_STAGE, stage_name(v->stopped_at));
	set_text(t, row, S_CAUSE, v->cause ? v->cause->id : "");
	set_text(t, row, S_TITLE, v->cause ? v->cause->title : "");
	set_number(t, row, S_FIRST, v->first_frame);
	set_number(t, row, S_FRAMES, v->frame_count);
	set_number(t, row, S_FINDINGS, v->finding_count);
	g_free(client);
	g_free(server);
}

static stat_tap_table *table_of(void *arg)
{
	const stat_data_t *d = arg;
	return g_array_index(d->stat_tap_data->tables, stat_tap_table *, 0);
}

static tap_packet_status session_packet(void *arg, packet_info *pinfo G_GNUC_UNUSED,
					epan_dissect_t *edt G_GNUC_UNUSED, const void *data,
					tap_flags_t flags G_GNUC_UNUSED)
{
	const struct packet_tap *tap = data;
	stat_tap_table *t = table_of(arg);
	guint *row = session_row(index_of(t), tap->session);

	if (*row) {
		guint shown = stat_tap_get_field_data(t, *row - 1, S_FRAMES)->value.uint_value;
		if (!tap->verdict || shown == tap->verdict->frame_count)
			return TAP_PACKET_DONT_REDRAW;
	} else {
		*row = t->num_elements + 1;
		new_row(t, *row - 1, session_columns, S_COLUMNS);
		set_number(t, *row - 1, S_NUMBER, tap->session);
	}
	if (tap->verdict)
		fill_session(t, *row - 1, tap->verdict);
	return TAP_PACKET_REDRAW;
}

/* ---- clients ---- */

enum client_column { C_CLIENT, C_SESSIONS, C_ACCEPTED, C_FAILED, C_FINDINGS, C_CAUSE, C_COLUMNS };

/* clang-format off */
static stat_tap_table_item client_columns[C_COLUMNS] = {
	{ TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Client", "%-40s " },
	{ TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Sessions", "%8u " },
	{ TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Accepted", "%8u " },
	{ TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Failed", "%8u " },
	{ TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Findings", "%8u " },
	{ TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Last cause", "%-40s" },
};
/* clang-format on */

static void raise_number(stat_tap_table *t, guint row, guint column, guint by)
{
	set_number(t, row, column, stat_tap_get_field_data(t, row, column)->value.uint_value + by);
}

static guint client_row(stat_tap_table *t, struct index *x, const struct verdict *v)
{
	char text[64];
	report_address(&v->client_ip, text);
	guint row = GPOINTER_TO_UINT(g_hash_table_lookup(x->client_row, text));
	if (!row) {
		row = t->num_elements + 1;
		new_row(t, row - 1, client_columns, C_COLUMNS);
		set_text(t, row - 1, C_CLIENT, text);
		g_hash_table_insert(x->client_row, g_strdup(text), GUINT_TO_POINTER(row));
	}
	return row - 1;
}

static tap_packet_status client_packet(void *arg, packet_info *pinfo G_GNUC_UNUSED,
				       epan_dissect_t *edt G_GNUC_UNUSED, const void *data,
				       tap_flags_t flags G_GNUC_UNUSED)
{
	const struct packet_tap *tap = data;
	const struct verdict *v = tap->verdict;
	stat_tap_table *t = table_of(arg);
	guint *done = session_row(index_of(t), tap->session);

	if (*done || !v)
		return TAP_PACKET_DONT_REDRAW;
	*done = 1;
	guint row = client_row(t, index_of(t), v);
	raise_number(t, row, C_SESSIONS, 1);
	raise_number(t, row, C_ACCEPTED, v->outcome == OUTCOME_ACCEPTED);
	raise_number(t, row, C_FAILED,
		     v->outcome == OUTCOME_REJECTED || v->outcome == OUTCOME_FAILED);
	raise_number(t, row, C_FINDINGS, v->finding_count);
	if (v->cause)
		set_text(t, row, C_CAUSE, v->cause->id);
	return TAP_PACKET_REDRAW;
}

/* ---- the tree of counters ---- */

static int group_ids[COUNT_GROUPS];

static void tree_init(stats_tree *st)
{
	for (unsigned g = 0; g < COUNT_GROUPS; g++)
		group_ids[g] = stats_tree_create_node(st, counts_title((enum count_group)g), 0,
						      STAT_DT_INT, TRUE);
}

static void tree_count(enum count_group g, const char *name, void *host)
{
	stats_tree *st = host;
	tick_stat_node(st, counts_title(g), 0, TRUE);
	tick_stat_node(st, name, group_ids[g], FALSE);
}

/* A session counts at its first frame, so that the tree needs no memory of its own. */
static tap_packet_status tree_packet(stats_tree *st, packet_info *pinfo,
				     epan_dissect_t *edt G_GNUC_UNUSED, const void *data,
				     tap_flags_t flags G_GNUC_UNUSED)
{
	const struct packet_tap *tap = data;
	if (!tap->verdict || tap->verdict->first_frame != pinfo->num)
		return TAP_PACKET_DONT_REDRAW;
	counts_walk(tap->verdict, tree_count, st);
	return TAP_PACKET_REDRAW;
}

/* ---- registration ---- */

/* The part of the title behind the name of the menu is the table's own. */
static void table_init(stat_tap_table_ui *ui)
{
	const char *title = &ui->title[strlen(MENU " ")];
	stat_tap_table *t = stat_tap_find_table(ui, title);
	if (t)
		reset(t);
	else
		stat_tap_add_table(ui, stat_tap_init_table(title, (int)ui->nfields, 0, NULL));
}

static void table_register(stat_tap_table_ui *ui)
{
	static tap_param filter[] = { { PARAM_FILTER, "filter", "Filter", NULL, TRUE } };

	ui->group = REGISTER_PACKET_STAT_GROUP_UNSORTED;
	ui->tap_name = "smtp365";
	ui->stat_tap_init_cb = table_init;
	ui->stat_tap_reset_table_cb = reset;
	ui->stat_tap_free_table_item_cb = free_item;
	ui->nparams = G_N_ELEMENTS(filter);
	ui->params = filter;
	register_stat_tap_table_ui(ui);
}

void stat_register(void)
{
	static stat_tap_table_ui sessions = { .title = MENU " Sessions",
					      .cli_string = "smtp365,table",
					      .packet_func = session_packet,
					      .nfields = S_COLUMNS,
					      .fields = session_columns };
	static stat_tap_table_ui clients = { .title = MENU " Clients",
					     .cli_string = "smtp365,clients",
					     .packet_func = client_packet,
					     .nfields = C_COLUMNS,
					     .fields = client_columns };

	table_register(&sessions);
	table_register(&clients);
	stats_tree_register_plugin("smtp365", "smtp365_findings",
				   MENU COMPAT_MENU_SEPARATOR "Findings", 0, tree_packet, tree_init,
				   NULL);
}
