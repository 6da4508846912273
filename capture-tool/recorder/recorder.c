/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The flight recorder: holds what comes, makes a section of what a verdict asks for. Each session
 * becomes a section of its own in the file, because a section's comment can then be its verdict.
 * The files are the affair of archive.c. Time is packet time, so that a replayed capture
 * gives the same files.
 */
#include "recorder/recorder.h"
#include <glib.h>
#include <string.h>
#include "report.h"
#include "smtp365.h"
#include "recorder/recent.h"
#include "recorder/archive.h"
#include "recorder/comments.h"
#include "recorder/pcapng_file.h"

enum { INTERFACES = 64, FILES_OF_RING = 16, FILE_SECONDS = 3600, SNAPLEN = 262144 };
#define FOLDER_BYTES (1ull << 30)
#define MEMORY_BYTES (64ull << 20)
/* DNS packets that are looked through for one session. */
#define SINGLES 65536u

struct recorder {
	struct recorder_options o;
	struct keep_options keep;
	struct recent *held;
	struct archive *archive;
	struct pcapng_file *blocks; /* in memory: of the session at hand */
	GByteArray *section;	    /* the same with its archive_section */
	GArray *places;		    /* recent_place of the session at hand */
	struct comments *comments;  /* of the session at hand, else NULL */
	uint64_t incomplete;	    /* recorder_stats */
};

struct recorder *recorder_new(const struct recorder_options *o, char **error)
{
	uint64_t most = o->folder_bytes ? o->folder_bytes : FOLDER_BYTES;
	const struct archive_options files = {
		.folder = o->folder,
		.folder_bytes = most,
		.file_bytes = o->file_bytes ? o->file_bytes : most / FILES_OF_RING,
		.file_seconds = o->file_seconds ? o->file_seconds : FILE_SECONDS,
	};
	struct archive *archive = archive_new(&files, error);

	if (!archive)
		return NULL;
	struct recorder *r = g_new0(struct recorder, 1);
	r->o = *o;
	r->o.snaplen = o->snaplen ? o->snaplen : SNAPLEN;
	r->keep = (struct keep_options){ o->bodies, o->redact, o->ports, o->port_count };
	r->held = recent_new(o->memory_bytes ? o->memory_bytes : MEMORY_BYTES);
	r->archive = archive;
	r->blocks = pcapng_file_memory();
	r->section = g_byte_array_new();
	r->places = g_array_new(FALSE, FALSE, sizeof(recent_place));
	return r;
}

static void add_archive(struct recorder_stats *s, const struct archive_stats *files)
{
	s->sessions = files->sessions;
	s->packets = files->packets;
	s->bytes = files->bytes;
	s->files = files->files;
	s->deleted = files->deleted;
	s->failed = files->failed;
}

struct recorder_stats recorder_stats(struct recorder *r)
{
	struct recorder_stats s = { .incomplete = r->incomplete };
	const struct archive_stats files = archive_stats(r->archive);

	add_archive(&s, &files);
	s.held_bytes = recent_bytes(r->held);
	return s;
}

bool recorder_close(struct recorder *r, unsigned wait_ms, struct recorder_stats *stats)
{
	struct archive_stats files;
	struct recorder_stats last = recorder_stats(r);
	bool done = archive_close(r->archive, wait_ms, &files);

	if (stats) {
		add_archive(&last, &files);
		*stats = last;
	}
	recent_free(r->held);
	pcapng_file_memory_free(r->blocks);
	g_array_free(r->places, TRUE);
	g_byte_array_free(r->section, TRUE);
	g_free(r);
	return done;
}

void recorder_free(struct recorder *r)
{
	if (r)
		recorder_close(r, 0, NULL);
}

static bool is_watched(const struct recorder *r, uint16_t a, uint16_t b)
{
	for (unsigned i = 0; i < r->keep.port_count; i++)
		if (r->keep.ports[i] == a || r->keep.ports[i] == b)
			return true;
	return r->keep.port_count == 0;
}

