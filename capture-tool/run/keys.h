/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file that --keylog names: opened once, before a sandbox closes, given to each engine, and
 * followed while it grows. And what is said at the end when its keys did not open all sessions.
 */
#ifndef SMTP365_KEYS_H
#define SMTP365_KEYS_H

#include "smtp365.h"

struct keys_file;

/* Open it and read what it holds. On failure NULL, and *error is one line, g_free. */
struct keys_file *keys_file_open(const char *path, char **error);
/* Wipes. NULL is allowed. */
void keys_file_close(struct keys_file *k);
/* All keys read so far to a new engine. Returns how many secrets it has now. */
unsigned keys_file_give(const struct keys_file *k, struct smtp365 *engine);
/* Read what was appended and hand it to the engine; costs one system call when nothing was. */
void keys_file_follow(struct keys_file *k, struct smtp365 *engine);
/* Add up what engines say at their ends. */
void keys_count(struct smtp365_stats *all, const struct smtp365_stats *one);
/*
 * The line that says which TLS sessions could not be decrypted; NULL: none, or nothing was to be
 * decrypted. `path`: the key log, NULL when keys came inside captures, which may be for other
 * sessions. Caller frees.
 */
char *keys_words(const char *path, const struct smtp365_stats *all);

#endif
