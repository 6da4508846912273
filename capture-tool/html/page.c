/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Head, summary and sections of the HTML report. The content policy in the head forbids scripts and
 * everything from outside, so that text from a hostile capture could do nothing even if it were not
 * escaped.
 */
#include "html/page.h"
#include <string.h>
#include "report.h"
#include "smtp365.h"

static const struct {
	const char *id, *title, *about;
	bool cards;
} sections[HTML_PLACES] = {
	[HTML_FAILED] = { "failed", "Failed", NULL, true },
	[HTML_ATTENTION] = { "attention", "No failure seen, but to be looked at", NULL, true },
	[HTML_BEYOND] = { "beyond", "More that failed or is to be looked at",
			  "Too many for a card each; --json has all that is known of them.",
			  false },
	[HTML_WORKED] = { "worked", "No failure seen", NULL, false },
	[HTML_OTHER] = { "others", "Not Microsoft 365", "One line each; --all shows them in full.",
			 false },
};

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

void html_page_init(struct html_page *p, const struct options *o)
{
	*p = (struct html_page){
		.o = o,
		.several = o->files->len > 1,
		.names = g_string_new(NULL),
		.sources = g_string_new(NULL),
		.scratch = g_string_new(NULL),
		.first = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
	};
}

void html_page_clear(struct html_page *p)
{
	g_string_free(p->names, TRUE);
	g_string_free(p->sources, TRUE);
	g_string_free(p->scratch, TRUE);
	g_hash_table_destroy(p->first);
}

/* Where the summary's link for this finding leads: to the first session that has it as its cause or
 * at severity high or critical, which has a card or a row with it. */
static void note_first(struct html_page *p, const char *id, uint64_t place)
{
	uint64_t *first = g_hash_table_lookup(p->first, id);
	if (!first) {
		first = g_new(uint64_t, 1);
		*first = place;
		g_hash_table_insert(p->first, g_strdup(id), first);
	}
	*first = MIN(*first, place);
}

void html_page_count(struct html_page *p, const struct verdict *v, unsigned file)
{
	struct html_quality *q = &p->quality;
	if (!v->lookup_only) {
		q->sessions++;
		q->one_sided += v->sides == 1;
		q->midstream += v->midstream;
		q->snapped += v->snapped;
		q->tunnelled += v->encap.tunnel != TUNNEL_NONE;
		q->gap_bytes += v->gap_bytes;
		q->duplicates += v->duplicates;
	}
	for (unsigned i = 0; i < v->finding_count; i++)
		if (&v->findings[i] == v->cause || v->findings[i].severity >= SEVERITY_HIGH)
			note_first(p, v->findings[i].id, (uint64_t)file << 32 | v->session);
}

static void append_part(GString *out, uint64_t n, const char *one, const char *many, bool *any)
{
	if (n == 0)
		return;
	g_string_append_printf(out, "%s%" G_GUINT64_FORMAT " %s", *any ? ", " : "", n,
			       n == 1 ? one : many);
	*any = true;
}

static void append_quality(const struct html_quality *q, GString *out)
{
	bool any = false;
	g_string_append(out, "<dt>Capture quality</dt><dd>");
	append_part(out, q->one_sided, "session seen in one direction only",
		    "sessions seen in one direction only", &any);
	append_part(out, q->midstream, "session that began before the capture",
		    "sessions that began before the capture", &any);
	append_part(out, q->gap_bytes, "byte missing", "bytes missing", &any);
	append_part(out, q->snapped, "session with packets cut short",
		    "sessions with packets cut short", &any);
	append_part(out, q->duplicates, "packet twice", "packets twice", &any);
	append_part(out, q->tunnelled, "session out of a tunnel", "sessions out of a tunnel", &any);
	if (!any)
		g_string_append(out, q->sessions ? "both directions, from the first packet on, "
						   "nothing missing"
						 : "no session to judge it by");
	g_string_append(out, "</dd>\n");
}

/* Frames, and those that could not be used, by reason. */
static void append_frames(const struct packet_stats *k, GString *out)
{
	g_string_append_printf(out, "<dt>Frames</dt><dd>%" G_GUINT64_FORMAT,
			       k->count[PACKET_COUNT_FRAME]);
	for (unsigned i = PACKET_COUNT_LINK; i <= PACKET_COUNT_FRAGMENT_BAD; i++)
		if (k->count[i])
			g_string_append_printf(out, ", %" G_GUINT64_FORMAT " %s", k->count[i],
					       packet_count_text((enum packet_count)i));
	g_string_append(out, "</dd>\n");
}

