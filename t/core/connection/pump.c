/*
 * TLS over handles of the program's own: two connections whose bytes the test
 * moves, a handle that is slow, busy, interrupted, broken or at its end.
 */
#include "connection/pump.h"

#include <errno.h>

#include <openssl/err.h>

#include "connection/io.h"
#include "connection/wait.h"
#include "connection/shutdown.h"
#include "pair.h"
#include "tap.h"

#define OVER iss_deadline_after(0)

enum { PIPE_MAX = 1 << 20 };

/* What one side wrote and the other has not read yet. */
struct pipe {
	char bytes[PIPE_MAX];
	size_t len;
	bool ended;
};

/* The handle of a side, and what it does instead of its work. */
struct handle {
	struct pipe *in, *out;
	size_t at_once;        /* at most so many bytes; 0: any number */
	int read_rv, write_rv; /* unless ISS_OK: what it returns */
	int sys_errno;         /* with ISS_ERROR */
	int reads, writes;
};

static int
pump_read(void *arg, void *buf, size_t len, size_t *got)
{
	struct handle *handle = arg;
	struct pipe *in = handle->in;

	handle->reads++;
	if (handle->read_rv != ISS_OK) {
		errno = handle->sys_errno;
		return handle->read_rv;
	}
	if (in->len == 0)
		return in->ended ? ISS_EOF : ISS_WANT_READ;
	if (len > in->len)
		len = in->len;
	if (handle->at_once > 0 && len > handle->at_once)
		len = handle->at_once;
	memcpy(buf, in->bytes, len);
	in->len -= len;
	memmove(in->bytes, in->bytes + len, in->len);
	*got = len;
	return ISS_OK;
}

static int
pump_write(void *arg, const void *buf, size_t len, size_t *put)
{
	struct handle *handle = arg;
	struct pipe *out = handle->out;

	handle->writes++;
	if (handle->write_rv != ISS_OK) {
		errno = handle->sys_errno;
		return handle->write_rv;
	}
	if (handle->at_once > 0 && len > handle->at_once)
		len = handle->at_once;
	if (len > PIPE_MAX - out->len)
		return ISS_WANT_WRITE;
	memcpy(out->bytes + out->len, buf, len);
	out->len += len;
	*put = len;
	return ISS_OK;
}

static size_t
pump_pending(void *arg)
{
	return ((struct handle *)arg)->in->len;
}

static const struct iss_callbacks callbacks = {
	.pump_read = pump_read,
	.pump_write = pump_write,
	.pump_pending = pump_pending,
};

/* ---- two sides ---- */

static struct pipe pipes[2];
static struct handle handles[2]; /* the client's, the server's */
static struct pair pair;
static struct iss_conn *client, *server;

static void
begin(const char *version, size_t at_once)
{
	struct iss_ctx *ours = pair_client_ctx(version);
	struct iss_ctx *theirs = pair_server_ctx(version);
	size_t i;

	memset(pipes, 0, sizeof(pipes));
	memset(handles, 0, sizeof(handles));
	for (i = 0; i < 2; i++) {
		handles[i].in = &pipes[i];
		handles[i].out = &pipes[1 - i];
		handles[i].at_once = at_once;
	}
	pair_init(&pair);
	pair.client.config.usebio = pair.server.config.usebio = true;
	pair.client.callbacks = pair.server.callbacks = &callbacks;
	pair.client.handle = &handles[0];
	pair.server.handle = &handles[1];
	pair_open_side(&pair.client, ours, -1);
	pair_open_side(&pair.server, theirs, -1);
	client = pair.client.conn;
	server = pair.server.conn;
	iss_ctx_free(ours);
	iss_ctx_free(theirs);
}

static void
connect_both(const char *version)
{
	begin(version, 0);
	pair_handshake(&pair);
	if (pair.client.rv != ISS_OK || pair.server.rv != ISS_OK) {
		printf("Bail out! %s%s\n", iss_conn_error(client)->text,
		    iss_conn_error(server)->text);
		exit(2);
	}
}

