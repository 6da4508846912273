/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The layers below TCP, UDP and ICMP as BPF, in the order of the walk: link header, Ethernet type
 * with tags, PPP, MPLS, IPv6, IPv4, protocol. BPF has no loops: where a stack is deeper than what
 * is unrolled the frame passes and packet.c decides.
 */
#include "frames/filter/layers.h"
#include <glib.h>
#include <pcap/pcap.h>
#include "frames/dlt.h"

enum {
	FILTER_TAGS = 4,       /* VLAN tags or LLC headers followed */
	FILTER_LABELS = 4,     /* MPLS labels followed */
	FILTER_EXTENSIONS = 6, /* IPv6 extension headers followed */
};

/* Scratch memory. */
enum { MEMORY_TYPE, MEMORY_PROTOCOL };

/* A row of links.def, as the filter needs it. */
struct link_row {
	int dlt;
	void (*emit)(struct code *a, const struct link_row *l);
	uint8_t type, length;
	bool cooked;
};

/* The first layer of a link type ends with the Ethernet type in A, or has jumped. */

static void emit_typed(struct code *a, const struct link_row *l)
{
	a->base = l->length;
	code_emit(a, BPF_LD | BPF_H | BPF_ABS, l->type);
}

/* BSD loopback: the family in either byte order, as link_null reads it. */
static void emit_null(struct code *a, const struct link_row *l)
{
	static const uint16_t six[] = { 10, 23, 24, 28, 30 };

	(void)l;
	a->base = 4;
	code_emit(a, BPF_LD | BPF_W | BPF_ABS, 0);
	code_go_if(a, BPF_JEQ, 2, LABEL_IP4);
	code_go_if(a, BPF_JEQ, GUINT32_SWAP_LE_BE_CONSTANT(2u), LABEL_IP4);
	for (size_t i = 0; i < G_N_ELEMENTS(six); i++) {
		code_go_if(a, BPF_JEQ, six[i], LABEL_IP6);
		code_go_if(a, BPF_JEQ, GUINT32_SWAP_LE_BE((uint32_t)six[i]), LABEL_IP6);
	}
	code_go(a, LABEL_REJECT);
}

/* PPP: Cisco HDLC on the same line is told by its first bytes. */
static void emit_ppp_link(struct code *a, const struct link_row *l)
{
	unsigned hdlc = code_label_new(a);

	(void)l;
	code_load(a, BPF_H, 0);
	code_go_if(a, BPF_JEQ, 0x0f00, hdlc);
	code_go_if(a, BPF_JEQ, 0x8f00, hdlc);
	code_go(a, LABEL_PPP);
	code_label(a, hdlc);
	code_load(a, BPF_H, 2);
	code_store(a, MEMORY_TYPE);
	code_advance(a, 4);
	code_recall(a, MEMORY_TYPE);
}

/* The version of IP is all that tells. */
static void emit_raw(struct code *a, const struct link_row *l)
{
	(void)l;
	code_load(a, BPF_B, 0);
	code_emit(a, BPF_ALU | BPF_RSH | BPF_K, 4);
	code_go_if(a, BPF_JEQ, 4, LABEL_IP4);
	code_go_if(a, BPF_JEQ, 6, LABEL_IP6);
	code_go(a, LABEL_REJECT);
}

static void emit_pppoe(struct code *a, const struct link_row *l)
{
	(void)l;
	code_go(a, LABEL_PPPOE);
}

static void emit_link(struct code *a, int dlt)
{
	static const struct link_row rows[] = {
#define LINK_TYPE(dlt, layer, emit, type, length, address, address_length)                         \
	{ dlt, emit, type, length, (address_length) > 0 },
#include "frames/links.def"
	};
	const struct link_row *l = rows;

	while (l->dlt != dlt) /* filter_compile asked packet_knows, which has the same rows */
		l++;
	a->cooked = l->cooked;
	code_emit(a, BPF_LDX | BPF_IMM, 0);
	l->emit(a, l);
}

/* On cooked captures Linux may take the tags off an outgoing frame and still say that they are
 * there: then IP begins where the tag should be. A tag of priority 2 or 3 looks the same and passes
 * too. */
static void emit_maybe_untagged(struct code *a)
{
	code_load(a, BPF_B, 0);
	code_go_if(a, BPF_JEQ, 0x45, LABEL_PASS);
	code_go_if(a, BPF_JEQ, 0x60, LABEL_PASS);
}

/* Behind a cooked header the bytes of a tag may stand where IP is named (is_inner_tag of
 * frames/link.c): when there is a type where a tag has it, packet.c decides. */
static void emit_inner_tag(struct code *a, unsigned here, uint16_t type, unsigned ip)
{
	const uint16_t types[] = { type, 0x8100, 0x88a8 };

	code_label(a, here);
	code_load(a, BPF_H, 2);
	code_go_if_any(a, types, G_N_ELEMENTS(types), LABEL_PASS);
	code_go(a, ip);
}

