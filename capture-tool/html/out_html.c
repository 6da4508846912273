/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The page: collects cards and rows in the order of session numbers, each kind in a spool that goes
 * to a temporary file when it grows, and puts head, summary and spools together at the end. What a
 * session looks like is in session.c; what the page looks like in page.c.
 */
#include "html/out_html.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "write/order.h"
#include "html/page.h"
#include "html/parts.h"
#include "write/output.h"

/* Cards beyond these become rows: no browser is quick with more. */
#define CARDS_MOST 2000u
/* A spool in memory; what is more goes to a temporary file. */
#define SPOOL_BYTES (1u << 20)
#define COPY_BYTES (64u << 10)

struct spool {
	GString *text;
	FILE *rest; /* what came before `text`; NULL: nothing */
	unsigned entries;
	unsigned file; /* whose name was written last */
};

struct out_html {
	const struct options *o;
	struct output *to;
	struct report_options report;
	struct report_summary *summary;
	struct order *order;
	struct spool spools[HTML_PLACES];
	struct html_page page;
	unsigned file; /* from 1 */
	char *path;    /* of the file at hand, NULL: standard input */
	GString *name; /* as it is shown, escaped */
	GString *text, *scratch;
	unsigned cards;
	int failed; /* errno of the first failure of a temporary file */
};

/* A temporary file that has no name, so that nothing stays behind; readable by this user only. */
static FILE *rest_open(void)
{
	char *name = NULL;
	int fd = g_file_open_tmp("smtp365-XXXXXX", &name, NULL);
	if (fd < 0)
		return NULL;
	unlink(name);
	g_free(name);
	FILE *f = fdopen(fd, "w+");
	if (!f)
		close(fd);
	return f;
}

static void spool_add(struct out_html *h, struct spool *s, const char *text, size_t n)
{
	g_string_append_len(s->text, text, (gssize)n);
	if (s->text->len < SPOOL_BYTES || h->failed)
		return;
	errno = 0;
	if (!s->rest)
		s->rest = rest_open();
	if (!s->rest || fwrite(s->text->str, 1, s->text->len, s->rest) != s->text->len)
		h->failed = errno ? errno : EIO;
	g_string_truncate(s->text, 0);
}

static void spool_write(struct out_html *h, struct spool *s)
{
	char *buffer = g_malloc(COPY_BYTES);
	size_t n;
	errno = 0;
	if (s->rest && (fflush(s->rest) != 0 || fseek(s->rest, 0, SEEK_SET) != 0))
		h->failed = errno ? errno : EIO;
	while (s->rest && (n = fread(buffer, 1, COPY_BYTES, s->rest)) > 0)
		output_write(h->to, buffer, n);
	if (s->rest && ferror(s->rest))
		h->failed = errno ? errno : EIO;
	output_write(h->to, s->text->str, s->text->len);
	g_free(buffer);
}

/* A finished session, in order: its first byte says where it belongs. With several files the first
 * of each file stands below the file's name. */
static void on_ordered(const char *text, size_t n, void *host)
{
	struct out_html *h = host;
	enum html_place place = (enum html_place)text[0];
	struct spool *s = &h->spools[place];
	if (h->page.several && s->file != h->file) {
		s->file = h->file;
		g_string_truncate(h->scratch, 0);
		html_page_file(place, h->name->str, h->scratch);
		spool_add(h, s, h->scratch->str, h->scratch->len);
	}
	s->entries++;
	spool_add(h, s, text + 1, n - 1);
}

struct out_html *out_html_open(const struct options *o, char **error)
{
	/* Neither a capture nor where the text goes may be written over. */
	GPtrArray *spared = g_ptr_array_new();
	for (guint i = 0; i < o->files->len; i++)
		g_ptr_array_add(spared, g_ptr_array_index(o->files, i));
	g_ptr_array_add(spared, o->output ? o->output : (char *)"/dev/stdout");
	struct output *to = output_open(o->html, spared, false, error);
	g_ptr_array_free(spared, TRUE);
	if (!to)
		return NULL;
	struct out_html *h = g_new0(struct out_html, 1);
	h->o = o;
	h->to = to;
	h->report = (struct report_options){ .redact = o->redact,
					     .dialogue = o->verbose,
					     .all = o->all };
	h->summary = report_summary_new();
	h->order = order_new(ORDER_BYTES, on_ordered, h);
	for (unsigned i = 0; i < HTML_PLACES; i++)
		h->spools[i].text = g_string_new(NULL);
	h->name = g_string_new(NULL);
	h->text = g_string_sized_new(16384);
	h->scratch = g_string_sized_new(640);
	html_page_init(&h->page, o);
	return h;
}

