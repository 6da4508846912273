/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sandbox on Linux, in the order that leaves no way back: bounding set, groups, gid, uid,
 * capabilities, no_new_privs, landlock, and seccomp last, because its list has none of the calls
 * that the others need. Every step is checked by asking the kernel for the result. The list of
 * system calls is in sandbox_calls.c.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* getresuid, O_PATH */
#endif
#include "sandbox/sandbox.h"
#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <grp.h>
#include <linux/landlock.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "sandbox/sandbox_calls.h"

#ifndef LANDLOCK_ACCESS_FS_REFER
#define LANDLOCK_ACCESS_FS_REFER (1ULL << 13) /* ABI 2 */
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14) /* ABI 3 */
#endif

static bool refuse(char **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

static bool refuse(char **error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	*error = g_strdup_vprintf(format, args);
	va_end(args);
	return false;
}

bool sandbox_check_start(char **error)
{
	uid_t ruid, euid, suid;
	gid_t rgid, egid, sgid;

	if (getresuid(&ruid, &euid, &suid) == 0 && getresgid(&rgid, &egid, &sgid) == 0 &&
	    ruid == euid && euid == suid && rgid == egid && egid == sgid)
		return true;
	return refuse(error, "will not run setuid or setgid: take the bits away (chmod ug-s) and "
			     "use file capabilities: setcap cap_net_raw+ep");
}

/* The user of `name`, or of the default. False and the line when there is none, or it is root. */
static bool find_user(const char *name, uid_t *uid, gid_t *gid, char **error)
{
	const char *wanted = name ? name : SANDBOX_USER;
	errno = 0;
	const struct passwd *pw = getpwnam(wanted);

	if (!pw && !name)
		return refuse(error,
			      "there is no user \"%s\" to drop to: make it with \"useradd --system "
			      "--no-create-home --shell /usr/sbin/nologin %s\", or name another "
			      "with -Z",
			      wanted, wanted);
	if (!pw)
		return refuse(error, "-Z %s: there is no such user: name an existing one", wanted);
	if (pw->pw_uid == 0)
		return refuse(error, "-Z %s: has the rights of root: name an ordinary user",
			      wanted);
	*uid = pw->pw_uid;
	*gid = pw->pw_gid;
	return true;
}

bool sandbox_check_user(const char *user, char **error)
{
	uid_t uid;
	gid_t gid;

	return (geteuid() != 0 && !user) || find_user(user, &uid, &gid, error);
}

bool sandbox_give(const char *path, const char *user, char **error)
{
	uid_t uid;
	gid_t gid;

	if (geteuid() != 0)
		return true;
	if (!find_user(user, &uid, &gid, error))
		return false;
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	bool good = fd >= 0 && fchown(fd, uid, gid) == 0;
	if (!good)
		refuse(error, "%s: cannot be given to user %s: %s", path,
		       user ? user : SANDBOX_USER, g_strerror(errno));
	if (fd >= 0)
		close(fd);
	return good;
}

/* Group list, gid, uid, each for good; then look, and try to come back. */
static bool drop_user(const char *user, char **error)
{
	uid_t uid, ruid, euid, suid;
	gid_t gid, rgid, egid, sgid;

	if (!find_user(user, &uid, &gid, error))
		return false;
	if (setgroups(0, NULL) != 0 || setresgid(gid, gid, gid) != 0 ||
	    setresuid(uid, uid, uid) != 0)
		return refuse(error,
			      "cannot become user %s: %s: it takes CAP_SETUID and CAP_SETGID; or "
			      "start as that user, with CAP_NET_RAW alone",
			      user ? user : SANDBOX_USER, g_strerror(errno));
	if (getresuid(&ruid, &euid, &suid) != 0 || getresgid(&rgid, &egid, &sgid) != 0 ||
	    ruid != uid || euid != uid || suid != uid || rgid != gid || egid != gid ||
	    sgid != gid || getgroups(0, NULL) != 0 || setuid(0) == 0 || setgid(0) == 0)
		return refuse(error, "became user %s only in part: not going on",
			      user ? user : SANDBOX_USER);
	return true;
}

/* The bounding set can be emptied by whoever may (root); for others no_new_privs stands in. */
static void empty_bounding_set(void)
{
	capng_get_caps_process();
	if (!capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP))
		return;
	capng_clear(CAPNG_SELECT_BOUNDS);
	capng_apply(CAPNG_SELECT_BOUNDS);
}

static bool drop_capabilities(char **error)
{
	capng_clear(CAPNG_SELECT_BOTH);
	if (capng_apply(CAPNG_SELECT_CAPS) != 0)
		return refuse(error, "cannot give up capabilities: %s", g_strerror(errno));
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 && errno != EINVAL)
		return refuse(error, "cannot give up ambient capabilities: %s", g_strerror(errno));
	if (capng_get_caps_process() != 0 ||
	    capng_have_capabilities(CAPNG_SELECT_CAPS) != CAPNG_NONE)
		return refuse(error, "capabilities are still there after giving them up");
	return true;
}

