/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Several sessions of one client, see clients.h.
 */
#include "verdict/clients.h"
#include "base/code.h"

#include <string.h>

#define CLIENTS_MOST 8192u
#define SUMMARIES 8u
#define MACS 1024u
#define FALLBACK_TIME (15 * 60 * SEGMENT_SECOND) /* S07 */
#define DANCE_TIME (60 * SEGMENT_SECOND)	 /* X13 */

#define SILENCE_TIME (7 * SEGMENT_SECOND) /* T01 */

/* What is remembered of a session. */
struct summary {
	struct address server;
	uint16_t port;
	uint64_t first_ns, last_ns;
	uint32_t hello_frame, failed_frame;
	uint16_t max_version; /* of its ClientHello, 0 none */
	bool tls_failed;
	bool unanswered; /* SYN only, nothing came back */
	uint32_t syn_frame;
	guint name_hash;	    /* of the EHLO name, 0 none */
	bool m365;		    /* by address, banner or SNI */
	struct tracked_cause cause; /* of its verdict */
};

struct client {
	struct address address;
	struct summary
		*last; /* owned; a ring once it has room for SUMMARIES, most clients need one */
	unsigned room, count; /* count: in all; slot = count % room */
	GList link;	      /* in clients.order */
};

struct mac_time { /* when this host last opened an IPv4 connection */
	uint8_t mac[6];
	uint64_t v4_ns;
};

struct clients {
	struct mac_time macs[MACS]; /* direct-mapped */
	const struct session_context *cx;
	GHashTable *table; /* struct address -> struct client */
	GQueue order;	   /* oldest first */
};

static guint address_hash(gconstpointer p)
{
	const struct address *a = p;
	guint h = 2166136261u ^ a->family;
	for (size_t i = 0; i < sizeof a->byte; i++)
		h = (h ^ a->byte[i]) * 16777619u;
	return h;
}

static gboolean address_equal(gconstpointer a, gconstpointer b)
{
	return memcmp(a, b, sizeof(struct address)) == 0;
}

static void client_free(gpointer p)
{
	g_free(((struct client *)p)->last);
	g_free(p);
}

/* Where the next summary goes. */
static struct summary *client_next(struct client *k)
{
	if (k->count >= k->room && k->room < SUMMARIES) {
		k->room = k->room ? k->room * 2 : 1;
		k->last = g_renew(struct summary, k->last, k->room);
	}
	return &k->last[k->count++ % k->room];
}

struct clients *clients_new(const struct session_context *cx)
{
	struct clients *c = g_new0(struct clients, 1);
	c->cx = cx;
	c->table = g_hash_table_new_full(address_hash, address_equal, NULL, client_free);
	g_queue_init(&c->order);
	return c;
}

void clients_free(struct clients *c)
{
	if (!c)
		return;
	g_hash_table_destroy(c->table);
	g_free(c);
}

static struct client *client_of(struct clients *c, const struct address *a)
{
	struct client *k = g_hash_table_lookup(c->table, a);
	if (k)
		return k;
	if (c->order.length >= CLIENTS_MOST) {
		GList *oldest = g_queue_pop_head_link(&c->order);
		g_hash_table_remove(c->table, &((struct client *)oldest->data)->address);
	}
	k = g_new0(struct client, 1);
	k->address = *a;
	k->link.data = k;
	g_queue_push_tail_link(&c->order, &k->link);
	g_hash_table_insert(c->table, &k->address, k);
	return k;
}

static void extra(struct tracked *t, enum fact fact, uint32_t frame, const char *words)
{
	if (!t->extra)
		t->extra = g_new0(struct tracked_extra, TRACKED_EXTRAS);
	if (t->extra_count < TRACKED_EXTRAS)
		t->extra[t->extra_count++] = (struct tracked_extra){
			.fact = fact,
			.frame = frame,
			.words = session_keep_text(t->session, words),
		};
}

