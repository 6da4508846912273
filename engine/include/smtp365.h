/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The whole public API of the engine. A window makes one engine, feeds it segments, datagrams,
 * ICMP errors and decrypted bytes in the order of the capture, and gets one verdict per session
 * through a callback. No I/O, no clock, no threads; one engine must not be used by two threads at
 * once.
 */
#ifndef SMTP365_H
#define SMTP365_H

#include <glib.h>
#include "bytes.h"
#include "segment.h"
#include "verdict.h"

#define SMTP365_VERSION "0.1.0"

struct smtp365; /* opaque */

/* A host that counts as Microsoft 365 although the built-in table does not know it. */
struct smtp365_name {
	const char *pattern; /* "smtp.contoso.com", "*.contoso.com" */
	uint16_t port;	     /* 0 any */
	enum endpoint endpoint;
};

struct smtp365_options {
	bool redact;	       /* hide user names and local parts of addresses */
	bool events_of_causes; /* verdicts without a cause come without events (cheaper) */
	bool no_inference;     /* say nothing from lengths of encrypted records */
	bool dialogue;	       /* keep every command and reply line as events (-v) */
	size_t memory;	       /* cap in bytes for connections; 0 = CAP_MEMORY_ALL */
	uint8_t hash_key[16];  /* random per process; all zero is allowed (tests) */
	const uint16_t *ports; /* more watched ports, borrowed for the call */
	unsigned port_count;
	bool only_ports;		  /* watch only `ports`, not the default ones */
	const struct smtp365_name *names; /* ahead of the built-in table, borrowed for the call */
	unsigned name_count;
	const char *endpoints_json; /* text of a Microsoft endpoints document, or NULL */
	size_t endpoints_size;
};

/* Called once per session, when it ends, and with smtp365_tick also before that (`open` in the
 * verdict). `v` and all it points to are valid during the call only. */
typedef void (*smtp365_session_fn)(const struct verdict *v, void *host);

struct smtp365_stats {
	uint64_t segments, datagrams, icmp_errors;
	uint64_t sessions, culled;
	uint64_t duplicates, gap_bytes;
	size_t bytes_peak;
	/* for live capture */
	uint64_t smtp_segments;	  /* of connections that are followed */
	uint64_t one_sided;	  /* sessions whose dialogue was captured one way only (C01) */
	uint64_t two_sided;	  /* sessions with payload of both sides */
	uint64_t unanswered;	  /* sessions without a packet of the server, or a sign of one */
	uint64_t told_early;	  /* verdicts of open sessions */
	uint64_t delivered_bytes; /* payload of ended sessions that was seen, beside gap_bytes */
	uint64_t open;		  /* connections in the table now */
	/* ended sessions with TLS since smtp365_keys was called first */
	uint64_t tls_opened;	  /* decrypted, at least in part */
	uint64_t tls_no_keys;	  /* no secrets for them were given */
	uint64_t tls_wrong_keys;  /* some were, and nothing could be decrypted with them */
	uint64_t tls_other_suite; /* under a version or cipher suite that is not decrypted */
	uint64_t tls_torn;	  /* bytes of the handshake are missing in the capture */
	size_t bytes;		  /* memory of the table and what it holds now */
};

/* A new engine, owned by the caller. On bad options NULL and an owned message in *error (g_free).
 */
struct smtp365 *smtp365_new(const struct smtp365_options *o, smtp365_session_fn on_session,
			    void *host, char **error);
/* Feed one packet's content. Never fails; strange input becomes facts. */
void smtp365_segment(struct smtp365 *s, const struct segment *g);
/* At most so many segments are worth expecting together. */
#define SMTP365_EXPECT 8u
/* A hint: these segments are fed next, in this order, unchanged. Most of the time of a busy link is
 * waiting for the memory of its connections; asked for together it comes together. Writes
 * `ends_hash`; no output depends on it. */
void smtp365_expect(struct smtp365 *s, struct segment *const *g, unsigned n);
/* Number of the session to which the segment fed last belongs; 0: none, or not yet known to be
 * SMTP. */
