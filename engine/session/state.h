/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of one conversation and what the files of this room share: session.c lives and ends it,
 * commands.c and auth.c take what the client says, replies.c and ehlo.c what the server says,
 * progress.c what that means, transaction.c the message, tls.c the handshake, opened.c the records
 * that keys open, notes.c writes down.
 */
#ifndef SMTP365_SESSION_STATE_H
#define SMTP365_SESSION_STATE_H

#include "session/session.h"

enum session_mode {
	SESSION_MODE_SMTP,   /* lines */
	SESSION_MODE_TLS,    /* records */
	SESSION_MODE_OPAQUE, /* neither: counted only */
};

struct session_command { /* waits for its reply */
	enum smtp_verb verb;
	bool body;	 /* the end of a message */
	bool last_chunk; /* BDAT with LAST, all of whose bytes were sent */
	bool in_tls;
	struct seen_at at;
};

struct session {
	struct session_context *cx;
	unsigned number;
	struct seen seen;
	/* What `seen` points to, to be written: session_tls() and its like. NULL until needed. */
	struct seen_tls *own_tls;
	struct seen_mail *own_mail;
	struct seen_odd *own_odd;
	enum session_mode mode[2];  /* by enum flow_dir */
	struct smtp_client *client; /* NULL until needed */
	struct smtp_server *server;
	struct tls *tls[2];
	struct session_opened *opened; /* records opened with a key log; NULL without */
	struct seen_at sealed_gap[2];  /* bytes inside TLS that were lost before any was readable */
	struct smtp_client *inner_client; /* readable inside of TLS */
	struct smtp_server *inner_server;
	GArray *queue;	     /* struct session_command; NULL until needed */
	bool desync;	     /* replies can no longer be matched until a quiet point */
	bool inside;	     /* what is being read now is inside TLS */
	unsigned garbage[2]; /* lines in a row that are not SMTP */
	bool auth_open;	     /* AUTH exchange is going on */
	bool body_open;	     /* message body is going on */
	bool after_gap;	     /* bytes of the client were lost and no reply fitted since */
	bool believed;	     /* a dialogue that began in the middle was found */
	GArray *doubts;	     /* doubt.c: what may be commands or text; NULL none */
	bool doubts_text;    /* and what came with it is surely text, up to the next reply */
	const char
		*maybe_greeting; /* words of a 220 that a late start took for STARTTLS's answer */
	uint32_t envelope,
		refused_envelope; /* prints of the one in hand and of one refused for good */
	bool closed;		  /* a side has closed */
	bool transaction_refused;
	enum stage transaction_stage;
	struct seen_at transaction_at;
	unsigned rcpt_ok;
	struct seen_ehlo *filling; /* EHLO whose reply is being read */
	uint64_t last_c2s_ns, last_data_ns;
	struct arena arena;
	size_t arena_bytes;
	struct arena lists[2]; /* text of the EHLO list before TLS and of the inner one */
	bool own_list[2];      /* that list is in its own arena, else in the session's */
	char *last_text;       /* of the last reply, when it is not kept */
	size_t last_room;      /* bytes of it */
	char last_enhanced[24];
	bool had_list;
	uint32_t event_order;
	GArray *events; /* struct event */
	bool events_cut;
	char *history, *tls_history; /* words with blanks between; NULL empty */
};

/* The gate: all that leaves a session as text and came from the wire passes one of session_show,
 * session_show_address and session_keep..., which blank what repeats a secret of this session, hide
 * names when that is asked for, and make control bytes visible. */
/* session_show of a C string, as the names of a certificate are. */
const char *session_show_text(struct session *s, const char *text);
/* Is there anything to be looked for? */
bool session_hides(const struct session *s);
/* Does it repeat a secret over the end of a line, which no single line shows? */
bool session_repeats_over_lines(const struct session *s, struct bytes text);
/* `text`, or its copy in `room` (CAP_REPLY_TEXT bytes; the text may lie there) with "…" in place of
 * what repeats a secret; the second one also of names that are to be hidden. */
struct bytes session_without_secrets(const struct session *s, struct bytes text, char *room);
struct bytes session_without_names(const struct session *s, struct bytes text, char *room);
/* Cleaned copy in the arena, for things that happen a bounded number of times. */
const char *session_keep(struct session *s, struct bytes text, size_t most);
/* Cleaned text for an event's format, valid until the fourth call after this one. */
const char *session_show(struct session *s, struct bytes text, size_t most);
const char *session_show_address(struct session *s,
				 struct bytes address); /* redacted when asked for */
