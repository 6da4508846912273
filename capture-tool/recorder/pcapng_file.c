/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Blocks are made in a buffer that goes out when it is large; a failed write is remembered and
 * spoils what follows until the next mark, where the file is cut back to what was whole. Without a
 * file (descriptor -1) the buffer is all there is.
 */
#include "recorder/pcapng_file.h"
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <pcap/dlt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "smtp365.h"

#define BUFFER_BYTES (256u << 10)
#define LINKTYPE_RAW 101
/* Longest option; its length field has 16 bits. */
#define OPTION_BYTES 65000u

enum { BLOCK_INTERFACE = 1, BLOCK_PACKET = 6, BLOCK_SECTION = 0x0a0d0d0a };
enum {
	OPTION_END = 0,
	OPTION_COMMENT = 1,
	OPTION_NAME = 2,
	OPTION_APPLICATION = 4,
	OPTION_RESOLUTION = 9
};

struct pcapng_file {
	int fd;
	char *name, *part; /* owned */
	GByteArray *buffer;
	uint64_t written, marked; /* bytes in the file, buffer not counted */
	unsigned interfaces;
	int failed; /* errno of the first failure since the last mark */
};

struct pcapng_file *pcapng_file_open(const char *name, char **error)
{
	char *part = g_strconcat(name, ".part", NULL);
	int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);

	if (fd < 0) {
		*error = g_strdup_printf("%s: cannot be written: %s; name a folder and a file that "
					 "can",
					 name, g_strerror(errno));
		g_free(part);
		return NULL;
	}
	struct pcapng_file *f = g_new0(struct pcapng_file, 1);
	f->fd = fd;
	f->name = g_strdup(name);
	f->part = part;
	f->buffer = g_byte_array_sized_new(BUFFER_BYTES + 4096);
	return f;
}

struct pcapng_file *pcapng_file_memory(void)
{
	struct pcapng_file *f = g_new0(struct pcapng_file, 1);
	f->fd = -1;
	f->buffer = g_byte_array_new();
	return f;
}

const GByteArray *pcapng_file_bytes(const struct pcapng_file *f)
{
	return f->buffer;
}

void pcapng_file_memory_clear(struct pcapng_file *f)
{
	g_byte_array_set_size(f->buffer, 0);
}

void pcapng_file_memory_free(struct pcapng_file *f)
{
	g_byte_array_free(f->buffer, TRUE);
	g_free(f);
}

static void flush(struct pcapng_file *f)
{
	const uint8_t *at = f->buffer->data;
	size_t left = f->buffer->len;

	while (left > 0 && !f->failed) {
		ssize_t n = write(f->fd, at, left);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			f->failed = n < 0 ? errno : ENOSPC;
			break;
		}
		at += n;
		left -= (size_t)n;
		f->written += (uint64_t)n;
	}
	g_byte_array_set_size(f->buffer, 0);
}

static void put(struct pcapng_file *f, const void *p, size_t n)
{
	g_byte_array_append(f->buffer, p, (guint)n);
}

static void put_u16(struct pcapng_file *f, unsigned v)
{
	uint16_t n = (uint16_t)v;
	put(f, &n, sizeof n);
}

static void put_u32(struct pcapng_file *f, uint32_t v)
{
	put(f, &v, sizeof v);
}

/* To the next multiple of 4. */
static void pad(struct pcapng_file *f, size_t n)
{
	static const uint8_t zero[4];
	put(f, zero, (4 - n % 4) % 4);
}

static void put_option(struct pcapng_file *f, unsigned code, const void *p, size_t n)
{
	put_u16(f, code);
	put_u16(f, (unsigned)n);
	put(f, p, n);
	pad(f, n);
}

/* Text, cut at a character when it is too long; none when NULL. */
static void put_text(struct pcapng_file *f, unsigned code, const char *text)
{
	size_t n = text ? strlen(text) : 0;

	if (n > OPTION_BYTES) {
		const char *end = g_utf8_find_prev_char(text, &text[OPTION_BYTES]);
		n = end ? (size_t)(end - text) : 0;
	}
	if (n > 0)
		put_option(f, code, text, n);
}

