/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Servers repeat what they were sent: "535 no <password>", and in a login out of step "500 5.3.3
 * Unrecognized command '<password>'". Takes the text of a reply, gives it without what the client
 * sent as a secret, without quotations in a refusal and without words that look like base64; verbs,
 * a firewall's X letters and Exchange's trailer stay.
 */
#include "session/replies.h"
#include "base/code.h"

#include <string.h>
#include "smtp/secret.h"
#include "smtp/verbs.h"

/* Does a quotation in a refusal say nothing secret: a verb, or letters that a firewall left? */
static bool harmless(struct bytes quoted)
{
	struct bytes b = quoted;
	bool same = true;

	for (size_t k = 0; same && k < bytes_left(&b); k++)
		same = bytes_peek(&b, k) == 'X' || !g_ascii_isgraph(bytes_peek(&b, k)) ||
		       bytes_peek(&b, k) == '?';
	return same || smtp_verb_of(quoted) != SMTP_VERB_UNKNOWN;
}

/* The text with "…" in place of the bytes from..to. */
static struct bytes splice(struct bytes text, size_t from, size_t to, char room[CAP_REPLY_TEXT + 8])
{
	static const char mark[] = "…";
	struct bytes front = bytes_upto(&text, from), middle = bytes_upto(&text, to - from);
	size_t n = bytes_left(&front), rest = bytes_left(&text);

	(void)middle;
	if (n)
		memmove(room, front.at, n);
	if (rest) /* `text` may lie in the room */
		memmove(&room[n + sizeof mark - 1], text.at, rest);
	memcpy(&room[n], mark, sizeof mark - 1);
	return bytes_of(room, n + sizeof mark - 1 + rest);
}

static bool opens_quote(const struct bytes *b, size_t i)
{
	uint8_t c = bytes_peek(b, i);
	return (c == '\'' || c == '"' || c == '`') && (i == 0 || bytes_peek(b, i - 1) == ' ');
}

/* Base64 of something: capitals, small letters and a digit or sign, and nothing else. */
static bool is_blob(const struct bytes *b, size_t from, size_t to)
{
	bool upper = false, lower = false, other = false;
	for (size_t k = from; k < to; k++) {
		uint8_t c = bytes_peek(b, k);
		if (g_ascii_isupper(c))
			upper = true;
		else if (g_ascii_islower(c))
			lower = true;
		else if (g_ascii_isdigit(c) || c == '+' || c == '/' || c == '=')
			other = true;
		else
			return false;
	}
	return to - from >= 12 && upper && lower && other;
}

/* Where the quotation that is opened at `at` closes: at the last mark of its kind, else at `end`.
 * `last` remembers that place for each kind, so that it is looked for once. */
static size_t closing_quote(const struct bytes *b, size_t at, size_t end, size_t last[256])
{
	uint8_t mark = bytes_peek(b, at);
	size_t close = last[mark] ? last[mark] : end;

	while (!last[mark] && close > at + 1 && bytes_peek(b, close - 1) != mark)
		close--;
	last[mark] = close;
	return close > at + 1 ? close - 1 : end;
}

struct bytes session_without_echo(const struct session *s, struct bytes text, uint16_t code,
				  char room[CAP_REPLY_TEXT + 8])
{
	struct bytes all = session_without_names(s, bytes_upto(&text, CAP_REPLY_TEXT), room);
	size_t n = bytes_left(&all), end = n;

	if (!code_is_permanent(code))
		return all;
	size_t last[256] = { 0 };
	while (end > 0 && bytes_peek(&all, end - 1) != '[')
		end--;
	end = end ? end - 1 : n;
	for (size_t at = 0, word = 0; at <= end; at++) {
		if (at == end || bytes_peek(&all, at) == ' ' || bytes_peek(&all, at) == '\n') {
			if (is_blob(&all, word, at))
				return splice(all, word, end, room);
			word = at + 1;
		}
		if (at == end || code > 504 || !opens_quote(&all, at))
			continue;
		size_t close = closing_quote(&all, at, end, last);
		struct bytes quoted = all;
		bytes_take(&quoted, at + 1);
		if (!harmless(bytes_upto(&quoted, close - at - 1)))
			return splice(all, at + 1, close, room);
	}
	return all;
}
