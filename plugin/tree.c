/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Builds the tree, see tree.h. The summary and the cause come first, then the findings of this
 * frame with links to the other frames that prove them, then the whole record as details through
 * the walk that text and JSON use.
 */
#include "tree.h"

#include <string.h>
#include "fields.h"
#include "kept.h"
#include "report.h"
#include "settings.h"

#define DEPTH 8
#define LINE_MOST 200u	 /* bytes of a text that fit into a line with its label */
#define EXPERT_MOST 236u /* Wireshark cuts the text of an expert info */

/* What one call of tree_show carries around. */
struct show {
	tvbuff_t *tvb;
	packet_info *pinfo;
	const struct verdict *v;
};

static void put(const struct show *s, proto_tree *t, int id, const char *text)
{
	if (text && *text && id >= 0)
		proto_item_set_generated(proto_tree_add_string(t, id, s->tvb, 0, 0, text));
}

/* Wireshark cuts a line after 240 bytes, so a long text goes on in lines of its own below; the
 * value of the field is the whole text. */
static void put_long(const struct show *s, proto_tree *t, int id, const char *text)
{
	if (id < 0)
		return;
	if (!text || strlen(text) <= LINE_MOST) {
		put(s, t, id, text);
		return;
	}
	GString *broken = g_string_sized_new(strlen(text) + 64);
	report_wrap(broken, text, 0, 8);
	char **lines = g_strsplit(broken->str, "\n", -1);
	proto_item_set_generated(
		proto_tree_add_string_format_value(t, id, s->tvb, 0, 0, text, "%s", lines[0]));
	for (unsigned i = 1; lines[i]; i++) {
		proto_item *item;
		proto_tree_add_subtree(t, s->tvb, 0, 0, fields_tree(TREE_GROUP), &item, lines[i]);
		proto_item_set_generated(item);
	}
	g_strfreev(lines);
	g_string_free(broken, TRUE);
}

static void put_field(const struct show *s, proto_tree *t, enum field f, const char *text)
{
	put_long(s, t, fields_id(f), text);
}

/* Text that came from the wire: user names are hidden when the user wants it. */
static void put_wire(const struct show *s, proto_tree *t, int id, const char *text)
{
	if (!text)
		return;
	GString *scratch = g_string_sized_new(128);
	put_long(s, t, id, report_fit(text, settings_redact(), scratch));
	g_string_free(scratch, TRUE);
}

static void put_frames(const struct show *s, proto_tree *t, enum field f, const struct finding *x)
{
	for (unsigned i = 0; i < x->frame_count; i++)
		proto_item_set_generated(
			proto_tree_add_uint(t, fields_id(f), s->tvb, 0, 0, x->frames[i]));
}

static proto_tree *subtree(proto_item *item, enum tree_kind k)
{
	proto_item_set_generated(item);
	return proto_item_add_subtree(item, fields_tree(k));
}

/* ---- expert infos ---- */

/* Append the sentences of `text` that fit as a whole. */
static void append_sentences(GString *out, const char *text)
{
	while (text && *text) {
		const char *end = strstr(text, ". ");
		size_t n = end ? (size_t)(end - text) + 1 : strlen(text);
		if (out->len + 1 + n > EXPERT_MOST)
			return;
		g_string_append_c(out, ' ');
		g_string_append_len(out, text, (gssize)n);
		text = end ? &end[2] : NULL;
	}
}

static void add_expert(const struct show *s, proto_item *item, const struct finding *f)
{
	if (f->severity < settings_severity())
		return;
	GString *text = g_string_sized_new(256);
	g_string_append_printf(text, "%c%s (%s).", g_ascii_toupper(f->title[0]), &f->title[1],
			       f->id);
	append_sentences(text, f->cause);
	append_sentences(text, f->fix);
	expert_add_info_format(s->pinfo, item, fields_expert(f), "%s", text->str);
	g_string_free(text, TRUE);
}

/* ---- the parts ---- */

