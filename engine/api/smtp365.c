/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine as a window sees it: gate, flows, sessions, look-ups and the verdicts that come out.
 * A watched port makes a session at its first packet; on other ports a session begins to count
 * only when it is proven to be SMTP.
 */
#include "smtp365.h"

#include <stdlib.h>
#include <string.h>
#include "base/fetch.h"
#include "verdict/clients.h"
#include "judge/clock.h"
#include "verdict/conclude.h"
#include "verdict/early.h"
#include "flow/gate.h"
#include "verdict/tracked.h"

#define STALE_DAYS 180
#define DAY_S 86400
/* A tick this much before the newest packet means that the clock was set back. */
#define CLOCK_BACK (60 * SEGMENT_SECOND)
/* A failed look-up is told when the client had time to ask again; looked for so often. */
#define LOOKUP_RIPE (30 * SEGMENT_SECOND)
#define LOOKUP_EVERY (60 * SEGMENT_SECOND)

struct smtp365 {
	struct session_context cx;
	struct flow_table *flows;
	struct pool tracked_room;
	struct gate *gate;
	struct clients *clients;
	struct clocks clocks;
	struct room *room;
	struct early early;
	struct tracked *looked; /* during a look at an open session */
	uint64_t lookups_until; /* failed look-ups first asked before were told */
	struct judge_capture capture;
	smtp365_session_fn on_session;
	void *host;
	unsigned last_number;
	unsigned fed_number;	  /* session of the segment fed last, 0 none */
	uint8_t *candidate_ports; /* bit per port that ever had a candidate; NULL until needed */
	bool watched_late;	  /* a port was added after packets were read */
	bool c2s_data_seen;
	struct smtp365_stats stats;
	char ranges_date[16];
};

/* ---- the table of addresses ---- */

/* Are the built-in ranges much older than the newest packet? */
static bool ranges_stale(const struct smtp365 *e)
{
	int64_t date = peers_date(e->cx.peers), now = (int64_t)(e->capture.now_ns / SEGMENT_SECOND);
	return date && now - date > (int64_t)STALE_DAYS * DAY_S;
}

static void write_ranges_date(struct smtp365 *e)
{
	int64_t date = peers_date(e->cx.peers);
	GDateTime *t = date ? g_date_time_new_from_unix_utc(date) : NULL;

	g_strlcpy(e->ranges_date, "undated", sizeof e->ranges_date);
	if (!t)
		return;
	g_snprintf(e->ranges_date, sizeof e->ranges_date, "%04d-%02d-%02d", g_date_time_get_year(t),
		   g_date_time_get_month(t), g_date_time_get_day_of_month(t));
	g_date_time_unref(t);
}

/* ---- sessions ---- */

static struct session *session_of(struct smtp365 *e, struct flow *f)
{
	struct tracked *t = f->session;
	if (t)
		return t->session;
	t = pool_take(&e->tracked_room, sizeof *t);
	t->session = session_new(&e->cx, f->tag);
	if (f->midstream)
		session_begin_midstream(t->session);
	session_lookup(t->session, dns_name_for(e->cx.dns, &f->client, &f->server, f->first_ns),
		       dns_client_seen(e->cx.dns, &f->client));
	f->session = t;
	return t->session;
}

static void forget_session(struct smtp365 *e, struct flow *f)
{
	struct tracked *t = f->session;
	if (!t)
		return;
	session_free(t->session);
	g_free(t->extra);
	pool_give(&e->tracked_room, t);
	f->session = NULL;
}

/* What was seen of a flow that has a session. */
static const struct seen *seen_of(const struct flow *f)
{
	return session_seen(((struct tracked *)f->session)->session);
}

static bool on_watched_port(const struct smtp365 *e, const struct flow *f)
{
	return gate_watched(e->gate, f->server_port) || gate_watched(e->gate, f->client_port);
}

/* Is a session on a port that is not watched really SMTP? */
static bool proven(const struct seen *n)
{
	if (n->smtp_proven)
		return true;
	return n->ehlo.command.frame && (n->mail->mail.frame || n->starttls.frame ||
					 n->mail->auth.at.frame || n->mail->quit.frame);
}

