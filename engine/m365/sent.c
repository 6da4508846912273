/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lengths of the sentences in sent.def, and of the trailers that end them (trailers.def).
 */
#include "m365/sent.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include "base/caps.h"
#include "m365/replies.h"
#include "verdict.h"

static const struct sent_row rows[SENT_COUNT] = {
/* clang-format off */
#define SENT(name, ...) [SENT_##name] = { .label = #name, __VA_ARGS__ },
#include "m365/sent.def"
#undef SENT
	/* clang-format on */
};

static struct sent_length lengths[SENT_COUNT];

const struct sent_row *sent_row(enum sent_label l)
{
	return &rows[l];
}

const char *sent_group_name(enum sent_group g)
{
	static const char *const names[] = {
		NULL,
#define SENT_GROUP(name, words) #name,
#include "m365/sent_groups.def"
#undef SENT_GROUP
	};
	return names[g];
}

const char *sent_group_words(enum sent_group g)
{
	static const char *const words[] = {
		NULL,
#define SENT_GROUP(name, text) text,
#include "m365/sent_groups.def"
#undef SENT_GROUP
	};
	return words[g];
}

void sent_line(enum sent_label l, char *buf, size_t size)
{
	size_t n = 0;

	for (const char *at = rows[l].text; *at && n + 4 < size; at++) {
		if (*at != '{') {
			buf[n++] = *at;
			continue;
		}
		at += strcspn(at, "}");
		if (at[1])
			n += g_strlcpy(buf + n, "...", size - n);
	}
	buf[n] = '\0';
}

const struct reply_row *sent_reply(enum sent_label l)
{
	char line[CAP_REPLY_TEXT], *end;
	static const enum stage stages[] = { [SENT_AUTH] = STAGE_AUTH,
					     [SENT_MAIL] = STAGE_MAIL,
					     [SENT_RCPT] = STAGE_RCPT,
					     [SENT_MESSAGE] = STAGE_DATA };
	struct smtp_reply r = { .lines = 1, .enhanced = true };

	sent_line(l, line, sizeof line);
	r.code = (uint16_t)strtoul(line, &end, 10);
	r.klass = (uint8_t)strtoul(end, &end, 10);
	r.subject = (uint16_t)strtoul(end + 1, &end, 10);
	r.detail = (uint16_t)strtoul(end + 1, &end, 10);
	r.text = bytes_of(end + 1, strlen(end + 1));
	struct reply_match match = replies_match(&r, stages[rows[l].stage]);
	return match.by[REPLY_PEER_M365] ? match.by[REPLY_PEER_M365]
					 : match.by[REPLY_PEER_CONSUMER];
}

static void shift(struct sent_length *l, unsigned from, unsigned to)
{
	for (unsigned i = 0; i < l->count; i++) {
		l->pieces[i].from = (uint16_t)(l->pieces[i].from + from);
		l->pieces[i].to = (uint16_t)(l->pieces[i].to + to);
	}
}

/* One way how long a place can be: "20-90*75". Returns what follows it. */
static const char *read_choice(const char *at, unsigned *from, unsigned *to, double *share)
{
	char *end;

	*from = *to = (unsigned)strtoul(at, &end, 10);
	if (*end == '-')
		*to = (unsigned)strtoul(end + 1, &end, 10);
	*share = 1;
	if (*end == '*')
		*share = (double)strtoul(end + 1, &end, 10) / 100;
	return end;
}

/* "{20-90}" or "{5|7|8}"; of places with several choices a sentence has one at most. */
static void add_place(struct sent_length *l, const char *at)
{
	struct sent_length base = *l;
	unsigned from, to, n = 0;
	double share, all = 0;

	do {
		at = read_choice(at + 1, &from, &to, &share);
		for (unsigned i = 0; i < base.count && n < SENT_PIECES; i++, n++) {
			l->pieces[n].from = (uint16_t)(base.pieces[i].from + from);
			l->pieces[n].to = (uint16_t)(base.pieces[i].to + to);
			l->pieces[n].share = base.pieces[i].share * share;
			all += l->pieces[n].share;
		}
	} while (*at == '|');
	l->count = n;
	for (unsigned i = 0; i < n; i++)
		l->pieces[i].share /= all;
}

static struct sent_length compute(const char *text)
{
	struct sent_length l = { .pieces = { { .from = 2, .to = 2, .share = 1 } }, .count = 1 };

	while (*text) {
		size_t plain = strcspn(text, "{");
		shift(&l, (unsigned)plain, (unsigned)plain);
		text += plain;
		if (!*text)
			break;
		if (g_str_has_prefix(text, "{ip}"))
			l.ips++;
		else if (g_str_has_prefix(text, "{trailer}"))
			l.trailer = true;
		else
			add_place(&l, text);
		text += strcspn(text, "}") + 1;
	}
	return l;
}

