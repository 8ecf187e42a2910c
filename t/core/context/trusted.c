/*
 * The verify mode by role and option, and what is loaded for it.  Files that
 * are damaged or missing are in t/core/x509/trust.c.
 */
#include "context/trusted.h"

#include "pair.h"
#include "tap.h"

static const struct {
	bool server;
	int given; /* -1: not given */
	int mode;
} cases[] = {
	{ false, -1, SSL_VERIFY_PEER },
	{ true, -1, SSL_VERIFY_NONE },
	{ false, 0, SSL_VERIFY_NONE },
	{ true, 0, SSL_VERIFY_NONE },
	{ false, SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
	    SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT },
	{ true, SSL_VERIFY_FAIL_IF_NO_PEER_CERT, SSL_VERIFY_NONE },
	{ true, SSL_VERIFY_PEER | SSL_VERIFY_CLIENT_ONCE,
	    SSL_VERIFY_PEER | SSL_VERIFY_CLIENT_ONCE },
};

static void
test_mode(void)
{
	struct iss_config config;
	struct iss_error err;
	SSL_CTX *ctx;
	bool ignores;
	size_t i;

	for (i = 0; i < ROWS(cases); i++) {
		iss_error_clear(&err);
		iss_config_init(&config, cases[i].server);
		config.verify_mode = cases[i].given;
		ctx = raw_ctx(false, TLS1_2_VERSION);
		is_int(iss_trusted_use(&err, ctx, &config, &ignores), ISS_OK,
		    "case %zu", i);
		is_int(SSL_CTX_get_verify_mode(ctx), cases[i].mode, "... mode");
		ok(iss_trusted_verifies(&config) ==
			((cases[i].mode & SSL_VERIFY_PEER) != 0),
		    "... verifies?");
		ok(!ignores, "... no list is ignored");
		SSL_CTX_free(ctx);
		iss_config_release(&config);
	}
}

static void
test_missing(void)
{
	const struct pair_options missing[PAIR_OPTIONS_MAX] = {
		{ "SSL_ca_file", CERTS "none-such.pem" },
	};
	const struct pair_options unused[PAIR_OPTIONS_MAX] = {
		{ "SSL_ca_file", CERTS "none-such.pem" },
		{ "SSL_verify_mode", "0" },
	};
	struct iss_config config;
	struct iss_error err;
	SSL_CTX *ctx = raw_ctx(false, TLS1_2_VERSION);
	bool ignores;

	iss_error_clear(&err);
	pair_config(&config, false, missing);
	is_int(iss_trusted_use(&err, ctx, &config, &ignores), ISS_INVALID,
	    "a missing CA file is a mistake");
	is_text(err.option, "SSL_ca_file", "... of an option");
	is_text(err.file, CERTS "none-such.pem", "... and a file");
	iss_config_release(&config);
	iss_error_clear(&err);
	pair_config(&config, false, unused);
	is_int(iss_trusted_use(&err, ctx, &config, &ignores), ISS_OK,
	    "... unless nobody is verified");
	iss_config_release(&config);
	SSL_CTX_free(ctx);
}

static void
test_client_cas(void)
{
	const struct pair_options options[PAIR_OPTIONS_MAX] = {
		{ "SSL_client_ca_file", CERTS "ca.pem" },
		{ "SSL_verify_mode", "1" },
	};
	struct iss_config config;
	struct iss_error err;
	SSL_CTX *ctx = raw_ctx(false, TLS1_2_VERSION);

	iss_error_clear(&err);
	pair_config(&config, true, options);
	is_int(iss_trusted_use_client_cas(&err, ctx, &config), ISS_OK,
	    "CAs that clients are told of");
	is_int(sk_X509_NAME_num(SSL_CTX_get_client_CA_list(ctx)), 1,
	    "... are in the list");
	iss_config_release(&config);
	SSL_CTX_free(ctx);
}

int
main(void)
{
	test_mode();
	test_missing();
	test_client_cas();
	return tap_done();
}
