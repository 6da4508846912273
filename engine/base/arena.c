/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Blocks in a list, the newest first, see arena.h. A piece that is larger than a block gets one of
 * its own size, which no pool keeps.
 */
#include "base/arena.h"

#include <glib.h>
#include <stdint.h>
#include <string.h>

struct arena_block {
	struct arena_block *next;
	size_t size; /* of data[] */
	char data[];
};

#define ROOM (ARENA_BLOCK - sizeof(struct arena_block))

static struct arena_block *block_get(struct arena_pool *pool, size_t n)
{
	struct arena_block *b = pool->spare;
	if (n <= ROOM && b) {
		pool->spare = b->next;
		pool->count--;
		return b;
	}
	size_t size = MAX(n, ROOM);
	b = g_malloc(sizeof *b + size);
	b->size = size;
	return b;
}

static void block_put(struct arena_pool *pool, struct arena_block *b)
{
	if (b->size != ROOM || pool->count >= ARENA_SPARE) {
		g_free(b);
		return;
	}
	b->next = pool->spare;
	pool->spare = b;
	pool->count++;
}

void *arena_take(struct arena *a, struct arena_pool *pool, size_t n, bool wide)
{
	size_t skip = wide ? (uintptr_t)a->at & 1 : 0;
	if (!a->blocks || (size_t)(a->end - a->at) < n + skip) {
		struct arena_block *b = block_get(pool, n);
		b->next = a->blocks;
		a->blocks = b;
		a->at = b->data;
		a->end = b->data + b->size;
		a->bytes += sizeof *b + b->size;
		skip = 0;
	}
	char *piece = a->at + skip;
	a->at = piece + n;
	return piece;
}

const char *arena_text(struct arena *a, struct arena_pool *pool, const char *text, size_t n)
{
	char *piece = arena_take(a, pool, n + 1, false);
	if (n)
		memcpy(piece, text, n);
	piece[n] = '\0';
	return piece;
}

void arena_clear(struct arena *a, struct arena_pool *pool)
{
	while (a->blocks) {
		struct arena_block *b = a->blocks;
		a->blocks = b->next;
		block_put(pool, b);
	}
	a->at = a->end = NULL;
	a->bytes = 0;
}

void arena_pool_clear(struct arena_pool *pool)
{
	while (pool->spare) {
		struct arena_block *b = pool->spare;
		pool->spare = b->next;
		g_free(b);
	}
	pool->count = 0;
}
