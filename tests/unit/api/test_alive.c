/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every capture of the project goes through the whole engine: each fact of facts.def must be set by
 * one of them, and each row of the rules must make a finding in one of them. Tests that set facts
 * themselves cannot see a fact that nobody sets any more, or a row that an earlier one always
 * hides. The linker puts the counting functions below in front of those of engine/facts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <glib.h>
#include <string.h>
#include "facts/facts.h"
#include "frames/feed.h"
#include "frames/packet.h"
#include "read/source.h"
#include "rules/rules.h"
#include "smtp365.h"

static const char captures[] = SMTP365_PCAPS;
static bool fact_set[FACT_COUNT];
static bool *row_fired;

bool __real_facts_set(struct facts *f, enum fact x, uint32_t frame);
bool __real_facts_say(struct facts *f, enum fact x, uint32_t frame, const char *words);
bool __real_facts_reply(struct facts *f, enum fact x, uint32_t frame, const char *words,
			const struct reply_row *row, bool cut);
bool __wrap_facts_set(struct facts *f, enum fact x, uint32_t frame);
bool __wrap_facts_say(struct facts *f, enum fact x, uint32_t frame, const char *words);
bool __wrap_facts_reply(struct facts *f, enum fact x, uint32_t frame, const char *words,
			const struct reply_row *row, bool cut);

bool __wrap_facts_set(struct facts *f, enum fact x, uint32_t frame)
{
	fact_set[x] = true;
	return __real_facts_set(f, x, frame);
}

bool __wrap_facts_say(struct facts *f, enum fact x, uint32_t frame, const char *words)
{
	fact_set[x] = true;
	return __real_facts_say(f, x, frame, words);
}

bool __wrap_facts_reply(struct facts *f, enum fact x, uint32_t frame, const char *words,
			const struct reply_row *row, bool cut)
{
	fact_set[x] = true;
	return __real_facts_reply(f, x, frame, words, row, cut);
}

bool __real_facts_infer(struct facts *f, enum fact x, uint32_t frame, const char *words,
			const struct reply_row *row, bool likely);
bool __wrap_facts_infer(struct facts *f, enum fact x, uint32_t frame, const char *words,
			const struct reply_row *row, bool likely);
bool __wrap_facts_infer(struct facts *f, enum fact x, uint32_t frame, const char *words,
			const struct reply_row *row, bool likely)
{
	fact_set[x] = true;
	return __real_facts_infer(f, x, frame, words, row, likely);
}

static void on_session(const struct verdict *v, void *host)
{
	(void)host;
	for (unsigned i = 0; i < v->finding_count; i++)
		row_fired[v->findings[i].row] = true;
}

/* Wireshark hands over the text inside TLS when it has the keys. The records of a suite that does
 * not encrypt (NULL with SHA-256, RFC 5246 appendix A.5) are text and MAC, so that a capture of
 * such sessions, a record in each segment, is played here in the same way. */
static void hand_over_text(struct smtp365 *engine, const struct packet_item *item)
{
	enum { APPLICATION_DATA = 23, HEADER = 5, MAC = 32 };
	const struct segment *s = &item->segment;

	if (item->kind != PACKET_SEGMENT || s->caplen < HEADER + MAC ||
	    s->payload[0] != APPLICATION_DATA)
		return;
	const struct plaintext text = { .time_ns = s->time_ns,
					.frame = s->frame,
					.src = s->src,
					.dst = s->dst,
					.sport = s->sport,
					.dport = s->dport,
					.len = s->caplen - HEADER - MAC,
					.payload = s->payload + HEADER };
	smtp365_plaintext(engine, &text);
}

static void play(const char *path)
{
	static const struct smtp365_options o;
	char *error = NULL;
	struct source *s = source_open_file(path, NULL, &error);
	struct source_packet k;
	struct packet_item item;
	bool readable = strstr(path, "null-suite") != NULL;

	g_free(error);
	if (!s) /* damaged on purpose */
		return;
	source_any_link(s);
	struct smtp365 *engine = smtp365_new(&o, on_session, NULL, &error);
	struct packet *reader = packet_new(source_dlt(s));
	while (reader && source_next(s, &k) == SOURCE_PACKET) {
		packet_link(reader, k.dlt);
		packet_read(reader, k.time_ns, k.frame, k.data, k.caplen, k.len, &item);
		feed_item(engine, reader, &item);
		if (readable)
			hand_over_text(engine, &item);
	}
	smtp365_finish(engine);
	smtp365_free(engine);
	packet_free(reader);
	source_close(s);
}

static int play_all(void **state)
{
	size_t n;
	GDir *d = g_dir_open(captures, 0, NULL);
	const char *name;

	(void)state;
	assert_non_null(d);
	rules_all(&n);
	row_fired = g_new0(bool, n);
	while ((name = g_dir_read_name(d))) {
		char *path = g_build_filename(captures, name, NULL);
		if (strstr(name, ".pcap"))
			play(path);
		g_free(path);
	}
	g_dir_close(d);
	return 0;
}

static int forget(void **state)
{
	(void)state;
	g_free(row_fired);
	return 0;
}

static void every_fact_is_set(void **state)
{
	unsigned dead = 0;

	(void)state;
	for (unsigned x = FACT_NONE + 1; x < FACT_COUNT; x++)
		if (!fact_set[x]) {
			print_message("no capture sets the fact %s\n", facts_name((enum fact)x));
			dead++;
		}
	assert_int_equal(dead, 0);
}

static void every_row_fires(void **state)
{
	size_t n;
	const struct rule *rows = rules_all(&n);
	unsigned dead = 0;

	(void)state;
	for (size_t i = 0; i < n; i++)
		if (!row_fired[i]) {
			print_message("no capture fires row %zu: %s, \"%s\", %s\n", i, rows[i].id,
				      rows[i].title, confidence_name(rows[i].confidence));
			dead++;
		}
	assert_int_equal(dead, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_fact_is_set),
		cmocka_unit_test(every_row_fires),
	};
	return cmocka_run_group_tests(tests, play_all, forget);
}
