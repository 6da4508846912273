/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Capture files: opens, numbers the frames, applies the filter after numbering (libpcap would drop
 * frames uncounted), and turns every trouble into one line in our words with libpcap's words in
 * brackets. Ordinary pcap is read by pcap.c, other forms of it by libpcap, pcapng by
 * pcapng.c; unpacking is in stream.c, live capture elsewhere.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <glib.h>
#include <pcap/pcap.h>
#include "frames/packet.h"
#include "read/source.h"
#include "read/pcap.h"
#include "read/pcapng.h"
#include "read/stream.h"

/* Link types of one file that the filter is compiled for; more than a machine has. */
#define LINK_FILTERS 16u

struct link_filter {
	int dlt;
	bool good; /* false: the filter means nothing on this link type, no frame passes */
	struct bpf_program program;
};

struct source {
	char *name;	       /* owned */
	char *error;	       /* owned; NULL while all is well */
	struct stream *stream; /* owned; bytes below `file` */
	FILE *file; /* owned by `pcap` when there is one, else by us; NULL with `plain` */
	struct pcap_file *plain; /* owned; one of these three reads */
	pcap_t *pcap;		 /* owned */
	struct pcapng *pcapng;	 /* owned */
	bool any_link;		 /* the caller follows the link type of each frame */
	bool ahead;		 /* `first` was read while opening and is the next packet */
	struct pcapng_packet first;
	int dlt;
	int state; /* answer that ended it, or SOURCE_PACKET */
	uint32_t frames;
	uint64_t total;
	char *filter; /* owned; NULL none */
	unsigned filter_count;
	struct link_filter filters[LINK_FILTERS];
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
		refuse(error, s->name,
		       "its %s data is damaged from the start (%s): copy the file "
		       "again",
		       stream_packing(s->stream), words);
	else
		refuse(error, s->name, "is empty: capture or copy it again");
	return false;
}

/* libpcap or our reader found nothing to read; a damaged stream below explains it better. */
static bool refuse_header(struct source *s, const char *words, char **error)
{
	const char *trouble;

	if (stream_trouble(s->stream, &trouble) != STREAM_FINE)
		refuse(error, s->name,
		       "its %s data is damaged before the first frame (%s): copy "
		       "the file again",
		       stream_packing(s->stream), trouble);
	else
		refuse(error, s->name, "%s, no frame can be read: capture or copy it again", words);
	return false;
}

/* Files that are mistaken for captures: what they are, by their first bytes, and what helps. */
#define GIVE_CAPTURE "give it with the capture that it opens: -r CAPTURE --keylog FILE"

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
	{ "CLIENT_", 7, "holds keys of TLS sessions", GIVE_CAPTURE },
	{ "SERVER_", 7, "holds keys of TLS sessions", GIVE_CAPTURE },
	{ "EXPORTER_", 9, "holds keys of TLS sessions", GIVE_CAPTURE },
	{ "# SSL/TLS secrets log", 21, "holds keys of TLS sessions", GIVE_CAPTURE },
	{ "XCP\0", 4, "is a NetXray capture", "convert it: editcap FILE out.pcapng" },
};

/* The line for a file of which libpcap reads nothing, without the name; g_free. */
static char *stranger_words(const char *name, const uint8_t *head, size_t n, const char *pcap_words)
{
	for (size_t i = 0; i < G_N_ELEMENTS(strangers); i++)
		if (n >= strangers[i].length &&
		    memcmp(head, strangers[i].magic, strangers[i].length) == 0)
			return g_strdup_printf("%s, no capture: %s", strangers[i].what,
					       strangers[i].help);
	if (g_str_has_suffix(name, ".keylog"))
		return g_strdup("is named like a file with keys of TLS sessions, no "
				"capture: " GIVE_CAPTURE);
	if (g_str_has_suffix(name, ".etl"))
		return g_strdup("is a Windows event trace, no capture: convert it on "
				"Windows with pktmon etl2pcap, or with etl2pcapng");
	return g_strdup_printf("is no capture file: give a pcap or pcapng file, plain or "
			       "packed with gzip or zstd [libpcap: %s]",
			       pcap_words);
}

