/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See batch.h. A segment waits only when its payload lies in the frame: one that was put together
 * from fragments lies in a buffer that the next frame may change.
 */
#include "run/batch.h"
#include "frames/feed.h"

static bool lies_in(const struct segment *g, const struct source_packet *k)
{
	return !g->caplen || (g->payload >= k->data && g->payload < k->data + k->caplen);
}

void batch_flush(struct batch *b)
{
	struct segment *all[SMTP365_EXPECT];

	for (unsigned i = 0; i < b->count; i++)
		all[i] = &b->item[i].segment;
	if (b->count > 1)
		smtp365_expect(b->engine, all, b->count);
	for (unsigned i = 0; i < b->count; i++)
		smtp365_segment(b->engine, all[i]);
	b->count = 0;
}

void batch_add(struct batch *b, const struct source_packet *k, bool more)
{
	struct packet_item *item = &b->item[b->count];

	packet_link(b->reader, k->dlt);
	item->kind = packet_read(b->reader, k->time_ns, k->frame, k->data, k->caplen, k->len, item);
	if (item->kind == PACKET_SEGMENT && lies_in(&item->segment, k)) {
		feed_checksum(b->engine, b->reader, &item->segment);
		if (++b->count == SMTP365_EXPECT || !more)
			batch_flush(b);
		return;
	}
	batch_flush(b);
	if (item->kind == PACKET_NOTHING)
		smtp365_clock(b->engine, k->time_ns);
	else
		feed_item(b->engine, b->reader, item);
}
