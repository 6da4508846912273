/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opening in order: the user exists, interfaces (the one thing that needs a privilege), outputs,
 * signals and timer, then the sandbox. A trouble ends it with the line of the part that failed.
 */
#include "live/live_open.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include "write/say.h"

/* A tick of the loop, as live.c counts them. */
#define TICK_NS 250000000L

static bool open_ports(struct live_files *f, const struct options *o, const struct feed *feed,
		       char **error)
{
	for (guint i = 0; i < o->interfaces->len; i++) {
		const struct source_live_options s = {
			.interface = g_ptr_array_index(o->interfaces, i),
			.buffer_kib = o->buffer_kib,
			.snaplen = o->snaplen,
			.promiscuous = !o->no_promiscuous,
			.ports = (const uint16_t *)(const void *)feed->ports->data,
			.port_count = feed->ports->len,
			.user_filter = o->filter,
		};
		struct source_live *source = source_live_open(&s, error);
		if (!source)
			return false;
		f->port[i].source = source;
		f->port[i].packet = packet_new(source_live_dlt(source));
		g_assert(f->port[i].packet); /* source_live_open checked the link type */
		f->interfaces[i] = source_live_name(source);
		f->port_count = i + 1;
	}
	return true;
}

/* The output, given to the user of the sensor when this run makes it. */
static bool open_output(struct live_files *f, const struct options *o, char **error)
{
	bool ours = o->output && access(o->output, F_OK) != 0;
	f->sink = sink_open(o->output, error);
	if (!f->sink)
		return false;
	/* That there is no default user is said after what the words of the command got wrong. */
	if (sandbox_check_user(o->user, error))
		return !ours || sandbox_give(o->output, o->user, error);
	if (ours)
		unlink(o->output);
	return false;
}

static bool open_recorder(struct live_files *f, const struct options *o, const struct feed *feed,
			  char **error)
{
	if (!o->folder)
		return true;
	bool ours = access(o->folder, F_OK) != 0;
	f->command = g_strjoinv(" ", (char *[]){ "smtp365", "-i", (char *)f->interfaces[0], NULL });
	const struct recorder_options r = {
		.folder = o->folder,
		.folder_bytes = o->ring_bytes,
		.snaplen = o->snaplen,
		.bodies = o->bodies,
		.redact = o->redact,
		.all = o->all,
		.least = SEVERITY_LOW, /* every session has some remark of severity info */
		.command = f->command,
		.interfaces = f->interfaces,
		.ports = (const uint16_t *)(const void *)feed->ports->data,
		.port_count = feed->ports->len,
	};
	f->recorder = recorder_new(&r, error);
	return f->recorder && (!ours || sandbox_give(o->folder, o->user, error));
}

static bool watch(const struct live_files *f, int fd, char **error)
{
	struct epoll_event e = { .events = EPOLLIN, .data.fd = fd };
	if (fd >= 0 && epoll_ctl(f->poll, EPOLL_CTL_ADD, fd, &e) == 0)
		return true;
	*error = g_strdup_printf("cannot wait for packets and signals: %s", g_strerror(errno));
	return false;
}

static bool open_events(struct live_files *f, char **error)
{
	const struct itimerspec every = { { 0, TICK_NS }, { 0, TICK_NS } };
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	f->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	f->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	f->poll = epoll_create1(EPOLL_CLOEXEC);
	f->memory = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	timerfd_settime(f->timer, 0, &every, NULL);
	if (!watch(f, f->signals, error) || !watch(f, f->timer, error))
		return false;
	for (unsigned i = 0; i < f->port_count; i++)
		if (!watch(f, source_live_fd(f->port[i].source), error))
			return false;
	return true;
}

/* The first number behind the interfaces. */
static int first_output(const struct live_files *f)
{
	int first = STDERR_FILENO + 1;
	for (unsigned i = 0; i < f->port_count; i++)
		first = MAX(first, source_live_fd(f->port[i].source) + 1);
	return first;
}

static bool drop(struct live_files *f, const struct options *o, char **error)
{
	/* Sysfs, for the drop counters of an interface that comes back. */
	static const char *const read_dirs[] = { "/sys/class/net", "/sys/devices", NULL };
	const char *write_dirs[4] = { NULL };
	char *output = o->output ? g_path_get_dirname(o->output) : NULL;
	char *metrics = o->metrics ? g_path_get_dirname(o->metrics) : NULL;
	unsigned n = 0;
	if (output)
		write_dirs[n++] = output;
	if (metrics)
		write_dirs[n++] = metrics;
	if (o->folder)
		write_dirs[n++] = o->folder;
	const struct sandbox_options s = {
		.user = o->user,
		.seccomp = o->seccomp,
		.write_dirs = write_dirs,
		.read_dirs = read_dirs,
		.first_output = first_output(f),
	};
	bool fine = sandbox_enter(&s, &f->sandbox, error);
	g_free(output);
	g_free(metrics);
	return fine;
}

