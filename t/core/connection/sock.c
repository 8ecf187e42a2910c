/*
 * The socket under a connection, without TLS: what a busy, interrupted, ended
 * or broken socket looks like, bytes that were read before, and bounds.
 */
#define _XOPEN_SOURCE 700 /* setitimer */
#include "connection/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "signals.h"
#include "tap.h"

/* Two connected sockets, of which the first has a BIO. */
static struct {
	int fds[2];
	BIO *bio;
	struct iss_sock *sock;
} at;

static void
begin(bool blocking)
{
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, at.fds) != 0 ||
	    (at.bio = iss_sock_new(at.fds[0], &at.sock)) == NULL) {
		printf("Bail out! no socket\n");
		exit(2);
	}
	if (!blocking)
		fcntl(at.fds[0], F_SETFL, O_NONBLOCK);
}

static void
end(void)
{
	BIO_free(at.bio);
	close(at.fds[0]);
	if (at.fds[1] >= 0)
		close(at.fds[1]);
}

/* The peer ends the stream. */
static void
hang_up(void)
{
	close(at.fds[1]);
	at.fds[1] = -1;
}

/* What a read or write that failed must leave behind. */
static void
expect_failure(int done, int sys_errno, bool retry)
{
	is_int(done, 0, "... fails");
	is_int(at.sock->sys_errno, sys_errno, "... errno");
	ok((BIO_should_retry(at.bio) != 0) == retry, "... %s",
	    retry ? "for now" : "for good");
}

static void
test_ctrl(void)
{
	int fd = -1;

	begin(false);
	is_int(BIO_get_fd(at.bio, &fd), at.fds[0], "the descriptor");
	is_int(fd, at.fds[0], "... by pointer");
	is_int(BIO_get_fd(at.bio, NULL), at.fds[0], "... or without one");
	is_int(BIO_flush(at.bio), 1, "there is nothing to flush");
	is_int(BIO_eof(at.bio), 0, "no end yet");
	is_int(
	    BIO_ctrl(at.bio, BIO_CTRL_PENDING, 0, NULL), 0, "another question");
	is_int(BIO_method_type(at.bio) & BIO_TYPE_SOURCE_SINK,
	    BIO_TYPE_SOURCE_SINK, "it is an end of a chain");
	end();
	ok(fcntl(fd, F_GETFD) < 0, "the test closed the descriptor, not it");
}

static void
test_both_ways(void)
{
	char bytes[8];
	size_t n;

	begin(false);
	is_int(BIO_write_ex(at.bio, "a\0b", 3, &n), 1, "write");
	is_int((long long)n, 3, "... all");
	is_int(read(at.fds[1], bytes, sizeof(bytes)), 3, "... they arrive");
	is_int(write(at.fds[1], "c\0d", 3), 3, "the peer writes");
	is_int(BIO_read_ex(at.bio, bytes, 2, &n), 1, "read less");
	is_bytes(bytes, n, "c\0", 2, "... these");
	is_int(BIO_read_ex(at.bio, bytes, sizeof(bytes), &n), 1, "the rest");
	is_bytes(bytes, n, "d", 1, "... these");
	end();
}

static void
test_busy(void)
{
	static char much[1 << 16];
	char bytes[8];
	size_t n = 42;

	begin(false);
	diag("nothing to read");
	expect_failure(
	    BIO_read_ex(at.bio, bytes, sizeof(bytes), &n), EAGAIN, true);
	ok(BIO_should_read(at.bio) && !BIO_should_write(at.bio),
	    "... until it is readable");
	is_int((long long)n, 0, "... no bytes");
	while (BIO_write_ex(at.bio, much, sizeof(much), &n))
		;
	diag("no room to write");
	expect_failure(0, EAGAIN, true);
	ok(BIO_should_write(at.bio) && !BIO_should_read(at.bio),
	    "... until it is writable");
	is_int((long long)n, 0, "... no bytes");
	ok(!at.sock->eof, "busy is not an end");
	end();
}

/* Told not to wait, it does not, though the descriptor would. */
static void
test_dont_wait(void)
{
	static char much[1 << 16];
	char byte;
	size_t n;

	begin(true);
	at.sock->dont_wait = true;
	diag("nothing to read, on a socket that blocks");
	expect_failure(BIO_read_ex(at.bio, &byte, 1, &n), EAGAIN, true);
	while (BIO_write_ex(at.bio, much, sizeof(much), &n))
		;
	diag("no room to write");
	expect_failure(0, EAGAIN, true);
	is_int(fcntl(at.fds[0], F_GETFL) & O_NONBLOCK, 0,
	    "the descriptor's mode stays");
	end();
}

