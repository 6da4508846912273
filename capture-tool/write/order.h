/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Puts the texts of sessions, which end in any order, into the order of their numbers. Takes number
 * and text, gives texts back through a callback as soon as all lower numbers are out. What it holds
 * back is bounded; past the bound the lowest numbers go out although others are missing.
 */
#ifndef SMTP365_ORDER_H
#define SMTP365_ORDER_H

#include <stddef.h>

/* Bytes held back, with what keeping them costs. */
#define ORDER_BYTES (16u << 20)

typedef void (*order_fn)(const char *text, size_t n, void *host);
struct order;

/* Sessions are numbered from 1. limit: bytes to hold, ORDER_BYTES outside tests. */
struct order *order_new(size_t limit, order_fn out, void *host);
void order_add(struct order *o, unsigned session, const char *text, size_t n);
/* Give out all that is held, in order; the next session may again be number 1. */
void order_finish(struct order *o);
void order_free(struct order *o);

#endif
