/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decoder of what an SMTP client sends: commands, answers of an AUTH dialogue, ends of bodies.
 * See smtp.h for the contract. What a line is, and what of it is blanked, is decided in
 * client_line.c. After lost bytes the decoder is in doubt and drops lines until one is surely
 * a command.
 */
#include "smtp/client_state.h"

struct smtp_client *smtp_client_new(void)
{
	return g_new0(struct smtp_client, 1);
}

void smtp_client_reset(struct smtp_client *c)
{
	struct smtp_hidden hidden = c->hidden;

	smtp_line_drop(&c->line);
	memset(c, 0, sizeof(*c));
	c->hidden = hidden;
}

void smtp_client_free(struct smtp_client *c)
{
	if (c == NULL)
		return;
	smtp_client_reset(c);
	smtp_secrets_free(c->hidden.secrets);
	smtp_secrets_free(c->hidden.names);
	g_free(c);
}

void smtp_client_set_key(struct smtp_client *c, uint64_t key, bool hide_names)
{
	c->hidden.key = key;
	c->hidden.hide_names = hide_names;
}

const struct smtp_secrets *smtp_client_secrets(const struct smtp_client *c)
{
	return c ? c->hidden.secrets : NULL;
}

size_t smtp_client_pending(const struct smtp_client *c)
{
	return (size_t)smtp_line_pending(&c->line);
}

struct bytes smtp_client_carry(const struct smtp_client *c)
{
	return smtp_line_front(&c->line);
}

struct smtp_body smtp_client_body(const struct smtp_client *c)
{
	return c->scan.body;
}

size_t smtp_client_kept(const struct smtp_client *c)
{
	return sizeof(*c) + c->line.size + smtp_secrets_kept(c->hidden.secrets) +
	       smtp_secrets_kept(c->hidden.names);
}

enum smtp_expect smtp_client_expecting(const struct smtp_client *c)
{
	return c->expect;
}

const struct smtp_secrets *smtp_client_names(const struct smtp_client *c)
{
	return c ? c->hidden.names : NULL;
}

static bool in_data(const struct smtp_client *c)
{
	return c->expect == SMTP_EXPECT_DATA || c->expect == SMTP_EXPECT_DATA_MAYBE;
}

/* A body begins, and its front may already wait as a started line. */
static void client_begin_body(struct smtp_client *c)
{
	struct bytes front = smtp_line_front(&c->line);
	uint64_t lost = smtp_line_pending(&c->line) - bytes_left(&front);

	if (c->blob)
		smtp_body_chunk(&c->scan, c->blob_size, false);
	else
		smtp_body_data(&c->scan);
	c->chunk = c->blob;
	c->blob = false;
	if (c->doubt && !c->chunk)
		smtp_body_gap(&c->scan, 0);
	smtp_body_next(&c->scan, &front);
	if (bytes_left(&front)) /* XEXCH50 data was shorter than the started line */
		c->doubt = true;
	/* Over CAP_LINE and without LF: the length is all that the scan needs of the rest. */
	c->scan.line += c->chunk ? 0 : lost;
	c->scan.body.bytes += c->chunk ? 0 : lost;
	if (!c->chunk && smtp_line_pending(&c->line))
		c->scan.last = c->line.last;
	smtp_line_drop(&c->line);
}

/* 334 was told. A client that did not wait for it has answered already (its lines came before the
 * reply): then what comes next is most likely a command. */
static enum smtp_expect client_challenge(struct smtp_client *c)
{
	c->challenges++;
	c->auth_open = true;
	if (c->auth_sure && (c->auth_over || c->answers >= c->challenges))
		return SMTP_EXPECT_AUTH_MAYBE;
	return SMTP_EXPECT_AUTH;
}

void smtp_client_expect(struct smtp_client *c, enum smtp_expect what)
{
	bool was = in_data(c), is = what == SMTP_EXPECT_DATA || what == SMTP_EXPECT_DATA_MAYBE;

	if (is && c->body_over) /* sent without waiting for 354, and ended before it */
		return;
	if (what == SMTP_EXPECT_AUTH)
		what = client_challenge(c);
	c->expect = what;
	if (is && !was) {
		client_begin_body(c);
		if (c->chunk)
			c->expect = SMTP_EXPECT_COMMAND;
	}
	/* Called back from a body: its end was lost, or what was skipped ended inside a line. */
	if (was && !is && (c->scan.body.gap || c->scan.line > 0))
		c->doubt = true;
	if (what == SMTP_EXPECT_AUTH_MAYBE)
		c->auth_open = true;
}

