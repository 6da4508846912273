/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What becomes of verdicts, the same for files and live: each is counted, added to the summary and
 * written in the format of the options. Gives the texts; where they go is the caller's.
 */
#ifndef SMTP365_RESULTS_H
#define SMTP365_RESULTS_H

#include "run/alike.h"
#include "run/format.h"

struct run_result {
	bool trouble;	     /* a file could not be read, or is no capture: exit status 2 */
	bool findings;	     /* there was one */
	enum severity worst; /* the most severe */
	char id[64];	     /* its id, "" none */
	unsigned session;    /* and the first session that has it */
};

struct results {
	const struct output_format *format;
	struct report_options report;
	struct report_summary *summary; /* NULL: nobody wants it, and a sensor runs for months */
	GString *text;			/* given last */
	struct alike *alike;		/* that are not told one by one */
	uint64_t sessions;		/* that have ended */
	struct run_result told;
};

/* `terminal`: colours may be used where the texts go. To be cleared with results_clear. */
void results_init(struct results *r, const struct options *o, bool terminal);
void results_clear(struct results *r);

/* The sessions of this one of several files follow; `file` is borrowed until the next one. Like the
 * others it gives what is to be written, perhaps nothing; valid until the next call. */
const GString *results_file(struct results *r, const char *file);
/* Open sessions (live) are written, but count only when they end. */
const GString *results_session(struct results *r, const struct verdict *v);
/* `frames`: what became of them (enum packet_count), for when there was no session; or NULL. */
const GString *results_end(struct results *r, const uint64_t *frames);

#endif
