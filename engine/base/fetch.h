/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asks for memory that is needed soon, so that nobody has to wait for it. Changes nothing; an
 * address that is wrong is no error.
 */
#ifndef SMTP365_FETCH_H
#define SMTP365_FETCH_H

#include <stddef.h>

#define FETCH_LINE 64u /* bytes of memory that come together */

static inline void fetch(const void *at, size_t bytes)
{
	for (size_t i = 0; i < bytes; i += FETCH_LINE)
		__builtin_prefetch((const char *)at + i);
}

#endif
