/*
 * Owns recv, send and their errno.
 */
#include "connection/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/socket.h>

#include <openssl/crypto.h>

/* macOS has SO_NOSIGPIPE on the socket instead. */
#ifndef MSG_NOSIGNAL
#	define MSG_NOSIGNAL 0
#endif

static void
never_sigpipe(int fd)
{
#ifdef SO_NOSIGPIPE
	int on = 1;

	setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof(on));
#else
	(void)fd;
#endif
}

enum { DROP_CHUNK = 4096, DROP_CHUNKS = 256 };

static CRYPTO_ONCE method_once = CRYPTO_ONCE_STATIC_INIT;
static BIO_METHOD *method; /* made once, then only read */

int
iss_sock_put_in(struct iss_sock *sock, const void *bytes, size_t len)
{
	return iss_buf_append(&sock->in, bytes, len) ? ISS_OK : ISS_ERROR;
}

size_t
iss_sock_waiting_in(const struct iss_sock *sock)
{
	return sock->in.len - sock->in_pos;
}

size_t
iss_sock_waiting_out(const struct iss_sock *sock)
{
	return sock->out.len - sock->out_pos;
}

bool
iss_sock_has_input(const struct iss_sock *sock)
{
	char byte;

	if (iss_sock_waiting_in(sock) > 0 || sock->pumped)
		return iss_sock_waiting_in(sock) > 0;
	return recv(sock->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 1;
}

void
iss_sock_took_out(struct iss_sock *sock, size_t len)
{
	if (len > iss_sock_waiting_out(sock))
		len = iss_sock_waiting_out(sock);
	sock->out_pos += len;
	if (iss_sock_waiting_out(sock) == 0) {
		iss_buf_clear(&sock->out);
		sock->out_pos = 0;
	}
}

static size_t
read_in(struct iss_sock *sock, void *buf, size_t len)
{
	size_t left = iss_sock_waiting_in(sock);

	if (len > left)
		len = left;
	memcpy(buf, sock->in.data + sock->in_pos, len);
	sock->in_pos += len;
	if (len == left) {
		/* Only a pump puts in more than once. */
		if (sock->pumped)
			iss_buf_clear(&sock->in);
		else
			iss_buf_release(&sock->in);
		sock->in_pos = 0;
	}
	return len;
}

/* As the system does. */
static ssize_t
would_block(void)
{
	errno = EAGAIN;
	return -1;
}

/* Must a call return at once?  Then *flags says so. */
static bool
must_hurry(const struct iss_sock *sock, int *flags)
{
	if ((*flags & MSG_DONTWAIT) || !iss_sock_has_signal(sock))
		return false;
	*flags |= MSG_DONTWAIT;
	return true;
}

/* The result of a call that would have waited otherwise. */
static ssize_t
in_a_hurry(const struct iss_sock *sock, ssize_t n)
{
	int e = errno;

	if (n < 0 && (e == EAGAIN || e == EWOULDBLOCK) &&
	    iss_sock_blocks(sock->fd) == 1)
		e = EINTR;
	errno = e;
	return n;
}

ssize_t
iss_sock_receive(const struct iss_sock *sock, void *buf, size_t len, int flags)
{
	bool hurry;
	ssize_t n;

	if (sock->dont_wait)
		flags |= MSG_DONTWAIT;
	hurry = must_hurry(sock, &flags);
	n = recv(sock->fd, buf, len, flags);
	return hurry ? in_a_hurry(sock, n) : n;
}

static ssize_t
receive(struct iss_sock *sock, void *buf, size_t len)
{
	if (iss_sock_waiting_in(sock) > 0)
		return (ssize_t)read_in(sock, buf, len);
	if (sock->pumped) {
		sock->wanted = len;
		return sock->eof ? 0 : would_block();
	}
	if (sock->reads_left == 0) {
		sock->spent = true;
		return would_block();
	}
	if (sock->reads_left > 0)
		sock->reads_left--;
	return iss_sock_receive(sock, buf, len, 0);
}

static ssize_t
send_now(const struct iss_sock *sock, const void *buf, size_t len)
{
	int flags = sock->dont_wait || sock->absorbs ? MSG_DONTWAIT : 0;
	bool hurry = must_hurry(sock, &flags);
	ssize_t n = send(sock->fd, buf, len, MSG_NOSIGNAL | flags);

	return hurry ? in_a_hurry(sock, n) : n;
}

bool
iss_sock_send_waiting(struct iss_sock *sock)
{
	ssize_t n;

	while (iss_sock_waiting_out(sock) > 0) {
		n = send_now(sock, sock->out.data + sock->out_pos,
		    iss_sock_waiting_out(sock));
		if (n < 0)
			return false;
		iss_sock_took_out(sock, (size_t)n);
	}
	iss_buf_release(&sock->out);
	return true;
}

static ssize_t
keep(struct iss_sock *sock, const void *buf, size_t len)
{
	if (len > sock->out.max - sock->out.len ||
	    !iss_buf_append(&sock->out, buf, len))
		return would_block();
	return (ssize_t)len;
}

/* Send these bytes after those that wait. */
static ssize_t
send_behind(struct iss_sock *sock, const void *buf, size_t len)
{
	ssize_t n = -1;

	if (iss_sock_send_waiting(sock))
		n = send_now(sock, buf, len);
	if (n < 0 && sock->absorbs && (errno == EAGAIN || errno == EWOULDBLOCK))
		return keep(sock, buf, len);
	return n;
}

static ssize_t
transmit(struct iss_sock *sock, const void *buf, size_t len)
{
	if (sock->pumped)
		return keep(sock, buf, len);
	if (sock->absorbs || iss_sock_waiting_out(sock) > 0)
		return send_behind(sock, buf, len);
	return send_now(sock, buf, len);
}

/*
 * OpenSSL reads nothing after a failed write (since 4.0), though the peer may
 * have answered before it went.  So it does not learn of that.
 */
static bool
hide_gone(struct iss_sock *sock)
{
	if (sock->hides_gone && sock->gone == 0 &&
	    (errno == EPIPE || errno == ECONNRESET))
		sock->gone = errno;
	return sock->gone != 0;
}

/* Remember why a call failed, and whether to call again. */
static void
note_failure(BIO *bio, struct iss_sock *sock, int retry_flag)
{
	int e = errno;

	/* SO_RCVTIMEO and SO_SNDTIMEO also end in EAGAIN. */
	sock->sys_errno = e == EWOULDBLOCK ? EAGAIN : e;
	if (e == EINTR || e == EAGAIN || e == EWOULDBLOCK)
		BIO_set_flags(bio, retry_flag | BIO_FLAGS_SHOULD_RETRY);
}

static void
note_first(struct iss_sock *sock, const char *bytes, size_t len)
{
	size_t room = sizeof(sock->first) - sock->first_len;

	if (len > room)
		len = room;
	memcpy(sock->first + sock->first_len, bytes, len);
	sock->first_len += len;
}

void
iss_sock_look_further(struct iss_sock *sock)
{
	char more[ISS_SOCK_FIRST];
	size_t waiting = iss_sock_waiting_in(sock);
	ssize_t n;

	if (waiting > 0)
		note_first(sock, sock->in.data + sock->in_pos, waiting);
	if (sock->pumped)
		return;
	n = recv(sock->fd, more, sizeof(more), MSG_PEEK | MSG_DONTWAIT);
	if (n > 0)
		note_first(sock, more, (size_t)n);
}

static int
sock_read(BIO *bio, char *buf, size_t len, size_t *got)
{
	struct iss_sock *sock = BIO_get_data(bio);
	ssize_t n;

	BIO_clear_retry_flags(bio);
	*got = 0;
	if ((n = receive(sock, buf, len)) > 0) {
		*got = (size_t)n;
		if (sock->first_len < sizeof(sock->first))
			note_first(sock, buf, (size_t)n);
		return 1;
	}
	if (n == 0) {
		sock->sys_errno = 0;
		sock->eof = true;
		return 0;
	}
	note_failure(bio, sock, BIO_FLAGS_READ);
	return 0;
}

static int
sock_write(BIO *bio, const char *buf, size_t len, size_t *put)
{
	struct iss_sock *sock = BIO_get_data(bio);
	ssize_t n;

	BIO_clear_retry_flags(bio);
	*put = 0;
	if ((n = transmit(sock, buf, len)) >= 0) {
		*put = (size_t)n;
		return 1;
	}
	if (hide_gone(sock)) {
		*put = len;
		return 1;
	}
	note_failure(bio, sock, BIO_FLAGS_WRITE);
	return -1; /* at 0 SSL_shutdown(3) takes a pending alert for sent */
}

static long
sock_ctrl(BIO *bio, int command, long number, void *out)
{
	const struct iss_sock *sock = BIO_get_data(bio);

	(void)number;
	switch (command) {
	case BIO_CTRL_FLUSH:
	case BIO_CTRL_DUP:
		return 1;
	case BIO_CTRL_EOF:
		return sock->eof;
	case BIO_C_GET_FD:
		if (out != NULL)
			*(int *)out = sock->fd;
		return sock->fd;
	default:
		return 0;
	}
}

static int
sock_destroy(BIO *bio)
{
	struct iss_sock *sock = BIO_get_data(bio);

	if (sock != NULL) {
		iss_buf_release(&sock->in);
		iss_buf_release(&sock->out);
	}
	free(sock);
	BIO_set_data(bio, NULL);
	return 1;
}

static void
make_method(void)
{
	int type = BIO_get_new_index();

	if (type == -1)
		return;
	type |= BIO_TYPE_SOURCE_SINK | BIO_TYPE_DESCRIPTOR;
	if ((method = BIO_meth_new(type, "IO::Socket::SSL socket")) == NULL)
		return;
	BIO_meth_set_read_ex(method, sock_read);
	BIO_meth_set_write_ex(method, sock_write);
	BIO_meth_set_ctrl(method, sock_ctrl);
	BIO_meth_set_destroy(method, sock_destroy);
}

BIO *
iss_sock_new(int fd, struct iss_sock **out)
{
	struct iss_sock *sock = NULL;
	BIO *bio = NULL;

	if (!CRYPTO_THREAD_run_once(&method_once, make_method) ||
	    method == NULL)
		return NULL;
	if ((sock = calloc(1, sizeof(*sock))) == NULL)
		return NULL;
	if ((bio = BIO_new(method)) == NULL) {
		free(sock);
		return NULL;
	}
	iss_buf_init(&sock->in, ISS_SOCK_MAX);
	iss_buf_init(&sock->out, ISS_SOCK_MAX);
	sock->fd = fd;
	iss_sock_unlimit(sock);
	never_sigpipe(fd);
	BIO_set_data(bio, sock);
	BIO_set_init(bio, 1);
	*out = sock;
	return bio;
}

void
iss_sock_drop_unread(int fd)
{
	char dropped[DROP_CHUNK];
	int chunks = DROP_CHUNKS;

	while (chunks-- > 0 &&
	       recv(fd, dropped, sizeof(dropped), MSG_DONTWAIT) > 0)
		;
}

int
iss_sock_blocks(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags < 0 ? -1 : !(flags & O_NONBLOCK);
}

bool
iss_sock_peer(const struct iss_sock *sock, struct sockaddr_storage *address,
    socklen_t *len)
{
	return !sock->pumped && iss_sock_peer_of(sock->fd, address, len);
}

bool
iss_sock_peer_of(int fd, struct sockaddr_storage *address, socklen_t *len)
{
	return getpeername(fd, (struct sockaddr *)address, len) == 0;
}

bool
iss_sock_is_internet(int fd)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);

	return getsockname(fd, (struct sockaddr *)&address, &len) == 0 &&
	       (address.ss_family == AF_INET || address.ss_family == AF_INET6);
}
