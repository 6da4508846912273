/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What happened inside TLS, from lengths, directions and times of records and from what was read in
 * clear before: replies of Exchange Online have known lengths, and server name and date in them are
 * known from the clear part of the same session. Pure: the same input gives the same result.
 * What it says is inferred, at best likely. Where lengths do not allow a name it says how far the
 * session came, where they do not allow that it says nothing.
 */
#ifndef SMTP365_INSIDE_H
#define SMTP365_INSIDE_H

#include "inside/log.h"
#include "m365/sent.h"

enum inside_statement { /* as smtp365.inside.statement */
			INSIDE_NOTHING,
			INSIDE_ACCEPTED,
			INSIDE_ANSWERED, /* the message: accepted or refused */
			INSIDE_LOGIN_ACCEPTED,
			INSIDE_LOGIN_REFUSED,
			INSIDE_SENDER_REFUSED,
			INSIDE_RECIPIENT_REFUSED,
			INSIDE_MESSAGE_REFUSED,
			INSIDE_NOT_AUTHENTICATED,
			INSIDE_STATEMENTS
};

enum inside_mech { INSIDE_MECH_NONE, INSIDE_MECH_LOGIN, INSIDE_MECH_PLAIN, INSIDE_MECH_XOAUTH2 };

struct inside_input {
	const struct inside_log *log;
	uint16_t version, suite; /* chosen; 0: the ServerHello was lost */
	bool renegotiation;	 /* another handshake under encryption: nothing is said */
	bool mx;		 /* an MX host, else a submission host */
	const char *host;	 /* first word of the greeting */
	bool greeting_id;	 /* the greeting ends in an id */
	unsigned domain;	 /* bytes of the domain of this host's trailers, 0 not read */
	unsigned list;		 /* bytes of the last EHLO reply before STARTTLS, with CRLF */
	unsigned first_line;	 /* bytes of its first line */
	unsigned ip;		 /* bytes of the client's address as the server wrote it */
};

#define INSIDE_CANDIDATES 6

struct inside_candidate {
	enum sent_label label;
	double p;
};

/* One record or run of records in words. */
struct inside_step {
	uint32_t frame;
	uint64_t ns;
	bool server;
	const char *words; /* static; NULL: the reply, words by the label */
	int label;	   /* enum sent_label of the reply, or -1 */
};

struct inside_result {
	enum inside_statement statement;
	enum inside_mech mech;	/* sure enough to be told, else NONE */
	bool named;		/* `label` is told */
	enum sent_label label;	/* when named */
	enum sent_group group;	/* told with the label, or alone */
	bool likely;		/* else possible */
	double p;		/* of the label, of the group, or of the statement */
	unsigned reply_bytes;	/* of the reply that decided, trailer left out; 0 not exact */
	unsigned trailer_bytes; /* of its trailer, when reply_bytes is set */
	uint32_t frame;		/* of that reply, 0 none */
	double old_tls;		/* share of the refusal of TLS 1.0 and 1.1, whatever is named */
	uint64_t message_bytes; /* about, of the last message; 0 none */
	uint32_t mech_frame;	/* where the login began, 0 none */
	bool tried_login;
	bool login_accepted;
	uint32_t login_frame; /* of the reply that accepted it */
	struct inside_candidate candidates[INSIDE_CANDIDATES];
	unsigned candidate_count;
	struct inside_step steps[INSIDE_LOG_ALL];
	unsigned step_count;
};

void inside_read(const struct inside_input *in, struct inside_result *out);

const char *inside_statement_name(enum inside_statement s); /* NULL for nothing */
const char *inside_mech_name(enum inside_mech m);	    /* NULL for none */

#endif
