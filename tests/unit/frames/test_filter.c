/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests of the kernel filter against the packet reader: over every capture of pcaps/ and over
 * frames made by hand and damaged at every byte, what the reader makes of the frames that pass is
 * what it makes of all frames; and what passes in vain stays little. Also the user's filter and the
 * text.
 */
#include "frames/frames.h"
#include <glib.h>
#include <pcap/pcap.h>
#include "frames/dlt.h"
#include "frames/filter/filter.h"
#include "read/source.h"

static const uint16_t watched[] = { 25, 465, 587, 2525 };
static const int links[] = {
#define LINK_TYPE(dlt, ...) dlt,
#include "frames/links.def"
};

static bool is_watched(uint16_t port)
{
	for (size_t i = 0; i < G_N_ELEMENTS(watched); i++)
		if (watched[i] == port)
			return true;
	return false;
}

/* Must the item reach the engine in a live capture? */
static bool matters(const struct packet_item *i)
{
	switch (i->kind) {
	case PACKET_SEGMENT:
		return is_watched(i->segment.sport) || is_watched(i->segment.dport);
	case PACKET_DATAGRAM:
	case PACKET_ICMP:
		return true;
	default:
		return false;
	}
}

static struct bpf_program made_filter(int dlt, const char *user)
{
	const struct filter_options o = {
		.dlt = dlt,
		.ports = watched,
		.port_count = G_N_ELEMENTS(watched),
		.user = user,
	};
	struct bpf_program program;
	char *error = NULL;

	assert_true(filter_compile(&o, NULL, &program, &error));
	assert_null(error);
	return program;
}

static bool passes(const struct bpf_program *f, const uint8_t *at, uint32_t caplen, uint32_t len)
{
	const struct pcap_pkthdr header = { .caplen = caplen, .len = len };

	return pcap_offline_filter(f, &header, at) != 0;
}

/* What was counted over all captures. */
static struct {
	uint64_t frames, passed, items, vain, vain_tunnelled;
	unsigned links;
} seen;

struct both {
	struct packet *all, *filtered; /* one reads every frame, one those that pass */
	struct packet *damaged;
	struct bpf_program program[G_N_ELEMENTS(links)];
	bool made[G_N_ELEMENTS(links)];
};

static const struct bpf_program *program_for(struct both *b, int dlt)
{
	for (size_t i = 0; i < G_N_ELEMENTS(links); i++) {
		if (links[i] != dlt)
			continue;
		if (!b->made[i])
			b->program[i] = made_filter(dlt, NULL);
		b->made[i] = true;
		seen.links |= 1u << i;
		return &b->program[i];
	}
	return NULL;
}

static bool same_item(const struct packet_item *a, const struct packet_item *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == PACKET_SEGMENT)
		return a->segment.seq == b->segment.seq && a->segment.len == b->segment.len &&
		       a->segment.sport == b->segment.sport &&
		       memcmp(a->segment.payload, b->segment.payload, a->segment.caplen) == 0;
	if (a->kind == PACKET_DATAGRAM)
		return a->datagram.len == b->datagram.len && a->datagram.sport == b->datagram.sport;
	return memcmp(&a->icmp, &b->icmp, sizeof a->icmp) == 0;
}

/* The frame with a few bytes of its headers changed at random, the same in each run. What matters
 * to the reader passes; datagrams put together from fragments depend on others and are left out. */
static void damage_frame(struct both *b, const struct bpf_program *program,
			 const struct source_packet *k, const char *name)
{
	uint32_t n = MIN(k->caplen, 256);
	struct packet_item item;

	if (n == 0)
		return;
	packet_link(b->damaged, k->dlt);
	for (unsigned round = 0; round < 24; round++) {
		uint8_t copy[256];
		memcpy(copy, k->data, n);
		for (unsigned i = 0; i <= round % 3; i++)
			copy[g_random_int_range(0, (gint32)MIN(n, 120))] =
				(uint8_t)g_random_int_range(0, 256);
		uint64_t whole = counted(b->damaged, PACKET_COUNT_REASSEMBLED);
		packet_read(b->damaged, k->time_ns, k->frame, copy, n, k->len, &item);
		if (counted(b->damaged, PACKET_COUNT_REASSEMBLED) == whole && matters(&item) &&
		    !passes(program, copy, n, k->len))
			fail_msg("%s: frame %u, damaged in round %u, is lost to the filter", name,
				 k->frame, round);
	}
}

