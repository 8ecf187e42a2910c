/*
 * Diffie-Hellman parameters from a file or a handle into a context.
 */
#include "context/dh.h"

#include <openssl/bio.h>
#include <openssl/err.h>
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

const char *
iss_dh_other_groups(void)
{
	return ISS_COMPAT_NAMES_DH_GROUPS ? "DEFAULT:-ffdhe2048:-ffdhe3072:"
					    "-ffdhe4096:-ffdhe6144:-ffdhe8192"
					  : NULL;
}

static bool
is_dhe(const SSL_CIPHER *cipher)
{
	int kind = SSL_CIPHER_get_kx_nid(cipher);

	return kind == NID_kx_dhe || kind == NID_kx_dhe_psk;
}

/* Append the names of the ciphers of TLS 1.2 and below, but those with DHE.  Is
 * there any of these? */
static bool
ciphers_without_dhe(SSL_CTX *ctx, struct iss_buf *out)
{
	const STACK_OF(SSL_CIPHER) *all = SSL_CTX_get_ciphers(ctx);
	const SSL_CIPHER *cipher;
	bool found = false;
	int i;

	for (i = 0; i < sk_SSL_CIPHER_num(all); i++) {
		cipher = sk_SSL_CIPHER_value(all, i);
		if (is_dhe(cipher))
			found = true;
		else if (SSL_CIPHER_get_kx_nid(cipher) != NID_kx_any)
			iss_buf_printf(out, "%s%s", out->len > 0 ? ":" : "",
			    SSL_CIPHER_get_name(cipher));
	}
	return found;
}

/* If no cipher is left OpenSSL reports an error and takes the empty list
 * nevertheless: TLS 1.3 has its own. */
static int
leave_out_dhe(struct iss_error *err, SSL_CTX *ctx, struct iss_buf *ciphers)
{
	if (!ciphers_without_dhe(ctx, ciphers))
		return ISS_OK;
	if (ciphers->overflowed)
		return iss_error_memory(err);
	if (SSL_CTX_set_cipher_list(ctx, iss_buf_text(ciphers)))
		return ISS_OK;
	if (ciphers->len == 0 && !ciphers_without_dhe(ctx, ciphers)) {
		ERR_clear_error();
		return ISS_OK;
	}
	return iss_error_openssl(err, "cannot leave out Diffie-Hellman");
}

/* Since 4.0 it is not enough to have no group. */
int
iss_dh_turn_off(struct iss_error *err, SSL_CTX *ctx)
{
	struct iss_buf ciphers;
	int rv;

	SSL_CTX_set_dh_auto(ctx, 0);
	if (!ISS_COMPAT_NAMES_DH_GROUPS)
		return ISS_OK;
	iss_buf_init(&ciphers, CIPHERS_MAX);
	rv = leave_out_dhe(err, ctx, &ciphers);
	iss_buf_release(&ciphers);
	return rv;
}
