/*
 * One connection from its first state to its last: handshakes that end, stall
 * or meet something else than TLS; what comes back to its own connection;
 * steps until a deadline.
 */
#include "connection/conn.h"

#include <openssl/err.h>

#include "connection/io.h"
#include "connection/trace.h"
#include "pair.h"
#include "tap.h"

#define OVER iss_deadline_after(0)

static const char *const versions[] = { "TLSv1_2", "TLSv1_3" };

/* ---- made and freed ---- */

static void
test_hostnames(void)
{
	static const struct {
		const char *given, *sent; /* NULL: not given; nothing is sent */
		const char *why;          /* "": it is taken */
	} cases[] = {
		{ "a.test", "a.test", "" },
		{ "A.TEST", "a.test", "" },
		{ "a.test.", "a.test", "" },
		{ "127.0.0.1", "127.0.0.1", "" },
		{ "::1", "::1", "" },
		{ "[0:0::1]", "[0:0::1]", "" },
		{ NULL, NULL, "" },
		{ "a..test", NULL, "SSL_hostname: " },
		{ ".", NULL, "SSL_hostname: " },
		{ "a b", NULL, "SSL_hostname: " },
	};
	struct iss_ctx *ctx = pair_client_ctx(NULL);
	struct iss_peer_config config;
	struct iss_conn *conn;
	struct iss_error err;
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		iss_error_clear(&err);
		iss_peer_config_init(&config);
		if (cases[i].given != NULL)
			config.hostname = strdup(cases[i].given);
		conn = NULL;
		is_int(iss_conn_new(&err, &conn, ctx, -1, &config, NULL),
		    *cases[i].why == '\0' ? ISS_OK : ISS_ERROR, "hostname %s",
		    cases[i].given != NULL ? cases[i].given : "not given");
		has_text(err.text, cases[i].why, "... why");
		ok((conn != NULL) == (*cases[i].why == '\0'), "... made?");
		if (conn != NULL)
			is_text(SSL_get_servername(
				    conn->ssl, TLSEXT_NAMETYPE_host_name),
			    cases[i].sent, "... what is sent");
		iss_conn_free(conn);
		iss_peer_config_release(&config);
	}
	iss_ctx_free(ctx);
}

static void
test_holders(void)
{
	struct iss_ctx *ctx = pair_client_ctx(NULL);
	struct iss_peer_config config;
	struct iss_conn *conn = NULL;
	struct iss_error err;

	iss_peer_config_init(&config);
	config.strict_eof = true;
	config.io_timeout = 2.5;
	iss_conn_new(&err, &conn, ctx, -1, &config, NULL);
	iss_ctx_free(ctx); /* it has a reference of its own */
	iss_peer_config_release(&config);
	is_int(conn->state, ISS_CONN_NEW, "a new connection");
	ok(conn->strict_eof && conn->io_timeout == 2.5, "... its options");
	ok(!iss_conn_can_read(conn) && !iss_conn_can_write(conn),
	    "... can neither read nor write");
	ok(iss_conn_up_ref(conn) == conn, "one more holder");
	iss_conn_free(conn);
	ok(conn->ctx->ssl_ctx != NULL, "... keeps it when the first goes");
	iss_conn_free(conn);
	iss_conn_free(NULL);
}

/* ---- handshakes ---- */

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
	ok(!iss_error_is_set(&pair.client.conn->err), "... no error");
	is_int((long long)ERR_peek_error(), 0, "... the queue is empty");
	pair_close(&pair);
}

