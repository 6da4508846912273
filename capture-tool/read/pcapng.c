/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pcapng reader: one block at a time into a buffer that grows only as far as the file really
 * goes, so that a length that lies costs nothing. Keeps byte order and interfaces of the section.
 * Section numbers in comments are those of draft-ietf-opsawg-pcapng.
 */
#include <stdbool.h>
#include <string.h>
#include <glib.h>
#include <pcap/dlt.h>
#include "bytes.h"
#include "read/pcapng.h"

enum block_type {
	BLOCK_INTERFACE = 1,
	BLOCK_OLD_PACKET = 2, /* obsolete */
	BLOCK_SIMPLE_PACKET = 3,
	BLOCK_ENHANCED_PACKET = 6,
	BLOCK_SECRETS = 10,
	BLOCK_JOURNAL = 9,     /* systemd journal entry: Wireshark gives it a frame number */
	BLOCK_CUSTOM = 0x0bad, /* likewise, with and without the bit that forbids copying */
	BLOCK_CUSTOM_NOT_COPIED = 0x40000bad,
	BLOCK_SECTION = 0x0a0d0d0a,
};

#define BYTE_ORDER_MAGIC 0x1a2b3c4du
/* Type and length before the body, the length again behind it. */
#define BLOCK_FRAME 12u
#define LINKTYPE_RAW 101
#define SECRETS_TLS 0x544c534bu /* "TLSK" */

struct interface {
	int dlt;
	uint32_t snap;
	bool binary; /* resolution 2^-exponent, else 10^-exponent */
	uint8_t exponent;
	uint64_t offset; /* seconds to add, two's complement */
};

struct pcapng {
	FILE *file; /* borrowed */
	const char *words;
	bool big; /* byte order of the section */
	uint32_t frames;
	uint32_t count; /* interfaces */
	struct interface interface[PCAPNG_INTERFACES];
	uint8_t *block; /* owned */
	uint32_t room;
	char *secrets; /* owned; not yet taken */
	size_t secrets_size, secrets_room;
};

struct pcapng *pcapng_new(FILE *file)
{
	struct pcapng *p = g_new0(struct pcapng, 1);

	p->file = file;
	return p;
}

void pcapng_free(struct pcapng *p)
{
	if (!p)
		return;
	if (p->secrets)
		explicit_bzero(p->secrets, p->secrets_size);
	g_free(p->secrets);
	g_free(p->block);
	g_free(p);
}

char *pcapng_take_secrets(struct pcapng *p, size_t *n)
{
	char *taken = p->secrets;

	*n = p->secrets_size;
	p->secrets = NULL;
	p->secrets_size = p->secrets_room = 0;
	return taken;
}

const char *pcapng_words(const struct pcapng *p)
{
	return p->words;
}

uint32_t pcapng_frames(const struct pcapng *p)
{
	return p->frames;
}

int pcapng_dlt(const struct pcapng *p, unsigned i)
{
	return i < p->count ? p->interface[i].dlt : -1;
}

/* Numbers in the byte order of the section. */
static uint32_t u32(const struct pcapng *p, struct bytes *in)
{
	uint32_t v = bytes_u32(in);

	return p->big ? v : __builtin_bswap32(v);
}

static uint16_t u16(const struct pcapng *p, struct bytes *in)
{
	uint16_t v = bytes_u16(in);

	return p->big ? v : __builtin_bswap16(v);
}

static enum pcapng_result damaged(struct pcapng *p, const char *words)
{
	p->words = words;
	return PCAPNG_DAMAGED;
}

/* Read n bytes into the buffer at `at`, making room step by step as they arrive. */
static bool read_more(struct pcapng *p, uint32_t at, uint32_t n)
{
	while (n > 0) {
		uint32_t step = n < 65536 ? n : 65536;
		if (p->room < at + step) {
			p->room = (at + step) * 2;
			p->block = g_realloc(p->block, p->room);
		}
		size_t got = fread(&p->block[at], 1, step, p->file);
		if (got < step)
			return false;
		at += step;
		n -= step;
	}
	return true;
}

/* One block: its type and the view of its body. A section header sets the byte order first, which
 * its length already needs. PCAPNG_PACKET stands for "there is one". */
