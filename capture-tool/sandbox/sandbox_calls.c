/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * seccomp through libseccomp: what the loop needs after everything is open, as arrays. No socket,
 * no exec, no fork (threads are fine), no memory that is writable and executable, no ioctl but the
 * few that libpcap and isatty ask. What files may be opened is the affair of the user and of
 * landlock.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* the registers of a signal context */
#endif
#include "sandbox/sandbox_calls.h"
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <linux/if_packet.h>
#include <linux/sched.h>
#include <linux/sockios.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

/* By what they are for. A name that an architecture does not have is skipped by libseccomp. */
static const int allowed[] = {
	/* memory, threads */
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(futex),
	SCMP_SYS(sched_yield),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(rseq),
	SCMP_SYS(gettid),
	SCMP_SYS(getpid),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	SCMP_SYS(membarrier),
	/* time */
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_getres),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(nanosleep),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(time),
	SCMP_SYS(timerfd_settime),
	/* signals; tgkill is abort() */
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(tgkill),
	SCMP_SYS(restart_syscall),
	/* descriptors that are open */
	SCMP_SYS(read),
	SCMP_SYS(pread64),
	SCMP_SYS(readv),
	SCMP_SYS(close),
	SCMP_SYS(lseek),
	SCMP_SYS(_llseek),
	SCMP_SYS(fstat),
	SCMP_SYS(fstat64),
	SCMP_SYS(fstatfs),
	SCMP_SYS(ftruncate),
	SCMP_SYS(fsync),
	SCMP_SYS(fdatasync),
	SCMP_SYS(fallocate),
	SCMP_SYS(fadvise64),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(select),
	SCMP_SYS(pselect6),
	SCMP_SYS(epoll_wait),
	SCMP_SYS(epoll_pwait),
	SCMP_SYS(epoll_ctl),
	SCMP_SYS(pipe2),
	SCMP_SYS(eventfd2),
	/* the capture sockets: none can be made or connected; for sending see add_sending */
	SCMP_SYS(recvfrom),
	SCMP_SYS(recvmsg),
	SCMP_SYS(getsockopt),
	SCMP_SYS(getsockname),
	/* files below the allowed folders: reopened, renamed when complete, deleted when old */
	SCMP_SYS(open),
	SCMP_SYS(openat),
	SCMP_SYS(stat),
	SCMP_SYS(lstat),
	SCMP_SYS(newfstatat),
	SCMP_SYS(statx),
	SCMP_SYS(access),
	SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2),
	SCMP_SYS(readlink),
	SCMP_SYS(readlinkat),
	SCMP_SYS(getdents64),
	SCMP_SYS(rename),
	SCMP_SYS(renameat),
	SCMP_SYS(renameat2),
	SCMP_SYS(unlink),
	SCMP_SYS(unlinkat),
	SCMP_SYS(fchmod),
	SCMP_SYS(umask),
	/* about ourselves */
	SCMP_SYS(getrandom),
	SCMP_SYS(getrusage),
	SCMP_SYS(sysinfo),
	SCMP_SYS(uname),
	SCMP_SYS(getuid),
	SCMP_SYS(geteuid),
	SCMP_SYS(getgid),
	SCMP_SYS(getegid),
};

/* Questions only: is it a terminal and how wide, bytes waiting, the state of an interface. */
static const unsigned long asked[] = {
	TCGETS,	      TIOCGWINSZ,  FIONREAD,	  SIOCGIFFLAGS,
	SIOCGIFINDEX, SIOCGIFNAME, SIOCGIFHWADDR, SIOCGSTAMP,
};

bool sandbox_seccomp_parse(const char *name, enum sandbox_seccomp *out)
{
	static const char *const names[] = {
		[SANDBOX_SECCOMP_NONE] = "none",
		[SANDBOX_SECCOMP_TRACE] = "trace",
		[SANDBOX_SECCOMP_KILL] = "kill",
	};

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		if (strcmp(name, names[i]) == 0) {
			*out = (enum sandbox_seccomp)i;
			return true;
		}
	return false;
}

/* The result that the forbidden call gives back. */
static void set_result(ucontext_t *context, long result)
{
#if defined(__x86_64__)
	context->uc_mcontext.gregs[REG_RAX] = result;
#elif defined(__aarch64__)
	context->uc_mcontext.regs[0] = (unsigned long)result;
#else
	(void)context; /* then it stays what the kernel put there, a failure */
	(void)result;
#endif
}

/* SIGSYS with "trace". Only write(2) here: the call can come from inside malloc. */
static void on_forbidden(int sig, siginfo_t *info, void *context)
{
	static const char head[] = "smtp365: seccomp: system call number ";
	char line[] = "smtp365: seccomp: system call number      is not on the list\n";
	unsigned number = (unsigned)info->si_syscall % 10000;

	(void)sig;
	for (size_t digit = sizeof head + 2;; digit--) {
		line[digit] = (char)('0' + number % 10);
		number /= 10;
		if (number == 0)
			break;
	}
	if (write(STDERR_FILENO, line, sizeof line - 1) < 0)
		return;
	set_result(context, -EPERM);
}

