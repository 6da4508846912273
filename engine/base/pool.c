/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See pool.h. What was given back last is taken first: it is most likely still in the cache.
 */
#include "base/pool.h"

#include <glib.h>
#include <stdint.h>
#include <string.h>

#define BLOCK (64u << 10) /* bytes; small ones would be torn apart by other memory */
#define ALIGN 16u

struct pool_block {
	struct pool_block *next;
	char room[];
};

/* With AddressSanitizer each thing is a block of its own, so that it sees who uses one too long. */
#if defined(__SANITIZE_ADDRESS__)
#define OWN_BLOCKS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define OWN_BLOCKS 1
#endif
#endif
#ifndef OWN_BLOCKS
#define OWN_BLOCKS 0
#endif

static size_t width(const struct pool *p)
{
	return (p->size + ALIGN - 1) / ALIGN * ALIGN;
}

static void block_add(struct pool *p)
{
	struct pool_block *b = g_malloc0(BLOCK);
	b->next = p->blocks;
	p->blocks = b;
	p->at = (char *)b + ALIGN;
	p->end = (char *)b + BLOCK;
}

void *pool_take(struct pool *p, size_t size)
{
	void *thing = p->spare;
	p->size = size;
	if (OWN_BLOCKS)
		return g_malloc0(size);
	if (thing) {
		memcpy(&p->spare, thing, sizeof p->spare);
		memset(thing, 0, sizeof p->spare); /* the rest was wiped when it was given back */
		return thing;
	}
	if ((size_t)(p->end - p->at) < width(p))
		block_add(p);
	thing = p->at;
	p->at += width(p);
	return thing;
}

void pool_give(struct pool *p, void *thing)
{
	if (!thing)
		return;
	memset(thing, 0, p->size);
	if (OWN_BLOCKS) {
		g_free(thing);
		return;
	}
	memcpy(thing, &p->spare, sizeof p->spare);
	p->spare = thing;
}

void pool_clear(struct pool *p)
{
	while (p->blocks) {
		struct pool_block *b = p->blocks;
		p->blocks = b->next;
		g_free(b);
	}
	p->spare = NULL;
	p->at = p->end = NULL;
}