static bool reached_m365(const struct clients *c, const struct seen *n, const struct flow *f)
{
	const char *sni = n->tls->client.has_sni ? n->tls->client.sni : NULL;
	struct peer p;
	return peers_by_address(c->cx->peers, &f->server, f->server_port, &p) ||
	       (n->banner.frame && peers_by_banner(c->cx->peers, n->banner_text, &p)) ||
	       (sni && peers_by_name(c->cx->peers, sni, f->server_port, &p));
}

static struct summary summarise(const struct clients *c, const struct seen *n, const struct flow *f)
{
	bool refused = code_refuses(n->starttls_code);
	return (struct summary){
		.server = f->server,
		.port = f->server_port,
		.first_ns = f->first_ns,
		.last_ns = f->last_ns,
		.hello_frame = n->tls->client.at.frame,
		.failed_frame = n->tls->alert_count ? n->tls->alerts[0].at.frame
				: refused	    ? n->starttls_reply.frame
						    : n->tls->client.at.frame,
		.max_version = n->tls->client.max_version,
		.tls_failed = refused || (n->tls->client.at.frame && !n->tls->established &&
					  !n->odd->gap.frame),
		.unanswered = f->side[FLOW_C2S].syn_frame && !f->side[FLOW_S2C].segments &&
			      !n->odd->icmp.frame,
		.syn_frame = f->side[FLOW_C2S].syn_frame,
		.name_hash = n->ehlo.name ? g_str_hash(n->ehlo.name) : 0,
		.m365 = reached_m365(c, n, f),
	};
}

/* TLS failed before, now the same mail goes in clear (S07). */
static void fallback(struct tracked *t, const struct summary *was, const struct summary *now)
{
	const struct seen *n = session_seen(t->session);
	const struct seen_at *clear =
		n->mail->auth_clear.frame ? &n->mail->auth_clear : &n->mail->mail_clear;
	if (!clear->frame || n->mirror || n->tls->established || !was->tls_failed ||
	    now->first_ns < was->first_ns || ns_since(now->first_ns, was->last_ns) > FALLBACK_TIME)
		return;
	if (was->name_hash && now->name_hash && was->name_hash != now->name_hash)
		return; /* another program on the same host */
	if (was->cause.rule)
		t->before = was->cause;
	char *words =
		g_strdup_printf("TLS failed in the session before (frame %u)", was->failed_frame);
	extra(t, FACT_CLEAR_AFTER_TLS_FAILED, was->failed_frame, words);
	extra(t, FACT_CLEAR_AFTER_TLS_FAILED, clear->frame, words);
	g_free(words);
}

/* Each attempt offers less than the one before, which failed (X13). */
static void dance(struct tracked *t, const struct summary *was, const struct summary *now)
{
	if (!now->max_version || !was->max_version || now->max_version >= was->max_version ||
	    !was->tls_failed || now->first_ns < was->first_ns ||
	    now->first_ns - was->first_ns > DANCE_TIME)
		return;
	char *words =
		g_strdup_printf("%s after %s failed (frame %u)", tls_version_name(now->max_version),
				tls_version_name(was->max_version), was->failed_frame);
	extra(t, FACT_DOWNGRADE_DANCE, was->hello_frame, words);
	extra(t, FACT_DOWNGRADE_DANCE, now->hello_frame, NULL);
	g_free(words);
}

/* Two or more connections, each too short to tell, and nothing came back to any (T01). */
static void silence(const struct clients *c, struct tracked *t, const struct summary *was,
		    const struct summary *now)
{
	if (!was->unanswered || !now->unanswered || now->first_ns < was->first_ns ||
	    c->cx->one_sided || ns_since(c->cx->now_ns, was->first_ns) < SILENCE_TIME)
		return;
	extra(t, FACT_SYN_NO_ANSWER, was->syn_frame,
	      "no answer to this connection nor to the one before");
	extra(t, FACT_SYN_NO_ANSWER, now->syn_frame, NULL);
}

