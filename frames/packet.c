/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The entry of the packet reader: which layer a link type begins with, the loop that goes from
 * layer to layer, and the counters. The layers themselves are in link.c, tunnel.c,
 * ip.c and transport.c.
 */
#include <pcap/dlt.h>
#include <glib.h>
#include "frames/walk.h"

#ifndef DLT_LINUX_SLL2
#define DLT_LINUX_SLL2 276
#endif

static const struct address no_address;
static const struct encapsulation no_encapsulation;

static const struct {
	int dlt;
	enum layer first;
} link_types[] = {
	{ DLT_EN10MB, LAYER_ETHERNET }, { DLT_LINUX_SLL, LAYER_SLL },
	{ DLT_LINUX_SLL2, LAYER_SLL2 }, { DLT_RAW, LAYER_RAW },
	{ DLT_IPV4, LAYER_RAW },	{ DLT_IPV6, LAYER_RAW },
	{ DLT_NULL, LAYER_NULL },	{ DLT_LOOP, LAYER_NULL },
	{ DLT_PPP, LAYER_PPP },		{ DLT_PPP_SERIAL, LAYER_PPP },
	{ DLT_C_HDLC, LAYER_HDLC },	{ DLT_PPP_ETHER, LAYER_PPPOE },
};

static enum layer (*const layers[LAYER_ALL])(struct walk *w) = {
	[LAYER_ETHERNET] = link_ethernet,
	[LAYER_SLL] = link_sll,
	[LAYER_SLL2] = link_sll2,
	[LAYER_NULL] = link_null,
	[LAYER_PPP] = link_ppp,
	[LAYER_HDLC] = link_hdlc,
	[LAYER_SNAP] = link_snap,
	[LAYER_VLAN] = link_vlan,
	[LAYER_MPLS] = link_mpls,
	[LAYER_PPPOE] = link_pppoe,
	[LAYER_RAW] = ip_raw,
	[LAYER_IP4] = ip_v4,
	[LAYER_IP6] = ip_v6,
	[LAYER_AH] = ip_ah,
	[LAYER_TCP] = transport_tcp,
	[LAYER_UDP] = transport_udp,
	[LAYER_ICMP] = transport_icmp,
	[LAYER_ICMP6] = transport_icmp6,
	[LAYER_GRE] = tunnel_gre,
	[LAYER_VXLAN] = tunnel_vxlan,
	[LAYER_VXLAN_GPE] = tunnel_vxlan_gpe,
	[LAYER_GENEVE] = tunnel_geneve,
};

static const struct {
	const char *name, *text;
} counters[PACKET_COUNT_ALL] = {
	[PACKET_COUNT_FRAME] = { "frames", "frames read" },
	[PACKET_COUNT_SEGMENT] = { "segments", "TCP segments" },
	[PACKET_COUNT_DATAGRAM] = { "dns_messages", "DNS messages" },
	[PACKET_COUNT_ICMP] = { "icmp_errors", "ICMP errors about TCP" },
	[PACKET_COUNT_LINK] = { "link_unknown", "frames of a link type that cannot be read" },
	[PACKET_COUNT_NOT_IP] = { "not_ip", "frames without IP" },
	[PACKET_COUNT_NOT_TCP] = { "not_tcp", "packets of other IP protocols" },
	[PACKET_COUNT_UDP] = { "udp", "other UDP datagrams" },
	[PACKET_COUNT_ICMP_OTHER] = { "icmp_other", "other ICMP messages" },
	[PACKET_COUNT_ENCRYPTED] = { "encrypted", "encrypted packets (ESP, MACsec, PPP)" },
	[PACKET_COUNT_FRAGMENT] = { "fragments", "IP fragments that waited for their rest" },
	[PACKET_COUNT_CUT_HEADER] = { "cut_header", "frames captured too short for their headers" },
	[PACKET_COUNT_BAD_HEADER] = { "bad_header", "frames with an impossible header" },
	[PACKET_COUNT_TOO_DEEP] = { "too_deep", "frames with too many layers" },
	[PACKET_COUNT_FRAGMENT_BAD] = { "fragment_bad", "IP fragments that fit nowhere" },
	[PACKET_COUNT_TUNNELLED] = { "tunnelled", "items that came out of a tunnel" },
	[PACKET_COUNT_LENGTH_BEYOND] = { "length_beyond", "IP packets longer than their frame" },
	[PACKET_COUNT_LENGTH_ZERO] = { "length_zero", "IP packets of length 0 (offload)" },
	[PACKET_COUNT_REASSEMBLED] = { "reassembled", "datagrams put together from fragments" },
	[PACKET_COUNT_FRAGMENT_OVERLAP] = { "fragment_overlap", "IP fragments that overlap" },
	[PACKET_COUNT_FRAGMENT_TIMEOUT] = { "fragment_timeout", "datagrams whose rest never came" },
	[PACKET_COUNT_FRAGMENT_CULLED] = { "fragment_culled", "datagrams given up for room" },
};

