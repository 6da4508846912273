/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz of the connection table: eleven bytes make a segment of one of four connections, with
 * numbers near enough to one another to meet. Checks what must hold whatever comes: no empty
 * delivery, nothing after the end, caps kept, all memory given back.
 */
#include "base/caps.h"
#include "flow/flow.h"

#define MEMORY (64u << 10)

static uint64_t called;

static void on_data(struct flow *f, enum flow_dir dir, struct bytes view, struct flow_mark mark,
		    void *host)
{
	(void)dir;
	g_assert(bytes_left(&view) && mark.frame && !f->session);
	if (++called % 61 == 0)
		flow_drop(*(struct flow_table **)host, f);
}

static void on_gap(struct flow *f, enum flow_dir dir, uint64_t missing, enum flow_gap why,
		   struct flow_mark mark, void *host)
{
	(void)dir, (void)why;
	g_assert(missing && mark.frame && !f->session);
	if (++called % 67 == 0)
		flow_drop(*(struct flow_table **)host, f);
}

static void on_close(struct flow *f, enum flow_dir dir, bool reset, struct flow_mark mark,
		     void *host)
{
	(void)dir, (void)reset, (void)host;
	g_assert(mark.frame && !f->session);
}

static void on_end(struct flow *f, void *host)
{
	g_assert(!f->session);
	f->session = host; /* any later call would see it */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct segment segment_of(struct bytes b, uint64_t time_ns, uint32_t frame)
{
	static const uint8_t body[256];
	uint8_t who = bytes_u8(&b);
	struct segment s = { .time_ns = time_ns, .frame = frame, .flags = bytes_u8(&b) & 0x17 };
	s.src.family = s.dst.family = who & 8 ? 6 : 4;
	s.sport = who & 1 ? 25 : (uint16_t)(1000 + (who >> 1 & 1));
	s.dport = who & 1 ? (uint16_t)(1000 + (who >> 1 & 1)) : 25;
	s.src.byte[0] = who & 1;
	s.dst.byte[0] = !(who & 1);
	s.seq = (uint32_t)(int16_t)bytes_u16(&b);
	s.ack = (uint32_t)(int16_t)bytes_u16(&b);
	if (who & 16)
		s.seq = s.seq << 14;
	if (who & 32)
		s.ack = s.ack << 14;
	s.len = bytes_u8(&b);
	s.caplen = MIN(s.len, bytes_u8(&b));
	s.payload = body;
	s.ip_id = bytes_u8(&b);
	s.window = who & 64;
	return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct flow_hooks hooks = { on_data, on_gap, on_close, on_end, NULL };
	static const uint8_t key[16];
	struct bytes in = bytes_of(data, size);
	struct flow_table *t = NULL;
	t = flow_table_new(&hooks, &t, key, MEMORY);
	size_t empty = flow_table_stats(t).bytes;
	uint64_t time_ns = SEGMENT_SECOND;
	for (uint32_t frame = 1; bytes_left(&in) >= 11; frame++) {
		struct bytes cut = bytes_take(&in, 11);
		uint8_t pause = bytes_u8(&cut);
		time_ns += (uint64_t)pause * pause * (SEGMENT_SECOND / 2000);
		struct segment s = segment_of(cut, time_ns, frame);
		flow_expire(t, time_ns);
		struct flow *f = flow_feed(t, &s);
		g_assert(!f || f == flow_find(t, &s.src, s.sport, &s.dst, s.dport, NULL));
	}
	flow_table_finish(t);
	struct flow_stats stats = flow_table_stats(t);
	g_assert(stats.bytes == empty && stats.open == 0);
	flow_table_free(t);
	return 0;
}