/* Sessions are numbered in the order of their first packets. */
static void number(struct smtp365 *e, struct flow *f)
{
	if (f->tag || !(on_watched_port(e, f) || (f->session && proven(seen_of(f)))))
		return;
	f->tag = ++e->last_number;
	clients_opened(e->clients, f);
	if (f->session)
		session_set_number(((struct tracked *)f->session)->session, f->tag);
}

static void hook_data(struct flow *f, enum flow_dir dir, struct bytes view, struct flow_mark mark,
		      void *host)
{
	struct smtp365 *e = host;
	struct session *s = session_of(e, f);
	uint32_t had_banner = session_seen(s)->banner.frame;

	if (dir == FLOW_S2C)
		e->capture.answers_seen = true;
	else
		e->c2s_data_seen = true;
	session_data(s, f, dir, view, mark);
	const struct seen *n = session_seen(s);
	if (!had_banner && n->banner.frame)
		clocks_add(&e->clocks, f, n->banner_text, n->banner.ns);
	if (!f->tag)
		number(e, f);
}

static void hook_gap(struct flow *f, enum flow_dir dir, uint64_t missing, enum flow_gap why,
		     struct flow_mark mark, void *host)
{
	session_gap(session_of(host, f), f, dir, missing, why, mark);
}

static void hook_close(struct flow *f, enum flow_dir dir, bool reset, struct flow_mark mark,
		       void *host)
{
	session_close(session_of(host, f), f, dir, reset, mark);
}

static void count_opened(struct smtp365_stats *t, const struct session *s)
{
	switch (session_opened_state(s)) {
	case OPENING_DONE:
		t->tls_opened++;
		break;
	case OPENING_WRONG:
		t->tls_wrong_keys++;
		break;
	case OPENING_GAP:
		t->tls_torn++;
		break;
	case OPENING_CANNOT:
		t->tls_other_suite++;
		break;
	case OPENING_MISSING:
		t->tls_no_keys++;
		break;
	case OPENING_NONE:
		break;
	}
}

static void hook_end(struct flow *f, void *host)
{
	struct smtp365 *e = host;

	number(e, f);
	if (f->session)
		early_forget(&e->early, f->session);
	if (!f->tag) { /* a candidate that never became SMTP */
		forget_session(e, f);
		return;
	}
	session_opened_flush(session_of(e, f), NULL);
	session_end(session_of(e, f), f);
	struct tracked *t = f->session;
	e->stats.sessions++;
	count_opened(&e->stats, t->session);
	e->stats.gap_bytes += f->side[0].gap_bytes + f->side[1].gap_bytes;
	e->stats.one_sided += f->one_sided;
	e->stats.two_sided += f->side[0].bytes && f->side[1].bytes;
	e->stats.delivered_bytes += f->side[0].bytes + f->side[1].bytes;
	e->stats.duplicates += f->side[0].duplicates + f->side[1].duplicates;
	e->stats.unanswered += !f->side[FLOW_S2C].segments && !f->one_sided;
	clocks_median(&e->clocks, &e->capture);
	e->capture.table_stale = ranges_stale(e);
	clients_session(e->clients, t, f);
	conclude_session(e->room, t, f, &e->capture, e->on_session, e->host);
	clients_told(e->clients, t, f);
	forget_session(e, f);
}

static size_t hook_kept(const struct flow *f, void *host)
{
	(void)host;
	const struct tracked *t = f->session;
	return t ? sizeof *t + session_kept(t->session) : 0;
}

static void hook_fetch(const void *session, unsigned step)
{
	const struct tracked *t = session;
	if (step == 0)
		fetch(t, sizeof *t);
	else if (t->session)
		session_fetch(t->session, step - 1);
}

/* Without a SYN the watched port is the server's; else the one that greets. */
static int server_side(const struct segment *s, void *host)
{
	const struct smtp365 *e = host;
	bool dst = gate_watched(e->gate, s->dport), src = gate_watched(e->gate, s->sport);
	struct bytes b = bytes_of(s->payload, s->caplen);

	if (dst != src)
		return dst ? 1 : -1;
	if (bytes_starts(&b, "220", 3))
		return -1;
	if (bytes_starts(&b, "EHLO ", 5) || bytes_starts(&b, "HELO ", 5) ||
	    bytes_starts(&b, "CONNECT ", 8) || bytes_peek(&b, 0) == 5)
		return 1;
	return 0;
}

/* ---- life ---- */

static void no_verdict(const struct verdict *v, void *host)
{
	(void)v;
	(void)host;
}

