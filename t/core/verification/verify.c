/*
 * The verdict on a peer in real handshakes: chains, names, fingerprints, the
 * program's opinion; and the words for each refusal.
 */
#include "verification/verify.h"

#include "base/compat.h"
#include "pair.h"
#include "tap.h"
#include "x509/cert.h"

static struct iss_error err;

/* ---- the program ---- */

static struct {
	int accepts; /* 1: all, 0: none, -1: as OpenSSL has it */
	bool name_is_good;
	int asked, asked_name;
	char name[64];
} program;

static bool
verify(void *handle, bool ok, X509_STORE_CTX *store)
{
	(void)handle;
	(void)store;
	program.asked++;
	return program.accepts < 0 ? ok : program.accepts != 0;
}

static bool
check_name(void *handle, const char *name, X509 *leaf)
{
	(void)handle;
	program.asked_name++;
	snprintf(
	    program.name, sizeof(program.name), "%s", leaf != NULL ? name : "");
	return program.name_is_good;
}

static const struct iss_callbacks with_verify = { .verify = verify };
static const struct iss_callbacks with_name = { .check_name = check_name };

/* ---- a client and a server with some certificate ---- */

struct how {
	const char *version, *server; /* t/certs/NAME.pem and .key */
	const char *ca, *mode;        /* NULL: t/certs/ca.pem, the default */
	const char *name;             /* NULL: not checked */
	bool by_program;              /* the name is */
	const char *fingerprint;      /* of this certificate; NULL: none */
	bool force, must_ask;
	const struct iss_callbacks *callbacks;
	bool no_handle;
};

static struct iss_ctx *
server_ctx(const struct how *how)
{
	char cert[64], key[64];
	const struct pair_options options[PAIR_OPTIONS_MAX] = {
		{ "SSL_cert_file", cert },
		{ "SSL_key_file", key },
		{ "SSL_version", how->version },
		/* what is weak must get as far as to the client */
		{ "SSL_cipher_list", "DEFAULT:@SECLEVEL=0" },
	};

	snprintf(cert, sizeof(cert), CERTS "%s.pem", how->server);
	snprintf(key, sizeof(key), CERTS "%s.key", how->server);
	return pair_ctx(true, options);
}

static struct iss_ctx *
client_ctx(const struct how *how)
{
	char ca[64];
	const struct pair_options options[PAIR_OPTIONS_MAX] = {
		{ "SSL_ca_file", ca },
		{ "SSL_version", how->version },
		{ how->mode != NULL ? "SSL_verify_mode" : NULL, how->mode },
	};

	snprintf(
	    ca, sizeof(ca), CERTS "%s.pem", how->ca != NULL ? how->ca : "ca");
	return pair_ctx(false, options);
}

static void
add_fingerprint(struct iss_fingerprint_list *list, const char *name)
{
	X509 *cert = fixture_cert(name);
	struct iss_buf text;

	iss_buf_init(&text, 256);
	iss_cert_fingerprint_text(&err, cert, "sha256", false, &text);
	iss_fingerprint_list_add(
	    &err, list, "SSL_fingerprint", text.data, text.len);
	iss_buf_release(&text);
	X509_free(cert);
}

/* Open and shake hands; the pair is to be closed. */
static void
meet(struct pair *pair, const struct how *how)
{
	struct iss_ctx *client = client_ctx(how), *server = server_ctx(how);
	const struct iss_scheme *scheme = iss_scheme_find("http");
	struct iss_verify *rules;

	iss_error_clear(&err);
	memset(&program, 0, sizeof(program));
	pair_init(pair);
	pair->client.callbacks = how->callbacks;
	pair->client.handle = how->no_handle ? NULL : &program;
	if (how->fingerprint != NULL)
		add_fingerprint(
		    &pair->client.config.fingerprints, how->fingerprint);
	pair->client.config.force_fingerprint = how->force;
	pair_open(pair, client, server);
	rules = &pair->client.conn->verify;
	rules->must_ask = how->must_ask;
	if (how->name != NULL)
		iss_verify_set_name(&err, rules, how->name, strlen(how->name),
		    how->by_program ? NULL : scheme);
	ok(!iss_error_is_set(&err), "a client: %s", err.text);
	iss_ctx_free(client);
	iss_ctx_free(server);
}

