/*
 * Any bytes as a certificate, and as the value of its subjectAltName extension.
 * The names stay within bounds, and the text has no control characters.
 */
#include "x509/cert.h"
#include "x509/cert_names.h"

#include <stdint.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "claim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
claim_harmless(const struct iss_buf *text)
{
	size_t i;

	for (i = 0; i < text->len; i++)
		claim(text->data[i] == '\n' ||
		      (text->data[i] >= ' ' && text->data[i] <= '~'));
}

/* Reads every byte, so that a sanitizer sees a read out of bounds. */
static unsigned
sum(const struct iss_san *name)
{
	unsigned total = 0;
	size_t i;

	for (i = 0; i < name->len; i++)
		total += name->bytes[i];
	return total;
}

static void
claim_names(const X509 *cert)
{
	const struct iss_presented *told;
	struct iss_cert_names names;
	struct iss_error err;
	size_t i;

	iss_error_clear(&err);
	claim(iss_cert_names_init(&err, &names, cert) == 0);
	told = &names.presented;
	claim(told->state == ISS_SAN_PRESENT || told->n_sans == 0);
	claim(told->n_cns <= 1);
	for (i = 0; i < told->n_sans; i++) {
		claim(told->sans[i].type != GEN_IPADD ||
		      told->sans[i].len == 4 || told->sans[i].len == 16);
		claim(told->sans[i].bytes != NULL || told->sans[i].len == 0);
		claim(sum(&told->sans[i]) <= told->sans[i].len * 255);
	}
	for (i = 0; i < told->n_cns; i++)
		claim(sum(&told->cns[i]) <= told->cns[i].len * 255);
	iss_cert_names_release(&names);
}

static void
claim_text(X509 *cert)
{
	struct iss_error err;
	struct iss_buf text;

	iss_error_clear(&err);
	iss_buf_init(&text, ISS_CERT_TEXT_MAX);
	if (iss_cert_dump(&err, cert, &text) == 0) {
		claim(strncmp(text.data, "Subject Name: ", 14) == 0);
		claim_harmless(&text);
	} else {
		claim(iss_error_is_set(&err));
	}
	iss_buf_release(&text);
	claim(ERR_peek_error() == 0);
}

/* A certificate with only this extension. */
static X509 *
with_san(const uint8_t *data, size_t size)
{
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	X509_EXTENSION *ext;
	X509 *cert = X509_new();

	claim(cert != NULL && value != NULL);
	claim(ASN1_OCTET_STRING_set(value, data, (int)size));
	ext =
	    X509_EXTENSION_create_by_NID(NULL, NID_subject_alt_name, 0, value);
	claim(ext != NULL && X509_add_ext(cert, ext, -1));
	X509_EXTENSION_free(ext);
	ASN1_OCTET_STRING_free(value);
	return cert;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const unsigned char *at = data;
	X509 *cert = d2i_X509(NULL, &at, (long)size);

	ERR_clear_error();
	if (cert != NULL) {
		claim_names(cert);
		claim_text(cert);
		X509_free(cert);
	}
	cert = with_san(data, size);
	claim_names(cert);
	X509_free(cert);
	return 0;
}
