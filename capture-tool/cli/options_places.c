/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names are compared as words, because most of the files are not there yet.
 */
#include "cli/options_places.h"
#include <string.h>

struct place {
	const char *option, *path; /* path NULL: not given */
	const char *kind;
};

/* Devices can have many writers. */
static bool same_place(const struct place *a, const struct place *b)
{
	if (!a->path || !b->path)
		return false;
	char *one = g_canonicalize_filename(a->path, NULL);
	char *two = g_canonicalize_filename(b->path, NULL);
	bool same = strcmp(one, two) == 0 && !g_str_has_prefix(one, "/dev/");
	g_free(one);
	g_free(two);
	return same;
}

char *options_check_places(const struct options *o)
{
	const struct place places[] = {
		{ "--output", o->output, "file" },
		{ "--html", o->html, "file" },
		{ "--metrics", o->metrics, "file" },
		{ "-w", o->folder, o->interfaces->len ? "folder" : "file" },
	};

	for (size_t i = 1; i < G_N_ELEMENTS(places); i++) {
		const struct place *p = &places[i];
		if (g_strcmp0(p->path, "-") == 0)
			return g_strdup_printf("%s -: is not written to standard output; name a %s",
					       p->option, p->kind);
		for (size_t k = 0; k < i; k++)
			if (same_place(p, &places[k]))
				return g_strdup_printf("%s: is given to %s and to %s; write them "
						       "to two places",
						       p->path, places[k].option, p->option);
	}
	return NULL;
}
