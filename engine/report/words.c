/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Words that the writers share: text from the wire made fit for terminals and JSON, times and
 * addresses without locale, redaction, wrapping. Takes strings, appends to a GString; knows nothing
 * of the order or shape of an output.
 */
#include "report.h"
#include "base/phrase.h"
#include <stdio.h>
#include <string.h>

void report_hundredths(GString *out, unsigned value)
{
	g_string_append_printf(out, "%u.%u%u", value / 100, value / 10 % 10, value % 10);
}
#include <sys/socket.h>
#include <arpa/inet.h>

#define ELLIPSIS "\xe2\x80\xa6"
#define ELLIPSIS_BYTES 3u

/* Length of the well-formed UTF-8 sequence (RFC 3629 section 4) at p, 0 when there is none. */
static size_t utf8_length(const uint8_t *p, size_t n)
{
	uint8_t c = p[0];
	if (c < 0x80)
		return 1;
	size_t len = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
	if (c < 0xc2 || c > 0xf4 || n < len)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((c == 0xe0 && p[1] < 0xa0) || (c == 0xed && p[1] > 0x9f) ||
	    (c == 0xf0 && p[1] < 0x90) || (c == 0xf4 && p[1] > 0x8f))
		return 0;
	return len;
}

/* Characters that a terminal or a viewer obeys instead of showing, or shows as nothing, so that two
 * names look the same: C0, DEL, C1, marks of width none, of lines and of the direction of writing,
 * fillers, tags. Ranges of Unicode 15, general categories Cc, Cf, Zl, Zp and fillers. */
static const struct {
	uint32_t from, to;
} unseen[] = {
	{ 0x0, 0x1f },	      { 0x7f, 0x9f },	    { 0xad, 0xad },	  { 0x34f, 0x34f },
	{ 0x600, 0x605 },     { 0x61c, 0x61c },	    { 0x6dd, 0x6dd },	  { 0x70f, 0x70f },
	{ 0x115f, 0x1160 },   { 0x17b4, 0x17b5 },   { 0x180b, 0x180f },	  { 0x200b, 0x200f },
	{ 0x2028, 0x202e },   { 0x2060, 0x206f },   { 0x3164, 0x3164 },	  { 0xfe00, 0xfe0f },
	{ 0xfeff, 0xfeff },   { 0xffa0, 0xffa0 },   { 0xfff0, 0xfffb },	  { 0x110bd, 0x110bd },
	{ 0x110cd, 0x110cd }, { 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a }, { 0xe0000, 0xe0fff },
};

/* The character of a well-formed sequence. */
static uint32_t character(const uint8_t *p, size_t len)
{
	uint32_t c = len == 1 ? p[0] : p[0] & (0xffu >> (len + 1));

	for (size_t i = 1; i < len; i++)
		c = c << 6 | (p[i] & 0x3fu);
	return c;
}

static bool is_control(const uint8_t *p, size_t len)
{
	uint32_t c = character(p, len);

	if ((c & 0xfffeu) == 0xfffeu || (c >= 0xfdd0 && c <= 0xfdef)) /* noncharacters */
		return true;
	for (size_t i = 0; i < G_N_ELEMENTS(unseen) && c >= unseen[i].from; i++)
		if (c <= unseen[i].to)
			return true;
	return false;
}

static void append_hex(GString *out, const uint8_t *p, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < n; i++) {
		char hex[4] = { '\\', 'x', digits[p[i] >> 4], digits[p[i] & 15] };
		phrase_put(out, hex, sizeof(hex));
	}
}

static bool all_plain(const uint8_t *p, size_t n)
{
	uint8_t odd = 0;
	for (size_t i = 0; i < n; i++)
		odd |= (uint8_t)(p[i] - 0x20) >= 0x5f;
	return !odd;
}

