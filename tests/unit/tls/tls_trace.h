/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Test helper: runs the TLS decoder over a stream and writes each item as one line of text, so that
 * two ways of feeding the same bytes can be compared. Every view is copied to the end of a block
 * whose next page is unreadable, so reading past a view is a crash.
 */
#ifndef SMTP365_TLS_TRACE_H
#define SMTP365_TLS_TRACE_H

#include <sys/mman.h>
#include <unistd.h>

#include "tls/tls.h"
#include "tls/tls_samples.h"

static const char *const kind_names[] = {
	"client_hello",
	"server_hello",
	"hello_retry",
	"certificate",
	"certificate_request",
	"server_key_exchange",
	"server_hello_done",
	"client_key_exchange",
	"certificate_verify",
	"hello_request",
	"session_ticket",
	"other",
	"ccs",
	"alert",
	"alert_encrypted",
	"handshake_encrypted",
	"data",
	"heartbeat",
};

/* A block of whole pages with a PROT_NONE page behind it; made once. */
#define FENCE_SIZE (1u << 20)
static uint8_t *fence_end(void)
{
	static uint8_t *end;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (!end) {
		uint8_t *block = mmap(NULL, FENCE_SIZE + page, PROT_READ | PROT_WRITE,
				      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		g_assert(block != MAP_FAILED);
		g_assert(mprotect(block + FENCE_SIZE, page, PROT_NONE) == 0);
		end = block + FENCE_SIZE;
	}
	return end;
}

static void trace_item(GString *s, const struct tls_item *i)
{
	g_string_append_printf(s, "%s %u v%04x", kind_names[i->kind], i->length, i->record_version);
	if (i->kind == TLS_ITEM_HANDSHAKE_OTHER)
		g_string_append_printf(s, " type=%u", i->handshake_type);
	if (i->kind == TLS_ITEM_ALERT)
		g_string_append_printf(s, " level=%u code=%u", i->alert_level, i->alert_code);
	if (i->group)
		g_string_append_printf(s, " group=%04x", i->group);
	if (i->kind == TLS_ITEM_CERTIFICATE) {
		g_string_append_printf(s, " chain=%u/%u", i->chain_count, i->chain_in_all);
		for (unsigned c = 0; c < i->chain_count; c++) {
			char *sum = g_compute_checksum_for_data(G_CHECKSUM_MD5, i->chain[c].at,
								bytes_left(&i->chain[c]));
			g_string_append_printf(s, " %.8s", sum);
			g_free(sum);
		}
	}
	if (i->hello) {
		char *sum = g_compute_checksum_for_data(G_CHECKSUM_MD5, (const void *)i->hello,
							sizeof(*i->hello));
		g_string_append_printf(s, " max=%04x hello=%.8s", i->hello->max_version, sum);
		g_free(sum);
	}
	g_string_append_printf(s, "%s%s%s%s\n", i->complete ? "" : " incomplete",
			       i->after_ccs ? " after_ccs" : "", i->early ? " early" : "",
			       i->malformed ? " malformed" : "");
}

/* Feed n bytes as one view; false when the decoder went bad. */
static bool trace_feed(struct tls *t, const uint8_t *data, size_t n, GString *s)
{
	struct tls_item item;
	enum step step;

	g_assert(n <= FENCE_SIZE);
	uint8_t *at = fence_end() - n;
	if (n)
		memcpy(at, data, n);
	struct bytes in = bytes_of(at, n);
	while ((step = tls_next(t, &in, &item)) == STEP_ITEM)
		trace_item(s, &item);
	if (step == STEP_BAD)
		g_string_append(s, "BAD\n");
	else
		g_assert(bytes_left(&in) == 0);
	return step != STEP_BAD;
}

/* The trace of a stream cut in pieces of `step` bytes (0: whole). Free with g_free. */
static G_GNUC_UNUSED char *trace(bool from_client, const uint8_t *data, size_t n, size_t step)
{
	GString *s = g_string_new(NULL);
	struct tls *t = tls_new(from_client);

	for (size_t at = 0; at < n;) {
		size_t piece = step && step < n - at ? step : n - at;
		if (!trace_feed(t, data + at, piece, s))
			break;
		at += piece;
	}
	tls_free(t);
	return g_string_free(s, FALSE);
}

/* Cut once at `at`; with lose > 0 that many bytes are missing there. */
static G_GNUC_UNUSED char *trace_cut(bool from_client, const uint8_t *data, size_t n, size_t at,
				     size_t lose)
{
	GString *s = g_string_new(NULL);
	struct tls *t = tls_new(from_client);

	if (trace_feed(t, data, at, s)) {
		if (lose)
			tls_gap(t, lose);
		if (at + lose < n)
			trace_feed(t, data + at + lose, n - at - lose, s);
	}
	tls_free(t);
	return g_string_free(s, FALSE);
}

/* All recorded streams. */
#define SAMPLE(name, client)                                                                       \
	{                                                                                          \
#name, client, sample_##name, sizeof(sample_##name)                                \
	}
static G_GNUC_UNUSED const struct {
	const char *name;
	bool client;
	const uint8_t *data;
	size_t n;
} samples[] = {
	SAMPLE(ch_openssl, true),
	SAMPLE(ch_openssl_tls12, true),
	SAMPLE(ch_openssl_fallback, true),
	SAMPLE(ch_openssl_weak, true),
	SAMPLE(ch_gnutls, true),
	SAMPLE(ch_gnutls_tls12, true),
	SAMPLE(tls12_c, true),
	SAMPLE(tls12_s, false),
	SAMPLE(tls12_resumed_c, true),
	SAMPLE(tls12_resumed_s, false),
	SAMPLE(tls12_refused_c, true),
	SAMPLE(tls12_refused_s, false),
	SAMPLE(tls12_request_c, true),
	SAMPLE(tls12_request_s, false),
	SAMPLE(tls13_c, true),
	SAMPLE(tls13_s, false),
	SAMPLE(tls13_refused_c, true),
	SAMPLE(tls13_refused_s, false),
	SAMPLE(tls13_retry_c, true),
	SAMPLE(tls13_retry_s, false),
	SAMPLE(tls10_c, true),
	SAMPLE(tls10_s, false),
	SAMPLE(tls10_too_old_c, true),
	SAMPLE(tls10_too_old_s, false),
	SAMPLE(tls13_downgraded_c, true),
	SAMPLE(tls13_downgraded_s, false),
	SAMPLE(gnutls_refused_c, true),
	SAMPLE(gnutls_refused_s, false),
};

/* Builders of streams. */
static G_GNUC_UNUSED void put_record(GByteArray *to, uint8_t type, uint16_t version,
				     const void *body, size_t n)
{
	const uint8_t head[5] = { type, (uint8_t)(version >> 8), (uint8_t)version,
				  (uint8_t)(n >> 8), (uint8_t)n };

	g_byte_array_append(to, head, sizeof(head));
	if (n)
		g_byte_array_append(to, body, (guint)n);
}

static G_GNUC_UNUSED void put_message(GByteArray *to, uint8_t type, const void *body, size_t n)
{
	const uint8_t head[4] = { type, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n };

	g_byte_array_append(to, head, sizeof(head));
	if (n)
		g_byte_array_append(to, body, (guint)n);
}

static G_GNUC_UNUSED void put_ccs(GByteArray *to)
{
	put_record(to, 20, TLS_1_2, "\1", 1);
}

#endif