const struct sent_length *sent_length(enum sent_label l)
{
	static gsize done;

	if (g_once_init_enter(&done)) {
		for (unsigned i = 0; i < SENT_COUNT; i++)
			lengths[i] = compute(rows[i].text);
		g_once_init_leave(&done, 1);
	}
	return &lengths[l];
}

/* trailers */

struct trailer_row {
	const char *pattern;
	uint8_t length;
	double other_share;
	uint8_t other;
};

static const struct trailer_row trailers[] = {
#define TRAILER(pattern, length, share, other) { pattern, length, share, other },
#include "m365/trailers.def"
#undef TRAILER
};

static bool fits_class(char pattern, char c)
{
	switch (pattern) {
	case '?':
		return g_ascii_isalnum(c);
	case '#':
		return g_ascii_isdigit(c);
	case 'X':
		return g_ascii_isxdigit(c);
	default:
		return g_ascii_toupper(c) == pattern;
	}
}

static bool fits_pattern(const char *pattern, const char *label, size_t n)
{
	size_t i = 0;

	for (; pattern[i] && pattern[i] != '*'; i++)
		if (i >= n || !fits_class(pattern[i], label[i]))
			return false;
	return pattern[i] == '*' || i == n;
}

static size_t first_label(const char *host)
{
	return strcspn(host, ". ");
}

/* The words " [HOST.domain" and "]", and between them, mostly, time and id of 16 digits. */
static void add_domain(struct sent_trailer *t, size_t host, unsigned domain, double share, bool id)
{
	unsigned bare = (unsigned)host + domain + 4;
	double dated = id ? .999 : .90;

	t->pieces[t->count].length = (uint16_t)(bare + 1 + 24 + 1 + 16);
	t->pieces[t->count++].share = share * dated;
	t->pieces[t->count].length = (uint16_t)bare;
	t->pieces[t->count++].share = share * (1 - dated);
}

static bool usual_cloud(const char *host)
{
	static const char *const suffixes[] = { ".outlook.office365.com",
						".mail.protection.outlook.com" };
	const char *dot = host + first_label(host);

	for (unsigned i = 0; i < G_N_ELEMENTS(suffixes); i++)
		if (!g_ascii_strcasecmp(dot, suffixes[i]))
			return true;
	return false;
}

static const struct trailer_row *find_trailer(const char *host, size_t n)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(trailers); i++)
		if (fits_pattern(trailers[i].pattern, host, n))
			return &trailers[i];
	return NULL;
}

struct sent_trailer sent_trailer(const char *host, bool id, unsigned domain)
{
	struct sent_trailer t = { 0 };
	size_t n = first_label(host);
	const struct trailer_row *row = usual_cloud(host) ? find_trailer(host, n) : NULL;

	t.known = domain || row;
	if (domain) {
		add_domain(&t, n, domain, 1, id);
	} else if (row) {
		add_domain(&t, n, row->length, .998 - row->other_share, id);
		add_domain(&t, n, row->length + 5u, .002, id); /* exchangelabs.com */
		if (row->other)
			add_domain(&t, n, row->other, row->other_share, id);
	} else if (usual_cloud(host)) {
		add_domain(&t, n, 25, .69, id);
		add_domain(&t, n, 24, .29, id);
		add_domain(&t, n, 30, .01, id);
		add_domain(&t, n, 29, .01, id);
	} else { /* other clouds: CHNPR01.prod.partner.outlook.cn has 31 */
		add_domain(&t, n, 31, .5, id);
		add_domain(&t, n, 25, .3, id);
		add_domain(&t, n, 24, .2, id);
	}
	t.usual = t.pieces[0].length;
	return t;
}

bool sent_greeting(const char *text, bool *id)
{
	size_t n = strlen(text);

	*id = false;
	if (!strstr(text, " Microsoft ESMTP MAIL Service ready at "))
		return false;
	while (n && g_ascii_isspace(text[n - 1]))
		n--;
	if (n < 19 || text[n - 1] != ']' || strncmp(text + n - 19, " [", 2))
		return true;
	*id = true;
	for (size_t i = n - 17; i < n - 1; i++)
		*id = *id && g_ascii_isxdigit(text[i]);
	return true;
}

unsigned sent_domain(const char *host, struct bytes server)
{
	size_t n = first_label(host), left = bytes_left(&server);

	if (!n || left < n + 2 || left > n + 1 + 63 || server.at[n] != '.' ||
	    g_ascii_strncasecmp((const char *)server.at, host, n))
		return 0;
	return (unsigned)(left - n - 1);
}
