/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Less information never accuses more. From every capture of the project this makes views as other
 * capture points give them, feeds them through packet reader and engine in one process, and
 * compares each session with that of the whole capture:
 *
 * - a poorer view (one direction, a late start, a lost packet, a short snap length, other times)
 *   has no finding of severity high or critical that is certain or likely and that the whole lacks,
 *   calls no good session a failure, and another cause only at a weaker confidence;
 * - an equal view (copies, neighbours swapped, tunnels, segments sent again, another capture beside
 *   it, another file format) changes nothing but what is said about the capture.
 *
 * usage: check_views PCAPS [--all] [--seed N] [--part I/N] [--only TEXT] [--list]
 *   without --all a sample by a fixed seed; --only: captures whose name has TEXT; --list names
 *   every violation, else the first hundred are.
 */
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frames/feed.h"
#include "frames/packet.h"
#include "smtp365.h"
#include "views.h"

/* Of so many views one is in the sample; measured so that CI stays within four minutes. */
#define SAMPLE 40u

struct checker {
	const char *capture;
	const struct told *whole;
	bool all, list;
	uint64_t seed;
	unsigned views, bad, known;
	GHashTable *kinds; /* kind -> violations */
};

/* Views that still break a rule, and what is missing in them: to be mended, counted at the end. */
static const struct {
	const char *capture, *kind, *why;
} known[] = {
	{ "mode-hve-bad-token", "late file", "the look-up that names High Volume Email is lost" },
	{ "words-anonymous-then-prx", "drop",
	  "the later reply, which explains the first, is lost" },
	{ "dns-", "late file", "the first answer of several is lost" },
	{ "dns-foreign", "swapped", "a RST before its SYN belongs to no connection" },
	{ "dns-tcp-nxdomain", "sent again", "DNS over TCP is not put in order" },
	{ "review-dns-answers-not-mirrored", "late flow", "the answers to other queries are lost" },
	{ "tcp-refused", "swapped", "a RST before its SYN belongs to no connection" },
	{ "mode-465-refused", "swapped", "a RST before its SYN belongs to no connection" },
	{ "tcp-closed-without-banner", "swapped", "which end closed first is the only sign" },
	{ "starttls-twice-mirror", "", "the first STARTTLS is lost, the second one looks like it" },
	{ "starttls-banner-masked-tls-ok", "late flow", "the masked greeting is lost" },
	{ "capture-loss-ehlo-first-half", "late flow", "the hole lies before the late start" },
	{ "words-one-too-many", "drop", "the number of recipients is the only sign" },
	{ "reply-too-many-recipients", "drop", "the number of recipients is the only sign" },
	{ "wire-refused-then-repeated", "late", "the envelope of the first try is lost" },
	{ "wire-451-after-accepted", "drop", "the reply that takes the message is lost" },
	{ "words-own-goodbye", "drop", "the reply that takes the message is lost" },
	{ "words-session-life", "drop", "the reply that takes the message is lost" },
	{ "wire-rst-after-client-left", "server only", "the end of the client is not seen" },
	{ "tls", "swapped", "an alert and what follows it change places" },
	{ "tls13-client-rejects-plain-alert", "drop", "the alert itself is lost" },
	{ "tls-downgrade-sentinel", "drop", "the alert itself is lost" },
	{ "strangers-plain-taken", "", "the reply that takes the login is lost" },
	{ "strangers-retry-open", "", "the second try is lost" },
	{ "strangers-second-recipient-open", "", "the second recipient is lost" },
	{ "strangers-implicit-tls-client-only", "drop", "half of the hello is lost" },
	{ "starttls-refused-then-password", "drop", "the STARTTLS that was refused is lost" },
	{ "starttls-no-220", "swapped", "the time of the last byte is the only sign" },
	{ "review-454-then-recipient", "drop", "the reply to the recipient is lost" },
	{ "relay-one-refused-recipient", "drop", "the reply that takes the message is lost" },
	{ "corners-starttls-before-ehlo", "drop", "what shows the order of the commands is lost" },
	{ "corners-syn-in-half-a-mirror", "merged",
	  "the other capture shows that answers are seen" },
	{ "login-mirror-late-token", "swapped", "a command and its reply change places" },
	{ "input-split-2", "swapped", "the first packets of a late start change places" },
	{ "capture-tls-one-sided-s2c", "swapped", "records of a late start change places" },
};

