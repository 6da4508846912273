/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel filter of live capture: lets through what packet.c understands and nothing else, so
 * that the kernel drops the rest before it costs anything. Takes link type, watched ports and the
 * user's filter, gives a BPF program. It is a program and not an expression, because in libpcap's
 * language "vlan", "mpls" and "pppoes" move the offsets of all that follows, and headers of varying
 * length cannot be crossed. Keeps nothing, does no I/O.
 */
#ifndef SMTP365_FILTER_H
#define SMTP365_FILTER_H

#include <stdbool.h>
#include <stdint.h>

struct bpf_program; /* pcap/bpf.h */

struct filter_options {
	int dlt;	       /* link type of the handle, DLT_... */
	const uint16_t *ports; /* watched TCP ports, all of them, the default ones too; borrowed */
	unsigned port_count;   /* 0: every TCP port passes */
	uint32_t snaplen;      /* what an accepted frame returns; 0: 262144 */
	const char *user;      /* filter of the user, which must pass as well; NULL or "" none */
};

/* Make the program. `handle` (pcap_t *) compiles the user's filter, so that "vlan" uses the tag
 * that the kernel took out of the frame; NULL compiles for the link type alone (files, tests). True
 * and *out is to be freed with filter_free; false and *error is one line, g_free, which names the
 * user's filter and the reason. */
bool filter_compile(const struct filter_options *o, void *handle, struct bpf_program *out,
		    char **error);
void filter_free(struct bpf_program *program);

/* For -d: what passes in words, then the instructions as tcpdump -d prints them, a line each.
 * `handle` as above. Owned by the caller, g_free; NULL and *error as above. */
char *filter_text(const struct filter_options *o, void *handle, char **error);

#endif
