/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The user's preferences of the plugin, with their defaults, and the table of own endpoints.
 * Changed by Wireshark only; read by the others.
 */
#ifndef SMTP365_SETTINGS_H
#define SMTP365_SETTINGS_H

#include <stdbool.h>
#include "smtp365.h"

/* Register the preferences of the protocol; once. */
void settings_register(int proto);
bool settings_all(void);
bool settings_redact(void);
/* The lowest severity that is shown as expert information. */
enum severity settings_severity(void);
/* A new engine as the preferences want it; the caller owns it. */
struct smtp365 *settings_engine(smtp365_session_fn fn, void *host);

#endif
