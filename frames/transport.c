/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TCP, UDP and ICMP: the last layer of a frame, where the items for the engine are made. TCP gives
 * a segment (or the DNS messages in it), UDP a DNS datagram or the way into a tunnel, ICMP the
 * error with the TCP header that it quotes. Sources: RFC 9293, RFC 2018, RFC 7766, RFC 792,
 * RFC 4443.
 */
#include <arpa/inet.h>
#include "frames/walk.h"

enum {
	PORT_DNS = 53,
	PORT_VXLAN = 4789,
	PORT_VXLAN_GPE = 4790,
	PORT_VXLAN_LINUX = 8472, /* Linux's default before the port was assigned */
	PORT_GENEVE = 6081,
};

/* Options, as far as they were captured: MSS and up to 3 SACK blocks. */
static void read_options(struct bytes in, struct segment *s)
{
	while (bytes_left(&in) > 0) {
		uint8_t kind = bytes_u8(&in);
		if (kind == 0)
			return;
		if (kind == 1)
			continue;
		uint8_t length = bytes_u8(&in);
		if (in.bad || length < 2)
			return;
		struct bytes body = bytes_take(&in, length - 2u);
		if (body.bad)
			return;
		if (kind == 2 && length == 4)
			s->mss = bytes_u16(&body);
		while (kind == 5 && bytes_left(&body) >= 8 && s->sack_count < 3) {
			s->sack[s->sack_count][0] = bytes_u32(&body);
			s->sack[s->sack_count++][1] = bytes_u32(&body);
		}
	}
}

/* The next length-prefixed message (RFC 7766 section 8) that lies wholly in the segment. A length
 * that reaches beyond it ends the search: the rest would be guessed. */
static bool next_message(struct bytes *in, struct bytes *message)
{
	uint16_t length = bytes_u16(in);

	*message = bytes_take(in, length);
	return !message->bad && length >= 12;
}

enum packet_kind packet_more(struct packet *p, struct packet_item *out)
{
	struct bytes message;

	out->kind = PACKET_NOTHING;
	if (bytes_left(&p->dns) == 0 || !next_message(&p->dns, &message))
		return PACKET_NOTHING;
	out->kind = PACKET_DATAGRAM;
	out->datagram = p->dns_like;
	out->datagram.len = out->datagram.caplen = (uint32_t)bytes_left(&message);
	out->datagram.payload = message.at;
	p->stats.count[PACKET_COUNT_DATAGRAM]++;
	return PACKET_DATAGRAM;
}

static void fill_datagram(const struct walk *w, uint16_t sport, uint16_t dport, bool over_tcp,
			  struct datagram *g)
{
	*g = (struct datagram){
		.time_ns = w->time_ns,
		.frame = w->frame,
		.src = w->src,
		.dst = w->dst,
		.sport = sport,
		.dport = dport,
		.over_tcp = over_tcp,
	};
}

/* DNS over TCP: true when the segment holds whole messages, which then take its place. */
static bool dns_in_segment(struct walk *w, uint16_t sport, uint16_t dport)
{
	struct packet *p = w->p;

	if (bytes_left(&w->in) < 14)
		return false;
	p->dns = w->in;
	fill_datagram(w, sport, dport, true, &p->dns_like);
	w->kind = packet_more(p, w->out);
	return w->kind == PACKET_DATAGRAM;
}

static void fill_segment(const struct walk *w, const struct bytes *header, struct segment *s)
{
	const uint8_t *at = header->at;
	struct bytes numbers = bytes_of(&at[4], 8);

	/* Field by field, see packet_read. */
	s->time_ns = w->time_ns;
	s->frame = w->frame;
	s->src = w->src;
	s->dst = w->dst;
	s->sport = (uint16_t)((at[0] << 8) | at[1]);
	s->dport = (uint16_t)((at[2] << 8) | at[3]);
	s->seq = bytes_u32(&numbers);
	s->ack = bytes_u32(&numbers);
	s->flags = at[13] & 0x1f;
	s->ttl = w->ttl;
	s->window = (uint16_t)((at[14] << 8) | at[15]);
	s->mss = 0;
	s->ip_id = w->ip_id;
	s->checksum_bad = false;
	s->sack_count = 0;
	s->ends_hash = 0;
	for (unsigned i = 0; i < 3; i++)
		s->sack[i][0] = s->sack[i][1] = 0;
	s->has_mac = w->has_mac;
	s->encap = w->encap;
	memcpy(s->src_mac, w->src_mac, 6);
}

