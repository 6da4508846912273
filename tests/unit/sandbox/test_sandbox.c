/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests of the sandbox, each in a child process: what the dropped process may still do (write into
 * its folder, read what is open, make a thread) and what not (read /etc/shadow, make a socket, run
 * a program, fork, come back to root). Dropping needs root; the rest runs for everybody.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* setresuid, chroot */
#endif
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <glib.h>
#include <glib/gstdio.h>
#include "sandbox/sandbox.h"

/* What a child can answer; a signal that ended it is 128 and its number. */
enum { ANSWER_FINE = 0, ANSWER_WRONG = 1, ANSWER_NOT_ENTERED = 2, ANSWER_SIGNAL = 128 };

static char *folder, *inside;
static int capture[2]; /* ends of a pair of sockets that stand for the capture */

typedef int (*attempt)(void);

static bool is_root(void)
{
	return geteuid() == 0;
}

static void needs_root(void)
{
	if (is_root())
		return;
	print_message("needs root, to drop from it: skipped\n");
	skip();
}

/* Run `what` in a child that is in the sandbox; its answer. `said`: what it wrote to standard
 * error. */
static int in_sandbox(enum sandbox_seccomp mode, attempt what, char *said, size_t room)
{
	const char *write_dirs[] = { inside, NULL };
	const struct sandbox_options o = { .user = is_root() ? "nobody" : NULL,
					   .seccomp = mode,
					   .write_dirs = write_dirs,
					   .first_output = capture[1] + 1 };
	int ends[2], status;
	char *error = NULL;

	assert_int_equal(pipe(ends), 0);
	fflush(NULL);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		dup2(ends[1], STDERR_FILENO);
		if (!sandbox_enter(&o, NULL, &error)) {
			dprintf(STDERR_FILENO, "%s\n", error);
			_exit(ANSWER_NOT_ENTERED);
		}
		_exit(what());
	}
	close(ends[1]);
	char text[512] = "";
	ssize_t n = read(ends[0], text, sizeof text - 1);
	close(ends[0]);
	text[n > 0 ? n : 0] = 0;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (said)
		g_strlcpy(said, text, room);
	if (WIFEXITED(status) && WEXITSTATUS(status) == ANSWER_NOT_ENTERED)
		fail_msg("not entered: %s", text);
	return WIFSIGNALED(status) ? ANSWER_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
}

static int read_shadow(void)
{
	return open("/etc/shadow", O_RDONLY) < 0 && errno == EACCES ? ANSWER_FINE : ANSWER_WRONG;
}

static int make_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) < 0 ? ANSWER_FINE : ANSWER_WRONG;
}

static int make_packet_socket(void)
{
	return socket(AF_PACKET, SOCK_RAW, 0) < 0 ? ANSWER_FINE : ANSWER_WRONG;
}

static int run_program(void)
{
	char *const argv[] = { "true", NULL }, *const none[] = { NULL };

	execve("/bin/true", argv, none);
	return ANSWER_FINE; /* came back: it did not run */
}

static int make_process(void)
{
	long pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	return pid < 0 ? ANSWER_FINE : ANSWER_WRONG;
}

static int make_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
		       -1, 0);

	return p == MAP_FAILED ? ANSWER_FINE : ANSWER_WRONG;
}

static int come_back(void)
{
	return setuid(0) < 0 && setgid(0) < 0 && setresuid(0, 0, 0) < 0 ? ANSWER_FINE
									: ANSWER_WRONG;
}

static int change_root(void)
{
	return chroot("/") < 0 ? ANSWER_FINE : ANSWER_WRONG;
}

static int write_inside(void)
{
	char part[4096], whole[4096];

	snprintf(part, sizeof part, "%s/a.part", inside);
	snprintf(whole, sizeof whole, "%s/a", inside);
	int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC, 0640);
	if (fd < 0 || write(fd, "line\n", 5) != 5 || ftruncate(fd, 2) || fsync(fd) || close(fd))
		return ANSWER_WRONG;
	return rename(part, whole) || unlink(whole) ? ANSWER_WRONG : ANSWER_FINE;
}

static void *say_yes(void *done)
{
	*(int *)done = 1;
	return NULL;
}

static int make_thread(void)
{
	pthread_t t;
	int done = 0;

	if (pthread_create(&t, NULL, say_yes, &done) || pthread_join(t, NULL))
		return ANSWER_WRONG;
	return done ? ANSWER_FINE : ANSWER_WRONG;
}

static int work_with_memory(void)
{
	for (size_t n = 1; n < 1u << 24; n *= 2) {
		char *p = malloc(n);
		if (!p)
			return ANSWER_WRONG;
		memset(p, 1, n);
		p = realloc(p, 2 * n);
		free(p);
	}
	struct timespec t = { 0, 1000 };
	nanosleep(&t, NULL);
	return isatty(0) >= 0 ? ANSWER_FINE : ANSWER_WRONG;
}

