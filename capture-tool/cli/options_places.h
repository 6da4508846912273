/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the outputs of one run go: no two to one place, and only --output to standard output.
 */
#ifndef SMTP365_OPTIONS_PLACES_H
#define SMTP365_OPTIONS_PLACES_H

#include "cli/options.h"

/* NULL, or the line that says what is wrong, freed with g_free. Looks at names only. */
char *options_check_places(const struct options *o);

#endif
