/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine's life and food. Segments come from the bytes of the frame through the reader that the
 * command-line tool uses too, so both see the same whatever the user's preferences are, and no
 * protocol tree has to be built for it. Where that reader does not know the link type or a layer,
 * the IP packet whose ends Wireshark shows is looked for in the frame and read from there.
 */
#include "host.h"

#include <string.h>
#include "bytes.h"
#include "frames/feed.h"
#include "plain.h"
#include "settings.h"

#define MOST_LINK_TYPE 300
#define LOOK_EVERY (SEGMENT_SECOND / 4) /* of packet time, at open sessions of a live capture */
#define LINK_RAW 12			/* DLT_RAW: IPv4 or IPv6 without a link layer */

static struct host {
	struct smtp365 *engine;
	struct book *book;
	struct book *before;   /* of the same capture when it was read the last time, else NULL */
	struct packet *packet; /* by the frame's own link type */
	struct packet *inner;  /* raw IP, found in the frame */
	struct plain *plain;
	bool open;		    /* something was fed since the last conclusion */
	uint64_t now_ns, looked_ns; /* newest frame; when open sessions were last looked at */
} host;

static void on_session(const struct verdict *v, void *arg)
{
	(void)arg;
	if (host.book)
		book_add(host.book, v, false);
}

void host_init(void)
{
	host_cleanup();
	host.engine = settings_engine(on_session, NULL);
	host.book = book_new();
	host.packet = packet_new(LINK_RAW);
	host.inner = packet_new(LINK_RAW);
	host.plain = plain_new();
	g_assert(host.packet && host.inner);
}

/* The book stays until the next file: Wireshark applies a display filter in the first pass when it
 * reads a file again or dissects it again, and then the verdicts of the last time are needed. */
void host_cleanup(void)
{
	struct book *book = host.book, *before = host.before;

	if (host.open && host.engine)
		smtp365_finish(host.engine);
	host.book = NULL; /* what the engine concludes while it is freed has no reader */
	smtp365_free(host.engine);
	packet_free(host.packet);
	packet_free(host.inner);
	plain_free(host.plain);
	if (book)
		book_free(before);
	memset(&host, 0, sizeof host);
	host.before = book ? book : before;
}

const struct book *host_book(void)
{
	return host.open && host.before ? host.before : host.book;
}

const struct packet_stats *host_stats(void)
{
	return host.packet ? packet_stats(host.packet) : NULL;
}

/* libpcap's link type of Wireshark's, -1 for one that the reader does not know. */
static int link_type(int encap)
{
	static int of_encap[MOST_LINK_TYPE];
	static bool made;

	if (!made) {
		memset(of_encap, -1, sizeof of_encap);
		for (int dlt = MOST_LINK_TYPE; dlt-- > 0;) {
			int e = packet_knows(dlt) ? wtap_pcap_encap_to_wtap_encap(dlt) : -1;
			if (e > 0 && e < MOST_LINK_TYPE)
				of_encap[e] = dlt;
		}
		made = true;
	}
	return encap > 0 && encap < MOST_LINK_TYPE ? of_encap[encap] : -1;
}

/* An address of Wireshark as one of ours; false when it is neither IPv4 nor IPv6. */
static bool host_address(const address *from, struct address *to)
{
	memset(to, 0, sizeof *to);
	if (from->type == AT_IPv4 && from->len == 4)
		to->family = 4;
	else if (from->type == AT_IPv6 && from->len == 16)
		to->family = 6;
	else
		return false;
	memcpy(to->byte, from->data, (size_t)from->len);
	return true;
}

/* ---- a frame whose outer layers only Wireshark knows ---- */

/* Does an IP packet from `src` to `dst` begin here? The header's own fields are checked. */
static bool ip_begins(struct bytes at, const struct address *src, const struct address *dst)
{
	bool v4 = src->family == 4;
	struct bytes h = bytes_take(&at, v4 ? 20 : 40);
	uint8_t first = bytes_peek(&h, 0);

	if (h.bad || first >> 4 != src->family || (v4 && (first & 0x0f) < 5))
		return false;
	bytes_take(&h, v4 ? 12 : 8);
	struct bytes from = bytes_take(&h, v4 ? 4 : 16), to = bytes_take(&h, v4 ? 4 : 16);
	return !to.bad && !memcmp(from.at, src->byte, v4 ? 4 : 16) &&
	       !memcmp(to.at, dst->byte, v4 ? 4 : 16);
}

/* The innermost IP packet between the ends that Wireshark shows, in one of the frame's byte views
 * (a later view is what Wireshark decrypted or put together). Empty when there is none. */
static struct bytes find_ip(const packet_info *pinfo)
{
	const struct bytes none = bytes_of(NULL, 0);
	struct address src, dst;
	struct bytes found = none;

	if (!host_address(&pinfo->src, &src) || !host_address(&pinfo->dst, &dst) ||
	    src.family != dst.family)
		return none;
	for (const GSList *i = pinfo->data_src; i; i = i->next) {
		tvbuff_t *tvb = get_data_source_tvb(i->data);
		unsigned n = (unsigned)tvb_captured_length(tvb);
		struct bytes rest = bytes_of(n ? tvb_get_ptr(tvb, 0, (gint)n) : NULL, n);
		for (; bytes_left(&rest) >= 40; bytes_take(&rest, 1))
			if (ip_begins(rest, &src, &dst))
				found = rest;
	}
	return found;
}

