/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The look-ups of all clients. One record a question, in the order of their first queries; an
 * index by client, name and type to the newest, and one by client and address to the newest few
 * that gave it. Records at rest are packed (most of a look-up is zeros), so that the caps mean
 * about 50 MiB and not 150. Everything is bounded and leaves oldest first.
 */
#include "caps.h"
#include "dns_message.h"

/* Queries of one look-up whose answers are recognised by port and id. */
#define QUERIES_KEPT 8u
/* Look-ups of one client that are remembered for one address. */
#define NAMES_OF_ADDRESS 32u
/* The same question after this time is a new look-up: resolvers give up after 5 to 30 s. */
#define SAME_QUESTION (60 * CAP_SECOND)
/* A question without answer, dns.h. */
#define NO_ANSWER (5 * CAP_SECOND)

struct asked {
	uint16_t port, id;
};

struct record {
	struct record *newer, *older;		/* by first query */
	struct record *wait_newer, *wait_older; /* by last query, in `queue` */
	struct queue *queue;			/* where it waits for its answer; NULL when not */
	bool indexed;				/* in dns.addresses */
	bool listed;				/* in dns.unpacked */
	struct dns_lookup *full;		/* owned; NULL while packed */
	uint8_t *packed;			/* owned; NULL until first packed */
	uint64_t question;			/* hash of client, name and type */
	uint64_t last_ns;			/* last query, or the answer without one */
	unsigned asked_count;
	struct asked asked[QUERIES_KEPT]; /* a ring */
};

struct queue {
	struct record *oldest, *newest;
};

struct client {
	uint64_t hash;
	uint32_t first_frame;
};

struct dns {
	uint64_t seed[2];
	struct record *oldest, *newest;
	struct queue asked; /* questions that wait for an answer or for NO_ANSWER to pass */
	struct queue late;  /* asked once, NO_ANSWER has passed: proves nothing yet */
	size_t kept, waiting;
	GHashTable *questions; /* question hash → record, the newest */
	GHashTable *addresses; /* hash of client and address → GQueue of records, newest first */
	GHashTable *clients;   /* hash → struct client */
	GQueue clients_by_age;
	GPtrArray *unpacked; /* records to pack before the next message */
};

/* ---- keyed hash: the keys come from the wire, so their collisions must not be predictable ---- */

static uint64_t mix(const struct dns *d, uint64_t h, const void *p, size_t n)
{
	struct bytes in = bytes_of(p, n);

	while (bytes_left(&in) > 0) {
		struct bytes part = bytes_upto(&in, 8);
		uint64_t word = 0;
		memcpy(&word, part.at, bytes_left(&part));
		h = (h ^ word) * d->seed[1];
		h ^= h >> 29;
	}
	h = (h ^ n) * d->seed[1];
	return h ^ (h >> 32);
}

static uint64_t hash_client(const struct dns *d, const struct address *client)
{
	return mix(d, d->seed[0], client, sizeof *client);
}

static uint64_t hash_question(const struct dns *d, const struct address *client, const char *name,
			      uint16_t type)
{
	uint64_t h = mix(d, hash_client(d, client), name, strlen(name));
	return mix(d, h, &type, sizeof type);
}

static uint64_t hash_address(const struct dns *d, const struct address *client,
			     const struct address *address)
{
	return mix(d, ~hash_client(d, client), address, sizeof *address);
}

/* ---- packing: bytes that are not zero, with the zeros between them counted ---- */

/* Runs of: zeros (2 bytes), bytes (2 bytes), the bytes. The last run ends at the full size. */
static uint8_t *pack(const struct dns_lookup *l)
{
	const uint8_t *from = (const uint8_t *)l;
	uint8_t packed[sizeof *l + 64];
	size_t n = 0, at = 0;

	while (at < sizeof *l) {
		size_t zeros = at, end;
		while (zeros < sizeof *l && from[zeros] == 0)
			zeros++;
		/* A run of bytes goes on over up to 7 zeros: shorter than a new run. */
		size_t gap = 0;
		for (end = zeros; end < sizeof *l && gap < 8; end++)
			gap = from[end] == 0 ? gap + 1 : 0;
		end -= gap;
		uint16_t run[2] = { (uint16_t)(zeros - at), (uint16_t)(end - zeros) };
		memcpy(&packed[n], run, sizeof run);
		memcpy(&packed[n + sizeof run], &from[zeros], end - zeros);
		n += sizeof run + (end - zeros);
		at = end;
	}
	return g_memdup2(packed, n);
}

static struct dns_lookup *unpack(const uint8_t *packed)
{
	struct dns_lookup *l = g_new0(struct dns_lookup, 1);
	uint8_t *to = (uint8_t *)l;

	for (size_t at = 0; at < sizeof *l;) {
		uint16_t run[2];
		memcpy(run, packed, sizeof run);
		at += run[0];
		memcpy(&to[at], packed + sizeof run, run[1]);
		packed += sizeof run + run[1];
		at += run[1];
	}
	return l;
}

