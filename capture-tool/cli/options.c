/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of options and what makes values of their words. GOption parses; before it, clusters
 * like -nrfile are split, because GOption takes no value that is attached to its letter.
 */
#include "cli/options.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ports.h"
#include "cli/options_places.h"

/* What GOption fills; strings are owned. */
struct raw {
	gboolean help, version, quiet, verbose, names, lines, json, all, redact, list, exit_status;
	gboolean no_promiscuous, interfaces_list, filter_list, bodies;
	char **files, **ports, **words, **interfaces;
	char *filter, *count, *output, *endpoints, *fail_on, *explain;
	char *buffer, *snaplen, *user, *seccomp, *metrics, *html, *folder, *ring, *silence;
};

#define LETTERS_WITH_VALUE "rfciBsZw"
/* Largest capture buffer: what the kernel's ring can have at all. */
#define BUFFER_MOST_KIB (1u << 20)
#define SNAPLEN_MOST 262144u
#define SILENCE_SECONDS 600u

static void add_group(GOptionContext *c, const char *name, const char *title,
		      const GOptionEntry *entries)
{
	GOptionGroup *g = g_option_group_new(name, title, "", NULL, NULL);
	g_option_group_add_entries(g, entries);
	g_option_context_add_group(c, g);
}

static void add_input(GOptionContext *c, struct raw *r)
{
	const GOptionEntry entries[] = {
		{ "read", 'r', 0, G_OPTION_ARG_FILENAME_ARRAY, &r->files,
		  "Capture file, also gzip or zstd; - is standard input (repeatable)", "FILE" },
		{ "filter", 'f', 0, G_OPTION_ARG_FILENAME, &r->filter,
		  "Capture filter; the last words do the same (default: all packets)", "FILTER" },
		{ "count", 'c', 0, G_OPTION_ARG_FILENAME, &r->count,
		  "Stop after N packets (default: all)", "N" },
		{ "port", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &r->ports,
		  "Watch this port too (repeatable; default: " SMTP365_PORTS_TEXT ")", "N" },
		{ "endpoints", 0, 0, G_OPTION_ARG_FILENAME, &r->endpoints,
		  "Saved Microsoft endpoints JSON (default: the built-in ranges)", "FILE" },
		G_OPTION_ENTRY_NULL,
	};
	add_group(c, "input", "Input:", entries);
}

static void add_live(GOptionContext *c, struct raw *r)
{
	const GOptionEntry entries[] = {
		{ "interface", 'i', 0, G_OPTION_ARG_FILENAME_ARRAY, &r->interfaces,
		  "Capture there until a signal; any is all of them (repeatable)", "IFACE" },
		{ "list-interfaces", 'D', 0, G_OPTION_ARG_NONE, &r->interfaces_list,
		  "List the interfaces that can be captured on", NULL },
		{ "buffer-size", 'B', 0, G_OPTION_ARG_FILENAME, &r->buffer,
		  "Kernel buffer of each interface (default: 32768)", "KIB" },
		{ "snapshot-length", 's', 0, G_OPTION_ARG_FILENAME, &r->snaplen,
		  "Bytes captured of each packet (default: 262144)", "LEN" },
		{ "no-promiscuous-mode", 'p', 0, G_OPTION_ARG_NONE, &r->no_promiscuous,
		  "Do not put the interface into promiscuous mode", NULL },
		{ "dump-filter", 'd', 0, G_OPTION_ARG_NONE, &r->filter_list,
		  "Print the kernel filter, yours included, and end", NULL },
		{ "relinquish-privileges", 'Z', 0, G_OPTION_ARG_FILENAME, &r->user,
		  "As root: become this user once all is open (default: smtp365)", "USER" },
		{ "seccomp", 0, 0, G_OPTION_ARG_FILENAME, &r->seccomp,
		  "System calls off the list: none, trace or kill (default: kill)", "MODE" },
		{ "metrics", 0, 0, G_OPTION_ARG_FILENAME, &r->metrics,
		  "Keep counters there for Prometheus' node exporter", "FILE" },
		{ "silence", 0, 0, G_OPTION_ARG_FILENAME, &r->silence,
		  "Warn when no SMTP was seen for so long, 0 never (default: 600)", "SECONDS" },
		G_OPTION_ENTRY_NULL,
	};
	add_group(c, "live", "Live capture:", entries);
}

static void add_recorder(GOptionContext *c, struct raw *r)
{
	const GOptionEntry entries[] = {
		{ "write", 'w', 0, G_OPTION_ARG_FILENAME, &r->folder,
		  "With -i: keep packets of sessions with findings in this folder; with -r: copy "
		  "the "
		  "capture to this file, verdicts as comments",
		  "FOLDER" },
		{ "ring", 0, 0, G_OPTION_ARG_FILENAME, &r->ring,
		  "Most that the folder holds: bytes, or with K, M, G (default: 1G)", "SIZE" },
		{ "bodies", 0, 0, G_OPTION_ARG_NONE, &r->bodies,
		  "Keep message bodies too (default: left out)", NULL },
		G_OPTION_ENTRY_NULL,
	};
	add_group(c, "recorder", "Flight recorder:", entries);
}

