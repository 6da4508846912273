/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines out of views (RFC 5321 2.3.8), for both SMTP decoders. See line.h for the contract.
 * LF alone ends a line too, since old devices send it and servers other than Exchange take it;
 * the mark tells. Every carry buffer is wiped before it is freed: whether it held a secret is
 * known only later, and wiping a short line costs nothing.
 */
#include "smtp/line.h"
#include "base/caps.h"

#define LINE_FIRST 128u /* most commands and replies fit */

static void line_free(struct smtp_line *l)
{
	if (l->buf != NULL)
		explicit_bzero(l->buf, l->size);
	g_free(l->buf);
	l->buf = NULL;
	l->size = 0;
	l->used = 0;
}

/* Room for `need` bytes. Not g_realloc: the old block may hold a secret and must be wiped. */
static void line_grow(struct smtp_line *l, uint32_t need)
{
	uint32_t size = l->size ? l->size : LINE_FIRST;

	g_assert(need <= CAP_LINE);
	if (need <= l->size)
		return;
	while (size < need)
		size *= 2;
	if (size > CAP_LINE)
		size = CAP_LINE;
	uint8_t *buf = g_malloc(size);
	uint32_t used = l->used;
	if (used)
		memcpy(buf, l->buf, used);
	line_free(l);
	l->buf = buf;
	l->size = size;
	l->used = used;
}

/* Add a part of the line; what goes past the cap is only counted. */
static void line_append(struct smtp_line *l, struct bytes part)
{
	size_t n = bytes_left(&part);

	if (n == 0)
		return;
	l->last = bytes_peek(&part, n - 1);
	l->total += n;
	struct bytes fits = bytes_upto(&part, CAP_LINE - l->used);
	n = bytes_left(&fits);
	if (n == 0)
		return;
	line_grow(l, l->used + (uint32_t)n);
	memcpy(&l->buf[l->used], fits.at, n);
	l->used += (uint32_t)n;
}

static unsigned line_marks(struct bytes line)
{
	unsigned marks = bytes_find(&line, 0) >= 0 ? SMTP_LINE_NUL : 0;
	uint64_t all = 0, eight;

	while (bytes_left(&line) >= sizeof(eight)) {
		memcpy(&eight, bytes_take(&line, sizeof(eight)).at, sizeof(eight));
		all |= eight;
	}
	while (bytes_left(&line))
		all |= bytes_u8(&line);
	return all & 0x8080808080808080u ? marks | SMTP_LINE_8BIT : marks;
}

/* `raw` is the front of a line of `total` bytes before its LF, the last of them `last`. */
static struct bytes line_finish(struct bytes raw, uint64_t total, uint8_t last, unsigned *marks)
{
	bool cr = total > 0 && last == '\r';
	uint64_t content = cr ? total - 1 : total;
	bool too_long = content > CAP_LINE;
	struct bytes line = bytes_upto(&raw, too_long ? CAP_LINE : (size_t)content);

	*marks = line_marks(line);
	if (!cr)
		*marks |= SMTP_LINE_BARE_LF;
	if (too_long)
		*marks |= SMTP_LINE_TOO_LONG;
	if (content + 2 > 512) /* RFC 5321 4.5.3.1.4 and .5: CRLF counts */
		*marks |= SMTP_LINE_OVER_512;
	return line;
}

enum step smtp_line_next(struct smtp_line *l, struct bytes *in, struct bytes *line, unsigned *marks)
{
	if (l->given)
		smtp_line_drop(l);
	ptrdiff_t lf = bytes_find(in, '\n');
	if (lf < 0) {
		smtp_line_keep(l, in);
		return STEP_MORE;
	}
	struct bytes part = bytes_take(in, (size_t)lf);
	bytes_take(in, 1);
	if (l->total == 0) {
		size_t n = bytes_left(&part);
		*line = line_finish(part, n, n ? bytes_peek(&part, n - 1) : 0, marks);
		return STEP_ITEM;
	}
	line_append(l, part);
	*line = line_finish(bytes_of(l->buf, l->used), l->total, l->last, marks);
	l->given = true;
	return STEP_ITEM;
}

void smtp_line_keep(struct smtp_line *l, struct bytes *in)
{
	if (l->given)
		smtp_line_drop(l);
	line_append(l, bytes_upto(in, SIZE_MAX));
}

void smtp_line_drop(struct smtp_line *l)
{
	line_free(l);
	l->total = 0;
	l->last = 0;
	l->given = false;
	l->overrun = false;
}

