/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The keys of a connection over its life. Up to TLS 1.2 each direction changes to new keys with its
 * ChangeCipherSpec; a renegotiation does that once more, its hellos are read inside. In TLS 1.3 a
 * direction has the handshake's keys until its Finished and the keys of application data then;
 * where handshake records are missing, or their secrets, the first record that opens with the
 * second keys shows that the change has come.
 */
#include "keys/opening.h"

#include <string.h>
#include "keys/record.h"
#include "keys/resumption.h"

/* Records of one direction tried in vain before its keys count as wrong: a handshake in TLS 1.3 has
 * some ten records at most, early data that the server refused comes before it. */
#define TRIES 32u

enum { TYPE_CCS = 20, TYPE_ALERT = 21, TYPE_HANDSHAKE = 22, TYPE_DATA = 23 };
enum { MESSAGE_FINISHED = 20, MESSAGE_KEY_UPDATE = 24 };

struct key_side {
	struct record_opener *now;  /* keys in use; NULL none */
	struct record_opener *next; /* TLS 1.3: those of application data, until they are in use */
	struct tls *inner;	    /* reads handshake messages that were protected */
	bool application;	    /* TLS 1.3: the change to the second keys has come */
	bool ended;		    /* nothing more is opened */
	bool gap;		    /* bytes of it are missing */
	bool any;		    /* a protected record came */
	unsigned tried;		    /* records that did not open */
};

struct opening {
	struct key_log *log;
	struct resumption resumption;
	struct record_terms terms; /* of the newest hellos */
	bool have_client, have_server;
	bool usable; /* suite, version and compression are such that records can be opened */
	bool any, wrong, done;
	struct key_side side[2]; /* of the client, of the server */
};

struct opening *opening_new(struct key_log *log)
{
	struct opening *o = g_new0(struct opening, 1);

	o->log = log;
	return o;
}

static void side_end(struct key_side *side)
{
	record_opener_free(side->now);
	record_opener_free(side->next);
	tls_free(side->inner);
	*side = (struct key_side){ .ended = true, .gap = side->gap, .any = side->any };
}

void opening_free(struct opening *o)
{
	if (!o)
		return;
	side_end(&o->side[0]);
	side_end(&o->side[1]);
	g_free(o);
}

static struct key_side *side_of(struct opening *o, bool from_client)
{
	return &o->side[from_client ? 0 : 1];
}

static bool is_v13(const struct opening *o)
{
	return o->terms.version == TLS_1_3;
}

static void take_hello(struct opening *o, bool from_client, const struct tls_hello *h)
{
	struct record_terms *t = &o->terms;

	if (from_client) {
		memcpy(t->client_random, h->random, KEY_RANDOM);
		o->have_client = true;
		return;
	}
	memcpy(t->server_random, h->random, KEY_RANDOM);
	t->version = h->max_version;
	t->encrypt_then_mac = h->etm;
	t->how = h->suite_count ? protection_find(h->suites[0]) : NULL;
	o->have_server = true;
	o->usable = t->how && !h->compression && t->version >= TLS_1_0 && t->version <= TLS_1_3;
}

/* ---- TLS 1.0 to 1.2 ---- */

/* The master secret of this handshake; false: it is not known. */
static bool find_master(struct opening *o, struct key_secret *out)
{
	if (!key_log_find(o->log, o->terms.client_random, KEY_MASTER, out) &&
	    !resumption_find(&o->resumption, o->log, out))
		return false;
	resumption_keep(&o->resumption, o->log, out);
	return true;
}

static void change_cipher(struct opening *o, bool from_client)
{
	struct key_side *side = side_of(o, from_client);
	struct key_secret master;

	if (side->ended || !o->have_server || is_v13(o))
		return; /* in TLS 1.3 it changes nothing (RFC 8446 5) */
	record_opener_free(side->now);
	side->now = NULL;
	o->any = true;
	if (o->have_client && o->usable && find_master(o, &master)) {
		side->now = record_opener_master(&o->terms, &master, from_client);
		explicit_bzero(&master, sizeof master);
	}
	side->ended = !side->now;
}

void opening_message(struct opening *o, bool from_client, const struct tls_item *i)
{
	if (i->kind == TLS_ITEM_CLIENT_HELLO || i->kind == TLS_ITEM_SERVER_HELLO)
		take_hello(o, from_client, i->hello);
	if (i->kind == TLS_ITEM_CHANGE_CIPHER_SPEC)
		change_cipher(o, from_client);
	else
		resumption_message(&o->resumption, from_client, i);
}

/* ---- TLS 1.3 ---- */

static struct record_opener *traffic_opener(const struct opening *o, enum key_label label)
{
	struct key_secret secret;
	struct record_opener *r = NULL;

	if (key_log_find(o->log, o->terms.client_random, label, &secret)) {
		r = record_opener_traffic(o->terms.how, &secret);
		explicit_bzero(&secret, sizeof secret);
	}
	return r;
}

/* Secrets that the log has by now and this direction still lacks. A program writes them while the
 * handshake goes on, and a sensor may be quicker. */
static void fetch_traffic(const struct opening *o, bool from_client, struct key_side *side)
{
	if (side->application)
		return;
	if (!side->now)
		side->now = traffic_opener(o, from_client ? KEY_HANDSHAKE_CLIENT
							  : KEY_HANDSHAKE_SERVER);
	if (!side->next)
		side->next = traffic_opener(o, from_client ? KEY_APPLICATION_CLIENT
							   : KEY_APPLICATION_SERVER);
}

static void to_application(struct key_side *side)
{
	record_opener_free(side->now);
	side->now = side->next;
	side->next = NULL;
	side->application = true;
	side->ended = !side->now;
}

