/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The store of facts: a bit and a frame each, and notes for more frames, words and reply rows.
 */
#include "facts/facts.h"

#include <string.h>
#include "base/caps.h"

#define NOTES_MOST 128u

static const char *const fact_names[FACT_COUNT] = {
	"NONE",
#define FACT(name, text) #name,
#include "facts/facts.def"
#undef FACT
};

const char *facts_name(enum fact x)
{
	return (unsigned)x < FACT_COUNT ? fact_names[x] : "unknown";
}

void facts_clear(struct facts *f)
{
	if (f->notes)
		g_array_free(f->notes, TRUE);
	memset(f, 0, sizeof *f);
}

void facts_empty(struct facts *f)
{
	GArray *notes = f->notes;
	if (notes)
		g_array_set_size(notes, 0);
	memset(f, 0, sizeof *f);
	f->notes = notes;
}

static void note(struct facts *f, const struct fact_note *n)
{
	if (!f->notes)
		f->notes = g_array_new(FALSE, FALSE, sizeof *n);
	if (f->notes->len < NOTES_MOST)
		g_array_append_val(f->notes, *n);
}

bool facts_set(struct facts *f, enum fact x, uint32_t frame)
{
	return facts_reply(f, x, frame, NULL, NULL, false);
}

bool facts_say(struct facts *f, enum fact x, uint32_t frame, const char *words)
{
	return facts_reply(f, x, frame, words, NULL, false);
}

bool facts_reply(struct facts *f, enum fact x, uint32_t frame, const char *words,
		 const struct reply_row *row, bool cut)
{
	g_assert(x > FACT_NONE && x < FACT_COUNT);
	bool is_new = !facts_has(f, x);
	f->set[x / 64] |= UINT64_C(1) << (x % 64);
	if (!f->frame[x])
		f->frame[x] = frame;
	if (words || row || (!is_new && frame && frame != f->frame[x]))
		note(f,
		     &(struct fact_note){
			     .fact = x, .frame = frame, .words = words, .row = row, .cut = cut });
	return is_new;
}

bool facts_infer(struct facts *f, enum fact x, uint32_t frame, const char *words,
		 const struct reply_row *row, bool likely)
{
	if (facts_has(f, x))
		return false;
	f->inferred[x / 64] |= UINT64_C(1) << (x % 64);
	if (!likely)
		f->weak[x / 64] |= UINT64_C(1) << (x % 64);
	return facts_reply(f, x, frame, words, row, false);
}

void facts_unset(struct facts *f, enum fact x)
{
	f->set[x / 64] &= ~(UINT64_C(1) << (x % 64));
	f->frame[x] = 0;
	for (guint i = f->notes ? f->notes->len : 0; i-- > 0;)
		if (g_array_index(f->notes, struct fact_note, i).fact == x)
			g_array_remove_index(f->notes, i);
}

const char *facts_words(const struct facts *f, enum fact x)
{
	for (guint i = 0; f->notes && i < f->notes->len; i++) {
		const struct fact_note *n = &g_array_index(f->notes, struct fact_note, i);
		if (n->fact == x && n->words)
			return n->words;
	}
	return NULL;
}

const struct reply_row *facts_row(const struct facts *f, enum fact x)
{
	for (guint i = f->notes ? f->notes->len : 0; i-- > 0;) {
		const struct fact_note *n = &g_array_index(f->notes, struct fact_note, i);
		if (n->fact == x && n->row)
			return n->row;
	}
	return NULL;
}

bool facts_cut(const struct facts *f, enum fact x)
{
	bool cut = false;
	for (guint i = 0; f->notes && i < f->notes->len; i++) {
		const struct fact_note *n = &g_array_index(f->notes, struct fact_note, i);
		if (n->fact == x && n->words && !n->cut)
			return false;
		cut = cut || (n->fact == x && n->cut);
	}
	return cut;
}
