/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What of a client's lines may be shown, and what a server might repeat of the rest: one set of
 * fingerprints for each client decoder. Payloads are decoded on the stack and wiped.
 */
#ifndef SMTP365_SMTP_HIDDEN_H
#define SMTP365_SMTP_HIDDEN_H

#include "smtp/smtp.h"
#include "smtp/secret.h"

struct smtp_hidden {		      /* all zero: nothing was hidden */
	uint64_t key;		      /* of the fingerprints */
	uint64_t user_print;	      /* of the name that LOGIN gave, 0 none */
	struct smtp_secrets *secrets; /* owned; NULL until needed */
	bool hide_names;	      /* user names and local parts are to be hidden too */
	struct smtp_secrets *names;   /* those; owned */
};

/* Remember a user name or the local part of an address, when names are hidden. */
void smtp_hidden_name(struct smtp_hidden *h, struct bytes address);

/* Remember a hidden text and each of its words that has at least `least` bytes. */
void smtp_hidden_text(struct smtp_hidden *h, struct bytes text, size_t least);
/* Remember an AUTH payload (base64) and what it decodes to, but for the user name that
 * smtp_auth_look put into `a`. Sets a->user_is_secret when the password of LOGIN is the name given
 * before. */
void smtp_hidden_payload(struct smtp_hidden *h, struct bytes payload, struct smtp_auth *a);
/* Offset in a line "verb key=value ..." of the value of the first attribute that is not known to
 * describe a client (Postfix XCLIENT_README, Exchange's XPROXY), or the line's length. */
size_t smtp_hidden_from(struct bytes line);
/* Offset in a line of what looks like a payload, or of what follows a word that announces a secret
 * in another protocol; the line's length when nothing does. */
size_t smtp_hidden_secret(struct bytes line);
/* Does the text of a 334 ask for a password, in base64 (the custom of LOGIN) or plainly? */
bool smtp_hidden_asked(struct bytes text);

#endif
