/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes pcapng blocks to a file that bears the name NAME.part until it is complete. Time in ns.
 * What is written up to pcapng_file_mark is a valid file: trouble later goes back to it. Takes
 * bytes, decides nothing. Sections are those of draft-ietf-opsawg-pcapng.
 */
#ifndef SMTP365_PCAPNG_FILE_H
#define SMTP365_PCAPNG_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>

struct pcapng_file;

/* Make NAME.part, for owner and group only; one that lies there is written anew. On trouble NULL
 * and *error, one line that names the file (g_free). */
struct pcapng_file *pcapng_file_open(const char *name, char **error);
/* A section header (4.1) with the program's name and a comment; its interfaces count from 0. */
void pcapng_file_section(struct pcapng_file *f, const char *comment);
/* An interface description (4.2); its number in the section. name: NULL none. */
unsigned pcapng_file_interface(struct pcapng_file *f, int dlt, uint32_t snaplen, const char *name);
/* An enhanced packet (4.3) with a comment, or NULL. */
void pcapng_file_packet(struct pcapng_file *f, unsigned interface, uint64_t time_ns,
			const uint8_t *data, uint32_t caplen, uint32_t len, const char *comment);
/* Bytes so far. */
uint64_t pcapng_file_size(const struct pcapng_file *f);
/* What is written is whole: write it out. False, and the file ends at the last mark again, when the
 * disk does not take it. */
bool pcapng_file_mark(struct pcapng_file *f);
/* Whole blocks made by pcapng_file_memory, from a section header on. */
void pcapng_file_append(struct pcapng_file *f, const void *bytes, size_t n);
/* Close and give it its name, if it has at least one mark, else remove it. False and one line. */
bool pcapng_file_close(struct pcapng_file *f, char **error);

/* Blocks that stay in memory: takes sections, interfaces and packets, not mark and close. */
struct pcapng_file *pcapng_file_memory(void);
/* What was made since the last clear; borrowed. */
const GByteArray *pcapng_file_bytes(const struct pcapng_file *f);
void pcapng_file_memory_clear(struct pcapng_file *f);
void pcapng_file_memory_free(struct pcapng_file *f);

#endif
