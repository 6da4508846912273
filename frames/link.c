/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Everything below IP: Ethernet with its tags, the cooked and loopback headers of libpcap, PPP,
 * PPPoE and MPLS. Takes the header off and names the next layer. Sources: IEEE 802.3 and 802.1Q,
 * www.tcpdump.org/linktypes.html, RFC 1661, RFC 2516, RFC 3032, RFC 4385.
 */
#include "frames/walk.h"

#define ETHERTYPE_FIRST 0x0600 /* below it is an 802.3 length */

enum layer packet_ethertype(struct walk *w, uint16_t type)
{
	switch (type) {
	case 0x0800:
		return LAYER_IP4;
	case 0x86dd:
		return LAYER_IP6;
	case 0x8100: /* 802.1Q */
	case 0x88a8: /* 802.1ad, outer tag */
	case 0x9100: /* outer tag of older switches */
	case 0x9200:
		return LAYER_VLAN;
	case 0x8847:
	case 0x8848:
		return LAYER_MPLS;
	case 0x8864:
		return LAYER_PPPOE;
	case 0x880b:
		return LAYER_PPP;
	case 0x6558: /* Ethernet in GRE, GENEVE (RFC 1701) */
		return packet_inner_ethernet(w);
	case 0x88e5:
		return packet_stop(w, PACKET_COUNT_ENCRYPTED);
	default:
		return type < ETHERTYPE_FIRST ? LAYER_SNAP : packet_stop(w, PACKET_COUNT_NOT_IP);
	}
}

static enum layer packet_ppp_protocol(struct walk *w, uint16_t protocol)
{
	switch (protocol) {
	case 0x0021:
		return LAYER_IP4;
	case 0x0057:
		return LAYER_IP6;
	case 0x0281:
	case 0x0283:
		return LAYER_MPLS;
	case 0x0053: /* ECP, single link and bundle */
	case 0x0055:
	case 0x00fd: /* MPPE travels as compressed data, RFC 3078 */
		return packet_stop(w, PACKET_COUNT_ENCRYPTED);
	default:
		return packet_stop(w, PACKET_COUNT_NOT_IP);
	}
}

enum layer packet_inner_ethernet(struct walk *w)
{
	w->encap.vlan_count = 0;
	w->encap.vlan[0] = w->encap.vlan[1] = 0;
	w->cooked = w->has_mac = false;
	return LAYER_ETHERNET;
}

static unsigned peek_u16(const struct walk *w, unsigned at)
{
	return (unsigned)(bytes_peek(&w->in, at) << 8 | bytes_peek(&w->in, at + 1));
}

/* Of a frame with two tags that "any" captured, newer kernels (seen with 6.18) take the outer one
 * off and name the type behind the inner one, whose own four bytes, number and type, still stand
 * before IP. So what is called IP and is none, or has a length that the frame has not, may be such
 * a tag.
 */
static bool is_inner_tag(const struct walk *w, uint16_t type)
{
	unsigned version = type == 0x0800 ? 4 : type == 0x86dd ? 6 : 0;
	unsigned next = peek_u16(w, 2);

	if (!w->cooked || !version)
		return false;
	if (next != 0x8100 && next != 0x88a8 &&
	    (next != type || bytes_peek(&w->in, 4) >> 4 != version))
		return false;
	if (bytes_peek(&w->in, 0) >> 4 != version)
		return true;
	unsigned six = peek_u16(w, 4);
	return (version == 4 ? next : six + 40) > w->wire;
}

/* The type in a cooked header, or in a tag that may be behind one. */
static enum layer type_behind_link(struct walk *w, uint16_t type)
{
	return is_inner_tag(w, type) ? LAYER_VLAN : packet_ethertype(w, type);
}

enum layer link_ethernet(struct walk *w)
{
	struct bytes h = packet_take(w, 14);

	if (h.bad)
		return packet_short(w, 14);
	w->has_mac = true;
	memcpy(w->src_mac, &h.at[6], 6);
	return packet_ethertype(w, (uint16_t)((h.at[12] << 8) | h.at[13]));
}

/* 802.3 with LLC: only SNAP with OUI 0 carries an Ethernet type (RFC 1042). */
enum layer link_snap(struct walk *w)
{
	struct bytes h = packet_take(w, 8);

	if (h.bad)
		return packet_stop(w, PACKET_COUNT_NOT_IP);
	if (bytes_u24(&h) != 0xaaaa03 || bytes_u24(&h) != 0)
		return packet_stop(w, PACKET_COUNT_NOT_IP);
	uint16_t type = bytes_u16(&h);
	return type < ETHERTYPE_FIRST ? packet_stop(w, PACKET_COUNT_NOT_IP)
				      : packet_ethertype(w, type);
}

/* A stack of tags in one go. Of more than two the first and the last are kept. */
enum layer link_vlan(struct walk *w)
{
	for (unsigned i = 0; i < PACKET_STACK; i++) {
		struct bytes h = packet_take(w, 4);

		if (h.bad)
			return packet_short(w, 4);
		uint16_t id = bytes_u16(&h) & 0x0fff;
		uint16_t type = bytes_u16(&h);
		if (w->encap.vlan_count < 2)
			w->encap.vlan[w->encap.vlan_count++] = id;
		else
			w->encap.vlan[1] = id;
		enum layer next = type_behind_link(w, type);
		if (next != LAYER_VLAN)
			return next;
	}
	return packet_stop(w, PACKET_COUNT_TOO_DEEP);
}

