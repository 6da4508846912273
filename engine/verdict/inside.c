/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verdict/inside.h"

#include "m365/replies.h"
#include "rules/rules.h"

#define HOW_KNOWN                                                                                  \
	" How is this known? The reply is encrypted, but its length is not; server name and date " \
	"in it are known from the clear part of the same session, and only one reply that "        \
	"Microsoft is known to send there has the remaining length."

/* The rule that speaks about this reply. A refused token has the sentence of a refused password. */
static const struct rule *rule_of(const struct inside_result *i, const struct reply_row *row)
{
	if (i->group == SENT_GROUP_oauth)
		return rules_about(FACT_REPLY_OAUTH);
	return row ? rules_about(row->fact) : NULL;
}

static const char *keep(GStringChunk *words, const char *a, const char *b)
{
	char *text = g_strconcat(a, b, NULL);
	const char *kept = g_string_chunk_insert(words, text);

	g_free(text);
	return kept;
}

static void name(const struct inside_result *i, GStringChunk *words, struct finding *f)
{
	const struct reply_row *row = sent_reply(i->label);
	const struct rule *r = rule_of(i, row);

	if (!r)
		return;
	f->title = keep(words,
			i->named && i->group != SENT_GROUP_oauth ? r->title
								 : sent_group_words(i->group),
			" (inferred)");
	f->cause = keep(words, row && row->cause ? row->cause : r->cause, HOW_KNOWN);
	f->fix = row && row->fix ? row->fix : r->fix;
	f->check = row && row->check ? row->check : r->check;
	f->reference = row && row->reference ? row->reference : r->reference;
	f->side = r->side;
}

void inside_name_login(const struct inside_result *i, GStringChunk *words, struct finding *findings,
		       unsigned count)
{
	if (i->statement != INSIDE_LOGIN_REFUSED || !i->group)
		return;
	for (unsigned k = 0; k < count; k++)
		if (rules_of(&findings[k])->all[0] == FACT_INSIDE_LOGIN_REFUSED)
			name(i, words, &findings[k]);
}

static const char *size_words(uint64_t bytes)
{
	return !bytes		  ? NULL
	       : bytes < 10000	  ? "<10kB"
	       : bytes < 100000	  ? "<100kB"
	       : bytes < 1000000  ? "<1MB"
	       : bytes < 10000000 ? "<10MB"
				  : ">=10MB";
}

static unsigned percent(double p)
{
	return MIN((unsigned)(p * 100), 99u);
}

/* The login as it was inferred, where none was read. */
static void fill_inside_auth(struct verdict *v, const struct inside_result *i)
{
	if (v->auth_seen || !i->tried_login || i->statement == INSIDE_NOTHING)
		return;
	v->auth_seen = v->auth_inferred = true;
	v->auth_mechanism = inside_mech_name(i->mech);
	v->auth_result = i->login_accepted			? AUTH_RESULT_ACCEPTED
			 : i->statement == INSIDE_LOGIN_REFUSED ? AUTH_RESULT_REJECTED
								: AUTH_RESULT_UNKNOWN;
	v->auth_exposure = EXPOSURE_NONE;
}

void inside_fill(struct verdict *v, const struct inside_result *i, struct verdict_inside *t)
{
	fill_inside_auth(v, i);
	if (i->statement == INSIDE_NOTHING)
		return;
	*t = (struct verdict_inside){
		.statement = inside_statement_name(i->statement),
		.group = sent_group_name(i->group),
		.label = i->named ? sent_row(i->label)->label : NULL,
		.percent = percent(i->p),
		.reply_bytes = i->reply_bytes,
		.size = i->statement == INSIDE_ACCEPTED ? size_words(i->message_bytes) : NULL,
	};
	for (; t->candidate_count < i->candidate_count; t->candidate_count++)
		t->candidates[t->candidate_count] = (struct verdict_candidate){
			.label = sent_row(i->candidates[t->candidate_count].label)->label,
			.percent = percent(i->candidates[t->candidate_count].p),
		};
	v->inside = t;
}

/* The dialogue as it was inferred; a question mark says that nobody read it. */
void inside_events(struct session *s, const struct inside_result *i)
{
	char line[CAP_EVENT_TEXT];

	for (unsigned k = 0; k < i->step_count; k++) {
		const struct inside_step *step = &i->steps[k];
		struct flow_mark m = { .time_ns = step->ns, .frame = step->frame };
		g_strlcpy(line, step->words ? step->words : "a reply that is not known",
			  sizeof line);
		if (step->label >= 0)
			sent_line((enum sent_label)step->label, line, sizeof line);
		session_inferred(s, step->server ? EVENT_S2C : EVENT_C2S, m, line);
	}
}