bool sandbox_forgo_capture(char **error)
{
	if (geteuid() != 0)
		return drop_capabilities(error);
	/* What root may do with files stays: it is why the run was started so. */
	capng_get_caps_process();
	capng_updatev(CAPNG_DROP, CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_INHERITABLE,
		      CAP_NET_RAW, CAP_NET_ADMIN, -1);
	if (capng_apply(CAPNG_SELECT_CAPS) != 0)
		return refuse(error, "cannot give up the right to capture: %s", g_strerror(errno));
	return true;
}

/* No setuid program helps any more; a core file, or a debugger of the same user, would see mail.
 * What the kernel decides by itself depends on how the process got its rights. */
static bool forbid_gains(char **error)
{
	const struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
		return refuse(error, "cannot forbid traces and core files: %s", g_strerror(errno));
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return refuse(error, "cannot set no_new_privs: %s", g_strerror(errno));
	return true;
}

/* What landlock of this ABI can forbid; newer kernels may know more, which we do not ask for. */
static uint64_t landlock_handled(int abi)
{
	uint64_t all = LANDLOCK_ACCESS_FS_MAKE_SYM * 2 - 1; /* ABI 1: the first 13 */

	if (abi >= 2)
		all |= LANDLOCK_ACCESS_FS_REFER;
	if (abi >= 3)
		all |= LANDLOCK_ACCESS_FS_TRUNCATE;
	return all;
}

static bool landlock_allow(int set, const char *const *folders, uint64_t access, char **error)
{
	for (; folders && *folders; folders++) {
		struct landlock_path_beneath_attr rule = { .allowed_access = access };
		rule.parent_fd = open(*folders, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (rule.parent_fd < 0)
			return refuse(error, "%s: cannot be opened for the sandbox: %s", *folders,
				      g_strerror(errno));
		long bad =
			syscall(SYS_landlock_add_rule, set, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
		close(rule.parent_fd);
		if (bad)
			return refuse(error, "%s: landlock refuses it: %s", *folders,
				      g_strerror(errno));
	}
	return true;
}

static bool landlock_rules(int set, uint64_t handled, const struct sandbox_options *o, char **error)
{
	const uint64_t read = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
	const uint64_t write = read | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |
			       LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE;

	if (!landlock_allow(set, o->write_dirs, write & handled, error) ||
	    !landlock_allow(set, o->read_dirs, read & handled, error))
		return false;
	if (syscall(SYS_landlock_restrict_self, set, 0) != 0)
		return refuse(error, "landlock cannot be put in force: %s", g_strerror(errno));
	return true;
}

/* Nothing below the root but the given folders. A kernel without landlock is no reason to stop: the
 * user and the list of system calls still hold. */
static bool enter_landlock(const struct sandbox_options *o, int *abi, char **error)
{
	long version =
		syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	*abi = version > 0 ? (int)version : 0;
	if (*abi == 0)
		return true;
	struct landlock_ruleset_attr attr = { .handled_access_fs = landlock_handled(*abi) };
	int set =
		(int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr.handled_access_fs, 0);
	if (set < 0)
		return refuse(error, "landlock refuses its rules: %s", g_strerror(errno));
	bool good = landlock_rules(set, attr.handled_access_fs, o, error);
	close(set);
	return good;
}

bool sandbox_enter(const struct sandbox_options *o, struct sandbox_state *state, char **error)
{
	struct sandbox_state done = { 0 };
	bool root = geteuid() == 0;

	if (root) {
		empty_bounding_set();
		if (!drop_user(o->user, error))
			return false;
		done.user_dropped = true;
	}
	if (!drop_capabilities(error) || !forbid_gains(error) ||
	    !enter_landlock(o, &done.landlock, error))
		return false;
	if (o->seccomp != SANDBOX_SECCOMP_NONE) {
		if (!sandbox_calls_enter(o->seccomp, o->first_output, error))
			return false;
		done.seccomp = true;
	}
	if (state)
		*state = done;
	return true;
}

char *sandbox_permission_line(const char *interface)
{
	if (geteuid() == 0)
		return g_strdup_printf("%s: no permission to capture although root: give the "
				       "container or service the capability CAP_NET_RAW",
				       interface);
	char *self = g_file_read_link("/proc/self/exe", NULL);
	char *quoted = g_shell_quote(self ? self : "smtp365");
	/* Quotes only where the shell needs them. */
	bool plain = self && strspn(self, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					  "0123456789/._+-") == strlen(self);
	char *line = g_strdup_printf("%s: no permission to capture: allow it with \"sudo setcap "
				     "cap_net_raw+ep %s\", or run as root",
				     interface, plain ? self : quoted);

	g_free(quoted);
	g_free(self);
	return line;
}
