/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The catalogue of findings for people: --list-findings and --explain. Takes the engine's table,
 * appends to a string; prints nothing.
 */
#ifndef SMTP365_EXPLAIN_H
#define SMTP365_EXPLAIN_H

#include <glib.h>
#include <stdbool.h>

/* Every finding: a table, and one JSON object a line. */
void explain_list_text(GString *out);
void explain_list_json(GString *out);
/* What the finding `id` (slug or letter) means. False when there is none of that name; out then
 * gets one line that names similar ones. */
bool explain_finding(const char *id, GString *out);

#endif