void html_page_source(struct html_page *p, const char *name, const char *sha256,
		      const struct out_html_file *f)
{
	GString *out = p->sources;
	g_string_append_printf(p->names, "%s%s", p->names->len ? "<br>" : "", name);
	g_string_append_printf(out,
			       "<dl class=\"about\">\n<dt>Capture</dt><dd><strong>%s</strong>"
			       "</dd>\n",
			       name);
	if (sha256)
		g_string_append_printf(out, "<dt>SHA-256</dt><dd><code>%s</code></dd>\n", sha256);
	if (f->last_ns) {
		char first[40], last[40];
		report_time(f->first_ns, first);
		report_time(f->last_ns, last);
		g_string_append_printf(out, "<dt>From</dt><dd>%s to %s (UTC)</dd>\n", first, last);
	}
	if (f->frames) {
		append_frames(f->frames, out);
		append_quality(&p->quality, out);
	}
	if (f->trouble) {
		g_string_append(out, "<dt>Trouble</dt><dd><strong>");
		html_sentence(out, f->trouble, p->scratch);
		g_string_append(out, "</strong></dd>\n");
	}
	g_string_append(out, "</dl>\n");
}

static void append_option(struct html_page *p, const char *name, const char *value, GString *out)
{
	g_string_append_printf(out, " <code>%s", name);
	if (value) {
		g_string_append_c(out, ' ');
		html_sentence(out, value, p->scratch);
	}
	g_string_append(out, "</code>");
}

/* The options that change what the page says. */
static void append_options(struct html_page *p, GString *out)
{
	const struct options *o = p->o;
	char number[24];
	g_string_append_printf(out,
			       "<dl class=\"about\">\n<dt>Made by</dt><dd>smtp365 %s</dd>\n"
			       "<dt>Options</dt><dd>",
			       SMTP365_VERSION);
	gsize before = out->len;
	if (o->filter)
		append_option(p, "-f", o->filter, out);
	if (o->count) {
		g_snprintf(number, sizeof(number), "%" G_GUINT64_FORMAT, o->count);
		append_option(p, "-c", number, out);
	}
	for (guint i = 0; i < o->ports->len; i++) {
		g_snprintf(number, sizeof(number), "%u", g_array_index(o->ports, uint16_t, i));
		append_option(p, "--port", number, out);
	}
	if (o->endpoints)
		append_option(p, "--endpoints", o->endpoints, out);
	if (o->keylog)
		append_option(p, "--keylog", o->keylog, out);
	if (o->all)
		append_option(p, "--all", NULL, out);
	if (o->redact)
		append_option(p, "--redact", NULL, out);
	if (o->verbose)
		append_option(p, "-v", NULL, out);
	g_string_append(out, out->len == before ? "none</dd>\n</dl>\n" : "</dd>\n</dl>\n");
}

/* The whole run in one heading. */
static void append_headline(const struct report_totals *t, GString *out)
{
	unsigned all = t->sessions + t->lookups;
	unsigned failed = t->outcomes[OUTCOME_REJECTED] + t->outcomes[OUTCOME_FAILED];
	const char *what = t->sessions == 0 ? "look-up" : "session";
	if (all == 0)
		g_string_append(out, "No SMTP sessions");
	else if (failed == 0)
		g_string_append_printf(out, "%u %s%s, none failed", all, what, plural(all));
	else
		g_string_append_printf(out, "%u of %u %s%s%s failed", failed, all, what,
				       plural(all),
				       t->sessions && t->lookups ? " and look-ups" : "");
}

static void append_outcomes(const struct report_totals *t, GString *out)
{
	static const char *const words[REPORT_OUTCOMES] = {
		[OUTCOME_ACCEPTED] = "accepted",   [OUTCOME_REJECTED] = "rejected",
		[OUTCOME_FAILED] = "failed",	   [OUTCOME_NO_MAIL] = "without mail",
		[OUTCOME_ENCRYPTED] = "encrypted", [OUTCOME_INCOMPLETE] = "incomplete",
	};
	g_string_append(out, "<ul class=\"tiles\">");
	for (unsigned i = 0; i < REPORT_OUTCOMES; i++)
		if (t->outcomes[i])
			g_string_append_printf(out, "<li class=\"%s\"><strong>%u</strong> %s</li>",
					       outcome_name((enum outcome)i), t->outcomes[i],
					       words[i]);
	g_string_append(out, "</ul>\n");
}

