/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hellos: the fixed part, then one table row per extension that a rule needs. Every vector is
 * narrowed to its own view before it is read, so a lying length can only spoil its own vector.
 * GREASE (RFC 8701) is dropped from every list and remembered in one flag.
 */
#include "tls/hello.h"
#include "base/phrase.h"

/* SHA-256 of "HelloRetryRequest" (RFC 8446 4.1.3). */
static const uint8_t retry_random[32] = {
	0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c,
	0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb,
	0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
};

/* The lists of a ClientHello in wire order, kept as views until JA3 is computed. */
struct ja3_lists {
	struct bytes suites, extensions, groups, formats;
};

bool tls_is_grease(uint16_t v)
{
	return (v & 0x0f0f) == 0x0a0a && (v >> 8) == (v & 0xff);
}

/*
 * What a version number stands for when versions are compared: drafts of TLS 1.3 (0x7fxx, RFC
 * 8446 draft 28 4.2.1.1; 0xfbxx of one large deployment) count as TLS 1.3, foreign numbers as 0.
 */
static uint16_t version_rank(uint16_t v)
{
	if ((v >> 8) == 0x7f || (v >> 8) == 0xfb)
		return TLS_1_3;
	return (v >> 8) == 3 ? v : 0;
}

/* Read a list of 16-bit values to the end of the view; an odd last byte makes it malformed. */
static unsigned read_list(struct tls_hello *h, struct bytes list, uint16_t *to, unsigned *in_all)
{
	unsigned kept = 0, all = 0;

	while (bytes_left(&list) >= 2) {
		uint16_t v = bytes_u16(&list);
		if (tls_is_grease(v)) {
			h->grease = true;
			continue;
		}
		if (kept < CAP_HELLO_LIST)
			to[kept++] = v;
		all++;
	}
	if (bytes_left(&list))
		h->malformed = true;
	if (in_all)
		*in_all = all;
	return kept;
}

/* A vector that must fill its extension to the end (RFC 8446 4.2). */
static struct bytes whole_vec(struct tls_hello *h, struct bytes *ext, unsigned width)
{
	struct bytes v = bytes_vec(ext, width);
	if (v.bad || bytes_left(ext))
		h->malformed = true;
	return v;
}

/* ASCII text for a field: lower case when asked, other bytes as \xNN, never cut inside one. */
static void put_text(char *to, size_t size, struct bytes from, bool lower)
{
	static const char hex[] = "0123456789abcdef";
	size_t at = 0;

	while (bytes_left(&from)) {
		uint8_t c = bytes_u8(&from);
		bool plain = c > 0x20 && c < 0x7f && c != '\\';
		if (at + (plain ? 1 : 4) >= size)
			break;
		if (plain) {
			to[at++] = lower ? g_ascii_tolower((char)c) : (char)c;
			continue;
		}
		to[at++] = '\\';
		to[at++] = 'x';
		to[at++] = hex[c >> 4];
		to[at++] = hex[c & 15];
	}
	to[at] = '\0';
}

/* Is it a DNS host name (RFC 6066 3, underscores tolerated) and not an IPv4 literal? */
static bool is_host_name(struct bytes name)
{
	size_t label = 0, all = bytes_left(&name);
	bool digits = true; /* all of the last label: then it is an address (RFC 3696 2) */

	if (all == 0 || all > 253)
		return false;
	while (bytes_left(&name)) {
		uint8_t c = bytes_u8(&name);
		if (c == '.') {
			if (label == 0)
				return false;
			label = 0;
			continue;
		}
		if (!g_ascii_isalnum((char)c) && c != '-' && c != '_')
			return false;
		digits = (label == 0 || digits) && g_ascii_isdigit((char)c);
		if (++label > 63)
			return false;
	}
	return !digits;
}

/* server_name (RFC 6066 3): only the first host_name counts; the server's answer is empty. */
static void ext_sni(struct tls_hello *h, struct bytes ext, bool client)
{
	if (!client)
		return;
	struct bytes list = whole_vec(h, &ext, 2);
	bool named = false;

	h->sni_bad = list.bad || bytes_left(&list) == 0;
	while (bytes_left(&list)) {
		uint8_t type = bytes_u8(&list);
		struct bytes name = bytes_vec(&list, 2);
		if (name.bad || type != 0 || named) {
			h->sni_bad = true;
			continue;
		}
		named = true;
		put_text(h->sni, sizeof(h->sni), name, true);
		if (!is_host_name(name))
			h->sni_bad = true;
	}
	h->has_sni = true;
}

