/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A set of address prefixes with what they stand for, looked up by longest prefix. Filled once
 * (table or document), then sealed, then only read. Inside of peers.c and peers_json.c.
 */
#ifndef SMTP365_PEERS_RANGES_H
#define SMTP365_PEERS_RANGES_H

#include "m365/peers.h"

struct ranges; /* owned */

struct ranges *ranges_new(void);
void ranges_free(struct ranges *r);
/* Add "40.96.0.0/13" or "2603:1006::/40"; without a slash one address. Host bits are cleared.
 * Returns false when the text is no prefix. */
bool ranges_add(struct ranges *r, const char *text, enum endpoint e, bool mx);
/* After the last add, before the first find. */
void ranges_seal(struct ranges *r);
size_t ranges_count(const struct ranges *r);
/* The longest prefix that covers the address; of two equal ones port 25 prefers the MX. IPv4 inside
 * IPv6 (RFC 4291 2.5.5.2, RFC 6052 2.1 well-known prefix) is looked up as IPv4. */
bool ranges_find(const struct ranges *r, const struct address *a, uint16_t port, struct peer *out);
/* The IPv4 address inside an IPv4-mapped or NAT64 address; other addresses come back unchanged. */
struct address ranges_plain(const struct address *a);

/* peers_json.c: the ranges of an endpoints document whose names and ports are SMTP, or NULL and an
 * owned message. */
struct ranges *peers_json_ranges(const char *json, size_t n, char **error);

#endif
