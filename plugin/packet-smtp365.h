/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The protocol "smtp365" as Wireshark knows it: a post-dissector that feeds the engine on the first
 * pass and shows what is known in every pass.
 */
#ifndef SMTP365_PACKET_SMTP365_H
#define SMTP365_PACKET_SMTP365_H

/* Called by Wireshark when it loads the plugin, and when all protocols are there. */
void packet_register(void);
void packet_handoff(void);

/* What the tap "smtp365" hands out, once per frame of a session and pass. */
struct packet_tap {
	unsigned session;
	const struct verdict *verdict; /* NULL: not known yet */
};

#endif
