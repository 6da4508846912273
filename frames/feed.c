/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sum over a segment costs a pass over its bytes, so it is made only where the engine looks.
 */
#include "frames/feed.h"
#include <string.h>
#include <sys/random.h>

void feed_hash_key(struct smtp365_options *o)
{
	if (getrandom(o->hash_key, sizeof(o->hash_key), GRND_NONBLOCK) < 0)
		memset(o->hash_key, 0, sizeof(o->hash_key));
}

void feed_checksum(const struct smtp365 *s, const struct packet *p, struct segment *g)
{
	if (segment_sums(g) && smtp365_watches(s, g->sport, g->dport))
		g->checksum_bad = packet_checksum_bad(p, g);
}

static void feed_segment(struct smtp365 *s, struct packet *p, struct segment *g)
{
	feed_checksum(s, p, g);
	smtp365_segment(s, g);
}

void feed_item(struct smtp365 *s, struct packet *p, struct packet_item *item)
{
	enum packet_kind kind = item->kind;
	if (kind == PACKET_SEGMENT)
		feed_segment(s, p, &item->segment);
	else if (kind == PACKET_ICMP)
		smtp365_icmp(s, &item->icmp);
	for (; kind == PACKET_DATAGRAM; kind = item->kind) {
		smtp365_datagram(s, &item->datagram);
		if (!item->datagram.over_tcp)
			break;
		item->kind = packet_more(p, item);
	}
}
