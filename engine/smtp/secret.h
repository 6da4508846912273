/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a client sent as a secret, so that a reply that repeats it can be blanked: fingerprints
 * only, never the bytes. A fingerprint is a polynomial of the first bytes, folded to small letters,
 * over the field of 2^61 - 1 at a point that is secret to the process; it can be rolled over a
 * text.
 */
#ifndef SMTP365_SMTP_SECRET_H
#define SMTP365_SMTP_SECRET_H

#include "bytes.h"
#include "base/caps.h"

/* Bytes of a secret that make its fingerprint; a match goes on to the end of the word. */
#define SMTP_SECRET_FRONT 24u
/* Shorter words stand in any text by chance. */
#define SMTP_SECRET_LEAST 3u
/* Longest text that is looked through in one call. */
#define SMTP_SECRET_TEXT CAP_REPLY_TEXT

struct smtp_secrets; /* the newest ones of a client; NULL is the empty set */

/* Remember `secret` (blanks around it left out; nothing when it is too short). *set is made at the
 * first one. `key` is the secret point, the same for every call. */
void smtp_secrets_add(struct smtp_secrets **set, uint64_t key, struct bytes secret);
void smtp_secrets_free(struct smtp_secrets *set);	  /* wipes; NULL is fine */
size_t smtp_secrets_kept(const struct smtp_secrets *set); /* bytes, for the cap */
/* The text, at most SMTP_SECRET_TEXT bytes of it, with "…" in place of every part that repeats a
 * secret: a view of `text`, or of `room` (as long as the text) when something was taken out. The
 * text may lie at the front of the room. Each byte is looked at once, so the work is bounded by the
 * length of the text, whatever it holds. */
struct bytes smtp_secrets_blank(const struct smtp_secrets *set, struct bytes text, char *room);
/* The fingerprint of a word, for a comparison; 0 when it is empty. */
uint64_t smtp_secret_print(uint64_t key, struct bytes word);

#endif
