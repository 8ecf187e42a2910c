/*
 * Data over a connection: every state in which it cannot flow, ends with and
 * without close_notify, records that are half written, small writes that wait.
 */
#define _XOPEN_SOURCE 700 /* setitimer */
#include "connection/io.h"

#include <errno.h>

#include <openssl/err.h>

#include "connection/shutdown.h"
#include "pair.h"
#include "signals.h"
#include "tap.h"

#define OVER iss_deadline_after(0)

static const char *const versions[] = { "TLSv1_2", "TLSv1_3" };

static void
open_pair(struct pair *pair, const char *version, bool strict_eof)
{
	pair_init(pair);
	pair->client.config.strict_eof = strict_eof;
	pair_connect(pair, version);
}

/* Read, and expect this text or, with NULL, this status. */
static void
expect_read(struct iss_conn *conn, int rv, const char *want, const char *what)
{
	char bytes[64];
	size_t got = 42;

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

/* ---- the common case ---- */

static void
test_records(const char *version)
{
	struct pair pair;
	struct iss_conn *client, *server;
	char bytes[64];
	size_t got;

	open_pair(&pair, version, false);
	client = pair.client.conn;
	server = pair.server.conn;
	expect_read(client, ISS_WANT_READ, "", "nothing yet");
	send_text(server, "one");
	send_text(server, "two");
	is_int((long long)iss_io_pending(client), 0,
	    "what is in the socket is not pending");
	is_int(iss_io_peek(client, bytes, sizeof(bytes), &got), ISS_OK,
	    "a look at the first record");
	is_bytes(bytes, got, "one", 3, "... which is alone");
	is_int((long long)iss_io_pending(client), 3, "... then it is pending");
	is_int(iss_io_read(client, bytes, 2, &got), ISS_OK, "a part of it");
	is_bytes(bytes, got, "on", 2, "... from its beginning");
	is_int((long long)iss_io_pending(client), 1, "... a byte is left");
	expect_read(client, ISS_OK, "e", "the rest of it");
	expect_read(client, ISS_OK, "two", "the other record");
	expect_read(client, ISS_WANT_READ, "", "no more");
	ok(iss_conn_can_read(client), "... but more may come");
	is_int((long long)ERR_peek_error(), 0, "the queue is empty");
	pair_close(&pair);
}

static void
test_write_nothing(void)
{
	struct pair pair;
	size_t put = 42;

	open_pair(&pair, NULL, false);
	is_int(iss_io_write(pair.client.conn, "x", 0, &put), ISS_OK,
	    "no bytes are written");
	is_int((long long)put, 0, "... so many");
	expect_read(pair.server.conn, ISS_WANT_READ, "", "... and none came");
	pair_close(&pair);
}

/* ---- not open ---- */

static void
expect_errno(struct iss_conn *conn, int rv, int sys_errno, const char *why)
{
	is_int(rv, ISS_ERROR, "... fails");
	is_int(iss_conn_error(conn)->sys_errno, sys_errno, "... errno");
	has_text(iss_conn_error(conn)->text, why, "... why");
}

static void
test_before_handshake(void)
{
	struct iss_ctx *client = pair_client_ctx(NULL);
	struct iss_ctx *server = pair_server_ctx(NULL);
	struct iss_conn *conn;
	struct pair pair;
	size_t n = 42;
	char byte;

	pair_init(&pair);
	pair_open(&pair, client, server);
	conn = pair.client.conn;
	diag("before the handshake");
	expect_errno(conn, iss_io_read(conn, &byte, 1, &n), EPERM,
	    "the TLS handshake has not started");
	is_int((long long)n, 0, "... nothing was read");
	expect_errno(conn, iss_io_peek(conn, &byte, 1, &n), EPERM,
	    "the TLS handshake has not started");
	expect_errno(conn, iss_io_write(conn, "x", 1, &n), EPERM,
	    "the TLS handshake has not started");
	expect_errno(conn, iss_io_write_later(conn, "x", 1, &n), EPERM,
	    "the TLS handshake has not started");
	is_int((long long)iss_io_pending(conn), 0, "nothing is pending");
	is_int(iss_io_flush(conn), ISS_OK, "nothing is to be flushed");
	is_int(conn->state, ISS_CONN_NEW, "it may still begin");
	pair_close(&pair);
	iss_ctx_free(client);
	iss_ctx_free(server);
}

/* One that is under way is gone on with. */
static void
test_during_handshake(const char *version)
{
	struct iss_ctx *client = pair_client_ctx(version);
	struct iss_ctx *server = pair_server_ctx(version);
	struct pair pair;
	int i, rv = ISS_WANT_READ;
	size_t n;

	pair_init(&pair);
	pair_open(&pair, client, server);
	iss_conn_handshake(pair.client.conn, false, ISS_NO_DEADLINE);
	iss_conn_handshake(pair.server.conn, true, ISS_NO_DEADLINE);
	for (i = 0; i < PAIR_TURNS && pair_wants(rv); i++) {
		rv = iss_io_write(pair.client.conn, "hello", 5, &n);
		if (pair.server.conn->state != ISS_CONN_OPEN)
			iss_conn_handshake(
			    pair.server.conn, true, ISS_NO_DEADLINE);
	}
	is_int(rv, ISS_OK, "%s: to write ends the handshake", version);
	for (i = 0; i < PAIR_TURNS && pair.server.conn->state != ISS_CONN_OPEN;
	     i++)
		iss_conn_handshake(pair.server.conn, true, ISS_NO_DEADLINE);
	expect_read(pair.server.conn, ISS_OK, "hello", "... and is read");
	pair_close(&pair);
	iss_ctx_free(client);
	iss_ctx_free(server);
}

static void
test_failed(void)
{
	struct pair pair;
	struct iss_conn *conn;
	size_t n;
	char byte;

	open_pair(&pair, NULL, false);
	conn = pair.client.conn;
	conn->state = ISS_CONN_FAILED;
	iss_error_set(iss_kept_error_fill(&conn->err), "the first error");
	diag("a connection that failed");
	is_int(iss_io_read(conn, &byte, 1, &n), ISS_ERROR, "read");
	is_int(iss_io_write(conn, "x", 1, &n), ISS_ERROR, "write");
	is_int(iss_io_write_later(conn, "x", 1, &n), ISS_ERROR, "later");
	is_text(iss_conn_error(conn)->text, "the first error",
	    "the first error stays");
	iss_kept_error_clear(&conn->err);
	expect_errno(conn, iss_io_read(conn, &byte, 1, &n), EPERM,
	    "the TLS connection has already failed");
	pair_close(&pair);
}

/* A record that was changed on its way is an error, never an end. */
static void
test_tampered(const char *version)
{
	unsigned char record[256];
	struct iss_conn *conn;
	struct pair pair;
	size_t n;
	ssize_t len;
	char byte;

	open_pair(&pair, version, false);
	expect_read(pair.client.conn, ISS_WANT_READ, "",
	    "what came with the handshake");
	send_text(pair.server.conn, "secret");
	len = read(pair.client.fd, record, sizeof(record));
	record[len - 1] ^= 1;
	(void)!write(pair.server.fd, record, (size_t)len);
	conn = pair.client.conn;
	diag("%s: a record that was tampered with", version);
	expect_errno(
	    conn, iss_io_read(conn, &byte, 1, &n), EPROTO, "SSL read error: ");
	is_int(conn->state, ISS_CONN_FAILED, "... for good");
	expect_errno(
	    conn, iss_io_write(conn, "x", 1, &n), EPROTO, "SSL read error: ");
	pair_close(&pair);
}

/* ---- ends ---- */

static void
test_truncated(const char *version)
{
	struct iss_conn *conn;
	struct pair pair;
	size_t n;
	char byte;

	open_pair(&pair, version, false);
	conn = pair.client.conn;
	send_text(pair.server.conn, "last");
	pair_end_stream(&pair.server);
	expect_read(conn, ISS_OK, "last", "data before the end");
	expect_read(conn, ISS_EOF, "", "TCP's end, taken for an end");
	ok(conn->truncated && !conn->got_notify, "... which is truncated");
	ok(!iss_kept_error_is_set(&conn->err), "... without an error");
	expect_read(conn, ISS_EOF, "", "... again");
	iss_io_end_of_data(conn);
	expect_read(conn, ISS_EOF, "", "... also when the program knows");
	ok(!iss_conn_can_read(conn) && iss_conn_can_write(conn),
	    "writing is another direction");
	is_int(iss_io_peek(conn, &byte, 1, &n), ISS_EOF, "a look at the end");
	if (OPENSSL_VERSION_NUMBER >= 0x30000000L) {
		diag("a write after that end");
		expect_errno(conn, iss_io_write(conn, "x", 1, &n), EPIPE,
		    "SSL write error: the peer closed the connection without "
		    "close_notify (truncated)");
		iss_io_write_later(conn, "x", 1, &n);
		diag("a small one");
		expect_errno(conn, iss_io_flush(conn), EPIPE,
		    "SSL write error: the peer closed the connection");
		is_int((long long)conn->unsent.len, 0, "... is lost");
	}
	expect_read(conn, ISS_EOF, "", "the end stays an end");
	pair_close(&pair);
}

static void
test_truncated_strict(const char *version)
{
	struct iss_conn *conn;
	struct pair pair;
	size_t n;
	char byte;

	open_pair(&pair, version, true);
	conn = pair.client.conn;
	send_text(pair.server.conn, "last");
	pair_end_stream(&pair.server);
	expect_read(conn, ISS_OK, "last", "data before the end");
	is_int(iss_io_read(conn, &byte, 1, &n), ISS_ERROR,
	    "TCP's end, where that is an error");
	has_text(iss_conn_error(conn)->text,
	    "SSL read error: the peer closed the connection without "
	    "close_notify (truncated)",
	    "... why");
	is_int(conn->state, ISS_CONN_FAILED, "... for good");
	is_int(iss_io_write(conn, "x", 1, &n), ISS_ERROR, "... nor written");
	has_text(iss_conn_error(conn)->text,
	    "SSL read error: ", "... for that reason");
	pair_close(&pair);
}

static void
test_notify(const char *version)
{
	struct iss_conn *conn;
	struct pair pair;

	open_pair(&pair, version, true);
	conn = pair.client.conn;
	send_text(pair.server.conn, "last");
	is_int(iss_shutdown_notify(pair.server.conn, ISS_NO_DEADLINE), ISS_OK,
	    "%s: the peer sends close_notify", version);
	expect_read(conn, ISS_OK, "last", "data before it");
	expect_read(conn, ISS_EOF, "", "a proper end");
	ok(conn->got_notify && !conn->truncated, "... is not truncated");
	expect_read(conn, ISS_EOF, "", "... again");
	is_int((long long)iss_io_pending(conn), 0, "nothing is pending");
	send_text(conn, "still");
	pair_close(&pair);
}

/* After close_notify the peer speaks in the clear. */
static void
test_plain_after_notify(void)
{
	struct iss_conn *conn;
	struct pair pair;
	char bytes[16];
	size_t n;

	open_pair(&pair, NULL, false);
	conn = pair.client.conn;
	iss_shutdown_notify(pair.server.conn, ISS_NO_DEADLINE);
	(void)!write(pair.server.fd, "plain", 5);
	expect_read(conn, ISS_EOF, "", "the end of TLS");
	expect_read(conn, ISS_EOF, "", "... again, until the program read it");
	iss_io_end_of_data(conn);
	diag("plain data that nobody asked for");
	expect_errno(conn, iss_io_read(conn, bytes, sizeof(bytes), &n), EPERM,
	    "the peer has ended TLS; call stop_SSL before reading plain data");
	is_int((long long)n, 0, "... is not read");
	diag("a look at it");
	expect_errno(conn, iss_io_peek(conn, bytes, sizeof(bytes), &n), EPERM,
	    "call stop_SSL before reading plain data");
	iss_shutdown_accept_plain(conn);
	is_int(iss_io_peek(conn, bytes, sizeof(bytes), &n), ISS_OK,
	    "a look at it, once it was asked for");
	is_bytes(bytes, n, "plain", 5, "... this");
	expect_read(conn, ISS_OK, "plain", "... and read");
	expect_read(conn, ISS_WANT_READ, "", "no more of it yet");
	pair_end_stream(&pair.server);
	expect_read(conn, ISS_EOF, "", "its end");
	conn->plain_read = false;
	expect_read(conn, ISS_EOF, "", "... is an end for TLS too");
	pair_close(&pair);
}

static void
test_write_after_notify(void)
{
	struct iss_conn *conn;
	struct pair pair;
	char bytes[256];
	size_t n = 42;

	open_pair(&pair, NULL, false);
	conn = pair.client.conn;
	iss_shutdown_notify(conn, ISS_NO_DEADLINE);
	diag("after our close_notify");
	expect_errno(conn, iss_io_write(conn, "x", 1, &n), EPERM,
	    "SSL write error: TLS has ended; call stop_SSL before writing "
	    "plain data");
	is_int((long long)n, 0, "... nothing was written");
	expect_errno(conn, iss_io_write_later(conn, "x", 1, &n), EPERM,
	    "call stop_SSL before writing plain data");
	is_int(conn->state, ISS_CONN_OPEN, "... reading goes on");
	send_text(pair.server.conn, "still");
	expect_read(conn, ISS_OK, "still", "... of data");
	expect_read(pair.server.conn, ISS_EOF, "", "the peer sees the end");
	iss_shutdown_write_plain(conn);
	send_text(conn, "plain");
	is_int(recv(pair.server.fd, bytes, sizeof(bytes), 0), 5,
	    "... which goes out in the clear");
	is_int(iss_io_write_later(conn, "again", 5, &n), ISS_OK,
	    "a small write then");
	is_int(recv(pair.server.fd, bytes, sizeof(bytes), 0), 5,
	    "... does not wait");
	pair_hang_up(&pair.server);
	expect_errno(conn, iss_io_write(conn, "x", 1, &n), EPIPE,
	    "write after stop_SSL");
	pair_close(&pair);
}

/* ---- half a record ---- */

/* Read whatever there is, at most size bytes; how many. */
static size_t
read_all(struct iss_conn *conn, char *bytes, size_t size)
{
	size_t got, all = 0;

	while (all < size &&
	       iss_io_read(conn, bytes + all, size - all, &got) == ISS_OK)
		all += got;
	return all;
}

static void
test_half_written(const char *version)
{
	enum { MUCH = 1 << 21 };
	char *sent = malloc(MUCH), *arrived = malloc(MUCH);
	size_t put, all_put = 0, all_got = 0, i;
	struct iss_conn *client, *server;
	struct pair pair;
	int rv = ISS_OK, waits = 0;

	for (i = 0; i < MUCH; i++)
		sent[i] = (char)(i * 7 + i / 251);
	open_pair(&pair, version, false);
	client = pair.client.conn;
	server = pair.server.conn;
	while (all_put < MUCH) {
		rv = iss_io_write(client, sent + all_put, MUCH - all_put, &put);
		all_put += put;
		if (rv == ISS_OK)
			continue;
		if (rv != ISS_WANT_WRITE || put != 0 || !client->half_written)
			break;
		waits++;
		if (waits == 1)
			is_int(iss_shutdown_notify(client, ISS_NO_DEADLINE),
			    ISS_WANT_WRITE, "no end within a record");
		all_got += read_all(server, arrived + all_got, MUCH - all_got);
	}
	is_int(rv, ISS_OK, "%s: more than a socket holds", version);
	ok(waits > 0, "... with records that were half written");
	ok(!client->half_written, "... none is left so");
	all_got += read_all(server, arrived + all_got, MUCH - all_got);
	is_int((long long)all_got, MUCH, "... all arrives");
	ok(memcmp(sent, arrived, MUCH) == 0, "... as it was");
	free(sent);
	free(arrived);
	pair_close(&pair);
}

/* Whoever writes a record at most is told where it ended. */
static void
test_one_record(void)
{
	static char bytes[3 * ISS_RECORD_MAX];
	struct pair pair;
	size_t put;

	open_pair(&pair, NULL, false);
	is_int(iss_io_write(pair.client.conn, bytes, sizeof(bytes), &put),
	    ISS_OK, "a write of three records");
	is_int((long long)put, ISS_RECORD_MAX, "... writes one");
	is_int(iss_io_write_all(pair.client.conn, bytes, sizeof(bytes), &put),
	    ISS_OK, "a write of all");
	is_int((long long)put, sizeof(bytes), "... writes all");
	pair_close(&pair);
}

static void
test_write_all_busy(void)
{
	enum { MUCH = 1 << 21 };
	char *bytes = calloc(1, MUCH);
	struct pair pair;
	size_t put;

	open_pair(&pair, NULL, false);
	is_int(iss_io_write_all(pair.client.conn, bytes, MUCH, &put),
	    ISS_WANT_WRITE, "a write of more than the socket takes");
	ok(put > 0 && put < MUCH && put % ISS_RECORD_MAX == 0,
	    "... tells how far it came");
	free(bytes);
	pair_close(&pair);
}

/* ---- small writes that wait ---- */

static void
test_later(const char *version)
{
	struct iss_conn *client, *server;
	struct pair pair;
	size_t put;
	int i;

	open_pair(&pair, version, false);
	client = pair.client.conn;
	server = pair.server.conn;
	for (i = 0; i < 3; i++)
		is_int(iss_io_write_later(client, "abc", 3, &put), ISS_OK,
		    "%s: a small write", version);
	is_int((long long)put, 3, "... all of it");
	expect_read(server, ISS_WANT_READ, "", "... waits");
	is_int(iss_io_flush(client), ISS_OK, "until it is flushed");
	expect_read(server, ISS_OK, "abcabcabc", "... as one record");
	is_int(iss_io_flush(client), ISS_OK, "nothing is left");
	iss_io_write_later(client, "one", 3, &put);
	send_text(client, "two");
	expect_read(server, ISS_OK, "one", "what waited goes first");
	expect_read(server, ISS_OK, "two", "... then the other");
	iss_io_write_later(client, "ask", 3, &put);
	expect_read(client, ISS_WANT_READ, "", "whoever reads");
	expect_read(server, ISS_OK, "ask", "... has asked before");
	iss_io_write_later(client, "bye", 3, &put);
	is_int(iss_shutdown_notify(client, ISS_NO_DEADLINE), ISS_OK,
	    "whoever closes");
	expect_read(server, ISS_OK, "bye", "... has said all before");
	expect_read(server, ISS_EOF, "", "... and then ends");
	pair_close(&pair);
}

static void
test_later_full(void)
{
	static char bytes[ISS_RECORD_MAX + 1];
	struct pair pair;
	struct iss_conn *client;
	size_t put;

	open_pair(&pair, NULL, false);
	client = pair.client.conn;
	is_int(iss_io_write_later(client, bytes, sizeof(bytes), &put), ISS_OK,
	    "more than a record holds");
	is_int((long long)put, ISS_RECORD_MAX, "... a record of it");
	expect_read(pair.server.conn, ISS_WANT_READ, "", "... which waits");
	is_int(iss_io_write_later(client, bytes, 1, &put), ISS_OK,
	    "a byte more sends it");
	is_int((long long)client->unsent.len, 1, "... and waits itself");
	pair_close(&pair);
}

/* What cannot be sent is lost, unless one may try again. */
static void
test_later_fails(void)
{
	static char bytes[1 << 16];
	struct iss_conn *client;
	struct pair pair;
	size_t put;

	open_pair(&pair, NULL, false);
	client = pair.client.conn;
	while (write(pair.client.fd, bytes, sizeof(bytes)) > 0)
		; /* the socket is full */
	iss_io_write_later(client, "wait", 4, &put);
	is_int(iss_io_flush(client), ISS_WANT_WRITE, "a socket that is full");
	is_int((long long)client->unsent.len, 4, "... keeps it waiting");
	is_int(iss_io_flush_until(client, OVER), ISS_TIMEOUT,
	    "... also at a deadline");
	is_int((long long)client->unsent.len, 4, "... it waits on");
	pair_close(&pair);

	open_pair(&pair, NULL, false);
	client = pair.client.conn;
	iss_io_write_later(client, "lost", 4, &put);
	pair_hang_up(&pair.server);
	is_int(iss_io_flush(client), ISS_ERROR, "a peer that is gone");
	is_int(iss_conn_error(client)->sys_errno, EPIPE, "... errno");
	is_int((long long)client->unsent.len, 0, "... and it is lost");
	pair_close(&pair);

	open_pair(&pair, NULL, false);
	client = pair.client.conn;
	iss_io_write_later(client, "lost", 4, &put);
	client->sent_notify = true;
	diag("our half is closed meanwhile");
	expect_errno(client, iss_io_flush(client), EPIPE, "SSL write error");
	is_int((long long)client->unsent.len, 0, "... and it is lost");
	pair_close(&pair);
}

/* ---- sockets that block ---- */

static void
test_timeout(void)
{
	static char bytes[1 << 16];
	struct iss_conn *conn;
	struct pair pair;
	size_t n;
	int rv;

	pair_init(&pair);
	pair.client.config.io_timeout = 0;
	pair_connect(&pair, NULL);
	conn = pair.client.conn;
	expect_read(conn, ISS_WANT_READ, "",
	    "a limit in time is not for sockets that do not block");
	fcntl(pair.client.fd, F_SETFL, 0);
	expect_read(conn, ISS_TIMEOUT, "", "one that blocks");
	is_int(iss_conn_error(conn)->sys_errno, ETIMEDOUT, "... errno");
	has_text(iss_conn_error(conn)->text, "SSL read error: ", "... of what");
	is_int(conn->state, ISS_CONN_OPEN, "... it may be tried again");
	send_text(pair.server.conn, "late");
	expect_read(conn, ISS_OK, "late", "... and succeeds");
	while ((rv = iss_io_write(conn, bytes, sizeof(bytes), &n)) == ISS_OK)
		;
	is_int(rv, ISS_TIMEOUT, "a peer that does not read");
	has_text(
	    iss_conn_error(conn)->text, "SSL write error: ", "... of what");
	pair_close(&pair);
}

static void
test_interrupted(void)
{
	static char bytes[1 << 16];
	struct iss_conn *conn;
	struct pair pair;
	size_t n;
	int rv;

	open_pair(&pair, NULL, false);
	conn = pair.client.conn;
	expect_read(conn, ISS_WANT_READ, "", "nothing to read");
	fcntl(pair.client.fd, F_SETFL, 0);
	signals_start();
	rv = iss_io_read(conn, bytes, 1, &n);
	signals_stop();
	is_int(rv, ISS_INTR, "a signal while reading");
	is_int(conn->state, ISS_CONN_OPEN, "... which may be tried again");
	signals_start();
	while ((rv = iss_io_write(conn, bytes, sizeof(bytes), &n)) == ISS_OK)
		;
	signals_stop();
	is_int(rv, ISS_INTR, "a signal while writing");
	pair_close(&pair);
}

/* ---- the program comes back ---- */

static struct {
	struct iss_conn *conn;
	int calls, read, write, flush, sys_errno;
} program;

static void
come_back(void *handle, const struct iss_message *message)
{
	char byte;
	size_t n;

	(void)handle;
	(void)message;
	if (program.conn == NULL || program.calls++ > 0)
		return;
	program.read = iss_io_read(program.conn, &byte, 1, &n);
	program.sys_errno = iss_conn_error(program.conn)->sys_errno;
	program.write = iss_io_write(program.conn, "x", 1, &n);
	program.flush = iss_io_flush(program.conn);
}

static void
test_come_back(void)
{
	static const struct iss_callbacks callbacks = { .message = come_back };
	struct iss_conn *conn;
	struct pair pair;
	size_t n;

	memset(&program, 0, sizeof(program));
	pair_init(&pair);
	pair.client.callbacks = &callbacks;
	pair.client.handle = &program;
	pair_connect_later(&pair, NULL);
	conn = pair.client.conn;
	/* Since 3.6 too late for records once the handshake is done. */
	iss_conn_tell_messages(conn, true);
	pair_finish(&pair);
	iss_io_write_later(conn, "waits", 5, &n);
	program.conn = conn;
	is_int(iss_io_flush(conn), ISS_OK, "a callback comes back");
	ok(program.calls > 0, "... from a write");
	is_int(program.read, ISS_ERROR, "... to read in vain");
	is_int(program.sys_errno, EDEADLK, "... errno");
	is_int(program.write, ISS_ERROR, "... or write");
	is_int(program.flush, ISS_ERROR, "... or flush");
	expect_read(pair.server.conn, ISS_OK, "waits",
	    "... but what waited is sent, once");
	expect_read(pair.server.conn, ISS_WANT_READ, "", "... and no more");
	pair_close(&pair);
}

/* ---- a write that must be repeated ---- */

enum { BIG = 1 << 21, PIECE = 16384 };

static struct {
	struct pair pair;
	struct iss_conn *client, *server;
	char sent[BIG], arrived[BIG + PIECE];
	size_t put, got; /* so many of them */
} stream;

/* Write pieces to a server that does not read, until one is half written. */
static void
open_stream(const char *version)
{
	size_t i, put;
	int rv;

	for (i = 0; i < BIG; i++)
		stream.sent[i] = (char)(i * 7 + i / 251);
	open_pair(&stream.pair, version, false);
	stream.client = stream.pair.client.conn;
	stream.server = stream.pair.server.conn;
	stream.put = stream.got = 0;
	do {
		rv = iss_io_write(
		    stream.client, stream.sent + stream.put, PIECE, &put);
		stream.put += put;
	} while (rv == ISS_OK);
	is_int(rv, ISS_WANT_WRITE, "%s: a piece that must be written again",
	    version);
	ok(stream.client->half_written, "... is half written");
}

static void
arrive(void)
{
	stream.got += read_all(stream.server, stream.arrived + stream.got,
	    sizeof(stream.arrived) - stream.got);
}

/* Repeat the write with len bytes. */
static void
write_again(size_t len, size_t want)
{
	size_t put;

	is_int(iss_io_write(stream.client, stream.sent + stream.put, len, &put),
	    ISS_OK, "%zu bytes again", len);
	is_int((long long)put, (long long)want, "... %zu are written", want);
	stream.put += put;
}

static void
close_stream(void)
{
	send_text(stream.client, "end");
	memcpy(stream.sent + stream.put, "end", 3);
	arrive();
	is_int((long long)stream.got, (long long)stream.put + 3,
	    "... all arrives");
	ok(memcmp(stream.sent, stream.arrived, stream.got) == 0,
	    "... as it was");
	pair_close(&stream.pair);
}

static void
test_again(const char *version)
{
	size_t put;
	char other[PIECE];

	open_stream(version);
	memset(other, 'o', sizeof(other));
	is_int(iss_io_write(stream.client, other, sizeof(other), &put),
	    ISS_ERROR, "other bytes");
	is_int(iss_conn_error(stream.client)->sys_errno, EINVAL, "... errno");
	has_text(iss_conn_error(stream.client)->text, "with the same data",
	    "... why");
	arrive();
	is_int(iss_io_write(stream.client, other, 1, &put), ISS_ERROR,
	    "... also once there is room");
	write_again(100, 100);
	write_again(PIECE, PIECE - 100);
	write_again(PIECE, PIECE);
	close_stream();

	open_stream(version);
	is_int(iss_io_write(
		   stream.client, stream.sent + stream.put, 2 * PIECE, &put),
	    ISS_WANT_WRITE, "more, but there is still no room");
	arrive();
	write_again(2 * PIECE, PIECE);
	close_stream();
}

/* The write is not repeated, but all of it is sent before the end. */
static void
test_not_again(const char *version)
{
	int rv;

	open_stream(version);
	while ((rv = iss_shutdown_notify(stream.client, ISS_NO_DEADLINE)) ==
	       ISS_WANT_WRITE)
		arrive();
	is_int(rv, ISS_OK, "the end instead");
	arrive();
	is_int((long long)stream.got, (long long)stream.put + PIECE,
	    "... comes after the piece");
	ok(stream.server->got_notify, "... and is proper");
	pair_close(&stream.pair);
}

/* While a write waits, the server asks for new keys, which must be answered. */
static void
test_key_update_within_write(void)
{
	SSL *ssl;
	int i;

	open_stream("TLSv1_3");
	ssl = stream.server->ssl;
	for (i = 0; i < 3; i++) {
		is_int(SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED) &&
			   SSL_do_handshake(ssl) == 1,
		    1, "the server asks for new keys");
		expect_read(stream.client, ISS_WANT_READ, "",
		    "... and the client reads that");
	}
	send_text(stream.server, "data");
	expect_read(stream.client, ISS_OK, "data", "... then data");
	is_int(iss_io_finish_write(stream.client, ISS_NO_DEADLINE),
	    ISS_WANT_WRITE, "the piece still waits");
	arrive();
	write_again(PIECE, PIECE);
	arrive();
	expect_read(stream.server, ISS_WANT_READ, "", "... with the answers");
	is_int((long long)iss_sock_waiting_out(stream.client->sock), 0,
	    "... nothing is kept");
	close_stream();
}

