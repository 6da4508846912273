/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What Wireshark decrypted in a frame, when it has the keys: hands the application data of its TLS
 * records to the engine. Keeps, per connection and direction, how much of a handshake message is
 * still to come, because handshake and mail arrive in the same way.
 */
#ifndef SMTP365_PLAIN_H
#define SMTP365_PLAIN_H

#include "ws_compat.h"
#include "smtp365.h"

struct plain;

struct plain *plain_new(void);
void plain_free(struct plain *p);
/* Feed what was decrypted in the frame of `g`, the segment fed just before, of session `session`.
 */
void plain_feed(struct plain *p, struct smtp365 *engine, packet_info *pinfo,
		const struct segment *g, unsigned session);

#endif
