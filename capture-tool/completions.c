/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes a completion from its template and the table of options, so that neither can lack one.
 * usage: completions bash|zsh < TEMPLATE > COMPLETION
 * A line of the template that is @options@ becomes a line for each option.
 */
#include <glib.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include "ports.h"

struct row {
	char letter;
	const char *name, *value, *what, *help; /* value NULL: a switch */
	bool repeats, alone;			/* alone: an option that goes with no other */
};

static const struct row rows[] = {
#define OPTION_SWITCH(member, letter, long_name, help)                                             \
	{ letter, long_name, NULL, NULL, help, false, false },
#define OPTION_ASK(member, letter, long_name, help)                                                \
	{ letter, long_name, NULL, NULL, help, false, true },
#define OPTION_FORMAT(constant, name, help) { 0, #name, NULL, NULL, help, false, false },
#define OPTION_TEXT(member, letter, long_name, value, what, help)                                  \
	{ letter, long_name, value, #what, help, false, false },
#define OPTION_WORD OPTION_TEXT
#define OPTION_NUMBER(type, member, letter, long_name, value, low, high, none, refusal, help)      \
	{ letter, long_name, value, "nothing", help, false, false },
#define OPTION_LIST(member, letter, long_name, value, what, help)                                  \
	{ letter, long_name, value, #what, help, true, false },
#define OPTION_WORDS OPTION_LIST
#include "cli/options.def"
};

/* A row of an array: the word, and the kind of value that comes behind it. */
static void bash(const struct row *r)
{
	const char *what = r->what ? r->what : "''"; /* a switch */
	if (r->letter)
		printf("\t\t[-%c]=%s\n", r->letter, what);
	printf("\t\t[--%s]=%s\n", r->name, what);
}

/* Inside of quotes and brackets. */
static void zsh_text(const char *text)
{
	for (; *text; text++)
		if (*text == '\'')
			fputs("'\\''", stdout);
		else
			printf("%s%c", strchr("[]\\", *text) ? "\\" : "", *text);
}

static void zsh(const struct row *r)
{
	fputs("\t'", stdout);
	if (r->alone)
		fputs("(- *)", stdout);
	else if (r->repeats)
		fputs("*", stdout);
	else if (r->letter)
		printf("(-%c --%s)", r->letter, r->name);
	if (r->letter)
		printf("'{-%c%s,--%s%s}'", r->letter, r->value ? "+" : "", r->name,
		       r->value ? "=" : "");
	else
		printf("--%s%s", r->name, r->value ? "=" : "");
	fputc('[', stdout);
	zsh_text(r->help);
	fputc(']', stdout);
	if (r->value)
		printf(":%s:_smtp365_%s", r->value, r->what);
	fputs("' \\\n", stdout);
}

int main(int argc, char **argv)
{
	char line[1024];
	bool for_zsh = argc > 1 && !strcmp(argv[1], "zsh");
	while (fgets(line, sizeof(line), stdin))
		if (strcmp(line, "@options@\n") != 0)
			fputs(line, stdout);
		else
			for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
				(for_zsh ? zsh : bash)(&rows[i]);
	return 0;
}
