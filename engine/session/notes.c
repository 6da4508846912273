/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a session writes down: text in its arena, events for evidence and dialogue, the histories
 * and the furthest stage. All text that comes from the wire becomes a C string here and nowhere
 * else: session_show is the gate that knows the secrets of the session, the names that are to be
 * hidden, and what a terminal would obey.
 */
#include "session/state.h"
#include "base/phrase.h"
#include "smtp/secret.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A history grows by so many bytes, so that most words need no allocation. */
#define STEP_ROOM 64u

static bool plain_ascii(const char *at, size_t n)
{
	unsigned char odd = 0;
	for (size_t i = 0; i < n; i++)
		odd |= (unsigned char)((unsigned char)(at[i] - 0x20) >= 0x5f);
	return !odd;
}

/* Appends at most `most` bytes as valid UTF-8; control and invalid bytes become \\xNN. */
static void clean(GString *out, struct bytes text, size_t most)
{
	size_t n = MIN(bytes_left(&text), most);
	const char *at = (const char *)text.at, *end = n ? at + n : at;
	bool cut = n < bytes_left(&text);

	while (at < end) {
		const char *bad = NULL, *p = at;
		g_utf8_validate(at, end - at, &bad);
		while (p < bad && ((unsigned char)*p >= 0x20 && *p != 0x7f))
			p++;
		g_string_append_len(out, at, p - at);
		if (p < end && cut && p >= bad && end - p < 4 && ((unsigned char)*p & 0x80))
			break; /* our own cut split a character */
		if (p < end)
			g_string_append_printf(out, "\\x%02x", (unsigned char)*p++);
		at = p;
	}
	if (cut)
		g_string_append(out, "…");
}

static GString *scratch(struct session *s)
{
	GString **slot = &s->cx->scratch[s->cx->scratch_at++ % G_N_ELEMENTS(s->cx->scratch)];
	if (!*slot)
		*slot = g_string_sized_new(CAP_EVENT_TEXT);
	return g_string_truncate(*slot, 0);
}

struct bytes session_without_secrets(const struct session *s, struct bytes text, char *room)
{
	text = smtp_secrets_blank(smtp_client_secrets(s->client), text, room);
	return smtp_secrets_blank(smtp_client_secrets(s->inner_client), text, room);
}

struct bytes session_without_names(const struct session *s, struct bytes text, char *room)
{
	text = session_without_secrets(s, text, room);
	text = smtp_secrets_blank(smtp_client_names(s->client), text, room);
	return smtp_secrets_blank(smtp_client_names(s->inner_client), text, room);
}

bool session_hides(const struct session *s)
{
	return smtp_client_secrets(s->client) || smtp_client_secrets(s->inner_client) ||
	       smtp_client_names(s->client) || smtp_client_names(s->inner_client);
}

static size_t count_lines(struct bytes text)
{
	size_t lines = 0;
	while (bytes_left(&text))
		lines += bytes_u8(&text) == '\n';
	return lines;
}

bool session_repeats_over_lines(const struct session *s, struct bytes text)
{
	char room[CAP_REPLY_TEXT];
	struct bytes whole = bytes_upto(&text, CAP_REPLY_TEXT);

	return session_hides(s) &&
	       count_lines(session_without_names(s, whole, room)) < count_lines(whole);
}

const char *session_show(struct session *s, struct bytes text, size_t most)
{
	char room[CAP_REPLY_TEXT];
	GString *out = scratch(s);
	text = session_without_names(s, text, room);
	size_t n = bytes_left(&text);
	if (n <= most && plain_ascii((const char *)text.at, n)) /* nearly always */
		phrase_put(out, (const char *)text.at, n);
	else
		clean(out, text, most);
	return out->str;
}

const char *session_show_text(struct session *s, const char *text)
{
	return session_show(s, bytes_of(text, strlen(text)), CAP_FIELD);
}

