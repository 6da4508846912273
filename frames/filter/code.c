/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Conditional jumps of BPF reach 255 instructions only, so each is a short one over a long one that
 * always goes. The kernel's compiler makes one jump of the two.
 */
#include "frames/filter/code.h"
#include <glib.h>

void code_emit(struct code *c, unsigned op, uint32_t k)
{
	if (c->count == CODE_INSNS) {
		c->full = true;
		return;
	}
	c->insn[c->count++] = (struct bpf_insn){ .code = (u_short)op, .k = k };
}

void code_append(struct code *c, const struct bpf_program *program)
{
	for (u_int i = 0; i < program->bf_len; i++) {
		if (c->count == CODE_INSNS) {
			c->full = true;
			return;
		}
		c->insn[c->count++] = program->bf_insns[i];
	}
}

unsigned code_label_new(struct code *c)
{
	g_assert(c->labels < CODE_LABELS);
	return c->labels++;
}

void code_label(struct code *c, unsigned label)
{
	c->place[label] = c->count;
}

void code_go(struct code *c, unsigned label)
{
	g_assert(c->fixes < CODE_FIXES);
	c->fix[c->fixes].at = c->count;
	c->fix[c->fixes++].to = label;
	code_emit(c, BPF_JMP | BPF_JA, 0);
}

/* A comparison that skips so many instructions when it holds, and when it does not. */
static void compare(struct code *c, unsigned op, uint32_t k, uint8_t holds, uint8_t fails)
{
	code_emit(c, BPF_JMP | op | BPF_K, k);
	if (c->full)
		return;
	c->insn[c->count - 1].jt = holds;
	c->insn[c->count - 1].jf = fails;
}

void code_go_if(struct code *c, unsigned op, uint32_t k, unsigned label)
{
	compare(c, op, k, 0, 1);
	code_go(c, label);
}

void code_go_if_any(struct code *c, const uint16_t *k, size_t n, unsigned label)
{
	for (size_t i = 0; i < n; i++)
		code_go_if(c, BPF_JEQ, k[i], label);
}

void code_go_if_between(struct code *c, uint32_t low, uint32_t high, unsigned label)
{
	compare(c, BPF_JGE, low, 0, 2);
	compare(c, BPF_JGT, high, 1, 0);
	code_go(c, label);
}

void code_resolve(struct code *c)
{
	for (unsigned i = 0; i < c->fixes; i++) {
		unsigned at = c->fix[i].at, to = c->place[c->fix[i].to];
		if (at >= c->count) /* no room: the program is full */
			continue;
		g_assert(to > at);
		c->insn[at].k = to - at - 1;
	}
}

void code_load(struct code *c, unsigned size, unsigned offset)
{
	code_emit(c, BPF_LD | size | BPF_IND, c->base + offset);
}

void code_store(struct code *c, uint32_t cell)
{
	code_emit(c, BPF_ST, cell);
}

void code_recall(struct code *c, uint32_t cell)
{
	code_emit(c, BPF_LD | BPF_MEM, cell);
}

void code_advance(struct code *c, unsigned n)
{
	code_emit(c, BPF_MISC | BPF_TXA, 0);
	code_emit(c, BPF_ALU | BPF_ADD | BPF_K, n);
	code_emit(c, BPF_MISC | BPF_TAX, 0);
}

void code_advance_by_a(struct code *c)
{
	code_emit(c, BPF_ALU | BPF_ADD | BPF_X, 0);
	code_emit(c, BPF_MISC | BPF_TAX, 0);
}
