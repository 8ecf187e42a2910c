/*
 * Any bytes as a certificate that a proxy copies, and, before a NUL, as an
 * extension in words.  A copy that succeeds can be signed and has the same
 * subject.
 */
#include "x509/certgen.h"

#include <stdint.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "claim.h"
#include "x509/key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Made once: it takes longer than everything else. */
static EVP_PKEY *
key_of_proxy(void)
{
	static EVP_PKEY *key;
	struct iss_error err;

	iss_error_clear(&err);
	if (key == NULL)
		claim(iss_key_new_ec(&err, &key, "prime256v1") == ISS_OK);
	return key;
}

static void
claim_copy(X509 *original)
{
	struct iss_certgen gen;
	struct iss_error err;
	X509 *copy = NULL;

	iss_error_clear(&err);
	claim(
	    iss_certgen_init(&err, &gen, key_of_proxy(), NULL, NULL) == ISS_OK);
	if (iss_certgen_copy(&err, &gen, original) == ISS_OK &&
	    iss_certgen_sign(&err, &gen, "sha256", &copy) == ISS_OK)
		claim(X509_NAME_cmp(X509_get_subject_name(copy),
			  X509_get_subject_name(original)) == 0);
	else
		claim(iss_error_is_set(&err) && copy == NULL);
	X509_free(copy);
	iss_certgen_release(&gen);
}

/* NAME, a line feed, VALUE. */
static void
claim_extension(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *value;
	struct iss_certgen gen;
	struct iss_error err;
	int rv;

	claim(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	if ((value = strchr(text, '\n')) != NULL &&
	    strstr(value, "file:") == NULL) { /* v3_config reads files */
		*value++ = '\0';
		iss_error_clear(&err);
		claim(iss_certgen_init(
			  &err, &gen, key_of_proxy(), NULL, NULL) == ISS_OK);
		rv = iss_certgen_ext(&err, &gen, text, false, value);
		claim((rv != ISS_OK) == iss_error_is_set(&err));
		iss_error_clear(&err);
		rv = iss_certgen_serial(&err, &gen, value);
		claim((rv != ISS_OK) == iss_error_is_set(&err));
		iss_certgen_release(&gen);
	}
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *at = data;
	X509 *cert = d2i_X509(NULL, &at, (long)size);

	ERR_clear_error();
	if (cert != NULL)
		claim_copy(cert);
	X509_free(cert);
	claim_extension(data, size);
	claim(ERR_peek_error() == 0);
	return 0;
}
