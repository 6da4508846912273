/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An alert that the host decrypted: it takes the place of the sealed record that was counted
 * before, or stands for itself where TLS 1.3 hid it among the data (RFC 8446 section 6).
 */
#include "session/session.h"

/* The sealed alert of this side and frame, or a new one; NULL when there is no room. */
static struct seen_alert *alert_of(struct seen_tls *t, bool from_client, uint32_t frame)
{
	for (unsigned i = t->alert_count; i-- > 0;)
		if (t->alerts[i].encrypted && t->alerts[i].from_client == from_client &&
		    t->alerts[i].at.frame == frame)
			return &t->alerts[i];
	return t->alert_count < CAP_ALERTS ? &t->alerts[t->alert_count++] : NULL;
}

void session_plain_alert(struct session *s, enum flow_dir dir, uint8_t level, uint8_t code,
			 struct flow_mark m)
{
	const char *name = tls_alert_name(code);
	struct seen_alert *a = code ? alert_of(session_tls(s), dir == FLOW_C2S, m.frame) : NULL;

	if (!a) /* close_notify is an orderly end */
		return;
	*a = (struct seen_alert){
		.from_client = dir == FLOW_C2S, .level = level, .code = code, .at = seen_at(m)
	};
	session_event(s, (enum event_direction)dir, m, true, "%s alert %s (%u)",
		      level == 2 ? "fatal" : "warning", name ? name : "of unknown code", code);
	session_tls_step(s, "alert");
}
