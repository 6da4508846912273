/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small assembler for BPF and the walk of packet*.c written in it: same layers, same order. The
 * register X holds where the current layer begins, counted from the end of the link header, so
 * that every load lies behind the link header: libpcap has to be able to shift offsets when the
 * kernel sees frames without it (cooked capture). All jumps go forward, as BPF demands; where a
 * stack is deeper than what is unrolled the frame passes and packet.c decides.
 */
#include "filter.h"
#include <glib.h>
#include <pcap/pcap.h>
#include <string.h>
#include "packet.h"

#ifndef DLT_LINUX_SLL2
#define DLT_LINUX_SLL2 276
#endif

enum {
	FILTER_INSNS = 4096,     /* BPF_MAXINSNS of Linux, user's filter included */
	FILTER_FIXES = 2048,     /* jumps */
	FILTER_RANGES = 256,     /* of ports */
	FILTER_TAGS = 4,         /* VLAN tags or LLC headers followed */
	FILTER_LABELS = 4,       /* MPLS labels followed */
	FILTER_EXTENSIONS = 6,   /* IPv6 extension headers followed */
	FILTER_SNAPLEN = 262144, /* what tcpdump takes */
};

/* Scratch memory. */
enum { MEMORY_TYPE, MEMORY_PROTOCOL, MEMORY_OFFSET };

/* Places to jump to, in the order of the program. */
enum label {
	LABEL_ETHERTYPE,
	LABEL_PPPOE,
	LABEL_PPP,
	LABEL_MPLS,
	LABEL_BEHIND_LABELS,
	LABEL_IP6,
	LABEL_IP4,
	LABEL_PROTOCOL,
	LABEL_AH,
	LABEL_TCP,
	LABEL_UDP,
	LABEL_ICMP,
	LABEL_ICMP6,
	LABEL_QUOTE,
	LABEL_REJECT,
	LABEL_PASS,
	LABEL_FIXED, /* further ones are made with label_new */
	LABEL_ALL = 64,
};

struct assembler {
	struct bpf_insn code[FILTER_INSNS];
	unsigned count;
	bool full;
	unsigned base; /* length of the link header */
	unsigned place[LABEL_ALL];
	unsigned labels;
	struct {
		unsigned at, to;
	} fix[FILTER_FIXES];
	unsigned fixes;
};

static void emit(struct assembler *a, unsigned code, uint32_t k)
{
	if (a->count == FILTER_INSNS) {
		a->full = true;
		return;
	}
	a->code[a->count++] = (struct bpf_insn){.code = (u_short)code, .k = k};
}

static unsigned label_new(struct assembler *a)
{
	g_assert(a->labels < LABEL_ALL);
	return a->labels++;
}

/* The next instruction is this place. */
static void label(struct assembler *a, unsigned l)
{
	a->place[l] = a->count;
}

static void go(struct assembler *a, unsigned to)
{
	g_assert(a->fixes < FILTER_FIXES);
	a->fix[a->fixes].at = a->count;
	a->fix[a->fixes++].to = to;
	emit(a, BPF_JMP | BPF_JA, 0);
}

/* Jump when the comparison of A with k holds; op: BPF_JEQ, BPF_JGE, BPF_JSET. A long jump behind a
 * short one, because conditional jumps reach 255 instructions only. */
static void go_if(struct assembler *a, unsigned op, uint32_t k, unsigned to)
{
	emit(a, BPF_JMP | op | BPF_K, k);
	if (!a->full)
		a->code[a->count - 1].jf = 1;
	go(a, to);
}

static void go_if_any(struct assembler *a, const uint16_t *k, size_t n, unsigned to)
{
	for (size_t i = 0; i < n; i++)
		go_if(a, BPF_JEQ, k[i], to);
}

/* A = the number of `size` (BPF_B, BPF_H, BPF_W) at this offset of the current layer. */
static void load(struct assembler *a, unsigned size, unsigned offset)
{
	emit(a, BPF_LD | size | BPF_IND, a->base + offset);
}

static void store(struct assembler *a, uint32_t cell)
{
	emit(a, BPF_ST, cell);
}

static void recall(struct assembler *a, uint32_t cell)
{
	emit(a, BPF_LD | BPF_MEM, cell);
}

