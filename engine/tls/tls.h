/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pull decoder for one direction of a TLS stream: records over segment borders, handshake
 * messages over record borders, hellos, certificate list, alerts (RFC 8446, 5246, 6101; SSLv2
 * hello of RFC 5246 appendix E.2). It stops at encrypted bytes but counts them: an encrypted
 * record costs its 5-byte header. No judgement, no crypto. Views in an item are valid until the
 * next call on the same decoder. Who can open a protected record asks for its body.
 */
#ifndef SMTP365_TLS_H
#define SMTP365_TLS_H

#include <glib.h>
#include "bytes.h"
#include "base/caps.h"

#define TLS_SSL2 0x0200
#define TLS_SSL3 0x0300
#define TLS_1_0 0x0301
#define TLS_1_1 0x0302
#define TLS_1_2 0x0303
#define TLS_1_3 0x0304

/* handshake_type of a message whose front was lost in a gap (IANA: unassigned). */
#define TLS_HANDSHAKE_TYPE_UNKNOWN 255

enum tls_item_kind {
	TLS_ITEM_CLIENT_HELLO, /* .hello */
	TLS_ITEM_SERVER_HELLO, /* .hello (chosen version, suite, group) */
	TLS_ITEM_HELLO_RETRY,  /* .hello; random CF21AD74... (RFC 8446 4.1.3) */
	TLS_ITEM_CERTIFICATE,  /* .chain, TLS <= 1.2; empty list = count 0 */
	TLS_ITEM_CERTIFICATE_REQUEST,
	TLS_ITEM_SERVER_KEY_EXCHANGE, /* .group of ECDHE when named_curve */
	TLS_ITEM_SERVER_HELLO_DONE,
	TLS_ITEM_CLIENT_KEY_EXCHANGE,
	TLS_ITEM_CERTIFICATE_VERIFY,
	TLS_ITEM_HELLO_REQUEST,
	TLS_ITEM_SESSION_TICKET,
	TLS_ITEM_HANDSHAKE_OTHER, /* .handshake_type */
	TLS_ITEM_CHANGE_CIPHER_SPEC,
	TLS_ITEM_ALERT,		      /* clear: .alert_level, .alert_code */
	TLS_ITEM_ALERT_ENCRYPTED,     /* record type 21 that is not 2 clear bytes: .length */
	TLS_ITEM_HANDSHAKE_ENCRYPTED, /* record type 22 after ChangeCipherSpec: .length */
	TLS_ITEM_DATA, /* record type 23: .length, .early (1.3 handshake looks the same) */
	TLS_ITEM_HEARTBEAT,
	TLS_ITEM_BODY, /* .body of a record that was asked for, .record_type; .length */
};

enum tls_compression_seen { TLS_COMPRESSION_NULL, TLS_COMPRESSION_OTHER };

struct tls_hello {
	uint16_t record_version;	   /* of the record header */
	uint16_t legacy_version;	   /* of the hello */
	uint16_t versions[CAP_HELLO_LIST]; /* supported_versions, GREASE left out */
	unsigned version_count;		   /* 0: no such extension */
	uint16_t max_version;		   /* highest offered (client) or chosen (server) */
	uint16_t suites[CAP_HELLO_LIST];   /* client: offered, GREASE left out; server: [0] */
	unsigned suite_count;
	unsigned suites_in_all; /* as on the wire, before the cap, without GREASE */
	uint16_t groups[CAP_HELLO_LIST];
	unsigned group_count;
	bool has_groups;
	uint16_t sigalgs[CAP_HELLO_LIST];
	unsigned sigalg_count;
	bool has_sigalgs;
	uint16_t key_share;    /* server: chosen group; client: first share; 0 none */
	char sni[256];	       /* lower case, printable ASCII or escaped; empty none */
	bool has_sni, sni_bad; /* sni_bad: wrong type, IP literal, not a host name */
	char alpn[64];	       /* first protocol, printable */
	bool has_alpn;
	bool fallback_scsv; /* suite 0x5600 */
	bool renego_info;   /* extension 0xff01 or SCSV 0x00ff */
	bool grease;
	bool compression; /* client offers / server chose one that is not null */
	bool etm, ems, has_ticket, has_psk, has_early_data, has_status_request;
	bool malformed;		   /* lengths inside contradict each other; the rest was read */
	uint16_t ticket_length;	   /* of the session_ticket extension; 0: only "I can" */
	uint8_t ticket_sha256[32]; /* of its bytes; all zero without */
	bool session_id_sent;
	uint8_t session_id[32];
	uint8_t session_id_length;
	uint8_t random[32];
	uint8_t sentinel; /* server random ends in DOWNGRD 01 -> 2, 00 -> 1, else 0 */
	bool sslv2;	  /* it was an SSLv2 hello */
	uint32_t length;  /* of the handshake message, without its 4-byte header */
	char ja3[33];	  /* client: MD5 of the JA3 string, hex */
};

