/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints the engine's table of findings: as a table for people, as JSON for scripts (the man page
 * and the README are made from it), and one finding in full.
 */
#include "cli/explain.h"
#include <string.h>
#include "report.h"
#include "smtp365.h"

/* Similar names that are worth showing, and how far away they may be. */
#define NEAR_SHOWN 3u
#define NEAR_LONGEST 64u
/* Columns of a label with its gap, as in the text of a session. */
#define LABEL 11

static void append_json_pair(GString *out, const char *key, const char *value)
{
	if (!value)
		return;
	g_string_append_printf(out, "%s\"%s\":\"", out->str[out->len - 1] == '{' ? "" : ",", key);
	for (; *value; value++) { /* the table is ours: printable UTF-8 */
		if (*value == '"' || *value == '\\')
			g_string_append_c(out, '\\');
		g_string_append_c(out, *value);
	}
	g_string_append_c(out, '"');
}

static void list_json(const struct smtp365_rule *r, GString *out)
{
	g_string_append_c(out, '{');
	append_json_pair(out, "id", r->id);
	append_json_pair(out, "letter", r->letter);
	append_json_pair(out, "title", r->title);
	append_json_pair(out, "severity", severity_name(r->severity));
	append_json_pair(out, "confidence", confidence_name(r->confidence));
	append_json_pair(out, "side", side_name(r->side));
	append_json_pair(out, "keys", r->keys);
	append_json_pair(out, "cause", r->cause);
	append_json_pair(out, "fix", r->fix);
	append_json_pair(out, "check", r->check);
	append_json_pair(out, "reference", r->reference);
	g_string_append(out, "}\n");
}

void explain_list_text(GString *out)
{
	size_t n;
	int width = 2;
	const struct smtp365_rule *rules = smtp365_rules(&n);
	for (size_t i = 0; i < n; i++)
		width = MAX(width, (int)strlen(rules[i].id));
	g_string_append_printf(out, "%-*s  severity  keys  title\n", width, "id");
	for (size_t i = 0; i < n; i++)
		g_string_append_printf(out, "%-*s  %-8s  %-4s  %s\n", width, rules[i].id,
				       severity_name(rules[i].severity), rules[i].keys,
				       rules[i].title);
}

void explain_list_json(GString *out)
{
	size_t n;
	const struct smtp365_rule *rules = smtp365_rules(&n);
	for (size_t i = 0; i < n; i++)
		list_json(&rules[i], out);
}

/* Edit distance of two short words (insert, delete, replace). */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[NEAR_LONGEST + 1];
	size_t n = strlen(a), m = strlen(b);
	if (n > NEAR_LONGEST || m > NEAR_LONGEST)
		return NEAR_LONGEST;
	for (unsigned j = 0; j <= m; j++)
		row[j] = j;
	for (unsigned i = 1; i <= n; i++) {
		unsigned diagonal = row[0];
		row[0] = i;
		for (unsigned j = 1; j <= m; j++) {
			unsigned replaced = diagonal + (a[i - 1] != b[j - 1]);
			diagonal = row[j];
			row[j] = MIN(replaced, MIN(row[j], row[j - 1]) + 1);
		}
	}
	return row[m];
}

/* How far `id` is from what was asked; words that it contains are near, whatever their length. */
static unsigned nearness(const char *asked, const char *id)
{
	const char *tail = strchr(id, '.');
	unsigned far = distance(asked, id);
	if (strlen(asked) >= 3 && strstr(id, asked))
		return 0;
	return tail ? MIN(far, distance(asked, tail + 1) + 1) : far;
}

static void append_near(const char *asked, GString *out)
{
	size_t n, best[NEAR_SHOWN];
	unsigned far[NEAR_SHOWN], found = 0;
	unsigned limit = 2 + (unsigned)MIN(strlen(asked), (size_t)NEAR_LONGEST) / 4;
	const struct smtp365_rule *rules = smtp365_rules(&n);
	for (size_t i = 0; i < n; i++) {
		unsigned d = nearness(asked, rules[i].id), at = found;
		if (d > limit)
			continue;
		while (at > 0 && far[at - 1] > d)
			at--;
		if (at == NEAR_SHOWN)
			continue;
		found = MIN(found + 1, NEAR_SHOWN);
		for (unsigned k = found - 1; k > at; k--) {
			best[k] = best[k - 1];
			far[k] = far[k - 1];
		}
		best[at] = i;
		far[at] = d;
	}
	for (unsigned i = 0; i < found; i++)
		g_string_append_printf(out, "%s%s", i == 0 ? "; near: " : ", ", rules[best[i]].id);
}

/* whole: not broken at the right edge, so that a command can be copied. */
static void append_part(GString *out, const char *label, const char *text, bool whole)
{
	if (!text || !text[0])
		return;
	g_string_append_printf(out, "%-*s", LABEL, label);
	if (whole)
		g_string_append(out, text);
	else
		report_wrap(out, text, LABEL, LABEL);
	g_string_append_c(out, '\n');
}

/* The column "keys": "-" none needed, "K" only with them, "I" inferred without. */
static const char *keys_meaning(const char *keys)
{
	if (strchr(keys, 'I'))
		return strchr(keys, '-') ? "none needed; inferred when the dialogue is encrypted"
					 : "inferred from lengths when the dialogue is encrypted";
	if (strchr(keys, 'K'))
		return strchr(keys, '-') ? "needed when the dialogue is encrypted" : "needed";
	return "none needed";
}

/* number: 0 when it is the only one. */
static void append_case(const struct smtp365_rule *r, unsigned number, GString *out)
{
	if (number)
		g_string_append_printf(out, "\n%u. %s\n", number, r->title);
	append_part(out, "severity", severity_name(r->severity), false);
	append_part(out, "confidence", confidence_name(r->confidence), false);
	append_part(out, "happened", r->cause, false);
	append_part(out, side_name(r->side), r->fix, false);
	append_part(out, "check", r->check, true);
	append_part(out, "see", r->reference, false);
}

bool explain_finding(const char *id, GString *out)
{
	const struct smtp365_rule *r = smtp365_rule_find(id);
	if (!r) {
		g_string_append_printf(out, "--explain %s: no such finding", id);
		append_near(id, out);
		g_string_append(out, "; --list-findings has all");
		return false;
	}
	g_string_append_printf(out, "%s (%s)  %s\n", r->id, r->letter, r->title);
	append_part(out, "keys", keys_meaning(r->keys), false);
	if (r->case_count > 1)
		g_string_append_printf(out, "It says one of %u things, the first that fits:\n",
				       r->case_count);
	for (unsigned i = 0; i < r->case_count; i++)
		append_case(&r->cases[i], r->case_count > 1 ? i + 1 : 0, out);
	return true;
}
