/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libFuzzer harness of both SMTP decoders. The input says by itself how it is cut: one byte chooses
 * direction, expectation, gap and length, then that many bytes follow. Each piece is a block of its
 * own, so that a read past a view is seen; every view of every item is read to its end.
 */
#include "base/caps.h"
#include "smtp/smtp.h"

static volatile uint8_t sink;

static void read_all(struct bytes b)
{
	while (bytes_left(&b))
		sink = bytes_u8(&b);
}

static void look(const struct smtp_item *i)
{
	read_all(i->line);
	read_all(i->argument);
	read_all(i->path.address);
	read_all(i->path.params);
	read_all(i->text);
	read_all(i->reply.text);
	g_assert(i->verb < SMTP_VERB_COUNT && strlen(i->auth.user) < sizeof(i->auth.user));
	g_assert(i->kind != SMTP_ITEM_REPLY_LINE || (i->code >= 200 && i->code <= 599));
	g_assert(i->kind != SMTP_ITEM_AUTH_RESPONSE || bytes_left(&i->line) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct smtp_client *c = smtp_client_new();
	struct smtp_server *s = smtp_server_new();
	struct bytes all = bytes_of(data, size);
	struct smtp_item i;

	while (bytes_left(&all)) {
		uint8_t how = bytes_u8(&all), n = bytes_u8(&all);
		bool server = how & 1;
		if (how & 8)
			smtp_client_expect(c, (enum smtp_expect)((how >> 4) % 5));
		if ((how & 6) == 6)
			server ? smtp_server_gap(s, n) : smtp_client_gap(c, n);
		struct bytes piece = bytes_upto(&all, how & 2 ? n : SIZE_MAX);
		uint8_t *copy = g_memdup2(piece.at, bytes_left(&piece));
		struct bytes in = bytes_of(copy, bytes_left(&piece));
		while ((server ? smtp_server_next(s, &in, &i) : smtp_client_next(c, &in, &i)) ==
			       STEP_ITEM &&
		       i.kind != SMTP_ITEM_TLS)
			look(&i);
		g_assert(smtp_client_kept(c) < 2 * CAP_LINE && smtp_server_kept(s) < 2 * CAP_LINE);
		g_free(copy);
	}
	smtp_client_free(c);
	smtp_server_free(s);
	return 0;
}
