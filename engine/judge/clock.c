/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Dates of banners (RFC 5322 3.3) and the median of their distance from packet time.
 */
#include "judge/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int64_t clock_banner_date(const char *text)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	const char *at = strstr(text, " at ");
	const char *comma = at ? strchr(at, ',') : NULL;
	char month[4] = "", sign = '+';
	int day, year, hour, minute, second, zone;

	if (!comma || sscanf(comma + 1, " %2d %3[A-Za-z] %4d %2d:%2d:%2d %c%4d", &day, month, &year,
			     &hour, &minute, &second, &sign, &zone) != 8)
		return 0;
	const char *m = strlen(month) == 3 ? strstr(months, month) : NULL;
	if (!m || (m - months) % 3 || (sign != '+' && sign != '-'))
		return 0;
	GDateTime *t =
		g_date_time_new_utc(year, (int)(m - months) / 3 + 1, day, hour, minute, second);
	if (!t)
		return 0;
	int64_t unix_time = g_date_time_to_unix(t);
	int64_t offset = (zone / 100) * 3600 + (zone % 100) * 60;
	g_date_time_unref(t);
	return sign == '+' ? unix_time - offset : unix_time + offset;
}

void clocks_add(struct clocks *c, const struct flow *f, const char *banner, uint64_t banner_ns)
{
	int64_t to = (int64_t)(banner_ns / SEGMENT_SECOND);
	int64_t from = f->handshake_ns ? (int64_t)(f->handshake_ns / SEGMENT_SECOND) : to;

	if (!banner || c->count == CLOCK_SERVERS)
		return;
	for (unsigned i = 0; i < c->count; i++)
		if (!memcmp(&c->server[i], &f->server, sizeof f->server))
			return;
	int64_t date = clock_banner_date(banner);
	if (!date)
		return;
	c->server[c->count] = f->server;
	c->skew_s[c->count++] = date < from ? date - from : date > to ? date - to : 0;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

void clocks_median(struct clocks *c, struct judge_capture *out)
{
	int64_t sorted[CLOCK_SERVERS];
	if (c->count != c->median_of) { /* asked for with every session, new only with a server */
		memcpy(sorted, c->skew_s, c->count * sizeof *sorted);
		qsort(sorted, c->count, sizeof *sorted, compare);
		c->median = sorted[c->count / 2];
		c->median_of = c->count;
	}
	out->clock_servers = c->count;
	out->clock_skew_s = c->median;
}
