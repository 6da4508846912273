/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One walk over a verdict calls a writer; text and JSON are writers, the windows add theirs (HTML,
 * Wireshark tree). Keys, labels and meanings come from fields.def, so they cannot drift apart.
 * Output is deterministic: no clock, no random, no locale.
 */
#ifndef SMTP365_REPORT_H
#define SMTP365_REPORT_H

#include <glib.h>
#include "verdict.h"

enum field_type {
	FIELD_STRING,
	FIELD_UINT,
	FIELD_INT,
	FIELD_BOOL,
	FIELD_TIME,
	FIELD_ADDRESS,
	FIELD_FRAME,
	FIELD_HUNDREDTHS, /* a number with two decimals */
};

enum field {
#define FIELD(name, key, label, type, meaning) FIELD_##name,
#include "fields.def"
#undef FIELD
	FIELD_COUNT
};

struct field_info {
	const char *key;   /* JSON path: "smtp365.cause.id" = Wireshark filter name */
	const char *label; /* for people */
	enum field_type type;
	const char *meaning; /* a sentence */
};
const struct field_info *field_info(enum field f);

/* What a window implements. Objects nest by key prefix; lists hold objects or plain values.
 * `label` is given with the key so that one walk serves machines and people. */
struct writer {
	void (*object_begin)(struct writer *w, const char *key,
			     const char *label); /* key NULL: item of a list */
	void (*object_end)(struct writer *w);
	void (*list_begin)(struct writer *w, const char *key, const char *label);
	void (*list_end)(struct writer *w);
	void (*string)(struct writer *w, const struct field_info *f, const char *value);
	void (*uinteger)(struct writer *w, const struct field_info *f, uint64_t value);
	void (*integer)(struct writer *w, const struct field_info *f, int64_t value);
	void (*hundredths)(struct writer *w, const struct field_info *f, unsigned value);
	void (*boolean)(struct writer *w, const struct field_info *f, bool value);
};

struct report_options {
	bool redact; /* hide user names and local parts of addresses; addresses keep their domain */
	bool dialogue;	  /* text: append the dialogue with swaks' marks */
	bool color;	  /* text: ANSI colours */
	bool all;	  /* text: sessions that are not Microsoft 365 in full too */
	const char *file; /* log.file.path of the record, or NULL; borrowed */
};

/* Walk the verdict in the order of fields.def. Absent values are not called at all. */
void report_walk(const struct verdict *v, const struct report_options *o, struct writer *w);
/* Append one JSON line (with '\n'). */
void report_json(const struct verdict *v, const struct report_options *o, GString *out);
/* Append the text of one session (docs/record.md#text-line): verdict line, evidence, fix; other
 * peers one line. */
void report_text(const struct verdict *v, const struct report_options *o, GString *out);
/* The verdict line alone, without colour or newline (message, event.reason). */
void report_line(const struct verdict *v, const struct report_options *o, GString *out);

/* Totals of a run for the summary at the end of the text: by stage, finding and client. */
struct report_summary;
struct report_summary *report_summary_new(void);
void report_summary_add(struct report_summary *s, const struct verdict *v);
void report_summary_text(const struct report_summary *s, const struct report_options *o,
			 GString *out);
