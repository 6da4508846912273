/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The queue belongs to the thread; what the loop may know of it is copied under a lock after each
 * step.
 */
#include "write/sink.h"
#include <glib.h>
#include "write/worker.h"

/* Between two lines about trouble. */
#define TROUBLE_US (10 * G_USEC_PER_SEC)
/* What the queue's own wait at the end may take longer. */
#define CLOSE_GRACE_MS 1000u
/* Between two looks of sink_wait. */
#define NAP_US 2000

struct sink {
	char *name; /* for messages, owned */
	bool terminal;
	struct worker *worker;
	struct queue *queue; /* of the thread, as the next one */
	gint64 next_word;    /* monotonic: no line about trouble before */
	GMutex lock;	     /* for what follows */
	struct queue_stats stats;
	bool gone, reopening, fine;
	bool in_hand; /* a record that neither the worker nor the queue counts */
	unsigned wait_ms;
};

static void publish(struct sink *s)
{
	gint64 now = g_get_monotonic_time();
	char *line = now < s->next_word ? NULL : queue_trouble(s->queue);
	if (line)
		s->next_word = now + TROUBLE_US;
	g_mutex_lock(&s->lock);
	s->stats = queue_stats(s->queue);
	s->in_hand = false;
	s->gone = queue_gone(s->queue);
	g_mutex_unlock(&s->lock);
	if (line)
		worker_say(s->worker, line);
}

static void on_record(const void *bytes, size_t n, void *host)
{
	struct sink *s = host;
	g_mutex_lock(&s->lock);
	s->in_hand = true;
	g_mutex_unlock(&s->lock);
	queue_add(s->queue, bytes, n);
	publish(s);
}

static int on_idle(void *host)
{
	struct sink *s = host;
	queue_flush(s->queue);
	publish(s);
	return queue_fd(s->queue);
}

static void on_reopen(void *host)
{
	struct sink *s = host;
	char *error = NULL;
	bool fine = queue_reopen(s->queue, &error);
	if (!fine)
		worker_say(s->worker,
			   g_strdup_printf("%s; the old file is written on (after its folder was "
					   "made anew: restart smtp365)",
					   error));
	g_mutex_lock(&s->lock);
	s->reopening = false;
	g_mutex_unlock(&s->lock);
	g_free(error);
}

static void on_finish(void *host)
{
	struct sink *s = host;
	struct queue_stats last;
	g_mutex_lock(&s->lock);
	unsigned wait_ms = s->wait_ms;
	g_mutex_unlock(&s->lock);
	bool fine = queue_close(s->queue, wait_ms, &last);
	g_mutex_lock(&s->lock);
	s->queue = NULL;
	s->stats = last;
	s->fine = fine;
	g_mutex_unlock(&s->lock);
}

struct sink *sink_open(const char *path, char **error)
{
	static const struct worker_calls calls = {
		.work = on_record,
		.asked = on_reopen,
		.idle = on_idle,
		.finish = on_finish,
	};
	struct queue *queue = queue_open(path, QUEUE_BYTES, error);
	if (!queue)
		return NULL;
	struct sink *s = g_new0(struct sink, 1);
	s->name = g_strdup(path ? path : "standard output");
	s->queue = queue;
	s->terminal = queue_terminal(queue);
	s->worker = worker_new(QUEUE_BYTES, &calls, s);
	g_mutex_init(&s->lock);
	return s;
}

bool sink_start(struct sink *s, char **error)
{
	return worker_start(s->worker, error);
}

void sink_add(struct sink *s, const char *text, size_t n)
{
	worker_give(s->worker, text, n);
}

void sink_reopen(struct sink *s)
{
	g_mutex_lock(&s->lock);
	s->reopening = true;
	g_mutex_unlock(&s->lock);
	worker_ask(s->worker);
}

bool sink_reopening(struct sink *s)
{
	g_mutex_lock(&s->lock);
	bool still = s->reopening;
	g_mutex_unlock(&s->lock);
	return still;
}

bool sink_gone(struct sink *s)
{
	g_mutex_lock(&s->lock);
	bool gone = s->gone;
	g_mutex_unlock(&s->lock);
	return gone;
}

bool sink_terminal(const struct sink *s)
{
	return s->terminal;
}

char *sink_trouble(struct sink *s)
{
	return worker_news(s->worker, s->name, "records");
}

struct queue_stats sink_stats(struct sink *s)
{
	struct worker_stats w = worker_stats(s->worker);
	g_mutex_lock(&s->lock);
	struct queue_stats sum = s->stats;
	unsigned in_hand = s->in_hand;
	g_mutex_unlock(&s->lock);
	sum.dropped += w.dropped;
	sum.waiting += w.waiting + in_hand;
	sum.waiting_bytes += w.waiting_bytes;
	return sum;
}

bool sink_wait(struct sink *s, unsigned patience_ms)
{
	gint64 since = g_get_monotonic_time();
	struct queue_stats now = sink_stats(s);

	while (now.waiting_bytes > QUEUE_BYTES / 2) {
		uint64_t written = now.written;
		g_usleep(NAP_US);
		now = sink_stats(s);
		if (now.written != written)
			since = g_get_monotonic_time();
		else if (g_get_monotonic_time() - since > (gint64)patience_ms * 1000)
			return false;
	}
	return true;
}

bool sink_close(struct sink *s, unsigned wait_ms, struct queue_stats *stats)
{
	gint64 until = g_get_monotonic_time() + (gint64)(wait_ms + CLOSE_GRACE_MS) * 1000;
	uint64_t before = worker_stats(s->worker).dropped;
	g_mutex_lock(&s->lock);
	s->wait_ms = wait_ms;
	g_mutex_unlock(&s->lock);
	bool done = worker_join(s->worker, until);
	struct queue_stats last = done ? s->stats : sink_stats(s);
	if (done) {
		last.dropped += before;
	} else { /* the one in hand too: nobody knows what becomes of it */
		last.dropped += last.waiting;
		last.waiting = 0;
		last.waiting_bytes = 0;
	}
	if (stats)
		*stats = last;
	if (!done)
		return false; /* the thread still has it all */
	bool fine = s->fine;
	g_mutex_clear(&s->lock);
	g_free(s->name);
	g_free(s);
	return fine;
}