static void
test_interrupted(void)
{
	/* not more: valgrind looks at each byte before each try, and a signal
	 * that arrives meanwhile makes it begin again */
	static char much[1 << 12];
	char byte;
	size_t n;
	int done;

	begin(true);
	signals_start();
	done = BIO_read_ex(at.bio, &byte, 1, &n);
	signals_stop();
	diag("a signal while reading");
	expect_failure(done, EINTR, true);
	ok(BIO_should_read(at.bio), "... then read again");
	signals_start();
	/* a write that has begun returns what it wrote */
	while ((done = BIO_write_ex(at.bio, much, sizeof(much), &n)))
		;
	signals_stop();
	diag("a signal while writing");
	expect_failure(done, EINTR, true);
	ok(BIO_should_write(at.bio), "... then write again");
	end();
}

static void
test_end(void)
{
	char bytes[8];
	size_t n;

	begin(false);
	is_int(write(at.fds[1], "x", 1), 1, "the peer writes");
	hang_up();
	is_int(
	    BIO_read_ex(at.bio, bytes, sizeof(bytes), &n), 1, "its last byte");
	is_int(BIO_eof(at.bio), 0, "... is not the end");
	diag("the end of the stream");
	expect_failure(BIO_read_ex(at.bio, bytes, sizeof(bytes), &n), 0, false);
	is_int(BIO_eof(at.bio), 1, "... is the end");
	diag("writing to nobody, which raises no signal");
	expect_failure(BIO_write_ex(at.bio, "x", 1, &n), EPIPE, false);
	end();
}

/* A peer that resets the connection: closed with bytes unread. */
static void
test_reset(void)
{
	char byte;
	size_t n;

	begin(false);
	is_int(BIO_write_ex(at.bio, "unread", 6, &n), 1, "write");
	hang_up();
	diag("a connection that was reset");
	expect_failure(BIO_read_ex(at.bio, &byte, 1, &n), ECONNRESET, false);
	ok(!at.sock->eof, "... did not end");
	end();
	begin(false);
	diag("a descriptor that was closed");
	close(at.fds[0]);
	expect_failure(BIO_read_ex(at.bio, &byte, 1, &n), EBADF, false);
	expect_failure(BIO_write_ex(at.bio, &byte, 1, &n), EBADF, false);
	end();
}

static void
test_put_in(void)
{
	char bytes[8];
	size_t n;

	begin(false);
	is_int(
	    iss_sock_put_in(at.sock, "a\0b", 3), ISS_OK, "bytes from before");
	is_int(iss_sock_put_in(at.sock, "cd", 2), ISS_OK, "... and more");
	is_int(write(at.fds[1], "e", 1), 1, "the peer writes");
	is_int((long long)iss_sock_waiting_in(at.sock), 5, "so many wait");
	is_int(BIO_read_ex(at.bio, bytes, 2, &n), 1, "read two");
	is_bytes(bytes, n, "a\0", 2, "... the first");
	is_int((long long)iss_sock_waiting_in(at.sock), 3, "three are left");
	is_int(iss_sock_put_in(at.sock, "!", 1), ISS_OK, "one more");
	is_int(BIO_read_ex(at.bio, bytes, sizeof(bytes), &n), 1, "the rest");
	is_bytes(bytes, n, "bcd!", 4, "... without those of the socket");
	is_int((long long)iss_sock_waiting_in(at.sock), 0, "none is left");
	ok(at.sock->in.data == NULL, "... nor is memory");
	is_int(BIO_read_ex(at.bio, bytes, sizeof(bytes), &n), 1,
	    "then the socket's");
	is_bytes(bytes, n, "e", 1, "... these");
	end();
}

static void
test_put_in_bound(void)
{
	char *much = calloc(1, ISS_SOCK_MAX + 1);

	begin(false);
	is_int(iss_sock_put_in(at.sock, much, ISS_SOCK_MAX + 1), ISS_ERROR,
	    "more bytes than are kept");
	is_int((long long)iss_sock_waiting_in(at.sock), 0, "... none is");
	end();
	begin(false);
	is_int(iss_sock_put_in(at.sock, much, ISS_SOCK_MAX), ISS_OK,
	    "as many as are kept");
	is_int(iss_sock_put_in(at.sock, much, 1), ISS_ERROR, "one more");
	is_int((long long)iss_sock_waiting_in(at.sock), ISS_SOCK_MAX,
	    "... is not kept");
	end();
	free(much);
}

