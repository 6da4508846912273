/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The look at the folder comes before the opening and the look at the file after it, on its
 * descriptor, so that no swap in between helps. See careful.h.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* O_NOFOLLOW */
#endif
#include "write/careful.h"
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

/* Is its folder one that only root may write? */
static bool only_root_writes(const char *path)
{
	struct stat folder;
	char *name = g_path_get_dirname(path);
	bool safe = stat(name, &folder) == 0 && folder.st_uid == 0 &&
		    !(folder.st_mode & (S_IWGRP | S_IWOTH));

	g_free(name);
	return safe;
}

int careful_open(const char *path, int flags, mode_t mode)
{
	struct stat info;
	bool strict = geteuid() == 0 && !only_root_writes(path);
	/* Nothing is cut off before it is known to be ours. */
	int first = strict ? (flags & ~O_TRUNC) | O_NOFOLLOW : flags;
	int fd = open(path, first | O_CLOEXEC, mode);

	if (fd < 0 || !strict)
		return fd;
	bool named_twice = fstat(fd, &info) != 0 || (S_ISREG(info.st_mode) && info.st_nlink > 1);
	if (!named_twice && (!(flags & O_TRUNC) || !S_ISREG(info.st_mode) || ftruncate(fd, 0) == 0))
		return fd;
	int why = named_twice ? EMLINK : errno;
	close(fd);
	errno = why;
	return -1;
}
