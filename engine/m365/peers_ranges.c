/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prefixes sorted by family, length and address. What holds from where on is worked out once, when
 * the last prefix is there: the answer changes only where a prefix begins or ends. So a look-up is
 * one search by halves in a list of edges, whatever the document holds; overlapping prefixes need
 * no care.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include "m365/peers_ranges.h"

struct range {
	uint8_t family, len;
	uint8_t byte[16];
	bool mx;
	uint8_t endpoint;
};

/* From this address to the next edge the answer is the same. */
struct edge {
	uint64_t high, low; /* the address as a number, IPv4 in the lowest 32 bits */
	uint8_t family;
	bool found[2]; /* by whether the port is 25 */
	struct peer peer[2];
};

struct ranges {
	GArray *rows;	    /* struct range */
	GArray *edges;	    /* struct edge, by family and address */
	uint8_t has_v4[33]; /* does a prefix of this length occur */
	uint8_t has_v6[129];
};

struct ranges *ranges_new(void)
{
	struct ranges *r = g_new0(struct ranges, 1);
	r->rows = g_array_new(FALSE, FALSE, sizeof(struct range));
	r->edges = g_array_new(FALSE, FALSE, sizeof(struct edge));
	return r;
}

void ranges_free(struct ranges *r)
{
	if (!r)
		return;
	g_array_free(r->rows, TRUE);
	g_array_free(r->edges, TRUE);
	g_free(r);
}

size_t ranges_count(const struct ranges *r)
{
	return r->rows->len;
}

static void clear_host_bits(uint8_t *byte, unsigned bytes, unsigned len)
{
	for (unsigned i = 0; i < bytes; i++) {
		unsigned keep = len > i * 8 ? len - i * 8 : 0;
		if (keep < 8)
			byte[i] = (uint8_t)(byte[i] & (0xff00u >> keep));
	}
}

/* A decimal number of 1 to 3 digits that ends the text, or -1. */
static int prefix_length(const char *s)
{
	int n = 0, digits = 0;
	for (; *s >= '0' && *s <= '9' && digits < 3; s++, digits++)
		n = n * 10 + (*s - '0');
	return *s || !digits ? -1 : n;
}

bool ranges_add(struct ranges *r, const char *text, enum endpoint e, bool mx)
{
	char host[INET6_ADDRSTRLEN + 1];
	const char *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : strlen(text);
	if (n == 0 || n >= sizeof host)
		return false;
	memcpy(host, text, n);
	host[n] = 0;

	struct range row = { .mx = mx, .endpoint = (uint8_t)e };
	if (inet_pton(AF_INET, host, row.byte) == 1)
		row.family = 4;
	else if (inet_pton(AF_INET6, host, row.byte) == 1)
		row.family = 6;
	else
		return false;
	int bits = row.family == 4 ? 32 : 128;
	int len = slash ? prefix_length(slash + 1) : bits;
	if (len <= 0 || len > bits) /* a prefix of length 0 would be everyone */
		return false;
	row.len = (uint8_t)len;
	clear_host_bits(row.byte, (unsigned)bits / 8, (unsigned)len);
	g_array_append_val(r->rows, row);
	if (row.family == 4)
		r->has_v4[len] = 1;
	else
		r->has_v6[len] = 1;
	return true;
}

static int compare_prefix(const struct range *x, const struct range *y)
{
	if (x->family != y->family)
		return x->family < y->family ? -1 : 1;
	if (x->len != y->len)
		return x->len < y->len ? -1 : 1;
	return memcmp(x->byte, y->byte, sizeof x->byte);
}

/* Total order, so that the result does not depend on the order of the document. */
static int compare_row(const void *a, const void *b)
{
	const struct range *x = a, *y = b;
	int c = compare_prefix(x, y);
	if (c)
		return c;
	if (x->mx != y->mx)
		return x->mx < y->mx ? -1 : 1;
	return (int)x->endpoint - (int)y->endpoint;
}

struct address ranges_plain(const struct address *a)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	static const uint8_t nat64[12] = { 0x00, 0x64, 0xff, 0x9b };
	struct address out = *a;
	if (a->family == 6 && (!memcmp(a->byte, mapped, 12) || !memcmp(a->byte, nat64, 12))) {
		memset(&out, 0, sizeof out);
		out.family = 4;
		memcpy(out.byte, a->byte + 12, 4);
	}
	return out;
}

