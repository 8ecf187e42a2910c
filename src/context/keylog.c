#include "context/keylog.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/ex_index.h"
#include "link/link.h"

struct keylog {
	int fd;      /* -1: there is no file */
	bool failed; /* a line could not be written, which was told */
	char *file;
};

static void
free_keylog(struct keylog *log)
{
	if (log == NULL)
		return;
	if (log->fd >= 0)
		close(log->fd);
	free(log->file);
	free(log);
}

ISS_EX_INDEX_OWNED(keylog_index, SSL_CTX, free_keylog);

bool
iss_keylog_is_forbidden(bool tainted)
{
	return tainted || getuid() != geteuid() || getgid() != getegid();
}

/* As writev, but a pipe that nobody reads sends no SIGPIPE. */
static ssize_t
write_parts(int fd, const struct iovec *parts, int count)
{
	sigset_t sigpipe, mask, before, after;
	ssize_t n;
	int e, ignored;

	sigemptyset(&sigpipe);
	sigaddset(&sigpipe, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &sigpipe, &mask);
	sigpending(&before);
	n = writev(fd, parts, count);
	e = errno;
	sigpending(&after);
	if (n < 0 && e == EPIPE && sigismember(&after, SIGPIPE) &&
	    !sigismember(&before, SIGPIPE))
		sigwait(&sigpipe, &ignored);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	errno = e;
	return n;
}

/* The whole line by one call, so that several processes may append. */
static bool
append(int fd, const char *line)
{
	struct iovec parts[] = {
		{ (void *)line, strlen(line) },
		{ (void *)"\n", 1 },
	};
	ssize_t n;

	do
		n = write_parts(fd, parts, 2);
	while (n < 0 && errno == EINTR);
	if (n >= 0 && (size_t)n < parts[0].iov_len + 1)
		errno = ENOSPC; /* only a part of it */
	return n == (ssize_t)parts[0].iov_len + 1;
}

/* Say once that a line is missing; the connection goes on. */
static void
tell_failure(struct keylog *log, const struct iss_link *link, int errnum)
{
	const struct iss_callbacks *ask = iss_link_callbacks(link);
	struct iss_error err;

	if (log->failed || ask->warn == NULL)
		return;
	log->failed = true;
	iss_error_clear(&err);
	iss_error_errno(
	    &err, errnum, "SSL_keylog_file: cannot write to %.300s", log->file);
	ask->warn(link->handle, err.text);
}

static void
on_line(const SSL *ssl, const char *line)
{
	const struct iss_link *link = iss_link_of(ssl);
	struct keylog *log =
	    SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), keylog_index());
	const struct iss_callbacks *ask;

	if (log == NULL)
		return;
	if (log->fd >= 0 && !append(log->fd, line) && link != NULL)
		tell_failure(log, link, errno);
	if (link == NULL)
		return;
	ask = iss_link_callbacks(link);
	if (ask->keylog != NULL)
		ask->keylog(link->handle, line);
}

/* Without waiting for somebody who reads from a pipe. */
static int
open_file(struct iss_error *err, struct keylog *log, const char *file,
    bool *is_public)
{
	struct stat status;

	log->fd = open(file,
	    O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
	    S_IRUSR | S_IWUSR);
	if (log->fd < 0 || fstat(log->fd, &status) != 0)
		return iss_error_errno(
		    err, errno, "SSL_keylog_file: %.300s", file);
	*is_public = (status.st_mode & (S_IRGRP | S_IROTH)) != 0;
	if ((log->file = strdup(file)) == NULL)
		return iss_error_memory(err);
	return ISS_OK;
}

int
iss_keylog_use(struct iss_error *err, SSL_CTX *ssl_ctx, const char *file,
    bool tainted, bool *is_public)
{
	struct keylog *log;

	*is_public = false;
	if (iss_keylog_is_forbidden(tainted))
		return iss_error_set(err, ISS_KEYLOG_FORBIDDEN);
	if ((log = calloc(1, sizeof(*log))) == NULL)
		return iss_error_memory(err);
	log->fd = -1;
	if (file != NULL && open_file(err, log, file, is_public) != ISS_OK) {
		free_keylog(log);
		return ISS_ERROR;
	}
	if (!SSL_CTX_set_ex_data(ssl_ctx, keylog_index(), log)) {
		free_keylog(log);
		return iss_error_openssl(err, "cannot log keys");
	}
	SSL_CTX_set_keylog_callback(ssl_ctx, on_line);
	return ISS_OK;
}