static void append_encryption(const struct report_summary *s, GString *out)
{
	GString *text = g_string_new(NULL);
	report_summary_encryption(s, text);
	char **lines = g_strsplit(text->str, "\n", -1);
	for (char **l = lines; *l; l++) {
		if (!**l)
			continue;
		g_string_append(out, "<p class=\"lead\">");
		html_text(out, *l);
		g_string_append(out, "</p>\n");
	}
	g_strfreev(lines);
	g_string_free(text, TRUE);
}

static void append_stages(const struct report_totals *t, GString *out)
{
	unsigned most = 0;
	for (unsigned i = 0; i < REPORT_STAGES; i++)
		most = MAX(most, t->stages[i]);
	if (most == 0)
		return;
	g_string_append(out, "<table class=\"bars\"><caption>Where they stopped</caption><thead>"
			     "<tr><th scope=\"col\">Stage</th><th scope=\"col\">Sessions</th>"
			     "<th scope=\"col\"><span class=\"vh\">Bar</span></th></tr></thead>"
			     "<tbody>\n");
	for (unsigned i = 0; i < REPORT_STAGES; i++)
		if (t->stages[i])
			g_string_append_printf(
				out,
				"<tr><th scope=\"row\">%s</th><td>%u</td><td><span class=\"bar\" "
				"style=\"width:%u%%\"></span></td></tr>\n",
				stage_name((enum stage)i), t->stages[i],
				MAX(1, (unsigned)((uint64_t)t->stages[i] * 100 / most)));
	g_string_append(out, "</tbody></table>\n");
}

struct table {
	struct html_page *p;
	GString *out;
};

/* An id, as a link to the first session that shows it. */
static void append_id(struct html_page *p, const char *id, GString *out)
{
	const uint64_t *first = g_hash_table_lookup(p->first, id);
	if (first) {
		g_string_append(out, "<a href=\"#");
		html_anchor(out, (unsigned)(*first >> 32), (unsigned)*first);
		g_string_append(out, "\">");
	}
	g_string_append_printf(out, "<code>%s</code>%s", id, first ? "</a>" : "");
}

static void on_finding(const struct report_finding_count *c, void *host)
{
	struct table *t = host;
	g_string_append(t->out, "<tr><td>");
	html_severity(t->out, c->severity);
	g_string_append_printf(t->out, "</td><td>%u</td><td>", c->sessions);
	append_id(t->p, c->id, t->out);
	g_string_append(t->out, "</td><td>");
	html_sentence(t->out, c->title, t->p->scratch);
	g_string_append(t->out, "</td></tr>\n");
}

static void on_client(const struct report_client_count *c, void *host)
{
	struct table *t = host;
	char ip[64];
	report_address(&c->ip, ip);
	g_string_append(t->out, "<tr><th scope=\"row\">");
	html_text(t->out, ip);
	g_string_append_printf(t->out, "</th><td>%u</td><td>%u</td><td>", c->sessions, c->failed);
	if (c->cause)
		append_id(t->p, c->cause, t->out);
	g_string_append(t->out, "</td></tr>\n");
}

static void append_summary(struct html_page *p, const struct report_summary *s, GString *out)
{
	const struct report_totals *totals = report_summary_totals(s);
	struct table t = { .p = p, .out = out };
	g_string_append(out, "<section id=\"summary\" aria-labelledby=\"h-summary\">\n"
			     "<h2 id=\"h-summary\">Summary</h2>\n");
	append_outcomes(totals, out);
	append_encryption(s, out);
	append_stages(totals, out);
	g_string_append(out, "<div class=\"scroll\"><table "
			     "class=\"findings\"><caption>Findings</caption><thead><tr>"
			     "<th scope=\"col\">Severity</th><th scope=\"col\">Sessions</th>"
			     "<th scope=\"col\">Finding</th><th scope=\"col\">Meaning</th>"
			     "</tr></thead><tbody>\n");
	report_summary_findings(s, on_finding, &t);
	g_string_append(out, "</tbody></table></div>\n"
			     "<div class=\"scroll\"><table><caption>Clients</caption><thead><tr>"
			     "<th scope=\"col\">Client</th><th scope=\"col\">Sessions</th>"
			     "<th scope=\"col\">Failed</th><th scope=\"col\">First cause</th>"
			     "</tr></thead><tbody>\n");
	unsigned more = report_summary_clients(s, on_client, &t);
	g_string_append(out, "</tbody></table></div>\n");
	if (more)
		g_string_append_printf(out, "<p>and %u more client%s</p>\n", more, plural(more));
	g_string_append(out, "</section>\n");
}

