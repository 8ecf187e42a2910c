/* The limits of a connection: made, changed, passed, dropped. */
#include "connection/limits.h"

#include "connection/io.h"
#include "connection/shutdown.h"
#include "pair.h"
#include "tap.h"

static void
test_begin(void)
{
	static const struct {
		const char *what;
		double io_timeout, handshake_timeout, deadline;
		bool has, io, handshake, over;
	} cases[] = {
		{ "none", -1, -1, ISS_NO_LIMIT, false, false, false, false },
		{ "SSL_io_timeout", 1, -1, ISS_NO_LIMIT, true, true, false,
		    false },
		{ "SSL_handshake_timeout", -1, 60, ISS_NO_LIMIT, true, false,
		    true, false },
		{ "SSL_handshake_timeout 0: none", -1, 0, ISS_NO_LIMIT, false,
		    false, false, false },
		{ "SSL_deadline 0: it is over", -1, -1, 0, true, false, false,
		    true },
		{ "SSL_deadline in the past", -1, -1, -5, true, false, false,
		    true },
	};
	struct iss_peer_config config;
	struct iss_limits *limits;
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		iss_peer_config_init(&config);
		config.io_timeout = cases[i].io_timeout;
		config.handshake_timeout = cases[i].handshake_timeout;
		config.deadline = cases[i].deadline;
		limits = NULL;
		ok(iss_limits_begin(&limits, &config), "%s", cases[i].what);
		ok((limits != NULL) == cases[i].has, "... takes memory?");
		ok((limits != NULL && limits->io_timeout >= 0) == cases[i].io,
		    "... limits a read?");
		ok((iss_limits_until(limits, ISS_HANDSHAKES) !=
		       ISS_NO_DEADLINE) == cases[i].handshake,
		    "... a handshake?");
		ok(iss_deadline_is_over(iss_limits_until(
		       limits, ISS_BOTH_WAYS)) == cases[i].over,
		    "... is over?");
		free(limits);
	}
}

static void
test_set(void)
{
	struct iss_limits *limits = NULL;

	ok(iss_limits_set(&limits, ISS_BOTH_WAYS, ISS_NO_DEADLINE) &&
		limits == NULL,
	    "no deadline takes no memory");
	ok(iss_limits_set(&limits, ISS_READS, 5), "one for reading");
	ok(iss_limits_until(limits, ISS_READS) == 5, "... counts there");
	ok(iss_limits_until(limits, ISS_WRITES) == ISS_NO_DEADLINE,
	    "... and not for writing");
	iss_limits_set(&limits, ISS_WRITES, 3);
	ok(iss_limits_until(limits, ISS_BOTH_WAYS) == 3,
	    "the earlier one counts for both");
	iss_limits_end_handshake(&limits);
	ok(limits != NULL, "they stay after the handshake");
	iss_limits_set(&limits, ISS_BOTH_WAYS, ISS_NO_DEADLINE);
	iss_limits_set_handshake_wait(&limits, 1);
	iss_limits_end_handshake(&limits);
	ok(limits == NULL, "those of the handshake alone do not");
}

static void
test_connection(void)
{
	struct iss_conn *conn;
	char bytes[8];
	struct pair pair;
	size_t n;

	pair_init(&pair);
	pair.client.config.handshake_timeout = 60;
	pair_connect(&pair, NULL);
	conn = pair.client.conn;
	ok(conn->limits == NULL, "no limits after the handshake");
	iss_io_write(pair.server.conn, "late", 4, &n);
	iss_conn_set_deadline(conn, ISS_READS, iss_deadline_after(0));
	is_int(iss_io_read(conn, bytes, sizeof(bytes), &n), ISS_TIMEOUT,
	    "too late to read what has come, also if it does not block");
	has_text(iss_conn_error(conn)->text, "SSL read: the deadline is over",
	    "... the text");
	is_int(iss_conn_error(conn)->sys_errno, ETIMEDOUT, "... errno");
	is_int(iss_io_write(conn, "x", 1, &n), ISS_OK, "... it may write");
	iss_conn_set_deadline(conn, ISS_READS, ISS_NO_DEADLINE);
	is_int(iss_io_read(conn, bytes, sizeof(bytes), &n), ISS_OK,
	    "nothing is lost");
	iss_conn_set_deadline(conn, ISS_WRITES, iss_deadline_after(0));
	is_int(iss_io_write(conn, "x", 1, &n), ISS_TIMEOUT, "too late");
	iss_conn_set_deadline(conn, ISS_WRITES, ISS_NO_DEADLINE);
	is_int(iss_io_write(conn, "other", 5, &n), ISS_OK,
	    "... the next write may be another, since nothing was taken");
	pair_close(&pair);
}