static void list_unpacked(const struct dns *d, struct record *r)
{
	if (!r->listed)
		g_ptr_array_add(d->unpacked, r);
	r->listed = true;
}

static struct dns_lookup *open_record(const struct dns *d, struct record *r)
{
	if (!r->full) {
		r->full = unpack(r->packed);
		list_unpacked(d, r);
	}
	return r->full;
}

/* Pack again what was opened since the last message; what waits for its answer stays open. */
static void pack_records(struct dns *d)
{
	for (guint i = 0; i < d->unpacked->len; i++) {
		struct record *r = g_ptr_array_index(d->unpacked, i);
		r->listed = false;
		if (r->queue)
			continue;
		g_free(r->packed);
		r->packed = pack(r->full);
		g_free(r->full);
		r->full = NULL;
	}
	g_ptr_array_set_size(d->unpacked, 0);
}

/* ---- the queue of questions that wait ---- */

static void stop_waiting(struct dns *d, struct record *r)
{
	struct queue *q = r->queue;

	if (!q)
		return;
	*(r->wait_older ? &r->wait_older->wait_newer : &q->oldest) = r->wait_newer;
	*(r->wait_newer ? &r->wait_newer->wait_older : &q->newest) = r->wait_older;
	r->wait_older = r->wait_newer = NULL;
	r->queue = NULL;
	d->waiting--;
	list_unpacked(d, r);
}

static void start_waiting(struct dns *d, struct record *r, struct queue *q)
{
	r->wait_older = q->newest;
	*(q->newest ? &q->newest->wait_newer : &q->oldest) = r;
	q->newest = r;
	r->queue = q;
	d->waiting++;
	if (d->waiting > CAP_DNS_PENDING)
		stop_waiting(d, d->late.oldest ? d->late.oldest : d->asked.oldest);
}

/* ---- records ---- */

static void forget_addresses(struct dns *d, struct record *r)
{
	const struct dns_lookup *l = r->full;

	for (unsigned i = 0; r->indexed && i < l->address_count; i++) {
		uint64_t key = hash_address(d, &l->client, &l->address[i]);
		GQueue *names = g_hash_table_lookup(d->addresses, &key);
		if (!names)
			continue;
		g_queue_remove(names, r); /* of at most NAMES_OF_ADDRESS */
		if (g_queue_is_empty(names))
			g_hash_table_remove(d->addresses, &key);
	}
	r->indexed = false;
}

static void drop_oldest(struct dns *d)
{
	struct record *r = d->oldest;

	open_record(d, r);
	stop_waiting(d, r);
	forget_addresses(d, r);
	if (g_hash_table_lookup(d->questions, &r->question) == r)
		g_hash_table_remove(d->questions, &r->question);
	d->oldest = r->newer;
	*(r->newer ? &r->newer->older : &d->newest) = NULL;
	if (r->listed)
		g_ptr_array_remove_fast(d->unpacked, r);
	d->kept--;
	g_free(r->full);
	g_free(r->packed);
	g_free(r);
}

static struct record *new_record(struct dns *d, uint64_t question, const struct dns_message *m)
{
	struct record *r = g_new0(struct record, 1);

	if (d->kept == CAP_DNS_ANSWERS)
		drop_oldest(d);
	r->full = g_new0(struct dns_lookup, 1);
	r->full->type = m->said.type;
	memcpy(r->full->name, m->said.name, sizeof r->full->name);
	r->question = question;
	r->older = d->newest;
	*(d->newest ? &d->newest->newer : &d->oldest) = r;
	d->newest = r;
	d->kept++;
	g_hash_table_replace(d->questions, &r->question, r);
	return r;
}

/* The newest record of the question, opened, or NULL. */
static struct record *find_question(const struct dns *d, uint64_t question,
				    const struct address *client, const char *name, uint16_t type)
{
	struct record *r = g_hash_table_lookup(d->questions, &question);

	if (!r)
		return NULL;
	const struct dns_lookup *l = open_record(d, r);
	bool same = memcmp(&l->client, client, sizeof *client) == 0 && l->type == type &&
		    strcmp(l->name, name) == 0;
	return same ? r : NULL;
}

static void index_addresses(struct dns *d, struct record *r)
{
	const struct dns_lookup *l = r->full;

	for (unsigned i = 0; i < l->address_count; i++) {
		uint64_t key = hash_address(d, &l->client, &l->address[i]);
		GQueue *names = g_hash_table_lookup(d->addresses, &key);
		if (!names) {
			names = g_queue_new();
			g_hash_table_insert(d->addresses, g_memdup2(&key, sizeof key), names);
		}
		if (g_queue_peek_head(names) == r) /* the same address twice in one answer */
			continue;
		g_queue_push_head(names, r);
		if (g_queue_get_length(names) > NAMES_OF_ADDRESS)
			g_queue_pop_tail(names);
	}
	r->indexed = true;
}

/* ---- messages ---- */

