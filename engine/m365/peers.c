/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tells whether a name, banner, certificate or address is Microsoft 365's, from the tables
 * of this room and what the caller added. Names come lower case without final dot; texts from the
 * wire come escaped. Names are looked up by peers_names.c, addresses by peers_ranges.c, mistyped
 * names by peers_like.c.
 */
#include "m365/peers.h"
#include "m365/peers_names.h"
#include "m365/peers_ranges.h"

static const struct {
	const char *prefix;
	enum endpoint endpoint;
	bool mx;
} range_rows[] = {
#define RANGE(p, e, m, source) { p, ENDPOINT_##e, m },
#include "m365/ranges.def"
};

static const char *const issuer_rows[] = {
#define ISSUER(front, until) front,
#include "m365/issuers.def"
};

static const struct {
	const char *word, *product;
} vendor_rows[] = {
#define VENDOR(word, product) { word, product },
#include "m365/vendors.def"
};

struct added_name {
	char *pattern; /* owned */
	uint16_t port;
	enum endpoint endpoint;
};

struct peers {
	struct ranges *ranges;
	bool loaded;
	GArray *added; /* struct added_name, latest last */
};

struct peers *peers_new(void)
{
	struct peers *p = g_new0(struct peers, 1);
	p->ranges = ranges_new();
	for (size_t i = 0; i < G_N_ELEMENTS(range_rows); i++) {
		bool ok = ranges_add(p->ranges, range_rows[i].prefix, range_rows[i].endpoint,
				     range_rows[i].mx);
		g_assert(ok);
	}
	ranges_seal(p->ranges);
	p->added = g_array_new(FALSE, FALSE, sizeof(struct added_name));
	return p;
}

void peers_free(struct peers *p)
{
	if (!p)
		return;
	for (guint i = 0; i < p->added->len; i++)
		g_free(g_array_index(p->added, struct added_name, i).pattern);
	g_array_free(p->added, TRUE);
	ranges_free(p->ranges);
	g_free(p);
}

bool peers_load(struct peers *p, const char *json, size_t n, char **error)
{
	struct ranges *r = peers_json_ranges(json, n, error);
	if (!r)
		return false;
	ranges_free(p->ranges);
	p->ranges = r;
	p->loaded = true;
	return true;
}

void peers_add_name(struct peers *p, const char *pattern, uint16_t port, enum endpoint e)
{
	struct added_name a = { g_ascii_strdown(pattern, -1), port, e };
	g_array_append_val(p->added, a);
}

int64_t peers_date(const struct peers *p)
{
	return p->loaded ? 0 : PEERS_DATE;
}

bool peers_loaded(const struct peers *p)
{
	return p->loaded;
}

bool peers_by_name(const struct peers *p, const char *name, uint16_t port, struct peer *out)
{
	for (guint i = 0; i < p->added->len; i++) {
		const struct added_name *a = &g_array_index(p->added, struct added_name, i);
		if ((a->port == 0 || a->port == port) && peers_pattern(a->pattern, name)) {
			*out = (struct peer){ .endpoint = a->endpoint,
					      .mx = a->endpoint == ENDPOINT_MX };
			return true;
		}
	}
	return peers_table_name(name, out);
}

bool peers_by_banner(const struct peers *p, const char *banner_text, struct peer *out)
{
	(void)p;
	char host[256];
	size_t n = strcspn(banner_text, " \t");
	static const char words[] = "microsoft esmtp mail service";
	if (n == 0 || n >= sizeof host)
		return false;
	if (g_ascii_strncasecmp(banner_text + n + strspn(banner_text + n, " \t"), words,
				sizeof words - 1) != 0)
		return false;
	for (size_t i = 0; i < n; i++)
		host[i] = g_ascii_tolower(banner_text[i]);
	host[n] = 0;
	return peers_table_banner(host, out);
}

/* "*.mail.protection.outlook.com" stands for itself as well as for the names under it; the label
 * count does not matter, as this asks whose certificate it is, not whether it is valid. */
bool peers_by_certificate(const struct peers *p, const struct certificate *c, struct peer *out)
{
	(void)p;
	char *cn = g_ascii_strdown(c->subject_cn, -1);
	bool found = peers_table_subject(cn, out);
	g_free(cn);
	for (unsigned i = 0; i < c->name_count && i < G_N_ELEMENTS(c->names) && !found; i++) {
		char *name = g_ascii_strdown(c->names[i], -1);
		found = peers_table_subject(name, out);
		g_free(name);
	}
	return found;
}

bool peers_by_address(const struct peers *p, const struct address *a, uint16_t port,
		      struct peer *out)
{
	return ranges_find(p->ranges, a, port, out);
}

/* RFC 1918, 1122 (0/8, 127/8), 3927 (169.254/16), 6598 (100.64/10), 4193 (fc00::/7) and 4291
 * (fe80::/10, :: and ::1). */
bool peers_private(const struct address *a)
{
	static const uint8_t zero[15];
	struct address x = ranges_plain(a);
	const uint8_t *b = x.byte;
	if (x.family == 4)
		return b[0] == 0 || b[0] == 10 || b[0] == 127 || (b[0] == 192 && b[1] == 168) ||
		       (b[0] == 172 && (b[1] & 0xf0) == 16) || (b[0] == 169 && b[1] == 254) ||
		       (b[0] == 100 && (b[1] & 0xc0) == 64);
	if (x.family == 6)
		return (b[0] & 0xfe) == 0xfc || (b[0] == 0xfe && (b[1] & 0xc0) == 0x80) ||
		       (!memcmp(b, zero, 15) && b[15] <= 1);
	return false;
}

bool peers_issuer_known(const struct certificate *c)
{
	const char *who = c->issuer_o[0] ? c->issuer_o : c->issuer_cn;
	for (size_t i = 0; i < G_N_ELEMENTS(issuer_rows); i++) {
		if (!g_ascii_strncasecmp(who, issuer_rows[i], strlen(issuer_rows[i])))
			return true;
	}
	return false;
}

/* Is the word at the front of a word of the text? Both lower case. */
static bool has_word(const char *text, const char *word)
{
	for (const char *at = strstr(text, word); at; at = strstr(at + 1, word)) {
		if (at == text || !g_ascii_isalnum(at[-1]))
			return true;
	}
	return false;
}

const char *peers_inspection_vendor(const struct certificate *c)
{
	if (peers_issuer_known(c))
		return NULL;
	const char *product = NULL;
	char *all = g_strjoin("\n", c->issuer_o, c->issuer_cn, c->issuer, NULL);
	char *low = g_ascii_strdown(all, -1);
	for (size_t i = 0; i < G_N_ELEMENTS(vendor_rows) && !product; i++) {
		if (has_word(low, vendor_rows[i].word))
			product = vendor_rows[i].product;
	}
	g_free(low);
	g_free(all);
	return product;
}