struct smtp365 *smtp365_new(const struct smtp365_options *o, smtp365_session_fn on_session,
			    void *host, char **error)
{
	static const struct flow_hooks hooks = { .data = hook_data,
						 .gap = hook_gap,
						 .close = hook_close,
						 .end = hook_end,
						 .kept = hook_kept,
						 .fetch = hook_fetch };
	struct peers *peers = peers_new();

	if (o->endpoints_json && !peers_load(peers, o->endpoints_json, o->endpoints_size, error)) {
		peers_free(peers);
		return NULL;
	}
	struct smtp365 *e = g_new0(struct smtp365, 1);
	e->on_session = on_session ? on_session : no_verdict;
	e->host = host;
	e->cx = (struct session_context){ .peers = peers,
					  .dns = dns_new(),
					  .certificates = certificates_new(o->hash_key),
					  .redact = o->redact,
					  .dialogue = o->dialogue,
					  .events_of_causes = o->events_of_causes,
					  .hosts = o->no_inference ? NULL : inside_hosts_new() };
	memcpy(&e->cx.secret_key, &o->hash_key[8], sizeof e->cx.secret_key);
	e->gate = gate_new();
	if (o->only_ports) {
		uint8_t *none = g_malloc0(8192);
		gate_watch_only(e->gate, none);
		g_free(none);
	}
	for (unsigned i = 0; i < o->port_count; i++)
		gate_watch(e->gate, o->ports[i]);
	for (unsigned i = 0; i < o->name_count; i++)
		peers_add_name(peers, o->names[i].pattern, o->names[i].port, o->names[i].endpoint);
	e->clients = clients_new(&e->cx);
	e->room = conclude_room_new(&e->cx);
	write_ranges_date(e);
	e->flows = flow_table_new(&hooks, e, o->hash_key, o->memory ? o->memory : CAP_MEMORY_ALL);
	flow_table_set_server_side(e->flows, server_side);
	return e;
}

void smtp365_free(struct smtp365 *e)
{
	if (!e)
		return;
	smtp365_finish(e);
	flow_table_free(e->flows);
	gate_free(e->gate);
	clients_free(e->clients);
	conclude_room_free(e->room);
	for (size_t i = 0; i < G_N_ELEMENTS(e->cx.scratch); i++)
		if (e->cx.scratch[i])
			g_string_free(e->cx.scratch[i], TRUE);
	arena_pool_clear(&e->cx.blocks);
	pool_clear(&e->cx.session_room);
	pool_clear(&e->cx.tls_room);
	pool_clear(&e->cx.mail_room);
	pool_clear(&e->tracked_room);
	dns_free(e->cx.dns);
	key_log_free(e->cx.key_log);
	certificates_free(e->cx.certificates);
	peers_free(e->cx.peers);
	inside_hosts_free(e->cx.hosts);
	g_free(e->candidate_ports);
	g_free(e);
}

/* ---- feeding ---- */

static void tick(struct smtp365 *e, uint64_t now)
{
	if (!e->capture.first_ns)
		e->capture.first_ns = now;
	if (now > e->capture.now_ns)
		e->capture.now_ns = now;
	e->cx.now_ns = e->capture.now_ns;
	flow_expire(e->flows, e->capture.now_ns);
}

static bool candidate_port(const struct smtp365 *e, uint16_t port)
{
	return e->candidate_ports && (e->candidate_ports[port / 8] >> (port % 8)) & 1;
}

/* The handshake that went by before the connection was of interest. */
static void feed_handshake(struct smtp365 *e, const struct segment *g)
{
	struct segment before[2];
	unsigned n = gate_recall(e->gate, g, before);

	for (unsigned i = 0; i < n; i++)
		flow_feed(e->flows, &before[i]);
}

static void mark_candidate(struct smtp365 *e, const struct segment *g)
{
	if (!e->candidate_ports)
		e->candidate_ports = g_malloc0(8192);
	/* Only the server's port is marked, so that the rest of the traffic stays cheap. */
	uint16_t port = server_side(g, e) < 0 ? g->sport : g->dport;
	e->candidate_ports[port / 8] |= (uint8_t)(1u << (port % 8));
}

