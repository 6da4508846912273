/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What makes values of the words of a command line, by the table of options. GOption parses; before
 * it, clusters like -nrfile are split, because GOption takes no value that is attached to its
 * letter.
 */
#include "cli/options.h"
#include <stddef.h>
#include <string.h>
#include "ports.h"

/* What GOption fills; strings are owned. */
struct raw {
#define OPTION_SWITCH(member, ...) gboolean member;
#define OPTION_ASK(member, ...) gboolean member;
#define OPTION_TEXT(member, ...) char *member;
#define OPTION_WORD(member, ...) char *member;
#define OPTION_NUMBER(type, member, ...) char *member;
#define OPTION_LIST(member, ...) char **member;
#define OPTION_WORDS(member, ...) char **member;
#include "cli/options.def"
	gboolean format[FORMAT_COUNT];
	char **words;
};

/* A row as GOption wants it, and where its value goes. GOption takes texts as file names, whose
 * bytes it leaves as they are. */
struct row {
	const char *group, *title; /* NULL: an option */
	GOptionEntry entry;
	size_t at;
};

#define ROW(letter, long_name, arg, member, help, value)                                           \
	{ NULL,                                                                                    \
	  NULL,                                                                                    \
	  { long_name, letter, 0, G_OPTION_ARG_##arg, NULL, help, value },                         \
	  offsetof(struct raw, member) },

static const struct row rows[] = {
#define OPTION_GROUP(name, title) { name, title, G_OPTION_ENTRY_NULL, 0 },
#define OPTION_SWITCH(member, letter, long_name, help)                                             \
	ROW(letter, long_name, NONE, member, help, NULL)
#define OPTION_ASK(member, letter, long_name, help) ROW(letter, long_name, NONE, member, help, NULL)
#define OPTION_FORMAT(constant, name, help) ROW(0, #name, NONE, format[constant], help, NULL)
#define OPTION_TEXT(member, letter, long_name, value, what, help)                                  \
	ROW(letter, long_name, FILENAME, member, help, value)
#define OPTION_WORD(member, letter, long_name, value, what, help)                                  \
	ROW(letter, long_name, FILENAME, member, help, value)
#define OPTION_NUMBER(type, member, letter, long_name, value, low, high, none, refusal, help)      \
	ROW(letter, long_name, FILENAME, member, help, value)
#define OPTION_LIST(member, letter, long_name, value, what, help)                                  \
	ROW(letter, long_name, FILENAME_ARRAY, member, help, value)
#define OPTION_WORDS(member, letter, long_name, value, what, help)                                 \
	ROW(letter, long_name, FILENAME_ARRAY, member, help, value)
#include "cli/options.def"
};

/* Bytes that the snapshot length has at most, and when it is not limited. */
#define SNAPLEN_MOST 262144u

/* A group and the options behind it. The next group, or the end. */
static size_t add_group(GOptionContext *c, struct raw *r, size_t i)
{
	GOptionGroup *g = g_option_group_new(rows[i].group, rows[i].title, "", NULL, NULL);
	for (i++; i < G_N_ELEMENTS(rows) && !rows[i].group; i++) {
		GOptionEntry entry[] = { rows[i].entry, G_OPTION_ENTRY_NULL };
		entry->arg_data = (char *)r + rows[i].at;
		g_option_group_add_entries(g, entry);
	}
	g_option_context_add_group(c, g);
	return i;
}

/* The table: groups in the order of the help. */
static GOptionContext *context_new(struct raw *r)
{
	const GOptionEntry words[] = {
		{ G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &r->words, NULL, NULL },
		G_OPTION_ENTRY_NULL,
	};
	GOptionContext *c = g_option_context_new("[FILE...] [capture filter]");
	g_option_context_set_help_enabled(c, FALSE);
	g_option_context_set_summary(
		c, "Tells from packets why mail to Microsoft 365 does not go out.");
	g_option_context_set_description(
		c, "Exit status: 0 done; 1 only with --exit-status; 2 usage, file, interface, "
		   "filter or\n"
		   "permission trouble.\n"
		   "Examples: smtp365 -r mail.pcapng\n"
		   "          smtp365 -i eth1 --json --output /var/log/smtp365/sessions.ndjson\n");
	g_option_context_add_main_entries(c, words, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(rows);)
		i = add_group(c, r, i);
	return c;
}

char *options_help(void)
{
	struct raw r = { 0 };
	GOptionContext *c = context_new(&r);
	char *text = g_option_context_get_help(c, FALSE, NULL);
	g_option_context_free(c);
	return text;
}

static bool letter_has_value(char letter)
{
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		if (rows[i].entry.short_name == letter)
			return rows[i].entry.arg != G_OPTION_ARG_NONE;
	return false;
}

/* One short cluster: "-nr" -> "-n", "-r"; "-c10" -> "-c", "10". True when its value is the next
 * word. */
static bool split_cluster(const char *cluster, GPtrArray *out)
{
	for (const char *p = cluster + 1; *p; p++) {
		g_ptr_array_add(out, g_strdup_printf("-%c", *p));
		if (!letter_has_value(*p))
			continue;
		if (!p[1])
			return true;
		g_ptr_array_add(out, g_strdup(p + 1));
		return false;
	}
	return false;
}

/* argv with clusters split, NULL-terminated. */
static char **split_all(int argc, char *const *argv)
{
	GPtrArray *out = g_ptr_array_new_with_free_func(g_free);
	bool options = true;
	for (int i = 0; i < argc; i++) {
		const char *a = argv[i];
		if (i == 0 || !options || a[0] != '-' || !a[1]) {
			g_ptr_array_add(out, g_strdup(a));
		} else if (a[1] == '-') {
			options = a[2] != 0;
			g_ptr_array_add(out, g_strdup(a));
		} else if (split_cluster(a, out) && i + 1 < argc) {
			g_ptr_array_add(out, g_strdup(argv[++i]));
		}
	}
	g_ptr_array_add(out, NULL);
	return (char **)g_ptr_array_free(out, FALSE);
}

/* A decimal number from `low` to `high`. */
static bool parse_number(const char *text, uint64_t low, uint64_t high, uint64_t *out)
{
	guint64 n;
	if (!g_ascii_string_to_unsigned(text, 10, low, high, &n, NULL))
		return false;
	*out = n;
	return true;
}

/* "high" -> SEVERITY_HIGH; false when it is none. */
static bool parse_severity(const char *name, enum severity *out)
{
	for (enum severity s = SEVERITY_INFO; s <= SEVERITY_CRITICAL; s++)
		if (g_ascii_strcasecmp(name, severity_name(s)) == 0) {
			*out = s;
			return true;
		}
	return false;
}

/* Would a user call this word a file although there is none of that name? */
static bool looks_like_file(const char *word)
{
	static const char *const ends[] = { ".pcap", ".pcapng", ".cap", ".gz", ".zst", ".dmp" };
	for (size_t i = 0; i < G_N_ELEMENTS(ends); i++)
		if (g_str_has_suffix(word, ends[i]))
			return true;
	return g_str_has_prefix(word, "/") || g_str_has_prefix(word, "./") ||
	       g_str_has_prefix(word, "../");
}

/* Words: files first, then the filter, which begins with the first word that is no file. */
static char *sort_words(struct options *o, char *const *words, const char *filter)
{
	GString *rest = g_string_new(NULL);
	for (; words && *words; words++) {
		bool file = strcmp(*words, "-") == 0 || looks_like_file(*words) ||
			    (g_file_test(*words, G_FILE_TEST_EXISTS) &&
			     !g_file_test(*words, G_FILE_TEST_IS_DIR));
		if (file && rest->len == 0 && o->interfaces->len == 0 && !o->only_filter) {
			g_ptr_array_add(o->files, g_strdup(*words));
			continue;
		}
		if (rest->len)
			g_string_append_c(rest, ' ');
		g_string_append(rest, *words);
	}
	if (filter && rest->len) {
		char *error = g_strdup_printf(
			"%s: a filter was given with -f already; use one of the two", rest->str);
		g_string_free(rest, TRUE);
		return error;
	}
	o->filter = filter ? g_strdup(filter) : rest->len ? g_strdup(rest->str) : NULL;
	g_string_free(rest, TRUE);
	return NULL;
}

static char *take_ports(struct options *o, char *const *ports)
{
	for (; ports && *ports; ports++) {
		uint64_t n;
		if (!parse_number(*ports, 1, UINT16_MAX, &n))
			return g_strdup_printf(
				"--port %s: not a port; give a number from 1 to 65535", *ports);
		uint16_t port = (uint16_t)n;
		g_array_append_val(o->ports, port);
	}
	return NULL;
}

/* "512M" to bytes; at least 1 MiB, or the ring could not hold one session. */
static bool parse_size(const char *text, uint64_t *out)
{
	static const char units[] = "KMGT";
	size_t n = strlen(text);
	const char *unit = n ? strchr(units, g_ascii_toupper(text[n - 1])) : NULL;
	unsigned shift = unit ? 10u * (unsigned)(unit - units + 1) : 0;
	char *digits = g_strndup(text, unit ? n - 1 : n);
	bool good = parse_number(digits, 1, UINT64_MAX >> shift, out);
	g_free(digits);
	*out <<= shift;
	return good && *out >= 1u << 20;
}

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

/* Where the outputs of one run go: no two to one place, and only --output to standard output. Names
 * are compared as words, because most of the files are not there yet. */
static char *check_places(const struct options *o)
{
	const struct place places[] = {
		{ "--keylog", o->keylog, "file" },
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

/* What makes no sense together. */
static char *check_live(const struct options *o, const struct raw *r)
{
	bool live = o->interfaces->len > 0;
	for (guint i = 0; i < o->interfaces->len; i++) {
		const char *name = g_ptr_array_index(o->interfaces, i);
		for (guint k = 0; k < i; k++)
			if (strcmp(name, g_ptr_array_index(o->interfaces, k)) == 0)
				return g_strdup_printf("-i %s: is given twice; once is enough",
						       name);
		if (o->interfaces->len > 1 && strcmp(name, "any") == 0)
			return g_strdup("-i any: is every interface already; leave the others out");
	}
	if (live && o->files->len)
		return g_strdup("-i and -r: capture or read files, not both");
	if (live && r->html)
		return g_strdup("--html: only of capture files; use -r FILE");
	if (!live && (r->metrics || r->user || r->seccomp || r->silence_s))
		return g_strdup_printf("%s: only with live capture; add -i IFACE",
				       r->metrics   ? "--metrics"
				       : r->user    ? "-Z"
				       : r->seccomp ? "--seccomp"
						    : "--silence");
	if ((r->ring || r->bodies) && !r->folder)
		return g_strdup_printf("%s: only with the flight recorder; add -w FOLDER",
				       r->ring ? "--ring" : "--bodies");
	if (!live && r->folder && (o->files->len != 1 || r->ring))
		return g_strdup("-w: needs -i IFACE for a folder, or one -r FILE for a copy");
	return check_places(o);
}

static enum options_action action_of(const struct raw *r)
{
	return r->help		    ? OPTIONS_HELP
	       : r->version	    ? OPTIONS_VERSION
	       : r->list_findings   ? OPTIONS_LIST
	       : r->explain	    ? OPTIONS_EXPLAIN
	       : r->list_interfaces ? OPTIONS_INTERFACES
	       : r->dump_filter	    ? OPTIONS_FILTER
				    : OPTIONS_RUN;
}

static void take_list(GPtrArray *to, char *const *from)
{
	for (; from && *from; from++)
		g_ptr_array_add(to, g_strdup(*from));
}

/* What stands for itself. */
static void take_as_given(struct options *o, const struct raw *r)
{
#define OPTION_SWITCH(member, ...) o->member = r->member;
#define OPTION_TEXT(member, ...) o->member = g_strdup(r->member);
#define OPTION_LIST(member, ...) take_list(o->member, r->member);
#define OPTION_FORMAT(constant, ...) o->format = r->format[constant] ? constant : o->format;
#include "cli/options.def"
	o->action = action_of(r);
	o->only_filter = r->dump_filter && !r->files;
	o->fail_on_given = r->fail_on != NULL;
	if (g_strcmp0(o->output, "-") == 0) /* as by default */
		g_clear_pointer(&o->output, g_free);
}

/* A letter is how people know the option. */
static char *refuse(char letter, const char *long_name, const char *given, const char *refusal)
{
	return letter ? g_strdup_printf("-%c %s: %s", letter, given, refusal)
		      : g_strdup_printf("--%s %s: %s", long_name, given, refusal);
}

static char *take_numbers(struct options *o, const struct raw *r)
{
	uint64_t n;
#define OPTION_NUMBER(type, member, letter, long_name, value, low, high, none, refusal, help)      \
	n = none;                                                                                  \
	if (r->member && !parse_number(r->member, low, high, &n))                                  \
		return refuse(letter, long_name, r->member, refusal);                              \
	o->member = (type)n;
#include "cli/options.def"
	if (o->snaplen == 0)
		o->snaplen = SNAPLEN_MOST;
	return NULL;
}

/* Words that stand for a value of their own kind. */
static char *take_words(struct options *o, const struct raw *r)
{
	if (r->fail_on && !parse_severity(r->fail_on, &o->fail_on))
		return refuse(0, "fail-on", r->fail_on,
			      "no severity; give critical, high, medium, low or info");
	if (r->ring && !parse_size(r->ring, &o->ring_bytes))
		return refuse(0, "ring", r->ring, "no size; give 1M or more, as 500M or 20G");
	if (r->seccomp && !sandbox_seccomp_parse(r->seccomp, &o->seccomp))
		return refuse(0, "seccomp", r->seccomp, "no such mode; give none, trace or kill");
	if (o->interfaces->len > OPTIONS_INTERFACES_MOST)
		return g_strdup_printf("-i: more than %u interfaces; use -i any",
				       OPTIONS_INTERFACES_MOST);
	return take_ports(o, r->ports);
}

/* Words to values. NULL, or the line that says what is wrong. */
static char *take(struct options *o, const struct raw *r)
{
	take_as_given(o, r);
	char *error = take_numbers(o, r);
	if (!error)
		error = take_words(o, r);
	if (!error)
		error = sort_words(o, r->words, r->filter);
	if (error || o->action != OPTIONS_RUN)
		return error;
	error = check_live(o, r);
	if (error || o->interfaces->len)
		return error;
	if (o->files->len == 0 && o->filter)
		return g_strdup_printf("%s: no such file, and no other capture was given; use "
				       "-r FILE, or -r - for standard input",
				       o->filter);
	if (o->files->len == 0)
		return g_strdup(
			"no capture given; use -r FILE, or -r - for standard input, or -i IFACE to "
			"capture, or --help");
	return NULL;
}

static void raw_clear(struct raw *r)
{
#define OPTION_TEXT(member, ...) g_free(r->member);
#define OPTION_WORD(member, ...) g_free(r->member);
#define OPTION_NUMBER(type, member, ...) g_free(r->member);
#define OPTION_LIST(member, ...) g_strfreev(r->member);
#define OPTION_WORDS(member, ...) g_strfreev(r->member);
#include "cli/options.def"
	g_strfreev(r->words);
}

char *options_parse(struct options *o, int argc, char *const *argv)
{
	struct raw r = { 0 };
	char *error = NULL;
	GError *wrong = NULL;

	*o = (struct options){
#define OPTION_LIST(member, ...) .member = g_ptr_array_new_with_free_func(g_free),
#include "cli/options.def"
		.ports = g_array_new(FALSE, FALSE, sizeof(uint16_t)),
		.fail_on = SEVERITY_MEDIUM,
		.seccomp = SANDBOX_SECCOMP_KILL,
	};
	char **consumed = split_all(argc, argv);
	GOptionContext *c = context_new(&r);
	if (!g_option_context_parse_strv(c, &consumed, &wrong)) {
		wrong->message[0] = g_ascii_tolower(wrong->message[0]);
		error = g_strdup_printf("%s; see smtp365 --help", wrong->message);
		g_clear_error(&wrong);
	} else {
		error = take(o, &r);
	}
	g_option_context_free(c);
	g_strfreev(consumed);
	raw_clear(&r);
	if (error)
		options_clear(o);
	return error;
}

static void clear_list(GPtrArray *list)
{
	if (list)
		g_ptr_array_free(list, TRUE);
}

void options_clear(struct options *o)
{
#define OPTION_TEXT(member, ...) g_free(o->member);
#define OPTION_LIST(member, ...) clear_list(o->member);
#include "cli/options.def"
	if (o->ports)
		g_array_free(o->ports, TRUE);
	g_free(o->filter);
	*o = (struct options){ 0 };
}
