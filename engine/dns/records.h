/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How dns.c keeps look-ups. One record a question, in the order of their first queries; an index by
 * client, name and type to the newest, and one by client and address to the newest few that gave
 * it. A record is opened to be looked at and packed again before the next message.
 */
#ifndef SMTP365_DNS_RECORDS_H
#define SMTP365_DNS_RECORDS_H

#include "dns/message.h"

/* Queries of one look-up whose answers are recognised by port and id. */
#define DNS_QUERIES_KEPT 8u

struct dns_asked {
	uint16_t port, id;
};

struct dns_record {
	struct dns_record *newer, *older;	    /* by first query */
	struct dns_record *wait_newer, *wait_older; /* by last query, in `queue` */
	struct dns_queue *queue; /* where it waits for its answer; NULL when not */
	bool indexed;		 /* in dns.addresses */
	bool listed;		 /* in dns.unpacked */
	struct dns_lookup *full; /* owned; NULL while packed */
	uint8_t *packed;	 /* owned; NULL until first packed */
	uint64_t question;	 /* hash of client, name and type */
	uint64_t last_ns;	 /* last query, or the answer without one */
	unsigned asked_count;
	struct dns_asked asked[DNS_QUERIES_KEPT]; /* a ring */
};

struct dns_queue {
	struct dns_record *oldest, *newest;
};

struct dns_client {
	uint64_t hash;
	uint32_t first_frame;
};

struct dns {
	uint64_t seed[2];
	struct dns_record *oldest, *newest;
	struct dns_queue asked; /* questions that wait for an answer or for NO_ANSWER to pass */
	struct dns_queue late;	/* asked once, NO_ANSWER has passed: proves nothing yet */
	size_t kept, waiting;
	GHashTable *questions; /* question hash → record, the newest */
	GHashTable *addresses; /* hash of client and address → GQueue of records, newest first */
	GHashTable *clients;   /* hash → struct dns_client */
	GQueue clients_by_age;
	GPtrArray *unpacked; /* records to pack before the next message */
};

/* Keyed hashes, for the indexes. */
uint64_t dns_hash_client(const struct dns *d, const struct address *client);
uint64_t dns_hash_question(const struct dns *d, const struct address *client, const char *name,
			   uint16_t type);
uint64_t dns_hash_address(const struct dns *d, const struct address *client,
			  const struct address *address);

/* A new record of this question, open, as the newest of all; the oldest goes when the cap is
 * reached. The caller fills in the look-up but its name and type. */
struct dns_record *record_new(struct dns *d, uint64_t question, const struct dns_message *m);
/* The newest record of the question, opened, or NULL. */
struct dns_record *record_find(const struct dns *d, uint64_t question, const struct address *client,
			       const char *name, uint16_t type);
/* Its look-up, borrowed until the next message. */
struct dns_lookup *record_open(const struct dns *d, struct dns_record *r);
/* A packed look-up; owned by the caller. */
struct dns_lookup *record_unpack(const uint8_t *packed);
/* It is open and waits for nothing: to be packed before the next message. */
void record_note_open(const struct dns *d, struct dns_record *r);
/* Pack again what was opened since the last message; what waits for its answer stays open. */
void records_pack(struct dns *d);
/* Its addresses lead to its name from now on. */
void record_index_addresses(struct dns *d, struct dns_record *r);
/* Into a queue as its newest, where it stays open; out of the queue that it is in, if any. */
void record_start_waiting(struct dns *d, struct dns_record *r, struct dns_queue *q);
void record_stop_waiting(struct dns *d, struct dns_record *r);
void records_drop_oldest(struct dns *d);

#endif
