/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers that the wire chooses: sequence numbers (RFC 9293 3.4), packet times, counts. Whatever
 * they say, a difference is never negative and a sum never wraps. All subtracting of such numbers
 * goes through here.
 */
#ifndef SMTP365_SERIAL_H
#define SMTP365_SERIAL_H

#include <stdint.h>

/* Nanoseconds from `then` to `now`; 0 when a mirror or a clock gave them in the other order. */
static inline uint64_t ns_since(uint64_t now, uint64_t then)
{
	return now > then ? now - then : 0;
}

/* -1, 0, 1: a before, at, after b in sequence space (RFC 9293 3.4). The only compare. */
static inline int seq_cmp(uint32_t a, uint32_t b)
{
	int32_t d = (int32_t)(a - b);
	return d < 0 ? -1 : d > 0;
}

/* How far `b` lies behind `a` in sequence space; 0 when it does not. The only difference: it never
 * wraps, whatever the wire says. */
static inline uint32_t seq_gap(uint32_t a, uint32_t b)
{
	int32_t d = (int32_t)(b - a);
	return d > 0 ? (uint32_t)d : 0;
}

#endif