static int nothing(void)
{
	return ANSWER_FINE;
}

static int write_outside(void)
{
	char path[4096];

	snprintf(path, sizeof path, "%s/outside", folder);
	return open(path, O_WRONLY | O_CREAT, 0640) < 0 ? ANSWER_FINE : ANSWER_WRONG;
}

static int send_from_capture(void)
{
	return send(capture[0], "frame", 5, 0) < 0 ? ANSWER_FINE : ANSWER_WRONG;
}

static int write_to_capture(void)
{
	return write(capture[1], "frame", 5) < 0 ? ANSWER_FINE : ANSWER_WRONG;
}

static int message_from_capture(void)
{
	char text[] = "frame";
	struct iovec part = { text, 5 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	return sendmsg(capture[0], &message, 0) < 0 ? ANSWER_FINE : ANSWER_WRONG;
}

static int duplicate_capture(void)
{
	return fcntl(capture[0], F_DUPFD, 100) < 0 ? ANSWER_FINE : ANSWER_WRONG;
}

static int detach_filter(void)
{
	const int none = 0;

	return setsockopt(capture[0], SOL_SOCKET, SO_DETACH_FILTER, &none, sizeof none) < 0 &&
			       errno == EPERM
		       ? ANSWER_FINE
		       : ANSWER_WRONG;
}

static int be_listened_to(void)
{
	return listen(capture[0], 1) < 0 && errno == EPERM ? ANSWER_FINE : ANSWER_WRONG;
}

/* What was opened behind the capture takes records and messages to the manager. */
static int send_elsewhere(void)
{
	char path[4096];

	snprintf(path, sizeof path, "%s/record", inside);
	int fd = open(path, O_WRONLY | O_CREAT, 0640);
	bool fine = fd > capture[1] && write(fd, "x", 1) == 1 && fcntl(fd, F_GETFL) >= 0;
	close(fd);
	unlink(path);
	return fine ? ANSWER_FINE : ANSWER_WRONG;
}

static int is_dumpable(void)
{
	return access("/proc/self/mem", R_OK) == 0 ? ANSWER_WRONG : ANSWER_FINE;
}

static void test_cannot_be_traced(void **state)
{
	(void)state;
	needs_root(); /* else its files in /proc would be ours all the same */
	assert_int_equal(in_sandbox(SANDBOX_SECCOMP_NONE, is_dumpable, NULL, 0), ANSWER_FINE);
}

static void test_cannot_read_shadow(void **state)
{
	(void)state;
	needs_root();
	for (int mode = SANDBOX_SECCOMP_NONE; mode <= SANDBOX_SECCOMP_KILL; mode++)
		assert_int_equal(in_sandbox((enum sandbox_seccomp)mode, read_shadow, NULL, 0),
				 ANSWER_FINE);
}

static void test_cannot_come_back(void **state)
{
	(void)state;
	needs_root();
	assert_int_equal(in_sandbox(SANDBOX_SECCOMP_NONE, come_back, NULL, 0), ANSWER_FINE);
	assert_int_equal(in_sandbox(SANDBOX_SECCOMP_NONE, change_root, NULL, 0), ANSWER_FINE);
	assert_int_equal(in_sandbox(SANDBOX_SECCOMP_NONE, make_packet_socket, NULL, 0),
			 ANSWER_FINE);
}

/* Kill ends the process; trace lets the call fail and says so; none knows no list. */
static void test_modes(void **state)
{
	static const attempt forbidden[] = {
		make_socket,	   make_packet_socket, run_program,	     make_process,
		make_code,	   change_root,	       send_from_capture,    write_to_capture,
		duplicate_capture, detach_filter,      message_from_capture, be_listened_to,
	};
	char said[512];

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(forbidden); i++) {
		assert_int_equal(in_sandbox(SANDBOX_SECCOMP_KILL, forbidden[i], NULL, 0),
				 ANSWER_SIGNAL + SIGSYS);
		assert_int_equal(in_sandbox(SANDBOX_SECCOMP_TRACE, forbidden[i], said, sizeof said),
				 ANSWER_FINE);
		assert_non_null(strstr(said, "is not on the list\n"));
	}
	in_sandbox(SANDBOX_SECCOMP_TRACE, make_socket, said, sizeof said);
	char *line = g_strdup_printf(
		"smtp365: seccomp: system call number %4d is not on the list\n", (int)SYS_socket);
	assert_string_equal(said, line);
	g_free(line);
	assert_int_equal(in_sandbox(SANDBOX_SECCOMP_NONE, make_socket, said, sizeof said),
			 ANSWER_WRONG);
	assert_string_equal(said, "");
}

