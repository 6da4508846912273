/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Turns the rows of fields.def into Wireshark's tables. Ids are -1 until registered, which
 * Wireshark 4.0 insists on.
 */
#include "fields.h"

#include <string.h>

static int ids[FIELD_COUNT];
static int extra_ids[EXTRA_COUNT];
static int tree_ids[TREE_KINDS];
static hf_register_info *rows; /* for as long as Wireshark runs */

/* Members of the envelope that say nothing beside Wireshark's own columns. */
static bool hidden(const char *key)
{
	static const char *const prefixes[] = { "@", "ecs.", "event.", "log.", "rule." };
	for (size_t i = 0; i < G_N_ELEMENTS(prefixes); i++)
		if (g_str_has_prefix(key, prefixes[i]))
			return true;
	return false;
}

static const struct {
	enum extra_field field;
	hf_register_info row;
} extra_rows[] = {
	{ EXTRA_CAUSE_HERE, { NULL, { "This frame proves the cause", "smtp365.cause.here", FT_NONE, BASE_NONE,
		NULL, 0, "Present on the frames that prove why the mail did not go out.", HFILL } } },
	{ EXTRA_CAUSE, { NULL, { "Cause", "smtp365.cause", FT_STRING, BASE_NONE,
		NULL, 0, "Id and title of the cause, for a column.", HFILL } } },
	{ EXTRA_EVENT, { NULL, { "Event", "smtp365.event", FT_STRING, BASE_NONE,
		NULL, 0, "What happened in this frame, in words.", HFILL } } },
	{ EXTRA_FINDING, { NULL, { "Title", "smtp365.findings.title", FT_STRING, BASE_NONE,
		NULL, 0, "The finding in a few words.", HFILL } } },
	{ EXTRA_FIX, { NULL, { "Fix", "smtp365.findings.fix", FT_STRING, BASE_NONE,
		NULL, 0, "What to do about the finding.", HFILL } } },
	{ EXTRA_CHECK, { NULL, { "Check", "smtp365.findings.check", FT_STRING, BASE_NONE,
		NULL, 0, "Command or setting that proves the finding.", HFILL } } },
	{ EXTRA_REFERENCE, { NULL, { "Reference", "smtp365.findings.reference", FT_STRING, BASE_NONE,
		NULL, 0, "Where it is written down.", HFILL } } },
};

static enum ftenum type_of(enum field_type t)
{
	switch (t) {
	case FIELD_UINT:
		return FT_UINT64;
	case FIELD_INT:
		return FT_INT64;
	case FIELD_BOOL:
		return FT_BOOLEAN;
	case FIELD_FRAME:
		return FT_FRAMENUM;
	default: /* text, time and address are shown as the record has them */
		return FT_STRING;
	}
}

static void make_row(hf_register_info *row, enum field f)
{
	const struct field_info *info = field_info(f);
	enum ftenum type = type_of(info->type);
	bool number = type == FT_UINT64 || type == FT_INT64;

	row->p_id = &ids[f];
	row->hfinfo = (header_field_info){
		.name = info->label,
		.abbrev = g_str_has_prefix(info->key, "smtp365.") ? info->key
								  : g_strconcat("smtp365.", info->key, NULL),
		.type = type,
		.display = number ? BASE_DEC : BASE_NONE,
		.blurb = info->meaning,
		.id = -1,
		.parent = 0,
		.ref_type = HF_REF_TYPE_NONE,
		.same_name_prev_id = -1,
	};
}

static void register_fields(int proto)
{
	int n = 0;

	rows = g_new0(hf_register_info, FIELD_COUNT + EXTRA_COUNT);
	for (unsigned f = 0; f < FIELD_COUNT; f++) {
		ids[f] = -1;
		if (!hidden(field_info((enum field)f)->key))
			make_row(&rows[n++], (enum field)f);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(extra_rows); i++) {
		extra_ids[extra_rows[i].field] = -1;
		rows[n] = extra_rows[i].row;
		rows[n++].p_id = &extra_ids[extra_rows[i].field];
	}
	proto_register_field_array(proto, rows, n);
}

static void register_trees(void)
{
	static int *trees[TREE_KINDS];
	for (unsigned i = 0; i < TREE_KINDS; i++) {
		tree_ids[i] = -1;
		trees[i] = &tree_ids[i];
	}
	proto_register_subtree_array(trees, TREE_KINDS);
}

#define EXPERTS(name, group)                                                                              \
	static expert_field name##_critical = EI_INIT, name##_high = EI_INIT, name##_medium = EI_INIT,     \
			    name##_low = EI_INIT, name##_info = EI_INIT;                                   \
	static ei_register_info name##_rows[] = {                                                          \
		{ &name##_critical, { "smtp365." #name ".critical", group, PI_ERROR,                       \
				      "Critical finding about Microsoft 365 mail", EXPFILL } },            \
		{ &name##_high, { "smtp365." #name ".high", group, PI_ERROR,                               \
				  "Severe finding about Microsoft 365 mail", EXPFILL } },                  \
		{ &name##_medium, { "smtp365." #name ".medium", group, PI_WARN,                            \
				    "Finding about Microsoft 365 mail", EXPFILL } },                       \
		{ &name##_low, { "smtp365." #name ".low", group, PI_NOTE,                                  \
				 "Minor finding about Microsoft 365 mail", EXPFILL } },                    \
		{ &name##_info, { "smtp365." #name ".info", group, PI_CHAT,                                \
				  "Remark about Microsoft 365 mail", EXPFILL } },                          \
	}

EXPERTS(security, PI_SECURITY);
EXPERTS(protocol, PI_PROTOCOL);

expert_field *fields_expert(enum severity s, bool security)
{
	static expert_field *const of[2][5] = {
		{ &protocol_info, &protocol_low, &protocol_medium, &protocol_high, &protocol_critical },
		{ &security_info, &security_low, &security_medium, &security_high, &security_critical },
	};
	return of[security][s];
}

void fields_register(int proto)
{
	register_fields(proto);
	register_trees();
	expert_module_t *experts = expert_register_protocol(proto);
	expert_register_field_array(experts, security_rows, (int)G_N_ELEMENTS(security_rows));
	expert_register_field_array(experts, protocol_rows, (int)G_N_ELEMENTS(protocol_rows));
}

int fields_id(enum field f)
{
	return ids[f];
}

int fields_extra(enum extra_field f)
{
	return extra_ids[f];
}

int fields_tree(enum tree_kind k)
{
	return tree_ids[k];
}

bool fields_details_wanted(proto_tree *tree)
{
	for (unsigned f = 0; f < FIELD_COUNT; f++)
		if (ids[f] >= 0 && proto_field_is_referenced(tree, ids[f]))
			return true;
	return false;
}
