/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Words that the writers of a verdict share: clean and redacted text, wrapped paragraphs, lists of
 * frames, what is shown of a session. For engine/report*.c and the windows' own writers.
 */
#ifndef SMTP365_REPORT_WORDS_H
#define SMTP365_REPORT_WORDS_H

#include "report.h"

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
/* First word of the verdict line: "ok", "FAIL", "enc", "none", "part". */
const char *report_first_word(const struct verdict *v);
/* "1.2" or newer was chosen and the handshake was completed. */
bool report_tls_modern(const struct verdict *v);
/* Rejected or failed. */
bool report_is_failure(const struct verdict *v);
/* Is the session told in full, or in one line? */
bool report_in_full(const struct verdict *v, const struct report_options *o);
/* Is this finding, which is not the cause, worth a place? */
bool report_is_shown(const struct verdict *v, const struct finding *f,
		     const struct report_options *o);
/* Does the text of an evidence frame contain the finding's detail already? */
bool report_was_said(const struct verdict *v, const struct finding *f);
/* swaks' marks: "->" client, "<-" server, "~>" and "<~" inside TLS, "**" a note. */
const char *report_event_mark(const struct event *e);

#endif
