/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The loop and what its events do. Packets have their time from the kernel; the engine is told the
 * wall clock too, a second late, so that packets still in a ring are not overtaken. Whatever may
 * hang, the disks above all, is done by threads of the outputs.
 */
#include "live/live.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include "live/live_open.h"
#include "live/live_watch.h"
#include "frames/feed.h"
#include "write/output.h"
#include "write/say.h"

#define SECOND 1000000000u
/* Packets of one interface before others, signals and the output get their turn. */
#define TURN 2048u
/* Ticks (live_open.c: a quarter of a second) between two of each of these. */
#define TICKS_SECOND 4u
#define TICKS_METRICS (15u * TICKS_SECOND)
#define TICKS_WATCH (LIVE_WATCH_SECONDS * TICKS_SECOND)
/* How far the engine's clock is behind the wall clock: more than a block of the ring takes. */
#define CLOCK_BEHIND SECOND
/* At the end: how long a slow reader is waited for, then the disk of each other file. */
#define CLOSE_MS 3000u
#define CLOSE_OTHERS_MS 2000u
/* How long the service manager is let wait for a reload: then the disk hangs. */
#define TICKS_RELOAD (5u * TICKS_SECOND)

struct live {
	const struct options *o;
	struct live_files files;
	struct feed feed;
	struct smtp365 *engine;
	struct metrics *metrics; /* NULL: not asked for */
	struct results results;
	GString *text; /* of the counters */
	struct live_state state;
	struct live_watch watch;
	struct live_losses losses;
	unsigned at; /* interface whose packet is at hand */
	uint32_t frame;
	uint64_t left; /* packets that -c still allows */
	unsigned ticks;
	unsigned reload_by; /* tick until which a reload is waited for, 0 none goes on */
	bool stop;
	bool patient; /* the capture is over, so that a slow disk may be waited for */
};

static uint64_t wall_ns(void)
{
	return (uint64_t)g_get_real_time() * 1000u;
}

static void say_line(char *line, void *host)
{
	(void)host;
	say_owned(line);
}

/* ---- packets and verdicts ---- */

static void on_session(const struct verdict *made, void *host)
{
	struct live *l = host;
	struct verdict v = *made;
	v.dropped = live_losses_since(&l->losses, made->start_ns);
	const GString *text = results_session(&l->results, &v);
	l->patient = l->patient && sink_wait(l->files.sink, CLOSE_MS);
	sink_add(l->files.sink, text->str, text->len);
	if (v.open)
		return;
	if (l->metrics)
		metrics_verdict(l->metrics, &v);
	if (l->files.recorder)
		recorder_verdict(l->files.recorder, &v);
}

static void on_packet(const struct source_live_packet *k, void *host)
{
	struct live *l = host;
	struct packet *p = l->files.port[l->at].packet;
	struct packet_item item;

	if (l->left == 0)
		return;
	l->left--;
	l->frame = l->frame == UINT32_MAX ? 1 : l->frame + 1; /* 0 means "no frame" */
	item.kind = packet_read(p, k->time_ns, l->frame, k->data, k->caplen, k->len, &item);
	if (item.kind == PACKET_NOTHING)
		return;
	if (l->files.recorder) {
		const struct source_packet s = {
			.time_ns = k->time_ns,
			.frame = l->frame,
			.caplen = k->caplen,
			.len = k->len,
			.dlt = source_live_dlt(l->files.port[l->at].source),
			.data = k->data,
		};
		recorder_packet(l->files.recorder, &s, l->at, &item);
	}
	feed_item(l->engine, p, &item);
}

static void read_packets(struct live *l, int fd)
{
	if (l->feed.keys) /* who writes them does so before the packets that need them */
		keys_file_follow(l->feed.keys, l->engine);
	for (unsigned i = 0; i < l->files.port_count; i++)
		if (source_live_fd(l->files.port[i].source) == fd) {
			l->at = i;
			source_live_read(l->files.port[i].source, TURN, on_packet, l);
		}
	l->stop |= l->left == 0;
}

/* ---- counters ---- */