static struct mac_time *mac_of(struct clients *c, const uint8_t mac[6])
{
	guint h = 2166136261u;
	for (size_t i = 0; i < 6; i++)
		h = (h ^ mac[i]) * 16777619u;
	return &c->macs[(h ^ h >> 16) % MACS];
}

void clients_opened(struct clients *c, const struct flow *f)
{
	const struct flow_side *side = &f->side[FLOW_C2S];
	if (f->client.family != 4 || !side->has_mac)
		return;
	struct mac_time *m = mac_of(c, side->src_mac);
	memcpy(m->mac, side->src_mac, sizeof m->mac);
	m->v4_ns = f->first_ns;
}

/* IPv6 gets no answer and the host does not try IPv4 (N07; RFC 8305 would within 3 s). */
static void ipv6_only(struct clients *c, struct tracked *t, const struct flow *f,
		      const struct summary *now)
{
	const struct flow_side *side = &f->side[FLOW_C2S];
	if (f->client.family != 6 || !now->unanswered || !side->has_mac || side->syn_count < 2)
		return;
	const struct mac_time *m = mac_of(c, side->src_mac);
	if (memcmp(m->mac, side->src_mac, sizeof m->mac) || m->v4_ns < f->first_ns)
		extra(t, FACT_IPV6_ONLY_PATH, now->syn_frame, "no IPv4 attempt after it");
}

/* How many of the client's sessions before this one, the newest first, ended in temporary trouble
 * at the login, whichever of Microsoft's addresses they reached; *frame gets that of the oldest. */
static unsigned logins_put_off(const struct client *k, const struct summary *now, uint32_t *frame)
{
	unsigned n = MIN(k->count, SUMMARIES), found = 0;
	for (unsigned i = 0; i < n; i++, found++) {
		const struct summary *was = &k->last[(k->count - 1 - i) % k->room];
		const struct rule *r = was->cause.rule;
		if (was->port != now->port || !r || r->explains != STAGE_AUTH ||
		    strcmp(r->id, "m365.temporary") != 0)
			break;
		*frame = was->cause.frame;
	}
	return found;
}

/* The same temporary trouble at every login is not the server's moment any more. */
static void put_off_again(struct tracked *t, const struct client *k, const struct summary *now)
{
	enum { AGAIN = 2 };
	uint32_t frame = 0;
	unsigned n = logins_put_off(k, now, &frame);
	if (n < AGAIN)
		return;
	char *words =
		g_strdup_printf("the same in %u sessions before, the oldest in frame %u", n, frame);
	extra(t, FACT_TEMPORARY_LOGIN_AGAIN, frame, words);
	g_free(words);
}

void clients_session(struct clients *c, struct tracked *t, const struct flow *f)
{
	struct client *k = client_of(c, &f->client);
	struct summary now = summarise(c, session_seen(t->session), f);
	unsigned n = MIN(k->count, SUMMARIES);

	for (unsigned i = 0; i < n; i++) { /* newest first; one match is enough */
		const struct summary *was = &k->last[(k->count - 1 - i) % k->room];
		if (was->port != now.port || memcmp(&was->server, &now.server, sizeof now.server))
			continue;
		fallback(t, was, &now);
		dance(t, was, &now);
		silence(c, t, was, &now);
		break;
	}
	ipv6_only(c, t, f, &now);
	put_off_again(t, k, &now);
	*client_next(k) = now;
	g_queue_unlink(&c->order, &k->link);
	g_queue_push_tail_link(&c->order, &k->link);
}

void clients_told(struct clients *c, const struct tracked *t, const struct flow *f)
{
	struct client *k = g_hash_table_lookup(c->table, &f->client);
	if (!k || !k->count || !t->cause.rule)
		return;
	k->last[(k->count - 1) % k->room].cause = t->cause;
}

/* ---- look-ups ---- */

#define TYPE_A 1
#define TYPE_AAAA 28

struct question { /* one name of one client, all types and resolvers together */
	struct dns_lookup *first_failed; /* copy, owned */
	bool answered, open;
	const char *meant;
};

