/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inside/walk.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include "tls/tls.h"

/* A message that was not seen, a record that fits nowhere, bytes of a hole that are no message. */
#define UNSEEN 1e-4
#define STRAY 2e-11
#define HOLE_STAYS .05
/* Ways below this share of the best are dropped. */
#define NEGLIGIBLE 1e-12
/* Skipping and straying are only looked at when nothing better takes the turn. */
#define TOO_LITTLE 1e-8
/* Of the refusals, those that no row knows. */
#define UNLISTED .10

enum wait { WAIT_NONE, WAIT_OK, WAIT_SLOW, WAIT_MIXED, WAIT_UNLISTED };

struct trace {
	uint8_t before, edge, label, how;
};
enum { HOW_PLAIN, HOW_SKIPPED, HOW_STAYED, HOW_HOLE = 4 };

struct pass {
	const struct inside_input *in;
	const struct inside_turn *turn;
	struct masses masses;
	const struct walk_state *now; /* the way that is followed */
	uint8_t before, edge, how;
	bool wide, blind;
	double factor; /* of what was skipped */
	struct walk_state next[2 * WALK_STATES];
	struct trace traces[2 * WALK_STATES];
	unsigned count;
};

/* How probable it is that the answer comes after this time; the server lets a refused login wait
 * for 4 to 8 s (seen in every log that has times). */
static double wait_factor(const struct pass *p, enum wait w)
{
	static const double factors[][4] = {
		[WAIT_NONE] = { 1, 1, 1, 1 },
		[WAIT_OK] = { .88, .07, .04, .01 },
		[WAIT_SLOW] = { .10, .08, .78, .04 },
		[WAIT_MIXED] = { .40, .15, .30, .15 },
		[WAIT_UNLISTED] = { .25, .10, .55, .10 },
	};
	static const uint64_t timed =
		1ull << NODE_LOGIN | 1ull << NODE_USER_SENT | 1ull << NODE_PASSWORD_SENT |
		1ull << NODE_TOKEN_ASKED | 1ull << NODE_TOKEN_SENT | 1ull << NODE_PLAIN |
		1ull << NODE_PLAIN_SENT | 1ull << NODE_MAIL | 1ull << NODE_GROUP;

	if (!p->turn->timed || p->how != HOW_PLAIN || !(timed >> p->now->node & 1))
		return 1;
	uint32_t ms = p->turn->delay;
	return factors[w][ms < 1500 ? 0 : ms < 3000 ? 1 : ms < 11000 ? 2 : 3];
}

static bool same_place(const struct walk_state *a, const struct walk_state *b)
{
	return a->node == b->node && a->label == b->label && a->mech == b->mech &&
	       a->login == b->login;
}

/* Add weight to a place; the heaviest way there is the one to trace back. */
static void arrive(struct pass *p, struct walk_state s, double weight)
{
	unsigned i = 0;

	s.weight = weight * p->factor * p->now->weight;
	if (s.weight <= 0)
		return;
	while (i < p->count && !same_place(&p->next[i], &s))
		i++;
	if (i == G_N_ELEMENTS(p->next))
		return;
	if (i == p->count) {
		p->next[p->count++] = s;
	} else {
		p->next[i].weight += s.weight;
		if (p->next[i].weight > 2 * s.weight)
			return;
	}
	p->traces[i] = (struct trace){ p->before, p->edge, s.label,
				       (uint8_t)(p->how | (p->wide ? HOW_HOLE : 0)) };
}

static void arrive_with(struct pass *p, const struct edge *e, unsigned label, double weight)
{
	struct walk_state s = *p->now;

	s.node = e->to == NODE_AS_BEFORE ? s.node : e->to;
	s.label = (uint8_t)label;
	arrive(p, s, e->weight * weight);
}

static bool old_tls(const struct pass *p)
{
	return p->in->version && p->in->version < TLS_1_2;
}

/* How often a login is refused with this sentence. */
static double auth_weight(const struct pass *p, enum sent_label l, unsigned mech)
{
	const struct sent_row *row = sent_row(l);
	double weight = mech == INSIDE_MECH_XOAUTH2 ? row->oauth : row->weight;

	if (row->stage != SENT_AUTH || row->old_tls > old_tls(p))
		return 0;
	return old_tls(p) && !row->old_tls ? weight / 2 : weight;
}

static enum wait wait_of(enum sent_label l)
{
	return sent_row(l)->slow ? WAIT_SLOW : WAIT_MIXED;
}

static void arrive_unlisted(struct pass *p, const struct edge *e, unsigned label, double weight,
			    double mass)
{
	arrive_with(p, e, label, weight * mass * wait_factor(p, WAIT_UNLISTED));
}

/* The same length and the same remedy. */
static enum sent_label without_twin(enum sent_label l)
{
	return l == SENT_xoauth2_invalid_data ? SENT_auth_unsuccessful_573 : l;
}

