/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The look-ups that are kept, see records.h. Records at rest are packed (most of a look-up is
 * zeros), so that the caps mean about 50 MiB and not 150. Everything is bounded and leaves oldest
 * first.
 */
#include "dns/records.h"
#include "base/caps.h"

/* Look-ups of one client that are remembered for one address. */
#define NAMES_OF_ADDRESS 32u

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

uint64_t dns_hash_client(const struct dns *d, const struct address *client)
{
	return mix(d, d->seed[0], client, sizeof *client);
}

uint64_t dns_hash_question(const struct dns *d, const struct address *client, const char *name,
			   uint16_t type)
{
	uint64_t h = mix(d, dns_hash_client(d, client), name, strlen(name));
	return mix(d, h, &type, sizeof type);
}

uint64_t dns_hash_address(const struct dns *d, const struct address *client,
			  const struct address *address)
{
	return mix(d, ~dns_hash_client(d, client), address, sizeof *address);
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

struct dns_lookup *record_unpack(const uint8_t *packed)
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

void record_note_open(const struct dns *d, struct dns_record *r)
{
	if (!r->listed)
		g_ptr_array_add(d->unpacked, r);
	r->listed = true;
}

struct dns_lookup *record_open(const struct dns *d, struct dns_record *r)
{
	if (!r->full) {
		r->full = record_unpack(r->packed);
		record_note_open(d, r);
	}
	return r->full;
}

void records_pack(struct dns *d)
{
	for (guint i = 0; i < d->unpacked->len; i++) {
		struct dns_record *r = g_ptr_array_index(d->unpacked, i);
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

void record_stop_waiting(struct dns *d, struct dns_record *r)
{
	struct dns_queue *q = r->queue;

	if (!q)
		return;
	*(r->wait_older ? &r->wait_older->wait_newer : &q->oldest) = r->wait_newer;
	*(r->wait_newer ? &r->wait_newer->wait_older : &q->newest) = r->wait_older;
	r->wait_older = r->wait_newer = NULL;
	r->queue = NULL;
	d->waiting--;
	record_note_open(d, r);
}

void record_start_waiting(struct dns *d, struct dns_record *r, struct dns_queue *q)
{
	r->wait_older = q->newest;
	*(q->newest ? &q->newest->wait_newer : &q->oldest) = r;
	q->newest = r;
	r->queue = q;
	d->waiting++;
	if (d->waiting > CAP_DNS_PENDING)
		record_stop_waiting(d, d->late.oldest ? d->late.oldest : d->asked.oldest);
}

/* ---- records ---- */

static void forget_addresses(struct dns *d, struct dns_record *r)
{
	const struct dns_lookup *l = r->full;

	for (unsigned i = 0; r->indexed && i < l->address_count; i++) {
		uint64_t key = dns_hash_address(d, &l->client, &l->address[i]);
		GQueue *names = g_hash_table_lookup(d->addresses, &key);
		if (!names)
			continue;
		g_queue_remove(names, r); /* of at most NAMES_OF_ADDRESS */
		if (g_queue_is_empty(names))
			g_hash_table_remove(d->addresses, &key);
	}
	r->indexed = false;
}

void records_drop_oldest(struct dns *d)
{
	struct dns_record *r = d->oldest;

	record_open(d, r);
	record_stop_waiting(d, r);
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

struct dns_record *record_new(struct dns *d, uint64_t question, const struct dns_message *m)
{
	struct dns_record *r = g_new0(struct dns_record, 1);

	if (d->kept == CAP_DNS_ANSWERS)
		records_drop_oldest(d);
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

struct dns_record *record_find(const struct dns *d, uint64_t question, const struct address *client,
			       const char *name, uint16_t type)
{
	struct dns_record *r = g_hash_table_lookup(d->questions, &question);

	if (!r)
		return NULL;
	const struct dns_lookup *l = record_open(d, r);
	bool same = memcmp(&l->client, client, sizeof *client) == 0 && l->type == type &&
		    strcmp(l->name, name) == 0;
	return same ? r : NULL;
}

void record_index_addresses(struct dns *d, struct dns_record *r)
{
	const struct dns_lookup *l = r->full;

	for (unsigned i = 0; i < l->address_count; i++) {
		uint64_t key = dns_hash_address(d, &l->client, &l->address[i]);
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
