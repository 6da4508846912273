/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small array, searched by a keyed hash of the bytes; the bytes themselves decide. What has no
 * place, because sessions hold all that is remembered or because it is too large, belongs to the
 * one who asked.
 */
#include "tls/certificates.h"

#include <string.h>
#include "base/caps.h"
#include "base/sip.h"

struct shared {
	struct certificate certificate; /* must be first: what holders point to */
	struct bytes der;		/* its own copy; empty when it is not remembered */
	uint64_t used;			/* when it was asked for last, by count of questions */
	unsigned holders;
};

struct certificates {
	uint64_t key[2];
	uint64_t questions;
	unsigned count;
	uint64_t hash[CAP_CERTIFICATES]; /* beside each other, so that a search is short */
	struct shared *known[CAP_CERTIFICATES];
};

struct certificates *certificates_new(const uint8_t key[16])
{
	struct certificates *all = g_new0(struct certificates, 1);
	memcpy(all->key, key, sizeof all->key);
	return all;
}

static void shared_free(struct shared *s)
{
	certificate_clear(&s->certificate);
	g_free((gpointer)s->der.at);
	g_free(s);
}

void certificates_free(struct certificates *all)
{
	for (unsigned i = 0; all && i < all->count; i++)
		shared_free(all->known[i]);
	g_free(all);
}

static struct shared *find(const struct certificates *all, uint64_t hash, struct bytes der)
{
	for (unsigned i = 0; i < all->count; i++)
		if (all->hash[i] == hash && bytes_equal(all->known[i]->der, der))
			return all->known[i];
	return NULL;
}

/* A free place, or that of the one that was not asked for longest; CAP_CERTIFICATES when all are
 * held. */
static unsigned place(struct certificates *all)
{
	unsigned oldest = CAP_CERTIFICATES;

	if (all->count < CAP_CERTIFICATES)
		return all->count++;
	for (unsigned i = 0; i < CAP_CERTIFICATES; i++)
		if (!all->known[i]->holders &&
		    (oldest == CAP_CERTIFICATES || all->known[i]->used < all->known[oldest]->used))
			oldest = i;
	if (oldest < CAP_CERTIFICATES)
		shared_free(all->known[oldest]);
	return oldest;
}

static void remember(struct certificates *all, struct shared *s, uint64_t hash, struct bytes der)
{
	size_t n = bytes_left(&der);
	unsigned at = n <= CAP_CERTIFICATE_SHARED ? place(all) : CAP_CERTIFICATES;

	if (at == CAP_CERTIFICATES)
		return;
	s->der = bytes_of(g_memdup2(der.at, n), n);
	all->known[at] = s;
	all->hash[at] = hash;
}

static struct shared *read_new(struct bytes der)
{
	struct shared *s = g_new0(struct shared, 1);

	if (certificate_read(der, &s->certificate))
		return s;
	g_free(s);
	return NULL;
}

const struct certificate *certificates_get(struct certificates *all, struct bytes der)
{
	uint64_t hash = sip_bytes(all->key, der.at, bytes_left(&der));
	struct shared *s = find(all, hash, der);

	if (!s && (s = read_new(der)))
		remember(all, s, hash, der);
	if (!s)
		return NULL;
	s->used = ++all->questions;
	s->holders++;
	return &s->certificate;
}

void certificates_drop(struct certificates *all, const struct certificate *c)
{
	struct shared *s = (struct shared *)(uintptr_t)c;

	(void)all;
	if (!s || --s->holders || s->der.at)
		return;
	shared_free(s);
}

size_t certificates_kept(const struct certificate *c)
{
	const struct shared *s = (const struct shared *)(const void *)c;

	return s->der.at ? 0 : sizeof *s + 64 * c->name_count;
}
