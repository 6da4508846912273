/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests of the messages to the service manager, which the test plays itself on a socket: what is
 * sent and when, nothing without a manager, and never a wait for one that does not read.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <glib.h>
#include <glib/gstdio.h>
#include "live/notify.h"

static int manager = -1;
static char *folder, *path;

/* Listen at a path, or at the same name in the abstract space. */
static void listen_at(bool abstract)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	char name[200];

	g_snprintf(name, sizeof name, "%s%s", abstract ? "@" : "", path);
	assert_true(strlen(name) < sizeof at.sun_path);
	memcpy(at.sun_path, name, strlen(name));
	if (abstract)
		at.sun_path[0] = 0;
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	socklen_t n = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
	assert_int_equal(bind(manager, (struct sockaddr *)&at, n), 0);
	setenv("NOTIFY_SOCKET", name, 1);
}

/* The next message, "" when there is none. */
static const char *heard(void)
{
	static char text[512];
	ssize_t n = recv(manager, text, sizeof text - 1, 0);

	text[n > 0 ? n : 0] = 0;
	return text;
}

static void test_messages(void **state)
{
	(void)state;
	for (int abstract = 0; abstract <= 1; abstract++) {
		listen_at(abstract);
		struct notify *n = notify_open();
		assert_non_null(n);
		assert_null(getenv("NOTIFY_SOCKET"));
		notify_ready(n, "capturing on eth1");
		assert_string_equal(heard(), "READY=1\nSTATUS=capturing on eth1");
		notify_ready(n, NULL);
		assert_string_equal(heard(), "READY=1\n");
		notify_status(n, "two\nlines\rhere");
		assert_string_equal(heard(), "STATUS=two lines here");
		notify_reloading(n, 12345);
		assert_string_equal(heard(), "RELOADING=1\nMONOTONIC_USEC=12345");
		notify_stopping(n);
		assert_string_equal(heard(), "STOPPING=1");
		notify_alive(n, 1000000);
		assert_string_equal(heard(), ""); /* no watchdog asked for */
		assert_int_equal(notify_interval(n), 0);
		notify_close(n);
		close(manager);
	}
}

static void test_watchdog(void **state)
{
	char pid[32];

	(void)state;
	g_snprintf(pid, sizeof pid, "%d", (int)getpid());
	listen_at(true);
	setenv("WATCHDOG_USEC", "1000000", 1);
	setenv("WATCHDOG_PID", pid, 1);
	struct notify *n = notify_open();
	assert_int_equal(notify_interval(n), 500000);
	notify_alive(n, 10);
	assert_string_equal(heard(), "WATCHDOG=1");
	notify_alive(n, 500009);
	assert_string_equal(heard(), "");
	notify_alive(n, 500010);
	assert_string_equal(heard(), "WATCHDOG=1");
	notify_close(n);
	close(manager);
	/* Meant for another process, or no number. */
	static const char *const wrong[][2] = { { "1000000", "1" }, { "x", NULL }, { "", NULL },
						{ "-1", NULL },	    { "0", NULL }, { "5", "x" } };
	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		listen_at(true);
		setenv("WATCHDOG_USEC", wrong[i][0], 1);
		if (wrong[i][1])
			setenv("WATCHDOG_PID", wrong[i][1], 1);
		n = notify_open();
		assert_int_equal(notify_interval(n), 0);
		notify_close(n);
		close(manager);
	}
}

static void expect_nothing(void)
{
	struct notify *n = notify_open();

	assert_null(n);
	notify_ready(n, "x");
	notify_reloading(n, 1);
	notify_status(n, "x");
	notify_alive(n, 1);
	notify_stopping(n);
	assert_int_equal(notify_interval(n), 0);
	notify_close(n);
}

static void test_no_manager(void **state)
{
	static const char *const wrong[] = {
		"", "/", "relative", "@", "/nowhere/at/all", "vsock:1"
	};
	char far[300];

	(void)state;
	unsetenv("NOTIFY_SOCKET");
	expect_nothing();
	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		setenv("NOTIFY_SOCKET", wrong[i], 1);
		expect_nothing();
	}
	memset(far, '/', sizeof far - 1);
	far[sizeof far - 1] = 0;
	setenv("NOTIFY_SOCKET", far, 1);
	expect_nothing();
}

/* The manager does not read, then goes away: the sender neither waits nor dies. */
static void test_deaf_manager(void **state)
{
	(void)state;
	listen_at(true);
	struct notify *n = notify_open();
	for (unsigned i = 0; i < 5000; i++)
		notify_status(n, "still here");
	close(manager);
	notify_status(n, "anybody?");
	char *lengthy = g_strnfill(10000, 'x');
	notify_status(n, lengthy);
	g_free(lengthy);
	notify_close(n);
}

static int make_path(void **state)
{
	(void)state;
	folder = g_dir_make_tmp("smtp365-notify-XXXXXX", NULL);
	path = g_build_filename(folder, "socket", NULL);
	return folder ? 0 : -1;
}

static int remove_path(void **state)
{
	(void)state;
	g_unlink(path);
	g_rmdir(folder);
	g_free(path);
	g_free(folder);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_messages, make_path, remove_path),
		cmocka_unit_test_setup_teardown(test_watchdog, make_path, remove_path),
		cmocka_unit_test_setup_teardown(test_no_manager, make_path, remove_path),
		cmocka_unit_test_setup_teardown(test_deaf_manager, make_path, remove_path),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