/* Somebody else moves the bytes; the descriptor is not touched. */
static void
test_pumped(void)
{
	static char much[ISS_SOCK_MAX];
	char bytes[8];
	size_t n;

	begin(false);
	at.sock->pumped = true;
	is_int(write(at.fds[1], "x", 1), 1, "the peer writes");
	diag("nothing was put in");
	expect_failure(
	    BIO_read_ex(at.bio, bytes, sizeof(bytes), &n), EAGAIN, true);
	ok(!iss_sock_has_input(at.sock), "the descriptor's input is not ours");
	iss_sock_put_in(at.sock, "ab", 2);
	ok(iss_sock_has_input(at.sock), "... what was put in is");
	is_int(BIO_read_ex(at.bio, bytes, sizeof(bytes), &n), 1, "then read");
	is_bytes(bytes, n, "ab", 2, "... what was put in");
	is_int(BIO_write_ex(at.bio, "abc", 3, &n), 1, "write");
	is_int(recv(at.fds[1], bytes, 1, MSG_DONTWAIT), -1,
	    "... not to the socket");
	is_int((long long)iss_sock_waiting_out(at.sock), 3, "... three wait");
	iss_sock_took_out(at.sock, 2);
	is_int((long long)iss_sock_waiting_out(at.sock), 1, "... one is left");
	is_bytes(at.sock->out.data + at.sock->out_pos, 1, "c", 1, "... this");
	is_int(BIO_write_ex(at.bio, much, ISS_SOCK_MAX - 3, &n), 1,
	    "as much as there is room for");
	diag("a byte more");
	expect_failure(BIO_write_ex(at.bio, much, 1, &n), EAGAIN, true);
	iss_sock_took_out(at.sock, iss_sock_waiting_out(at.sock) + 1);
	is_int((long long)iss_sock_waiting_out(at.sock), 0,
	    "more than all cannot be taken");
	is_int((long long)at.sock->out_pos, 0, "all are taken");
	is_int(BIO_write_ex(at.bio, much, ISS_SOCK_MAX, &n), 1,
	    "... and there is room again");
	at.sock->eof = true;
	diag("the end of what is put in");
	expect_failure(BIO_read_ex(at.bio, bytes, sizeof(bytes), &n), 0, false);
	end();
}

/* Bytes that cannot be sent are kept, and go first later. */
static void
test_absorb(void)
{
	static char much[1 << 16], arrived[1 << 20];
	size_t n, room = 0, got = 0;
	ssize_t more;

	begin(true);
	at.sock->absorbs = true;
	while (BIO_write_ex(at.bio, much, sizeof(much), &n) &&
	       iss_sock_waiting_out(at.sock) == 0)
		room += n;
	is_int((long long)n, sizeof(much), "no room to write: bytes are kept");
	is_int(BIO_write_ex(at.bio, "abc", 3, &n), 1, "... and more");
	is_int((long long)iss_sock_waiting_out(at.sock), sizeof(much) + 3,
	    "... they wait");
	diag("more than is kept");
	expect_failure(
	    BIO_write_ex(at.bio, much, sizeof(much), &n), EAGAIN, true);
	at.sock->absorbs = false;
	at.sock->dont_wait = true;
	diag("nothing may go past them");
	expect_failure(BIO_write_ex(at.bio, "d", 1, &n), EAGAIN, true);
	ok(!iss_sock_send_waiting(at.sock), "... and there is still no room");
	while ((more = recv(at.fds[1], arrived + got, sizeof(arrived) - got,
		    MSG_DONTWAIT)) > 0) {
		got += (size_t)more;
		iss_sock_send_waiting(at.sock);
	}
	ok(iss_sock_send_waiting(at.sock), "then all are sent");
	is_int((long long)got, (long long)(room + sizeof(much) + 3),
	    "... and arrive");
	is_bytes(arrived + got - 3, 3, "abc", 3, "... in order");
	is_int(BIO_write_ex(at.bio, "d", 1, &n), 1, "and what comes next");
	is_int(recv(at.fds[1], arrived, 1, 0), 1, "... is sent at once");
	end();
}

