/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that is asked for in small pieces and given back all at once, as the texts of a session
 * are. Pieces are cut from blocks; blocks go from one arena to the next through a pool, so that a
 * busy link costs the allocator nothing.
 */
#ifndef SMTP365_ARENA_H
#define SMTP365_ARENA_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of a block with its head: what a quiet session needs twice. */
#define ARENA_BLOCK 512u
/* Blocks that a pool keeps; more are given back to the allocator. */
#define ARENA_SPARE 4096u

struct arena_block;

struct arena_pool {
	struct arena_block *spare;
	unsigned count;
};

/* All zero is an empty arena. */
struct arena {
	struct arena_block *blocks;
	char *at, *end; /* of the newest block */
	size_t bytes;	/* of all blocks, for the cap of memory */
};

/* n bytes (a valid pointer for 0 too), not initialised, aligned for 16-bit numbers when `wide`;
 * valid until arena_clear. n is bounded by the caller; GLib aborts when memory ends. */
void *arena_take(struct arena *a, struct arena_pool *pool, size_t n, bool wide);
/* A copy of n bytes of text and a NUL. */
const char *arena_text(struct arena *a, struct arena_pool *pool, const char *text, size_t n);
/* All pieces are gone; the arena is empty. */
void arena_clear(struct arena *a, struct arena_pool *pool);
/* Give the kept blocks back to the allocator. */
void arena_pool_clear(struct arena_pool *pool);

#endif
