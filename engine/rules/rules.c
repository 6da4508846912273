/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Holds the rows of rules.def against the facts of one session: findings with their evidence, and
 * which of them is the cause. All judgement is in the rows; here are only the guards that hold for
 * every row. Keeps nothing; words are borrowed from the rows and from the facts.
 */
#include <string.h>
#include "m365/pages.h"
#include "m365/replies.h"
#include "rules/rules.h"

/* In a row: any stage, but only when no other row explains the failure. Nothing explains the last
 * stage itself: what is wrong there was wrong with the message. */
#define ANY_STAGE STAGE_ACCEPTED

static const struct rule rows[] = {
#define RULE(...) { __VA_ARGS__ },
#include "rules/rules.def"
};
#define ROWS G_N_ELEMENTS(rows)

/* The facts of a row as bits, and the number of the first row with the same id. */
struct mask {
	uint64_t all[FACT_WORDS], any[FACT_WORDS], none[FACT_WORDS];
	bool has_any;
	uint16_t same_id;
};
static struct mask masks[ROWS];

/* Rows as bits, by their telling facts: that one of `all` which the fewest rows ask for, or, in a
 * row without `all`, each of `any`; FACT_NONE for rows that have neither. Most rows need no further
 * look. */
#define ROW_WORDS ((ROWS + 63) / 64)
static uint64_t telling[FACT_COUNT][ROW_WORDS];

static bool bits_of(const enum fact *list, uint64_t *bits)
{
	bool some = false;
	for (unsigned i = 0; i < RULE_FACTS && list[i] != FACT_NONE; i++) {
		bits[list[i] / 64] |= UINT64_C(1) << (list[i] % 64);
		some = true;
	}
	return some;
}

/* In how many rows each fact must be there. */
static void count_uses(unsigned uses[FACT_COUNT])
{
	for (size_t i = 0; i < ROWS; i++)
		for (unsigned k = 0; k < RULE_FACTS; k++)
			uses[rows[i].all[k]]++;
}

static void tell(size_t row, enum fact x)
{
	telling[x][row / 64] |= UINT64_C(1) << (row % 64);
}

static void find_telling(size_t row, const unsigned uses[FACT_COUNT])
{
	const struct rule *r = &rows[row];
	enum fact best = r->all[0];
	for (unsigned k = 1; k < RULE_FACTS && r->all[k] != FACT_NONE; k++)
		if (uses[r->all[k]] < uses[best])
			best = r->all[k];
	if (best != FACT_NONE || r->any[0] == FACT_NONE)
		tell(row, best);
	for (unsigned k = 0; best == FACT_NONE && k < RULE_FACTS && r->any[k] != FACT_NONE; k++)
		tell(row, r->any[k]);
}

static void masks_make(void)
{
	static gsize once;
	unsigned uses[FACT_COUNT] = { 0 };
	if (!g_once_init_enter(&once))
		return;
	count_uses(uses);
	for (size_t i = 0; i < ROWS; i++) {
		size_t same = 0;
		while (strcmp(rows[same].id, rows[i].id) != 0)
			same++;
		masks[i].same_id = (uint16_t)same;
		bits_of(rows[i].all, masks[i].all);
		masks[i].has_any = bits_of(rows[i].any, masks[i].any);
		bits_of(rows[i].none, masks[i].none);
		find_telling(i, uses);
	}
	g_once_init_leave(&once, 1);
}

static bool holds(const struct mask *m, const struct facts *f)
{
	bool any = !m->has_any;
	for (unsigned w = 0; w < FACT_WORDS; w++) {
		if ((f->set[w] & m->all[w]) != m->all[w] || (f->set[w] & m->none[w]))
			return false;
		any = any || (f->set[w] & m->any[w]);
	}
	return any;
}

/* A claim that something was absent needs both directions from the start
 * (docs/ARCHITECTURE.md#absence). */
static bool absence_unproven(const struct rule *r, const struct facts *f)
{
	return r->absence && (facts_has(f, FACT_ONE_SIDED) || facts_has(f, FACT_MIDSTREAM));
}

static bool absence_weak(const struct rule *r, const struct facts *f)
{
	return r->absence && (facts_has(f, FACT_STREAM_GAP) || facts_has(f, FACT_SNAPPED));
}

static void add_frame(struct finding *out, uint32_t frame)
{
	if (!frame || out->frame_count >= CAP_EVIDENCE)
		return;
	for (unsigned i = 0; i < out->frame_count; i++) {
		if (out->frames[i] == frame)
			return;
	}
	unsigned at = out->frame_count++;
	for (; at > 0 && out->frames[at - 1] > frame; at--)
		out->frames[at] = out->frames[at - 1];
	out->frames[at] = frame;
}

