/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A list under a lock, which is never held during a call, and an eventfd to wake the thread, which
 * can so wait for a descriptor too.
 */
#include "write/worker.h"
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <glib.h>

/* What the allocator and the list add to an item. */
#define ITEM_OVERHEAD 48u
#define IDLE_MS 250
/* A call that takes longer than this hangs. */
#define HANGS_US (3 * G_USEC_PER_SEC)

struct item {
	size_t n;
	uint8_t bytes[];
};

struct worker {
	struct worker_calls calls;
	void *host;
	size_t limit;
	int wake;	 /* eventfd */
	GThread *thread; /* NULL: all is done in place */
	GMutex lock;	 /* for what follows */
	GCond ended;
	GQueue items; /* struct item *, oldest first */
	struct worker_stats stats;
	gint64 busy_since; /* monotonic; 0: no call runs */
	bool ask, ending, done;
	char *trouble;	 /* of worker_say, not yet asked for */
	bool hangs_said; /* of the giver's thread alone, as the next one */
	uint64_t dropped_said;
};

struct worker *worker_new(size_t limit, const struct worker_calls *calls, void *host)
{
	struct worker *w = g_new0(struct worker, 1);

	w->calls = *calls;
	w->host = host;
	w->limit = limit;
	w->wake = -1;
	g_mutex_init(&w->lock);
	g_cond_init(&w->ended);
	g_queue_init(&w->items);
	return w;
}

/* ---- in the thread ---- */

enum step { STEP_ASKED, STEP_ITEM, STEP_IDLE, STEP_END };

/* What to do next; *item is owned by the caller then. From here on the thread is busy. */
static enum step next_step(struct worker *w, struct item **item)
{
	enum step step = STEP_IDLE;

	g_mutex_lock(&w->lock);
	w->busy_since = g_get_monotonic_time();
	*item = NULL;
	if (w->ask) {
		w->ask = false;
		step = STEP_ASKED;
	} else if ((*item = g_queue_pop_head(&w->items))) {
		w->stats.waiting--;
		w->stats.waiting_bytes -= (*item)->n + ITEM_OVERHEAD;
		step = STEP_ITEM;
	} else if (w->ending) {
		step = STEP_END;
	}
	g_mutex_unlock(&w->lock);
	return step;
}

static void rest(struct worker *w, int fd)
{
	struct pollfd p[2] = { { .fd = w->wake, .events = POLLIN },
			       { .fd = fd, .events = POLLOUT } };
	uint64_t count;

	g_mutex_lock(&w->lock);
	w->busy_since = 0;
	g_mutex_unlock(&w->lock);
	if (poll(p, 2, w->calls.idle ? IDLE_MS : -1) > 0 && (p[0].revents & POLLIN) &&
	    read(w->wake, &count, sizeof(count)) < 0)
		errno = 0; /* somebody else's wake-up: none is lost, the list is looked at */
}

static void end(struct worker *w)
{
	if (w->calls.finish)
		w->calls.finish(w->host);
	g_mutex_lock(&w->lock);
	w->busy_since = 0;
	w->done = true;
	g_cond_signal(&w->ended);
	g_mutex_unlock(&w->lock);
}

static gpointer run(gpointer data)
{
	struct worker *w = data;
	struct item *item;
	enum step step;

	while ((step = next_step(w, &item)) != STEP_END) {
		if (step == STEP_ASKED && w->calls.asked)
			w->calls.asked(w->host);
		if (step == STEP_ITEM)
			w->calls.work(item->bytes, item->n, w->host);
		g_free(item);
		if (step == STEP_IDLE)
			rest(w, w->calls.idle ? w->calls.idle(w->host) : -1);
	}
	end(w);
	return NULL;
}

/* ---- in the thread of the giver ---- */

bool worker_start(struct worker *w, char **error)
{
	GError *wrong = NULL;

	w->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->wake < 0) {
		*error = g_strdup_printf("cannot make a thread to write in: %s; allow the user "
					 "more open files",
					 g_strerror(errno));
		return false;
	}
	/* No name: giving one is a system call that the sandbox does not allow. */
	w->thread = g_thread_try_new(NULL, run, w, &wrong);
	if (w->thread)
		return true;
	*error = g_strdup_printf("cannot make a thread to write in: %s; allow the user more tasks",
				 wrong->message);
	g_error_free(wrong);
	close(w->wake);
	return false;
}