/* What is true of each connection that failed in its handshake. */
static void
expect_failed(struct iss_conn *conn, int rv, const char *why)
{
	char first[ISS_ERROR_TEXT_MAX], byte;
	size_t n;

	is_int(rv, ISS_ERROR, "... fails");
	is_int(conn->state, ISS_CONN_FAILED, "... for good");
	has_text(conn->err.text,
	    conn->server ? "SSL accept attempt failed: "
			 : "SSL connect attempt failed: ",
	    "... of what");
	has_text(conn->err.text, why, "... why");
	is_int((long long)ERR_peek_error(), 0, "... the queue is empty");
	snprintf(first, sizeof(first), "%s", conn->err.text);
	is_int(iss_conn_handshake(conn, conn->server, ISS_NO_DEADLINE),
	    ISS_ERROR, "... also when it is tried again");
	is_int(iss_io_read(conn, &byte, 1, &n), ISS_ERROR, "... or read");
	is_int(iss_io_write(conn, "x", 1, &n), ISS_ERROR, "... or written");
	is_text(conn->err.text, first, "... and the first error stays");
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
	is_int(pair.client.conn->err.sys_errno, ECONNRESET, "... errno");
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
		is_int(conn->err.sys_errno, ETIMEDOUT, "... errno");
		has_text(conn->err.text,
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

/* ---- the program ---- */

/* What it does while it is asked, and what came of that. */
static struct {
	struct iss_conn *conn;
	int handshake, read, write, leave;
	int calls, sys_errno;
	bool busy_after;
} program;

static bool
come_back(void *handle, bool ok, X509_STORE_CTX *store)
{
	char byte;
	size_t n;

	(void)handle;
	(void)store;
	program.calls++;
	program.handshake =
	    iss_conn_handshake(program.conn, false, ISS_NO_DEADLINE);
	program.sys_errno = program.conn->err.sys_errno;
	program.read = iss_io_read(program.conn, &byte, 1, &n);
	program.write = iss_io_write(program.conn, "x", 1, &n);
	program.busy_after = program.conn->link.busy;
	return ok;
}

static void
test_come_back(const char *version)
{
	static const struct iss_callbacks callbacks = { .verify = come_back };
	struct iss_ctx *client = pair_client_ctx(version);
	struct iss_ctx *server = pair_server_ctx(version);
	struct pair pair;

	memset(&program, 0, sizeof(program));
	pair_init(&pair);
	pair.client.callbacks = &callbacks;
	pair.client.handle = &program;
	pair_open(&pair, client, server);
	program.conn = pair.client.conn;
	pair_handshake(&pair);
	ok(program.calls > 0, "%s: a callback comes back", version);
	is_int(program.handshake, ISS_ERROR, "... shakes hands in vain");
	is_int(program.sys_errno, EDEADLK, "... errno");
	is_int(program.read, ISS_ERROR, "... reads in vain");
	is_int(program.write, ISS_ERROR, "... writes in vain");
	ok(program.busy_after, "... and the connection stays busy");
	is_int(pair.client.rv, ISS_OK, "... but the handshake goes on");
	ok(!pair.client.conn->link.busy, "... and is not busy afterwards");
	pair_close(&pair);
	iss_ctx_free(client);
	iss_ctx_free(server);
}

static int messages;

static void
count_message(void *handle, const struct iss_message *message)
{
	messages += handle == &messages && message != NULL;
}

static void
test_messages(void)
{
	static const struct iss_callbacks callbacks = { .message =
							    count_message };
	struct iss_ctx *client = pair_client_ctx(NULL);
	struct iss_ctx *server = pair_server_ctx(NULL);
	struct pair pair;
	int before;
	size_t n;

	pair_init(&pair);
	pair.client.callbacks = &callbacks;
	pair.client.handle = &messages;
	pair_open(&pair, client, server);
	iss_conn_tell_messages(pair.client.conn, true);
	iss_conn_handshake(pair.client.conn, false, ISS_NO_DEADLINE);
	ok(messages > 0, "the program is told of messages");
	pair.client.conn->link.handle = NULL;
	before = messages;
	pair_handshake(&pair);
	is_int(messages, before, "... not without a handle");
	pair.client.conn->link.handle = &messages;
	iss_conn_tell_messages(pair.client.conn, false);
	iss_io_write(pair.client.conn, "x", 1, &n);
	is_int(messages, before, "... nor when it wants none any more");
	pair_close(&pair);
	iss_ctx_free(client);
	iss_ctx_free(server);
}

/* The descriptor was closed, and its number may be somebody else's by now. */
static void
test_abandon(void)
{
	struct pair pair;
	char byte;
	size_t n;

	pair_init(&pair);
	pair_connect(&pair, NULL);
	while (iss_io_read(pair.client.conn, &byte, 1, &n) == ISS_OK)
		;
	(void)!write(pair.server.fd, "x", 1);
	iss_conn_abandon(pair.client.conn);
	is_int(iss_io_write(pair.client.conn, "x", 1, &n), ISS_ERROR,
	    "an abandoned connection does not write");
	is_int(pair.client.conn->err.sys_errno, EBADF, "... errno");
	is_int(recv(pair.server.fd, &byte, 1, 0), -1, "... nothing came");
	is_int(recv(pair.client.fd, &byte, 1, 0), 1, "... nor was read");
	pair_close(&pair);
}

/* ---- steps ---- */

/* What a step returns, one after the other. */
static struct {
	int results[4];
	int count;
	bool dont_wait; /* as the last one found it */
} script;

static int
scripted_step(struct iss_conn *conn, void *arg)
{
	int rv = script.results[script.count++];

	ok(arg == &script, "... a step with its argument");
	script.dont_wait = conn->sock->dont_wait;
	return rv;
}

static void
test_run_until(void)
{
	static const struct {
		const char *what;
		int results[4];
		int deadline; /* 0: none, 1: over, 2: far away */
		int rv, count;
	} cases[] = {
		{ "done", { ISS_OK }, 0, ISS_OK, 1 },
		{ "an end", { ISS_EOF }, 0, ISS_EOF, 1 },
		{ "to be called again", { ISS_WANT_READ }, 0, ISS_WANT_READ,
		    1 },
		{ "done, though the deadline is over", { ISS_OK }, 1, ISS_OK,
		    1 },
		{ "too late to read", { ISS_WANT_READ }, 1, ISS_TIMEOUT, 1 },
		{ "too late to write", { ISS_WANT_WRITE }, 1, ISS_TIMEOUT, 1 },
		{ "interrupted", { ISS_INTR }, 2, ISS_INTR, 1 },
		{ "writable, then done", { ISS_WANT_WRITE, ISS_OK }, 2, ISS_OK,
		    2 },
		{ "readable, then an end", { ISS_WANT_READ, ISS_EOF }, 2,
		    ISS_EOF, 2 },
		{ "several times",
		    { ISS_WANT_READ, ISS_WANT_WRITE, ISS_WANT_READ, ISS_OK }, 2,
		    ISS_OK, 4 },
		{ "an error", { ISS_ERROR }, 2, ISS_ERROR, 1 },
	};
	iss_deadline deadline;
	struct iss_conn *conn;
	struct pair pair;
	size_t i;

	pair_init(&pair);
	pair_connect(&pair, NULL);
	conn = pair.client.conn;
	(void)!write(pair.server.fd, "x", 1); /* something to be read */
	for (i = 0; i < ROWS(cases); i++) {
		memset(&script, 0, sizeof(script));
		memcpy(
		    script.results, cases[i].results, sizeof(script.results));
		deadline = cases[i].deadline == 0   ? ISS_NO_DEADLINE
			   : cases[i].deadline == 1 ? OVER
						    : iss_deadline_after(86400);
		iss_error_clear(&conn->err);
		errno = EIO;
		is_int(iss_conn_run_until(
			   conn, scripted_step, &script, deadline, "the step"),
		    cases[i].rv, "a step that is %s", cases[i].what);
		is_int(script.count, cases[i].count, "... so many calls");
		ok(script.dont_wait == (cases[i].deadline != 0),
		    "... it waits by itself without a deadline alone");
		ok(!conn->sock->dont_wait, "... and is as it was");
		ok((conn->err.text[0] != '\0') == (cases[i].rv == ISS_TIMEOUT ||
						      cases[i].rv == ISS_ERROR),
		    "... an error? '%s'", conn->err.text);
	}
	pair_close(&pair);
}

/* Without a descriptor there is nothing to wait for. */
static void
test_run_without_fd(void)
{
	struct iss_ctx *ctx = pair_client_ctx(NULL);
	struct iss_peer_config config;
	struct iss_conn *conn = NULL;
	struct iss_error err;

	iss_peer_config_init(&config);
	iss_conn_new(&err, &conn, ctx, -1, &config, NULL);
	memset(&script, 0, sizeof(script));
	script.results[0] = ISS_WANT_READ;
	is_int(iss_conn_run_until(conn, scripted_step, &script,
		   iss_deadline_after(86400), "the step"),
	    ISS_WANT_READ, "no descriptor, no wait");
	iss_conn_free(conn);
	iss_ctx_free(ctx);
}

int
main(void)
{
	size_t v;

	test_hostnames();
	test_holders();
	for (v = 0; v < ROWS(versions); v++) {
		test_handshake(versions[v]);
		test_ends(versions[v], false);
		test_ends(versions[v], true);
		test_come_back(versions[v]);
	}
	test_reset();
	test_strangers();
	test_deadline();
	test_alert();
	test_messages();
	test_abandon();
	test_run_until();
	test_run_without_fd();
	return tap_done();
}
