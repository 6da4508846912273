/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Certificates. GnuTLS reads them; two parts are read here from the DER that it has checked: the
 * dates (GnuTLS folds 9999 into 2106 and the years before 1970 into an error) and the SAN list
 * (whose look-up by number costs GnuTLS a walk each). Text from the wire is cleaned to printable
 * UTF-8 and cut at its field. Comparison of names follows RFC 9525; no trust decision is made.
 */
#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "base/caps.h"
#include "tls/certificate.h"

#define DER_BOOLEAN 0x01
#define DER_INTEGER 0x02
#define DER_UTC_TIME 0x17
#define DER_GENERALIZED_TIME 0x18
#define DER_SEQUENCE 0x30
#define DER_VERSION 0xa0  /* [0] EXPLICIT of TBSCertificate */
#define DER_DNS_NAME 0x82 /* [2] of GeneralName */
#define DER_ADDRESS 0x87  /* [7] of GeneralName */

static const char hex[] = "0123456789ABCDEF";

/* The next element of a DER view: its tag and its body (X.690 8.1; short and long definite form).
 */
static struct bytes der_next(struct bytes *b, uint8_t *tag)
{
	*tag = bytes_u8(b);
	size_t n = bytes_u8(b);

	if (n & 0x80) {
		struct bytes length = bytes_take(b, n & 0x7f);
		b->bad = b->bad || n == 0x80 || n > 0x84;
		for (n = 0; bytes_left(&length);)
			n = n << 8 | bytes_u8(&length);
	}
	return bytes_take(b, n);
}

/* The same when only one tag is right; another one makes the view bad. */
static struct bytes der_want(struct bytes *b, uint8_t tag)
{
	uint8_t seen;
	struct bytes body = der_next(b, &seen);

	if (seen != tag)
		b->bad = body.bad = true;
	return body;
}

/* Width in bytes of the printable UTF-8 character at the front, 0 when there is none. */
static size_t character(const char *p, size_t n)
{
	gunichar c = g_utf8_get_char_validated(p, (gssize)n);

	if (c == (gunichar)-1 || c == (gunichar)-2 || !g_unichar_isprint(c))
		return 0;
	return (size_t)g_unichar_to_utf8(c, NULL);
}

/*
 * Copy as valid UTF-8: controls, bidi marks and invalid bytes become \xNN. What does not fit is cut
 * before a character and ends in an ellipsis, so that a cut name is seen and never matches a host.
 */
static void put_clean(char *to, size_t size, struct bytes from)
{
	static const char ellipsis[] = "\xe2\x80\xa6";
	size_t at = 0, cut = 0; /* cut: the last place with room for the ellipsis */

	while (bytes_left(&from)) {
		size_t width = character((const char *)from.at, bytes_left(&from));
		if (at + sizeof(ellipsis) <= size)
			cut = at;
		if (at + (width ? width : 4) >= size) {
			memcpy(to + cut, ellipsis, sizeof(ellipsis));
			return;
		}
		if (width) {
			struct bytes c = bytes_take(&from, width);
			memcpy(to + at, c.at, width);
			at += width;
			continue;
		}
		uint8_t c = bytes_u8(&from);
		to[at++] = '\\';
		to[at++] = 'x';
		to[at++] = hex[c >> 4];
		to[at++] = hex[c & 15];
	}
	to[at] = '\0';
}

/* The whole name of subject or issuer. */
static void put_name(char *to, size_t size, gnutls_x509_crt_t crt, bool issuer)
{
	gnutls_datum_t text = { NULL, 0 };
	int failed = issuer ? gnutls_x509_crt_get_issuer_dn3(crt, &text, 0)
			    : gnutls_x509_crt_get_dn3(crt, &text, 0);

	if (failed == 0 && text.data)
		put_clean(to, size, bytes_of(text.data, text.size));
	gnutls_free(text.data);
}

