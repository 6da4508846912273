/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Steps: what the cipher adds; where the handshake ends; whether a side pads; lengths; the EHLO
 * reply inside TLS, whose length is known from the one before; turns.
 */
#include "inside/lengths.h"

#include <glib.h>
#include <string.h>
#include "tls/tls.h"

/* A session ticket, the only thing that a server sends unasked (RFC 8446 4.6.1). */
#define TICKET_LEAST 20u
#define TICKET_MOST 2000u
/* EHLO of a name of 1 to 255 bytes. */
#define EHLO_LEAST 7u
#define EHLO_MOST 262u
/* Bytes inside of an alert and of a KeyUpdate in TLS 1.3; no SMTP line has as many. */
#define ALERT_13 2u
#define KEY_UPDATE_13 5u
#define RECORD_HEADER 5u
/* So many records of a side must be multiples before it is said to pad. */
#define PADDED_LEAST 3u

struct cipher {
	bool v13, guessed, exact;
	bool splits;		   /* TLS 1.0 CBC: an empty record or one byte goes ahead */
	uint32_t over, block, mac; /* exact: what is added; else block, MAC and */
	uint32_t iv;		   /* explicit initialisation vector */
	uint32_t finished;	   /* TLS 1.3: record length of the client's Finished */
};

/* A record or run, or a hole, of the dialogue. */
struct entry {
	const struct inside_record *r;
	uint32_t low, high;
	uint64_t ms;
	bool server, hole, broken;
};

struct entries {
	struct entry at[INSIDE_LOG_ALL];
	unsigned count;
};

/* Block ciphers by their suite's name; true when it is one with CBC. */
static bool read_cbc(const char *name, uint16_t version, struct cipher *c)
{
	if (!strstr(name, "_CBC"))
		return false;
	c->block = strstr(name, "_AES_") || strstr(name, "CAMELLIA") || strstr(name, "ARIA") ||
				   strstr(name, "SEED")
			   ? 16
			   : 8;
	c->mac = g_str_has_suffix(name, "SHA384")   ? 48
		 : g_str_has_suffix(name, "SHA256") ? 32
		 : g_str_has_suffix(name, "MD5")    ? 16
						    : 20;
	c->iv = version >= TLS_1_1 ? c->block : 0;
	c->splits = version <= TLS_1_0;
	return true;
}

/* What an AEAD or stream cipher adds below TLS 1.3; 0 when it is neither. */
static uint32_t fixed_overhead(const char *name)
{
	if (strstr(name, "_CCM_8"))
		return 16;
	if (strstr(name, "_GCM") || strstr(name, "_CCM"))
		return 24;
	if (strstr(name, "CHACHA20_POLY1305"))
		return 16;
	if (strstr(name, "_RC4_128_MD5"))
		return 16;
	return strstr(name, "_RC4_128_SHA") ? 20 : 0;
}

static bool chosen_cipher(const struct inside_input *in, struct cipher *c)
{
	const char *name = tls_suite_name(in->suite);

	if (!name || in->version < TLS_1_0)
		return false;
	c->v13 = in->version == TLS_1_3;
	if (c->v13) {
		c->exact = true;
		c->over = strstr(name, "_CCM_8") ? 9 : 17;
		c->finished = tls13_finished_length(in->suite);
		return true;
	}
	if (read_cbc(name, in->version, c))
		return true;
	c->over = fixed_overhead(name);
	c->exact = c->over != 0;
	return c->exact;
}

/* The ServerHello was lost: the client's encrypted Finished of 16 bytes tells the kind. */
static bool guess_cipher(const struct inside_log *log, struct cipher *c)
{
	bool broken;

	c->guessed = true;
	for (unsigned i = 0; i < inside_log_count(log); i++) {
		const struct inside_record *r = inside_log_at(log, i, &broken);
		if (r->flags & (INSIDE_SERVER | INSIDE_HOLE) || !(r->flags & INSIDE_HANDSHAKE))
			continue;
		c->exact = r->length == 40 || r->length == 32;
		c->over = r->length - 16;
		c->block = c->iv = 16;
		c->mac = r->length == 80 ? 32 : 20;
		return c->exact || r->length == 64 || r->length == 80;
	}
	c->v13 = c->exact = true;
	c->over = 17;
	return true;
}

static bool is_client_data(const struct inside_record *r)
{
	return !(r->flags & (INSIDE_SERVER | INSIDE_HOLE | INSIDE_HANDSHAKE));
}

/* TLS 1.3: where the client's Finished stands: its first record, or with a certificate before it
 * the first of its length among the first four. -1 when the client is not there. */
