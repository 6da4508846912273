/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IPv4 and IPv6: addresses, the length that counts, fragments, extension headers, and IP inside
 * IP. The length of the IP header is trusted over that of the frame (padding, trailers), except 0,
 * which segmentation offload leaves. Sources: RFC 791, RFC 8200, RFC 4302, RFC 2675.
 */
#include <glib.h>
#include "frames/walk.h"

enum {
	IP_HOP_BY_HOP = 0,
	IP_ICMP = 1,
	IP_IN_IP = 4,
	IP_TCP = 6,
	IP_UDP = 17,
	IP_IPV6 = 41,
	IP_ROUTING = 43,
	IP_FRAGMENT = 44,
	IP_GRE = 47,
	IP_ESP = 50,
	IP_AH = 51,
	IP_ICMPV6 = 58,
	IP_DESTINATION = 60,
	IP_MOBILITY = 135,
	IP_MPLS = 137,
	IP_HIP = 139,
	IP_SHIM6 = 140,
};

void packet_tunnel(struct walk *w, enum tunnel_kind kind, uint32_t id, bool outer)
{
	w->encap.tunnel = (uint8_t)kind;
	w->encap.tunnel_id = id;
	w->encap.outer_src = outer ? w->src : (struct address){ 0 };
	w->encap.outer_dst = outer ? w->dst : (struct address){ 0 };
}

/* The layer of an IP protocol. */
static enum layer packet_ip_protocol(struct walk *w)
{
	switch (w->protocol) {
	case IP_TCP:
		return LAYER_TCP;
	case IP_UDP:
		return LAYER_UDP;
	case IP_ICMP:
		return w->src.family == 4 ? LAYER_ICMP : packet_stop(w, PACKET_COUNT_NOT_TCP);
	case IP_ICMPV6:
		return w->src.family == 6 ? LAYER_ICMP6 : packet_stop(w, PACKET_COUNT_NOT_TCP);
	case IP_IN_IP:
		packet_tunnel(w, TUNNEL_IPIP, 0, true);
		return LAYER_IP4;
	case IP_IPV6:
		packet_tunnel(w, TUNNEL_IPIP, 0, true);
		return LAYER_IP6;
	case IP_GRE:
		return LAYER_GRE;
	case IP_MPLS:
		return LAYER_MPLS;
	case IP_AH:
		return LAYER_AH;
	case IP_ESP:
		return packet_stop(w, PACKET_COUNT_ENCRYPTED);
	default:
		return packet_stop(w, PACKET_COUNT_NOT_TCP);
	}
}

enum layer ip_raw(struct walk *w)
{
	if (bytes_left(&w->in) == 0)
		return packet_short(w, 1);
	switch (bytes_peek(&w->in, 0) >> 4) {
	case 4:
		return LAYER_IP4;
	case 6:
		return LAYER_IP6;
	default:
		return packet_stop(w, PACKET_COUNT_NOT_IP);
	}
}

static void fragment_key_of(const struct walk *w, uint32_t id, struct fragment *f)
{
	f->time_ns = w->time_ns;
	f->key.src = w->src;
	f->key.dst = w->dst;
	f->key.id = id;
	f->key.vlan[0] = w->encap.vlan[0];
	f->key.vlan[1] = w->encap.vlan[1];
	f->key.tunnel_id = w->encap.tunnel_id;
	f->data = w->in;
	f->len = w->wire;
}

/* Hand a fragment to the reassembly; go on only with a whole datagram. */
static enum layer take_fragment(struct walk *w, const struct fragment *f)
{
	struct packet *p = w->p;
	struct datagram_whole whole;
	struct fragment_notes notes = { 0 };

	if (!p->fragments)
		p->fragments = fragments_new();
	enum fragment_result got = fragments_add(p->fragments, f, &whole, &notes);
	p->stats.count[PACKET_COUNT_FRAGMENT_OVERLAP] += notes.overlaps;
	p->stats.count[PACKET_COUNT_FRAGMENT_TIMEOUT] += notes.timeouts;
	p->stats.count[PACKET_COUNT_FRAGMENT_CULLED] += notes.culled;
	if (got == FRAGMENT_KEPT)
		return packet_stop(w, PACKET_COUNT_FRAGMENT);
	if (got == FRAGMENT_BAD)
		return packet_stop(w, PACKET_COUNT_FRAGMENT_BAD);
	packet_count(w, PACKET_COUNT_REASSEMBLED);
	w->in = whole.data;
	w->wire = whole.len;
	w->protocol = whole.next;
	return packet_ip_protocol(w);
}

/* What follows the IP header has n bytes, says the header. More than the frame had is believed:
 * then the frame was cut before it was captured, and the original length with it. */
static void believe_length(struct walk *w, uint32_t n)
{
	if (n > w->wire)
		packet_count(w, PACKET_COUNT_LENGTH_BEYOND);
	packet_narrow(w, n);
}

enum layer ip_v4(struct walk *w)
{
	struct bytes h = packet_take(w, 20);