unsigned smtp365_last_session(const struct smtp365 *s);
void smtp365_datagram(struct smtp365 *s, const struct datagram *g);
void smtp365_icmp(struct smtp365 *s, const struct icmp_error *e);
/* A frame without anything for the engine: packet time goes on, nothing else. */
void smtp365_clock(struct smtp365 *s, uint64_t now_ns);
/* Bytes that the host decrypted behind TLS, in order, each byte once. */
void smtp365_plaintext(struct smtp365 *s, const struct plaintext *p);
/* The same for a TLS alert: level and description. */
void smtp365_plain_alert(struct smtp365 *s, const struct plaintext *p);
/*
 * Secrets of TLS sessions: lines in NSS key log format, as SSLKEYLOGFILE has them and the
 * decryption secrets of pcapng. Sessions whose handshake comes later are decrypted by the engine
 * itself, with the same verdicts as if the host had done it; a host does one or the other. May be
 * called again with more lines, whole ones each time. The text is copied as far as it is understood
 * and wiped when the engine is freed. Returns how many secrets there are by now.
 */
unsigned smtp365_keys(struct smtp365 *s, const char *text, size_t n);
/* Would a TCP segment between these ports interest the engine beyond a first look? For hosts that
 * want to verify checksums only where it pays. */
bool smtp365_watches(const struct smtp365 *s, uint16_t port_a, uint16_t port_b);
/* Watch one more port from now on: the host knows that SMTP is spoken there. */
void smtp365_watch(struct smtp365 *s, uint16_t port);
/* Live capture: the time is now_ns although no packet came. Ends sessions that are idle, tells of
 * failed look-ups half a minute after them, and, from the first call on, of open sessions: a
 * critical finding within a second, a certain cause once it lasted 5 s. Call it a few times a
 * second, with a time that packets still to come are not far behind of. Not for files: their time
 * is that of their packets. */
void smtp365_tick(struct smtp365 *s, uint64_t now_ns);
/* The capture is over: every open session is reported, then failed look-ups. The engine stays
 * usable. */
void smtp365_finish(struct smtp365 *s);
void smtp365_free(struct smtp365 *s);
struct smtp365_stats smtp365_stats(const struct smtp365 *s);
/* Date of the address ranges in use as "YYYY-MM-DD", and whether they are over 180 days older than
 * the newest packet seen so far. */
const char *smtp365_ranges_date(const struct smtp365 *s, bool *stale);

/* The table of findings, one entry per id in the order of the table, for listings. */
struct smtp365_rule {
	const char *letter, *id, *title;
	enum severity severity;	    /* the highest of its rows */
	enum confidence confidence; /* the highest of its rows */
	enum side side;
	const char *cause, *fix, *check, *reference, *keys;
	/* What it can say, most special first: one for each different cause, severities as they
	 * are; NULL in those themselves. Static. */
	const struct smtp365_rule *cases;
	unsigned case_count;
};
const struct smtp365_rule *smtp365_rules(size_t *n);
const struct smtp365_rule *smtp365_rule_find(const char *id); /* by id or letter ("S02"), NULL */
/* Call `fn` for everything that can head a finding, some of it more than once: the title of each
 * row, what it says of other servers, what belongs to the very reply, what is concluded from record
 * lengths; with each severity that it can have. `general`: the title of a general row. Titles are
 * valid during the call. */
typedef void (*smtp365_headline_fn)(const char *id, enum severity severity, const char *title,
				    bool general, void *host);
void smtp365_headlines(smtp365_headline_fn fn, void *host);

/* What the engine knows of the wire, for hosts that look at packets themselves. */
/* Call `fn` for each piece of a sentence that the table of replies knows (RFC 5321 4.2). Static. */
void smtp365_reply_sentences(void (*fn)(const char *sentence, void *host), void *host);
/* The text of a reply line before the trailer `[server time id]` that Microsoft's servers append;
 * the whole line when it has none. *server gets the server's name, empty without a trailer. Both
 * are views of `line`. */
struct bytes smtp365_reply_text(struct bytes line, struct bytes *server);
/* Name of a TLS cipher suite as IANA registered it, NULL when it is not known. Static. */
const char *smtp365_suite_name(uint16_t suite);
/* How many bytes at the front of a client's command line (RFC 5321 2.4, without its end) may be
 * shown or kept: up to where a password, a token or a payload may stand. At most its length. Not
 * for lines of a login or of a message. */
size_t smtp365_command_shown(struct bytes line);

#endif
