/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was seen in one session: plain data that the session writes and the facts read. Each thing
 * has the frame that showed it (0: not seen) and, where a rule needs it, its packet time. Strings
 * live in the session's arena. No judgement, no decoding here.
 */
#ifndef SMTP365_SEEN_H
#define SMTP365_SEEN_H

#include <glib.h>
#include "base/caps.h"
#include "tls/certificate.h"
#include "dns/dns.h"
#include "flow/flow.h"
#include "inside/log.h"
#include "m365/replies.h"
#include "smtp/smtp.h"
#include "tls/tls.h"
#include "verdict.h"

/* A frame and its time. */
struct seen_at {
	uint32_t frame; /* 0: not seen */
	uint64_t ns;
};

static inline struct seen_at seen_at(struct flow_mark m)
{
	return (struct seen_at){ .frame = m.frame, .ns = m.time_ns };
}
static inline void seen_first(struct seen_at *at, struct flow_mark m)
{
	if (!at->frame)
		*at = seen_at(m);
}

/* One EHLO or HELO and its reply. */
struct seen_ehlo {
	struct seen_at command, reply;
	const char *name;   /* argument as sent, cleaned */
	unsigned marks;	    /* enum smtp_line_mark of the command */
	bool extended;	    /* EHLO, not HELO */
	uint16_t code;	    /* of the reply, 0 none */
	bool complete;	    /* every line of the reply was seen */
	const char **lines; /* allocated when needed, CAP_EHLO_WORDS at most */
	unsigned count;
	uint32_t bytes, first_bytes; /* of the reply, of its first line, with CRLF */
	bool has_starttls, has_auth, auth_login, auth_xoauth2, auth_plain;
	bool auth_other; /* a mechanism that does not send the password or token itself */
	bool starttls_first_line;
	const char *masked;   /* a word of X letters; the one that most looks like STARTTLS */
	uint64_t size;	      /* SIZE, 0 none */
	const char *greeting; /* first line */
};

/* A hello of either side, cut down to what rules and records need. */
struct seen_hello {
	struct seen_at at;
	uint16_t record_version, legacy_version, max_version;
	uint16_t versions[12];
	unsigned version_count;
	const uint16_t *suites, *groups, *sigalgs;
	unsigned suite_count, group_count, sigalg_count;
	bool has_groups, has_sigalgs, has_sni, sni_bad, fallback_scsv, renego_info, compression,
		sslv2;
	bool has_ticket, has_psk, session_id_sent;
	const char *sni, *alpn;
	uint16_t key_share;
	uint8_t sentinel;
	uint8_t session_id[32], session_id_length;
	uint32_t length;
	char ja3[33];
};

struct seen_alert {
	bool from_client, encrypted, after_ccs, before_cert;
	bool after_close; /* one side had closed already, in the order of the bytes */
	uint8_t level, code;
	struct seen_at at;
};

struct seen_tls {
	struct seen_hello client, server;
	unsigned client_hellos;
	struct seen_at retry, certificate, certificate_request, server_done, client_key,
		client_cert;
	bool client_cert_empty;
	struct seen_at ccs[2], finished[2]; /* by enum flow_dir */
	struct seen_at first_data[2];	    /* first record of type 23 */
	uint32_t first_data_length[2], last_data_length[2];
	unsigned data_records[2];
	struct seen_at bad[2];		 /* bytes that are no TLS */
	struct seen_at text_after_alert; /* readable reply after a fatal alert */
	struct seen_at hello_request, renegotiation;
	const struct certificate *leaf; /* held by the session; NULL when not seen */
	unsigned chain_count;
	bool chain_complete;	   /* an issuer other than the leaf's own was sent */
	const char *top_issuer_cn; /* issuer of the last certificate of the chain */
	struct seen_alert alerts[CAP_ALERTS];
	unsigned alert_count;
	bool established;
	uint16_t group; /* chosen */
};

/* One reply of interest: >= 400, or the last one. */
struct seen_reply {
	struct seen_at at;
	uint16_t code;
	const char *enhanced; /* "5.7.139" or NULL */
	const char *text;     /* cleaned, without code and enhanced code */
	enum smtp_verb verb;  /* command it answers */
	bool body;	      /* it answers the message */
	bool has_verb;
	bool in_tls;
	bool unsolicited;	 /* no command was waiting */
	bool consequence;	 /* of an earlier refusal of the transaction */
	bool cut;		 /* the snap length took the end of the text */
	enum stage stage;	 /* where it came */
	struct reply_match rows; /* what the table says of it, by who speaks */
	uint32_t command_frame;
};

/* Microsoft's trailer of a reply, for a support case. */
struct seen_trace {
	char server[132], time[44], id[44];
};

struct seen_auth {
	struct seen_at at; /* last AUTH command */
	enum smtp_mech mech;
	unsigned tries;
	bool in_tls;
	bool after_mail;
	struct seen_at user, password, hash; /* what crossed in clear, and where */
	struct seen_at password_likely;	     /* as replies show, its line was not captured */
	struct seen_at asked_password;	     /* the last 334, when it asked for the password */
	struct seen_at prompt; /* the one that a password known from replies answers */
	bool entertained; /* the server went into it: 334, 235, or a refusal of what was sent */
	bool challenged;  /* the last 334 asked for something else */
	bool user_is_upn, user_seen;
	struct seen_at accepted, refused;
	bool cancelled;
	bool listed;	 /* the EHLO reply in force lists AUTH */
	bool not_listed; /* it is complete and does not */
	uint16_t refused_code;
	bool challenge_json; /* 334 with an error document */
	struct seen_at challenge_json_at;
};

