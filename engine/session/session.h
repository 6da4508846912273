/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One conversation: which decoder reads which direction, which reply answers which command, and
 * what was seen. Takes ordered bytes, gaps and closes from a flow; gives `struct seen` and events.
 * Facts, rules and the verdict are made from those by others.
 */
#ifndef SMTP365_SESSION_H
#define SMTP365_SESSION_H

#include "base/arena.h"
#include "base/pool.h"
#include "facts/facts.h"
#include "inside/hosts.h"
#include "keys/opening.h"
#include "session/seen.h"
#include "tls/certificates.h"
#include "verdict.h"

/* What all sessions of an engine share. Borrowed by each session. */
struct session_context {
	struct peers *peers;
	struct dns *dns;
	struct inside_hosts *hosts; /* NULL: nothing is inferred */
	struct certificates *certificates;
	uint64_t secret_key; /* of the fingerprints of secrets */
	bool redact, dialogue;
	bool events_of_causes; /* verdicts without a cause need no events */
	GString *scratch[4];   /* for session_show, in turn; owned by the engine */
	unsigned scratch_at;
	struct arena_pool blocks;		       /* of the sessions' arenas */
	struct pool session_room, tls_room, mail_room; /* of session.c */
	struct key_log *key_log; /* secrets of TLS sessions; NULL: none were given */
	uint64_t now_ns;	 /* newest packet time */
	bool one_sided;		 /* clients were answered, and no server was ever captured */
};

struct session; /* state.h */

struct session *session_new(struct session_context *cx, unsigned number);
void session_free(struct session *s); /* wipes */
size_t session_kept(const struct session *s);
/* Ask for the memory that the next bytes need: step 0 itself, step 1 its decoders. */
void session_fetch(const struct session *s, unsigned step);
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
/* The segment is over: what was inside of its records is read, with its mark; NULL: with the marks
 * of the records. */
void session_opened_flush(struct session *s, const struct flow_mark *now);
enum opening_state session_opened_state(const struct session *s);
/* A side reports a hole with SACK (RFC 2018): its ACK stays at `ack`, `size` bytes are missing. */
void session_hole(struct session *s, bool server_bytes, uint32_t ack, uint32_t size,
		  struct flow_mark m);
void session_icmp(struct session *s, const struct icmp_error *e);
/* The name the client meant, at the first packet. */
void session_lookup(struct session *s, const struct dns_lookup *l, uint32_t dns_seen);
/* The flow is over: pending commands and silence go into `seen`. */
void session_end(struct session *s, const struct flow *f);
/* What was seen so far, and its number. Borrowed; never NULL. */
const struct seen *session_seen(const struct session *s);
unsigned session_number(const struct session *s);
void session_set_number(struct session *s, unsigned number);
/* The capture began in the middle of the connection. */
void session_begin_midstream(struct session *s);
/* What was seen, as session_end would leave it if the capture ended now; nothing changes. */
struct session_snapshot {
	struct seen seen; /* borrows from the session and from `mail` */
	struct seen_mail mail;
};
const struct seen *session_as_ended(const struct session *s, const struct flow *f,
				    struct session_snapshot *out);
/* The steps in words, NULL when there were none. */
const char *session_history(const struct session *s);
const char *session_tls_history(const struct session *s);
/* The events noted, in order once session_network_events() was called; NULL and 0 when none.
 * *cut: there were more. */
const struct event *session_events(const struct session *s, unsigned *count, bool *cut);
/* Grows with everything that is noted: is there something new since the last look? */
uint32_t session_noted(const struct session *s);
/* A copy of `text` that lives as long as the session, NULL for NULL. */
const char *session_keep_text(struct session *s, const char *text);
/* A line of the dialogue inside TLS that was inferred: its text gets a question mark. */
void session_inferred(struct session *s, enum event_direction dir, struct flow_mark m,
		      const char *text);
/* Events of frames that carry no dialogue: SYN, DNS answer, repeated segments; then all in order.
 */
void session_network_events(struct session *s, const struct flow *f);

#endif
