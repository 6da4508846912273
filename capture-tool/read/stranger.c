/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of files that are no captures, see stranger.h. */
#include "read/stranger.h"
#include <string.h>
#include <glib.h>

static const struct {
	const char *magic;
	size_t length;
	const char *what, *help;
} strangers[] = {
	{ "\xfd"
	  "7zXZ",
	  5, "is packed with xz", "unpack it: xz -dc FILE | smtp365 -r -" },
	{ "BZh", 3, "is packed with bzip2", "unpack it: bzip2 -dc FILE | smtp365 -r -" },
	{ "\x04\x22\x4d\x18", 4, "is packed with lz4", "unpack it: lz4 -dc FILE | smtp365 -r -" },
	{ "PK\x03\x04", 4, "is a ZIP archive", "unpack it and name the capture inside" },
	{ "7z\xbc\xaf\x27\x1c", 6, "is a 7-Zip archive", "unpack it and name the capture inside" },
	{ "GMBU", 4, "is a Microsoft Network Monitor capture",
	  "convert it: editcap FILE out.pcapng" },
	{ "RTSS", 4, "is a Microsoft Network Monitor capture",
	  "convert it: editcap FILE out.pcapng" },
	{ "snoop\0\0\0", 8, "is a snoop capture", "convert it: editcap FILE out.pcapng" },
	{ "XCP\0", 4, "is a NetXray capture", "convert it: editcap FILE out.pcapng" },
};

char *stranger_words(const char *name, const uint8_t *head, size_t n, const char *pcap_words)
{
	for (size_t i = 0; i < G_N_ELEMENTS(strangers); i++)
		if (n >= strangers[i].length &&
		    memcmp(head, strangers[i].magic, strangers[i].length) == 0)
			return g_strdup_printf("%s, no capture: %s", strangers[i].what,
					       strangers[i].help);
	if (g_str_has_suffix(name, ".etl"))
		return g_strdup("is a Windows event trace, no capture: convert it on "
				"Windows with pktmon etl2pcap, or with etl2pcapng");
	return g_strdup_printf("is no capture file: give a pcap or pcapng file, plain or "
			       "packed with gzip or zstd [libpcap: %s]",
			       pcap_words);
}
