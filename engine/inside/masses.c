/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How well the length of a turn fits. A kind of line has lengths with shares; its mass is the share
 * that lies within the turn's interval, which for exact lengths is one value.
 */
#include "inside/grammar.h"

#include <glib.h>

/* "530 5.7.57 Client not authenticated to send mail. Error: " before the refusal of the login. */
#define AGAIN 57u
/* "503 5.5.2 Need mail command", and "Need rcpt command". */
#define NEED 29u
/* Recipients of a group that are looked for. */
#define GROUP_MOST 20u
#define GROUP_REFUSED_MOST 6u

void masses_begin(struct masses *m, const struct inside_input *in,
		  const struct sent_trailer *trailer, const struct inside_turn *turn)
{
	m->in = in;
	m->trailer = trailer;
	m->low = turn->low;
	m->high = turn->high;
	m->have_labels = m->have_unknown = false;
}

void masses_widen(struct masses *m)
{
	m->low = 0;
	m->have_labels = m->have_unknown = false;
}

/* The part of the lengths from..to that lies in the turn's. */
static double part(const struct masses *m, uint32_t from, uint32_t to)
{
	uint32_t low = MAX(m->low, from), high = MIN(m->high, to);

	return low > high ? 0 : ((double)high - low + 1) / ((double)to - from + 1);
}

double masses_client(const struct masses *m, const struct edge *e)
{
	if (e->most == 0xffffffff)
		return 1e-3; /* a message: any length */
	if (e->step == 1)
		return part(m, e->least, e->most);
	uint32_t all = (e->most - e->least) / e->step + 1;
	uint32_t low = MAX(m->low, e->least), high = MIN(m->high, e->most);
	if (low > high)
		return 0;
	uint32_t first = (low - e->least + e->step - 1) / e->step;
	uint32_t last = (high - e->least) / e->step;
	return first > last ? 0 : (double)(last - first + 1) / all;
}

/* base + 24 k bytes: k recipients in one record. */
static double recipients(const struct masses *m, uint32_t base, unsigned least)
{
	double sum = 0;

	for (unsigned k = least; k <= GROUP_MOST; k++)
		sum += part(m, base + 24 * k, base + 24 * k);
	return sum / GROUP_MOST;
}

/* A piece of text and each trailer that may follow it. */
static double with_trailer(const struct masses *m, uint32_t from, uint32_t to)
{
	double sum = 0;

	for (unsigned i = 0; i < m->trailer->count; i++) {
		unsigned n = m->trailer->pieces[i].length;
		sum += m->trailer->pieces[i].share * part(m, from + n, to + n);
	}
	return sum;
}

static double of_label(const struct masses *m, enum sent_label l, uint32_t shift, bool trailer)
{
	const struct sent_length *n = sent_length(l);
	double sum = 0;

	shift += n->ips * m->in->ip;
	for (unsigned i = 0; i < n->count; i++) {
		uint32_t from = n->pieces[i].from + shift, to = n->pieces[i].to + shift;
		sum += n->pieces[i].share *
		       (trailer ? with_trailer(m, from, to) : part(m, from, to));
	}
	return sum;
}

/* Repeated in 530, 535 5.7.3 was seen without a trailer. */
static double of_label_again(const struct masses *m, enum sent_label l)
{
	double mass = of_label(m, l, AGAIN, true);

	return l == SENT_auth_unsuccessful_573 ? (mass + of_label(m, l, AGAIN, false)) / 2 : mass;
}

static void fill_labels(struct masses *m)
{
	for (unsigned l = 0; l < SENT_COUNT; l++) {
		const struct sent_row *row = sent_row(l);
		bool here = row->stage == SENT_AUTH ? !m->in->mx : row->mx == m->in->mx;
		m->label[l] = here ? of_label(m, l, 0, sent_length(l)->trailer) : 0;
		m->again[l] = row->stage == SENT_AUTH && here ? of_label_again(m, l) : 0;
	}
	m->have_labels = true;
}

double masses_label(struct masses *m, enum sent_label l)
{
	if (!m->have_labels)
		fill_labels(m);
	return m->label[l];
}

double masses_again(struct masses *m, enum sent_label l)
{
	if (!m->have_labels)
		fill_labels(m);
	return m->again[l];
}

/* A reply that no row knows: mostly with the trailer, sometimes without, seldom long. */
static double any_reply(const struct masses *m, uint32_t shift)
{
	return .70 * with_trailer(m, 26 + shift, 180 + shift) +
	       .27 * part(m, 20 + shift, 420 + shift) + .03 * part(m, 20 + shift, 2500 + shift);
}

static void fill_unknown(struct masses *m)
{
	m->unknown = any_reply(m, 0);
	m->unknown_again = m->unknown / 2 + any_reply(m, AGAIN) / 2;
	m->have_unknown = true;
}

