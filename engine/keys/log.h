/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The secrets of TLS sessions as browsers and TLS libraries write them into the file that
 * SSLKEYLOGFILE names (NSS key log format): one line is a label, the client's random and a secret,
 * the last two in hexadecimal. A table by random and label, bounded, wiped at its end. Takes text,
 * gives secrets; knows no record and no session.
 */
#ifndef SMTP365_KEYS_LOG_H
#define SMTP365_KEYS_LOG_H

#include <glib.h>
#include "base/caps.h"
#include "bytes.h"

#define KEY_RANDOM 32u
/* The longest secret: the master secret of TLS 1.2, a traffic secret of SHA-384. */
#define KEY_SECRET 48u

enum key_label {
	KEY_MASTER, /* CLIENT_RANDOM: up to TLS 1.2, of a resumed session too */
	KEY_EARLY_CLIENT,
	KEY_HANDSHAKE_CLIENT,
	KEY_HANDSHAKE_SERVER,
	KEY_APPLICATION_CLIENT,
	KEY_APPLICATION_SERVER,
	KEY_SESSION, /* a master secret by session id, zeroes behind it: of a session seen before */
	KEY_TICKET,  /* the same by the SHA-256 of a ticket */
};

struct key_secret {
	uint8_t length; /* 32 or 48 */
	uint8_t bytes[KEY_SECRET];
};

struct key_log;

/* An empty table, owned by the caller. */
struct key_log *key_log_new(void);
/* Wipes all secrets. NULL is allowed. */
void key_log_free(struct key_log *log);
/* Take the lines of `text`; the last one counts without its line end too. Comments, other labels
 * and lines that are none are passed over. A secret that comes again replaces the one before. */
void key_log_add(struct key_log *log, struct bytes text);
/* One secret; `random` is what it is found by. */
void key_log_keep(struct key_log *log, const uint8_t random[KEY_RANDOM], enum key_label label,
		  const struct key_secret *secret);
/* A copy of a secret, to be wiped by the caller. False: the log does not have it. */
bool key_log_find(const struct key_log *log, const uint8_t random[KEY_RANDOM], enum key_label label,
		  struct key_secret *out);
/* Secrets in the table now. */
unsigned key_log_count(const struct key_log *log);

#endif
