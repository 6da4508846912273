/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Turns the rows of fields.def into Wireshark's tables. Ids are -1 until registered, which
 * Wireshark 4.0 insists on.
 */
#include "fields.h"

#include "smtp365.h"

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

/* clang-format off */
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
/* clang-format on */

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
	case FIELD_HUNDREDTHS:
		return FT_DOUBLE;
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
		.abbrev = g_str_has_prefix(info->key, "smtp365.")
				  ? info->key
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

/* ---- expert infos ---- */

/* Wireshark's dialog groups by the field and heads the group with its title, so each title of a
 * finding has a field of its own, for every severity that its rows have: the title of another row
 * would accuse what this one does not. What no row has uses the general ones at the end. */
static expert_field *expert_ids;
static ei_register_info *expert_rows;
static GHashTable *expert_of; /* "severity id title" -> index + 1 */
static GHashTable *expert_names;
static size_t expert_most;  /* room for them */
static size_t expert_count; /* without the general ones */

static bool about_secrecy(const char *id)
{
	static const char *const fronts[] = { "starttls.",
					      "tls.",
					      "cert.",
					      "auth.cleartext",
					      "auth.attempt_before_tls",
					      "auth.port25",
					      "smtp.smuggling" };
	for (size_t i = 0; i < G_N_ELEMENTS(fronts); i++)
		if (g_str_has_prefix(id, fronts[i]))
			return true;
	return false;
}

static int expert_severity(enum severity s)
{
	static const int of[] = { [SEVERITY_INFO] = PI_CHAT,
				  [SEVERITY_LOW] = PI_NOTE,
				  [SEVERITY_MEDIUM] = PI_WARN,
				  [SEVERITY_HIGH] = PI_ERROR,
				  [SEVERITY_CRITICAL] = PI_ERROR };
	return of[s];
}

static void add_expert(size_t at, char *name, int group, int severity, char *summary)
{
	static const expert_field unset = EI_INIT;
	expert_ids[at] = unset;
	expert_rows[at].ids = &expert_ids[at];
	expert_rows[at].eiinfo.name = name;
	expert_rows[at].eiinfo.group = group;
	expert_rows[at].eiinfo.severity = severity;
	expert_rows[at].eiinfo.summary = summary;
	expert_rows[at].eiinfo.hf_info.p_id = NULL;
	expert_rows[at].eiinfo.hf_info.hfinfo.id = -1;
	expert_rows[at].eiinfo.hf_info.hfinfo.same_name_prev_id = -1;
}

static void add_general(size_t at, enum severity s, bool secrecy)
{
	add_expert(at,
		   g_strdup_printf("smtp365.expert.%s.%s", secrecy ? "security" : "protocol",
				   severity_name(s)),
		   secrecy ? PI_SECURITY : PI_PROTOCOL, expert_severity(s),
		   g_strdup_printf("Finding about mail, %s", severity_name(s)));
}

static char *expert_key(const char *id, enum severity s, const char *title)
{
	return g_strdup_printf("%d %s %s", expert_severity(s), id, title);
}

/* "smtp365.expert.ID", with the severity where it is not the finding's highest; a further title
 * of the same gets a number. */
static char *expert_name(const char *id, enum severity severity)
{
	const struct smtp365_rule *highest = smtp365_rule_find(id);
	bool top = expert_severity(highest->severity) == expert_severity(severity);
	char *first =
		g_strconcat("smtp365.expert.", id, top ? NULL : ".", severity_name(severity), NULL);
	char *name = g_strdup(first);

	for (unsigned i = 2; g_hash_table_contains(expert_names, name); i++) {
		g_free(name);
		name = g_strdup_printf("%s.%u", first, i);
	}
	g_hash_table_add(expert_names, name);
	g_free(first);
	return name;
}

/* Those of general rows come first: the name without a number is for what lists say. */
enum pass { COUNT, GENERAL, EVERY };

/* One for the headline, unless an earlier one of the finding says the same with the same severity.
 */
static void add_headline(const char *id, enum severity severity, const char *words, bool general,
			 void *host)
{
	enum pass pass = *(enum pass *)host;
	char *key = expert_key(id, severity, words);

	if (pass == COUNT)
		expert_most++;
	if (pass == COUNT || (pass == GENERAL && !general) || g_hash_table_lookup(expert_of, key)) {
		g_free(key);
		return;
	}
	char *title = g_strdup(words);
	title[0] = g_ascii_toupper(title[0]);
	add_expert(expert_count, expert_name(id, severity),
		   about_secrecy(id) ? PI_SECURITY : PI_PROTOCOL, expert_severity(severity), title);
	g_hash_table_insert(expert_of, key, GSIZE_TO_POINTER(++expert_count));
}

static void register_experts(int proto)
{
	enum pass pass = COUNT;

	smtp365_headlines(add_headline, &pass);
	expert_most += 2 * (SEVERITY_CRITICAL + 1);
	expert_ids = g_new0(expert_field, expert_most);
	expert_rows = g_new0(ei_register_info, expert_most);
	expert_of = g_hash_table_new(g_str_hash, g_str_equal);
	expert_names = g_hash_table_new(g_str_hash, g_str_equal);
	for (pass = GENERAL; pass <= EVERY; pass++)
		smtp365_headlines(add_headline, &pass);
	for (unsigned s = 0; s <= SEVERITY_CRITICAL; s++) {
		add_general(expert_count + 2 * s, (enum severity)s, false);
		add_general(expert_count + 2 * s + 1, (enum severity)s, true);
	}
	expert_register_field_array(expert_register_protocol(proto), expert_rows,
				    (int)(expert_count + 2 * (SEVERITY_CRITICAL + 1)));
}

expert_field *fields_expert(const struct finding *f)
{
	char *key = expert_key(f->id, f->severity, f->title);
	size_t at = GPOINTER_TO_SIZE(g_hash_table_lookup(expert_of, key));

	g_free(key);
	return &expert_ids[at ? at - 1 : expert_count + 2 * f->severity + about_secrecy(f->id)];
}

void fields_register(int proto)
{
	register_fields(proto);
	register_trees();
	register_experts(proto);
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