static void compare_frame(struct both *b, const struct source_packet *k, const char *name)
{
	const struct bpf_program *program = program_for(b, k->dlt);
	struct packet_item all, filtered = { .kind = PACKET_NOTHING };

	if (!program)
		return;
	packet_link(b->all, k->dlt);
	packet_link(b->filtered, k->dlt);
	all.kind = packet_read(b->all, k->time_ns, k->frame, k->data, k->caplen, k->len, &all);
	bool passed = passes(program, k->data, k->caplen, k->len);
	uint64_t kept = counted(b->filtered, PACKET_COUNT_FRAGMENT);
	if (passed)
		packet_read(b->filtered, k->time_ns, k->frame, k->data, k->caplen, k->len,
			    &filtered);
	damage_frame(b, program, k, name);
	seen.frames++;
	seen.passed += passed;
	seen.items += matters(&all);
	if (matters(&all) && !(passed && same_item(&all, &filtered)))
		fail_msg("%s: frame %u is lost to the filter", name, k->frame);
	if (!passed || matters(&filtered) || counted(b->filtered, PACKET_COUNT_FRAGMENT) > kept)
		return;
	if (filtered.kind == PACKET_SEGMENT && filtered.segment.encap.tunnel != TUNNEL_NONE)
		seen.vain_tunnelled++;
	else
		seen.vain++;
}

static void compare_file(const char *path)
{
	char *error = NULL;
	struct source *s = source_open_file(path, NULL, &error);
	struct source_packet k;

	if (!s) { /* captures that are damaged on purpose */
		g_free(error);
		return;
	}
	source_any_link(s);
	struct both b = { .all = packet_new(source_dlt(s)),
			  .filtered = packet_new(source_dlt(s)),
			  .damaged = packet_new(source_dlt(s)) };
	while (source_next(s, &k) == SOURCE_PACKET)
		compare_frame(&b, &k, path);
	for (size_t i = 0; i < G_N_ELEMENTS(links); i++)
		if (b.made[i])
			filter_free(&b.program[i]);
	packet_free(b.all);
	packet_free(b.filtered);
	packet_free(b.damaged);
	source_close(s);
}

static void test_all_captures(void **state)
{
	static const char folder[] = SMTP365_PCAPS;
	GDir *d = g_dir_open(folder, 0, NULL);
	const char *name;

	(void)state;
	assert_non_null(d);
	g_random_set_seed(365);
	while ((name = g_dir_read_name(d))) {
		char *path = g_build_filename(folder, name, NULL);
		if (strstr(name, ".pcap"))
			compare_file(path);
		g_free(path);
	}
	g_dir_close(d);
	print_message("%" G_GUINT64_FORMAT " frames: %" G_GUINT64_FORMAT
		      " matter, %" G_GUINT64_FORMAT " pass, in vain %" G_GUINT64_FORMAT
		      " and %" G_GUINT64_FORMAT " in tunnels; link types 0x%x\n",
		      seen.frames, seen.items, seen.passed, seen.vain, seen.vain_tunnelled,
		      seen.links);
	assert_true(seen.items > 1000);
	assert_true(seen.vain * 100 <= seen.passed);
}

/* The frame and each damage of it: what matters to the reader passes. Fragments may matter only
 * together and are compared over the captures. */
static void never_loses(int dlt, const struct made *m)
{
	static const uint8_t values[] = { 0,	1,    2,    4,	  6,	11,   17,   0x11,
					  0x35, 0x40, 0x45, 0x4f, 0x60, 0x81, 0x88, 0xff };
	struct bpf_program f = made_filter(dlt, NULL);
	struct packet *p = packet_new(dlt);
	struct packet_item item;
	struct made copy = *m;

	for (uint32_t n = 0; n <= m->n; n++)
		if (packet_read(p, 1, 1, m->at, n, m->n, &item) != PACKET_NOTHING && matters(&item))
			assert_true(passes(&f, m->at, n, m->n));
	for (uint32_t i = 0; i < m->n; i++) {
		for (size_t v = 0; v < sizeof values; v++) {
			copy.at[i] = values[v];
			packet_read(p, 1, 1, copy.at, copy.n, copy.n, &item);
			if (matters(&item) && !passes(&f, copy.at, copy.n, copy.n))
				fail_msg("link type %d: byte %u = 0x%02x: lost", dlt, i, values[v]);
		}
		copy.at[i] = m->at[i];
	}
	packet_read(p, 1, 1, m->at, m->n, m->n, &item);
	assert_true(matters(&item));
	assert_true(passes(&f, m->at, m->n, m->n));
	packet_free(p);
	filter_free(&f);
}

