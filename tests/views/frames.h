/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a view does to one frame. For views.c and frames.c. */
#ifndef SMTP365_TESTS_FRAMES_H
#define SMTP365_TESTS_FRAMES_H

#include "views.h"

/* Where the parts of an Ethernet frame lie. */
struct frame_parts {
	size_t ip, transport, payload; /* payload: bytes of TCP on the wire */
	bool four, tcp;
	uint8_t proto, flags;
};

/* False: no IP in Ethernet, or a fragment. */
bool frame_parts(const struct frame *f, struct frame_parts *out);
unsigned frame_get16(const uint8_t *at);
void frame_put16(uint8_t *at, unsigned value);
/* A copy that owns its bytes; in a VLAN, in GRE, in VXLAN. */
struct frame frame_own(const struct frame *f);
struct frame frame_tagged(const struct frame *f);
struct frame frame_in_gre(const struct frame *f);
struct frame frame_in_vxlan(const struct frame *f);
/* Change a frame that owns its bytes. */
void frame_set_id(struct frame *f, unsigned id);
void frame_no_checksums(struct frame *f);

#endif
