/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One conversation: which decoder reads which direction, which reply answers which command, and
 * what was seen. Takes ordered bytes, gaps and closes from a flow; gives `struct seen` and events.
 * Facts, rules and the verdict are made from those by others.
 */
#ifndef SMTP365_SESSION_H
#define SMTP365_SESSION_H

#include "base/arena.h"
#include "facts/facts.h"
#include "session/seen.h"
#include "verdict.h"

/* What all sessions of an engine share. Borrowed by each session. */
struct session_context {
	struct peers *peers;
	struct dns *dns;
	uint64_t secret_key; /* of the fingerprints of secrets */
	bool redact, dialogue;
	bool events_of_causes; /* verdicts without a cause need no events */
	GString *scratch[4];   /* for session_show, in turn; owned by the engine */
	unsigned scratch_at;
	struct arena_pool blocks; /* of the sessions' arenas */
	uint64_t now_ns;	  /* newest packet time */
	bool one_sided;		  /* clients were answered, and no server was ever captured */
	void (*on_event)(unsigned session, const struct event *e, void *host); /* may be NULL */
	void *host;
};

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

#define SESSION_EXTRAS 4u

/* A fact that only several sessions together show (clients.c). */
struct rule;

struct session_extra {
	enum fact fact;
	uint32_t frame;
	const char *words; /* in the arena */
};

/* Its place in the list of open sessions that are worth a look (early.c). */
struct session_early {
	struct session *older, *newer;
	struct flow *flow; /* for the look */
	uint64_t due_ns;
	uint64_t certain_ns; /* since when its cause is certain, 0 it is not */
	uint32_t noted;	     /* event_order at the last look */
	unsigned alarms;     /* critical findings told */
	bool listed, cause_told;
	bool closed; /* at the last look it only waited for late segments */
	bool told;   /* something was */
};

struct session {
	struct session_context *cx;
	unsigned number;
	struct seen seen;
	enum session_mode mode[2];  /* by enum flow_dir */
	struct smtp_client *client; /* NULL until needed */
	struct smtp_server *server;
	struct tls *tls[2];
	struct smtp_client *inner_client; /* readable inside of TLS */
	struct smtp_server *inner_server;
	GArray *queue;		      /* struct session_command; NULL until needed */
	bool desync;		      /* replies can no longer be matched until a quiet point */
	bool inside;		      /* what is being read now is inside TLS */
	unsigned garbage[2];	      /* lines in a row that are not SMTP */
	bool auth_open;		      /* AUTH exchange is going on */
	bool body_open;		      /* message body is going on */
	bool after_gap;		      /* bytes of the client were lost and no reply came since */
	struct smtp_item *maybe_auth; /* AUTH that may be the text of a message; NULL none */
	struct flow_mark maybe_at;
	bool transaction_refused;
	enum stage transaction_stage;
	struct seen_at transaction_at;
	bool failed_odd; /* seen.failed: a command was refused that is not SMTP, nothing else */
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
	struct session_extra *extra; /* SESSION_EXTRAS at most, allocated when needed */
	unsigned extra_count;
	const struct rule *cause; /* as told in the verdict, NULL none (conclude.c) */
	const struct rule
		*cause_before; /* why TLS failed in the session before (clients.c), NULL none */
	uint32_t cause_frame, cause_before_frame;
	struct session_early early;
};

struct session *session_new(struct session_context *cx, unsigned number);
void session_free(struct session *s); /* wipes */
size_t session_kept(const struct session *s);
void session_data(struct session *s, const struct flow *f, enum flow_dir dir, struct bytes view,
		  struct flow_mark mark);
void session_gap(struct session *s, const struct flow *f, enum flow_dir dir, uint64_t missing,
		 enum flow_gap why, struct flow_mark mark);
void session_close(struct session *s, const struct flow *f, enum flow_dir dir, bool reset,
		   struct flow_mark mark);
/* Decrypted bytes of one direction, in order. */
void session_plaintext(struct session *s, enum flow_dir dir, struct bytes view,
		       struct flow_mark mark);
/* An alert that was encrypted on the wire. */
void session_plain_alert(struct session *s, enum flow_dir dir, uint8_t level, uint8_t code,
			 struct flow_mark m);
/* A side reports a hole with SACK (RFC 2018): its ACK stays at `ack`, `size` bytes are missing. */
void session_hole(struct session *s, bool server_bytes, uint32_t ack, uint32_t size,
		  struct flow_mark m);
void session_icmp(struct session *s, const struct icmp_error *e);
/* The name the client meant, at the first packet. */
void session_lookup(struct session *s, const struct dns_lookup *l, uint32_t dns_seen);
/* What shows that the readable dialogue of a session with holes was inside TLS (C07), frame 0
 * nothing. */
struct seen_at session_mirror_sign(const struct session *s, const struct flow *f);
/* The flow is over: pending commands and silence go into `seen`. */
void session_end(struct session *s, const struct flow *f);

/* Shared by the session's files. */
/* Cleaned copy in the arena, for things that happen a bounded number of times. */
const char *session_keep(struct session *s, struct bytes text, size_t most);
/* Cleaned text for an event's format, valid until the fourth call after this one. */
const char *session_show(struct session *s, struct bytes text, size_t most);
const char *session_show_address(struct session *s,
				 struct bytes address); /* redacted when asked for */
/* Cleaned copy for the EHLO list in hand; gone when the next list of that kind begins. */
const char *session_keep_list(struct session *s, bool inner, struct bytes text, size_t most);
void session_new_list(struct session *s, bool inner);
const char *session_keep_text(struct session *s, const char *text);
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
/* Events of frames that carry no dialogue: SYN, DNS answer, repeated segments; then all in order.
 */
void session_network_events(struct session *s, const struct flow *f);
void session_step(struct session *s, const char *word);	    /* history */
void session_tls_step(struct session *s, const char *word); /* tls history */
void session_reach(struct session *s, enum stage stage);
/* What was seen of TLS, of login and mail, of oddities, to be written; allocated at the first call.
 */
struct seen_tls *session_tls(struct session *s);
struct seen_mail *session_mail(struct session *s);
struct seen_odd *session_odd(struct session *s);
static inline struct seen_at seen_at(struct flow_mark m)
{
	return (struct seen_at){ .frame = m.frame, .ns = m.time_ns };
}
static inline void seen_first(struct seen_at *at, struct flow_mark m)
{
	if (!at->frame)
		*at = seen_at(m);
}

/* The stage that a command belongs to, STAGE_NONE for those that move nothing (NOOP, RSET, QUIT).
 */
enum stage session_stage_of(const struct session_command *c, bool inside);
/* The session ends, or the server answers, within a body: does it stand at a mark that is no end?
 */
void session_body_unfinished(struct session *s, struct flow_mark m);
bool session_transaction_over(const struct session *s, const struct flow *f);
/* The transaction in hand ends, and it was refused. */
void session_transaction_failed(struct session *s);
/* The reply that comes after an AUTH that was not sure to be one. */
void session_auth_replied(struct session *s, uint16_t code);
void session_smtp_client(struct session *s, struct smtp_client *c, struct bytes *in,
			 struct flow_mark m);
void session_smtp_server(struct session *s, struct smtp_server *d, struct bytes *in,
			 struct flow_mark m);
void session_tls_bytes(struct session *s, enum flow_dir dir, struct bytes *in, struct flow_mark m);
void session_start_tls(struct session *s, enum flow_dir dir, struct flow_mark m);

#endif
