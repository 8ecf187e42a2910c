/*
 * Keying material and channel bindings: both sides have the same, for each
 * version, with and without a resumed session; who has none says why.
 */
#include "connection/binding.h"

#include "connection/io.h"
#include "pair.h"
#include "tap.h"

static const char *const versions[] = { "TLSv1_2", "TLSv1_3" };

static const struct iss_export label = { "EXPORTER-test", 13, NULL, 0 };

static void
test_export(const char *version)
{
	struct iss_export other = label;
	unsigned char ours[40], theirs[40], without[40];
	struct iss_error err;
	struct pair pair;

	pair_init(&pair);
	pair_connect(&pair, version);
	iss_error_clear(&err);
	is_int(iss_binding_export(&err, pair.client.conn, &label, ours, 40),
	    ISS_OK, "%s: exported", version);
	is_int(iss_binding_export(&err, pair.server.conn, &label, theirs, 40),
	    ISS_OK, "... by the server, too");
	ok(memcmp(ours, theirs, 40) == 0, "... the same");
	memcpy(without, ours, 40);
	other.context = (const unsigned char *)"";
	iss_binding_export(&err, pair.client.conn, &other, ours, 40);
	ok((memcmp(ours, without, 40) == 0) ==
		(strcmp(version, "TLSv1_3") == 0),
	    "... an empty context counts in TLS 1.2");
	other.context = (const unsigned char *)"context";
	other.context_len = 7;
	iss_binding_export(&err, pair.client.conn, &other, ours, 40);
	iss_binding_export(&err, pair.server.conn, &other, theirs, 40);
	ok(memcmp(ours, without, 40) != 0, "... another context counts");
	ok(memcmp(ours, theirs, 40) == 0, "... in the same way");
	pair_close(&pair);
}

/* Both sides have this binding, or neither has, for this reason. */
static void
expect_binding(const struct pair *pair, const char *type, const char *why)
{
	unsigned char ours[ISS_BINDING_MAX], theirs[ISS_BINDING_MAX];
	struct iss_error err;
	size_t len = 0, their_len = 0;
	int rv;

	iss_error_clear(&err);
	rv = iss_binding_get(&err, pair->client.conn, type, ours, &len);
	is_int(rv, why == NULL ? ISS_OK : ISS_ERROR, "%s", type);
	if (why != NULL) {
		has_text(err.text, why, "... why");
		return;
	}
	is_int(
	    iss_binding_get(&err, pair->server.conn, type, theirs, &their_len),
	    ISS_OK, "... for the server");
	ok(len > 0 && len == their_len && memcmp(ours, theirs, len) == 0,
	    "... the same %zu bytes", len);
}

static void
test_bindings(const char *version)
{
	bool is_1_3 = strcmp(version, "TLSv1_3") == 0;
	struct pair pair;

	pair_init(&pair);
	pair_connect(&pair, version);
	diag("%s", version);
	expect_binding(&pair, "tls-exporter", NULL);
	expect_binding(&pair, "tls-server-end-point", NULL);
	expect_binding(&pair, "tls-unique",
	    is_1_3 ? "tls-unique is not defined for TLS 1.3 (RFC 9266), use "
		     "tls-exporter"
		   : NULL);
	pair_close(&pair);
}

static void
test_too_early(void)
{
	struct iss_ctx *client = pair_client_ctx(NULL);
	struct iss_ctx *server = pair_server_ctx(NULL);
	unsigned char out[ISS_BINDING_MAX];
	struct iss_error err;
	struct pair pair;
	size_t len;

	pair_init(&pair);
	pair_open(&pair, client, server);
	iss_error_clear(&err);
	is_int(iss_binding_export(&err, pair.client.conn, &label, out, 32),
	    ISS_ERROR, "nothing before the handshake");
	is_text(err.text, "the TLS handshake is not done", "... why");
	iss_error_clear(&err);
	is_int(
	    iss_binding_get(&err, pair.client.conn, "tls-exporter", out, &len),
	    ISS_ERROR, "... nor a binding");
	is_text(err.text, "the TLS handshake is not done", "... why");
	pair.client.conn->state = ISS_CONN_FAILED;
	iss_error_clear(&err);
	is_int(iss_binding_get(&err, pair.client.conn, "tls-unique", out, &len),
	    ISS_ERROR, "... nor after a failure");
	is_text(err.text, "the TLS connection has failed", "... why");
	iss_error_clear(&err);
	is_int(iss_binding_get(&err, pair.client.conn, "tls-foo", out, &len),
	    ISS_INVALID, "an unknown type is a mistake");
	has_text(err.text, "unknown channel binding \"tls-foo\"", "... why");
	pair_close(&pair);
	iss_ctx_free(client);
	iss_ctx_free(server);
}

/* A peer that does not know the extended master secret. */
static void
test_without_extension(void)
{
	struct iss_ctx *client = pair_client_ctx("TLSv1_2");
	struct iss_ctx *server = pair_server_ctx("TLSv1_2");
	struct pair pair;

#ifdef SSL_OP_NO_EXTENDED_MASTER_SECRET
	SSL_CTX_set_options(server->ssl_ctx, SSL_OP_NO_EXTENDED_MASTER_SECRET);
	pair_init(&pair);
	pair_open(&pair, client, server);
	pair_handshake(&pair);
	is_int(pair.client.rv, ISS_OK, "without extended master secret");
	expect_binding(&pair, "tls-exporter",
	    "tls-exporter is not safe on this connection: ");
	expect_binding(
	    &pair, "tls-unique", "tls-unique is not safe on this connection: ");
	expect_binding(&pair, "tls-server-end-point", NULL);
	pair_close(&pair);
#else
	(void)pair;
	diag("OpenSSL 1.1.1 cannot leave the extension out");
#endif
	iss_ctx_free(client);
	iss_ctx_free(server);
}

int
main(void)
{
	size_t v;

	is_text(iss_binding_name(0), "tls-exporter", "the best type");
	ok(iss_binding_name(3) == NULL, "there are three");
	for (v = 0; v < ROWS(versions); v++) {
		test_export(versions[v]);
		test_bindings(versions[v]);
	}
	test_too_early();
	test_without_extension();
	return tap_done();
}
