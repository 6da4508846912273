/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Passing over a message body: DATA up to CRLF.CRLF (RFC 5321 4.1.1.4), BDAT by its length
 * (RFC 3030). Takes views, counts, copies nothing; of a view only the front of its last line and
 * its last byte are remembered. When the body began is told by client.c.
 */
#ifndef SMTP365_SMTP_BODY_H
#define SMTP365_SMTP_BODY_H

#include "smtp/smtp.h"

struct smtp_body_scan {
	struct smtp_body body;
	uint64_t left;	  /* BDAT: bytes of the chunk still to come */
	uint64_t line;	  /* DATA: length of the line that has started */
	uint8_t front[2]; /* its first two bytes */
	uint8_t last;	  /* its last byte so far */
	bool after_crlf;  /* the line before it ended with CRLF, as DATA's own does */
};

void smtp_body_data(struct smtp_body_scan *s);				  /* DATA begins */
void smtp_body_chunk(struct smtp_body_scan *s, uint64_t size, bool last); /* BDAT begins */
/* Pass over the front of `in`; true when the body ended (the end mark is taken too). */
bool smtp_body_next(struct smtp_body_scan *s, struct bytes *in);
/* Bytes were lost. Returns how many of them lie past the end of a chunk; 0 in DATA, whose count
 * leaves lost bytes out, since its end may lie among them. */
uint64_t smtp_body_gap(struct smtp_body_scan *s, uint64_t missing);

#endif