	if (h.bad)
		return packet_short(w, 20);
	const uint8_t *at = h.at;
	uint32_t header = (at[0] & 0x0fu) * 4;
	uint32_t total = (uint32_t)(at[2] << 8) | at[3];
	if ((at[0] >> 4) != 4 || header < 20)
		return packet_stop(w, PACKET_COUNT_BAD_HEADER);
	if (total == 0)
		packet_count(w, PACKET_COUNT_LENGTH_ZERO);
	else if (total < header)
		return packet_stop(w, PACKET_COUNT_BAD_HEADER);
	else
		believe_length(w, total - 20);
	if (header > 20 && packet_take(w, header - 20).bad)
		return packet_short(w, header - 20);
	w->ip_id = (uint16_t)((at[4] << 8) | at[5]);
	w->ttl = at[8];
	w->protocol = at[9];
	w->routed = false;
	w->src.family = w->dst.family = 4;
	memset(&w->src.byte[4], 0, 12);
	memset(&w->dst.byte[4], 0, 12);
	memcpy(w->src.byte, &at[12], 4);
	memcpy(w->dst.byte, &at[16], 4);
	uint32_t place = (uint32_t)(at[6] << 8) | at[7];
	if (!(place & 0x3fff))
		return packet_ip_protocol(w);
	struct fragment f = {
		.offset = (place & 0x1fff) * 8,
		.more = place & 0x2000,
		.next = w->protocol,
	};
	fragment_key_of(w, w->ip_id, &f);
	f.key.protocol = w->protocol;
	return take_fragment(w, &f);
}

/* The fragment header, RFC 8200 section 4.5. A datagram of one fragment (RFC 6946) is no case for
 * the reassembly: *whole is then true and the walk goes on. */
static enum layer v6_fragment(struct walk *w, uint8_t next, bool *whole)
{
	struct bytes h = packet_take(w, 8);

	*whole = false;
	if (h.bad)
		return packet_short(w, 8);
	bytes_take(&h, 2);
	uint32_t place = bytes_u16(&h);
	uint32_t id = bytes_u32(&h);
	*whole = !(place & 0xfff9);
	if (*whole)
		return LAYER_DONE;
	struct fragment f = { .offset = place & 0xfff8, .more = place & 1, .next = next };
	fragment_key_of(w, id, &f);
	f.key.protocol = IP_FRAGMENT;
	return take_fragment(w, &f);
}

static bool is_extension(uint8_t next)
{
	switch (next) {
	case IP_HOP_BY_HOP:
	case IP_ROUTING:
	case IP_FRAGMENT:
	case IP_AH:
	case IP_DESTINATION:
	case IP_MOBILITY:
	case IP_HIP:
	case IP_SHIM6:
		return true;
	default:
		return false;
	}
}

/* Walk the headers between IPv6 and its payload; `protocol` is the first of them. */
static enum layer v6_extensions(struct walk *w)
{
	for (unsigned i = 0; is_extension(w->protocol); i++) {
		uint8_t kind = w->protocol, next = bytes_peek(&w->in, 0);
		uint32_t length = bytes_peek(&w->in, 1);

		if (i == PACKET_EXTENSIONS)
			return packet_stop(w, PACKET_COUNT_TOO_DEEP);
		if (kind == IP_FRAGMENT) {
			bool whole;
			enum layer after = v6_fragment(w, next, &whole);
			if (!whole)
				return after;
			w->protocol = next;
			continue;
		}
		length = kind == IP_AH ? (length + 2) * 4 : (length + 1) * 8;
		/* Segments left: the checksum covers the final destination, not this one. */
		if (kind == IP_ROUTING && bytes_peek(&w->in, 3) > 0)
			w->routed = true;
		if (packet_take(w, length).bad)
			return packet_short(w, length);
		w->protocol = next;
	}
	return packet_ip_protocol(w);
}

enum layer ip_v6(struct walk *w)
{
	struct bytes h = packet_take(w, 40);

	if (h.bad)
		return packet_short(w, 40);
	const uint8_t *at = h.at;
	uint32_t payload = (uint32_t)(at[4] << 8) | at[5];
	if ((at[0] >> 4) != 6)
		return packet_stop(w, PACKET_COUNT_BAD_HEADER);
	/* 0 also announces a jumbogram (RFC 2675): the frame's length is right for both. */
	if (payload == 0)
		packet_count(w, PACKET_COUNT_LENGTH_ZERO);
	else
		believe_length(w, payload);
	w->ip_id = 0;
	w->protocol = at[6];
	w->ttl = at[7];
	w->routed = false;
	w->src.family = w->dst.family = 6;
	memcpy(w->src.byte, &at[8], 16);
	memcpy(w->dst.byte, &at[24], 16);
	return v6_extensions(w);
}

/* An authentication header behind IPv4 (RFC 4302 section 2): what follows is in clear. */
enum layer ip_ah(struct walk *w)
{
	uint8_t next = bytes_peek(&w->in, 0);
	uint32_t length = (bytes_peek(&w->in, 1) + 2u) * 4;

	if (packet_take(w, length).bad)
		return packet_short(w, length);
	w->protocol = next;
	return packet_ip_protocol(w);
}
