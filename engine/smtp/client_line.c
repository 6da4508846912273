/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one line of a client is, for client.c: a command, an answer of an AUTH dialogue, or
 * nothing of SMTP. Blanks what may be a secret before the item leaves: after AUTH every line that
 * is not surely a command counts as one.
 */
#include "smtp/client_state.h"
#include "smtp/shown.h"

#define SECRET_LINE 64u /* a dropped line up to this length may be a password */

/* A view that may reach behind the place `end`, cut there. */
static struct bytes clip(struct bytes part, const uint8_t *end)
{
	if (part.at && part.at > end)
		part.at = end;
	if (part.end && part.end > end)
		part.end = end;
	return part;
}

/* Show only the first `keep` bytes of the line, and of the argument what lies in them. */
static void item_cut(struct smtp_client *c, struct smtp_item *out, size_t keep)
{
	struct bytes hidden = out->line;

	if (keep >= bytes_left(&hidden))
		return;
	bytes_take(&hidden, keep);
	smtp_hidden_text(&c->hidden, hidden, SMTP_SECRET_WORD);
	smtp_line_wipe(&c->line, keep);
	out->path.address = clip(out->path.address, hidden.at);
	out->path.params = clip(out->path.params, hidden.at);
	out->line = bytes_upto(&out->line, keep);
	struct bytes rest = out->line;
	smtp_skip_junk(&rest);
	smtp_word(&rest);
	out->argument = bytes_trim(rest);
}

/* An answer of the AUTH dialogue: its shape only; the text goes at once. */
static void item_answer(struct smtp_client *c, struct bytes line, struct smtp_item *out)
{
	out->kind = SMTP_ITEM_AUTH_RESPONSE;
	out->auth.mech = c->mech;
	out->auth.step = c->step + (c->step == 0 && c->asks_password);
	smtp_auth_look(&out->auth, line, c->auth_sure);
	if (!out->auth.cancel)
		smtp_hidden_payload(&c->hidden, line, &out->auth);
	smtp_line_wipe(&c->line, 0);
	c->step++;
	c->answers++;
	c->expect = SMTP_EXPECT_AUTH_MAYBE;
}

/* AUTH mechanism [initial-response] (RFC 4954 4). */
static void item_auth(struct smtp_client *c, struct smtp_item *out)
{
	struct bytes rest = out->line;

	smtp_skip_junk(&rest);
	smtp_word(&rest);
	struct bytes mech = smtp_word(&rest);
	struct bytes initial = bytes_trim(rest);
	out->auth.mech = smtp_mech_of(mech);
	out->auth.initial = bytes_left(&initial) > 0;
	c->mech = out->auth.mech;
	c->hidden.user_print = 0;
	c->asks_password = false;
	if (out->auth.initial) {
		smtp_auth_look(&out->auth, initial, true);
		smtp_hidden_payload(&c->hidden, initial, &out->auth);
	}
	item_cut(c, out, smtp_shown(out->verb, out->line));
	c->step = out->auth.initial ? 1 : 0;
	c->auth_open = true;
	c->auth_sure = true;
	c->auth_over = false;
	c->answers = 0;
	c->challenges = 0;
	c->expect = SMTP_EXPECT_AUTH_MAYBE;
}

/* SOCKS5 (RFC 1928, 1929): what follows the greeting may be a name and password. */
static void hide_socks(struct smtp_client *c, struct smtp_item *out)
{
	struct bytes b = out->line;

	if (bytes_u8(&b) == 5)
		item_cut(c, out, 2u + bytes_u8(&b));
}

static void item_unknown(struct smtp_client *c, struct bytes word, struct smtp_item *out)
{
	bool text = !(out->marks & SMTP_LINE_NUL) && !smtp_line_binary(out->line);

	out->kind = smtp_verb_shaped(word) && text ? SMTP_ITEM_COMMAND : SMTP_ITEM_GARBAGE;
	if (c->auth_open) { /* an answer that came although the server had refused AUTH */
		out->kind = SMTP_ITEM_GARBAGE;
		item_cut(c, out, 0);
	} else {
		smtp_hidden_text(&c->hidden, out->argument, SMTP_SECRET_WORD + 1);
		hide_socks(c, out);
		item_cut(c, out, smtp_shown(out->verb, out->line));
	}
	if (out->kind == SMTP_ITEM_GARBAGE)
		out->argument = bytes_of(NULL, 0);
}

static void item_chunk(struct smtp_client *c, struct smtp_item *out)
{
	uint64_t size;
	bool last;

	if (!smtp_chunk_read(out->argument, &size, &last)) {
		out->kind = SMTP_ITEM_GARBAGE;
		return;
	}
	smtp_body_chunk(&c->scan, size, last);
	c->chunk = true;
}

