/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The walk: calls a writer with every value of a verdict in the order of fields.def. It opens and
 * closes the objects that the keys name, makes text clean and redacts it, and leaves absent values
 * out; so a writer only writes. Nothing here knows an output format.
 */
#include "report.h"
#include "report/community_id.h"
#include "base/phrase.h"
#include <string.h>

static const struct field_info fields[FIELD_COUNT] = {
#define FIELD(name, key, label, type, meaning) { key, label, type, meaning },
#include "fields.def"
};
/* Length of the key of the object that the field lies in. */
static size_t parents[FIELD_COUNT];

static const struct group {
	const char *key, *label;
} groups[] = {
#define FIELD_GROUP(key, label) { key, label },
#include "fields.def"
};

struct walk {
	const struct verdict *v;
	const struct report_options *o;
	struct writer *w;
	const char *at;	      /* key whose first at_len bytes are the object that is open */
	size_t at_len, floor; /* floor: of the list item that is open; not closed by a move */
	size_t group;	      /* where the last group was found: the next is near, in walk order */
	GString *scratch;
};

const struct field_info *field_info(enum field f)
{
	g_assert((unsigned)f < FIELD_COUNT);
	return &fields[f];
}

static size_t parent_length(const char *key, size_t n)
{
	while (n > 0 && key[n - 1] != '.')
		n--;
	return n ? n - 1 : 0;
}

static void parents_measure(void)
{
	static gsize once;
	if (!g_once_init_enter(&once))
		return;
	for (size_t i = 0; i < FIELD_COUNT; i++)
		parents[i] = parent_length(fields[i].key, strlen(fields[i].key));
	g_once_init_leave(&once, 1);
}

static const struct group *group_find(struct walk *k, const char *key, size_t n)
{
	for (size_t i = 0; i < G_N_ELEMENTS(groups); i++, k->group++) {
		if (k->group >= G_N_ELEMENTS(groups))
			k->group = 0;
		if (strncmp(groups[k->group].key, key, n) == 0 && groups[k->group].key[n] == 0)
			return &groups[k->group];
	}
	g_assert_not_reached(); /* fields.def lacks a FIELD_GROUP */
}

/* Open the objects that `key` lies in, after closing those that it does not; `parent`: length of
 * the key of the innermost. */
static void move_to(struct walk *k, const char *key, size_t parent)
{
	if (parent == k->at_len && memcmp(key, k->at, parent) == 0)
		return;
	while (k->at_len > k->floor &&
	       !(k->at_len <= parent && memcmp(key, k->at, k->at_len) == 0 &&
		 key[k->at_len] == '.')) {
		k->w->object_end(k->w);
		k->at_len = parent_length(k->at, k->at_len);
	}
	k->at = key;
	while (k->at_len < parent) {
		size_t n = k->at_len + (k->at_len > 0);
		while (n < parent && key[n] != '.')
			n++;
		const struct group *g = group_find(k, key, n);
		k->w->object_begin(k->w, g->key, g->label);
		k->at_len = n;
	}
}

static void put_string(struct walk *k, enum field f, const char *value)
{
	if (!value || !value[0])
		return;
	move_to(k, fields[f].key, parents[f]);
	k->w->string(k->w, &fields[f], value);
}

/* Text that came from the wire. */
static void put_text(struct walk *k, enum field f, const char *value)
{
	if (value)
		put_string(k, f, report_fit(value, k->o->redact, k->scratch));
}

/* A sentence of ours. */
static void put_sentence(struct walk *k, enum field f, const char *value)
{
	if (value)
		put_string(k, f, report_sentence(value, k->scratch));
}

static void put_uint(struct walk *k, enum field f, uint64_t value)
{
	move_to(k, fields[f].key, parents[f]);
	k->w->uinteger(k->w, &fields[f], value);
}

/* For numbers whose zero means "not known". */
static void put_count(struct walk *k, enum field f, uint64_t value)
{
	if (value)
		put_uint(k, f, value);
}

