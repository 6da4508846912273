/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames in memory, and what a view does to one of them: addresses, identification, checksums, tags
 * and tunnels. Ethernet with IPv4 or IPv6 is changed, everything else stays as it is. For
 * check_views.c.
 */
#include <string.h>

#include "frames.h"
#include "read/source.h"

void frames_add(struct frames *list, struct frame f)
{
	if (list->count == list->room) {
		list->room = list->room ? 2 * list->room : 64;
		list->at = g_renew(struct frame, list->at, list->room);
	}
	list->at[list->count++] = f;
}

void frames_clear(struct frames *list)
{
	for (unsigned i = 0; i < list->count; i++)
		if (list->at[i].owned)
			g_free(list->at[i].data);
	g_free(list->at);
	*list = (struct frames){ 0 };
}

bool frames_read(const char *path, struct frames *out)
{
	char *error = NULL;
	struct source *s = source_open_file(path, NULL, &error);
	struct source_packet k;
	g_free(error);
	if (!s)
		return false;
	source_any_link(s);
	while (source_next(s, &k) == SOURCE_PACKET)
		frames_add(out, (struct frame){ .ns = k.time_ns,
						.data = g_memdup2(k.data, k.caplen),
						.caplen = k.caplen,
						.len = k.len,
						.dlt = k.dlt,
						.owned = true });
	source_close(s);
	return out->count > 0;
}

struct frame frame_own(const struct frame *f)
{
	struct frame copy = *f;
	copy.data = g_memdup2(f->data, f->caplen);
	copy.owned = true;
	return copy;
}

unsigned frame_get16(const uint8_t *at)
{
	return (unsigned)at[0] << 8 | at[1];
}

void frame_put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

/* RFC 1624: the checksum after one 16 bit word became another. */
static void patch(uint8_t *sum, unsigned before, unsigned after)
{
	uint32_t s = (~frame_get16(sum) & 0xffff) + (~before & 0xffff) + after;
	s = (s & 0xffff) + (s >> 16);
	s = (s & 0xffff) + (s >> 16);
	frame_put16(sum, ~s & 0xffff);
}

bool frame_parts(const struct frame *f, struct frame_parts *out)
{
	const uint8_t *d = f->data;
	size_t n = f->caplen;
	*out = (struct frame_parts){ 0 };
	if (f->dlt != 1 || n < 34)
		return false;
	size_t at = 12;
	while (n >= at + 6 && (frame_get16(&d[at]) == 0x8100 || frame_get16(&d[at]) == 0x88a8))
		at += 4;
	unsigned type = frame_get16(&d[at]);
	out->ip = at + 2;
	if (type == 0x0800 && n >= out->ip + 20 && d[out->ip] >> 4 == 4) {
		out->four = true;
		out->proto = d[out->ip + 9];
		out->transport = out->ip + 4u * (d[out->ip] & 15);
		if (frame_get16(&d[out->ip + 6]) & 0x3fff)
			return false; /* a fragment */
	} else if (type == 0x86dd && n >= out->ip + 40) {
		out->proto = d[out->ip + 6];
		out->transport = out->ip + 40;
	} else {
		return false;
	}
	if (out->proto != 6 || n < out->transport + 20)
		return true;
	size_t head = out->transport + 4u * (d[out->transport + 12] >> 4);
	size_t all = out->four ? out->ip + frame_get16(&d[out->ip + 2])
			       : out->ip + 40u + frame_get16(&d[out->ip + 4]);
	out->tcp = true;
	out->flags = d[out->transport + 13];
	out->payload = all > head ? all - head : 0;
	return true;
}

void frame_set_id(struct frame *f, unsigned id)
{
	struct frame_parts p;
	if (!frame_parts(f, &p) || !p.four)
		return;
	uint8_t *at = &f->data[p.ip + 4];
	patch(&f->data[p.ip + 10], frame_get16(at), id);
	frame_put16(at, id);
}

