/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The look-ups of all clients: which query or answer begins or ends which look-up, what time makes
 * of those that wait, and the questions of the engine. How look-ups are kept is left to
 * records.c, reading a message to message.c.
 */
#include "base/caps.h"
#include "dns/records.h"

/* The same question after this time is a new look-up: resolvers give up after 5 to 30 s. */
#define SAME_QUESTION (60 * SEGMENT_SECOND)
/* A question without answer, dns.h. */
#define NO_ANSWER (5 * SEGMENT_SECOND)

/* ---- messages ---- */

static void note_client(struct dns *d, const struct address *client, uint32_t frame)
{
	uint64_t key = dns_hash_client(d, client);

	if (g_hash_table_contains(d->clients, &key))
		return;
	if (g_queue_get_length(&d->clients_by_age) == CAP_DNS_ANSWERS) {
		struct dns_client *oldest = g_queue_pop_tail(&d->clients_by_age);
		g_hash_table_remove(d->clients, &oldest->hash);
	}
	struct dns_client *c = g_new0(struct dns_client, 1);
	c->hash = key;
	c->first_frame = frame;
	g_hash_table_insert(d->clients, &c->hash, c);
	g_queue_push_head(&d->clients_by_age, c);
}

static bool was_asked(const struct dns_record *r, uint16_t port, uint16_t id)
{
	unsigned n = MIN(r->asked_count, DNS_QUERIES_KEPT);

	for (unsigned i = 0; i < n; i++)
		if (r->asked[i].port == port && r->asked[i].id == id)
			return true;
	return false;
}

static void note_query(struct dns_record *r, const struct datagram *g, uint16_t id)
{
	struct dns_lookup *l = r->full;

	r->asked[r->asked_count++ % DNS_QUERIES_KEPT] = (struct dns_asked){ g->sport, id };
	r->last_ns = g->time_ns;
	l->server = g->dst;
	l->client_port = g->sport;
	l->over_tcp = g->over_tcp;
	l->query_last_frame = g->frame;
	l->query_last_ns = g->time_ns;
	l->queries++;
}

/* Later than `since` by more than `wait`? Never when time goes backwards. */
static bool later(uint64_t now, uint64_t since, uint64_t wait)
{
	return now > since && now - since > wait;
}

static const struct dns_lookup *feed_query(struct dns *d, const struct datagram *g,
					   const struct dns_message *m)
{
	uint64_t question = dns_hash_question(d, &g->src, m->said.name, m->said.type);
	struct dns_record *r = record_find(d, question, &g->src, m->said.name, m->said.type);

	if (r && r->queue && !later(g->time_ns, r->last_ns, SAME_QUESTION)) {
		/* The second copy that a mirror makes is no second query. */
		if (was_asked(r, g->sport, m->id) &&
		    !later(g->time_ns, r->last_ns, CAP_MIRROR_DUPLICATE))
			return r->full;
		note_query(r, g, m->id);
		record_stop_waiting(d, r);
		record_start_waiting(d, r, &d->asked);
		return r->full;
	}
	r = record_new(d, question, m);
	r->full->client = g->src;
	r->full->query_frame = g->frame;
	r->full->query_ns = g->time_ns;
	note_query(r, g, m->id);
	record_start_waiting(d, r, &d->asked);
	return r->full;
}

static enum dns_outcome outcome_of(const struct dns_message *m)
{
	switch (m->said.rcode) {
	case 0:
		return m->answered ? DNS_ANSWERED : DNS_NODATA;
	case 2:
		return DNS_SERVFAIL;
	case 3:
		return DNS_NXDOMAIN;
	case 5:
		return DNS_REFUSED;
	default:
		return DNS_OTHER;
	}
}

/* May a later answer replace this outcome? Another server's answer does replace a failure, as it
 * does for the client; but of two answers the first is the one that the client used. */
static bool is_poor(enum dns_outcome o)
{
	return o == DNS_PENDING || o == DNS_SERVFAIL || o == DNS_REFUSED || o == DNS_OTHER ||
	       o == DNS_NO_ANSWER;
}

static void take_answer(struct dns *d, struct dns_record *r, const struct datagram *g,
			const struct dns_message *m)
{
	struct dns_lookup *l = r->full;

	record_stop_waiting(d, r);
	l->outcome = outcome_of(m);
	l->rcode = m->said.rcode;
	l->server = g->src;
	l->client_port = g->dport;
	l->over_tcp = g->over_tcp;
	l->answer_frame = g->frame;
	l->answer_ns = g->time_ns;
	memcpy(l->address, m->said.address, sizeof l->address);
	l->address_count = m->said.address_count;
	memcpy(l->cname, m->said.cname, sizeof l->cname);
	memcpy(l->mx, m->said.mx, sizeof l->mx);
	l->mx_count = m->said.mx_count;
	memcpy(l->text, m->said.text, sizeof l->text);
	l->tlsa = m->said.tlsa;
	l->ttl = m->said.ttl;
	if (l->outcome == DNS_ANSWERED)
		record_index_addresses(d, r);
}

