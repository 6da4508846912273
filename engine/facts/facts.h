/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The set of facts of one session: what was proven, by which frame, with a few words. A fact is
 * set once; later proofs add frames only. Rules read it; nothing here judges.
 */
#ifndef SMTP365_FACTS_H
#define SMTP365_FACTS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

enum fact {
	FACT_NONE,
#define FACT(name, text) FACT_##name,
#include "facts/facts.def"
#undef FACT
	FACT_COUNT
};

#define FACT_WORDS ((FACT_COUNT + 63) / 64)

struct reply_row; /* replies.h */

/* More than the first frame, or words, for one fact. */
struct fact_note {
	enum fact fact;
	uint32_t frame;		     /* 0: words only */
	const char *words;	     /* borrowed (the session's arena), may be NULL */
	const struct reply_row *row; /* the reply row that set it, may be NULL */
	bool cut;		     /* the reply was cut off: its code is all that is sure */
};

struct facts {
	uint64_t set[FACT_WORDS];
	uint64_t inferred[FACT_WORDS]; /* of these: concluded from record lengths, not read */
	uint64_t weak[FACT_WORDS];     /* of these: possible only, else likely */
	uint32_t frame[FACT_COUNT];    /* the frame that proved it, 0 when none does */
	GArray *notes;		       /* struct fact_note, in order; NULL until needed; bounded */
};

void facts_clear(struct facts *f); /* frees the notes */
void facts_empty(struct facts *f); /* keeps the memory of the notes for the next session */
static inline bool facts_has(const struct facts *f, enum fact x)
{
	return (f->set[x / 64] >> (x % 64)) & 1;
}
/* Set with its frame; on a later call the frame is added as a note. Returns true when it was new.
 */
bool facts_set(struct facts *f, enum fact x, uint32_t frame);
/* Set with words for the finding's detail (borrowed). */
bool facts_say(struct facts *f, enum fact x, uint32_t frame, const char *words);
/* Set from a row of the reply table; `cut`: the capture does not have all of the reply. */
bool facts_reply(struct facts *f, enum fact x, uint32_t frame, const char *words,
		 const struct reply_row *row, bool cut);
/* The same, concluded from record lengths. What was read already stays so. */
bool facts_infer(struct facts *f, enum fact x, uint32_t frame, const char *words,
		 const struct reply_row *row, bool likely);
static inline bool facts_inferred(const struct facts *f, enum fact x)
{
	return (f->inferred[x / 64] >> (x % 64)) & 1;
}
static inline bool facts_weak(const struct facts *f, enum fact x)
{
	return (f->weak[x / 64] >> (x % 64)) & 1;
}
/* Take back: a guard proved later that the fact does not hold. */
void facts_unset(struct facts *f, enum fact x);
const char *facts_name(enum fact x);			     /* "STARTTLS_MASKED" */
const char *facts_words(const struct facts *f, enum fact x); /* first words noted, or NULL */
const struct reply_row *facts_row(const struct facts *f, enum fact x); /* last row noted, or NULL */
/* Every reply that set it was cut off. */
bool facts_cut(const struct facts *f, enum fact x);

#endif
