/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The book of a capture, see book.h: an array by session, an array by frame, a table of evidence,
 * a table of connections, and a running mark per frame. Costs 8 bytes per frame.
 */
#include "book.h"

#include <string.h>
#include "kept.h"

/* Sessions that are shown on one frame beside its own: a DNS answer may be evidence for thousands.
 */
#define EVIDENCE_MOST 16u

/* Both ends of a connection, the lower one first. */
struct ends {
	struct address ip[2];
	uint16_t port[2];
};

struct connection { /* the sessions between two ends, in the order of their frames */
	struct ends ends;
	GArray *sessions; /* unsigned */
};

struct book {
	GPtrArray *verdicts; /* struct verdict *, by number - 1 */
	unsigned count;
	GArray *of_frame;     /* guint32 session by frame */
	GArray *marks;	      /* guint32 by frame: of all frames up to it */
	GHashTable *evidence; /* frame -> struct book_evidence */
	GHashTable *between;  /* struct ends -> struct connection */
};

static void evidence_free(gpointer p)
{
	for (struct book_evidence *e = p, *next; e; e = next) {
		next = e->next;
		g_free(e);
	}
}

static void connection_free(gpointer p)
{
	g_array_free(((struct connection *)p)->sessions, TRUE);
	g_free(p);
}

static guint ends_hash(gconstpointer p)
{
	const guint8 *at = p;
	guint h = 2166136261u;
	for (size_t i = 0; i < sizeof(struct ends); i++)
		h = (h ^ at[i]) * 16777619u;
	return h;
}

static gboolean ends_equal(gconstpointer a, gconstpointer b)
{
	return memcmp(a, b, sizeof(struct ends)) == 0;
}

static void ends_set(struct ends *e, const struct address *x, uint16_t x_port,
		     const struct address *y, uint16_t y_port)
{
	int order = memcmp(x, y, sizeof *x);
	bool swap = order > 0 || (order == 0 && x_port > y_port);
	memset(e, 0, sizeof *e); /* padding too: it is hashed */
	e->ip[swap] = *x;
	e->port[swap] = x_port;
	e->ip[!swap] = *y;
	e->port[!swap] = y_port;
}

struct book *book_new(void)
{
	struct book *b = g_new0(struct book, 1);
	b->verdicts = g_ptr_array_new();
	b->of_frame = g_array_new(FALSE, TRUE, sizeof(guint32));
	b->marks = g_array_new(FALSE, TRUE, sizeof(guint32));
	b->evidence = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, evidence_free);
	b->between = g_hash_table_new_full(ends_hash, ends_equal, NULL, connection_free);
	return b;
}

void book_free(struct book *b)
{
	if (!b)
		return;
	for (guint i = 0; i < b->verdicts->len; i++)
		kept_free(g_ptr_array_index(b->verdicts, i));
	g_ptr_array_free(b->verdicts, TRUE);
	g_array_free(b->of_frame, TRUE);
	g_array_free(b->marks, TRUE);
	g_hash_table_destroy(b->evidence);
	g_hash_table_destroy(b->between);
	g_free(b);
}

static void add_evidence(struct book *b, uint32_t frame, unsigned session)
{
	struct book_evidence *last = NULL, *e;
	unsigned n = 0;

	for (e = g_hash_table_lookup(b->evidence, GUINT_TO_POINTER(frame)); e; e = e->next, n++) {
		if (e->session == session)
			return;
		last = e;
	}
	if (n >= EVIDENCE_MOST)
		return;
	e = g_new0(struct book_evidence, 1);
	e->session = session;
	if (last)
		last->next = e;
	else
		g_hash_table_insert(b->evidence, GUINT_TO_POINTER(frame), e);
}

static void add_between(struct book *b, const struct verdict *v)
{
	struct ends ends;
	ends_set(&ends, &v->client_ip, v->client_port, &v->server_ip, v->server_port);
	struct connection *c = g_hash_table_lookup(b->between, &ends);
	if (!c) {
		c = g_new0(struct connection, 1);
		c->ends = ends;
		c->sessions = g_array_new(FALSE, FALSE, sizeof(unsigned));
		g_hash_table_insert(b->between, &c->ends, c);
	}
	g_array_append_val(c->sessions, v->session);
}

void book_add(struct book *b, const struct verdict *v, bool all_events)
{
	g_assert(v->session > 0);
	if (v->session > b->verdicts->len)
		g_ptr_array_set_size(b->verdicts, (gint)v->session);
	gpointer *at = &b->verdicts->pdata[v->session - 1];
	bool fresh = !*at; /* else an open session was told of before */
	b->count += fresh;
	kept_free(*at);
	*at = kept_new(v, all_events);
	for (unsigned i = 0; i < v->finding_count; i++)
		for (unsigned k = 0; k < v->findings[i].frame_count; k++)
			add_evidence(b, v->findings[i].frames[k], v->session);
	if (fresh && !v->lookup_only)
		add_between(b, v);
}

unsigned book_last(const struct book *b)
{
	return b->verdicts->len;
}

unsigned book_count(const struct book *b)
{
	return b->count;
}

const struct verdict *book_verdict(const struct book *b, unsigned session)
{
	return session && session <= b->verdicts->len ? g_ptr_array_index(b->verdicts, session - 1)
						      : NULL;
}

void book_frame(struct book *b, uint32_t frame, unsigned session)
{
	if (frame >= b->of_frame->len)
		g_array_set_size(b->of_frame, frame + 1);
	g_array_index(b->of_frame, guint32, frame) = session;
}

unsigned book_session(const struct book *b, uint32_t frame)
{
	return frame < b->of_frame->len ? g_array_index(b->of_frame, guint32, frame) : 0;
}

void book_mark(struct book *b, uint32_t frame, uint64_t time_ns, uint32_t len)
{
	guint32 before = b->marks->len ? g_array_index(b->marks, guint32, b->marks->len - 1) : 0;
	uint64_t mixed =
		(time_ns ^ ((uint64_t)len << 40) ^ before) * G_GUINT64_CONSTANT(0x9e3779b97f4a7c15);

	if (frame >= b->marks->len)
		g_array_set_size(b->marks, frame + 1);
	g_array_index(b->marks, guint32, frame) = (guint32)(mixed >> 32);
}

bool book_same(const struct book *a, const struct book *b, uint32_t frame)
{
	return frame < a->marks->len && frame < b->marks->len &&
	       g_array_index(a->marks, guint32, frame) == g_array_index(b->marks, guint32, frame);
}

unsigned book_between(const struct book *b, uint32_t frame, const struct address *x,
		      uint16_t x_port, const struct address *y, uint16_t y_port)
{
	struct ends ends;
	ends_set(&ends, x, x_port, y, y_port);
	const struct connection *c = g_hash_table_lookup(b->between, &ends);
	guint low = 0, high = c ? c->sessions->len : 0;
	while (low < high) { /* the last that does not begin behind the frame */
		guint i = low + (high - low) / 2;
		if (book_verdict(b, g_array_index(c->sessions, unsigned, i))->first_frame <= frame)
			low = i + 1;
		else
			high = i;
	}
	if (!low)
		return 0;
	const struct verdict *v = book_verdict(b, g_array_index(c->sessions, unsigned, low - 1));
	return frame <= v->last_frame ? v->session : 0;
}

const struct book_evidence *book_evidence(const struct book *b, uint32_t frame)
{
	return g_hash_table_lookup(b->evidence, GUINT_TO_POINTER(frame));
}