/* The next layer begins n bytes on. A is lost. */
static void advance(struct assembler *a, unsigned n)
{
	emit(a, BPF_MISC | BPF_TXA, 0);
	emit(a, BPF_ALU | BPF_ADD | BPF_K, n);
	emit(a, BPF_MISC | BPF_TAX, 0);
}

/* The next layer begins A bytes on. */
static void advance_by_a(struct assembler *a)
{
	emit(a, BPF_ALU | BPF_ADD | BPF_X, 0);
	emit(a, BPF_MISC | BPF_TAX, 0);
}

/* BSD loopback: the family in either byte order, as link_null reads it. */
static void emit_null(struct assembler *a)
{
	static const uint16_t six[] = {10, 23, 24, 28, 30};

	a->base = 4;
	emit(a, BPF_LD | BPF_W | BPF_ABS, 0);
	go_if(a, BPF_JEQ, 2, LABEL_IP4);
	go_if(a, BPF_JEQ, GUINT32_SWAP_LE_BE_CONSTANT(2u), LABEL_IP4);
	for (size_t i = 0; i < G_N_ELEMENTS(six); i++) {
		go_if(a, BPF_JEQ, six[i], LABEL_IP6);
		go_if(a, BPF_JEQ, GUINT32_SWAP_LE_BE((uint32_t)six[i]), LABEL_IP6);
	}
	go(a, LABEL_REJECT);
}

/* PPP: Cisco HDLC on the same line is told by its first bytes. */
static void emit_ppp_link(struct assembler *a)
{
	unsigned hdlc = label_new(a);

	load(a, BPF_H, 0);
	go_if(a, BPF_JEQ, 0x0f00, hdlc);
	go_if(a, BPF_JEQ, 0x8f00, hdlc);
	go(a, LABEL_PPP);
	label(a, hdlc);
	load(a, BPF_H, 2);
	store(a, MEMORY_TYPE);
	advance(a, 4);
	recall(a, MEMORY_TYPE);
}

/* The version of IP is all that tells. */
static void emit_raw(struct assembler *a)
{
	load(a, BPF_B, 0);
	emit(a, BPF_ALU | BPF_RSH | BPF_K, 4);
	go_if(a, BPF_JEQ, 4, LABEL_IP4);
	go_if(a, BPF_JEQ, 6, LABEL_IP6);
	go(a, LABEL_REJECT);
}

/* The link header; ends with the Ethernet type in A, or has jumped. */
static void emit_link(struct assembler *a, int dlt)
{
	static const struct {
		int dlt;
		unsigned type, length; /* where the Ethernet type is, and how long the header */
	} typed[] = {
	    {DLT_EN10MB, 12, 14},
	    {DLT_LINUX_SLL, 14, 16},
	    {DLT_LINUX_SLL2, 0, 20},
	    {DLT_C_HDLC, 2, 4},
	};

	emit(a, BPF_LDX | BPF_IMM, 0);
	for (size_t i = 0; i < G_N_ELEMENTS(typed); i++)
		if (typed[i].dlt == dlt) {
			a->base = typed[i].length;
			emit(a, BPF_LD | BPF_H | BPF_ABS, typed[i].type);
			return;
		}
	switch (dlt) {
	case DLT_NULL:
	case DLT_LOOP:
		emit_null(a);
		return;
	case DLT_PPP:
	case DLT_PPP_SERIAL:
		emit_ppp_link(a);
		return;
	case DLT_PPP_ETHER:
		go(a, LABEL_PPPOE);
		return;
	default:
		emit_raw(a);
	}
}

