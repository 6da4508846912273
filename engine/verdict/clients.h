/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What several sessions or look-ups of one client say together
 * (docs/ARCHITECTURE.md#several-sessions): clear text after a failed TLS attempt, retries at lower
 * versions, look-ups that failed and led nowhere. Bounded: a few summaries per client, oldest
 * clients forgotten first.
 */
#ifndef SMTP365_CLIENTS_H
#define SMTP365_CLIENTS_H

#include "m365/peers.h"
#include "verdict/tracked.h"

struct clients;

/* `cx` is borrowed. */
struct clients *clients_new(const struct session_context *cx);
void clients_free(struct clients *c);
/* A connection has begun: remembered by MAC address for IPv4 (N07). */
void clients_opened(struct clients *c, const struct flow *f);
/* A session has ended: compare it with earlier ones of its client, note facts in t->extra, remember
 * it. */
void clients_session(struct clients *c, struct tracked *t, const struct flow *f);
/* Its verdict is told: what explained it is remembered for the session after it. */
void clients_told(struct clients *c, const struct tracked *t, const struct flow *f);
/* Call `fn` for each look-up of a Microsoft name (or one that looks like it) that failed for good,
 * in order of the first query. `meant`: the name that was probably meant, or NULL. Only look-ups
 * first asked at or after from_ns and before until_ns count, so that a live capture can ask again
 * and again. */
void clients_lookups(struct clients *c, const struct dns *d, uint64_t from_ns, uint64_t until_ns,
		     void (*fn)(const struct dns_lookup *l, const char *meant, void *host),
		     void *host);

#endif