static bool is_known(const char *capture, const char *kind)
{
	for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
		if (g_str_has_prefix(capture, known[i].capture) &&
		    g_str_has_prefix(kind, known[i].kind))
			return true;
	return false;
}

static uint64_t mixed(uint64_t x)
{
	x = (x ^ (x >> 33)) * 0xff51afd7ed558ccdULL;
	x = (x ^ (x >> 33)) * 0xc4ceb9fe1a85ec53ULL;
	return x ^ (x >> 33);
}

static bool sampled(const struct checker *c, const char *kind, unsigned n)
{
	uint64_t h = c->seed;
	for (const char *p = c->capture; *p; p++)
		h = mixed(h ^ (uint8_t)*p);
	for (const char *p = kind; *p; p++)
		h = mixed(h ^ (uint8_t)*p);
	return c->all || mixed(h ^ n) % SAMPLE == 0;
}

static void violation(struct checker *c, const char *kind, unsigned n, const char *rule,
		      const char *format, ...) G_GNUC_PRINTF(5, 6);
static void violation(struct checker *c, const char *kind, unsigned n, const char *rule,
		      const char *format, ...)
{
	va_list ap;
	if (is_known(c->capture, kind)) {
		c->known++;
		return;
	}
	char *key = g_strdup_printf("%s: %s", rule, kind);
	unsigned count = GPOINTER_TO_UINT(g_hash_table_lookup(c->kinds, key)) + 1;
	g_hash_table_insert(c->kinds, key, GUINT_TO_POINTER(count));
	if (c->bad++ >= 100 && !c->list)
		return;
	va_start(ap, format);
	char *what = g_strdup_vprintf(format, ap);
	va_end(ap);
	printf("%s, %s %u: %s: %s\n", c->capture, kind, n, rule, what);
	g_free(what);
}

static const struct told_finding *finding_of(const struct told_session *s, const char *id)
{
	for (unsigned i = 0; i < s->count; i++)
		if (!strcmp(s->findings[i].id, id))
			return &s->findings[i];
	return NULL;
}

/* Does any session of these ends have the finding? What several sessions say together moves. */
static bool whole_has(const struct told *whole, const struct told_session *s, const char *id)
{
	for (unsigned i = 0; i < whole->count; i++)
		if (told_same_ends(&whole->sessions[i], s) && finding_of(&whole->sessions[i], id))
			return true;
	return false;
}

/* A late file lacks what came before this session: look-ups, and the client's earlier sessions, in
 * which the reason of the later ones may lie. Nothing in the session can show that. */
static bool lacks_before(const struct told *whole, const struct told *now,
			 const struct told_session *w, const char *kind)
{
	unsigned before = 0, left = 0;
	for (unsigned i = 0; i < whole->count; i++)
		before += !memcmp(&whole->sessions[i].client, &w->client, sizeof w->client);
	for (unsigned i = 0; i < now->count; i++)
		left += !memcmp(&now->sessions[i].client, &w->client, sizeof w->client);
	/* What several sessions say together moves when one of them is not whole. */
	return (!strcmp(kind, "late file") && left < before) || g_str_has_prefix(w->cause, "dns.");
}

static void poorer(struct checker *c, const char *kind, unsigned n, const struct told *now)
{
	for (unsigned i = 0; i < now->count; i++) {
		const struct told_session *s = &now->sessions[i];
		const struct told_session *w = told_find(c->whole, s);
		for (unsigned k = 0; k < s->count; k++) {
			const struct told_finding *f = &s->findings[k];
			if (f->severity >= SEVERITY_HIGH && f->confidence >= CONFIDENCE_LIKELY &&
			    !whole_has(c->whole, s, f->id))
				violation(c, kind, n, "new finding", "%s %s", f->id,
					  confidence_name(f->confidence));
		}
		if (!w)
			continue;
		if (s->failed && !w->failed)
			violation(c, kind, n, "good becomes failure", "%s, was %s",
				  s->cause[0] ? s->cause : "no cause", outcome_name(w->outcome));
		else if (s->cause[0] && w->cause[0] && strcmp(s->cause, w->cause) != 0 &&
			 !w->borrowed && !lacks_before(c->whole, now, w, kind) &&
			 s->confidence >= w->confidence && s->confidence != CONFIDENCE_POSSIBLE)
			violation(c, kind, n, "cause moves", "%s %s, was %s %s", s->cause,
				  confidence_name(s->confidence), w->cause,
				  confidence_name(w->confidence));
	}
}