static enum pcapng_result read_block(struct pcapng *p, uint32_t *type, struct bytes *body)
{
	uint8_t head[8];
	size_t got = fread(head, 1, sizeof head, p->file);
	uint32_t have = 0;

	if (got < sizeof head)
		return got == 0 ? PCAPNG_END : PCAPNG_CUT;
	struct bytes h = bytes_of(head, sizeof head);
	*type = u32(p, &h);
	if (*type == BLOCK_SECTION) {
		have = 4;
		if (!read_more(p, 0, have))
			return PCAPNG_CUT;
		struct bytes magic = bytes_of(p->block, have);
		uint32_t order = bytes_u32(&magic);
		if (order != BYTE_ORDER_MAGIC && order != __builtin_bswap32(BYTE_ORDER_MAGIC))
			return damaged(p, "a section begins without its byte-order magic");
		p->big = order == BYTE_ORDER_MAGIC;
	}
	uint32_t length = u32(p, &h);
	if (length < BLOCK_FRAME + have || length % 4 != 0 || length > PCAPNG_BLOCK)
		return damaged(p, "a block has an impossible length");
	if (!read_more(p, have, length - 8 - have))
		return PCAPNG_CUT;
	*body = bytes_of(p->block, length - 8);
	struct bytes trailer = *body;
	bytes_take(&trailer, length - BLOCK_FRAME);
	if (u32(p, &trailer) != length)
		return damaged(p, "a block's two lengths differ");
	*body = bytes_upto(body, length - BLOCK_FRAME);
	return PCAPNG_PACKET;
}

/* Section 4.1: the magic was read; version 1 in any minor; interfaces begin anew. */
static enum pcapng_result take_section(struct pcapng *p, struct bytes body)
{
	bytes_take(&body, 4);
	uint16_t major = u16(p, &body);

	if (body.bad || major != 1)
		return damaged(p, "a section has a version other than 1");
	p->count = 0;
	return PCAPNG_PACKET;
}

/* Options (section 3.5): if_tsresol 9, if_tsoffset 14. */
static bool take_options(const struct pcapng *p, struct bytes in, struct interface *i)
{
	while (bytes_left(&in) >= 4) {
		uint16_t code = u16(p, &in), length = u16(p, &in);
		struct bytes value = bytes_upto(&in, length);
		bytes_upto(&in, (4u - length % 4) % 4);
		if (code == 0)
			return true;
		if (code == 9 && length == 1) {
			uint8_t v = bytes_u8(&value);
			i->binary = v & 0x80;
			i->exponent = v & 0x7f;
			if (i->exponent > (i->binary ? 63 : 19))
				return false;
		} else if (code == 14 && length == 8) {
			uint32_t first = u32(p, &value), second = u32(p, &value);
			i->offset = p->big ? (uint64_t)first << 32 | second
					   : (uint64_t)second << 32 | first;
		}
	}
	return true;
}

/* Section 4.2. */
static enum pcapng_result take_interface(struct pcapng *p, struct bytes body)
{
	struct interface *i = &p->interface[p->count];

	if (p->count == PCAPNG_INTERFACES)
		return damaged(p, "a section has more than 1024 interfaces");
	uint16_t link = u16(p, &body);
	u16(p, &body);
	/* The numbers of files and of libpcap's interface agree but for raw IP. */
	*i = (struct interface){ .dlt = link == LINKTYPE_RAW ? DLT_RAW : link, .exponent = 6 };
	i->snap = u32(p, &body);
	if (body.bad)
		return damaged(p, "an interface is described too shortly");
	if (!take_options(p, body, i))
		return damaged(p, "an interface has an impossible time resolution");
	p->count++;
	return PCAPNG_PACKET;
}