/* Clean n bytes into out, cut so that what was appended, "…" included, has at most `most`. */
static void clean_upto(GString *out, const char *text, size_t n, size_t most)
{
	const uint8_t *p = (const uint8_t *)text;
	size_t start = out->len, fits = start;
	if (n <= most && all_plain(p, n)) { /* nearly always */
		phrase_put(out, text, n);
		return;
	}
	for (size_t i = 0; i < n;) {
		size_t len = utf8_length(p + i, n - i);
		if (len == 0)
			append_hex(out, p + i, len = 1);
		else if (is_control(p + i, len))
			append_hex(out, p + i, len);
		else
			phrase_put(out, text + i, len);
		if (out->len - start > most) {
			g_string_truncate(out, fits);
			phrase_text(out, ELLIPSIS);
			return;
		}
		if (out->len - start <= most - ELLIPSIS_BYTES)
			fits = out->len;
		i += len;
	}
}

void report_clean(GString *out, const char *text, size_t n)
{
	clean_upto(out, text, n, CAP_FIELD);
}

/* The common case: printable ASCII within the limit needs no copy. SIZE_MAX: not clean. */
static size_t plain_length(const char *text, size_t most)
{
	size_t n = 0;
	for (; n <= most; n++) {
		uint8_t c = (uint8_t)text[n];
		if (c == 0)
			return n;
		if (c < 0x20 || c >= 0x7f)
			break;
	}
	return SIZE_MAX;
}

const char *report_fit(const char *text, bool redact, GString *scratch)
{
	size_t n = plain_length(text, CAP_FIELD);
	if (n != SIZE_MAX && !(redact && memchr(text, '@', n)))
		return text;
	g_string_truncate(scratch, 0);
	n = strlen(text);
	if (!redact) {
		report_clean(scratch, text, n);
		return scratch->str;
	}
	GString *hidden = g_string_sized_new(n);
	report_redact(hidden, text, n);
	report_clean(scratch, hidden->str, hidden->len);
	g_string_free(hidden, TRUE);
	return scratch->str;
}

const char *report_sentence(const char *text, GString *scratch)
{
	if (plain_length(text, SIZE_MAX - 1) != SIZE_MAX)
		return text;
	g_string_truncate(scratch, 0);
	clean_upto(scratch, text, strlen(text), SIZE_MAX);
	return scratch->str;
}

/* May this byte be part of a local part (RFC 5321 4.1.2 atom, RFC 6531 adds UTF-8)? */
static bool is_local(uint8_t c)
{
	return c > 0x7f || (c > 0x20 && c != 0x7f && !strchr("()<>[]:;@,\"", c));
}

void report_redact(GString *out, const char *text, size_t n)
{
	size_t copied = 0;
	for (size_t i = 0; i < n; i++) {
		if (text[i] != '@')
			continue;
		size_t from = i;
		if (from > copied && text[from - 1] == '"') { /* quoted local part */
			from--;
			while (from > copied && text[from - 1] != '"')
				from--;
			from -= from > copied;
		} else {
			while (from > copied && is_local((uint8_t)text[from - 1]))
				from--;
		}
		phrase_put(out, text + copied, (size_t)(from - copied));
		if (from < i)
			phrase_text(out, ELLIPSIS);
		copied = i;
	}
	phrase_put(out, text + copied, (size_t)(n - copied));
}

/* Days since 1970 to a date of the proleptic Gregorian calendar; no libc, so no locale or zone. */
static void civil_date(uint64_t days, unsigned *year, unsigned *month, unsigned *day)
{
	uint64_t z = days + 719468, era = z / 146097, doe = z % 146097;
	uint64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	uint64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
	*day = (unsigned)(doy - (153 * mp + 2) / 5 + 1);
	*month = (unsigned)(mp < 10 ? mp + 3 : mp - 9);
	*year = (unsigned)(yoe + era * 400 + (*month <= 2));
}

/* Write `width` decimal digits of n, leading zeros kept. */
static char *put_digits(char *to, uint64_t n, unsigned width)
{
	for (unsigned i = width; i-- > 0; n /= 10)
		to[i] = (char)('0' + n % 10);
	return to + width;
}

