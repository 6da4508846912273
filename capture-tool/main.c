/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * smtp365, the capture tool: parse, open, loop, report, exit status. Nothing else; the loop is in
 * run.c, what the options mean in options.c.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
#include "../engine/smtp365.h"
#include "explain.h"
#include "options.h"
#include "output.h"
#include "run.h"

enum exit_status { EXIT_DONE = 0, EXIT_FINDING = 1, EXIT_TROUBLE = 2 };

/* A standard descriptor that the caller closed would be given to the first file opened. */
static void hold_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0)
			_exit(EXIT_TROUBLE);
}

/* --help, --version, --list-findings, --explain: one text. False when there is none to explain. */
static bool print_about(const struct options *o, GString *text)
{
	char *help;
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
		explain_list(o->json, text);
		return true;
	case OPTIONS_EXPLAIN:
		return explain_finding(o->explain, text);
	case OPTIONS_RUN:
		break;
	}
	g_assert_not_reached();
}

static int status_of(const struct options *o, const struct run_result *r)
{
	if (r->trouble)
		return EXIT_TROUBLE;
	return o->exit_status && r->findings && r->worst >= o->fail_on ? EXIT_FINDING : EXIT_DONE;
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
		run_complain(text->str);
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
		run_complain(error);
		g_free(error);
		return EXIT_TROUBLE;
	}
	if (o.fail_on_given && !o.exit_status)
		run_complain("--fail-on changes nothing without --exit-status");
	struct output *out = output_open(o.output, o.files, o.line_buffered, &error);
	int status = EXIT_TROUBLE;
	if (out) {
		status = act(&o, out);
		if (!output_close(out, &error))
			status = EXIT_TROUBLE;
	}
	if (error)
		run_complain(error);
	g_free(error);
	options_clear(&o);
	return status;
}
