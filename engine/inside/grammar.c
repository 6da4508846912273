/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inside/grammar.h"

#include <glib.h>

#define BIT(node) (1ull << NODE_##node)
/* A command may begin here. */
#define BIT_IDLE                                                                                   \
	(BIT(START) | BIT(REFUSED) | BIT(READY) | BIT(RCPT_REFUSED) | BIT(GROUP_VOID) |            \
	 BIT(GROUP_REFUSED))
#define NODE_IDLE 63
#define FROM(node) (NODE_##node == NODE_IDLE ? BIT_IDLE : 1ull << NODE_##node)

static const struct edge edges[] = {
/* clang-format off */
#define CLIENT(f, l, m, s, w, t, wh, me, wo) \
	{ .from = FROM(f), .least = (l), .most = (m), .step = (s), .weight = (w), \
	  .to = NODE_##t, .when = (wh), .mech = INSIDE_MECH_##me, .words = (wo) },
#define SERVER(f, a, w, t, wh, wo) \
	{ .from = FROM(f), .server = true, .answer = ANSWER_##a, .weight = (w), \
	  .to = NODE_##t, .when = (wh), .words = (wo) },
#include "inside/grammar.def"
	/* clang-format on */
};

#define STEPS 32
static struct steps {
	uint8_t list[2][STEPS];
	unsigned count[2];
} steps[NODE_COUNT];

const struct edge *grammar_edge(unsigned i)
{
	return &edges[i];
}

unsigned grammar_edge_count(void)
{
	return G_N_ELEMENTS(edges);
}

static void list_steps(void)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(edges); i++)
		for (unsigned n = 0; n < NODE_COUNT; n++) {
			struct steps *s = &steps[n];
			bool side = edges[i].server;
			if (edges[i].from >> n & 1 && s->count[side] < STEPS)
				s->list[side][s->count[side]++] = (uint8_t)i;
		}
}

const uint8_t *grammar_steps(enum node from, bool server, unsigned *n)
{
	static gsize done;

	if (g_once_init_enter(&done)) {
		list_steps();
		g_once_init_leave(&done, 1);
	}
	*n = steps[from].count[server];
	return steps[from].list[server];
}