static void add_cause(const struct show *s, proto_tree *t)
{
	const struct finding *c = s->v->cause;
	char *line = c ? g_strdup_printf("%s: %s", c->id, c->title) : NULL;

	if (!c)
		return;
	proto_item *item = proto_tree_add_string(t, fields_extra(EXTRA_CAUSE), s->tvb, 0, 0, line);
	proto_tree *in = subtree(item, TREE_CAUSE);
	g_free(line);
	if (kept_names(c, s->pinfo->num))
		proto_item_set_generated(proto_tree_add_item(in, fields_extra(EXTRA_CAUSE_HERE),
							     s->tvb, 0, 0, ENC_NA));
	put_field(s, in, FIELD_CAUSE_ID, c->id);
	put_field(s, in, FIELD_CAUSE_TITLE, c->title);
	put_field(s, in, FIELD_CAUSE_CONFIDENCE, confidence_name(c->confidence));
	put_field(s, in, FIELD_CAUSE_SIDE, side_name(c->side));
	put_wire(s, in, fields_id(FIELD_FINDING_DETAIL), c->detail);
	put_frames(s, in, FIELD_CAUSE_FRAMES, c);
	put_field(s, in, FIELD_CAUSE_FIX, c->fix);
	put_field(s, in, FIELD_CAUSE_CHECK, c->check);
	put_field(s, in, FIELD_CAUSE_REFERENCE, c->reference);
}

static void add_finding(const struct show *s, proto_tree *t, const struct finding *f)
{
	proto_item *item =
		proto_tree_add_string_format(t, fields_id(FIELD_FINDING_ID), s->tvb, 0, 0, f->id,
					     "Finding: %s (%s)", f->title, f->id);
	proto_tree *in = subtree(item, TREE_FINDING);

	add_expert(s, item, f);
	put(s, in, fields_extra(EXTRA_FINDING), f->title);
	put_field(s, in, FIELD_FINDING_SEVERITY, severity_name(f->severity));
	put_field(s, in, FIELD_FINDING_CONFIDENCE, confidence_name(f->confidence));
	if (f->inferred)
		proto_item_set_generated(proto_tree_add_boolean(
			in, fields_id(FIELD_FINDING_INFERRED), s->tvb, 0, 0, 1));
	put_field(s, in, FIELD_FINDING_SIDE, side_name(f->side));
	if (f != s->v->cause) { /* else it stands in the cause above */
		put_wire(s, in, fields_id(FIELD_FINDING_DETAIL), f->detail);
		put_long(s, in, fields_extra(EXTRA_FIX), f->fix);
		put_long(s, in, fields_extra(EXTRA_CHECK), f->check);
		put_long(s, in, fields_extra(EXTRA_REFERENCE), f->reference);
	}
	put_frames(s, in, FIELD_FINDING_FRAMES, f);
}

/* Is this a session that the user wants in full? */
static bool in_full(const struct verdict *v)
{
	return v->m365 || v->lookup_only || settings_all();
}

/* A secret in clear, and what is high or critical, is shown whoever the server is. */
static bool is_shown(const struct verdict *v)
{
	return in_full(v) || report_worst(v) || v->auth_exposure == EXPOSURE_USER ||
	       v->auth_exposure == EXPOSURE_PASSWORD;
}

/* Does this finding of the session belong to this frame, and is it to be shown? */
static bool is_here(const struct verdict *v, const struct finding *f, uint32_t frame)
{
	return kept_names(f, frame) && (f->severity >= SEVERITY_HIGH || in_full(v));
}

/* What happened in this frame and what follows from it. */
static void add_frame(const struct show *s, proto_tree *t)
{
	for (unsigned i = 0; i < s->v->event_count; i++)
		if (s->v->events[i].frame == s->pinfo->num)
			put_wire(s, t, fields_extra(EXTRA_EVENT), s->v->events[i].text);
	for (unsigned i = 0; i < s->v->finding_count; i++)
		if (is_here(s->v, &s->v->findings[i], s->pinfo->num))
			add_finding(s, t, &s->v->findings[i]);
}

