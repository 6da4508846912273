/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The record log of a session whose server is Microsoft 365 by its greeting: kept from the first
 * encrypted record on, for no other session.
 */
#ifndef SMTP365_SESSION_INSIDE_H
#define SMTP365_SESSION_INSIDE_H

#include "session/state.h"

/* An encrypted record, or a guess at one after a gap. */
void session_inside_record(struct session *s, enum flow_dir dir, const struct tls_item *i,
			   struct flow_mark m);
/* Bytes are missing; with them the borders of records, else nothing is lost. */
void session_inside_hole(struct session *s, enum flow_dir dir, uint64_t missing,
			 struct flow_mark m);
/* A refusal in clear: how long is the domain in the trailers of this host? */
void session_inside_trailer(struct session *s, struct bytes server);

#endif
