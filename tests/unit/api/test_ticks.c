/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A capture that goes on for a while after its last packet, with the clock ticking as in live
 * capture, gives each session the cause and outcome that it has when the file ends there: what one
 * session tells about the next must not depend on when their ends are told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <glib.h>
#include <string.h>
#include "smtp365.h"
#include "frames/packet.h"
#include "read/source.h"

#define SECOND 1000000000u
/* Longer silences in a capture are passed over. */
#define PATIENCE (30ull * 60 * SECOND)

static const char captures[] = SMTP365_PCAPS;

struct play {
	GHashTable *told; /* first frame -> "cause outcome", owned */
	struct smtp365 *engine;
	uint64_t now;
};

static void on_session(const struct verdict *v, void *host)
{
	struct play *p = host;
	if (v->open)
		return;
	g_hash_table_insert(
		p->told, GUINT_TO_POINTER(v->first_frame),
		g_strdup_printf("%s %s", v->cause ? v->cause->id : "-", outcome_name(v->outcome)));
}

static void tick_until(struct play *p, uint64_t until)
{
	for (; until > p->now && until - p->now < PATIENCE && p->now + SECOND / 4 < until;
	     p->now += SECOND / 4)
		smtp365_tick(p->engine, p->now);
	p->now = until;
}

static void feed(struct play *p, struct packet *reader, const struct source_packet *k)
{
	struct packet_item item;
	packet_link(reader, k->dlt);
	packet_read(reader, k->time_ns, k->frame, k->data, k->caplen, k->len, &item);
	if (item.kind == PACKET_SEGMENT)
		smtp365_segment(p->engine, &item.segment);
	else if (item.kind == PACKET_DATAGRAM)
		smtp365_datagram(p->engine, &item.datagram);
	else if (item.kind == PACKET_ICMP)
		smtp365_icmp(p->engine, &item.icmp);
}

/* NULL: the file is damaged on purpose. */
static GHashTable *verdicts(const char *path, bool ticking)
{
	static const struct smtp365_options o;
	struct play p = { g_hash_table_new_full(NULL, NULL, NULL, g_free), NULL, 0 };
	char *error = NULL;
	struct source *s = source_open_file(path, NULL, &error);
	struct source_packet k;
	g_free(error);
	if (!s) {
		g_hash_table_destroy(p.told);
		return NULL;
	}
	source_any_link(s);
	p.engine = smtp365_new(&o, on_session, &p, &error);
	struct packet *reader = packet_new(source_dlt(s));
	while (reader && source_next(s, &k) == SOURCE_PACKET) {
		if (ticking)
			tick_until(&p, k.time_ns);
		feed(&p, reader, &k);
	}
	if (ticking)
		tick_until(&p, p.now + 20ull * SECOND);
	smtp365_finish(p.engine);
	smtp365_free(p.engine);
	packet_free(reader);
	source_close(s);
	return p.told;
}

static unsigned compare(const char *name, GHashTable *file, GHashTable *live)
{
	unsigned different = 0;
	GHashTableIter i;
	gpointer frame, words;
	g_hash_table_iter_init(&i, file);
	while (g_hash_table_iter_next(&i, &frame, &words)) {
		const char *other = g_hash_table_lookup(live, frame);
		/* Time that passed can prove what the end of a file cannot. */
		if (g_strcmp0(words, other) == 0 || g_str_has_suffix(words, " incomplete"))
			continue;
		print_message("%s, frame %u: %s, with ticks %s\n", name, GPOINTER_TO_UINT(frame),
			      (const char *)words, other ? other : "nothing");
		different++;
	}
	return different;
}

static void the_same_with_a_clock(void **state)
{
	(void)state;
	GDir *d = g_dir_open(captures, 0, NULL);
	const char *name;
	unsigned count = 0, different = 0;
	assert_non_null(d);
	while ((name = g_dir_read_name(d))) {
		char *path = g_build_filename(captures, name, NULL);
		GHashTable *file = strstr(name, ".pcap") ? verdicts(path, false) : NULL;
		GHashTable *live = file ? verdicts(path, true) : NULL;
		g_free(path);
		if (!live)
			continue;
		count++;
		different += compare(name, file, live);
		g_hash_table_destroy(file);
		g_hash_table_destroy(live);
	}
	g_dir_close(d);
	assert_true(count > 500);
	assert_int_equal(different, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(the_same_with_a_clock) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
