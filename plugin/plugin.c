/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What Wireshark looks for when it loads the file: the version it was built for and the call that
 * registers protocol, preferences, statistics and menus. All work is done by the others.
 */
#include "ws_compat.h"

#include "packet-smtp365.h"
#include "tap-smtp365.h"
#include "smtp365.h"

WS_DLL_PUBLIC_DEF const char plugin_version[] = SMTP365_VERSION;
WS_DLL_PUBLIC_DEF const int plugin_want_major = WIRESHARK_VERSION_MAJOR;
WS_DLL_PUBLIC_DEF const int plugin_want_minor = WIRESHARK_VERSION_MINOR;

WS_DLL_PUBLIC void plugin_register(void);
#ifdef WS_PLUGIN_DESC_DISSECTOR
WS_DLL_PUBLIC uint32_t plugin_describe(void);

uint32_t plugin_describe(void)
{
	return WS_PLUGIN_DESC_DISSECTOR | WS_PLUGIN_DESC_TAP_LISTENER;
}
#endif

void plugin_register(void)
{
	static proto_plugin protocol = { .register_protoinfo = packet_register,
					 .register_handoff = packet_handoff };
	static tap_plugin taps = { .register_tap_listener = tap_register };

	proto_register_plugin(&protocol);
	tap_register_plugin(&taps);
}
