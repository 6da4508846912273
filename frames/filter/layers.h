/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part of the kernel filter that walks to the payload of IP, for filter.c: it ends in a jump to
 * what is understood there, or to the answer.
 */
#ifndef SMTP365_FILTER_LAYERS_H
#define SMTP365_FILTER_LAYERS_H

#include "frames/filter/code.h"

/* Places to jump to, in the order of the program. */
enum filter_label {
	LABEL_ETHERTYPE,
	LABEL_PPPOE,
	LABEL_PPP,
	LABEL_MPLS,
	LABEL_BEHIND_LABELS,
	LABEL_IP6,
	LABEL_IP4,
	LABEL_PROTOCOL,
	LABEL_AH,
	LABEL_TCP, /* from here on the caller's */
	LABEL_UDP,
	LABEL_ICMP,
	LABEL_ICMP6,
	LABEL_QUOTE,
	LABEL_REJECT,
	LABEL_PASS,
	LABEL_FIXED, /* further ones are made with code_label_new */
};

/* From the link header of this type (DLT_...) to the labels of TCP, UDP and ICMP, PASS or REJECT.
 */
void filter_layers(struct code *a, int dlt);

#endif
