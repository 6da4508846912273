/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reply texts of Microsoft 365 as data: sentence, code and enhanced status code -> fact, with the
 * cause and the fix that belong to exactly this sentence. The sentence decides; a row without one
 * matches by code alone and stands after those with one. Facts and sources: docs/microsoft-365.md.
 */
#ifndef SMTP365_REPLIES_H
#define SMTP365_REPLIES_H

#include "facts/facts.h"
#include "smtp/smtp.h"

struct reply_row {
	const char
		*sentence; /* ASCII, compared without case anywhere in the text; NULL: code only */
	const char *also;  /* a second piece that must be there too, or NULL */
	uint16_t code;	   /* 0 = any 4xx or 5xx */
	uint8_t klass;	   /* enhanced status code; 0 = not asked for */
	uint16_t subject;
	uint16_t detail_from, detail_to; /* range of the third number; 0,0 = any */
	enum fact fact;
	const char *cause, *fix, *check, *reference; /* NULL: those of the rule */
	const char *source;			     /* anchor in docs/microsoft-365.md, or RFC */
	const char *since; /* date of the newest sample known, "" unknown */
};

/* The trailer `[server time id]` of a reply, or `[Hostname=server]`
 * (docs/microsoft-365.md#trailer). */
struct reply_trailer {
	struct bytes server, time, id; /* borrowed from the text; empty when absent */
};

/* The row for this reply (code >= 400), or NULL when no row knows it. `text` is smtp_reply.text. An
 * inner "Error: 535 ..." (530 5.7.57 that repeats the reason) gives the row of the inner reply.
 * m365: rows whose code alone decides are skipped when the peer is not Microsoft 365, except those
 * that RFC 5321/3463 define the same for all. */
const struct reply_row *replies_match(const struct smtp_reply *reply, bool m365);
/* Split the trailer off; returns the text before it. */
struct bytes replies_trailer(struct bytes text, struct reply_trailer *out);
/* What RFC 3463 says of this class and subject, a sentence; never NULL. */
const char *replies_rfc3463(uint16_t code, const struct smtp_reply *reply);
/* All rows, for tests and listings; count in *n. */
const struct reply_row *replies_all(size_t *n);

#endif
