/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Words of a command line: which verb, whether the rest has the form that the verb needs, the path
 * of MAIL and RCPT. Takes views, gives views into the same bytes. Keeps no state;
 * client_line.c decides what a line is.
 */
#ifndef SMTP365_SMTP_VERBS_H
#define SMTP365_SMTP_VERBS_H

#include "smtp/smtp.h"

/* Cut the next word (up to SP or HTAB) off the front, blanks before it too; empty at the end. */
struct bytes smtp_word(struct bytes *rest);
/* Take BOM, blanks and control bytes off the front; true when there were some. */
bool smtp_skip_junk(struct bytes *b);
/* The verb of this word, letters without case. */
enum smtp_verb smtp_verb_of(struct bytes word);
/* Has this word the form of a verb, known or not? */
bool smtp_verb_shaped(struct bytes word);
/* Is the argument just what the RFC asks of this verb, so that the line is surely a command? */
bool smtp_verb_sound(enum smtp_verb v, struct bytes argument);
/* A decimal number of 1 to 20 digits (RFC 1870 4); what is over 2^64-1 is false unless `clamp`. */
bool smtp_number(struct bytes digits, bool clamp, uint64_t *out);
/* BDAT's argument (RFC 3030 2): size and LAST; false when it is not that. */
bool smtp_chunk_read(struct bytes argument, uint64_t *size, bool *last);
/* The path after `keyword` ("FROM" or "TO") and its colon; all empty when they are not there. */
void smtp_path_read(struct bytes argument, const char *keyword, struct smtp_path *p);

#endif