/* What the loop needs goes on in the strictest mode. */
static void test_still_works(void **state)
{
	static const attempt needed[] = { write_inside, make_thread, work_with_memory,
					  send_elsewhere, nothing };

	(void)state;
	for (size_t i = 0; i < G_N_ELEMENTS(needed); i++)
		assert_int_equal(in_sandbox(SANDBOX_SECCOMP_KILL, needed[i], NULL, 0), ANSWER_FINE);
}

/* As root the folder's owner forbids it; with landlock also for the owner. */
static void test_writes_only_inside(void **state)
{
	(void)state;
	if (!is_root() && syscall(SYS_landlock_create_ruleset, NULL, 0, 1) < 1) {
		print_message("neither root nor landlock: skipped\n");
		skip();
	}
	assert_int_equal(in_sandbox(SANDBOX_SECCOMP_KILL, write_outside, NULL, 0), ANSWER_FINE);
}

static void test_unknown_users(void **state)
{
	static const struct sandbox_options o = { .user = "no-such-user-here" };
	char *error = NULL;

	(void)state;
	assert_false(sandbox_check_user("no-such-user-here", &error));
	assert_non_null(strstr(error, "-Z no-such-user-here: there is no such user"));
	assert_null(strchr(error, '\n'));
	g_clear_pointer(&error, g_free);
	assert_false(sandbox_check_user("root", &error));
	assert_non_null(strstr(error, "ordinary user"));
	g_clear_pointer(&error, g_free);
	assert_true(sandbox_check_user("nobody", &error));
	if (!is_root())
		assert_true(sandbox_check_user(NULL, &error));
	if (is_root()) {
		assert_false(sandbox_enter(&o, NULL, &error)); /* and nothing was dropped */
		assert_non_null(error);
		g_clear_pointer(&error, g_free);
		assert_int_equal(geteuid(), 0);
	}
}

static void test_words(void **state)
{
	enum sandbox_seccomp mode;
	char *error = NULL, *line = sandbox_permission_line("eth1");

	(void)state;
	assert_true(sandbox_check_start(&error));
	assert_true(g_str_has_prefix(line, "eth1: "));
	if (is_root()) { /* setcap would not help */
		assert_non_null(strstr(line, "although root: give"));
		assert_non_null(strstr(line, "CAP_NET_RAW"));
	} else {
		assert_non_null(strstr(line, "setcap cap_net_raw+ep /"));
		assert_non_null(strstr(line, "test_sandbox"));
	}
	g_free(line);
	assert_true(sandbox_seccomp_parse("kill", &mode) && mode == SANDBOX_SECCOMP_KILL);
	assert_true(sandbox_seccomp_parse("trace", &mode) && mode == SANDBOX_SECCOMP_TRACE);
	assert_true(sandbox_seccomp_parse("none", &mode) && mode == SANDBOX_SECCOMP_NONE);
	assert_false(sandbox_seccomp_parse("Kill", &mode));
	assert_false(sandbox_seccomp_parse("", &mode));
}

static void test_give(void **state)
{
	char *path = g_build_filename(inside, "given", NULL), *error = NULL;
	struct stat info;

	(void)state;
	assert_true(g_file_set_contents(path, "x", 1, NULL));
	assert_true(sandbox_give(path, "nobody", &error));
	assert_int_equal(stat(path, &info), 0);
	if (is_root())
		assert_int_not_equal(info.st_uid, 0);
	g_unlink(path);
	if (is_root()) {
		assert_false(sandbox_give(path, "nobody", &error));
		assert_non_null(strstr(error, "cannot be given"));
		g_clear_pointer(&error, g_free);
		assert_int_equal(symlink("/etc/shadow", path), 0); /* never through a link */
		assert_false(sandbox_give(path, "nobody", &error));
		g_clear_pointer(&error, g_free);
		g_unlink(path);
	}
	g_free(path);
}

/* Two folders: `inside` belongs to the user that the child becomes, what is around it does not. */
static int make_folders(void **state)
{
	char *error = NULL;

	(void)state;
	folder = g_dir_make_tmp("smtp365-sandbox-XXXXXX", NULL);
	inside = g_build_filename(folder, "inside", NULL);
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, capture))
		return -1;
	if (!folder || g_mkdir(inside, 0750) || chmod(folder, 0755))
		return -1;
	return sandbox_give(inside, "nobody", &error) ? 0 : -1;
}

static int remove_folders(void **state)
{
	(void)state;
	g_rmdir(inside);
	g_rmdir(folder);
	g_free(inside);
	g_free(folder);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cannot_read_shadow),
		cmocka_unit_test(test_cannot_come_back),
		cmocka_unit_test(test_cannot_be_traced),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_still_works),
		cmocka_unit_test(test_writes_only_inside),
		cmocka_unit_test(test_unknown_users),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_give),
	};
	return cmocka_run_group_tests(tests, make_folders, remove_folders);
}