static int find_finished(const struct inside_log *log, const struct cipher *c)
{
	unsigned seen = 0;
	int first = -1;
	bool broken;

	for (unsigned i = 0; i < inside_log_count(log) && seen < INSIDE_LOG_RUN; i++) {
		const struct inside_record *r = inside_log_at(log, i, &broken);
		if (!is_client_data(r))
			continue;
		if (r->count == 1 &&
		    (c->finished ? r->length == c->finished : r->length == 53 || r->length == 69))
			return (int)i;
		first = seen++ ? first : (int)i;
	}
	return first;
}

/* The entries of the dialogue, without the handshake's. */
static void cut_handshake(const struct inside_log *log, const struct cipher *c, struct entries *out)
{
	int finished = c->v13 ? find_finished(log, c) : -1;
	uint64_t ms = 0;
	bool broken;

	for (unsigned i = 0; i < inside_log_count(log); i++) {
		const struct inside_record *r = inside_log_at(log, i, &broken);
		ms += r->ms;
		if ((int)i <= finished || r->flags & INSIDE_HANDSHAKE)
			continue;
		out->at[out->count++] = (struct entry){
			.r = r,
			.ms = ms,
			.server = r->flags & INSIDE_SERVER,
			.hole = r->flags & INSIDE_HOLE,
			.broken = broken,
		};
	}
}

/* The block to which a side pads its records, 0 when it does not. */
static unsigned padding_of(const struct entries *e, bool server)
{
	for (unsigned block = 512; block >= 16; block /= 2) {
		unsigned n = 0, fits = 0;
		for (unsigned i = 0; i < e->count; i++) {
			const struct inside_record *r = e->at[i].r;
			if (e->at[i].server != server || e->at[i].hole || r->flags & INSIDE_MANY)
				continue;
			n++;
			fits += r->length >= 16 && (r->length - 16) % block == 0;
		}
		if (n >= PADDED_LEAST && fits == n)
			return block;
	}
	return 0;
}

/* False when the record is shorter than its cipher makes any. */
static bool set_length(struct entry *e, const struct cipher *c)
{
	uint32_t n = e->r->length, records = e->r->count;

	if (e->hole) /* mostly one segment is lost, and it held one record */
		n = n > RECORD_HEADER ? n - RECORD_HEADER : 0;
	uint32_t fixed = (c->exact ? c->over : c->iv + c->mac) * records;
	if (n < fixed + (c->exact ? 0 : records)) {
		e->low = e->high = 0;
		return e->hole;
	}
	e->low = e->high = n - fixed;
	if (!c->exact) {
		e->low -= MIN(e->low, c->block * records);
		e->high -= records;
	}
	return true;
}

static bool set_lengths(struct entries *e, struct cipher *c)
{
	unsigned pads[2] = { 0, 0 };

	for (unsigned server = 0; c->v13 && server < 2; server++) {
		pads[server] = padding_of(e, server);
		if (pads[server] > 16)
			return false;
	}
	for (unsigned i = 0; i < e->count; i++) {
		struct entry *x = &e->at[i];
		if (!set_length(x, c))
			return false;
		if (!x->hole && pads[x->server]) {
			x->high = x->low; /* the byte of the type fills the last place */
			x->low -= MIN(x->low, 15u * x->r->count);
		}
	}
	c->exact = c->exact && !pads[0] && !pads[1];
	return true;
}

/* Alerts and key updates are no lines. */
static void drop_quiet(struct entries *e, const struct cipher *c)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < e->count; i++) {
		const struct entry *x = &e->at[i];
		bool quiet = c->v13 && c->exact && !x->hole &&
			     (x->low == ALERT_13 || x->low == KEY_UPDATE_13);
		if (!quiet)
			e->at[kept++] = *x;
	}
	e->count = kept;
}

/* Padded, an alert looks like a short line: at the end it is the close_notify of each side. */
static void drop_padded_close(struct entries *e, const struct cipher *c)
{
	bool dropped[2] = { false, false };

	while (c->v13 && !c->exact && e->count) {
		const struct entry *x = &e->at[e->count - 1];
		if (dropped[x->server] || x->hole || x->low > ALERT_13 || x->r->flags & INSIDE_MANY)
			return;
		dropped[x->server] = true;
		e->count--;
	}
}

/* TLS 1.0: an empty record or one of a byte goes ahead of the next of the same side. */
static void join_splits(struct entries *e)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < e->count; i++) {
		struct entry x = e->at[i];
		if (kept && e->at[kept - 1].server == x.server && !e->at[kept - 1].hole &&
		    e->at[kept - 1].low <= 1 && e->at[kept - 1].r->count == 1 && !x.hole) {
			x.high++; /* the one byte, if there was one */
			x.r = e->at[kept - 1].r;
			x.ms = e->at[kept - 1].ms;
			kept--;
		}
		e->at[kept++] = x;
	}
	e->count = kept;
}

