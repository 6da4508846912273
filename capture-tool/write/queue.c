/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A list of records and a descriptor that never blocks. Standard output belongs to others too, so
 * it is opened anew through /proc instead of being made non-blocking for everybody. Files do not
 * block in the sense of poll(2); their errors are remembered and tried again.
 */
#define _GNU_SOURCE /* F_SETPIPE_SZ, fallocate */
#include "write/queue.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <glib.h>
#include "write/careful.h"

/* What the allocator and the list add to a record. */
#define RECORD_OVERHEAD 48u
/* Room asked for in a pipe, so that long records fit at once. */
#define PIPE_BYTES (1u << 20)
/* With less than this free, room for a record is made sure of before it is written. */
#define TIGHT_BYTES (4u << 20)
#define TIGHT_LOOK G_USEC_PER_SEC /* how often that is looked at */
/* A quota shows no free space: so long after a failure too. */
#define FULL_FOR (60 * G_USEC_PER_SEC)

enum queue_kind { QUEUE_KIND_FILE, QUEUE_KIND_PIPE, QUEUE_KIND_SOCKET, QUEUE_KIND_OTHER };

struct record {
	size_t n;
	char text[];
};

struct queue {
	char *path; /* owned; NULL standard output */
	int fd;
	enum queue_kind kind;
	bool terminal, gone;
	bool cautious;	/* could not be made non-blocking: small writes after a poll */
	GQueue records; /* struct record *, oldest first */
	size_t limit;
	size_t begun;		    /* bytes of the first record that are written */
	bool tight;		    /* the disk is, or was a moment ago, nearly full */
	gint64 look_at, full_until; /* monotonic, microseconds */
	int trouble;		    /* errno of the last write that failed, 0 fine */
	int said;		    /* errno that queue_trouble told of */
	uint64_t said_dropped;
	struct queue_stats stats;
};

static const char *name_of(const struct queue *q)
{
	return q->path ? q->path : "standard output";
}

/* ---- opening ---- */

/* A record cut by a crash must not swallow the next one. */
static void end_last_line(int fd)
{
	struct stat info;
	char last = '\n';
	if (fstat(fd, &info) == 0 && info.st_size > 0 &&
	    pread(fd, &last, 1, info.st_size - 1) == 1 && last != '\n' && write(fd, "\n", 1) != 1)
		return; /* disk full: the first record will tell */
}

static int open_file(const char *path, char **error)
{
	int flags = O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	struct stat info;
	bool fifo = stat(path, &info) == 0 && S_ISFIFO(info.st_mode);
	/* A pipe must not have us as its reader; of a file the last byte is read. */
	int fd = careful_open(path, (fifo ? O_WRONLY : O_RDWR) | flags, 0640);
	if (fd < 0 && errno == EACCES) /* enough for a file that may only be appended to */
		fd = careful_open(path, O_WRONLY | flags, 0640);
	if (fd < 0 && errno == ENXIO)
		*error =
			g_strdup_printf("%s: nobody reads this pipe; start its reader first", path);
	else if (fd < 0 && (errno == ELOOP || errno == EMLINK))
		*error = g_strdup_printf("%s: is a link, in a folder where others than root may "
					 "make one; give --output a file of its own",
					 path);
	else if (fd < 0)
		*error = g_strdup_printf("%s: %s; give --output a file that user %u can write",
					 path, g_strerror(errno), (unsigned)geteuid());
	return fd;
}

