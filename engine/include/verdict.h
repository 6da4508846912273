/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The result that every window shows: one struct per session, filled by the engine, read by the
 * writers. All pointers are borrowed and valid during the callback that hands the verdict out.
 * Text is valid UTF-8 with control characters escaped. Absent values: NULL, 0, or TRI_UNKNOWN.
 */
#ifndef SMTP365_VERDICT_H
#define SMTP365_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "segment.h"

/* TLS alerts kept for one session. */
#define CAP_ALERTS 8u
/* Frames kept as evidence of one finding. */
#define CAP_EVIDENCE 16u
/* Bytes of one field in an output; the rest is cut and marked with "…". */
#define CAP_FIELD 512u

enum severity { SEVERITY_INFO, SEVERITY_LOW, SEVERITY_MEDIUM, SEVERITY_HIGH, SEVERITY_CRITICAL };
enum confidence { CONFIDENCE_POSSIBLE, CONFIDENCE_LIKELY, CONFIDENCE_CERTAIN };
enum side {
	SIDE_DEVICE,
	SIDE_NETWORK,
	SIDE_TENANT,
	SIDE_DNS,
	SIDE_MICROSOFT,
	SIDE_RECIPIENT,
	SIDE_CAPTURE,
};
enum stage { /* docs/ARCHITECTURE.md#stages, in order */
	     STAGE_NONE,
	     STAGE_DNS,
	     STAGE_TCP,
	     STAGE_BANNER,
	     STAGE_EHLO,
	     STAGE_STARTTLS,
	     STAGE_CLIENT_HELLO,
	     STAGE_SERVER_HELLO,
	     STAGE_CERTIFICATE,
	     STAGE_FINISHED,
	     STAGE_EHLO2,
	     STAGE_AUTH,
	     STAGE_MAIL,
	     STAGE_RCPT,
	     STAGE_DATA,
	     STAGE_ACCEPTED,
};
enum outcome {
	OUTCOME_ACCEPTED,   /* the server took a message */
	OUTCOME_REJECTED,   /* a reply refused it */
	OUTCOME_FAILED,	    /* it did not get to a reply */
	OUTCOME_NO_MAIL,    /* orderly, without a message */
	OUTCOME_ENCRYPTED,  /* went into TLS; what happened there is not visible */
	OUTCOME_INCOMPLETE, /* the capture does not show the end */
};
enum endpoint {
	ENDPOINT_NONE,
#define ENDPOINT(name, word, ranges, issuers, says) ENDPOINT_##name,
#include "endpoints.def"
#undef ENDPOINT
};
enum endpoint_source {
	ENDPOINT_SOURCE_NONE,
	ENDPOINT_SOURCE_DNS,
	ENDPOINT_SOURCE_SNI,
	ENDPOINT_SOURCE_BANNER,
	ENDPOINT_SOURCE_CERTIFICATE,
	ENDPOINT_SOURCE_RANGE,
};
enum method {
	METHOD_UNKNOWN,
	METHOD_CLIENT_SUBMISSION,
	METHOD_DIRECT_SEND,
	METHOD_RELAY,
	METHOD_DIRECT_SEND_OR_RELAY,
};
enum exposure { EXPOSURE_NONE, EXPOSURE_USER, EXPOSURE_PASSWORD, EXPOSURE_UNKNOWN };
enum auth_result {
	AUTH_RESULT_NONE,
	AUTH_RESULT_ACCEPTED,
	AUTH_RESULT_REJECTED,
	AUTH_RESULT_UNKNOWN
};
enum tri { TRI_UNKNOWN, TRI_FALSE, TRI_TRUE };

const char *severity_name(enum severity s);	/* "critical" ... */
const char *confidence_name(enum confidence c); /* "certain" ... */
const char *side_name(enum side s);
const char *stage_name(enum stage s); /* NULL for STAGE_NONE */
const char *outcome_name(enum outcome o);
const char *endpoint_name(enum endpoint e);
const char *endpoint_source_name(enum endpoint_source s); /* NULL for NONE */
const char *method_name(enum method m);
const char *exposure_name(enum exposure e);	  /* NULL for UNKNOWN */
const char *auth_result_name(enum auth_result r); /* NULL for NONE */