/* What the row of the link type tells: a header of fixed length, and the cooked ones of Linux,
 * where the length of the address is in the header too and tags may stand behind it. */
enum layer link_typed(struct walk *w)
{
	const struct link_type *l = w->p->link;
	struct bytes h = packet_take(w, l->length);

	if (h.bad)
		return packet_short(w, l->length);
	w->cooked = l->address_length > 0;
	w->has_mac = w->cooked ? h.at[l->address_length] == 6 : l->address > 0;
	if (w->has_mac)
		memcpy(w->src_mac, &h.at[l->address], 6);
	return type_behind_link(w, (uint16_t)((h.at[l->type] << 8) | h.at[l->type + 1]));
}

/* BSD loopback: an address family, in the byte order of the machine that captured (NULL) or of
 * the network (LOOP). The values are small, so a large one is one read the wrong way round. */
enum layer link_null(struct walk *w)
{
	struct bytes h = packet_take(w, 4);

	if (h.bad)
		return packet_short(w, 4);
	uint32_t family = bytes_u32(&h);
	if (family > 0xffff)
		family = __builtin_bswap32(family);
	switch (family) {
	case 2: /* AF_INET everywhere */
		return LAYER_IP4;
	case 10: /* AF_INET6: Linux */
	case 23: /* Windows (Npcap) */
	case 24: /* NetBSD, OpenBSD */
	case 28: /* FreeBSD */
	case 30: /* macOS */
		return LAYER_IP6;
	default:
		return packet_stop(w, PACKET_COUNT_NOT_IP);
	}
}

/* PPP: address and control may be left out, and the protocol may be one byte (RFC 1661 sections
 * 6.5 and 6.6). Cisco HDLC on a serial line looks different and is told by its first byte. */
enum layer link_ppp(struct walk *w)
{
	uint8_t first = bytes_peek(&w->in, 0), second = bytes_peek(&w->in, 1);

	if ((first == 0x0f || first == 0x8f) && second == 0)
		return LAYER_HDLC;
	if (first == 0xff && second == 0x03)
		packet_take(w, 2);
	if (bytes_peek(&w->in, 0) & 1) {
		struct bytes h = packet_take(w, 1);
		return packet_ppp_protocol(w, bytes_u8(&h));
	}
	struct bytes h = packet_take(w, 2);
	if (h.bad)
		return packet_short(w, 2);
	return packet_ppp_protocol(w, bytes_u16(&h));
}

/* Cisco HDLC: address, control, Ethernet type. */
enum layer link_hdlc(struct walk *w)
{
	struct bytes h = packet_take(w, 4);

	if (h.bad)
		return packet_short(w, 4);
	bytes_take(&h, 2);
	uint16_t type = bytes_u16(&h);
	return type < ETHERTYPE_FIRST ? packet_stop(w, PACKET_COUNT_NOT_IP)
				      : packet_ethertype(w, type);
}

/* RFC 2516 section 4: version and type 1, code 0 for a session, then PPP without its framing. */
enum layer link_pppoe(struct walk *w)
{
	struct bytes h = packet_take(w, 6);

	if (h.bad)
		return packet_short(w, 6);
	uint8_t version = bytes_u8(&h), code = bytes_u8(&h);
	uint16_t session = bytes_u16(&h), length = bytes_u16(&h);
	if (version != 0x11)
		return packet_stop(w, PACKET_COUNT_BAD_HEADER);
	if (code != 0)
		return packet_stop(w, PACKET_COUNT_NOT_IP);
	if (length <= w->wire)
		packet_narrow(w, length);
	packet_tunnel(w, TUNNEL_PPPOE, session, false);
	return LAYER_PPP;
}

/* Does an Ethernet frame begin `skip` bytes from here, judged by a type that is known? */
static bool looks_like_ethernet(const struct walk *w, unsigned skip)
{
	switch ((bytes_peek(&w->in, skip + 12) << 8) | bytes_peek(&w->in, skip + 13)) {
	case 0x0800:
	case 0x0806:
	case 0x86dd:
	case 0x8100:
	case 0x88a8:
	case 0x8847:
	case 0x8864:
		return true;
	default:
		return false;
	}
}

/* Labels say nothing about what follows: an IP version, a pseudowire with or without control word
 * (RFC 4385 section 3: first nibble 0). A type in the right place decides for Ethernet, because
 * an address can begin with the nibble 4 or 6 too. */
static enum layer behind_labels(struct walk *w)
{
	unsigned nibble = bytes_peek(&w->in, 0) >> 4;

	if (nibble == 4)
		return LAYER_IP4;
	if (nibble == 6)
		return LAYER_IP6;
	if (looks_like_ethernet(w, 0))
		return packet_inner_ethernet(w);
	if (nibble == 0 && looks_like_ethernet(w, 4)) {
		packet_take(w, 4);
		return packet_inner_ethernet(w);
	}
	return packet_stop(w, PACKET_COUNT_NOT_IP);
}

/* RFC 3032 section 2.1: label (20), class (3), bottom (1), TTL (8). The last label names the
 * service and is kept. */
enum layer link_mpls(struct walk *w)
{
	for (unsigned i = 0; i < PACKET_STACK; i++) {
		struct bytes h = packet_take(w, 4);

		if (h.bad)
			return packet_short(w, 4);
		uint32_t entry = bytes_u32(&h);
		if (entry & 0x100) {
			packet_tunnel(w, TUNNEL_MPLS, entry >> 12, false);
			return behind_labels(w);
		}
	}
	return packet_stop(w, PACKET_COUNT_TOO_DEEP);
}
