/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the lines of a segment with no memory of the bytes before it: a line that began in an
 * earlier segment is not recognised and left out. What the server answers says what the client
 * sends next: after 334 a secret, after 354 a body (RFC 4954 section 4, RFC 5321 section 4.1.1.4).
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memmem */
#endif
#include "recorder/keep.h"
#include <glib.h>
#include <string.h>
#include "bytes.h"
#include "smtp365.h"
#include "recorder/reply_words.h"

enum keep_state {
	KEEP_LINES,  /* commands */
	KEEP_SECRET, /* AUTH, until a reply other than 334 */
	KEEP_WAIT,   /* DATA was sent: nothing until the reply */
	KEEP_BODY,   /* after 354, until the next reply */
};

enum { TLS_DATA = 0x17, TLS_HANDSHAKE = 0x16, TLS_SERVER_HELLO = 2 };

enum keep_client { KEEP_CLIENT_UNKNOWN, KEEP_CLIENT_KNOWN };

/* Headers of a frame that holds no mail: Ethernet and IPv4, or IPv4 alone. */
enum { HEADERS_ETHERNET = 34, HEADERS_OTHER = 20, QUOTE_KEPT = 8 };
/* Shortest word that is taken for base64. */
#define BLOB_BYTES 12u

/* Verbs whose lines hold no secret. What is not here is left out. */
static const struct {
	const char *word;
	bool envelope; /* its argument is an address */
} verbs[] = {
	{ "EHLO", false }, { "HELO", false },		{ "LHLO", false },     { "MAIL", true },
	{ "RCPT", true },  { "DATA", false },		{ "BDAT", false },     { "RSET", false },
	{ "NOOP", false }, { "QUIT", false },		{ "STARTTLS", false }, { "VRFY", true },
	{ "HELP", false }, { "X-ANONYMOUSTLS", false },
};

static bool is_port(const struct keep_options *o, uint16_t port)
{
	for (unsigned i = 0; i < o->port_count; i++)
		if (o->ports[i] == port)
			return true;
	return false;
}

/* Who is the client: the watched port tells; of two or none the SYN, else the higher port. A SYN
 * alone is not believed, because anybody can send one to turn the roles round. */
static void find_client(struct keep *k, const struct keep_options *o, const struct segment *s)
{
	bool from = s->sport > s->dport;

	if (s->flags & TCP_SYN)
		from = !(s->flags & TCP_ACK);
	if (is_port(o, s->dport) != is_port(o, s->sport))
		from = is_port(o, s->dport);
	k->client = KEEP_CLIENT_KNOWN;
	k->client_ip = from ? s->src : s->dst;
	k->client_port = from ? s->sport : s->dport;
}

static bool from_client(const struct keep *k, const struct segment *s)
{
	return s->sport == k->client_port && memcmp(&s->src, &k->client_ip, sizeof s->src) == 0;
}

/* A TLS record (RFC 8446 section 5.1) or a version 2 hello (RFC 5246 appendix E.2) begins here. */
static bool looks_like_tls(const struct bytes *in)
{
	uint8_t type = bytes_peek(in, 0);
	unsigned length = (unsigned)(bytes_peek(in, 3) << 8) | bytes_peek(in, 4);

	if (bytes_left(in) < 5)
		return false;
	if (type >= 0x14 && type <= 0x17)
		return bytes_peek(in, 1) == 3 && bytes_peek(in, 2) <= 4 && length > 0 &&
		       length <= 16384 + 2048;
	return (type & 0x80) && bytes_peek(in, 2) == 1 && bytes_peek(in, 3) <= 3 &&
	       bytes_peek(in, 4) <= 4;
}

/* One line off the front, its end included; the last one may be cut. */
static struct bytes next_line(struct bytes *in)
{
	ptrdiff_t end = bytes_find(in, '\n');

	return bytes_take(in, end >= 0 ? (size_t)end + 1 : bytes_left(in));
}

/* The line begins with this word and the word ends there. */
static bool has_word(const struct bytes *line, const char *word)
{
	size_t n = strlen(word);

	if (bytes_left(line) < n || g_ascii_strncasecmp((const char *)line->at, word, n) != 0)
		return false;
	switch (bytes_peek(line, n)) { /* 0 past the end */
	case 0:
	case ' ':
	case '\t':
	case '\r':
	case '\n':
		return true;
	default:
		return false;
	}
}

