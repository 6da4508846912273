/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file that the node exporter's textfile collector reads: each text replaces the last, at once
 * and whole. Written in a thread of its own; while a disk hangs only the newest text waits.
 */
#ifndef SMTP365_METRICS_FILE_H
#define SMTP365_METRICS_FILE_H

#include <stdbool.h>
#include <stddef.h>

struct metrics_file;

struct metrics_file *metrics_file_new(const char *path);
/* Write in a thread from now on. After sandbox_enter. False and *error as worker_start. */
bool metrics_file_start(struct metrics_file *f, char **error);
void metrics_file_write(struct metrics_file *f, const char *text, size_t n);
/* One line when writing failed that did not fail before (g_free), else NULL. */
char *metrics_file_trouble(struct metrics_file *f);
/* Wait for the last text for at most `wait_ms`. False when it hangs; it is left alone then. */
bool metrics_file_close(struct metrics_file *f, unsigned wait_ms);

#endif