/* The server goes away, after an answer. */
static void
test_gone_within_write(void)
{
	size_t put;

	open_stream("TLSv1_3");
	send_text(stream.server, "answer");
	close(stream.pair.server.fd);
	stream.pair.server.fd = -1;
	expect_read(stream.client, ISS_OK, "answer",
	    "an answer of a server that goes away");
	is_int(
	    iss_io_write(stream.client, stream.sent + stream.put, PIECE, &put),
	    ISS_ERROR, "... then writing fails");
	is_int(iss_conn_error(stream.client)->sys_errno, EPIPE, "... errno");
	pair_close(&stream.pair);
}

/* ---- records without data ---- */

/* A peer that sends KeyUpdates, and perhaps never stops. */
static struct flood {
	struct iss_conn *from;
	bool endless;
	int messages, signal_after; /* 0: no signal */
	volatile int signal;
} flood;

static void
send_flood(void)
{
	SSL *ssl = flood.from->ssl;
	int n = 0;

	/* One may be half written. */
	while (SSL_do_handshake(ssl) == 1 &&
	       SSL_key_update(ssl, SSL_KEY_UPDATE_NOT_REQUESTED))
		n++;
	ERR_clear_error();
	if (!flood.endless)
		ok(n > ISS_SOCK_READS, "a flood of KeyUpdates");
}

