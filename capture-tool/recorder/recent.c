/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A ring of records of varying length. A place only grows, so a link to a record that was pushed
 * out is told by being older than the oldest one. A conversation goes when its newest packet goes.
 */
#include "recorder/recent.h"
#include <glib.h>
#include <string.h>
#include <sys/random.h>

enum { RECORD_PART = 16, TALK_PART = 4 };

struct record {
	uint32_t size; /* of the record, header included */
	uint32_t frame, caplen, len;
	uint64_t time_ns;
	recent_place before;	  /* of the same conversation */
	struct recent_talk *talk; /* NULL: none, or no packet: what is left at the ring's end */
	int32_t dlt;
	uint16_t interface;
};

struct recent_talk {
	struct recent_ends ends;
	struct keep keep;
	recent_place last; /* RECENT_NONE: no packet yet */
};

struct recent {
	uint8_t *ring; /* owned */
	uint64_t size;
	recent_place head, tail; /* next record, oldest record */
	recent_place single;	 /* newest packet without conversation */
	GHashTable *talks;	 /* of struct recent_talk, which owns its key */
	size_t most_talks;
};

/* Random, so that nobody outside can make the table slow. GHashTable has no place for a key of its
 * own; one for all tables of the process is enough. */
static uint64_t hash_key[2];

/* The product of two numbers that both depend on the key, folded. */
static uint64_t mix(uint64_t h, uint64_t v)
{
	unsigned __int128 product = (unsigned __int128)(h ^ hash_key[0]) * (v ^ hash_key[1]);

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static guint ends_hash(gconstpointer p)
{
	const struct recent_ends *e = p;
	uint64_t word[4], h = 0;

	memcpy(word, e->a.byte, 16);
	memcpy(&word[2], e->b.byte, 16);
	for (size_t i = 0; i < 4; i++)
		h = mix(h, word[i]);
	h = mix(h, (uint64_t)e->port_a << 16 | e->port_b);
	return (guint)(h ^ (h >> 32));
}

static gboolean ends_equal(gconstpointer p, gconstpointer q)
{
	const struct recent_ends *a = p, *b = q;

	return a->port_a == b->port_a && a->port_b == b->port_b &&
	       memcmp(&a->a, &b->a, sizeof a->a) == 0 && memcmp(&a->b, &b->b, sizeof a->b) == 0;
}

struct recent *recent_new(uint64_t bytes)
{
	struct recent *h = g_new0(struct recent, 1);

	if (hash_key[0] == 0 && getrandom(hash_key, sizeof hash_key, 0) != sizeof hash_key)
		hash_key[0] = (uint64_t)(uintptr_t)h | 1; /* no kernel that runs this does that */
	h->size = MAX(bytes, 65536) / sizeof(struct record) * sizeof(struct record);
	h->ring = g_malloc(h->size);
	h->single = RECENT_NONE;
	h->talks = g_hash_table_new_full(ends_hash, ends_equal, NULL, g_free);
	h->most_talks = h->size / TALK_PART / (sizeof(struct recent_talk) + 3 * sizeof(void *));
	return h;
}

void recent_free(struct recent *h)
{
	if (!h)
		return;
	g_hash_table_destroy(h->talks);
	g_free(h->ring);
	g_free(h);
}

struct recent_ends recent_ends_of(const struct address *src, uint16_t sport,
				  const struct address *dst, uint16_t dport)
{
	int order = memcmp(src, dst, sizeof *src);

	if (order < 0 || (order == 0 && sport <= dport))
		return (struct recent_ends){ *src, *dst, sport, dport };
	return (struct recent_ends){ *dst, *src, dport, sport };
}

/* Records are aligned, and the ring's memory is that of malloc. */
static struct record *record_at(const struct recent *h, recent_place at)
{
	return (struct record *)(void *)&h->ring[at % h->size];
}

/* The oldest record goes, with its conversation when it was the newest of it. */
static void push_out(struct recent *h)
{
	const struct record *r = record_at(h, h->tail);

	if (r->talk && r->talk->last == h->tail)
		g_hash_table_remove(h->talks, &r->talk->ends);
	h->tail += r->size;
}

struct recent_talk *recent_find(struct recent *h, const struct recent_ends *ends)
{
	return g_hash_table_lookup(h->talks, ends);
}

struct recent_talk *recent_talk(struct recent *h, const struct recent_ends *ends)
{
	struct recent_talk *t = recent_find(h, ends);

	if (t)
		return t;
	while (g_hash_table_size(h->talks) >= h->most_talks && h->tail < h->head)
		push_out(h);
	t = g_new0(struct recent_talk, 1);
	t->ends = *ends;
	t->last = RECENT_NONE;
	g_hash_table_insert(h->talks, &t->ends, t);
	return t;
}

struct keep *recent_keep(struct recent_talk *t)
{
	return &t->keep;
}

/* Room for n bytes in one piece at the head; what lies there is pushed out. */
static void make_room(struct recent *h, uint32_t n)
{
	uint64_t to_end = h->size - h->head % h->size;
	uint64_t needed = to_end < n ? to_end + n : n;

	while (h->tail < h->head && h->head + needed - h->tail > h->size)
		push_out(h);
	if (to_end >= n)
		return;
	/* Sizes are multiples of that of the header, so there is always room for one. */
	*record_at(h, h->head) = (struct record){ .size = (uint32_t)to_end };
	h->head += to_end;
}

bool recent_add(struct recent *h, struct recent_talk *t, const struct recent_packet *p)
{
	uint64_t n = sizeof(struct record) + p->caplen;

	n = (n + sizeof(struct record) - 1) / sizeof(struct record) * sizeof(struct record);
	if (n > h->size / RECORD_PART) {
		if (t && t->last == RECENT_NONE)
			g_hash_table_remove(h->talks, &t->ends);
		return false;
	}
	/* Making room must not push out the conversation that this packet belongs to. */
	recent_place before = t ? t->last : h->single;
	if (t)
		t->last = h->head + h->size;
	make_room(h, (uint32_t)n);
	struct record *r = record_at(h, h->head);
	*r = (struct record){
		.size = (uint32_t)n,
		.frame = p->frame,
		.caplen = p->caplen,
		.len = p->len,
		.time_ns = p->time_ns,
		.before = before,
		.talk = t,
		.dlt = p->dlt,
		.interface = p->interface,
	};
	memcpy(r + 1, p->data, p->caplen);
	if (t)
		t->last = h->head;
	else
		h->single = h->head;
	h->head += n;
	return true;
}

/* The place, or none when it was pushed out. */
static recent_place still(const struct recent *h, recent_place at)
{
	return at == RECENT_NONE || at < h->tail ? RECENT_NONE : at;
}

recent_place recent_last(const struct recent *h, const struct recent_talk *t)
{
	return still(h, t ? t->last : h->single);
}

recent_place recent_before(const struct recent *h, recent_place at)
{
	return still(h, record_at(h, at)->before);
}

struct recent_packet recent_at(const struct recent *h, recent_place at)
{
	const struct record *r = record_at(h, at);

	return (struct recent_packet){
		.time_ns = r->time_ns,
		.frame = r->frame,
		.caplen = r->caplen,
		.len = r->len,
		.dlt = r->dlt,
		.interface = r->interface,
		.data = (const uint8_t *)(r + 1),
	};
}

uint64_t recent_bytes(const struct recent *h)
{
	return h->head - h->tail + g_hash_table_size(h->talks) * sizeof(struct recent_talk);
}

size_t recent_talks(const struct recent *h)
{
	return g_hash_table_size(h->talks);
}