void smtp_client_prompt(struct smtp_client *c, struct bytes text)
{
	c->asks_password = smtp_hidden_asked(text);
}

void smtp_client_gap(struct smtp_client *c, uint64_t missing)
{
	c->bad = false;
	c->auth_sure = false;
	c->body_over = false;
	if (c->chunk) {
		c->doubt = smtp_body_gap(&c->scan, missing) > 0;
		return;
	}
	smtp_line_drop(&c->line);
	if (in_data(c)) {
		smtp_body_gap(&c->scan, missing);
		return;
	}
	c->doubt = true;
	c->blob = false;
	if (c->expect == SMTP_EXPECT_AUTH)
		c->expect = SMTP_EXPECT_AUTH_MAYBE;
}

bool smtp_client_in_doubt(const struct smtp_client *c)
{
	return c->doubt && !c->chunk && !in_data(c);
}

bool smtp_client_in_body(const struct smtp_client *c)
{
	return c->chunk || in_data(c);
}

bool smtp_client_cut_auth(const struct smtp_client *c, struct smtp_auth *out)
{
	struct bytes rest = smtp_line_front(&c->line);

	memset(out, 0, sizeof(*out));
	if (c->doubt || c->chunk || in_data(c) || c->expect == SMTP_EXPECT_AUTH ||
	    smtp_verb_of(smtp_word(&rest)) != SMTP_VERB_AUTH)
		return false;
	struct bytes mech = smtp_word(&rest);
	out->mech = smtp_mech_of(mech);
	struct bytes initial = bytes_trim(rest);
	out->initial = bytes_left(&initial) >= SMTP_SECRET_WORD;
	return out->initial && out->mech != SMTP_MECH_OTHER && out->mech != SMTP_MECH_NONE;
}

static void item_body(struct smtp_client *c, struct smtp_item *out)
{
	out->kind = SMTP_ITEM_BODY_END;
	out->body = c->scan.body;
	if (!c->chunk) {
		c->expect = SMTP_EXPECT_COMMAND;
		c->body_over = true;
		c->doubt = false; /* nothing else looks like an end mark: in step again */
	}
	c->chunk = false;
}

/* The line has passed CAP_LINE and its front is no text: nobody speaks SMTP here. */
static bool client_hopeless(const struct smtp_client *c, struct bytes front, bool too_long)
{
	return too_long && !c->auth_open && smtp_line_binary(front);
}

static enum step client_give_up(struct smtp_client *c, struct bytes *in)
{
	smtp_line_drop(&c->line);
	bytes_upto(in, SIZE_MAX);
	c->bad = true;
	return STEP_BAD;
}

/* Lines, until one makes an item. */
static enum step client_lines(struct smtp_client *c, struct bytes *in, struct smtp_item *out)
{
	struct bytes line;
	unsigned marks;

	for (;;) {
		enum smtp_line_tls tls = c->expect == SMTP_EXPECT_COMMAND
						 ? smtp_line_looks_tls(&c->line, *in)
						 : SMTP_LINE_TLS_NO;
		if (tls == SMTP_LINE_TLS_YES) {
			out->kind = SMTP_ITEM_TLS;
			return STEP_ITEM;
		}
		if (tls == SMTP_LINE_TLS_MAYBE) {
			smtp_line_keep(&c->line, in);
			return STEP_MORE;
		}
		if (smtp_line_next(&c->line, in, &line, &marks) == STEP_MORE) {
			struct bytes front = smtp_line_front(&c->line);
			front = bytes_upto(&front, CAP_LINE);
			if (client_hopeless(c, front, smtp_line_overrun(&c->line)))
				return client_give_up(c, in);
			return STEP_MORE;
		}
		if (client_hopeless(c, line, marks & SMTP_LINE_TOO_LONG))
			return client_give_up(c, in);
		if (smtp_client_line(c, line, marks, out))
			return STEP_ITEM;
		memset(out, 0, sizeof(*out));
	}
}

enum step smtp_client_next(struct smtp_client *c, struct bytes *in, struct smtp_item *out)
{
	memset(out, 0, sizeof(*out));
	if (c->line.given)
		smtp_line_drop(&c->line);
	if (c->bad)
		return client_give_up(c, in);
	if (!c->chunk && !in_data(c))
		return client_lines(c, in, out);
	if (!smtp_body_next(&c->scan, in))
		return STEP_MORE;
	item_body(c, out);
	return STEP_ITEM;
}