enum layer transport_tcp(struct walk *w)
{
	struct packet *p = w->p;
	struct segment *s = &w->out->segment;
	struct bytes whole = w->in;
	uint32_t wire = w->wire;
	struct bytes h = packet_take(w, 20);

	if (h.bad)
		return packet_short(w, 20);
	uint32_t header = (uint32_t)(h.at[12] >> 4) * 4;
	if (header < 20 || header > wire)
		return packet_stop(w, PACKET_COUNT_BAD_HEADER);
	uint16_t sport = (uint16_t)((h.at[0] << 8) | h.at[1]);
	uint16_t dport = (uint16_t)((h.at[2] << 8) | h.at[3]);
	/* Options that the capture cut leave a segment without captured payload. */
	struct bytes options = bytes_upto(&w->in, header - 20);
	w->wire = wire - header;
	if ((sport == PORT_DNS || dport == PORT_DNS) && dns_in_segment(w, sport, dport))
		return LAYER_DONE;
	fill_segment(w, &h, s);
	if (header > 20)
		read_options(options, s);
	s->len = w->wire;
	s->caplen = (uint32_t)bytes_left(&w->in);
	s->payload = w->in.at;
	p->tcp = whole;
	p->tcp_wire = wire;
	p->tcp_checkable = !w->routed;
	w->kind = PACKET_SEGMENT;
	packet_count(w, PACKET_COUNT_SEGMENT);
	return LAYER_DONE;
}

bool packet_checksum_bad(const struct packet *p, const struct segment *s)
{
	if (!p->tcp_checkable || bytes_left(&p->tcp) != p->tcp_wire)
		return false;
	if (p->tcp.at[16] == 0 && p->tcp.at[17] == 0)
		return false;
	size_t n = s->src.family == 4 ? 4 : 16;
	/* Length and protocol of the pseudo-header, RFC 9293 section 3.1. */
	uint64_t sum = htonl(p->tcp_wire) + (uint64_t)htonl(6);
	sum = bytes_sum(sum, bytes_of(s->src.byte, n));
	sum = bytes_sum(sum, bytes_of(s->dst.byte, n));
	sum = bytes_sum(sum, p->tcp);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum != 0xffff;
}

enum layer transport_udp(struct walk *w)
{
	struct bytes h = packet_take(w, 8);

	if (h.bad)
		return packet_short(w, 8);
	uint16_t sport = bytes_u16(&h), dport = bytes_u16(&h), length = bytes_u16(&h);
	/* 0 is a jumbogram or offload; a length past the end of the IP packet is ignored. */
	if (length >= 8 && length - 8u < w->wire)
		packet_narrow(w, length - 8u);
	if (sport == PORT_DNS || dport == PORT_DNS) {
		struct datagram *g = &w->out->datagram;
		fill_datagram(w, sport, dport, false, g);
		g->len = w->wire;
		g->caplen = (uint32_t)bytes_left(&w->in);
		g->payload = w->in.at;
		w->kind = PACKET_DATAGRAM;
		packet_count(w, PACKET_COUNT_DATAGRAM);
		return LAYER_DONE;
	}
	switch (dport) {
	case PORT_VXLAN:
	case PORT_VXLAN_LINUX:
		return LAYER_VXLAN;
	case PORT_VXLAN_GPE:
		return LAYER_VXLAN_GPE;
	case PORT_GENEVE:
		return LAYER_GENEVE;
	default:
		return packet_stop(w, PACKET_COUNT_UDP);
	}
}

/* The IP header that an error quotes: fills addresses, gives the view of TCP behind it, or an
 * empty one. Quotes are short (RFC 792: 8 bytes past the header), so lengths are not believed. */
