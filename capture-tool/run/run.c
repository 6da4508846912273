/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads each file to its end or to where it is damaged, feeds the engine, renders what comes back.
 * Holds no protocol knowledge: frames/ knows frames, the engine mail, its report/ words.
 */
#include "run/run.h"
#include <string.h>
#include "smtp365.h"
#include "run/batch.h"
#include "run/feed.h"
#include "run/results.h"
#include "write/order.h"
#include "write/say.h"
#include "html/out_html.h"
#include "recorder/copy.h"
#include "frames/feed.h"
#include "read/source.h"

/* Packets between two looks at the clock. */
#define PROGRESS_PACKETS 4096u

struct run {
	const struct options *o;
	struct output *out;
	struct results results;
	struct order *order;
	struct out_html *html;	   /* NULL without --html */
	struct comments *comments; /* NULL without -w */
	struct feed feed;
	uint64_t left; /* packets that -c still allows */
	bool several;
	bool stale_said;
	bool opened;			   /* at least one file */
	struct smtp365_stats decrypted;	   /* with keys, all files */
	uint64_t frames[PACKET_COUNT_ALL]; /* what became of them, all files */
	uint64_t first_ns, last_ns;	   /* of the packets of the file at hand */
};

/* One line, not into the line of progress. */
static void complain_apart(struct run *r, const char *line)
{
	output_progress_clear(r->out);
	complain(line);
}

static void on_text(const char *text, size_t n, void *host)
{
	output_write(((struct run *)host)->out, text, n);
}

static void on_session(const struct verdict *v, void *host)
{
	struct run *r = host;
	const GString *text = results_session(&r->results, v);
	order_add(r->order, v->session, text->str, text->len);
	if (r->html)
		out_html_session(r->html, v);
	if (r->comments)
		comments_add(r->comments, v);
}

/* Keys that came in the file before this packet. */
static void take_secrets(struct source *from, struct smtp365 *s)
{
	size_t n;
	char *text = source_take_secrets(from, &n);

	if (!text)
		return;
	smtp365_keys(s, text, n);
	explicit_bzero(text, n);
	g_free(text);
}

/* All packets of one file. The last answer of source_next. */
static int pump(struct run *r, struct source *from, struct packet *p, struct smtp365 *s)
{
	struct source_packet k;
	struct batch batch = { .engine = s, .reader = p };
	int state = SOURCE_END;
	for (uint64_t n = 1; r->left > 0 && (state = source_next(from, &k)) == SOURCE_PACKET; n++) {
		r->left--;
		take_secrets(from, s);
		r->first_ns = n == 1 ? k.time_ns : MIN(r->first_ns, k.time_ns);
		r->last_ns = MAX(r->last_ns, k.time_ns);
		batch_add(&batch, &k, r->left > 0 && source_ready(from));
		if (n % PROGRESS_PACKETS == 0) {
			struct source_progress at = source_progress(from);
			output_progress(r->out, source_name(from), at.done, at.total);
			if (output_done(r->out))
				return SOURCE_END; /* nobody reads what would come */
		}
	}
	batch_flush(&batch);
	return state == SOURCE_PACKET ? SOURCE_END : state;
}

/* What is to be said about how the file ended. */
static void judge_end(struct run *r, const struct source *from, int state)
{
	if (state >= SOURCE_END)
		return;
	complain_apart(r, source_error(from));
	if (source_frames(from) == 0)
		r->results.told.trouble = true; /* else what came before was read and is shown */
}

static void judge_ranges(struct run *r, const struct smtp365 *s)
{
	bool stale;
	const char *date = smtp365_ranges_date(s, &stale);
	if (!stale || r->stale_said || r->o->quiet)
		return;
	r->stale_said = true;
	char *line = g_strdup_printf("the address ranges are of %s, over 180 days older than the "
				     "capture; give newer ones with --endpoints",
				     date);
	complain_apart(r, line);
	g_free(line);
}

/* What is to be said about keys that did not open everything. */
static void judge_keys(struct run *r)
{
	const char *path = r->o->keylog;
	char *line = path && !r->feed.secrets
			     ? g_strdup_printf("--keylog %s: holds no secrets of TLS sessions; "
					       "they are shown as without keys",
					       path)
			     : keys_words(path, &r->decrypted);
	if (line)
		complain_apart(r, line);
	g_free(line);
}

