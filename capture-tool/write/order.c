/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A binary heap of texts by session number, and the number that is due. Each text is its own
 * allocation of exactly its size, so that the bound means what it says.
 */
#include "write/order.h"
#include <glib.h>
#include <string.h>

/* What the allocator and the heap add to a text. */
#define HELD_OVERHEAD 40u

struct held {
	unsigned session;
	unsigned n;
	char text[];
};

struct order {
	size_t limit, bytes;
	unsigned due;
	GPtrArray *heap; /* struct held *, the lowest number first */
	order_fn out;
	void *host;
};

struct order *order_new(size_t limit, order_fn out, void *host)
{
	struct order *o = g_new0(struct order, 1);
	*o = (struct order){
		.limit = limit, .due = 1, .heap = g_ptr_array_new(), .out = out, .host = host
	};
	return o;
}

static unsigned number_at(const struct order *o, guint i)
{
	return ((const struct held *)g_ptr_array_index(o->heap, i))->session;
}

static void swap(struct order *o, guint a, guint b)
{
	gpointer t = o->heap->pdata[a];
	o->heap->pdata[a] = o->heap->pdata[b];
	o->heap->pdata[b] = t;
}

static void push(struct order *o, struct held *h)
{
	guint i = o->heap->len;
	g_ptr_array_add(o->heap, h);
	for (; i > 0 && number_at(o, (i - 1) / 2) > number_at(o, i); i = (i - 1) / 2)
		swap(o, i, (i - 1) / 2);
	o->bytes += h->n + HELD_OVERHEAD;
}

/* Give out the lowest number. */
static void pop(struct order *o)
{
	struct held *h = g_ptr_array_index(o->heap, 0);
	guint n = o->heap->len - 1;
	swap(o, 0, n);
	g_ptr_array_set_size(o->heap, (gint)n);
	for (guint i = 0, child; (child = 2 * i + 1) < n; i = child) {
		if (child + 1 < n && number_at(o, child + 1) < number_at(o, child))
			child++;
		if (number_at(o, i) <= number_at(o, child))
			break;
		swap(o, i, child);
	}
	o->bytes -= h->n + HELD_OVERHEAD;
	o->due = MAX(o->due, h->session + 1);
	o->out(h->text, h->n, o->host);
	g_free(h);
}

void order_add(struct order *o, unsigned session, const char *text, size_t n)
{
	if (session <= o->due) { /* due, or one that was given up waiting for */
		o->due = MAX(o->due, session + 1);
		o->out(text, n, o->host);
	} else {
		g_assert(n <= G_MAXUINT);
		struct held *h = g_malloc(sizeof(*h) + n);
		h->session = session;
		h->n = (unsigned)n;
		memcpy(h->text, text, n);
		push(o, h);
	}
	while (o->heap->len > 0 && (number_at(o, 0) <= o->due || o->bytes > o->limit))
		pop(o);
}

void order_finish(struct order *o)
{
	while (o->heap->len > 0)
		pop(o);
	o->due = 1;
}

void order_free(struct order *o)
{
	if (!o)
		return;
	while (o->heap->len > 0) {
		g_free(g_ptr_array_index(o->heap, o->heap->len - 1));
		g_ptr_array_set_size(o->heap, (gint)o->heap->len - 1);
	}
	g_ptr_array_free(o->heap, TRUE);
	g_free(o);
}
