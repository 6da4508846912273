/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pull decoders for the two directions of an SMTP dialogue (RFC 5321). Lines become commands and
 * replies; message bodies are counted, never kept; AUTH payloads are looked at for their shape
 * (user name, whether a secret was in it) and wiped. No judgement here, no call to anyone: the
 * session tells the client decoder what to expect next, as only both directions together know.
 * Views in an item are valid until the next call on the same decoder.
 */
#ifndef SMTP365_SMTP_H
#define SMTP365_SMTP_H

#include <glib.h>
#include "bytes.h"

/* One enum value per row of verbs.def; SMTP_VERB_UNKNOWN is 0. */
enum smtp_verb {
	SMTP_VERB_UNKNOWN,
#define VERB(name, word, rfc) SMTP_VERB_##name,
#include "smtp/verbs.def"
#undef VERB
	SMTP_VERB_COUNT
};
const char *smtp_verb_name(enum smtp_verb v); /* "STARTTLS"; "unknown" */
/* Where the verb is defined: "RFC 3207", "Exchange"; "RFC 9110" for HTTP methods; "" for unknown.
 */
const char *smtp_verb_source(enum smtp_verb v);

enum smtp_mech {
	SMTP_MECH_NONE,
	SMTP_MECH_PLAIN,
	SMTP_MECH_LOGIN,
	SMTP_MECH_XOAUTH2,
	SMTP_MECH_OAUTHBEARER,
	SMTP_MECH_CRAM_MD5,
	SMTP_MECH_DIGEST_MD5,
	SMTP_MECH_NTLM,
	SMTP_MECH_GSSAPI,
	SMTP_MECH_SCRAM, /* any SCRAM-* */
	SMTP_MECH_EXTERNAL,
	SMTP_MECH_OTHER,
};
const char *smtp_mech_name(enum smtp_mech m);

/* Marks of a line that a rule may want. */
enum smtp_line_mark {
	SMTP_LINE_BARE_LF = 1,	     /* ended by LF without CR */
	SMTP_LINE_TOO_LONG = 2,	     /* longer than CAP_LINE: the view holds the front only */
	SMTP_LINE_OVER_512 = 4,	     /* longer than RFC 5321 4.5.3.1 allows */
	SMTP_LINE_NUL = 8,	     /* has a NUL byte */
	SMTP_LINE_8BIT = 16,	     /* has a byte over 0x7f */
	SMTP_LINE_LEADING_JUNK = 32, /* BOM, blanks or control bytes before the verb */
};

/* What the shape of an AUTH payload shows; never the secret itself. */
struct smtp_auth {
	enum smtp_mech mech;
	bool initial; /* came on the AUTH line itself */
	bool cancel;  /* "*" (RFC 4954 4) */
	bool empty;   /* "=" or an empty line: no data */
	bool bad_base64;
	bool has_user;	     /* `user` is set */
	bool has_password;   /* a clear password (PLAIN, LOGIN) or bearer token was in it */
	bool has_hash;	     /* a challenge answer (CRAM-MD5, NTLM, SCRAM): crackable, not clear */
	bool user_is_secret; /* the password of LOGIN is the name that was given before */
	bool unasked;	/* came after the server had refused AUTH: a reply of its own follows */
	unsigned step;	/* 0 = initial or first answer, 1 = second ... */
	char user[128]; /* UTF-8, cut at 127; empty when unknown */
};

/* MAIL FROM and RCPT TO (RFC 5321 4.1.1.2-3). */
struct smtp_path {
	struct bytes address; /* inside <>, source route removed; empty for <> */
	bool brackets;	      /* had < and > */
	bool has_size;
	uint64_t size;	     /* SIZE= (RFC 1870) */
	struct bytes params; /* everything after the path; AUTH= values kept, they are addresses */
};

enum smtp_item_kind {
	SMTP_ITEM_COMMAND,	 /* verb, argument; with AUTH also .auth; MAIL/RCPT also .path */
	SMTP_ITEM_AUTH_RESPONSE, /* .auth */
	SMTP_ITEM_BODY_END,	 /* end of data: .body; BDAT: each chunk */
	SMTP_ITEM_REPLY_LINE,	 /* one line of a reply; `last` ends it and fills .reply */
	SMTP_ITEM_GARBAGE,	 /* a line that is not SMTP: .line */
	SMTP_ITEM_TLS, /* the bytes at the front are a TLS record or SSLv2 hello; nothing taken */
};

struct smtp_body {
	uint64_t bytes; /* body size on the wire, end mark left out */
	bool bdat, bdat_last;
	uint32_t bare_lf;    /* how many LF without CR */
	uint64_t bare_lf_at; /* offset of the first in the body */
	bool smuggling;	     /* "\n.\r\n", "\n.\n" or "\r\n.\n" inside (end mark not CRLF.CRLF) */
	uint64_t odd_end_at; /* bytes up to and with the last such mark, 0 none */
	bool gap;	     /* bytes were missing: counts are lower bounds */
};

struct smtp_reply {
	uint16_t code; /* 200 to 599 (others come as garbage) */
	bool enhanced; /* an enhanced status code; its class fits the code, 4 and 5 mix */
	uint8_t klass;
	uint16_t subject, detail;
	struct bytes text; /* text of all lines joined by '\n', code and enhanced code left out */
	unsigned lines;
	bool mixed_codes; /* lines had different codes */
	bool cut;	  /* the snap length took the end of its text */
};

