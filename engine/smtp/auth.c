/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shapes of AUTH payloads. See auth.h for the contract. A user name is given only when the
 * payload has exactly the form of its mechanism: a password in the wrong place must not be taken
 * for a name. Decoded bytes live in one buffer on the stack of smtp_auth_look, wiped at its end.
 */
#include "smtp/auth.h"

static const struct {
	const char *word;
	enum smtp_mech mech;
} mechs[] = {
#define MECH(word, mech) { word, SMTP_MECH_##mech },
#include "smtp/mechs.def"
#undef MECH
};

const char *smtp_mech_name(enum smtp_mech m)
{
	if (m == SMTP_MECH_SCRAM)
		return "SCRAM"; /* whichever hash it has */
	for (size_t i = 0; i < G_N_ELEMENTS(mechs) && m != SMTP_MECH_OTHER; i++) {
		if (mechs[i].mech == m)
			return mechs[i].word;
	}
	return m == SMTP_MECH_NONE ? "none" : "other";
}

enum smtp_mech smtp_mech_of(struct bytes word)
{
	if (bytes_left(&word) == 0)
		return SMTP_MECH_NONE;
	for (size_t i = 0; i < G_N_ELEMENTS(mechs); i++) {
		if (bytes_is(&word, mechs[i].word))
			return mechs[i].mech;
	}
	return SMTP_MECH_OTHER;
}

bool smtp_mech_registered(struct bytes word)
{
	for (size_t i = 0; i < G_N_ELEMENTS(mechs); i++) {
		if (bytes_is(&word, mechs[i].word))
			return true;
	}
	return false;
}