void report_summary_free(struct report_summary *s);
/* The same totals for a window that lays them out in its own way; all borrowed from the summary. */
#define REPORT_STAGES (STAGE_ACCEPTED + 1)
#define REPORT_OUTCOMES (OUTCOME_INCOMPLETE + 1)
struct report_totals {
	unsigned sessions, m365, lookups;	       /* lookups: failed ones, no sessions */
	unsigned outcomes[REPORT_OUTCOMES];	       /* of both */
	unsigned stages[REPORT_STAGES];		       /* where failures stopped */
	unsigned modern, old, decrypted, clear, early; /* Microsoft 365 sessions by TLS */
	unsigned hidden; /* Microsoft 365 sessions whose outcome is inside TLS and not visible */
	unsigned passwords, users; /* all sessions with a secret in clear, whoever the server is */
	unsigned at_risk;	   /* no failures, with a finding of severity high or critical */
};
struct report_finding_count {
	const char *id, *title; /* the title in the first session that has it */
	unsigned first;		/* number of that session */
	enum severity severity; /* the highest seen */
	unsigned sessions;
};
struct report_client_count {
	struct address ip;
	unsigned sessions, failed;
	const char *cause; /* id, of the first session that has one; or NULL */
	unsigned first;	   /* number of that session */
};
typedef void (*report_finding_fn)(const struct report_finding_count *c, void *host);
typedef void (*report_client_fn)(const struct report_client_count *c, void *host);
const struct report_totals *report_summary_totals(const struct report_summary *s);
/* Lines about encryption: "14 sessions, all TLS 1.2 or later, nothing in clear". */
void report_summary_encryption(const struct report_summary *s, GString *out);
/* Every finding, the most severe first; the clients with most failures, and how many others. */
void report_summary_findings(const struct report_summary *s, report_finding_fn each, void *host);
unsigned report_summary_clients(const struct report_summary *s, report_client_fn each, void *host);

/* Helpers that windows share. */
/* Append a number with two decimals: 98 -> "0.98". */
void report_hundredths(GString *out, unsigned value);
/* 2026-11-23T10:00:00.123456Z, with nine digits where six would cut something off. */
void report_time(uint64_t ns, char out[40]);
void report_address(const struct address *a, char out[64]);
/* Valid UTF-8, control characters and invalid bytes as \xNN, at most CAP_FIELD bytes and then "…".
 */
void report_clean(GString *out, const char *text, size_t n);
/* Append `text`, broken at blanks or behind bars before REPORT_COLUMNS, further lines indented by
 * `indent`; `column` is where the first line begins. No newline at the end. */
#define REPORT_COLUMNS 100
void report_wrap(GString *out, const char *text, unsigned column, unsigned indent);

/* Words that the writers of a verdict share: clean and redacted text, lists of frames, what is
 * shown of a session. */
/* `text` fit for an output: itself when it is clean and short already, else a clean copy in
 * *scratch (borrowed until the next call with it). With redact, local parts of addresses become
 * "…". */
const char *report_fit(const char *text, bool redact, GString *scratch);
/* Our own sentences: cleaned, but never cut and never redacted. */
const char *report_sentence(const char *text, GString *scratch);
/* Append text with local parts of addresses replaced: "bob@contoso.com" -> "…@contoso.com". */
void report_redact(GString *out, const char *text, size_t n);
/* Append "3, 5, 9" of at most `most` frames, then ", …". */
void report_frames(GString *out, const uint32_t *frames, unsigned count, unsigned most);
/* How many columns valid UTF-8 text takes, one per character. */
size_t report_width(const char *text, size_t n);
/* Kind and id of the tunnel, "vxlan 42"; nothing without a tunnel. */
void report_tunnel(GString *out, const struct encapsulation *e);
/* The most severe finding when it is high or critical, the first of equals; NULL when none is. */
const struct finding *report_worst(const struct verdict *v);
/* First word of the verdict line: "ok", "FAIL", "RISK" (no failure that is seen, and yet a finding
 * of severity high or critical), "enc", "none", "part". */
const char *report_first_word(const struct verdict *v);
/* "1.2" or newer was chosen and the handshake was completed. */
bool report_tls_modern(const struct verdict *v);
/* Rejected or failed. */
bool report_is_failure(const struct verdict *v);
/* Is the session told in full, or in one line? */
bool report_in_full(const struct verdict *v, const struct report_options *o);
/* Is this finding, which is not the cause, worth a place? High and critical ones are, whoever the
 * server is. */
bool report_is_shown(const struct verdict *v, const struct finding *f,
		     const struct report_options *o);
/* Does the text of an evidence frame contain the finding's detail already? */
bool report_was_said(const struct verdict *v, const struct finding *f);
/* swaks' marks: "->" client, "<-" server, "~>" and "<~" inside TLS, "**" a note. */
const char *report_event_mark(const struct event *e);

#endif
