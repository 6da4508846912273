/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the verdicts say about frames, as comments; and the copy of a capture file that bears them.
 * The file is read twice: a verdict is known only when its frames have long passed.
 */
#include "recorder/recorder.h"
#include <errno.h>
#include <glib.h>
#include <pcap/dlt.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "report.h"
#include "smtp365.h"
#include "recorder/recent.h"
#include "recorder/pcapng_file.h"

/* Verdict lines in the comment of the file; the frames have theirs anyway. */
#define HEAD_BYTES 16384u
/* Conversations whose state is kept while copying. */
#define COPY_BYTES (16u << 20)
#define SNAPLEN 262144u
#define INTERFACES 16u

struct comments {
	GHashTable *frames; /* frame number to GString */
	GString *head;	    /* verdict lines */
	uint64_t sessions, with_findings, not_shown;
	bool redact;
};

static void free_string(gpointer p)
{
	g_string_free(p, TRUE);
}

struct comments *comments_new(bool redact)
{
	struct comments *c = g_new0(struct comments, 1);

	c->frames = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, free_string);
	c->head = g_string_new(NULL);
	c->redact = redact;
	return c;
}

void comments_free(struct comments *c)
{
	if (!c)
		return;
	g_hash_table_destroy(c->frames);
	g_string_free(c->head, TRUE);
	g_free(c);
}

/* The text of a frame, to be appended to on a line of its own. */
static GString *text_of(struct comments *c, uint32_t frame)
{
	GString *text = g_hash_table_lookup(c->frames, GUINT_TO_POINTER(frame));

	if (!text) {
		text = g_string_new(NULL);
		g_hash_table_insert(c->frames, GUINT_TO_POINTER(frame), text);
	} else {
		g_string_append_c(text, '\n');
	}
	return text;
}

static void add_finding(struct comments *c, const struct verdict *v, const struct finding *f)
{
	for (unsigned i = 0; i < f->frame_count; i++) {
		GString *text = text_of(c, f->frames[i]);
		g_string_append_printf(text, "%s %s: %s%s", severity_name(f->severity), f->id,
				       f->title, f == v->cause ? " (the cause)" : "");
	}
}

void comments_add(struct comments *c, const struct verdict *v)
{
	const struct report_options o = { .redact = c->redact };
	GString *line = g_string_new(NULL);

	c->sessions++;
	c->with_findings += v->finding_count > 0;
	report_line(v, &o, line);
	g_string_append(text_of(c, v->first_frame), line->str);
	for (unsigned i = 0; i < v->finding_count; i++)
		add_finding(c, v, &v->findings[i]);
	if (c->head->len + line->len < HEAD_BYTES)
		g_string_append_printf(c->head, "%s\n", line->str);
	else
		c->not_shown++;
	g_string_free(line, TRUE);
}

const char *comments_of(const struct comments *c, uint32_t frame)
{
	const GString *text = g_hash_table_lookup(c->frames, GUINT_TO_POINTER(frame));

	return text ? text->str : NULL;
}

struct copy {
	const struct comments *comments;
	const struct recorder_options *o;
	struct keep_options keep;
	struct recent *held; /* for the states of conversations only; holds headers */
	struct packet *reader;
	struct pcapng_file *out;
	int interfaces[INTERFACES];
	unsigned interface_count;
};

static char *head_of(const struct copy *k, const char *in)
{
	const struct comments *c = k->comments;
	GString *text = g_string_new(c->head->str);
	char *name = g_path_get_basename(in);

	if (c->not_shown > 0)
		g_string_append_printf(text, "and %" G_GUINT64_FORMAT " more, on their frames\n",
				       c->not_shown);
	g_string_append_printf(text,
			       "smtp365 " SMTP365_VERSION ", copy of %s%s%s: %" G_GUINT64_FORMAT
			       " sessions, %" G_GUINT64_FORMAT " with findings; frames as in the "
			       "original; left out: what is not mail, credentials%s",
			       name, k->o->command ? ", " : "", k->o->command ? k->o->command : "",
			       c->sessions, c->with_findings,
			       k->keep.bodies ? "" : ", message bodies, TLS data");
	g_free(name);
	return g_string_free(text, FALSE);
}

