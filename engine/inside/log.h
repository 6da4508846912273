/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log of encrypted records of one session: length, direction and time, both directions in the
 * order in which they came. No content, bounded whatever comes: the first records and the last
 * ones, long runs of the client (a message) as one entry.
 */
#ifndef SMTP365_INSIDE_LOG_H
#define SMTP365_INSIDE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Entries kept: the first ones have login and first message, the ring the end. */
#define INSIDE_LOG_FRONT 64u
#define INSIDE_LOG_RING 32u
#define INSIDE_LOG_ALL (INSIDE_LOG_FRONT + INSIDE_LOG_RING)
/* Records of the client in a row that stay apart: certificate, CertificateVerify, Finished, EHLO.
 */
#define INSIDE_LOG_RUN 4u

enum inside_flag {
	INSIDE_SERVER = 1,     /* sent by the server */
	INSIDE_HOLE = 2,       /* no record: bytes whose record borders were lost */
	INSIDE_HANDSHAKE = 4,  /* type 22 under encryption; else type 23 */
	INSIDE_AFTER_HOLE = 8, /* its border was found again by looks */
	INSIDE_BACK = 16,      /* its time is before that of the one before */
	INSIDE_MANY = 32,      /* a run: `length` is the sum of `count` records */
};

struct inside_record {
	uint32_t frame;
	uint32_t length; /* bytes of the body, or missing bytes; stays at its maximum */
	uint16_t ms;	 /* since the entry before; stays at its maximum */
	uint8_t count;	 /* records in a run; stays at its maximum */
	uint8_t flags;	 /* enum inside_flag */
};

struct inside_log {
	struct inside_record *records; /* owned; INSIDE_LOG_ALL at most */
	unsigned room;		       /* entries allocated */
	unsigned count;		       /* entries noted, lost ones too */
	unsigned run;		       /* records of the client at the end, one after the other */
	uint64_t start_ns, last_ns;    /* of the first entry, of the newest */
	bool bad;		       /* a length that no cipher makes: no statement */
};

/* A fresh log; free with inside_log_free (NULL is fine). */
struct inside_log *inside_log_new(void);
void inside_log_free(struct inside_log *log);
/* Note a record: `length` bytes of body, flags of enum inside_flag. */
void inside_log_add(struct inside_log *log, unsigned flags, uint32_t length, uint32_t frame,
		    uint64_t ns);
/* Entries kept; entry i in order. `broken` tells that entries are missing before it. */
unsigned inside_log_count(const struct inside_log *log);
const struct inside_record *inside_log_at(const struct inside_log *log, unsigned i, bool *broken);
/* Heap bytes, for the cap. */
size_t inside_log_kept(const struct inside_log *log);

#endif
