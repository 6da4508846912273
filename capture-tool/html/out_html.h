/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The report as one HTML file for a ticket: self-contained, no script, nothing fetched. Takes the
 * files and verdicts of a run as they come and writes the page at the end, because its summary
 * stands first; what waits until then lies in temporary files, not in memory. Deterministic.
 */
#ifndef SMTP365_OUT_HTML_H
#define SMTP365_OUT_HTML_H

#include <stdbool.h>
#include <stdint.h>
#include "verdict.h"
#include "cli/options.h"
#include "frames/packet.h"

struct out_html;

/* How reading a file ended; all borrowed during the call. */
struct out_html_file {
	const struct packet_stats *frames; /* NULL: could not be read */
	uint64_t first_ns, last_ns;	   /* of its packets, UTC since 1970; both 0: none */
	const char *trouble;		   /* cut, damaged, not readable; or NULL */
};

/* Open o->html for writing; `o` is borrowed until out_html_close. On failure NULL and *error, one
 * line, g_free; also when it is one of the captures or the other output. */
struct out_html *out_html_open(const struct options *o, char **error);
/* The next file begins; "-" is standard input. Sessions that follow are of this file. */
void out_html_file_begin(struct out_html *h, const char *path);
void out_html_session(struct out_html *h, const struct verdict *v);
/* The file is done. A regular file is read once more here, for its SHA-256. */
void out_html_file_end(struct out_html *h, const struct out_html_file *f);
/* Write the page and free `h`. True when all was written; else *error as above. */
bool out_html_close(struct out_html *h, char **error);

#endif
