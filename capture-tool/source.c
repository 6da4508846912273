/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Capture files through libpcap: opens, numbers the frames, applies the filter after numbering
 * (libpcap would drop frames uncounted), and turns every trouble into one line in our words with
 * libpcap's words in brackets. Unpacking is in source_compressed.c, live capture elsewhere.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <glib.h>
#include <pcap/pcap.h>
#include "packet.h"
#include "source.h"
#include "source_stream.h"

struct source {
	char *name;             /* owned */
	char *error;            /* owned; NULL while all is well */
	struct stream *stream;  /* owned; bytes below the FILE that `pcap` owns */
	pcap_t *pcap;           /* owned */
	int dlt;
	int state;              /* answer that ended it, or SOURCE_PACKET */
	uint32_t frames;
	uint64_t total;
	bool filtered;
	struct bpf_program filter;
};

/* Files that are mistaken for captures, by their first bytes, and what helps. */
static const struct {
	const char *magic;
	size_t length;
	const char *what, *help;
} strangers[] = {
	{ "\xfd" "7zXZ", 5, "is packed with xz", "unpack it: xz -dc FILE | smtp365 -r -" },
	{ "BZh", 3, "is packed with bzip2", "unpack it: bzip2 -dc FILE | smtp365 -r -" },
	{ "\x04\x22\x4d\x18", 4, "is packed with lz4", "unpack it: lz4 -dc FILE | smtp365 -r -" },
	{ "PK\x03\x04", 4, "is a ZIP archive", "unpack it and name the capture inside" },
	{ "7z\xbc\xaf\x27\x1c", 6, "is a 7-Zip archive", "unpack it and name the capture inside" },
	{ "GMBU", 4, "is a Microsoft Network Monitor capture", "convert it: editcap FILE out.pcapng" },
	{ "RTSS", 4, "is a Microsoft Network Monitor capture", "convert it: editcap FILE out.pcapng" },
	{ "snoop\0\0\0", 8, "is a snoop capture", "convert it: editcap FILE out.pcapng" },
	{ "XCP\0", 4, "is a NetXray capture", "convert it: editcap FILE out.pcapng" },
};

/* Words of libpcap that tell the kind of trouble; the first that fits counts. */
static const struct {
	const char *words;
	int state;
} troubles[] = {
	{ "truncated dump file", SOURCE_CUT },
	{ "truncated pcapng dump file", SOURCE_CUT },
	{ "different from the type of the first interface", SOURCE_MIXED },
	{ "different from the snapshot length of the first interface", SOURCE_MIXED },
};

/* *error = "NAME: " and the words; NULL for the caller to return. */
static void *refuse(char **error, const char *name, const char *format, ...) G_GNUC_PRINTF(3, 4);

static void *refuse(char **error, const char *name, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	char *words = g_strdup_vprintf(format, args);
	va_end(args);
	*error = g_strdup_printf("%s: %s", name, words);
	g_free(words);
	return NULL;
}

static int open_path(const char *path, char **error)
{
	struct stat info;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		refuse(error, path, "there is no such file: check the name");
	else if (fd < 0 && errno == EACCES)
		refuse(error, path, "permission denied: run as a user who may read it");
	else if (fd < 0)
		refuse(error, path, "cannot be opened: %s", g_strerror(errno));
	if (fd < 0)
		return -1;
	if (fstat(fd, &info) == 0 && S_ISDIR(info.st_mode)) {
		close(fd);
		refuse(error, path, "is a directory: name the capture files in it");
		return -1;
	}
	return fd;
}

/* The file is nothing that libpcap reads: say what it looks like and what helps. */
static void *refuse_stranger(const struct source *s, const char *pcap_words, char **error)
{
	size_t n;
	const uint8_t *head = stream_head(s->stream, &n);

	for (size_t i = 0; i < G_N_ELEMENTS(strangers); i++)
		if (n >= strangers[i].length &&
		    memcmp(head, strangers[i].magic, strangers[i].length) == 0)
			return refuse(error, s->name, "%s, no capture: %s", strangers[i].what,
				      strangers[i].help);
	if (g_str_has_suffix(s->name, ".etl"))
		return refuse(error, s->name, "is a Windows event trace, no capture: convert it on "
			      "Windows with pktmon etl2pcap, or with etl2pcapng");
	return refuse(error, s->name, "is no capture file: give a pcap or pcapng file, plain or "
		      "packed with gzip or zstd [libpcap: %s]", pcap_words);
}

