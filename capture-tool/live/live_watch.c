/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Thresholds and sentences. A share is said as soon as one packet was lost, because what was lost
 * may have been the one that matters; the words say how much it was.
 */
#include "live/live_watch.h"
#include <string.h>

#define U64 G_GUINT64_FORMAT
#define SECOND 1000000000u
/* Holes in streams below this share (1/10000) are the ordinary loss of a mirror: not said. */
#define GAP_SHARE 10u
/* Sessions from which the sides are judged. */
#define SIDES_SESSIONS 3u

static void kernel_loss(const struct live_source *a, const struct live_source *b, live_watch_fn fn,
			void *host)
{
	uint64_t all = b->counts.received - a->counts.received;
	uint64_t lost = b->counts.dropped - a->counts.dropped;
	uint64_t card = b->counts.interface_dropped - a->counts.interface_dropped;
	unsigned share = live_share(lost, all);
	if (lost)
		fn(g_strdup_printf("%s: %u.%02u %% lost: the kernel dropped %" U64 " of %" U64
				   " packets; verdicts may lack evidence, give a larger -B",
				   b->name, share / 100, share % 100, lost, all),
		   host);
	if (card)
		fn(g_strdup_printf("%s: the interface dropped %" U64 " packets before they were "
				   "seen; check its ring with ethtool -g %s",
				   b->name, card, b->name),
		   host);
}

static void stream_loss(const struct smtp365_stats *a, const struct smtp365_stats *b,
			live_watch_fn fn, void *host)
{
	uint64_t gap = b->gap_bytes - a->gap_bytes;
	uint64_t all = gap + b->delivered_bytes - a->delivered_bytes;
	unsigned share = live_share(gap, all);
	if (share >= GAP_SHARE)
		fn(g_strdup_printf("%u.%02u %% of the bytes of the sessions that ended are lost: "
				   "the peers received them, the mirror port did not deliver them",
				   share / 100, share % 100),
		   host);
	if (b->culled > a->culled)
		fn(g_strdup_printf("%" U64 " connections were given up because the table is full",
				   b->culled - a->culled),
		   host);
}

static void sides(struct live_watch *w, const struct smtp365_stats *e, live_watch_fn fn, void *host)
{
	uint64_t one = e->one_sided - w->one_sided, two = e->two_sided - w->two_sided;
	bool first = w->one_sided + w->two_sided == 0;
	if (one + two < (w->last && first ? 1 : SIDES_SESSIONS))
		return;
	w->one_sided = e->one_sided;
	w->two_sided = e->two_sided;
	bool bad = one > two;
	if (bad)
		fn(g_strdup_printf("only one direction seen in %" U64 " of %" U64 " sessions; "
				   "mirror both directions of the port",
				   one, one + two),
		   host);
	else if (w->sides_said)
		fn(g_strdup("both directions are seen again"), host);
	w->sides_said = bad;
}

void live_watch_compare(struct live_watch *w, const struct live_state *now, live_watch_fn fn,
			void *host)
{
	for (unsigned i = 0; i < now->source_count; i++)
		kernel_loss(&w->before.source[i], &now->source[i], fn, host);
	stream_loss(&w->before.engine, &now->engine, fn, host);
	sides(w, &now->engine, fn, host);
	w->before = *now;
}

void live_watch_silence(struct live_watch *w, struct live_state *now, uint32_t silence_s,
			live_watch_fn fn, void *host)
{
	bool seen = now->engine.smtp_segments != w->segments;
	w->segments = now->engine.smtp_segments;
	if (seen)
		now->last_smtp_ns = now->now_ns;
	if (seen && w->silence_said)
		fn(g_strdup("SMTP is seen again"), host);
	if (seen || !w->silent_since_ns || w->silent_since_ns > now->now_ns) {
		w->silent_since_ns = now->now_ns;
		w->silence_said = false;
		return;
	}
	uint64_t quiet = (now->now_ns - w->silent_since_ns) / SECOND;
	if (!silence_s || w->silence_said || quiet < silence_s)
		return;
	w->silence_said = true;
	bool minutes = silence_s >= 60;
	fn(g_strdup_printf("no SMTP seen for %" U64 " %s; is the mirror port still on, and does "
			   "it carry the mail servers' traffic?",
			   minutes ? quiet / 60 : quiet, minutes ? "minutes" : "seconds"),
	   host);
}

void live_losses_note(struct live_losses *l, const struct live_state *now)
{
	uint64_t total = 0;
	for (unsigned i = 0; i < now->source_count; i++)
		total += now->source[i].counts.dropped + now->source[i].counts.interface_dropped;
	if (total == (l->count ? l->at[l->count - 1].total : 0))
		return;
	if (l->count == LIVE_LOSSES) {
		memmove(&l->at[0], &l->at[1], sizeof(l->at) - sizeof(l->at[0]));
		l->count--;
		l->forgotten = true;
	}
	l->at[l->count].ns = now->now_ns;
	l->at[l->count++].total = total;
}

uint64_t live_losses_since(const struct live_losses *l, uint64_t ns)
{
	if (l->count == 0)
		return 0;
	uint64_t before = l->forgotten ? l->at[0].total : 0;
	for (unsigned i = l->count; i > 0; i--)
		if (l->at[i - 1].ns <= ns) {
			before = l->at[i - 1].total;
			break;
		}
	return l->at[l->count - 1].total - before;
}
