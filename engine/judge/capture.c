/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Quality of the capture (docs/findings.md#capture). These facts gate all absence findings.
 */
#include "judge/judge.h"

#define VANTAGE_RATIO 5u

static const char *tunnel_word(unsigned kind)
{
	static const char *const words[] = { "",       "MPLS",	"PPPoE",  "GRE",
					     "ERSPAN", "VXLAN", "GENEVE", "IP in IP" };
	return kind < G_N_ELEMENTS(words) ? words[kind] : "";
}

static void tunnel(struct judge *j)
{
	const struct encapsulation *e = &j->flow->encap;
	if (e->tunnel)
		facts_say(j->facts, FACT_TUNNEL, j->flow->first_frame,
			  judge_words(j, "%s, id %u", tunnel_word(e->tunnel), e->tunnel_id));
	else if (e->vlan_count > 1)
		facts_say(j->facts, FACT_TUNNEL, j->flow->first_frame,
			  judge_words(j, "VLAN %u in VLAN %u", e->vlan[1], e->vlan[0]));
}

/* Offloading: only the host that captures sends wrong checksums, or segments over the MSS (C06). */
static void offload(struct judge *j)
{
	for (int d = 0; d < 2; d++) {
		const struct flow_side *a = &j->flow->side[d], *b = &j->flow->side[!d];
		uint32_t looked_at = a->syn_count + a->data_segments - a->large_segments;
		if (a->checksum_bad >= 2 && a->checksum_bad * 2 >= looked_at && !b->checksum_bad &&
		    b->segments)
			facts_say(j->facts, FACT_OFFLOAD, a->checksum_frame,
				  judge_words(j, "bad checksums from the %s only",
					      d ? "server" : "client"));
		else if (a->over_mss)
			facts_say(j->facts, FACT_OFFLOAD, a->over_mss_frame,
				  "segments longer than the MSS allows");
	}
}

/* Tenths of a millisecond, rounded; every session has these words, and floating point is dear. */
static unsigned tenths(uint64_t ns)
{
	return (unsigned)((ns + 50000) / 100000);
}

static void vantage(struct judge *j)
{
	uint64_t server = flow_rtt_server(j->flow), client = flow_rtt_client(j->flow);
	const char *where;
	if (!server || !client)
		return;
	if (client * VANTAGE_RATIO < server)
		where = "next to the client";
	else if (server * VANTAGE_RATIO < client)
		where = "next to the server";
	else
		where = "between client and server";
	facts_say(j->facts, FACT_VANTAGE, j->flow->handshake_frame,
		  judge_words(j,
			      "%s (%u.%u ms to the server, %u.%u ms to the client; TTL %u and %u)",
			      where, tenths(server) / 10, tenths(server) % 10, tenths(client) / 10,
			      tenths(client) % 10, j->flow->side[FLOW_S2C].ttl_first,
			      j->flow->side[FLOW_C2S].ttl_first));
}

void judge_capture_quality(struct judge *j)
{
	const struct flow *f = j->flow;
	const struct seen *n = j->seen;
	const struct flow_side *c = &f->side[FLOW_C2S], *s = &f->side[FLOW_S2C];

	if (f->one_sided)
		facts_say(j->facts, FACT_ONE_SIDED, f->first_frame,
			  c->bytes || c->segments > s->segments ? "only packets from the client"
								: "only packets from the server");
	/* What a mirror never delivers is not lost: of the other direction only holes count. */
	uint64_t missing =
		f->one_sided ? (c->bytes ? c : s)->gap_bytes : c->gap_bytes + s->gap_bytes;
	if (n->odd->lost.frame && missing)
		facts_say(j->facts, FACT_CAPTURE_LOSS, n->odd->lost.frame,
			  judge_words(j, "%" G_GUINT64_FORMAT " bytes missing", missing));
	judge_seen(j, FACT_SNAPPED, &n->odd->snapped);
	judge_seen(j, FACT_SNAPPED_BODY, &n->odd->snapped_body);
	if (f->midstream)
		judge_set(j, FACT_MIDSTREAM, f->first_frame);
	if (c->duplicates || s->duplicates)
		facts_say(j->facts, FACT_DUPLICATES,
			  c->duplicate_frame ? c->duplicate_frame : s->duplicate_frame,
			  judge_words(j, "%u packets twice", c->duplicates + s->duplicates));
	offload(j);
	if (n->mirror) {
		judge_set(j, FACT_DECRYPTED_MIRROR, n->odd->plain_after_220.frame);
		if (n->mirror_certain && !n->first_tls[FLOW_C2S].frame &&
		    !n->first_tls[FLOW_S2C].frame)
			judge_set(j, FACT_DECRYPTED_MIRROR_CERTAIN, n->odd->plain_after_220.frame);
	}
	vantage(j);
	if (j->over && f->end == FLOW_END_CAPTURE && !c->fin_frame && !s->fin_frame &&
	    !c->rst_frame && !s->rst_frame &&
	    ns_since(j->capture->now_ns, f->last_ns) < CAP_HOLE_WAIT)
		judge_set(j, FACT_NO_TCP_CLOSE, f->last_frame);
	tunnel(j);
	judge_seen(j, FACT_STREAM_GAP, &n->odd->gap);
	if (j->capture->clock_servers >= 3 && n->banner.frame && ABS(j->capture->clock_skew_s) > 2)
		facts_say(j->facts, FACT_CLOCK_SKEW, n->banner.frame,
			  judge_words(j,
				      "the servers' clocks are %+" G_GINT64_FORMAT
				      " s from the capture's (median of %u servers)",
				      j->capture->clock_skew_s, j->capture->clock_servers));
}
