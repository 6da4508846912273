/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See counts.h. A finding counts once per session, however many frames prove it.
 */
#include "counts.h"

const char *counts_title(enum count_group g)
{
	static const char *const titles[COUNT_GROUPS] = {
		[COUNT_OUTCOME] = "Sessions by outcome",
		[COUNT_STAGE] = "Failed sessions by stage",
		[COUNT_ENDPOINT] = "Sessions by endpoint",
		[COUNT_SEVERITY] = "Findings by severity",
		[COUNT_FINDING] = "Findings",
	};
	return titles[g];
}

void counts_walk(const struct verdict *v,
		 void (*fn)(enum count_group g, const char *name, void *host), void *host)
{
	fn(COUNT_OUTCOME, outcome_name(v->outcome), host);
	if (v->stopped_at != STAGE_NONE)
		fn(COUNT_STAGE, stage_name(v->stopped_at), host);
	fn(COUNT_ENDPOINT, endpoint_name(v->endpoint), host);
	for (unsigned i = 0; i < v->finding_count; i++) {
		fn(COUNT_SEVERITY, severity_name(v->findings[i].severity), host);
		fn(COUNT_FINDING, v->findings[i].id, host);
	}
}