static void
expect_read(struct iss_conn *conn, int rv, const char *want, const char *what)
{
	char bytes[64];
	size_t got;

	is_int(iss_io_read(conn, bytes, sizeof(bytes), &got), rv, "%s", what);
	is_bytes(bytes, got, want, strlen(want), "... which is '%s'", want);
}

static void
send_text(struct iss_conn *conn, const char *text)
{
	size_t put;

	is_int(iss_io_write(conn, text, strlen(text), &put), ISS_OK,
	    "'%s' is written", text);
	is_int((long long)put, (long long)strlen(text), "... all of it");
}

/* A handle may be as slow as it likes. */
static void
test_handshake(const char *version)
{
	static const size_t sizes[] = { 0, 1, 7, 1000 };
	size_t i;

	for (i = 0; i < ROWS(sizes); i++) {
		begin(version, sizes[i]);
		pair_handshake(&pair);
		is_int(pair.client.rv, ISS_OK, "%s, %zu bytes at once", version,
		    sizes[i]);
		is_int(pair.server.rv, ISS_OK, "... both");
		send_text(client, "hello");
		expect_read(server, ISS_OK, "hello", "... data");
		is_int(iss_shutdown_both(client, ISS_NO_DEADLINE),
		    ISS_WANT_READ, "... close_notify");
		is_int(iss_shutdown_both(server, ISS_NO_DEADLINE), ISS_OK,
		    "... the answer");
		is_int(iss_shutdown_both(client, ISS_NO_DEADLINE), ISS_OK,
		    "... and the end");
		pair_close(&pair);
	}
}

/* Many records, more than memory is set aside for. */
static void
test_much(void)
{
	enum { MUCH = 1 << 19 };
	static char sent[MUCH], arrived[MUCH];
	size_t i, put, got, all = 0;

	for (i = 0; i < MUCH; i++)
		sent[i] = (char)(i * 7 + i / 251);
	connect_both(NULL);
	is_int(iss_io_write_all(client, sent, MUCH, &put), ISS_OK,
	    "much is written");
	is_int((long long)iss_sock_waiting_out(client->sock), 0,
	    "... nothing stays in memory");
	while (all < MUCH &&
	       iss_io_read(server, arrived + all, MUCH - all, &got) == ISS_OK)
		all += got;
	is_int((long long)all, MUCH, "... and all arrives");
	ok(memcmp(sent, arrived, MUCH) == 0, "... as it was");
	pair_close(&pair);
}

/* ---- a handle that is busy ---- */

static void
test_busy(void)
{
	static const int statuses[] = { ISS_WANT_WRITE, ISS_WANT_READ,
		ISS_INTR };
	size_t i, n;

	for (i = 0; i < ROWS(statuses); i++) {
		connect_both(NULL);
		handles[0].write_rv = statuses[i];
		send_text(client, "one"); /* OpenSSL has written it */
		ok(iss_sock_waiting_out(client->sock) > 0,
		    "status %d of a write: the bytes wait", statuses[i]);
		is_int(iss_conn_flush_pump(client), statuses[i],
		    "... and are tried again");
		is_int(iss_io_write(client, "two", 3, &n), statuses[i],
		    "... before others");
		is_int(client->state, ISS_CONN_OPEN, "... that is no failure");
		handles[0].write_rv = ISS_OK;
		send_text(client, "two");
		expect_read(server, ISS_OK, "one", "in their order");
		expect_read(server, ISS_OK, "two", "... both");
		handles[1].read_rv = statuses[i];
		expect_read(server, statuses[i], "", "a read is the same");
		is_int(server->state, ISS_CONN_OPEN, "... and no failure");
		pair_close(&pair);
	}
}

/* ---- a handle that breaks ---- */

