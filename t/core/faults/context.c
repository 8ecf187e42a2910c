/*
 * Memory runs out while contexts are made: one that is made has every rule that
 * it was given.
 */
#include "fault.h"

#include "fresh.h"
#include "pair.h"

/* The options of the context that a scenario makes. */
static const struct {
	const char *name;
	bool server;
	struct pair_options options[PAIR_OPTIONS_MAX];
} contexts[] = {
	{ "a client", false, { { "SSL_ca_file", CERTS "ca.pem" } } },
	{ "a client with CAs and revocation lists", false,
	    { { "SSL_ca_file", CERTS "bundle.pem" },
		{ "SSL_ca_path", CERTS "ca-dir" },
		{ "SSL_crl_file", CERTS "crls.pem" }, { "SSL_check_crl", "1" },
		{ "SSL_fingerprint", "sha1$000102030405060708090a0b0c0d0e0f"
				     "10111213" } } },
	{ "a server", true,
	    { { "SSL_cert_file", CERTS "server.pem" },
		{ "SSL_key_file", CERTS "server.key" },
		{ "SSL_verify_mode", "3" },
		{ "SSL_client_ca_file", CERTS "ca.pem" },
		{ "SSL_ca_file", CERTS "ca.pem" } } },
	{ "a server of PKCS#12 with Diffie-Hellman", true,
	    { { "SSL_cert_file", CERTS "server-sub.p12" },
		{ "SSL_dh_file", CERTS "dh-3072.pem" },
		{ "SSL_alpn_protocols", "h2" } } },
	{ "a server with a pre-shared key", true,
	    { { "SSL_psk", "abcdefghijklmnop" } } },
	{ "a client with a pre-shared key", false,
	    { { "SSL_psk", "abcdefghijklmnop" } } },
};

static size_t context; /* its row */

/* What a context will do; any part that is lost would be a weaker rule. */
struct facts {
	int verify_mode, ciphers, objects, client_cas, chain;
	bool identity, key, psk;
	unsigned long flags;
	size_t fingerprints;
	long min, max;
	uint64_t options;
};

static void
facts_of(struct facts *facts, const struct iss_ctx *ctx)
{
	SSL_CTX *ssl_ctx = ctx->ssl_ctx;
	STACK_OF(X509) *chain = NULL;

	memset(facts, 0, sizeof(*facts));
	facts->verify_mode = iss_ctx_verify_mode(ctx);
	facts->ciphers = sk_SSL_CIPHER_num(SSL_CTX_get_ciphers(ssl_ctx));
	facts->objects = sk_X509_OBJECT_num(
	    X509_STORE_get0_objects(SSL_CTX_get_cert_store(ssl_ctx)));
	facts->client_cas =
	    sk_X509_NAME_num(SSL_CTX_get_client_CA_list(ssl_ctx));
	SSL_CTX_get0_chain_certs(ssl_ctx, &chain);
	facts->chain = sk_X509_num(chain);
	facts->identity = SSL_CTX_get0_certificate(ssl_ctx) != NULL;
	facts->key = SSL_CTX_get0_privatekey(ssl_ctx) != NULL;
	facts->psk = ctx->psks.count > 0;
	facts->flags = X509_VERIFY_PARAM_get_flags(SSL_CTX_get0_param(ssl_ctx));
	facts->fingerprints = ctx->fingerprints.count;
	facts->min = SSL_CTX_get_min_proto_version(ssl_ctx);
	facts->max = SSL_CTX_get_max_proto_version(ssl_ctx);
	facts->options = SSL_CTX_get_options(ssl_ctx);
}

static bool
make_context(struct iss_error *err)
{
	static struct facts wanted;
	const struct iss_link nobody = { 0 };
	struct iss_config config;
	struct iss_ctx *ctx = NULL;
	struct facts facts;
	int rv;

	fresh_config(
	    &config, contexts[context].server, contexts[context].options);
	rv = iss_ctx_new(err, &ctx, &config, &nobody);
	fault_state.armed = false;
	fault_claim((rv == ISS_OK) == (ctx != NULL));
	if (rv == ISS_OK) {
		facts_of(&facts, ctx);
		if (fault_state.fault == NULL)
			wanted = facts;
		fault_claim(memcmp(&facts, &wanted, sizeof(facts)) == 0);
	}
	iss_ctx_free(ctx);
	iss_config_release(&config);
	return rv == ISS_OK;
}

/* ---- options ---- */

static bool
set_options(struct iss_error *err)
{
	static const struct pair_options options[] = {
		{ "SSL_ca_file", CERTS "ca.pem" },
		{ "SSL_ca_path", CERTS ":" CERTS "ca-dir" },
		{ "SSL_fingerprint",
		    "sha1$000102030405060708090a0b0c0d0e0f10111213" },
		{ "SSL_alpn_protocols", "h2" },
		{ "SSL_psk", "abcdefghijklmnop" },
		{ "SSL_cipher_list", "HIGH" },
		{ "SSL_ca_file", CERTS "other-ca.pem" },
	};
	struct iss_config config;
	const struct iss_option *table;
	size_t count, i;

	table = iss_config_options(&count);
	iss_config_init(&config, false);
	(void)iss_config_add_identity(err, &config);
	(void)iss_config_add_vhost(err, &config, "a.test");
	for (i = 0; i < ROWS(options) && !iss_error_is_set(err); i++)
		pair_set(err, &config, table, count, &options[i]);
	if (!iss_error_is_set(err)) {
		fault_claim(config.ca_file.count == 1);
		fault_claim(config.ca_path.count == 2);
		fault_claim(config.fingerprints.count == 1);
		fault_claim(config.psks.count == 1);
		fault_claim(config.alpn_protocols.len == 3);
		fault_claim(config.n_identities == 1 && config.n_vhosts == 1);
	}
	iss_config_release(&config);
	return !iss_error_is_set(err);
}

/* If memory runs out, OpenSSL 1.1.1 leaves a list behind in
 * SSL_CTX_set_ciphersuites(3), which SSL_psk needs, and a digest in
 * PKCS12_verify_mac(3); that is not ours. */
static bool
openssl_leaks(void)
{
	const char *name = contexts[context].options[0].name;
	const char *value = contexts[context].options[0].value;

	return OpenSSL_version_num() < 0x30000000L &&
	       (strcmp(name, "SSL_psk") == 0 || strstr(value, ".p12") != NULL);
}

static void
try_context(void)
{
	size_t i;

	for (i = 0; i < ROWS(fault_memory); i++)
		if (fault_memory[i].what != FAULT_OPENSSL || !openssl_leaks())
			fault_try(contexts[context].name, make_context,
			    &fault_memory[i]);
}

int
main(void)
{
	/* The system's openssl.cnf is OpenSSL's to read, or not for want of
	 * memory. */
	setenv("OPENSSL_CONF", "/dev/null", 1);
	fault_begin();
	for (context = 0; context < ROWS(contexts); context++)
		try_context();
	fault_try_memory("options", set_options);
	return tap_done();
}
