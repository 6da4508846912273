/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stands before the system's headers in the engine's include path, so that a wrong #include does
 * not compile: the engine has neither libpcap nor Wireshark.
 */
#error "the engine must not include libpcap or Wireshark: hand it segments (engine/segment.h)"
