/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The words for the enums of verdict.h. They are the values of the JSON record and of the
 * Wireshark fields (docs/record.md#words), so a word here is never changed, only added.
 */
#include "base/names.h"
#include "verdict.h"

const char *name_of(const struct name *table, size_t n, int value, const char *fallback)
{
	for (size_t i = 0; i < n; i++) {
		if (table[i].value == value)
			return table[i].name;
	}
	return fallback;
}

const char *severity_name(enum severity s)
{
	static const struct name t[] = {
		{ SEVERITY_INFO, "info" },	   { SEVERITY_LOW, "low" },
		{ SEVERITY_MEDIUM, "medium" },	   { SEVERITY_HIGH, "high" },
		{ SEVERITY_CRITICAL, "critical" },
	};
	return NAME_OF(t, s, "info");
}

const char *confidence_name(enum confidence c)
{
	static const struct name t[] = {
		{ CONFIDENCE_POSSIBLE, "possible" },
		{ CONFIDENCE_LIKELY, "likely" },
		{ CONFIDENCE_CERTAIN, "certain" },
	};
	return NAME_OF(t, c, "possible");
}

const char *side_name(enum side s)
{
	static const struct name t[] = {
		{ SIDE_DEVICE, "device" },	 { SIDE_NETWORK, "network" },
		{ SIDE_TENANT, "tenant" },	 { SIDE_DNS, "dns" },
		{ SIDE_MICROSOFT, "microsoft" }, { SIDE_RECIPIENT, "recipient" },
		{ SIDE_CAPTURE, "capture" },
	};
	return NAME_OF(t, s, "device");
}

const char *stage_name(enum stage s)
{
	static const struct name t[] = {
		{ STAGE_DNS, "dns" },
		{ STAGE_TCP, "tcp" },
		{ STAGE_BANNER, "banner" },
		{ STAGE_EHLO, "ehlo" },
		{ STAGE_STARTTLS, "starttls" },
		{ STAGE_CLIENT_HELLO, "client_hello" },
		{ STAGE_SERVER_HELLO, "server_hello" },
		{ STAGE_CERTIFICATE, "certificate" },
		{ STAGE_FINISHED, "finished" },
		{ STAGE_EHLO2, "ehlo2" },
		{ STAGE_AUTH, "auth" },
		{ STAGE_MAIL, "mail" },
		{ STAGE_RCPT, "rcpt" },
		{ STAGE_DATA, "data" },
		{ STAGE_ACCEPTED, "accepted" },
	};
	return NAME_OF(t, s, NULL);
}

const char *outcome_name(enum outcome o)
{
	static const struct name t[] = {
		{ OUTCOME_ACCEPTED, "accepted" },   { OUTCOME_REJECTED, "rejected" },
		{ OUTCOME_FAILED, "failed" },	    { OUTCOME_NO_MAIL, "no_mail" },
		{ OUTCOME_ENCRYPTED, "encrypted" }, { OUTCOME_INCOMPLETE, "incomplete" },
	};
	return NAME_OF(t, o, "incomplete");
}

const char *endpoint_name(enum endpoint e)
{
	static const struct name t[] = {
		{ ENDPOINT_NONE, "none" },
#define ENDPOINT(name, word, ranges, issuers, says) { ENDPOINT_##name, word },
#include "endpoints.def"
#undef ENDPOINT
	};
	return NAME_OF(t, e, "none");
}

const char *endpoint_source_name(enum endpoint_source s)
{
	static const struct name t[] = {
		{ ENDPOINT_SOURCE_DNS, "dns" },
		{ ENDPOINT_SOURCE_SNI, "sni" },
		{ ENDPOINT_SOURCE_BANNER, "banner" },
		{ ENDPOINT_SOURCE_CERTIFICATE, "certificate" },
		{ ENDPOINT_SOURCE_RANGE, "range" },
	};
	return NAME_OF(t, s, NULL);
}

const char *method_name(enum method m)
{
	static const struct name t[] = {
		{ METHOD_UNKNOWN, "unknown" },
		{ METHOD_CLIENT_SUBMISSION, "client_submission" },
		{ METHOD_DIRECT_SEND, "direct_send" },
		{ METHOD_RELAY, "relay" },
		{ METHOD_DIRECT_SEND_OR_RELAY, "direct_send_or_relay" },
	};
	return NAME_OF(t, m, "unknown");
}

const char *exposure_name(enum exposure e)
{
	static const struct name t[] = {
		{ EXPOSURE_NONE, "none" },
		{ EXPOSURE_USER, "user" },
		{ EXPOSURE_PASSWORD, "password" },
		{ EXPOSURE_UNKNOWN, NULL },
	};
	return NAME_OF(t, e, "none");
}

const char *auth_result_name(enum auth_result r)
{
	static const struct name t[] = {
		{ AUTH_RESULT_ACCEPTED, "accepted" },
		{ AUTH_RESULT_REJECTED, "rejected" },
		{ AUTH_RESULT_UNKNOWN, "unknown" },
	};
	return NAME_OF(t, r, NULL);
}
