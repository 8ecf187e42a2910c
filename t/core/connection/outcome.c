/*
 * What a failed call means for its connection: handshakes that end, are reset,
 * or meet strangers and alerts.
 */
#include "connection/outcome.h"

#include <openssl/err.h>

#include "connection/handshake.h"
#include "connection/io.h"
#include "pair.h"
#include "tap.h"

static const char *const versions[] = { "TLSv1_2", "TLSv1_3" };

/* What is true of each connection that failed in its handshake. */
static void
expect_failed(struct iss_conn *conn, int rv, const char *why)
{
	char first[ISS_ERROR_TEXT_MAX], byte;
	size_t n;

	is_int(rv, ISS_ERROR, "... fails");
	is_int(conn->state, ISS_CONN_FAILED, "... for good");
	has_text(iss_conn_error(conn)->text,
	    conn->server ? "SSL accept attempt failed: "
			 : "SSL connect attempt failed: ",
	    "... of what");
	has_text(iss_conn_error(conn)->text, why, "... why");
	is_int((long long)ERR_peek_error(), 0, "... the queue is empty");
	snprintf(first, sizeof(first), "%s", iss_conn_error(conn)->text);
	is_int(iss_conn_handshake(conn, conn->server, ISS_NO_DEADLINE),
	    ISS_ERROR, "... also when it is tried again");
	is_int(iss_io_read(conn, &byte, 1, &n), ISS_ERROR, "... or read");
	is_int(iss_io_write(conn, "x", 1, &n), ISS_ERROR, "... or written");
	is_text(
	    iss_conn_error(conn)->text, first, "... and the first error stays");
}

/* The peer ends the stream after so many turns of the handshake. */
static int
end_after(struct pair *pair, struct pair_side *stays, struct pair_side *goes,
    int turns, const char *version)
{
	struct iss_ctx *client = pair_client_ctx(version);
	struct iss_ctx *server = pair_server_ctx(version);
	bool is_server = stays == &pair->server;
	int i, rv;

	pair_init(pair);
	pair_open(pair, client, server);
	iss_ctx_free(client);
	iss_ctx_free(server);
	rv = iss_conn_handshake(stays->conn, is_server, ISS_NO_DEADLINE);
	for (i = 0; i < turns && rv == ISS_WANT_READ; i++) {
		iss_conn_handshake(goes->conn, !is_server, ISS_NO_DEADLINE);
		rv =
		    iss_conn_handshake(stays->conn, is_server, ISS_NO_DEADLINE);
	}
	pair_end_stream(goes);
	for (i = 0; i < PAIR_TURNS && pair_wants(rv); i++)
		rv =
		    iss_conn_handshake(stays->conn, is_server, ISS_NO_DEADLINE);
	return rv;
}

static void
test_ends(const char *version, bool server_stays)
{
	struct pair pair;
	struct pair_side *stays = server_stays ? &pair.server : &pair.client;
	struct pair_side *goes = server_stays ? &pair.client : &pair.server;
	int turns, rv, failed = 0;

	for (turns = 0; turns < PAIR_TURNS; turns++) {
		rv = end_after(&pair, stays, goes, turns, version);
		if (rv == ISS_OK) {
			pair_close(&pair);
			break;
		}
		failed++;
		diag("%s: the %s's peer ends it after %d turns", version,
		    server_stays ? "server" : "client", turns);
		expect_failed(stays->conn, rv,
		    "the peer closed the connection during the handshake");
		ok(stays->conn->truncated, "... it is truncated");
		pair_close(&pair);
	}
	ok(failed > 0 && turns < PAIR_TURNS, "some turns later it is done");
}

