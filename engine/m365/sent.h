/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Replies as Microsoft 365 sends them, whole, for those who see only their lengths: the sentence is
 * the datum (sent.def), its length is computed from it, so that the two cannot drift apart. Beside
 * it stands how well it is known, how often it comes and how long the server waits before it.
 * Also the trailer that ends a refusal, whose length the host of the greeting tells.
 */
#ifndef SMTP365_SENT_H
#define SMTP365_SENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "bytes.h"

enum sent_stage { SENT_AUTH, SENT_MAIL, SENT_RCPT, SENT_MESSAGE };

/* Groups of causes that call for the same remedy. */
enum sent_group {
	SENT_GROUP_NONE,
#define SENT_GROUP(name, words) SENT_GROUP_##name,
#include "m365/sent_groups.def"
#undef SENT_GROUP
	SENT_GROUP_COUNT
};

enum sent_label {
#define SENT(name, ...) SENT_##name,
#include "m365/sent.def"
#undef SENT
	SENT_COUNT
};

/* How well a sentence is known. Only the first kind may be named from a length alone. */
enum sent_tier {
	SENT_TIER_A, /* several public sources that do not depend on each other */
	SENT_TIER_B, /* few, or seen by one side only */
	SENT_TIER_C, /* old, or documented and never seen */
};

struct sent_row {
	const char *label; /* slug */
	enum sent_group group;
	enum sent_tier tier;
	enum sent_stage stage;
	bool mx;	   /* sent by an MX host, else by a submission host */
	bool slow;	   /* after a refusal of some seconds (the tarpit) */
	bool no_auth_line; /* only where the mechanism is none that is offered */
	bool old_tls;	   /* only below TLS 1.2 */
	double weight;	   /* among the refusals of its stage; at AUTH after LOGIN */
	double oauth;	   /* at AUTH after XOAUTH2 */
	/*
	 * The sentence without CRLF. Places whose length varies stand in braces: {ip} the client's
	 * address as the server sees it, {trailer} server, time and id, {20-90} any length between,
	 * {5|7|8} one of these, each with a share when {0*98|1*2}.
	 */
	const char *text;
};

/* Lengths of one reply, CRLF included; the address and the trailer come on top. */
#define SENT_PIECES 4
struct sent_length {
	struct {
		uint16_t from, to;
		double share; /* of all lengths of this reply */
	} pieces[SENT_PIECES];
	unsigned count;
	unsigned ips; /* times the address stands in it */
	bool trailer;
};

const struct sent_row *sent_row(enum sent_label l);
/* Computed once for the process from the row's text. */
const struct sent_length *sent_length(enum sent_label l);
const char *sent_group_name(enum sent_group g);	 /* NULL for none */
const char *sent_group_words(enum sent_group g); /* for people; NULL for none */
struct reply_row;
/* The row of the reply table that knows this sentence, with its fact, fix and check; or NULL. */
const struct reply_row *sent_reply(enum sent_label l);
/* Code and text of the row as one line of a reply, places filled with "...", into buf. */
void sent_line(enum sent_label l, char *buf, size_t size);

/* What the greeting's host says about the trailer of the refusals that follow. */
struct sent_trailer {
	bool known; /* a host name of a known pattern: the length is sure */
	struct {
		uint16_t length; /* of " [host.domain time id]" in bytes */
		double share;
	} pieces[8];
	unsigned count;
	uint16_t usual; /* the likeliest length */
};

/* `host` is the first word of the greeting, `id`: the greeting ends in its own id. `domain` is the
 * length of the domain in a trailer that was read in clear from this host, 0 unknown. */
struct sent_trailer sent_trailer(const char *host, bool id, unsigned domain);
/* Is it the greeting of Exchange Online, and does it end in an id? */
bool sent_greeting(const char *text, bool *id);
/* Length of the domain in a trailer's server name, 0 when it has none or is of another host. */
unsigned sent_domain(const char *host, struct bytes server);

#endif