static const struct row {
	const char *what;
	struct how how;
	int accepts;
	bool name_is_good;
	/* NULL: it is accepted; else with this in the client's error */
	const char *why;
	long verify_error;
	int depth;
} rows[] = {
	{ "a good server", { .server = "server", .name = "localhost" }, -1,
	    false, NULL, 0, 0 },
	{ "one with an intermediate it does not send",
	    { .server = "server-sub" }, -1, false,
	    "certificate verify failed: unable to get local issuer",
	    X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, 0 },
	{ "another CA", { .server = "server", .ca = "other-ca" }, -1, false,
	    "issuer /C=DE/O=IO-Socket-SSL/CN=Test CA)",
	    X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, 0 },
	{ "a CA of the same name", { .server = "namesake-server" }, -1, false,
	    "unable to get local issuer",
	    X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, 0 },
	{ "self-signed", { .server = "self-signed" }, -1, false,
	    "(depth 0, subject ", X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, 0 },
	{ "expired", { .server = "expired" }, -1, false, ", not after ",
	    X509_V_ERR_CERT_HAS_EXPIRED, 0 },
	{ "not yet valid", { .server = "not-yet-valid" }, -1, false,
	    ", not before ", X509_V_ERR_CERT_NOT_YET_VALID, 0 },
	{ "not for servers", { .server = "client-only" }, -1, false, "purpose",
	    X509_V_ERR_INVALID_PURPOSE, 0 },
	{ "a weak key", { .server = "weak-rsa" }, -1, false, "too weak",
	    X509_V_ERR_EE_KEY_TOO_SMALL, 0 },
	/* names */
	{ "another name", { .server = "server", .name = "wrong.test" }, -1,
	    false,
	    "hostname verification failed: wanted \"wrong.test\", the "
	    "certificate is for DNS:localhost",
	    X509_V_ERR_HOSTNAME_MISMATCH, 0 },
	{ "names that cannot be parsed, in a chain that the program accepts",
	    { .server = "bad-san",
		.name = "localhost",
		.callbacks = &with_verify },
	    1, false, "cannot be parsed", X509_V_ERR_HOSTNAME_MISMATCH, 0 },
	{ "NUL in the name",
	    { .server = "nul-san", .name = "good.example.test" }, -1, false,
	    "DNS:good.example.test\\x00.evil.test",
	    X509_V_ERR_HOSTNAME_MISMATCH, 0 },
	{ "nobody verifies, not even the name",
	    { .server = "expired", .name = "wrong.test", .mode = "0" }, -1,
	    false, NULL, 0, 0 },
	{ "the program knows the name",
	    { .server = "server",
		.name = "any thing",
		.by_program = true,
		.callbacks = &with_name },
	    -1, true, NULL, 0, 0 },
	{ "... or it does not",
	    { .server = "server",
		.name = "any thing",
		.by_program = true,
		.callbacks = &with_name },
	    -1, false,
	    "the callback of SSL_verifycn_scheme refused \"any thing\"",
	    X509_V_ERR_HOSTNAME_MISMATCH, 0 },
	{ "... or it cannot be asked",
	    { .server = "server",
		.name = "any thing",
		.by_program = true,
		.callbacks = &with_name,
		.no_handle = true },
	    -1, true,
	    "the callback of SSL_verifycn_scheme refused \"any thing\"",
	    X509_V_ERR_HOSTNAME_MISMATCH, 0 },
	/* opinions */
	{ "the program accepts an expired one",
	    { .server = "expired", .callbacks = &with_verify }, 1, false, NULL,
	    0, 0 },
	{ "... but its name is checked all the same",
	    { .server = "expired",
		.name = "wrong.test",
		.callbacks = &with_verify },
	    1, false, "hostname verification failed",
	    X509_V_ERR_HOSTNAME_MISMATCH, 0 },
	{ "the program refuses a good one",
	    { .server = "server", .callbacks = &with_verify }, 0, false,
	    "refused by SSL_verify_callback",
	    X509_V_ERR_APPLICATION_VERIFICATION, 1 },
	{ "the program has no opinion of its own",
	    { .server = "expired", .callbacks = &with_verify }, -1, false,
	    ", not after ", X509_V_ERR_CERT_HAS_EXPIRED, 0 },
	{ "it must be asked, and cannot be",
	    { .server = "server",
		.callbacks = &with_verify,
		.no_handle = true,
		.must_ask = true },
	    1, false, "certificate verify failed: ",
	    X509_V_ERR_APPLICATION_VERIFICATION, 1 },
	{ "it need not be asked",
	    { .server = "server",
		.callbacks = &with_verify,
		.no_handle = true },
	    0, false, NULL, 0, 0 },
	/* fingerprints */
	{ "a fingerprint goes before all else",
	    { .server = "expired",
		.name = "wrong.test",
		.fingerprint = "expired",
		.ca = "other-ca" },
	    -1, false, NULL, 0, 0 },
	{ "... also before the program",
	    { .server = "server",
		.fingerprint = "server",
		.callbacks = &with_verify },
	    0, false, NULL, 0, 0 },
	{ "another fingerprint, but a good chain",
	    { .server = "server", .fingerprint = "expired" }, -1, false, NULL,
	    0, 0 },
	{ "another fingerprint, and a bad chain",
	    { .server = "expired", .fingerprint = "server" }, -1, false,
	    ", not after ", X509_V_ERR_CERT_HAS_EXPIRED, 0 },
	{ "another fingerprint, where one is required",
	    { .server = "server", .fingerprint = "expired", .force = true }, -1,
	    false,
	    "the certificate does not match SSL_fingerprint: it has sha256$",
	    X509_V_ERR_CERT_REJECTED, 0 },
	{ "no fingerprint, where one is required",
	    { .server = "server", .force = true }, -1, false,
	    "does not match SSL_fingerprint", X509_V_ERR_CERT_REJECTED, 0 },
	{ "required, whatever the mode says",
	    { .server = "server", .force = true, .mode = "0" }, -1, false,
	    "does not match SSL_fingerprint", X509_V_ERR_CERT_REJECTED, 0 },
	{ "the required one",
	    { .server = "server", .fingerprint = "server", .force = true }, -1,
	    false, NULL, 0, 0 },
};