static void put_bool(struct walk *k, enum field f, bool value)
{
	move_to(k, fields[f].key, parents[f]);
	k->w->boolean(k->w, &fields[f], value);
}

static void put_tri(struct walk *k, enum field f, enum tri value)
{
	if (value != TRI_UNKNOWN)
		put_bool(k, f, value == TRI_TRUE);
}

static void put_time(struct walk *k, enum field f, uint64_t ns)
{
	char text[40];
	report_time(ns, text);
	put_string(k, f, text);
}

/* A date of a certificate: whole seconds, and before 1970 or after 2554 not a time that we show. */
static void put_date(struct walk *k, enum field f, int64_t seconds)
{
	char text[40];
	if (seconds <= 0 || (uint64_t)seconds > UINT64_MAX / SEGMENT_SECOND)
		return;
	report_time((uint64_t)seconds * SEGMENT_SECOND, text);
	text[19] = 'Z';
	text[20] = 0;
	put_string(k, f, text);
}

static void put_address(struct walk *k, enum field f, const struct address *a)
{
	char text[64];
	report_address(a, text);
	put_string(k, f, text);
}

static void list_open(struct walk *k, const char *key, const char *label)
{
	move_to(k, key, parent_length(key, strlen(key)));
	k->w->list_begin(k->w, key, label);
}

/* A list of texts from the wire, NULL-terminated; empty ones, such as the sender of a bounce, say
 * nothing. */
static void put_texts(struct walk *k, enum field f, const char *const *values)
{
	while (values && *values && !**values)
		values++;
	if (!values || !*values)
		return;
	list_open(k, fields[f].key, fields[f].label);
	for (; *values; values++)
		if (**values)
			k->w->string(k->w, &fields[f],
				     report_fit(*values, k->o->redact, k->scratch));
	k->w->list_end(k->w);
}

static void put_frames(struct walk *k, enum field f, const uint32_t *frames, unsigned count)
{
	if (!count)
		return;
	list_open(k, fields[f].key, fields[f].label);
	for (unsigned i = 0; i < count; i++)
		k->w->uinteger(k->w, &fields[f], frames[i]);
	k->w->list_end(k->w);
}

/* Begin a list of objects; its items' keys begin with its key. */
static void items_begin(struct walk *k, const char *key)
{
	list_open(k, key, group_find(k, key, strlen(key))->label);
	k->at = key;
	k->at_len = k->floor = strlen(key);
}

static void items_end(struct walk *k)
{
	k->w->list_end(k->w);
	k->at_len = parent_length(k->at, k->floor);
	k->floor = 0;
}

static void walk_event(struct walk *k)
{
	static const char *const category[] = { "email", "network", NULL };
	static const char *const over[] = { "connection", "end", NULL };
	static const char *const denied[] = { "connection", "end", "denied", NULL };
	static const char *const open[] = { "connection", NULL };
	static const char *const info[] = { "info", NULL };
	static const char *const going_on[] = { "connection", "info", NULL };
	const struct verdict *v = k->v;
	/* A capture whose clock was set back must not give a session that ends before it starts. */
	uint64_t end = MAX(v->start_ns, v->end_ns);
	GString *line = g_string_sized_new(256);

	report_line(v, k->o, line);
	put_time(k, FIELD_TIMESTAMP, v->start_ns);
	put_string(k, FIELD_ECS_VERSION, "8.17");
	put_string(k, FIELD_MESSAGE, line->str);
	put_string(k, FIELD_EVENT_KIND, "event");
	put_texts(k, FIELD_EVENT_CATEGORY, category);
	put_texts(k, FIELD_EVENT_TYPE,
		  v->open			     ? going_on
		  : v->lookup_only		     ? info
		  : v->outcome == OUTCOME_INCOMPLETE ? open
		  : v->outcome == OUTCOME_REJECTED   ? denied
						     : over);
	put_string(k, FIELD_EVENT_MODULE, "smtp365");
	put_string(k, FIELD_EVENT_DATASET, "smtp365.session");
	put_string(k, FIELD_EVENT_OUTCOME,
		   v->outcome == OUTCOME_ACCEPTED				    ? "success"
		   : v->outcome == OUTCOME_REJECTED || v->outcome == OUTCOME_FAILED ? "failure"
										    : "unknown");
	put_string(k, FIELD_EVENT_REASON, line->str);
	put_time(k, FIELD_EVENT_START, v->start_ns);
	put_time(k, FIELD_EVENT_END, end);
	put_uint(k, FIELD_EVENT_DURATION, end - v->start_ns);
	put_sentence(k, FIELD_LOG_FILE, k->o->file);
	g_string_free(line, TRUE);
}