/* A peer that never stops sending: reading ends though there is more. */
static void
test_flood(void)
{
	static const char flood[2000];
	char byte;
	size_t n, count = 0;

	begin(false);
	is_int(
	    write(at.fds[1], flood, sizeof(flood)), sizeof(flood), "a flood");
	while (count < 1000 && BIO_read_ex(at.bio, &byte, 1, &n))
		count++;
	is_int((long long)count, 1000, "without a limit all is read");
	iss_sock_limit(at.sock);
	while (count < 2000 && BIO_read_ex(at.bio, &byte, 1, &n))
		count++;
	is_int((long long)count, 1000 + ISS_SOCK_READS, "with it some is");
	ok(at.sock->spent, "... and the socket says so");
	diag("what is left");
	expect_failure(BIO_read_ex(at.bio, &byte, 1, &n), EAGAIN, true);
	iss_sock_limit(at.sock);
	ok(!at.sock->spent, "the next call");
	is_int(BIO_read_ex(at.bio, &byte, 1, &n), 1, "... reads more");
	iss_sock_unlimit(at.sock);
	end();
}

static void
test_drop_unread(void)
{
	static const char much[4096];
	char byte;
	size_t n, i;

	begin(true);
	for (i = 0; i < 10; i++)
		(void)!write(at.fds[1], much, sizeof(much));
	iss_sock_drop_unread(at.fds[0]);
	at.sock->dont_wait = true;
	diag("what was unread is dropped");
	expect_failure(BIO_read_ex(at.bio, &byte, 1, &n), EAGAIN, true);
	iss_sock_drop_unread(at.fds[0]);
	ok(true, "an empty socket does not make it wait");
	hang_up();
	iss_sock_drop_unread(at.fds[0]);
	ok(true, "nor does one at its end");
	end();
	iss_sock_drop_unread(-1);
	ok(true, "nor none at all");
}

/* Without a descriptor, over a handle of the program's. */
static void
test_no_descriptor(void)
{
	struct iss_sock *sock = NULL;
	BIO *bio = iss_sock_new(-1, &sock);
	char byte;
	size_t n;

	ok(bio != NULL && sock->fd == -1, "a BIO without a descriptor");
	is_int(BIO_get_fd(bio, NULL), -1, "... says so");
	is_int(BIO_read_ex(bio, &byte, 1, &n), 0, "... has nothing to read");
	is_int(sock->sys_errno, EBADF, "... errno");
	BIO_free(bio);
}

/* Two connected TCP sockets of 127.0.0.1 in fds; the port of the second. */
static int
tcp_pair(int fds[2])
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t len = sizeof(address);
	struct sockaddr *sa = (struct sockaddr *)&address;
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fds[0] = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(listener, sa, len) != 0 || listen(listener, 1) != 0 ||
	    getsockname(listener, sa, &len) != 0 ||
	    connect(fds[0], sa, len) != 0 ||
	    (fds[1] = accept(listener, NULL, NULL)) < 0) {
		printf("Bail out! no TCP connection\n");
		exit(2);
	}
	close(listener);
	return ntohs(address.sin_port);
}

static void
test_peer(void)
{
	struct sockaddr_storage address;
	struct sockaddr_in *in = (struct sockaddr_in *)&address;
	socklen_t len = sizeof(address);
	struct iss_sock *sock;
	int fds[2], port = tcp_pair(fds);
	BIO *bio = iss_sock_new(fds[0], &sock);

	ok(iss_sock_peer(sock, &address, &len), "the peer's address");
	is_int(len, sizeof(*in), "... its length");
	is_int(in->sin_family, AF_INET, "... its family");
	is_int(ntohs(in->sin_port), port, "... its port");
	is_int(
	    (int)ntohl(in->sin_addr.s_addr), INADDR_LOOPBACK, "... its host");
	len = sizeof(address);
	memset(&address, 0, sizeof(address));
	ok(iss_sock_peer_of(fds[0], &address, &len), "of a descriptor alone");
	is_int(ntohs(in->sin_port), port, "... the same port");
	sock->pumped = true;
	len = sizeof(address);
	ok(!iss_sock_peer(sock, &address, &len),
	    "none over a handle of the program's");
	BIO_free(bio);
	close(fds[0]);
	close(fds[1]);

	bio = iss_sock_new(-1, &sock);
	ok(!iss_sock_peer(sock, &address, &len), "none without a descriptor");
	BIO_free(bio);
}

int
main(void)
{
	test_ctrl();
	test_both_ways();
	test_busy();
	test_dont_wait();
	test_interrupted();
	test_end();
	test_reset();
	test_put_in();
	test_put_in_bound();
	test_pumped();
	test_absorb();
	test_flood();
	test_drop_unread();
	test_no_descriptor();
	test_peer();
	return tap_done();
}
