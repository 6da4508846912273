/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the parts of the packet reader share, for packet*.c only: the walk through one frame.
 * Each layer is a function that takes its header off the front of `in` and names the next layer;
 * the loop in packet.c calls them, so nothing recurses and the depth is bounded in one place.
 */
#ifndef SMTP365_PACKET_WALK_H
#define SMTP365_PACKET_WALK_H

#include "bytes.h"
#include "frames/packet.h"
#include "frames/fragment.h"

/* The layers that the loop can call, and their functions: link.c, ip.c, transport.c, tunnel.c. */
#define LAYERS(X)                                                                                  \
	X(ETHERNET, link_ethernet)                                                                 \
	X(LINK, link_typed)                                                                        \
	X(NULL, link_null)                                                                         \
	X(PPP, link_ppp)                                                                           \
	X(HDLC, link_hdlc)                                                                         \
	X(SNAP, link_snap)                                                                         \
	X(VLAN, link_vlan)                                                                         \
	X(MPLS, link_mpls)                                                                         \
	X(PPPOE, link_pppoe)                                                                       \
	X(RAW, ip_raw)                                                                             \
	X(IP4, ip_v4)                                                                              \
	X(IP6, ip_v6)                                                                              \
	X(AH, ip_ah)                                                                               \
	X(TCP, transport_tcp)                                                                      \
	X(UDP, transport_udp)                                                                      \
	X(ICMP, transport_icmp)                                                                    \
	X(ICMP6, transport_icmp6)                                                                  \
	X(GRE, tunnel_gre)                                                                         \
	X(VXLAN, tunnel_vxlan)                                                                     \
	X(VXLAN_GPE, tunnel_vxlan_gpe)                                                             \
	X(GENEVE, tunnel_geneve)

/* LAYER_DONE ends the loop with walk.kind as the result. */
#define LAYER_NUMBER(name, function) LAYER_##name,
enum layer { LAYER_DONE, LAYERS(LAYER_NUMBER) LAYER_ALL };

/* A row of links.def, as the reader needs it. */
struct link_type {
	int dlt;
	enum layer first;
	uint8_t type, length, address, address_length;
};

struct walk {
	struct packet *p;
	struct packet_item *out;
	enum packet_kind kind;
	uint64_t time_ns;
	uint32_t frame;
	struct bytes in;	 /* captured bytes of the current layer */
	uint32_t wire;		 /* bytes that the layer had on the wire, >= captured */
	struct address src, dst; /* of the innermost IP header so far */
	uint16_t ip_id;
	uint8_t ttl;
	uint8_t protocol; /* of the payload of the innermost IP header */
	bool routed;	  /* IPv6 routing header: the checksum covers another address */
	bool cooked;	  /* link header of libpcap's "any", and nothing behind it but tags */
	bool has_mac;
	uint8_t src_mac[6];
	struct encapsulation encap;
};

struct packet {
	int dlt;
	const struct link_type *link; /* its row, NULL: not known */
	struct packet_stats stats;
	struct fragments *fragments; /* owned; NULL until the first fragment */
	struct bytes tcp;	     /* the segment just read, header and payload as captured */
	uint32_t tcp_wire;
	bool tcp_checkable;
	struct bytes dns;	  /* DNS messages of the segment just read, not yet handed out */
	struct datagram dns_like; /* what they have in common */
};

static inline void packet_count(struct walk *w, enum packet_count c)
{
	w->p->stats.count[c]++;
}

/* End the walk with nothing to hand on, for this reason. */
static inline enum layer packet_stop(struct walk *w, enum packet_count why)
{
	packet_count(w, why);
	return LAYER_DONE;
}

/* Take n bytes of header off the front, from the captured bytes and from the wire length. When
 * they are not there the view is bad and the caller ends with packet_short(w, n). */
static inline struct bytes packet_take(struct walk *w, uint32_t n)
{
	struct bytes header = bytes_take(&w->in, n);

	if (!header.bad)
		w->wire -= n;
	return header;
}

/* The layer has n bytes on the wire: what follows (padding, trailer) is not part of it. */
static inline void packet_narrow(struct walk *w, uint32_t n)
{
	w->in = bytes_upto(&w->in, n);
	w->wire = n;
}

/* n bytes of header were not there: on the wire they were (cut by the capture), or it lies. */
static inline enum layer packet_short(struct walk *w, uint32_t n)
{
	return packet_stop(w, w->wire >= n ? PACKET_COUNT_CUT_HEADER : PACKET_COUNT_BAD_HEADER);
}
/* The layer of an Ethernet type. */
enum layer packet_ethertype(struct walk *w, uint16_t type);
/* Note that a tunnel begins behind what was read; `outer` tells that IP carried it. */
void packet_tunnel(struct walk *w, enum tunnel_kind kind, uint32_t id, bool outer);
/* An inner Ethernet frame begins: it has VLAN tags and an address of its own. */
enum layer packet_inner_ethernet(struct walk *w);

#define LAYER_FUNCTION(name, function) enum layer function(struct walk *w);
LAYERS(LAYER_FUNCTION)

#endif
