/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Findings and the cause of one session from its facts. A rule is a row of rules.def; row order is
 * precedence. The first row of an id that holds makes the finding, so a row with stronger facts
 * stands before the general one of the same id.
 */
#ifndef SMTP365_RULES_H
#define SMTP365_RULES_H

#include "base/caps.h"
#include "facts/facts.h"
#include "verdict.h"

#define RULE_FACTS 10

/* What a rule says when the server that answers is not Microsoft's; NULL and 0: as the rule itself.
 */
struct rule_words {
	const char *title, *cause, *fix, *check, *reference;
	uint8_t side; /* 1 + enum side */
};

struct rule {
	const char *letter; /* "S02" */
	const char *id;	    /* "starttls.masked": the contract */
	const char *title;  /* a few words, lower case: the headline */
	enum severity severity;
	enum confidence confidence;
	enum side side;
	enum stage explains; /* stage whose failure it explains; STAGE_NONE: never a cause */
	bool absence;	     /* claims that something was absent (docs/ARCHITECTURE.md#absence) */
	bool inferred;
	bool general; /* the row that names the finding in lists, instead of the first of its id */
	enum fact all[RULE_FACTS];   /* every one must hold; evidence are their frames */
	enum fact any[RULE_FACTS];   /* at least one must hold when not empty; evidence too */
	enum fact none[RULE_FACTS];  /* none may hold */
	const char *cause;	     /* what happened, a sentence for the administrator */
	const char *fix;	     /* what to do, by `side` */
	const char *check;	     /* exact command, cmdlet or setting that proves it */
	const char *reference;	     /* RFC or Microsoft page, short */
	struct rule_words elsewhere; /* when another server than Microsoft's answers */
	const char *keys;	     /* "-", "K/-", "I", "K" as in the table of findings */
};

/* All rows in order; *n gets the count. */
const struct rule *rules_all(size_t *n);
/* The row that made this finding. */
const struct rule *rules_of(const struct finding *f);
/* The first row with this id, or NULL. */
const struct rule *rules_find(const char *id);
/* The first row whose first fact is this one and that can be a cause, or NULL. */
const struct rule *rules_about(enum fact x);
/* Fill out[CAP_FINDINGS] with the findings that hold, in row order; returns the count. */
unsigned rules_judge(const struct facts *f, struct finding *out);
/* A finding of this row that its facts do not show here, with these words and no frames. */
void rules_borrow(const struct rule *r, const char *detail, struct finding *out);
/* The words of the finding's facts joined by "; ", at most three and only whole ones, into buf of
 * size bytes (at least 1); returns the length. finding->detail has the first of them, borrowed. */
size_t rules_detail(const struct facts *f, const struct finding *finding, char *buf, size_t size);
/* Which of the findings explains that the session stopped at `stopped`; NULL when none does.
 * The earliest explained stage wins, then row order. */
const struct finding *rules_cause(const struct finding *list, unsigned n, enum stage stopped);

#endif
