/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * options.c: command lines as fingers of tcpdump and tshark users write them, and the wrong ones
 * with the line that they get. Runs in a folder of its own, because words are files when they
 * exist.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>
#include "cli/options.h"

static struct options o;

/* Parse a line whose words are separated by blanks; "'" quotes. The error, or NULL. */
static char *parse(const char *line)
{
	char **argv, *error;
	int argc;
	options_clear(&o);
	assert_true(g_shell_parse_argv(line, &argc, &argv, NULL));
	error = options_parse(&o, argc, argv);
	g_strfreev(argv);
	return error;
}

static void fine(const char *line)
{
	char *error = parse(line);
	if (error)
		fail_msg("%s: %s", line, error);
}

/* Refused, with a line that has these words and is one line. */
static void wrong(const char *line, const char *words)
{
	char *error = parse(line);
	if (!error || !strstr(error, words) || strchr(error, '\n'))
		fail_msg("%s: %s", line, error ? error : "accepted");
	assert_null(o.files);
	g_free(error);
}

static const char *file(unsigned i)
{
	assert_true(i < o.files->len);
	return g_ptr_array_index(o.files, i);
}

static void files(void **state)
{
	(void)state;
	fine("smtp365 -r a.pcap");
	assert_int_equal(o.files->len, 1);
	assert_string_equal(file(0), "a.pcap");
	assert_null(o.filter);
	assert_int_equal(o.action, OPTIONS_RUN);
	fine("smtp365 -r a.pcap -r - --read=c.pcap");
	assert_int_equal(o.files->len, 3);
	assert_string_equal(file(1), "-");
	fine("smtp365 here -"); /* `here` exists */
	assert_int_equal(o.files->len, 2);
	fine("smtp365 missing.pcapng"); /* none of that name: opening it says so */
	assert_string_equal(file(0), "missing.pcapng");
	fine("smtp365 -- -");
	assert_string_equal(file(0), "-");
}

static void clusters(void **state)
{
	(void)state;
	fine("smtp365 -nr a.pcap");
	assert_string_equal(file(0), "a.pcap");
	fine("smtp365 -nvqlra.pcap -c10");
	assert_string_equal(file(0), "a.pcap");
	assert_true(o.verbose && o.quiet && o.line_buffered);
	assert_int_equal(o.count, 10);
	fine("smtp365 -r -weird -c 3"); /* a value may begin with a dash */
	assert_string_equal(file(0), "-weird");
}

static void filter(void **state)
{
	(void)state;
	fine("smtp365 -r a.pcap tcp port 25 and host 10.0.0.1");
	assert_string_equal(o.filter, "tcp port 25 and host 10.0.0.1");
	fine("smtp365 here tcp port 25");
	assert_int_equal(o.files->len, 1);
	assert_string_equal(o.filter, "tcp port 25");
	fine("smtp365 -r a.pcap tcp port here"); /* after a word of the filter all is filter */
	assert_int_equal(o.files->len, 1);
	assert_string_equal(o.filter, "tcp port here");
	fine("smtp365 -f 'port 25' -r a.pcap here");
	assert_string_equal(o.filter, "port 25");
	assert_int_equal(o.files->len, 2);
	fine("smtp365 -r a.pcap folder"); /* a folder is no capture */
	assert_string_equal(o.filter, "folder");
	wrong("smtp365 -f 'port 25' -r a.pcap port 26", "-f already");
}

static void values(void **state)
{
	(void)state;
	fine("smtp365 -r a --json --all --redact --output x --port 1025 --port=65535 --endpoints e "
	     "--exit-status --fail-on HIGH");
	assert_true(o.format == FORMAT_JSON && o.all && o.redact && o.exit_status &&
		    o.fail_on_given);
	assert_string_equal(o.output, "x");
	assert_string_equal(o.endpoints, "e");
	assert_int_equal(o.ports->len, 2);
	assert_int_equal(g_array_index(o.ports, uint16_t, 1), 65535);
	assert_int_equal(o.fail_on, SEVERITY_HIGH);
	fine("smtp365 -r a");
	assert_int_equal(o.format, FORMAT_TEXT);
	assert_false(o.all || o.redact || o.exit_status || o.fail_on_given);
	assert_int_equal(o.fail_on, SEVERITY_MEDIUM);
	assert_int_equal(o.count, 0);
}

static void actions(void **state)
{
	(void)state;
	fine("smtp365 -h");
	assert_int_equal(o.action, OPTIONS_HELP);
	fine("smtp365 --help");
	assert_int_equal(o.action, OPTIONS_HELP);
	fine("smtp365 -V");
	assert_int_equal(o.action, OPTIONS_VERSION);
	fine("smtp365 --version");
	assert_int_equal(o.action, OPTIONS_VERSION);
	fine("smtp365 --list-findings --json");
	assert_int_equal(o.action, OPTIONS_LIST);
	assert_int_equal(o.format, FORMAT_JSON);
	fine("smtp365 --explain starttls.masked");
	assert_int_equal(o.action, OPTIONS_EXPLAIN);
	assert_string_equal(o.explain, "starttls.masked");
}

static void refusals(void **state)
{
	(void)state;
	wrong("smtp365", "-r FILE");
	wrong("smtp365 tcp port 25", "no such file");
	wrong("smtp365 -x", "-x");
	wrong("smtp365 --bogus", "--bogus");
	wrong("smtp365 -r", "-r");
	wrong("smtp365 -nr", "-r");
	wrong("smtp365 -r a -c 0", "-c 0");
	wrong("smtp365 -r a -c -1", "-c -1");
	wrong("smtp365 -r a -c 99999999999999999999", "-c 9");
	wrong("smtp365 -r a -c 1k", "-c 1k");
	wrong("smtp365 -r a --port 0", "--port 0");
	wrong("smtp365 -r a --port 65536", "--port 65536");
	wrong("smtp365 -r a --port 25,26", "--port 25,26");
	wrong("smtp365 -r a --fail-on bad", "critical, high, medium");
}