/* The conversation of an item; false when the packet is not to be held. *talk NULL: it has none. */
static bool talk_of(struct recorder *r, const struct packet_item *item, struct recent_talk **talk)
{
	const struct segment *s = &item->segment;
	const struct icmp_error *e = &item->icmp;
	struct recent_ends ends;

	*talk = NULL;
	switch (item->kind) {
	case PACKET_SEGMENT:
		if (!is_watched(r, s->sport, s->dport))
			return false;
		ends = recent_ends_of(&s->src, s->sport, &s->dst, s->dport);
		*talk = recent_talk(r->held, &ends);
		return true;
	case PACKET_ICMP: /* only about a conversation that is there */
		ends = recent_ends_of(&e->src, e->sport, &e->dst, e->dport);
		*talk = recent_find(r->held, &ends);
		return *talk != NULL;
	case PACKET_DATAGRAM:
		return true;
	case PACKET_NOTHING:
		break;
	}
	return false;
}

void recorder_packet(struct recorder *r, const struct source_packet *k, unsigned interface,
		     const struct packet_item *item)
{
	struct recent_talk *talk;

	if (!talk_of(r, item, &talk))
		return;
	struct keep *keep = talk && item->kind == PACKET_SEGMENT ? recent_keep(talk) : NULL;
	const struct recent_packet p = {
		.time_ns = k->time_ns,
		.frame = k->frame,
		.caplen = keep_frame(keep, &r->keep, k, item),
		.len = k->len,
		.dlt = k->dlt,
		.interface = (uint16_t)MIN(interface, INTERFACES - 1),
		.data = k->data,
	};
	recent_add(r->held, talk, &p);
}

static uint32_t frame_at(const struct recorder *r, recent_place at)
{
	return recent_at(r->held, at).frame;
}

static bool is_evidence(const struct verdict *v, uint32_t frame)
{
	for (unsigned i = 0; i < v->finding_count; i++)
		for (unsigned j = 0; j < v->findings[i].frame_count; j++)
			if (v->findings[i].frames[j] == frame)
				return true;
	return frame == v->first_frame;
}

static uint32_t first_wanted(const struct verdict *v)
{
	uint32_t first = v->first_frame;

	for (unsigned i = 0; i < v->finding_count; i++)
		if (v->findings[i].frame_count > 0 && v->findings[i].frames[0] > 0)
			first = MIN(first, v->findings[i].frames[0]);
	return first;
}

static int by_place(gconstpointer a, gconstpointer b)
{
	recent_place p = *(const recent_place *)a, q = *(const recent_place *)b;

	return p < q ? -1 : p > q;
}

/* All packets of the session that are still there, and the DNS packets that are its evidence. */
static void collect(struct recorder *r, const struct verdict *v)
{
	const struct recent_ends ends =
		recent_ends_of(&v->client_ip, v->client_port, &v->server_ip, v->server_port);
	const struct recent_talk *talk = recent_find(r->held, &ends);
	uint32_t from = first_wanted(v);
	unsigned left = SINGLES;
	recent_place at;

	g_array_set_size(r->places, 0);
	for (at = talk ? recent_last(r->held, talk) : RECENT_NONE; at != RECENT_NONE;
	     at = recent_before(r->held, at)) {
		uint32_t frame = frame_at(r, at);
		if (frame < v->first_frame)
			break;
		if (frame <= v->last_frame || is_evidence(v, frame))
			g_array_append_val(r->places, at);
	}
	for (at = recent_last(r->held, NULL); at != RECENT_NONE && left > 0;
	     at = recent_before(r->held, at), left--) {
		uint32_t frame = frame_at(r, at);
		if (frame < from)
			break;
		if (is_evidence(v, frame))
			g_array_append_val(r->places, at);
	}
	g_array_sort(r->places, by_place);
}

