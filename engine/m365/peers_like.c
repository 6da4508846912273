/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds names that were probably meant to be Microsoft's: a few wrong letters in a host name, a
 * tenant's MX name with dots where dashes belong, or a mistyped suffix of it (N01).
 * Never a known name, never a known name with a search suffix behind it.
 */
#include "m365/peers.h"
#include "m365/peers_ranges.h"

#define LIKE_MAX 3	  /* edits */
#define NAME_MAX_LEN 253u /* RFC 1035 2.3.4, as text */

static const char tenant_form[] = "<domain with dashes for dots>.mail.protection.outlook.com";

static const char *const meant_rows[] = {
#define MEANT(name) name,
#include "m365/meant.def"
};

/* Edits (insert, delete, replace, swap of neighbours) from a to b, or LIKE_MAX + 1 when more. Three
 * rows of the usual table; b is one of ours and short. */
static unsigned edits(const char *a, size_t n, const char *b)
{
	enum { WIDTH = 64 };
	unsigned rows[3][WIDTH];
	size_t m = strlen(b);
	if (m >= WIDTH || n > m + LIKE_MAX || m > n + LIKE_MAX)
		return LIKE_MAX + 1;
	for (size_t j = 0; j <= m; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= n; i++) {
		unsigned *now = rows[i % 3], *up = rows[(i + 2) % 3], *up2 = rows[(i + 1) % 3];
		now[0] = (unsigned)i;
		for (size_t j = 1; j <= m; j++) {
			unsigned best = up[j - 1] + (a[i - 1] != b[j - 1]);
			best = MIN(best, up[j] + 1);
			best = MIN(best, now[j - 1] + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				best = MIN(best, up2[j - 2] + 1);
			now[j] = best;
		}
	}
	return MIN(rows[n % 3][m], LIKE_MAX + 1u);
}

static bool ends_with(const char *name, size_t n, const char *tail)
{
	size_t t = strlen(tail);
	return n > t && strcmp(name + n - t, tail) == 0;
}

/* Known name followed by a local domain: "smtp.office365.com.corp.local". */
static bool has_search_suffix(const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(meant_rows); i++) {
		size_t n = strlen(meant_rows[i]);
		if (!strncmp(name, meant_rows[i], n) && name[n] == '.')
			return true;
	}
	return strstr(name, ".mail.protection.outlook.com.") || strstr(name, ".mx.microsoft.");
}

/* A tenant's MX name in the wrong form. */
static bool wrong_tenant_name(const char *name, size_t n)
{
	static const char mx[] = "mail.protection.outlook.com";
	const char *dot = strchr(name, '.');
	if (!dot || dot == name)
		return false;
	if (ends_with(name, n, ".mail.protection.outlook.com"))
		return true; /* known names are gone already: more than one label before */
	const char *rest = dot + 1;
	size_t left = n - (size_t)(rest - name);
	bool dashed = memchr(name, '-', (size_t)(dot - name)) != NULL;
	if (dashed && !strcmp(rest, "protection.outlook.com"))
		return true;
	/* the suffix begins one or two labels on: contoso-com.mail..., contoso.com.mail... */
	unsigned d = edits(rest, left, mx);
	const char *dot2 = memchr(rest, '.', left);
	if (d > LIKE_MAX && dot2)
		d = edits(dot2 + 1, left - (size_t)(dot2 + 1 - rest), mx);
	return d >= 1 && d <= LIKE_MAX;
}

bool peers_lookalike(const struct peers *p, const char *name, const char **meant)
{
	struct peer known;
	size_t n = strnlen(name, NAME_MAX_LEN + 1);
	if (n < 8 || n > NAME_MAX_LEN || peers_by_name(p, name, 0, &known) ||
	    has_search_suffix(name))
		return false;
	unsigned best = LIKE_MAX + 1;
	const char *which = NULL;
	for (size_t i = 0; i < G_N_ELEMENTS(meant_rows); i++) {
		unsigned d = edits(name, n, meant_rows[i]);
		if (d >= 1 && d < best) {
			best = d;
			which = meant_rows[i];
		}
	}
	if (!which && wrong_tenant_name(name, n))
		which = tenant_form;
	if (which && meant)
		*meant = which;
	return which != NULL;
}