/* A segment to 587, behind these headers in front of IP. */
static void expect_behind(int dlt, const char *headers, bool v6)
{
	struct made m = made_payload("EHLO device.example\r\n");

	made_tcp(&m, 40000, 587, TCP_ACK | TCP_PSH, NULL, 0);
	v6 ? made_ip6(&m, 6, 1, 2) : made_ip4(&m, 6, 1, 2);
	made_hex(&m, headers);
	never_loses(dlt, &m);
}

#define MAC "020000000001 020000000002"

static void test_link_types(void **state)
{
	static const struct {
		int dlt;
		const char *four, *six;
	} heads[] = {
		{ DLT_EN10MB, MAC "0800", MAC "86dd" },
		{ DLT_LINUX_SLL, "0000 0001 0006 0200000000010000 0800",
		  "0000 0001 0006 0200000000010000 86dd" },
		{ DLT_LINUX_SLL2, "0800 0000 00000002 0001 00 06 0200000000010000",
		  "86dd 0000 00000002 0001 00 06 0200000000010000" },
		{ DLT_RAW, "", "" },
		{ DLT_IPV4, "", "" },
		{ DLT_IPV6, "", "" },
		{ DLT_NULL, "02000000", "1e000000" },
		{ DLT_NULL, "00000002", "0000000a" },
		{ DLT_LOOP, "00000002", "0000001c" },
		{ DLT_PPP, "ff03 0021", "ff03 0057" },
		{ DLT_PPP, "0021", "57" },
		{ DLT_PPP_SERIAL, "0f00 0800", "8f00 86dd" },
		{ DLT_C_HDLC, "0f00 0800", "0f00 86dd" },
		{ DLT_PPP_ETHER, "1100 0007 005f 0021", "1100 0007 0073 0057" },
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(heads); i++) {
		expect_behind(heads[i].dlt, heads[i].four, false);
		expect_behind(heads[i].dlt, heads[i].six, true);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(links); i++) {
		size_t k = 0;
		while (k < G_N_ELEMENTS(heads) && heads[k].dlt != links[i])
			k++;
		if (k == G_N_ELEMENTS(heads))
			fail_msg("link type %d has no frame here", links[i]);
	}
}

static void test_tags_and_labels(void **state)
{
	static const char *const heads[] = {
		MAC "8100 0064 0800",
		MAC "88a8 0064 8100 0065 0800",
		MAC "9100 0064 8100 0065 8100 0066 8100 0067 8100 0068 0800",
		MAC "8100 0064 0100 aaaa03 000000 0800",
		MAC "0100 aaaa03 000000 8100 0064 0800",
		MAC "8864 1100 0007 005f 0021",
		MAC "8100 0064 8864 1100 0007 005f 21",
		MAC "880b ff03 0021",
		MAC "8847 00010040 00011140 ",
	};

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(heads); i++)
		expect_behind(DLT_EN10MB, heads[i], false);
	/* Six labels: more than are followed. */
	expect_behind(DLT_EN10MB, MAC "8848 00010040 00010040 00010040 00010040 00010040 00011140",
		      true);
	/* Pseudowires, with control word and without. */
	expect_behind(DLT_EN10MB, MAC "8847 00011140 00000000" MAC "0800", false);
	expect_behind(DLT_EN10MB, MAC "8847 00011140" MAC "0800", false);
	expect_behind(DLT_LINUX_SLL, "0000 0001 0006 0200000000010000 8100 0064 0800", false);
	expect_behind(DLT_LINUX_SLL2, "8100 0000 00000002 0001 00 06 0200000000010000 0064 86dd",
		      true);
}

