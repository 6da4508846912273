/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Trailers that were read in clear: host -> bytes of the domain that it adds to its name. One table
 * for the process, of fixed size: a new host takes the place of an older one.
 */
#ifndef SMTP365_INSIDE_HOSTS_H
#define SMTP365_INSIDE_HOSTS_H

struct inside_hosts;

struct inside_hosts *inside_hosts_new(void); /* free with inside_hosts_free, NULL is fine */
void inside_hosts_free(struct inside_hosts *h);
/* `host`: a host name, of which the first label counts. A domain of 0 bytes is not noted. */
void inside_hosts_note(struct inside_hosts *h, const char *host, unsigned domain);
/* Bytes of the domain, 0 when this host was not read. */
unsigned inside_hosts_domain(const struct inside_hosts *h, const char *host);

#endif
