/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inside/log.h"

#include <glib.h>

/* RFC 5246 6.2.3 and RFC 8446 5.2: what a record may add to 2^14 bytes, and less. */
#define LONGEST_RECORD 16640u
/* Most sessions have fewer entries than this. */
#define FIRST_ROOM 24u
#define MS 1000000u

struct inside_log *inside_log_new(void)
{
	return g_new0(struct inside_log, 1);
}

void inside_log_free(struct inside_log *log)
{
	if (!log)
		return;
	g_free(log->records);
	g_free(log);
}

/* Where the entry of this number stands. */
static unsigned place(unsigned number)
{
	return number < INSIDE_LOG_FRONT
		       ? number
		       : INSIDE_LOG_FRONT + (number - INSIDE_LOG_FRONT) % INSIDE_LOG_RING;
}

static struct inside_record *newest(struct inside_log *log)
{
	return log->count ? &log->records[place(log->count - 1)] : NULL;
}

static struct inside_record *append(struct inside_log *log)
{
	unsigned at = place(log->count);

	if (at >= log->room) {
		log->room = log->room ? INSIDE_LOG_ALL : FIRST_ROOM;
		log->records = g_renew(struct inside_record, log->records, log->room);
	}
	log->count = log->count < G_MAXUINT ? log->count + 1 : log->count;
	return &log->records[at];
}

static uint64_t ms_of(const struct inside_log *log, uint64_t ns)
{
	return ns > log->start_ns ? (ns - log->start_ns) / MS : 0;
}

/* The message itself: one entry, whatever it has of records. */
static void extend(struct inside_log *log, uint32_t length)
{
	struct inside_record *r = newest(log);

	r->length = r->length > UINT32_MAX - length ? UINT32_MAX : r->length + length;
	r->count = (uint8_t)MIN(r->count + 1, UINT8_MAX);
	r->flags |= INSIDE_MANY;
}

void inside_log_add(struct inside_log *log, unsigned flags, uint32_t length, uint32_t frame,
		    uint64_t ns)
{
	bool run = !(flags & (INSIDE_SERVER | INSIDE_HOLE | INSIDE_HANDSHAKE | INSIDE_AFTER_HOLE));

	if (!(flags & INSIDE_HOLE) && length > LONGEST_RECORD)
		log->bad = true;
	if (!log->count)
		log->start_ns = log->last_ns = ns;
	log->run = run ? log->run + 1 : 0;
	if (log->run > INSIDE_LOG_RUN) {
		extend(log, length);
		log->run = INSIDE_LOG_RUN + 1;
		log->last_ns = MAX(log->last_ns, ns);
		return;
	}
	struct inside_record *r = append(log);
	*r = (struct inside_record){ .frame = frame, .length = length, .count = 1 };
	r->flags = (uint8_t)(flags | (ns < log->last_ns ? INSIDE_BACK : 0));
	uint64_t since = ms_of(log, MAX(ns, log->last_ns)) - ms_of(log, log->last_ns);
	r->ms = (uint16_t)MIN(since, UINT16_MAX);
	log->last_ns = MAX(log->last_ns, ns);
}

unsigned inside_log_count(const struct inside_log *log)
{
	return MIN(log->count, INSIDE_LOG_ALL);
}

const struct inside_record *inside_log_at(const struct inside_log *log, unsigned i, bool *broken)
{
	unsigned lost = log->count > INSIDE_LOG_ALL ? log->count - INSIDE_LOG_ALL : 0;

	*broken = lost && i == INSIDE_LOG_FRONT;
	return &log->records[i < INSIDE_LOG_FRONT ? i : place(i + lost)];
}

size_t inside_log_kept(const struct inside_log *log)
{
	return sizeof *log + log->room * sizeof *log->records;
}
