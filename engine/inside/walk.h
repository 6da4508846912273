/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The forward pass over the dialogue: all ways through the grammar that the turns allow, with their
 * weights, and the best of them.
 */
#ifndef SMTP365_INSIDE_WALK_H
#define SMTP365_INSIDE_WALK_H

#include "inside/grammar.h"

/* Ways kept from turn to turn. */
#define WALK_STATES 64u

struct walk_state {
	double weight;
	uint8_t node, label, mech;
	bool login; /* one was accepted */
};

/* How a turn was taken on the best way. */
struct walk_step {
	uint8_t edge;  /* index of the step */
	uint8_t label; /* in force after it */
	bool skipped;  /* a message that was not seen came before it */
	bool stayed;   /* it fits nowhere */
	bool hole;     /* bytes are missing, and they are no single record that fits */
};

struct walk {
	struct walk_state states[WALK_STATES]; /* at the end; weights add up to 1 */
	unsigned count;
	unsigned best; /* the heaviest of them */
	struct walk_step steps[INSIDE_LOG_ALL];
};

void walk_turns(const struct inside_input *in, const struct sent_trailer *trailer,
		const struct inside_turns *turns, struct walk *out);

#endif