/* Cleaned copy for the EHLO list in hand; gone when the next list of that kind begins. */
const char *session_keep_list(struct session *s, bool inner, struct bytes text, size_t most);
void session_new_list(struct session *s, bool inner);
const char *session_keep_address(struct session *s,
				 struct bytes address); /* redacted when asked for */
void session_event(struct session *s, enum event_direction dir, struct flow_mark mark,
		   bool encrypted, const char *format, ...) G_GNUC_PRINTF(5, 6);
/* The same with clean text of CAP_EVENT_TEXT bytes at most. keep_text false: a greeting or EHLO
 * list, whose text is kept elsewhere and made again at the end. */
void session_event_text(struct session *s, enum event_direction dir, struct flow_mark mark,
			bool encrypted, const char *text, bool keep_text);
/* The name that LOGIN gave turned out to be the password too: take it out of the events. */
void session_hide_user(struct session *s);
void session_free_events(struct session *s);
void session_step(struct session *s, const char *word);	    /* history */
void session_tls_step(struct session *s, const char *word); /* tls history */
void session_reach(struct session *s, enum stage stage);
/* What was seen of TLS, of login and mail, of oddities, to be written; allocated at the first call.
 */
struct seen_tls *session_tls(struct session *s);
struct seen_mail *session_mail(struct session *s);
struct seen_odd *session_odd(struct session *s);

/* The stage that a command belongs to, STAGE_NONE for those that move nothing (NOOP, RSET, QUIT).
 */
enum stage session_stage_of(const struct session_command *c, bool inside);
void session_smtp_client(struct session *s, struct smtp_client *c, struct bytes *in,
			 struct flow_mark m);
void session_smtp_server(struct session *s, struct smtp_server *d, struct bytes *in,
			 struct flow_mark m);
void session_tls_bytes(struct session *s, enum flow_dir dir, struct bytes *in, struct flow_mark m);
/* A ClientHello follows a 220 that a late start took for the greeting: it answered STARTTLS. */
void session_greeting_was_starttls(struct session *s);
void session_start_tls(struct session *s, enum flow_dir dir, struct flow_mark m);
/* From here on what this direction sends inside TLS cannot be read although it could before. */
void session_plain_lost(struct session *s, enum flow_dir dir, struct flow_mark m);

/* opened.c */
/* An item of the TLS decoder: hellos and sealed records, for the opening. */
void session_opened_item(struct session *s, enum flow_dir dir, const struct tls_item *i,
			 struct flow_mark m);
/* Bytes of this direction are missing. */
void session_opened_gap(struct session *s, enum flow_dir dir);
/* Something of this frame comes: what was inside of earlier ones is read before. */
void session_opened_settle(struct session *s, struct flow_mark m);
/* Is this direction not readable although its records came? */
bool session_opened_shut(const struct session *s, enum flow_dir dir, bool at_end);
size_t session_opened_kept(const struct session *s);
void session_opened_free(struct session *s);

/* transaction.c */
/* Sender or recipient of the transaction in hand, for its print. */
void session_envelope(struct session *s, struct bytes address);
/* A message was taken: when the one that was refused had the same envelope, this was its second
 * try. */
void session_transaction_repeated(struct session *s);
/* The stage that could not be completed; one in which only a strange command was refused may still
 * be. */
void seen_failed_in(struct seen *n, enum stage stage, struct seen_at at, bool odd);
/* Was the message in hand refused for good? While recipients were taken and the connection is open
 * it may still come. */
bool session_transaction_over(const struct session *s, const struct flow *f);
/* A message was refused for good at this stage. */
void seen_transaction_failed(struct seen *n, struct seen_mail *mail, enum stage stage,
			     struct seen_at at);
/* The same for the transaction in hand. */
void session_transaction_failed(struct session *s);
/* The transaction in hand ends, refused or not. */
void session_end_transaction(struct session *s);
/* What the text of a message looked like. */
void session_body_shape(struct session *s, const struct smtp_body *b, struct flow_mark m);
/* The session ends, or the server answers, within a body: does it stand at a mark that is no end?
 */
void session_body_unfinished(struct session *s, struct flow_mark m);
/* commands.c: a line that is no SMTP; after some in a row the direction is given up. */
void session_garbage(struct session *s, enum flow_dir dir, const struct smtp_item *i,
		     struct flow_mark m);

#endif
