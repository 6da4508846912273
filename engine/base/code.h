/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reply codes of SMTP by name (RFC 5321 section 4.2.3, RFC 4954 section 4 and 6), and what their
 * first digit says (RFC 5321 section 4.2.1).
 */
#ifndef SMTP365_CODE_H
#define SMTP365_CODE_H

#include <stdbool.h>

enum smtp_code {
	CODE_READY = 220, /* greeting; go ahead after STARTTLS (RFC 3207) */
	CODE_AUTHENTICATED = 235,
	CODE_OK = 250,
	CODE_CHALLENGE = 334, /* of a login */
	CODE_START_INPUT = 354,
	CODE_NOT_AVAILABLE = 421, /* the server closes the connection */
	CODE_UNRECOGNIZED = 500,
	CODE_BAD_ARGUMENT = 501,
	CODE_NOT_IMPLEMENTED = 502,
	CODE_BAD_SEQUENCE = 503,
	CODE_BAD_PARAMETER = 504,  /* to AUTH: an unknown mechanism */
	CODE_LOGIN_REQUIRED = 530, /* or STARTTLS first (RFC 3207 section 4) */
	CODE_BAD_CREDENTIALS = 535,
	CODE_ENCRYPTION_REQUIRED = 538,
	CODE_FAILED = 554,
};

/* 4xx or 5xx: what was asked was not done. */
static inline bool code_refuses(unsigned code)
{
	return code >= 400;
}
/* 5xx: asking again the same way is useless. */
static inline bool code_is_permanent(unsigned code)
{
	return code >= 500;
}
/* 4xx: it may be asked again later. */
static inline bool code_is_temporary(unsigned code)
{
	return code >= 400 && code < 500;
}

#endif