/* A is an Ethernet type: IP, or a tag or LLC header behind which another type comes. */
static void emit_ethertype(struct assembler *a)
{
	static const uint16_t tags[] = {0x8100, 0x88a8, 0x9100, 0x9200};

	label(a, LABEL_ETHERTYPE);
	for (unsigned i = 0; i < FILTER_TAGS; i++) {
		unsigned tag = label_new(a), llc = label_new(a), next = label_new(a);
		go_if(a, BPF_JEQ, 0x0800, LABEL_IP4);
		go_if(a, BPF_JEQ, 0x86dd, LABEL_IP6);
		go_if_any(a, tags, G_N_ELEMENTS(tags), tag);
		go_if(a, BPF_JEQ, 0x8847, LABEL_MPLS);
		go_if(a, BPF_JEQ, 0x8848, LABEL_MPLS);
		go_if(a, BPF_JEQ, 0x8864, LABEL_PPPOE);
		go_if(a, BPF_JEQ, 0x880b, LABEL_PPP);
		go_if(a, BPF_JEQ, 0x6558, LABEL_PASS); /* Ethernet in Ethernet: a tunnel */
		go_if(a, BPF_JGE, 0x0600, LABEL_REJECT);
		/* LLC with SNAP and OUI 0 (RFC 1042). */
		load(a, BPF_W, 0);
		go_if(a, BPF_JEQ, 0xaaaa0300, llc);
		go(a, LABEL_REJECT);
		label(a, llc);
		load(a, BPF_H, 4);
		go_if(a, BPF_JGE, 1, LABEL_REJECT);
		load(a, BPF_H, 6);
		store(a, MEMORY_TYPE);
		advance(a, 8);
		recall(a, MEMORY_TYPE);
		go(a, next);
		label(a, tag);
		load(a, BPF_H, 2);
		store(a, MEMORY_TYPE);
		advance(a, 4);
		recall(a, MEMORY_TYPE);
		label(a, next);
	}
	go(a, LABEL_PASS);
}

/* RFC 2516: version and type 1, code 0. Then PPP, its protocol in one byte or two (RFC 1661). */
static void emit_ppp(struct assembler *a)
{
	unsigned session = label_new(a), framed = label_new(a), bare = label_new(a);
	unsigned one = label_new(a), protocol = label_new(a);

	label(a, LABEL_PPPOE);
	load(a, BPF_H, 0);
	go_if(a, BPF_JEQ, 0x1100, session);
	go(a, LABEL_REJECT);
	label(a, session);
	advance(a, 6);
	label(a, LABEL_PPP);
	load(a, BPF_H, 0);
	go_if(a, BPF_JEQ, 0xff03, framed);
	go_if(a, BPF_JEQ, 0x0f00, LABEL_PASS); /* Cisco HDLC inside something: a tunnel */
	go_if(a, BPF_JEQ, 0x8f00, LABEL_PASS);
	go(a, bare);
	label(a, framed);
	advance(a, 2);
	label(a, bare);
	load(a, BPF_B, 0);
	go_if(a, BPF_JSET, 1, one);
	load(a, BPF_H, 0);
	store(a, MEMORY_TYPE);
	advance(a, 2);
	recall(a, MEMORY_TYPE);
	go(a, protocol);
	label(a, one);
	store(a, MEMORY_TYPE);
	advance(a, 1);
	recall(a, MEMORY_TYPE);
	label(a, protocol);
	go_if(a, BPF_JEQ, 0x0021, LABEL_IP4);
	go_if(a, BPF_JEQ, 0x0057, LABEL_IP6);
	go_if(a, BPF_JEQ, 0x0281, LABEL_MPLS);
	go_if(a, BPF_JEQ, 0x0283, LABEL_MPLS);
	go(a, LABEL_REJECT);
}

/* RFC 3032: labels until the one with the bottom bit. Behind it IP, or a pseudowire, which passes
 * whole: it is a tunnel. */
static void emit_mpls(struct assembler *a)
{
	label(a, LABEL_MPLS);
	for (unsigned i = 0; i < FILTER_LABELS; i++) {
		load(a, BPF_B, 2);
		store(a, MEMORY_TYPE);
		advance(a, 4);
		recall(a, MEMORY_TYPE);
		go_if(a, BPF_JSET, 1, LABEL_BEHIND_LABELS);
	}
	go(a, LABEL_PASS);
	label(a, LABEL_BEHIND_LABELS);
	load(a, BPF_B, 0);
	emit(a, BPF_ALU | BPF_RSH | BPF_K, 4);
	go_if(a, BPF_JEQ, 4, LABEL_IP4);
	go_if(a, BPF_JEQ, 6, LABEL_IP6);
	go(a, LABEL_PASS);
}

/* Extension headers (RFC 8200 section 4) until the payload; a fragment passes, because where its
 * transport header is only the reassembly knows. */