/* "AUTH LOGIN": the verb and the mechanism, when it is one and its end is seen. Any other word
 * there can be a password or a payload. */
static uint32_t auth_front(struct bytes line, size_t verb)
{
	size_t front = MIN(verb + 1, bytes_left(&line)), n = 0;

	bytes_take(&line, front);
	while (g_ascii_isgraph(bytes_peek(&line, n)))
		n++;
	bool ended = n < bytes_left(&line);
	bool keep = ended && smtp365_sasl_mechanism(bytes_upto(&line, n));
	return (uint32_t)(front + (keep ? n : 0));
}

/* The number behind BDAT, RFC 3030 section 2. */
static uint32_t chunk_size(struct bytes line)
{
	uint64_t n = 0;

	bytes_take(&line, 5);
	while (g_ascii_isdigit(bytes_peek(&line, 0)) && n < UINT32_MAX)
		n = n * 10 + (bytes_u8(&line) - '0');
	return (uint32_t)MIN(n, UINT32_MAX / 2);
}

/* Bytes of this command line that may be kept, the whole or less; notes what comes after it. */
static uint32_t keep_command(struct keep *k, const struct keep_options *o, const struct bytes *line)
{
	static const char *const auth[] = { "AUTH", "X-EXPS" };

	for (size_t i = 0; i < G_N_ELEMENTS(auth); i++)
		if (has_word(line, auth[i])) {
			k->state = KEEP_SECRET;
			k->secret = true;
			return auth_front(*line, strlen(auth[i]));
		}
	for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++) {
		if (!has_word(line, verbs[i].word))
			continue;
		k->mail = k->mail || verbs[i].envelope;
		return verbs[i].envelope && o->redact ? 4 : (uint32_t)bytes_left(line);
	}
	return 0;
}

/* Announced bytes come after this line: DATA, or BDAT with a length. */
static void note_body(struct keep *k, const struct bytes *line, uint32_t seq_behind)
{
	if (has_word(line, "DATA"))
		k->state = KEEP_WAIT;
	if (!has_word(line, "BDAT"))
		return;
	k->chunk = true;
	k->chunk_end = seq_behind + chunk_size(*line);
}

static uint32_t keep_client_lines(struct keep *k, const struct keep_options *o,
				  const struct segment *s)
{
	struct bytes in = bytes_of(s->payload, s->caplen);
	uint32_t kept = 0;

	while (bytes_left(&in) > 0 && k->state == KEEP_LINES && !k->chunk) {
		struct bytes line = next_line(&in);
		uint32_t n = keep_command(k, o, &line);
		kept += n;
		k->unknown = k->unknown || n == 0;
		if (n < bytes_left(&line))
			return kept;
		note_body(k, &line, s->seq + kept);
	}
	return o->bodies && (k->chunk || k->state == KEEP_WAIT) ? s->caplen : kept;
}

static uint32_t keep_client(struct keep *k, const struct keep_options *o, const struct segment *s)
{
	/* Only a later number ends a chunk: a repeated segment lies before its end. */
	if (k->chunk && (int32_t)(s->seq - k->chunk_end) >= 0)
		k->chunk = false;
	if (k->chunk || k->state == KEEP_BODY)
		return o->bodies ? s->caplen : 0;
	if (k->state == KEEP_LINES)
		return keep_client_lines(k, o, s);
	k->unknown = true;
	return 0;
}

/* A reply: three digits, then blank, hyphen or the end of the line. */
static bool is_reply(const struct bytes *line)
{
	for (size_t i = 0; i < 3; i++)
		if (!g_ascii_isdigit(bytes_peek(line, i)))
			return false;
	uint8_t behind = bytes_peek(line, 3);
	return behind == ' ' || behind == '-' || behind == '\r' || behind == '\n';
}

static enum keep_state state_after(const struct bytes *line)
{
	if (memcmp(line->at, "334", 3) == 0)
		return KEEP_SECRET;
	return memcmp(line->at, "354", 3) == 0 ? KEEP_BODY : KEEP_LINES;
}