bool smtp_line_overrun(struct smtp_line *l)
{
	if (l->overrun || l->given || l->total <= CAP_LINE + 1)
		return false;
	l->overrun = true;
	return true;
}

void smtp_line_wipe(struct smtp_line *l, size_t from)
{
	if (l->given && from < l->used)
		explicit_bzero(&l->buf[from], l->used - from);
}

uint64_t smtp_line_pending(const struct smtp_line *l)
{
	return l->given ? 0 : l->total;
}

struct bytes smtp_line_front(const struct smtp_line *l)
{
	return l->given ? bytes_of(NULL, 0) : bytes_of(l->buf, l->used);
}

/* Could these few bytes be the front of what smtp_looks_like_tls accepts? */
static bool line_tls_prefix(struct bytes b)
{
	size_t n = bytes_left(&b);
	uint8_t type = bytes_peek(&b, 0);

	if (n == 0)
		return false;
	if (type >= 0x14 && type <= 0x16)
		return (n < 2 || bytes_peek(&b, 1) == 3) && (n < 3 || bytes_peek(&b, 2) <= 4);
	/* A kept LF would not end its line any more; no real hello has the length that it makes. */
	if (!(type & 0x80) || bytes_peek(&b, 1) == '\n' || (n >= 3 && bytes_peek(&b, 2) != 1))
		return false;
	return n < 4 || bytes_peek(&b, 3) == 0 || bytes_peek(&b, 3) == 3;
}

enum smtp_line_tls smtp_line_looks_tls(const struct smtp_line *l, struct bytes in)
{
	uint8_t few[16];
	struct bytes front = smtp_line_front(l);

	if (bytes_left(&front) >= 5)
		return SMTP_LINE_TLS_NO; /* it was asked when the fifth byte came */
	if (bytes_left(&front) > 0) {
		size_t kept = bytes_left(&front);
		struct bytes more = bytes_upto(&in, sizeof(few) - kept);
		memcpy(few, front.at, kept);
		if (bytes_left(&more))
			memcpy(&few[kept], more.at, bytes_left(&more));
		in = bytes_of(few, kept + bytes_left(&more));
	}
	if (bytes_left(&in) >= 5 && line_tls_prefix(in))
		return smtp_looks_like_tls(in, NULL) ? SMTP_LINE_TLS_YES : SMTP_LINE_TLS_NO;
	if (bytes_left(&in) >= 5)
		return SMTP_LINE_TLS_NO;
	return line_tls_prefix(in) ? SMTP_LINE_TLS_MAYBE : SMTP_LINE_TLS_NO;
}

bool smtp_line_binary(struct bytes front)
{
	size_t n = bytes_left(&front), strange = 0;

	while (bytes_left(&front)) {
		uint8_t c = bytes_u8(&front);
		strange += (c < 0x20 && c != '\t' && c != '\r') || c == 0x7f;
	}
	return strange * 16 > n; /* ciphertext has one in eight, text next to none */
}

/* An SSLv2 CLIENT-HELLO (RFC 6101 appendix E): header of two bytes, type, version, three lengths.
 */
static bool tls_sslv2(struct bytes b)
{
	uint16_t head = bytes_u16(&b);
	uint8_t type = bytes_u8(&b);
	uint16_t version = bytes_u16(&b);

	if (b.bad || !(head & 0x8000) || type != 1)
		return false;
	if (version != 0x0002 && (version < 0x0300 || version > 0x0304))
		return false;
	unsigned record = head & 0x7fffu;
	uint16_t suites = bytes_u16(&b), id = bytes_u16(&b), challenge = bytes_u16(&b);
	if (b.bad) /* cut early: what is there fits; 9 bytes of fixed fields must fit too */
		return record >= 9;
	return suites > 0 && suites % 3 == 0 && 9u + suites + id + challenge == record;
}

bool smtp_looks_like_tls(struct bytes b, bool *sslv2)
{
	bool old = false, found = false;

	if (bytes_left(&b) >= 5) {
		uint8_t type = bytes_peek(&b, 0);
		unsigned len = (unsigned)bytes_peek(&b, 3) << 8 | bytes_peek(&b, 4);
		old = tls_sslv2(b);
		found = old || (type >= 0x14 && type <= 0x16 && bytes_peek(&b, 1) == 3 &&
				bytes_peek(&b, 2) <= 4 && len > 0 && len <= 16384 + 2048);
	}
	if (sslv2 != NULL)
		*sslv2 = old;
	return found;
}