static void emit_ip6(struct assembler *a)
{
	static const uint16_t extensions[] = {0, 43, 60, 135, 139, 140};

	label(a, LABEL_IP6);
	load(a, BPF_B, 6);
	store(a, MEMORY_PROTOCOL);
	advance(a, 40);
	for (unsigned i = 0; i < FILTER_EXTENSIONS; i++) {
		unsigned extension = label_new(a);
		recall(a, MEMORY_PROTOCOL);
		go_if(a, BPF_JEQ, 44, LABEL_PASS);
		go_if_any(a, extensions, G_N_ELEMENTS(extensions), extension);
		go(a, LABEL_PROTOCOL);
		label(a, extension);
		load(a, BPF_B, 0);
		store(a, MEMORY_PROTOCOL);
		load(a, BPF_B, 1);
		emit(a, BPF_ALU | BPF_ADD | BPF_K, 1);
		emit(a, BPF_ALU | BPF_LSH | BPF_K, 3);
		advance_by_a(a);
	}
	go(a, LABEL_PASS);
}

/* A is an IP protocol: jump to `to` when packet_ip_protocol goes on with it. */
static void go_if_understood(struct assembler *a, unsigned to)
{
	static const uint16_t understood[] = {6, 17, 1, 4, 41, 47, 51, 137};

	go_if_any(a, understood, G_N_ELEMENTS(understood), to);
}

static void emit_ip4(struct assembler *a)
{
	unsigned later = label_new(a), behind = label_new(a);

	label(a, LABEL_IP4);
	load(a, BPF_B, 9);
	store(a, MEMORY_PROTOCOL);
	load(a, BPF_H, 6);
	go_if(a, BPF_JSET, 0x1fff, later);
	load(a, BPF_B, 0);
	emit(a, BPF_ALU | BPF_AND | BPF_K, 0x0f);
	emit(a, BPF_ALU | BPF_LSH | BPF_K, 2);
	advance_by_a(a);
	go(a, behind);
	label(a, later); /* fragments without ports: all of a protocol that can matter */
	recall(a, MEMORY_PROTOCOL);
	go_if_understood(a, LABEL_PASS);
	go(a, LABEL_REJECT);
	label(a, behind);
}

/* The payload of IP begins, its protocol is in memory. Tunnels pass whole. */
static void emit_protocol(struct assembler *a)
{
	static const uint16_t tunnels[] = {4, 41, 47, 137};

	label(a, LABEL_PROTOCOL);
	recall(a, MEMORY_PROTOCOL);
	go_if(a, BPF_JEQ, 6, LABEL_TCP);
	go_if(a, BPF_JEQ, 17, LABEL_UDP);
	go_if(a, BPF_JEQ, 1, LABEL_ICMP);
	go_if(a, BPF_JEQ, 58, LABEL_ICMP6);
	go_if_any(a, tunnels, G_N_ELEMENTS(tunnels), LABEL_PASS);
	go_if(a, BPF_JEQ, 51, LABEL_AH);
	go(a, LABEL_REJECT);
	/* RFC 4302 section 2: next header, length in words of 4 bytes less 2. */
	label(a, LABEL_AH);
	load(a, BPF_B, 0);
	store(a, MEMORY_PROTOCOL);
	load(a, BPF_B, 1);
	emit(a, BPF_ALU | BPF_ADD | BPF_K, 2);
	emit(a, BPF_ALU | BPF_LSH | BPF_K, 2);
	advance_by_a(a);
	recall(a, MEMORY_PROTOCOL);
	go_if(a, BPF_JEQ, 6, LABEL_TCP);
	go_if(a, BPF_JEQ, 17, LABEL_UDP);
	go(a, LABEL_PASS);
}

struct range {
	uint16_t low, high;
};

static int compare_ports(const void *a, const void *b)
{
	return *(const uint16_t *)a - *(const uint16_t *)b;
}

/* The ports, with that of DNS, as ascending ranges. Returns how many, or 0: too many. */
static unsigned ranges_of(const struct filter_options *o, struct range *out)
{
	uint16_t *ports = g_new(uint16_t, o->port_count + 1);
	unsigned n = 0;

	memcpy(ports, o->ports, o->port_count * sizeof *ports);
	ports[o->port_count] = 53;
	qsort(ports, o->port_count + 1, sizeof *ports, compare_ports);
	for (unsigned i = 0; i <= o->port_count; i++) {
		if (n > 0 && ports[i] <= out[n - 1].high + 1) {
			out[n - 1].high = ports[i];
			continue;
		}
		if (n == FILTER_RANGES) {
			n = 0;
			break;
		}
		out[n++] = (struct range){ports[i], ports[i]};
	}
	g_free(ports);
	return n;
}

