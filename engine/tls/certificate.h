/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads one certificate (RFC 5280) from DER with GnuTLS: names, issuer, dates, key, signature,
 * hashes. Text comes out as valid UTF-8, control bytes escaped, cut at the field sizes.
 */
#ifndef SMTP365_CERTIFICATE_H
#define SMTP365_CERTIFICATE_H

#include <glib.h>
#include "bytes.h"

struct certificate {
	char subject[256], issuer[256]; /* RFC 4514 order as GnuTLS prints it */
	char subject_cn[128], issuer_cn[128], issuer_o[128], subject_o[128];
	char *names[32];		   /* SAN dNSName (and iPAddress as text), owned */
	uint32_t names_are_addresses;	   /* bit i: names[i] came from an iPAddress */
	unsigned name_count, names_in_all; /* in_all: dNSName and iPAddress before the cap */
	int64_t not_before, not_after;	   /* UTC seconds since 1970, may be negative */
	unsigned key_bits;
	char key_type[16];   /* "RSA", "ECDSA", ... */
	char signature[32];  /* "RSA-SHA256" */
	bool weak_signature; /* MD2, MD5, SHA-1 */
	bool self_signed;    /* issuer equals subject */
	bool ca;
	char sha256[65], sha1[41]; /* upper-case hex */
};

/* Read `der`. Returns false (and an empty *out) when it is no certificate. Free with clear. */
bool certificate_read(struct bytes der, struct certificate *out);
void certificate_clear(struct certificate *c);
/* RFC 9525: does any SAN (or, without SAN, the CN) match this host name? One label per wildcard. */
bool certificate_matches(const struct certificate *c, const char *host);

#endif
