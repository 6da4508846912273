/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names, meanings and strength of the numbers in TLS. The data are the three .def tables beside
 * this file, sorted by value; a look-up is a binary search and never fails loudly: what is not in
 * a table is NULL or UNKNOWN, so that the caller prints the number.
 */
#include <stdio.h>

#include "tls/tls.h"

struct suite_row {
	uint16_t value;
	const char *name;
	uint8_t class;
	bool m365;
};

struct group_row {
	uint16_t value;
	const char *name;
};

struct alert_row {
	uint16_t value;
	const char *name, *from_client, *from_server;
};

static const struct suite_row suites[] = {
#define SUITE(value, name, class, m365) { value, #name, TLS_SUITE_##class, m365 },
#include "tls/suites.def"
#undef SUITE
};

static const struct group_row groups[] = {
#define GROUP(value, name) { value, name },
#include "tls/groups.def"
#undef GROUP
};

static const struct alert_row alerts[] = {
#define ALERT(code, name, from_client, from_server) { code, name, from_client, from_server },
#include "tls/alerts.def"
#undef ALERT
};

static const struct {
	uint16_t value;
	const char *name, *ecs;
} versions[] = {
	{ TLS_SSL2, "SSL 2.0", "2.0" }, { TLS_SSL3, "SSL 3.0", "3.0" },
	{ TLS_1_0, "TLS 1.0", "1.0" },	{ TLS_1_1, "TLS 1.1", "1.1" },
	{ TLS_1_2, "TLS 1.2", "1.2" },	{ TLS_1_3, "TLS 1.3", "1.3" },
};

/* The row of a table whose rows all begin with their uint16_t value, or NULL. */
static const void *find(const void *rows, size_t count, size_t width, uint16_t value)
{
	const char *base = rows;
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const void *row = base + middle * width;
		uint16_t v = *(const uint16_t *)row;
		if (v == value)
			return row;
		if (v < value)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* Told from the name: NULL, anon and EXPORT are words of it, and SHA256_SHA256 (RFC 9150) encrypts
 * nothing either. */
static bool is_null_anon_export(const struct suite_row *row)
{
	return strstr(row->name, "_NULL_") || strstr(row->name, "_anon_") ||
	       strstr(row->name, "_EXPORT") || row->value == 0xc0b4 || row->value == 0xc0b5;
}

/* Clients offer dozens of suites in each session, so their rows are found by number: suites have
 * few different high bytes, and each of these has a block. */
#define SUITE_BLOCKS 16u
static struct {
	uint8_t block[256];		 /* of a high byte; 0 has none */
	uint16_t row[SUITE_BLOCKS][256]; /* of a low byte, from 1; 0 has none */
	bool weak[G_N_ELEMENTS(suites)];
} suite_index;

static void index_suites(void)
{
	static gsize once;
	uint8_t blocks = 1;

	if (!g_once_init_enter(&once))
		return;
	for (size_t i = 0; i < G_N_ELEMENTS(suites); i++) {
		uint8_t *block = &suite_index.block[suites[i].value >> 8];
		if (!*block)
			*block = blocks++;
		g_assert(*block < SUITE_BLOCKS);
		suite_index.row[*block][suites[i].value & 0xff] = (uint16_t)(i + 1);
		suite_index.weak[i] = is_null_anon_export(&suites[i]);
	}
	g_once_init_leave(&once, 1);
}

static const struct suite_row *find_suite(uint16_t s)
{
	index_suites();
	unsigned at = suite_index.row[suite_index.block[s >> 8]][s & 0xff];
	return at ? &suites[at - 1] : NULL;
}

/* A number as text. The buffers belong to the thread and go round, so no lock and no leak. */
static const char *number(uint16_t v)
{
	static _Thread_local char buffers[8][8];
	static _Thread_local unsigned next;
	char *to = buffers[next++ % G_N_ELEMENTS(buffers)];

	snprintf(to, sizeof(buffers[0]), "0x%04x", v);
	return to;
}

const char *tls_version_name(uint16_t v)
{
	for (size_t i = 0; i < G_N_ELEMENTS(versions); i++)
		if (versions[i].value == v)
			return versions[i].name;
	return number(v);
}

const char *tls_version_ecs(uint16_t v)
{
	for (size_t i = 0; i < G_N_ELEMENTS(versions); i++)
		if (versions[i].value == v)
			return versions[i].ecs;
	return number(v);
}

const char *tls_suite_name(uint16_t s)
{
	const struct suite_row *row = find_suite(s);
	return row ? row->name : NULL;
}

const char *tls_group_name(uint16_t g)
{
	const struct group_row *row = find(groups, G_N_ELEMENTS(groups), sizeof(groups[0]), g);
	return row ? row->name : NULL;
}

static const struct alert_row *find_alert(uint8_t code)
{
	return find(alerts, G_N_ELEMENTS(alerts), sizeof(alerts[0]), code);
}

const char *tls_alert_name(uint8_t code)
{
	const struct alert_row *row = find_alert(code);
	return row ? row->name : NULL;
}

const char *tls_alert_meaning(uint8_t code, bool from_client)
{
	const struct alert_row *row = find_alert(code);

	if (!row)
		return NULL;
	return from_client ? row->from_client : row->from_server;
}

enum tls_suite_class tls_suite_class(uint16_t s)
{
	const struct suite_row *row = find_suite(s);
	return row ? (enum tls_suite_class)row->class : TLS_SUITE_UNKNOWN;
}

bool tls_suite_is_null_anon_export(uint16_t s)
{
	const struct suite_row *row = find_suite(s);
	return row && suite_index.weak[row - suites];
}

bool tls_suite_m365(uint16_t s)
{
	const struct suite_row *row = find_suite(s);
	return row && row->m365;
}

/* Tag and hash length of a TLS 1.3 suite (RFC 8446 B.4, RFC 8998), or false. */
static bool suite13(uint16_t suite, uint32_t *tag, uint32_t *hash)
{
	bool known = (suite >= 0x1301 && suite <= 0x1305) || suite == 0x00c6 || suite == 0x00c7;

	*tag = suite == 0x1305 ? 8 : 16;
	*hash = suite == 0x1302 ? 48 : 32;
	return known;
}

uint32_t tls13_alert_length(uint16_t suite)
{
	uint32_t tag, hash;
	return suite13(suite, &tag, &hash) ? 2 + 1 + tag : 0;
}

uint32_t tls13_finished_length(uint16_t suite)
{
	uint32_t tag, hash;
	return suite13(suite, &tag, &hash) ? 4 + hash + 1 + tag : 0;
}

bool tls13_is_refusal(uint16_t suite, uint32_t length)
{
	return length != 0 && length == tls13_alert_length(suite);
}