/* The number of the interface of this link type, described when it first comes. */
static unsigned interface_of(struct copy *k, int dlt)
{
	for (unsigned i = 0; i < k->interface_count; i++)
		if (k->interfaces[i] == dlt)
			return i;
	g_assert(k->interface_count < INTERFACES);
	k->interfaces[k->interface_count++] = dlt;
	return pcapng_file_interface(k->out, dlt, k->o->snaplen ? k->o->snaplen : SNAPLEN, NULL);
}

/* The state of the conversation; a packet without bytes holds its place in the table. */
static struct keep *state_of(struct copy *k, const struct packet_item *item)
{
	const struct segment *s = &item->segment;
	const struct recent_packet none = { .data = (const uint8_t *)"" };

	if (item->kind != PACKET_SEGMENT)
		return NULL;
	struct recent_ends ends = recent_ends_of(&s->src, s->sport, &s->dst, s->dport);
	struct recent_talk *t = recent_talk(k->held, &ends);
	recent_add(k->held, t, &none);
	return recent_keep(t);
}

static void copy_frame(struct copy *k, const struct source_packet *f)
{
	struct packet_item item;

	packet_link(k->reader, f->dlt);
	packet_read(k->reader, f->time_ns, f->frame, f->data, f->caplen, f->len, &item);
	struct keep *state = state_of(k, &item);
	uint32_t n = keep_frame(state, &k->keep, f, &item);
	/* All link types that cannot be read share one that says nothing, so they stay few. */
	unsigned interface = interface_of(k, packet_knows(f->dlt) ? f->dlt : DLT_USER0);
	pcapng_file_packet(k->out, interface, f->time_ns, f->data, n, f->len,
			   comments_of(k->comments, f->frame));
}

static bool copy_all(struct copy *k, struct source *from, const char *in, uint64_t count)
{
	struct source_packet f;
	char *head = head_of(k, in);

	pcapng_file_section(k->out, head);
	g_free(head);
	interface_of(k, source_dlt(from));
	for (uint64_t n = 0; (count == 0 || n < count) && source_next(from, &f) == SOURCE_PACKET;
	     n++)
		copy_frame(k, &f);
	return pcapng_file_mark(k->out);
}

/* Why `out` cannot be made anew by a rename in its folder; NULL it can. */
static char *cannot_make(const char *in, const char *out)
{
	char *folder = g_path_get_dirname(out), *line = NULL;
	struct stat i, o;
	bool there = stat(out, &o) == 0;

	if (there && !S_ISREG(o.st_mode))
		line = g_strdup_printf("%s: is no regular file; give -w another name", out);
	else if (there && stat(in, &i) == 0 && i.st_dev == o.st_dev && i.st_ino == o.st_ino)
		line = g_strdup_printf("%s: is the capture itself; write to another file", out);
	else if (access(folder, W_OK | X_OK) != 0)
		line = g_strdup_printf("%s: cannot be written: %s; name a folder and a file that "
				       "can",
				       out, g_strerror(errno));
	g_free(folder);
	return line;
}

bool pcapng_copy_check(const char *in, const char *out, char **error)
{
	bool standard = strcmp(in, "-") == 0;
	struct stat i;

	/* One that is not there is for whoever reads it to tell. */
	if (standard || (stat(in, &i) == 0 && !S_ISREG(i.st_mode) && !S_ISDIR(i.st_mode)))
		*error = g_strdup_printf("-w: %s cannot be read twice: store it in a file first",
					 standard ? "standard input" : in);
	else
		*error = cannot_make(in, out);
	return *error == NULL;
}

bool pcapng_copy(const char *in, const char *filter, uint64_t count, const char *out,
		 const struct comments *c, const struct recorder_options *o, char **error)
{
	struct source *from = source_open_file(in, filter, error);
	if (!from)
		return false;
	source_any_link(from);
	struct copy k = { .comments = c, .o = o, .out = pcapng_file_open(out, error) };
	bool good = k.out != NULL;
	if (good) {
		k.keep = (struct keep_options){ o->bodies, o->redact, o->ports, o->port_count };
		k.held = recent_new(COPY_BYTES);
		k.reader = packet_new(source_dlt(from));
		good = copy_all(&k, from, in, count);
		if (!good)
			*error = g_strdup_printf("%s: the disk is full, or it cannot be written",
						 out);
		char *closing = NULL;
		if (!pcapng_file_close(k.out, &closing) && good) {
			*error = g_steal_pointer(&closing);
			good = false;
		}
		g_free(closing);
		packet_free(k.reader);
		recent_free(k.held);
	}
	source_close(from);
	return good;
}
