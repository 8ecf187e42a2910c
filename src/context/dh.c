/*
 * Diffie-Hellman parameters from a file or a handle into a context.
 */
#include "context/dh.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pem.h>

#include "base/buf.h"
#include "base/compat.h"
#include "base/file.h"

enum { CIPHERS_MAX = 1 << 14 }; /* several times the text of all of them */

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

int
iss_dh_insist(struct iss_error *err, SSL_CTX *ctx)
{
	static const char groups[] =
	    "DEFAULT:-ffdhe2048:-ffdhe3072:-ffdhe4096:-ffdhe6144:-ffdhe8192";

	if (!ISS_COMPAT_NAMES_DH_GROUPS ||
	    SSL_CTX_set1_groups_list(ctx, groups))
		return ISS_OK;
	return iss_error_openssl(err, "cannot leave out other groups");
}

/* Append the names of the ciphers of TLS 1.2 and below, but those with DHE. */
static void
ciphers_without_dhe(SSL_CTX *ctx, struct iss_buf *out)
{
	const STACK_OF(SSL_CIPHER) *all = SSL_CTX_get_ciphers(ctx);
	const SSL_CIPHER *cipher;
	int i, kind;

	for (i = 0; i < sk_SSL_CIPHER_num(all); i++) {
		cipher = sk_SSL_CIPHER_value(all, i);
		kind = SSL_CIPHER_get_kx_nid(cipher);
		if (kind == NID_kx_any || kind == NID_kx_dhe ||
		    kind == NID_kx_dhe_psk)
			continue;
		iss_buf_printf(out, "%s%s", out->len > 0 ? ":" : "",
		    SSL_CIPHER_get_name(cipher));
	}
}

/* Since 4.0 it is not enough to have no group. */
int
iss_dh_turn_off(struct iss_error *err, SSL_CTX *ctx)
{
	struct iss_buf ciphers;
	int rv = ISS_OK;

	SSL_CTX_set_dh_auto(ctx, 0);
	if (!ISS_COMPAT_NAMES_DH_GROUPS)
		return ISS_OK;
	iss_buf_init(&ciphers, CIPHERS_MAX);
	ciphers_without_dhe(ctx, &ciphers);
	if (!SSL_CTX_set_cipher_list(ctx, iss_buf_text(&ciphers)))
		rv = iss_error_openssl(
		    err, "no cipher without Diffie-Hellman is left");
	iss_buf_release(&ciphers);
	return rv;
}
