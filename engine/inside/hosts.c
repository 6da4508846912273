/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inside/hosts.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define HOSTS 1024u
#define LABEL_MOST 24u /* Exchange Online's have 13 to 15 */

struct host {
	char label[LABEL_MOST];
	uint8_t domain;
};

/* Most processes read none: the table comes with the first. */
struct inside_hosts {
	struct host *at;
};

struct inside_hosts *inside_hosts_new(void)
{
	return g_new0(struct inside_hosts, 1);
}

void inside_hosts_free(struct inside_hosts *h)
{
	if (!h)
		return;
	g_free(h->at);
	g_free(h);
}

static bool first_label(const char *host, char label[LABEL_MOST])
{
	size_t n = strcspn(host, ". ");

	if (!n || n >= LABEL_MOST)
		return false;
	for (size_t i = 0; i < n; i++)
		label[i] = g_ascii_toupper(host[i]);
	label[n] = '\0';
	return true;
}

void inside_hosts_note(struct inside_hosts *h, const char *host, unsigned domain)
{
	char label[LABEL_MOST];

	if (!domain || domain > UINT8_MAX || !first_label(host, label))
		return;
	if (!h->at)
		h->at = g_new0(struct host, HOSTS);
	struct host *to = &h->at[g_str_hash(label) % HOSTS];
	g_strlcpy(to->label, label, sizeof to->label);
	to->domain = (uint8_t)domain;
}

unsigned inside_hosts_domain(const struct inside_hosts *h, const char *host)
{
	char label[LABEL_MOST];

	if (!h->at || !first_label(host, label))
		return 0;
	const struct host *to = &h->at[g_str_hash(label) % HOSTS];
	return strcmp(to->label, label) == 0 ? (unsigned)to->domain : 0u;
}