static void put_vlan(struct walk *k, enum field f, uint16_t id)
{
	GString *text = g_string_sized_new(8);
	phrase_number(text, id);
	put_string(k, f, text->str);
	g_string_free(text, TRUE);
}

/* IP protocol numbers (IANA). */
enum { PROTOCOL_TCP = 6, PROTOCOL_UDP = 17 };

static void put_community_id(struct walk *k)
{
	const struct verdict *v = k->v;
	uint8_t protocol =
		v->transport && !strcmp(v->transport, "udp") ? PROTOCOL_UDP : PROTOCOL_TCP;
	char id[40];
	community_id(&v->client_ip, v->client_port, &v->server_ip, v->server_port, protocol, id);
	put_text(k, FIELD_NETWORK_COMMUNITY_ID, id);
}

static void walk_ends(struct walk *k)
{
	const struct verdict *v = k->v;
	put_address(k, FIELD_CLIENT_IP, &v->client_ip);
	put_count(k, FIELD_CLIENT_PORT, v->client_port);
	if (v->has_client_mac) { /* ECS: upper case, hyphens (RFC 7042 section 2.1) */
		static const char hex[] = "0123456789ABCDEF";
		const uint8_t *m = v->client_mac;
		char mac[18];
		for (unsigned i = 0; i < 6; i++) {
			mac[3 * i] = hex[m[i] >> 4];
			mac[3 * i + 1] = hex[m[i] & 15];
			mac[3 * i + 2] = i < 5 ? '-' : '\0';
		}
		put_string(k, FIELD_CLIENT_MAC, mac);
	}
	put_address(k, FIELD_SERVER_IP, &v->server_ip);
	put_count(k, FIELD_SERVER_PORT, v->server_port);
	put_text(k, FIELD_SERVER_DOMAIN, v->server_domain);
	put_text(k, FIELD_NETWORK_TRANSPORT, v->transport);
	put_text(k, FIELD_NETWORK_PROTOCOL, v->protocol);
	put_community_id(k);
	if (v->encap.vlan_count > 0)
		put_vlan(k, FIELD_NETWORK_VLAN, v->encap.vlan[0]);
	if (v->encap.vlan_count > 1)
		put_vlan(k, FIELD_NETWORK_INNER_VLAN, v->encap.vlan[1]);
}

/* ---- values that are told as they are ---- */

enum section { SECTION_TLS, SECTION_ENVELOPE, SECTION_DIALOGUE, SECTION_HANDSHAKE, SECTION_TRACE };
#define PUT_TEXT put_text
#define PUT_TEXTS put_texts
#define PUT_TRI put_tri
#define PUT_DATE put_date