static void test_ip_headers(void **state)
{
	struct made m = made_payload("x");
	uint8_t options[40] = { 0 };

	(void)state;
	/* IPv4 with 40 bytes of options. */
	made_tcp(&m, 587, 40000, TCP_ACK, NULL, 0);
	made_front(&m, options, sizeof options);
	made_ip4(&m, 6, 1, 2);
	m.at[0] = 0x4f;
	made_ether(&m, 0x0800);
	never_loses(DLT_EN10MB, &m);
	/* Authentication header, both versions; IPv6 with each extension, and more than followed.
	 */
	m = made_payload("x");
	made_tcp(&m, 40000, 25, TCP_ACK, NULL, 0);
	struct made tcp = m;
	made_hex(&m, "0604 0000 00000001 00000001 000000000000000000000000");
	struct made ah = m;
	made_ip4(&m, 51, 1, 2);
	made_ether(&m, 0x0800);
	never_loses(DLT_EN10MB, &m);
	made_ip6(&ah, 51, 1, 2);
	made_ether(&ah, 0x86dd);
	never_loses(DLT_EN10MB, &ah);
	m = tcp;
	made_hex(&m, "0600 000000000000");
	for (unsigned i = 0; i < 7; i++)
		made_hex(&m, "3c00 000000000000");
	made_hex(&m, "3c02 0000000000000000000000000000000000000000 0000");
	made_ip6(&m, 0, 1, 2);
	made_ether(&m, 0x86dd);
	never_loses(DLT_EN10MB, &m);
	m = tcp;
	made_hex(&m, "0600 0000 00000001"); /* a datagram of one fragment */
	made_ip6(&m, 44, 1, 2);
	made_ether(&m, 0x86dd);
	never_loses(DLT_EN10MB, &m);
}