static bool covers(const struct entry *e, uint32_t from, uint32_t to)
{
	return e->low <= to && e->high >= from;
}

/* Is it the EHLO reply inside TLS? On submission hosts "AUTH LOGIN XOAUTH2" stands in the place of
 * STARTTLS (10 bytes more; 2 with LOGIN alone), on MX hosts nothing does; HELO gets one line. */
static bool is_list(const struct inside_input *in, const struct entry *e)
{
	uint32_t list = in->list;

	if (e->hole)
		return false;
	if (covers(e, in->first_line, in->first_line))
		return true;
	if (in->mx)
		return covers(e, list - 14, list - 14);
	return covers(e, list + 10, list + 10) || covers(e, list + 2, list + 2);
}

static bool is_ticket(const struct entry *e)
{
	return e->server && covers(e, TICKET_LEAST, TICKET_MOST);
}

/* Index behind the EHLO reply, 0 when there is none where it must be. */
static unsigned calibrate(const struct inside_input *in, const struct entries *e)
{
	unsigned i = 0, lists = 0;
	uint32_t low = 0, high = 0;

	while (i < e->count && e->at[i].server) /* tickets */
		if (!is_ticket(&e->at[i++]))
			return 0;
	for (; i < e->count && !e->at[i].server; i++) {
		low += e->at[i].low;
		high += e->at[i].high;
	}
	if (low > EHLO_MOST || high < EHLO_LEAST)
		return 0;
	for (; i < e->count && e->at[i].server; i++) {
		if (is_list(in, &e->at[i]))
			lists++;
		else if (lists || !is_ticket(&e->at[i]))
			return 0;
	}
	return lists == 1 ? i : 0;
}

/* Only the server was captured: the first record of that length, after handshake and tickets. */
static unsigned calibrate_blind(const struct inside_input *in, const struct entries *e)
{
	for (unsigned i = 0; i < e->count && i < 12; i++)
		if (is_list(in, &e->at[i]))
			return i + 1;
	return 0;
}

static bool has_client(const struct entries *e)
{
	for (unsigned i = 0; i < e->count; i++)
		if (!e->at[i].server)
			return true;
	return false;
}

static void start_turn(struct inside_turns *out, const struct entry *e, unsigned number)
{
	out->at[out->count++] = (struct inside_turn){
		.low = e->low,
		.high = e->high,
		.frame = e->r->frame,
		.ms = e->ms,
		.server = e->server,
		.number = number,
		.hole = e->hole,
		.broken = e->broken,
	};
	out->broken = out->broken || e->broken;
}

static void make_turns(const struct entries *e, unsigned from, struct inside_turns *out)
{
	uint64_t asked = 0;
	unsigned number = 0;
	bool trusted = false;

	for (unsigned i = from; i < e->count; i++) {
		const struct entry *x = &e->at[i];
		struct inside_turn *last = out->count ? &out->at[out->count - 1] : NULL;
		if (!x->server) {
			asked = x->ms;
			trusted = !x->hole && !(x->r->flags & INSIDE_MANY);
			number++;
		}
		trusted = trusted && !x->hole && !(x->r->flags & (INSIDE_BACK | INSIDE_AFTER_HOLE));
		if (!x->server && last && !last->server && !x->broken) {
			last->low += x->low;
			last->high = last->high > UINT32_MAX - x->high ? UINT32_MAX
								       : last->high + x->high;
			last->hole = last->hole || x->hole;
			continue;
		}
		start_turn(out, x, number);
		if (x->server) {
			out->at[out->count - 1].timed = trusted;
			out->at[out->count - 1].delay =
				(uint32_t)MIN(x->ms - asked, (uint64_t)UINT32_MAX);
		}
	}
}

bool inside_turns(const struct inside_input *in, struct inside_turns *out)
{
	struct cipher c = { 0 };
	struct entries e;

	e.count = out->count = 0;
	out->broken = out->blind = false;
	if (in->log->bad || in->renegotiation || in->list < 20 || !in->first_line)
		return false;
	if (!chosen_cipher(in, &c) && (in->suite || !guess_cipher(in->log, &c)))
		return false;
	cut_handshake(in->log, &c, &e);
	if (!set_lengths(&e, &c))
		return false;
	drop_quiet(&e, &c);
	drop_padded_close(&e, &c);
	if (c.splits)
		join_splits(&e);
	out->blind = !has_client(&e);
	unsigned from = out->blind ? calibrate_blind(in, &e) : calibrate(in, &e);
	if (!from)
		return false;
	out->inexact = !c.exact || c.guessed;
	make_turns(&e, from, out);
	return true;
}