static void
test_row(const struct row *row, const char *version)
{
	struct how how = row->how;
	struct iss_conn *client;
	struct pair pair;

	how.version = version;
	meet(&pair, &how);
	program.accepts = row->accepts;
	program.name_is_good = row->name_is_good;
	client = pair.client.conn;
	pair_handshake(&pair);
	is_int(pair.client.rv, row->why == NULL ? ISS_OK : ISS_ERROR, "%s",
	    row->what);
	if (row->why == NULL) {
		ok(!iss_kept_error_is_set(&client->err), "... no error: %s",
		    iss_conn_error(client)->text);
	} else {
		has_text(iss_conn_error(client)->text, row->why, "... why");
		has_text(iss_conn_error(client)->text,
		    "SSL connect attempt failed: certificate verify failed: ",
		    "... of what");
		is_int(iss_conn_error(client)->verify_error, row->verify_error,
		    "... the error of X509");
		is_int(iss_conn_error(client)->depth, row->depth, "... where");
		ok(pair.server.rv != ISS_OK || strcmp(version, "TLSv1_3") == 0,
		    "... nor is the server content");
		ok(!iss_conn_can_read(client) && !iss_conn_can_write(client),
		    "... nothing flows");
	}
	ok(client->link.pinned == (how.fingerprint != NULL &&
				      strcmp(how.fingerprint, how.server) == 0),
	    "... pinned?");
	pair_close(&pair);
}

static void
test_asked(void)
{
	struct how how = { .version = "TLSv1_3",
		.server = "server",
		.callbacks = &with_verify };
	struct pair pair;

	meet(&pair, &how);
	program.accepts = -1;
	pair_handshake(&pair);
	is_int(program.asked, 2, "asked for the CA and for the leaf");
	pair_close(&pair);
	how.callbacks = &with_name;
	how.name = "the name";
	how.by_program = true;
	meet(&pair, &how);
	program.name_is_good = true;
	pair_handshake(&pair);
	is_int(program.asked_name, 1, "asked for the name once");
	is_text(program.name, "the name", "... for this one");
	pair_close(&pair);
}