/* Base64 of something: capitals, small letters and a digit or sign, and nothing else. */
static bool is_blob(const struct bytes *line, size_t from, size_t to)
{
	bool upper = false, lower = false, other = false;

	for (size_t i = from; i < to; i++) {
		uint8_t c = bytes_peek(line, i);
		upper = upper || g_ascii_isupper(c);
		lower = lower || g_ascii_islower(c);
		other = other || g_ascii_isdigit(c) || c == '+' || c == '/' || c == '=';
		if (!g_ascii_isalnum(c) && c != '+' && c != '/' && c != '=')
			return false;
	}
	return to - from >= BLOB_BYTES && upper && lower && other;
}

/* A refusal up to where it may quote what the client sent: a quotation mark, a word like base64. */
static uint32_t before_echo(const struct bytes *line)
{
	size_t n = bytes_left(line), word = 0;

	for (size_t i = 0; i <= n; i++) {
		uint8_t c = bytes_peek(line, i); /* 0 at the end */
		if (c == '\'' || c == '"' || c == '`' || c == '<')
			return (uint32_t)(is_blob(line, word, i) ? word : i);
		if (!g_ascii_isspace(c) && i < n)
			continue;
		if (is_blob(line, word, i))
			return (uint32_t)word;
		word = i + 1;
	}
	return (uint32_t)n;
}

/* Bytes of a reply that may be kept. Servers quote what they did not understand ("500 5.3.3
 * Unrecognized command 'x'"), which after a line that was left out can be a password. */
static uint32_t keep_reply(struct keep *k, const struct keep_options *o, const struct bytes *line)
{
	bool about_syntax = bytes_peek(line, 0) == '5' && bytes_peek(line, 1) == '0';
	uint32_t n = (uint32_t)bytes_left(line);

	k->state = (uint8_t)state_after(line);
	k->secret = k->secret || k->state == KEEP_SECRET;
	if (k->state == KEEP_SECRET) /* the challenge belongs to the credential */
		return MIN(n, 4);
	if ((o->redact && k->mail) || (about_syntax && k->unknown))
		return MIN(n, 9);
	bool refused = bytes_peek(line, 0) >= '4';
	bool unsafe = k->secret || (k->unknown && refused);
	k->unknown = k->unknown && about_syntax;
	if (unsafe)
		return reply_words_known(*line);
	return refused ? before_echo(line) : n;
}

static uint32_t keep_server(struct keep *k, const struct keep_options *o, const struct segment *s)
{
	struct bytes in = bytes_of(s->payload, s->caplen);
	uint32_t kept = 0;
	bool all = true;

	while (bytes_left(&in) > 0) {
		struct bytes line = next_line(&in);
		uint32_t n = 0;
		if (is_reply(&line))
			n = keep_reply(k, o, &line);
		else if (k->torn && !k->unknown &&
			 !k->secret) /* the rest of a line that was kept so far */
			n = before_echo(&line);
		if (all)
			kept += n;
		all = all && n == bytes_left(&line);
		k->torn = n > 0 && n == bytes_left(&line) && bytes_peek(&line, n - 1) != '\n';
	}
	return kept;
}

/* The suite of a ServerHello that lies wholly at the front (RFC 8446 section 4.1.3). Suites without
 * encryption leave everything to be read, so only those known to encrypt count. */
static bool seals(struct bytes in)
{
	if (bytes_u8(&in) != TLS_HANDSHAKE)
		return false;
	bytes_take(&in, 4);
	if (bytes_u8(&in) != TLS_SERVER_HELLO)
		return false;
	bytes_take(&in, 3 + 2 + 32);
	bytes_vec(&in, 1);
	uint16_t suite = bytes_u16(&in);
	const char *name = in.bad ? NULL : smtp365_suite_name(suite);
	/* Those of RFC 9150 authenticate only. */
	return name && !strstr(name, "NULL") && suite != 0xc0b4 && suite != 0xc0b5;
}

/* Records from the front of the segment: handshakes, alerts and the like whole, of data the head.
 */
static uint32_t keep_records(struct keep *k, const struct keep_options *o, struct bytes in,
			     uint32_t seq, struct keep_record *r)
{
	uint32_t kept = 0;

	while (bytes_left(&in) >= 5 && looks_like_tls(&in)) {
		uint8_t type = bytes_peek(&in, 0);
		uint32_t length = 5u + (uint32_t)(bytes_peek(&in, 3) << 8 | bytes_peek(&in, 4));
		bool whole = type < TLS_DATA || (o->bodies && k->sealed);
		*r = (struct keep_record){ seq + kept, seq + kept + length, true, whole };
		uint32_t n = (uint32_t)MIN(length, bytes_left(&in));
		if (!whole)
			return kept + 5;
		kept += n;
		bytes_take(&in, n);
	}
	return kept;
}

