/*
 * The socket under a connection, as an OpenSSL BIO of our own.  It
 * distinguishes an interrupted call from one that would block, never raises
 * SIGPIPE, can be kept from blocking whatever the descriptor's mode, and
 * answers SSL_get_fd(3).
 */
#ifndef ISS_SOCK_H
#define ISS_SOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/socket.h>

#include <openssl/bio.h>

#include "base/buf.h"
#include "base/error.h"

/* A record takes two reads, or a few more if it arrives in parts. */
enum { ISS_SOCK_READS = 64 };

enum { ISS_SOCK_FIRST = 48 }; /* enough to see what a peer speaks */

struct iss_sock {
	int fd;         /* borrowed; -1: none */
	int sys_errno;  /* of the last call that failed, 0 after success */
	bool eof;       /* the peer ended the TCP stream */
	bool dont_wait; /* do not block, even if the descriptor does */
	/* not 0: a signal has arrived whose handler waits to run; NULL: the
	 * program has no handlers now */
	const volatile int *signals;
	int reads_left; /* see iss_sock_limit; < 0: no limit */
	bool pumping;   /* the program's handle is being used */
	bool spent;     /* none was left: there may be more to read */
	bool pumped;    /* a pump moves the bytes: pump.h */
	bool exact;     /* pumped: take in no more than was wanted last */
	size_t wanted;
	struct iss_buf in; /* see iss_sock_put_in */
	size_t in_pos;
	struct iss_buf out; /* written, not yet taken out or sent */
	size_t out_pos;
	bool absorbs;    /* what cannot be sent now goes to out; never waits */
	bool hides_gone; /* take the bytes for a peer that is gone; see gone */
	int gone; /* errno of the first that was taken so; then all are */
	unsigned char first[ISS_SOCK_FIRST]; /* that the peer has sent */
	size_t first_len;
};

/*
 * A BIO that reads from and writes to fd.  *sock is its state, borrowed, which
 * lives as long as the BIO.  NULL when memory runs out.  BIO_meth_new(3).
 */
BIO *iss_sock_new(int fd, struct iss_sock **sock);

/*
 * OpenSSL reads until it has data, so a peer that sends records without data
 * and never stops (KeyUpdate, tickets, HelloRequest) would keep it forever.
 * _limit allows one call of OpenSSL so many reads from the descriptor; more
 * would block, as if nothing had arrived, and set spent.  _unlimit ends that:
 * the program may use the SSL by itself.
 */
static inline void
iss_sock_limit(struct iss_sock *sock)
{
	sock->reads_left = ISS_SOCK_READS;
	sock->spent = false;
}

static inline void
iss_sock_unlimit(struct iss_sock *sock)
{
	sock->reads_left = -1;
}

/* Does the handler of a signal wait to run?  That signal interrupts no call of
 * the system that begins now. */
static inline bool
iss_sock_has_signal(const struct iss_sock *sock)
{
	return sock->signals != NULL && *sock->signals != 0;
}

/* Receive from the descriptor: recv(2).  Where it would wait although there is
 * such a signal, it fails with EINTR. */
ssize_t iss_sock_receive(
    const struct iss_sock *sock, void *buf, size_t len, int flags);

/* The bound of both buffers. */
enum { ISS_SOCK_MAX = 1 << 17 };

/*
 * Have these bytes (copied) read before any from the descriptor: a ClientHello
 * that was read along with the last plain line, or a pump's.  Returns ISS_OK,
 * or ISS_ERROR if more than ISS_SOCK_MAX would wait or memory runs out.
 */
int iss_sock_put_in(struct iss_sock *sock, const void *bytes, size_t len);

/* How many bytes wait to be read, and to be taken out by the pump. */
size_t iss_sock_waiting_in(const struct iss_sock *sock);
size_t iss_sock_waiting_out(const struct iss_sock *sock);

/* Can at least a byte be read without waiting?  The end of the stream does not
 * count. */
bool iss_sock_has_input(const struct iss_sock *sock);

/* Look what follows the first bytes of the peer, and is still unread, and add
 * it to first.  Never waits. */
void iss_sock_look_further(struct iss_sock *sock);

/*
 * Not pumped: send what waits.  False, with errno, if something is left.  Until
 * it is sent, bytes that are written later wait behind it.
 */
bool iss_sock_send_waiting(struct iss_sock *sock);

/* The pump has taken the first len bytes of those that wait. */
void iss_sock_took_out(struct iss_sock *sock, size_t len);

/* Does a descriptor block?  1, 0, or -1: it is not open. */
int iss_sock_blocks(int fd);

/*
 * The address of the peer, getpeername(2); *len is the room, then its length.
 * False: there is none, or the bytes do not go over the descriptor.
 */
bool iss_sock_peer(const struct iss_sock *sock,
    struct sockaddr_storage *address, socklen_t *len);

/* The same before there is a connection on the descriptor. */
bool iss_sock_peer_of(int fd, struct sockaddr_storage *address, socklen_t *len);

/* Is it a socket for IPv4 or IPv6?  getsockname(2). */
bool iss_sock_is_internet(int fd);

/*
 * Before a descriptor is closed: drop its unread bytes, or the kernel would
 * reset the connection, and the peer lose data that we wrote (RFC 1122,
 * 4.2.2.13).  Bounded, never waits.
 */
void iss_sock_drop_unread(int fd);

#endif