static void refuse_auth(struct pass *p, const struct edge *e)
{
	for (unsigned l = 0; l < SENT_COUNT; l++) {
		double weight = auth_weight(p, l, p->now->mech) * (1 - UNLISTED);
		if (weight > 0)
			arrive_with(p, e, without_twin(l),
				    weight * masses_label(&p->masses, l) *
					    wait_factor(p, wait_of(l)));
	}
	arrive_unlisted(p, e, LABEL_UNKNOWN_AUTH, UNLISTED, masses_unknown(&p->masses));
}

static void refuse_mechanism(struct pass *p, const struct edge *e)
{
	arrive_with(p, e, SENT_mech_unsupported_504,
		    (1 - UNLISTED) * masses_label(&p->masses, SENT_mech_unsupported_504) *
			    wait_factor(p, WAIT_MIXED));
	arrive_unlisted(p, e, LABEL_UNKNOWN_AUTH, UNLISTED, masses_unknown(&p->masses));
}

/* Rows of an MX host for one stage, shares of all. */
static void refuse_rows(struct pass *p, const struct edge *e, enum sent_stage stage,
			unsigned unlisted)
{
	double all = 0;

	for (unsigned l = 0; l < SENT_COUNT; l++)
		all += sent_row(l)->mx && sent_row(l)->stage == stage ? sent_row(l)->weight : 0;
	for (unsigned l = 0; l < SENT_COUNT; l++)
		if (sent_row(l)->mx && sent_row(l)->stage == stage)
			arrive_with(p, e, l,
				    (1 - UNLISTED) * sent_row(l)->weight / all *
					    masses_label(&p->masses, l) *
					    wait_factor(p, wait_of(l)));
	arrive_unlisted(p, e, unlisted, UNLISTED, masses_unknown(&p->masses));
}

/* 530 5.7.57, .30 of them bare; else the refusal of the login is repeated in it, which must be the
 * same: a second equation. */
static void refuse_after_login(struct pass *p, const struct edge *e)
{
	unsigned before = p->now->label;
	double bare = masses_label(&p->masses, SENT_not_authenticated_530);
	double slow = wait_factor(p, WAIT_SLOW);
	unsigned kept = before == LABEL_UNSEEN_REFUSAL ? LABEL_UNKNOWN_AUTH : before;

	arrive_with(p, e, kept, (1 - UNLISTED) * .30 * bare * slow);
	if (before < SENT_COUNT)
		arrive_with(p, e, before,
			    (1 - UNLISTED) * .70 * masses_again(&p->masses, before) * slow);
	for (unsigned l = 0; l < SENT_COUNT && before == LABEL_UNSEEN_REFUSAL; l++) {
		double weight = (auth_weight(p, l, INSIDE_MECH_LOGIN) +
				 .3 * auth_weight(p, l, INSIDE_MECH_XOAUTH2)) /
				1.3;
		arrive_with(p, e, without_twin(l),
			    (1 - UNLISTED) * .70 * weight * masses_again(&p->masses, l) * slow);
	}
	arrive_unlisted(p, e, LABEL_UNKNOWN_AUTH, before == LABEL_UNKNOWN_AUTH ? .70 : UNLISTED,
			masses_unknown_again(&p->masses));
}

static bool login_refused(unsigned label)
{
	return label == LABEL_UNKNOWN_AUTH || label == LABEL_UNSEEN_REFUSAL ||
	       (label < SENT_COUNT && sent_row(label)->stage == SENT_AUTH);
}

static void refuse_mail(struct pass *p, const struct edge *e)
{
	if (p->in->mx) {
		refuse_rows(p, e, SENT_MAIL, LABEL_UNKNOWN_MAIL);
	} else if (p->now->login) {
		arrive_unlisted(p, e, LABEL_UNKNOWN_MAIL, 1, masses_unknown(&p->masses));
	} else if (login_refused(p->now->label)) {
		refuse_after_login(p, e);
	} else {
		arrive_with(p, e, SENT_not_authenticated_530,
			    (1 - UNLISTED) * masses_label(&p->masses, SENT_not_authenticated_530) *
				    wait_factor(p, WAIT_SLOW));
		arrive_unlisted(p, e, LABEL_UNKNOWN_MAIL, UNLISTED,
				masses_unknown_again(&p->masses));
	}
}

