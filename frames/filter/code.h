/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small assembler for BPF, for filter*.c: instructions, places to jump to, loads relative to the
 * current layer. The register X holds where that layer begins, counted from the end of the link
 * header; A holds what was loaded last. All jumps go forward, as BPF demands. A program that grows
 * past what the kernel takes is marked as full.
 */
#ifndef SMTP365_FILTER_CODE_H
#define SMTP365_FILTER_CODE_H

#include <pcap/pcap.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CODE_INSNS = 4096, /* BPF_MAXINSNS of Linux, user's filter included */
	CODE_FIXES = 2048, /* jumps */
	CODE_LABELS = 64,
};

struct code {
	struct bpf_insn insn[CODE_INSNS];
	unsigned count;
	bool full;
	unsigned base; /* length of the link header */
	bool cooked;   /* the kernel sees frames without it */
	unsigned place[CODE_LABELS];
	unsigned
		labels; /* numbers given to places; the caller begins with those it has names for */
	struct {
		unsigned at, to;
	} fix[CODE_FIXES];
	unsigned fixes;
};

void code_emit(struct code *c, unsigned op, uint32_t k);
/* A program of libpcap as it is. */
void code_append(struct code *c, const struct bpf_program *program);

/* A number for a place; and: the next instruction is this place. */
unsigned code_label_new(struct code *c);
void code_label(struct code *c, unsigned label);
/* Jump there; when the comparison of A with k holds (BPF_JEQ, BPF_JGE, BPF_JSET); when A is one of
 * n numbers; when A is neither below low nor above high. */
void code_go(struct code *c, unsigned label);
void code_go_if(struct code *c, unsigned op, uint32_t k, unsigned label);
void code_go_if_any(struct code *c, const uint16_t *k, size_t n, unsigned label);
void code_go_if_between(struct code *c, uint32_t low, uint32_t high, unsigned label);
/* All places are known: write them into the jumps. */
void code_resolve(struct code *c);

/* A = the number of `size` (BPF_B, BPF_H, BPF_W) at this offset of the current layer. */
void code_load(struct code *c, unsigned size, unsigned offset);
/* To and from scratch memory. */
void code_store(struct code *c, uint32_t cell);
void code_recall(struct code *c, uint32_t cell);
/* The next layer begins n bytes on; A bytes on. A is lost. */
void code_advance(struct code *c, unsigned n);
void code_advance_by_a(struct code *c);

#endif
