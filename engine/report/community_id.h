/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Community ID version 1 with seed 0: the flow hash that Zeek, Suricata and Arkime compute too, so
 * that records of several tools can be joined.
 */
#ifndef SMTP365_COMMUNITY_ID_H
#define SMTP365_COMMUNITY_ID_H

#include "segment.h"

/* Fill out ("1:" and 28 characters of base64) for these ends; protocol is the IP protocol number.
 * Empty when the addresses are not both of one family. */
void community_id(const struct address *a, uint16_t a_port, const struct address *b,
		  uint16_t b_port, uint8_t protocol, char out[40]);

#endif