static void note_client(struct dns *d, const struct address *client, uint32_t frame)
{
	uint64_t key = hash_client(d, client);

	if (g_hash_table_contains(d->clients, &key))
		return;
	if (g_queue_get_length(&d->clients_by_age) == CAP_DNS_ANSWERS) {
		struct client *oldest = g_queue_pop_tail(&d->clients_by_age);
		g_hash_table_remove(d->clients, &oldest->hash);
	}
	struct client *c = g_new0(struct client, 1);
	c->hash = key;
	c->first_frame = frame;
	g_hash_table_insert(d->clients, &c->hash, c);
	g_queue_push_head(&d->clients_by_age, c);
}

static bool was_asked(const struct record *r, uint16_t port, uint16_t id)
{
	unsigned n = MIN(r->asked_count, QUERIES_KEPT);

	for (unsigned i = 0; i < n; i++)
		if (r->asked[i].port == port && r->asked[i].id == id)
			return true;
	return false;
}

static void note_query(struct record *r, const struct datagram *g, uint16_t id)
{
	struct dns_lookup *l = r->full;

	r->asked[r->asked_count++ % QUERIES_KEPT] = (struct asked){ g->sport, id };
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
	uint64_t question = hash_question(d, &g->src, m->said.name, m->said.type);
	struct record *r = find_question(d, question, &g->src, m->said.name, m->said.type);

	if (r && r->queue && !later(g->time_ns, r->last_ns, SAME_QUESTION)) {
		/* The second copy that a mirror makes is no second query. */
		if (was_asked(r, g->sport, m->id) &&
		    !later(g->time_ns, r->last_ns, CAP_MIRROR_DUPLICATE))
			return r->full;
		note_query(r, g, m->id);
		stop_waiting(d, r);
		start_waiting(d, r, &d->asked);
		return r->full;
	}
	r = new_record(d, question, m);
	r->full->client = g->src;
	r->full->query_frame = g->frame;
	r->full->query_ns = g->time_ns;
	note_query(r, g, m->id);
	start_waiting(d, r, &d->asked);
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

static void take_answer(struct dns *d, struct record *r, const struct datagram *g,
			const struct dns_message *m)
{
	struct dns_lookup *l = r->full;

	stop_waiting(d, r);
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
		index_addresses(d, r);
}

static const struct dns_lookup *feed_response(struct dns *d, const struct datagram *g,
					      const struct dns_message *m)
{
	uint64_t question = hash_question(d, &g->dst, m->said.name, m->said.type);
	struct record *r = find_question(d, question, &g->dst, m->said.name, m->said.type);

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
	r = new_record(d, question, m);
	r->full->client = g->dst;
	r->last_ns = g->time_ns;
	list_unpacked(d, r);
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

	pack_records(d);
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
	struct record *r;

	while ((r = d->asked.oldest) && later(now_ns, r->last_ns, NO_ANSWER)) {
		stop_waiting(d, r);
		if (r->full->queries >= 2)
			r->full->outcome = DNS_NO_ANSWER;
		else
			start_waiting(d, r, &d->late);
	}
	while ((r = d->late.oldest) && later(now_ns, r->last_ns, SAME_QUESTION))
		stop_waiting(d, r);
}

void dns_finish(struct dns *d, uint64_t now_ns)
{
	dns_expire(d, now_ns);
	for (struct record *r = d->asked.oldest; r; r = r->wait_newer)
		if (r->full->queries >= 2 && later(now_ns + 1, r->full->query_ns, NO_ANSWER))
			r->full->outcome = DNS_NO_ANSWER;
}

/* ---- questions of the engine ---- */

const struct dns_lookup *dns_name_for(const struct dns *d, const struct address *client,
				      const struct address *address, uint64_t now_ns)
{
	uint64_t key = hash_address(d, client, address);
	const GQueue *names = g_hash_table_lookup(d->addresses, &key);

	for (const GList *i = names ? names->head : NULL; i; i = i->next) {
		const struct dns_lookup *l = open_record(d, i->data);
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
	const struct record *r =
		find_question(d, hash_question(d, client, normal, type), client, normal, type);
	return r ? r->full : NULL;
}

uint32_t dns_client_seen(const struct dns *d, const struct address *client)
{
	uint64_t key = hash_client(d, client);
	const struct client *c = g_hash_table_lookup(d->clients, &key);

	return c ? c->first_frame : 0;
}

void dns_each(const struct dns *d, void (*fn)(const struct dns_lookup *l, void *arg), void *arg)
{
	for (struct record *r = d->oldest; r; r = r->newer) {
		if (r->full) {
			fn(r->full, arg);
			continue;
		}
		struct dns_lookup *l = unpack(r->packed);
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
		drop_oldest(d);
	g_queue_clear(&d->clients_by_age);
	g_hash_table_destroy(d->clients);
	g_hash_table_destroy(d->addresses);
	g_hash_table_destroy(d->questions);
	g_ptr_array_unref(d->unpacked);
	g_free(d);
}
