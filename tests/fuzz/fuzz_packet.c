/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libFuzzer harness of the packet reader. The first byte chooses the link type; the rest is frames,
 * each behind a length of two bytes and a byte of seconds that pass, so that fragments meet.
 */
#include <pcap/dlt.h>
#include <stddef.h>
#include "frames/packet.h"
#include "bytes.h"
#include "base/caps.h"

static const int links[] = { DLT_EN10MB, DLT_LINUX_SLL, 276,	  DLT_RAW,
			     DLT_NULL,	 DLT_LOOP,	DLT_PPP,  DLT_PPP_SERIAL,
			     DLT_C_HDLC, DLT_PPP_ETHER, DLT_IPV4, DLT_IPV6 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size);
	struct packet *p = packet_new(links[bytes_u8(&in) % (sizeof links / sizeof links[0])]);
	struct packet_item item;
	uint64_t now = 0;

	for (uint32_t frame = 1; bytes_left(&in) > 0; frame++) {
		uint16_t length = bytes_u16(&in);
		now += bytes_u8(&in) * SEGMENT_SECOND;
		struct bytes one = bytes_upto(&in, length);
		uint32_t n = (uint32_t)bytes_left(&one);
		enum packet_kind kind = packet_read(p, now, frame, one.at, n, length, &item);
		if (kind == PACKET_SEGMENT && item.segment.caplen > item.segment.len)
			__builtin_trap();
		if (kind == PACKET_SEGMENT)
			item.segment.checksum_bad = packet_checksum_bad(p, &item.segment);
		while (kind == PACKET_DATAGRAM)
			kind = packet_more(p, &item);
	}
	packet_free(p);
	return 0;
}
