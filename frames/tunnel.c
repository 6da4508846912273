/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tunnels that carry a packet, or a copy of one, inside IP: GRE in all its forms, ERSPAN, VXLAN,
 * GENEVE. Takes the header off, notes where the copy came from, names the layer inside. Sources:
 * RFC 2784, RFC 2890, RFC 1701 (routing), RFC 2637 (version 1), RFC 7348, RFC 8926,
 * draft-foschiano-erspan.
 */
#include "frames/walk.h"

enum {
	GRE_CHECKSUM = 0x8000,
	GRE_ROUTING = 0x4000,
	GRE_KEY = 0x2000,
	GRE_SEQUENCE = 0x1000,
	GRE_ACK = 0x0080, /* version 1 */
	GRE_VERSION = 0x0007,
};

enum {
	GRE_ERSPAN = 0x88be,   /* type I and II */
	GRE_ERSPAN_3 = 0x22eb, /* type III */
	GRE_WCCP = 0x883e,
	GRE_PPP = 0x880b,
};

/* Type II header, 8 bytes: version (4), VLAN (12), class (3), encapsulation (2), cut (1),
 * session (10), reserved and index. Type III, 12 bytes: the same first word, timestamp, group tag,
 * then flags: frame type (5 bits) and, in the last bit, 8 more bytes. */
static enum layer erspan(struct walk *w, unsigned length)
{
	struct bytes h = packet_take(w, length);

	if (h.bad)
		return packet_short(w, length);
	uint16_t first = bytes_u16(&h), second = bytes_u16(&h);
	uint16_t flags = 0;
	if (first >> 12 != (length == 8 ? 1 : 2))
		return packet_stop(w, PACKET_COUNT_BAD_HEADER);
	if (length == 12) {
		bytes_take(&h, 6);
		flags = bytes_u16(&h);
		if ((flags & 1) && packet_take(w, 8).bad)
			return packet_short(w, 8);
	}
	packet_tunnel(w, TUNNEL_ERSPAN, second & 0x03ff, true);
	if (length == 12 && ((flags >> 10) & 0x1f) == 2) /* frame type 2: IP without Ethernet */
		return LAYER_RAW;
	enum layer next = packet_inner_ethernet(w);
	/* Encapsulation 2: the frame had an 802.1Q tag, which is kept here only. */
	if (((second >> 11) & 3) == 2) {
		w->encap.vlan[0] = first & 0x0fff;
		w->encap.vlan_count = 1;
	}
	return next;
}

/* Source route entries until the empty one (RFC 1701); each has at least 4 bytes, so it ends.
 * Returns 0, or how many bytes were needed that are not there. */
static uint32_t skip_routing(struct walk *w)
{
	for (;;) {
		struct bytes h = packet_take(w, 4);
		uint16_t family = bytes_u16(&h);
		bytes_u8(&h);
		uint8_t length = bytes_u8(&h);
		if (h.bad)
			return 4;
		if (family == 0 && length == 0)
			return 0;
		if (packet_take(w, length).bad)
			return length;
	}
}

/* PPTP (RFC 2637 section 4.1): the key is the payload's length and the call. */
static enum layer gre_version_1(struct walk *w, uint16_t flags, uint16_t type)
{
	uint32_t more = 4u + (flags & GRE_SEQUENCE ? 4 : 0) + (flags & GRE_ACK ? 4 : 0);
	struct bytes h = packet_take(w, more);

	if (h.bad)
		return packet_short(w, more);
	if (type != GRE_PPP)
		return packet_stop(w, PACKET_COUNT_BAD_HEADER);
	bytes_take(&h, 2);
	packet_tunnel(w, TUNNEL_GRE, bytes_u16(&h), true);
	/* Acknowledgements come without payload. */
	return w->wire == 0 ? packet_stop(w, PACKET_COUNT_NOT_IP) : LAYER_PPP;
}

/* WCCP version 2 puts 4 bytes of its own before the packet that it redirects, version 1 none. */
static enum layer gre_wccp(struct walk *w)
{
	if (bytes_peek(&w->in, 0) >> 4 != 4 && packet_take(w, 4).bad)
		return packet_short(w, 4);
	return LAYER_IP4;
}