/* ---- the record as details ---- */

struct tree_writer {
	struct writer writer; /* first: the callbacks get it */
	const struct show *show;
	proto_tree *at[DEPTH];
	unsigned depth;
	const char *list; /* key of the list that is open */
	unsigned skip;	  /* inside a part that stands elsewhere: levels to go back */
};

static struct tree_writer *tree_of(struct writer *w)
{
	return (struct tree_writer *)(void *)w;
}

/* Parts of the record that have their place above, or say nothing in Wireshark. */
static bool elsewhere(const char *key)
{
	static const char *const keys[] = {
		"smtp365.findings", "smtp365.cause", "event", "rule", "log", "ecs"
	};
	for (size_t i = 0; key && i < G_N_ELEMENTS(keys); i++)
		if (strcmp(key, keys[i]) == 0)
			return true;
	return false;
}

/* Values that stand at the top of the tree already. */
static bool in_summary(int id)
{
	static const enum field shown[] = { FIELD_SESSION, FIELD_ENDPOINT,   FIELD_METHOD,
					    FIELD_REACHED, FIELD_STOPPED_AT, FIELD_OUTCOME };
	for (size_t i = 0; i < G_N_ELEMENTS(shown); i++)
		if (id == fields_id(shown[i]))
			return true;
	return false;
}

/* Title of one item of a list. */
static const char *item_title(const struct tree_writer *t)
{
	return t->list && strcmp(t->list, "smtp365.replies") == 0	      ? "Reply"
	       : t->list && strcmp(t->list, "smtp365.tls.alerts") == 0	      ? "Alert"
	       : t->list && strcmp(t->list, "smtp365.inside.candidates") == 0 ? "Candidate"
									      : "Item";
}

static void open_part(struct writer *w, const char *key, const char *label)
{
	struct tree_writer *t = tree_of(w);
	proto_item *item;

	if (!key && !t->skip)
		label = item_title(t);
	if (t->skip || elsewhere(key)) {
		t->skip++;
		return;
	}
	g_assert(t->depth + 1 < DEPTH);
	t->at[t->depth + 1] = t->at[t->depth];
	if (label && g_strcmp0(key, "smtp365") != 0) {
		t->at[t->depth + 1] = proto_tree_add_subtree(t->at[t->depth], t->show->tvb, 0, 0,
							     fields_tree(TREE_GROUP), &item, label);
		proto_item_set_generated(item);
	}
	t->depth++;
}

static void close_part(struct writer *w)
{
	struct tree_writer *t = tree_of(w);
	if (t->skip)
		t->skip--;
	else
		t->depth--;
}

/* A list of plain values is written without a level of its own. */
static void open_list(struct writer *w, const char *key, const char *label)
{
	(void)label;
	tree_of(w)->list = key;
	open_part(w, key, NULL);
}

/* -1: not to be shown here. */
static int id_of(const struct field_info *f)
{
	int id = fields_id((enum field)(f - field_info((enum field)0)));
	return in_summary(id) ? -1 : id;
}

static void write_string(struct writer *w, const struct field_info *f, const char *value)
{
	struct tree_writer *t = tree_of(w);
	if (!t->skip)
		put_long(t->show, t->at[t->depth], id_of(f), value);
}

static void write_uint(struct writer *w, const struct field_info *f, uint64_t value)
{
	struct tree_writer *t = tree_of(w);
	int id = id_of(f);
	proto_item *item;

	if (t->skip || id < 0)
		return;
	if (f->type == FIELD_FRAME)
		item = proto_tree_add_uint(t->at[t->depth], id, t->show->tvb, 0, 0,
					   (uint32_t)value);
	else
		item = proto_tree_add_uint64(t->at[t->depth], id, t->show->tvb, 0, 0, value);
	proto_item_set_generated(item);
}

static void write_int(struct writer *w, const struct field_info *f, int64_t value)
{
	struct tree_writer *t = tree_of(w);
	if (!t->skip && id_of(f) >= 0)
		proto_item_set_generated(
			proto_tree_add_int64(t->at[t->depth], id_of(f), t->show->tvb, 0, 0, value));
}