/* Units of the interface's resolution to nanoseconds since 1970. */
static uint64_t time_of(const struct interface *i, uint64_t units)
{
	uint64_t second = 1, whole, part, ns;

	if (i->binary) {
		unsigned shift = i->exponent;
		whole = units >> shift;
		part = units & ((1ULL << shift) - 1);
		if (shift > 32) { /* more bits than the multiplication has room for */
			part >>= shift - 32;
			shift = 32;
		}
		ns = (part * 1000000000ULL) >> shift;
		return (whole + i->offset) * 1000000000ULL + ns;
	}
	for (unsigned k = 0; k < i->exponent; k++)
		second *= 10;
	whole = units / second;
	part = units % second;
	ns = second > 1000000000ULL ? part / (second / 1000000000ULL)
				    : part * (1000000000ULL / second);
	return (whole + i->offset) * 1000000000ULL + ns;
}

/* Sections 4.3, 4.4 and A: `header` is what precedes the lengths. */
static enum pcapng_result take_packet(struct pcapng *p, uint32_t type, struct bytes body,
				      struct pcapng_packet *out)
{
	uint32_t which = 0;
	uint64_t units = 0;

	if (type == BLOCK_ENHANCED_PACKET) {
		which = u32(p, &body);
	} else if (type == BLOCK_OLD_PACKET) {
		which = u16(p, &body);
		u16(p, &body); /* drops */
	}
	if (which >= p->count)
		return damaged(p, "a packet names an interface that was not described");
	const struct interface *i = &p->interface[which];
	if (type == BLOCK_SIMPLE_PACKET) { /* no time, and the captured length is implied */
		out->len = u32(p, &body);
		out->caplen = i->snap && i->snap < out->len ? i->snap : out->len;
	} else {
		units = (uint64_t)u32(p, &body) << 32;
		units |= u32(p, &body);
		out->caplen = u32(p, &body);
		out->len = u32(p, &body);
	}
	struct bytes data = bytes_take(&body, out->caplen);
	if (data.bad)
		return damaged(p, "a packet is longer than its block");
	out->data = data.at;
	out->dlt = i->dlt;
	out->time_ns = type == BLOCK_SIMPLE_PACKET ? 0 : time_of(i, units);
	out->frame = ++p->frames;
	return PCAPNG_PACKET;
}

/* Room for n more bytes of secrets; no copy stays behind. */
static void make_room(struct pcapng *p, size_t n)
{
	if (p->secrets_size + n <= p->secrets_room)
		return;
	size_t room = MAX(2 * p->secrets_room, p->secrets_size + n);
	char *text = g_malloc(room);
	if (p->secrets) {
		memcpy(text, p->secrets, p->secrets_size);
		explicit_bzero(p->secrets, p->secrets_size);
	}
	g_free(p->secrets);
	p->secrets = text;
	p->secrets_room = room;
}

/* Section 4.7: type and length, then the key log of TLS; its last line may lack its end. */
static void take_secrets(struct pcapng *p, struct bytes body)
{
	uint32_t type = u32(p, &body), length = u32(p, &body);
	struct bytes text = bytes_take(&body, length);
	size_t n = bytes_left(&text);

	if (type != SECRETS_TLS || text.bad || n == 0 || p->secrets_size + n + 1 > PCAPNG_SECRETS)
		return;
	make_room(p, n + 1);
	memcpy(p->secrets + p->secrets_size, text.at, n);
	p->secrets[p->secrets_size + n] = '\n';
	p->secrets_size += n + 1;
	explicit_bzero(p->block + (text.at - p->block), n);
}

enum pcapng_result pcapng_next(struct pcapng *p, struct pcapng_packet *out)
{
	uint32_t type;
	struct bytes body;
	enum pcapng_result got;

	while ((got = read_block(p, &type, &body)) == PCAPNG_PACKET) {
		switch (type) {
		case BLOCK_ENHANCED_PACKET:
		case BLOCK_SIMPLE_PACKET:
		case BLOCK_OLD_PACKET:
			return take_packet(p, type, body, out);
		case BLOCK_SECTION:
			got = take_section(p, body);
			break;
		case BLOCK_INTERFACE:
			got = take_interface(p, body);
			break;
		case BLOCK_SECRETS:
			take_secrets(p, body);
			break;
		case BLOCK_JOURNAL:
		case BLOCK_CUSTOM:
		case BLOCK_CUSTOM_NOT_COPIED:
			p->frames++;
			break;
		default:
			break;
		}
		if (got != PCAPNG_PACKET)
			return got;
	}
	return got;
}
