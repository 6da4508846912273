/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The folder of the flight recorder: names of its files, what they take on the disk, and which go
 * when there is no room. Touches only files whose names it could have given.
 */
#ifndef SMTP365_OUT_PCAPNG_FOLDER_H
#define SMTP365_OUT_PCAPNG_FOLDER_H

#include <stdbool.h>
#include <stdint.h>

struct folder;

/* Open or make the folder (0750), remove what a killed run left as ".part", list the rest. On
 * trouble NULL and *error, one line (g_free). */
struct folder *folder_open(const char *path, uint64_t most, char **error);
void folder_free(struct folder *f);
/* The name of the next file, with its folder: sorted by name they are sorted by age. g_free. */
char *folder_next(struct folder *f, uint64_t time_ns);
/* A file of this many bytes is complete. */
void folder_add(struct folder *f, const char *path, uint64_t bytes);
/* Delete the oldest files until `bytes` more find room. False: they never will. */
bool folder_room(struct folder *f, uint64_t bytes);
uint64_t folder_deleted(const struct folder *f);

#endif
