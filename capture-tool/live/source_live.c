/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Live capture by libpcap, which makes a TPACKET_V3 ring (immediate mode off). Beside it we ask the
 * kernel ourselves for three things that libpcap does not give: counters that do not wrap after
 * 2^32 packets, the interface's own drops through files opened before the sandbox closes, and a new
 * binding of the socket (packet(7)) when an interface of the same name comes back, which needs no
 * privilege, while opening a socket would.
 */
#include "live/source_live.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <glib.h>
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <net/ethernet.h>
#include <pcap/pcap.h>
#include "frames/packet.h"
#include "sandbox/sandbox.h"

/* How long the kernel collects before it hands a part of the ring over. */
#define BLOCK_MS 100
/* An interface that is always up and whose frames look like those of Ethernet. */
#define ALWAYS_UP "lo"
/* Files of /sys/class/net/IFACE/statistics that count what never reached the socket. */
static const char *const drop_files[] = { "rx_missed_errors", "rx_fifo_errors" };

struct source_live {
	char *name; /* owned */
	pcap_t *pcap;
	int fd; /* of `pcap` */
	int dlt;
	bool any, nanoseconds, promiscuous;
	unsigned short hardware; /* ARPHRD_... at opening */
	int index;		 /* bound to, 0 none */
	enum source_live_state state;
	int drop_fd[G_N_ELEMENTS(drop_files)]; /* -1: the interface does not tell */
	uint64_t drop_last;		       /* what they said last */
	struct source_live_counts counts;
	source_live_fn fn; /* during source_live_read */
	void *host;
};

/* ---- opening ---- */

/* libpcap's answer to pcap_activate in our words. */
static char *activate_words(int status, pcap_t *p, const char *name)
{
	switch (status) {
	case PCAP_ERROR_PERM_DENIED:
	case PCAP_ERROR_PROMISC_PERM_DENIED:
		if (strcmp(name, "any") == 0 || if_nametoindex(name) != 0)
			return sandbox_permission_line(name);
		/* With permission it would not be there either. */
		return activate_words(PCAP_ERROR_NO_SUCH_DEVICE, p, name);
	case PCAP_ERROR_NO_SUCH_DEVICE:
		return g_strdup_printf("%s: there is no such interface; smtp365 -D lists them",
				       name);
	case PCAP_ERROR_IFACE_NOT_UP:
		return g_strdup_printf("%s: the interface is down; ip link set %s up", name, name);
	default:
		return g_strdup_printf("%s: cannot be captured on: %s [libpcap: %s]", name,
				       pcap_statustostr(status), pcap_geterr(p));
	}
}

/* A libpcap status; the setters fail only on a handle that is active. */
static int set_up(struct source_live *s, const struct source_live_options *o)
{
	pcap_t *p = s->pcap;
	int status = pcap_set_snaplen(p, (int)o->snaplen);
	if (status == 0)
		status = pcap_set_promisc(p, s->promiscuous);
	if (status == 0)
		status = pcap_set_timeout(p, BLOCK_MS);
	if (status == 0)
		status = pcap_set_buffer_size(
			p, (int)MIN((uint64_t)o->buffer_kib * 1024, (uint64_t)G_MAXINT));
	s->nanoseconds = pcap_set_tstamp_precision(p, PCAP_TSTAMP_PRECISION_NANO) == 0;
	return status;
}

