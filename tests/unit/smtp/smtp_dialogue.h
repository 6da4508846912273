/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Help for the tests of both SMTP decoders: bytes that end at an unreadable page, items written
 * as text so that two runs can be compared, and a look for secrets in everything that an item
 * shows. Leaves it to the tests how a decoder is driven.
 */
#ifndef SMTP365_TEST_SMTP_DIALOGUE_H
#define SMTP365_TEST_SMTP_DIALOGUE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/caps.h"
#include "smtp/smtp.h"

#define DIALOGUE_ROOM (1u << 20)

/* n bytes that end right before a PROT_NONE page; valid until the next call. */
static inline struct bytes dialogue_at_wall(const void *p, size_t n)
{
	static uint8_t *room;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (room == NULL) {
		room = mmap(NULL, DIALOGUE_ROOM + page, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		assert_true(room != MAP_FAILED);
		assert_int_equal(mprotect(room + DIALOGUE_ROOM, page, PROT_NONE), 0);
	}
	assert_true(n <= DIALOGUE_ROOM);
	if (n)
		memcpy(room + DIALOGUE_ROOM - n, p, n);
	return bytes_of(room + DIALOGUE_ROOM - n, n);
}

static inline void dialogue_view(GString *out, const char *key, struct bytes b)
{
	g_string_append_printf(out, " %s=", key);
	for (const uint8_t *p = b.at; p < b.end; p++) {
		if (*p >= 0x20 && *p < 0x7f && *p != '\\')
			g_string_append_c(out, (char)*p);
		else
			g_string_append_printf(out, "\\%02x", *p);
	}
}

static inline void dialogue_auth(GString *out, const struct smtp_auth *a)
{
	g_string_append_printf(out, " auth=%s/%u%s%s%s%s%s%s", smtp_mech_name(a->mech), a->step,
			       a->initial ? ",initial" : "", a->cancel ? ",cancel" : "",
			       a->empty ? ",empty" : "", a->bad_base64 ? ",bad" : "",
			       a->has_password ? ",password" : "", a->has_hash ? ",hash" : "");
	if (a->has_user)
		g_string_append_printf(out, " user=%s", a->user);
}

/* One item as one line of text; every field that means something for its kind. */
static inline void dialogue_item(GString *out, const struct smtp_item *i)
{
	static const char *const kinds[] = {
		"COMMAND", "ANSWER", "BODY", "LINE", "GARBAGE", "TLS"
	};

	g_string_append(out, kinds[i->kind]);
	if (i->kind == SMTP_ITEM_COMMAND) {
		g_string_append_printf(out, " %s", smtp_verb_name(i->verb));
		dialogue_view(out, "argument", i->argument);
	}
	if (i->kind == SMTP_ITEM_COMMAND || i->kind == SMTP_ITEM_GARBAGE)
		dialogue_view(out, "line", i->line);
	if (i->verb == SMTP_VERB_MAIL || i->verb == SMTP_VERB_RCPT) {
		dialogue_view(out, i->path.brackets ? "path" : "bare", i->path.address);
		dialogue_view(out, "params", i->path.params);
		if (i->path.has_size)
			g_string_append_printf(out, " size=%" G_GUINT64_FORMAT, i->path.size);
	}
	if (i->kind == SMTP_ITEM_AUTH_RESPONSE || i->verb == SMTP_VERB_AUTH ||
	    i->verb == SMTP_VERB_X_EXPS)
		dialogue_auth(out, &i->auth);
	if (i->kind == SMTP_ITEM_BODY_END)
		g_string_append_printf(
			out, " bytes=%" G_GUINT64_FORMAT "%s%s lf=%u@%" G_GUINT64_FORMAT "%s%s",
			i->body.bytes, i->body.bdat ? ",bdat" : "",
			i->body.bdat_last ? ",last" : "", i->body.bare_lf, i->body.bare_lf_at,
			i->body.smuggling ? ",smuggling" : "", i->body.gap ? ",gap" : "");
	if (i->kind == SMTP_ITEM_REPLY_LINE) {
		g_string_append_printf(out, " %u%s%s", i->code,
				       i->first_line_of_reply ? ",first" : "",
				       i->last ? ",last" : "");
		dialogue_view(out, "text", i->text);
	}
	if (i->kind == SMTP_ITEM_REPLY_LINE && i->last) {
		g_string_append_printf(out, " reply=%u,%u%s", i->reply.code, i->reply.lines,
				       i->reply.mixed_codes ? ",mixed" : "");
		if (i->reply.enhanced)
			g_string_append_printf(out, " enhanced=%u.%u.%u", i->reply.klass,
					       i->reply.subject, i->reply.detail);
		dialogue_view(out, "joined", i->reply.text);
	}
	if (i->marks)
		g_string_append_printf(out, " marks=%x", i->marks);
	g_string_append_c(out, '\n');
}

/* Fails when text shows a marked secret, whole, encoded, or a piece of eight bytes of it. */
static inline void dialogue_no_secret(const char *text, const char *const *secrets)
{
	for (; *secrets != NULL; secrets++) {
		char piece[9] = "";
		size_t n = strlen(*secrets);
		for (size_t i = 0; i + 8 <= n; i++) {
			memcpy(piece, *secrets + i, 8);
			if (strstr(text, piece) != NULL)
				fail_msg("'%s' of a secret is shown in: %s", piece, text);
		}
		if (n < 8 && strstr(text, *secrets) != NULL)
			fail_msg("secret '%s' is shown in: %s", *secrets, text);
	}
}

/* Fails when a line of `text` that begins with `kind` is not a line of `whole`. */
static inline void dialogue_none_invented(const char *text, const char *whole, const char *kind)
{
	char **lines = g_strsplit(text, "\n", -1);
	char *all = g_strconcat("\n", whole, NULL);

	for (char **l = lines; *l != NULL; l++) {
		char *wanted = g_strconcat("\n", *l, "\n", NULL);
		if (g_str_has_prefix(*l, kind) && strstr(all, wanted) == NULL)
			fail_msg("invented: %s\nfrom: %s", *l, whole);
		g_free(wanted);
	}
	g_strfreev(lines);
	g_free(all);
}

#endif