/* Two handshakes at the same time on one context have a name each. */
static void
test_names_apart(void)
{
	struct how how = { .version = "TLSv1_3", .server = "server" };
	const struct iss_scheme *http = iss_scheme_find("http");
	struct iss_ctx *client = client_ctx(&how), *server = server_ctx(&how);
	struct pair good, bad;

	pair_init(&good);
	pair_init(&bad);
	pair_open(&good, client, server);
	pair_open(&bad, client, server);
	iss_verify_set_name(
	    &err, &good.client.conn->verify, "localhost", 9, http);
	iss_verify_set_name(&err, &bad.client.conn->verify, "wrong", 5, http);
	iss_conn_handshake(bad.client.conn, false, ISS_NO_DEADLINE);
	pair_handshake(&good);
	is_int(good.client.rv, ISS_OK, "one of two names");
	pair_handshake(&bad);
	is_int(bad.client.rv, ISS_ERROR, "... is not the other's");
	pair_close(&good);
	pair_close(&bad);
	iss_ctx_free(client);
	iss_ctx_free(server);
}

/* The name is the address of the peer, and a UNIX socket has none; what the
 * program or a certificate says of no name does not matter. */
static void
test_no_address(void)
{
	struct how how = { .version = "TLSv1_3",
		.server = "server",
		.callbacks = &with_name };
	struct pair pair;
	int by_program;

	for (by_program = 0; by_program < 2; by_program++) {
		meet(&pair, &how);
		program.name_is_good = true;
		iss_verify_set_by_address(&pair.client.conn->verify,
		    by_program ? NULL : iss_scheme_find("http"));
		pair_handshake(&pair);
		is_int(pair.client.rv, ISS_ERROR,
		    "an address that is not known, checked by %s",
		    by_program ? "the program" : "us");
		has_text(iss_conn_error(pair.client.conn)->text,
		    "neither a name nor the address of the peer is known",
		    "... why");
		is_int(program.asked_name, 0, "... nobody is asked");
		pair_close(&pair);
	}
}

/* ---- the certificate of a client ---- */

static void
test_clients(const char *version)
{
	static const struct {
		const char *cert, *mode;
		bool good;
		const char *why;
	} cases[] = {
		{ "client", "1", true, "" },
		{ "client", "3", true, "" },
		{ NULL, "1", true, "" },
		{ NULL, "3", false, "peer did not return a certificate" },
		{ "other-client", "1", false, "certificate verify failed" },
		{ "other-client", "0", true, "" },
	};
	char cert[64], key[64];
	struct pair_options server[PAIR_OPTIONS_MAX] = {
		{ "SSL_cert_file", CERTS "server.pem" },
		{ "SSL_key_file", CERTS "server.key" },
		{ "SSL_ca_file", CERTS "ca.pem" },
		{ "SSL_version", version },
		{ "SSL_verify_mode", NULL },
	};
	struct pair_options client[PAIR_OPTIONS_MAX] = {
		{ "SSL_ca_file", CERTS "ca.pem" },
		{ "SSL_version", version },
	};
	struct iss_ctx *ours, *theirs;
	struct pair pair;
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		server[4].value = cases[i].mode;
		client[2].name = cases[i].cert != NULL ? "SSL_cert_file" : NULL;
		client[2].value = cert;
		client[3].name = "SSL_key_file";
		client[3].value = key;
		snprintf(cert, sizeof(cert), CERTS "%s.pem", cases[i].cert);
		snprintf(key, sizeof(key), CERTS "%s.key", cases[i].cert);
		ours = pair_ctx(false, client);
		theirs = pair_ctx(true, server);
		pair_init(&pair);
		pair_open(&pair, ours, theirs);
		pair_handshake(&pair);
		is_int(pair.server.rv, cases[i].good ? ISS_OK : ISS_ERROR,
		    "client %s, server's verify mode %s",
		    cases[i].cert != NULL ? cases[i].cert : "without",
		    cases[i].mode);
		has_text(iss_conn_error(pair.server.conn)->text, cases[i].why,
		    "... why");
		pair_close(&pair);
		iss_ctx_free(ours);
		iss_ctx_free(theirs);
	}
}

/* A server that requires a fingerprint wants a certificate, whatever its mode
 * says. */
