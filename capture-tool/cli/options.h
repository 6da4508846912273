/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line: one table of options gives parsing, help and defaults. Takes argv, gives a
 * struct of plain values; opens no file and prints nothing. Letters mean what they mean in tcpdump.
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

struct options {
	enum options_action action;
	GPtrArray *files; /* char *, in the order given, -r before words; "-" is standard input */
	char *filter;	  /* libpcap filter or NULL */
	uint64_t count;	  /* packets to read; 0 all */
	bool quiet, verbose, line_buffered;
	bool json, all, redact;
	char *output;	 /* NULL: standard output */
	char *html;	 /* file, or NULL */
	GArray *ports;	 /* uint16_t, beside the default ones */
	char *endpoints; /* file, or NULL */
	bool exit_status;
	bool fail_on_given;
	enum severity fail_on;
	char *explain; /* id or letter */
	/* live capture */
	GPtrArray *interfaces; /* char *; empty: read files */
	bool only_filter;      /* -d without a file: all words are the filter */
	bool promiscuous;
	uint32_t buffer_kib, snaplen;
	uint32_t silence_s; /* warn after so long without SMTP; 0 never */
	char *user;	    /* -Z, or NULL */
	enum sandbox_seccomp seccomp;
	char *metrics; /* file, or NULL */
	char *folder;  /* -w: folder of the flight recorder with -i, copy of the file with -r */
	uint64_t ring_bytes; /* 0: default */
	bool bodies;
};

/* Parse; argv is not changed. On success NULL and *o is filled, to be cleared with options_clear.
 * On trouble one line that names the option, the reason and what to do, freed with g_free; *o is
 * clear. */
char *options_parse(struct options *o, int argc, char *const *argv);
void options_clear(struct options *o);
/* The text of --help. Caller frees. */
char *options_help(void);
/* "high" -> SEVERITY_HIGH; false when it is none. */
bool options_severity(const char *name, enum severity *out);

#endif
