/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DNS and addressing of one session (docs/findings.md#dns). Look-ups that led to no connection are
 * judged in verdict/clients.c.
 */
#include "judge/judge.h"

#include <string.h>

#define SLOW (2 * SEGMENT_SECOND)
#define LONGEST (60 * SEGMENT_SECOND) /* no resolver waits so long: a time stamp is damaged */
#define DAY (24 * 3600 * SEGMENT_SECOND)
#define TYPE_MX 15

/* A Microsoft name that was answered with an address Microsoft does not publish (N03). Classes
 * whose ranges are not published are left alone. */
static void foreign_answer(struct judge *j, const struct seen_lookup *l)
{
	struct peer name, address;
	char text[64];

	if (!peers_by_name(j->peers, l->name, j->flow->server_port, &name) || name.retired ||
	    (name.endpoint != ENDPOINT_SUBMISSION && name.endpoint != ENDPOINT_MX))
		return;
	if (peers_by_address(j->peers, &j->flow->server, 0, &address))
		return;
	const uint8_t *b = j->flow->server.byte;
	if (j->flow->server.family == 4)
		g_snprintf(text, sizeof text, "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
	else
		g_snprintf(text, sizeof text, "an IPv6 address");
	facts_say(j->facts,
		  peers_private(&j->flow->server) ? FACT_DNS_PRIVATE_ANSWER
						  : FACT_DNS_FOREIGN_ANSWER,
		  l->answer_frame, judge_words(j, "%s was answered with %s", l->name, text));
}

static bool mx_of(struct judge *j, const char *domain)
{
	const struct dns_lookup *l = dns_lookup_of(j->dns, &j->flow->client, domain, TYPE_MX);
	struct peer p;
	if (!l || l->outcome != DNS_ANSWERED || !l->mx_count)
		return false;
	for (unsigned i = 0; i < l->mx_count; i++)
		if (peers_by_name(j->peers, l->mx[i], 25, &p))
			return true;
	facts_say(j->facts, FACT_DNS_MX_ELSEWHERE, l->answer_frame,
		  judge_words(j, "MX of %s is %s", domain, l->mx[0]));
	return true;
}

/* Is the host the tenant's own name of this domain, its dots made dashes (contoso-com)? */
static bool tenant_of(const char *host, const char *domain)
{
	while (*domain && *host == (*domain == '.' ? '-' : *domain)) {
		host++;
		domain++;
	}
	return !*domain && *host == '.';
}

/* The MX of the domain that the client sends to, or as whose tenant it sends, is elsewhere (N04).
 */
static void mx_elsewhere(struct judge *j)
{
	const struct seen_mail *m = j->seen->mail;
	const char *to = m->to_count ? strrchr(m->to[0], '@') : NULL;
	const char *from = m->from_count ? strrchr(m->from[0], '@') : NULL;
	if (!j->mx)
		return;
	char *of_to = to && to[1] ? g_ascii_strdown(to + 1, -1) : NULL;
	char *of_from = from && from[1] ? g_ascii_strdown(from + 1, -1) : NULL;
	bool known = of_to && mx_of(j, of_to);
	if (!known && of_from && j->domain && tenant_of(j->domain, of_from))
		mx_of(j, of_from);
	g_free(of_to);
	g_free(of_from);
}

void judge_dns(struct judge *j)
{
	const struct seen_lookup *l = j->seen->lookup;

	if (l) {
		foreign_answer(j, l);
		uint64_t took = ns_since(l->answer_ns, l->query_ns);
		if (took > SLOW && took <= LONGEST)
			facts_say(j->facts, FACT_DNS_SLOW, l->answer_frame,
				  judge_words(j, "%.1f s for %s", (double)took / 1e9, l->name));
	} else if (judge_has(j, FACT_PEER_M365) && !j->seen->tls->client.has_sni &&
		   j->seen->dns_seen && ns_since(j->flow->first_ns, j->capture->first_ns) > DAY) {
		judge_set(j, FACT_HARD_CODED_IP, j->flow->first_frame);
	}
	mx_elsewhere(j);
}