struct tls_item {
	enum tls_item_kind kind;
	uint16_t record_version;
	uint32_t length; /* of the record body (encrypted kinds) or message */
	uint8_t handshake_type, alert_level, alert_code;
	uint16_t group;		       /* SERVER_KEY_EXCHANGE */
	bool complete;		       /* the record's bytes were all seen (false across a gap) */
	bool after_ccs;		       /* a ChangeCipherSpec came before, this direction (X37) */
	bool early;		       /* DATA: no encrypted Finished came before, so TLS 1.3 */
	bool malformed;		       /* a message whose inner lengths contradict each other */
	const struct tls_hello *hello; /* owned by the decoder */
	struct bytes chain[CAP_CHAIN]; /* DER of each certificate, leaf first */
	unsigned chain_count;
	unsigned chain_in_all;
	struct bytes ticket; /* SESSION_TICKET up to TLS 1.2 */
	uint8_t record_type; /* BODY */
	struct bytes body;   /* BODY */
};

struct tls;

/* from_client: which hello is expected; nothing else depends on it. */
struct tls *tls_new(bool from_client);
void tls_free(struct tls *t);
/* One item, STEP_MORE when all was taken, STEP_BAD when the bytes are no TLS (decoder stays bad).
 * On STEP_BAD *in is left at the first byte that fits no record, so text after TLS can be read. */
enum step tls_next(struct tls *t, struct bytes *in, struct tls_item *out);
/*
 * The last item stands at the header of a protected record (ALERT_ENCRYPTED, HANDSHAKE_ENCRYPTED,
 * DATA, CHANGE_CIPHER_SPEC): give its body too, as an item BODY, once all of it came. A gap in it
 * calls that off.
 */
void tls_take_body(struct tls *t);
/* Bytes lost: inside an encrypted record body the count goes on; elsewhere the decoder looks for
 * the next plausible record header and reports following records with complete = false once. */
void tls_gap(struct tls *t, uint64_t missing);
/* The other direction chose TLS 1.3: type 23 (and CCS) before the Finished are handshake. Only a
 * note. */
/* Where the next record begins is not known: bytes with a border are missing. */
bool tls_lost(const struct tls *t);
bool tls_any_record(const struct tls *t); /* at least one well-formed record was seen */
/* Bytes seen so far of the record or handshake message that is not complete; 0 between them. */
size_t tls_pending(const struct tls *t);
size_t tls_kept(const struct tls *t); /* heap bytes, for the cap */

/* Names; versions fall back to the number ("0x1234"), in one of eight buffers of the thread that
 * go round. All other strings are static. */
const char *tls_version_name(uint16_t v); /* "TLS 1.2"; "SSL 3.0" */
const char *tls_version_ecs(uint16_t v);  /* "1.2"; "3.0" */
const char *tls_suite_name(uint16_t s);	  /* "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384" or NULL */
const char *tls_group_name(uint16_t g);	  /* "x25519" or NULL */
const char *tls_alert_name(uint8_t code); /* "unknown_ca" or NULL */
const char *tls_alert_meaning(uint8_t code, bool from_client); /* a sentence; NULL when unknown */

/* Strength of a suite as the rules need it. */
enum tls_suite_class {
	TLS_SUITE_MODERN, /* (EC)DHE with AEAD, TLS 1.3 */
	TLS_SUITE_CBC,	  /* forward secret, CBC */
	TLS_SUITE_STATIC_RSA,
	TLS_SUITE_3DES,
	TLS_SUITE_BROKEN, /* NULL, anon, EXPORT, RC2, RC4, DES, MD5 */
	TLS_SUITE_UNKNOWN,
};
enum tls_suite_class tls_suite_class(uint16_t s);
/* NULL, anon or EXPORT (X09)? */
bool tls_suite_is_null_anon_export(uint16_t s);
/* Is it one that Microsoft 365 accepts (docs/microsoft-365.md#tls; table in suites.def)? */
bool tls_suite_m365(uint16_t s);

/* The record length of an encrypted alert in TLS 1.3 (RFC 8446 5.2: level, code, type, tag) under
 * this suite: 19, or 11 with an 8-byte tag. 0 when the suite is none of TLS 1.3. */
uint32_t tls13_alert_length(uint16_t suite);
/* And that of a Finished (RFC 8446 4.4.4): 53 with SHA-256, 69 with SHA-384. */
uint32_t tls13_finished_length(uint16_t suite);
/* Is this DATA record of a client, the first after its hello, a refusal of the handshake (mostly of
 * the certificate) rather than its Finished? Unpadded records only; a guess by length (X18). */
bool tls13_is_refusal(uint16_t suite, uint32_t length);

#endif