static struct bytes quoted_tcp(struct bytes in, struct icmp_error *e)
{
	const struct bytes none = bytes_of(NULL, 0);
	unsigned version = bytes_peek(&in, 0) >> 4;
	struct bytes h = bytes_take(&in, version == 4 ? 20 : 40);

	if (h.bad || (version != 4 && version != 6))
		return none;
	e->src.family = e->dst.family = (uint8_t)version;
	if (version == 4) {
		uint32_t header = (h.at[0] & 0x0fu) * 4;
		uint32_t place = (uint32_t)(h.at[6] << 8) | h.at[7];
		memcpy(e->src.byte, &h.at[12], 4);
		memcpy(e->dst.byte, &h.at[16], 4);
		if (header < 20 || h.at[9] != 6 || (place & 0x1fff))
			return none;
		bytes_take(&in, header - 20);
		return in.bad ? none : in;
	}
	memcpy(e->src.byte, &h.at[8], 16);
	memcpy(e->dst.byte, &h.at[24], 16);
	uint8_t next = h.at[6];
	for (unsigned i = 0; i < PACKET_EXTENSIONS && next != 6; i++) {
		uint8_t kind = next;
		if (kind != 0 && kind != 43 && kind != 44 && kind != 60)
			return none;
		next = bytes_peek(&in, 0);
		uint32_t length = kind == 44 ? 8 : (bytes_peek(&in, 1) + 1u) * 8;
		struct bytes extension = bytes_take(&in, length);
		if (extension.bad ||
		    (kind == 44 && ((extension.at[2] << 8 | extension.at[3]) & 0xfff8)))
			return none;
	}
	return next == 6 ? in : none;
}

/* An error message: make the item when it quotes at least the ports and the sequence number. */
static enum layer icmp_error(struct walk *w, uint8_t type, uint8_t code, uint32_t mtu)
{
	struct icmp_error *e = &w->out->icmp;

	*e = (struct icmp_error){
		.time_ns = w->time_ns,
		.frame = w->frame,
		.from = w->src,
		.type = type,
		.code = code,
		.next_mtu = (uint16_t)(mtu > 0xffff ? 0xffff : mtu),
	};
	struct bytes tcp = quoted_tcp(w->in, e);
	e->sport = bytes_u16(&tcp);
	e->dport = bytes_u16(&tcp);
	e->seq = bytes_u32(&tcp);
	if (tcp.bad)
		return packet_stop(w, PACKET_COUNT_ICMP_OTHER);
	w->kind = PACKET_ICMP;
	packet_count(w, PACKET_COUNT_ICMP);
	return LAYER_DONE;
}

enum layer transport_icmp(struct walk *w)
{
	struct bytes h = packet_take(w, 8);

	if (h.bad)
		return packet_short(w, 8);
	uint8_t type = bytes_u8(&h), code = bytes_u8(&h);
	bytes_take(&h, 4);
	uint16_t mtu = bytes_u16(&h);
	switch (type) {
	case 3: /* destination unreachable; code 4 carries the MTU (RFC 1191) */
		return icmp_error(w, type, code, code == 4 ? mtu : 0);
	case 4:	 /* source quench */
	case 5:	 /* redirect */
	case 11: /* time exceeded */
	case 12: /* parameter problem */
		return icmp_error(w, type, code, 0);
	default:
		return packet_stop(w, PACKET_COUNT_ICMP_OTHER);
	}
}

enum layer transport_icmp6(struct walk *w)
{
	struct bytes h = packet_take(w, 8);

	if (h.bad)
		return packet_short(w, 8);
	uint8_t type = bytes_u8(&h), code = bytes_u8(&h);
	bytes_take(&h, 2);
	uint32_t mtu = bytes_u32(&h);
	/* Types below 128 are errors (RFC 4443 section 2.1); 2 is "packet too big". */
	if (type == 0 || type > 4)
		return packet_stop(w, PACKET_COUNT_ICMP_OTHER);
	return icmp_error(w, type, code, type == 2 ? mtu : 0);
}