void out_html_file_begin(struct out_html *h, const char *path)
{
	bool pipe = strcmp(path, "-") == 0;
	h->file++;
	g_free(h->path);
	h->path = pipe ? NULL : g_strdup(path);
	g_string_truncate(h->name, 0);
	html_sentence(h->name, pipe ? "standard input" : path, h->scratch);
	h->page.quality = (struct html_quality){ 0 };
}

void out_html_session(struct out_html *h, const struct verdict *v)
{
	struct html_session s = {
		.v = v,
		.o = &h->report,
		.out = h->text,
		.scratch = h->scratch,
		.file = h->page.several ? h->file : 0,
	};
	enum html_place place = html_place(v, &h->report);
	bool card = place == HTML_FAILED || place == HTML_ATTENTION;
	if (card && h->cards++ >= CARDS_MOST)
		place = HTML_BEYOND;
	report_summary_add(h->summary, v);
	html_page_count(&h->page, v, s.file);
	g_string_truncate(h->text, 0);
	g_string_append_c(h->text, (char)place);
	if (card && place != HTML_BEYOND)
		html_card(&s);
	else
		html_row(&s);
	order_add(h->order, v->session, h->text->str, h->text->len);
}

/* SHA-256 of a regular file as it is stored, in hex; NULL for pipes and what cannot be read. */
static char *file_sha256(const char *path)
{
	struct stat st;
	FILE *f = path ? fopen(path, "re") : NULL;
	if (!f)
		return NULL;
	char *hex = NULL;
	if (fstat(fileno(f), &st) == 0 && S_ISREG(st.st_mode)) {
		GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
		guchar *buffer = g_malloc(COPY_BYTES);
		size_t n;
		while ((n = fread(buffer, 1, COPY_BYTES, f)) > 0)
			g_checksum_update(sum, buffer, (gssize)n);
		if (!ferror(f))
			hex = g_strdup(g_checksum_get_string(sum));
		g_free(buffer);
		g_checksum_free(sum);
	}
	fclose(f);
	return hex;
}

void out_html_file_end(struct out_html *h, const struct out_html_file *f)
{
	struct stat st;
	/* A pipe must not be opened a second time: that would wait for a writer. */
	bool regular = h->path && stat(h->path, &st) == 0 && S_ISREG(st.st_mode);
	char *sha256 = regular ? file_sha256(h->path) : NULL;
	order_finish(h->order);
	html_page_source(&h->page, h->name->str, sha256, f);
	g_free(sha256);
}

/* All that stands before and behind the spools. */
static void write_text(struct out_html *h)
{
	output_write(h->to, h->text->str, h->text->len);
	g_string_truncate(h->text, 0);
}

static void write_page(struct out_html *h)
{
	unsigned entries[HTML_PLACES];
	for (unsigned i = 0; i < HTML_PLACES; i++)
		entries[i] = h->spools[i].entries;
	g_string_truncate(h->text, 0);
	html_page_head(&h->page, h->summary, entries, h->text);
	write_text(h);
	for (unsigned i = 0; i < HTML_PLACES; i++) {
		if (entries[i] == 0)
			continue;
		html_page_section((enum html_place)i, entries[i], h->text);
		write_text(h);
		spool_write(h, &h->spools[i]);
		html_page_section_end((enum html_place)i, h->text);
		write_text(h);
	}
	html_page_end(&h->page, h->text);
	write_text(h);
}

bool out_html_close(struct out_html *h, char **error)
{
	if (!h->failed)
		write_page(h);
	bool fine = output_close(h->to, error);
	if (fine && h->failed) {
		*error = g_strdup_printf("%s: temporary files in %s: %s; set TMPDIR to a folder "
					 "with room",
					 h->o->html, g_get_tmp_dir(), g_strerror(h->failed));
		fine = false;
	}
	for (unsigned i = 0; i < HTML_PLACES; i++) {
		g_string_free(h->spools[i].text, TRUE);
		if (h->spools[i].rest)
			fclose(h->spools[i].rest);
	}
	html_page_clear(&h->page);
	order_free(h->order);
	report_summary_free(h->summary);
	g_string_free(h->name, TRUE);
	g_string_free(h->text, TRUE);
	g_string_free(h->scratch, TRUE);
	g_free(h->path);
	g_free(h);
	return fine;
}