/* The reply to the message: taken, or refused by a row of this kind of host, or by another. */
static void answer_message(struct pass *p, const struct edge *e)
{
	enum sent_label ok = p->in->mx ? SENT_ok_mx : SENT_ok;
	double refused = 1 - sent_row(ok)->weight;

	arrive_with(p, e, ok, sent_row(ok)->weight * masses_label(&p->masses, ok));
	for (unsigned l = 0; l < SENT_COUNT; l++) {
		const struct sent_row *row = sent_row(l);
		if (row->stage != SENT_MESSAGE || row->mx != p->in->mx || l == ok)
			continue;
		arrive_with(p, e, l,
			    refused * (1 - UNLISTED) * row->weight * masses_label(&p->masses, l));
	}
	arrive_with(p, e, LABEL_UNKNOWN_MESSAGE, refused * UNLISTED * masses_unknown(&p->masses));
}

static void answer_in_one(struct pass *p, const struct edge *e)
{
	unsigned label = LABEL_UNKNOWN_MESSAGE;

	if (e->answer == ANSWER_GROUP_RCPT_REFUSED)
		label = LABEL_UNKNOWN_RCPT;
	else if (e->answer == ANSWER_GROUP_MAIL_REFUSED)
		label = login_refused(p->now->label) ? LABEL_UNKNOWN_AUTH
			: p->in->mx || p->now->login ? LABEL_UNKNOWN_MAIL
						     : SENT_not_authenticated_530;
	arrive_with(p, e, label,
		    masses_fixed(&p->masses, e->answer) * wait_factor(p, WAIT_UNLISTED));
}

static void follow_answer(struct pass *p, const struct edge *e)
{
	struct walk_state s = *p->now;

	switch (e->answer) {
	case ANSWER_REFUSED_AUTH:
		refuse_auth(p, e);
		return;
	case ANSWER_REFUSED_MECHANISM:
		refuse_mechanism(p, e);
		return;
	case ANSWER_REFUSED_MAIL:
		refuse_mail(p, e);
		return;
	case ANSWER_REFUSED_RCPT:
		if (p->in->mx)
			refuse_rows(p, e, SENT_RCPT, LABEL_UNKNOWN_RCPT);
		else
			arrive_unlisted(p, e, LABEL_UNKNOWN_RCPT, 1, masses_unknown(&p->masses));
		return;
	case ANSWER_ANSWERED:
		answer_message(p, e);
		return;
	default:
		break;
	}
	if (e->answer >= ANSWER_ONE_LABEL) {
		answer_in_one(p, e);
		return;
	}
	s.node = e->to == NODE_AS_BEFORE ? s.node : e->to;
	if (e->answer == ANSWER_SAME_503) {
		if (s.label < SENT_COUNT)
			arrive(p, s, e->weight * masses_same(&p->masses, s.label));
		return;
	}
	if (e->answer == ANSWER_FIXED_235) {
		s.label = LABEL_LOGIN_OK;
		s.login = true;
	}
	arrive(p, s, e->weight * masses_fixed(&p->masses, e->answer) * wait_factor(p, WAIT_OK));
}

static void follow_command(struct pass *p, const struct edge *e)
{
	struct walk_state s = *p->now;

	s.node = e->to;
	if (e->mech)
		s.mech = e->mech;
	arrive(p, s, e->weight * masses_client(&p->masses, e));
}

static bool allowed(const struct pass *p, const struct walk_state *s, const struct edge *e)
{
	bool open = p->in->mx || s->login;

	switch (e->when) {
	case WHEN_LOGIN:
		return !open;
	case WHEN_OPEN:
		return open;
	case WHEN_MX:
		return p->in->mx;
	case WHEN_SUBMISSION:
		return !p->in->mx;
	default:
		return true;
	}
}

static void follow(struct pass *p, const struct walk_state *from)
{
	unsigned n;
	const uint8_t *steps = grammar_steps(from->node, p->turn->server, &n);

	p->now = from;
	for (unsigned i = 0; i < n; i++) {
		const struct edge *e = grammar_edge(steps[i]);
		if (!allowed(p, from, e))
			continue;
		p->edge = steps[i];
		if (e->server)
			follow_answer(p, e);
		else
			follow_command(p, e);
	}
}

/* Where a step leads whose bytes were not seen. */
static struct walk_state unseen(const struct walk_state *from, const struct edge *e)
{
	struct walk_state s = *from;

	s.node = e->to == NODE_AS_BEFORE ? s.node : e->to;
	s.mech = e->mech ? e->mech : s.mech;
	switch (e->server ? e->answer : ANSWER_REST) {
	case ANSWER_FIXED_235:
		s.label = LABEL_LOGIN_OK;
		s.login = true;
		break;
	case ANSWER_REFUSED_AUTH:
	case ANSWER_REFUSED_MECHANISM:
		s.label = LABEL_UNSEEN_REFUSAL;
		break;
	default:
		break;
	}
	return s;
}