int smtp_base64_value(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

size_t smtp_base64(struct bytes text, uint8_t *out, size_t room, size_t *total, bool *bad)
{
	size_t n = bytes_left(&text), got = 0, pad = 0;
	uint32_t bits = 0;
	unsigned have = 0;

	*bad = n % 4 != 0;
	*total = 0;
	while (bytes_left(&text)) {
		uint8_t c = bytes_u8(&text);
		if (c == '=') {
			pad++;
			continue;
		}
		int v = smtp_base64_value(c);
		if (v < 0 || pad) {
			*bad = true;
			break;
		}
		bits = (bits << 6 | (uint32_t)v) & 0xffffffu;
		have += 6;
		if (have < 8)
			continue;
		have -= 8;
		if (got < room)
			out[got++] = (uint8_t)(bits >> have);
		(*total)++;
	}
	if (pad > 2)
		*bad = true;
	explicit_bzero(&bits, sizeof(bits));
	return got;
}

/* Copy a user name that is clean UTF-8 without control bytes; cut at a character's border. */
static void auth_name(struct smtp_auth *a, struct bytes name)
{
	size_t n = bytes_left(&name);

	if (n == 0 || !g_utf8_validate((const char *)name.at, (gssize)n, NULL))
		return;
	struct bytes look = name;
	while (bytes_left(&look)) {
		uint8_t c = bytes_u8(&look);
		if (c < 0x20 || c == 0x7f)
			return;
	}
	if (n > sizeof(a->user) - 1) {
		n = sizeof(a->user) - 1;
		while (n > 0 && (bytes_peek(&name, n) & 0xc0) == 0x80)
			n--;
	}
	memcpy(a->user, name.at, n);
	a->user[n] = '\0';
	a->has_user = true;
}

/* Cut the front up to byte c off; false, and nothing taken, when c is not there. */
static bool auth_cut(struct bytes *b, uint8_t c, struct bytes *front)
{
	ptrdiff_t at = bytes_find(b, c);

	if (at < 0)
		return false;
	*front = bytes_take(b, (size_t)at);
	bytes_take(b, 1);
	return true;
}

/* RFC 4616: authzid NUL authcid NUL passwd. */
static void auth_plain(struct smtp_auth *a, struct bytes b)
{
	struct bytes authzid, authcid;

	if (!auth_cut(&b, 0, &authzid))
		return;
	if (!auth_cut(&b, 0, &authcid)) {
		a->has_password = true; /* name NUL password: some devices do it, no name is sure */
		return;
	}
	a->has_password = bytes_left(&b) > 0;
	if (bytes_find(&b, 0) < 0 && !bytes_equal(b, authcid))
		auth_name(a, authcid);
}

/* Does a key "auth=" begin one of the ^A separated fields, with a value? (RFC 7628 3.1) */
static bool auth_bearer(struct bytes b)
{
	struct bytes field;

	while (bytes_left(&b)) {
		if (!auth_cut(&b, 1, &field))
			field = bytes_upto(&b, SIZE_MAX);
		if (bytes_starts(&field, "auth=", 5) && bytes_left(&field) > strlen("auth=Bearer "))
			return true;
	}
	return false;
}

/* user=... ^A auth=Bearer ... ^A ^A. Without the ^A the token would become part of the name. */
static void auth_xoauth2(struct smtp_auth *a, struct bytes b)
{
	struct bytes field;

	a->has_password = auth_bearer(b);
	if (!auth_cut(&b, 1, &field) || !bytes_starts(&field, "user=", 5))
		return;
	bytes_take(&field, 5);
	if (bytes_find(&field, ' ') < 0 && a->has_password)
		auth_name(a, field);
}

/* n,a=user@host,^Ahost=...^Aauth=Bearer ...^A^A (RFC 7628 3.1, RFC 5801 4 for the header). */
static void auth_oauthbearer(struct smtp_auth *a, struct bytes b)
{
	struct bytes head, flag, name;

	a->has_password = auth_bearer(b);
	if (!a->has_password || !auth_cut(&b, 1, &head))
		return;
	if (!auth_cut(&head, ',', &flag) || !auth_cut(&head, ',', &name))
		return;
	if (bytes_starts(&name, "a=", 2) && bytes_find(&name, ' ') < 0) {
		bytes_take(&name, 2);
		auth_name(a, name);
	}
}

/* RFC 2195: name, blank, 32 hexadecimal digits. */
static void auth_cram(struct smtp_auth *a, struct bytes b)
{
	size_t n = bytes_left(&b);

	if (n < 34)
		return;
	struct bytes name = bytes_take(&b, n - 33);
	if (bytes_u8(&b) != ' ')
		return;
	while (bytes_left(&b)) {
		if (!g_ascii_isxdigit(bytes_u8(&b)))
			return;
	}
	a->has_hash = true;
	auth_name(a, name);
}

/* MS-NLMP 2.2.1.3: AUTHENTICATE_MESSAGE is type 3. */
static void auth_ntlm(struct smtp_auth *a, struct bytes b)
{
	static const uint8_t type3[] = { 'N', 'T', 'L', 'M', 'S', 'S', 'P', 0, 3, 0, 0, 0 };
	struct bytes front = bytes_upto(&b, sizeof(type3));

	a->has_hash = bytes_equal(front, bytes_of(type3, sizeof(type3)));
}

/* Is there a field `key` in a comma list? SCRAM's proof is p= (RFC 5802 7). */
static bool auth_has_field(struct bytes b, const char *key)
{
	struct bytes field;

	while (bytes_left(&b)) {
		if (!auth_cut(&b, ',', &field))
			field = bytes_upto(&b, SIZE_MAX);
		if (bytes_starts(&field, key, strlen(key)))
			return true;
	}
	return false;
}

static void auth_shape(struct smtp_auth *a, struct bytes b, bool may_name)
{
	switch (a->mech) {
	case SMTP_MECH_PLAIN:
		auth_plain(a, b);
		break;
	case SMTP_MECH_LOGIN:
		if (may_name && a->step == 0)
			auth_name(a, b);
		else
			a->has_password = a->step > 0;
		break;
	case SMTP_MECH_XOAUTH2:
		auth_xoauth2(a, b);
		break;
	case SMTP_MECH_OAUTHBEARER:
		auth_oauthbearer(a, b);
		break;
	case SMTP_MECH_CRAM_MD5:
		auth_cram(a, b);
		break;
	case SMTP_MECH_NTLM:
		auth_ntlm(a, b);
		break;
	case SMTP_MECH_SCRAM:
		a->has_hash = bytes_starts(&b, "c=", 2) && auth_has_field(b, "p=");
		break;
	case SMTP_MECH_DIGEST_MD5:
		a->has_hash = auth_has_field(b, "response=");
		break;
	case SMTP_MECH_NONE:
	case SMTP_MECH_GSSAPI:
	case SMTP_MECH_EXTERNAL:
	case SMTP_MECH_OTHER:
		break;
	}
}

bool smtp_auth_unpadded(struct bytes b)
{
	size_t n = bytes_left(&b);

	while (bytes_left(&b)) {
		if (smtp_base64_value(bytes_u8(&b)) < 0)
			return false;
	}
	return n % 4 == 2 || n % 4 == 3;
}

/* Printable and without blanks: no command that came where an answer was wanted. */
static bool one_word(struct bytes b)
{
	while (bytes_left(&b)) {
		uint8_t c = bytes_u8(&b);
		if (c <= ' ' || c == 0x7f)
			return false;
	}
	return true;
}

void smtp_auth_look(struct smtp_auth *a, struct bytes payload, bool may_name)
{
	uint8_t front[SMTP_AUTH_FRONT];
	size_t total;

	if (bytes_is(&payload, "*") && !a->initial) {
		a->cancel = true;
		return;
	}
	if (bytes_left(&payload) == 0 || bytes_is(&payload, "=")) {
		a->empty = true;
		return;
	}
	size_t n = smtp_base64(payload, front, sizeof(front), &total, &a->bad_base64);
	if (!a->bad_base64 || smtp_auth_unpadded(payload))
		auth_shape(a, bytes_of(front, n), may_name && !a->bad_base64);
	else if (a->mech == SMTP_MECH_LOGIN && a->step > 0 && one_word(payload))
		a->has_password = true; /* sent as it is, without base64 */
	explicit_bzero(front, sizeof(front));
}

bool smtp_auth_secret_like(struct bytes word)
{
	size_t n = bytes_left(&word), pad = 0;
	bool upper = false, lower = false, same = true;
	uint8_t first = bytes_peek(&word, 0);

	if (n < 4)
		return false;
	for (size_t i = 0; i < n; i++) {
		uint8_t c = bytes_peek(&word, i);
		if (c == '=') {
			pad++;
			continue;
		}
		if (smtp_base64_value(c) < 0 || pad)
			return false;
		/* The capital of "Hello" says nothing. */
		upper |= i > 0 && g_ascii_isupper(c);
		lower |= g_ascii_islower(c);
		same &= c == first;
	}
	if (pad > 2 || pad == n)
		return false;
	if (same && pad == 0) /* XXXXXXXX: a middlebox's mask, not a secret */
		return false;
	return n >= 16 || (n % 4 == 0 && (pad > 0 || (n >= 8 && upper && lower)));
}

/* Length of the run at the front: letters of base64, then its padding. The '=' of key=value is a
 * border and no padding. */
static size_t auth_run(struct bytes b)
{
	size_t n = 0, pad = 0;

	while (n < bytes_left(&b) && smtp_base64_value(bytes_peek(&b, n)) >= 0)
		n++;
	while (pad < 2 && n > 0 && n + pad < bytes_left(&b) && bytes_peek(&b, n + pad) == '=')
		pad++;
	return n + pad < bytes_left(&b) && smtp_base64_value(bytes_peek(&b, n + pad)) >= 0
		       ? n
		       : n + pad;
}

size_t smtp_auth_find_secret(struct bytes text)
{
	size_t all = bytes_left(&text);

	while (bytes_left(&text)) {
		size_t n = auth_run(text), at = all - bytes_left(&text);
		struct bytes run = bytes_take(&text, n ? n : 1);
		if (n && smtp_auth_secret_like(run))
			return at;
	}
	return all;
}