/* The comment of the section: the verdict in words, then where it comes from. */
static GString *head_of(const struct recorder *r, const struct verdict *v)
{
	const struct report_options words = { .redact = r->o.redact, .all = true };
	const char *command = r->o.command;
	GString *head = g_string_new(NULL);

	report_text(v, &words, head);
	g_string_append_printf(head,
			       "\nsmtp365 " SMTP365_VERSION "%s%s: session %u, frames %u to %u of "
			       "the capture, %u packets here; left out: credentials%s",
			       command ? ", " : "", command ? command : "", v->session,
			       v->first_frame, v->last_frame, r->places->len,
			       r->keep.bodies ? "" : ", message bodies, TLS data");
	return head;
}

/* Number of the interface in this section, described when it first comes. */
static unsigned interface_of(struct recorder *r, const struct recent_packet *p,
			     int numbers[INTERFACES])
{
	const char *name = NULL;

	if (numbers[p->interface] >= 0)
		return (unsigned)numbers[p->interface];
	for (unsigned i = 0; r->o.interfaces && r->o.interfaces[i]; i++)
		if (i == p->interface)
			name = r->o.interfaces[i];
	unsigned n = pcapng_file_interface(r->blocks, p->dlt, r->o.snaplen, name);
	numbers[p->interface] = (int)n;
	return n;
}

static void write_section(struct recorder *r, const GString *head)
{
	int numbers[INTERFACES];

	for (unsigned i = 0; i < INTERFACES; i++)
		numbers[i] = -1;
	pcapng_file_section(r->blocks, head->str);
	for (guint i = 0; i < r->places->len; i++) {
		const struct recent_packet p =
			recent_at(r->held, g_array_index(r->places, recent_place, i));
		pcapng_file_packet(r->blocks, interface_of(r, &p, numbers), p.time_ns, p.data,
				   p.caplen, p.len, comments_of(r->comments, p.frame));
	}
}

static void record(struct recorder *r, const struct verdict *v)
{
	const struct archive_section about = { v->end_ns, r->places->len };
	GString *head = head_of(r, v);

	pcapng_file_memory_clear(r->blocks);
	write_section(r, head);
	g_string_free(head, TRUE);
	const GByteArray *blocks = pcapng_file_bytes(r->blocks);
	g_byte_array_set_size(r->section, 0);
	g_byte_array_append(r->section, (const guint8 *)(const void *)&about, sizeof(about));
	g_byte_array_append(r->section, blocks->data, blocks->len);
	archive_add(r->archive, r->section->data, r->section->len);
}

static bool is_wanted(const struct recorder *r, const struct verdict *v)
{
	/* What ails mail to other servers must not push Microsoft 365 out of the folder. */
	enum severity least = v->m365 || r->o.all ? r->o.least : MAX(r->o.least, SEVERITY_HIGH);

	for (unsigned i = 0; i < v->finding_count; i++)
		if (v->findings[i].severity >= least)
			return true;
	return false;
}

void recorder_verdict(struct recorder *r, const struct verdict *v)
{
	if (!is_wanted(r, v))
		return;
	collect(r, v);
	if (r->places->len == 0) {
		r->incomplete++;
		return;
	}
	if (frame_at(r, g_array_index(r->places, recent_place, 0)) > v->first_frame)
		r->incomplete++;
	r->comments = comments_new(r->o.redact);
	comments_add(r->comments, v);
	record(r, v);
	g_clear_pointer(&r->comments, comments_free);
}

bool recorder_start(struct recorder *r, char **error)
{
	return archive_start(r->archive, error);
}

void recorder_tick(struct recorder *r, uint64_t now_ns)
{
	archive_tick(r->archive, now_ns);
}

void recorder_rotate(struct recorder *r)
{
	archive_rotate(r->archive);
}

char *recorder_trouble(struct recorder *r)
{
	return archive_trouble(r->archive);
}