static const struct dns_lookup *feed_response(struct dns *d, const struct datagram *g,
					      const struct dns_message *m)
{
	uint64_t question = dns_hash_question(d, &g->dst, m->said.name, m->said.type);
	struct dns_record *r = record_find(d, question, &g->dst, m->said.name, m->said.type);

	/* A truncated answer without what was asked sends the client to TCP: still waiting. */
	if (m->truncated && m->said.rcode == 0 && m->said.address_count == 0 &&
	    m->said.mx_count == 0 && !m->said.text[0] && !m->said.tlsa)
		return NULL;
	if (r && was_asked(r, g->dport, m->id)) {
		if (!is_poor(r->full->outcome))
			return NULL;
		if (r->full->outcome != DNS_PENDING && is_poor(outcome_of(m)))
			return NULL;
		take_answer(d, r, g, m);
		return r->full;
	}
	/* An answer whose query was not captured still tells what the client learned. One to
	 * another id than the query's is forged, or too old to matter; a second copy is a mirror's.
	 */
	uint64_t same = r && r->asked_count > 0 ? SAME_QUESTION : CAP_MIRROR_DUPLICATE;
	if (r && !later(g->time_ns, r->last_ns, same))
		return NULL;
	r = record_new(d, question, m);
	r->full->client = g->dst;
	r->last_ns = g->time_ns;
	record_note_open(d, r);
	take_answer(d, r, g, m);
	return r->full;
}

static bool is_interesting(uint16_t type)
{
	switch (type) {
	case DNS_TYPE_A:
	case DNS_TYPE_AAAA:
	case DNS_TYPE_CNAME:
	case DNS_TYPE_MX:
	case DNS_TYPE_TXT:
	case DNS_TYPE_TLSA:
		return true;
	default:
		return false;
	}
}

const struct dns_lookup *dns_feed(struct dns *d, const struct datagram *g)
{
	struct dns_message m;

	records_pack(d);
	if (!dns_message_read(g->payload, g->caplen, &m))
		return NULL;
	if (m.response ? g->sport != 53 : g->dport != 53)
		return NULL;
	note_client(d, m.response ? &g->dst : &g->src, g->frame);
	if (!is_interesting(m.said.type))
		return NULL;
	return m.response ? feed_response(d, g, &m) : feed_query(d, g, &m);
}

/* Both queues are in the order of their last queries, so each record is looked at once or twice in
 * its life. At the end of the capture the caller gives UINT64_MAX. */
void dns_expire(struct dns *d, uint64_t now_ns)
{
	struct dns_record *r;

	while ((r = d->asked.oldest) && later(now_ns, r->last_ns, NO_ANSWER)) {
		record_stop_waiting(d, r);
		if (r->full->queries >= 2)
			r->full->outcome = DNS_NO_ANSWER;
		else
			record_start_waiting(d, r, &d->late);
	}
	while ((r = d->late.oldest) && later(now_ns, r->last_ns, SAME_QUESTION))
		record_stop_waiting(d, r);
}

void dns_finish(struct dns *d, uint64_t now_ns)
{
	dns_expire(d, now_ns);
	for (struct dns_record *r = d->asked.oldest; r; r = r->wait_newer)
		if (r->full->queries >= 2 && later(now_ns + 1, r->full->query_ns, NO_ANSWER))
			r->full->outcome = DNS_NO_ANSWER;
}

/* ---- questions of the engine ---- */

const struct dns_lookup *dns_name_for(const struct dns *d, const struct address *client,
				      const struct address *address, uint64_t now_ns)
{
	uint64_t key = dns_hash_address(d, client, address);
	const GQueue *names = g_hash_table_lookup(d->addresses, &key);

	for (const GList *i = names ? names->head : NULL; i; i = i->next) {
		const struct dns_lookup *l = record_open(d, i->data);
		if (l->answer_ns > now_ns || memcmp(&l->client, client, sizeof *client) != 0)
			continue;
		for (unsigned n = 0; n < l->address_count; n++)
			if (memcmp(&l->address[n], address, sizeof *address) == 0)
				return l;
	}
	return NULL;
}

const struct dns_lookup *dns_lookup_of(const struct dns *d, const struct address *client,
				       const char *name, uint16_t type)
{
	char normal[256];

	if (!dns_name_normal(name, normal))
		return NULL;
	const struct dns_record *r =
		record_find(d, dns_hash_question(d, client, normal, type), client, normal, type);
	return r ? r->full : NULL;
}

uint32_t dns_client_seen(const struct dns *d, const struct address *client)
{
	uint64_t key = dns_hash_client(d, client);
	const struct dns_client *c = g_hash_table_lookup(d->clients, &key);

	return c ? c->first_frame : 0;
}

void dns_each(const struct dns *d, void (*fn)(const struct dns_lookup *l, void *arg), void *arg)
{
	for (struct dns_record *r = d->oldest; r; r = r->newer) {
		if (r->full) {
			fn(r->full, arg);
			continue;
		}
		struct dns_lookup *l = record_unpack(r->packed);
		fn(l, arg);
		g_free(l);
	}
}

size_t dns_kept(const struct dns *d)
{
	return d->kept;
}

/* ---- life ---- */

static void free_queue(gpointer queue)
{
	g_queue_free(queue);
}

struct dns *dns_new(void)
{
	struct dns *d = g_new0(struct dns, 1);

	d->seed[0] = ((uint64_t)g_random_int() << 32) | g_random_int();
	d->seed[1] = ((uint64_t)g_random_int() << 32) | g_random_int() | 1;
	d->questions = g_hash_table_new(g_int64_hash, g_int64_equal);
	d->addresses = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, free_queue);
	d->clients = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
	d->unpacked = g_ptr_array_new();
	g_queue_init(&d->clients_by_age);
	return d;
}

void dns_free(struct dns *d)
{
	if (!d)
		return;
	while (d->oldest)
		records_drop_oldest(d);
	g_queue_clear(&d->clients_by_age);
	g_hash_table_destroy(d->clients);
	g_hash_table_destroy(d->addresses);
	g_hash_table_destroy(d->questions);
	g_ptr_array_unref(d->unpacked);
	g_free(d);
}
