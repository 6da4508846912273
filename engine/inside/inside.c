/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When something is said, and what: the rules that keep silent come first.
 */
#include "inside/inside.h"

#include <glib.h>
#include <string.h>
#include "inside/walk.h"

/* What must be reached before it is said. */
#define SURE .90
#define SURE_MECH .99
#define WORTH_NAMING .01
#define MS 1000000u

struct decision {
	const struct inside_input *in;
	struct sent_trailer trailer;
	struct inside_turns turns;
	struct walk walk;
	double label[LABEL_COUNT], group[SENT_GROUP_COUNT], statement[INSIDE_STATEMENTS];
	unsigned best; /* label */
	bool best_is_exact;
	int reply; /* turn that brought it on the best way, -1 none */
};

static enum inside_statement statement_of(unsigned label)
{
	static const uint8_t unlisted[] = {
		[LABEL_NONE - SENT_COUNT] = INSIDE_NOTHING,
		[LABEL_LOGIN_OK - SENT_COUNT] = INSIDE_LOGIN_ACCEPTED,
		[LABEL_UNSEEN_REFUSAL - SENT_COUNT] = INSIDE_NOTHING,
		[LABEL_UNKNOWN_AUTH - SENT_COUNT] = INSIDE_LOGIN_REFUSED,
		[LABEL_UNKNOWN_MAIL - SENT_COUNT] = INSIDE_SENDER_REFUSED,
		[LABEL_UNKNOWN_RCPT - SENT_COUNT] = INSIDE_RECIPIENT_REFUSED,
		[LABEL_UNKNOWN_MESSAGE - SENT_COUNT] = INSIDE_MESSAGE_REFUSED,
	};
	static const uint8_t stages[] = {
		[SENT_AUTH] = INSIDE_LOGIN_REFUSED,
		[SENT_MAIL] = INSIDE_SENDER_REFUSED,
		[SENT_RCPT] = INSIDE_RECIPIENT_REFUSED,
		[SENT_MESSAGE] = INSIDE_MESSAGE_REFUSED,
	};

	if (label >= SENT_COUNT)
		return unlisted[label - SENT_COUNT];
	if (label == SENT_not_authenticated_530)
		return INSIDE_NOT_AUTHENTICATED;
	return sent_row(label)->group == SENT_GROUP_accepted ? INSIDE_ACCEPTED
							     : stages[sent_row(label)->stage];
}

/* 535 5.7.3 after a token is about the token. */
static enum sent_group group_of(unsigned label, unsigned mech)
{
	if (label >= SENT_COUNT)
		return SENT_GROUP_NONE;
	if (label == SENT_auth_unsuccessful_573 && mech == INSIDE_MECH_XOAUTH2)
		return SENT_GROUP_oauth;
	return sent_row(label)->group;
}

static void add_up(struct decision *d)
{
	memset(d->label, 0, sizeof d->label);
	memset(d->group, 0, sizeof d->group);
	memset(d->statement, 0, sizeof d->statement);
	for (unsigned i = 0; i < d->walk.count; i++) {
		const struct walk_state *s = &d->walk.states[i];
		d->label[s->label] += s->weight;
		d->group[group_of(s->label, s->mech)] += s->weight;
		d->statement[statement_of(s->label)] += s->weight;
	}
	d->best = 0;
	for (unsigned l = 1; l < LABEL_COUNT; l++)
		if (d->label[l] > d->label[d->best])
			d->best = l;
}

static const struct edge *edge_of(const struct decision *d, unsigned turn)
{
	return grammar_edge(d->walk.steps[turn].edge);
}

static bool brings_label(const struct edge *e)
{
	return e->server && (e->answer >= ANSWER_ONE_LABEL || e->answer == ANSWER_FIXED_235);
}

/* The last turn on the best way that brought the best label. */
static int find_reply(const struct decision *d)
{
	for (unsigned t = d->turns.count; t-- > 0;)
		if (brings_label(edge_of(d, t)))
			return d->walk.steps[t].label == d->best ? (int)t : -1;
	return -1;
}

