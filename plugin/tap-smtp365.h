/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Statistics: `-z smtp365,sessions`, `,json` and `,tree` for tshark, and what stands in the menu.
 */
#ifndef SMTP365_TAP_SMTP365_H
#define SMTP365_TAP_SMTP365_H

/* Called by Wireshark before it builds its menus. */
void tap_register(void);

#endif