/* Made after the drop, the threads have its limits too. */
static bool start_threads(struct live_files *f, char **error)
{
	return say_start(error) && sink_start(f->sink, error) &&
	       (!f->recorder || recorder_start(f->recorder, error)) &&
	       (!f->metrics || metrics_file_start(f->metrics, error));
}

/* Folders and files that will be made later must be writable to the user that is left. */
static bool can_write(const char *path, const char *option, const char *what, char **error)
{
	int mode = g_file_test(path, G_FILE_TEST_IS_DIR) ? W_OK | X_OK : W_OK;
	if (access(path, mode) == 0)
		return true;
	*error = g_strdup_printf("%s: %s; give %s a %s that user %u can write", path,
				 g_strerror(errno), option, what, (unsigned)geteuid());
	return false;
}

/* What is wrong with --metrics whoever writes it. */
static bool check_metrics(const struct options *o, char **error)
{
	if (!o->metrics)
		return true;
	char *folder = g_path_get_dirname(o->metrics);
	if (g_file_test(o->metrics, G_FILE_TEST_IS_DIR))
		*error = g_strdup_printf("%s: is a folder; give --metrics a file", o->metrics);
	else if (!g_file_test(folder, G_FILE_TEST_IS_DIR))
		*error = g_strdup_printf("%s: there is no folder %s; make it, or give --metrics a "
					 "file in another",
					 o->metrics, folder);
	g_free(folder);
	return *error == NULL;
}

/* SIGHUP will open the output again, and make it when it was renamed. It may lie where only root
 * may look, or make files. */
static void check_reopening(const char *output)
{
	char *folder = g_path_get_dirname(output);
	struct stat info;
	if (access(output, W_OK) != 0)
		say("%s: user %u could not open it anew: on SIGHUP the old file will be written on",
		    output, (unsigned)geteuid());
	else if (stat(output, &info) == 0 && S_ISREG(info.st_mode) &&
		 access(folder, W_OK | X_OK) != 0)
		say("%s: user %u could not make it anew in this folder: who renames it must make "
		    "it again before SIGHUP (logrotate: create)",
		    output, (unsigned)geteuid());
	g_free(folder);
}

/* After the drop. The output is open already. */
static bool check_outputs(const struct options *o, char **error)
{
	if (o->output && !o->quiet)
		check_reopening(o->output);
	if (o->folder && !can_write(o->folder, "-w", "folder", error))
		return false;
	if (!o->metrics)
		return true;
	char *folder = g_path_get_dirname(o->metrics);
	bool fine = can_write(folder, "--metrics", "file in a folder", error);
	g_free(folder);
	return fine;
}

/* The interfaces are opened first, and the numbers that opening them left free are taken, so that
 * all that is opened later is higher: the sandbox tells them apart by that. */
static bool take_lower(const struct live_files *f, char **error)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	while (fd >= 0 && fd < first_output(f))
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		*error = g_strdup_printf("/dev/null: cannot be opened: %s", g_strerror(errno));
	else
		close(fd);
	return fd >= 0;
}

bool live_files_open(struct live_files *f, const struct options *o, const struct feed *feed,
		     char **error)
{
	*f = LIVE_FILES_CLOSED;
	if ((o->user && !sandbox_check_user(o->user, error)) || !open_ports(f, o, feed, error) ||
	    !take_lower(f, error) || !open_output(f, o, error) ||
	    !open_recorder(f, o, feed, error) || !open_events(f, error) || !check_metrics(o, error))
		return false;
	f->notify = notify_open();
	f->metrics = o->metrics ? metrics_file_new(o->metrics) : NULL;
	return drop(f, o, error) && check_outputs(o, error) && start_threads(f, error);
}

static void close_one(int fd)
{
	if (fd >= 0)
		close(fd);
}

void live_files_close(struct live_files *f)
{
	for (unsigned i = 0; i < f->port_count; i++) {
		source_live_close(f->port[i].source);
		packet_free(f->port[i].packet);
	}
	if (f->sink)
		sink_close(f->sink, 0, NULL);
	recorder_free(f->recorder);
	if (f->metrics)
		metrics_file_close(f->metrics, 0);
	notify_close(f->notify);
	close_one(f->signals);
	close_one(f->timer);
	close_one(f->poll);
	close_one(f->memory);
	g_free(f->command);
}
