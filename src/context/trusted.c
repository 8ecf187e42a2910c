#include "context/trusted.h"

#include <errno.h>

#include <openssl/x509_vfy.h>

#include "link/link.h"
#include "revocation/staple.h"
#include "verification/verify.h"
#include "x509/trust.h"

/* What is being set; borrowed. */
struct trusted {
	struct iss_error *err;
	const struct iss_config *config;
};

/*
 * Without SSL_VERIFY_PEER the other flags mean nothing to a server, and as
 * much as SSL_VERIFY_PEER to a client (SSL_CTX_set_verify(3), BUGS).
 */
static int
verify_mode(const struct iss_config *config)
{
	if (config->verify_mode > 0 && !config->server)
		return config->verify_mode | SSL_VERIFY_PEER;
	if (config->verify_mode >= 0)
		return config->verify_mode & SSL_VERIFY_PEER
			   ? config->verify_mode
			   : SSL_VERIFY_NONE;
	return config->server ? SSL_VERIFY_NONE : SSL_VERIFY_PEER;
}

bool
iss_trusted_verifies(const struct iss_config *config)
{
	return (verify_mode(config) & SSL_VERIFY_PEER) != 0;
}

static int
add_ca_certs(const struct trusted *trusted, X509_STORE *store)
{
	const STACK_OF(X509) *certs = trusted->config->ca;
	int n;

	for (n = 0; n < sk_X509_num(certs); n++)
		if (iss_trust_add_cert(trusted->err, store,
			sk_X509_value(certs, n)) != ISS_OK) {
			iss_error_prefix(trusted->err, "SSL_ca");
			return ISS_ERROR;
		}
	return ISS_OK;
}

/* Give each text of the list to add. */
static int
add_files(const struct trusted *trusted, X509_STORE *store, const char *option,
    const struct iss_texts *files,
    int (*add)(struct iss_error *, X509_STORE *, const char *))
{
	size_t i;

	for (i = 0; i < files->count; i++)
		if (add(trusted->err, store, files->text[i]) != ISS_OK) {
			iss_error_prefix(trusted->err, "%s", option);
			iss_error_blame_file(trusted->err, files->text[i]);
			return ISS_ERROR;
		}
	return ISS_OK;
}

/* Some of the folders may be missing, but not all. */
static int
add_ca_dirs(const struct trusted *trusted, X509_STORE *store)
{
	const struct iss_texts *dirs = &trusted->config->ca_path;

	if (dirs->count == 0 ||
	    iss_trust_add_dirs(trusted->err, store,
		(const char *const *)dirs->text, dirs->count) == ISS_OK)
		return ISS_OK;
	iss_error_prefix(trusted->err, "SSL_ca_path");
	return ISS_ERROR;
}

static int
add_cas(const struct trusted *trusted, X509_STORE *store)
{
	if (add_ca_certs(trusted, store) != ISS_OK ||
	    add_files(trusted, store, "SSL_ca_file", &trusted->config->ca_file,
		iss_trust_add_file) != ISS_OK)
		return ISS_ERROR;
	return add_ca_dirs(trusted, store);
}

/*
 * A program that names a file or folder which is not there made a mistake.  But
 * what is there, or in it, may be somebody else's, and a lack of descriptors or
 * memory passes.
 */
static int
cas_failed(const struct iss_error *err)
{
	switch (err->sys_errno) {
	case 0:
	case EISDIR:
	case EMFILE:
	case ENFILE:
	case ENOMEM:
		return ISS_ERROR;
	default:
		return ISS_INVALID;
	}
}

static int
add_trusted(const struct trusted *trusted, X509_STORE *store)
{
	const struct iss_config *config = trusted->config;

	if (add_cas(trusted, store) != ISS_OK)
		return cas_failed(trusted->err);
	if (!config->check_crl && !config->crl_check_all)
		return ISS_OK;
	return add_files(trusted, store, "SSL_crl_file", &config->crl_file,
	    iss_trust_add_crl_file);
}

/*
 * Without verification the CAs only complete our own chain
 * (SSL_CTX_add_extra_chain_cert(3), NOTES) and tell who issued the peer's, for
 * OCSP; both also work without.
 */
static int
try_cas(const struct trusted *trusted, X509_STORE *store)
{
	if (add_cas(trusted, store) != ISS_OK)
		iss_error_clear(trusted->err);
	return ISS_OK;
}

int
iss_trusted_use(struct iss_error *err, SSL_CTX *ssl_ctx,
    const struct iss_config *config, bool *ignores_crl_file)
{
	const struct trusted trusted = { err, config };
	X509_STORE *store = SSL_CTX_get_cert_store(ssl_ctx);
	X509_VERIFY_PARAM *param = SSL_CTX_get0_param(ssl_ctx);
	unsigned long flags = X509_V_FLAG_PARTIAL_CHAIN;

	SSL_CTX_set_verify(ssl_ctx, verify_mode(config), NULL);
	iss_verify_install(ssl_ctx);
	iss_staple_install(ssl_ctx);
	if (config->verify_strict && !iss_link_set_strict(ssl_ctx))
		return iss_error_openssl(err, "SSL_verify_strict");
	if (config->check_crl || config->crl_check_all)
		flags |= X509_V_FLAG_CRL_CHECK | X509_V_FLAG_USE_DELTAS;
	if (config->crl_check_all)
		flags |= X509_V_FLAG_CRL_CHECK_ALL;
	if (!X509_VERIFY_PARAM_set_flags(param, flags))
		return iss_error_openssl(err, "cannot set verification flags");
	*ignores_crl_file = config->crl_file.count > 0 &&
			    iss_trusted_verifies(config) &&
			    !config->check_crl && !config->crl_check_all;
	return iss_trusted_verifies(config) ? add_trusted(&trusted, store)
					    : try_cas(&trusted, store);
}

int
iss_trusted_use_client_cas(
    struct iss_error *err, SSL_CTX *ssl_ctx, const struct iss_config *config)
{
	STACK_OF(X509_NAME) *names = NULL;
	int n;

	if (config->client_ca_file != NULL && config->server &&
	    iss_trusted_verifies(config)) {
		if (iss_trust_subjects(err, config->client_ca_file, &names) !=
		    ISS_OK) {
			iss_error_prefix(err, "SSL_client_ca_file");
			iss_error_blame_file(err, config->client_ca_file);
			return ISS_ERROR;
		}
		SSL_CTX_set_client_CA_list(ssl_ctx, names);
	}
	for (n = 0; n < sk_X509_num(config->client_ca); n++)
		if (!SSL_CTX_add_client_CA(
			ssl_ctx, sk_X509_value(config->client_ca, n)))
			return iss_error_openssl(err, "SSL_client_ca");
	return ISS_OK;
}
