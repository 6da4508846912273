/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fields of payloads and attributes that are hidden. See hidden.h.
 */
#include "smtp/hidden.h"

#include "smtp/auth.h"
#include "smtp/verbs.h"

static void remember(struct smtp_hidden *h, struct bytes secret)
{
	smtp_secrets_add(&h->secrets, h->key, secret);
}

/* What a payload in the wrong place decodes to, field by field. */
static void remember_fields(struct smtp_hidden *h, struct bytes payload)
{
	uint8_t front[SMTP_AUTH_FRONT];
	size_t total, from = 0;
	bool bad;
	size_t n = smtp_base64(payload, front, sizeof(front), &total, &bad);

	for (size_t i = 0; i <= n; i++) {
		if (i < n && front[i] > 1)
			continue;
		remember(h, bytes_of(&front[from], i - from));
		from = i + 1;
	}
	explicit_bzero(front, sizeof(front));
}

void smtp_hidden_text(struct smtp_hidden *h, struct bytes text, size_t least)
{
	remember(h, text);
	for (;;) {
		struct bytes word = smtp_word(&text);
		if (bytes_left(&word) == 0)
			return;
		if (bytes_left(&word) < least)
			continue;
		remember(h, word);
		if (smtp_auth_secret_like(word))
			remember_fields(h, word);
	}
}

void smtp_hidden_name(struct smtp_hidden *h, struct bytes address)
{
	ptrdiff_t at = bytes_find(&address, '@');
	if (at >= 0)
		address = bytes_upto(&address, (size_t)at);
	if (h->hide_names)
		smtp_secrets_add(&h->names, h->key, address);
}

/* The name may be shown, everything else not. */
static void field_of_payload(struct smtp_hidden *h, struct bytes field, struct smtp_auth *a)
{
	struct bytes name = bytes_of(a->user, strlen(a->user)), value = field;
	ptrdiff_t equal = bytes_find(&field, '=');

	if (a->mech == SMTP_MECH_LOGIN && a->has_password && h->user_print &&
	    smtp_secret_print(h->key, field) == h->user_print)
		a->user_is_secret = true;
	if (equal > 0)
		bytes_take(&value, (size_t)equal + 1);
	bool names = bytes_starts(&field, "user=", 5) || bytes_starts(&field, "a=", 2);
	if (a->has_user && (bytes_equal(field, name) || (names && bytes_equal(value, name))))
		return;
	remember(h, field);
	remember(h, value);
}

/* Fields end at NUL and ^A; where names and proofs stand side by side also at blank and comma. */
static bool ends_field(enum smtp_mech mech, uint8_t c)
{
	bool one_field = mech == SMTP_MECH_LOGIN || mech == SMTP_MECH_PLAIN;
	return c <= 1 || (!one_field && (c == ' ' || c == ','));
}

void smtp_hidden_payload(struct smtp_hidden *h, struct bytes payload, struct smtp_auth *a)
{
	uint8_t front[SMTP_AUTH_FRONT];
	size_t total, from = 0;
	bool bad;
	struct bytes name = bytes_of(a->user, strlen(a->user));

	remember(h, payload);
	smtp_hidden_name(h, name);
	size_t n = smtp_base64(payload, front, sizeof(front), &total, &bad);
	if (!bad && a->mech == SMTP_MECH_LOGIN && a->has_user)
		h->user_print = smtp_secret_print(h->key, bytes_of(front, n));
	/* Without its padding a server may have taken it all the same. */
	bool read = !bad || smtp_auth_unpadded(payload);
	for (size_t i = 0; read && i <= n; i++) {
		if (i < n && !ends_field(a->mech, front[i]))
			continue;
		field_of_payload(h, bytes_of(&front[from], i - from), a);
		from = i + 1;
	}
	explicit_bzero(front, sizeof(front));
}

size_t smtp_hidden_from(struct bytes line)
{
	static const char *const shown[] = { "NAME",	     "ADDR",	    "PORT",	"PROTO",
					     "HELO",	     "DESTADDR",    "DESTPORT", "IDENT",
					     "REVERSE_NAME", "SOURCE",	    "SID",	"IP",
					     "DOMAIN",	     "CAPABILITIES" };
	size_t all = bytes_left(&line);

	smtp_word(&line);
	for (;;) {
		size_t before = all - bytes_left(&line);
		struct bytes word = smtp_word(&line), value = word;
		if (bytes_left(&word) == 0)
			return all;
		ptrdiff_t equal = bytes_find(&word, '=');
		struct bytes name = bytes_upto(&value, equal > 0 ? (size_t)equal : 0);
		bool known = false;
		for (size_t i = 0; i < G_N_ELEMENTS(shown); i++)
			known |= bytes_is(&name, shown[i]);
		if (known)
			continue;
		/* The name may stay where it is one that is known to carry a secret. */
		if (!bytes_is(&name, "LOGIN") && !bytes_is(&name, "PASSWORD") &&
		    !bytes_is(&name, "TOKEN"))
			return before;
		return all - bytes_left(&line) - bytes_left(&value) + 1;
	}
}

/* Must the line stop after this word? Words of other protocols that are followed by a secret. */
static bool cut_after(struct bytes word)
{
	static const char *const words[] = {
		"PASS",		  /* POP3, FTP */
		"APOP",		  /* POP3 */
		"LOGIN",	  /* IMAP, after a tag */
		"Authorization:", /* HTTP, with the next two */
		"Proxy-Authorization:",
		"Cookie:",
	};

	for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
		if (bytes_is(&word, words[i]))
			return true;
	}
	return bytes_starts(&word, "AUTH", 4); /* AUTHENTICATE, AUTH=PLAIN, AUTHPLAIN */
}

size_t smtp_hidden_secret(struct bytes line)
{
	size_t all = bytes_left(&line), keep = smtp_auth_find_secret(line);

	smtp_skip_junk(&line);
	while (bytes_left(&line)) {
		struct bytes word = smtp_word(&line);
		if (cut_after(word))
			return MIN(keep, all - bytes_left(&line));
	}
	return keep;
}

bool smtp_hidden_asked(struct bytes text)
{
	static const char *const words[] = { "pass", "pwd", "kennwort", "contrase", "senha" };
	char front[96];
	size_t total;
	bool bad, asked = false;
	struct bytes word = bytes_trim(text);
	size_t n = smtp_base64(word, (uint8_t *)front, sizeof(front) - 1, &total, &bad);

	if (bad) {
		word = bytes_upto(&word, sizeof(front) - 1);
		n = bytes_left(&word);
		if (n)
			memcpy(front, word.at, n);
	}
	for (size_t i = 0; i < n; i++) /* NUL ends some servers' prompts */
		front[i] = front[i] ? g_ascii_tolower(front[i]) : ' ';
	front[n] = '\0';
	for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
		asked |= strstr(front, words[i]) != NULL;
	return asked;
}