/* application_layer_protocol_negotiation (RFC 7301 3.1): the first that is not GREASE. */
static void ext_alpn(struct tls_hello *h, struct bytes ext, bool client)
{
	struct bytes list = whole_vec(h, &ext, 2);
	bool found = false;

	(void)client;
	while (bytes_left(&list)) {
		struct bytes name = bytes_vec(&list, 1), look = name;
		if (name.bad || bytes_left(&name) == 0) {
			h->malformed = true;
			break;
		}
		if (bytes_left(&name) == 2 && tls_is_grease(bytes_u16(&look))) {
			h->grease = true;
			continue;
		}
		if (!found)
			put_text(h->alpn, sizeof(h->alpn), name, false);
		found = h->has_alpn = true;
	}
}

/* supported_versions (RFC 8446 4.2.1): a list from the client, one number from the server. */
static void ext_versions(struct tls_hello *h, struct bytes ext, bool client)
{
	uint16_t max = 0;
	struct bytes list = client ? whole_vec(h, &ext, 1) : ext;

	if (!client && bytes_left(&ext) != 2) {
		h->malformed = true;
		return;
	}
	h->version_count = read_list(h, list, h->versions, NULL);
	for (unsigned i = 0; i < h->version_count; i++)
		max = MAX(max, version_rank(h->versions[i]));
	if (max)
		h->max_version = max;
}

static void ext_groups(struct tls_hello *h, struct bytes ext, bool client)
{
	(void)client;
	h->group_count = read_list(h, whole_vec(h, &ext, 2), h->groups, NULL);
	h->has_groups = true;
}

static void ext_sigalgs(struct tls_hello *h, struct bytes ext, bool client)
{
	(void)client;
	h->sigalg_count = read_list(h, whole_vec(h, &ext, 2), h->sigalgs, NULL);
	h->has_sigalgs = true;
}

/* key_share (RFC 8446 4.2.8): client list, server entry, or the bare group of a retry request. */
static void ext_key_share(struct tls_hello *h, struct bytes ext, bool client)
{
	if (!client) {
		h->key_share = bytes_u16(&ext);
		if (bytes_left(&ext) > 0)
			whole_vec(h, &ext, 2);
		h->malformed |= ext.bad;
		return;
	}
	struct bytes list = whole_vec(h, &ext, 2);
	while (bytes_left(&list)) {
		uint16_t group = bytes_u16(&list);
		struct bytes key = bytes_vec(&list, 2);
		if (key.bad) {
			h->malformed = true;
			break;
		}
		if (tls_is_grease(group))
			h->grease = true;
		else if (h->key_share == 0)
			h->key_share = group;
	}
}

static void ext_flag_renego(struct tls_hello *h, struct bytes ext, bool client)
{
	(void)ext, (void)client;
	h->renego_info = true;
}

static void ext_flag_etm(struct tls_hello *h, struct bytes ext, bool client)
{
	(void)ext, (void)client;
	h->etm = true;
}

static void ext_flag_ems(struct tls_hello *h, struct bytes ext, bool client)
{
	(void)ext, (void)client;
	h->ems = true;
}

static void sha256(struct bytes of, uint8_t out[32])
{
	GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
	gsize n = 32;

	g_checksum_update(sum, of.at, (gssize)bytes_left(&of));
	g_checksum_get_digest(sum, out, &n);
	g_checksum_free(sum);
}

/* session_ticket (RFC 5077 3.2): an empty one only says "I can"; bytes are a resumption. */
static void ext_ticket(struct tls_hello *h, struct bytes ext, bool client)
{
	(void)client;
	h->has_ticket = true;
	h->ticket_length = (uint16_t)bytes_left(&ext);
	if (h->ticket_length)
		sha256(ext, h->ticket_sha256);
}

static void ext_flag_psk(struct tls_hello *h, struct bytes ext, bool client)
{
	(void)ext, (void)client;
	h->has_psk = true;
}

static void ext_flag_early(struct tls_hello *h, struct bytes ext, bool client)
{
	(void)ext, (void)client;
	h->has_early_data = true;
}

static void ext_flag_status(struct tls_hello *h, struct bytes ext, bool client)
{
	(void)ext, (void)client;
	h->has_status_request = true;
}

/* IANA "TLS ExtensionType Values" that a rule or a field needs. */
static const struct {
	uint16_t type;
	void (*read)(struct tls_hello *h, struct bytes ext, bool client);
} extensions[] = {
	{ 0, ext_sni },
	{ 5, ext_flag_status },
	{ 10, ext_groups },
	{ 13, ext_sigalgs },
	{ 16, ext_alpn },
	{ 22, ext_flag_etm },
	{ 23, ext_flag_ems },
	{ 35, ext_ticket },
	{ 41, ext_flag_psk },
	{ 42, ext_flag_early },
	{ 43, ext_versions },
	{ 51, ext_key_share },
	{ 0xff01, ext_flag_renego },
};