/* Called for each message of the flood. */
static void
note_message(void *handle, const struct iss_message *message)
{
	(void)handle;
	(void)message;
	flood.messages++;
	if (flood.endless)
		send_flood();
	if (flood.signal_after > 0 && flood.messages >= flood.signal_after)
		flood.signal = 1;
}

/* Begin a flood to the client, or to the server. */
static struct iss_conn *
open_flood(struct pair *pair, bool to_server, bool endless, double timeout)
{
	static const struct iss_callbacks callbacks = { .message =
							    note_message };
	struct pair_side *side = to_server ? &pair->server : &pair->client;

	pair_init(pair);
	side->callbacks = &callbacks;
	side->handle = &flood;
	side->config.io_timeout = timeout;
	pair_connect(pair, "TLSv1_3");
	expect_read(pair->client.conn, ISS_WANT_READ, "", "no more tickets");
	memset(&flood, 0, sizeof(flood));
	flood.from = to_server ? pair->client.conn : pair->server.conn;
	flood.endless = endless;
	iss_conn_tell_messages(side->conn, true);
	side->conn->sock->signals = &flood.signal;
	send_flood();
	return side->conn;
}

typedef int look(struct iss_conn *, void *, size_t, size_t *);

/* The flood is over: read what is left of it, then data. */
static void
expect_rest(struct iss_conn *conn, look *look)
{
	int calls = 0;
	char byte;
	size_t n;

	flood.endless = false;
	flood.signal_after = flood.signal = 0;
	fcntl(conn->sock->fd, F_SETFL, O_NONBLOCK);
	ok(iss_sock_has_input(conn->sock), "... and select finds the rest");
	while (iss_sock_has_input(conn->sock) &&
	       look(conn, &byte, 1, &n) == ISS_WANT_READ)
		calls++;
	ok(calls > 1, "... which takes several calls");
	send_text(flood.from, "data");
	expect_read(conn, ISS_OK, "data", "then data");
}

