/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks name the host and port of the session that they are about: the rows say {host} and {port},
 * and here alone they are filled in.
 */
#ifndef SMTP365_PLACE_H
#define SMTP365_PLACE_H

#include <glib.h>
#include "verdict.h"

/* `check` with the server of `v` filled in: the name that the client meant when it is a sound host
 * name (a person copies the line into a shell), else the address. A look-up without a connection
 * has the port of client submission. Kept in `words`; `check` itself when there is nothing to fill.
 */
const char *place_check(const char *check, const struct verdict *v, GStringChunk *words);
/* `check` with these words instead, for lists of findings; owned by the caller (g_free). */
char *place_words(const char *check, const char *host, const char *port);

#endif
