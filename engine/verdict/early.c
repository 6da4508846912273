/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A list of open sessions in which something was noted, the next due first. Every session waits the
 * same time, so the order in which they come is the order in which they are due.
 */
#include "verdict/early.h"

/* From the first thing noted to the look at it; what comes in between is seen with it. */
#define LOOK_AFTER SEGMENT_SECOND
/* A client often tries again at once, with another login or recipient; a cause that lasts so long
 * while the connection stays open is told. */
#define CAUSE_LASTS (5 * SEGMENT_SECOND)

static void append(struct early *e, struct tracked *t, uint64_t now_ns)
{
	struct tracked_look *m = &t->look;
	m->due_ns = now_ns + LOOK_AFTER;
	m->older = e->newest;
	m->newer = NULL;
	if (e->newest)
		e->newest->look.newer = t;
	else
		e->oldest = t;
	e->newest = t;
	m->listed = true;
}

void early_forget(struct early *e, struct tracked *t)
{
	struct tracked_look *m = &t->look;
	if (!m->listed)
		return;
	if (m->older)
		m->older->look.newer = m->newer;
	else
		e->oldest = m->newer;
	if (m->newer)
		m->newer->look.older = m->older;
	else
		e->newest = m->older;
	m->listed = false;
}

void early_touch(struct early *e, struct tracked *t, struct flow *f, uint64_t now_ns)
{
	if (!e->on || t->look.listed || t->look.noted == session_noted(t->session))
		return;
	t->look.flow = f;
	append(e, t, now_ns);
}

void early_look(struct early *e, uint64_t now_ns, void (*look)(struct tracked *t, void *host),
		void *host)
{
	/* Those that are put back while we look are due later, unless the clock was set back. */
	struct tracked *last = e->newest;
	for (struct tracked *t = e->oldest; t; t = e->oldest) {
		uint64_t due = t->look.due_ns;
		if (due > now_ns && due - now_ns <= 2 * LOOK_AFTER)
			return;
		early_forget(e, t);
		t->look.noted = session_noted(t->session);
		look(t, host);
		if (t == last)
			return;
	}
}

static unsigned critical(const struct verdict *v)
{
	unsigned n = 0;
	for (unsigned i = 0; i < v->finding_count; i++)
		n += v->findings[i].severity == SEVERITY_CRITICAL;
	return n;
}

bool early_worth(struct early *e, struct tracked *t, const struct verdict *v, uint64_t now_ns)
{
	struct tracked_look *m = &t->look;
	unsigned alarms = critical(v);
	bool certain = v->cause && v->stopped_at != STAGE_NONE &&
		       v->cause->confidence == CONFIDENCE_CERTAIN;
	/* With holes the end may still show that a mirror decrypts (C07): wait for it. */
	bool whole = !v->gap_bytes && !v->midstream && v->sides == 2;
	bool tell = whole && alarms > m->alarms;

	m->alarms = MAX(m->alarms, alarms);
	if (!certain) {
		m->certain_ns = 0;
	} else if (!m->certain_ns) {
		m->certain_ns = now_ns;
	} else if (!m->cause_told && !m->closed && now_ns - m->certain_ns >= CAUSE_LASTS) {
		tell = true;
	}
	m->told |= tell;
	m->cause_told |= tell && certain;
	if (certain && !m->cause_told && !m->closed && !m->listed)
		append(e, t, now_ns);
	return tell;
}