static void append_navigation(const struct html_page *p, const unsigned entries[HTML_PLACES],
			      GString *out)
{
	g_string_append(out, "<nav aria-label=\"Sections\"><ul>"
			     "<li><a href=\"#summary\">Summary</a></li>");
	for (unsigned i = 0; i < HTML_PLACES; i++)
		if (entries[i])
			g_string_append_printf(out, "<li><a href=\"#%s\">%s (%u)</a></li>",
					       sections[i].id, sections[i].title, entries[i]);
	if (p->several)
		g_string_append(out, "<li><a href=\"#captures\">Captures</a></li>");
	g_string_append(out, "</ul></nav>\n");
}

void html_page_head(struct html_page *p, const struct report_summary *s,
		    const unsigned entries[HTML_PLACES], GString *out)
{
	const struct report_totals *t = report_summary_totals(s);
	bool any = t->sessions + t->lookups > 0;
	g_string_append(out,
			"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
			"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
			"&#39;none&#39;; style-src &#39;unsafe-inline&#39;\">\n"
			"<meta name=\"viewport\" content=\"width=device-width, "
			"initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n"
			"<meta name=\"generator\" content=\"smtp365 " SMTP365_VERSION "\">\n"
			"<title>smtp365: ");
	append_headline(t, out);
	g_string_append(out, "</title>\n<style>\n");
	g_string_append(out, html_style);
	g_string_append(out, "</style>\n</head>\n<body>\n"
			     "<a class=\"skip\" href=\"#main\">Skip to the results</a>\n"
			     "<header>\n<h1>");
	append_headline(t, out);
	g_string_append(out, "</h1>\n");
	if (p->several)
		g_string_append_printf(out,
				       "<dl class=\"about\">\n<dt>Captures</dt><dd><strong>%s"
				       "</strong></dd>\n</dl>\n",
				       p->names->str);
	else
		g_string_append(out, p->sources->str);
	append_options(p, out);
	if (any)
		append_navigation(p, entries, out);
	g_string_append(out, "</header>\n<main id=\"main\">\n");
	if (any)
		append_summary(p, s, out);
	else
		g_string_append(out, "<p class=\"lead\">The capture shows no SMTP.</p>\n");
}

void html_page_section(enum html_place place, unsigned entries, GString *out)
{
	g_string_append_printf(out,
			       "<section id=\"%s\" aria-labelledby=\"h-%s\">\n<h2 id=\"h-%s\">%s "
			       "<span>(%u)</span></h2>\n",
			       sections[place].id, sections[place].id, sections[place].id,
			       sections[place].title, entries);
	if (sections[place].about)
		g_string_append_printf(out, "<p>%s</p>\n", sections[place].about);
	if (!sections[place].cards)
		g_string_append(out, "<div class=\"scroll\"><table class=\"rows\"><thead><tr>"
				     "<th scope=\"col\">No.</th><th scope=\"col\">Start (UTC)</th>"
				     "<th scope=\"col\">Verdict</th><th scope=\"col\">Findings</th>"
				     "</tr></thead><tbody>\n");
}

void html_page_file(enum html_place place, const char *name, GString *out)
{
	g_string_append_printf(out,
			       sections[place].cards ? "<p class=\"file\">%s</p>\n"
						     : "<tr class=\"file\"><th colspan=\"4\" "
						       "scope=\"colgroup\">%s</th></tr>\n",
			       name);
}

void html_page_section_end(enum html_place place, GString *out)
{
	g_string_append(out, sections[place].cards ? "</section>\n"
						   : "</tbody></table></div>\n</section>\n");
}

void html_page_end(const struct html_page *p, GString *out)
{
	if (p->several)
		g_string_append_printf(out,
				       "<section id=\"captures\" aria-labelledby=\"h-captures\">"
				       "\n<h2 id=\"h-captures\">Captures</h2>\n%s</section>\n",
				       p->sources->str);
	g_string_append(out, "</main>\n<footer><p>Times are UTC. Frame numbers are those of "
			     "Wireshark. Passwords and tokens are never part of this report."
			     "</p></footer>\n</body>\n</html>\n");
}
