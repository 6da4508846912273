/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the lines of a segment with little memory of the bytes before it: a line that began in an
 * earlier segment is left out, only its first letters are remembered. What the server answers says
 * what the client sends next: after 334 a secret, after 354 a body, up to its end mark (RFC 4954
 * section 4, RFC 5321 section 4.1.1.4). No line that begins with AUTH is ever kept as a body.
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
	KEEP_BODY,   /* after 354, until its end mark or the next reply */
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

/* The number behind BDAT, RFC 3030 section 2. */
static uint32_t chunk_size(struct bytes line)
{
	uint64_t n = 0;

	bytes_take(&line, 5);
	while (g_ascii_isdigit(bytes_peek(&line, 0)) && n < UINT32_MAX)
		n = n * 10 + (bytes_u8(&line) - '0');
	return (uint32_t)MIN(n, UINT32_MAX / 2);
}

/* A login begins: nothing of the client until the server has answered. */
static void begin_secret(struct keep *k)
{
	k->state = KEEP_SECRET;
	k->secret = true;
	k->chunk = false;
	k->front_size = 0;
}

/* Bytes of the line that the engine would show; its end belongs to it when all may be shown. */
static uint32_t shown_of(const struct bytes *line)
{
	struct bytes bare = *line;

	while (bytes_left(&bare) && (bare.end[-1] == '\n' || bare.end[-1] == '\r'))
		bare.end--;
	size_t n = smtp365_command_shown(bare);
	return (uint32_t)(n < bytes_left(&bare) ? n : bytes_left(line));
}

/* "AUTH LOGIN" of "AUTH LOGIN\r\n": of a mechanism whose end is not seen only the verb. */
static uint32_t shown_of_auth(const struct bytes *line, size_t verb)
{
	uint32_t n = MIN(shown_of(line), (uint32_t)bytes_left(line));
	uint8_t behind = bytes_peek(line, n);
	uint32_t front = (uint32_t)MIN(verb + 1, bytes_left(line));

	while (n > verb && g_ascii_isspace(bytes_peek(line, n - 1)))
		behind = bytes_peek(line, --n);
	return n > front && behind ? n : front;
}

/* Bytes of this command line that may be kept, the whole or less; notes what comes after it. */
static uint32_t keep_command(struct keep *k, const struct keep_options *o, const struct bytes *line)
{
	static const char *const auth[] = { "AUTH", "X-EXPS" };

	for (size_t i = 0; i < G_N_ELEMENTS(auth); i++)
		if (has_word(line, auth[i])) {
			begin_secret(k);
			return shown_of_auth(line, strlen(auth[i]));
		}
	for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++) {
		if (!has_word(line, verbs[i].word))
			continue;
		bool address = verbs[i].envelope || bytes_find(line, '@') >= 0;
		uint32_t n = shown_of(line);
		k->mail = k->mail || address;
		k->hello = !address && n == bytes_left(line) &&
			   (has_word(line, "EHLO") || has_word(line, "HELO"));
		return address && o->redact ? (uint32_t)strlen(verbs[i].word) : n;
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
	k->refused = false;
	k->chunk_end = seq_behind + chunk_size(*line);
}

/* Remember the first letters of a line that goes on in the next segment. */
static void note_front(struct keep *k, const struct bytes *piece)
{
	size_t n = bytes_left(piece);

	for (size_t i = 0; i < n && k->front_size < sizeof k->front; i++)
		k->front[k->front_size++] = bytes_peek(piece, i);
}

static bool front_is_auth(const struct keep *k)
{
	struct bytes front = bytes_of(k->front, k->front_size);

	return bytes_starts(&front, "AUTH", 4) || bytes_starts(&front, "X-EXPS", 6);
}

/* The end mark of a body stands in the front; a bare LF ends it for many servers. */
static bool front_is_end(const struct keep *k)
{
	struct bytes front = bytes_of(k->front, k->front_size);

	return bytes_is(&front, ".\r\n") || bytes_is(&front, ".\n");
}

/* A piece of a line inside of a body or chunk; how much of it may be kept. */
static uint32_t keep_body(struct keep *k, const struct keep_options *o, const struct bytes *piece)
{
	bool ended = bytes_left(piece) && piece->end[-1] == '\n', lost = k->lost;

	if (lost) {
		k->lost = !ended;
		return 0;
	}
	note_front(k, piece);
	if (front_is_auth(k)) {
		begin_secret(k);
		return 0;
	}
	if (!k->chunk && front_is_end(k))
		k->state = KEEP_LINES;
	k->front_size = ended ? 0 : k->front_size;
	return o->bodies && !k->refused ? (uint32_t)bytes_left(piece) : 0;
}

/* A line where a command is expected. What goes on from the segment before is none. */
static uint32_t keep_line(struct keep *k, const struct keep_options *o, const struct bytes *line,
			  uint32_t seq)
{
	bool ended = line->end[-1] == '\n', goes_on = k->front_size > 0;
	uint32_t n = 0;

	note_front(k, line);
	if (!goes_on)
		n = keep_command(k, o, line);
	else if (front_is_auth(k))
		begin_secret(k);
	k->unknown = k->unknown || n == 0;
	if (n == bytes_left(line))
		note_body(k, line, seq + n);
	k->front_size = ended ? 0 : k->front_size;
	return n;
}