/* Walk the extension block; `lists` may be NULL (server). Each type counts once (RFC 8446 4.2). */
static void read_extensions(struct tls_hello *h, struct bytes body, struct ja3_lists *lists)
{
	unsigned seen = 0; /* bit per row of the table */

	if (bytes_left(&body) == 0)
		return; /* none at all: SSL 3.0 to TLS 1.2 without any (RFC 5246 7.4.1.2) */
	struct bytes block = whole_vec(h, &body, 2);
	if (lists)
		lists->extensions = block;
	while (bytes_left(&block)) {
		uint16_t type = bytes_u16(&block);
		struct bytes ext = bytes_vec(&block, 2);
		if (ext.bad) {
			h->malformed = true;
			return;
		}
		h->grease = h->grease || tls_is_grease(type);
		for (unsigned i = 0; i < G_N_ELEMENTS(extensions); i++) {
			if (extensions[i].type != type)
				continue;
			if (seen & (1u << i))
				h->malformed = true;
			else
				extensions[i].read(h, ext, lists != NULL);
			seen |= 1u << i;
		}
		if (lists && type == 10)
			lists->groups = bytes_vec(&ext, 2);
		if (lists && type == 11)
			lists->formats = whole_vec(h, &ext, 1);
	}
}

/* Version, random, session id: the front that both hellos share. */
static void read_front(struct tls_hello *h, struct bytes *body)
{
	h->legacy_version = h->max_version = bytes_u16(body);
	struct bytes random = bytes_take(body, sizeof(h->random));
	if (!random.bad)
		memcpy(h->random, random.at, sizeof(h->random));
	struct bytes id = bytes_vec(body, 1);
	if (id.bad || bytes_left(&id) > sizeof(h->session_id)) {
		body->bad = true; /* opaque SessionID<0..32> */
		return;
	}
	h->session_id_length = (uint8_t)bytes_left(&id);
	h->session_id_sent = h->session_id_length > 0;
	if (h->session_id_sent)
		memcpy(h->session_id, id.at, h->session_id_length);
}

static void ja3_number(GString *s, unsigned v, bool *first)
{
	if (!*first)
		g_string_append_c(s, '-');
	phrase_number(s, v);
	*first = false;
}

/* Append the values of a list (2 bytes each, or 1) in decimal joined by '-', then `tail`. */
static void ja3_list(GString *s, struct bytes list, unsigned width, const char *tail)
{
	bool first = true;

	while (bytes_left(&list) >= width) {
		uint16_t v = width == 1 ? bytes_u8(&list) : bytes_u16(&list);
		if (width == 2 && tls_is_grease(v))
			continue;
		ja3_number(s, v, &first);
	}
	g_string_append(s, tail);
}

/* JA3: MD5 of "version,suites,extensions,groups,formats" (salesforce/ja3, README). */
static void ja3(struct tls_hello *h, const struct ja3_lists *lists)
{
	GString *s = g_string_new(NULL);
	struct bytes block = lists->extensions;
	bool first = true;

	phrase_number(s, h->legacy_version);
	g_string_append_c(s, ',');
	ja3_list(s, lists->suites, 2, ",");
	while (bytes_left(&block)) {
		uint16_t type = bytes_u16(&block);
		bytes_vec(&block, 2);
		if (block.bad || tls_is_grease(type))
			continue;
		ja3_number(s, type, &first);
	}
	g_string_append(s, ",");
	ja3_list(s, lists->groups, 2, ",");
	ja3_list(s, lists->formats, 1, "");
	char *sum = g_compute_checksum_for_string(G_CHECKSUM_MD5, s->str, (gssize)s->len);
	g_strlcpy(h->ja3, sum, sizeof(h->ja3));
	g_free(sum);
	g_string_free(s, TRUE);
}

/* Signalling values among the suites: RFC 7507 and RFC 5746 3.3. */
static void read_suites(struct tls_hello *h, struct bytes suites)
{
	struct bytes all = suites;

	h->suite_count = read_list(h, suites, h->suites, &h->suites_in_all);
	while (bytes_left(&all) >= 2) {
		uint16_t v = bytes_u16(&all);
		h->fallback_scsv |= v == 0x5600;
		h->renego_info |= v == 0x00ff;
	}
}

