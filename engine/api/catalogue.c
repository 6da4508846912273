/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tables of the engine for hosts. Findings for listings: one entry per id, with the highest
 * severity and confidence that its rows can give, and all that they can say; everything that can
 * head a finding; sentences of replies; names of cipher suites.
 */
#include "m365/replies.h"
#include "m365/sent.h"
#include "rules/rules.h"
#include "smtp/shown.h"
#include "smtp/verbs.h"
#include "smtp365.h"
#include "tls/tls.h"
#include "verdict/place.h"

#include <string.h>

static struct smtp365_rule *list;
static size_t count;

static struct smtp365_rule entry_of(const struct rule *r)
{
	return (struct smtp365_rule){
		.letter = r->letter,
		.id = r->id,
		.title = r->title,
		.severity = r->severity,
		.confidence = r->confidence,
		.side = r->side,
		.cause = r->cause,
		.fix = r->fix,
		.check = place_words(r->check, "<server>", "<port>"),
		.reference = r->reference,
		.keys = r->keys,
	};
}

/* Rows of one id that say the same are one case for a reader. */
static bool same_words(const struct smtp365_rule *a, const struct rule *b)
{
	return !strcmp(a->title, b->title) ||
	       (!strcmp(a->cause, b->cause) && !strcmp(a->fix, b->fix));
}

/* The entry of an id: its general row or its first, and its cases, put at `to`; how many. */
static unsigned add(const struct rule *rows, size_t n, size_t first, struct smtp365_rule *to)
{
	struct smtp365_rule *e = &list[count++];
	unsigned cases = 0;
	*e = entry_of(&rows[first]);
	for (size_t i = first; i < n; i++) {
		const struct rule *r = &rows[i];
		bool said = false;
		if (strcmp(r->id, rows[first].id))
			continue;
		if (r->general)
			e->title = r->title;
		e->severity = MAX(e->severity, r->severity);
		e->confidence = MAX(e->confidence, r->confidence);
		for (unsigned k = 0; k < cases && !said; k++)
			said = same_words(&to[k], r);
		if (!said)
			to[cases++] = entry_of(r);
	}
	e->cases = to;
	e->case_count = cases;
	return cases;
}

/* Built once; the table is constant, so it is never freed. */
static void build(void)
{
	static gsize once;
	if (!g_once_init_enter(&once))
		return;
	size_t n;
	const struct rule *all = rules_all(&n);
	list = g_new0(struct smtp365_rule, n);
	struct smtp365_rule *to = g_new0(struct smtp365_rule, n);
	for (size_t i = 0; i < n; i++)
		if (rules_find(all[i].id) == &all[i])
			to += add(all, n, i, to);
	g_once_init_leave(&once, 1);
}

const struct smtp365_rule *smtp365_rules(size_t *n)
{
	build();
	*n = count;
	return list;
}

const struct smtp365_rule *smtp365_rule_find(const char *id)
{
	build();
	for (size_t i = 0; i < count; i++)
		if (!strcmp(list[i].id, id) || !g_ascii_strcasecmp(list[i].letter, id))
			return &list[i];
	return NULL;
}

/* ---- what can head a finding ---- */

struct teller {
	smtp365_headline_fn fn;
	void *host;
	const struct rule *row;
	bool from_reply; /* its first fact comes from a reply */
};

/* Beside the cause a high finding of the same reply becomes a medium one (verdict/conclude.c). */
static void head(const struct teller *t, const char *title, bool general)
{
	if (!title)
		return;
	t->fn(t->row->id, t->row->severity, title, general, t->host);
	if (t->from_reply && t->row->severity == SEVERITY_HIGH)
		t->fn(t->row->id, SEVERITY_MEDIUM, title, false, t->host);
}

static void head_inferred(const struct teller *t, const char *words)
{
	char *title = words ? g_strconcat(words, " (inferred)", NULL) : NULL;

	head(t, title, false);
	g_free(title);
}

/* A refused login whose reply is known by its length is headed by that reply (verdict/inside.c). */
static void inferred_heads(const struct teller *t)
{
	for (unsigned l = 0; l < SENT_COUNT; l++) {
		const struct reply_row *reply = sent_reply((enum sent_label)l);
		const struct rule *about = reply ? rules_about(reply->fact) : NULL;
		if (about)
			head_inferred(t, about->title);
	}
	for (unsigned g = 0; g < SENT_GROUP_COUNT; g++)
		head_inferred(t, sent_group_words((enum sent_group)g));
}

static void row_heads(struct teller *t)
{
	size_t n;
	const struct reply_row *replies = replies_all(&n);

	t->from_reply = false;
	for (size_t i = 0; i < n; i++)
		t->from_reply = t->from_reply || replies[i].fact == t->row->all[0];
	head(t, t->row->title, t->row->general);
	head(t, t->row->elsewhere.title, false);
	for (size_t i = 0; i < n; i++)
		if (replies[i].fact == t->row->all[0])
			head(t, replies[i].title, false);
	if (t->row->all[0] == FACT_INSIDE_LOGIN_REFUSED)
		inferred_heads(t);
}

void smtp365_headlines(smtp365_headline_fn fn, void *host)
{
	size_t n;
	const struct rule *rows = rules_all(&n);
	struct teller t = { .fn = fn, .host = host };

	for (size_t i = 0; i < n; i++) {
		t.row = &rows[i];
		row_heads(&t);
	}
}

void smtp365_reply_sentences(void (*fn)(const char *sentence, void *host), void *host)
{
	size_t n;
	const struct reply_row *rows = replies_all(&n);

	for (size_t i = 0; i < n; i++) {
		if (rows[i].sentence)
			fn(rows[i].sentence, host);
		if (rows[i].also)
			fn(rows[i].also, host);
	}
}

struct bytes smtp365_reply_text(struct bytes line, struct bytes *server)
{
	struct reply_trailer trailer;
	struct bytes text = replies_trailer(line, &trailer);

	*server = trailer.server;
	return text;
}

const char *smtp365_suite_name(uint16_t suite)
{
	return tls_suite_name(suite);
}

size_t smtp365_command_shown(struct bytes line)
{
	struct bytes rest = line;
	enum smtp_verb verb = smtp_verb_of(smtp_word(&rest));

	return smtp_shown(verb, line);
}
