/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copies a verdict in two rounds of the same code: the first only adds up sizes, the second writes
 * into one block. The block begins with the verdict itself, so one free ends all.
 */
#include "kept.h"

#include <glib.h>
#include <string.h>

struct room {
	char *at; /* NULL in the round that measures */
	size_t used;
};

/* Room for n bytes, aligned for any of our structs; NULL while measuring. */
static void *take(struct room *r, size_t n)
{
	const size_t align = sizeof(uint64_t);
	r->used = (r->used + align - 1) / align * align;
	void *p = r->at ? &r->at[r->used] : NULL;
	r->used += n;
	return p;
}

static const void *copy(struct room *r, const void *from, size_t n)
{
	void *p = n ? take(r, n) : NULL;
	if (p)
		memcpy(p, from, n);
	return p;
}

static void text(struct room *r, const char **s)
{
	if (*s)
		*s = copy(r, *s, strlen(*s) + 1);
}

static void texts(struct room *r, const char *const **list)
{
	const char *const *from = *list;
	size_t n = 0;
	if (!from)
		return;
	while (from[n])
		n++;
	const char **to = take(r, (n + 1) * sizeof *to);
	for (size_t i = 0; i < n; i++) {
		const char *s = from[i];
		text(r, &s);
		if (to)
			to[i] = s;
	}
	if (to)
		to[n] = NULL;
	*list = to;
}

static void replies(struct room *r, struct verdict *v)
{
	struct verdict_reply *to = take(r, v->reply_count * sizeof *to);
	for (unsigned i = 0; i < v->reply_count; i++) {
		struct verdict_reply reply = v->replies[i];
		text(r, &reply.enhanced);
		text(r, &reply.text);
		text(r, &reply.command);
		if (to)
			to[i] = reply;
	}
	v->replies = to;
}

/* What a rule says is in static tables; `detail` and the check, which names the server, are the
 * session's own. */
static void findings(struct room *r, struct verdict *v)
{
	struct finding *to = take(r, v->finding_count * sizeof *to);
	ptrdiff_t cause = v->cause ? v->cause - v->findings : -1;
	for (unsigned i = 0; i < v->finding_count; i++) {
		struct finding f = v->findings[i];
		text(r, &f.detail);
		text(r, &f.check);
		text(r, &f.title); /* these may be made up of what was inferred */
		text(r, &f.cause);
		if (to)
			to[i] = f;
	}
	v->findings = to;
	v->cause = to && cause >= 0 ? &to[cause] : NULL;
}

bool kept_names(const struct finding *f, uint32_t frame)
{
	for (unsigned i = 0; i < f->frame_count; i++)
		if (f->frames[i] == frame)
			return true;
	return false;
}

static bool event_wanted(const struct verdict *v, const struct event *e)
{
	for (unsigned i = 0; i < v->finding_count; i++)
		if (kept_names(&v->findings[i], e->frame))
			return true;
	return false;
}

/* `v` still has its findings where the engine put them. */
static void events(struct room *r, struct verdict *v, const struct verdict *from, bool all)
{
	unsigned n = 0;
	for (unsigned i = 0; i < from->event_count; i++)
		n += all || event_wanted(from, &from->events[i]);
	struct event *to = take(r, n * sizeof *to);
	n = 0;
	for (unsigned i = 0; i < from->event_count; i++) {
		struct event e = from->events[i];
		if (!all && !event_wanted(from, &e))
			continue;
		text(r, &e.text);
		if (to)
			to[n] = e;
		n++;
	}
	v->events = to;
	v->event_count = n;
}

static void alerts(struct room *r, struct verdict *v)
{
	for (unsigned i = 0; i < v->alert_count; i++)
		text(r, &v->alerts[i].name);
}

/* A value of values.def that points to something. */
#define KEEP_TEXT text
#define KEEP_TEXTS texts
#define KEEP_TRI(room, value)
#define KEEP_DATE(room, value)

/* Every text of the verdict itself. */
static void own_texts(struct room *r, struct verdict *v)
{
	text(r, &v->server_domain);
	text(r, &v->transport);
	text(r, &v->protocol);
	text(r, &v->auth_mechanism);
#define VALUE(section, kind, member, field) KEEP_##kind(r, &v->member);
#include "values.def"
#undef VALUE
}

static struct verdict *lay_out(struct room *r, const struct verdict *from, bool all_events)
{
	struct verdict *to = take(r, sizeof *to);
	struct verdict v = *from;

	own_texts(r, &v);
	alerts(r, &v);
	replies(r, &v);
	/* its words are constants */
	v.inside = copy(r, v.inside, v.inside ? sizeof *v.inside : 0);
	findings(r, &v);
	events(r, &v, from, all_events);
	if (to)
		*to = v;
	return to;
}

struct verdict *kept_new(const struct verdict *v, bool all_events)
{
	struct room r = { 0 };
	lay_out(&r, v, all_events);
	r.at = g_malloc0(r.used);
	r.used = 0;
	return lay_out(&r, v, all_events);
}

void kept_free(struct verdict *v)
{
	g_free(v);
}