static bool in_mask(const struct mask *m, enum fact x)
{
	return ((m->all[x / 64] | m->any[x / 64]) >> (x % 64)) & 1;
}

/* Facts that say who the peer is or how it ended: they guard a rule, they are not what it shows. */
static bool is_context(enum fact x)
{
	return (x <= FACT_PORT_OTHER && x != FACT_BANNER_NOT_M365) || x == FACT_FAILED ||
	       x == FACT_WORKED || x == FACT_TCP_CONNECTED;
}

static void add_facts(struct finding *out, const enum fact list[RULE_FACTS], const struct facts *f,
		      bool context)
{
	for (unsigned i = 0; i < RULE_FACTS && list[i] != FACT_NONE; i++) {
		enum fact x = list[i];
		if (facts_has(f, x) && is_context(x) == context)
			add_frame(out, f->frame[x]);
	}
}

/* The frame of every fact first, then further frames while there is room. A rule that has nothing
 * else to show shows its context. */
static void fill_frames(struct finding *out, const struct rule *r, const struct mask *m,
			const struct facts *f)
{
	add_facts(out, r->all, f, false);
	add_facts(out, r->any, f, false);
	for (guint i = 0; f->notes && i < f->notes->len; i++) {
		const struct fact_note *n = &g_array_index(f->notes, struct fact_note, i);
		if (in_mask(m, n->fact) && facts_has(f, n->fact) && !is_context(n->fact))
			add_frame(out, n->frame);
	}
	if (out->frame_count == 0) {
		add_facts(out, r->all, f, true);
		add_facts(out, r->any, f, true);
	}
}

/* Another server than Microsoft's answers: its words name nobody of Microsoft and no cmdlet. */
static void fill_elsewhere(struct finding *out, const struct rule_words *w)
{
	out->side = w->side ? (enum side)(w->side - 1) : out->side;
	out->cause = w->cause ? w->cause : out->cause;
	out->title = w->title ? w->title : out->title;
	out->fix = w->fix ? w->fix : out->fix;
	out->check = w->check ? w->check : out->check;
	out->reference = w->reference ? w->reference : out->reference;
}

/* A rule whose first fact came from a reply says what belongs to that very reply. */
static void fill_words(struct finding *out, const struct rule *r, const struct facts *f)
{
	if (!facts_has(f, FACT_SPEAKER_M365))
		fill_elsewhere(out, &r->elsewhere);
	const struct reply_row *row = r->all[0] != FACT_NONE ? facts_row(f, r->all[0]) : NULL;
	if (!row)
		return;
	out->title = row->title ? row->title : out->title;
	out->side = row->side ? (enum side)(row->side - 1) : out->side;
	out->cause = row->cause ? row->cause : out->cause;
	out->fix = row->fix ? row->fix : out->fix;
	out->check = row->check ? row->check : out->check;
	out->reference = row->reference ? row->reference : out->reference;
}

/* The i-th fact of the row, all-of before any-of, with its words; NULL when it has none. */
static const char *words_at(const struct rule *r, const struct facts *f, unsigned i)
{
	enum fact x = i < RULE_FACTS ? r->all[i] : r->any[i - RULE_FACTS];
	return x != FACT_NONE && facts_has(f, x) ? facts_words(f, x) : NULL;
}

static const char *first_words(const struct rule *r, const struct facts *f)
{
	const char *words = NULL;
	for (unsigned i = 0; i < 2 * RULE_FACTS && !words; i++)
		words = words_at(r, f, i);
	return words;
}

size_t rules_detail(const struct facts *f, const struct finding *finding, char *buf, size_t size)
{
	enum { MOST = 3 };
	const struct rule *r = rules_of(finding);
	const char *said[MOST];
	unsigned count = 0;
	size_t at = 0;
	g_assert(size > 0);
	buf[0] = 0;
	for (unsigned i = 0; i < 2 * RULE_FACTS && count < MOST; i++) {
		const char *words = words_at(r, f, i);
		bool again = !words || !*words;
		for (unsigned k = 0; k < count && !again; k++)
			again = strcmp(said[k], words) == 0;
		if (again)
			continue;
		size_t need = strlen(words) + (count ? 2 : 0);
		if (need >= size - at)
			break;
		if (count)
			at = g_strlcat(buf, "; ", size);
		at = g_strlcat(buf, words, size);
		said[count++] = words;
	}
	return at;
}

