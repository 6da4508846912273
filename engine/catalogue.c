/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of findings for listings: the rows of rules.def, one entry per id, with the highest
 * severity and confidence that its rows can give.
 */
#include "rules.h"
#include "smtp365.h"

#include <string.h>

static struct smtp365_rule *list;
static size_t count;

static void add(const struct rule *r)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(list[i].id, r->id))
			continue;
		list[i].severity = MAX(list[i].severity, r->severity);
		list[i].confidence = MAX(list[i].confidence, r->confidence);
		return;
	}
	list[count++] = (struct smtp365_rule){
		.letter = r->letter,
		.id = r->id,
		.title = r->title,
		.severity = r->severity,
		.confidence = r->confidence,
		.side = r->side,
		.cause = r->cause,
		.fix = r->fix,
		.check = r->check,
		.reference = r->reference,
		.keys = r->keys,
	};
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
	for (size_t i = 0; i < n; i++)
		add(&all[i]);
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
