/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The walk of packet*.c as a BPF program: same layers, same order. Every load but that of the type
 * lies behind the link header, because libpcap has to shift offsets when the kernel sees frames
 * without it (cooked capture). BPF has no loops: where a stack is deeper than what is unrolled the
 * frame passes and packet.c decides.
 */
#include "filter.h"
#include <glib.h>
#include <pcap/pcap.h>
#include <string.h>
#include "filter_code.h"
#include "packet.h"

#ifndef DLT_LINUX_SLL2
#define DLT_LINUX_SLL2 276
#endif

enum {
	FILTER_RANGES = 256,	 /* of ports */
	FILTER_TAGS = 4,	 /* VLAN tags or LLC headers followed */
	FILTER_LABELS = 4,	 /* MPLS labels followed */
	FILTER_EXTENSIONS = 6,	 /* IPv6 extension headers followed */
	FILTER_SNAPLEN = 262144, /* what tcpdump takes */
};

/* Scratch memory. */
enum { MEMORY_TYPE, MEMORY_PROTOCOL };

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
	LABEL_FIXED, /* further ones are made with code_label_new */
};

/* BSD loopback: the family in either byte order, as link_null reads it. */
static void emit_null(struct code *a)
{
	static const uint16_t six[] = { 10, 23, 24, 28, 30 };

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
static void emit_ppp_link(struct code *a)
{
	unsigned hdlc = code_label_new(a);

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
static void emit_raw(struct code *a)
{
	code_load(a, BPF_B, 0);
	code_emit(a, BPF_ALU | BPF_RSH | BPF_K, 4);
	code_go_if(a, BPF_JEQ, 4, LABEL_IP4);
	code_go_if(a, BPF_JEQ, 6, LABEL_IP6);
	code_go(a, LABEL_REJECT);
}

/* The link header; ends with the Ethernet type in A, or has jumped. */
static void emit_link(struct code *a, int dlt)
{
	static const struct {
		int dlt;
		unsigned type, length; /* where the Ethernet type is, and how long the header */
	} typed[] = {
		{ DLT_EN10MB, 12, 14 },
		{ DLT_LINUX_SLL, 14, 16 },
		{ DLT_LINUX_SLL2, 0, 20 },
		{ DLT_C_HDLC, 2, 4 },
	};

	a->cooked = dlt == DLT_LINUX_SLL || dlt == DLT_LINUX_SLL2;
	code_emit(a, BPF_LDX | BPF_IMM, 0);
	for (size_t i = 0; i < G_N_ELEMENTS(typed); i++)
		if (typed[i].dlt == dlt) {
			a->base = typed[i].length;
			code_emit(a, BPF_LD | BPF_H | BPF_ABS, typed[i].type);
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
		code_go(a, LABEL_PPPOE);
		return;
	default:
		emit_raw(a);
	}
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

/* A is an Ethernet type: IP, or a tag or LLC header behind which another type comes. */
static void emit_ethertype(struct code *a)
{
	static const uint16_t tags[] = { 0x8100, 0x88a8, 0x9100, 0x9200 };

	code_label(a, LABEL_ETHERTYPE);
	for (unsigned i = 0; i < FILTER_TAGS; i++) {
		unsigned tag = code_label_new(a), llc = code_label_new(a), next = code_label_new(a);
		code_go_if(a, BPF_JEQ, 0x0800, LABEL_IP4);
		code_go_if(a, BPF_JEQ, 0x86dd, LABEL_IP6);
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
		out[n++] = (struct range){ ports[i], ports[i] };
	}
	g_free(ports);
	return n;
}

static bool emit_tcp(struct code *a, const struct filter_options *o)
{
	struct range range[FILTER_RANGES];
	unsigned n = o->port_count > 0 ? ranges_of(o, range) : 0;

	code_label(a, LABEL_TCP);
	if (o->port_count == 0)
		code_go(a, LABEL_PASS);
	for (unsigned offset = 0; offset <= 2 && n > 0; offset += 2) {
		code_load(a, BPF_H, offset);
		for (unsigned i = 0; i < n; i++)
			code_go_if_between(a, range[i].low, range[i].high, LABEL_PASS);
	}
	code_go(a, LABEL_REJECT);
	return o->port_count == 0 || n > 0;
}

/* DNS from or to its port; VXLAN, Linux's own port for it, VXLAN-GPE and GENEVE to theirs. */
static void emit_udp(struct code *a)
{
	static const uint16_t to[] = { 53, 4789, 4790, 8472, 6081 };

	code_label(a, LABEL_UDP);
	code_load(a, BPF_H, 0);
	code_go_if(a, BPF_JEQ, 53, LABEL_PASS);
	code_load(a, BPF_H, 2);
	code_go_if_any(a, to, G_N_ELEMENTS(to), LABEL_PASS);
	code_go(a, LABEL_REJECT);
}

/* Errors (RFC 792, RFC 4443) that quote TCP; behind IPv6 extension headers it may be. */
static void emit_icmp(struct code *a)
{
	static const uint16_t four[] = { 3, 4, 5, 11, 12 }, six[] = { 1, 2, 3, 4 };
	static const uint16_t behind[] = { 6, 0, 43, 44, 60 };
	unsigned quotes_six = code_label_new(a);

	code_label(a, LABEL_ICMP);
	code_load(a, BPF_B, 0);
	code_go_if_any(a, four, G_N_ELEMENTS(four), LABEL_QUOTE);
	code_go(a, LABEL_REJECT);
	code_label(a, LABEL_ICMP6);
	code_load(a, BPF_B, 0);
	code_go_if_any(a, six, G_N_ELEMENTS(six), LABEL_QUOTE);
	code_go(a, LABEL_REJECT);
	code_label(a, LABEL_QUOTE);
	code_load(a, BPF_B, 8);
	code_emit(a, BPF_ALU | BPF_RSH | BPF_K, 4);
	code_go_if(a, BPF_JEQ, 6, quotes_six);
	code_load(a, BPF_B, 8 + 9);
	code_go_if(a, BPF_JEQ, 6, LABEL_PASS);
	code_go(a, LABEL_REJECT);
	code_label(a, quotes_six);
	code_load(a, BPF_B, 8 + 6);
	code_go_if_any(a, behind, G_N_ELEMENTS(behind), LABEL_PASS);
}

/* Reject; then, where all that passes goes, the user's filter or the answer. */
static void emit_end(struct code *a, uint32_t snaplen, const struct bpf_program *user)
{
	code_label(a, LABEL_REJECT);
	code_emit(a, BPF_RET | BPF_K, 0);
	code_label(a, LABEL_PASS);
	if (!user) {
		code_emit(a, BPF_RET | BPF_K, snaplen);
		return;
	}
	/* A program may believe that its registers begin with 0. */
	code_emit(a, BPF_LDX | BPF_IMM, 0);
	code_emit(a, BPF_LD | BPF_IMM, 0);
	code_append(a, user);
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

static bool assemble(struct code *a, const struct filter_options *o, uint32_t snaplen,
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
	code_resolve(a);
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
	struct code *a = g_new0(struct code, 1);
	bool good = assemble(a, o, snaplen, has_user ? &user : NULL, error);
	if (good) {
		out->bf_len = a->count;
		out->bf_insns = g_memdup2(a->insn, a->count * sizeof *a->insn);
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

char *filter_text(const struct filter_options *o, void *handle, char **error)
{
	struct bpf_program program;

	if (!filter_compile(o, handle, &program, error))
		return NULL;
	GString *text = g_string_new(NULL);
	words_of(o, text);
	for (u_int i = 0; i < program.bf_len; i++)
		g_string_append_printf(text, "%s\n", bpf_image(&program.bf_insns[i], (int)i));
	filter_free(&program);
	return g_string_free(text, FALSE);
}