static bool open_pcap(struct source *s, char **error)
{
	char words[PCAP_ERRBUF_SIZE] = "";
	const char *trouble;
	size_t n;

	s->pcap = pcap_fopen_offline_with_tstamp_precision(s->file, PCAP_TSTAMP_PRECISION_NANO,
							   words);
	if (s->pcap) {
		s->dlt = pcap_datalink(s->pcap);
		return true;
	}
	if (stream_trouble(s->stream, &trouble) != STREAM_FINE || strstr(words, "truncated"))
		return refuse_header(s, "ends inside the file header", error);
	const uint8_t *head = stream_head(s->stream, &n);
	char *stranger = stranger_words(s->name, head, n, words);
	refuse(error, s->name, "%s", stranger);
	g_free(stranger);
	return false;
}

/* Read to the first packet: by then the interfaces are known. */
static bool open_pcapng(struct source *s, char **error)
{
	char words[128];

	s->pcapng = pcapng_new(s->file);
	switch (pcapng_next(s->pcapng, &s->first)) {
	case PCAPNG_CUT:
		return refuse_header(s, "ends before the first frame is whole", error);
	case PCAPNG_DAMAGED:
		g_snprintf(words, sizeof words, "is damaged before the first frame (%s)",
			   pcapng_words(s->pcapng));
		return refuse_header(s, words, error);
	case PCAPNG_PACKET:
		s->ahead = true;
		break;
	case PCAPNG_END:
		break;
	}
	if (pcapng_dlt(s->pcapng, 0) < 0)
		return refuse_header(s, "ends without describing an interface", error);
	s->dlt = pcapng_dlt(s->pcapng, 0);
	for (unsigned i = 0; !packet_knows(s->dlt) && pcapng_dlt(s->pcapng, i) >= 0; i++)
		if (packet_knows(pcapng_dlt(s->pcapng, i)))
			s->dlt = pcapng_dlt(s->pcapng, i);
	return true;
}

static bool open_reader(struct source *s, char **error)
{
	static const uint8_t section[] = { 0x0a, 0x0d, 0x0d, 0x0a };
	size_t n;
	const uint8_t *head = stream_head(s->stream, &n);

	s->plain = pcap_file_new(s->stream);
	if (s->plain) {
		s->dlt = pcap_file_dlt(s->plain);
		return true;
	}
	s->file = stream_file(s->stream);
	if (!s->file) {
		refuse(error, s->name, "cannot be read: %s", g_strerror(errno));
		return false;
	}
	if (n >= sizeof section && memcmp(head, section, sizeof section) == 0)
		return open_pcapng(s, error);
	return open_pcap(s, error);
}

static bool check_link(struct source *s, char **error)
{
	if (packet_knows(s->dlt))
		return true;
	const char *words = pcap_datalink_val_to_description(s->dlt);
	refuse(error, s->name,
	       "link type %d (%s) cannot be read: capture on Ethernet, a cooked "
	       "(any), PPP, loopback or raw IP interface",
	       s->dlt, words ? words : "unknown");
	return false;
}

/* The filter for a link type, compiled when the first frame of it comes; NULL when there are too
 * many. On failure `words` has libpcap's. */
static struct link_filter *filter_for(struct source *s, int dlt, char words[PCAP_ERRBUF_SIZE])
{
	for (unsigned i = 0; i < s->filter_count; i++)
		if (s->filters[i].dlt == dlt)
			return &s->filters[i];
	if (s->filter_count == LINK_FILTERS)
		return NULL;
	struct link_filter *f = &s->filters[s->filter_count++];
	pcap_t *dead = pcap_open_dead(dlt, 262144);
	g_assert(dead);
	f->dlt = dlt;
	f->good = pcap_compile(dead, &f->program, s->filter, 1, PCAP_NETMASK_UNKNOWN) == 0;
	g_strlcpy(words, f->good ? "" : pcap_geterr(dead), PCAP_ERRBUF_SIZE);
	pcap_close(dead);
	return f;
}

