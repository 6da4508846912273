/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line: one table of options (options.def) gives parsing, help and defaults. Takes
 * argv, gives a struct of plain values; opens no file and prints nothing. Letters mean what they
 * mean in tcpdump.
 */
#ifndef SMTP365_OPTIONS_H
#define SMTP365_OPTIONS_H

#include <glib.h>
#include "verdict.h"
#include "sandbox/sandbox.h"

/* Interfaces at once; the flight recorder numbers them in six bits. */
#define OPTIONS_INTERFACES_MOST 32u

enum options_action {
	OPTIONS_RUN,
	OPTIONS_HELP,
	OPTIONS_VERSION,
	OPTIONS_LIST,	    /* --list-findings */
	OPTIONS_EXPLAIN,    /* --explain ID */
	OPTIONS_INTERFACES, /* -D */
	OPTIONS_FILTER,	    /* -d */
};

/* How sessions are written; what each does is a row of run/format.c. */
enum format {
	FORMAT_TEXT,
#define OPTION_FORMAT(constant, name, help) constant,
#include "cli/options.def"
	FORMAT_COUNT
};

struct options {
/* The options of the table by their names: owned, absent ones NULL, false or their default. Of
 * these `files` and `interfaces` hold words too, "-" is standard input, `output` is NULL for
 * standard output, and `folder` is the recorder's with -i, a copy of the file with -r. */
#define OPTION_SWITCH(member, letter, long_name, help) bool member;
#define OPTION_TEXT(member, letter, long_name, value, what, help) char *member;
#define OPTION_LIST(member, letter, long_name, value, what, help) GPtrArray *member;
#define OPTION_NUMBER(type, member, letter, long_name, value, low, high, none, refusal, help)      \
	type member;
#include "cli/options.def"
	/* What was made of the others. */
	enum options_action action;
	enum format format;
	char *filter;  /* libpcap filter or NULL */
	GArray *ports; /* uint16_t, beside the default ones */
	bool fail_on_given;
	enum severity fail_on;
	bool only_filter; /* -d without a file: all words are the filter */
	enum sandbox_seccomp seccomp;
	uint64_t ring_bytes; /* 0: default */
};

/* Parse; argv is not changed. On success NULL and *o is filled, to be cleared with options_clear.
 * On trouble one line that names the option, the reason and what to do, freed with g_free; *o is
 * clear. */
char *options_parse(struct options *o, int argc, char *const *argv);
void options_clear(struct options *o);
/* The text of --help. Caller frees. */
char *options_help(void);

#endif
