/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The views of a capture. Each function makes the frames of one kind, in the order in which a
 * capture point would deliver them. For check_views.c.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "frames.h"

#define MS 1000000u

struct maker {
	const struct frames *whole, *beside;
	const struct told *told;
	bool (*wanted)(const char *kind, unsigned n, void *host);
	void (*on_view)(const struct view *v, void *host);
	void *host;
};

/* The bytes belong to the whole capture. */
static struct frame borrowed(const struct frame *f)
{
	struct frame b = *f;
	b.owned = false;
	return b;
}

static void hand(struct maker *m, const char *kind, unsigned n, bool equal, const char *allowed,
		 struct frames *list)
{
	struct view v = {
		.kind = kind, .n = n, .equal = equal, .allowed = allowed, .frames = list
	};
	m->on_view(&v, m->host);
	frames_clear(list);
}

/* +1 from a client, -1 from a server of the sessions that were told, 0 neither. */
static int direction(const struct maker *m, const struct frame *f)
{
	struct frame_parts p;
	if (!frame_parts(f, &p) || !p.tcp)
		return 0;
	unsigned from = frame_get16(&f->data[p.transport]),
		 to = frame_get16(&f->data[p.transport + 2]);
	for (unsigned i = 0; i < m->told->count; i++) {
		const struct told_session *s = &m->told->sessions[i];
		if (s->client_port == from && s->server_port == to)
			return 1;
		if (s->client_port == to && s->server_port == from)
			return -1;
	}
	return 0;
}

static bool has_data(const struct maker *m, unsigned i)
{
	struct frame_parts p;
	return frame_parts(&m->whole->at[i], &p) && p.payload && direction(m, &m->whole->at[i]);
}

static void one_side(struct maker *m, const char *kind, int side)
{
	struct frames list = { 0 };
	if (!m->wanted(kind, 0, m->host))
		return;
	for (unsigned i = 0; i < m->whole->count; i++)
		if (direction(m, &m->whole->at[i]) != -side)
			frames_add(&list, borrowed(&m->whole->at[i]));
	hand(m, kind, 0, false, NULL, &list);
}

/* From this frame on; with `flow` only its own connection begins late. */
static void late_start(struct maker *m, unsigned from, bool flow)
{
	struct frames list = { 0 };
	struct frame_parts p, q;
	const struct frame *f = &m->whole->at[from];
	bool tcp = frame_parts(f, &p) && p.tcp;
	unsigned a = tcp ? frame_get16(&f->data[p.transport]) : 0,
		 b = tcp ? frame_get16(&f->data[p.transport + 2]) : 0;
	if (flow && (!tcp || !direction(m, f)))
		return;
	for (unsigned i = 0; i < m->whole->count; i++) {
		const struct frame *g = &m->whole->at[i];
		bool other = true;
		if (frame_parts(g, &q) && q.tcp) {
			unsigned x = frame_get16(&g->data[q.transport]),
				 y = frame_get16(&g->data[q.transport + 2]);
			other = !((x == a && y == b) || (x == b && y == a));
		}
		if (i >= from || (flow && other))
			frames_add(&list, borrowed(g));
	}
	hand(m, flow ? "late flow" : "late file", from, false, NULL, &list);
}

static void late_starts(struct maker *m)
{
	for (unsigned i = 1; i < m->whole->count; i++) {
		if (m->wanted("late file", i, m->host))
			late_start(m, i, false);
		if (m->wanted("late flow", i, m->host))
			late_start(m, i, true);
	}
}

static void dropped(struct maker *m, unsigned one)
{
	struct frames list = { 0 };
	for (unsigned i = 0; i < m->whole->count; i++)
		if (i != one)
			frames_add(&list, borrowed(&m->whole->at[i]));
	hand(m, "drop", one, false, NULL, &list);
}

/* A mirror's second copy, 30 microseconds later. */
static void doubled(struct maker *m, unsigned one, bool all)
{
	struct frames list = { 0 };
	for (unsigned i = 0; i < m->whole->count; i++) {
		struct frame f = borrowed(&m->whole->at[i]);
		frames_add(&list, f);
		f.ns += 30000;
		if (i == one || all)
			frames_add(&list, f);
	}
	hand(m, all ? "all doubled" : "doubled", one, true, NULL, &list);
}

static void swapped(struct maker *m, unsigned one)
{
	struct frames list = { 0 };
	for (unsigned i = 0; i < m->whole->count; i++)
		frames_add(&list, borrowed(&m->whole->at[i]));
	struct frame t = list.at[one];
	uint64_t ns = t.ns;
	list.at[one] = list.at[one + 1];
	list.at[one + 1] = t;
	list.at[one + 1].ns = list.at[one].ns;
	list.at[one].ns = ns;
	hand(m, "swapped", one, true, "tcp.high_rtt_loss", &list);
}

