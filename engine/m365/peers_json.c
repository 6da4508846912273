/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads a saved copy of Microsoft's endpoints document (JSON: an array of endpoint sets with id,
 * serviceArea, urls, ips, tcpPorts) and keeps the prefixes of the sets that carry SMTP: those with
 * a name of hosts.def and one of its ports. The caller caps the size; odd members are skipped, and
 * a document without any usable set is an error.
 */
#include <jansson.h>
#include "m365/peers_names.h"
#include "m365/peers_ranges.h"

/* Is one of the ports 25 or 587 in a list such as "25, 587,993" or "20-30"? */
static bool ports_are_smtp(const char *s, bool mx)
{
	while (*s) {
		unsigned from = 0, to;
		for (; *s >= '0' && *s <= '9' && from < 100000; s++)
			from = from * 10 + (unsigned)(*s - '0');
		to = from;
		if (*s == '-') {
			to = 0;
			for (s++; *s >= '0' && *s <= '9' && to < 100000; s++)
				to = to * 10 + (unsigned)(*s - '0');
		}
		if ((from <= 25 && to >= 25) || (!mx && from <= 587 && to >= 587))
			return true;
		while (*s && *s != ',')
			s++;
		if (*s)
			s++;
	}
	return false;
}

/* A name of the document as a host name: lower case, a leading "*." replaced by a label. */
static bool url_is_smtp(const char *url, struct peer *out)
{
	char name[256];
	size_t n = strlen(url), at = 0;
	if (n < 4 || n >= sizeof name - 4)
		return false;
	if (url[0] == '*' && url[1] == '.') {
		name[at++] = 'x';
		url++;
	}
	for (; *url; url++)
		name[at++] = g_ascii_tolower(*url);
	name[at] = 0;
	return peers_table_name(name, out);
}

/* What the set is, or false when it is not SMTP. Sets with both kinds count as submission. */
static bool set_kind(const json_t *set, struct peer *out)
{
	const char *ports = json_string_value(json_object_get(set, "tcpPorts"));
	const json_t *urls = json_object_get(set, "urls");
	bool found = false;
	size_t i;
	const json_t *url;
	if (!ports || !json_is_array(urls))
		return false;
	json_array_foreach(urls, i, url)
	{
		struct peer p;
		const char *text = json_string_value(url);
		if (!text || !url_is_smtp(text, &p) || !ports_are_smtp(ports, p.mx))
			continue;
		if (!found || (out->mx && !p.mx))
			*out = p;
		found = true;
	}
	return found;
}

static void add_set(struct ranges *r, const json_t *set)
{
	struct peer kind = { 0 };
	const json_t *ips, *ip;
	size_t i;
	if (!json_is_object(set) || !set_kind(set, &kind))
		return;
	ips = json_object_get(set, "ips");
	json_array_foreach(ips, i, ip)
	{
		const char *text = json_string_value(ip);
		if (text)
			ranges_add(r, text, kind.endpoint, kind.mx);
	}
}

struct ranges *peers_json_ranges(const char *json, size_t n, char **error)
{
	json_error_t e;
	json_t *root = json_loadb(json, n, 0, &e);
	if (!root) {
		*error = g_strdup_printf("no JSON: line %d: %s", e.line, e.text);
		return NULL;
	}
	if (!json_is_array(root)) {
		*error = g_strdup("no endpoints document: its outermost value is no array");
		json_decref(root);
		return NULL;
	}
	struct ranges *r = ranges_new();
	size_t i;
	const json_t *set;
	json_array_foreach(root, i, set) add_set(r, set);
	json_decref(root);
	if (!ranges_count(r)) {
		*error = g_strdup("no endpoints document: no set has SMTP names, ports 25 or 587, "
				  "and addresses");
		ranges_free(r);
		return NULL;
	}
	ranges_seal(r);
	return r;
}
