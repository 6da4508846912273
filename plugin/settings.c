/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preferences (plugin/README.md#preferences): smtp365.ports, .all, .redact, .severity and the table
 * of endpoints. A change makes Wireshark dissect again, and with that a new engine.
 */
#include "ws_compat.h"

#include <string.h>
#include "frames/feed.h"
#include "ports.h"
#include "settings.h"

#define MOST_PORT 65535u

struct endpoint_row { /* of the UAT; texts owned by the UAT */
	char *pattern;
	unsigned port;
	unsigned endpoint;
};

static range_t *ports;
static compat_bool all, redact;
static int severity = SEVERITY_INFO;
static struct endpoint_row *rows;
static unsigned row_count;

static const enum_val_t severities[] = {
	{ "info", "Info", SEVERITY_INFO },
	{ "low", "Low", SEVERITY_LOW },
	{ "medium", "Medium", SEVERITY_MEDIUM },
	{ "high", "High", SEVERITY_HIGH },
	{ "critical", "Critical", SEVERITY_CRITICAL },
	{ NULL, NULL, 0 },
};

static const value_string endpoint_words[] = {
#define ENDPOINT(name, word, ranges, issuers, says) { ENDPOINT_##name, word },
#include "endpoints.def"
#undef ENDPOINT
	{ 0, NULL },
};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
UAT_CSTRING_CB_DEF(endpoint_rows, pattern, struct endpoint_row)
UAT_DEC_CB_DEF(endpoint_rows, port, struct endpoint_row)
UAT_VS_DEF(endpoint_rows, endpoint, struct endpoint_row, unsigned, ENDPOINT_SUBMISSION,
	   "submission")
#pragma GCC diagnostic pop

static void *row_copy(void *to, const void *from, size_t n)
{
	struct endpoint_row *t = to;
	const struct endpoint_row *f = from;
	(void)n;
	*t = *f;
	t->pattern = g_strdup(f->pattern);
	return t;
}

static void row_free(void *row)
{
	g_free(((struct endpoint_row *)row)->pattern);
}

/* A star or a question mark stands for labels at the front only. */
static compat_bool row_update(void *row, char **error)
{
	struct endpoint_row *r = row;
	const char *rest = r->pattern ? r->pattern : "";

	*error = NULL;
	if (g_str_has_prefix(rest, "*.") || g_str_has_prefix(rest, "?."))
		rest += 2;
	if (!strchr(rest, '.') || strpbrk(rest, "*? /:"))
		*error = g_strdup(
			"The name is a host name such as smtp.contoso.com or *.contoso.com");
	else if (r->port > MOST_PORT)
		*error = g_strdup("The port is at most 65535; 0 means any");
	return !*error;
}

static uat_field_t endpoint_fields[] = {
	UAT_FLD_CSTRING(endpoint_rows, pattern, "Name",
			"Host name; *.contoso.com covers all under it"),
	UAT_FLD_DEC(endpoint_rows, port, "Port", "0 means any"),
	UAT_FLD_VS(endpoint_rows, endpoint, "Class", endpoint_words, "Which service it is"),
	UAT_END_FIELDS
};

void settings_register(int proto)
{
	module_t *m = prefs_register_protocol(proto, NULL);
	uat_t *uat = uat_new("Microsoft 365 SMTP endpoints", sizeof(struct endpoint_row),
			     "smtp365_endpoints", TRUE, &rows, &row_count, UAT_AFFECTS_DISSECTION,
			     NULL, row_copy, row_update, row_free, NULL, NULL, endpoint_fields);

	range_convert_str(wmem_epan_scope(), &ports, SMTP365_PORTS_TEXT, MOST_PORT);
	prefs_register_range_preference(
		m, "ports", "Watched TCP ports",
		"Ports whose connections are sessions from their first packet. On other "
		"ports a session counts when it is proven to be SMTP.",
		&ports, MOST_PORT);
	prefs_register_bool_preference(
		m, "all", "All mail sessions",
		"Show sessions with servers that are not Microsoft 365 in full too.", &all);
	prefs_register_bool_preference(
		m, "redact", "Hide user names",
		"Hide user names and local parts of addresses. Passwords are never shown.",
		&redact);
	prefs_register_enum_preference(m, "severity", "Lowest severity for expert information",
				       "Findings below it are in the tree only.", &severity,
				       severities, FALSE);
	prefs_register_uat_preference(
		m, "endpoints", "Own endpoints",
		"Hosts that count as Microsoft 365 although the built-in table does not "
		"know them.",
		uat);
}

bool settings_all(void)
{
	return all;
}

bool settings_redact(void)
{
	return redact;
}

enum severity settings_severity(void)
{
	return (enum severity)severity;
}

static GArray *port_list(void)
{
	GArray *list = g_array_new(FALSE, FALSE, sizeof(uint16_t));
	for (unsigned i = 0; ports && i < ports->nranges; i++)
		for (guint32 p = ports->ranges[i].low; p <= ports->ranges[i].high && p <= MOST_PORT;
		     p++) {
			uint16_t port = (uint16_t)p;
			g_array_append_val(list, port);
		}
	return list;
}

static GArray *name_list(void)
{
	GArray *list = g_array_new(FALSE, FALSE, sizeof(struct smtp365_name));
	for (unsigned i = 0; i < row_count; i++) {
		struct smtp365_name n = { .pattern = rows[i].pattern,
					  .port = (uint16_t)rows[i].port,
					  .endpoint = (enum endpoint)rows[i].endpoint };
		if (n.pattern)
			g_array_append_val(list, n);
	}
	return list;
}

struct smtp365 *settings_engine(smtp365_session_fn fn, void *host)
{
	GArray *watched = port_list(), *names = name_list();
	struct smtp365_options o = {
		.redact = redact,
		.ports = (const uint16_t *)(const void *)watched->data,
		.port_count = watched->len,
		.only_ports = true,
		.names = (const struct smtp365_name *)(const void *)names->data,
		.name_count = names->len,
	};
	char *error = NULL;

	feed_hash_key(&o);
	struct smtp365 *engine = smtp365_new(&o, fn, host, &error);
	g_assert(engine); /* only an endpoints document could be refused */
	g_array_free(watched, TRUE);
	g_array_free(names, TRUE);
	return engine;
}
