/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From what was seen to facts, one file per subject. Each function is pure: it reads
 * `seen`, the flow and the tables, and sets facts. They may run on an open session too (a finding
 * at once), so nothing here assumes that the session is over unless `over` says so.
 */
#ifndef SMTP365_JUDGE_H
#define SMTP365_JUDGE_H

#include "dns/dns.h"
#include "facts/facts.h"
#include "flow/flow.h"
#include "m365/peers.h"
#include "inside/hosts.h"
#include "inside/inside.h"
#include "session/seen.h"

/* What the whole capture says, for guards that one session cannot check. */
struct judge_capture {
	uint64_t first_ns, now_ns; /* packet times */
	bool one_sided;	   /* some connection sent data and no answer was ever captured on any */
	bool answers_seen; /* at least one packet from a server was captured */
	unsigned clock_servers; /* servers whose banner date was compared */
	int64_t clock_skew_s;	/* median of server clock minus capture clock */
	bool table_stale;	/* built-in ranges over 180 days older than the capture */
};

struct judge {
	struct facts *facts;
	const struct seen *seen;
	const struct flow *flow;
	const struct peers *peers;
	const struct dns *dns;
	const struct judge_capture *capture;
	const struct inside_hosts *hosts; /* trailers that were read in clear */
	struct inside_result *inside;	  /* filled when something is inferred; NULL: nothing is */
	GStringChunk *words;		  /* arena for details */
	bool over;			  /* the session has ended */
	/* set by judge_peer for the others and the verdict */
	enum endpoint endpoint;
	enum endpoint_source source;
	bool mx;
	enum reply_peer speaker;   /* who answers, as far as the greeting and replies show */
	const char *domain;	   /* name that the client meant, or NULL */
	const char *expected_name; /* name in force for the certificate: SNI, else DNS; or NULL */
	bool expected_from_dns;
	/* set by judge_outcome */
	enum stage reached, stopped;
	enum outcome outcome;
	enum method method;
};

void judge_peer(struct judge *j);
void judge_capture_quality(struct judge *j);
void judge_dns(struct judge *j);
void judge_tcp(struct judge *j);
void judge_mode(struct judge *j);
void judge_starttls(struct judge *j);
void judge_hello(struct judge *j); /* TLS: hellos, versions, suites, alerts */
void judge_certificate(struct judge *j);
void judge_auth(struct judge *j);
void judge_mail(struct judge *j);   /* replies and transaction */
void judge_inside(struct judge *j); /* from lengths of encrypted records */
/* Where a session stopped by what was inferred, STAGE_NONE nowhere. */
void judge_inside_stage(const struct inside_result *i, enum stage *reached, enum stage *stopped);
void judge_outcome(struct judge *j); /* stage, outcome, method; last */
/* All of them, in the order that they need. */
void judge_session(struct judge *j);

/* Words for a finding's detail, kept in the arena. */
const char *judge_words(struct judge *j, const char *format, ...) G_GNUC_PRINTF(2, 3);
static inline bool judge_has(const struct judge *j, enum fact x)
{
	return facts_has(j->facts, x);
}
static inline void judge_set(struct judge *j, enum fact x, uint32_t frame)
{
	facts_set(j->facts, x, frame);
}
/* Set when the thing was seen. */
static inline void judge_seen(struct judge *j, enum fact x, const struct seen_at *at)
{
	if (at->frame)
		facts_set(j->facts, x, at->frame);
}
/* Packet time up to which nothing more came: the end of the flow, or the newest packet. */
static inline uint64_t judge_until(const struct judge *j)
{
	return j->over && j->flow->end != FLOW_END_CAPTURE && j->flow->end != FLOW_END_IDLE
		       ? j->flow->last_ns
		       : MAX(j->flow->last_ns, j->capture->now_ns);
}

#endif
