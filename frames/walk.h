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

/* The layers that the loop can call; LAYER_DONE ends it with walk.kind as the result. */
enum layer {
	LAYER_DONE,
	LAYER_ETHERNET,
	LAYER_SLL,
	LAYER_SLL2,
	LAYER_NULL,
	LAYER_PPP,
	LAYER_HDLC,
	LAYER_SNAP,
	LAYER_VLAN,
	LAYER_MPLS,
	LAYER_PPPOE,
	LAYER_RAW,
	LAYER_IP4,
	LAYER_IP6,
	LAYER_AH,
	LAYER_TCP,
	LAYER_UDP,
	LAYER_ICMP,
	LAYER_ICMP6,
	LAYER_GRE,
	LAYER_VXLAN,
	LAYER_VXLAN_GPE,
	LAYER_GENEVE,
	LAYER_ALL
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
	enum layer first;
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
/* The layer of an Ethernet type, of a PPP protocol, of an IP protocol. */
enum layer packet_ethertype(struct walk *w, uint16_t type);
enum layer packet_ppp_protocol(struct walk *w, uint16_t protocol);
enum layer packet_ip_protocol(struct walk *w);
/* Note that a tunnel begins behind what was read; `outer` tells that IP carried it. */
void packet_tunnel(struct walk *w, enum tunnel_kind kind, uint32_t id, bool outer);
/* An inner Ethernet frame begins: it has VLAN tags and an address of its own. */
enum layer packet_inner_ethernet(struct walk *w);

/* The layers. link.c: */
enum layer link_ethernet(struct walk *w);
enum layer link_sll(struct walk *w);
enum layer link_sll2(struct walk *w);
enum layer link_null(struct walk *w);
enum layer link_ppp(struct walk *w);
enum layer link_hdlc(struct walk *w);
enum layer link_snap(struct walk *w);
enum layer link_vlan(struct walk *w);
enum layer link_mpls(struct walk *w);
enum layer link_pppoe(struct walk *w);
/* ip.c: */
enum layer ip_raw(struct walk *w);
enum layer ip_v4(struct walk *w);
enum layer ip_v6(struct walk *w);
enum layer ip_ah(struct walk *w);
/* transport.c: */
enum layer transport_tcp(struct walk *w);
enum layer transport_udp(struct walk *w);
enum layer transport_icmp(struct walk *w);
enum layer transport_icmp6(struct walk *w);
/* tunnel.c: */
enum layer tunnel_gre(struct walk *w);
enum layer tunnel_vxlan(struct walk *w);
enum layer tunnel_vxlan_gpe(struct walk *w);
enum layer tunnel_geneve(struct walk *w);

#endif