/* Undo the backslashes of RFC 4514 2.4 that GnuTLS puts before , + " \\ < > ; in place. */
static size_t unescape(char *text, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (text[i] == '\\' && i + 1 < n)
			i++;
		text[kept++] = text[i];
	}
	return kept;
}

/* The first attribute `oid` of subject or issuer, as it is, without escapes. */
static void put_part(char *to, size_t size, gnutls_x509_crt_t crt, const char *oid, bool issuer)
{
	char text[2048];
	size_t n = sizeof(text);
	int failed = issuer ? gnutls_x509_crt_get_issuer_dn_by_oid(crt, oid, 0, 0, text, &n)
			    : gnutls_x509_crt_get_dn_by_oid(crt, oid, 0, 0, text, &n);

	if (failed == 0)
		put_clean(to, size, bytes_of(text, unescape(text, MIN(n, sizeof(text)))));
}

static void add_name(struct certificate *out, struct bytes name, bool address)
{
	char text[256] = "";

	out->names_in_all++;
	if (out->name_count == G_N_ELEMENTS(out->names))
		return;
	if (address) {
		size_t n = bytes_left(&name);
		if (n != 4 && n != 16) /* RFC 5280 4.2.1.6 knows no other; counted only */
			return;
		inet_ntop(n == 4 ? AF_INET : AF_INET6, name.at, text, sizeof(text));
		out->names_are_addresses |= 1u << out->name_count;
	} else {
		put_clean(text, sizeof(text), name);
	}
	out->names[out->name_count++] = g_strdup(text);
}

/* subjectAltName (RFC 5280 4.2.1.6): the kinds that name a host; others are left out. */
static void read_names(gnutls_x509_crt_t crt, struct certificate *out)
{
	gnutls_datum_t value = { NULL, 0 };
	uint8_t tag;

	if (gnutls_x509_crt_get_extension_by_oid2(crt, "2.5.29.17", 0, &value, NULL) == 0) {
		struct bytes all = bytes_of(value.data, value.size);
		struct bytes list = der_want(&all, DER_SEQUENCE);
		while (bytes_left(&list)) {
			struct bytes name = der_next(&list, &tag);
			if (!name.bad && (tag == DER_DNS_NAME || tag == DER_ADDRESS))
				add_name(out, name, tag == DER_ADDRESS);
		}
	}
	gnutls_free(value.data);
}

/* Days from 1970-01-01 to a date of the Gregorian calendar, years 0 to 9999. */
static int64_t days_to(int64_t year, unsigned month, unsigned day)
{
	static const unsigned before[12] = {
		0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334
	};
	int64_t y = year - 1;
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	int64_t days = year * 365 + (year > 0 ? y / 4 - y / 100 + y / 400 + 1 : 0);

	days += before[month - 1] + (month > 2 && leap ? 1u : 0u) + day - 1;
	return days - 719528; /* 0000-01-01 to 1970-01-01 */
}

/* Two digits off the front; a letter makes the view bad. */
static unsigned two_digits(struct bytes *b)
{
	unsigned high = bytes_u8(b) - (unsigned)'0', low = bytes_u8(b) - (unsigned)'0';

	b->bad = b->bad || high > 9 || low > 9;
	return b->bad ? 0 : high * 10 + low;
}

