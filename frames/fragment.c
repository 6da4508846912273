/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reassembly of IP fragments. A fixed number of places, each a buffer and one bit for every block
 * of 8 bytes that arrived; a block that is there is never written again. A datagram is whole when
 * its last fragment told the length and every block before it is there. Places are looked through
 * one by one: there are few, and a flood of fragments then costs the same as an honest stream.
 */
#include <glib.h>
#include "frames/fragment.h"

#define BLOCKS ((FRAGMENT_BYTES + 8) / 8)

/* No holes, so that memcmp compares keys. */
G_STATIC_ASSERT(sizeof(struct fragment_key) == 2 * sizeof(struct address) + 14);

enum place_state { PLACE_FREE, PLACE_OPEN, PLACE_HANDED_OUT };

struct place {
	enum place_state state;
	struct fragment_key key;
	uint64_t time_ns;  /* of its first fragment */
	uint8_t *buffer;   /* owned, kept for the next datagram */
	uint32_t room;	   /* bytes of buffer */
	uint32_t total;	   /* length of the datagram, 0 until the last fragment came */
	uint32_t end;	   /* highest end of a fragment */
	uint32_t blocks;   /* blocks that arrived */
	uint32_t captured; /* bytes from 0 that no fragment's capture length cut */
	uint8_t next;	   /* protocol, of the fragment at 0 */
	uint64_t have[(BLOCKS + 63) / 64];
};

struct fragments {
	unsigned open, handed_out;
	struct place place[FRAGMENT_DATAGRAMS];
};

struct fragments *fragments_new(void)
{
	return g_new0(struct fragments, 1);
}

void fragments_free(struct fragments *f)
{
	if (!f)
		return;
	for (unsigned i = 0; i < FRAGMENT_DATAGRAMS; i++)
		g_free(f->place[i].buffer);
	g_free(f);
}

unsigned fragments_open(const struct fragments *f)
{
	return f->open;
}

void fragments_release(struct fragments *f)
{
	for (unsigned i = 0; f->handed_out > 0; i++) {
		if (f->place[i].state != PLACE_HANDED_OUT)
			continue;
		f->place[i].state = PLACE_FREE;
		f->handed_out--;
	}
}

static void give_up(struct fragments *f, struct place *p)
{
	p->state = PLACE_FREE;
	f->open--;
}

/* A free place, or that of the oldest datagram. Never one handed out: PACKET_DEPTH bounds those
 * far below the number of places. */
static struct place *new_place(struct fragments *f, struct fragment_notes *notes)
{
	struct place *oldest = NULL;

	for (unsigned i = 0; i < FRAGMENT_DATAGRAMS; i++) {
		struct place *p = &f->place[i];
		if (p->state == PLACE_FREE)
			return p;
		if (p->state == PLACE_OPEN && (!oldest || p->time_ns < oldest->time_ns))
			oldest = p;
	}
	g_assert(oldest);
	give_up(f, oldest);
	notes->culled++;
	return oldest;
}

/* The datagram of this fragment; on the way, drop those whose time is over. */
static struct place *find_place(struct fragments *f, const struct fragment *in,
				struct fragment_notes *notes)
{
	struct place *found = NULL;
	unsigned left = f->open;

	for (unsigned i = 0; left > 0; i++) {
		struct place *p = &f->place[i];
		if (p->state != PLACE_OPEN)
			continue;
		left--;
		if (in->time_ns > p->time_ns && in->time_ns - p->time_ns > FRAGMENT_WAIT) {
			give_up(f, p);
			notes->timeouts++;
		} else if (p->key.id == in->key.id &&
			   memcmp(&p->key, &in->key, sizeof p->key) == 0) {
			found = p;
		}
	}
	return found;
}

static struct place *open_place(struct fragments *f, const struct fragment *in,
				struct fragment_notes *notes)
{
	struct place *p = new_place(f, notes);

	p->state = PLACE_OPEN;
	p->key = in->key;
	p->time_ns = in->time_ns;
	p->total = p->end = p->blocks = 0;
	p->captured = UINT32_MAX;
	p->next = in->next;
	memset(p->have, 0, sizeof p->have);
	f->open++;
	return p;
}

/* Room for `end` bytes; doubled, so that growing costs no more than copying once. */
static void make_room(struct place *p, uint32_t end)
{
	if (end <= p->room)
		return;
	uint32_t room = p->room ? p->room : 4096;
	while (room < end)
		room *= 2;
	p->buffer = g_realloc(p->buffer, room);
	p->room = room;
}

/* Copy what is new, block by block. Returns whether something was there already. */
static bool fill(struct place *p, const struct fragment *in)
{
	struct bytes data = in->data;
	bool overlap = false;

	for (uint32_t at = in->offset; at < in->offset + in->len; at += 8) {
		uint64_t bit = 1ULL << (at / 8 % 64);
		struct bytes block = bytes_upto(&data, 8);
		if (p->have[at / 512] & bit) {
			overlap = true;
			continue;
		}
		p->have[at / 512] |= bit;
		p->blocks++;
		size_t n = bytes_left(&block);
		if (n > 0)
			memcpy(&p->buffer[at], block.at, n);
	}
	return overlap;
}

/* Does the fragment fit with what is known of its datagram? */
static bool fits(const struct place *p, const struct fragment *in)
{
	uint32_t end = in->offset + in->len;

	if (p->total == 0)
		return in->more || end >= p->end;
	return in->more ? end <= p->total : end == p->total;
}

enum fragment_result fragments_add(struct fragments *f, const struct fragment *in,
				   struct datagram_whole *whole, struct fragment_notes *notes)
{
	uint32_t end = in->offset + in->len;

	/* All but the last have a multiple of 8 bytes (RFC 791 section 3.2); none is empty. */
	if (in->len == 0 || in->len > FRAGMENT_BYTES || end > FRAGMENT_BYTES ||
	    (in->more && in->len % 8 != 0))
		return FRAGMENT_BAD;
	struct place *p = find_place(f, in, notes);
	if (!p)
		p = open_place(f, in, notes);
	else if (!fits(p, in))
		return FRAGMENT_BAD;
	make_room(p, end);
	if (fill(p, in))
		notes->overlaps++;
	if (end > p->end)
		p->end = end;
	if (!in->more)
		p->total = end;
	if (in->offset == 0)
		p->next = in->next;
	uint32_t captured = (uint32_t)bytes_left(&in->data);
	if (captured < in->len && in->offset + captured < p->captured)
		p->captured = in->offset + captured;
	if (p->total == 0 || p->blocks < (p->total + 7) / 8)
		return FRAGMENT_KEPT;
	p->state = PLACE_HANDED_OUT;
	f->open--;
	f->handed_out++;
	whole->data = bytes_of(p->buffer, p->captured < p->total ? p->captured : p->total);
	whole->len = p->total;
	whole->next = p->next;
	return FRAGMENT_WHOLE;
}
