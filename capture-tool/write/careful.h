/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opening a file to write without being led elsewhere: root follows a link, or writes to a file
 * with a second name, only where nobody but root could have put it.
 */
#ifndef SMTP365_CAREFUL_H
#define SMTP365_CAREFUL_H

#include <sys/types.h>

/* As open(2), O_CLOEXEC added. As root -1 and ELOOP for a link in a folder that others may write,
 * and EMLINK for a file there that has another name. */
int careful_open(const char *path, int flags, mode_t mode);

#endif
