/*
 * The end of TLS: close_notify sent and awaited, data in between, a peer that
 * ends otherwise or not at all, and plain data afterwards.
 */
#include "connection/shutdown.h"

#include <openssl/err.h>

#include "connection/io.h"
#include "pair.h"
#include "tap.h"

#define OVER iss_deadline_after(0)

static const char *const versions[] = { "TLSv1_2", "TLSv1_3" };

static struct pair pair;
static struct iss_conn *client, *server;

static void
begin(const char *version)
{
	pair_init(&pair);
	pair_connect(&pair, version);
	client = pair.client.conn;
	server = pair.server.conn;
}

/* How many bytes wait in a socket for whoever reads it. */
static size_t
waiting(const struct pair_side *side)
{
	static char bytes[1 << 16];
	ssize_t n = recv(side->fd, bytes, sizeof(bytes), MSG_PEEK);

	return n > 0 ? (size_t)n : 0;
}

static void
block(bool blocks)
{
	fcntl(client->sock->fd, F_SETFL, blocks ? 0 : O_NONBLOCK);
}

static void
expect_end(struct iss_conn *conn)
{
	char byte;
	size_t n;

	is_int(iss_io_read(conn, &byte, 1, &n), ISS_EOF, "... sees the end");
	ok(conn->got_notify && !conn->truncated, "... which is proper");
}

static void
test_notify(const char *version)
{
	size_t sent;

	begin(version);
	is_int(iss_shutdown_notify(client, ISS_NO_DEADLINE), ISS_OK,
	    "%s: close_notify", version);
	ok(client->sent_notify && !client->got_notify, "... is sent");
	ok(iss_conn_can_read(client) && !iss_conn_can_write(client),
	    "... and ends one direction");
	sent = waiting(&pair.server);
	is_int(iss_shutdown_notify(client, OVER), ISS_OK, "... again");
	is_int((long long)waiting(&pair.server), (long long)sent,
	    "... sends nothing more");
	diag("the peer");
	expect_end(server);
	ok(!server->sent_notify, "... need not end its own direction");
	pair_close(&pair);
}

/* Before and after there is no TLS to end. */
static void
test_not_open(void)
{
	static const struct {
		const char *what;
		enum iss_conn_state state;
	} cases[] = {
		{ "before the handshake", ISS_CONN_NEW },
		{ "during the handshake", ISS_CONN_HANDSHAKE },
		{ "after a failure", ISS_CONN_FAILED },
	};
	struct iss_ctx *ours = pair_client_ctx(NULL);
	struct iss_ctx *theirs = pair_server_ctx(NULL);
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		bool failed = cases[i].state == ISS_CONN_FAILED;
		int want = failed ? ISS_ERROR : ISS_OK;

		pair_init(&pair);
		pair_open(&pair, ours, theirs);
		client = pair.client.conn;
		client->state = cases[i].state;
		is_int(iss_shutdown_notify(client, OVER), want, "%s",
		    cases[i].what);
		is_int(iss_shutdown_both(client, OVER), want, "... both");
		ok(!client->sent_notify, "... nothing is sent");
		is_int((long long)waiting(&pair.server), 0, "... at all");
		ok(iss_kept_error_is_set(&client->err) == failed,
		    "... an error? %s", iss_conn_error(client)->text);
		pair_close(&pair);
	}
	iss_ctx_free(ours);
	iss_ctx_free(theirs);
}

/* ---- both directions ---- */

/* The client ends both; the peer answers when it has read the end. */
static void
test_both(const char *version)
{
	static char bytes[3 * ISS_RECORD_MAX];
	size_t n;

	begin(version);
	iss_io_write_all(server, bytes, sizeof(bytes), &n);
	is_int(iss_shutdown_both(client, ISS_NO_DEADLINE), ISS_WANT_READ,
	    "%s: both ends, but the peer has not answered", version);
	ok(client->sent_notify && !client->got_notify, "... we have sent ours");
	is_int((long long)waiting(&pair.client), 0, "... its data is dropped");
	diag("the peer");
	expect_end(server);
	is_int(iss_shutdown_both(server, ISS_NO_DEADLINE), ISS_OK,
	    "... answers, and is done at once");
	is_int(iss_shutdown_both(client, ISS_NO_DEADLINE), ISS_OK,
	    "then it is done");
	ok(client->got_notify, "... we have got theirs");
	is_int(iss_shutdown_both(client, OVER), ISS_OK, "... done is done");
	ok(!iss_kept_error_is_set(&client->err), "... without an error");
	is_int((long long)ERR_peek_error(), 0, "... the queue is empty");
	pair_close(&pair);
}

/* Afterwards the descriptor carries plain data; not a byte of it is lost. */
static void
test_plain_afterwards(const char *version)
{
	char bytes[16];

	begin(version);
	iss_shutdown_notify(server, ISS_NO_DEADLINE);
	(void)!write(pair.server.fd, "plain", 5);
	is_int(iss_shutdown_both(client, ISS_NO_DEADLINE), ISS_OK,
	    "%s: the end of TLS", version);
	is_int(read(pair.client.fd, bytes, sizeof(bytes)), 5,
	    "... leaves plain data behind it alone");
	pair_close(&pair);
}