static void
test_broken(void)
{
	static const struct {
		const char *what;
		bool reads;
		int rv, sys_errno, want_errno;
	} cases[] = {
		{ "an error while reading", true, ISS_ERROR, EIO, EIO },
		{ "... without a reason", true, ISS_ERROR, 0, EPIPE },
		{ "an error while writing", false, ISS_ERROR, ENOSPC, ENOSPC },
		{ "... without a reason", false, ISS_ERROR, 0, EPIPE },
		{ "an end while writing", false, ISS_EOF, 0, EPIPE },
	};
	char first[ISS_ERROR_TEXT_MAX], byte;
	size_t i, n;
	int rv;

	for (i = 0; i < ROWS(cases); i++) {
		connect_both(NULL);
		handles[0].sys_errno = cases[i].sys_errno;
		if (cases[i].reads) {
			handles[0].read_rv = cases[i].rv;
			pipes[0].len = 0; /* tickets of TLS 1.3 */
			rv = iss_io_read(client, &byte, 1, &n);
		} else {
			handles[0].write_rv = cases[i].rv;
			rv = iss_io_write(client, "x", 1, &n);
		}
		is_int(rv, ISS_ERROR, "%s", cases[i].what);
		is_int(iss_conn_error(client)->sys_errno, cases[i].want_errno,
		    "... errno");
		has_text(iss_conn_error(client)->text,
		    cases[i].reads ? "SSL_usebio: read: "
				   : "SSL_usebio: write: ",
		    "... of what");
		is_int(client->state, ISS_CONN_FAILED, "... for good");
		snprintf(
		    first, sizeof(first), "%s", iss_conn_error(client)->text);
		is_int(iss_io_read(client, &byte, 1, &n), ISS_ERROR,
		    "... also later");
		is_text(iss_conn_error(client)->text, first,
		    "... and the error stays");
		pair_close(&pair);
	}
}

static void
test_end(void)
{
	connect_both(NULL);
	send_text(server, "last");
	pipes[0].ended = true;
	expect_read(client, ISS_OK, "last", "data before the handle's end");
	expect_read(client, ISS_EOF, "", "its end");
	ok(client->truncated, "... is truncated, as TCP's would be");
	expect_read(client, ISS_EOF, "", "... again");
	pair_close(&pair);

	begin(NULL, 0);
	pipes[0].ended = true;
	is_int(iss_conn_handshake(client, false, ISS_NO_DEADLINE), ISS_ERROR,
	    "a handle that ends in the handshake");
	has_text(iss_conn_error(client)->text,
	    "the peer closed the connection during the handshake", "... why");
	pair_close(&pair);
}

/* ---- pending ---- */

static void
test_pending(void)
{
	connect_both(NULL);
	expect_read(client, ISS_WANT_READ, "", "nothing yet");
	is_int((long long)iss_io_pending(client), 0, "nothing is pending");
	ok(!iss_conn_fill_pump(client), "... nor ready");
	send_text(server, "one");
	send_text(server, "two");
	is_int((long long)iss_io_pending(client), 3,
	    "what the handle has is pending, by records");
	expect_read(client, ISS_OK, "one", "read");
	is_int((long long)iss_io_pending(client), 3, "then the next one");
	expect_read(client, ISS_OK, "two", "read");
	iss_shutdown_notify(server, ISS_NO_DEADLINE);
	is_int((long long)iss_io_pending(client), 0, "an end is not pending");
	expect_read(client, ISS_EOF, "", "... but it is there");
	is_int((long long)iss_io_pending(client), 0, "... and never is");
	pair_close(&pair);
}

static void
test_half_a_record(void)
{
	size_t whole;

	connect_both(NULL);
	expect_read(client, ISS_WANT_READ, "", "nothing yet");
	send_text(server, "hello");
	whole = pipes[0].len;
	pipes[0].len = whole - 1;
	is_int((long long)iss_io_pending(client), 0,
	    "half a record is not pending");
	expect_read(client, ISS_WANT_READ, "", "... nor to be read");
	memmove(pipes[0].bytes, pipes[0].bytes + whole - 1, 1);
	pipes[0].len = 1;
	is_int((long long)iss_io_pending(client), 5, "until it is whole");
	expect_read(client, ISS_OK, "hello", "... then it is read");
	pair_close(&pair);
}

