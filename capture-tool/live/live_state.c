/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The counters in words.
 */
#include "live/live_state.h"

#define U64 G_GUINT64_FORMAT

unsigned live_share(uint64_t part, uint64_t all)
{
	return all ? (unsigned)((double)MIN(part, all) * 10000.0 / (double)all) : 0;
}

static void source_text(const struct live_source *s, GString *out)
{
	static const char *const words[] = { "up", "down", "gone" };
	const struct source_live_counts *c = &s->counts;
	unsigned lost = live_share(c->dropped, c->received);
	g_string_append_printf(out,
			       "%s: %s, received %" U64 ", dropped by the kernel %" U64
			       " (%u.%02u %%), dropped by the interface ",
			       s->name, words[s->state], c->received, c->dropped, lost / 100,
			       lost % 100);
	if (c->interface_known)
		g_string_append_printf(out, "%" U64, c->interface_dropped);
	else
		g_string_append(out, "not known");
	g_string_append_printf(out, ", outages %u\n", c->outages);
}

static void packets_text(const struct packet_stats *p, GString *out)
{
	g_string_append(out, "packets:");
	for (unsigned i = 0; i < PACKET_COUNT_ALL; i++)
		if (p->count[i])
			g_string_append_printf(out, " %s %" U64,
					       packet_count_name((enum packet_count)i),
					       p->count[i]);
	g_string_append_c(out, '\n');
}

void live_state_text(const struct live_state *s, GString *out)
{
	const struct smtp365_stats *e = &s->engine;
	for (unsigned i = 0; i < s->source_count; i++)
		source_text(&s->source[i], out);
	packets_text(&s->packets, out);
	unsigned lost = live_share(e->gap_bytes, e->gap_bytes + e->delivered_bytes);
	g_string_append_printf(out,
			       "streams: %" U64 " bytes read, %" U64 " missing (%u.%02u %%), %" U64
			       " duplicate packets\n",
			       e->delivered_bytes, e->gap_bytes, lost / 100, lost % 100,
			       e->duplicates);
	unsigned half = live_share(e->one_sided, e->one_sided + e->two_sided);
	g_string_append_printf(out,
			       "sessions: %" U64 " ended, %" U64 " told before their end, %" U64
			       " culled, %" U64
			       " with the dialogue of one side only (%u.%02u %%), %" U64
			       " without any answer, %" U64 " open\n",
			       e->sessions, e->told_early, e->culled, e->one_sided, half / 100,
			       half % 100, e->unanswered, e->open);
	g_string_append_printf(out,
			       "memory: %zu bytes in the table, %zu at most, %" U64 " resident\n",
			       e->bytes, e->bytes_peak, s->resident);
	g_string_append_printf(out,
			       "output: %" U64 " records written, %" U64 " waiting, %" U64
			       " dropped, %" U64 " failed writes\n",
			       s->queue.written, s->queue.waiting, s->queue.dropped,
			       s->queue.failures);
	if (s->has_recorder)
		g_string_append_printf(out,
				       "recorder: %" U64 " sessions, %" U64 " packets, %" U64
				       " files, %" U64 " deleted, %" U64 " packets not written\n",
				       s->recorder.sessions, s->recorder.packets, s->recorder.files,
				       s->recorder.deleted, s->recorder.failed);
}
