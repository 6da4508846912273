/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * {host} and {port} of a check. See place.h.
 */
#include "verdict/place.h"
#include "base/phrase.h"

#include <arpa/inet.h>
#include <string.h>

#define SUBMISSION_PORT 587u

/* Letters, digits, dots, dashes and underscores only: nothing that a shell would take for its own.
 */
static bool sound(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	size_t n = name ? strlen(name) : 0;
	return n > 0 && n <= 253 && name[0] != '-' && strspn(name, letters) == n;
}

static void address_of(const struct address *a, char to[INET6_ADDRSTRLEN])
{
	if (!inet_ntop(a->family == 6 ? AF_INET6 : AF_INET, a->byte, to, INET6_ADDRSTRLEN))
		to[0] = '\0';
}

/* An IPv6 address before ":port" stands in brackets (RFC 3986 3.2.2). */
static void append_host(GString *out, const char *host, const char *rest)
{
	bool brackets = rest[0] == ':' && strchr(host, ':');
	phrase_append(out, brackets ? "[%s]" : "%s", host);
}

char *place_words(const char *check, const char *host, const char *port)
{
	static const char at_host[] = "{host}", at_port[] = "{port}";
	GString *out = g_string_sized_new(strlen(check) + 64);
	while (*check) {
		if (!strncmp(check, at_host, sizeof at_host - 1)) {
			check += sizeof at_host - 1;
			append_host(out, host, check);
		} else if (!strncmp(check, at_port, sizeof at_port - 1)) {
			check += sizeof at_port - 1;
			g_string_append(out, port);
		} else {
			g_string_append_c(out, *check++);
		}
	}
	return g_string_free(out, FALSE);
}

const char *place_check(const char *check, const struct verdict *v, GStringChunk *words)
{
	char address[INET6_ADDRSTRLEN], port[8];
	if (!check || !strchr(check, '{'))
		return check;
	address_of(&v->server_ip, address);
	phrase(port, sizeof port, "%u", v->lookup_only ? SUBMISSION_PORT : v->server_port);
	char *text = place_words(check, sound(v->server_domain) ? v->server_domain : address, port);
	const char *kept = g_string_chunk_insert_const(words, text);
	g_free(text);
	return kept;
}
