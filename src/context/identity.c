/*
 * From the values of SSL_cert, SSL_key and their files to a context that
 * uses them.  Owns the words for what does not fit together.
 */
#include "context/identity.h"

#include <errno.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/file.h"
#include "x509/keypair.h"

static int
ask_password(void *arg, char *buf, size_t size)
{
	const struct iss_link *const *link = arg;

	return (*link)->callbacks->password((*link)->handle, buf, size);
}

static int
load(struct iss_error *err, struct iss_keypair *pair, const char *option,
    const char *file, unsigned want, const struct iss_link *link)
{
	bool can_ask = iss_link_callbacks(link)->password != NULL;

	if (iss_keypair_load(err, pair, file, want,
		can_ask ? ask_password : NULL, &link) == ISS_OK)
		return ISS_OK;
	iss_error_prefix(err, "%s", option);
	return ISS_ERROR;
}

/* A PKCS#12 has brought its key, and what else is given is not used; a file
 * that is missing is a mistake all the same. */
static int
key_is_there(struct iss_error *err, const struct iss_identity *identity)
{
	struct iss_file_stamp stamp;

	if (identity->key_file == NULL ||
	    iss_file_stamp(identity->key_file, &stamp))
		return ISS_OK;
	return iss_error_errno(
	    err, errno, "SSL_key_file: %s", identity->key_file);
}

/* Collect certificate, chain and key from files and handles. */
static int
collect(struct iss_error *err, struct iss_keypair *pair,
    const struct iss_identity *identity, const struct iss_link *link)
{
	unsigned want = ISS_KEYPAIR_CERT;
	int n;

	if (identity->cert != NULL) {
		for (n = 1; n < sk_X509_num(identity->cert); n++) {
			X509 *ca = sk_X509_value(identity->cert, n);

			if (pair->chain == NULL)
				pair->chain = sk_X509_new_null();
			if (pair->chain == NULL ||
			    !sk_X509_push(pair->chain, ca))
				return iss_error_openssl(err, "SSL_cert");
			X509_up_ref(ca);
		}
		pair->cert = sk_X509_value(identity->cert, 0);
		X509_up_ref(pair->cert);
	} else if (identity->cert_file != NULL) {
		want |= identity->key == NULL && identity->key_file == NULL
			    ? ISS_KEYPAIR_TRY_KEY
			    : ISS_KEYPAIR_PKCS12_KEY;
		if (load(err, pair, "SSL_cert_file", identity->cert_file, want,
			link) != ISS_OK)
			return ISS_ERROR;
	}
	if (pair->key != NULL)
		return key_is_there(err, identity);
	if (identity->key != NULL) {
		EVP_PKEY_up_ref(identity->key);
		pair->key = identity->key;
		return ISS_OK;
	}
	if (identity->key_file == NULL)
		return ISS_OK;
	return load(err, pair, "SSL_key_file", identity->key_file,
	    ISS_KEYPAIR_KEY, link);
}

static int
check_and_use(struct iss_error *err, SSL_CTX *ctx,
    const struct iss_keypair *pair, const struct iss_identity *identity)
{
	const char *cert_name = "SSL_cert";
	const char *key_name = "SSL_key";

	if (identity->cert == NULL && identity->cert_file != NULL)
		cert_name = identity->cert_file;
	if (identity->key == NULL)
		key_name =
		    identity->key_file != NULL ? identity->key_file : cert_name;
	if (pair->key == NULL)
		return iss_error_set(err,
		    "%s: no private key: neither SSL_key nor SSL_key_file is "
		    "given, and there is none beside the certificate",
		    cert_name);
	if (pair->cert == NULL)
		return iss_error_set(err,
		    "%s: no certificate: neither SSL_cert nor SSL_cert_file is "
		    "given",
		    key_name);
	if (iss_keypair_check(err, pair, cert_name, key_name) != ISS_OK)
		return ISS_ERROR;
	/* Chain and all in one step, so that a weak one is found here. */
	if (!SSL_CTX_use_cert_and_key(
		ctx, pair->cert, pair->key, pair->chain, 0))
		return iss_error_openssl(err, "%s: cannot be used", cert_name);
	return ISS_OK;
}

int
iss_identity_use(struct iss_error *err, SSL_CTX *ctx,
    const struct iss_identity *identity, const struct iss_link *link,
    bool *used)
{
	struct iss_keypair pair;
	int rv;

	iss_keypair_init(&pair);
	rv = collect(err, &pair, identity, link);
	*used = pair.cert != NULL || pair.key != NULL;
	if (rv == ISS_OK && *used)
		rv = check_and_use(err, ctx, &pair, identity);
	iss_keypair_release(&pair);
	return rv;
}