/* Begin a block; where its length has to be put. */
static guint begin(struct pcapng_file *f, uint32_t type)
{
	put_u32(f, type);
	put_u32(f, 0);
	return f->buffer->len - 8;
}

/* End the options, if there are any, and the block. */
static void end(struct pcapng_file *f, guint at, bool options)
{
	if (options)
		put_u32(f, OPTION_END);
	uint32_t length = f->buffer->len - at + 4;
	memcpy(&f->buffer->data[at + 4], &length, sizeof length);
	put_u32(f, length);
	if (f->fd >= 0 && f->buffer->len >= BUFFER_BYTES)
		flush(f);
}

void pcapng_file_append(struct pcapng_file *f, const void *bytes, size_t n)
{
	flush(f);
	put(f, bytes, n);
}

void pcapng_file_section(struct pcapng_file *f, const char *comment)
{
	guint at = begin(f, BLOCK_SECTION);

	put_u32(f, 0x1a2b3c4d); /* our byte order */
	put_u16(f, 1);
	put_u16(f, 0);
	put_u32(f, UINT32_MAX); /* length of the section: not given */
	put_u32(f, UINT32_MAX);
	put_text(f, OPTION_COMMENT, comment);
	put_text(f, OPTION_APPLICATION, "smtp365 " SMTP365_VERSION);
	end(f, at, true);
	f->interfaces = 0;
}

unsigned pcapng_file_interface(struct pcapng_file *f, int dlt, uint32_t snaplen, const char *name)
{
	static const uint8_t nanoseconds = 9;
	guint at = begin(f, BLOCK_INTERFACE);

	put_u16(f, dlt == DLT_RAW ? LINKTYPE_RAW : (unsigned)dlt);
	put_u16(f, 0);
	put_u32(f, snaplen);
	put_text(f, OPTION_NAME, name);
	put_option(f, OPTION_RESOLUTION, &nanoseconds, 1);
	end(f, at, true);
	return f->interfaces++;
}

void pcapng_file_packet(struct pcapng_file *f, unsigned interface, uint64_t time_ns,
			const uint8_t *data, uint32_t caplen, uint32_t len, const char *comment)
{
	guint at = begin(f, BLOCK_PACKET);

	g_assert(interface < f->interfaces);
	put_u32(f, interface);
	put_u32(f, (uint32_t)(time_ns >> 32));
	put_u32(f, (uint32_t)time_ns);
	put_u32(f, caplen);
	put_u32(f, len);
	put(f, data, caplen);
	pad(f, caplen);
	put_text(f, OPTION_COMMENT, comment);
	end(f, at, comment && *comment);
}

uint64_t pcapng_file_size(const struct pcapng_file *f)
{
	return f->written + f->buffer->len;
}

bool pcapng_file_mark(struct pcapng_file *f)
{
	flush(f);
	if (!f->failed) {
		f->marked = f->written;
		return true;
	}
	f->failed = 0;
	/* Both only shorten; should they fail too, the reader sees a file cut in its last block. */
	if (ftruncate(f->fd, (off_t)f->marked) == 0 &&
	    lseek(f->fd, (off_t)f->marked, SEEK_SET) == (off_t)f->marked)
		f->written = f->marked;
	return false;
}

bool pcapng_file_close(struct pcapng_file *f, char **error)
{
	bool keep = f->marked > 0, good = true;

	if (f->buffer->len > 0 || f->written > f->marked) /* not marked: not whole */
		good = ftruncate(f->fd, (off_t)f->marked) == 0;
	if (close(f->fd) != 0)
		good = false;
	if (keep ? rename(f->part, f->name) != 0 : unlink(f->part) != 0)
		good = false;
	if (!good)
		*error = g_strdup_printf("%s: cannot be completed: %s", f->name, g_strerror(errno));
	g_byte_array_free(f->buffer, TRUE);
	g_free(f->name);
	g_free(f->part);
	g_free(f);
	return good;
}