static int by_time(const void *a, const void *b)
{
	const struct frame *x = a, *y = b;
	return (x->ns > y->ns) - (x->ns < y->ns);
}

/* Sorted by time, frames of the same time stay as they are. */
static void sort(struct frames *list)
{
	for (unsigned i = 1; i < list->count; i++) {
		struct frame f = list->at[i];
		unsigned k = i;
		for (; k > 0 && by_time(&list->at[k - 1], &f) > 0; k--)
			list->at[k] = list->at[k - 1];
		list->at[k] = f;
	}
}

/* The sender sends it again 300 ms later, because the acknowledgement came too late for it. */
static void sent_again(struct maker *m, unsigned one, bool all)
{
	struct frames list = { 0 };
	for (unsigned i = 0; i < m->whole->count; i++) {
		frames_add(&list, borrowed(&m->whole->at[i]));
		if ((i != one && !all) || !has_data(m, i))
			continue;
		struct frame f = frame_own(&m->whole->at[i]);
		f.ns += 300 * MS;
		frame_set_id(&f, 40000 + i);
		frames_add(&list, f);
	}
	sort(&list);
	hand(m, all ? "all sent again" : "sent again", one, true, "tcp.high_rtt_loss", &list);
}

static void cut(struct maker *m, const char *kind, unsigned most)
{
	struct frames list = { 0 };
	if (!m->wanted(kind, 0, m->host))
		return;
	for (unsigned i = 0; i < m->whole->count; i++) {
		struct frame f = borrowed(&m->whole->at[i]);
		f.caplen = MIN(f.caplen, most);
		frames_add(&list, f);
	}
	hand(m, kind, 0, false, NULL, &list);
}

static void wrapped(struct maker *m, const char *kind, struct frame (*wrap)(const struct frame *f))
{
	struct frames list = { 0 };
	if (!m->wanted(kind, 0, m->host))
		return;
	for (unsigned i = 0; i < m->whole->count; i++)
		frames_add(&list, wrap(&m->whole->at[i]));
	hand(m, kind, 0, true, NULL, &list);
}

static struct frame without_checksums(const struct frame *f)
{
	struct frame out = frame_own(f);
	frame_no_checksums(&out);
	return out;
}

/* The clock is off by `shift`, and runs by so many thousandths. */
static void other_times(struct maker *m, const char *kind, int64_t shift, unsigned thousandths)
{
	struct frames list = { 0 };
	uint64_t first = m->whole->at[0].ns;
	if (!m->wanted(kind, 0, m->host) || first < (uint64_t)(shift < 0 ? -shift : 0))
		return;
	for (unsigned i = 0; i < m->whole->count; i++) {
		struct frame f = borrowed(&m->whole->at[i]);
		uint64_t since = f.ns > first ? f.ns - first : 0;
		f.ns = (uint64_t)((int64_t)first + shift) + since / 1000 * thousandths;
		frames_add(&list, f);
	}
	hand(m, kind, 0, false, NULL, &list);
}

/* Another capture at the same time. */
static void merged(struct maker *m)
{
	struct frames list = { 0 };
	if (!m->wanted("merged", 0, m->host))
		return;
	for (unsigned i = 0; i < m->whole->count; i++)
		frames_add(&list, borrowed(&m->whole->at[i]));
	for (unsigned i = 0; i < m->beside->count; i++) {
		struct frame f = borrowed(&m->beside->at[i]);
		f.ns = m->whole->at[0].ns + (f.ns - MIN(f.ns, m->beside->at[0].ns)) + 1;
		frames_add(&list, f);
	}
	sort(&list);
	hand(m, "merged", 0, true, "tcp.syn_no_answer capture.clock_skew", &list);
}

static void put32(GByteArray *out, uint32_t value)
{
	g_byte_array_append(out, (const guint8 *)&value, 4);
}

static GByteArray *as_pcap(const struct frames *list)
{
	GByteArray *out = g_byte_array_new();
	const uint32_t head[] = {
		0xa1b23c4d, 4u << 16 | 2, 0, 0, 262144, (uint32_t)list->at[0].dlt
	};
	for (unsigned i = 0; i < G_N_ELEMENTS(head); i++)
		put32(out, head[i]);
	for (unsigned i = 0; i < list->count; i++) {
		const struct frame *f = &list->at[i];
		put32(out, (uint32_t)(f->ns / 1000000000u));
		put32(out, (uint32_t)(f->ns % 1000000000u));
		put32(out, f->caplen);
		put32(out, f->len);
		g_byte_array_append(out, f->data, f->caplen);
	}
	return out;
}

