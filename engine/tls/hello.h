/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads one hello body into struct tls_hello: TLS and SSL 3.0 hellos with their extensions, the
 * SSL 2.0 hellos, JA3. Internal to the TLS decoder (tls.c). Takes a view of the message without
 * its header; copies what it keeps. Leaves records to record.c, reassembly to handshake.c.
 */
#ifndef SMTP365_TLS_HELLO_H
#define SMTP365_TLS_HELLO_H

#include "tls/tls.h"

/*
 * Read a ClientHello body (RFC 8446 4.1.2, RFC 6101 5.6.1.2) into *out, which was zeroed.
 * False when the part up to the compression methods is no hello; then *out means nothing. Lies
 * further back (extensions) set out->malformed and keep what was read before and around them.
 */
bool tls_hello_client(struct bytes body, struct tls_hello *out);
/* The same for a ServerHello; *retry says that its random is that of a HelloRetryRequest. */
bool tls_hello_server(struct bytes body, struct tls_hello *out, bool *retry);
/* SSL 2.0 CLIENT-HELLO and SERVER-HELLO without the two-byte record header (RFC 5246 E.2). */
bool tls_hello_client_v2(struct bytes record, struct tls_hello *out);
bool tls_hello_server_v2(struct bytes record, struct tls_hello *out);
/* A reserved value of RFC 8701 (0x0A0A, 0x1A1A, ... 0xFAFA)? */
bool tls_is_grease(uint16_t v);

#endif
