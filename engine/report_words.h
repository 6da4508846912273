/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Words that the writers of a verdict share: clean and redacted text, wrapped paragraphs, lists of
 * frames. Private to engine/report*.c; windows use report.h.
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
/* Append n in decimal. */
void report_number(GString *out, uint64_t n);
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

#endif