static bool emit_tcp(struct assembler *a, const struct filter_options *o)
{
	struct range range[FILTER_RANGES];
	unsigned n = o->port_count > 0 ? ranges_of(o, range) : 0;

	label(a, LABEL_TCP);
	if (o->port_count == 0)
		go(a, LABEL_PASS);
	for (unsigned offset = 0; offset <= 2 && n > 0; offset += 2) {
		load(a, BPF_H, offset);
		for (unsigned i = 0; i < n; i++) {
			if (range[i].low == range[i].high) {
				go_if(a, BPF_JEQ, range[i].low, LABEL_PASS);
				continue;
			}
			/* Not below the range and not above it. */
			emit(a, BPF_JMP | BPF_JGE | BPF_K, range[i].low);
			if (!a->full)
				a->code[a->count - 1].jf = 2;
			emit(a, BPF_JMP | BPF_JGT | BPF_K, range[i].high);
			if (!a->full)
				a->code[a->count - 1].jt = 1;
			go(a, LABEL_PASS);
		}
	}
	go(a, LABEL_REJECT);
	return o->port_count == 0 || n > 0;
}

/* DNS from or to its port; VXLAN, Linux's own port for it, VXLAN-GPE and GENEVE to theirs. */
static void emit_udp(struct assembler *a)
{
	static const uint16_t to[] = {53, 4789, 4790, 8472, 6081};

	label(a, LABEL_UDP);
	load(a, BPF_H, 0);
	go_if(a, BPF_JEQ, 53, LABEL_PASS);
	load(a, BPF_H, 2);
	go_if_any(a, to, G_N_ELEMENTS(to), LABEL_PASS);
	go(a, LABEL_REJECT);
}

/* Errors (RFC 792, RFC 4443) that quote TCP; behind IPv6 extension headers it may be. */
static void emit_icmp(struct assembler *a)
{
	static const uint16_t four[] = {3, 4, 5, 11, 12}, six[] = {1, 2, 3, 4};
	static const uint16_t behind[] = {6, 0, 43, 44, 60};
	unsigned quotes_six = label_new(a);

	label(a, LABEL_ICMP);
	load(a, BPF_B, 0);
	go_if_any(a, four, G_N_ELEMENTS(four), LABEL_QUOTE);
	go(a, LABEL_REJECT);
	label(a, LABEL_ICMP6);
	load(a, BPF_B, 0);
	go_if_any(a, six, G_N_ELEMENTS(six), LABEL_QUOTE);
	go(a, LABEL_REJECT);
	label(a, LABEL_QUOTE);
	load(a, BPF_B, 8);
	emit(a, BPF_ALU | BPF_RSH | BPF_K, 4);
	go_if(a, BPF_JEQ, 6, quotes_six);
	load(a, BPF_B, 8 + 9);
	go_if(a, BPF_JEQ, 6, LABEL_PASS);
	go(a, LABEL_REJECT);
	label(a, quotes_six);
	load(a, BPF_B, 8 + 6);
	go_if_any(a, behind, G_N_ELEMENTS(behind), LABEL_PASS);
}

/* Reject; then, where all that passes goes, the user's filter or the answer. */
static void emit_end(struct assembler *a, uint32_t snaplen, const struct bpf_program *user)
{
	label(a, LABEL_REJECT);
	emit(a, BPF_RET | BPF_K, 0);
	label(a, LABEL_PASS);
	if (!user) {
		emit(a, BPF_RET | BPF_K, snaplen);
		return;
	}
	/* A program may believe that its registers begin with 0. */
	emit(a, BPF_LDX | BPF_IMM, 0);
	emit(a, BPF_LD | BPF_IMM, 0);
	for (u_int i = 0; i < user->bf_len && !a->full; i++) {
		emit(a, user->bf_insns[i].code, user->bf_insns[i].k);
		a->code[a->count - 1] = user->bf_insns[i];
	}
}

static void resolve(struct assembler *a)
{
	for (unsigned i = 0; i < a->fixes; i++) {
		unsigned at = a->fix[i].at, to = a->place[a->fix[i].to];
		if (at >= a->count)
			continue;
		g_assert(to > at);
		a->code[at].k = to - at - 1;
	}
}