/* A is an Ethernet type: IP, or a tag or LLC header behind which another type comes. */
static void emit_ethertype(struct code *a)
{
	static const uint16_t tags[] = { 0x8100, 0x88a8, 0x9100, 0x9200 };
	unsigned four = a->cooked ? code_label_new(a) : LABEL_IP4;
	unsigned six = a->cooked ? code_label_new(a) : LABEL_IP6;

	code_label(a, LABEL_ETHERTYPE);
	for (unsigned i = 0; i < FILTER_TAGS; i++) {
		unsigned tag = code_label_new(a), llc = code_label_new(a), next = code_label_new(a);
		code_go_if(a, BPF_JEQ, 0x0800, four);
		code_go_if(a, BPF_JEQ, 0x86dd, six);
		code_go_if_any(a, tags, G_N_ELEMENTS(tags), tag);
		code_go_if(a, BPF_JEQ, 0x8847, LABEL_MPLS);
		code_go_if(a, BPF_JEQ, 0x8848, LABEL_MPLS);
		code_go_if(a, BPF_JEQ, 0x8864, LABEL_PPPOE);
		code_go_if(a, BPF_JEQ, 0x880b, LABEL_PPP);
		code_go_if(a, BPF_JEQ, 0x6558, LABEL_PASS); /* Ethernet in Ethernet: a tunnel */
		code_go_if(a, BPF_JGE, 0x0600, LABEL_REJECT);
		/* LLC with SNAP and OUI 0 (RFC 1042). */
		code_load(a, BPF_W, 0);
		code_go_if(a, BPF_JEQ, 0xaaaa0300, llc);
		code_go(a, LABEL_REJECT);
		code_label(a, llc);
		code_load(a, BPF_H, 4);
		code_go_if(a, BPF_JGE, 1, LABEL_REJECT);
		code_load(a, BPF_H, 6);
		code_store(a, MEMORY_TYPE);
		code_advance(a, 8);
		code_recall(a, MEMORY_TYPE);
		code_go(a, next);
		code_label(a, tag);
		if (a->cooked && i == 0)
			emit_maybe_untagged(a);
		code_load(a, BPF_H, 2);
		code_store(a, MEMORY_TYPE);
		code_advance(a, 4);
		code_recall(a, MEMORY_TYPE);
		code_label(a, next);
	}
	code_go(a, LABEL_PASS);
	if (a->cooked) {
		emit_inner_tag(a, four, 0x0800, LABEL_IP4);
		emit_inner_tag(a, six, 0x86dd, LABEL_IP6);
	}
}

/* RFC 2516: version and type 1, code 0. Then PPP, its protocol in one byte or two (RFC 1661). */
static void emit_ppp(struct code *a)
{
	unsigned session = code_label_new(a), framed = code_label_new(a), bare = code_label_new(a);
	unsigned one = code_label_new(a), protocol = code_label_new(a);

	code_label(a, LABEL_PPPOE);
	code_load(a, BPF_H, 0);
	code_go_if(a, BPF_JEQ, 0x1100, session);
	code_go(a, LABEL_REJECT);
	code_label(a, session);
	code_advance(a, 6);
	code_label(a, LABEL_PPP);
	code_load(a, BPF_H, 0);
	code_go_if(a, BPF_JEQ, 0xff03, framed);
	code_go_if(a, BPF_JEQ, 0x0f00, LABEL_PASS); /* Cisco HDLC inside something: a tunnel */
	code_go_if(a, BPF_JEQ, 0x8f00, LABEL_PASS);
	code_go(a, bare);
	code_label(a, framed);
	code_advance(a, 2);
	code_label(a, bare);
	code_load(a, BPF_B, 0);
	code_go_if(a, BPF_JSET, 1, one);
	code_load(a, BPF_H, 0);
	code_store(a, MEMORY_TYPE);
	code_advance(a, 2);
	code_recall(a, MEMORY_TYPE);
	code_go(a, protocol);
	code_label(a, one);
	code_store(a, MEMORY_TYPE);
	code_advance(a, 1);
	code_recall(a, MEMORY_TYPE);
	code_label(a, protocol);
	code_go_if(a, BPF_JEQ, 0x0021, LABEL_IP4);
	code_go_if(a, BPF_JEQ, 0x0057, LABEL_IP6);
	code_go_if(a, BPF_JEQ, 0x0281, LABEL_MPLS);
	code_go_if(a, BPF_JEQ, 0x0283, LABEL_MPLS);
	code_go(a, LABEL_REJECT);
}

/* RFC 3032: labels until the one with the bottom bit. Behind it IP, or a pseudowire, which passes
 * whole: it is a tunnel. */