static GByteArray *as_pcapng(const struct frames *list)
{
	GByteArray *out = g_byte_array_new();
	const uint32_t head[] = {
		0x0a0d0d0a, 28,		  0x1a2b3c4d, 1,  0xffffffff,
		0xffffffff, 28,		  1,	      32, (uint32_t)list->at[0].dlt,
		0,	    1u << 16 | 9, 9,	      0,  32
	};
	for (unsigned i = 0; i < G_N_ELEMENTS(head); i++)
		put32(out, head[i]);
	for (unsigned i = 0; i < list->count; i++) {
		const struct frame *f = &list->at[i];
		static const guint8 pad[4];
		uint32_t size = 32 + (f->caplen + 3) / 4 * 4;
		put32(out, 6);
		put32(out, size);
		put32(out, 0);
		put32(out, (uint32_t)(f->ns >> 32));
		put32(out, (uint32_t)f->ns);
		put32(out, f->caplen);
		put32(out, f->len);
		g_byte_array_append(out, f->data, f->caplen);
		g_byte_array_append(out, pad, (4 - f->caplen % 4) % 4);
		put32(out, size);
	}
	return out;
}

/* Through a file of this format and the tool's own reader. */
static void as_file(struct maker *m, const char *kind, GByteArray *(*format)(const struct frames *),
		    bool zip)
{
	struct frames list = { 0 };
	char *path = NULL;
	bool mixed = false;
	for (unsigned i = 0; i < m->whole->count; i++)
		mixed |= m->whole->at[i].dlt != m->whole->at[0].dlt;
	if (mixed || !m->wanted(kind, 0, m->host))
		return;
	int fd = g_file_open_tmp("views-XXXXXX", &path, NULL);
	GByteArray *bytes = format(m->whole);
	gzFile out = fd >= 0 ? gzdopen(fd, zip ? "wb" : "wbT") : NULL;
	if (out) {
		gzwrite(out, bytes->data, bytes->len);
		gzclose(out);
		if (frames_read(path, &list))
			hand(m, kind, 0, true, NULL, &list);
	}
	if (path)
		unlink(path);
	g_free(path);
	g_byte_array_free(bytes, TRUE);
}

static void each_packet(struct maker *m)
{
	for (unsigned i = 0; i < m->whole->count; i++) {
		const struct frame *f = &m->whole->at[i];
		bool near = i + 1 < m->whole->count && f[1].ns >= f->ns && f[1].ns - f->ns < 2 * MS;
		if (!direction(m, f))
			continue;
		if (has_data(m, i) && m->wanted("drop", i, m->host))
			dropped(m, i);
		if (m->wanted("doubled", i, m->host))
			doubled(m, i, false);
		if (near && direction(m, &f[1]) && m->wanted("swapped", i, m->host))
			swapped(m, i);
		if (has_data(m, i) && m->wanted("sent again", i, m->host))
			sent_again(m, i, false);
	}
}

void views_make(const struct frames *whole, const struct told *told, const struct frames *beside,
		bool (*wanted)(const char *kind, unsigned n, void *host),
		void (*on_view)(const struct view *v, void *host), void *host)
{
	struct maker m = { whole, beside, told, wanted, on_view, host };

	one_side(&m, "client only", 1);
	one_side(&m, "server only", -1);
	late_starts(&m);
	each_packet(&m);
	if (wanted("all doubled", 0, host))
		doubled(&m, 0, true);
	if (wanted("all sent again", 0, host))
		sent_again(&m, 0, true);
	cut(&m, "cut to 96", 96);
	cut(&m, "cut to 128", 128);
	cut(&m, "cut to 256", 256);
	wrapped(&m, "in a VLAN", frame_tagged);
	wrapped(&m, "in GRE", frame_in_gre);
	wrapped(&m, "in VXLAN", frame_in_vxlan);
	wrapped(&m, "no checksums", without_checksums);
	other_times(&m, "hours later", 11820ll * 1000 * MS, 1000);
	other_times(&m, "fast clock", 0, 1030);
	other_times(&m, "slow clock", 0, 970);
	merged(&m);
	as_file(&m, "pcap", as_pcap, false);
	as_file(&m, "pcapng", as_pcapng, false);
	as_file(&m, "gzip", as_pcap, true);
}