void smtp365_segment(struct smtp365 *e, const struct segment *g)
{
	e->stats.segments++;
	e->fed_number = 0;
	enum gate_answer answer = gate_look(e->gate, g);
	if (answer == GATE_SKIP &&
	    ((!candidate_port(e, g->sport) && !candidate_port(e, g->dport)) ||
	     !flow_find(e->flows, &g->src, g->sport, &g->dst, g->dport, NULL))) {
		if (g->time_ns > e->capture.now_ns)
			e->cx.now_ns = e->capture.now_ns = g->time_ns;
		return;
	}
	tick(e, g->time_ns);
	bool late = answer == GATE_WATCHED && e->watched_late && !(g->flags & TCP_SYN);
	if ((answer == GATE_CANDIDATE || late) &&
	    !flow_find(e->flows, &g->src, g->sport, &g->dst, g->dport, NULL)) {
		feed_handshake(e, g);
		if (answer == GATE_CANDIDATE)
			mark_candidate(e, g);
	}
	e->stats.smtp_segments++;
	struct flow *f = flow_feed(e->flows, g);
	if (!f)
		return;
	if (!f->tag)
		number(e, f);
	const struct flow_mark mark = { .time_ns = g->time_ns, .frame = g->frame };
	if (f->session && f->tag)
		session_opened_flush(session_of(e, f), &mark);
	if (f->session && f->tag)
		early_touch(&e->early, f->session, f, e->capture.now_ns);
	e->fed_number = f->tag;
	uint32_t hole = f->session ? flow_sack_hole(g) : 0;
	if (hole)
		session_hole(session_of(e, f), !memcmp(&g->src, &f->client, sizeof g->src), g->ack,
			     hole, (struct flow_mark){ .time_ns = g->time_ns, .frame = g->frame });
	/* A client's segment with an ACK answers something of the server. */
	if (f->side[FLOW_S2C].segments)
		e->capture.answers_seen = true;
	else if ((g->flags & TCP_ACK) && !(g->flags & TCP_RST))
		e->c2s_data_seen = true;
	e->cx.one_sided = e->capture.one_sided = e->c2s_data_seen && !e->capture.answers_seen;
}

G_STATIC_ASSERT(FLOW_EXPECT == SMTP365_EXPECT);

void smtp365_expect(struct smtp365 *e, struct segment *const *g, unsigned n)
{
	struct segment *ours[FLOW_EXPECT];
	unsigned count = 0;

	for (unsigned i = 0; i < n && count < FLOW_EXPECT; i++)
		if (smtp365_watches(e, g[i]->sport, g[i]->dport))
			ours[count++] = g[i];
	if (count > 1)
		flow_expect(e->flows, ours, count);
}

void smtp365_clock(struct smtp365 *e, uint64_t now_ns)
{
	if (e->capture.first_ns && now_ns > e->capture.now_ns)
		e->cx.now_ns = e->capture.now_ns = now_ns;
}

unsigned smtp365_last_session(const struct smtp365 *e)
{
	return e->fed_number;
}

void smtp365_datagram(struct smtp365 *e, const struct datagram *g)
{
	e->stats.datagrams++;
	tick(e, g->time_ns);
	dns_feed(e->cx.dns, g);
	dns_expire(e->cx.dns, e->capture.now_ns);
}

void smtp365_icmp(struct smtp365 *e, const struct icmp_error *i)
{
	e->stats.icmp_errors++;
	tick(e, i->time_ns);
	enum flow_dir dir;
	struct flow *f = flow_find(e->flows, &i->src, i->sport, &i->dst, i->dport, &dir);
	if (!f)
		return;
	/* The quoted header must be one of this connection's segments, not a forged or stale one.
	 */
	const struct flow_side *side = &f->side[dir];
	bool ours = side->have_next && seq_cmp(i->seq, side->isn) >= 0 &&
		    seq_cmp(i->seq, side->highest) <= 0;
	if (!ours)
		return;
	session_icmp(session_of(e, f), i);
	if (f->tag)
		early_touch(&e->early, f->session, f, e->capture.now_ns);
}

void smtp365_plaintext(struct smtp365 *e, const struct plaintext *p)
{
	enum flow_dir dir;
	struct flow *f = flow_find(e->flows, &p->src, p->sport, &p->dst, p->dport, &dir);
	struct flow_mark mark = { .time_ns = p->time_ns, .frame = p->frame };
	if (f)
		session_plaintext(session_of(e, f), dir, bytes_of(p->payload, p->len), mark);
}