enum layer tunnel_gre(struct walk *w)
{
	struct bytes h = packet_take(w, 4);
	uint32_t key = 0;

	if (h.bad)
		return packet_short(w, 4);
	uint16_t flags = bytes_u16(&h), type = bytes_u16(&h);
	if ((flags & GRE_VERSION) == 1)
		return gre_version_1(w, flags, type);
	if ((flags & GRE_VERSION) != 0)
		return packet_stop(w, PACKET_COUNT_BAD_HEADER);
	/* Checksum and offset come together when either of their bits is set (RFC 1701). */
	uint32_t before = flags & (GRE_CHECKSUM | GRE_ROUTING) ? 4 : 0;
	uint32_t more = before + (flags & GRE_KEY ? 4 : 0) + (flags & GRE_SEQUENCE ? 4 : 0);
	h = packet_take(w, more);
	if (h.bad)
		return packet_short(w, more);
	bytes_take(&h, before);
	if (flags & GRE_KEY)
		key = bytes_u32(&h);
	uint32_t missing = flags & GRE_ROUTING ? skip_routing(w) : 0;
	if (missing)
		return packet_short(w, missing);
	if (type == GRE_ERSPAN_3)
		return erspan(w, 12);
	if (type == GRE_ERSPAN && (flags & GRE_SEQUENCE))
		return erspan(w, 8);
	if (type == GRE_ERSPAN) { /* type I: no sequence number, no header */
		packet_tunnel(w, TUNNEL_ERSPAN, 0, true);
		return packet_inner_ethernet(w);
	}
	packet_tunnel(w, TUNNEL_GRE, key, true);
	return type == GRE_WCCP ? gre_wccp(w) : packet_ethertype(w, type);
}

/* RFC 7348 section 5: flags (bit 3: the id is valid), reserved, id (24), reserved. */
enum layer tunnel_vxlan(struct walk *w)
{
	struct bytes h = packet_take(w, 8);

	if (h.bad)
		return packet_short(w, 8);
	uint8_t flags = bytes_u8(&h);
	bytes_take(&h, 3);
	if (!(flags & 0x08)) /* another protocol on this port */
		return packet_stop(w, PACKET_COUNT_UDP);
	packet_tunnel(w, TUNNEL_VXLAN, bytes_u24(&h), true);
	return packet_inner_ethernet(w);
}

/* draft-ietf-nvo3-vxlan-gpe: bit 2 of the flags says that a next protocol is given. */
enum layer tunnel_vxlan_gpe(struct walk *w)
{
	struct bytes h = packet_take(w, 8);

	if (h.bad)
		return packet_short(w, 8);
	uint8_t flags = bytes_u8(&h);
	bytes_take(&h, 2);
	uint8_t next = bytes_u8(&h);
	if (!(flags & 0x08))
		return packet_stop(w, PACKET_COUNT_UDP);
	packet_tunnel(w, TUNNEL_VXLAN, bytes_u24(&h), true);
	if (!(flags & 0x04) || next == 3)
		return packet_inner_ethernet(w);
	if (next == 1)
		return LAYER_IP4;
	return next == 2 ? LAYER_IP6 : packet_stop(w, PACKET_COUNT_NOT_IP);
}

/* RFC 8926 section 3.4: version (2), options in words of 4 bytes (6), flags, type, id (24). */
enum layer tunnel_geneve(struct walk *w)
{
	struct bytes h = packet_take(w, 8);

	if (h.bad)
		return packet_short(w, 8);
	uint8_t first = bytes_u8(&h);
	bytes_take(&h, 1);
	uint16_t type = bytes_u16(&h);
	uint32_t id = bytes_u24(&h);
	uint32_t options = (first & 0x3fu) * 4;
	if (first >> 6 != 0)
		return packet_stop(w, PACKET_COUNT_UDP);
	if (packet_take(w, options).bad)
		return packet_short(w, options);
	packet_tunnel(w, TUNNEL_GENEVE, id, true);
	return type < 0x0600 ? packet_stop(w, PACKET_COUNT_NOT_IP) : packet_ethertype(w, type);
}