static void
test_flood_nonblocking(bool to_server, look *look)
{
	struct pair pair;
	struct iss_conn *conn = open_flood(&pair, to_server, false, -1);
	char byte;
	size_t n;

	is_int(look(conn, &byte, 1, &n), ISS_WANT_READ,
	    "a %s gives up after some records",
	    look == iss_io_peek ? "look" : "read");
	expect_rest(conn, look);
	pair_close(&pair);
}

static void
test_flood_blocking(bool to_server)
{
	struct pair pair;
	struct iss_conn *conn = open_flood(&pair, to_server, true, -1);
	char byte;
	size_t n;

	fcntl(conn->sock->fd, F_SETFL, 0);
	flood.signal_after = 10;
	is_int(iss_io_read(conn, &byte, 1, &n), ISS_INTR,
	    "an endless flood, and a signal");
	ok(flood.messages >= 10, "... which came after some messages");
	expect_rest(conn, iss_io_read);
	pair_close(&pair);
}

static void
test_flood_deadline(bool to_server)
{
	struct pair pair;
	struct iss_conn *conn = open_flood(&pair, to_server, true, 0.05);
	char byte;
	size_t n;

	fcntl(conn->sock->fd, F_SETFL, 0);
	is_int(iss_io_read(conn, &byte, 1, &n), ISS_TIMEOUT,
	    "an endless flood ends at the deadline");
	expect_rest(conn, iss_io_read);
	pair_close(&pair);
}

