/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decoder of what an SMTP client sends: commands, answers of an AUTH dialogue, ends of bodies.
 * See smtp.h for the contract. Decides what a line is, and blanks what may be a secret before an
 * item leaves: after AUTH every line that is not surely a command counts as one. After lost bytes
 * the decoder is in doubt and drops lines until one is surely a command.
 */
#include "caps.h"
#include "smtp_auth.h"
#include "smtp_body.h"
#include "smtp_hidden.h"
#include "smtp_line.h"
#include "smtp_verbs.h"

#define SECRET_WORD 4u	/* shorter words of a hidden text say nothing */
#define SECRET_LINE 64u /* a dropped line up to this length may be a password */

struct smtp_client {
	struct smtp_line line;
	struct smtp_body_scan scan;
	enum smtp_expect expect;
	bool chunk;	     /* a counted body is being skipped, whatever `expect` says */
	bool doubt;	     /* bytes were lost: not known whether a line begins here */
	bool bad;	     /* STEP_BAD was said */
	enum smtp_mech mech; /* of the AUTH dialogue */
	unsigned step;	     /* answers seen in it */
	bool auth_open;	     /* AUTH came and no sure command since: odd lines may be answers */
	bool auth_sure;	     /* `step` is right: nothing was lost since AUTH */
	bool auth_over;	     /* a sure command came since AUTH */
	unsigned answers;    /* lines sent as answers since AUTH, the initial response left out */
	unsigned challenges; /* times that 334 was told since AUTH */
	bool body_over;	     /* the body of the last DATA has ended already */
	bool nul_line;	     /* the line before was a lone NUL */
	bool blob;	     /* the last command was XEXCH50 */
	uint64_t blob_size;  /* its binary data, sent after 354 */
	bool asks_password;  /* the last 334 of LOGIN asked for the password */
	struct smtp_hidden hidden; /* survives a reset */
};

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
	out->initial = bytes_left(&initial) >= SECRET_WORD;
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

/* Show only the first `keep` bytes of the line, and of the argument what lies in them. */
static void item_cut(struct smtp_client *c, struct smtp_item *out, size_t keep)
{
	struct bytes hidden = out->line;
	bytes_take(&hidden, MIN(keep, bytes_left(&hidden)));
	smtp_hidden_text(&c->hidden, hidden, SECRET_WORD);
	smtp_line_wipe(&c->line, keep);
	out->line = bytes_upto(&out->line, keep);
	struct bytes rest = out->line;
	smtp_skip_junk(&rest);
	smtp_word(&rest);
	out->argument = bytes_trim(rest);
}

/* AUTH mechanism [initial-response] (RFC 4954 4). */
static void item_auth(struct smtp_client *c, struct smtp_item *out)
{
	struct bytes rest = out->line;
	size_t all = bytes_left(&rest);

	smtp_skip_junk(&rest);
	smtp_word(&rest);
	size_t keep = all - bytes_left(&rest);
	struct bytes mech = smtp_word(&rest);
	if (smtp_mech_showable(mech))
		keep = all - bytes_left(&rest);
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
	item_cut(c, out, keep);
	c->step = out->auth.initial ? 1 : 0;
	c->auth_open = true;
	c->auth_sure = true;
	c->auth_over = false;
	c->answers = 0;
	c->challenges = 0;
	c->expect = SMTP_EXPECT_AUTH_MAYBE;
}

/* Cut the line before what looks like a payload and after a word that announces one. */
static void item_hide(struct smtp_client *c, struct smtp_item *out)
{
	size_t keep = smtp_hidden_secret(out->line);

	if (keep < bytes_left(&out->line))
		item_cut(c, out, keep);
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
		smtp_hidden_text(&c->hidden, out->argument, SECRET_WORD + 1);
		hide_socks(c, out);
		item_hide(c, out);
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

/* Verbs whose argument tells what is nobody's business. */
static void item_discreet(struct smtp_client *c, struct smtp_item *out)
{
	switch (out->verb) {
	case SMTP_VERB_XCLIENT:
	case SMTP_VERB_XFORWARD:
	case SMTP_VERB_XPROXY:
	case SMTP_VERB_XPROXYFROM:
	case SMTP_VERB_XPROXYTO:
	case SMTP_VERB_XSESSIONPARAMS:
		item_cut(c, out, smtp_hidden_from(out->line));
		break;
	case SMTP_VERB_BURL: /* RFC 4467: ";URLAUTH=" grants access to the mailbox */
		if (bytes_find(&out->line, ';') >= 0)
			item_cut(c, out, (size_t)bytes_find(&out->line, ';'));
		break;
	default:
		break;
	}
	if (!smtp_hidden_no_secret(out->verb))
		item_hide(c, out);
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
	item_discreet(c, out);
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

/* What is this line? False: it is dropped. */
static bool client_line(struct smtp_client *c, struct bytes line, unsigned marks,
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
		if (client_line(c, line, marks, out))
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
