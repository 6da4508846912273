/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The look-up of a suite's row, see protection.h. */
#include "keys/protection.h"

#include <glib.h>
#include <string.h>
#include "tls/tls.h"

static const struct protection rows[] = {
#define PROTECTION(name, kind, cipher, mac, hash)                                                  \
	{ name, PROTECTION_##kind, GNUTLS_CIPHER_##cipher, GNUTLS_MAC_##mac, GNUTLS_MAC_##hash },
#include "keys/protection.def"
#undef PROTECTION
};

/* Numbers of a draft of ChaCha20 that makes its nonces in another way than RFC 7905. */
static bool is_draft(uint16_t suite)
{
	return suite >= 0xcc13 && suite <= 0xcc15;
}

const struct protection *protection_find(uint16_t suite)
{
	const char *name = is_draft(suite) ? NULL : tls_suite_name(suite);
	const char *with = name ? strstr(name, "_WITH_") : NULL;

	if (!name)
		return NULL;
	name = with ? with + strlen("_WITH_") : name + strlen("TLS_");
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}
