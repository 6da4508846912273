/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reply texts as data: sentence, code and enhanced status code, who says it and at which step of
 * the session -> fact, with the cause and the fix that belong to exactly this sentence. Of all rows
 * that fit a reply the most specific one wins, whatever their order: the longest sentence, then the
 * more exact codes, peers and stages. So a row without a sentence never beats one with a sentence.
 */
#ifndef SMTP365_REPLIES_H
#define SMTP365_REPLIES_H

#include "facts/facts.h"
#include "smtp/smtp.h"
#include "verdict.h"

/* Who speaks. */
enum reply_peer {
	REPLY_PEER_OTHER,    /* any server that is not Microsoft's */
	REPLY_PEER_M365,     /* an organisation's Microsoft 365, all its clouds and endpoints */
	REPLY_PEER_CONSUMER, /* Microsoft's consumer mail: Outlook.com, Hotmail */
	REPLY_PEERS
};

struct reply_row {
	const char
		*sentence; /* ASCII, compared without case anywhere in the text; NULL: code only */
	const char *also;  /* a second piece that must be there too, or NULL */
	bool wrapper;	   /* "Recipient address rejected: <why>": any other sentence says more */
	uint16_t code;	   /* 0 = any 4xx or 5xx */
	uint8_t klass;	   /* enhanced status code; 0 = not asked for */
	uint16_t subject;
	uint16_t detail_from, detail_to; /* range of the third number; 0,0 = any */
	unsigned peers;			 /* bits 1 << enum reply_peer: whose words these are */
	unsigned stages;		 /* bits 1 << enum stage: where it can come; 0 = anywhere */
	enum fact fact;
	const char *title, *cause, *fix, *check, *reference; /* NULL: those of the rule */
	uint8_t side;	    /* 1 + enum side; 0: that of the rule */
	const char *source; /* anchor of a heading in docs/microsoft-365.md, or an RFC */
	const char *since;  /* date of the newest sample known, "" unknown */
};

/* The rows of one reply, one for each that may have said it; NULL when no row knows it. */
struct reply_match {
	const struct reply_row *by[REPLY_PEERS];
};

/* The trailer `[server time id]` of a reply, or `[Hostname=server]`
 * (docs/microsoft-365.md#trailer). */
struct reply_trailer {
	struct bytes server, time, id; /* borrowed from the text; empty when absent */
};

/* The rows for this reply (code >= 400) at this stage of the session. `text` is smtp_reply.text. An
 * inner "Error: 535 ..." (530 5.7.57 that repeats the reason) gives the row of the inner reply.
 * What a reply quotes of another server, and addresses in it, are not matched. */
struct reply_match replies_match(const struct smtp_reply *reply, enum stage stage);
/* Split the trailer off; returns the text before it. */
struct bytes replies_trailer(struct bytes text, struct reply_trailer *out);
/* What RFC 3463 says of this class and subject, a sentence; never NULL. */
const char *replies_rfc3463(uint16_t code, const struct smtp_reply *reply);
/* All rows, for tests and listings; count in *n. */
const struct reply_row *replies_all(size_t *n);
/* How specific a row is for a reply that has an enhanced code, or has none; of two that fit the
 * higher one wins. No two rows of the same sentence that can fit the same reply have the same rank.
 */
uint32_t replies_rank(const struct reply_row *row, bool enhanced);

#endif
