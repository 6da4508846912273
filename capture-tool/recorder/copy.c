/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file is read twice: a verdict is known only when its frames have long passed.
 */
#include "recorder/copy.h"
#include <errno.h>
#include <glib.h>
#include <pcap/dlt.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "smtp365.h"
#include "recorder/recent.h"
#include "recorder/pcapng_file.h"

/* Conversations whose state is kept while copying. */
#define COPY_BYTES (16u << 20)
#define SNAPLEN 262144u
#define INTERFACES 16u

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
	GString *text = g_string_new(NULL);
	char *name = g_path_get_basename(in);
	uint64_t with_findings, sessions = comments_sessions(k->comments, &with_findings);

	comments_lines(k->comments, text);
	g_string_append_printf(text,
			       "smtp365 " SMTP365_VERSION ", copy of %s%s%s: %" G_GUINT64_FORMAT
			       " sessions, %" G_GUINT64_FORMAT " with findings; frames as in the "
			       "original; left out: what is not mail, credentials%s",
			       name, k->o->command ? ", " : "", k->o->command ? k->o->command : "",
			       sessions, with_findings,
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
