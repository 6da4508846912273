/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the client says after lost bytes or a start in the middle. It may be the text of a message
 * that happens to look like commands, so it waits for the server's next reply: when that fits,
 * the lines were commands, else they were text and nothing of them is kept. A group that was sent
 * without waiting has the order of RFC 2920 3.1, which text hardly ever has.
 */
#include "session/commands.h"
#include "base/code.h"
#include "session/replies.h"

#include <string.h>

/* More than any client sends without waiting that is not a list of recipients. */
#define DOUBTS 24u

struct session_doubt {
	struct smtp_item item;
	struct flow_mark mark;
	char *line;
};

bool session_doubts(const struct session *s)
{
	return !s->inside && (s->after_gap || (s->seen.midstream && !s->believed));
}

static struct bytes rebased(struct bytes part, struct bytes from, const char *to)
{
	size_t n = bytes_left(&part);
	if (!n || part.at < from.at || part.end > from.end)
		return bytes_of(NULL, 0);
	return bytes_of(to + (part.at - from.at), n);
}

static void forget(struct session *s)
{
	for (guint i = 0; s->doubts && i < s->doubts->len; i++) {
		struct session_doubt *d = &g_array_index(s->doubts, struct session_doubt, i);
		explicit_bzero(&d->item.auth, sizeof d->item.auth);
		g_free(d->line);
	}
	if (s->doubts)
		g_array_set_size(s->doubts, 0);
}

void session_doubts_free(struct session *s)
{
	forget(s);
	if (s->doubts)
		g_array_free(s->doubts, TRUE);
	s->doubts = NULL;
}

void session_doubts_gap(struct session *s)
{
	forget(s);
	s->doubts_text = false;
	s->after_gap = true;
}

/* RFC 2920 3.1: what must be the last of a group, because the client has to wait for its reply. */
static bool waits(enum smtp_verb v)
{
	return v != SMTP_VERB_MAIL && v != SMTP_VERB_RCPT && v != SMTP_VERB_RSET &&
	       v != SMTP_VERB_BDAT && v != SMTP_VERB_SEND && v != SMTP_VERB_SOML &&
	       v != SMTP_VERB_SAML;
}

/* May this item follow what waits already, in a dialogue? */
static bool goes_on(const struct session *s, const struct smtp_item *i)
{
	if (i->kind == SMTP_ITEM_GARBAGE ||
	    (i->kind == SMTP_ITEM_COMMAND && (!i->verb || i->verb >= SMTP_VERB_PROXY)))
		return false;
	if (!s->doubts || !s->doubts->len)
		return true;
	const struct session_doubt *d =
		&g_array_index(s->doubts, struct session_doubt, s->doubts->len - 1);
	const struct smtp_auth *a = &i->auth;
	if (i->kind == SMTP_ITEM_AUTH_RESPONSE) /* text is hardly ever base64 */
		return (a->cancel ||
			(!a->bad_base64 && (a->has_user || a->has_password || a->has_hash))) &&
		       (d->item.kind == i->kind || d->item.verb == SMTP_VERB_AUTH);
	/* Only one direction is in the capture: the replies that it waited for are not. */
	return !s->server || (d->item.kind != SMTP_ITEM_AUTH_RESPONSE && !waits(d->item.verb));
}

/* Nothing of the server was captured: what has the form of a dialogue for so long is one. */
static bool alone(const struct session *s)
{
	return !s->server && s->doubts && s->doubts->len && !s->doubts_text;
}

static void believe(struct session *s)
{
	GArray *list = s->doubts;
	s->doubts = NULL;
	s->after_gap = false;
	s->believed = true;
	for (guint i = 0; list && i < list->len; i++) {
		struct session_doubt *d = &g_array_index(list, struct session_doubt, i);
		session_client_item(s, s->client, &d->item, d->mark);
		explicit_bzero(&d->item.auth, sizeof d->item.auth);
		g_free(d->line);
	}
	if (list)
		g_array_free(list, TRUE);
}

void session_doubt(struct session *s, const struct smtp_item *i, struct flow_mark m)
{
	if (s->doubts_text || !goes_on(s, i)) {
		s->doubts_text = true;
		forget(s);
		return;
	}
	if (!s->doubts)
		s->doubts = g_array_new(FALSE, FALSE, sizeof(struct session_doubt));
	struct session_doubt d = { .item = *i, .mark = m };
	size_t n = bytes_left(&i->line);
	d.line = n ? g_memdup2(i->line.at, n) : NULL;
	d.item.line = bytes_of(d.line, n);
	d.item.argument = rebased(i->argument, i->line, d.line);
	d.item.path.address = rebased(i->path.address, i->line, d.line);
	d.item.path.params = rebased(i->path.params, i->line, d.line);
	g_array_append_val(s->doubts, d);
	if (s->doubts->len < DOUBTS)
		return;
	if (alone(s)) {
		believe(s);
		return;
	}
	s->doubts_text = true;
	forget(s);
}

/* Can this be the server's answer to that command (RFC 5321 4.3.2, RFC 3207 4, RFC 4954 4)? */
static bool fits(const struct smtp_item *i, uint16_t code)
{
	if (code_refuses(code))
		return true;
	switch (i->verb) {
	case SMTP_VERB_STARTTLS:
		return code == CODE_READY;
	case SMTP_VERB_AUTH:
	case SMTP_VERB_X_EXPS:
		return code == CODE_CHALLENGE || code == CODE_AUTHENTICATED;
	case SMTP_VERB_DATA:
		return code == CODE_START_INPUT;
	case SMTP_VERB_QUIT:
		return code == 221;
	default:
		return code >= 250 && code < 300;
	}
}

void session_doubts_replied(struct session *s, uint16_t code)
{
	if (!session_doubts(s))
		return;
	bool some = s->doubts && s->doubts->len;
	if (some && fits(&g_array_index(s->doubts, struct session_doubt, 0).item, code)) {
		believe(s);
	} else if (some || s->doubts_text) {
		forget(s);
		s->doubts_text = false;
	} else { /* its command was lost; the client answers what it hears */
		s->after_gap = false;
		s->believed = true;
	}
}

void session_doubts_end(struct session *s)
{
	if (alone(s) && session_doubts(s))
		believe(s);
	session_doubts_free(s);
}
