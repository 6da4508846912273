/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The server's clock against the capture's (C08): the date in each banner, per server, so that a
 * capture clock that is wrong is told apart from one server that is.
 */
#ifndef SMTP365_CLOCK_H
#define SMTP365_CLOCK_H

#include "judge/judge.h"

#define CLOCK_SERVERS 64u

struct clocks {
	struct address server[CLOCK_SERVERS];
	int64_t skew_s[CLOCK_SERVERS];
	unsigned count;
	unsigned median_of; /* servers that `median` was made of */
	int64_t median;
};

/* Take the date of a banner ("... ready at Mon, 4 Aug 2025 11:15:30 +0000"), first one per server.
 * A banner that was held up counts as right when its date lies between the handshake and its
 * arrival. */
void clocks_add(struct clocks *c, const struct flow *f, const char *banner, uint64_t banner_ns);
/* Write the number of servers and the median into the capture's facts. */
void clocks_median(struct clocks *c, struct judge_capture *out);
/* UTC seconds of an RFC 5322 date in the text, or 0. */
int64_t clock_banner_date(const char *text);

#endif