static void wake(struct worker *w)
{
	const uint64_t one = 1;

	if (write(w->wake, &one, sizeof(one)) < 0)
		errno = 0; /* the counter is full: it wakes all the same */
}

/* Room for n bytes; the items that went, to be told of and freed without the lock. */
static GSList *make_room(struct worker *w, size_t n)
{
	GSList *lost = NULL;

	while (w->stats.waiting > 0 && w->stats.waiting_bytes + n + ITEM_OVERHEAD > w->limit) {
		struct item *oldest = g_queue_pop_head(&w->items);
		w->stats.waiting--;
		w->stats.waiting_bytes -= oldest->n + ITEM_OVERHEAD;
		w->stats.dropped++;
		lost = g_slist_prepend(lost, oldest);
	}
	return lost;
}

void worker_give(struct worker *w, const void *bytes, size_t n)
{
	if (!w->thread) {
		w->calls.work(bytes, n, w->host);
		return;
	}
	struct item *item = g_malloc(sizeof(*item) + n);
	item->n = n;
	memcpy(item->bytes, bytes, n);
	g_mutex_lock(&w->lock);
	GSList *lost = make_room(w, n);
	g_queue_push_tail(&w->items, item);
	bool first = ++w->stats.waiting == 1;
	w->stats.waiting_bytes += n + ITEM_OVERHEAD;
	g_mutex_unlock(&w->lock);
	for (GSList *l = lost; l && w->calls.lost; l = l->next)
		w->calls.lost(((struct item *)l->data)->bytes, ((struct item *)l->data)->n,
			      w->host);
	g_slist_free_full(lost, g_free);
	if (first)
		wake(w);
}

void worker_ask(struct worker *w)
{
	if (!w->thread) {
		w->calls.asked(w->host);
		return;
	}
	g_mutex_lock(&w->lock);
	w->ask = true;
	g_mutex_unlock(&w->lock);
	wake(w);
}

struct worker_stats worker_stats(struct worker *w)
{
	g_mutex_lock(&w->lock);
	struct worker_stats s = w->stats;
	g_mutex_unlock(&w->lock);
	return s;
}

void worker_say(struct worker *w, char *line)
{
	g_mutex_lock(&w->lock);
	g_free(w->trouble);
	w->trouble = line;
	g_mutex_unlock(&w->lock);
}

char *worker_news(struct worker *w, const char *name, const char *items)
{
	g_mutex_lock(&w->lock);
	struct worker_stats s = w->stats;
	gint64 busy = w->busy_since ? g_get_monotonic_time() - w->busy_since : 0;
	char *trouble = g_steal_pointer(&w->trouble);
	g_mutex_unlock(&w->lock);
	if (trouble)
		return trouble;
	bool hangs = busy > HANGS_US;
	uint64_t lost = s.dropped - w->dropped_said;

	if (hangs == w->hangs_said && !lost)
		return NULL;
	GString *line = g_string_new(name);
	if (hangs)
		g_string_append_printf(line,
				       ": the disk has not answered for %" G_GINT64_FORMAT
				       " seconds; capture goes on, %s wait",
				       busy / G_USEC_PER_SEC, items);
	else if (w->hangs_said)
		g_string_append(line, ": the disk answers again");
	else
		g_string_append(line, ": the disk is too slow");
	if (lost)
		g_string_append_printf(line, "; %" G_GUINT64_FORMAT " oldest %s were dropped", lost,
				       items);
	w->hangs_said = hangs;
	w->dropped_said = s.dropped;
	return g_string_free(line, FALSE);
}

/* Nothing more comes. */
static void worker_end(struct worker *w)
{
	if (!w->thread)
		return;
	g_mutex_lock(&w->lock);
	w->ending = true;
	g_mutex_unlock(&w->lock);
	wake(w);
}

bool worker_join(struct worker *w, int64_t until_us)
{
	bool done = true;

	if (w->thread) {
		worker_end(w);
		g_mutex_lock(&w->lock);
		while (!w->done && done)
			done = g_cond_wait_until(&w->ended, &w->lock, until_us);
		done = w->done;
		g_mutex_unlock(&w->lock);
		if (!done)
			return false;
		g_thread_join(w->thread);
		close(w->wake);
	} else if (w->calls.finish) {
		w->calls.finish(w->host);
	}
	g_mutex_clear(&w->lock);
	g_cond_clear(&w->ended);
	g_free(w->trouble);
	g_free(w);
	return true;
}
