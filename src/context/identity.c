/*
 * From SSL_cert, SSL_cert_file, SSL_key and SSL_key_file to a context that uses
 * them, or to the reason why they do not fit together.
 */
#include "context/identity.h"

#include <errno.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/file.h"
#include "x509/keypair.h"
#include "x509/material.h"
#include "x509/pair_cache.h"

static int
ask_password(void *arg, char *buf, size_t size)
{
	const struct iss_link *const *link = arg;

	return (*link)->callbacks->password((*link)->handle, buf, size);
}

static int
load_file(struct iss_error *err, struct iss_keypair *pair, const char *option,
    const char *file, unsigned want, const struct iss_link *link)
{
	bool can_ask = iss_link_callbacks(link)->password != NULL;

	if (iss_keypair_load(err, pair, file, want,
		can_ask ? ask_password : NULL, &link) == ISS_OK)
		return ISS_OK;
	iss_error_prefix(err, "%s", option);
	iss_error_blame_file(err, file);
	return ISS_ERROR;
}

static int
load_text(struct iss_error *err, struct iss_keypair *pair,
    const struct iss_buf *text, const struct iss_link *link)
{
	bool can_ask = iss_link_callbacks(link)->password != NULL;

	return iss_material_load(err, pair, "SSL_key", text->data, text->len,
	    ISS_KEYPAIR_KEY, can_ask ? ask_password : NULL, &link);
}

/*
 * The key came with a PKCS#12, so a key file is not read.  If it is missing
 * that is still an error.
 */
static int
check_key_file(struct iss_error *err, const struct iss_identity *identity)
{
	struct iss_file_stamp stamp;

	if (identity->key_file == NULL ||
	    iss_file_stamp(identity->key_file, &stamp))
		return ISS_OK;
	iss_error_errno(err, errno, "SSL_key_file: %s", identity->key_file);
	iss_error_blame_file(err, identity->key_file);
	return ISS_ERROR;
}

/* The first certificate is the leaf, the others are its chain. */
static int
take_cert_handles(
    struct iss_error *err, struct iss_keypair *pair, STACK_OF(X509) * certs)
{
	X509 *ca;
	int n;

	for (n = 1; n < sk_X509_num(certs); n++) {
		ca = sk_X509_value(certs, n);
		if (pair->chain == NULL)
			pair->chain = sk_X509_new_null();
		if (pair->chain == NULL || !sk_X509_push(pair->chain, ca))
			return iss_error_openssl(err, "SSL_cert");
		X509_up_ref(ca);
	}
	pair->cert = sk_X509_value(certs, 0);
	X509_up_ref(pair->cert);
	return ISS_OK;
}

static bool
has_key(const struct iss_identity *identity)
{
	return identity->key != NULL || identity->key_text.len > 0;
}

/* A handle takes precedence over a file, which may hold the key as well. */
static int
collect_cert(struct iss_error *err, struct iss_keypair *pair,
    const struct iss_identity *identity, const struct iss_link *link)
{
	unsigned want = ISS_KEYPAIR_CERT;

	if (identity->cert != NULL)
		return take_cert_handles(err, pair, identity->cert);
	if (identity->cert_file == NULL)
		return ISS_OK;
	want |= !has_key(identity) && identity->key_file == NULL
		    ? ISS_KEYPAIR_TRY_KEY
		    : ISS_KEYPAIR_PKCS12_KEY;
	return load_file(
	    err, pair, "SSL_cert_file", identity->cert_file, want, link);
}

static int
collect_key(struct iss_error *err, struct iss_keypair *pair,
    const struct iss_identity *identity, const struct iss_link *link)
{
	if (pair->key != NULL)
		return check_key_file(err, identity);
	if (identity->key != NULL) {
		EVP_PKEY_up_ref(identity->key);
		pair->key = identity->key;
		return ISS_OK;
	}
	if (identity->key_text.len > 0)
		return load_text(err, pair, &identity->key_text, link);
	if (identity->key_file == NULL)
		return ISS_OK;
	return load_file(err, pair, "SSL_key_file", identity->key_file,
	    ISS_KEYPAIR_KEY, link);
}

