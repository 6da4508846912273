/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The entry of the packet reader: which layer a link type begins with, the loop that goes from
 * layer to layer, and the counters. The layers themselves are in link.c, tunnel.c,
 * ip.c and transport.c.
 */
#include <glib.h>
#include "frames/dlt.h"
#include "frames/walk.h"

static const struct address no_address;
static const struct encapsulation no_encapsulation;

static const struct link_type link_types[] = {
#define LINK_TYPE(dlt, layer, emit, type, length, address, address_length)                         \
	{ dlt, layer, type, length, address, address_length },
#include "frames/links.def"
};

static enum layer (*const layers[LAYER_ALL])(struct walk *w) = {
#define LAYER_ROW(name, function) [LAYER_##name] = function,
	LAYERS(LAYER_ROW)
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

static const struct link_type *link_row(int dlt)
{
	for (size_t i = 0; i < G_N_ELEMENTS(link_types); i++)
		if (link_types[i].dlt == dlt)
			return &link_types[i];
	return NULL;
}

bool packet_knows(int dlt)
{
	return link_row(dlt) != NULL;
}

struct packet *packet_new(int dlt)
{
	const struct link_type *row = link_row(dlt);

	if (!row)
		return NULL;
	struct packet *p = g_new0(struct packet, 1);
	p->dlt = dlt;
	p->link = row;
	return p;
}

void packet_link(struct packet *p, int dlt)
{
	if (p->dlt == dlt)
		return;
	p->dlt = dlt;
	p->link = link_row(dlt);
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
	enum layer at = p->link ? p->link->first : LAYER_DONE;

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
