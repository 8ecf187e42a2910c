/*
 * The socket under a connection, as an OpenSSL BIO of our own: it tells an
 * interrupted call from a busy one, never raises SIGPIPE, can be told not
 * to block whatever the descriptor's mode is, and answers SSL_get_fd(3).
 */
#ifndef ISS_SOCK_H
#define ISS_SOCK_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/bio.h>

#include "base/buf.h"
#include "base/deadline.h"
#include "base/error.h"

struct iss_sock {
	int fd;             /* borrowed: the Perl handle closes it; -1: none */
	int sys_errno;      /* of the last call that failed, 0 after success */
	bool eof;           /* the peer ended the TCP stream */
	bool dont_wait;     /* do not block, even where the descriptor does */
	iss_deadline until; /* read no more of a flood afterwards */
	int late_reads;
	bool pumped;       /* somebody else moves the bytes: pump.h */
	struct iss_buf in; /* read already, by others; comes first */
	size_t in_pos;
	struct iss_buf out; /* pumped: written, not yet taken away */
	size_t out_pos;
};

/*
 * A BIO for reading from and writing to fd; the state behind it goes out by
 * *sock, is borrowed and lives as long as the BIO.  NULL when memory runs
 * out.  BIO_new(3), BIO_meth_new(3).
 */
BIO *iss_sock_new(int fd, struct iss_sock **sock);

/*
 * Is the deadline over, and more read since than may have lain there?  OpenSSL
 * goes on as long as it gets something, so a peer that never stops to send
 * would keep it for ever.  Asked before each read.
 */
bool iss_sock_is_late(struct iss_sock *sock);

/* The most that a pump may put in, or find to be taken out, at once. */
enum { ISS_SOCK_MAX = 1 << 17 };

/*
 * Bytes that somebody else read (a ClientHello that came along with the last
 * plain line; a pump's) are read first.  Copied.  Returns ISS_OK, or
 * ISS_ERROR when there are more than ISS_SOCK_MAX or memory runs out.
 */
int iss_sock_put_in(struct iss_sock *sock, const void *bytes, size_t len);

/* How many bytes wait to be read, to be taken out by the pump. */
size_t iss_sock_waiting_in(const struct iss_sock *sock);
size_t iss_sock_waiting_out(const struct iss_sock *sock);

/* Can at least a byte be read without waiting?  The end of the stream does not
 * count. */
bool iss_sock_has_input(const struct iss_sock *sock);

/* The pump has taken so many of the bytes that begin at *bytes. */
void iss_sock_took_out(struct iss_sock *sock, size_t len);

/*
 * Before a descriptor is closed: drop what lies unread in the socket, lest
 * the kernel reset the connection and the peer lose what we wrote (RFC 1122,
 * 4.2.2.13).  Bounded, never waits.
 */
void iss_sock_drop_unread(int fd);

#endif