void frame_no_checksums(struct frame *f)
{
	struct frame_parts p;
	if (!frame_parts(f, &p))
		return;
	if (p.four)
		frame_put16(&f->data[p.ip + 10], 0);
	if (p.tcp)
		frame_put16(&f->data[p.transport + 16], 0);
}

static void move_client(struct frame *f, const struct frame_parts *p, size_t at)
{
	uint8_t *a = &f->data[p->ip + at];
	if (a[0] != 10)
		return;
	unsigned before = frame_get16(a);
	a[1] = 177;
	patch(&f->data[p->ip + 10], before, frame_get16(a));
	if (p->tcp)
		patch(&f->data[p->transport + 16], before, frame_get16(a));
	else if (p->proto == 17 && f->caplen >= p->transport + 8)
		frame_put16(&f->data[p->transport + 6], 0);
}

void frames_elsewhere(struct frames *list)
{
	for (unsigned i = 0; i < list->count; i++) {
		struct frame_parts p;
		if (!frame_parts(&list->at[i], &p) || !p.four)
			continue;
		move_client(&list->at[i], &p, 12);
		move_client(&list->at[i], &p, 16);
	}
}

/* Bytes put in at a place of the frame. */
static struct frame inserted(const struct frame *f, size_t at, const uint8_t *bytes, size_t n)
{
	struct frame out = *f;
	out.data = g_malloc(f->caplen + n);
	memcpy(out.data, f->data, at);
	memcpy(&out.data[at], bytes, n);
	memcpy(&out.data[at + n], &f->data[at], f->caplen - at);
	out.caplen += (uint32_t)n;
	out.len += (uint32_t)n;
	out.owned = true;
	return out;
}

struct frame frame_tagged(const struct frame *f)
{
	static const uint8_t tag[] = { 0x81, 0x00, 0x00, 42 };
	if (f->dlt != 1 || f->caplen < 14)
		return frame_own(f);
	return inserted(f, 12, tag, sizeof tag);
}

/* Ethernet and IPv4 around what follows, from one router to another. */
static size_t outer(uint8_t *to, size_t inside, uint8_t proto)
{
	static const uint8_t head[34] = {
		2, 0, 0, 0, 0, 1,  2, 0, 0, 0,	 0, 2, 8, 0,   0x45, 0, 0,
		0, 0, 0, 0, 0, 64, 0, 0, 0, 192, 0, 2, 1, 192, 0,    2, 2
	};
	memcpy(to, head, sizeof head);
	frame_put16(&to[16], (unsigned)MIN(20 + inside, 65535u));
	to[23] = proto;
	uint32_t sum = 0;
	for (unsigned i = 14; i < 34; i += 2)
		sum += frame_get16(&to[i]);
	sum = (sum & 0xffff) + (sum >> 16);
	frame_put16(&to[24], ~(sum + (sum >> 16)) & 0xffff);
	return sizeof head;
}

struct frame frame_in_gre(const struct frame *f)
{
	uint8_t head[38];
	if (f->dlt != 1 || f->len > 65000)
		return frame_own(f);
	size_t n = outer(head, f->len + 4, 47);
	memcpy(&head[n], "\x00\x00\x65\x58", 4); /* RFC 1701: Ethernet follows */
	return inserted(f, 0, head, n + 4);
}

struct frame frame_in_vxlan(const struct frame *f)
{
	uint8_t head[50];
	if (f->dlt != 1 || f->len > 65000)
		return frame_own(f);
	size_t n = outer(head, f->len + 16, 17);
	uint8_t *u = &head[n];
	memset(u, 0, 16);
	frame_put16(u, 49152);
	frame_put16(&u[2], 4789);
	frame_put16(&u[4], f->len + 16);
	u[8] = 8; /* RFC 7348: the VNI is valid */
	u[14] = 42;
	return inserted(f, 0, head, n + 16);
}