static void
test_truncated(const char *version)
{
	static const char why[] =
	    "SSL shutdown error: the peer closed the connection without "
	    "close_notify (truncated)";
	char byte;
	size_t n;

	begin(version);
	pair_end_stream(&pair.server);
	is_int(iss_shutdown_both(client, ISS_NO_DEADLINE), ISS_ERROR,
	    "%s: a peer that ends TCP instead", version);
	is_text(iss_conn_error(client)->text, why, "... why");
	ok(client->sent_notify && client->truncated, "... ours is sent");
	is_int(
	    iss_shutdown_both(client, ISS_NO_DEADLINE), ISS_ERROR, "... again");
	is_text(iss_conn_error(client)->text, why, "... why");
	pair_close(&pair);

	begin(version);
	pair_end_stream(&pair.server);
	is_int(iss_io_read(client, &byte, 1, &n), ISS_EOF,
	    "%s: TCP's end that was read before", version);
	is_int(iss_shutdown_both(client, ISS_NO_DEADLINE), ISS_ERROR,
	    "... is told then");
	is_text(iss_conn_error(client)->text, why, "... why");
	pair_close(&pair);
}

/* The answer never comes; nor does the peer take what we send. */
static void
test_deadline(void)
{
	static char bytes[1 << 16];
	size_t n;

	begin(NULL);
	is_int(iss_shutdown_both(client, OVER), ISS_TIMEOUT,
	    "a peer that does not answer");
	is_int(iss_conn_error(client)->sys_errno, ETIMEDOUT, "... errno");
	has_text(iss_conn_error(client)->text,
	    "SSL shutdown error: ", "... of what");
	is_int(client->state, ISS_CONN_OPEN, "... it may be tried again");
	iss_shutdown_notify(server, ISS_NO_DEADLINE);
	is_int(iss_shutdown_both(client, ISS_NO_DEADLINE), ISS_OK,
	    "... and succeeds");
	pair_close(&pair);

	begin(NULL);
	while (write(pair.client.fd, bytes, sizeof(bytes)) > 0)
		;
	is_int(iss_shutdown_notify(client, ISS_NO_DEADLINE), ISS_WANT_WRITE,
	    "a socket that is full");
	ok(!client->sent_notify, "... ours is not sent yet");
	is_int(iss_shutdown_notify(client, ISS_NO_DEADLINE), ISS_WANT_WRITE,
	    "... nor does a second call believe so");
	ok(!client->sent_notify, "... while the socket stays full");
	while (read(pair.server.fd, bytes, sizeof(bytes)) > 0)
		;
	is_int(iss_shutdown_notify(client, ISS_NO_DEADLINE), ISS_OK,
	    "... then there is room");
	ok(client->sent_notify, "... and it is sent");
	expect_end(server);
	pair_close(&pair);

	begin(NULL);
	iss_io_write_later(client, "waits", 5, &n);
	pair_hang_up(&pair.server);
	is_int(iss_shutdown_notify(client, ISS_NO_DEADLINE), ISS_ERROR,
	    "a peer that is gone");
	is_int(iss_conn_error(client)->sys_errno, EPIPE, "... errno");
	ok(!iss_conn_can_write(client), "... for good");
	pair_close(&pair);
}

/* A socket that blocks is no reason to wait for longer than was said. */
static void
test_blocked(void)
{
	static char bytes[1 << 16];
	size_t n;

	begin(NULL);
	while (write(pair.client.fd, bytes, sizeof(bytes)) > 0)
		;
	block(true);
	is_int(iss_shutdown_notify(client, OVER), ISS_TIMEOUT,
	    "a socket that blocks and is full, by a deadline");
	pair_close(&pair);

	begin(NULL);
	while (iss_io_write(client, bytes, sizeof(bytes), &n) == ISS_OK)
		;
	ok(client->half_written, "half a record, for a peer that reads none");
	block(true);
	is_int(iss_shutdown_close(client, ISS_NO_DEADLINE), ISS_TIMEOUT,
	    "... holds up a close that blocks, but not for ever");
	pair_close(&pair);
}

/* The peer's end that is found while tickets are looked for. */
static void
test_end_behind_tickets(void)
{
	pair_init(&pair);
	pair_connect_later(&pair, "TLSv1_3");
	client = pair.client.conn;
	server = pair.server.conn;
	iss_conn_keep_sessions(client, false);
	pair_finish(&pair);
	iss_shutdown_notify(server, ISS_NO_DEADLINE);
	is_int(iss_shutdown_notify(client, ISS_NO_DEADLINE), ISS_OK,
	    "close_notify, which crosses the peer's");
	ok(client->got_notify, "... whose is known");
	pair_close(&pair);
}

/* ---- the answer ---- */

