/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Certificates that were read before. A link shows the same few again and again, and reading one
 * costs more than all the rest of a session. So what was read is remembered by its bytes, and the
 * sessions share it; nobody changes it. Bounded (CAP_CERTIFICATES); when it is full the one that
 * was not asked for longest goes, of those that no session holds.
 */
#ifndef SMTP365_CERTIFICATES_H
#define SMTP365_CERTIFICATES_H

#include "tls/certificate.h"

struct certificates; /* owned */

/* `key`: 16 bytes, random per process, so that no one can make two certificates meet. */
struct certificates *certificates_new(const uint8_t key[16]);
/* After every certificate was given back. */
void certificates_free(struct certificates *all);
/* The certificate of these bytes, or NULL when they are none. Shared and held until
 * certificates_drop. */
const struct certificate *certificates_get(struct certificates *all, struct bytes der);
/* Not needed any more; NULL is ignored. */
void certificates_drop(struct certificates *all, const struct certificate *c);
/* Bytes that its only holder has to count for the cap of memory; 0 for one that is remembered. */
size_t certificates_kept(const struct certificate *c);

#endif
