/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The whole way of the data: a capture file from memory through packets and engine to both writers.
 * Seeds: the captures of the project.
 */
#include <pcap/pcap.h>
#include <stdio.h>
#include "frames/packet.h"
#include "report.h"
#include "smtp365.h"

static void on_session(const struct verdict *v, void *host)
{
	struct report_options o = { .dialogue = true, .all = true };
	report_json(v, &o, host);
	report_text(v, &o, host);
	g_string_truncate(host, 0);
}

static void feed(struct smtp365 *s, struct packet *p, struct packet_item *item)
{
	switch (item->kind) {
	case PACKET_SEGMENT:
		smtp365_segment(s, &item->segment);
		break;
	case PACKET_DATAGRAM:
		smtp365_datagram(s, &item->datagram);
		break;
	case PACKET_ICMP:
		smtp365_icmp(s, &item->icmp);
		break;
	default:
		break;
	}
	(void)p;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char error[PCAP_ERRBUF_SIZE];
	FILE *file = size ? fmemopen((void *)(uintptr_t)data, size, "r") : NULL;
	pcap_t *pcap = file ? pcap_fopen_offline_with_tstamp_precision(
				      file, PCAP_TSTAMP_PRECISION_NANO, error)
			    : NULL;
	struct packet *p = pcap ? packet_new(pcap_datalink(pcap)) : NULL;
	if (p) {
		GString *out = g_string_new(NULL);
		struct smtp365_options o = { .dialogue = size & 1, .redact = size & 2 };
		struct smtp365 *s = smtp365_new(&o, on_session, out, NULL);
		struct pcap_pkthdr *h;
		const u_char *bytes;
		struct packet_item item;
		for (uint32_t frame = 1; pcap_next_ex(pcap, &h, &bytes) == 1; frame++) {
			uint64_t ns =
				(uint64_t)h->ts.tv_sec * 1000000000u + (uint64_t)h->ts.tv_usec;
			item.kind = packet_read(p, ns, frame, bytes, h->caplen, h->len, &item);
			feed(s, p, &item);
			if (size & 4 && frame % 3 == 0) /* live: open sessions are looked at */
				smtp365_tick(s, ns + (size & 8 ? 3000000000u : 0));
		}
		smtp365_free(s);
		g_string_free(out, TRUE);
		packet_free(p);
	}
	if (pcap)
		pcap_close(pcap);
	else if (file)
		fclose(file);
	return 0;
}