static void read_source(struct run *r, struct source *from)
{
	source_any_link(from);
	struct packet *p = packet_new(source_dlt(from));
	struct smtp365 *s = feed_engine(&r->feed, on_session, r);
	g_assert(p); /* source_open_file checked the link type */
	int state = pump(r, from, p, s);
	smtp365_finish(s);
	order_finish(r->order);
	judge_ranges(r, s);
	const struct smtp365_stats stats = smtp365_stats(s);
	keys_count(&r->decrypted, &stats);
	judge_end(r, from, state);
	if (r->html) {
		const struct out_html_file done = { packet_stats(p), r->first_ns, r->last_ns,
						    source_error(from) };
		out_html_file_end(r->html, &done);
	}
	for (unsigned i = 0; i < PACKET_COUNT_ALL; i++)
		r->frames[i] += packet_stats(p)->count[i];
	smtp365_free(s);
	packet_free(p);
}

static void read_file(struct run *r, const char *path)
{
	char *error = NULL;
	struct source *from = source_open_file(path, r->o->filter, &error);
	r->first_ns = r->last_ns = 0;
	if (r->html)
		out_html_file_begin(r->html, path);
	if (!from) {
		const struct out_html_file none = { .trouble = error };
		if (r->html)
			out_html_file_end(r->html, &none);
		complain_apart(r, error);
		g_free(error);
		r->results.told.trouble = true;
		return;
	}
	r->opened = true;
	if (r->several) {
		const GString *text = results_file(&r->results, source_name(from));
		output_write(r->out, text->str, text->len);
	}
	read_source(r, from);
	source_close(from);
}

static void prepare(struct run *r)
{
	const struct options *o = r->o;
	r->several = o->files->len > 1;
	r->left = o->count ? o->count : UINT64_MAX;
	results_init(&r->results, o, output_color(r->out));
	if (o->folder)
		r->comments = comments_new(o->redact);
	r->order = order_new(ORDER_BYTES, on_text, r);
}

static void write_end(struct run *r)
{
	const GString *text = results_end(&r->results, r->frames);
	output_write(r->out, text->str, text->len);
}

/* -w: the file again, its verdicts as comments of their frames. */
static void write_copy(struct run *r)
{
	const struct options *o = r->o;
	const char *in = g_ptr_array_index(o->files, 0);
	const struct recorder_options how = {
		.bodies = o->bodies,
		.redact = o->redact,
		.ports = (const uint16_t *)(const void *)r->feed.ports->data,
		.port_count = r->feed.ports->len,
		.command = "smtp365 -r",
	};
	char *error = NULL;
	if (pcapng_copy(in, o->filter, o->count, o->folder, r->comments, &how, &error))
		return;
	complain_apart(r, error);
	g_free(error);
	r->results.told.trouble = true;
}

struct run_result run(const struct options *o, struct output *out)
{
	struct run r = { .o = o, .out = out };
	prepare(&r);
	char *error = NULL;
	if (!feed_prepare(&r.feed, o, &error) ||
	    (o->folder && !pcapng_copy_check(g_ptr_array_index(o->files, 0), o->folder, &error)) ||
	    (o->html && !(r.html = out_html_open(o, &error)))) {
		complain(error);
		g_free(error);
		r.results.told.trouble = true;
	} else {
		for (guint i = 0; i < o->files->len && r.left > 0 && !output_done(out); i++)
			read_file(&r, g_ptr_array_index(o->files, i));
		if (r.opened)
			judge_keys(&r);
		if (r.opened)
			write_end(&r);
		if (r.comments && r.opened)
			write_copy(&r);
	}
	output_progress_clear(out);
	if (r.html && !out_html_close(r.html, &error)) {
		complain(error);
		g_free(error);
		r.results.told.trouble = true;
	}
	comments_free(r.comments);
	order_free(r.order);
	results_clear(&r.results);
	feed_clear(&r.feed);
	return r.results.told;
}
