/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The formats of the output, a row each: what a format does at the begin of a file's sessions, for
 * each session and at the end, and how it lists findings. Nothing else asks which format it is.
 */
#ifndef SMTP365_FORMAT_H
#define SMTP365_FORMAT_H

#include <glib.h>
#include "report.h"
#include "cli/options.h"

/* How a run ended; all borrowed during the call. */
struct format_end {
	const struct report_summary *summary; /* NULL: not wanted */
	const struct report_options *report;
	uint64_t sessions;
	const uint64_t *frames; /* of each enum packet_count what became of them; NULL not asked */
};

/* All of them append to `out`; NULL: nothing to say there. */
struct output_format {
	bool color;   /* may have colours on a terminal */
	bool adds_up; /* its end has a summary, unless it shall be quiet */
	void (*begin)(const char *file, GString *out); /* of several: its sessions follow */
	void (*session)(const struct verdict *v, const struct report_options *o, GString *out);
	void (*end)(const struct format_end *e, GString *out);
	void (*findings)(GString *out); /* --list-findings */
};

/* The row of a format. Static. */
const struct output_format *format_row(enum format f);

#endif
