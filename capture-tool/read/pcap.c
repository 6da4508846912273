/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reader of the ordinary pcap file, see pcap.h. Lengths are checked before they are used.
 */
#include "read/pcap.h"
#include <string.h>
#include <glib.h>
#include <pcap/dlt.h>

#define MAGIC_MICRO 0xa1b2c3d4u
#define MAGIC_NANO 0xa1b23c4du
#define FILE_HEADER 24u
#define RECORD_HEADER 16u
/* Above the link type stand flags about the frame check sequence. */
#define LINK_TYPE 0x03ffffffu
#define LINKTYPE_RAW 101u
/* What libpcap takes at most, too. */
#define LARGEST_FRAME 262144u

struct pcap_file {
	struct stream *stream; /* borrowed */
	int dlt;
	uint64_t unit_ns;
	size_t shown; /* bytes of the frame shown last, taken with the next call */
};

/* Numbers in the byte order of this machine. */
static uint32_t u32(const uint8_t *at)
{
	uint32_t v;
	memcpy(&v, at, sizeof v);
	return v;
}

static uint16_t u16(const uint8_t *at)
{
	uint16_t v;
	memcpy(&v, at, sizeof v);
	return v;
}

struct pcap_file *pcap_file_new(struct stream *s)
{
	size_t n;
	const uint8_t *head = stream_head(s, &n);
	if (n < FILE_HEADER || (u32(head) != MAGIC_MICRO && u32(head) != MAGIC_NANO) ||
	    u16(head + 4) != 2 || u16(head + 6) != 4)
		return NULL;
	uint32_t link = u32(head + 20) & LINK_TYPE;
	struct pcap_file *p = g_new0(struct pcap_file, 1);
	p->stream = s;
	/* The numbers of files and of libpcap's interface agree but for raw IP. */
	p->dlt = link == LINKTYPE_RAW ? DLT_RAW : (int)link;
	p->unit_ns = u32(head) == MAGIC_MICRO ? 1000 : 1;
	stream_view(s, FILE_HEADER); /* there, for the head has it */
	p->shown = FILE_HEADER;
	return p;
}

int pcap_file_dlt(const struct pcap_file *p)
{
	return p->dlt;
}

bool pcap_file_ready(const struct pcap_file *p)
{
	size_t n;
	const uint8_t *at = stream_unread(p->stream, &n);
	size_t need = p->shown + RECORD_HEADER;

	return n >= need && u32(at + p->shown + 8) <= n - need;
}

enum pcap_file_result pcap_file_next(struct pcap_file *p, struct source_packet *out)
{
	stream_take(p->stream, p->shown);
	p->shown = 0;
	const uint8_t *head = stream_view(p->stream, RECORD_HEADER);
	if (!head)
		return stream_view(p->stream, 1) ? PCAP_FILE_CUT : PCAP_FILE_END;
	out->time_ns = u32(head) * UINT64_C(1000000000) + u32(head + 4) * p->unit_ns;
	out->caplen = u32(head + 8);
	out->len = u32(head + 12);
	if (out->caplen > LARGEST_FRAME)
		return PCAP_FILE_DAMAGED;
	head = stream_view(p->stream, RECORD_HEADER + out->caplen);
	if (!head)
		return PCAP_FILE_CUT;
	out->data = head + RECORD_HEADER;
	p->shown = RECORD_HEADER + out->caplen;
	return PCAP_FILE_PACKET;
}
