/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory for many things of one size, such as connections: cut from large blocks, so that they lie
 * beside each other and cost the allocator nothing when they come and go. Blocks are given back
 * only with the pool.
 */
#ifndef SMTP365_POOL_H
#define SMTP365_POOL_H

#include <stddef.h>

struct pool_block;

/* All zero is an empty pool. */
struct pool {
	size_t size; /* bytes of one thing, known from the first on */
	void *spare; /* given back; each begins with a pointer to the next */
	struct pool_block *blocks;
	char *at, *end; /* of the newest block */
};

/* One thing of `size` bytes (a pointer's at least, some KiB at most, always the same), all zero,
 * aligned for any type; GLib aborts when memory ends. */
void *pool_take(struct pool *p, size_t size);
/* It is not needed any more: wiped. NULL is ignored. */
void pool_give(struct pool *p, void *thing);
/* Give all memory back, also of things that were not given back. */
void pool_clear(struct pool *p);

#endif
