/*
 * Walking through the blocks of a PEM text with PEM_read_bio(3).
 */
#include "x509/pem.h"

#include <limits.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>

static const char begin[] = "-----BEGIN ";

/* The length of an editor's byte order mark, which would hide the first block.
 */
static size_t
bom_len(const void *bytes, size_t len)
{
	return len >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
}

bool
iss_pem_is(const void *bytes, size_t len)
{
	const char *at = (const char *)bytes + bom_len(bytes, len);
	const char *end = (const char *)bytes + len;

	while (at != NULL && (size_t)(end - at) >= sizeof(begin) - 1) {
		if (memcmp(at, begin, sizeof(begin) - 1) == 0)
			return true;
		if ((at = memchr(at, '\n', (size_t)(end - at))) != NULL)
			at++;
	}
	return false;
}

int
iss_pem_init(
    struct iss_error *err, struct iss_pem *pem, const void *bytes, size_t len)
{
	size_t skip = bom_len(bytes, len);

	memset(pem, 0, sizeof(*pem));
	if (len > INT_MAX)
		return iss_error_set(err, "the PEM text is too large");
	pem->bio =
	    BIO_new_mem_buf((const char *)bytes + skip, (int)(len - skip));
	if (pem->bio == NULL)
		return iss_error_set(err, "out of memory");
	return ISS_OK;
}

static void
drop_block(struct iss_pem *pem)
{
	OPENSSL_free(pem->label);
	OPENSSL_free(pem->header);
	OPENSSL_clear_free(pem->data, (size_t)pem->len);
	pem->label = pem->header = NULL;
	pem->data = NULL;
	pem->len = 0;
}

void
iss_pem_release(struct iss_pem *pem)
{
	drop_block(pem);
	BIO_free(pem->bio);
	pem->bio = NULL;
}

int
iss_pem_next(struct iss_error *err, struct iss_pem *pem, const char *name)
{
	unsigned long e;

	drop_block(pem);
	ERR_clear_error();
	if (PEM_read_bio(
		pem->bio, &pem->label, &pem->header, &pem->data, &pem->len)) {
		pem->blocks++;
		return ISS_OK;
	}
	e = ERR_peek_last_error();
	if (ERR_GET_LIB(e) == ERR_LIB_PEM &&
	    ERR_GET_REASON(e) == PEM_R_NO_START_LINE) {
		ERR_clear_error();
		return ISS_EOF;
	}
	return iss_error_openssl(
	    err, "%s: PEM block %zu is damaged", name, pem->blocks + 1);
}

bool
iss_pem_is_cert(const struct iss_pem *pem)
{
	return strcmp(pem->label, PEM_STRING_X509) == 0 ||
	       strcmp(pem->label, PEM_STRING_X509_OLD) == 0 ||
	       strcmp(pem->label, PEM_STRING_X509_TRUSTED) == 0;
}

bool
iss_pem_is_crl(const struct iss_pem *pem)
{
	return strcmp(pem->label, PEM_STRING_X509_CRL) == 0;
}

bool
iss_pem_is_key(const struct iss_pem *pem)
{
	static const char suffix[] = "PRIVATE KEY";
	size_t len = strlen(pem->label);

	return len >= sizeof(suffix) - 1 &&
	       strcmp(pem->label + len - (sizeof(suffix) - 1), suffix) == 0;
}

/* A plain certificate may carry the trust settings of a trusted one, as in
 * PEM_read_bio_X509_AUX(3). */
X509 *
iss_pem_cert(struct iss_error *err, const struct iss_pem *pem, const char *name)
{
	const unsigned char *at = pem->data;
	X509 *cert;

	ERR_clear_error();
	cert = d2i_X509_AUX(NULL, &at, pem->len);
	if (cert == NULL)
		iss_error_openssl(err,
		    "%s: the certificate in PEM block %zu is damaged", name,
		    pem->blocks);
	return cert;
}

X509_CRL *
iss_pem_crl(struct iss_error *err, const struct iss_pem *pem, const char *name)
{
	const unsigned char *at = pem->data;
	X509_CRL *crl;

	ERR_clear_error();
	crl = d2i_X509_CRL(NULL, &at, pem->len);
	if (crl == NULL)
		iss_error_openssl(err,
		    "%s: the revocation list in PEM block %zu is damaged", name,
		    pem->blocks);
	return crl;
}

int
iss_pem_add_key(struct iss_error *err, struct iss_buf *out, EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_mem());
	int rv = ISS_OK;

	ERR_clear_error();
	if (bio == NULL ||
	    !PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL))
		rv = iss_error_openssl(err, "cannot write a private key");
	else if (!iss_buf_append_bio(out, bio))
		rv = iss_error_set(err, "out of memory");
	BIO_free(bio); /* wipes the bytes */
	return rv;
}
