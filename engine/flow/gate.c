/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The gate before the connection table. Takes every segment of the link, answers whether it is
 * worth a connection: a bit per watched port, and for the rest a compare of the first bytes. Keeps
 * the SYN and SYN-ACK of ports that are not watched in a fixed direct-mapped memory, where a
 * newer pair overwrites an older one. Connections that exist are the table's business.
 */
#include <glib.h>
#include "bytes.h"
#include "ports.h"
#include "base/caps.h"
#include "flow/gate.h"

G_STATIC_ASSERT((CAP_SYN_CACHE & (CAP_SYN_CACHE - 1)) == 0);

enum { GATE_SYN, GATE_SYN_ACK };

/* One SYN or SYN-ACK, without its ends: who recalls it brings them. */
struct remembered {
	uint64_t time_ns;
	uint32_t frame, seq, ack;
	uint16_t mss, window, ip_id;
	uint8_t ttl, flags;
};

/* Both packets of one handshake. */
struct handshake {
	uint64_t ends;		     /* mix of client and server, in this order */
	struct remembered packet[2]; /* by GATE_*; frame 0 when not seen */
};

struct gate {
	uint8_t port[8192];
	struct handshake *memory; /* CAP_SYN_CACHE of them */
};

#define WORD(a, b, c, d)                                                                           \
	((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))
#define LOWER WORD(0x20, 0x20, 0x20, 0x20)

static inline bool port_bit(const struct gate *g, uint16_t port)
{
	return g->port[port >> 3] >> (port & 7) & 1;
}

struct gate *gate_new(void)
{
	static const uint16_t watched[] = { SMTP365_PORTS };
	struct gate *g = g_new0(struct gate, 1);
	g->memory = g_new0(struct handshake, CAP_SYN_CACHE);
	for (size_t i = 0; i < G_N_ELEMENTS(watched); i++)
		gate_watch(g, watched[i]);
	return g;
}

void gate_free(struct gate *g)
{
	if (!g)
		return;
	g_free(g->memory);
	g_free(g);
}

void gate_watch(struct gate *g, uint16_t port)
{
	g->port[port >> 3] |= (uint8_t)(1u << (port & 7));
}

void gate_watch_only(struct gate *g, const uint8_t ports[8192])
{
	memcpy(g->port, ports, sizeof(g->port));
}

bool gate_watched(const struct gate *g, uint16_t port)
{
	return port_bit(g, port);
}

static uint64_t mix_end(const struct address *a, uint16_t port)
{
	uint64_t x, y;
	memcpy(&x, &a->byte[0], 8);
	memcpy(&y, &a->byte[8], 8);
	x = (x ^ (y * 0x9e3779b97f4a7c15ULL)) * 0xd6e8feb86659fd93ULL;
	x = (x ^ (x >> 32) ^ port) * 0xff51afd7ed558ccdULL;
	return x ^ (x >> 29);
}

/* The slot of a connection, the same for both directions, and the mix of both ends for either
 * reading of who the client is. Not keyed: whoever aims at a slot can only make the gate forget
 * a handshake, or give a candidate a wrong one. */
static struct handshake *slot_of(const struct gate *g, const struct segment *s,
				 uint64_t *src_is_client, uint64_t *dst_is_client)
{
	uint64_t src = mix_end(&s->src, s->sport), dst = mix_end(&s->dst, s->dport);
	uint64_t sum = (src + dst) * 0xc4ceb9fe1a85ec53ULL;
	*src_is_client = src * 3 + dst;
	*dst_is_client = dst * 3 + src;
	return &g->memory[(sum >> 40) & (CAP_SYN_CACHE - 1)];
}

/* Remember a SYN or SYN-ACK. The first of its kind stays, for the round trip; another sequence
 * number is another connection. */
static void remember(struct gate *g, const struct segment *s)
{
	bool from_client = !(s->flags & TCP_ACK);
	uint64_t ends, reverse;
	struct handshake *h =
		from_client ? slot_of(g, s, &ends, &reverse) : slot_of(g, s, &reverse, &ends);
	struct remembered *p = &h->packet[from_client ? GATE_SYN : GATE_SYN_ACK];
	if (h->ends != ends || (p->frame && p->seq != s->seq))
		*h = (struct handshake){ .ends = ends };
	if (p->frame)
		return;
	*p = (struct remembered){
		.time_ns = s->time_ns,
		.frame = s->frame,
		.seq = s->seq,
		.ack = s->ack,
		.mss = s->mss,
		.window = s->window,
		.ip_id = s->ip_id,
		.ttl = s->ttl,
		.flags = s->flags,
	};
}

/* A SOCKS 5 greeting: version 5, n methods, n bytes, and no more (RFC 1928 3). */
static bool is_socks5(const struct bytes *b, uint32_t len)
{
	uint8_t methods = bytes_peek(b, 1);
	return bytes_peek(b, 0) == 5 && methods > 0 && len == 2u + methods;
}

/* Does the payload begin like SMTP or like what carries it through a proxy? */
static bool looks_like(const struct segment *s)
{
	struct bytes b = bytes_of(s->payload, s->caplen);
	struct bytes front = b;
	uint32_t word = bytes_u32(&front);
	switch (word | LOWER) {
	case WORD('2', '2', '0', ' '):
	case WORD('2', '2', '0', '-'):
		return bytes_starts(&b, "220 ", 4) || bytes_starts(&b, "220-", 4);
	case WORD('e', 'h', 'l', 'o'):
	case WORD('h', 'e', 'l', 'o'):
		return bytes_peek(&b, 4) == ' ';
	case WORD('c', 'o', 'n', 'n'):
		return bytes_starts(&b, "CONNECT ", 8);
	default:
		return is_socks5(&b, s->len);
	}
}

enum gate_answer gate_look(struct gate *g, const struct segment *s)
{
	if (port_bit(g, s->dport) || port_bit(g, s->sport))
		return GATE_WATCHED;
	if (s->flags & TCP_SYN)
		remember(g, s);
	if (s->caplen < 3)
		return GATE_SKIP;
	return looks_like(s) ? GATE_CANDIDATE : GATE_SKIP;
}

static void restore(const struct remembered *p, const struct segment *s, bool same_way,
		    struct segment *out)
{
	*out = (struct segment){
		.time_ns = p->time_ns,
		.frame = p->frame,
		.src = same_way ? s->src : s->dst,
		.dst = same_way ? s->dst : s->src,
		.sport = same_way ? s->sport : s->dport,
		.dport = same_way ? s->dport : s->sport,
		.seq = p->seq,
		.ack = p->ack,
		.flags = p->flags,
		.ttl = p->ttl,
		.window = p->window,
		.mss = p->mss,
		.ip_id = p->ip_id,
		.encap = s->encap, /* the path of this connection */
	};
}

unsigned gate_recall(const struct gate *g, const struct segment *s, struct segment out[2])
{
	uint64_t src_is_client, dst_is_client;
	const struct handshake *h = slot_of(g, s, &src_is_client, &dst_is_client);
	bool from_client = h->ends == src_is_client;
	if (!from_client && h->ends != dst_is_client)
		return 0;
	unsigned n = 0;
	for (unsigned kind = 0; kind < 2; kind++)
		if (h->packet[kind].frame)
			restore(&h->packet[kind], s, (kind == GATE_SYN) == from_client, &out[n++]);
	if (n == 2 && out[1].frame < out[0].frame) { /* the mirror had them the wrong way round */
		struct segment first = out[1];
		out[1] = out[0];
		out[0] = first;
	}
	return n;
}
