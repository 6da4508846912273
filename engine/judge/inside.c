/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the lengths of encrypted records say (inside/inside.h), as facts: what one can read, no one
 * infers, and what explains a failure in clear is not asked again.
 */
#include "judge/judge.h"

#include <string.h>
#include "inside/hosts.h"
#include "tls/tls.h"

/* Share of the refusal of old TLS that makes it worth a finding. */
#define OLD_TLS_SHARE .30

static bool may_infer(const struct judge *j)
{
	const struct seen *n = j->seen;

	return j->over && j->inside && n->inside && !n->readable_tls && !n->mirror &&
	       !n->plaintext && n->ehlo.complete && n->ehlo.bytes;
}

static void fill_input(const struct judge *j, struct inside_input *in)
{
	const struct seen *n = j->seen;
	const struct seen_hello *h = &n->tls->server;

	*in = (struct inside_input){
		.log = n->inside->log,
		.version = h->at.frame ? h->max_version : 0,
		.suite = h->at.frame && h->suite_count ? h->suites[0] : 0,
		.renegotiation = n->tls->renegotiation.frame,
		.mx = n->inside->mx,
		.host = n->banner_host,
		.greeting_id = n->inside->greeting_id,
		.domain = inside_hosts_domain(j->hosts, n->banner_host),
		.list = n->ehlo.bytes,
		.first_line = n->ehlo.first_bytes,
		.ip = (unsigned)strlen(n->public_ip),
	};
}

static const char *length_words(struct judge *j, const struct inside_result *i)
{
	if (!i->reply_bytes)
		return "by the lengths of the encrypted records";
	if (!i->trailer_bytes)
		return judge_words(j, "an encrypted reply of %u bytes", i->reply_bytes);
	return judge_words(j, "an encrypted reply of %u bytes and a trailer of %u", i->reply_bytes,
			   i->trailer_bytes);
}

/* "an encrypted reply of 157 bytes and a trailer of 85, p 0.98" */
static const char *said_words(struct judge *j, const struct inside_result *i)
{
	unsigned p = MIN((unsigned)(i->p * 100), 99u);

	if (!i->group && !i->named && i->reply_bytes)
		return judge_words(j, "%s that is not known", length_words(j, i));
	return judge_words(j, "%s, p 0.%u%u", length_words(j, i), p / 10, p % 10);
}

/* How sure: a name from an exact length is likely, a stage possible. */
static void infer(struct judge *j, enum fact x, uint32_t frame, const char *words,
		  const struct reply_row *row, bool likely)
{
	facts_infer(j->facts, x, frame, words, row, likely);
}

/* A refusal whose row is known stands as if it had been read, but inferred; one at the login keeps
 * its own finding, whatever the row. */
static void refused(struct judge *j, const struct inside_result *i)
{
	const struct reply_row *row = i->group ? sent_reply(i->label) : NULL;

	infer(j, row ? row->fact : FACT_REPLY_UNKNOWN, i->frame, said_words(j, i), row, i->likely);
}

static void login(struct judge *j, const struct inside_result *i)
{
	if (i->mech == INSIDE_MECH_XOAUTH2)
		infer(j, FACT_AUTH_XOAUTH2, i->mech_frame, NULL, NULL, true);
	else if (i->mech)
		infer(j, FACT_AUTH_BASIC, i->mech_frame, NULL, NULL, true);
	if (i->login_accepted)
		infer(j, FACT_INSIDE_LOGIN_OK, i->login_frame, NULL, NULL, i->likely);
}

/* A refusal of TLS 1.0 or 1.1 that a server of today gives when the handshake went through. */
static bool refuses_old_tls(const struct judge *j, const struct inside_result *i)
{
	return i->old_tls >= OLD_TLS_SHARE && !judge_has(j, FACT_CLASS_LEGACY);
}

static void statement(struct judge *j, const struct inside_result *i)
{
	switch (i->statement) {
	case INSIDE_LOGIN_REFUSED:
		infer(j, refuses_old_tls(j, i) ? FACT_REPLY_TLS_TOO_OLD : FACT_INSIDE_LOGIN_REFUSED,
		      i->frame, said_words(j, i), NULL, i->likely);
		break;
	case INSIDE_NOT_AUTHENTICATED:
		infer(j, FACT_REPLY_NOT_AUTHENTICATED, i->frame, length_words(j, i), NULL,
		      i->likely);
		infer(j, FACT_AUTH_NOT_TRIED, i->frame, NULL, NULL, i->likely);
		break;
	case INSIDE_SENDER_REFUSED:
	case INSIDE_RECIPIENT_REFUSED:
	case INSIDE_MESSAGE_REFUSED:
		refused(j, i);
		break;
	case INSIDE_ACCEPTED:
		infer(j, FACT_ACCEPTED, i->frame, NULL, NULL, i->likely);
		break;
	default:
		break;
	}
}

void judge_inside(struct judge *j)
{
	struct inside_input in;

	if (!may_infer(j))
		return;
	fill_input(j, &in);
	inside_read(&in, j->inside);
	if (!j->inside->step_count)
		return;
	login(j, j->inside);
	statement(j, j->inside);
}

/* Where the session came to and where it stopped. */
void judge_inside_stage(const struct inside_result *i, enum stage *reached, enum stage *stopped)
{
	static const struct {
		enum stage reached, stopped;
	} stages[INSIDE_STATEMENTS] = {
		[INSIDE_ACCEPTED] = { STAGE_ACCEPTED, STAGE_NONE },
		[INSIDE_ANSWERED] = { STAGE_DATA, STAGE_NONE },
		[INSIDE_LOGIN_ACCEPTED] = { STAGE_AUTH, STAGE_NONE },
		[INSIDE_LOGIN_REFUSED] = { STAGE_EHLO2, STAGE_AUTH },
		[INSIDE_NOT_AUTHENTICATED] = { STAGE_EHLO2, STAGE_MAIL },
		[INSIDE_SENDER_REFUSED] = { STAGE_EHLO2, STAGE_MAIL },
		[INSIDE_RECIPIENT_REFUSED] = { STAGE_MAIL, STAGE_RCPT },
		[INSIDE_MESSAGE_REFUSED] = { STAGE_RCPT, STAGE_DATA },
	};

	*reached = MAX(*reached, stages[i->statement].reached);
	*stopped = stages[i->statement].stopped;
}