/* ---- feeding ---- */

/* Where the user or Wireshark decodes SMTP on a port of its own, it is watched from then on. */
static void watch_port(const packet_info *pinfo)
{
	static int smtp = -2;
	bool found = false;

	if (smtp == -2)
		smtp = proto_get_id_by_filter_name("smtp");
	if (smtp < 0 || pinfo->ptype != PT_TCP || pinfo->flags.in_error_pkt ||
	    smtp365_watches(host.engine, (uint16_t)pinfo->srcport, (uint16_t)pinfo->destport))
		return;
	for (wmem_list_frame_t *i = wmem_list_head(pinfo->layers); i && !found;
	     i = wmem_list_frame_next(i))
		found = GPOINTER_TO_INT(wmem_list_frame_data(i)) == smtp;
	if (!found)
		return;
	/* The port that Wireshark decoded by is the server's; else the lower one. */
	bool known = pinfo->match_uint == pinfo->srcport || pinfo->match_uint == pinfo->destport;
	smtp365_watch(host.engine,
		      (uint16_t)(known ? pinfo->match_uint : MIN(pinfo->srcport, pinfo->destport)));
}

/* The engine has just been fed a segment of the frame: whose it is, and what was decrypted in it.
 */
static void after_segment(packet_info *pinfo, const struct segment *g)
{
	unsigned session = smtp365_last_session(host.engine);
	if (!session)
		return;
	book_frame(host.book, pinfo->num, session);
	plain_feed(host.plain, host.engine, pinfo, g, session);
}

/* Frames so far in which the reader found a protocol that is none of its business: what Wireshark
 * finds TCP in all the same is a tunnel that only Wireshark knows. */
static uint64_t passed_over(void)
{
	const uint64_t *n = packet_stats(host.packet)->count;
	return n[PACKET_COUNT_NOT_IP] + n[PACKET_COUNT_NOT_TCP] + n[PACKET_COUNT_UDP];
}

void host_feed(tvbuff_t *tvb, packet_info *pinfo)
{
	struct packet_item item = { .kind = PACKET_NOTHING };
	uint32_t n = tvb_captured_length(tvb);
	int dlt = link_type(pinfo->rec->rec_header.packet_header.pkt_encap);
	uint64_t now = (uint64_t)pinfo->abs_ts.secs * (uint64_t)SEGMENT_SECOND +
		       (uint64_t)pinfo->abs_ts.nsecs;
	struct packet *p = host.packet;

	if (!host.engine || pinfo->rec->rec_type != REC_TYPE_PACKET || n == 0)
		return;
	uint64_t before = dlt >= 0 ? passed_over() : UINT64_MAX;
	watch_port(pinfo);
	host.open = true;
	host.now_ns = MAX(host.now_ns, now);
	book_mark(host.book, pinfo->num, now, n);
	if (host.before && !book_same(host.before, host.book, pinfo->num)) {
		book_free(host.before);
		host.before = NULL;
	}
	if (dlt >= 0) {
		packet_link(p, dlt);
		item.kind = packet_read(p, now, pinfo->num, tvb_get_ptr(tvb, 0, (gint)n), n,
					tvb_reported_length(tvb), &item);
	}
	if (item.kind == PACKET_NOTHING && pinfo->ptype == PT_TCP && !pinfo->flags.in_error_pkt &&
	    passed_over() != before) {
		struct bytes ip = find_ip(pinfo);
		p = host.inner;
		if (bytes_left(&ip))
			item.kind =
				packet_read(p, now, pinfo->num, ip.at, (uint32_t)bytes_left(&ip),
					    (uint32_t)bytes_left(&ip), &item);
	}
	if (item.kind == PACKET_NOTHING)
		smtp365_clock(host.engine, now);
	feed_item(host.engine, p, &item);
	if (item.kind == PACKET_SEGMENT)
		after_segment(pinfo, &item.segment);
}

unsigned host_session(const packet_info *pinfo)
{
	struct address src, dst;
	const struct book *b = host_book();
	unsigned session = book_session(b, pinfo->num);

	if (session || pinfo->ptype != PT_TCP || pinfo->flags.in_error_pkt || !book_count(b) ||
	    !host_address(&pinfo->src, &src) || !host_address(&pinfo->dst, &dst))
		return session;
	return book_between(b, pinfo->num, &src, (uint16_t)pinfo->srcport, &dst,
			    (uint16_t)pinfo->destport);
}

/* While Wireshark captures or still reads, frames are shown although more will come. tshark shows
 * them again only after the last one, and does not know this call. */
static bool more_will_come(void)
{
	ws_info_t *info = NULL;

	plugin_if_get_ws_info(&info);
	return info && info->ws_info_supported && info->cf_state != FILE_READ_DONE &&
	       info->cf_state != FILE_READ_ABORTED;
}

void host_settle(void)
{
	if (!host.open || !host.engine)
		return;
	if (more_will_come()) {
		if (host.now_ns - host.looked_ns >= LOOK_EVERY) {
			host.looked_ns = host.now_ns;
			smtp365_tick(host.engine, host.now_ns);
		}
		return;
	}
	host.open = false;
	smtp365_finish(host.engine);
}
