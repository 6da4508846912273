/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Known words of replies. See reply_words.h. The table is made at the first use and stays.
 */
#include "recorder/reply_words.h"

#include <glib.h>
#include "smtp365.h"

enum { WORD_MOST = 80 };

/* What servers say when all is well (RFC 5321 4.2.3, docs/microsoft-365.md#fixed-replies). */
static const char usual[] =
	"ok sender recipient authentication successful succeeded service closing transmission "
	"channel queued mail for delivery start input end with bye goodbye resetting smtp server "
	"ready completed requested action not taken authenticated error failed failure refused "
	"invalid wrong incorrect bad command unrecognized unrecognised unknown syntax parameters "
	"arguments login password username user size pipelining dsn enhancedstatuscodes 8bitmime "
	"binarymime chunking smtputf8 starttls auth plain xoauth2 message accepted later again try "
	"please the a an is are was in of to and or no your type mechanism";

static void add_words(const char *text, void *table)
{
	char **words = g_strsplit_set(text, " ;:,.'()[]<>", -1);
	for (char **w = words; *w; w++)
		if (**w)
			g_hash_table_add(table, g_ascii_strdown(*w, -1));
	g_strfreev(words);
}

static GHashTable *known_words(void)
{
	static GHashTable *table;

	if (table)
		return table;
	table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	smtp365_reply_sentences(add_words, table);
	add_words(usual, table);
	g_hash_table_add(table, g_strdup("crlf>.<crlf"));
	return table;
}

/* "5.7.139" */
static bool is_enhanced(const char *word)
{
	return strlen(word) <= 9 && strspn(word, "0123456789.") == strlen(word) && word[0] >= '2' &&
	       word[0] <= '5' && word[1] == '.';
}

/* Where Microsoft's trailer begins, or the line's length. */
static size_t trailer_of(struct bytes line)
{
	static const char ours[] = ".outlook.com";
	struct bytes server, text = smtp365_reply_text(line, &server);
	size_t all = bytes_left(&line), n = bytes_left(&server), tail = sizeof ours - 1;

	if (n <= tail)
		return all;
	bytes_take(&server, n - tail);
	return bytes_is(&server, ours) ? bytes_left(&text) : all;
}

static bool is_known(char *word, bool first)
{
	if (first && is_enhanced(word))
		return true;
	size_t n = strlen(word), from = strspn(word, ";:,.'()<>-!");
	while (n > from && strchr(";:,.'()<>-!", word[n - 1]))
		word[--n] = '\0';
	return from >= n || g_hash_table_contains(known_words(), word + from);
}

uint32_t reply_words_known(struct bytes line)
{
	size_t all = bytes_left(&line), at = MIN(all, 4), trailer = trailer_of(line);

	for (bool first = true; at < all; first = false) {
		if (at >= trailer)
			return (uint32_t)all;
		char word[WORD_MOST + 1];
		size_t end = at, n = 0;
		while (end < all && !g_ascii_isspace(bytes_peek(&line, end)))
			end++;
		for (size_t i = at; i < end && n < WORD_MOST; i++)
			word[n++] = g_ascii_tolower((char)bytes_peek(&line, i));
		word[n] = '\0';
		if (end > at + WORD_MOST || (end > at && !is_known(word, first)))
			break;
		while (end < all && g_ascii_isspace(bytes_peek(&line, end)))
			end++;
		at = end;
	}
	return (uint32_t)at;
}