bool opening_wants(struct opening *o, bool from_client)
{
	struct key_side *side = side_of(o, from_client);

	o->any = side->any = true;
	if (side->ended)
		return false;
	if (o->have_client && o->have_server && o->usable && is_v13(o))
		fetch_traffic(o, from_client, side);
	if (side->now || side->next)
		return true;
	side->ended = ++side->tried >= TRIES;
	return false;
}

/* ---- what was inside ---- */

/* A protected handshake message changes keys, or agrees on those of a renegotiation. */
static void take_message(struct opening *o, bool from_client, const struct tls_item *i)
{
	struct key_side *side = side_of(o, from_client);

	if (!is_v13(o)) {
		opening_message(o, from_client, i);
		return;
	}
	if (i->handshake_type == MESSAGE_FINISHED && !side->application) {
		fetch_traffic(o, from_client, side);
		to_application(side);
	} else if (i->handshake_type == MESSAGE_KEY_UPDATE && side->application) {
		side->ended = !side->now || !record_opener_update(side->now);
	}
}

static bool feed_inner(struct opening *o, bool from_client, struct tls *inner, struct bytes in)
{
	struct tls_item item;
	enum step step;

	while ((step = tls_next(inner, &in, &item)) == STEP_ITEM)
		take_message(o, from_client, &item);
	return step == STEP_MORE;
}

/* Messages run on over records: the decoder of clear handshakes reads them, under a header as a
 * clear record has it. The text is the opener's, which a change of keys would free: so a copy. */
static void read_handshake(struct opening *o, bool from_client, struct bytes text)
{
	struct key_side *side = side_of(o, from_client);
	size_t n = bytes_left(&text);
	const uint8_t head[5] = { TYPE_HANDSHAKE, 3, 3, (uint8_t)(n >> 8), (uint8_t)n };

	if (n == 0)
		return;
	if (!side->inner)
		side->inner = tls_new(from_client);
	uint8_t *copy = g_memdup2(text.at, n);
	if (!feed_inner(o, from_client, side->inner, bytes_of(head, sizeof head)) ||
	    !feed_inner(o, from_client, side->inner, bytes_of(copy, n))) {
		tls_free(side->inner);
		side->inner = NULL;
	}
	explicit_bzero(copy, n);
	g_free(copy);
}

static enum opened sort_out(struct opening *o, bool from_client, uint8_t inner, struct bytes text)
{
	switch (inner) {
	case TYPE_HANDSHAKE:
		read_handshake(o, from_client, text);
		return OPENED_NOTHING;
	case TYPE_CCS:
		change_cipher(o, from_client);
		return OPENED_NOTHING;
	case TYPE_ALERT:
		return bytes_left(&text) == 2 ? OPENED_ALERT : OPENED_NOTHING;
	case TYPE_DATA:
		return bytes_left(&text) ? OPENED_DATA : OPENED_NOTHING;
	default:
		return OPENED_NOTHING;
	}
}

/* The record did not open. In the handshake of TLS 1.3 the next one may. */
static enum opened give_up(struct opening *o, struct key_side *side)
{
	bool wait = is_v13(o) && !side->application && ++side->tried < TRIES;

	o->wrong = o->wrong || !side->gap;
	if (wait)
		return OPENED_NOTHING;
	side_end(side);
	return OPENED_LOST;
}

enum opened opening_record(struct opening *o, bool from_client, uint8_t type, uint16_t version,
			   struct bytes body, struct bytes *inside)
{
	struct key_side *side = side_of(o, from_client);
	uint8_t inner = type;

	struct bytes text;

	*inside = bytes_of(NULL, 0);
	if (side->ended || (!side->now && !side->next))
		return OPENED_NOTHING;
	if (!side->now || !record_opener_open(side->now, type, version, body, &inner, &text)) {
		if (!side->next ||
		    !record_opener_open(side->next, type, version, body, &inner, &text))
			return give_up(o, side);
		to_application(side);
	}
	o->done = true;
	enum opened what = sort_out(o, from_client, inner, text);
	if (what != OPENED_NOTHING) /* else the keys, and the text with them, may be gone */
		*inside = text;
	return what;
}

void opening_gap(struct opening *o, bool from_client)
{
	struct key_side *side = side_of(o, from_client);

	side->gap = true;
	if (side->application || (side->now && !is_v13(o))) {
		side_end(side);
		return;
	}
	/* Nothing of the dialogue yet: keys may still begin, or in TLS 1.3 change. */
	tls_free(side->inner);
	side->inner = NULL;
}

enum opening_state opening_state(const struct opening *o)
{
	if (o->done)
		return OPENING_DONE;
	if (o->wrong)
		return OPENING_WRONG;
	if (!o->any)
		return OPENING_NONE;
	if (o->have_server && !o->usable)
		return OPENING_CANNOT;
	return o->side[0].gap || o->side[1].gap ? OPENING_GAP : OPENING_MISSING;
}

bool opening_shut(const struct opening *o, bool from_client, bool at_end)
{
	const struct key_side *side = &o->side[from_client ? 0 : 1];
	bool unread = !side->now && !side->next;

	if (at_end && is_v13(o))
		unread = !side->application;
	return side->any && (side->ended || unread);
}

static size_t side_kept(const struct key_side *side)
{
	return record_opener_kept(side->now) + record_opener_kept(side->next) +
	       (side->inner ? tls_kept(side->inner) : 0);
}

size_t opening_kept(const struct opening *o)
{
	return sizeof *o + side_kept(&o->side[0]) + side_kept(&o->side[1]);
}
