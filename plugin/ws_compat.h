/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every difference between the programming interfaces of Wireshark 4.0, 4.2, 4.4 and 4.6 that this
 * plugin meets, and nothing else. Include it first in each file that uses libwireshark: it brings
 * wireshark.h and the version macros. The rest of the plugin has no test of a version.
 */
#ifndef SMTP365_WS_COMPAT_H
#define SMTP365_WS_COMPAT_H

#define WS_BUILD_DLL

/* Wireshark's headers are not written for the warnings of this project, and have a type with the
 * name of one of the engine's. */
#define field_info wireshark_field_info
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wshadow"
#include <wireshark.h>
#include <ws_version.h>
#include <epan/expert.h>
#include <epan/packet.h>
#include <epan/plugin_if.h>
#include <epan/prefs.h>
#include <epan/proto.h>
#include <epan/stat_tap_ui.h>
#include <epan/stats_tree.h>
#include <epan/tap.h>
#include <epan/uat.h>
#include <wiretap/pcap-encap.h>
#if __has_include(<wsutil/plugins.h>) /* from 4.2 */
#include <wsutil/plugins.h>
#endif
#pragma GCC diagnostic pop
#undef field_info

#define COMPAT_VERSION (WIRESHARK_VERSION_MAJOR * 100 + WIRESHARK_VERSION_MINOR)

/* Where the library keeps a pointer to a boolean of ours, its size matters: gboolean until 4.2. */
#if COMPAT_VERSION >= 404
typedef bool compat_bool;
#else
typedef gboolean compat_bool;
#endif

/* What the callback that begins a -z statistic returns. */
#if COMPAT_VERSION >= 406
typedef bool compat_stat_init;
#define COMPAT_STAT_INIT_DONE return true
#define COMPAT_STAT_INIT_FAILED return false
#else
typedef void compat_stat_init;
#define COMPAT_STAT_INIT_DONE return
#define COMPAT_STAT_INIT_FAILED return
#endif

/* The name of a byte view and its length in words; wmem_free with NULL. */
#if COMPAT_VERSION >= 406
#define compat_view_name(view) get_data_source_description(view)
#else
#define compat_view_name(view) get_data_source_name(view)
#endif

/* Between the levels of a menu path of a statistic. */
#ifdef STATS_TREE_MENU_SEPARATOR
#define COMPAT_MENU_SEPARATOR STATS_TREE_MENU_SEPARATOR
#else
#define COMPAT_MENU_SEPARATOR "/"
#endif

#endif