/* A Time (RFC 5280 4.1.2.5): YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ, nothing else. */
static int64_t read_time(struct bytes *validity)
{
	uint8_t tag;
	struct bytes b = der_next(validity, &tag);
	int64_t year = two_digits(&b);

	if (tag == DER_GENERALIZED_TIME)
		year = year * 100 + two_digits(&b);
	else
		year += year >= 50 ? 1900 : 2000;
	unsigned month = two_digits(&b), day = two_digits(&b);
	unsigned hour = two_digits(&b), minute = two_digits(&b), second = two_digits(&b);
	if (bytes_u8(&b) != 'Z' || bytes_left(&b) || b.bad || month < 1 || month > 12 || day < 1 ||
	    day > 31 || hour > 23 || minute > 59 || second > 60 ||
	    (tag != DER_UTC_TIME && tag != DER_GENERALIZED_TIME)) {
		validity->bad = true;
		return 0;
	}
	return ((days_to(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
}

/* Certificate, TBSCertificate, then past version, serial, signature and issuer (RFC 5280 4.1). */
static bool read_dates(struct bytes der, struct certificate *out)
{
	struct bytes certificate = der_want(&der, DER_SEQUENCE);
	struct bytes tbs = der_want(&certificate, DER_SEQUENCE);

	if (bytes_peek(&tbs, 0) == DER_VERSION)
		der_want(&tbs, DER_VERSION);
	der_want(&tbs, DER_INTEGER);
	der_want(&tbs, DER_SEQUENCE);
	der_want(&tbs, DER_SEQUENCE);
	struct bytes validity = der_want(&tbs, DER_SEQUENCE);
	out->not_before = read_time(&validity);
	out->not_after = read_time(&validity);
	return !tbs.bad && !validity.bad;
}

static void read_key(gnutls_x509_crt_t crt, struct certificate *out)
{
	unsigned bits = 0;
	int kind = gnutls_x509_crt_get_pk_algorithm(crt, &bits);
	const char *name = kind > 0 ? gnutls_pk_get_name((gnutls_pk_algorithm_t)kind) : NULL;

	if (kind == GNUTLS_PK_ECDSA)
		name = "ECDSA";
	else if (kind == GNUTLS_PK_EDDSA_ED25519)
		name = "Ed25519";
	else if (kind == GNUTLS_PK_EDDSA_ED448)
		name = "Ed448";
	g_strlcpy(out->key_type, name ? name : "unknown", sizeof(out->key_type));
	out->key_bits = kind > 0 ? bits : 0;
}

static void read_signature(gnutls_x509_crt_t crt, struct certificate *out)
{
	int kind = gnutls_x509_crt_get_signature_algorithm(crt);
	const char *name = kind > 0 ? gnutls_sign_get_name((gnutls_sign_algorithm_t)kind) : NULL;
	size_t n = sizeof(out->signature);

	switch (kind) {
	case GNUTLS_SIGN_RSA_MD2:
	case GNUTLS_SIGN_RSA_MD5:
	case GNUTLS_SIGN_RSA_SHA1:
	case GNUTLS_SIGN_DSA_SHA1:
	case GNUTLS_SIGN_ECDSA_SHA1:
		out->weak_signature = true;
		break;
	default:
		break;
	}
	if (name)
		g_strlcpy(out->signature, name, sizeof(out->signature));
	else if (gnutls_x509_crt_get_signature_oid(crt, out->signature, &n) < 0)
		g_strlcpy(out->signature, "unknown", sizeof(out->signature));
}

static bool is_self_issued(gnutls_x509_crt_t crt)
{
	gnutls_datum_t subject = { NULL, 0 }, issuer = { NULL, 0 };
	bool same = gnutls_x509_crt_get_raw_dn(crt, &subject) == 0 &&
		    gnutls_x509_crt_get_raw_issuer_dn(crt, &issuer) == 0 &&
		    bytes_equal(bytes_of(subject.data, subject.size),
				bytes_of(issuer.data, issuer.size));

	gnutls_free(subject.data);
	gnutls_free(issuer.data);
	return same;
}

static void put_hash(char *to, size_t size, GChecksumType kind, struct bytes der)
{
	char *lower = g_compute_checksum_for_data(kind, der.at, bytes_left(&der));
	char *upper = g_ascii_strup(lower, -1);

	g_strlcpy(to, upper, size);
	g_free(upper);
	g_free(lower);
}

bool certificate_read(struct bytes der, struct certificate *out)
{
	gnutls_x509_crt_t crt;
	gnutls_datum_t data = { (uint8_t *)(uintptr_t)der.at, (unsigned)bytes_left(&der) };

	memset(out, 0, sizeof(*out));
	if (data.size == 0 || bytes_left(&der) > CAP_HANDSHAKE || gnutls_x509_crt_init(&crt) < 0)
		return false;
	if (gnutls_x509_crt_import(crt, &data, GNUTLS_X509_FMT_DER) < 0 || !read_dates(der, out)) {
		gnutls_x509_crt_deinit(crt);
		memset(out, 0, sizeof(*out));
		return false;
	}
	put_name(out->subject, sizeof(out->subject), crt, false);
	put_name(out->issuer, sizeof(out->issuer), crt, true);
	put_part(out->subject_cn, sizeof(out->subject_cn), crt, GNUTLS_OID_X520_COMMON_NAME, false);
	put_part(out->issuer_cn, sizeof(out->issuer_cn), crt, GNUTLS_OID_X520_COMMON_NAME, true);
	put_part(out->subject_o, sizeof(out->subject_o), crt, GNUTLS_OID_X520_ORGANIZATION_NAME,
		 false);
	put_part(out->issuer_o, sizeof(out->issuer_o), crt, GNUTLS_OID_X520_ORGANIZATION_NAME,
		 true);
	read_names(crt, out);
	read_key(crt, out);
	read_signature(crt, out);
	out->self_signed = is_self_issued(crt);
	out->ca = gnutls_x509_crt_get_ca_status(crt, NULL) > 0;
	put_hash(out->sha256, sizeof(out->sha256), G_CHECKSUM_SHA256, der);
	put_hash(out->sha1, sizeof(out->sha1), G_CHECKSUM_SHA1, der);
	gnutls_x509_crt_deinit(crt);
	return true;
}

void certificate_clear(struct certificate *c)
{
	for (unsigned i = 0; i < c->name_count; i++)
		g_free(c->names[i]);
	memset(c, 0, sizeof(*c));
}

/* Only what can stand in a DNS name; so an escaped NUL (\x00) of the wire never matches. */
static bool is_dns_text(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!g_ascii_isalnum(s[i]) && !strchr("-_.", s[i]))
			return false;
	return n > 0 && s[0] != '.';
}

/* RFC 9525 6.3: whole labels, no case; "*" only as the whole leftmost label, for one label. */
static bool name_matches(const char *name, const char *host, size_t host_length)
{
	size_t n = strlen(name);

	if (n && name[n - 1] == '.')
		n--;
	if (n > 2 && name[0] == '*' && name[1] == '.') {
		const char *rest = memchr(host, '.', host_length);
		size_t rest_length = rest ? host_length - (size_t)(rest - host) : 0;
		return rest && rest > host && memchr(name + 2, '.', n - 2) &&
		       rest_length == n - 1 && is_dns_text(name + 2, n - 2) &&
		       g_ascii_strncasecmp(rest, name + 1, rest_length) == 0;
	}
	return n == host_length && is_dns_text(name, n) && g_ascii_strncasecmp(name, host, n) == 0;
}

/* An IPv4 or IPv6 literal, its 4 or 16 bytes in raw; 0 when it is none. */
static size_t address_of(const char *text, uint8_t raw[16])
{
	if (inet_pton(AF_INET, text, raw) == 1)
		return 4;
	return inet_pton(AF_INET6, text, raw) == 1 ? 16 : 0;
}

bool certificate_matches(const struct certificate *c, const char *host)
{
	uint8_t wanted[16], seen[16];
	size_t n = host ? strlen(host) : 0, address = host ? address_of(host, wanted) : 0;

	if (n && host[n - 1] == '.')
		n--;
	if (!address && (n == 0 || !is_dns_text(host, n)))
		return false;
	for (unsigned i = 0; i < c->name_count; i++) {
		bool is_address = c->names_are_addresses >> i & 1;
		if (!address && !is_address && name_matches(c->names[i], host, n))
			return true;
		if (address && is_address && address_of(c->names[i], seen) == address &&
		    memcmp(seen, wanted, address) == 0)
			return true;
	}
	return c->names_in_all == 0 && !address && name_matches(c->subject_cn, host, n);
}
