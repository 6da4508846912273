/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files that are mistaken for captures: what such a file is and what helps, for source.c. Told by
 * the first bytes or the name.
 */
#ifndef SMTP365_SOURCE_STRANGER_H
#define SMTP365_SOURCE_STRANGER_H

#include <stddef.h>
#include <stdint.h>

/* The line for a file of which libpcap reads nothing, without the name; g_free. `pcap_words` is
 * libpcap's reason, for files that are not known here. */
char *stranger_words(const char *name, const uint8_t *head, size_t n, const char *pcap_words);

#endif
