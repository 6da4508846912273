/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every limit of the engine, each with its reason. Nothing that comes from the wire grows past
 * one of these; what a limit cuts is counted and said in the record, never silently lost.
 * Sizes in bytes, times in nanoseconds of packet time unless the name says otherwise.
 */
#ifndef SMTP365_CAPS_H
#define SMTP365_CAPS_H

#include "segment.h"
#include "verdict.h"

/* Memory of all connections together; default of the tool, whose whole process stays below 256 MiB
 * with it: texts that wait for their turn and the allocator come on top. Oldest idle ones go first.
 */
#define CAP_MEMORY_ALL (208u << 20)
/* Bytes held out of order for one direction: more than a 64 KiB window scaled once by a sick
 * mirror. */
#define CAP_HELD_DIRECTION (256u << 10)
/* Segments held out of order for one direction; bounds the insertion cost. */
#define CAP_HELD_SEGMENTS 512u
/* A sequence or ACK number further than this ahead of all we know is not believed at first: eight
 * times the largest window that mail servers use, so more than a sick capture loses in one go. */
#define CAP_SEQUENCE_JUMP (64u << 20)
/* How long a hole may wait for its late segment (C02: what fills it within 3 s is reordering). */
#define CAP_HOLE_WAIT (3 * SEGMENT_SECOND)
/* A duplicate made by a mirror comes within this time (C05). */
#define CAP_MIRROR_DUPLICATE (SEGMENT_SECOND / 200)
/* Idle connection ends: RFC 5321 4.5.3.2 allows 5 to 10 minutes of silence, plus slack. */
#define CAP_IDLE (15 * 60 * SEGMENT_SECOND)
/* A connection that never got past SYN ends earlier: Linux gives up after about 127 s. */
#define CAP_IDLE_SYN (150 * SEGMENT_SECOND)
/* After FIN from both sides or RST, late segments still belong to the old connection. */
#define CAP_LINGER (5 * SEGMENT_SECOND)
/* The same when both FINs and all before them were acknowledged: only copies by a mirror follow,
 * and those come within CAP_MIRROR_DUPLICATE. */
#define CAP_LINGER_CLEAN (SEGMENT_SECOND / 50)
/* After it was told so early, its ends are remembered so long, to know late copies as such. */
#define CAP_LINGER_TOLD (SEGMENT_SECOND / 10)
/* Direct-mapped memory of SYNs on ports that are not watched, entries (power of two). */
#define CAP_SYN_CACHE 65536u

/* Longest SMTP line kept: RFC 5321 4.5.3.1.4 says 512 (command) and 512 (reply), AUTH 12288
 * (RFC 4954 4). XOAUTH2 tokens reach 4 KiB. What is longer is skipped to its end and marked. */
#define CAP_LINE 16384u
/* Text of one reply kept, all lines joined: Exchange's SendAsDenied diagnostics reach 2.5 KiB. */
#define CAP_REPLY_TEXT 2048u
/* Lines of one reply: no server needs more; past it lines are counted only. */
#define CAP_REPLY_LINES 128u
/* Capabilities kept from one EHLO reply. */
#define CAP_EHLO_WORDS 48u
/* Commands that wait for their reply (pipelining, RFC 2920). */
#define CAP_PIPELINE 256u
/* RCPT addresses kept for one session; the rest is counted. */
#define CAP_RECIPIENTS 20u

/* Longest handshake message kept: a chain of certificates; RFC 8446 allows 2^24-1. */
#define CAP_HANDSHAKE (64u << 10)
/* Certificates read from one chain. */
#define CAP_CHAIN 8u
/* Certificates that were read and are remembered, for all sessions: most servers of a link show the
 * same few. The cap of memory does not count them: 3 MiB when all are as large as may be. */
#define CAP_CERTIFICATES 128u
/* DER bytes of a certificate that is remembered; larger ones are read each time. RSA 4096 with a
 * list of a hundred names takes half of it. */
#define CAP_CERTIFICATE_SHARED (8u << 10)
/* Entries kept of a list in a hello (suites, groups, signature algorithms, versions). */
#define CAP_HELLO_LIST 128u

/* Secrets of a key log, the newest: five for each of some 13000 sessions of TLS 1.3, about 12 MB.
 */
#define CAP_KEY_SECRETS 65536u

/* Events kept for one session; enough for the evidence of any finding. */
#define CAP_EVENTS 96u
/* The same when the whole dialogue is asked for (-v). */
#define CAP_EVENTS_DIALOGUE 4096u
/* Text kept of one session besides its events: a banner, lists, addresses, 32 refusals. */
#define CAP_SESSION_TEXT (64u << 10)
/* Bytes of text kept with one event. */
#define CAP_EVENT_TEXT 512u
/* Replies >= 400 kept for one session. */
#define CAP_REPLIES 32u
/* Findings of one session: one per row of the table at most. */
#define CAP_FINDINGS 64u

/* Names and addresses kept of DNS, all clients together; oldest go first. */
#define CAP_DNS_ANSWERS 65536u
/* Queries that wait for an answer. */
#define CAP_DNS_PENDING 16384u

#endif