static uint64_t resident(const struct live *l)
{
	char text[128] = "", *end;
	if (l->files.memory < 0 || pread(l->files.memory, text, sizeof(text) - 1, 0) <= 0)
		return 0;
	g_ascii_strtoull(text, &end, 10); /* pages in all, pages resident: proc(5) */
	return g_ascii_strtoull(end, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Bring the state up to date. */
static void take_stock(struct live *l)
{
	struct live_state *s = &l->state;
	memset(&s->packets, 0, sizeof(s->packets));
	for (unsigned i = 0; i < l->files.port_count; i++) {
		const struct packet_stats *p = packet_stats(l->files.port[i].packet);
		s->source[i].name = source_live_name(l->files.port[i].source);
		s->source[i].counts = source_live_counts(l->files.port[i].source);
		for (unsigned c = 0; c < PACKET_COUNT_ALL; c++)
			s->packets.count[c] += p->count[c];
	}
	s->source_count = l->files.port_count;
	s->engine = smtp365_stats(l->engine);
	s->queue = sink_stats(l->files.sink);
	s->has_recorder = l->files.recorder != NULL;
	if (s->has_recorder)
		s->recorder = recorder_stats(l->files.recorder);
	s->now_ns = wall_ns();
	live_losses_note(&l->losses, s);
	s->resident = resident(l);
}

static void write_metrics(struct live *l)
{
	if (!l->metrics)
		return;
	g_string_truncate(l->text, 0);
	metrics_text(l->metrics, &l->state, l->text);
	metrics_file_write(l->files.metrics, l->text->str, l->text->len);
}

static void print_state(const struct live *l)
{
	GString *text = g_string_new(NULL);
	live_state_text(&l->state, text);
	say_text(text->str);
	g_string_free(text, TRUE);
}

static void print_counters(struct live *l)
{
	take_stock(l);
	print_state(l);
}

/* ---- the timer ---- */

static void look_at_interfaces(struct live *l)
{
	char *news;
	for (unsigned i = 0; i < l->files.port_count; i++) {
		l->state.source[i].state = source_live_look(l->files.port[i].source, &news);
		say_owned(news);
	}
}

static void every_second(struct live *l)
{
	look_at_interfaces(l);
	take_stock(l);
	live_watch_silence(&l->watch, &l->state, l->o->silence_s, say_line, l);
	say_owned(sink_trouble(l->files.sink));
	if (l->files.recorder) {
		recorder_tick(l->files.recorder, wall_ns());
		say_owned(recorder_trouble(l->files.recorder));
	}
	if (l->files.metrics)
		say_owned(metrics_file_trouble(l->files.metrics));
}

/* The service manager waits for the end of a reload. */
static void end_reload(struct live *l)
{
	if (!l->reload_by || (sink_reopening(l->files.sink) && l->ticks < l->reload_by))
		return;
	l->reload_by = 0;
	notify_ready(l->files.notify, NULL);
}

static void on_timer(struct live *l)
{
	uint64_t expired;
	if (read(l->files.timer, &expired, sizeof(expired)) != (ssize_t)sizeof(expired))
		return;
	l->ticks++;
	smtp365_tick(l->engine, wall_ns() - CLOCK_BEHIND);
	end_reload(l);
	notify_alive(l->files.notify, (uint64_t)g_get_monotonic_time());
	if (l->ticks % TICKS_SECOND == 0)
		every_second(l);
	if (l->ticks % TICKS_WATCH == 0)
		live_watch_compare(&l->watch, &l->state, say_line, l);
	if (l->ticks % TICKS_METRICS == TICKS_SECOND)
		write_metrics(l);
}

/* ---- signals ---- */

static void reopen(struct live *l)
{
	notify_reloading(l->files.notify, (uint64_t)g_get_monotonic_time());
	l->reload_by = l->ticks + TICKS_RELOAD;
	sink_reopen(l->files.sink);
	if (l->files.recorder)
		recorder_rotate(l->files.recorder);
}

static void on_signal(struct live *l)
{
	struct signalfd_siginfo s;
	while (read(l->files.signals, &s, sizeof(s)) == (ssize_t)sizeof(s)) {
		if (s.ssi_signo == SIGHUP)
			reopen(l);
		else if (s.ssi_signo == SIGUSR1)
			print_counters(l);
		else
			l->stop = true;
	}
}

/* ---- the loop ---- */

static void loop(struct live *l)
{
	struct epoll_event events[OPTIONS_INTERFACES_MOST + 2];
	while (!l->stop && !sink_gone(l->files.sink)) {
		int n = epoll_wait(l->files.poll, events, G_N_ELEMENTS(events), -1);
		for (int i = 0; i < n; i++) {
			int fd = events[i].data.fd;
			if (fd == l->files.signals)
				on_signal(l);
			else if (fd == l->files.timer)
				on_timer(l);
			else
				read_packets(l, fd);
		}
	}
}

/* ---- begin and end ---- */

static void prepare(struct live *l)
{
	const struct options *o = l->o;
	l->left = o->count ? o->count : UINT64_MAX;
	l->text = g_string_sized_new(4096);
	results_init(&l->results, o, sink_terminal(l->files.sink) && output_color_wanted());
	if (o->metrics)
		l->metrics = metrics_new();
	l->engine = feed_engine(&l->feed, on_session, l);
	l->state.started_ns = wall_ns();
	take_stock(l);
	look_at_interfaces(l);
	l->watch.before = l->state;
	char *status = g_strjoinv(" ", (char **)l->files.interfaces);
	char *words = g_strdup_printf("capturing on %s", status);
	notify_ready(l->files.notify, words);
	if (!o->quiet)
		say("%s", words);
	g_free(words);
	g_free(status);
}

/* What is still in the rings belongs to the run. */
static void read_rest(struct live *l)
{
	for (unsigned i = 0; i < l->files.port_count && l->left > 0; i++) {
		l->at = i;
		for (unsigned round = 0; round < 64; round++)
			if (!source_live_read(l->files.port[i].source, TURN, on_packet, l))
				break;
	}
}

static void write_end(struct live *l)
{
	const GString *text = results_end(&l->results, NULL);
	if (text->len)
		sink_add(l->files.sink, text->str, text->len);
}

/* What could not be written is lost: said, and told by the exit status. */
static void close_outputs(struct live *l)
{
	struct live_state *s = &l->state;
	uint64_t dropped = s->queue.dropped;
	if (!sink_close(l->files.sink, CLOSE_MS, &s->queue)) {
		say("%" G_GUINT64_FORMAT " records could not be written",
		    s->queue.dropped - dropped);
		l->results.told.trouble = true;
	}
	l->files.sink = NULL;
	if (l->files.recorder) {
		uint64_t failed = s->recorder.failed;
		bool done = recorder_close(l->files.recorder, CLOSE_OTHERS_MS, &s->recorder);
		if (!done || s->recorder.failed > failed) {
			say("%s: %" G_GUINT64_FORMAT " packets could not be written", l->o->folder,
			    s->recorder.failed - failed);
			l->results.told.trouble = true;
		}
		l->files.recorder = NULL;
	}
}

static void finish(struct live *l)
{
	notify_stopping(l->files.notify);
	read_rest(l);
	take_stock(l);
	l->patient = true;
	smtp365_finish(l->engine);
	const struct smtp365_stats stats = smtp365_stats(l->engine);
	say_owned(keys_words(l->o->keylog, &stats));
	write_end(l);
	take_stock(l);
	l->watch.last = true;
	live_watch_compare(&l->watch, &l->state, say_line, l);
	bool gone = sink_gone(l->files.sink);
	close_outputs(l);
	write_metrics(l);
	if (l->files.metrics && !metrics_file_close(l->files.metrics, CLOSE_OTHERS_MS))
		say("%s: the disk does not answer; the last metrics are not written",
		    l->o->metrics);
	l->files.metrics = NULL;
	if (!l->o->quiet && !gone)
		print_state(l);
	smtp365_free(l->engine);
	metrics_free(l->metrics);
	g_string_free(l->text, TRUE);
}

struct run_result live(const struct options *o)
{
	struct live l = { .o = o, .files = LIVE_FILES_CLOSED };
	struct run_result result = { .trouble = true };
	char *error = NULL;
	if (feed_prepare(&l.feed, o, &error) && live_files_open(&l.files, o, &l.feed, &error)) {
		prepare(&l);
		loop(&l);
		finish(&l);
		result = l.results.told;
		results_clear(&l.results);
	} else {
		complain(error);
		g_free(error);
	}
	say_end(CLOSE_OTHERS_MS);
	live_files_close(&l.files);
	feed_clear(&l.feed);
	return result;
}
