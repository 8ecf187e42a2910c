/*
 * Reading a file into a buffer.  Knows no format.
 */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <openssl/crypto.h>

enum { CHUNK = 16 * 1024 };

/* A fifo makes open wait for its writer, so a signal can come first. */
static int
open_again(const char *path)
{
	int fd;

	do
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	while (fd < 0 && errno == EINTR);
	return fd;
}

static ssize_t
read_again(int fd, void *bytes, size_t size)
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
	int rv = 0;

	while ((got = read_again(fd, chunk, sizeof(chunk))) > 0)
		if (!iss_buf_append(out, chunk, (size_t)got)) {
			rv = iss_error_set(err,
			    "%s: larger than the %zu bytes that are read", path,
			    out->max);
			break;
		}
	if (got < 0)
		rv = iss_error_errno(err, errno, "%s", path);
	else if (rv == 0 && out->len == before)
		rv = iss_error_set(err, "%s: the file is empty", path);
	OPENSSL_cleanse(chunk, sizeof(chunk)); /* may be a key */
	return rv;
}

int
iss_file_read(struct iss_error *err, const char *path, struct iss_buf *out,
    struct stat *before)
{
	int fd = open_again(path);
	int rv;

	if (fd < 0)
		return iss_error_errno(err, errno, "%s", path);
	if (before != NULL && fstat(fd, before) != 0)
		rv = iss_error_errno(err, errno, "%s", path);
	else
		rv = read_all(err, path, fd, out);
	close(fd);
	return rv;
}