void smtp365_plain_alert(struct smtp365 *e, const struct plaintext *p)
{
	enum flow_dir dir;
	struct flow *f = flow_find(e->flows, &p->src, p->sport, &p->dst, p->dport, &dir);
	struct flow_mark mark = { .time_ns = p->time_ns, .frame = p->frame };
	struct bytes in = bytes_of(p->payload, p->len);
	uint8_t level = bytes_u8(&in), code = bytes_u8(&in);
	if (f && !in.bad)
		session_plain_alert(session_of(e, f), dir, level, code, mark);
}

unsigned smtp365_keys(struct smtp365 *e, const char *text, size_t n)
{
	if (!e->cx.key_log)
		e->cx.key_log = key_log_new();
	key_log_add(e->cx.key_log, bytes_of(text, n));
	return key_log_count(e->cx.key_log);
}

bool smtp365_watches(const struct smtp365 *e, uint16_t a, uint16_t b)
{
	return gate_watched(e->gate, a) || gate_watched(e->gate, b);
}

void smtp365_watch(struct smtp365 *e, uint16_t port)
{
	e->watched_late = true;
	gate_watch(e->gate, port);
}

/* ---- the end ---- */

static void lookup_failed(const struct dns_lookup *l, const char *meant, void *host)
{
	struct smtp365 *e = host;
	e->stats.sessions++;
	conclude_lookup(e->room, ++e->last_number, l, meant, e->on_session, e->host);
}

void smtp365_finish(struct smtp365 *e)
{
	dns_finish(e->cx.dns, e->capture.now_ns);
	flow_table_finish(e->flows);
	clients_lookups(e->clients, e->cx.dns, e->lookups_until, UINT64_MAX, lookup_failed, e);
	e->lookups_until =
		MAX(e->lookups_until, e->capture.now_ns + 1); /* told once, though freed later */
}

/* ---- live ---- */

static void open_verdict(const struct verdict *v, void *host)
{
	struct smtp365 *e = host;
	if (!early_worth(&e->early, e->looked, v, e->capture.now_ns))
		return;
	e->stats.told_early++;
	e->on_session(v, e->host);
}

static void look(struct tracked *t, void *host)
{
	struct smtp365 *e = host;
	struct flow *f = t->look.flow;
	f = flow_find(e->flows, &f->client, f->client_port, &f->server, f->server_port,
		      NULL); /* sides valid */
	const struct flow_side *c = &f->side[FLOW_C2S], *d = &f->side[FLOW_S2C];
	/* It only waits for late segments, some seconds: what is critical does not. */
	t->look.closed = (c->fin_frame && d->fin_frame) || c->rst_frame || d->rst_frame;
	e->looked = t;
	e->capture.table_stale = ranges_stale(e);
	conclude_open(e->room, t, f, &e->capture, open_verdict, e);
}

static void tell_lookups(struct smtp365 *e, uint64_t now)
{
	uint64_t ripe = now > LOOKUP_RIPE ? now - LOOKUP_RIPE : 0;
	if (ripe < e->lookups_until + LOOKUP_EVERY)
		return;
	clients_lookups(e->clients, e->cx.dns, e->lookups_until, ripe, lookup_failed, e);
	e->lookups_until = ripe;
}

void smtp365_tick(struct smtp365 *e, uint64_t now_ns)
{
	e->early.on = true;
	if (!e->capture.first_ns)
		return; /* nothing has begun */
	if (now_ns + CLOCK_BACK < e->capture.now_ns) {
		e->capture.now_ns = now_ns;
		flow_set_back(e->flows, now_ns);
		e->lookups_until = MIN(e->lookups_until, now_ns);
	}
	tick(e, now_ns);
	dns_expire(e->cx.dns, e->capture.now_ns);
	early_look(&e->early, e->capture.now_ns, look, e);
	tell_lookups(e, e->capture.now_ns);
}

struct smtp365_stats smtp365_stats(const struct smtp365 *e)
{
	struct smtp365_stats s = e->stats;
	struct flow_stats f = flow_table_stats(e->flows);
	s.culled = f.culled;
	s.open = f.open;
	s.bytes = f.bytes;
	s.bytes_peak = f.bytes_peak;
	return s;
}

const char *smtp365_ranges_date(const struct smtp365 *e, bool *stale)
{
	if (stale)
		*stale = ranges_stale(e);
	return e->ranges_date;
}