static void
test_answer(void)
{
	static char bytes[1 << 16];

	begin(NULL);
	iss_shutdown_notify(server, ISS_NO_DEADLINE);
	expect_end(client);
	iss_shutdown_answer(client);
	ok(client->sent_notify, "the answer to close_notify");
	diag("the peer");
	expect_end(server);
	pair_close(&pair);

	begin(NULL);
	iss_shutdown_notify(server, ISS_NO_DEADLINE);
	expect_end(client);
	while (write(pair.client.fd, bytes, sizeof(bytes)) > 0)
		;
	iss_shutdown_answer(client);
	ok(client->sent_notify && !iss_conn_can_write(client),
	    "where the socket is full, nothing is written any more");
	pair_close(&pair);
}

/* The program is told of the end once, and not before it is there. */
static void
test_report(void)
{
	begin(NULL);
	ok(!iss_shutdown_report_end(client), "no end to be told of");
	iss_shutdown_notify(server, ISS_NO_DEADLINE);
	ok(!iss_shutdown_report_end(client), "... nor one that was not read");
	expect_end(client);
	ok(iss_shutdown_report_end(client), "... then there is");
	ok(!iss_shutdown_report_end(client), "... once");
	pair_close(&pair);

	begin(NULL);
	pair_end_stream(&pair.server);
	is_int(
	    iss_shutdown_both(client, ISS_NO_DEADLINE), ISS_ERROR, "TCP's end");
	ok(!iss_shutdown_report_end(client), "... is not the end of TLS");
	pair_close(&pair);
}

/* ---- before the descriptor is closed ---- */

/* Has the client ended its stream?  It does so when it waits. */
static bool
has_waited(void)
{
	static char bytes[1 << 16];
	ssize_t n;

	while ((n = recv(pair.server.fd, bytes, sizeof(bytes), 0)) > 0)
		;
	return n == 0;
}

/* Which connections wait for the server, by a deadline that has passed. */
static void
test_close(void)
{
	static const struct {
		const char *what, *version;
		bool writes, hears, ends, blocks, waits;
	} cases[] = {
		{ "it wrote and heard nothing", "TLSv1_3", true, false, false,
		    true, true },
		{ "it wrote nothing", "TLSv1_3", false, false, false, true,
		    false },
		{ "it has read something", "TLSv1_3", true, true, false, true,
		    false },
		{ "it ended before, and has read", "TLSv1_3", true, true, true,
		    true, false },
		{ "it ended before, and heard nothing", "TLSv1_3", true, false,
		    true, true, true },
		{ "it does not block", "TLSv1_3", true, false, false, false,
		    false },
		{ "TLS 1.2", "TLSv1_2", true, false, false, true, false },
	};
	char byte;
	size_t i, n;

	for (i = 0; i < ROWS(cases); i++) {
		begin(cases[i].version);
		if (strcmp(cases[i].version, "TLSv1_3") == 0)
			iss_io_read(client, &byte, 1, &n); /* the tickets */
		client->heard = BIO_number_read(SSL_get_rbio(client->ssl));
		if (cases[i].writes)
			iss_io_write(client, "x", 1, &n);
		if (cases[i].ends)
			iss_shutdown_notify(client, ISS_NO_DEADLINE);
		if (cases[i].hears) {
			iss_io_write(server, "y", 1, &n);
			iss_io_read(client, &byte, 1, &n);
		}
		block(cases[i].blocks);
		is_int(iss_shutdown_close(
			   client, cases[i].waits ? iss_deadline_after(0.001)
						  : ISS_NO_DEADLINE),
		    ISS_OK, "%s: it %s", cases[i].what,
		    cases[i].waits ? "waits" : "does not wait");
		ok(has_waited() == cases[i].waits, "... as its peer sees");
		pair_close(&pair);
	}
}

/* What comes while it waits: a ticket, then the end. */
static void
test_close_ends(void)
{
	size_t n;

	begin("TLSv1_3");
	iss_io_write(client, "x", 1, &n);
	block(true);
	iss_shutdown_notify(server, ISS_NO_DEADLINE);
	is_int(iss_shutdown_close(client, ISS_NO_DEADLINE), ISS_OK,
	    "tickets, and the server's end");
	ok(client->got_notify, "... are read");
	pair_close(&pair);
}

/* Tickets that are taken in first: more may come while it waits. */
static void
test_close_collects(void)
{
	size_t n;

	pair_init(&pair);
	pair_connect_later(&pair, "TLSv1_3");
	client = pair.client.conn;
	iss_conn_keep_sessions(client, false);
	pair_finish(&pair);
	iss_io_write(client, "x", 1, &n);
	block(true);
	is_int(iss_shutdown_close(client, iss_deadline_after(0.001)), ISS_OK,
	    "tickets are there already");
	ok(client->resume.new_sessions.any, "... are taken in");
	ok(has_waited(), "... and it waits all the same");
	pair_close(&pair);
}

int
main(void)
{
	size_t v;

	for (v = 0; v < ROWS(versions); v++) {
		test_notify(versions[v]);
		test_both(versions[v]);
		test_plain_afterwards(versions[v]);
		test_truncated(versions[v]);
	}
	test_not_open();
	test_deadline();
	test_blocked();
	test_end_behind_tickets();
	test_answer();
	test_report();
	test_close();
	test_close_ends();
	test_close_collects();
	return tap_done();
}
