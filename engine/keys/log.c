/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table is a balanced tree, because whoever writes a hostile capture chooses the randoms in it
 * and so would choose the collisions of a hash; a ring of the entries says which is the oldest.
 */
#include "keys/log.h"

#include <string.h>

/* Label, random and secret with their blanks have 196 bytes at most; longer lines are none. */
#define LINE_MOST 256u

struct entry {
	uint8_t random[KEY_RANDOM];
	enum key_label label;
	struct key_secret secret;
};

struct key_log {
	GTree *tree;	 /* struct entry * is key and value */
	GPtrArray *ring; /* owned entries, in the order of their lines */
	unsigned oldest; /* in a full ring */
};

static const struct {
	const char *name;
	enum key_label label;
} labels[] = {
	{ "CLIENT_RANDOM", KEY_MASTER },
	{ "CLIENT_EARLY_TRAFFIC_SECRET", KEY_EARLY_CLIENT },
	{ "CLIENT_HANDSHAKE_TRAFFIC_SECRET", KEY_HANDSHAKE_CLIENT },
	{ "SERVER_HANDSHAKE_TRAFFIC_SECRET", KEY_HANDSHAKE_SERVER },
	{ "CLIENT_TRAFFIC_SECRET_0", KEY_APPLICATION_CLIENT },
	{ "SERVER_TRAFFIC_SECRET_0", KEY_APPLICATION_SERVER },
};

static int compare(gconstpointer a, gconstpointer b)
{
	const struct entry *x = a, *y = b;
	int order = memcmp(x->random, y->random, KEY_RANDOM);

	return order ? order : (int)x->label - (int)y->label;
}

static void entry_free(gpointer p)
{
	explicit_bzero(p, sizeof(struct entry));
	g_free(p);
}

struct key_log *key_log_new(void)
{
	struct key_log *log = g_new0(struct key_log, 1);

	log->tree = g_tree_new(compare);
	log->ring = g_ptr_array_new_with_free_func(entry_free);
	return log;
}

void key_log_free(struct key_log *log)
{
	if (!log)
		return;
	g_tree_destroy(log->tree);
	g_ptr_array_free(log->ring, TRUE);
	g_free(log);
}

/* Cut off the word at the front and the blanks behind it. */
static struct bytes take_word(struct bytes *line)
{
	ptrdiff_t blank = bytes_find(line, ' ');
	struct bytes word = bytes_upto(line, blank < 0 ? bytes_left(line) : (size_t)blank);

	*line = bytes_trim(*line);
	return word;
}

/* The bytes of a hexadecimal word; 0 when it is none, or longer than `room` bytes. */
static size_t read_hex(struct bytes word, uint8_t *to, size_t room)
{
	size_t n = bytes_left(&word) / 2;

	if (bytes_left(&word) % 2 || n > room)
		return 0;
	for (size_t i = 0; i < n; i++) {
		int high = g_ascii_xdigit_value((char)bytes_u8(&word));
		int low = g_ascii_xdigit_value((char)bytes_u8(&word));
		if (high < 0 || low < 0)
			return 0;
		to[i] = (uint8_t)(high << 4 | low);
	}
	return n;
}

static bool read_label(struct bytes word, enum key_label *out)
{
	for (size_t i = 0; i < G_N_ELEMENTS(labels); i++)
		if (bytes_is(&word, labels[i].name)) {
			*out = labels[i].label;
			return true;
		}
	return false;
}

/* Is it a secret that a key schedule can have made: 48 bytes, in TLS 1.3 also 32 (RFC 8446 7.1)? */
static bool length_fits(const struct entry *e)
{
	return e->secret.length == 48 || (e->secret.length == 32 && e->label != KEY_MASTER);
}

/* One line into *e; false when it holds no secret of use. */
static bool read_line(struct bytes line, struct entry *e)
{
	line = bytes_trim(line);
	if (bytes_left(&line) > LINE_MOST || !read_label(take_word(&line), &e->label) ||
	    read_hex(take_word(&line), e->random, KEY_RANDOM) != KEY_RANDOM)
		return false;
	e->secret.length = (uint8_t)read_hex(take_word(&line), e->secret.bytes, KEY_SECRET);
	return length_fits(e) && bytes_left(&line) == 0;
}

/* A place for one more entry: a new one, or that of the oldest. */
static struct entry *make_room(struct key_log *log)
{
	if (log->ring->len < CAP_KEY_SECRETS) {
		g_ptr_array_add(log->ring, g_new0(struct entry, 1));
		return g_ptr_array_index(log->ring, log->ring->len - 1);
	}
	struct entry *e = g_ptr_array_index(log->ring, log->oldest);
	log->oldest = (log->oldest + 1) % CAP_KEY_SECRETS;
	g_tree_remove(log->tree, e);
	return e;
}

static void keep(struct key_log *log, const struct entry *new)
{
	struct entry *e = g_tree_lookup(log->tree, new);

	if (e) {
		e->secret = new->secret;
		return;
	}
	e = make_room(log);
	*e = *new;
	g_tree_insert(log->tree, e, e);
}

void key_log_add(struct key_log *log, struct bytes text)
{
	struct entry e;

	while (bytes_left(&text)) {
		ptrdiff_t end = bytes_find(&text, '\n');
		struct bytes line = bytes_upto(&text, end < 0 ? bytes_left(&text) : (size_t)end);
		bytes_upto(&text, 1);
		memset(&e, 0, sizeof e);
		if (read_line(line, &e))
			keep(log, &e);
	}
	explicit_bzero(&e, sizeof e);
}

void key_log_keep(struct key_log *log, const uint8_t random[KEY_RANDOM], enum key_label label,
		  const struct key_secret *secret)
{
	struct entry e = { .label = label, .secret = *secret };

	memcpy(e.random, random, KEY_RANDOM);
	keep(log, &e);
	explicit_bzero(&e, sizeof e);
}

bool key_log_find(const struct key_log *log, const uint8_t random[KEY_RANDOM], enum key_label label,
		  struct key_secret *out)
{
	struct entry want = { .label = label };

	memcpy(want.random, random, KEY_RANDOM);
	const struct entry *e = g_tree_lookup(log->tree, &want);
	if (e)
		*out = e->secret;
	return e != NULL;
}

unsigned key_log_count(const struct key_log *log)
{
	return log->ring->len;
}