static bool set_filter(struct source *s, const char *filter, char **error)
{
	char words[PCAP_ERRBUF_SIZE];

	if (!filter || !*filter)
		return true;
	s->filter = g_strdup(filter);
	if (filter_for(s, s->dlt, words)->good)
		return true;
	refuse(error, s->name,
	       "the capture filter \"%s\" is wrong: see man pcap-filter "
	       "[libpcap: %s]",
	       filter, words);
	return false;
}

static bool passes(struct source *s, const struct source_packet *k)
{
	char words[PCAP_ERRBUF_SIZE];
	const struct pcap_pkthdr header = { .caplen = k->caplen, .len = k->len };

	const struct link_filter *f = filter_for(s, k->dlt, words);
	return f && f->good && pcap_offline_filter(&f->program, &header, k->data);
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
	if (check_head(s, error) && open_reader(s, error) && check_link(s, error) &&
	    set_filter(s, filter, error))
		return s;
	source_close(s);
	return NULL;
}

void source_close(struct source *s)
{
	if (!s)
		return;
	for (unsigned i = 0; i < s->filter_count; i++)
		if (s->filters[i].good)
			pcap_freecode(&s->filters[i].program);
	if (s->pcap)
		pcap_close(s->pcap);
	else if (s->file)
		fclose(s->file);
	pcapng_free(s->pcapng);
	g_free(s->plain);
	stream_close(s->stream);
	g_free(s->filter);
	g_free(s->error);
	g_free(s->name);
	g_free(s);
}

/* Place of the trouble in words: where the file ends when it is cut, else about where the damage
 * is; of the unpacked bytes when the file is compressed. */
static char *place_of(const struct source *s)
{
	long long at = s->file			? ftello(s->file)
		       : s->state == SOURCE_CUT ? (long long)stream_unpacked(s->stream)
						: (long long)stream_taken(s->stream);

	return g_strdup_printf("at byte %lld%s", at < 0 ? 0 : at,
			       stream_packing(s->stream) ? " of the unpacked data" : "");
}

/* The reader stopped (`state`, with words in brackets or ""), or the stream below it did. */
static int end_badly(struct source *s, int state, const char *reader_words)
{
	const char *words;
	enum stream_trouble trouble = stream_trouble(s->stream, &words);

	if (trouble != STREAM_FINE)
		state = trouble == STREAM_CUT ? SOURCE_CUT : SOURCE_DAMAGED;
	s->state = state;
	char *place = place_of(s);
	if (trouble == STREAM_FAILED)
		s->error = g_strdup_printf("%s: reading failed after frame %u, %s: %s: the frames "
					   "before it were read",
					   s->name, s->frames, place, words);
	else if (trouble != STREAM_FINE)
		s->error = g_strdup_printf("%s: the compressed data is %s after frame %u, %s (%s): "
					   "the frames before it were read; copy the file again",
					   s->name, trouble == STREAM_CUT ? "cut" : "damaged",
					   s->frames, place, words);
	else if (state == SOURCE_CUT)
		s->error = g_strdup_printf("%s: ends in the middle of frame %u, %s: the frames "
					   "before it were read; copy the file again if it was "
					   "longer%s",
					   s->name, s->frames + 1, place, reader_words);
	else
		s->error = g_strdup_printf("%s: damaged at frame %u, %s: the frames before it were "
					   "read; capture or copy it again%s",
					   s->name, s->frames + 1, place, reader_words);
	g_free(place);
	return s->state;
}

static int end_well(struct source *s)
{
	const char *words;

	if (stream_trouble(s->stream, &words) != STREAM_FINE)
		return end_badly(s, SOURCE_CUT, "");
	s->state = SOURCE_END;
	return SOURCE_END;
}

