/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * smtp365, the capture tool: parse, open, loop, report, exit status. Nothing else; the loop is in
 * run.c for files and in live.c for interfaces, what the options mean in options.c.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
#include <pcap/dlt.h>
#include "smtp365.h"
#include "cli/explain.h"
#include "run/feed.h"
#include "frames/filter/filter.h"
#include "live/live.h"
#include "cli/options.h"
#include "write/output.h"
#include "run/run.h"
#include "write/say.h"
#include "sandbox/sandbox.h"
#include "read/source.h"
#include "live/source_live.h"

enum exit_status { EXIT_DONE = 0, EXIT_FINDING = 1, EXIT_TROUBLE = 2 };

/* A standard descriptor that the caller closed would be given to the first file opened. */
static void hold_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0)
			_exit(EXIT_TROUBLE);
}

/* -d for an interface: just what the kernel gets. */
static char *interface_filter(const struct options *o, const struct feed *f, char **error)
{
	const struct source_live_options s = {
		.interface = g_ptr_array_index(o->interfaces, 0),
		.buffer_kib = o->buffer_kib,
		.snaplen = o->snaplen,
		.ports = (const uint16_t *)(const void *)f->ports->data,
		.port_count = f->ports->len,
		.user_filter = o->filter,
	};
	return source_live_filter(&s, error);
}

/* -d for the link type of a file, or Ethernet. */
static char *link_filter(const struct options *o, const struct feed *f, char **error)
{
	struct filter_options filter = {
		.dlt = DLT_EN10MB,
		.ports = (const uint16_t *)(const void *)f->ports->data,
		.port_count = f->ports->len,
		.snaplen = o->snaplen,
		.user = o->filter,
	};
	if (o->files->len > 0) {
		struct source *file = source_open_file(g_ptr_array_index(o->files, 0), NULL, error);
		if (!file)
			return NULL;
		filter.dlt = source_dlt(file);
		source_close(file);
	}
	return filter_text(&filter, NULL, error);
}

/* -d: the kernel filter with the user's filter in it. */
static char *filter_words(const struct options *o, char **error)
{
	struct feed f = { 0 };
	char *text = NULL;
	if (o->interfaces->len + o->files->len > 1)
		*error = g_strdup("-d: shows one filter; give one -i IFACE or one -r FILE");
	else if (feed_prepare(&f, o, error))
		text = o->interfaces->len ? interface_filter(o, &f, error)
					  : link_filter(o, &f, error);
	feed_clear(&f);
	return text;
}

/* Take a text that may have failed. */
static bool take_text(char *words, char *error, GString *text)
{
	g_string_append(text, words ? words : error);
	g_free(words);
	g_free(error);
	return words != NULL;
}

/* --help, --version, -D and the like: one text, or the line that says why there is none. */
static bool print_about(const struct options *o, GString *text)
{
	char *help, *error = NULL;
	switch (o->action) {
	case OPTIONS_HELP:
		help = options_help();
		g_string_append(text, help);
		g_free(help);
		return true;
	case OPTIONS_VERSION:
		g_string_append(text, "smtp365 " SMTP365_VERSION "\n");
		return true;
	case OPTIONS_LIST:
		format_row(o->format)->findings(text);
		return true;
	case OPTIONS_EXPLAIN:
		return explain_finding(o->explain, text);
	case OPTIONS_INTERFACES:
		help = source_live_list(&error);
		return take_text(help, error, text);
	case OPTIONS_FILTER:
		help = filter_words(o, &error);
		return take_text(help, error, text);
	case OPTIONS_RUN:
		break;
	}
	g_assert_not_reached();
}

static int status_of(const struct options *o, const struct run_result *r)
{
	if (r->trouble)
		return EXIT_TROUBLE;
	if (!o->exit_status || !r->findings || r->worst < o->fail_on)
		return EXIT_DONE;
	char *why = g_strdup_printf("exit status 1: session %u has %s, severity %s (--fail-on %s)",
				    r->session, r->id, severity_name(r->worst),
				    severity_name(o->fail_on));
	complain(why);
	g_free(why);
	return EXIT_FINDING;
}

static int act(const struct options *o, struct output *out)
{
	if (o->action == OPTIONS_RUN) {
		struct run_result r = run(o, out);
		return status_of(o, &r);
	}
	GString *text = g_string_new(NULL);
	bool known = print_about(o, text);
	if (known)
		output_write(out, text->str, text->len);
	else
		complain(text->str);
	g_string_free(text, TRUE);
	return known ? EXIT_DONE : EXIT_TROUBLE;
}

int main(int argc, char **argv)
{
	struct options o;
	hold_descriptors();
	g_set_prgname("smtp365"); /* in the help, wherever the binary lies */
	signal(SIGPIPE, SIG_IGN); /* a reader that goes away is seen by the write that fails */
	char *error = options_parse(&o, argc, argv);
	if (error) {
		complain(error);
		g_free(error);
		return EXIT_TROUBLE;
	}
	if (o.fail_on_given && !o.exit_status)
		complain("--fail-on changes nothing without --exit-status");
	if (!sandbox_check_start(&error)) {
		complain(error);
		g_free(error);
		options_clear(&o);
		return EXIT_TROUBLE;
	}
	if (o.action == OPTIONS_RUN && o.interfaces->len > 0) {
		struct run_result r = live(&o);
		int ended = status_of(&o, &r);
		options_clear(&o);
		return ended;
	}
	bool asks = o.action == OPTIONS_INTERFACES || o.interfaces->len > 0;
	if (!asks && !sandbox_forgo_capture(&error)) {
		complain(error);
		g_free(error);
		options_clear(&o);
		return EXIT_TROUBLE;
	}
	struct output *out = output_open(o.output, o.files, o.line_buffered, &error);
	int status = EXIT_TROUBLE;
	if (out) {
		status = act(&o, out);
		if (!output_close(out, &error))
			status = EXIT_TROUBLE;
	}
	if (error)
		complain(error);
	g_free(error);
	options_clear(&o);
	return status;
}