static int open_standard(bool *cautious)
{
	struct stat info;
	bool waits = fstat(STDOUT_FILENO, &info) == 0 &&
		     (S_ISFIFO(info.st_mode) || S_ISCHR(info.st_mode));
	if (waits) {
		int fd = open("/proc/self/fd/1", O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		if (fd >= 0)
			return fd;
		*cautious = true;
	}
	return fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
}

static void classify(struct queue *q)
{
	struct stat info = { 0 };
	fstat(q->fd, &info);
	q->terminal = isatty(q->fd);
	q->kind = S_ISREG(info.st_mode)	   ? QUEUE_KIND_FILE
		  : S_ISFIFO(info.st_mode) ? QUEUE_KIND_PIPE
		  : S_ISSOCK(info.st_mode) ? QUEUE_KIND_SOCKET
					   : QUEUE_KIND_OTHER;
	if (q->kind == QUEUE_KIND_PIPE)
		fcntl(q->fd, F_SETPIPE_SZ, PIPE_BYTES);
	if (q->kind == QUEUE_KIND_FILE && q->path)
		end_last_line(q->fd);
}

struct queue *queue_open(const char *path, size_t limit, char **error)
{
	bool cautious = false;
	int fd = path ? open_file(path, error) : open_standard(&cautious);
	if (fd < 0 && !path)
		*error = g_strdup_printf("standard output: %s; give --output a file",
					 g_strerror(errno));
	if (fd < 0)
		return NULL;
	struct queue *q = g_new0(struct queue, 1);
	q->path = g_strdup(path);
	q->fd = fd;
	q->limit = limit;
	q->cautious = cautious;
	g_queue_init(&q->records);
	classify(q);
	return q;
}

/* ---- writing ---- */

/* Does a pipe have room for all of it? Its pages may be half full, so twice what is in it counts.
 */
static bool pipe_has_room(const struct queue *q, size_t n)
{
	int inside = 0, size = fcntl(q->fd, F_GETPIPE_SZ);
	if (n <= PIPE_BUF || size <= 0 || n + 2 * PIPE_BUF > (size_t)size)
		return true; /* atomic by pipe(7), or it never fits */
	if (ioctl(q->fd, FIONREAD, &inside) != 0)
		return true;
	return n + 2 * (size_t)inside + 2 * PIPE_BUF <= (size_t)size;
}

/* Look from time to time whether the disk is nearly full. */
static void look_at_disk(struct queue *q)
{
	struct statvfs fs;
	gint64 now = g_get_monotonic_time();
	if (now >= q->look_at) {
		q->look_at = now + TIGHT_LOOK;
		q->tight =
			now < q->full_until || (fstatvfs(q->fd, &fs) == 0 &&
						(uint64_t)fs.f_bavail * fs.f_frsize < TIGHT_BYTES);
	}
}

static void was_full(struct queue *q)
{
	q->full_until = g_get_monotonic_time() + FULL_FOR;
	q->tight = true;
}

/* Room for n bytes more, so that who reads along never sees half a record that is taken back. False
 * with errno when there is none; a file system that cannot tell finds out when it is written to. */
static bool reserve(const struct queue *q, size_t n)
{
	struct stat info;
	if (fstat(q->fd, &info) != 0 ||
	    fallocate(q->fd, FALLOC_FL_KEEP_SIZE, info.st_size, (off_t)n) == 0)
		return true;
	return errno != ENOSPC && errno != EDQUOT;
}

/* One attempt; bytes written, or -1 with errno. */
static ssize_t write_some(const struct queue *q, const char *text, size_t n)
{
	struct pollfd p = { .fd = q->fd, .events = POLLOUT };
	if (q->kind == QUEUE_KIND_SOCKET)
		return send(q->fd, text, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (q->kind == QUEUE_KIND_PIPE && !q->begun && !pipe_has_room(q, n)) {
		errno = EAGAIN;
		return -1;
	}
	if (q->kind == QUEUE_KIND_FILE && q->tight && !reserve(q, n))
		return -1;
	if (!q->cautious)
		return write(q->fd, text, n);
	if (poll(&p, 1, 0) != 1) {
		errno = EAGAIN;
		return -1;
	}
	return write(q->fd, text, MIN(n, (size_t)PIPE_BUF));
}

/* The disk filled up inside a record: take its beginning back. Somebody may empty the file at any
 * moment, to make room: then the beginning went with the rest, and when that was between our two
 * calls, nothing but zeros stands where the file was made as long as before. */
static void take_back(struct queue *q)
{
	struct stat info;
	char last = '\n';
	if (q->kind != QUEUE_KIND_FILE || !q->begun || fstat(q->fd, &info) != 0)
		return;
	off_t keep = info.st_size - (off_t)q->begun;
	if (keep >= 0 && ftruncate(q->fd, keep) != 0)
		return;
	q->stats.written_bytes -= q->begun;
	q->begun = 0;
	if (keep > 0 && pread(q->fd, &last, 1, keep - 1) == 1 && last == '\0' &&
	    ftruncate(q->fd, 0) != 0)
		q->trouble = errno;
}

static void drop_first(struct queue *q)
{
	struct record *r = g_queue_pop_head(&q->records);
	q->stats.waiting--;
	q->stats.waiting_bytes -= r->n + RECORD_OVERHEAD;
	g_free(r);
}

/* Write the first record or a part of it. False when that is all for now. */
static bool write_first(struct queue *q)
{
	struct record *r = g_queue_peek_head(&q->records);
	if (q->kind == QUEUE_KIND_FILE)
		look_at_disk(q);
	errno = 0;
	ssize_t n = write_some(q, r->text + q->begun, r->n - q->begun);
	if (n < 0 && errno == EINTR)
		return true;
	if (n <= 0) {
		if (n < 0 && errno == EPIPE && q->path && q->kind == QUEUE_KIND_PIPE)
			q->begun = 0; /* its next reader gets the record whole */
		else if (n < 0 && errno == EPIPE)
			q->gone = true;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return false;
		q->trouble = errno ? errno : EIO;
		q->stats.failures++;
		was_full(q);
		take_back(q);
		return false;
	}
	q->trouble = 0;
	q->begun += (size_t)n;
	q->stats.written_bytes += (uint64_t)n;
	if (q->begun < r->n && q->kind == QUEUE_KIND_FILE) {
		/* Its rest must not be written after somebody emptied the file: whole or not at
		 * all. */
		was_full(q);
		take_back(q);
		q->trouble = q->begun ? 0 : ENOSPC;
		q->stats.failures += !q->begun;
		return q->begun > 0; /* a file that can only be appended to */
	}
	if (q->begun < r->n)
		return true;
	q->begun = 0;
	q->stats.written++;
	drop_first(q);
	return true;
}

/* The reader of a named pipe went away: has it come back? */
static bool reader_is_back(struct queue *q)
{
	if (q->trouble != EPIPE || q->gone)
		return true;
	int fd = open(q->path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return false;
	close(q->fd);
	q->fd = fd;
	classify(q);
	return true;
}

void queue_flush(struct queue *q)
{
	if (q->stats.waiting > 0 && !reader_is_back(q))
		return;
	while (q->stats.waiting > 0 && !q->gone && write_first(q))
		;
}

/* Make room: the oldest goes, but not one that the reader has begun to get. */
static void make_room(struct queue *q, size_t n)
{
	while (q->stats.waiting > 0 && q->stats.waiting_bytes + n + RECORD_OVERHEAD > q->limit) {
		if (q->begun && q->stats.waiting == 1)
			return;
		struct record *first = q->begun ? g_queue_pop_head(&q->records) : NULL;
		drop_first(q);
		if (first)
			g_queue_push_head(&q->records, first);
		q->stats.dropped++;
	}
}

void queue_add(struct queue *q, const char *text, size_t n)
{
	if (q->gone || n == 0)
		return;
	make_room(q, n);
	struct record *r = g_malloc(sizeof(*r) + n);
	r->n = n;
	memcpy(r->text, text, n);
	g_queue_push_tail(&q->records, r);
	q->stats.waiting++;
	q->stats.waiting_bytes += n + RECORD_OVERHEAD;
	/* While a disk is full each record would cost a failing call; the caller's timer tries. */
	if (!q->trouble)
		queue_flush(q);
}

int queue_fd(const struct queue *q)
{
	if (!q->stats.waiting || q->gone || q->trouble || q->kind == QUEUE_KIND_FILE)
		return -1;
	const struct record *r = g_queue_peek_head((GQueue *)&q->records);
	if (q->kind == QUEUE_KIND_PIPE && !q->begun && !pipe_has_room(q, r->n))
		return -1; /* it would be called writable; the timer tries */
	return q->fd;
}

bool queue_reopen(struct queue *q, char **error)
{
	if (!q->path)
		return true;
	take_back(q); /* a record that was begun goes whole into the new file */
	if (q->begun && q->kind != QUEUE_KIND_FILE)
		return true; /* a pipe in the middle of a record: it is no log to rotate */
	int fd = open_file(q->path, error);
	if (fd < 0)
		return false;
	close(q->fd);
	q->fd = fd;
	q->begun = 0;
	q->trouble = 0;
	classify(q);
	queue_flush(q);
	return true;
}

bool queue_gone(const struct queue *q)
{
	return q->gone;
}

bool queue_terminal(const struct queue *q)
{
	return q->terminal;
}

char *queue_trouble(struct queue *q)
{
	GString *line = NULL;
	uint64_t lost = q->stats.dropped - q->said_dropped;
	if (q->gone)
		return NULL;
	if (q->trouble != q->said) {
		line = g_string_new(name_of(q));
		if (q->trouble)
			g_string_append_printf(line, ": %s; capture goes on, records wait",
					       g_strerror(q->trouble));
		else
			g_string_append(line, ": can be written again");
	} else if (lost) {
		line = g_string_new(name_of(q));
		g_string_append(line, ": the reader is too slow or stopped");
	}
	if (lost)
		g_string_append_printf(line, "; %" G_GUINT64_FORMAT " oldest records were dropped",
				       lost);
	q->said = q->trouble;
	q->said_dropped = q->stats.dropped;
	return line ? g_string_free(line, FALSE) : NULL;
}

struct queue_stats queue_stats(const struct queue *q)
{
	return q->stats;
}

bool queue_close(struct queue *q, unsigned wait_ms, struct queue_stats *stats)
{
	gint64 until = g_get_monotonic_time() + (gint64)wait_ms * 1000;
	queue_flush(q);
	while (q->stats.waiting > 0 && !q->gone && g_get_monotonic_time() < until) {
		struct pollfd p = { .fd = queue_fd(q), .events = POLLOUT };
		poll(&p, p.fd >= 0 ? 1 : 0, 50);
		queue_flush(q);
	}
	bool fine = q->stats.waiting == 0 || q->gone;
	take_back(q);
	q->stats.dropped += q->gone ? 0 : q->stats.waiting;
	while (q->stats.waiting > 0)
		drop_first(q);
	if (stats)
		*stats = q->stats;
	close(q->fd);
	g_free(q->path);
	g_free(q);
	return fine;
}
