/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The frame of the HTML report: head with files and options, summary, sections. Takes counts and
 * appends text; out_html.c says when. Private to out_html*.c.
 */
#ifndef SMTP365_OUT_HTML_PAGE_H
#define SMTP365_OUT_HTML_PAGE_H

#include "html/out_html.h"
#include "html/parts.h"

/* What the capture lacks, by the sessions of one file. */
struct html_quality {
	unsigned sessions, one_sided, midstream, snapped, tunnelled;
	uint64_t gap_bytes, duplicates;
};

struct html_page {
	const struct options *o;  /* borrowed */
	bool several;		  /* files */
	GString *names, *sources; /* of the files read so far; sources is all about them */
	GString *scratch;
	struct html_quality quality;
	GHashTable *first; /* id of a cause -> uint64_t, file << 32 | session: the first it has */
};

void html_page_init(struct html_page *p, const struct options *o);
void html_page_clear(struct html_page *p);
/* Count one session of file `file`, 0 when there is one only. */
void html_page_count(struct html_page *p, const struct verdict *v, unsigned file);
/* One file is done. name: escaped; sha256: hex or NULL. */
void html_page_source(struct html_page *p, const char *name, const char *sha256,
		      const struct out_html_file *f);
/* From the doctype to the end of the summary. */
void html_page_head(struct html_page *p, const struct report_summary *s,
		    const unsigned entries[HTML_PLACES], GString *out);
void html_page_section(enum html_place place, unsigned entries, GString *out);
/* Name (escaped) of a file between the sessions. */
void html_page_file(enum html_place place, const char *name, GString *out);
void html_page_section_end(enum html_place place, GString *out);
void html_page_end(const struct html_page *p, GString *out);

#endif
