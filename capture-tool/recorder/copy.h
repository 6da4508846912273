/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The copy (-w FILE with -r): writes a capture file again as pcapng, frame by frame, with what the
 * verdicts say as comments. Leaves out what the recorder leaves out (keep.h).
 */
#ifndef SMTP365_COPY_H
#define SMTP365_COPY_H

#include "recorder/comments.h"
#include "recorder/recorder.h"

/* Can it be done? Looks at both names; call it before `in` is read the first time, which a pipe
 * would not survive. False and *error, one line, g_free. */
bool pcapng_copy_check(const char *in, const char *out, char **error);
/* -r IN -w OUT: write all frames of `in` that pass `filter` (NULL all) to `out`, same order, with
 * their comments; OUT.part until complete. Reads `in` a second time, so it must be a file. At most
 * `count` frames, 0 all. False and *error as above. */
bool pcapng_copy(const char *in, const char *filter, uint64_t count, const char *out,
		 const struct comments *c, const struct recorder_options *o, char **error);

#endif
