/*
 * An SSL that somebody else made on a context of ours: judged by OpenSSL, by
 * the rules of the context, and by those of another one that takes its place.
 */
#include "verification/verify.h"

#include "pair.h"
#include "tap.h"

static struct iss_error err;

static void
test_chain(void)
{
	static const struct {
		const char *what, *ca, *strict, *cert;
		bool good;
	} cases[] = {
		{ "a good chain", "ca", "0", "server", true },
		{ "one that breaks a rule", "ca", "0", "cn-only", true },
		{ "another CA", "other-ca", "0", "server", false },
		{ "a good chain, strictly", "ca", "1", "server", true },
		{ "one that breaks a rule, strictly", "ca", "1", "cn-only",
		    false },
		{ "another CA, strictly", "other-ca", "1", "server", false },
	};
	char ca[64];
	struct pair_options client[PAIR_OPTIONS_MAX] = {
		{ "SSL_ca_file", ca },
		{ "SSL_verify_strict", NULL },
	};
	char cert[64], key[64];
	const struct pair_options server[PAIR_OPTIONS_MAX] = {
		{ "SSL_cert_file", cert },
		{ "SSL_key_file", key },
	};
	struct iss_ctx *ours, *theirs;
	struct raw_pair pair;
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		snprintf(ca, sizeof(ca), CERTS "%s.pem", cases[i].ca);
		client[1].value = cases[i].strict;
		snprintf(cert, sizeof(cert), CERTS "%s.pem", cases[i].cert);
		snprintf(key, sizeof(key), CERTS "%s.key", cases[i].cert);
		ours = pair_ctx(false, client);
		theirs = pair_ctx(true, server);
		raw_pair_open(&pair, ours->ssl_ctx, theirs->ssl_ctx);
		ok(raw_pair_handshake(&pair) == cases[i].good, "%s",
		    cases[i].what);
		raw_pair_close(&pair);
		iss_ctx_free(ours);
		iss_ctx_free(theirs);
	}
}

static void
test_follow(void)
{
	static const struct pair_options asks[PAIR_OPTIONS_MAX] = {
		{ "SSL_cert_file", CERTS "server.pem" },
		{ "SSL_key_file", CERTS "server.key" },
		{ "SSL_ca_file", CERTS "ca.pem" },
		{ "SSL_verify_mode", "3" },
	};
	SSL_CTX *first = raw_ctx(true, TLS1_2_VERSION);
	struct iss_ctx *second = pair_ctx(true, asks);
	SSL *ssl;

	X509_VERIFY_PARAM_set_flags(
	    SSL_CTX_get0_param(first), X509_V_FLAG_CRL_CHECK);
	ssl = SSL_new(first);
	SSL_set_SSL_CTX(ssl, second->ssl_ctx);
	is_int(
	    iss_verify_follow(&err, ssl), ISS_OK, "it follows another context");
	is_int(SSL_get_verify_mode(ssl), 3, "... its mode");
	ok(!(X509_VERIFY_PARAM_get_flags(SSL_get0_param(ssl)) &
	       X509_V_FLAG_CRL_CHECK),
	    "... without the flags of the first one");
	SSL_free(ssl);
	SSL_CTX_free(first);
	iss_ctx_free(second);
}

int
main(void)
{
	test_chain();
	test_follow();
	return tap_done();
}