/* 0, or libpcap's status and *error. */
static int activate(struct source_live *s, const struct source_live_options *o, char **error)
{
	pcap_t *p = s->pcap;
	int status = set_up(s, o);
	if (status == 0)
		status = pcap_activate(p);
	if (status < 0) {
		*error = activate_words(status, p, s->name);
		return status;
	}
	s->nanoseconds = pcap_get_tstamp_precision(p) == PCAP_TSTAMP_PRECISION_NANO;
	s->dlt = pcap_datalink(p);
	s->fd = pcap_get_selectable_fd(p);
	if (!packet_knows(s->dlt)) {
		const char *words = pcap_datalink_val_to_description(s->dlt);
		*error = g_strdup_printf("%s: link type %d (%s) cannot be read; use -i any",
					 s->name, s->dlt, words ? words : "unknown");
		return PCAP_ERROR;
	}
	if (s->fd < 0 || pcap_setnonblock(p, 1, (char[PCAP_ERRBUF_SIZE]){ 0 }) != 0) {
		*error = g_strdup_printf("%s: cannot be waited for; use -i any", s->name);
		return PCAP_ERROR;
	}
	return 0;
}

static struct filter_options filter_of(const struct source_live *s,
				       const struct source_live_options *o)
{
	return (struct filter_options){
		.dlt = s->dlt,
		.ports = o->ports,
		.port_count = o->port_count,
		.snaplen = o->snaplen,
		.user = o->user_filter,
	};
}

static bool set_filter(struct source_live *s, const struct source_live_options *o, char **error)
{
	const struct filter_options f = filter_of(s, o);
	struct bpf_program program;
	if (!filter_compile(&f, s->pcap, &program, error))
		return false;
	const int yes = 1;
	bool good = pcap_setfilter(s->pcap, &program) == 0;
	if (!good)
		*error = g_strdup_printf("%s: the kernel refuses the filter: %s", s->name,
					 pcap_geterr(s->pcap));
	/* For good: who gets into this process must not see other packets. */
	if (good && setsockopt(s->fd, SOL_SOCKET, SO_LOCK_FILTER, &yes, sizeof(yes)) != 0) {
		*error = g_strdup_printf("%s: the filter cannot be locked: %s", s->name,
					 g_strerror(errno));
		good = false;
	}
	filter_free(&program);
	return good;
}

/* The interface's own counters stay readable through these, whatever the sandbox forbids. */
static void open_drop_files(struct source_live *s)
{
	for (size_t i = 0; i < G_N_ELEMENTS(drop_files); i++) {
		char *path =
			g_strdup_printf("/sys/class/net/%s/statistics/%s", s->name, drop_files[i]);
		if (s->drop_fd[i] >= 0)
			close(s->drop_fd[i]);
		s->drop_fd[i] = s->any ? -1 : open(path, O_RDONLY | O_CLOEXEC);
		s->counts.interface_known |= s->drop_fd[i] >= 0;
		g_free(path);
	}
}

static uint64_t read_drop_files(const struct source_live *s)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < G_N_ELEMENTS(drop_files); i++) {
		char text[32] = "";
		if (s->drop_fd[i] >= 0 && pread(s->drop_fd[i], text, sizeof(text) - 1, 0) > 0)
			sum += g_ascii_strtoull(text, NULL, 10);
	}
	return sum;
}

static bool ask(const struct source_live *s, unsigned long request, struct ifreq *r)
{
	memset(r, 0, sizeof(*r));
	g_strlcpy(r->ifr_name, s->name, sizeof(r->ifr_name));
	return ioctl(s->fd, request, r) == 0;
}

/* Bind the socket to the interface that has the name now. */
static bool bind_again(struct source_live *s, int index)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = index,
	};
	if (bind(s->fd, (const struct sockaddr *)&to, sizeof(to)) != 0)
		return false;
	struct packet_mreq ask_for = { .mr_ifindex = index, .mr_type = PACKET_MR_PROMISC };
	if (s->promiscuous)
		setsockopt(s->fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &ask_for, sizeof(ask_for));
	s->index = index;
	open_drop_files(s); /* as far as the sandbox lets us */
	s->drop_last = read_drop_files(s);
	return true;
}

static void discard(u_char *user, const struct pcap_pkthdr *h, const u_char *data)
{
	(void)user;
	(void)h;
	(void)data;
}

/* What came before the socket was bound anew is not of this interface: let the kernel hand over the
 * part of the ring that it has begun, and forget it. */
