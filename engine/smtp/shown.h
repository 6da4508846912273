/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How much of a client's command line may be shown or kept: its front, up to where a secret may
 * begin. One judgement for the dialogue, the records and the packets that are kept. Says what may
 * stay, not what may not. Keeps no state: a line inside a login or a body never comes here.
 */
#ifndef SMTP365_SMTP_SHOWN_H
#define SMTP365_SMTP_SHOWN_H

#include "smtp/smtp.h"

/* Bytes at the front of `line` (without its end) that may be shown, when its first word is the
 * verb `v`; at most its length. */
size_t smtp_shown(enum smtp_verb v, struct bytes line);
/* The same for the dialogue only, where what is hidden is looked for in the server's answers: a
 * word of another protocol may be shown up to what announces a secret. */
size_t smtp_shown_other(struct bytes line);

#endif
