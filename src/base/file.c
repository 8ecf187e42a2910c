/*
 * Files by system calls, repeated when a signal interrupts them.
 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

/* Apple has its own names for what POSIX 2008 calls st_mtim and st_ctim. */
#ifdef __APPLE__
#	define st_mtim st_mtimespec
#	define st_ctim st_ctimespec
#endif

enum {
	CHUNK = 16 * 1024,
	SETTLED = 2 /* seconds; the coarsest file system clock (FAT) */
};

static void
set_stamp(struct iss_file_stamp *stamp, const struct stat *st)
{
	memset(stamp, 0, sizeof(*stamp));
	stamp->regular = S_ISREG(st->st_mode);
	stamp->dev = st->st_dev;
	stamp->ino = st->st_ino;
	stamp->size = st->st_size;
	stamp->mtime = st->st_mtim;
	stamp->ctime = st->st_ctim;
}

bool
iss_file_stamp(const char *path, struct iss_file_stamp *stamp)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return false;
	set_stamp(stamp, &st);
	return true;
}

static bool
same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

bool
iss_file_stamp_equal(
    const struct iss_file_stamp *a, const struct iss_file_stamp *b)
{
	return a->regular == b->regular && a->dev == b->dev &&
	       a->ino == b->ino && a->size == b->size &&
	       same_time(&a->mtime, &b->mtime) &&
	       same_time(&a->ctime, &b->ctime);
}

/* By ctime, since a program can set mtime to anything. */
bool
iss_file_stamp_is_settled(const struct iss_file_stamp *stamp)
{
	return stamp->regular && stamp->ctime.tv_sec + SETTLED < time(NULL);
}

/* Opening a fifo waits for the other end, so a signal can arrive first. */
static int
open_through_signals(const char *path, int flags, mode_t mode)
{
	int fd;

	do
		fd = open(path, flags | O_CLOEXEC | O_NOCTTY, mode);
	while (fd < 0 && errno == EINTR);
	return fd;
}

/* Should the file have become a fifo, do not wait for its other end. */
bool
iss_file_opens_as(const char *path, const struct iss_file_stamp *stamp)
{
	int fd = open_through_signals(path, O_RDONLY | O_NONBLOCK, 0);
	struct iss_file_stamp now;
	struct stat st;
	bool same = false;

	if (fd < 0)
		return false;
	if (fstat(fd, &st) == 0) {
		set_stamp(&now, &st);
		same = iss_file_stamp_equal(&now, stamp);
	}
	close(fd);
	return same;
}

static ssize_t
read_through_signals(int fd, void *bytes, size_t size)
{
	ssize_t got;

	do
		got = read(fd, bytes, size);
	while (got < 0 && errno == EINTR);
	return got;
}

static int
read_all(struct iss_error *err, const char *path, int fd, struct iss_buf *out)
{
	size_t before = out->len;
	char chunk[CHUNK];
	ssize_t got;
	int rv = ISS_OK;

	while ((got = read_through_signals(fd, chunk, sizeof(chunk))) > 0)
		if (!iss_buf_append(out, chunk, (size_t)got)) {
			rv = iss_error_set(err,
			    "%s: the file is too large (at most %zu bytes)",
			    path, out->max - before);
			break;
		}
	if (got < 0)
		rv = iss_error_errno(err, errno, "%s", path);
	else if (rv == ISS_OK && out->len == before)
		rv = iss_error_set(err, "%s: the file is empty", path);
	OPENSSL_cleanse(chunk, sizeof(chunk)); /* may be a key */
	return rv;
}

int
iss_file_read(struct iss_error *err, const char *path, struct iss_buf *out,
    struct iss_file_stamp *stamp)
{
	int fd = open_through_signals(path, O_RDONLY, 0);
	struct stat st;
	int rv;

	if (fd < 0)
		return iss_error_errno(err, errno, "%s", path);
	if (fstat(fd, &st) != 0) {
		rv = iss_error_errno(err, errno, "%s", path);
	} else {
		rv = read_all(err, path, fd, out);
		if (stamp != NULL)
			set_stamp(stamp, &st);
	}
	close(fd);
	return rv;
}

static int
write_all(int fd, const char *bytes, size_t len)
{
	ssize_t put;

	while (len > 0) {
		put = write(fd, bytes, len);
		if (put < 0 && errno != EINTR)
			return -1;
		if (put > 0) {
			bytes += put;
			len -= (size_t)put;
		}
	}
	return 0;
}

/* Before the first byte is written. */
static int
make_secret(int fd)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return -1;
	return S_ISREG(st.st_mode) ? fchmod(fd, S_IRUSR | S_IWUSR) : 0;
}

int
iss_file_write(struct iss_error *err, const char *path, const void *bytes,
    size_t len, bool secret)
{
	int fd = open_through_signals(path, O_WRONLY | O_CREAT | O_TRUNC,
	    secret ? S_IRUSR | S_IWUSR : 0666);
	int rv = ISS_OK;

	if (fd < 0)
		return iss_error_errno(err, errno, "%s", path);
	if ((secret && make_secret(fd) != 0) || write_all(fd, bytes, len) != 0)
		rv = iss_error_errno(err, errno, "%s", path);
	/* some file systems report a full disk only here */
	if (close(fd) != 0 && errno != EINTR && rv == ISS_OK)
		rv = iss_error_errno(err, errno, "%s", path);
	return rv;
}
