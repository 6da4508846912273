/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Nodes and steps of the dialogue (grammar.def), and how well the length of a turn fits a step.
 */
#ifndef SMTP365_INSIDE_GRAMMAR_H
#define SMTP365_INSIDE_GRAMMAR_H

#include "inside/inside.h"
#include "inside/lengths.h"

enum node {
	NODE_START,
	NODE_REFUSED,	   /* a command was refused */
	NODE_READY,	   /* after a login or a message */
	NODE_RCPT_REFUSED, /* the last recipient was refused */
	NODE_GROUP_VOID,   /* MAIL of a group was refused, answers to the rest may follow */
	NODE_GROUP_REFUSED,
	NODE_LOGIN,
	NODE_USER,
	NODE_USER_SENT,
	NODE_PASSWORD,
	NODE_PASSWORD_SENT,
	NODE_TOKEN_ASKED,
	NODE_TOKEN,
	NODE_TOKEN_SENT,
	NODE_PLAIN,
	NODE_PLAIN_SENT,
	NODE_MAIL,
	NODE_SENDER,
	NODE_RCPT,
	NODE_DATA,
	NODE_BODY,
	NODE_GROUP,
	NODE_GROUP_REST,
	NODE_QUIT,
	NODE_RSET,
	NODE_OVER,
	NODE_COUNT,
	NODE_AS_BEFORE = NODE_COUNT,
};

/* What a server's record may be. */
enum answer {
	ANSWER_FIXED_334_EMPTY,
	ANSWER_FIXED_334,
	ANSWER_FIXED_21,
	ANSWER_FIXED_24,
	ANSWER_FIXED_235,
	ANSWER_FIXED_46,
	ANSWER_FIXED_48,
	ANSWER_NEED_503,
	ANSWER_NEED_503K,
	ANSWER_SAME_503, /* the refusal in force again, with 503 */
	ANSWER_OK_24K,
	ANSWER_OK_46_24K,
	ANSWER_OK_21_24K,
	ANSWER_OK_67_24K,
	ANSWER_REST,
	ANSWER_ONE_LABEL, /* below here: the answer brings a label */
	ANSWER_REFUSED_DATA = ANSWER_ONE_LABEL,
	ANSWER_GROUP_RCPT_REFUSED,
	ANSWER_GROUP_MAIL_REFUSED,
	ANSWER_REFUSED_AUTH, /* below here: one of several labels */
	ANSWER_REFUSED_MECHANISM,
	ANSWER_REFUSED_MAIL,
	ANSWER_REFUSED_RCPT,
	ANSWER_ANSWERED,
};

enum { WHEN_ANY, WHEN_LOGIN, WHEN_OPEN, WHEN_MX, WHEN_SUBMISSION };

/* What the last decisive reply was: enum sent_label, or one of these. */
enum {
	LABEL_NONE = SENT_COUNT,
	LABEL_LOGIN_OK,
	LABEL_UNSEEN_REFUSAL, /* of a login, in a hole */
	LABEL_UNKNOWN_AUTH,
	LABEL_UNKNOWN_MAIL,
	LABEL_UNKNOWN_RCPT,
	LABEL_UNKNOWN_MESSAGE,
	LABEL_COUNT
};

struct edge {
	uint64_t from; /* bits of nodes */
	bool server;
	uint8_t answer, to, when, mech;
	uint32_t least, most, step; /* the client's bytes */
	double weight;
	const char *words;
};

const struct edge *grammar_edge(unsigned i);
unsigned grammar_edge_count(void);
/* The steps of a side from a node: indexes of edges. */
const uint8_t *grammar_steps(enum node from, bool server, unsigned *n);

/* How well one turn fits each kind of line: shares of the kind's lengths that lie in the turn's. */
struct masses {
	const struct inside_input *in;
	const struct sent_trailer *trailer;
	uint32_t low, high;
	bool have_labels, have_unknown;
	double label[SENT_COUNT]; /* once as it is, */
	double again[SENT_COUNT]; /* once repeated in 530 5.7.57 */
	double unknown, unknown_again;
};

/* `trailer` is borrowed. */
void masses_begin(struct masses *m, const struct inside_input *in,
		  const struct sent_trailer *trailer, const struct inside_turn *turn);
/* Missing bytes: any length up to theirs. */
void masses_widen(struct masses *m);
double masses_client(const struct masses *m, const struct edge *e);
double masses_fixed(struct masses *m, enum answer a);
/* Several refusals like this one, and 503 to DATA. */
double masses_same(const struct masses *m, enum sent_label l);
double masses_label(struct masses *m, enum sent_label l);
double masses_again(struct masses *m, enum sent_label l);
double masses_unknown(struct masses *m);
double masses_unknown_again(struct masses *m);

#endif
