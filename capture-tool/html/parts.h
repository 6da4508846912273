/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the HTML report share: escaping, one session as card or row, the style sheet.
 * Every text from outside goes through html_wire or html_sentence; what
 * html_text is given must be valid UTF-8 without control characters already.
 */
#ifndef SMTP365_OUT_HTML_PARTS_H
#define SMTP365_OUT_HTML_PARTS_H

#include "report.h"

/* Where a session stands on the page. */
enum html_place {
	HTML_FAILED,	/* card */
	HTML_ATTENTION, /* card: it did not fail, but there is something to act on */
	HTML_BEYOND,	/* row: would be a card, but there are too many */
	HTML_WORKED,	/* row */
	HTML_OTHER,	/* row: not Microsoft 365 */
	HTML_PLACES
};

struct html_session {
	const struct verdict *v;
	const struct report_options *o;
	unsigned file;	  /* number of the file from 1; 0 when there is one only */
	GString *out;	  /* appended to */
	GString *scratch; /* of html_wire and html_sentence */
};

/* Append with the five characters escaped that mean something in text or in attributes. */
void html_text(GString *out, const char *text);
/* Text from the wire: made clean and cut to CAP_FIELD, then escaped. */
void html_wire(GString *out, const char *text, bool redact, GString *scratch);
/* A sentence of ours, or a word of the command line: made clean, never cut, then escaped. */
void html_sentence(GString *out, const char *text, GString *scratch);
/* A severity in its colour. */
void html_severity(GString *out, enum severity s);
/* Anchor of a session: "s3", with several files "f2s3". */
void html_anchor(GString *out, unsigned file, unsigned session);

enum html_place html_place(const struct verdict *v, const struct report_options *o);
void html_card(struct html_session *s);
/* A row of four cells: number, start, verdict line, findings. */
void html_row(struct html_session *s);
/* The dialogue as arrows between client and server, folded. */
void html_ladder(struct html_session *s);
/* Every value of the record with its label and key, folded. */
void html_facts(struct html_session *s);

extern const char html_style[];

#endif