static void emit_mpls(struct code *a)
{
	code_label(a, LABEL_MPLS);
	for (unsigned i = 0; i < FILTER_LABELS; i++) {
		code_load(a, BPF_B, 2);
		code_store(a, MEMORY_TYPE);
		code_advance(a, 4);
		code_recall(a, MEMORY_TYPE);
		code_go_if(a, BPF_JSET, 1, LABEL_BEHIND_LABELS);
	}
	code_go(a, LABEL_PASS);
	code_label(a, LABEL_BEHIND_LABELS);
	code_load(a, BPF_B, 0);
	code_emit(a, BPF_ALU | BPF_RSH | BPF_K, 4);
	code_go_if(a, BPF_JEQ, 4, LABEL_IP4);
	code_go_if(a, BPF_JEQ, 6, LABEL_IP6);
	code_go(a, LABEL_PASS);
}

/* Extension headers (RFC 8200 section 4) until the payload; a fragment passes, because where its
 * transport header is only the reassembly knows. */
static void emit_ip6(struct code *a)
{
	static const uint16_t extensions[] = { 0, 43, 60, 135, 139, 140 };

	code_label(a, LABEL_IP6);
	code_load(a, BPF_B, 6);
	code_store(a, MEMORY_PROTOCOL);
	code_advance(a, 40);
	for (unsigned i = 0; i < FILTER_EXTENSIONS; i++) {
		unsigned extension = code_label_new(a);
		code_recall(a, MEMORY_PROTOCOL);
		code_go_if(a, BPF_JEQ, 44, LABEL_PASS);
		code_go_if_any(a, extensions, G_N_ELEMENTS(extensions), extension);
		code_go(a, LABEL_PROTOCOL);
		code_label(a, extension);
		code_load(a, BPF_B, 0);
		code_store(a, MEMORY_PROTOCOL);
		code_load(a, BPF_B, 1);
		code_emit(a, BPF_ALU | BPF_ADD | BPF_K, 1);
		code_emit(a, BPF_ALU | BPF_LSH | BPF_K, 3);
		code_advance_by_a(a);
	}
	code_go(a, LABEL_PASS);
}

/* A is an IP protocol: jump to `to` when packet_ip_protocol goes on with it. */
static void go_if_understood(struct code *a, unsigned to)
{
	static const uint16_t understood[] = { 6, 17, 1, 4, 41, 47, 51, 137 };

	code_go_if_any(a, understood, G_N_ELEMENTS(understood), to);
}

static void emit_ip4(struct code *a)
{
	unsigned later = code_label_new(a), behind = code_label_new(a);

	code_label(a, LABEL_IP4);
	code_load(a, BPF_B, 9);
	code_store(a, MEMORY_PROTOCOL);
	code_load(a, BPF_H, 6);
	code_go_if(a, BPF_JSET, 0x1fff, later);
	code_load(a, BPF_B, 0);
	code_emit(a, BPF_ALU | BPF_AND | BPF_K, 0x0f);
	code_emit(a, BPF_ALU | BPF_LSH | BPF_K, 2);
	code_advance_by_a(a);
	code_go(a, behind);
	code_label(a, later); /* fragments without ports: all of a protocol that can matter */
	code_recall(a, MEMORY_PROTOCOL);
	go_if_understood(a, LABEL_PASS);
	code_go(a, LABEL_REJECT);
	code_label(a, behind);
}

/* The payload of IP begins, its protocol is in memory. Tunnels pass whole. */
static void emit_protocol(struct code *a)
{
	static const uint16_t tunnels[] = { 4, 41, 47, 137 };

	code_label(a, LABEL_PROTOCOL);
	code_recall(a, MEMORY_PROTOCOL);
	code_go_if(a, BPF_JEQ, 6, LABEL_TCP);
	code_go_if(a, BPF_JEQ, 17, LABEL_UDP);
	code_go_if(a, BPF_JEQ, 1, LABEL_ICMP);
	code_go_if(a, BPF_JEQ, 58, LABEL_ICMP6);
	code_go_if_any(a, tunnels, G_N_ELEMENTS(tunnels), LABEL_PASS);
	code_go_if(a, BPF_JEQ, 51, LABEL_AH);
	code_go(a, LABEL_REJECT);
	/* RFC 4302 section 2: next header, length in words of 4 bytes less 2. */
	code_label(a, LABEL_AH);
	code_load(a, BPF_B, 0);
	code_store(a, MEMORY_PROTOCOL);
	code_load(a, BPF_B, 1);
	code_emit(a, BPF_ALU | BPF_ADD | BPF_K, 2);
	code_emit(a, BPF_ALU | BPF_LSH | BPF_K, 2);
	code_advance_by_a(a);
	code_recall(a, MEMORY_PROTOCOL);
	code_go_if(a, BPF_JEQ, 6, LABEL_TCP);
	code_go_if(a, BPF_JEQ, 17, LABEL_UDP);
	code_go(a, LABEL_PASS);
}

void filter_layers(struct code *a, int dlt)
{
	emit_link(a, dlt);
	emit_ethertype(a);
	emit_ppp(a);
	emit_mpls(a);
	emit_ip6(a);
	emit_ip4(a);
	emit_protocol(a);
}