static void test_other_items(void **state)
{
	struct made m;

	(void)state;
	for (int v6 = 0; v6 <= 1; v6++) {
		m = made_payload("\x12\x34\x81\x80\0\0\0\0\0\0\0\0");
		made_back(&m, "\0\0\0\0\0\0\0\0", 8);
		made_udp(&m, 53, 40000);
		v6 ? made_ip6(&m, 17, 1, 2) : made_ip4(&m, 17, 1, 2);
		made_ether(&m, v6 ? 0x86dd : 0x0800);
		never_loses(DLT_EN10MB, &m);
		m = made_segment();
		made_hex(&m, v6 ? "0100 0000 00000000" : "0303 0000 00000000");
		v6 ? made_ip6(&m, 58, 1, 2) : made_ip4(&m, 1, 1, 2);
		made_ether(&m, v6 ? 0x86dd : 0x0800);
		never_loses(DLT_EN10MB, &m);
	}
	/* Tunnels inside IP: GRE, ERSPAN, VXLAN and its port on Linux, GENEVE, IP in IP, MPLS in
	 * IP. */
	static const struct {
		uint8_t protocol;
		unsigned port;
		const char *head;
	} tunnels[] = {
		{ 47, 0, "0000 0800" },
		{ 47, 0, "1000 88be 00000001 1000 0000 00000000 " MAC "0800" },
		{ 17, 4789, "08000000 00000100 " MAC "0800" },
		{ 17, 8472, "08000000 00000100 " MAC "0800" },
		{ 17, 4790, "0c000001 00000100" },
		{ 17, 6081, "0000 6558 00000100 " MAC "0800" },
		{ 4, 0, "" },
		{ 137, 0, "00011140" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(tunnels); i++) {
		m = made_segment();
		made_hex(&m, tunnels[i].head);
		if (tunnels[i].port)
			made_udp(&m, 50000, tunnels[i].port);
		made_ip4(&m, tunnels[i].protocol, 7, 8);
		made_ether(&m, 0x0800);
		never_loses(DLT_EN10MB, &m);
	}
}

/* What packet.c makes nothing of, and TCP of other ports, stays in the kernel. */
static void test_kept_out(void **state)
{
	struct bpf_program f = made_filter(DLT_EN10MB, NULL);
	struct made m;

	(void)state;
	m = made_payload("GET / HTTP/1.1\r\n");
	made_tcp(&m, 40000, 80, TCP_ACK, NULL, 0);
	made_ip4(&m, 6, 1, 2);
	struct made plain = m;
	made_ether(&m, 0x0800);
	assert_false(passes(&f, m.at, m.n, m.n));
	m = plain;
	made_hex(&m, MAC "8100 0064 0800");
	assert_false(passes(&f, m.at, m.n, m.n));
	m = plain;
	made_hex(&m, MAC "8864 1100 0007 005f 0021");
	assert_false(passes(&f, m.at, m.n, m.n));
	m = plain;
	made_hex(&m, MAC "8847 00011140");
	assert_false(passes(&f, m.at, m.n, m.n));
	m = made_payload("quic");
	made_udp(&m, 40000, 443);
	made_ip6(&m, 17, 1, 2);
	made_ether(&m, 0x86dd);
	assert_false(passes(&f, m.at, m.n, m.n));
	m = made_payload("who has");
	made_ether(&m, 0x0806);
	assert_false(passes(&f, m.at, m.n, m.n));
	m = made_payload("ping");
	made_hex(&m, "0800 0000 00000000");
	made_ip4(&m, 1, 1, 2);
	made_ether(&m, 0x0800);
	assert_false(passes(&f, m.at, m.n, m.n));
	/* An error about DNS. */
	m = made_payload("dns");
	made_udp(&m, 40000, 53);
	made_ip4(&m, 17, 1, 2);
	made_hex(&m, "0303 0000 00000000");
	made_ip4(&m, 1, 2, 1);
	made_ether(&m, 0x0800);
	assert_false(passes(&f, m.at, m.n, m.n));
	filter_free(&f);
}

static void test_user_filter_is_added(void **state)
{
	struct bpf_program f = made_filter(DLT_EN10MB, "host 10.0.0.2 or port 80");
	struct made m = made_segment(), other = made_payload("x");

	(void)state;
	made_ether(&m, 0x0800);
	assert_true(passes(&f, m.at, m.n, m.n));
	made_tcp(&other, 40000, 80, TCP_ACK, NULL, 0); /* the user's alone does not widen ours */
	made_ip4(&other, 6, 1, 2);
	made_ether(&other, 0x0800);
	assert_false(passes(&f, other.at, other.n, other.n));
	filter_free(&f);
	f = made_filter(DLT_EN10MB, "not host 10.0.0.2");
	assert_false(passes(&f, m.at, m.n, m.n));
	filter_free(&f);
	f = made_filter(DLT_EN10MB, "");
	assert_true(passes(&f, m.at, m.n, m.n));
	filter_free(&f);
}

static void test_ports(void **state)
{
	uint16_t many[600];
	struct filter_options o = { .dlt = DLT_EN10MB, .ports = many };
	struct bpf_program f;
	char *error = NULL;
	struct made m = made_segment();

	(void)state;
	made_ether(&m, 0x0800);
	/* No ports: all TCP. Neighbours make a range, which has edges. */
	assert_true(filter_compile(&o, NULL, &f, &error));
	assert_true(passes(&f, m.at, m.n, m.n));
	filter_free(&f);
	for (unsigned i = 0; i < 10; i++)
		many[i] = (uint16_t)(589 - i);
	for (o.port_count = 2; o.port_count <= 10; o.port_count++) {
		assert_true(filter_compile(&o, NULL, &f, &error));
		assert_int_equal(passes(&f, m.at, m.n, m.n), o.port_count >= 3);
		filter_free(&f);
	}
	many[0] = 65535;
	many[1] = 588;
	many[2] = 586;
	o.port_count = 3;
	assert_true(filter_compile(&o, NULL, &f, &error));
	assert_false(passes(&f, m.at, m.n, m.n));
	filter_free(&f);
	/* More than fit are refused in words, not cut. */
	for (unsigned i = 0; i < 600; i++)
		many[i] = (uint16_t)(1000 + 2 * i);
	o.port_count = 600;
	assert_false(filter_compile(&o, NULL, &f, &error));
	assert_non_null(strstr(error, "too many ports"));
	g_free(error);
}

static void test_bad_filters(void **state)
{
	struct filter_options o = { .dlt = DLT_EN10MB, .user = "tcp prot 25" };
	struct bpf_program f;
	char *error = NULL;

	(void)state;
	assert_false(filter_compile(&o, NULL, &f, &error));
	assert_non_null(strstr(error, "\"tcp prot 25\" is wrong"));
	assert_null(strchr(error, '\n'));
	g_clear_pointer(&error, g_free);
	o = (struct filter_options){ .dlt = 147 };
	assert_false(filter_compile(&o, NULL, &f, &error));
	g_clear_pointer(&error, g_free);
	/* Longer than the kernel takes. */
	GString *many = g_string_new("tcp[4:4] = 0");
	for (unsigned i = 1; i < 3000; i++)
		g_string_append_printf(many, " or tcp[4:4] = %u", i * 7);
	o = (struct filter_options){ .dlt = DLT_EN10MB, .user = many->str };
	assert_false(filter_compile(&o, NULL, &f, &error));
	assert_non_null(error);
	g_free(error);
	g_string_free(many, TRUE);
}

static void test_text(void **state)
{
	const struct filter_options o = {
		.dlt = DLT_LINUX_SLL, .ports = watched, .port_count = 4, .user = "host 192.0.2.1"
	};
	char *error = NULL, *text = filter_text(&o, NULL, &error);

	(void)state;
	assert_non_null(text);
	assert_non_null(strstr(text, "LINUX_SLL"));
	assert_non_null(strstr(text, "TCP ports 25 465 587 2525"));
	assert_non_null(strstr(text, "host 192.0.2.1"));
	assert_non_null(strstr(text, "(000) ldx"));
	g_free(text);
}

/* Linux may have taken the tags off an outgoing frame whose cooked type still names them. */
static void test_cooked_without_tag(void **state)
{
	for (int v6 = 0; v6 <= 1; v6++) {
		struct bpf_program f = made_filter(DLT_LINUX_SLL, NULL);
		struct made m = made_payload("x");
		made_tcp(&m, 40000, 587, TCP_ACK, NULL, 0);
		v6 ? made_ip6(&m, 6, 1, 2) : made_ip4(&m, 6, 1, 2);
		made_hex(&m, "0004 0001 0006 0200000000010000 8100");
		assert_true(passes(&f, m.at, m.n, m.n));
		filter_free(&f);
	}
	(void)state;
}

/* Two tags on "any" (frames/link.c, is_inner_tag): as the kernel shows them to the filter, and as
 * libpcap does, which filters the first blocks of the ring once more itself. */
static void test_cooked_inner_tag(void **state)
{
	static const char *const heads[] = {
		"0003 0001 0006 0200000000020000 8100 0064 0800", /* the kernel */
		"0003 0001 0006 0200000000020000 0800 0064 0800", /* libpcap */
		"0003 0001 0006 0200000000020000 0800 4564 0800",
		"0003 0001 0006 0200000000020000 0800 0064 8100 0065 0800",
		"0003 0001 0006 0200000000020000 88a8 00c8 0800 0064 0800", /* from a file */
	};
	struct bpf_program f = made_filter(DLT_LINUX_SLL, NULL);

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(heads); i++) {
		struct made m = made_segment();
		made_hex(&m, heads[i]);
		assert_true(passes(&f, m.at, m.n, m.n));
	}
	struct made m = made_payload("x");
	made_tcp(&m, 40000, 443, TCP_ACK, NULL, 0);
	made_ip4(&m, 6, 1, 2);
	made_hex(&m, heads[0]);
	assert_false(passes(&f, m.at, m.n, m.n)); /* what the kernel sees is told apart */
	filter_free(&f);
}