void rules_borrow(const struct rule *r, const char *detail, struct finding *out)
{
	*out = (struct finding){
		.row = (unsigned)(r - rows),
		.id = r->id,
		.title = r->title,
		.letter = r->letter,
		.severity = r->severity,
		.confidence = r->confidence,
		.side = r->side,
		.inferred = r->inferred,
		.detail = detail,
		.cause = r->cause,
		.fix = r->fix,
		.check = r->check,
		.reference = r->reference,
	};
}

/* What rests on lengths is likely at best, and says so. */
static void weaken(struct finding *out, const enum fact list[RULE_FACTS], const struct facts *f)
{
	for (unsigned i = 0; i < RULE_FACTS && list[i] != FACT_NONE; i++) {
		if (!facts_has(f, list[i]) || !facts_inferred(f, list[i]))
			continue;
		out->inferred = true;
		out->confidence = MIN(out->confidence, facts_weak(f, list[i]) ? CONFIDENCE_POSSIBLE
									      : CONFIDENCE_LIKELY);
	}
}

static void fill(struct finding *out, size_t row, const struct facts *f)
{
	const struct rule *r = &rows[row];
	rules_borrow(r, first_words(r, f), out);
	if (absence_weak(r, f) || (r->all[0] != FACT_NONE && facts_cut(f, r->all[0])))
		out->confidence = CONFIDENCE_POSSIBLE;
	weaken(out, r->all, f);
	weaken(out, r->any, f);
	fill_frames(out, r, &masks[row], f);
	fill_words(out, r, f);
}

const struct rule *rules_all(size_t *n)
{
	*n = ROWS;
	return rows;
}

const struct rule *rules_of(const struct finding *f)
{
	return &rows[f->row];
}

const struct rule *rules_about(enum fact x)
{
	for (size_t i = 0; i < ROWS; i++) {
		if (rows[i].all[0] == x && rows[i].explains != STAGE_NONE)
			return &rows[i];
	}
	return NULL;
}

const struct rule *rules_find(const char *id)
{
	for (size_t i = 0; i < ROWS; i++) {
		if (strcmp(rows[i].id, id) == 0)
			return &rows[i];
	}
	return NULL;
}

static void rows_worth_a_look(const struct facts *f, uint64_t worth[ROW_WORDS])
{
	memcpy(worth, telling[FACT_NONE], sizeof(telling[FACT_NONE]));
	for (unsigned w = 0; w < FACT_WORDS; w++)
		for (uint64_t bits = f->set[w]; bits; bits &= bits - 1) {
			unsigned x = w * 64 + (unsigned)__builtin_ctzll(bits);
			for (size_t i = 0; i < ROW_WORDS; i++)
				worth[i] |= telling[x][i];
		}
}

unsigned rules_judge(const struct facts *f, struct finding *out)
{
	bool done[ROWS] = { false };
	uint64_t worth[ROW_WORDS];
	unsigned n = 0;
	masks_make();
	rows_worth_a_look(f, worth);
	for (size_t w = 0; w < ROW_WORDS; w++) {
		for (uint64_t bits = worth[w]; bits && n < CAP_FINDINGS; bits &= bits - 1) {
			size_t i = w * 64 + (size_t)__builtin_ctzll(bits);
			if (done[masks[i].same_id] || !holds(&masks[i], f) ||
			    absence_unproven(&rows[i], f))
				continue;
			done[masks[i].same_id] = true;
			fill(&out[n++], i, f);
		}
	}
	return n;
}

/* The last resort says nothing beside a certain finding, though that is about a later stage. */
static const struct finding *stronger(const struct finding *had, const struct finding *f)
{
	if (f->confidence != CONFIDENCE_CERTAIN)
		return had;
	return !had || rules_of(f)->explains < rules_of(had)->explains ? f : had;
}

const struct finding *rules_cause(const struct finding *list, unsigned n, enum stage stopped)
{
	const struct finding *best = NULL, *later = NULL;
	enum stage earliest = STAGE_NONE;

	for (unsigned i = 0; i < n; i++) {
		enum stage s = rules_of(&list[i])->explains;
		if (s == STAGE_NONE || stopped == STAGE_NONE)
			continue;
		if (s > stopped && s != ANY_STAGE) {
			later = stronger(later, &list[i]);
		} else if (!best || s < earliest || (s == earliest && list[i].row < best->row)) {
			best = &list[i];
			earliest = s;
		}
	}
	return later && best && best->letter[0] == 'U' ? later : best;
}