static bool strays(const struct decision *d)
{
	for (unsigned t = 0; t < d->turns.count; t++)
		if (d->walk.steps[t].stayed && !d->turns.at[t].hole)
			return true;
	return false;
}

/* May this answer stand beside the one that decides? */
static bool may_stand_beside(const struct decision *d, unsigned turn)
{
	const struct inside_turn *x = &d->turns.at[turn], *reply = &d->turns.at[d->reply];

	switch (edge_of(d, turn)->answer) {
	case ANSWER_NEED_503:
	case ANSWER_NEED_503K:
	case ANSWER_SAME_503:
	case ANSWER_FIXED_21:
	case ANSWER_FIXED_24:
	case ANSWER_FIXED_46:
	case ANSWER_OK_24K:
	case ANSWER_OK_46_24K:
		return true;
	default:
		return x->low == reply->low && x->high == reply->high;
	}
}

static bool stands_alone(const struct decision *d)
{
	if (d->turns.blind)
		return true;
	for (unsigned t = 0; t < d->turns.count; t++)
		if ((int)t != d->reply && d->turns.at[t].server &&
		    d->turns.at[t].number == d->turns.at[d->reply].number &&
		    !may_stand_beside(d, t))
			return false;
	return true;
}

/* An acceptance that goes on in a second record is none: a refusal of two lines began so. */
static bool goes_on(const struct decision *d)
{
	enum inside_statement s = statement_of(d->best);

	return (s == INSIDE_LOGIN_ACCEPTED || s == INSIDE_ACCEPTED) && !stands_alone(d);
}

/* Where lengths are intervals, short refusals of others look like an acceptance: only who then
 * sends mail was accepted. */
static bool only_looks_accepted(const struct decision *d)
{
	if (d->best_is_exact || d->best != LABEL_LOGIN_OK || d->reply < 0)
		return false;
	for (unsigned t = (unsigned)d->reply + 1; t < d->turns.count; t++)
		if (edge_of(d, t)->server && edge_of(d, t)->answer == ANSWER_FIXED_21)
			return false;
	return true;
}

/* The reply to a message fits several rows that say different things. */
static bool is_ambiguous(const struct decision *d)
{
	const struct inside_turn *turn = &d->turns.at[d->reply];
	struct masses m;
	unsigned fits = 0;

	masses_begin(&m, d->in, &d->trailer, turn);
	for (unsigned l = 0; l < SENT_COUNT; l++)
		if (sent_row(l)->stage == SENT_MESSAGE && masses_label(&m, l) > 0)
			fits++;
	return fits > 1;
}

static bool of_message(unsigned label)
{
	enum inside_statement s = statement_of(label);

	return s == INSIDE_ACCEPTED || s == INSIDE_MESSAGE_REFUSED;
}

/* How far it came and how it ended, when that much is sure. */
static void say_stage(const struct decision *d, struct inside_result *out)
{
	double share[INSIDE_STATEMENTS];

	memcpy(share, d->statement, sizeof share);
	if (!d->best_is_exact) { /* which refusal it is cannot be told, and so not whether it is 530
				  */
		share[INSIDE_SENDER_REFUSED] += share[INSIDE_NOT_AUTHENTICATED];
		share[INSIDE_NOT_AUTHENTICATED] = 0;
	}
	share[INSIDE_ANSWERED] = share[INSIDE_ACCEPTED] + share[INSIDE_MESSAGE_REFUSED];
	share[INSIDE_MESSAGE_REFUSED] = 0;
	for (unsigned s = 1; s < INSIDE_STATEMENTS; s++)
		if (share[s] >= SURE) {
			out->statement = s;
			out->p = share[s];
			return;
		}
}

static void say_ambiguous(const struct decision *d, struct inside_result *out)
{
	out->statement = INSIDE_ANSWERED;
	out->p = d->statement[INSIDE_ACCEPTED] + d->statement[INSIDE_MESSAGE_REFUSED];
}

