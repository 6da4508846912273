/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes the page of findings to standard output: one section per id, which the plugin's menu links
 * to. Run by the build; made from the engine's table, so it cannot say anything else.
 */
#include <glib.h>
#include <stdio.h>
#include "smtp365.h"

static const char head[] =
	"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
	"<title>smtp365: findings</title>\n<style>\n"
	"body{font:16px/1.5 sans-serif;max-width:46em;margin:2em auto;padding:0 1em;color:#222}\n"
	"h2{margin:2em 0 .2em;font-size:1.1em}:target{background:#fff3c4}\n"
	"dl+dl{margin-top:.8em}dl{display:grid;grid-template-columns:8em 1fr;gap:.2em "
	"1em;margin:0}dt{color:#666}dd{margin:0}\n"
	"code{font-size:.95em}\n</style></head><body>\n<h1>Findings of smtp365</h1>\n"
	"<p>Each finding names who must act, what to do, and how to prove it.</p>\n";

static void row(const char *label, const char *text)
{
	if (!text || !*text || g_strcmp0(text, "-") == 0)
		return;
	char *safe = g_markup_escape_text(text, -1);
	printf("<dt>%s</dt><dd>%s</dd>\n", label, safe);
	g_free(safe);
}

static void one_case(const struct smtp365_rule *r, bool several)
{
	fputs("<dl>\n", stdout);
	if (several)
		row("says", r->title);
	row("severity", severity_name(r->severity));
	row("confidence", confidence_name(r->confidence));
	row("who acts", side_name(r->side));
	row("cause", r->cause);
	row("fix", r->fix);
	row("check", r->check);
	row("reference", r->reference);
	fputs("</dl>\n", stdout);
}

int main(void)
{
	size_t n;
	const struct smtp365_rule *rules = smtp365_rules(&n);

	fputs(head, stdout);
	for (size_t i = 0; i < n; i++) {
		char *title = g_markup_escape_text(rules[i].title, -1);
		printf("<h2 id=\"%s\"><code>%s</code> %s</h2>\n", rules[i].id, rules[i].id, title);
		g_free(title);
		for (unsigned k = 0; k < rules[i].case_count; k++)
			one_case(&rules[i].cases[k], rules[i].case_count > 1);
	}
	fputs("</body></html>\n", stdout);
	return fflush(stdout) || ferror(stdout);
}