static bool refuse_user(const char *user, const char *words, char **error)
{
	*error = g_strdup_printf("the capture filter \"%s\" is wrong: see man pcap-filter "
	                         "[libpcap: %s]",
	                         user, words);
	return false;
}

/* The user's filter, on the handle, or on a dead one of the same link type. */
static bool compile_user(const struct filter_options *o, pcap_t *handle, uint32_t snaplen,
                         struct bpf_program *out, char **error)
{
	pcap_t *dead = handle ? NULL : pcap_open_dead(o->dlt, (int)snaplen);
	pcap_t *p = handle ? handle : dead;
	bool good = p && pcap_compile(p, out, o->user, 1, PCAP_NETMASK_UNKNOWN) == 0;

	if (!good)
		refuse_user(o->user, p ? pcap_geterr(p) : "no memory", error);
	if (dead)
		pcap_close(dead);
	return good;
}

static bool assemble(struct assembler *a, const struct filter_options *o, uint32_t snaplen,
                     const struct bpf_program *user, char **error)
{
	a->labels = LABEL_FIXED;
	emit_link(a, o->dlt);
	emit_ethertype(a);
	emit_ppp(a);
	emit_mpls(a);
	emit_ip6(a);
	emit_ip4(a);
	emit_protocol(a);
	bool fits = emit_tcp(a, o);
	emit_udp(a);
	emit_icmp(a);
	emit_end(a, snaplen, user);
	resolve(a);
	if (fits && !a->full)
		return true;
	if (fits)
		*error = g_strdup_printf("the capture filter \"%s\" is too long for the kernel: "
		                         "shorten it",
		                         o->user);
	else
		*error = g_strdup("too many ports for the kernel's filter: give fewer with --port");
	return false;
}

bool filter_compile(const struct filter_options *o, void *handle, struct bpf_program *out,
                    char **error)
{
	uint32_t snaplen = o->snaplen ? o->snaplen : FILTER_SNAPLEN;
	struct bpf_program user;
	bool has_user = o->user && *o->user;

	if (!packet_knows(o->dlt)) {
		*error = g_strdup_printf("link type %d cannot be read: no filter for it", o->dlt);
		return false;
	}
	if (has_user && !compile_user(o, handle, snaplen, &user, error))
		return false;
	struct assembler *a = g_new0(struct assembler, 1);
	bool good = assemble(a, o, snaplen, has_user ? &user : NULL, error);
	if (good) {
		out->bf_len = a->count;
		out->bf_insns = g_memdup2(a->code, a->count * sizeof *a->code);
	}
	g_free(a);
	if (has_user)
		pcap_freecode(&user);
	return good;
}

void filter_free(struct bpf_program *program)
{
	g_free(program->bf_insns);
	program->bf_insns = NULL;
	program->bf_len = 0;
}

static void words_of(const struct filter_options *o, GString *text)
{
	const char *link = pcap_datalink_val_to_name(o->dlt);

	g_string_append_printf(text, "# link type %s\n# passes: TCP ", link ? link : "unknown");
	g_string_append(text, o->port_count > 0 ? "ports" : "of all ports");
	for (unsigned i = 0; i < o->port_count; i++)
		g_string_append_printf(text, " %u", o->ports[i]);
	g_string_append(text,
	                "; DNS (UDP and TCP port 53); ICMP and ICMPv6 errors about TCP;\n"
	                "# IP fragments; all of this also behind VLAN tags, MPLS labels and "
	                "PPPoE;\n"
	                "# whole: GRE and ERSPAN, VXLAN (ports 4789, 4790, 8472), GENEVE (6081), "
	                "IP in IP, pseudowires\n");
	if (o->user && *o->user)
		g_string_append_printf(text, "# and only what passes this too: %s\n", o->user);
}

char *filter_text(const struct filter_options *o, char **error)
{
	struct bpf_program program;

	if (!filter_compile(o, NULL, &program, error))
		return NULL;
	GString *text = g_string_new(NULL);
	words_of(o, text);
	for (u_int i = 0; i < program.bf_len; i++)
		g_string_append_printf(text, "%s\n", bpf_image(&program.bf_insns[i], (int)i));
	filter_free(&program);
	return g_string_free(text, FALSE);
}