static int next_plain(struct source *s, struct source_packet *out)
{
	switch (pcap_file_next(s->plain, out)) {
	case PCAP_FILE_CUT:
		return end_badly(s, SOURCE_CUT, "");
	case PCAP_FILE_DAMAGED:
		return end_badly(s, SOURCE_DAMAGED, " [a frame longer than any can be]");
	case PCAP_FILE_END:
		return end_well(s);
	case PCAP_FILE_PACKET:
		break;
	}
	out->frame = ++s->frames;
	out->dlt = s->dlt;
	return SOURCE_PACKET;
}

static int next_pcap(struct source *s, struct source_packet *out)
{
	struct pcap_pkthdr *header;
	const u_char *data;
	int got = pcap_next_ex(s->pcap, &header, &data);

	if (got == PCAP_ERROR) {
		const char *words = pcap_geterr(s->pcap);
		char *bracket = g_strdup_printf(" [libpcap: %s]", words);
		bool cut = g_str_has_prefix(words, "truncated dump file");
		int state = end_badly(s, cut ? SOURCE_CUT : SOURCE_DAMAGED, bracket);
		g_free(bracket);
		return state;
	}
	if (got != 1)
		return end_well(s);
	out->time_ns = (uint64_t)header->ts.tv_sec * 1000000000ULL + (uint64_t)header->ts.tv_usec;
	out->frame = ++s->frames;
	out->caplen = header->caplen;
	out->len = header->len;
	out->dlt = s->dlt;
	out->data = data;
	return SOURCE_PACKET;
}

/* The caller reads one link type only. tshark alone keeps the description of all interfaces, so
 * editcap has to write a pcap file, which has one link type. */
static int end_mixed(struct source *s)
{
	s->state = SOURCE_MIXED;
	s->error = g_strdup_printf(
		"%s: frame %u comes from an interface with another link type than the first, which "
		"cannot be read in one file: split it by interface, for each N from 0: tshark -r "
		"FILE -Y frame.interface_id==N -w N.pcapng; editcap -F pcap -T ether N.pcapng "
		"N.pcap "
		"(with -T rawip, linux-sll or null for such an interface)",
		s->name, s->frames);
	return SOURCE_MIXED;
}

static int next_pcapng(struct source *s, struct source_packet *out)
{
	enum pcapng_result got = PCAPNG_PACKET;
	char bracket[128];

	if (!s->ahead)
		got = pcapng_next(s->pcapng, &s->first);
	s->ahead = false;
	s->frames = pcapng_frames(s->pcapng);
	if (got == PCAPNG_CUT)
		return end_badly(s, SOURCE_CUT, "");
	if (got == PCAPNG_DAMAGED) {
		g_snprintf(bracket, sizeof bracket, " [%s]", pcapng_words(s->pcapng));
		return end_badly(s, SOURCE_DAMAGED, bracket);
	}
	if (got == PCAPNG_END)
		return end_well(s);
	if (s->first.dlt != s->dlt && !s->any_link)
		return end_mixed(s);
	out->time_ns = s->first.time_ns;
	out->frame = s->first.frame;
	out->caplen = s->first.caplen;
	out->len = s->first.len;
	out->dlt = s->first.dlt;
	out->data = s->first.data;
	return SOURCE_PACKET;
}

void source_any_link(struct source *s)
{
	s->any_link = true;
}

int source_next(struct source *s, struct source_packet *out)
{
	int got = s->state;

	while (got == SOURCE_PACKET) {
		got = s->plain	  ? next_plain(s, out)
		      : s->pcapng ? next_pcapng(s, out)
				  : next_pcap(s, out);
		if (got != SOURCE_PACKET || !s->filter || passes(s, out))
			break;
	}
	return got;
}

bool source_ready(const struct source *s)
{
	return s->state == SOURCE_PACKET && s->plain && !s->filter && pcap_file_ready(s->plain);
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

char *source_take_secrets(struct source *s, size_t *n)
{
	return s->pcapng ? pcapng_take_secrets(s->pcapng, n) : NULL;
}
