/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The yardstick of the live benchmark: a libpcap loop that only counts, with the same kernel buffer
 * as the others: count_live INTERFACE BUFFER_KIB. Ends with SIGTERM and prints packets seen,
 * packets that the kernel counted, packets that it dropped.
 */
#include <pcap/pcap.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static pcap_t *handle;
static unsigned long long packets;

static void stop(int sig)
{
	(void)sig;
	pcap_breakloop(handle);
}

static void count(u_char *user, const struct pcap_pkthdr *h, const u_char *data)
{
	(void)user;
	(void)h;
	(void)data;
	packets++;
}

int main(int argc, char **argv)
{
	char error[PCAP_ERRBUF_SIZE];
	struct pcap_stat s;
	struct sigaction action = { .sa_handler = stop };

	handle = argc == 3 ? pcap_create(argv[1], error) : NULL;
	if (!handle || pcap_set_promisc(handle, 1) || pcap_set_snaplen(handle, 262144) ||
	    pcap_set_timeout(handle, 100) || pcap_set_buffer_size(handle, atoi(argv[2]) << 10) ||
	    pcap_activate(handle) < 0) {
		fprintf(stderr, "count_live: cannot capture\n");
		return 2;
	}
	sigaction(SIGTERM, &action, NULL);
	fprintf(stderr, "capturing\n");
	pcap_loop(handle, -1, count, NULL);
	if (pcap_stats(handle, &s))
		return 1;
	printf("%llu %u %u\n", packets, s.ps_recv, s.ps_drop);
	pcap_close(handle);
	return 0;
}