static unsigned mech_of(const struct decision *d)
{
	return d->walk.states[0].mech;
}

static bool may_be_named(const struct decision *d)
{
	return d->best < SENT_COUNT && sent_row(d->best)->tier == SENT_TIER_A && d->reply >= 0 &&
	       edge_of(d, (unsigned)d->reply)->answer >= ANSWER_REFUSED_AUTH && stands_alone(d);
}

static void say_named(const struct decision *d, struct inside_result *out)
{
	enum sent_group group = group_of(d->best, mech_of(d));

	out->named = d->label[d->best] >= SURE;
	out->group = group;
	out->label = d->best;
	out->p = out->named ? d->label[d->best] : d->group[group];
	out->statement = statement_of(d->best);
	out->likely = true;
}

/* Lengths are known to the byte, those of lost segments too; names may be told. */
static bool is_exact(const struct decision *d)
{
	bool hole = d->turns.broken;

	for (unsigned t = 0; t < d->turns.count; t++)
		hole = hole || d->walk.steps[t].hole;
	return !d->turns.inexact && !hole && d->trailer.known;
}

static void say(const struct decision *d, struct inside_result *out)
{
	bool exact = d->best_is_exact;
	enum sent_group group = group_of(d->best, mech_of(d));

	if (d->reply >= 0 && (goes_on(d) || only_looks_accepted(d)))
		return;
	if (exact && d->reply >= 0 && of_message(d->best) && is_ambiguous(d))
		say_ambiguous(d, out);
	else if (exact && may_be_named(d) &&
		 (d->label[d->best] >= SURE || (group && d->group[group] >= SURE)))
		say_named(d, out);
	else
		say_stage(d, out);
	if (exact && out->statement == INSIDE_LOGIN_ACCEPTED && d->reply >= 0 && stands_alone(d))
		out->likely = true;
}

/* Which login; a token is a hundred times longer than a password, so this holds for intervals too.
 */
static void say_mech(const struct decision *d, struct inside_result *out)
{
	double share[4] = { 0 };
	unsigned best = 0;

	for (unsigned i = 0; i < d->walk.count; i++)
		share[d->walk.states[i].mech] += d->walk.states[i].weight;
	for (unsigned m = 1; m < 4; m++)
		best = share[m] > share[best] ? m : best;
	out->mech = share[best] >= SURE_MECH ? best : INSIDE_MECH_NONE;
	for (unsigned t = 0; t < d->turns.count; t++)
		if (!edge_of(d, t)->server && edge_of(d, t)->mech && !d->walk.steps[t].stayed) {
			out->mech_frame = d->turns.at[t].frame;
			out->tried_login = true;
		}
	for (unsigned t = 0; t < d->turns.count; t++)
		if (edge_of(d, t)->server && edge_of(d, t)->answer == ANSWER_FIXED_235 &&
		    !d->walk.steps[t].stayed)
			out->login_frame = d->turns.at[t].frame;
	double accepted = 0;
	for (unsigned i = 0; i < d->walk.count; i++)
		accepted += d->walk.states[i].login ? d->walk.states[i].weight : 0;
	out->login_accepted = accepted >= SURE && out->login_frame;
	out->tried_login = out->tried_login || share[INSIDE_MECH_NONE] < .5;
}

/* Bytes of the message that the last answer is about. */
static void say_size(const struct decision *d, struct inside_result *out)
{
	uint64_t bytes = 0;

	for (unsigned t = 0; t < d->turns.count; t++) {
		const struct edge *e = edge_of(d, t);
		if (e->server && e->to == NODE_BODY)
			bytes = 0;
		else if (!e->server && e->to == NODE_BODY)
			bytes += d->turns.at[t].high;
		else if (e->server && e->answer == ANSWER_ANSWERED)
			out->message_bytes = bytes;
	}
}