struct smtp_item {
	enum smtp_item_kind kind;
	struct bytes line; /* the line without CRLF; for AUTH lines cut after the mechanism */
	unsigned marks;	   /* enum smtp_line_mark */
	enum smtp_verb verb;
	struct bytes argument; /* after the verb, trimmed; empty for AUTH payloads */
	struct smtp_path path;
	struct smtp_auth auth;
	struct smtp_body body;
	/* reply line */
	uint16_t code;
	bool last;
	struct bytes text;	 /* of this line after the code and the separator */
	struct smtp_reply reply; /* filled when `last` */
	bool first_line_of_reply;
};

enum smtp_expect {
	SMTP_EXPECT_COMMAND,
	SMTP_EXPECT_AUTH,	/* the server said 334: next line is a secret */
	SMTP_EXPECT_AUTH_MAYBE, /* AUTH sent, reply not seen: a known verb with sound syntax is a
				   command */
	SMTP_EXPECT_DATA,	/* body until the end mark */
	SMTP_EXPECT_DATA_MAYBE, /* DATA sent, reply not seen: same as DATA */
};

struct smtp_client; /* decoder of what the client sends */
struct smtp_server; /* decoder of what the server sends */

struct smtp_client *smtp_client_new(void);
void smtp_client_free(struct smtp_client *c); /* wipes */
/* Tell what comes next. BDAT needs no call: its chunk is skipped by its own length (RFC 3030).
 * For AUTH the mechanism and step are remembered from the AUTH command. Telling late does no harm:
 * a 354 for a body that has ended already is ignored, a 334 that was answered already means
 * AUTH_MAYBE. After AUTH the decoder is in AUTH_MAYBE by itself; tell COMMAND at the final reply.
 * DATA after XEXCH50 means its binary data of that size (SMTP_ITEM_BODY_END with bdat). */
void smtp_client_expect(struct smtp_client *c, enum smtp_expect what);
/* The text of a 334 (RFC 4954 4), before the call that tells AUTH: LOGIN may ask for the password
 * first. A view, not kept. */
void smtp_client_prompt(struct smtp_client *c, struct bytes text);
enum smtp_expect smtp_client_expecting(const struct smtp_client *c);
/* One item from the front of `in`, or STEP_MORE after everything was taken (a partial line is
 * kept inside). STEP_BAD: what follows cannot be SMTP at all (nothing sensible in CAP_LINE bytes).
 * `SMTP_ITEM_TLS` leaves the bytes in `in`. */
enum step smtp_client_next(struct smtp_client *c, struct bytes *in, struct smtp_item *out);
/* `missing` bytes were lost; partial line dropped; a body or BDAT chunk goes on with the count (of
 * a chunk the lost bytes count, of DATA they do not: its end may be among them). Outside of a body
 * lines are then dropped until one is surely a command. Call it with 0 for a start in the middle
 * of a connection, where the first lines may be the text of a message. */
void smtp_client_gap(struct smtp_client *c, uint64_t missing);
/* Lines are being dropped until one is surely a command; a body or counted chunk is being skipped.
 */
bool smtp_client_in_doubt(const struct smtp_client *c);
bool smtp_client_in_body(const struct smtp_client *c);
/* Before smtp_client_gap: is the line that the gap cuts an AUTH command, its mechanism whole? Fills
 * mech and initial (some of an initial response was there) only. */
bool smtp_client_cut_auth(const struct smtp_client *c, struct smtp_auth *out);
/* Forget all state (RSET of the decoder, not of the session): after TLS started, or after a gap. */
void smtp_client_reset(struct smtp_client *c);
/* Bytes of a started line that waits for its end. */
size_t smtp_client_pending(const struct smtp_client *c);
/* The front bytes kept inside of a line that has started. With SMTP_ITEM_TLS: bytes of the TLS
 * record that earlier calls took; the record is these bytes and then `in`. Borrowed, valid until
 * the next call, smtp_client_reset included. */
struct bytes smtp_client_carry(const struct smtp_client *c);
/* What was hidden of this client's lines, for replies that repeat it; NULL nothing. Borrowed. The
 * key makes the fingerprints secret to the process; set it before the first line. */
struct smtp_secrets;
void smtp_client_set_key(struct smtp_client *c, uint64_t key, bool hide_names);
const struct smtp_secrets *smtp_client_secrets(const struct smtp_client *c);
/* The same for user names and local parts of addresses, when the key was set with hide_names. */
const struct smtp_secrets *smtp_client_names(const struct smtp_client *c);
/* Counts of the body or chunk that is being skipped; of the last one when none is. */
struct smtp_body smtp_client_body(const struct smtp_client *c);

struct smtp_server *smtp_server_new(void);
void smtp_server_free(struct smtp_server *s);
enum step smtp_server_next(struct smtp_server *s, struct bytes *in, struct smtp_item *out);
void smtp_server_gap(struct smtp_server *s, uint64_t missing);
/* Before a gap that cuts a line: when its front has a code that is the reply's only or last one, it
 * is given as if it ended here. The views live until the next call. */
bool smtp_server_cut(struct smtp_server *s, struct smtp_item *out);
void smtp_server_reset(struct smtp_server *s);
size_t smtp_server_pending(const struct smtp_server *s);
struct bytes smtp_server_carry(const struct smtp_server *s); /* as smtp_client_carry */
/* A reply has begun but its last line was not seen. */
bool smtp_server_in_reply(const struct smtp_server *s);

/* Heap bytes of a decoder, for the cap. */
size_t smtp_client_kept(const struct smtp_client *c);
size_t smtp_server_kept(const struct smtp_server *s);

/* Does it begin like a TLS record of a handshake or alert (16|15 03 0x len) or an SSLv2
 * ClientHello? At least 5 bytes needed for true. `sslv2` may be NULL. */
bool smtp_looks_like_tls(struct bytes b, bool *sslv2);

#endif