static void live_values(void **state)
{
	(void)state;
	fine("smtp365 -i eth0 -ni eth1");
	assert_int_equal(o.interfaces->len, 2);
	assert_string_equal(g_ptr_array_index(o.interfaces, 1), "eth1");
	assert_int_equal(o.buffer_kib, 32768);
	assert_int_equal(o.snaplen, 262144);
	assert_int_equal(o.silence_s, 600);
	assert_int_equal(o.seccomp, SANDBOX_SECCOMP_KILL);
	assert_false(o.no_promiscuous);
	fine("smtp365 -pi any -B4096 -s 0 -Z nobody --seccomp none --metrics m --silence 0 tcp "
	     "port 25");
	assert_true(o.no_promiscuous);
	assert_int_equal(o.buffer_kib, 4096);
	assert_int_equal(o.snaplen, 262144);
	assert_string_equal(o.user, "nobody");
	assert_int_equal(o.seccomp, SANDBOX_SECCOMP_NONE);
	assert_string_equal(o.metrics, "m");
	assert_int_equal(o.silence_s, 0);
	assert_string_equal(o.filter, "tcp port 25");
	fine("smtp365 -i any here"); /* all words are the filter, a file too */
	assert_int_equal(o.files->len, 0);
	assert_string_equal(o.filter, "here");
	fine("smtp365 -i any -w folder --ring 20G --bodies");
	assert_string_equal(o.folder, "folder");
	assert_true(o.ring_bytes == 20ull << 30);
	assert_true(o.bodies);
	fine("smtp365 -D");
	assert_int_equal(o.action, OPTIONS_INTERFACES);
	fine("smtp365 -d host 192.0.2.1");
	assert_int_equal(o.action, OPTIONS_FILTER);
	assert_string_equal(o.filter, "host 192.0.2.1");
}

static void live_refusals(void **state)
{
	(void)state;
	wrong("smtp365 -i any -r a", "not both");
	wrong("smtp365 -i any -B 0", "-B 0");
	wrong("smtp365 -i any -B 4294967296", "-B 4294967296");
	wrong("smtp365 -i any -s 262145", "-s 262145");
	wrong("smtp365 -i any --silence soon", "--silence soon");
	wrong("smtp365 -i any --seccomp all", "--seccomp all");
	wrong("smtp365 -i any -w x --ring 0", "--ring 0");
	wrong("smtp365 -i any -w x --ring 5", "--ring 5");
	wrong("smtp365 -i any -w x --ring 99999999999T", "--ring 9");
	wrong("smtp365 -i any --ring 1G", "add -w FOLDER");
	wrong("smtp365 -i any --bodies", "add -w FOLDER");
	wrong("smtp365 -r a --metrics m", "add -i IFACE");
	wrong("smtp365 -r a -Z nobody", "add -i IFACE");
	wrong("smtp365 -r a -r b -w x", "one -r FILE");
}

static void in_help(const char *text, const char *title, char letter, const char *name)
{
	char *words = title    ? g_strdup_printf("\n%s\n", title)
		      : letter ? g_strdup_printf("\n  -%c, --%s", letter, name)
			       : g_strdup_printf("\n  --%s", name);
	if (!strstr(text, words))
		fail_msg("the help lacks %s", words);
	g_free(words);
}

/* Every row of the table has its place in the help, and two that are known are there. */
static void help(void **state)
{
	(void)state;
	char *text = options_help();
#define OPTION_GROUP(name, title) in_help(text, title, 0, NULL);
#define OPTION_SWITCH(member, letter, name, ...) in_help(text, NULL, letter, name);
#define OPTION_FORMAT(constant, name, help) in_help(text, NULL, 0, #name);
#define OPTION_NUMBER(type, member, letter, name, ...) in_help(text, NULL, letter, name);
#define OPTION_TEXT OPTION_SWITCH
#define OPTION_LIST OPTION_SWITCH
#define OPTION_ASK OPTION_SWITCH
#define OPTION_WORD OPTION_SWITCH
#define OPTION_WORDS OPTION_SWITCH
#include "cli/options.def"
	in_help(text, NULL, 'r', "read=FILE");
	in_help(text, NULL, 0, "json ");
	assert_non_null(strstr(text, "default: 25, 465, 587, 2525"));
	g_free(text);
}

static char *folder;

static int enter(void **state)
{
	(void)state;
	folder = g_dir_make_tmp("smtp365-options-XXXXXX", NULL);
	return !folder || g_chdir(folder) != 0 || !g_file_set_contents("here", "", 0, NULL) ||
	       g_mkdir("folder", 0700) != 0;
}

static int leave(void **state)
{
	(void)state;
	options_clear(&o);
	int failed = g_remove("here") != 0 || g_rmdir("folder") != 0 || g_chdir("/") != 0 ||
		     g_rmdir(folder) != 0;
	g_free(folder);
	return failed;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files),	 cmocka_unit_test(clusters),
		cmocka_unit_test(filter),	 cmocka_unit_test(values),
		cmocka_unit_test(actions),	 cmocka_unit_test(refusals),
		cmocka_unit_test(help),		 cmocka_unit_test(live_values),
		cmocka_unit_test(live_refusals),
	};
	return cmocka_run_group_tests(tests, enter, leave);
}
