/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The TCP ports that are watched when nobody says otherwise: SMTP between servers (RFC 5321 section
 * 4.5.4.2), submission with TLS from the first byte and with STARTTLS (RFC 8314 section 3), and
 * 2525, which providers offer where 25 is blocked. Once for the engine, both windows and their
 * help.
 */
#ifndef SMTP365_PORTS_H
#define SMTP365_PORTS_H

#define SMTP365_PORTS 25, 465, 587, 2525
/* The same for people: "25, 465, 587, 2525". */
#define SMTP365_PORTS_TEXT SMTP365_PORTS_WORDS(SMTP365_PORTS)
#define SMTP365_PORTS_WORDS(...) SMTP365_PORTS_QUOTED(__VA_ARGS__)
#define SMTP365_PORTS_QUOTED(...) #__VA_ARGS__

#endif