/* The next piece: a line, or what of it lies in the announced chunk. */
static struct bytes next_piece(const struct keep *k, struct bytes *in, uint32_t seq)
{
	struct bytes look = *in, line = next_line(&look);
	size_t n = bytes_left(&line);

	if (k->chunk)
		n = MIN(n, k->chunk_end - seq);
	return bytes_take(in, n);
}

/* Does the segment follow the last one? When not, no line is known to go on, and inside of a body
 * none to begin. */
static void follow(struct keep *k, const struct segment *s)
{
	if (!k->followed || s->seq != k->next) {
		k->lost = k->followed && (k->chunk || k->state == KEEP_BODY);
		k->front_size = 0;
	}
	k->followed = true;
	k->next = s->seq + s->len;
}

/* Behind an announced chunk a line begins. */
static void end_chunk(struct keep *k)
{
	k->chunk = k->lost = false;
	k->front_size = 0;
}

static uint32_t keep_client(struct keep *k, const struct keep_options *o, const struct segment *s)
{
	struct bytes in = bytes_of(s->payload, s->caplen);
	uint32_t kept = 0, seq = s->seq;
	bool all = true;

	follow(k, s);
	while (bytes_left(&in)) {
		/* Only a later number ends a chunk: a repeated segment lies before its end. */
		if (k->chunk && (int32_t)(seq - k->chunk_end) >= 0)
			end_chunk(k);
		if (!k->chunk && (k->state == KEEP_SECRET || k->state == KEEP_WAIT)) {
			k->unknown = true;
			return kept;
		}
		struct bytes piece = next_piece(k, &in, seq);
		bool body = k->chunk || k->state == KEEP_BODY;
		uint32_t size = (uint32_t)bytes_left(&piece);
		uint32_t n = body ? keep_body(k, o, &piece) : keep_line(k, o, &piece, seq);
		kept += all ? n : 0;
		all = all && n == size;
		seq += size;
	}
	return kept;
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

/* What the client sends after this reply. */
static void note_reply(struct keep *k, const struct bytes *line)
{
	uint8_t first = bytes_peek(line, 0);

	if (k->chunk && first >= '4')
		k->refused = true;
	k->state = KEEP_LINES;
	if (memcmp(line->at, "334", 3) == 0) {
		k->state = KEEP_SECRET;
		k->secret = true;
	} else if (memcmp(line->at, "354", 3) == 0) {
		k->state = KEEP_BODY;
		k->lost = false;
		k->front_size = 0;
	}
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

/* Code and enhanced code (RFC 3463) of a reply, without what follows. */
static uint32_t reply_front(const struct bytes *line)
{
	size_t n = 4, all = bytes_left(line);
	unsigned dots = 0;

	while (n < all && (g_ascii_isdigit(bytes_peek(line, n)) || bytes_peek(line, n) == '.'))
		dots += bytes_peek(line, n++) == '.';
	return (uint32_t)MIN(dots == 2 && n <= 12 ? n : 4, all);
}

/* With redaction: the greeting and the list are the server's own words where no address is in
 * them; of every other reply the words that all servers say. */
static uint32_t keep_redacted(const struct keep *k, const struct bytes *line)
{
	bool own = (k->fresh || k->hello) && bytes_find(line, '@') < 0;

	if (k->mail)
		return reply_front(line);
	return own ? (uint32_t)bytes_left(line) : reply_words_known(*line);
}

/* Bytes of a reply that may be kept. Servers quote what they did not understand ("500 5.3.3
 * Unrecognized command 'x'"), which after a line that was left out can be a password. */
static uint32_t keep_words(struct keep *k, const struct keep_options *o, const struct bytes *line)
{
	bool about_syntax = bytes_peek(line, 0) == '5' && bytes_peek(line, 1) == '0';
	uint32_t n = (uint32_t)bytes_left(line);

	if (k->state == KEEP_SECRET) /* the challenge belongs to the credential */
		return MIN(n, 4);
	if (about_syntax && k->unknown)
		return reply_front(line);
	bool refused = bytes_peek(line, 0) >= '4';
	bool unsafe = k->secret || (k->unknown && refused);
	k->unknown = k->unknown && about_syntax;
	if (unsafe)
		n = reply_words_known(*line);
	else if (refused)
		n = before_echo(line);
	return o->redact ? MIN(n, keep_redacted(k, line)) : n;
}

static uint32_t keep_reply(struct keep *k, const struct keep_options *o, const struct bytes *line)
{
	note_reply(k, line);
	uint32_t n = keep_words(k, o, line);

	if (bytes_peek(line, 3) != '-')
		k->fresh = k->hello = false;
	return n;
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
		*k = (struct keep){ .fresh = true };
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