static const char *keep_in(struct session *s, struct arena *room, struct bytes text, size_t most)
{
	if (s->arena_bytes > CAP_SESSION_TEXT)
		return "…";
	const char *shown = session_show(s, text, most);
	size_t n = strlen(shown);
	s->arena_bytes += n + 1;
	return n ? arena_text(room, &s->cx->blocks, shown, n) : "";
}

const char *session_keep(struct session *s, struct bytes text, size_t most)
{
	return keep_in(s, &s->arena, text, most);
}

void session_new_list(struct session *s, bool inner)
{
	/* The first list before TLS lies in the arena; a second one gets a room of its own. */
	arena_clear(&s->lists[inner], &s->cx->blocks);
	s->own_list[inner] = inner || s->had_list;
	s->had_list = true;
}

const char *session_keep_list(struct session *s, bool inner, struct bytes text, size_t most)
{
	size_t before = s->arena_bytes;
	if (!s->own_list[inner])
		return keep_in(s, &s->arena, text, most);
	const char *kept = keep_in(s, &s->lists[inner], text, most);
	s->arena_bytes = before; /* bounded by the list, not by the session */
	return kept;
}

const char *session_keep_text(struct session *s, const char *text)
{
	return text ? session_keep(s, bytes_of(text, strlen(text)), CAP_EVENT_TEXT) : NULL;
}

/* The domain stays, so the names that are hidden are not looked for in it. */
static const char *only_domain(struct session *s, struct bytes address)
{
	char room[CAP_REPLY_TEXT];
	GString *out = scratch(s);
	ptrdiff_t at = bytes_find(&address, '@');

	if (bytes_left(&address))
		g_string_append(out, "…");
	if (at >= 0) {
		bytes_take(&address, (size_t)at);
		clean(out, session_without_secrets(s, address, room), CAP_FIELD);
	}
	return out->str;
}

const char *session_show_address(struct session *s, struct bytes address)
{
	return s->cx->redact ? only_domain(s, address) : session_show(s, address, CAP_FIELD);
}

const char *session_keep_address(struct session *s, struct bytes address)
{
	if (s->arena_bytes > CAP_SESSION_TEXT)
		return "…";
	const char *shown = session_show_address(s, address);
	size_t n = strlen(shown);
	s->arena_bytes += n + 1;
	return n ? arena_text(&s->arena, &s->cx->blocks, shown, n) : "";
}

/* Events before this one stay; after it the array is a ring: a late refusal matters more than the
 * middle. */
static unsigned ring_start(const struct session *s)
{
	unsigned cap = s->cx->dialogue ? CAP_EVENTS_DIALOGUE : CAP_EVENTS;
	return cap - cap / 3;
}

/* Text of events that stay lies in the arena; that of the ring and of a dialogue is its own. */
static bool owns_text(const struct session *s, unsigned i)
{
	return s->cx->dialogue || i >= ring_start(s);
}

void session_free_events(struct session *s)
{
	for (guint i = 0; s->events && i < s->events->len; i++) {
		const struct event *e = &g_array_index(s->events, struct event, i);
		if (e->owns_text)
			g_free((gpointer)e->text);
	}
	if (s->events)
		g_array_free(s->events, TRUE);
}

void session_hide_user(struct session *s)
{
	for (guint i = 0; s->events && i < s->events->len; i++) {
		struct event *e = &g_array_index(s->events, struct event, i);
		if (!e->text || !g_str_has_prefix(e->text, "AUTH ") || !strstr(e->text, " user "))
			continue;
		if (e->owns_text)
			g_free((gpointer)e->text);
		e->owns_text = false;
		e->text = "AUTH with a user name (not shown: it is the password too)";
	}
}

