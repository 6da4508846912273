/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The entries of the Tools menu. Each acts on the capture that is open and on the selected frame;
 * without one it does nothing. tshark registers them and never calls them.
 */
#include "ws_compat.h"

#include <gio/gio.h>
#include "host.h"
#include "kept.h"
#include "menu.h"
#include "report.h"

/* Where `cmake --install` puts the page that is made from the table of findings. */
#ifndef FINDINGS_PAGE
#error "the build says where the page of findings is"
#endif

#define FAILED "smtp365.outcome == \"failed\" || smtp365.outcome == \"rejected\""
#define CLEARTEXT "smtp365.auth.exposure == \"password\" || smtp365.auth.exposure == \"user\""
#define MENU "Microsoft 365 SMTP"

/* Number of the selected frame, 0 none. */
static uint32_t selected_frame(void)
{
	ws_info_t *info = NULL;
	plugin_if_get_ws_info(&info);
	return info && info->ws_info_supported ? info->cf_framenr : 0;
}

/* The session of the selected frame, or NULL. */
static const struct verdict *selected(void)
{
	const struct book *b = host_book();
	uint32_t frame = selected_frame();

	if (!b || !frame)
		return NULL;
	const struct book_evidence *e = book_evidence(b, frame);
	unsigned session = book_session(b, frame);
	return book_verdict(b, session ? session : e ? e->session : 0);
}

static void apply(ext_menubar_gui_type gui, gpointer item, gpointer filter)
{
	(void)gui;
	(void)item;
	plugin_if_apply_filter(filter, TRUE);
}

static void apply_session(ext_menubar_gui_type gui, gpointer item, gpointer arg)
{
	const struct verdict *v = selected();
	char *filter = v ? g_strdup_printf("smtp365.session == %u", v->session) : NULL;
	(void)arg;
	if (filter)
		apply(gui, item, filter);
	g_free(filter);
}

static void apply_client(ext_menubar_gui_type gui, gpointer item, gpointer arg)
{
	const struct verdict *v = selected();
	char address[64];
	(void)arg;
	if (!v)
		return;
	report_address(&v->client_ip, address);
	char *filter = g_strdup_printf("smtp365.client.ip == \"%s\"", address);
	apply(gui, item, filter);
	g_free(filter);
}

/* To the first frame that proves the cause; from there to the next, and round. */
static void go_to_evidence(ext_menubar_gui_type gui, gpointer item, gpointer arg)
{
	const struct verdict *v = selected();
	const struct finding *f = v ? v->cause : NULL;
	uint32_t here = selected_frame(), to = 0;
	(void)gui;
	(void)item;
	(void)arg;

	if (v && !f && v->finding_count)
		f = &v->findings[0];
	for (unsigned i = 0; f && i < f->frame_count && !to; i++)
		if (f->frames[i] > here && kept_names(f, here))
			to = f->frames[i];
	if (f && f->frame_count)
		plugin_if_goto_frame(to ? to : f->frames[0]);
}

/* What the page is opened for: a finding of the selected frame, the cause first. */
static const struct finding *explained(void)
{
	const struct verdict *v = selected();
	uint32_t here = selected_frame();

	if (!v || (v->cause && kept_names(v->cause, here)))
		return v ? v->cause : NULL;
	for (unsigned i = 0; i < v->finding_count; i++)
		if (kept_names(&v->findings[i], here))
			return &v->findings[i];
	return v->cause;
}

/* The page of the finding, in the user's browser. Wireshark's own entry for pages knows only
 * addresses that were fixed before a file was open. */
static void explain(ext_menubar_gui_type gui, gpointer item, gpointer arg)
{
	const struct finding *f = explained();
	char *url = g_strconcat(FINDINGS_PAGE, f ? "#" : "", f ? f->id : "", NULL);
	(void)gui;
	(void)item;
	(void)arg;

	g_app_info_launch_default_for_uri_async(url, NULL, NULL, NULL, NULL);
	g_free(url);
}

void menu_register(int proto)
{
	static char failed[] = FAILED, cleartext[] = CLEARTEXT;
	ext_menu_t *menu = ext_menubar_register_menu(proto, MENU, TRUE);

	ext_menubar_set_parentmenu(menu, "Tools");
	ext_menubar_add_entry(menu, "Show failed sessions",
			      "Filter to the sessions whose mail did not go out", apply, failed);
	ext_menubar_add_entry(menu, "Show readable credentials",
			      "Filter to the sessions whose user name or password was readable",
			      apply, cleartext);
	ext_menubar_add_entry(menu, "Show this session",
			      "Filter to the session of the selected frame", apply_session, NULL);
	ext_menubar_add_entry(menu, "Show all sessions of this client",
			      "Filter to the sessions of the client of the selected frame",
			      apply_client, NULL);
	ext_menubar_add_separator(menu);
	ext_menubar_add_entry(menu, "Go to the evidence",
			      "To the next frame that proves the cause of this session",
			      go_to_evidence, NULL);
	ext_menubar_add_separator(menu);
	ext_menubar_add_entry(menu, "Explain this finding",
			      "The page of the finding that the selected frame proves", explain,
			      NULL);
	ext_menubar_add_website(menu, "All findings", "Every finding with cause, fix and check",
				FINDINGS_PAGE);
}
