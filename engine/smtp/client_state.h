/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the client decoder share and no one else includes: client.c finds lines
 * and ends of bodies, client_line.c says what a line is.
 */
#ifndef SMTP365_SMTP_CLIENT_INTERNAL_H
#define SMTP365_SMTP_CLIENT_INTERNAL_H

#include "base/caps.h"
#include "smtp/auth.h"
#include "smtp/body.h"
#include "smtp/hidden.h"
#include "smtp/line.h"
#include "smtp/verbs.h"

#define SMTP_SECRET_WORD 4u /* shorter words of a hidden text say nothing */

struct smtp_client {
	struct smtp_line line;
	struct smtp_body_scan scan;
	enum smtp_expect expect;
	bool chunk;	     /* a counted body is being skipped, whatever `expect` says */
	bool doubt;	     /* bytes were lost: not known whether a line begins here */
	bool bad;	     /* STEP_BAD was said */
	enum smtp_mech mech; /* of the AUTH dialogue */
	unsigned step;	     /* answers seen in it */
	bool auth_open;	     /* AUTH came and no sure command since: odd lines may be answers */
	bool auth_sure;	     /* `step` is right: nothing was lost since AUTH */
	bool auth_over;	     /* a sure command came since AUTH */
	unsigned answers;    /* lines sent as answers since AUTH, the initial response left out */
	unsigned challenges; /* times that 334 was told since AUTH */
	bool body_over;	     /* the body of the last DATA has ended already */
	bool nul_line;	     /* the line before was a lone NUL */
	bool blob;	     /* the last command was XEXCH50 */
	uint64_t blob_size;  /* its binary data, sent after 354 */
	bool asks_password;  /* the last 334 of LOGIN asked for the password */
	struct smtp_hidden hidden; /* survives a reset */
};

/* client_line.c */
/* What is this line? False: it is dropped. Fills *out, which is zeroed, and says to *c what the
 * line announces: an AUTH dialogue, or bytes that are counted. */
bool smtp_client_line(struct smtp_client *c, struct bytes line, unsigned marks,
		      struct smtp_item *out);

#endif