static void equal(struct checker *c, const char *kind, unsigned n, const struct told *now,
		  const char *allowed)
{
	if (now->count < c->whole->count)
		violation(c, kind, n, "session lost", "%u, was %u", now->count, c->whole->count);
	for (unsigned i = 0; i < now->count; i++) {
		const struct told_session *s = &now->sessions[i];
		const struct told_session *w = told_find(c->whole, s);
		if (!w) {
			if (!s->foreign)
				violation(c, kind, n, "second record", "%s", s->line);
			continue;
		}
		char *difference = told_difference(w, s, allowed);
		if (difference)
			violation(c, kind, n, "equal view differs", "%s", difference);
		g_free(difference);
	}
}

/* One view: told and compared. */
static void on_view(const struct view *v, void *host)
{
	struct checker *c = host;
	struct told now = told_of(v->frames);
	c->views++;
	if (v->equal)
		equal(c, v->kind, v->n, &now, v->allowed);
	else
		poorer(c, v->kind, v->n, &now);
	told_clear(&now);
}

static bool wanted(const char *kind, unsigned n, void *host)
{
	return sampled(host, kind, n);
}

static void check(struct checker *c, const char *path, const struct frames *beside)
{
	struct frames whole = { 0 };
	if (!frames_read(path, &whole))
		return; /* damaged on purpose */
	struct told told = told_of(&whole);
	c->whole = &told;
	views_make(&whole, &told, beside, wanted, on_view, c);
	told_clear(&told);
	frames_clear(&whole);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static GPtrArray *names_in(const char *folder)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	GDir *d = g_dir_open(folder, 0, NULL);
	const char *name;
	while (d && (name = g_dir_read_name(d)))
		if (strstr(name, ".pcap"))
			g_ptr_array_add(names, g_strdup(name));
	if (d)
		g_dir_close(d);
	if (names->len)
		qsort(names->pdata, names->len, sizeof(char *), by_name);
	return names;
}

int main(int argc, char **argv)
{
	struct checker c = { .seed = 365,
			     .kinds =
				     g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL) };
	const char *only = "";
	unsigned part = 1, parts = 1, files = 0;
	if (argc < 2) {
		fprintf(stderr, "usage: check_views PCAPS [--all] [--seed N] [--part I/N] "
				"[--only TEXT] [--list]\n");
		return 2;
	}
	for (int i = 2; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : "";
		if (!strcmp(argv[i], "--all"))
			c.all = true;
		else if (!strcmp(argv[i], "--list"))
			c.list = true;
		else if (!strcmp(argv[i], "--only"))
			only = argv[++i] ? value : "";
		else if (!strcmp(argv[i], "--seed"))
			c.seed = strtoull(value, NULL, 10), i++;
		else if (!strcmp(argv[i], "--part") && sscanf(value, "%u/%u", &part, &parts) == 2)
			i++;
		else
			return fprintf(stderr, "check_views: %s?\n", argv[i]), 2;
	}
	char *partner = g_build_filename(argv[1], "postfix-tls.pcapng", NULL);
	struct frames beside = { 0 };
	if (!frames_read(partner, &beside))
		return fprintf(stderr, "check_views: cannot read %s\n", partner), 2;
	frames_elsewhere(&beside);
	GPtrArray *names = names_in(argv[1]);
	for (guint i = 0; i < names->len; i++) {
		c.capture = g_ptr_array_index(names, i);
		if (i % parts != part - 1 || !strstr(c.capture, only))
			continue;
		char *path = g_build_filename(argv[1], c.capture, NULL);
		check(&c, path, &beside);
		g_free(path);
		files++;
	}
	GList *keys = g_list_sort(g_hash_table_get_keys(c.kinds), (GCompareFunc)strcmp);
	for (GList *k = keys; k; k = k->next)
		printf("%6u  %s\n", GPOINTER_TO_UINT(g_hash_table_lookup(c.kinds, k->data)),
		       (char *)k->data);
	g_list_free(keys);
	printf("views: %u captures, %u views, %u violations, %u known\n", files, c.views, c.bad,
	       c.known);
	frames_clear(&beside);
	g_ptr_array_free(names, TRUE);
	g_hash_table_destroy(c.kinds);
	g_free(partner);
	return c.bad || !files || !c.views;
}
