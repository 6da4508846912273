/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How much of a server's reply consists of words that servers say by themselves. After a login in
 * clear text a reply may repeat the password; a list of known words tells, a list of secrets
 * cannot.
 */
#ifndef SMTP365_REPLY_WORDS_H
#define SMTP365_REPLY_WORDS_H

#include <stdint.h>
#include "bytes.h"

/* Bytes at the front of one reply line (its end included, when all is known): code, enhanced code,
 * words of the engine's reply sentences and of usual confirmations, Microsoft's trailer. */
uint32_t reply_words_known(struct bytes line);

#endif