static enum layer first_layer(int dlt)
{
	for (size_t i = 0; i < G_N_ELEMENTS(link_types); i++)
		if (link_types[i].dlt == dlt)
			return link_types[i].first;
	return LAYER_DONE;
}

bool packet_knows(int dlt)
{
	return first_layer(dlt) != LAYER_DONE;
}

struct packet *packet_new(int dlt)
{
	enum layer first = first_layer(dlt);

	if (first == LAYER_DONE)
		return NULL;
	struct packet *p = g_new0(struct packet, 1);
	p->dlt = dlt;
	p->first = first;
	return p;
}

void packet_link(struct packet *p, int dlt)
{
	if (p->dlt == dlt)
		return;
	p->dlt = dlt;
	p->first = first_layer(dlt);
}

void packet_free(struct packet *p)
{
	if (!p)
		return;
	fragments_free(p->fragments);
	g_free(p);
}

enum packet_kind packet_read(struct packet *p, uint64_t time_ns, uint32_t frame,
			     const uint8_t *data, uint32_t caplen, uint32_t len,
			     struct packet_item *out)
{
	struct walk w;
	enum layer at = p->first;

	p->stats.count[PACKET_COUNT_FRAME]++;
	p->dns = bytes_of(NULL, 0);
	/* Field by field: for an initialiser the compiler clears the whole with "rep stos", which
	 * takes as long as the rest of a plain frame. */
	w.p = p;
	w.out = out;
	w.kind = PACKET_NOTHING;
	w.time_ns = time_ns;
	w.frame = frame;
	w.in = bytes_of(data, caplen);
	w.wire = len > caplen ? len : caplen;
	w.src = w.dst = no_address;
	w.ip_id = 0;
	w.ttl = w.protocol = 0;
	w.routed = w.cooked = w.has_mac = false;
	w.encap = no_encapsulation;
	if (p->fragments)
		fragments_release(p->fragments);
	if (at == LAYER_DONE)
		packet_count(&w, PACKET_COUNT_LINK);
	for (unsigned depth = 0; at != LAYER_DONE; depth++) {
		if (depth == PACKET_DEPTH) {
			packet_count(&w, PACKET_COUNT_TOO_DEEP);
			break;
		}
		at = layers[at](&w);
	}
	if (w.kind != PACKET_NOTHING && w.encap.tunnel != TUNNEL_NONE)
		packet_count(&w, PACKET_COUNT_TUNNELLED);
	out->kind = w.kind;
	return w.kind;
}

const struct packet_stats *packet_stats(const struct packet *p)
{
	return &p->stats;
}

const char *packet_count_name(enum packet_count c)
{
	g_assert(c < PACKET_COUNT_ALL);
	return counters[c].name;
}

const char *packet_count_text(enum packet_count c)
{
	g_assert(c < PACKET_COUNT_ALL);
	return counters[c].text;
}