static void forget_packets(struct source_live *s)
{
	gint64 until = g_get_monotonic_time() + 3 * BLOCK_MS * 1000;
	struct tpacket_stats_v3 k;
	socklen_t n = sizeof(k);

	while (g_get_monotonic_time() < until && pcap_dispatch(s->pcap, -1, discard, NULL) >= 0) {
		g_usleep(BLOCK_MS * 1000 / 4);
	}
	getsockopt(s->fd, SOL_PACKET, PACKET_STATISTICS, &k, &n); /* reading resets it */
}

/* The interface is down, and libpcap opens only what is up. A socket can be bound to it all the
 * same, which is how one is found again that went down: so a handle of the loopback interface is
 * opened and bound anew. False when that cannot be; *error is then the line. */
static bool open_down(struct source_live *s, const struct source_live_options *o, char **error)
{
	char words[PCAP_ERRBUF_SIZE];
	char *other = NULL;
	struct ifreq r;

	pcap_close(s->pcap);
	s->pcap = pcap_create(ALWAYS_UP, words);
	bool good = s->pcap && activate(s, o, &other) == 0 && set_filter(s, o, &other) &&
		    ask(s, SIOCGIFHWADDR, &r) && r.ifr_hwaddr.sa_family == ARPHRD_ETHER &&
		    ask(s, SIOCGIFINDEX, &r) && bind_again(s, r.ifr_ifindex);
	g_free(other);
	if (good) {
		forget_packets(s);
		g_clear_pointer(error, g_free);
	}
	return good;
}

struct source_live *source_live_open(const struct source_live_options *o, char **error)
{
	char words[PCAP_ERRBUF_SIZE] = "";
	struct ifreq r;
	struct source_live *s = g_new0(struct source_live, 1);
	s->name = g_strdup(o->interface);
	s->any = strcmp(o->interface, "any") == 0;
	s->promiscuous = o->promiscuous && !s->any;
	for (size_t i = 0; i < G_N_ELEMENTS(drop_files); i++)
		s->drop_fd[i] = -1;
	s->pcap = pcap_create(s->name, words);
	int status = s->pcap ? activate(s, o, error) : PCAP_ERROR;
	if (!s->pcap)
		*error = g_strdup_printf("%s: cannot be captured on: %s", s->name, words);
	if ((status == 0 && set_filter(s, o, error)) ||
	    (status == PCAP_ERROR_IFACE_NOT_UP && open_down(s, o, error))) {
		open_drop_files(s);
		s->drop_last = read_drop_files(s);
		if (!s->any && ask(s, SIOCGIFHWADDR, &r))
			s->hardware = r.ifr_hwaddr.sa_family;
		if (!s->any && ask(s, SIOCGIFINDEX, &r))
			s->index = r.ifr_ifindex;
		return s;
	}
	source_live_close(s);
	return NULL;
}

char *source_live_filter(const struct source_live_options *o, char **error)
{
	struct source_live *s = source_live_open(o, error);
	if (!s)
		return NULL;
	const struct filter_options f = filter_of(s, o);
	char *text = filter_text(&f, s->pcap, error);
	source_live_close(s);
	return text;
}

void source_live_close(struct source_live *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < G_N_ELEMENTS(drop_files); i++)
		if (s->drop_fd[i] >= 0)
			close(s->drop_fd[i]);
	if (s->pcap)
		pcap_close(s->pcap);
	g_free(s->name);
	g_free(s);
}

/* ---- packets ---- */

static void hand_on(u_char *user, const struct pcap_pkthdr *h, const u_char *data)
{
	struct source_live *s = (struct source_live *)(void *)user;
	uint64_t part = (uint64_t)h->ts.tv_usec * (s->nanoseconds ? 1u : 1000u);
	const struct source_live_packet p = {
		.time_ns = (uint64_t)h->ts.tv_sec * 1000000000u + part,
		.caplen = h->caplen,
		.len = h->len,
		.data = data,
	};
	s->counts.given++;
	s->fn(&p, s->host);
}

