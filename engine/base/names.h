/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Value and name in one table. Takes a value, gives its word, with a fallback for values that the
 * table does not know. The words of verdict.h's enums live in names.c and are the JSON contract.
 */
#ifndef SMTP365_NAMES_H
#define SMTP365_NAMES_H

#include <stddef.h>

struct name {
	int value;
	const char *name;
};

/* The name of value among n rows, or fallback (which may be NULL). Borrowed, static. */
const char *name_of(const struct name *table, size_t n, int value, const char *fallback);
/* The same for an array whose size is known here. */
#define NAME_OF(table, value, fallback)                                                            \
	name_of(table, sizeof(table) / sizeof((table)[0]), (int)(value), fallback)

#endif