static uint32_t keep_tls(struct keep *k, const struct keep_options *o, const struct segment *s,
			 bool client)
{
	struct keep_record *r = &k->record[client ? 0 : 1], old = *r;
	struct bytes in = bytes_of(s->payload, s->caplen);
	uint32_t behind = r->next - s->seq; /* bytes of the open record in this segment, and more */

	if (!client && seals(in))
		k->sealed = true;
	if (r->known && s->seq - r->start < r->next - r->start && s->seq != r->start) {
		if (!r->kept || behind >= s->caplen)
			return r->kept ? s->caplen : 0;
		bytes_take(&in, behind);
		return behind + keep_records(k, o, in, s->seq + behind, r);
	}
	/* A version 2 hello has no such records behind it. */
	if (bytes_peek(&in, 0) & 0x80 && looks_like_tls(&in))
		return s->caplen;
	uint32_t n = keep_records(k, o, in, s->seq, r);
	/* A repeated segment must not hide the record that is open. */
	if (old.known && (int32_t)(r->next - old.next) < 0)
		*r = old;
	return n;
}

uint32_t keep_payload(struct keep *k, const struct keep_options *o, const struct segment *s)
{
	const struct bytes in = bytes_of(s->payload, s->caplen);

	/* A new connection between the same ends. */
	if ((s->flags & TCP_SYN) && !(s->flags & TCP_ACK))
		*k = (struct keep){ 0 };
	if (k->client == KEEP_CLIENT_UNKNOWN)
		find_client(k, o, s);
	if (s->caplen == 0)
		return 0;
	if (!k->tls && k->state == KEEP_LINES && !k->chunk && looks_like_tls(&in))
		k->tls = true;
	if (k->tls)
		return keep_tls(k, o, s, from_client(k, s));
	return from_client(k, s) ? keep_client(k, o, s) : keep_server(k, o, s);
}

/* The error ends 8 bytes behind the IP header that it quotes (RFC 792): ports and number. */
static uint32_t keep_icmp(const struct source_packet *f, const struct icmp_error *e)
{
	const uint8_t wanted[QUOTE_KEPT] = {
		(uint8_t)(e->sport >> 8), (uint8_t)e->sport,	   (uint8_t)(e->dport >> 8),
		(uint8_t)e->dport,	  (uint8_t)(e->seq >> 24), (uint8_t)(e->seq >> 16),
		(uint8_t)(e->seq >> 8),	  (uint8_t)e->seq,
	};
	const uint8_t *at = memmem(f->data, f->caplen, wanted, sizeof wanted);

	return at ? (uint32_t)(at - f->data) + QUOTE_KEPT : MIN(f->caplen, HEADERS_ETHERNET);
}

/* Where `at` lies in the frame; beyond it (bytes of the reassembly) the frame keeps its headers. */
static uint32_t offset_in(const struct source_packet *f, const uint8_t *at, uint32_t headers)
{
	uintptr_t begin = (uintptr_t)f->data, place = (uintptr_t)at;

	return place >= begin && place <= begin + f->caplen ? (uint32_t)(place - begin)
							    : MIN(f->caplen, headers);
}

uint32_t keep_frame(struct keep *k, const struct keep_options *o, const struct source_packet *f,
		    const struct packet_item *item)
{
	uint32_t headers = f->dlt == 1 /* DLT_EN10MB */ ? HEADERS_ETHERNET : HEADERS_OTHER;

	switch (item->kind) {
	case PACKET_SEGMENT: {
		const struct segment *s = &item->segment;
		uint32_t at = offset_in(f, s->payload, headers);
		uint32_t n = at + keep_payload(k, o, s);
		bool inside = at + s->caplen <= f->caplen && s->payload == f->data + at;
		return inside ? MIN(n, f->caplen) : MIN(f->caplen, headers);
	}
	case PACKET_DATAGRAM:
		return f->caplen;
	case PACKET_ICMP:
		return keep_icmp(f, &item->icmp);
	case PACKET_NOTHING:
		break;
	}
	return MIN(f->caplen, headers);
}
