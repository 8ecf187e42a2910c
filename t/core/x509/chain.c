/*
 * The chain that vouches for a peer: the one that was verified, the one that
 * would be, and as much of it as can be built.
 */
#include "x509/chain.h"

#include "pair.h"
#include "tap.h"

/* Certificates of t/certs, leaf first. */
static void
expect_chain(STACK_OF(X509) * chain, const char *const names[3])
{
	X509 *want;
	int i, count = 0;

	while (count < 3 && names[count] != NULL)
		count++;
	is_int(chain != NULL ? sk_X509_num(chain) : 0, count,
	    "... so many certificates");
	for (i = 0; i < count && i < sk_X509_num(chain); i++) {
		want = fixture_cert(names[i]);
		ok(X509_cmp(sk_X509_value(chain, i), want) == 0, "... %s",
		    names[i]);
		X509_free(want);
	}
	sk_X509_pop_free(chain, X509_free);
}

static void
test_handshake(const char *version)
{
	static const struct {
		const char *what, *cert, *key, *ca, *mode;
		const char *chain[3];
	} cases[] = {
		{ "a CA", "server.pem", "server.key", "ca.pem", "1",
		    { "server", "ca" } },
		{ "an intermediate that the server sends",
		    "server-sub-chain.pem", "server-sub.key", "ca.pem", "1",
		    { "server-sub", "sub-ca", "ca" } },
		{ "an intermediate that is trusted", "server-sub.pem",
		    "server-sub.key", "sub-ca.pem", "1",
		    { "server-sub", "sub-ca" } },
		{ "nobody verifies", "server.pem", "server.key", "ca.pem", "0",
		    { "server", "ca" } },
		{ "another CA, and nobody verifies", "server.pem", "server.key",
		    "other-ca.pem", "0", { "server" } },
	};
	char cert[64], key[64], ca[64];
	const struct pair_options server[PAIR_OPTIONS_MAX] = {
		{ "SSL_cert_file", cert },
		{ "SSL_key_file", key },
		{ "SSL_version", version },
	};
	struct pair_options client[PAIR_OPTIONS_MAX] = {
		{ "SSL_ca_file", ca },
		{ "SSL_version", version },
		{ "SSL_verify_mode", NULL },
	};
	struct iss_ctx *ours, *theirs;
	struct pair pair;
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		snprintf(cert, sizeof(cert), CERTS "%s", cases[i].cert);
		snprintf(key, sizeof(key), CERTS "%s", cases[i].key);
		snprintf(ca, sizeof(ca), CERTS "%s", cases[i].ca);
		client[2].value = cases[i].mode;
		ours = pair_ctx(false, client);
		theirs = pair_ctx(true, server);
		pair_init(&pair);
		pair_open(&pair, ours, theirs);
		ok(iss_chain_get1(pair.client.conn->ssl) == NULL,
		    "%s: no chain before the handshake", cases[i].what);
		pair_handshake(&pair);
		is_int(pair.client.rv, ISS_OK, "... a handshake");
		expect_chain(
		    iss_chain_get1(pair.client.conn->ssl), cases[i].chain);
		is_int(
		    (long long)ERR_peek_error(), 0, "... the queue is empty");
		ok(iss_chain_get1(pair.server.conn->ssl) == NULL,
		    "... the client showed none");
		pair_close(&pair);
		iss_ctx_free(ours);
		iss_ctx_free(theirs);
	}
}

/* The parameters are those of the connection. */
static void
test_prepare(void)
{
	struct iss_ctx *client = pair_client_ctx(NULL);
	struct iss_ctx *server = pair_server_ctx(NULL);
	X509_STORE_CTX *store = X509_STORE_CTX_new();
	X509 *leaf = fixture_cert("server");
	X509 *other = fixture_cert("other-server");
	struct pair pair;
	SSL *ssl;

	pair_init(&pair);
	pair_open(&pair, client, server);
	ssl = pair.client.conn->ssl;
	ok(iss_chain_prepare(store, ssl, leaf), "prepared for a certificate");
	ok(X509_STORE_CTX_get_ex_data(
	       store, SSL_get_ex_data_X509_STORE_CTX_idx()) == ssl,
	    "... knows its SSL");
	is_int(
	    X509_VERIFY_PARAM_get_auth_level(X509_STORE_CTX_get0_param(store)),
	    SSL_get_security_level(ssl), "... and its security level");
	is_int(X509_verify_cert(store), 1, "... which is good");
	X509_STORE_CTX_cleanup(store);
	ok(iss_chain_prepare(store, ssl, other), "prepared for another");
	is_int(X509_verify_cert(store), 0, "... which is not");
	X509_STORE_CTX_free(store);
	X509_free(leaf);
	X509_free(other);
	pair_close(&pair);
	iss_ctx_free(client);
	iss_ctx_free(server);
}

/* A certificate for clients alone: good for a server, not for a client. */
static void
test_purpose(void)
{
	const struct pair_options options[PAIR_OPTIONS_MAX] = {
		{ "SSL_cert_file", CERTS "server.pem" },
		{ "SSL_key_file", CERTS "server.key" },
		{ "SSL_ca_file", CERTS "ca.pem" },
	};
	struct iss_ctx *client = pair_client_ctx(NULL);
	struct iss_ctx *server = pair_ctx(true, options);
	X509_STORE_CTX *store = X509_STORE_CTX_new();
	X509 *leaf = fixture_cert("client-only");
	struct pair pair;

	pair_init(&pair);
	pair_open(&pair, client, server);
	ok(iss_chain_prepare(store, pair.server.conn->ssl, leaf) &&
		X509_verify_cert(store) == 1,
	    "a certificate for clients, to a server");
	X509_STORE_CTX_cleanup(store);
	SSL_set_connect_state(pair.client.conn->ssl); /* until then: a server */
	ok(iss_chain_prepare(store, pair.client.conn->ssl, leaf) &&
		X509_verify_cert(store) == 0,
	    "... and to a client");
	is_int(X509_STORE_CTX_get_error(store), X509_V_ERR_INVALID_PURPOSE,
	    "... why not");
	X509_STORE_CTX_free(store);
	X509_free(leaf);
	pair_close(&pair);
	iss_ctx_free(client);
	iss_ctx_free(server);
}

/* The TLSA records of the connection hold as well. */
static void
test_records(void)
{
	const unsigned char digest[32] = { 0 };
	struct iss_ctx *client = pair_client_ctx(NULL);
	struct iss_ctx *server = pair_server_ctx(NULL);
	X509_STORE_CTX *store = X509_STORE_CTX_new();
	X509 *leaf = fixture_cert("server");
	struct pair pair;
	SSL *ssl;

	pair_init(&pair);
	pair_open(&pair, client, server);
	ssl = pair.client.conn->ssl;
	ok(SSL_dane_enable(ssl, NULL) > 0 &&
		SSL_dane_tlsa_add(ssl, 3, 1, 1, digest, sizeof(digest)) > 0,
	    "a record of another key");
	ok(iss_chain_prepare(store, ssl, leaf) && X509_verify_cert(store) <= 0,
	    "... refuses the certificate");
	X509_STORE_CTX_free(store);
	X509_free(leaf);
	pair_close(&pair);
	iss_ctx_free(client);
	iss_ctx_free(server);
}

int
main(void)
{
	test_handshake("TLSv1_2");
	test_handshake("TLSv1_3");
	test_prepare();
	test_purpose();
	test_records();
	return tap_done();
}