/* Data without end, while close_notify is awaited. */
static void
test_flood_shutdown(void)
{
	struct pair pair;
	struct iss_conn *conn = open_flood(&pair, false, true, -1);

	flood.signal_after = 10;
	is_int(iss_shutdown_both(conn, iss_deadline_after(600)), ISS_INTR,
	    "a shutdown in an endless flood, and a signal");
	ok(flood.messages >= 10, "... which came after some messages");
	flood.signal_after = flood.signal = 0;
	is_int(iss_shutdown_both(conn, iss_deadline_after(0.05)), ISS_TIMEOUT,
	    "... and the deadline");
	pair_close(&pair);
}

static void
test_floods(bool to_server)
{
	test_flood_nonblocking(to_server, iss_io_read);
	test_flood_nonblocking(to_server, iss_io_peek);
	test_flood_blocking(to_server);
	test_flood_deadline(to_server);
}

int
main(void)
{
	size_t v;

	for (v = 0; v < ROWS(versions); v++) {
		test_records(versions[v]);
		test_during_handshake(versions[v]);
		test_tampered(versions[v]);
		test_truncated(versions[v]);
		test_truncated_strict(versions[v]);
		test_notify(versions[v]);
		test_half_written(versions[v]);
		test_again(versions[v]);
		test_not_again(versions[v]);
		test_later(versions[v]);
	}
	test_write_nothing();
	test_before_handshake();
	test_failed();
	test_plain_after_notify();
	test_write_after_notify();
	test_one_record();
	test_write_all_busy();
	test_later_full();
	test_later_fails();
	test_timeout();
	test_interrupted();
	test_come_back();
	test_key_update_within_write();
	test_gone_within_write();
	test_floods(false);
	test_floods(true);
	test_flood_shutdown();
	return tap_done();
}