/* Nothing that could duplicate a descriptor: those for capture must stay the low ones. */
static const int managed[] = { F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GETPIPE_SZ, F_SETPIPE_SZ };

/* Of a packet socket (packet(7)): the interface that came back, and the end of the ring. None that
 * would make a ring to send from, or take the filter away. */
static const int set_of_packet[] = { PACKET_ADD_MEMBERSHIP, PACKET_RX_RING };

/* Bytes go out only through standard output, standard error and what was opened behind the capture:
 * written to a packet socket they would be a frame on the network. */
static int add_sending(scmp_filter_ctx list, int first_output)
{
	static const int writes[] = { SCMP_SYS(write), SCMP_SYS(writev) },
			 sends[] = { SCMP_SYS(sendto), SCMP_SYS(sendmsg) };
	const scmp_datum_t from = (scmp_datum_t)first_output;
	int bad = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(writes) && !bad; i++) {
		bad = seccomp_rule_add(list, SCMP_ACT_ALLOW, writes[i], 1,
				       SCMP_A0(SCMP_CMP_GE, from));
		for (scmp_datum_t fd = STDOUT_FILENO; fd <= STDERR_FILENO && !bad; fd++)
			bad = seccomp_rule_add(list, SCMP_ACT_ALLOW, writes[i], 1,
					       SCMP_A0(SCMP_CMP_EQ, fd));
	}
	for (size_t i = 0; i < G_N_ELEMENTS(sends) && !bad; i++)
		bad = seccomp_rule_add(list, SCMP_ACT_ALLOW, sends[i], 1,
				       SCMP_A0(SCMP_CMP_GE, from));
	return bad;
}

/* What may be done to descriptors and sockets that are open. */
static int add_managing(scmp_filter_ctx list, int first_output)
{
	int bad = seccomp_rule_add(list, SCMP_ACT_ALLOW, SCMP_SYS(bind), 1,
				   SCMP_A0(SCMP_CMP_LT, (scmp_datum_t)first_output));

	for (size_t i = 0; i < G_N_ELEMENTS(managed) && !bad; i++) {
		const struct scmp_arg_cmp command =
			SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffffu, (scmp_datum_t)managed[i]);
		bad = seccomp_rule_add(list, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1, command);
		if (!bad)
			bad = seccomp_rule_add(list, SCMP_ACT_ALLOW, SCMP_SYS(fcntl64), 1, command);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(set_of_packet) && !bad; i++)
		bad = seccomp_rule_add(
			list, SCMP_ACT_ALLOW, SCMP_SYS(setsockopt), 2,
			SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffffu, SOL_PACKET),
			SCMP_A2(SCMP_CMP_MASKED_EQ, 0xffffffffu, (scmp_datum_t)set_of_packet[i]));
	return bad;
}

/* Rules that look at arguments, and calls that fail instead of being forbidden. Below 0: failed. */
static int add_conditional(scmp_filter_ctx list)
{
	int bad = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(asked) && !bad; i++)
		bad = seccomp_rule_add(list, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
				       SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffffu, asked[i]));
	const struct scmp_arg_cmp no_code = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
	const struct scmp_arg_cmp thread = SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD);
	if (!bad)
		bad = seccomp_rule_add(list, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, no_code);
	if (!bad)
		bad = seccomp_rule_add(list, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, no_code);
	if (!bad)
		bad = seccomp_rule_add(list, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1, thread);
	/* Its flags lie in memory, where no filter sees them: the C library then uses clone. */
	if (!bad)
		bad = seccomp_rule_add(list, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	return bad;
}

static int add_all(scmp_filter_ctx list, int first_output)
{
	int bad = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(allowed) && !bad; i++)
		if (allowed[i] >= 0) /* below: not of this architecture */
			bad = seccomp_rule_add(list, SCMP_ACT_ALLOW, allowed[i], 0);
	if (!bad)
		bad = add_sending(list, first_output);
	if (!bad)
		bad = add_managing(list, first_output);
	return bad ? bad : add_conditional(list);
}

bool sandbox_calls_enter(enum sandbox_seccomp mode, int first_output, char **error)
{
	struct sigaction action = { .sa_sigaction = on_forbidden, .sa_flags = SA_SIGINFO };
	bool trace = mode == SANDBOX_SECCOMP_TRACE;
	scmp_filter_ctx list = seccomp_init(trace ? SCMP_ACT_TRAP : SCMP_ACT_KILL_PROCESS);

	if (trace)
		sigaction(SIGSYS, &action, NULL);
	int bad = list ? add_all(list, first_output) : -ENOMEM;
	if (!bad)
		bad = seccomp_load(list);
	if (list)
		seccomp_release(list);
	if (bad)
		*error = g_strdup_printf("the list of system calls cannot be put in force: %s; "
					 "--seccomp none goes without",
					 g_strerror(-bad));
	return !bad;
}