double masses_unknown(struct masses *m)
{
	if (!m->have_unknown)
		fill_unknown(m);
	return m->unknown;
}

double masses_unknown_again(struct masses *m)
{
	if (!m->have_unknown)
		fill_unknown(m);
	return m->unknown_again;
}

/* The share of a row among those of its stage and kind of host. */
static double share_of(enum sent_label l)
{
	double all = 0;

	for (unsigned k = 0; k < SENT_COUNT; k++)
		if (sent_row(k)->stage == sent_row(l)->stage && sent_row(k)->mx == sent_row(l)->mx)
			all += sent_row(k)->weight;
	return sent_row(l)->weight / all;
}

/* The commands of a group after a refused MAIL, answered together. */
static double need_again(const struct masses *m)
{
	unsigned need = NEED + m->trailer->usual;
	double sum = 0;

	for (unsigned k = 2; k <= GROUP_REFUSED_MOST + 1; k++)
		sum += part(m, k * need, k * need);
	return sum / GROUP_REFUSED_MOST;
}

/* k answers of n bytes together with what was accepted before and what fails after. */
static double answers(const struct masses *m, uint32_t n, bool mail)
{
	unsigned need = NEED + m->trailer->usual;
	double sum = 0;

	for (unsigned k = 1; k <= GROUP_REFUSED_MOST; k++) {
		uint32_t all = mail ? n + k * need : 21 + k * n;
		sum += part(m, all, all) / k;
		sum += mail ? 0 : part(m, all + need, all + need) / k;
	}
	return sum / 2.45; /* the sum of 1/k up to 6 */
}

static double answers_of_row(const struct masses *m, enum sent_label l, uint32_t more, bool mail)
{
	const struct sent_length *n = sent_length(l);
	double sum = 0;

	more += n->ips * m->in->ip + m->trailer->usual;
	for (unsigned i = 0; i < n->count; i++)
		sum += n->pieces[i].share * answers(m, n->pieces[i].from + more, mail);
	return sum * share_of(l);
}

/* Several answers in one record, one of them to MAIL or RCPT a refusal, perhaps an unlisted one. */
static double group_refused(const struct masses *m, bool mail)
{
	unsigned need = NEED + m->trailer->usual;
	double sum = any_reply(m, mail ? need : need + 21) / 10;

	for (unsigned l = 0; l < SENT_COUNT; l++) {
		const struct sent_row *row = sent_row(l);
		if (mail && !m->in->mx && row->stage == SENT_AUTH)
			sum += answers_of_row(m, l, AGAIN, mail);
		else if (row->mx == m->in->mx && row->stage == (mail ? SENT_MAIL : SENT_RCPT))
			sum += answers_of_row(m, l, 0, mail);
	}
	return sum;
}

double masses_same(const struct masses *m, enum sent_label l)
{
	const struct sent_length *n = sent_length(l);
	unsigned need = NEED + m->trailer->usual;
	double sum = 0;

	for (unsigned i = 0; i < n->count; i++)
		for (unsigned k = 1; k < GROUP_REFUSED_MOST; k++) {
			uint32_t all =
				k * (n->pieces[i].from + n->ips * m->in->ip + m->trailer->usual);
			sum += n->pieces[i].share *
			       (part(m, all + need, all + need) + (k > 1 ? part(m, all, all) : 0)) /
			       k;
		}
	return sum / 4;
}

double masses_fixed(struct masses *m, enum answer a)
{
	switch (a) {
	case ANSWER_FIXED_334_EMPTY:
		return part(m, 6, 6);
	case ANSWER_FIXED_334:
		return part(m, 18, 18);
	case ANSWER_FIXED_21:
		return part(m, 21, 21);
	case ANSWER_FIXED_24:
		return part(m, 24, 24);
	case ANSWER_FIXED_235:
		return part(m, 37, 37);
	case ANSWER_FIXED_46:
		return part(m, 46, 46);
	case ANSWER_FIXED_48:
		return part(m, 48, 48);
	case ANSWER_NEED_503:
		return with_trailer(m, NEED, NEED);
	case ANSWER_NEED_503K:
		return need_again(m);
	case ANSWER_OK_24K:
		return recipients(m, 0, 2);
	case ANSWER_OK_46_24K:
		return recipients(m, 46, 1);
	case ANSWER_OK_21_24K:
		return recipients(m, 21, 1);
	case ANSWER_OK_67_24K:
		return recipients(m, 67, 1);
	case ANSWER_GROUP_RCPT_REFUSED:
		return group_refused(m, false);
	case ANSWER_GROUP_MAIL_REFUSED:
		return group_refused(m, true);
	default:
		return masses_unknown(m);
	}
}