void report_time(uint64_t ns, char out[40])
{
	uint64_t seconds = ns / SEGMENT_SECOND, of_day = seconds % 86400;
	unsigned year, month, day;
	civil_date(seconds / 86400, &year, &month, &day);
	char *p = put_digits(out, year, 4); /* 2^64 ns end in the year 2554 */
	*p++ = '-';
	p = put_digits(p, month, 2);
	*p++ = '-';
	p = put_digits(p, day, 2);
	*p++ = 'T';
	p = put_digits(p, of_day / 3600, 2);
	*p++ = ':';
	p = put_digits(p, of_day / 60 % 60, 2);
	*p++ = ':';
	p = put_digits(p, of_day % 60, 2);
	*p++ = '.';
	if (ns % 1000) /* more than microseconds: the file has nanoseconds */
		p = put_digits(p, ns % SEGMENT_SECOND, 9);
	else
		p = put_digits(p, ns % SEGMENT_SECOND / 1000, 6);
	*p++ = 'Z';
	*p = 0;
}

void report_address(const struct address *a, char out[64])
{
	out[0] = 0;
	if (a->family == 4) {
		char *p = out;
		for (unsigned i = 0; i < 4; i++) {
			unsigned n = a->byte[i];
			p = put_digits(p, n, n >= 100 ? 3 : n >= 10 ? 2 : 1);
			*p++ = i < 3 ? '.' : 0;
		}
	} else if (a->family == 6) {
		inet_ntop(AF_INET6, a->byte, out, 64);
	}
}

void report_frames(GString *out, const uint32_t *frames, unsigned count, unsigned most)
{
	for (unsigned i = 0; i < count; i++) {
		if (i)
			phrase_text(out, ", ");
		if (i == most) {
			phrase_text(out, ELLIPSIS);
			return;
		}
		phrase_number(out, frames[i]);
	}
}

size_t report_width(const char *text, size_t n)
{
	size_t width = 0;
	for (size_t i = 0; i < n; i++)
		width += ((uint8_t)text[i] & 0xc0) != 0x80;
	return width;
}

/* A word goes up to a place where the line may be broken: before a blank, or behind a bar, which
 * joins the lines of a reply into words of any length. Returns its bytes, *width its columns. */
static size_t word(const char *p, size_t *width)
{
	size_t n = 0;
	*width = 0;
	for (; p[n] && p[n] != ' '; n++) {
		*width += ((uint8_t)p[n] & 0xc0) != 0x80;
		if (p[n] == '|')
			return n + 1;
	}
	return n;
}

void report_wrap(GString *out, const char *text, unsigned column, unsigned indent)
{
	size_t at = column;
	bool blank = false, first = true; /* first of its line: never break before it */
	const char *from = text;	  /* what is not written yet */
	for (const char *p = text; *p;) {
		size_t width, n = word(p, &width);
		if (!first && at + blank + width > REPORT_COLUMNS) {
			phrase_put(out, from, (size_t)(p - blank - from));
			g_string_append_c(out, '\n');
			phrase_blanks(out, indent);
			from = p;
			at = indent;
		} else if (!first && blank) {
			at++;
		}
		at += width;
		first = false;
		p += n;
		blank = *p == ' ';
		p += blank;
		if (*p != ' ')
			continue;
		/* several blanks: only the first of them is written */
		phrase_put(out, from, (size_t)(p - blank - from));
		while (*p == ' ')
			p++;
		from = p - blank;
	}
	size_t rest = strlen(from);
	while (rest && from[rest - 1] == ' ')
		rest--;
	phrase_put(out, from, rest);
}

void report_tunnel(GString *out, const struct encapsulation *e)
{
	static const char *const names[] = {
		[TUNNEL_NONE] = NULL,	    [TUNNEL_MPLS] = "mpls",	[TUNNEL_PPPOE] = "pppoe",
		[TUNNEL_GRE] = "gre",	    [TUNNEL_ERSPAN] = "erspan", [TUNNEL_VXLAN] = "vxlan",
		[TUNNEL_GENEVE] = "geneve", [TUNNEL_IPIP] = "ipip",
	};
	if (e->tunnel == TUNNEL_NONE)
		return;
	phrase_text(out, e->tunnel < G_N_ELEMENTS(names) ? names[e->tunnel] : "unknown");
	if (e->tunnel == TUNNEL_IPIP || (e->tunnel == TUNNEL_GRE && e->tunnel_id == 0))
		return; /* no id, or GRE without a key */
	g_string_append_c(out, ' ');
	phrase_number(out, e->tunnel_id);
}
