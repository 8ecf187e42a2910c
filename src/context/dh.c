/*
 * Diffie-Hellman parameters from a file or a handle into a context.
 */
#include "context/dh.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/buf.h"
#include "base/compat.h"
#include "base/file.h"

static bool
is_dh(const EVP_PKEY *key)
{
	int id = EVP_PKEY_base_id(key);

	return id == EVP_PKEY_DH || id == EVP_PKEY_DHX;
}

/* Parameters are public, so nothing needs wiping. */
static int
parse_params(struct iss_error *err, const char *file,
    const struct iss_buf *text, EVP_PKEY **out)
{
	BIO *bio = BIO_new_mem_buf(text->data, (int)text->len);
	EVP_PKEY *key = NULL;
	int rv = ISS_ERROR;

	if (bio == NULL)
		iss_error_openssl(err, "%s", file);
	else if ((key = PEM_read_bio_Parameters(bio, NULL)) == NULL)
		iss_error_openssl(
		    err, "%s: no DH parameters in PEM format found", file);
	else if (!is_dh(key))
		iss_error_set(err, "%s: the parameters are not for DH", file);
	else
		rv = ISS_OK;
	if (rv == ISS_OK) {
		*out = key;
		key = NULL;
	}
	EVP_PKEY_free(key);
	BIO_free(bio);
	return rv;
}

int
iss_dh_use_file(struct iss_error *err, SSL_CTX *ctx, const char *file)
{
	EVP_PKEY *key = NULL;
	struct iss_buf text;
	int rv;

	iss_buf_init(&text, ISS_FILE_MAX);
	rv = iss_file_read(err, file, &text, NULL);
	if (rv == ISS_OK)
		rv = parse_params(err, file, &text, &key);
	iss_buf_release(&text);
	if (rv == ISS_OK && !iss_compat_set1_tmp_dh(ctx, key))
		rv = iss_error_openssl(err, "%s", file);
	EVP_PKEY_free(key);
	return rv;
}

int
iss_dh_use_handle(struct iss_error *err, SSL_CTX *ctx, void *dh)
{
	if (SSL_CTX_ctrl(ctx, ISS_COMPAT_CTRL_SET_TMP_DH, 0, dh))
		return ISS_OK;
	return iss_error_openssl(err, "cannot use these DH parameters");
}