/* Exchange sends data about a message this way, counted as with BDAT: binary, and no dialogue. */
static void item_blob(struct smtp_client *c, struct smtp_item *out)
{
	struct bytes rest = out->argument;
	uint64_t size;

	for (struct bytes word = smtp_word(&rest); bytes_left(&word); word = smtp_word(&rest)) {
		if (!smtp_number(word, false, &size))
			continue;
		smtp_body_chunk(&c->scan, size, false);
		c->chunk = true;
		return;
	}
}

/* Verbs that name a mailbox. */
static void item_mailbox(struct smtp_client *c, struct smtp_item *out)
{
	struct bytes name = out->argument;

	switch (out->verb) {
	case SMTP_VERB_MAIL:
	case SMTP_VERB_SEND:
	case SMTP_VERB_SOML:
	case SMTP_VERB_SAML:
		smtp_path_read(out->argument, "FROM", &out->path);
		name = out->path.address;
		break;
	case SMTP_VERB_RCPT:
		smtp_path_read(out->argument, "TO", &out->path);
		name = out->path.address;
		break;
	case SMTP_VERB_VRFY:
	case SMTP_VERB_EXPN:
		break;
	default:
		return;
	}
	smtp_hidden_name(&c->hidden, name);
}

/* Verbs that say how many bytes follow that are no lines. */
static void item_count(struct smtp_client *c, struct smtp_item *out)
{
	struct bytes rest = out->argument;

	c->blob = false;
	switch (out->verb) {
	case SMTP_VERB_BDAT:
		item_chunk(c, out);
		break;
	case SMTP_VERB_XBDATBLOB:
		item_blob(c, out);
		break;
	case SMTP_VERB_XEXCH50:
		c->blob = smtp_number(smtp_word(&rest), false, &c->blob_size);
		break;
	default:
		break;
	}
}

static void item_command(struct smtp_client *c, struct smtp_item *out)
{
	out->kind = SMTP_ITEM_COMMAND;
	c->body_over &= out->verb != SMTP_VERB_DATA && out->verb != SMTP_VERB_XEXCH50;
	item_count(c, out);
	if (out->verb == SMTP_VERB_AUTH || out->verb == SMTP_VERB_X_EXPS) {
		item_auth(c, out);
		return;
	}
	item_mailbox(c, out);
	item_cut(c, out, smtp_shown(out->verb, out->line));
}

/* Only a sound command ends the doubt; what else comes may be text of a message, or a secret. */
static bool stays_in_doubt(struct smtp_client *c, struct bytes line, bool sound,
			   struct smtp_item *out)
{
	if (sound && !(out->marks & (SMTP_LINE_TOO_LONG | SMTP_LINE_NUL))) {
		c->doubt = false;
		return false;
	}
	if (bytes_left(&line) <= SECRET_LINE)
		smtp_hidden_payload(&c->hidden, line, &out->auth);
	return true;
}

bool smtp_client_line(struct smtp_client *c, struct bytes line, unsigned marks,
		      struct smtp_item *out)
{
	out->line = line;
	out->marks = marks;
	struct bytes rest = line;
	bool junk = smtp_skip_junk(&rest);
	struct bytes word = smtp_word(&rest);
	out->verb = smtp_verb_of(word);
	out->argument = bytes_trim(rest);
	bool sure = smtp_verb_sound(out->verb, out->argument);

	/* The fixed front of a PROXY protocol version 2 header has NUL CR LF "QUIT" LF in it. */
	if (c->nul_line && out->verb == SMTP_VERB_QUIT && (marks & SMTP_LINE_BARE_LF))
		out->verb = SMTP_VERB_PROXY;
	c->nul_line = bytes_left(&line) == 1 && bytes_peek(&line, 0) == 0;
	if (c->doubt) {
		if (stays_in_doubt(c, line, sure && !junk, out))
			return false;
	} else if (c->expect == SMTP_EXPECT_AUTH ||
		   (c->expect == SMTP_EXPECT_AUTH_MAYBE && !sure)) {
		memset(out, 0, sizeof(*out));
		out->marks = marks;
		item_answer(c, line, out);
		return true;
	}
	if (out->verb == SMTP_VERB_UNKNOWN) {
		item_unknown(c, word, out);
		return true;
	}
	if (junk)
		out->marks |= SMTP_LINE_LEADING_JUNK;
	if (sure) {
		c->auth_open = false;
		c->auth_over = true;
		c->expect = SMTP_EXPECT_COMMAND;
	}
	item_command(c, out);
	return true;
}