static unsigned event_slot(struct session *s)
{
	unsigned start = ring_start(s), cap = s->cx->dialogue ? CAP_EVENTS_DIALOGUE : CAP_EVENTS;
	struct event none = { 0 };

	if (!s->events)
		s->events = g_array_sized_new(FALSE, FALSE, sizeof none, 8);
	s->event_order++;
	if (s->events->len < cap) {
		g_array_append_val(s->events, none);
		return s->events->len - 1;
	}
	unsigned i = start + s->event_order % (cap - start);
	const struct event *old = &g_array_index(s->events, struct event, i);
	if (old->owns_text)
		g_free((gpointer)old->text);
	s->events_cut = true;
	return i;
}

/* `e.text` is clean and has n bytes. */
static void record(struct session *s, struct event e, size_t n, bool keep_text)
{
	unsigned i = event_slot(s);
	struct event *slot = &g_array_index(s->events, struct event, i);

	e.order = s->event_order;
	e.owns_text = keep_text && owns_text(s, i);
	*slot = e;
	if (!keep_text) {
		slot->text = NULL;
	} else if (e.owns_text) {
		slot->text = g_strndup(e.text, n);
	} else if (s->arena_bytes > CAP_SESSION_TEXT) {
		slot->text = "…";
	} else {
		s->arena_bytes += n + 1;
		slot->text = n ? arena_text(&s->arena, &s->cx->blocks, e.text, n) : "";
	}
}

void session_event_text(struct session *s, enum event_direction dir, struct flow_mark mark,
			bool encrypted, const char *text, bool keep_text)
{
	record(s,
	       (struct event){ .time_ns = mark.time_ns,
			       .frame = mark.frame,
			       .direction = (uint8_t)dir,
			       .encrypted = encrypted,
			       .text = text },
	       strlen(text), keep_text);
}

void session_event(struct session *s, enum event_direction dir, struct flow_mark mark,
		   bool encrypted, const char *format, ...)
{
	char text[2 * CAP_EVENT_TEXT];
	va_list ap;

	va_start(ap, format);
	int n = phrase_v(text, sizeof text, format, ap);
	va_end(ap);
	/* Its parts are clean; only a cut may have split a character. */
	session_event_text(s, dir, mark, encrypted,
			   n > (int)CAP_EVENT_TEXT
				   ? session_show(s, bytes_of(text, strlen(text)), CAP_EVENT_TEXT)
				   : text,
			   true);
}

/* The text of an event that was not kept, from what is kept anyway: greeting or EHLO list. */
static const char *text_again(struct session *s, uint32_t frame)
{
	const struct seen *n = &s->seen;
	const struct seen_ehlo *e = n->ehlo.reply.frame == frame ? &n->ehlo : n->inner;
	GString *out = g_string_sized_new(256);

	if (n->banner.frame == frame) {
		g_string_printf(out, "%u %s", n->banner_code, n->banner_text);
	} else if (e && e->reply.frame == frame) {
		g_string_printf(out, "%u %s", e->code, e->greeting ? e->greeting : "");
		for (unsigned i = 0; i < e->count; i++)
			phrase_append(out, ", %s", e->lines[i]);
	} else {
		g_string_assign(out, "250, an earlier list");
	}
	const char *text = session_keep(s, bytes_of(out->str, out->len), CAP_EVENT_TEXT);
	g_string_free(out, TRUE);
	return text;
}

static void fill_texts(struct session *s)
{
	for (guint i = 0; s->events && i < s->events->len; i++) {
		struct event *e = &g_array_index(s->events, struct event, i);
		if (e->text)
			continue;
		e->text = text_again(s, e->frame);
	}
}

static bool is_before(const struct event *a, const struct event *b)
{
	return a->frame != b->frame ? a->frame < b->frame : a->order < b->order;
}

/* Events are in order but for the few that were added at the end, or the ring of a long session. */
static void sort_events(GArray *events)
{
	struct event *e = (struct event *)(void *)events->data;
	for (guint i = 1; i < events->len; i++) {
		struct event late = e[i];
		guint k = i;
		for (; k > 0 && is_before(&late, &e[k - 1]); k--)
			e[k] = e[k - 1];
		e[k] = late;
	}
}