static void
test_lazy(void)
{
	struct iss_conn *client, *server;
	char bytes[8];
	struct pair pair;
	size_t n;
	int turns, rv = ISS_WANT_READ;

	pair_init(&pair);
	pair_connect_later(&pair, NULL);
	client = pair.client.conn;
	server = pair.server.conn;
	is_int(iss_conn_begin_lazily(client, false, -1), ISS_OK, "a client");
	is_int(iss_conn_begin_lazily(server, true, 5), ISS_OK, "a server");
	is_int((long long)BIO_number_written(SSL_get_wbio(client->ssl)), 0,
	    "... nothing is sent");
	for (turns = PAIR_TURNS; turns > 0 && rv == ISS_WANT_READ; turns--) {
		(void)iss_io_read(client, bytes, sizeof(bytes), &n);
		rv = iss_io_write(server, "done", 4, &n);
	}
	is_int(rv, ISS_OK, "reading and writing did the handshake");
	ok(!server->lazy && server->limits == NULL, "... it is forgotten");
	pair_close(&pair);
}

/* Of two limits the shorter one holds while a handshake is made up for. */
static void
test_lazy_limits(void)
{
	static const struct {
		double io_timeout, handshake_wait;
	} cases[] = { { 0.01, 600 }, { 600, 0.01 }, { -1, 0.01 },
		{ 0.01, -1 } };
	struct iss_ctx *ours = pair_client_ctx(NULL);
	struct iss_ctx *theirs = pair_server_ctx(NULL);
	struct pair pair;
	char byte;
	size_t i, n;

	for (i = 0; i < ROWS(cases); i++) {
		pair_init(&pair);
		pair.client.config.io_timeout = cases[i].io_timeout;
		pair_open(&pair, ours, theirs);
		iss_conn_begin_lazily(
		    pair.client.conn, false, cases[i].handshake_wait);
		fcntl(pair.client.fd, F_SETFL, 0);
		is_int(iss_io_read(pair.client.conn, &byte, 1, &n), ISS_TIMEOUT,
		    "a limit of %g for each call, of %g for the handshake",
		    cases[i].io_timeout, cases[i].handshake_wait);
		pair_close(&pair);
	}
	iss_ctx_free(ours);
	iss_ctx_free(theirs);
}

/* The limits of a connection count while it closes, whatever the call says. */
static void
test_closing(void)
{
	static char bytes[1 << 16];
	struct iss_conn *client;
	struct pair pair;
	int blocks;

	pair_init(&pair);
	pair_connect(&pair, NULL);
	client = pair.client.conn;
	iss_conn_set_deadline(
	    client, ISS_READS | ISS_WRITES, iss_deadline_after(0));
	is_int(iss_shutdown_notify(client, ISS_NO_DEADLINE), ISS_OK,
	    "after the deadline: what needs no time");
	is_int(iss_shutdown_both(client, ISS_NO_DEADLINE), ISS_TIMEOUT,
	    "... but nobody waits for an answer");
	pair_close(&pair);

	for (blocks = 0; blocks < 2; blocks++) {
		pair_init(&pair);
		pair_connect(&pair, NULL);
		client = pair.client.conn;
		while (write(pair.client.fd, bytes, sizeof(bytes)) > 0)
			;
		iss_conn_set_deadline(
		    client, ISS_WRITES, iss_deadline_after(0));
		fcntl(pair.client.fd, F_SETFL, blocks ? 0 : O_NONBLOCK);
		is_int(iss_shutdown_notify(client, ISS_NO_DEADLINE),
		    ISS_TIMEOUT, "nor for room in a socket that %s",
		    blocks ? "blocks" : "does not block");
		pair_close(&pair);
	}
}

int
main(void)
{
	test_begin();
	test_set();
	test_connection();
	test_lazy();
	test_lazy_limits();
	test_closing();
	return tap_done();
}