unsigned source_live_read(struct source_live *s, unsigned most, source_live_fn fn, void *host)
{
	/* An error that waits at the socket ("network is down") is taken off first: it is told by
	 * source_live_look, and libpcap would give up because of it. */
	int pending;
	socklen_t n = sizeof(pending);
	getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &pending, &n);

	s->fn = fn;
	s->host = host;
	int got = pcap_dispatch(s->pcap, (int)most, hand_on, (u_char *)(void *)s);
	return got > 0 ? (unsigned)got : 0;
}

/* ---- the interface ---- */

/* What the interface is now; `reason` explains a state other than up. */
static enum source_live_state look(struct source_live *s, const char **reason)
{
	struct ifreq r;
	*reason = "there is no such interface any more";
	if (!ask(s, SIOCGIFINDEX, &r))
		return SOURCE_LIVE_GONE;
	int index = r.ifr_ifindex;
	if (index != s->index) {
		*reason = "another kind of interface has its name";
		if (!ask(s, SIOCGIFHWADDR, &r) || r.ifr_hwaddr.sa_family != s->hardware)
			return SOURCE_LIVE_GONE;
		*reason = "cannot be bound to again";
		if (!bind_again(s, index))
			return SOURCE_LIVE_GONE;
	}
	*reason = "the interface is down";
	return ask(s, SIOCGIFFLAGS, &r) && (r.ifr_flags & IFF_UP) ? SOURCE_LIVE_UP
								  : SOURCE_LIVE_DOWN;
}

enum source_live_state source_live_look(struct source_live *s, char **news)
{
	const char *reason;
	*news = NULL;
	if (s->any)
		return SOURCE_LIVE_UP;
	enum source_live_state now = look(s, &reason);
	if (now == s->state)
		return now;
	if (now == SOURCE_LIVE_UP)
		*news = g_strdup_printf("%s: is up again, capturing", s->name);
	else
		*news = g_strdup_printf("%s: %s; waiting for it", s->name, reason);
	s->counts.outages += s->state == SOURCE_LIVE_UP;
	s->state = now;
	return now;
}

struct source_live_counts source_live_counts(struct source_live *s)
{
	/* Reading resets the kernel's counters, so they are added up here. */
	struct tpacket_stats_v3 k = { 0 };
	socklen_t n = sizeof(k);
	if (getsockopt(s->fd, SOL_PACKET, PACKET_STATISTICS, &k, &n) == 0) {
		s->counts.received += k.tp_packets;
		s->counts.dropped += k.tp_drops;
		s->counts.freezes += n >= sizeof(k) ? k.tp_freeze_q_cnt : 0;
	}
	uint64_t drops = read_drop_files(s);
	if (drops > s->drop_last) /* less: a new interface of this name, or none */
		s->counts.interface_dropped += drops - s->drop_last;
	s->drop_last = drops;
	return s->counts;
}

int source_live_fd(const struct source_live *s)
{
	return s->fd;
}

int source_live_dlt(const struct source_live *s)
{
	return s->dlt;
}

const char *source_live_name(const struct source_live *s)
{
	return s->name;
}

char *source_live_list(char **error)
{
	char words[PCAP_ERRBUF_SIZE] = "";
	pcap_if_t *all;
	if (pcap_findalldevs(&all, words) != 0) {
		*error = g_strdup_printf("-D: the interfaces cannot be listed: %s", words);
		return NULL;
	}
	GString *text = g_string_new(NULL);
	for (const pcap_if_t *i = all; i; i = i->next) {
		bool up = i->flags & PCAP_IF_UP;
		g_string_append_printf(text, "%-16s %s%s%s\n", i->name, up ? "up" : "down",
				       i->description ? "  " : "",
				       i->description ? i->description : "");
	}
	pcap_freealldevs(all);
	return g_string_free(text, FALSE);
}
