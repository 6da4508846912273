/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The protocol is text in a datagram, sd_notify(3): "READY=1\nSTATUS=...". Sending never waits: a
 * manager that does not read must not stop the capture.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* SOCK_CLOEXEC */
#endif
#include "live/notify.h"
#include <errno.h>
#include <glib.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Longer words would be cut by the manager anyway. */
#define STATUS_BYTES 256

struct notify {
	int fd;
	uint64_t interval; /* half the watchdog time, microseconds; 0: no watchdog */
	uint64_t sent;	   /* when the last one went out */
};

/* The address of the manager: a path, or a name in the abstract space written with '@'. False when
 * there is none. */
static bool manager_address(struct sockaddr_un *to, socklen_t *n)
{
	const char *path = getenv("NOTIFY_SOCKET");

	if (!path || (path[0] != '/' && path[0] != '@') || !path[1] ||
	    strlen(path) >= sizeof to->sun_path)
		return false;
	*to = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(to->sun_path, path, strlen(path));
	if (path[0] == '@')
		to->sun_path[0] = 0;
	*n = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	return true;
}

/* Half of WATCHDOG_USEC, when it is meant for this process. */
static uint64_t watchdog_interval(void)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	guint64 n, who;

	if (!usec || !g_ascii_string_to_unsigned(usec, 10, 1, G_MAXINT64, &n, NULL))
		return 0;
	if (pid && (!g_ascii_string_to_unsigned(pid, 10, 1, G_MAXINT32, &who, NULL) ||
		    who != (guint64)getpid()))
		return 0;
	return MAX(n / 2, 1);
}

struct notify *notify_open(void)
{
	struct sockaddr_un to;
	socklen_t n;
	struct notify *out = NULL;

	if (manager_address(&to, &n)) {
		int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (fd >= 0 && connect(fd, (const struct sockaddr *)&to, n) == 0) {
			out = g_new0(struct notify, 1);
			out->fd = fd;
			out->interval = watchdog_interval();
		} else if (fd >= 0) {
			close(fd);
		}
	}
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	return out;
}

void notify_close(struct notify *n)
{
	if (!n)
		return;
	close(n->fd);
	g_free(n);
}

static void send_text(const struct notify *n, const char *text)
{
	if (n && send(n->fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		errno = 0; /* the manager went away: nothing that could be done */
}

/* A status is one line; what could end it becomes a blank. */
static void send_with_status(const struct notify *n, const char *what, const char *status)
{
	char line[STATUS_BYTES];

	if (!n)
		return;
	g_strlcpy(line, status ? status : "", sizeof line);
	g_strdelimit(line, "\n\r", ' ');
	char *text = g_strconcat(what, line[0] ? "STATUS=" : "", line, NULL);
	send_text(n, text);
	g_free(text);
}

void notify_ready(struct notify *n, const char *status)
{
	send_with_status(n, "READY=1\n", status);
}

void notify_reloading(struct notify *n, uint64_t monotonic_usec)
{
	char text[64];

	g_snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%" G_GUINT64_FORMAT,
		   (guint64)monotonic_usec);
	send_text(n, text);
}

void notify_stopping(struct notify *n)
{
	send_text(n, "STOPPING=1");
}

void notify_status(struct notify *n, const char *status)
{
	send_with_status(n, "", status);
}

void notify_alive(struct notify *n, uint64_t monotonic_usec)
{
	if (!n || n->interval == 0 || (n->sent != 0 && monotonic_usec - n->sent < n->interval))
		return;
	n->sent = monotonic_usec;
	send_text(n, "WATCHDOG=1");
}

uint64_t notify_interval(const struct notify *n)
{
	return n ? n->interval : 0;
}
