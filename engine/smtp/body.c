/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See body.h for the contract. One memchr per line and a look at its last byte is all that a
 * body costs. Only CRLF.CRLF ends it, as with Exchange; every other way to put a dot alone on a
 * line is counted as part of the body and told as smuggling (what another server took for the end).
 */
#include "smtp/body.h"

void smtp_body_data(struct smtp_body_scan *s)
{
	memset(s, 0, sizeof(*s));
	s->after_crlf = true;
}

void smtp_body_chunk(struct smtp_body_scan *s, uint64_t size, bool last)
{
	memset(s, 0, sizeof(*s));
	s->body.bdat = true;
	s->body.bdat_last = last;
	s->left = size;
}

/* Add a part without LF to the started line. */
static void body_part(struct smtp_body_scan *s, struct bytes part)
{
	size_t n = bytes_left(&part);

	if (n == 0)
		return;
	for (size_t i = 0; i < n && s->line + i < 2; i++)
		s->front[s->line + i] = bytes_peek(&part, i);
	s->line += n;
	s->last = bytes_peek(&part, n - 1);
	s->body.bytes += n;
}

static void body_bare_lf(struct smtp_body_scan *s)
{
	if (s->body.bare_lf == 0)
		s->body.bare_lf_at = s->body.bytes;
	if (s->body.bare_lf < UINT32_MAX)
		s->body.bare_lf++;
}

/* The LF of the started line came. True when it ended the body. */
static bool body_line_end(struct smtp_body_scan *s)
{
	bool crlf = s->line > 0 && s->last == '\r';
	bool dot = s->front[0] == '.' && (s->line == 1 || (s->line == 2 && crlf));

	if (dot && crlf && s->after_crlf) {
		s->body.bytes -= 2; /* ".\r" */
		return true;
	}
	s->body.smuggling |= dot;
	if (!crlf)
		body_bare_lf(s);
	s->body.bytes++;
	if (dot)
		s->body.odd_end_at = s->body.bytes;
	s->after_crlf = crlf;
	s->line = 0;
	return false;
}

static bool body_data(struct smtp_body_scan *s, struct bytes *in)
{
	for (;;) {
		/* Most lines: whole, with CRLF, and longer than a dot. */
		size_t lines = s->line == 0 ? bytes_skip_lines(in, 3) : 0;
		s->body.bytes += lines;
		s->after_crlf |= lines > 0;
		ptrdiff_t n = bytes_find(in, '\n');
		if (n < 0) {
			body_part(s, bytes_upto(in, SIZE_MAX));
			return false;
		}
		struct bytes part = bytes_take(in, (size_t)n);
		bytes_take(in, 1);
		body_part(s, part);
		if (body_line_end(s))
			return true;
	}
}

bool smtp_body_next(struct smtp_body_scan *s, struct bytes *in)
{
	if (!s->body.bdat)
		return body_data(s, in);
	uint64_t want = MIN(s->left, (uint64_t)bytes_left(in));
	struct bytes part = bytes_upto(in, (size_t)want);
	s->left -= bytes_left(&part);
	s->body.bytes += bytes_left(&part);
	return s->left == 0;
}

uint64_t smtp_body_gap(struct smtp_body_scan *s, uint64_t missing)
{
	s->body.gap = true;
	if (s->body.bdat) {
		uint64_t inside = MIN(missing, s->left);
		s->left -= inside;
		s->body.bytes += inside;
		return missing - inside;
	}
	/* Somewhere inside a line: no dot line, and an LF that comes first had its CR in the gap.
	 */
	s->line = 3;
	s->last = '\r';
	return 0;
}
