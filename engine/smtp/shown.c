/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What of a command line may be shown. See shown.h for the contract.
 */
#include "smtp/shown.h"

#include "smtp/auth.h"
#include "smtp/hidden.h"
#include "smtp/verbs.h"

/* How far the view `part` of the line reaches from its front, `part` left out. */
static size_t before(const struct bytes *line, const struct bytes *part)
{
	return (size_t)(part->at - line->at);
}

/* "AUTH LOGIN": the mechanism stays when it is one. */
static size_t shown_auth(struct bytes line)
{
	struct bytes rest = line;

	smtp_skip_junk(&rest);
	smtp_word(&rest);
	size_t verb = before(&line, &rest);
	struct bytes mech = smtp_word(&rest);
	return smtp_mech_registered(mech) ? before(&line, &rest) : verb;
}

/* EHLO has one name. What else stands there may be anything; a payload is none of the names that
 * devices have. */
static size_t shown_name(struct bytes line)
{
	struct bytes rest = line;

	smtp_skip_junk(&rest);
	smtp_word(&rest);
	smtp_word(&rest);
	return before(&line, &rest) + smtp_auth_find_secret(rest);
}

static bool known_param(struct bytes name)
{
	static const char *const words[] = {
#define PARAM(keyword, source) keyword,
#include "smtp/params.def"
#undef PARAM
	};

	for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
		if (bytes_is(&name, words[i]))
			return true;
	}
	return false;
}

/* A keyword of letters and hyphens says what was tried; with a digit it could be a password. */
static bool plain_keyword(struct bytes name)
{
	bool any = false;

	while (bytes_left(&name)) {
		uint8_t c = bytes_u8(&name);
		if (!g_ascii_isupper(c) && c != '-')
			return false;
		any = true;
	}
	return any;
}

/* The value of AUTH= is an address or <> (RFC 4954 5); a payload there is a mistake. */
static bool sound_auth_value(struct bytes value)
{
	return bytes_is(&value, "<>") || bytes_find(&value, '@') > 0;
}

/* Bytes of the parameters up to the first whose value is not known to be harmless. */
static size_t shown_params(struct bytes params)
{
	struct bytes rest = params;

	for (;;) {
		size_t sofar = before(&params, &rest);
		struct bytes word = smtp_word(&rest), value = word;
		if (bytes_left(&word) == 0)
			return bytes_left(&params);
		ptrdiff_t equal = bytes_find(&word, '=');
		size_t n = equal >= 0 ? (size_t)equal : bytes_left(&word);
		struct bytes name = bytes_upto(&value, n);
		bytes_upto(&value, 1);
		if (known_param(name) || (bytes_is(&name, "AUTH") && sound_auth_value(value)))
			continue;
		if (equal < 0 || (!plain_keyword(name) && !bytes_is(&name, "AUTH")))
			return sofar;
		return before(&params, &value);
	}
}

/* Behind the domain nothing belongs to an address, "user@host:password" least of all. */
static size_t shown_address(struct bytes address)
{
	ptrdiff_t at = -1;
	size_t n = bytes_left(&address);
	bool literal = false;

	for (size_t i = 0; i < n; i++) {
		uint8_t c = bytes_peek(&address, i);
		if (c == '@')
			at = (ptrdiff_t)i;
		if (c == '[' || c == ']')
			literal = c == '[';
		if (at >= 0 && c == ':' && !literal)
			return i;
	}
	return n;
}

/* MAIL and RCPT: the path, and of the parameters those that are known. What is no path is text, of
 * which a word may be a payload. */
static size_t shown_path(struct bytes line, const char *keyword)
{
	struct bytes rest = line;
	struct smtp_path path;

	smtp_skip_junk(&rest);
	smtp_word(&rest);
	smtp_path_read(bytes_trim(rest), keyword, &path);
	if (!path.address.at)
		return before(&line, &rest) + smtp_auth_find_secret(rest);
	size_t n = shown_address(path.address);
	if (n < bytes_left(&path.address))
		return before(&line, &path.address) + n;
	if (bytes_left(&path.params) == 0)
		return bytes_left(&line);
	return before(&line, &path.params) + shown_params(path.params);
}

static size_t shown_verb(struct bytes line)
{
	struct bytes rest = line;

	smtp_skip_junk(&rest);
	smtp_word(&rest);
	return before(&line, &rest);
}

size_t smtp_shown_other(struct bytes line)
{
	return smtp_hidden_secret(line);
}

static size_t shown_of(enum smtp_verb v, struct bytes line)
{
	switch (v) {
	case SMTP_VERB_AUTH:
	case SMTP_VERB_X_EXPS:
		return shown_auth(line);
	case SMTP_VERB_HELO:
	case SMTP_VERB_EHLO:
		return shown_name(line);
	case SMTP_VERB_MAIL:
	case SMTP_VERB_SEND:
	case SMTP_VERB_SOML:
	case SMTP_VERB_SAML:
		return shown_path(line, "FROM");
	case SMTP_VERB_RCPT:
		return shown_path(line, "TO");
	case SMTP_VERB_NOOP: /* what stands behind these is for nobody */
	case SMTP_VERB_HELP:
	case SMTP_VERB_BURL: /* RFC 4467: grants access to a mailbox */
		return shown_verb(line);
	case SMTP_VERB_XCLIENT:
	case SMTP_VERB_XFORWARD:
	case SMTP_VERB_XPROXY:
	case SMTP_VERB_XPROXYFROM:
	case SMTP_VERB_XPROXYTO:
	case SMTP_VERB_XSESSIONPARAMS:
		return MIN(smtp_hidden_from(line), smtp_hidden_secret(line));
	case SMTP_VERB_VRFY: /* names and addresses, in which a long word is no secret */
	case SMTP_VERB_EXPN:
	case SMTP_VERB_ETRN:
	case SMTP_VERB_ATRN:
	case SMTP_VERB_BDAT:
	case SMTP_VERB_PROXY:
		return bytes_left(&line);
	default:
		return smtp_shown_other(line);
	}
}

size_t smtp_shown(enum smtp_verb v, struct bytes line)
{
	/* A CR inside ends a line for some servers and not for us (RFC 5321 2.3.8). */
	ptrdiff_t cr = bytes_find(&line, '\r');

	return shown_of(v, cr >= 0 ? bytes_upto(&line, (size_t)cr) : line);
}
