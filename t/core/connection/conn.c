/*
 * One connection: how it is made, held and freed, what comes back to its own
 * connection from a callback, messages, and a descriptor that is gone.
 */
#include "connection/conn.h"

#include "connection/handshake.h"
#include "connection/io.h"
#include "pair.h"
#include "tap.h"

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
	ok(conn->strict_eof && conn->limits->io_timeout == 2.5,
	    "... its options");
	ok(!iss_conn_can_read(conn) && !iss_conn_can_write(conn),
	    "... can neither read nor write");
	ok(iss_conn_up_ref(conn) == conn, "one more holder");
	iss_conn_free(conn);
	ok(conn->ctx->ssl_ctx != NULL, "... keeps it when the first goes");
	iss_conn_free(conn);
	iss_conn_free(NULL);
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
	program.sys_errno = iss_conn_error(program.conn)->sys_errno;
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
	is_int(iss_conn_error(pair.client.conn)->sys_errno, EBADF, "... errno");
	is_int(recv(pair.server.fd, &byte, 1, 0), -1, "... nothing came");
	is_int(recv(pair.client.fd, &byte, 1, 0), 1, "... nor was read");
	pair_close(&pair);
}

int
main(void)
{
	size_t v;

	test_hostnames();
	test_holders();
	for (v = 0; v < ROWS(versions); v++)
		test_come_back(versions[v]);
	test_messages();
	test_abandon();
	return tap_done();
}