static void
test_required_client(const char *version)
{
	static const struct pair_options server[PAIR_OPTIONS_MAX] = {
		{ "SSL_cert_file", CERTS "server.pem" },
		{ "SSL_key_file", CERTS "server.key" },
		{ "SSL_verify_mode", "0" },
	};
	static const char *const certs[] = { "client", "other-client", NULL };
	struct iss_ctx *ours, *theirs = pair_ctx(true, server);
	char cert[64], key[64];
	struct pair pair;
	size_t i;

	for (i = 0; i < ROWS(certs); i++) {
		const struct pair_options client[PAIR_OPTIONS_MAX] = {
			{ "SSL_ca_file", CERTS "ca.pem" },
			{ "SSL_version", version },
			{ certs[i] != NULL ? "SSL_cert_file" : NULL, cert },
			{ "SSL_key_file", key },
		};

		snprintf(cert, sizeof(cert), CERTS "%s.pem",
		    certs[i] != NULL ? certs[i] : "");
		snprintf(key, sizeof(key), CERTS "%s.key",
		    certs[i] != NULL ? certs[i] : "");
		ours = pair_ctx(false, client);
		pair_init(&pair);
		add_fingerprint(&pair.server.config.fingerprints, "client");
		pair.server.config.force_fingerprint = true;
		pair_open(&pair, ours, theirs);
		pair_handshake(&pair);
		is_int(pair.server.rv, i == 0 ? ISS_OK : ISS_ERROR,
		    "%s, the fingerprint of a client is required: %s", version,
		    certs[i] != NULL ? certs[i] : "no certificate");
		pair_close(&pair);
		iss_ctx_free(ours);
	}
	iss_ctx_free(theirs);
}

/* Is the certificate for that name, on the connection (NULL: on none)? */
static bool
is_for(struct iss_conn *conn, X509 *cert, const char *name, const char *scheme)
{
	struct iss_verify verify = { 0 };
	struct iss_link link = { .ssl = conn != NULL ? conn->ssl : NULL };
	int rv;

	iss_error_clear(&err);
	rv = iss_verify_set_name(
	    &err, &verify, name, strlen(name), iss_scheme_find(scheme));
	if (rv == ISS_OK)
		rv = iss_verify_cert_name(&err, &verify, &link, cert, NULL);
	ok(verify.peer_names == NULL, "%s: kept by the connection", name);
	iss_verify_release(&verify);
	return rv == ISS_OK;
}

static void
test_kept_names(const char *version)
{
	const struct pair_options client[PAIR_OPTIONS_MAX] = {
		{ "SSL_ca_file", CERTS "ca.pem" },
		{ "SSL_version", version },
	};
	X509 *cert, *other = fixture_cert("server2");
	const struct iss_kept_names *kept;
	struct iss_ctx *ours = pair_ctx(false, client);
	struct iss_ctx *theirs = pair_server_ctx(NULL);
	struct iss_conn *conn;
	struct pair pair;

	pair_init(&pair);
	pair_open(&pair, ours, theirs);
	iss_ctx_free(ours);
	iss_ctx_free(theirs);
	pair_handshake(&pair);
	conn = pair.client.conn;
	cert = SSL_get1_peer_certificate(conn->ssl);
	ok(conn->verify.peer_names == NULL,
	    "%s: nothing is kept before somebody asks", version);
	ok(is_for(conn, cert, "localhost", "http"), "its name");
	kept = conn->verify.peer_names;
	ok(kept != NULL, "the names are kept");
	ok(is_for(conn, cert, "localhost", "http"), "its name, again");
	ok(!is_for(conn, cert, "other.test", "http"), "another name");
	has_text(err.text, "localhost", "... the error shows those kept");
	ok(kept == conn->verify.peer_names, "they are parsed once");
	ok(is_for(conn, other, "server2.test", "http") &&
		!is_for(conn, other, "localhost", "http"),
	    "of another certificate its own names count");
	ok(is_for(conn, cert, "localhost", "http"), "and back");
	ok(is_for(NULL, cert, "localhost", "http"), "without a connection");
	X509_free(cert);
	X509_free(other);
	pair_close(&pair);
}

int
main(void)
{
	static const char *const versions[] = { "TLSv1_2", "TLSv1_3" };
	size_t i, v;

	for (v = 0; v < ROWS(versions); v++) {
		diag("%s", versions[v]);
		for (i = 0; i < ROWS(rows); i++)
			test_row(&rows[i], versions[v]);
		test_clients(versions[v]);
		test_required_client(versions[v]);
		test_kept_names(versions[v]);
	}
	test_asked();
	test_names_apart();
	test_no_address();
	return tap_done();
}