/* First row whose prefix is not below `key`. */
static guint lower_bound(const GArray *rows, const struct range *key)
{
	guint lo = 0, hi = rows->len;
	while (lo < hi) {
		guint mid = lo + (hi - lo) / 2;
		if (compare_prefix(&g_array_index(rows, struct range, mid), key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Rows of one prefix stand together, submission before MX: take the first of the kind that the port
 * asks for, else the first. The number of equal rows is bounded by two kinds of each endpoint only
 * after equal rows are skipped, so walk by searching for the MX kind, not row by row. */
static bool pick(const GArray *rows, const struct range *key, uint16_t port, struct peer *out)
{
	guint at = lower_bound(rows, key);
	if (at >= rows->len || compare_prefix(&g_array_index(rows, struct range, at), key) != 0)
		return false;
	const struct range *row = &g_array_index(rows, struct range, at);
	if (port == 25 && !row->mx) {
		guint lo = at, hi = rows->len;
		while (lo < hi) { /* first row that is past (key, not mx) */
			guint mid = lo + (hi - lo) / 2;
			const struct range *m = &g_array_index(rows, struct range, mid);
			int c = compare_prefix(m, key);
			if (c < 0 || (c == 0 && !m->mx))
				lo = mid + 1;
			else
				hi = mid;
		}
		if (lo < rows->len && !compare_prefix(&g_array_index(rows, struct range, lo), key))
			row = &g_array_index(rows, struct range, lo);
	}
	*out = (struct peer){ .endpoint = (enum endpoint)row->endpoint, .mx = row->mx };
	return true;
}

static bool look_up(const struct ranges *r, const struct address *a, uint16_t port,
		    struct peer *out)
{
	struct address plain = ranges_plain(a);
	if (plain.family != 4 && plain.family != 6)
		return false;
	unsigned bits = plain.family == 4 ? 32 : 128;
	const uint8_t *has = plain.family == 4 ? r->has_v4 : r->has_v6;
	struct range key = { .family = plain.family };
	memcpy(key.byte, plain.byte, bits / 8);
	for (unsigned len = bits; len > 0; len--) {
		if (!has[len])
			continue;
		clear_host_bits(key.byte, bits / 8, len);
		key.len = (uint8_t)len;
		if (pick(r->rows, &key, port, out))
			return true;
	}
	return false;
}

static struct edge edge_of(const struct address *a)
{
	struct edge e = { .family = a->family };
	for (unsigned i = 0; i < 8 && a->family == 6; i++) {
		e.high = e.high << 8 | a->byte[i];
		e.low = e.low << 8 | a->byte[8 + i];
	}
	for (unsigned i = 0; i < 4 && a->family == 4; i++)
		e.low = e.low << 8 | a->byte[i];
	return e;
}

static int compare_edge(const void *a, const void *b)
{
	const struct edge *x = a, *y = b;
	if (x->family != y->family)
		return x->family < y->family ? -1 : 1;
	if (x->high != y->high)
		return x->high < y->high ? -1 : 1;
	return x->low < y->low ? -1 : x->low > y->low;
}

static void add_edge(struct ranges *r, const struct address *a)
{
	struct edge e = edge_of(a);
	for (unsigned mx = 0; mx < 2; mx++)
		e.found[mx] = look_up(r, a, mx ? 25 : 587, &e.peer[mx]);
	g_array_append_val(r->edges, e);
}

/* The first address behind a prefix, with its bits behind `len` zero; false at the end of all. */
static bool address_behind(struct address *a, unsigned len)
{
	for (unsigned bit = len; bit > 0; bit--) {
		uint8_t mask = (uint8_t)(0x80u >> (bit - 1) % 8), *byte = &a->byte[(bit - 1) / 8];
		*byte ^= mask;
		if (*byte & mask)
			return true; /* no carry */
	}
	return false;
}

void ranges_seal(struct ranges *r)
{
	g_array_set_size(r->edges, 0);
	if (r->rows->len)
		qsort(r->rows->data, r->rows->len, sizeof(struct range), compare_row);
	for (guint i = 0; i < r->rows->len; i++) {
		const struct range *row = &g_array_index(r->rows, struct range, i);
		struct address a = { .family = row->family };
		memcpy(a.byte, row->byte, sizeof a.byte);
		add_edge(r, &a);
		if (address_behind(&a, row->len))
			add_edge(r, &a);
	}
	if (r->edges->len)
		qsort(r->edges->data, r->edges->len, sizeof(struct edge), compare_edge);
}

bool ranges_find(const struct ranges *r, const struct address *a, uint16_t port, struct peer *out)
{
	struct address plain = ranges_plain(a);
	struct edge key = edge_of(&plain);
	guint lo = 0, hi = r->edges->len; /* edges before lo are not behind the address */
	while (lo < hi) {
		guint mid = lo + (hi - lo) / 2;
		if (compare_edge(&g_array_index(r->edges, struct edge, mid), &key) <= 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == 0)
		return false;
	const struct edge *e = &g_array_index(r->edges, struct edge, lo - 1);
	if (e->family != plain.family || !e->found[port == 25])
		return false;
	*out = e->peer[port == 25];
	return true;
}