/* One message of the other side was not seen. */
static void follow_after_unseen(struct pass *p, const struct walk_state *from)
{
	unsigned n;
	const uint8_t *steps = grammar_steps(from->node, !p->turn->server, &n);

	p->how = HOW_SKIPPED;
	for (unsigned i = 0; i < n; i++) {
		const struct edge *e = grammar_edge(steps[i]);
		if (!allowed(p, from, e))
			continue;
		struct walk_state s = unseen(from, e);
		p->factor = UNSEEN * e->weight;
		follow(p, &s);
	}
	p->factor = 1;
}

static void stay(struct pass *p, const struct walk_state *from, double weight)
{
	p->now = from;
	p->edge = 0;
	p->how = HOW_STAYED;
	arrive(p, *from, weight);
}

static double sum_of(const struct walk_state *states, unsigned n)
{
	double sum = 0;

	for (unsigned i = 0; i < n; i++)
		sum += states[i].weight;
	return sum;
}

static void follow_all(struct pass *p, const struct walk_state *states, unsigned n)
{
	p->count = 0;
	p->how = HOW_PLAIN;
	p->factor = 1;
	for (unsigned i = 0; i < n; i++) {
		p->before = (uint8_t)i;
		follow(p, &states[i]);
	}
}

static void follow_the_rest(struct pass *p, const struct walk_state *states, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		p->before = (uint8_t)i;
		follow_after_unseen(p, &states[i]);
		stay(p, &states[i], p->wide ? HOLE_STAYS : STRAY);
	}
}

static bool lacking(const struct pass *p)
{
	return sum_of(p->next, p->count) < TOO_LITTLE;
}

/* Missing bytes are mostly one record, whose length their number tells; else they may be anything
 * up to that. */
static void take_turn(struct pass *p, const struct walk_state *states, unsigned n)
{
	p->wide = false;
	follow_all(p, states, n);
	if (p->turn->hole && lacking(p)) {
		p->wide = true;
		masses_widen(&p->masses);
		follow_all(p, states, n);
	}
	if (lacking(p) || p->wide || (p->blind && p->turn->server))
		follow_the_rest(p, states, n);
}

static int heavier_first(const void *a, const void *b)
{
	const struct walk_state *x = a, *y = b;

	return x->weight < y->weight ? 1 : x->weight > y->weight ? -1 : 0;
}

/* The heaviest ways, their weights made shares; the traces go along. */
static unsigned prune(struct pass *p, struct walk_state *states, struct trace *traces)
{
	struct {
		struct walk_state state;
		struct trace trace;
	} both[2 * WALK_STATES];
	unsigned kept = 0;
	double sum = sum_of(p->next, p->count);

	for (unsigned i = 0; i < p->count; i++) {
		both[i].state = p->next[i];
		both[i].trace = p->traces[i];
	}
	qsort(both, p->count, sizeof *both, heavier_first);
	while (kept < p->count && kept < WALK_STATES &&
	       both[kept].state.weight >= NEGLIGIBLE * both[0].state.weight) {
		states[kept] = both[kept].state;
		states[kept].weight /= sum;
		traces[kept] = both[kept].trace;
		kept++;
	}
	return kept;
}

/* Entries of the log are missing: the session may be anywhere, what was known stays known. */
static unsigned spread(struct walk_state *states)
{
	struct walk_state best = states[0];

	for (unsigned i = 0; i < NODE_COUNT; i++) {
		states[i] = best;
		states[i].node = (uint8_t)i;
		states[i].weight = 1.0 / NODE_COUNT;
	}
	return NODE_COUNT;
}

static void trace_back(struct trace (*traces)[WALK_STATES], unsigned turns, struct walk *out)
{
	unsigned at = 0; /* states are sorted: the heaviest is the first */

	for (unsigned t = turns; t-- > 0;) {
		const struct trace *trace = &traces[t][at];
		out->steps[t] = (struct walk_step){
			.edge = trace->edge,
			.label = trace->label,
			.skipped = (trace->how & ~HOW_HOLE) == HOW_SKIPPED,
			.stayed = (trace->how & ~HOW_HOLE) == HOW_STAYED,
			.hole = trace->how & HOW_HOLE,
		};
		at = trace->before;
	}
}

void walk_turns(const struct inside_input *in, const struct sent_trailer *trailer,
		const struct inside_turns *turns, struct walk *out)
{
	struct trace traces[INSIDE_LOG_ALL][WALK_STATES];
	struct pass p = { .in = in, .blind = turns->blind };

	out->states[0] = (struct walk_state){ .weight = 1, .label = LABEL_NONE };
	out->count = 1;
	out->best = 0;
	for (unsigned t = 0; t < turns->count; t++) {
		p.turn = &turns->at[t];
		masses_begin(&p.masses, in, trailer, p.turn);
		if (p.turn->broken)
			out->count = spread(out->states);
		take_turn(&p, out->states, out->count);
		out->count = prune(&p, out->states, traces[t]);
	}
	trace_back(traces, turns->count, out);
}
