/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an AUTH payload looks like (RFC 4954 and the SASL mechanisms), without keeping it: the
 * user name where the mechanism has one in clear, whether a password, token or crackable answer
 * was in it. Takes the base64 text; decodes only its front, into a buffer that is wiped.
 * Which line is a payload is decided in client_line.c.
 */
#ifndef SMTP365_SMTP_AUTH_H
#define SMTP365_SMTP_AUTH_H

#include "smtp/smtp.h"

#define SMTP_AUTH_FRONT                                                                            \
	1024u /* decoded bytes looked at: user names and the `auth=` key lie there */

/* The mechanism of this word; SMTP_MECH_OTHER when unknown, SMTP_MECH_NONE when empty. */
enum smtp_mech smtp_mech_of(struct bytes word);
/* Is this the name of a mechanism of the table, letters without case? Nothing else may be shown
 * where a mechanism belongs: clients put passwords and payloads there. */
bool smtp_mech_registered(struct bytes word);
/* The six bits of a letter of base64 (RFC 4648 4), -1 when it is none. */
int smtp_base64_value(uint8_t c);
/* Decode base64 (RFC 4648 4, strict, padding needed). Writes at most `room` bytes of the front to
 * `out`, returns how many. `total` = how many the whole decodes to; `bad` = not base64. */
size_t smtp_base64(struct bytes text, uint8_t *out, size_t room, size_t *total, bool *bad);
/* Is it base64 whose only fault is that the '=' at its end are missing? A server may take it. */
bool smtp_auth_unpadded(struct bytes payload);
/* Fill `a` from a payload. Set before: mech, initial, step; the rest zero. `may_name`: the step is
 * sure, so the first answer of LOGIN is the user name and not the password. */
void smtp_auth_look(struct smtp_auth *a, struct bytes payload, bool may_name);
/* Could this word outside of an AUTH dialogue be a base64 payload, as after a late start? */
bool smtp_auth_secret_like(struct bytes word);
/* Offset of the first run of base64 letters in a text that could be a payload; its length if none.
 */
size_t smtp_auth_find_secret(struct bytes text);

#endif