/* One thing that happened: a line of the dialogue and of the evidence. */
enum event_direction { EVENT_C2S, EVENT_S2C, EVENT_NOTE };
struct event {
	uint64_t time_ns;
	uint32_t frame;
	uint8_t direction; /* enum event_direction */
	bool encrypted;	   /* inside TLS, or an encrypted record */
	bool owns_text;	   /* the engine's own */
	uint32_t order;	   /* in which they happened */
	const char *text;  /* in words, secrets never in it */
};

struct finding {
	unsigned row;		/* number of the row of the rules that made it */
	const char *id, *title; /* slug; one line */
	const char *letter;	/* "S02": only for talking */
	enum severity severity;
	enum confidence confidence;
	enum side side;
	bool inferred;
	uint32_t frames[CAP_EVIDENCE]; /* ascending, no duplicates */
	unsigned frame_count;
	const char *detail;			     /* what was seen here, or NULL */
	const char *cause, *fix, *check, *reference; /* sentences */
};

struct verdict_alert {
	bool from_client, encrypted;
	uint8_t level, code;
	const char *name; /* NULL when encrypted or unknown */
	uint32_t frame;
};

struct verdict_reply {
	uint32_t frame;
	uint16_t code;
	const char *enhanced; /* "5.7.139" or NULL */
	const char *text;
	const char *command; /* verb it answers, or NULL */
	bool in_tls;
};

/* What is inferred from lengths of encrypted records. Names as in the record; NULL: not named. */
struct verdict_candidate {
	const char *label;
	unsigned percent;
};
#define VERDICT_CANDIDATES 6
struct verdict_inside {
	const char *statement, *group, *label;
	unsigned percent;     /* posterior, cut to whole hundredths; 99 at most */
	unsigned reply_bytes; /* of the reply that decided, its trailer left out; 0 not exact */
	struct verdict_candidate candidates[VERDICT_CANDIDATES];
	unsigned candidate_count;
	const char *size; /* "<100kB" */
};

/* C types of the kinds of values.def. */
#define VERDICT_TEXT const char *
#define VERDICT_TEXTS const char *const *
#define VERDICT_TRI enum tri
#define VERDICT_DATE int64_t

struct verdict {
	unsigned session; /* from 1, in order of the first packet */
	bool m365;
	bool lookup_only; /* a failed DNS look-up without a connection */
	bool open;	  /* live: told before its end, its last verdict comes later */
	bool told;	  /* live: the last verdict of one that was told while open */
	uint64_t start_ns, end_ns;
	struct address client_ip, server_ip;
	uint16_t client_port, server_port;
	bool has_client_mac;
	uint8_t client_mac[6];
	const char *server_domain; /* name the client meant */
	const char *transport;	   /* "tcp", "udp" */
	const char *protocol;	   /* network.protocol: "smtp", "dns"; NULL unknown */
	struct encapsulation encap;

#define VALUE(section, kind, member, field) VERDICT_##kind member;
#include "values.def"
#undef VALUE
	struct verdict_alert alerts[CAP_ALERTS];
	unsigned alert_count;

	unsigned messages; /* accepted */

	uint32_t first_frame, last_frame, frame_count;
	enum endpoint endpoint;
	enum endpoint_source endpoint_source;
	enum method method;
	enum stage reached, stopped_at; /* STAGE_NONE: absent */
	enum outcome outcome;
	const char *auth_mechanism;
	enum auth_result auth_result;
	enum exposure auth_exposure;
	bool auth_seen, auth_inferred;
	const struct verdict_inside *inside; /* NULL: nothing was inferred */
	const struct verdict_reply *replies;
	unsigned reply_count;
	const struct finding *findings; /* sorted by first frame, then id */
	unsigned finding_count;
	const struct finding *cause; /* one of findings, or NULL */
	/* capture */
	unsigned sides; /* 1 or 2 directions with packets */
	bool midstream, snapped;
	bool decrypted; /* the mirror took TLS away (C07): readable here, not on the wire */
	uint64_t gap_bytes;
	uint64_t dropped; /* live: packets that kernel and interfaces lost meanwhile; set by the
			     host */
	uint32_t duplicates;
	unsigned alike;		    /* connections of the same kind in the same minute that have no
				       record of their own, this one included; set by the host */
	const struct event *events; /* in order */
	unsigned event_count;
	bool events_cut; /* more happened than kept */
};

#endif
