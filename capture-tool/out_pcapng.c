/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The flight recorder: holds what comes, writes what a verdict asks for. Each session becomes a
 * section of its own in the file, because a section's comment can then be its verdict. Time is
 * packet time, so that a replayed capture gives the same files.
 */
#include "out_pcapng.h"
#include <errno.h>
#include <glib.h>
#include <string.h>
#include "../engine/report.h"
#include "../engine/smtp365.h"
#include "recent.h"
#include "out_pcapng_folder.h"
#include "pcapng_file.h"

enum { INTERFACES = 64, FILES_OF_RING = 16, FILE_SECONDS = 3600, SNAPLEN = 262144 };
#define FOLDER_BYTES (1ull << 30)
#define MEMORY_BYTES (64ull << 20)
/* DNS packets that are looked through for one session. */
#define SINGLES 65536u
/* Of a packet block beside the frame and its comment; of the head of a section. */
#define BLOCK_COST 64u
#define HEAD_COST 1024u

struct recorder {
	struct recorder_options o;
	struct keep_options keep;
	struct recent *held;
	struct folder *folder;
	struct pcapng_file *file;  /* NULL between two files */
	char *path;		   /* of `file`, owned */
	uint64_t file_began;	   /* packet time */
	GArray *places;		   /* recent_place of the session at hand */
	struct comments *comments; /* of the session at hand, else NULL */
	char *trouble;		   /* first one not yet asked for, owned */
	struct recorder_stats stats;
};

struct recorder *recorder_new(const struct recorder_options *o, char **error)
{
	uint64_t most = o->folder_bytes ? o->folder_bytes : FOLDER_BYTES;
	struct folder *folder = folder_open(o->folder, most, error);

	if (!folder)
		return NULL;
	struct recorder *r = g_new0(struct recorder, 1);
	r->o = *o;
	r->o.folder_bytes = most;
	r->o.file_bytes = o->file_bytes ? o->file_bytes : most / FILES_OF_RING;
	r->o.file_seconds = o->file_seconds ? o->file_seconds : FILE_SECONDS;
	r->o.snaplen = o->snaplen ? o->snaplen : SNAPLEN;
	r->keep = (struct keep_options){ o->bodies, o->redact, o->ports, o->port_count };
	r->held = recent_new(o->memory_bytes ? o->memory_bytes : MEMORY_BYTES);
	r->folder = folder;
	r->places = g_array_new(FALSE, FALSE, sizeof(recent_place));
	return r;
}

static void note_trouble(struct recorder *r, const char *words)
{
	if (!r->trouble)
		r->trouble = g_strdup_printf("%s: the flight recorder lost packets: %s",
					     folder_path(r->folder), words);
}

static void close_file(struct recorder *r)
{
	char *error = NULL;

	if (!r->file)
		return;
	uint64_t bytes = pcapng_file_size(r->file);
	if (pcapng_file_close(r->file, &error)) {
		folder_add(r->folder, r->path, bytes);
	} else {
		note_trouble(r, error);
		g_free(error);
	}
	r->file = NULL;
	g_clear_pointer(&r->path, g_free);
}

void recorder_free(struct recorder *r)
{
	if (!r)
		return;
	close_file(r);
	folder_free(r->folder);
	recent_free(r->held);
	g_array_free(r->places, TRUE);
	g_free(r->trouble);
	g_free(r);
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

static uint64_t cost_of(const struct recorder *r, const GString *head)
{
	uint64_t sum = HEAD_COST + head->len;

	for (guint i = 0; i < r->places->len; i++) {
		const struct recent_packet p =
			recent_at(r->held, g_array_index(r->places, recent_place, i));
		const char *comment = comments_of(r->comments, p.frame);
		sum += p.caplen + BLOCK_COST + (comment ? strlen(comment) + 8 : 0);
	}
	return sum;
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

/* A file with room for n bytes, a new one when the last is full or old. */
static bool have_file(struct recorder *r, uint64_t n, uint64_t now_ns)
{
	char *error = NULL;

	recorder_tick(r, now_ns);
	if (r->file && pcapng_file_size(r->file) + n > r->o.file_bytes)
		close_file(r);
	if (!folder_room(r->folder, (r->file ? pcapng_file_size(r->file) : 0) + n)) {
		note_trouble(r, "a session is larger than the whole folder may be (--ring)");
		return false;
	}
	if (r->file)
		return true;
	r->path = folder_next(r->folder, now_ns);
	r->file = pcapng_file_open(r->path, &error);
	r->file_began = now_ns;
	if (r->file) {
		r->stats.files++;
		return true;
	}
	note_trouble(r, error);
	g_free(error);
	g_clear_pointer(&r->path, g_free);
	return false;
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
	unsigned n = pcapng_file_interface(r->file, p->dlt, r->o.snaplen, name);
	numbers[p->interface] = (int)n;
	return n;
}

static void write_section(struct recorder *r, const GString *head)
{
	int numbers[INTERFACES];

	for (unsigned i = 0; i < INTERFACES; i++)
		numbers[i] = -1;
	pcapng_file_section(r->file, head->str);
	for (guint i = 0; i < r->places->len; i++) {
		const struct recent_packet p =
			recent_at(r->held, g_array_index(r->places, recent_place, i));
		pcapng_file_packet(r->file, interface_of(r, &p, numbers), p.time_ns, p.data,
				   p.caplen, p.len, comments_of(r->comments, p.frame));
	}
}

static void record(struct recorder *r, const struct verdict *v)
{
	GString *head = head_of(r, v);
	uint64_t before, packets = r->places->len;

	if (have_file(r, cost_of(r, head), v->end_ns)) {
		before = pcapng_file_size(r->file);
		write_section(r, head);
		uint64_t bytes = pcapng_file_size(r->file) - before;
		if (pcapng_file_mark(r->file)) {
			r->stats.sessions++;
			r->stats.packets += packets;
			r->stats.bytes += bytes;
		} else {
			r->stats.failed += packets;
			note_trouble(r, "the disk is full, or it cannot be written");
		}
	} else {
		r->stats.failed += packets;
	}
	g_string_free(head, TRUE);
}

static bool is_wanted(const struct recorder *r, const struct verdict *v)
{
	if (!v->m365 && !r->o.all)
		return false;
	for (unsigned i = 0; i < v->finding_count; i++)
		if (v->findings[i].severity >= r->o.least)
			return true;
	return false;
}

void recorder_verdict(struct recorder *r, const struct verdict *v)
{
	if (!is_wanted(r, v))
		return;
	collect(r, v);
	if (r->places->len == 0) {
		r->stats.incomplete++;
		return;
	}
	if (frame_at(r, g_array_index(r->places, recent_place, 0)) > v->first_frame)
		r->stats.incomplete++;
	r->comments = comments_new(r->o.redact);
	comments_add(r->comments, v);
	record(r, v);
	g_clear_pointer(&r->comments, comments_free);
}

void recorder_tick(struct recorder *r, uint64_t now_ns)
{
	if (r->file && now_ns > r->file_began &&
	    (now_ns - r->file_began) / 1000000000 >= r->o.file_seconds)
		close_file(r);
}

void recorder_rotate(struct recorder *r)
{
	close_file(r);
}

char *recorder_trouble(struct recorder *r)
{
	return g_steal_pointer(&r->trouble);
}

struct recorder_stats recorder_stats(const struct recorder *r)
{
	struct recorder_stats s = r->stats;

	s.deleted = folder_deleted(r->folder);
	s.held_bytes = recent_bytes(r->held);
	return s;
}
