/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who Microsoft 365 is: host names, banner words, certificate names and address ranges as a dated
 * table (hosts.def and its neighbours). A saved copy of Microsoft's endpoints document may
 * replace the ranges. An address alone is a hint, never proof
 * (docs/ARCHITECTURE.md#who-is-microsoft-365).
 */
#ifndef SMTP365_PEERS_H
#define SMTP365_PEERS_H

#include <glib.h>
#include "tls/certificate.h"
#include "segment.h"
#include "verdict.h"

struct peer {
	enum endpoint endpoint;
	bool mx;      /* a host of the MX kind (no AUTH); else the submission kind */
	bool retired; /* a dead or retired name (N05) */
	bool gone;    /* dead: it does not resolve any more (N01) */
};

struct peers;

/* The built-in table. */
struct peers *peers_new(void);
void peers_free(struct peers *p);
/* Replace the ranges by those of an endpoints document (JSON text, n bytes). Returns false and an
 * owned message in *error (g_free) when it is none; the built-in ranges then stay. */
bool peers_load(struct peers *p, const char *json, size_t n, char **error);
/* Add a name pattern ("*.office365.com"), port (0 any) and endpoint ahead of the table. */
void peers_add_name(struct peers *p, const char *pattern, uint16_t port, enum endpoint e);
/* Date of the ranges in use, UTC seconds; 0 when a loaded document has none. */
int64_t peers_date(const struct peers *p);
bool peers_loaded(const struct peers *p);

/* Each returns true and fills *out when it is Microsoft 365. Names are lower case without final
 * dot. */
bool peers_by_name(const struct peers *p, const char *name, uint16_t port, struct peer *out);
bool peers_by_banner(const struct peers *p, const char *banner_text, struct peer *out);
bool peers_by_certificate(const struct peers *p, const struct certificate *c, struct peer *out);
bool peers_by_address(const struct peers *p, const struct address *a, uint16_t port,
		      struct peer *out);
/* A name that looks like a mistyped Microsoft name (N01): edit distance 1 to 3 from a known host
 * name, or a tenant label of the wrong form. `meant` (may be NULL) gets the name that was probably
 * meant. */
bool peers_lookalike(const struct peers *p, const char *name, const char **meant);
/* Private, loopback, null, link-local (N03)? */
bool peers_private(const struct address *a);
/* Is the issuer one that Microsoft's certificates have (dated allow-list)? */
bool peers_issuer_known(const struct certificate *c);
/* The product that inspects TLS and signs under this issuer, or NULL. */
const char *peers_inspection_vendor(const struct certificate *c);

#endif