/* Look at the beginning before libpcap does, for better words. */
static bool check_head(struct source *s, char **error)
{
	const char *words;
	size_t n;

	stream_head(s->stream, &n);
	enum stream_trouble trouble = stream_trouble(s->stream, &words);
	if (trouble == STREAM_FAILED) {
		refuse(error, s->name, "cannot be read: %s", words);
		return false;
	}
	if (n > 0)
		return true;
	if (trouble != STREAM_FINE)
		refuse(error, s->name, "its %s data is damaged from the start (%s): copy the file "
		       "again", stream_packing(s->stream), words);
	else
		refuse(error, s->name, "is empty: capture or copy it again");
	return false;
}

static bool open_pcap(struct source *s, char **error)
{
	char words[PCAP_ERRBUF_SIZE] = "";
	FILE *file = stream_file(s->stream);
	const char *trouble;
	size_t n;

	if (!file) {
		refuse(error, s->name, "cannot be read: %s", g_strerror(errno));
		return false;
	}
	s->pcap = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, words);
	if (s->pcap)
		return true;
	fclose(file);
	stream_head(s->stream, &n);
	if (stream_trouble(s->stream, &trouble) != STREAM_FINE)
		refuse(error, s->name, "its %s data is damaged before the first frame (%s): copy "
		       "the file again", stream_packing(s->stream), trouble);
	else if (strstr(words, "truncated"))
		refuse(error, s->name, "ends inside the file header, no frame can be read: capture "
		       "or copy it again [libpcap: %s]", words);
	else
		refuse_stranger(s, words, error);
	return false;
}

static bool check_link(struct source *s, char **error)
{
	s->dlt = pcap_datalink(s->pcap);
	if (packet_knows(s->dlt))
		return true;
	const char *words = pcap_datalink_val_to_description(s->dlt);
	refuse(error, s->name, "link type %d (%s) cannot be read: capture on Ethernet, a cooked "
	       "(any), PPP, loopback or raw IP interface", s->dlt, words ? words : "unknown");
	return false;
}

static bool set_filter(struct source *s, const char *filter, char **error)
{
	if (!filter || !*filter)
		return true;
	if (pcap_compile(s->pcap, &s->filter, filter, 1, PCAP_NETMASK_UNKNOWN) != 0) {
		refuse(error, s->name, "the capture filter \"%s\" is wrong: see man pcap-filter "
		       "[libpcap: %s]", filter, pcap_geterr(s->pcap));
		return false;
	}
	s->filtered = true;
	return true;
}

struct source *source_open_file(const char *path, const char *filter, char **error)
{
	bool from_stdin = strcmp(path, "-") == 0;
	int fd = from_stdin ? STDIN_FILENO : open_path(path, error);
	struct stat info;

	if (fd < 0)
		return NULL;
	struct source *s = g_new0(struct source, 1);
	s->name = g_strdup(from_stdin ? "standard input" : path);
	s->state = SOURCE_PACKET;
	if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode))
		s->total = (uint64_t)info.st_size;
	s->stream = stream_open(fd, !from_stdin);
	if (check_head(s, error) && open_pcap(s, error) && check_link(s, error) &&
	    set_filter(s, filter, error))
		return s;
	source_close(s);
	return NULL;
}

void source_close(struct source *s)
{
	if (!s)
		return;
	if (s->filtered)
		pcap_freecode(&s->filter);
	if (s->pcap)
		pcap_close(s->pcap);
	stream_close(s->stream);
	g_free(s->error);
	g_free(s->name);
	g_free(s);
}

/* Place of the trouble in words, of the unpacked bytes when the file is compressed. */
static char *place_of(const struct source *s)
{
	long long at = ftello(pcap_file(s->pcap));

	return g_strdup_printf("at byte %lld%s", at < 0 ? 0 : at,
			       stream_packing(s->stream) ? " of the unpacked data" : "");
}