struct gather {
	const struct clients *clients;
	uint64_t from_ns, until_ns;
	GHashTable *by_name; /* key text -> struct question, owned */
	GPtrArray *order;
};

static bool interesting(const struct clients *c, const char *name, const char **meant)
{
	struct peer p;
	*meant = NULL;
	return peers_by_name(c->cx->peers, name, 0, &p) ||
	       peers_lookalike(c->cx->peers, name, meant);
}

/* Answered with nothing but null or loopback addresses, as filters do: no connection can follow. */
static bool leads_nowhere(const struct dns_lookup *l)
{
	static const uint8_t none[16];
	for (unsigned i = 0; i < l->address_count; i++) {
		const struct address *a = &l->address[i];
		bool v6 = a->family == 6 && !memcmp(a->byte, none, 15) && a->byte[15] <= 1;
		if (!v6 && !(a->family == 4 && (a->byte[0] == 0 || a->byte[0] == 127)))
			return false;
	}
	return l->address_count > 0;
}

static void question_free(gpointer p)
{
	g_free(((struct question *)p)->first_failed);
	g_free(p);
}

static void gather(const struct dns_lookup *l, void *arg)
{
	struct gather *g = arg;
	const char *meant;
	GString *key;

	if (l->query_ns < g->from_ns || l->query_ns >= g->until_ns)
		return;
	if (l->type == TYPE_AAAA && l->outcome == DNS_NODATA)
		return; /* a name without IPv6 is there all the same */
	if ((l->type != TYPE_A && l->type != TYPE_AAAA) ||
	    !interesting(g->clients, l->name, &meant))
		return;
	key = g_string_new(NULL);
	for (size_t i = 0; i < sizeof l->client.byte; i++)
		g_string_append_printf(key, "%02x", l->client.byte[i]);
	g_string_append(key, l->name);
	struct question *q = g_hash_table_lookup(g->by_name, key->str);
	if (!q) {
		q = g_new0(struct question, 1);
		q->meant = meant;
		g_ptr_array_add(g->order, q);
		g_hash_table_insert(g->by_name, g_strdup(key->str), q);
	}
	g_string_free(key, TRUE);
	if (l->outcome == DNS_ANSWERED && leads_nowhere(l) && !q->first_failed)
		q->first_failed = g_memdup2(l, sizeof *l);
	else if (l->outcome == DNS_ANSWERED)
		q->answered = true;
	else if (l->outcome == DNS_PENDING)
		q->open = true;
	else if (!q->first_failed)
		q->first_failed = g_memdup2(l, sizeof *l);
}

/* No answer was captured, and yet the client went to Microsoft 365 after it asked: the answer came
 * by a way that the capture does not show (C01). */
static bool connected(const struct clients *c, const struct dns_lookup *l)
{
	const struct client *k = g_hash_table_lookup(c->table, &l->client);
	if (!k || l->outcome == DNS_NXDOMAIN || l->outcome == DNS_NODATA ||
	    l->outcome == DNS_ANSWERED)
		return false;
	for (unsigned i = 0; i < MIN(k->count, SUMMARIES); i++)
		if (k->last[i].m365 && k->last[i].first_ns >= l->query_ns)
			return true;
	return false;
}

void clients_lookups(struct clients *c, const struct dns *d, uint64_t from_ns, uint64_t until_ns,
		     void (*fn)(const struct dns_lookup *l, const char *meant, void *host),
		     void *host)
{
	struct gather g = { .clients = c,
			    .from_ns = from_ns,
			    .until_ns = until_ns,
			    .by_name = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
							     question_free),
			    .order = g_ptr_array_new() };
	dns_each(d, gather, &g);
	for (guint i = 0; i < g.order->len; i++) {
		const struct question *q = g_ptr_array_index(g.order, i);
		if (q->first_failed && !q->answered && !q->open && !connected(c, q->first_failed))
			fn(q->first_failed, q->meant, host);
	}
	g_ptr_array_free(g.order, TRUE);
	g_hash_table_destroy(g.by_name);
}
