/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The walk of packet*.c as a BPF program: same layers, same order. Every load but that of the type
 * lies behind the link header, because libpcap has to shift offsets when the kernel sees frames
 * without it (cooked capture). The layers up to IP are in layers.c; here are the transport
 * with its ports, the user's filter and the whole.
 */
#include "frames/filter/filter.h"
#include <glib.h>
#include <pcap/pcap.h>
#include <string.h>
#include "frames/filter/layers.h"
#include "frames/packet.h"

enum {
	FILTER_RANGES = 256,	 /* of ports */
	FILTER_SNAPLEN = 262144, /* what tcpdump takes */
};

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
	filter_layers(a, o->dlt);
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