/* libpcap cannot shift loads inside the cooked header, except the one of the protocol. */
static void test_cooked_offsets(void **state)
{
	static const struct {
		int dlt;
		uint32_t type, header;
	} cooked[] = { { DLT_LINUX_SLL, 14, 16 }, { DLT_LINUX_SLL2, 0, 20 } };

	(void)state;
	for (size_t c = 0; c < G_N_ELEMENTS(cooked); c++) {
		struct bpf_program f = made_filter(cooked[c].dlt, NULL);
		for (u_int i = 0; i < f.bf_len; i++) {
			unsigned mode = BPF_MODE(f.bf_insns[i].code);
			if (BPF_CLASS(f.bf_insns[i].code) != BPF_LD)
				continue;
			if (mode == BPF_ABS)
				assert_int_equal(f.bf_insns[i].k, cooked[c].type);
			if (mode == BPF_IND)
				assert_true(f.bf_insns[i].k >= cooked[c].header);
		}
		filter_free(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_captures),
		cmocka_unit_test(test_link_types),
		cmocka_unit_test(test_tags_and_labels),
		cmocka_unit_test(test_ip_headers),
		cmocka_unit_test(test_other_items),
		cmocka_unit_test(test_kept_out),
		cmocka_unit_test(test_user_filter_is_added),
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_bad_filters),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_cooked_offsets),
		cmocka_unit_test(test_cooked_without_tag),
		cmocka_unit_test(test_cooked_inner_tag),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
