/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The yardstick of the benchmark: a libpcap loop that only counts, with pcap_dispatch and default
 * buffering.
 */
#include <pcap/pcap.h>
#include <stdio.h>

static unsigned long long packets, bytes;

static void count(u_char *user, const struct pcap_pkthdr *h, const u_char *data)
{
	(void)user;
	(void)data;
	packets++;
	bytes += h->caplen;
}

int main(int argc, char **argv)
{
	char error[PCAP_ERRBUF_SIZE];
	pcap_t *p = argc == 2 ? pcap_open_offline(argv[1], error) : NULL;
	if (!p)
		return 2;
	pcap_dispatch(p, -1, count, NULL);
	printf("%llu packets, %llu bytes\n", packets, bytes);
	pcap_close(p);
	return 0;
}