/* Where a pair goes: one of these is NULL. */
struct place {
	SSL_CTX *ctx;
	SSL *ssl;
};

/* In one step with the chain, so that a weak one is found here. */
static int
use_pair(struct iss_error *err, const struct place *place,
    struct iss_keypair *pair, const char *cert_name, const char *key_name)
{
	if (!pair->matched &&
	    iss_keypair_check(err, pair, cert_name, key_name) != ISS_OK)
		return ISS_ERROR;
	if (!(place->ssl != NULL ? SSL_use_cert_and_key(place->ssl, pair->cert,
				       pair->key, pair->chain, 1)
				 : SSL_CTX_use_cert_and_key(place->ctx,
				       pair->cert, pair->key, pair->chain, 0)))
		return iss_error_openssl(err,
		    "%s: OpenSSL cannot use this certificate and key",
		    cert_name);
	return ISS_OK;
}

static int
use_cert(struct iss_error *err, SSL_CTX *ctx, const struct iss_keypair *pair)
{
	if (!SSL_CTX_use_certificate(ctx, pair->cert) ||
	    !SSL_CTX_set1_chain(ctx, pair->chain))
		return iss_error_openssl(
		    err, "SSL_cert: OpenSSL cannot use this certificate");
	return ISS_OK;
}

static int
use_what_there_is(struct iss_error *err, const struct place *place,
    struct iss_keypair *pair, const struct iss_identity *identity)
{
	const char *cert_name = "SSL_cert";
	const char *key_name = "SSL_key";

	if (identity->cert == NULL)
		cert_name = identity->cert_file;
	if (!has_key(identity))
		key_name =
		    identity->key_file != NULL ? identity->key_file : cert_name;
	if (pair->key != NULL)
		return use_pair(err, place, pair, cert_name, key_name);
	if (identity->cert != NULL && place->ctx != NULL)
		return use_cert(err, place->ctx, pair);
	return iss_error_set(err,
	    "%s: no private key: set SSL_key or SSL_key_file, or add the key "
	    "to the certificate's file",
	    cert_name);
}

/* Only files are remembered: handles may change. */
static bool
has_files(const struct iss_identity *identity, struct iss_pair_files *files)
{
	files->cert = identity->cert_file;
	files->key = identity->key_file;
	return identity->cert_file != NULL && identity->cert == NULL &&
	       !has_key(identity);
}

static int
collect(struct iss_error *err, struct iss_keypair *pair,
    const struct iss_identity *identity, const struct iss_link *link)
{
	int rv = collect_cert(err, pair, identity, link);

	if (rv == ISS_OK && pair->cert != NULL)
		rv = collect_key(err, pair, identity, link);
	return rv;
}

static int
use_in(struct iss_error *err, const struct place *place,
    const struct iss_identity *identity, const struct iss_link *link,
    bool remember, bool *used)
{
	struct iss_pair_files files;
	struct iss_keypair pair;
	bool found = false;
	int rv = ISS_OK;

	*used = false;
	iss_keypair_init(&pair);
	remember = remember && has_files(identity, &files);
	if (remember)
		found = iss_pair_cache_get1(&files, &pair);
	if (!found)
		rv = collect(err, &pair, identity, link);
	if (rv == ISS_OK && pair.cert != NULL) {
		rv = use_what_there_is(err, place, &pair, identity);
		*used = rv == ISS_OK && pair.key != NULL;
	}
	if (*used && remember && !found)
		iss_pair_cache_keep(&files, &pair);
	iss_keypair_release(&pair);
	return rv;
}

int
iss_identity_use(struct iss_error *err, SSL_CTX *ctx,
    const struct iss_identity *identity, const struct iss_link *link,
    bool remember, bool *used)
{
	const struct place place = { ctx, NULL };

	return use_in(err, &place, identity, link, remember, used);
}

int
iss_identity_show(struct iss_error *err, SSL *ssl,
    const struct iss_identity *identity, const struct iss_link *link,
    bool remember)
{
	const struct place place = { NULL, ssl };
	bool used;

	if (use_in(err, &place, identity, link, remember, &used) != ISS_OK)
		return ISS_ERROR;
	return used ? ISS_OK : iss_error_set(err, "there is no certificate");
}