static void
test_reset(void)
{
	struct iss_ctx *client = pair_client_ctx(NULL);
	struct iss_ctx *server = pair_server_ctx(NULL);
	struct pair pair;
	int rv;

	pair_init(&pair);
	pair_open(&pair, client, server);
	iss_conn_handshake(pair.client.conn, false, ISS_NO_DEADLINE);
	pair_hang_up(&pair.server);
	rv = iss_conn_handshake(pair.client.conn, false, ISS_NO_DEADLINE);
	diag("a peer that resets the connection");
	expect_failed(pair.client.conn, rv, strerror(ECONNRESET));
	is_int(iss_conn_error(pair.client.conn)->sys_errno, ECONNRESET,
	    "... errno");
	ok(!pair.client.conn->truncated, "... that is not an end");
	pair_close(&pair);
	iss_ctx_free(client);
	iss_ctx_free(server);
}

/* clang-format off */
#define B(text) text, sizeof(text) - 1
/* clang-format on */

/* The peer sends something else than a handshake. */
static void
test_strangers(void)
{
	static const struct {
		const char *what, *bytes;
		size_t len;
		const char *client_why, *server_why;
	} cases[] = {
		{ "HTTP", B("HTTP/1.1 400 Bad Request\r\n\r\n"), "", "" },
		{ "a request of HTTP", B("GET / HTTP/1.1\r\n\r\n"), "",
		    "http request" },
		{ "zeros", B("\0\0\0\0\0\0\0\0\0\0\0\0"), "", "" },
		{ "data before the handshake", B("\x17\3\3\0\1x\x17\3\3\0\1x"),
		    "", "" },
		{ "a fatal alert", B("\x15\3\3\0\2\2\x28"),
		    "the peer sent the alert \"handshake failure\"", "" },
		{ "close_notify", B("\x15\3\3\0\2\1\0"),
		    "the peer sent close_notify during the handshake", "" },
		{ "a record that is too long", B("\x16\3\3\xff\xff\1\0\0\1\0"),
		    "", "" },
	};
	struct iss_ctx *client = pair_client_ctx(NULL);
	struct iss_ctx *server = pair_server_ctx(NULL);
	struct pair_side *side;
	struct pair pair;
	size_t i, s;
	int rv, n;

	for (i = 0; i < ROWS(cases); i++)
		for (s = 0; s < 2; s++) {
			pair_init(&pair);
			pair_open(&pair, client, server);
			side = s == 0 ? &pair.client : &pair.server;
			rv = write(s == 0 ? pair.server.fd : pair.client.fd,
			    cases[i].bytes, cases[i].len);
			diag("%s, for a %s", cases[i].what,
			    s == 0 ? "client" : "server");
			for (n = 0, rv = ISS_WANT_READ;
			     n < 3 && rv == ISS_WANT_READ; n++)
				rv = iss_conn_handshake(
				    side->conn, s == 1, ISS_NO_DEADLINE);
			expect_failed(side->conn, rv,
			    s == 0 ? cases[i].client_why : cases[i].server_why);
			ok(!side->conn->truncated, "... not truncated");
			pair_close(&pair);
		}
	iss_ctx_free(client);
	iss_ctx_free(server);
}

/* They have no version in common: each side says so. */
static void
test_alert(void)
{
	struct iss_ctx *client = pair_client_ctx("TLSv1_2");
	struct iss_ctx *server = pair_server_ctx("TLSv1_3");
	struct pair pair;

	pair_init(&pair);
	pair_open(&pair, client, server);
	pair_handshake(&pair);
	diag("no version in common, for the server");
	expect_failed(pair.server.conn, pair.server.rv, "");
	diag("... and for the client");
	expect_failed(pair.client.conn, pair.client.rv,
	    "the peer sent the alert \"protocol version\"");
	pair_close(&pair);
	iss_ctx_free(client);
	iss_ctx_free(server);
}

int
main(void)
{
	size_t v;

	for (v = 0; v < ROWS(versions); v++) {
		test_ends(versions[v], false);
		test_ends(versions[v], true);
	}
	test_reset();
	test_strangers();
	test_alert();
	return tap_done();
}
