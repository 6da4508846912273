/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a session writes down: cleaned text in its arena, events for evidence and dialogue, the
 * histories and the furthest stage. All text that comes from the wire passes session_keep.
 */
#include "session.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static GStringChunk *arena(struct session *s)
{
	if (!s->arena)
		s->arena = g_string_chunk_new(512);
	return s->arena;
}

static bool plain_ascii(const char *at, size_t n)
{
	unsigned char odd = 0;
	for (size_t i = 0; i < n; i++)
		odd |= (unsigned char)((unsigned char)(at[i] - 0x20) >= 0x5f);
	return !odd;
}

/* Copies at most `most` bytes as valid UTF-8; control and invalid bytes become \xNN. */
const char *session_keep(struct session *s, struct bytes text, size_t most)
{
	size_t n = MIN(bytes_left(&text), most);
	const char *at = (const char *)text.at, *end = at + n;
	GString *out = NULL;
	bool cut = n < bytes_left(&text);

	if (!cut && plain_ascii(at, n)) /* nearly always */
		return n ? g_string_chunk_insert_len(arena(s), at, (gssize)n) : "";

	while (at < end) {
		const char *bad = NULL;
		g_utf8_validate(at, end - at, &bad);
		const char *p = at;
		while (p < bad && ((unsigned char)*p >= 0x20 && *p != 0x7f))
			p++;
		if (p == end && !out && !cut)
			return g_string_chunk_insert_len(arena(s), at, p - at);
		if (!out)
			out = g_string_sized_new(n + 16);
		g_string_append_len(out, at, p - at);
		if (p < end && cut && p >= bad && end - p < 4 && ((unsigned char)*p & 0x80))
			break; /* our own cut split a character */
		if (p < end)
			g_string_append_printf(out, "\\x%02x", (unsigned char)*p++);
		at = p;
	}
	if (!out)
		return "";
	if (cut)
		g_string_append(out, "…");
	const char *kept = g_string_chunk_insert(arena(s), out->str);
	g_string_free(out, TRUE);
	return kept;
}

const char *session_keep_text(struct session *s, const char *text)
{
	return session_keep(s, bytes_of(text, strlen(text)), CAP_EVENT_TEXT);
}

const char *session_keep_address(struct session *s, struct bytes address)
{
	if (!s->cx->redact)
		return session_keep(s, address, CAP_FIELD);
	ptrdiff_t at = bytes_find(&address, '@');
	if (at < 0)
		return bytes_left(&address) ? "…" : "";
	bytes_take(&address, (size_t)at);
	const char *domain = session_keep(s, address, CAP_FIELD);
	char *text = g_strconcat("…", domain, NULL);
	const char *kept = g_string_chunk_insert(arena(s), text);
	g_free(text);
	return kept;
}

void session_event(struct session *s, enum event_direction dir, struct flow_mark mark, bool encrypted,
		   const char *format, ...)
{
	unsigned cap = s->cx->dialogue ? CAP_EVENTS_DIALOGUE : CAP_EVENTS;
	va_list ap;

	if (!s->events)
		s->events = g_array_new(FALSE, FALSE, sizeof(struct event));
	if (s->events->len >= cap) {
		/* The last third is a window: a late refusal matters more than the middle. */
		g_array_remove_index(s->events, cap * 2 / 3);
		s->events_cut = true;
	}
	char text[2 * CAP_EVENT_TEXT];
	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap); /* session_keep below mends a cut character */
	va_end(ap);
	struct event e = {
		.time_ns = mark.time_ns,
		.frame = mark.frame,
		.direction = (uint8_t)dir,
		.encrypted = encrypted,
		.text = session_keep(s, bytes_of(text, strlen(text)), CAP_EVENT_TEXT),
	};
	g_array_append_val(s->events, e);
	if (s->cx->on_event)
		s->cx->on_event(s->number, &e, s->cx->host);
}

static gint by_frame(gconstpointer a, gconstpointer b)
{
	const struct event *x = a, *y = b;
	return x->frame < y->frame ? -1 : x->frame > y->frame;
}

void session_network_events(struct session *s, const struct flow *f)
{
	const struct flow_side *c = &f->side[FLOW_C2S], *d = &f->side[FLOW_S2C];
	const struct dns_lookup *l = s->seen.lookup;
	struct flow_mark m;

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
		session_event(s, (enum event_direction)i, m, false, "%u bytes, never acknowledged", x->stuck_len);
		m.frame = x->stuck_last_frame;
		session_event(s, (enum event_direction)i, m, false, "the same bytes again");
	}
	if (s->events) /* stable, so that the order within a frame stays */
		g_array_sort(s->events, by_frame);
}

static void step(GString **list, const char *word)
{
	if (!*list)
		*list = g_string_sized_new(64);
	if ((*list)->len + strlen(word) + 1 > CAP_FIELD - 4)
		return;
	if ((*list)->len)
		g_string_append_c(*list, ' ');
	g_string_append(*list, word);
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