/* How to make files that libpcap reads: tshark alone keeps the description of all interfaces, so
 * editcap has to write a pcap file, which has one link type and one snapshot length. */
static void mixed_words(struct source *s, const char *words)
{
	static const char split[] =
		"another link type begins, which libpcap cannot read in one file: split it by "
		"interface, for each N from 0: tshark -r FILE -Y frame.interface_id==N -w N.pcapng; "
		"editcap -F pcap -T ether N.pcapng N.pcap (with -T rawip, linux-sll or null for such "
		"an interface)";
	static const char rewrite[] =
		"another snapshot length begins, which libpcap cannot read in one file: rewrite it: "
		"editcap -F pcap FILE out.pcap";

	s->error = g_strdup_printf("%s: after frame %u an interface with %s [libpcap: %s]", s->name,
				   s->frames, strstr(words, "snapshot") ? rewrite : split, words);
}

/* libpcap stopped with its words, or the stream below it did. */
static int end_badly(struct source *s, const char *pcap_words)
{
	const char *words;
	enum stream_trouble trouble = stream_trouble(s->stream, &words);
	char *place = place_of(s);

	s->state = SOURCE_DAMAGED;
	for (size_t i = 0; i < G_N_ELEMENTS(troubles); i++)
		if (strstr(pcap_words, troubles[i].words)) {
			s->state = troubles[i].state;
			break;
		}
	if (trouble == STREAM_CUT)
		s->state = SOURCE_CUT;
	else if (trouble != STREAM_FINE)
		s->state = SOURCE_DAMAGED;
	if (trouble == STREAM_FAILED)
		s->error = g_strdup_printf("%s: reading failed after frame %u, %s: %s: the frames "
					   "before it were read", s->name, s->frames, place, words);
	else if (trouble != STREAM_FINE)
		s->error = g_strdup_printf("%s: the compressed data is %s after frame %u, %s (%s): "
					   "the frames before it were read; copy the file again",
					   s->name, trouble == STREAM_CUT ? "cut" : "damaged",
					   s->frames, place, words);
	else if (s->state == SOURCE_MIXED)
		mixed_words(s, pcap_words);
	else if (s->state == SOURCE_CUT)
		s->error = g_strdup_printf("%s: ends in the middle of frame %u, %s: the frames "
					   "before it were read; copy the file again if it was "
					   "longer [libpcap: %s]", s->name, s->frames + 1, place,
					   pcap_words);
	else
		s->error = g_strdup_printf("%s: damaged at frame %u, %s: the frames before it were "
					   "read; capture or copy it again [libpcap: %s]", s->name,
					   s->frames + 1, place, pcap_words);
	g_free(place);
	return s->state;
}

int source_next(struct source *s, struct source_packet *out)
{
	struct pcap_pkthdr *header;
	const u_char *data;
	const char *words;

	if (s->state != SOURCE_PACKET)
		return s->state;
	for (;;) {
		int got = pcap_next_ex(s->pcap, &header, &data);
		if (got == PCAP_ERROR)
			return end_badly(s, pcap_geterr(s->pcap));
		if (got != 1) {
			if (stream_trouble(s->stream, &words) != STREAM_FINE)
				return end_badly(s, "");
			s->state = SOURCE_END;
			return SOURCE_END;
		}
		s->frames++;
		if (!s->filtered || pcap_offline_filter(&s->filter, header, data))
			break;
	}
	out->time_ns = (uint64_t)header->ts.tv_sec * 1000000000ULL + (uint64_t)header->ts.tv_usec;
	out->frame = s->frames;
	out->caplen = header->caplen;
	out->len = header->len;
	out->data = data;
	return SOURCE_PACKET;
}

const char *source_error(const struct source *s)
{
	return s->error;
}

int source_dlt(const struct source *s)
{
	return s->dlt;
}

const char *source_name(const struct source *s)
{
	return s->name;
}

uint32_t source_frames(const struct source *s)
{
	return s->frames;
}

struct source_progress source_progress(const struct source *s)
{
	return (struct source_progress){ .done = stream_raw(s->stream), .total = s->total };
}
