/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/inside.h"
#include "base/code.h"

#include "m365/peers.h"
#include "m365/sent.h"

/* Microsoft 365 by its greeting, which is asked once. */
static struct seen_inside *gated(struct session *s)
{
	struct seen *n = &s->seen;
	struct peer p;
	bool id;

	if (n->inside || n->inside_asked || !s->cx->hosts)
		return n->inside;
	n->inside_asked = true;
	if (!n->banner.frame || n->banner_code != CODE_READY ||
	    !sent_greeting(n->banner_text, &id) ||
	    !peers_by_banner(s->cx->peers, n->banner_text, &p))
		return NULL;
	n->inside = g_new0(struct seen_inside, 1);
	n->inside->log = inside_log_new();
	n->inside->greeting_id = id;
	n->inside->mx = p.mx;
	return n->inside;
}

void session_inside_record(struct session *s, enum flow_dir dir, const struct tls_item *i,
			   struct flow_mark m)
{
	struct seen_inside *n = gated(s);

	if (!n)
		return;
	inside_log_add(n->log,
		       (dir == FLOW_S2C ? INSIDE_SERVER : 0) |
			       (i->kind == TLS_ITEM_HANDSHAKE_ENCRYPTED ? INSIDE_HANDSHAKE : 0) |
			       (i->complete ? 0 : INSIDE_AFTER_HOLE),
		       i->length, m.frame, m.time_ns);
}

void session_inside_hole(struct session *s, enum flow_dir dir, uint64_t missing, struct flow_mark m)
{
	struct seen_inside *n = s->seen.inside; /* before the first encrypted record: none */

	if (n)
		inside_log_add(n->log, INSIDE_HOLE | (dir == FLOW_S2C ? INSIDE_SERVER : 0),
			       (uint32_t)MIN(missing, UINT32_MAX), m.frame, m.time_ns);
}

void session_inside_trailer(struct session *s, struct bytes server)
{
	struct seen *n = &s->seen;
	bool id;

	if (s->inside || !s->cx->hosts || !n->banner.frame || !sent_greeting(n->banner_text, &id))
		return;
	inside_hosts_note(s->cx->hosts, n->banner_host, sent_domain(n->banner_host, server));
}

void session_inferred(struct session *s, enum event_direction dir, struct flow_mark m,
		      const char *text)
{
	session_event(s, dir, m, true, "%s ?", text);
}
