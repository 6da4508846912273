/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The post-dissector. It wants no field of others, so that Wireshark need not build trees for it:
 * the first pass reads the bytes of the frame (host.c), later passes look into the book. Verdicts
 * that come at the end of a connection show on earlier frames in the second pass and in the window.
 */
#include "ws_compat.h"

#include "packet-smtp365.h"
#include "fields.h"
#include "host.h"
#include "menu.h"
#include "settings.h"
#include "tree.h"

static int proto = -1;
static int tap = -1;
static dissector_handle_t handle;

/* One session on this frame: tree, expert infos, tap. */
static void show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, unsigned session)
{
	const struct verdict *v = book_verdict(host_book(), session);

	tree_show(tvb, pinfo, tree, proto, session, v);
	if (have_tap_listener(tap)) {
		struct packet_tap *t = wmem_new0(pinfo->pool, struct packet_tap);
		t->session = session;
		t->verdict = v;
		tap_queue_packet(tap, pinfo, t);
	}
}

static int dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
	(void)data;
	if (!host_book())
		return 0;
	if (PINFO_FD_VISITED(pinfo))
		host_settle();
	else
		host_feed(tvb, pinfo);

	unsigned own = host_session(pinfo);
	if (own)
		show(tvb, pinfo, tree, own);
	for (const struct book_evidence *e = book_evidence(host_book(), pinfo->num); e; e = e->next)
		if (e->session != own)
			show(tvb, pinfo, tree, e->session);
	return (int)tvb_captured_length(tvb);
}

void packet_register(void)
{
	proto = proto_register_protocol("Microsoft 365 SMTP", "SMTP365", "smtp365");
	handle = register_dissector("smtp365", dissect, proto);
	tap = register_tap("smtp365");
	fields_register(proto);
	settings_register(proto);
	menu_register(proto);
	register_init_routine(host_init);
	register_cleanup_routine(host_cleanup);
}

void packet_handoff(void)
{
	register_postdissector(handle);
}