static void walk_values(struct walk *k, enum section at)
{
	const struct verdict *v = k->v;
#define VALUE(section, kind, member, field)                                                        \
	if (at == SECTION_##section)                                                               \
		PUT_##kind(k, FIELD_##field, v->member);
#include "values.def"
#undef VALUE
}

static void walk_session(struct walk *k)
{
	const struct verdict *v = k->v;
	put_uint(k, FIELD_SESSION, v->session);
	if (v->alike)
		put_uint(k, FIELD_ALIKE, v->alike);
	put_count(k, FIELD_FRAMES_FIRST, v->first_frame);
	put_count(k, FIELD_FRAMES_LAST, v->last_frame);
	put_uint(k, FIELD_FRAMES_COUNT, v->frame_count);
	put_string(k, FIELD_ENDPOINT, endpoint_name(v->endpoint));
	put_string(k, FIELD_ENDPOINT_SOURCE, endpoint_source_name(v->endpoint_source));
	put_string(k, FIELD_METHOD, method_name(v->method));
	put_string(k, FIELD_REACHED, stage_name(v->reached));
	put_string(k, FIELD_STOPPED_AT, stage_name(v->stopped_at));
	put_string(k, FIELD_OUTCOME, outcome_name(v->outcome));
	walk_values(k, SECTION_DIALOGUE);
}

static void walk_alerts(struct walk *k)
{
	const struct verdict *v = k->v;

	walk_values(k, SECTION_HANDSHAKE);
	if (!v->alert_count)
		return;
	items_begin(k, "smtp365.tls.alerts");
	for (unsigned i = 0; i < v->alert_count; i++) {
		const struct verdict_alert *a = &v->alerts[i];
		k->w->object_begin(k->w, NULL, NULL);
		put_string(k, FIELD_ALERT_SIDE, a->from_client ? "client" : "server");
		if (!a->encrypted) { /* level and code are ciphertext otherwise */
			put_uint(k, FIELD_ALERT_LEVEL, a->level);
			put_uint(k, FIELD_ALERT_CODE, a->code);
			put_text(k, FIELD_ALERT_NAME, a->name);
		}
		put_count(k, FIELD_ALERT_FRAME, a->frame);
		put_bool(k, FIELD_ALERT_ENCRYPTED, a->encrypted);
		k->w->object_end(k->w);
	}
	items_end(k);
}

static void walk_auth(struct walk *k)
{
	const struct verdict *v = k->v;
	put_text(k, FIELD_AUTH_MECHANISM, v->auth_mechanism);
	put_string(k, FIELD_AUTH_RESULT, auth_result_name(v->auth_result));
	if (!v->auth_seen && !v->auth_mechanism && v->auth_result == AUTH_RESULT_NONE)
		return;
	put_string(k, FIELD_AUTH_EXPOSURE, exposure_name(v->auth_exposure));
	put_bool(k, FIELD_AUTH_INFERRED, v->auth_inferred);
}

static void put_hundredths(struct walk *k, enum field f, unsigned value)
{
	move_to(k, fields[f].key, parents[f]);
	k->w->hundredths(k->w, &fields[f], value);
}

static void walk_inside(struct walk *k)
{
	const struct verdict_inside *i = k->v->inside;
	if (!i)
		return;
	put_string(k, FIELD_INSIDE_STATEMENT, i->statement);
	put_string(k, FIELD_INSIDE_GROUP, i->group);
	put_string(k, FIELD_INSIDE_LABEL, i->label);
	put_hundredths(k, FIELD_INSIDE_P, i->percent);
	put_count(k, FIELD_INSIDE_REPLY_BYTES, i->reply_bytes);
	if (i->candidate_count) {
		items_begin(k, "smtp365.inside.candidates");
		for (unsigned c = 0; c < i->candidate_count; c++) {
			k->w->object_begin(k->w, NULL, NULL);
			put_string(k, FIELD_INSIDE_CANDIDATE_LABEL, i->candidates[c].label);
			put_hundredths(k, FIELD_INSIDE_CANDIDATE_P, i->candidates[c].percent);
			k->w->object_end(k->w);
		}
		items_end(k);
	}
	put_string(k, FIELD_INSIDE_SIZE, i->size);
}

static void walk_replies(struct walk *k)
{
	const struct verdict *v = k->v;
	if (v->reply_count) {
		items_begin(k, "smtp365.replies");
		for (unsigned i = 0; i < v->reply_count; i++) {
			const struct verdict_reply *r = &v->replies[i];
			k->w->object_begin(k->w, NULL, NULL);
			put_count(k, FIELD_REPLY_FRAME, r->frame);
			put_uint(k, FIELD_REPLY_CODE, r->code);
			put_text(k, FIELD_REPLY_ENHANCED, r->enhanced);
			put_text(k, FIELD_REPLY_TEXT, r->text);
			put_text(k, FIELD_REPLY_COMMAND, r->command);
			put_bool(k, FIELD_REPLY_IN_TLS, r->in_tls);
			k->w->object_end(k->w);
		}
		items_end(k);
	}
	walk_values(k, SECTION_TRACE);
}

static void walk_findings(struct walk *k)
{
	const struct verdict *v = k->v;
	if (!v->finding_count)
		return;
	items_begin(k, "smtp365.findings");
	for (unsigned i = 0; i < v->finding_count; i++) {
		const struct finding *f = &v->findings[i];
		k->w->object_begin(k->w, NULL, NULL);
		put_string(k, FIELD_FINDING_ID, f->id);
		put_string(k, FIELD_FINDING_SEVERITY, severity_name(f->severity));
		put_string(k, FIELD_FINDING_CONFIDENCE, confidence_name(f->confidence));
		put_bool(k, FIELD_FINDING_INFERRED, f->inferred);
		put_string(k, FIELD_FINDING_SIDE, side_name(f->side));
		put_frames(k, FIELD_FINDING_FRAMES, f->frames, f->frame_count);
		put_text(k, FIELD_FINDING_DETAIL, f->detail);
		k->w->object_end(k->w);
	}
	items_end(k);
}

static void walk_cause(struct walk *k)
{
	const struct finding *c = k->v->cause;
	if (!c)
		return;
	put_string(k, FIELD_CAUSE_ID, c->id);
	put_sentence(k, FIELD_CAUSE_TITLE, c->title);
	put_string(k, FIELD_CAUSE_CONFIDENCE, confidence_name(c->confidence));
	put_string(k, FIELD_CAUSE_SIDE, side_name(c->side));
	put_frames(k, FIELD_CAUSE_FRAMES, c->frames, c->frame_count);
	put_sentence(k, FIELD_CAUSE_FIX, c->fix);
	put_sentence(k, FIELD_CAUSE_CHECK, c->check);
	put_sentence(k, FIELD_CAUSE_REFERENCE, c->reference);
}

static void walk_capture(struct walk *k)
{
	const struct verdict *v = k->v;
	if (!v->lookup_only) { /* a look-up has no sequence numbers: only where it came from */
		put_count(k, FIELD_CAPTURE_SIDES, v->sides);
		put_bool(k, FIELD_CAPTURE_MIDSTREAM, v->midstream);
		put_uint(k, FIELD_CAPTURE_GAP_BYTES, v->gap_bytes);
		put_uint(k, FIELD_CAPTURE_DUPLICATES, v->duplicates);
		put_bool(k, FIELD_CAPTURE_SNAPPED, v->snapped);
		put_count(k, FIELD_CAPTURE_DROPPED, v->dropped);
	}
	if (v->encap.tunnel != TUNNEL_NONE) {
		GString *text = g_string_sized_new(24);
		report_tunnel(text, &v->encap);
		put_string(k, FIELD_CAPTURE_TUNNEL, text->str);
		g_string_free(text, TRUE);
	}
}

void report_walk(const struct verdict *v, const struct report_options *o, struct writer *w)
{
	struct walk k = { .v = v, .o = o, .w = w, .at = "", .scratch = g_string_sized_new(640) };
	parents_measure();
	walk_event(&k);
	walk_ends(&k);
	walk_values(&k, SECTION_TLS);
	walk_values(&k, SECTION_ENVELOPE);
	if (v->cause) {
		put_string(&k, FIELD_RULE_ID, v->cause->id);
		put_sentence(&k, FIELD_RULE_NAME, v->cause->title);
		put_sentence(&k, FIELD_RULE_DESCRIPTION, v->cause->cause);
		put_sentence(&k, FIELD_RULE_REFERENCE, v->cause->reference);
	}
	walk_session(&k);
	walk_alerts(&k);
	walk_auth(&k);
	walk_inside(&k);
	walk_replies(&k);
	walk_findings(&k);
	walk_cause(&k);
	walk_capture(&k);
	for (; k.at_len > 0; k.at_len = parent_length(k.at, k.at_len))
		w->object_end(w);
	g_string_free(k.scratch, TRUE);
}
