/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ordinary pcap file, version 2.4 in the byte order of this machine with times in micro- or
 * nanoseconds: its frames are shown where they lie in the stream's buffer, without a copy, which
 * halves the cost of reading a large file. Every other form of pcap is read by libpcap.
 * Source: draft-ietf-opsawg-pcap.
 */
#ifndef SMTP365_SOURCE_PCAP_H
#define SMTP365_SOURCE_PCAP_H

#include "read/source.h"
#include "read/stream.h"

struct pcap_file;

enum pcap_file_result {
	PCAP_FILE_PACKET,
	PCAP_FILE_END,
	PCAP_FILE_CUT,	   /* ends in the middle of a record */
	PCAP_FILE_DAMAGED, /* a length that cannot be */
};

/* A reader at the file's beginning; NULL when the stream's head is not of that form. The stream is
 * borrowed and must outlive it; nobody else may take bytes from it. Free with g_free. */
struct pcap_file *pcap_file_new(struct stream *s);
/* Link type as libpcap's DLT number. */
int pcap_file_dlt(const struct pcap_file *p);
/* Is the next frame in memory already? Then pcap_file_next leaves the bytes of those before it
 * where they are. */
bool pcap_file_ready(const struct pcap_file *p);
/* The next frame; its bytes are borrowed until the next call. Sets all of out but frame and dlt.
 * After anything but PCAP_FILE_PACKET there is nothing more. */
enum pcap_file_result pcap_file_next(struct pcap_file *p, struct source_packet *out);

#endif