static void say_reply(const struct decision *d, struct inside_result *out)
{
	if (d->reply < 0)
		return;
	const struct inside_turn *turn = &d->turns.at[d->reply];
	unsigned answer = edge_of(d, (unsigned)d->reply)->answer;
	out->frame = turn->frame;
	if (!is_exact(d) || answer < ANSWER_REFUSED_AUTH)
		return;
	bool trailer = answer != ANSWER_ANSWERED;
	if (trailer && !d->trailer.known)
		return;
	uint32_t off = trailer ? d->trailer.usual : 0;
	/* 530 5.7.57 in which the refusal of the login is repeated */
	if (answer == ANSWER_REFUSED_MAIL && statement_of(d->best) == INSIDE_LOGIN_REFUSED)
		off += 57;
	out->reply_bytes = turn->low > off ? turn->low - off : turn->low;
	out->trailer_bytes = turn->low > off && trailer ? d->trailer.usual : 0;
}

static void add_candidate(struct inside_result *out, enum sent_label label, double p)
{
	unsigned i = out->candidate_count;

	if (p < WORTH_NAMING)
		return;
	while (i && out->candidates[i - 1].p < p) {
		if (i < INSIDE_CANDIDATES)
			out->candidates[i] = out->candidates[i - 1];
		i--;
	}
	if (i < INSIDE_CANDIDATES)
		out->candidates[i] = (struct inside_candidate){ label, p };
	out->candidate_count = MIN(out->candidate_count + 1, INSIDE_CANDIDATES);
}

static void say_candidates(const struct decision *d, struct inside_result *out)
{
	if (!is_exact(d))
		return;
	for (unsigned l = 0; l < SENT_COUNT; l++)
		add_candidate(out, l, d->label[l]);
}

static void say_steps(const struct decision *d, struct inside_result *out)
{
	for (unsigned t = 0; t < d->turns.count; t++) {
		const struct edge *e = edge_of(d, t);
		unsigned label = d->walk.steps[t].label;
		if (d->walk.steps[t].stayed)
			continue;
		out->steps[out->step_count++] = (struct inside_step){
			.frame = d->turns.at[t].frame,
			.ns = d->in->log->start_ns + d->turns.at[t].ms * MS,
			.server = d->turns.at[t].server,
			.words = e->words,
			.label = e->words || label >= SENT_COUNT ? -1 : (int)label,
		};
	}
}

void inside_read(const struct inside_input *in, struct inside_result *out)
{
	struct decision d;

	memset(out, 0, sizeof *out);
	d.in = in;
	if (!inside_turns(in, &d.turns) || !d.turns.count)
		return;
	d.trailer = sent_trailer(in->host, in->greeting_id, in->domain);
	walk_turns(in, &d.trailer, &d.turns, &d.walk);
	if (!d.walk.count || strays(&d))
		return;
	add_up(&d);
	d.reply = find_reply(&d);
	d.best_is_exact = is_exact(&d);
	say(&d, out);
	say_mech(&d, out);
	say_size(&d, out);
	say_reply(&d, out);
	say_candidates(&d, out);
	out->old_tls = d.label[SENT_tls_too_old_42166];
	say_steps(&d, out);
}

const char *inside_statement_name(enum inside_statement s)
{
	static const char *const names[] = {
		[INSIDE_NOTHING] = NULL,
		[INSIDE_ACCEPTED] = "accepted",
		[INSIDE_ANSWERED] = "answered",
		[INSIDE_LOGIN_ACCEPTED] = "login_accepted",
		[INSIDE_LOGIN_REFUSED] = "login_refused",
		[INSIDE_SENDER_REFUSED] = "sender_refused",
		[INSIDE_RECIPIENT_REFUSED] = "recipient_refused",
		[INSIDE_MESSAGE_REFUSED] = "message_refused",
		[INSIDE_NOT_AUTHENTICATED] = "not_authenticated",
	};
	return names[s];
}

const char *inside_mech_name(enum inside_mech m)
{
	static const char *const names[] = { NULL, "LOGIN", "PLAIN", "XOAUTH2" };

	return names[m];
}
