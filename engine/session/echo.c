/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Servers repeat what they were sent: "535 no <password>", and in a login out of step "500 5.3.3
 * Unrecognized command '<password>'". Takes the text of a reply, gives it without what the client
 * sent as a secret, without quotations in a refusal and without words that look like base64; verbs,
 * a firewall's X letters and Exchange's trailer stay.
 */
#include "session/replies.h"

#include <string.h>
#include "smtp/secret.h"
#include "smtp/verbs.h"

/* Does a quotation in a refusal say nothing secret: a verb, or letters that a firewall left? */
static bool harmless(struct bytes quoted)
{
	struct bytes b = quoted;
	bool same = true;

	for (size_t k = 0; k < bytes_left(&b); k++)
		same = same && (bytes_peek(&b, k) == 'X' || !g_ascii_isgraph(bytes_peek(&b, k)) ||
				bytes_peek(&b, k) == '?');
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

/* A mark is not longer than the shortest secret, so the text does not grow. */
static struct bytes without(const struct smtp_secrets *set, struct bytes text, char *room)
{
	G_STATIC_ASSERT(SMTP_SECRET_LEAST >= sizeof "…" - 1);
	struct bytes rest = text;
	size_t from, to;

	while (set && smtp_secrets_find(set, rest, &from, &to)) {
		size_t before = bytes_left(&text) - bytes_left(&rest) + from, n = to - from;
		text = splice(text, before, before + n, room);
		rest = text;
		bytes_take(&rest, before + sizeof "…" - 1);
	}
	return text;
}

struct bytes session_without_echo(const struct session *s, struct bytes text, uint16_t code,
				  char room[CAP_REPLY_TEXT + 8])
{
	struct bytes all = bytes_upto(&text, CAP_REPLY_TEXT);
	all = without(smtp_client_secrets(s->client), all, room);
	all = without(smtp_client_secrets(s->inner_client), all, room);
	all = without(smtp_client_names(s->client), all, room);
	all = without(smtp_client_names(s->inner_client), all, room);
	size_t n = bytes_left(&all), end = n, close;

	if (code < 500)
		return all;
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
		for (close = end;
		     close > at + 1 && bytes_peek(&all, close - 1) != bytes_peek(&all, at);)
			close--;
		close = close > at + 1 ? close - 1 : end;
		struct bytes quoted = all;
		bytes_take(&quoted, at + 1);
		if (!harmless(bytes_upto(&quoted, close - at - 1)))
			return splice(all, at + 1, close, room);
	}
	return all;
}
