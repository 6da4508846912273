/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The built-in names of Microsoft 365: hosts, banners and certificates, the first row that matches
 * wins. See peers_names.h.
 */
#include "m365/peers_names.h"

#include <string.h>

enum name_state { CURRENT, FORMER, GONE };

struct name_row {
	const char *pattern;
	enum endpoint endpoint;
	bool mx;
	enum name_state state;
};

static const struct name_row name_rows[] = {
#define NAME(p, e, m, r, source, verified) { p, ENDPOINT_##e, m, r },
#include "m365/hosts.def"
};

static const struct name_row banner_rows[] = {
#define BANNER(p, e, m, source, verified) { p, ENDPOINT_##e, m, CURRENT },
#include "m365/banners.def"
};

static const struct name_row subject_rows[] = {
#define SUBJECT(p, e, m, source, verified) { p, ENDPOINT_##e, m, CURRENT },
#include "m365/subjects.def"
};

bool peers_pattern(const char *pattern, const char *name)
{
	if ((pattern[0] != '*' && pattern[0] != '?') || pattern[1] != '.')
		return strcmp(pattern, name) == 0;
	size_t tail = strlen(pattern + 1), n = strlen(name);
	if (n <= tail || strcmp(name + n - tail, pattern + 1) != 0 || name[0] == '.')
		return false;
	return pattern[0] == '*' || !memchr(name, '.', n - tail);
}

static bool find_row(const struct name_row *rows, size_t n, const char *name, struct peer *out)
{
	for (size_t i = 0; i < n; i++) {
		if (peers_pattern(rows[i].pattern, name)) {
			*out = (struct peer){ rows[i].endpoint, rows[i].mx,
					      rows[i].state != CURRENT, rows[i].state == GONE };
			return true;
		}
	}
	return false;
}

bool peers_table_name(const char *name, struct peer *out)
{
	return find_row(name_rows, G_N_ELEMENTS(name_rows), name, out);
}

bool peers_table_banner(const char *host, struct peer *out)
{
	return find_row(banner_rows, G_N_ELEMENTS(banner_rows), host, out);
}

bool peers_table_subject(const char *name, struct peer *out)
{
	return find_row(subject_rows, G_N_ELEMENTS(subject_rows), name, out);
}
