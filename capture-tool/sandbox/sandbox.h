/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Least privilege once everything is open: an ordinary user, no capabilities, no new privileges,
 * a list of allowed system calls (seccomp), writing only below given folders (landlock). Takes
 * names and folders, gives a process that cannot get back. What a phase may do is in the manual,
 * section PRIVILEGES. Order as ever: options, open, filter, drop, loop.
 */
#ifndef SMTP365_SANDBOX_H
#define SMTP365_SANDBOX_H

#include <stdbool.h>

#define SANDBOX_USER "smtp365" /* system user when started as root without -Z */

enum sandbox_seccomp {
	SANDBOX_SECCOMP_NONE,  /* no list */
	SANDBOX_SECCOMP_TRACE, /* a call off the list fails with EPERM and is said on standard error
				*/
	SANDBOX_SECCOMP_KILL,  /* a call off the list ends the process (SIGSYS) */
};

struct sandbox_options {
	const char *user;	      /* -Z; NULL: SANDBOX_USER. Matters only to root */
	enum sandbox_seccomp seccomp; /* --seccomp */
	const char *const
		*write_dirs; /* folders to make and rename files in, NULL-terminated; NULL none */
	const char *const *read_dirs; /* folders to read below, NULL-terminated; NULL none */
	/* Descriptors below this one, but for standard output and error, are for capture: nothing
	 * can be written to them or sent by them. 0: there are none. */
	int first_output;
};

/* What sandbox_enter could do; for -v and the log. */
struct sandbox_state {
	bool user_dropped; /* was root and is no more */
	int landlock;	   /* ABI version in force; 0: this kernel has none */
	bool seccomp;	   /* a list is in force */
};

/* "none" "trace" "kill"; false when it is neither. */
bool sandbox_seccomp_parse(const char *name, enum sandbox_seccomp *out);

/* Call first in main, before anything is opened: false and one line when the program runs setuid or
 * setgid. File capabilities are fine. */
bool sandbox_check_start(char **error);

/* No interface was asked for: give up the right to capture, which a file capability or root gave.
 * False and one line (g_free). */
bool sandbox_forgo_capture(char **error);

/* Does the user exist? Call before opening, so that a typing error costs nothing. Only root needs
 * one: for others true. False and one line that names it and says what to do. */
bool sandbox_check_user(const char *user, char **error);

/* As root: give `path` (file or folder that this run made) to the user that sandbox_enter will
 * become. For others nothing. False and one line. */
bool sandbox_give(const char *path, const char *user, char **error);

/* Give up everything, for good, and check that it is gone. To be called once, with a single thread,
 * after all descriptors are open. `state` may be NULL. False and one line (g_free): the process
 * must then end, it may have dropped in part. */
bool sandbox_enter(const struct sandbox_options *o, struct sandbox_state *state, char **error);

/* The line for "permission denied" on opening `interface`: names it and the exact setcap command
 * for this binary. Owned by the caller, g_free. */
char *sandbox_permission_line(const char *interface);

#endif