bool tls_hello_client(struct bytes body, struct tls_hello *out)
{
	struct ja3_lists lists = { 0 };

	out->length = (uint32_t)bytes_left(&body);
	read_front(out, &body);
	struct bytes suites = bytes_vec(&body, 2);
	struct bytes compression = bytes_vec(&body, 1);
	if (body.bad || (out->legacy_version >> 8) != 3 || bytes_left(&suites) < 2 ||
	    bytes_left(&compression) == 0)
		return false;
	read_suites(out, suites);
	while (bytes_left(&compression))
		out->compression |= bytes_u8(&compression) != 0;
	lists.suites = suites;
	read_extensions(out, body, &lists);
	ja3(out, &lists);
	return true;
}

/* RFC 8446 4.1.3: the last eight bytes of the random say that the server could do better. */
static uint8_t read_sentinel(const uint8_t random[32])
{
	static const uint8_t mark[7] = { 'D', 'O', 'W', 'N', 'G', 'R', 'D' };

	if (memcmp(random + 24, mark, sizeof(mark)) != 0 || random[31] > 1)
		return 0;
	return random[31] == 1 ? 2 : 1;
}

bool tls_hello_server(struct bytes body, struct tls_hello *out, bool *retry)
{
	out->length = (uint32_t)bytes_left(&body);
	read_front(out, &body);
	uint16_t suite = bytes_u16(&body);
	uint8_t compression = bytes_u8(&body);
	/* Drafts of TLS 1.3 before 22 put 0x7fxx here and leave out the session id. */
	if (body.bad || (out->legacy_version >> 8) != 3)
		return false;
	out->suites[0] = suite;
	out->suite_count = out->suites_in_all = 1;
	out->compression = compression != 0;
	*retry = memcmp(out->random, retry_random, sizeof(retry_random)) == 0;
	out->sentinel = read_sentinel(out->random);
	read_extensions(out, body, NULL);
	return true;
}

/* SSL 2.0 writes its own version as 0x0002; the engine calls it TLS_SSL2. */
static bool read_version_v2(struct tls_hello *h, struct bytes *b)
{
	uint16_t v = bytes_u16(b);

	h->sslv2 = true;
	h->legacy_version = h->max_version = v == 0x0002 ? TLS_SSL2 : v;
	return v == 0x0002 || (v >> 8) == 3;
}

bool tls_hello_client_v2(struct bytes record, struct tls_hello *out)
{
	out->length = (uint32_t)bytes_left(&record);
	if (bytes_u8(&record) != 1 || !read_version_v2(out, &record))
		return false;
	uint16_t specs_length = bytes_u16(&record);
	uint16_t id_length = bytes_u16(&record);
	uint16_t challenge_length = bytes_u16(&record);
	struct bytes specs = bytes_take(&record, specs_length);
	struct bytes id = bytes_take(&record, id_length);
	struct bytes challenge = bytes_take(&record, challenge_length);
	if (record.bad || bytes_left(&record) || specs_length == 0 || specs_length % 3 != 0 ||
	    (id_length != 0 && id_length != 16) || challenge_length < 16 || challenge_length > 32)
		return false;
	while (bytes_left(&specs)) {
		uint32_t spec = bytes_u24(&specs);
		out->suites_in_all++;
		if (spec > 0xffff)
			continue; /* a cipher kind that only SSL 2.0 has */
		out->fallback_scsv |= spec == 0x5600;
		out->renego_info |= spec == 0x00ff;
		if (out->suite_count < CAP_HELLO_LIST)
			out->suites[out->suite_count++] = (uint16_t)spec;
	}
	out->session_id_length = (uint8_t)id_length;
	out->session_id_sent = id_length > 0;
	if (id_length)
		memcpy(out->session_id, id.at, id_length);
	/* The challenge is the random, zeroes in front (RFC 5246 E.2). */
	memcpy(out->random + sizeof(out->random) - challenge_length, challenge.at,
	       challenge_length);
	return true;
}

bool tls_hello_server_v2(struct bytes record, struct tls_hello *out)
{
	out->length = (uint32_t)bytes_left(&record);
	if (bytes_u8(&record) != 4)
		return false;
	bytes_take(&record, 2); /* session id hit, certificate type */
	if (!read_version_v2(out, &record) || out->legacy_version != TLS_SSL2)
		return false;
	size_t certificate = bytes_u16(&record), specs = bytes_u16(&record),
	       id = bytes_u16(&record);
	bytes_take(&record, certificate);
	bytes_take(&record, specs);
	bytes_take(&record, id);
	return !record.bad && bytes_left(&record) == 0 && specs % 3 == 0;
}