/* Login and transaction: what comes after EHLO and STARTTLS. */
struct seen_mail {
	struct seen_auth auth;
	struct seen_at mail, mail_clear, auth_clear, rcpt, rcpt_accepted, data, accepted, quit,
		rset;
	struct seen_at data_start, body_end, body_reply;
	struct seen_at no_brackets;
	struct seen_at mail_after_tls_failed; /* clear MAIL or AUTH after TLS was refused */
	uint64_t declared_size, body_bytes;
	struct seen_at too_big;
	struct seen_at bare_lf, smuggling;
	struct seen_at odd_end; /* the last that was sent: an end mark that is none */
	uint32_t bare_lf_count;
	uint64_t bare_lf_offset;
	const char **from, **to; /* CAP_RECIPIENTS at most and NULL; allocated when needed */
	unsigned from_count, to_count;
	unsigned messages, refused_messages;
};

/* The name that led the client to the server. Strings lie in the session's arena. */
struct seen_lookup {
	const char *name, *cname;
	uint32_t answer_frame;
	uint64_t query_ns, answer_ns;
};

/* What most sessions never have: trouble of the capture, of the path, and strange dialogue. */
struct seen_odd {
	struct seen_at ehlo_refused, helo_after_ehlo;
	struct seen_at masked_command; /* XXXXXXXX from the client */
	struct seen_at pipelined;      /* clear command after STARTTLS before its reply */
	const char *pipelined_words;
	struct seen_at s2c_clear; /* clear bytes after the 220 before TLS */
	const char *s2c_clear_words;
	struct seen_at no_second_ehlo;	/* a command inside TLS before a second EHLO */
	struct seen_at plain_after_220; /* readable command after the accepted STARTTLS */
	struct seen_at foreign;		/* another protocol's bytes */
	const char *foreign_words;
	struct seen_at pregreet; /* client spoke before the banner */
	struct seen_at proxy;	 /* SOCKS or CONNECT before the banner */
	const char *proxy_words;
	struct seen_at gap; /* first gap in dialogue or handshake */
	struct seen_at snapped, snapped_body;
	bool gap_s2c, gap_c2s;
	struct seen_at lost;		      /* first hole that the peer's ACK covers (C02) */
	struct seen_at slow;		      /* client silence over 60 s within the message */
	struct seen_at hole_first, hole_last; /* the same SACK hole, again and again (T06) */
	uint32_t hole_ack, hole_size;
	bool hole_s2c; /* bytes of the server are missing at the client */
	struct seen_at icmp, icmp_big;
	struct address icmp_from;
	uint8_t icmp_type, icmp_code;
	uint16_t icmp_mtu;
};

/* Of a server that is Microsoft 365 by its greeting: what lengths tell (inside.c). */
struct seen_inside {
	struct inside_log *log; /* owned by the session */
	bool greeting_id;	/* the greeting ends in an id */
	bool mx;
};

struct seen {
	/* greeting */
	struct seen_at banner;
	uint16_t banner_code;
	const char *banner_text; /* cleaned */
	const char *banner_host; /* first word */
	bool banner_masked;
	struct seen_ehlo ehlo;	 /* last one before TLS */
	struct seen_ehlo *inner; /* last one inside TLS, or in a decrypted mirror; NULL none */
	char public_ip[46];	 /* Hello [ip]; empty: not seen */

	/* STARTTLS */
	struct seen_at starttls, starttls_reply;
	uint16_t starttls_code;
	bool starttls_in_tls;
	bool starttls_after_mail;
	struct seen_at first_tls[2]; /* first TLS byte of each direction */
	bool tls_before_220;
	bool tls_without_starttls;
	struct seen_at
		clear_after_starttls; /* readable command while no reply to STARTTLS was seen */
	bool mirror, mirror_certain;

	const struct seen_tls *tls; /* never NULL; what nothing was seen of is all zero */

	const struct seen_odd *odd;   /* never NULL */
	const struct seen_mail *mail; /* never NULL */
	struct seen_reply *replies;   /* CAP_REPLIES at most, allocated when needed */
	unsigned reply_count;
	struct seen_reply last; /* last reply */
	bool last_set;

	/* progress */
	enum stage reached;
	enum stage failed; /* stage of a refusal that nothing repaired, STAGE_NONE none */
	struct seen_at failed_at;
	bool failed_odd;	/* a command was refused that is not SMTP, nothing else */
	struct seen_at pending; /* oldest command without reply */
	enum smtp_verb pending_verb;
	enum stage pending_stage;

	/* quality */
	uint64_t longest_silence_ns;	/* between any two segments */
	struct seen_at longest_silence; /* the frame after it */

	/* other packets */
	struct seen_lookup *lookup; /* owned by the session; NULL none */
	uint32_t dns_seen;	    /* first DNS frame of this client, 0 none */
	bool plaintext;		    /* the host decrypts this session */
	bool readable_tls;	    /* inside of TLS was readable */
	bool smtp_proven;	    /* grammar of both sides, or ESMTP in the banner */
	bool midstream;		    /* the flow began before the capture */
	struct seen_trace *trace;   /* trailer of the last reply that had one; NULL none */
	struct seen_inside *inside; /* NULL: not such a server, or nothing encrypted yet */
	bool inside_asked;
};

#endif