/* After our close_notify, plain data may follow that of the peer. */
static void
test_plain_behind(void)
{
	connect_both(NULL);
	is_int(iss_shutdown_notify(client, ISS_NO_DEADLINE), ISS_OK,
	    "a close_notify");
	is_int(
	    iss_shutdown_both(server, ISS_NO_DEADLINE), ISS_OK, "its answer");
	memcpy(pipes[0].bytes + pipes[0].len, "plain", 5);
	pipes[0].len += 5;
	is_int(iss_shutdown_both(client, ISS_NO_DEADLINE), ISS_OK,
	    "... is read from the handle");
	is_bytes(pipes[0].bytes, pipes[0].len, "plain", 5,
	    "... and what follows is not");
	pair_close(&pair);
}

/* ---- records without data ---- */

/* The server sends KeyUpdates for each that the client gets. */
static int messages;
static volatile int signals;

static void
send_flood(void)
{
	int i;

	for (i = 0; i < 100; i++) {
		SSL_key_update(server->ssl, SSL_KEY_UPDATE_NOT_REQUESTED);
		SSL_do_handshake(server->ssl);
		iss_conn_flush_pump(server);
	}
}

static void
note_message(void *handle, const struct iss_message *message)
{
	(void)handle;
	(void)message;
	if (messages < 100)
		send_flood();
	if (++messages == 100)
		signals = 1;
}

static void
test_flood(void)
{
	static struct iss_callbacks asks;
	char byte;
	size_t n;

	connect_both("TLSv1_3");
	expect_read(client, ISS_WANT_READ, "", "no more tickets");
	asks = callbacks;
	asks.message = note_message;
	client->link.callbacks = &asks;
	client->sock->signals = &signals;
	handles[0].at_once = 27; /* a record */
	send_flood();
	is_int((long long)iss_io_pending(client), 0,
	    "in a flood of KeyUpdates nothing is pending");
	ok(pipes[0].len > 0, "... which it finds out before the end");
	iss_conn_tell_messages(client, true);
	is_int(iss_io_read(client, &byte, 1, &n), ISS_INTR,
	    "an endless flood, and a signal");
	ok(messages >= 100, "... which came after some messages");
	iss_conn_tell_messages(client, false);
	client->link.callbacks = &callbacks;
	client->sock->signals = NULL;
	expect_read(client, ISS_WANT_READ, "", "it ends");
	send_text(server, "data");
	expect_read(client, ISS_OK, "data", "... then data");
	pair_close(&pair);
}

/* ---- connections that are not pumped ---- */

static void
test_not_pumped(void)
{
	pair_init(&pair);
	pair_connect(&pair, NULL);
	is_int(iss_pump_flush(&pair.client.conn->pump), ISS_OK,
	    "over a socket there is nothing to flush");
	ok(!iss_pump_fill(&pair.client.conn->pump),
	    "... nor is a handle ready");
	pair_close(&pair);
}

/* ---- deadlines ---- */

/* Without a descriptor there is nothing to wait for; with one that is not
 * readable, a handle that blocks is not read. */
static void
test_deadline(void)
{
	int fds[2];

	begin(NULL, 0);
	is_int(iss_conn_handshake(client, false, OVER), ISS_WANT_READ,
	    "a deadline without a descriptor");
	is_int(client->state, ISS_CONN_HANDSHAKE, "... it goes on");
	pair_close(&pair);

	begin(NULL, 0);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0)
		fds[0] = fds[1] = -1;
	client->sock->fd = fds[0];
	is_int(iss_conn_handshake(client, false, OVER), ISS_TIMEOUT,
	    "a deadline with one that is not readable");
	is_int(handles[0].reads, 0, "... the handle was not read");
	client->sock->fd = -1;
	close(fds[0]);
	close(fds[1]);
	pair_close(&pair);
}

int
main(void)
{
	test_handshake("TLSv1_2");
	test_handshake("TLSv1_3");
	test_much();
	test_busy();
	test_broken();
	test_end();
	test_pending();
	test_half_a_record();
	test_plain_behind();
	test_flood();
	test_not_pumped();
	test_deadline();
	return tap_done();
}