static void add_output(GOptionContext *c, struct raw *r)
{
	const GOptionEntry entries[] = {
		{ "json", 0, 0, G_OPTION_ARG_NONE, &r->json,
		  "One JSON object per session and line (default: text)", NULL },
		{ "output", 0, 0, G_OPTION_ARG_FILENAME, &r->output,
		  "Write there (default: standard output)", "FILE" },
		{ "html", 0, 0, G_OPTION_ARG_FILENAME, &r->html,
		  "With -r: write a report for people there as well, one HTML file", "FILE" },
		{ "all", 0, 0, G_OPTION_ARG_NONE, &r->all,
		  "Sessions that are not Microsoft 365 in full too (default: one line each)",
		  NULL },
		{ "redact", 0, 0, G_OPTION_ARG_NONE, &r->redact,
		  "Hide user names and local parts of addresses (default: shown)", NULL },
		{ "verbose", 'v', 0, G_OPTION_ARG_NONE, &r->verbose,
		  "Add the dialogue, and all findings of sessions that worked", NULL },
		{ "quiet", 'q', 0, G_OPTION_ARG_NONE, &r->quiet,
		  "No summary, no progress, no advice on standard error", NULL },
		{ "line-buffered", 'l', 0, G_OPTION_ARG_NONE, &r->lines,
		  "Write out after each session (default: on a terminal only)", NULL },
		{ "no-names", 'n', 0, G_OPTION_ARG_NONE, &r->names,
		  "Accepted: names are never looked up", NULL },
		G_OPTION_ENTRY_NULL,
	};
	add_group(c, "output", "Output:", entries);
}

static void add_status(GOptionContext *c, struct raw *r)
{
	const GOptionEntry entries[] = {
		{ "exit-status", 0, 0, G_OPTION_ARG_NONE, &r->exit_status,
		  "Exit with 1 when there is a finding as severe as --fail-on (default: 0)", NULL },
		{ "fail-on", 0, 0, G_OPTION_ARG_FILENAME, &r->fail_on,
		  "critical, high, medium, low or info (default: medium)", "SEVERITY" },
		G_OPTION_ENTRY_NULL,
	};
	add_group(c, "status", "Exit status:", entries);
}

