/* The handshake of a connection: done, done again, and not done in time. */
#include "connection/handshake.h"

#include <openssl/err.h>

#include "base/compat.h"
#include "connection/shutdown.h"
#include "pair.h"
#include "tap.h"

#define OVER iss_deadline_after(0)

static const char *const versions[] = { "TLSv1_2", "TLSv1_3" };

static void
test_handshake(const char *version)
{
	struct pair pair;

	pair_init(&pair);
	pair_connect(&pair, version);
	is_int(pair.client.conn->state, ISS_CONN_OPEN, "%s: open", version);
	ok(!pair.client.conn->server && pair.server.conn->server,
	    "... each in its role");
	ok(iss_conn_can_read(pair.client.conn) &&
		iss_conn_can_write(pair.client.conn),
	    "... can read and write");
	is_int(iss_conn_handshake(pair.client.conn, false, OVER), ISS_OK,
	    "... done is done, whatever the deadline");
	is_int(iss_conn_handshake(pair.client.conn, true, OVER), ISS_OK,
	    "... and whatever the role");
	ok(!iss_kept_error_is_set(&pair.client.conn->err), "... no error");
	is_int((long long)ERR_peek_error(), 0, "... the queue is empty");
	pair_close(&pair);
}

/* Nobody answers, on a socket that blocks too. */
static void
test_deadline(void)
{
	struct iss_ctx *client = pair_client_ctx(NULL);
	struct iss_ctx *server = pair_server_ctx(NULL);
	struct iss_conn *conn;
	struct pair pair;
	int blocks;

	for (blocks = 0; blocks < 2; blocks++) {
		pair_init(&pair);
		pair_open(&pair, client, server);
		conn = pair.client.conn;
		if (blocks)
			fcntl(pair.client.fd, F_SETFL, 0);
		is_int(iss_conn_handshake(conn, false, OVER), ISS_TIMEOUT,
		    "nobody answers in time, on a socket that %s",
		    blocks ? "blocks" : "does not block");
		is_int(iss_conn_error(conn)->sys_errno, ETIMEDOUT, "... errno");
		has_text(iss_conn_error(conn)->text,
		    "SSL connect attempt failed: ", "... of what");
		is_int(conn->state, ISS_CONN_FAILED, "... it failed");
		ok(!conn->sock->dont_wait, "... the socket is as it was");
		is_int(iss_conn_handshake(conn, false, ISS_NO_DEADLINE),
		    ISS_ERROR, "... and later is too late");
		pair_close(&pair);
	}
	iss_ctx_free(client);
	iss_ctx_free(server);
}

static void
expect_no_ticket(struct iss_conn *conn, const char *what)
{
	iss_conn_refuse(conn, EBADF, "an error before");
	is_int(
	    iss_conn_new_ticket(conn, OVER), ISS_ERROR, "no ticket: %s", what);
	is_int(iss_conn_error(conn)->sys_errno, 0, "... not the errno before");
	has_text(iss_conn_error(conn)->text,
	    "new_ticket: only a server of TLS 1.3", "... why");
}

/* A ticket is sent at once, or not at all. */
static void
test_new_ticket(void)
{
	static char bytes[1 << 16];
	struct iss_conn *server;
	struct pair pair;

	pair_init(&pair);
	pair_connect(&pair, "TLSv1_2");
	expect_no_ticket(pair.server.conn, "TLS 1.2");
	pair_close(&pair);

	pair_init(&pair);
	pair_connect_later(&pair, "TLSv1_3");
	expect_no_ticket(pair.server.conn, "before the handshake");
	pair_finish(&pair);
	expect_no_ticket(pair.client.conn, "of a client");
	if (ISS_COMPAT_HAS_NEW_TICKET) {
		server = pair.server.conn;
		while (read(pair.client.fd, bytes, sizeof(bytes)) > 0)
			;
		is_int(iss_conn_new_ticket(server, ISS_NO_DEADLINE), ISS_OK,
		    "a ticket");
		ok(read(pair.client.fd, bytes, sizeof(bytes)) > 100,
		    "... is sent");
		while (write(pair.server.fd, bytes, sizeof(bytes)) > 0)
			;
		fcntl(pair.server.fd, F_SETFL, 0);
		is_int(iss_conn_new_ticket(server, OVER), ISS_TIMEOUT,
		    "... or waits for room, until its deadline");
	}
	pair_close(&pair);

	pair_init(&pair);
	pair_connect(&pair, "TLSv1_3");
	iss_shutdown_notify(pair.server.conn, ISS_NO_DEADLINE);
	expect_no_ticket(pair.server.conn, "after close_notify");
	pair_close(&pair);
}

int
main(void)
{
	size_t v;

	for (v = 0; v < ROWS(versions); v++)
		test_handshake(versions[v]);
	test_deadline();
	test_new_ticket();
	return tap_done();
}
