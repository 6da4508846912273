/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libFuzzer entry: a record log and what was read in clear, as bytes choose; what is said must hold
 * together. The first bytes are the input, then five bytes make an entry.
 */
#include <glib.h>
#include <string.h>
#include "inside/inside.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct inside_input read_input(struct bytes *all, char host[40])
{
	static const char *const clouds[] = { ".outlook.office365.com",
					      ".mail.protection.outlook.com", ".outlook.cn", "" };
	uint8_t choice = bytes_u8(all);
	struct bytes label = bytes_upto(all, 13);
	size_t length = bytes_left(&label);

	if (length)
		memcpy(host, label.at, length);
	for (size_t i = 0; i < length; i++)
		host[i] = g_ascii_isalnum(host[i]) ? host[i] : 'A';
	host[length] = '\0';
	g_strlcat(host, clouds[choice & 3], 40);
	return (struct inside_input){ .version = choice & 64
							 ? 0
							 : (uint16_t)(0x0300 | bytes_u8(all) % 6),
				      .suite = bytes_u16(all),
				      .renegotiation = (choice & 7) == 7,
				      .mx = choice & 8,
				      .host = host,
				      .greeting_id = choice & 16,
				      .domain = choice & 32 ? bytes_u8(all) : 0,
				      .list = bytes_u16(all),
				      .first_line = bytes_u8(all),
				      .ip = bytes_u8(all) % 46u };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct inside_result r;
	struct bytes all = bytes_of(data, n);
	struct inside_log *log = inside_log_new();
	char host[40];
	struct inside_input in = read_input(&all, host);
	uint64_t ns = 0;

	for (uint32_t frame = 1; bytes_left(&all) >= 5; frame++) {
		uint8_t flags = bytes_u8(&all);
		uint16_t length = bytes_u16(&all), ms = bytes_u16(&all);
		ns += ms * UINT64_C(1000000);
		inside_log_add(log, flags & 15, length, frame, flags & 16 ? ns / 2 : ns);
	}
	in.log = log;
	inside_read(&in, &r);
	g_assert(inside_log_kept(log) < 2048);
	g_assert(r.p >= 0 && r.p < 1.000001);
	g_assert(!r.named || (r.statement && sent_row(r.label)->tier == SENT_TIER_A));
	g_assert(r.statement || (!r.named && !r.group));
	g_assert(r.step_count <= INSIDE_LOG_ALL && r.candidate_count <= INSIDE_CANDIDATES);
	inside_log_free(log);
	return 0;
}
