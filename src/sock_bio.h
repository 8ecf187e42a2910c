/*
 * The socket under a connection, as an OpenSSL BIO of our own: it tells an
 * interrupted call from a busy one, never raises SIGPIPE, can be told not
 * to block whatever the descriptor's mode is, and answers SSL_get_fd(3).
 */
#ifndef ISS_SOCK_BIO_H
#define ISS_SOCK_BIO_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/bio.h>

#include "error.h"

struct iss_sock {
	int fd;         /* borrowed: the Perl handle closes it */
	int sys_errno;  /* of the last call that failed, 0 after success */
	bool eof;       /* the peer ended the TCP stream */
	bool dont_wait; /* do not block, even where the descriptor does */
	unsigned char *early; /* read before TLS began; comes first */
	size_t early_len;
	size_t early_pos;
};

/*
 * A BIO for reading from and writing to fd; the state behind it goes out by
 * *sock, is borrowed and lives as long as the BIO.  NULL when memory runs
 * out.  BIO_new(3), BIO_meth_new(3).
 */
BIO *iss_sock_bio_new(int fd, struct iss_sock **sock);

/*
 * Bytes that somebody read from the descriptor before TLS took over (a
 * ClientHello that came along with the last plain line) are read first.
 * Copied.  Returns ISS_OK, or ISS_ERROR when memory runs out.
 */
int iss_sock_set1_early(struct iss_sock *sock, const void *bytes, size_t len);

/*
 * Before a descriptor is closed: drop what lies unread in the socket, lest
 * the kernel reset the connection and the peer lose what we wrote (RFC 1122,
 * 4.2.2.13).  Bounded, never waits.
 */
void iss_sock_drop_unread(int fd);

#endif