static void write_hundredths(struct writer *w, const struct field_info *f, unsigned value)
{
	struct tree_writer *t = tree_of(w);
	if (!t->skip && id_of(f) >= 0)
		proto_item_set_generated(proto_tree_add_double(t->at[t->depth], id_of(f),
							       t->show->tvb, 0, 0, value / 100.0));
}

static void write_bool(struct writer *w, const struct field_info *f, bool value)
{
	struct tree_writer *t = tree_of(w);
	if (!t->skip && id_of(f) >= 0)
		proto_item_set_generated(proto_tree_add_boolean(t->at[t->depth], id_of(f),
								t->show->tvb, 0, 0, value));
}

static void add_details(const struct show *s, proto_tree *t)
{
	proto_item *item;
	struct report_options o = { .redact = settings_redact(), .all = settings_all() };
	struct tree_writer w = {
		.writer = { .object_begin = open_part,
			    .object_end = close_part,
			    .list_begin = open_list,
			    .list_end = close_part,
			    .string = write_string,
			    .uinteger = write_uint,
			    .integer = write_int,
			    .hundredths = write_hundredths,
			    .boolean = write_bool },
		.show = s,
	};
	w.at[0] = proto_tree_add_subtree(t, s->tvb, 0, 0, fields_tree(TREE_DETAILS), &item,
					 "The whole session");
	proto_item_set_generated(item);
	report_walk(s->v, &o, &w.writer);
	g_assert(w.depth == 0 && w.skip == 0);
}

/* ---- the whole ---- */

static bool is_evidence(const struct verdict *v, uint32_t frame)
{
	for (unsigned i = 0; i < v->finding_count; i++)
		if (is_here(v, &v->findings[i], frame))
			return true;
	return false;
}

static void show_verdict(const struct show *s, proto_tree *t, bool details)
{
	const struct verdict *v = s->v;
	bool full = is_shown(v);

	if (full)
		add_cause(s, t);
	if (!details) {
		if (full)
			add_frame(s, t);
		return;
	}
	put_field(s, t, FIELD_ENDPOINT, endpoint_name(v->endpoint));
	put_field(s, t, FIELD_METHOD, method_name(v->method));
	put_field(s, t, FIELD_REACHED, stage_name(v->reached));
	put_field(s, t, FIELD_STOPPED_AT, stage_name(v->stopped_at));
	put_field(s, t, FIELD_OUTCOME, outcome_name(v->outcome));
	if (full) {
		add_frame(s, t);
		add_details(s, t);
	}
}

void tree_show(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, int proto, unsigned session,
	       const struct verdict *v)
{
	struct show s = { .tvb = tvb, .pinfo = pinfo, .v = v };
	bool evidence = v && is_evidence(v, pinfo->num) && is_shown(v);
	bool wanted = tree && (proto_field_is_referenced(tree, proto) || evidence);

	if (!wanted && !evidence)
		return;
	if (!tree) { /* expert infos without a tree */
		for (unsigned i = 0; i < v->finding_count; i++)
			if (is_here(v, &v->findings[i], pinfo->num))
				add_expert(&s, NULL, &v->findings[i]);
		return;
	}
	GString *line = g_string_sized_new(128);
	struct report_options o = { .redact = settings_redact() };
	if (v)
		report_line(v, &o, line);
	else
		g_string_append(line, "the end is not known yet");
	proto_item *item = proto_tree_add_protocol_format(
		tree, proto, tvb, 0, 0, "Microsoft 365 SMTP, session %u: %s", session, line->str);
	proto_tree *t = subtree(item, TREE_SESSION);
	proto_item_set_generated(
		proto_tree_add_uint64(t, fields_id(FIELD_SESSION), tvb, 0, 0, session));
	if (v)
		show_verdict(&s, t, fields_details_wanted(tree));
	g_string_free(line, TRUE);
}
