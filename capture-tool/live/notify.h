/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tells the service manager how the sensor is: ready, alive, reloading, stopping, one status line;
 * sd_notify(3) without its library. Takes the address from the environment before the sandbox and
 * keeps the socket. Without a manager every call does nothing.
 */
#ifndef SMTP365_NOTIFY_H
#define SMTP365_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

struct notify;

/* Read NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID and connect; both variables are taken out of
 * the environment. Never fails: NULL when there is no manager, and NULL is fine for all calls
 * below. Owned by the caller. Must come before sandbox_enter. */
struct notify *notify_open(void);
void notify_close(struct notify *n);

void notify_ready(struct notify *n, const char *status);
/* SIGHUP: begin with the monotonic time in microseconds, end with notify_ready. */
void notify_reloading(struct notify *n, uint64_t monotonic_usec);
void notify_stopping(struct notify *n);
/* One line for "systemctl status". */
void notify_status(struct notify *n, const char *status);
/* Call often, with the monotonic time in microseconds: sends when half the watchdog time is over.
 */
void notify_alive(struct notify *n, uint64_t monotonic_usec);
/* Microseconds between two watchdog messages at most; 0 when none is wanted. */
uint64_t notify_interval(const struct notify *n);

#endif
