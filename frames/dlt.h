/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libpcap's numbers of link types, with those that its header lacks in older releases. Only the
 * numbers: the reader of frames needs no libpcap.
 */
#ifndef SMTP365_DLT_H
#define SMTP365_DLT_H

#include <pcap/dlt.h>

#ifndef DLT_LINUX_SLL2
#define DLT_LINUX_SLL2 276
#endif

#endif
