/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verdict line with its colours, for the text of a session; without them it is report_line().
 */
#ifndef SMTP365_REPORT_LINE_H
#define SMTP365_REPORT_LINE_H

#include "report.h"

enum color { COLOR_RED, COLOR_GREEN, COLOR_YELLOW, COLOR_CYAN, COLOR_BOLD, COLOR_DIM };

/* Begin and end a colour, when the options want colours. */
void report_color_on(const struct report_options *o, enum color c, GString *out);
void report_color_off(const struct report_options *o, GString *out);
/* Append the verdict line, no newline. */
void report_colored_line(const struct verdict *v, const struct report_options *o, GString *out);

#endif
