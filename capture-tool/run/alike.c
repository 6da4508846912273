/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One table for the minute in hand; when another begins it is told and empty again.
 */
#include "run/alike.h"
#include <string.h>

/* So many of one kind are told one by one in a minute, and so many kinds are told apart; the rest
 * of the kinds count as one. */
#define TOLD_EACH 20u
#define KINDS_MOST 4096u
#define MINUTE_NS (60 * G_GUINT64_CONSTANT(1000000000))

struct kind {
	struct address client, server;
	const char *cause; /* id of the finding, static; NULL none */
	uint16_t port;
	unsigned seen;
	GString *text; /* record of the last one that was only counted; NULL none was */
};

struct alike {
	GHashTable *kinds; /* set of struct kind */
	struct kind rest;  /* all that came when the table was full */
	struct kind *last; /* that was counted last */
	uint64_t minute;
};

static guint kind_hash(gconstpointer key)
{
	const struct kind *k = key;
	guint mix = k->port;

	for (size_t i = 0; i < sizeof k->client.byte; i++)
		mix = mix * 31 + k->client.byte[i] + 7u * k->server.byte[i];
	return mix;
}

static gboolean kind_equal(gconstpointer one, gconstpointer other)
{
	const struct kind *a = one, *b = other;

	return a->port == b->port && a->cause == b->cause &&
	       memcmp(&a->client, &b->client, sizeof a->client) == 0 &&
	       memcmp(&a->server, &b->server, sizeof a->server) == 0;
}

static void kind_free(gpointer key)
{
	struct kind *k = key;

	if (k->text)
		g_string_free(k->text, TRUE);
	g_free(k);
}

struct alike *alike_new(void)
{
	struct alike *a = g_new0(struct alike, 1);

	a->kinds = g_hash_table_new_full(kind_hash, kind_equal, kind_free, NULL);
	return a;
}

void alike_free(struct alike *a)
{
	if (!a)
		return;
	g_hash_table_destroy(a->kinds);
	if (a->rest.text)
		g_string_free(a->rest.text, TRUE);
	g_free(a);
}

static struct kind *kind_of(struct alike *a, const struct verdict *v)
{
	const struct kind wanted = {
		.client = v->client_ip,
		.server = v->server_ip,
		.cause = v->cause ? v->cause->id : NULL,
		.port = v->server_port,
	};
	struct kind *k = g_hash_table_lookup(a->kinds, &wanted);

	if (k)
		return k;
	if (g_hash_table_size(a->kinds) >= KINDS_MOST)
		return &a->rest;
	k = g_memdup2(&wanted, sizeof wanted);
	g_hash_table_add(a->kinds, k);
	return k;
}

/* A connection that the server did not take, or of which it said nothing at all. */
static bool came_to_nothing(const struct verdict *v)
{
	bool silent = v->sides < 2 && !v->midstream && v->reached <= STAGE_TCP;

	return !v->lookup_only && !v->open && !v->told && (silent || v->stopped_at == STAGE_TCP);
}

bool alike_tells(struct alike *a, const struct verdict *v)
{
	a->last = NULL;
	if (!came_to_nothing(v))
		return true;
	struct kind *k = kind_of(a, v);
	if (++k->seen <= TOLD_EACH)
		return true;
	a->last = k;
	return false;
}

unsigned alike_counted(const struct alike *a)
{
	return a->last ? a->last->seen - TOLD_EACH : 0;
}

void alike_keep(struct alike *a, const char *text, size_t n)
{
	if (!a->last)
		return;
	if (!a->last->text)
		a->last->text = g_string_sized_new(n);
	g_string_truncate(a->last->text, 0);
	g_string_append_len(a->last->text, text, (gssize)n);
}

static void tell(const struct kind *k, void (*fn)(const char *text, size_t n, void *host),
		 void *host)
{
	if (k->text)
		fn(k->text->str, k->text->len, host);
}

void alike_due(struct alike *a, const struct verdict *next, bool end,
	       void (*fn)(const char *text, size_t n, void *host), void *host)
{
	uint64_t minute = next ? next->start_ns / MINUTE_NS : a->minute;
	GHashTableIter all;
	gpointer key;

	if (!end && minute <= a->minute)
		return;
	g_hash_table_iter_init(&all, a->kinds);
	while (g_hash_table_iter_next(&all, &key, NULL))
		tell(key, fn, host);
	tell(&a->rest, fn, host);
	g_hash_table_remove_all(a->kinds);
	if (a->rest.text)
		g_string_free(a->rest.text, TRUE);
	a->rest = (struct kind){ 0 };
	a->last = NULL;
	a->minute = minute;
}