static void add_about(GOptionContext *c, struct raw *r)
{
	const GOptionEntry entries[] = {
		{ "list-findings", 0, 0, G_OPTION_ARG_NONE, &r->list,
		  "List every finding; with --json one object a line", NULL },
		{ "explain", 0, 0, G_OPTION_ARG_FILENAME, &r->explain,
		  "What a finding means, how to fix and to check it", "ID" },
		{ "version", 'V', 0, G_OPTION_ARG_NONE, &r->version, "Print the version", NULL },
		{ "help", 'h', 0, G_OPTION_ARG_NONE, &r->help, "Print this help", NULL },
		G_OPTION_ENTRY_NULL,
	};
	add_group(c, "about", "Findings and this program:", entries);
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
	add_input(c, r);
	add_live(c, r);
	add_recorder(c, r);
	add_output(c, r);
	add_status(c, r);
	add_about(c, r);
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

/* One short cluster: "-nr" -> "-n", "-r"; "-c10" -> "-c", "10". True when its value is the next
 * word. */
static bool split_cluster(const char *cluster, GPtrArray *out)
{
	for (const char *p = cluster + 1; *p; p++) {
		g_ptr_array_add(out, g_strdup_printf("-%c", *p));
		if (!strchr(LETTERS_WITH_VALUE, *p))
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

bool options_severity(const char *name, enum severity *out)
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

/* Values of live capture; `take_live_rules` says what goes together. */
static char *take_live(struct options *o, const struct raw *r)
{
	uint64_t n = 0;
	o->buffer_kib = 32768;
	o->snaplen = SNAPLEN_MOST;
	o->silence_s = SILENCE_SECONDS;
	if (r->buffer && !parse_number(r->buffer, 1, BUFFER_MOST_KIB, &n))
		return g_strdup_printf("-B %s: no size of a buffer; give KiB from 1 to %u",
				       r->buffer, BUFFER_MOST_KIB);
	o->buffer_kib = r->buffer ? (uint32_t)n : o->buffer_kib;
	if (r->snaplen && !parse_number(r->snaplen, 0, SNAPLEN_MOST, &n))
		return g_strdup_printf("-s %s: no snapshot length; give bytes up to %u, 0 for all",
				       r->snaplen, SNAPLEN_MOST);
	o->snaplen = r->snaplen && n ? (uint32_t)n : o->snaplen;
	if (r->silence && !parse_number(r->silence, 0, UINT32_MAX, &n))
		return g_strdup_printf("--silence %s: no number of seconds; 0 never warns",
				       r->silence);
	o->silence_s = r->silence ? (uint32_t)n : o->silence_s;
	if (r->ring && !parse_size(r->ring, &o->ring_bytes))
		return g_strdup_printf("--ring %s: no size; give 1M or more, as 500M or 20G",
				       r->ring);
	o->seccomp = SANDBOX_SECCOMP_KILL;
	if (r->seccomp && !sandbox_seccomp_parse(r->seccomp, &o->seccomp))
		return g_strdup_printf("--seccomp %s: no such mode; give none, trace or kill",
				       r->seccomp);
	for (char *const *i = r->interfaces; i && *i; i++)
		g_ptr_array_add(o->interfaces, g_strdup(*i));
	if (o->interfaces->len > OPTIONS_INTERFACES_MOST)
		return g_strdup_printf("-i: more than %u interfaces; use -i any",
				       OPTIONS_INTERFACES_MOST);
	o->promiscuous = !r->no_promiscuous;
	o->user = g_strdup(r->user);
	o->metrics = g_strdup(r->metrics);
	o->folder = g_strdup(r->folder);
	o->bodies = r->bodies;
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
	if (!live && (r->metrics || r->user || r->seccomp || r->silence))
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
	return options_check_places(o);
}

static enum options_action action_of(const struct raw *r)
{
	return r->help		    ? OPTIONS_HELP
	       : r->version	    ? OPTIONS_VERSION
	       : r->list	    ? OPTIONS_LIST
	       : r->explain	    ? OPTIONS_EXPLAIN
	       : r->interfaces_list ? OPTIONS_INTERFACES
	       : r->filter_list	    ? OPTIONS_FILTER
				    : OPTIONS_RUN;
}

/* Switches, and words that stand for themselves. */
static void take_as_given(struct options *o, const struct raw *r)
{
	o->action = action_of(r);
	o->only_filter = r->filter_list && !r->files;
	o->quiet = r->quiet;
	o->verbose = r->verbose;
	o->line_buffered = r->lines;
	o->json = r->json;
	o->all = r->all;
	o->redact = r->redact;
	o->exit_status = r->exit_status;
	o->fail_on_given = r->fail_on != NULL;
	o->output = g_strcmp0(r->output, "-") ? g_strdup(r->output) : NULL; /* as by default */
	o->html = g_strdup(r->html);
	o->endpoints = g_strdup(r->endpoints);
	o->explain = g_strdup(r->explain);
	for (char *const *f = r->files; f && *f; f++)
		g_ptr_array_add(o->files, g_strdup(*f));
}

/* Words to values. NULL, or the line that says what is wrong. */
static char *take(struct options *o, const struct raw *r)
{
	take_as_given(o, r);
	if (r->count && !parse_number(r->count, 1, UINT64_MAX, &o->count))
		return g_strdup_printf("-c %s: not a number of packets; give one from 1", r->count);
	if (r->fail_on && !options_severity(r->fail_on, &o->fail_on))
		return g_strdup_printf(
			"--fail-on %s: no severity; give critical, high, medium, low or info",
			r->fail_on);
	char *error = take_ports(o, r->ports);
	if (!error)
		error = take_live(o, r);
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
	g_strfreev(r->files);
	g_strfreev(r->ports);
	g_strfreev(r->words);
	g_strfreev(r->interfaces);
	g_free(r->buffer);
	g_free(r->snaplen);
	g_free(r->user);
	g_free(r->seccomp);
	g_free(r->metrics);
	g_free(r->folder);
	g_free(r->ring);
	g_free(r->silence);
	g_free(r->filter);
	g_free(r->count);
	g_free(r->output);
	g_free(r->html);
	g_free(r->endpoints);
	g_free(r->fail_on);
	g_free(r->explain);
}

char *options_parse(struct options *o, int argc, char *const *argv)
{
	struct raw r = { 0 };
	char *error = NULL;
	GError *wrong = NULL;

	*o = (struct options){
		.files = g_ptr_array_new_with_free_func(g_free),
		.ports = g_array_new(FALSE, FALSE, sizeof(uint16_t)),
		.interfaces = g_ptr_array_new_with_free_func(g_free),
		.fail_on = SEVERITY_MEDIUM,
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

void options_clear(struct options *o)
{
	if (o->files)
		g_ptr_array_free(o->files, TRUE);
	if (o->ports)
		g_array_free(o->ports, TRUE);
	if (o->interfaces)
		g_ptr_array_free(o->interfaces, TRUE);
	g_free(o->user);
	g_free(o->metrics);
	g_free(o->folder);
	g_free(o->filter);
	g_free(o->output);
	g_free(o->html);
	g_free(o->endpoints);
	g_free(o->explain);
	*o = (struct options){ 0 };
}
