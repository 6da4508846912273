/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The list of system calls that the sandboxed process may make; for sandbox_linux.c. Takes the
 * mode, puts the list in force for all threads made from now on. What the calls are is in the table
 * of sandbox_calls.c.
 */
#ifndef SMTP365_SANDBOX_CALLS_H
#define SMTP365_SANDBOX_CALLS_H

#include "sandbox/sandbox.h"

/* mode: TRACE or KILL. no_new_privs must be set. first_output as in struct sandbox_options. False
 * and one line (g_free). */
bool sandbox_calls_enter(enum sandbox_seccomp mode, int first_output, char **error);

#endif
