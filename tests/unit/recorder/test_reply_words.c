/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What of a reply may be kept after a login in clear text: words that servers say, no others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "recorder/reply_words.h"

static void known(void **state)
{
	static const struct {
		const char *line, *kept;
	} rows[] = {
		{ "535 no Rhein5580\r\n", "535 no " },
		{ "535 5.7.8 Error: authentication failed: Rhein5580\r\n",
		  "535 5.7.8 Error: authentication failed: " },
		{ "535 5.7.3 Authentication unsuccessful "
		  "[DB5PEPF00014B8F.eurprd02.prod.outlook.com 2026-09-23T13:33:25.111Z "
		  "08DDD30471EE4ED5]\r\n",
		  NULL },
		{ "535 5.7.3 Authentication unsuccessful [geheim]\r\n",
		  "535 5.7.3 Authentication unsuccessful " },
		{ "235 2.7.0 Authentication successful\r\n", NULL },
		{ "250 2.1.0 Sender OK\r\n", NULL },
		{ "250-Sender OK, 5580\r\n", "250-Sender OK, " },
		{ "354 Start mail input; end with <CRLF>.<CRLF>\r\n", NULL },
		{ "221 2.0.0 Service closing transmission channel\r\n", NULL },
		{ "250 5580\r\n", "250 " },
		{ "250\r\n", NULL },
		{ "25", "25" },
		{ "", "" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		size_t n = strlen(rows[i].line);
		size_t want = rows[i].kept ? strlen(rows[i].kept) : n;
		size_t got = reply_words_known(bytes_of(rows[i].line, n));
		if (got != want)
			print_error("\"%.*s\" of \"%s\"\n", (int)got, rows[i].line, rows[i].line);
		assert_int_equal(got, want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(known) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
