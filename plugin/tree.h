/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A session's verdict as a protocol tree, and its findings as expert infos. Everything is generated
 * by us, so every item is marked so. Shows only what is wanted: most frames get a few items.
 */
#ifndef SMTP365_TREE_H
#define SMTP365_TREE_H

#include "ws_compat.h"
#include "verdict.h"

/* Show the session of this frame, or a session that has this frame as evidence. `v` may be NULL:
 * its verdict is not known yet. `proto`: our protocol. tree may be NULL: expert infos only. */
void tree_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, int proto, unsigned session,
	       const struct verdict *v);

#endif
