/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text is kept as long as engines may be made, because it may come through a pipe, and is wiped
 * then. What is appended later goes to the one engine of a live capture, whole lines at a time.
 */
#include "run/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Some 300000 secrets; the engine keeps the newest (keys/log.h). */
#define KEYS_BYTES (64u << 20)
#define READ_STEP 65536u

struct keys_file {
	int fd;
	char *text; /* owned; all that was read, wiped when freed */
	size_t n, room;
	size_t given; /* up to here the following engine has it */
};

static void make_room(struct keys_file *k, size_t more)
{
	if (k->n + more <= k->room)
		return;
	size_t room = MAX(k->room * 2, k->n + more);
	char *text = g_malloc(room);
	if (k->n)
		memcpy(text, k->text, k->n);
	if (k->text)
		explicit_bzero(k->text, k->n);
	g_free(k->text);
	k->text = text;
	k->room = room;
}

/* Read to the end. False: errno says why, EFBIG that it is too much. */
static bool read_on(struct keys_file *k)
{
	for (;;) {
		if (k->n > KEYS_BYTES) {
			errno = EFBIG;
			return false;
		}
		make_room(k, READ_STEP);
		ssize_t got = read(k->fd, k->text + k->n, READ_STEP);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got == 0;
		k->n += (size_t)got;
	}
}

/* Where the last whole line ends that was not given yet. */
static size_t whole_lines(const struct keys_file *k)
{
	size_t end = k->n;

	while (end > k->given && k->text[end - 1] != '\n')
		end--;
	return end;
}

struct keys_file *keys_file_open(const char *path, char **error)
{
	struct keys_file *k = g_new0(struct keys_file, 1);

	k->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (k->fd >= 0 && read_on(k)) {
		k->given = whole_lines(k);
		fcntl(k->fd, F_SETFL, O_NONBLOCK); /* a pipe must not hold up a capture */
		return k;
	}
	*error = g_strdup_printf("--keylog %s: %s; give the file that SSLKEYLOGFILE names", path,
				 errno == EFBIG ? "is larger than 64 MiB" : g_strerror(errno));
	keys_file_close(k);
	return NULL;
}

void keys_file_close(struct keys_file *k)
{
	if (!k)
		return;
	if (k->fd >= 0)
		close(k->fd);
	if (k->text)
		explicit_bzero(k->text, k->n);
	g_free(k->text);
	g_free(k);
}

unsigned keys_file_give(const struct keys_file *k, struct smtp365 *engine)
{
	return smtp365_keys(engine, k->text, k->n);
}

void keys_file_follow(struct keys_file *k, struct smtp365 *engine)
{
	if (!read_on(k))
		return;
	size_t end = whole_lines(k);
	if (end == k->given)
		return;
	smtp365_keys(engine, k->text + k->given, end - k->given);
	/* No other engine will want it. */
	explicit_bzero(k->text, end);
	memmove(k->text, k->text + end, k->n - end);
	k->n -= end;
	k->given = 0;
}

void keys_count(struct smtp365_stats *all, const struct smtp365_stats *one)
{
	all->tls_opened += one->tls_opened;
	all->tls_no_keys += one->tls_no_keys;
	all->tls_wrong_keys += one->tls_wrong_keys;
	all->tls_other_suite += one->tls_other_suite;
	all->tls_torn += one->tls_torn;
}

char *keys_words(const char *path, const struct smtp365_stats *all)
{
	const struct {
		uint64_t n;
		const char *why;
	} reasons[] = {
		{ path ? all->tls_no_keys : 0, "no keys were given" },
		{ all->tls_wrong_keys, "the keys do not fit" },
		{ path ? all->tls_other_suite : 0, "the cipher suite is none that is decrypted" },
		{ path ? all->tls_torn : 0, "bytes of the handshake are missing" },
	};
	uint64_t closed = 0;
	GString *line = g_string_new(NULL);

	for (size_t i = 0; i < G_N_ELEMENTS(reasons); i++) {
		closed += reasons[i].n;
		if (reasons[i].n)
			g_string_append_printf(line, "%s for %" G_GUINT64_FORMAT " %s",
					       line->len ? "," : "", reasons[i].n, reasons[i].why);
	}
	if (closed) {
		char *front = g_strdup_printf("%s%s: %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
					      " TLS sessions are shown as without keys:",
					      path ? "--keylog " : "keys inside the capture",
					      path ? path : "", closed, closed + all->tls_opened);
		g_string_prepend(line, front);
		g_free(front);
	}
	return g_string_free(line, closed == 0);
}