void session_network_events(struct session *s, const struct flow *f)
{
	const struct flow_side *c = &f->side[FLOW_C2S], *d = &f->side[FLOW_S2C];
	const struct seen_lookup *l = s->seen.lookup;
	struct flow_mark m;

	fill_texts(s);
	if (l && l->answer_frame) {
		m = (struct flow_mark){ .time_ns = l->answer_ns, .frame = l->answer_frame };
		session_event(s, EVENT_NOTE, m, false, "DNS gives this address for %s", l->name);
	}
	if (c->syn_frame) {
		m = (struct flow_mark){ .time_ns = c->syn_ns, .frame = c->syn_frame };
		session_event(s, EVENT_C2S, m, false, "SYN");
	}
	if (c->syn_count > 1) {
		m = (struct flow_mark){ .time_ns = c->syn_last_ns, .frame = c->syn_last_frame };
		session_event(s, EVENT_C2S, m, false, "SYN again, the last of %u", c->syn_count);
	}
	if (d->syn_frame) {
		m = (struct flow_mark){ .time_ns = d->syn_ns, .frame = d->syn_frame };
		session_event(s, EVENT_S2C, m, false, "SYN-ACK");
	}
	for (int i = 0; i < 2; i++) {
		const struct flow_side *x = &f->side[i];
		if (!x->stuck_len || !x->stuck_frame)
			continue;
		m = (struct flow_mark){ .time_ns = x->last_data_ns, .frame = x->stuck_frame };
		session_event(s, (enum event_direction)i, m, false, "%u bytes, never acknowledged",
			      x->stuck_len);
		m.frame = x->stuck_last_frame;
		session_event(s, (enum event_direction)i, m, false, "the same bytes again");
	}
	if (s->events)
		sort_events(s->events);
}

/* Small steps: a sensor holds many sessions, and each has only a few words. The room of a list
 * follows from its length, so that nobody has to keep it. */
static void step(char **list, const char *word)
{
	size_t had = *list ? strlen(*list) : 0, n = strlen(word);
	size_t room = *list ? (had / STEP_ROOM + 1) * STEP_ROOM : 0, need = had + n + 2;
	if (had + n + 1 > CAP_FIELD - 4)
		return;
	if (need > room)
		*list = g_realloc(*list, (need + STEP_ROOM - 1) / STEP_ROOM * STEP_ROOM);
	if (had)
		(*list)[had++] = ' ';
	memcpy(*list + had, word, n + 1);
}

void session_step(struct session *s, const char *word)
{
	step(&s->history, word);
}

void session_tls_step(struct session *s, const char *word)
{
	step(&s->tls_history, word);
	step(&s->history, word);
}

void session_reach(struct session *s, enum stage stage)
{
	if (stage > s->seen.reached)
		s->seen.reached = stage;
}

struct seen_odd *session_odd(struct session *s)
{
	if (!s->own_odd)
		s->seen.odd = s->own_odd = g_new0(struct seen_odd, 1);
	return s->own_odd;
}

struct seen_mail *session_mail(struct session *s)
{
	if (!s->own_mail)
		s->seen.mail = s->own_mail = pool_take(&s->cx->mail_room, sizeof(struct seen_mail));
	return s->own_mail;
}

struct seen_tls *session_tls(struct session *s)
{
	if (!s->own_tls)
		s->seen.tls = s->own_tls = pool_take(&s->cx->tls_room, sizeof(struct seen_tls));
	return s->own_tls;
}

const char *session_history(const struct session *s)
{
	return s->history;
}

const char *session_tls_history(const struct session *s)
{
	return s->tls_history;
}

const struct event *session_events(const struct session *s, unsigned *count, bool *cut)
{
	*count = s->events ? s->events->len : 0;
	*cut = s->events_cut;
	return s->events ? (const struct event *)(void *)s->events->data : NULL;
}

uint32_t session_noted(const struct session *s)
{
	return s->event_order;
}
