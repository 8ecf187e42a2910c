/*
 * Keys in the guise of others: what OpenSSL sees of them, and handshakes of TLS
 * 1.2 and 1.3 that they sign.
 */
#include "x509/delegate.h"

#include "edwards.h"
#include "hidden.h"
#include "pair.h"
#include "tap.h"
#include "x509/trial.h"

static const char *const names[] = { "server", "server-ecdsa" };

/* A client meets a server that has this certificate and key. */
static void
meet_by(const char *version, X509 *cert, EVP_PKEY *key)
{
	const struct pair_options options[PAIR_OPTIONS_MAX] = {
		{ "SSL_version", version },
	};
	struct iss_ctx *client = pair_client_ctx(version);
	struct iss_ctx *server = pair_ctx(true, options);
	struct pair pair;

	ok(SSL_CTX_use_cert_and_key(server->ssl_ctx, cert, key, NULL, 1),
	    "OpenSSL takes the key");
	pair_init(&pair);
	pair_open(&pair, client, server);
	pair_handshake(&pair);
	ok(pair.client.rv == ISS_OK && pair.server.rv == ISS_OK,
	    "%s: a handshake: %s%s", version,
	    iss_conn_error(pair.client.conn)->text,
	    iss_conn_error(pair.server.conn)->text);
	pair_close(&pair);
	iss_ctx_free(client);
	iss_ctx_free(server);
}

static void
meet(X509 *cert, EVP_PKEY *key)
{
	meet_by("TLSv1_2", cert, key);
	meet_by("TLSv1_3", cert, key);
}

static void
test_key(const char *name, X509 *cert, EVP_PKEY *private)
{
	X509 *other = fixture_cert("server2");
	EVP_PKEY *key = iss_delegate_new(private, X509_get0_pubkey(cert));

	ok(key != NULL, "%s in disguise", name);
	ok(X509_check_private_key(cert, key) == 1, "... fits its certificate");
	ok(X509_check_private_key(other, key) != 1, "... and no other");
	is_int(EVP_PKEY_bits(key), EVP_PKEY_bits(X509_get0_pubkey(cert)),
	    "... has its size");
	ok(iss_trial_signs(key, cert), "... and signs");
	ok(!iss_trial_signs(key, other), "... for no other");
	meet(cert, key);
	EVP_PKEY_free(key);
	X509_free(other);
}

static void
test_file(const char *name)
{
	X509 *cert = fixture_cert(name);
	EVP_PKEY *key = fixture_key(name);

	test_key(name, cert, key);
	EVP_PKEY_free(key);
	X509_free(cert);
}

/* Keys whose algorithm has a digest of its own. */
static void
test_edwards(const char *name, int type)
{
	EVP_PKEY *key = edwards_key(type), *second = edwards_key(type);
	X509 *cert = edwards_cert(key), *other = edwards_cert(second);
	EVP_PKEY *wrong = iss_delegate_new(key, X509_get0_pubkey(other));

	test_key(name, cert, key);
	ok(wrong != NULL && !iss_trial_signs(wrong, other),
	    "... nor for another of its kind");
	EVP_PKEY_free(wrong);
	EVP_PKEY_free(second);
	EVP_PKEY_free(key);
	X509_free(other);
	X509_free(cert);
}

static void
test_hidden(void)
{
	X509 *cert = fixture_cert("server-ecdsa");
	EVP_PKEY *hidden = hidden_key("server-ecdsa");
	EVP_PKEY *key;

	if (hidden == NULL) {
		ok(true, "# SKIP this OpenSSL always knows the public half");
		X509_free(cert);
		return;
	}
	key = iss_delegate_new(hidden, X509_get0_pubkey(cert));
	ok(X509_check_private_key(cert, hidden) != 1,
	    "OpenSSL refuses a key without its public half");
	ok(key != NULL && iss_trial_signs(key, cert), "... not in disguise");
	meet(cert, key);
	EVP_PKEY_free(key);
	EVP_PKEY_free(hidden);
	X509_free(cert);
}

/* Kinds of keys that it does not know, or that differ. */
static void
test_none(void)
{
	X509 *rsa = fixture_cert("server"), *ec = fixture_cert("server-ecdsa");
	EVP_PKEY *key = fixture_key("server"), *montgomery = NULL;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_X25519, NULL);

	ok(iss_delegate_new(key, X509_get0_pubkey(ec)) == NULL,
	    "RSA for a certificate of EC");
	EVP_PKEY_keygen_init(ctx);
	EVP_PKEY_keygen(ctx, &montgomery);
	ok(iss_delegate_new(montgomery, montgomery) == NULL,
	    "X25519, which does not sign");
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(montgomery);
	EVP_PKEY_free(key);
	X509_free(rsa);
	X509_free(ec);
}

int
main(void)
{
	size_t i;

	test_none();
	if (ISS_COMPAT_HAS_PROVIDERS) {
		for (i = 0; i < ROWS(names); i++)
			test_file(names[i]);
		test_edwards("Ed25519", EVP_PKEY_ED25519);
		test_edwards("Ed448", EVP_PKEY_ED448);
		test_hidden();
	}
	ERR_clear_error();
	return tap_done();
}
