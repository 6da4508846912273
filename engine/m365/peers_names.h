/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names against the built-in tables, for the files of this room. All names lower case, borrowed.
 */
#ifndef SMTP365_PEERS_NAMES_H
#define SMTP365_PEERS_NAMES_H

#include "m365/peers.h"

/* Does name match a pattern: "?.x" one label before x, "*.x" one or more, else equal? */
bool peers_pattern(const char *pattern, const char *name);
/* Whose host is it (hosts.def)? *out is set when it is found. */
bool peers_table_name(const char *name, struct peer *out);
/* The same for the host that a banner begins with (banners.def), and for a name in a certificate
 * (subjects.def). */
bool peers_table_banner(const char *host, struct peer *out);
bool peers_table_subject(const char *name, struct peer *out);

#endif
