/*
 * Reading facts out of an X509.
 */
#include "x509/cert.h"

#include <string.h>

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/tls1.h>
#include <openssl/x509v3.h>

#include "base/ex_index.h"
#include "x509/cert_names.h"
#include "x509/name.h"

int
iss_cert_subject_text(
    struct iss_error *err, const X509 *cert, struct iss_buf *out)
{
	return iss_name_text(err, X509_get_subject_name(cert), out);
}

int
iss_cert_issuer_text(
    struct iss_error *err, const X509 *cert, struct iss_buf *out)
{
	return iss_name_text(err, X509_get_issuer_name(cert), out);
}

int
iss_cert_fingerprint(struct iss_error *err, const X509 *cert, const char *algo,
    bool pubkey, unsigned char out[EVP_MAX_MD_SIZE], size_t *len)
{
	const EVP_MD *md = EVP_get_digestbyname(algo);
	unsigned int size = 0;
	int ok;

	if (md == NULL)
		return iss_error_set(err, "unknown digest '%.64s'", algo);
	ok = pubkey ? X509_pubkey_digest(cert, md, out, &size)
		    : X509_digest(cert, md, out, &size);
	if (!ok)
		return iss_error_openssl(
		    err, "cannot compute the digest '%.64s'", algo);
	*len = size;
	return ISS_OK;
}

int
iss_cert_fingerprint_text(struct iss_error *err, const X509 *cert,
    const char *algo, bool pubkey, struct iss_buf *out)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	size_t i, len;

	if (iss_cert_fingerprint(err, cert, algo, pubkey, md, &len) != ISS_OK)
		return ISS_ERROR;
	iss_buf_printf(out, "%s$%s", algo, pubkey ? "pub$" : "");
	for (i = 0; i < len; i++)
		iss_buf_printf(out, "%02x", md[i]);
	return out->overflowed ? iss_error_set(err, "out of memory") : 0;
}

int
iss_cert_pem(struct iss_error *err, X509 *cert, struct iss_buf *out)
{
	BIO *bio = BIO_new(BIO_s_mem());
	int rv = ISS_OK;

	if (bio == NULL || !PEM_write_bio_X509(bio, cert))
		rv = iss_error_openssl(err, "cannot write a certificate");
	else if (!iss_buf_append_bio(out, bio))
		rv = iss_error_set(err, "out of memory");
	BIO_free(bio);
	return rv;
}

static int
dump_time(struct iss_error *err, const char *label, const ASN1_TIME *time,
    struct iss_buf *out)
{
	BIO *bio = BIO_new(BIO_s_mem());
	bool ok = bio != NULL;

	if (ok) {
		iss_buf_puts(out, label);
		/* writes "Bad time value" for one that cannot be read */
		(void)ASN1_TIME_print(bio, time);
		ok = iss_buf_append_bio(out, bio);
		iss_buf_puts(out, "\n");
	}
	BIO_free(bio);
	ERR_clear_error();
	return ok ? ISS_OK : iss_error_set(err, "out of memory");
}

static void
dump_serial(const X509 *cert, struct iss_buf *out)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(cert);
	const unsigned char *bytes = ASN1_STRING_get0_data(serial);
	int i, len = ASN1_STRING_length(serial);

	iss_buf_puts(out, "Serial Number: ");
	if ((ASN1_STRING_type(serial) & V_ASN1_NEG) != 0)
		iss_buf_puts(out, "-");
	for (i = 0; i < len; i++)
		iss_buf_printf(out, "%02x", bytes[i]);
	iss_buf_puts(out, "\n");
}

static int
dump_names(struct iss_error *err, const X509 *cert, struct iss_buf *out)
{
	struct iss_cert_names names;
	struct iss_presented sans;
	int rv = iss_cert_names_init(err, &names, cert);

	if (rv == ISS_OK && names.presented.state != ISS_SAN_ABSENT) {
		sans = names.presented;
		sans.n_cns = 0; /* the subject shows it */
		iss_buf_puts(out, "Alternative Names: ");
		if (sans.state == ISS_SAN_BROKEN)
			iss_buf_puts(out, "cannot be parsed");
		else
			iss_presented_describe(out, &sans);
		iss_buf_puts(out, "\n");
	}
	iss_cert_names_release(&names);
	return rv;
}

int
iss_cert_dump(struct iss_error *err, const X509 *cert, struct iss_buf *out)
{
	iss_buf_puts(out, "Subject Name: ");
	if (iss_cert_subject_text(err, cert, out) != ISS_OK)
		return ISS_ERROR;
	iss_buf_puts(out, "\nIssuer  Name: ");
	if (iss_cert_issuer_text(err, cert, out) != ISS_OK)
		return ISS_ERROR;
	iss_buf_puts(out, "\n");
	if (dump_time(err, "Not Before: ", X509_get0_notBefore(cert), out) !=
		ISS_OK ||
	    dump_time(err, "Not After: ", X509_get0_notAfter(cert), out) !=
		ISS_OK)
		return ISS_ERROR;
	dump_serial(cert, out);
	if (dump_names(err, cert, out) != ISS_OK)
		return ISS_ERROR;
	iss_buf_puts(out, "Fingerprint: ");
	if (iss_cert_fingerprint_text(err, cert, "sha256", false, out) !=
	    ISS_OK)
		return ISS_ERROR;
	iss_buf_puts(out, "\n");
	return out->overflowed ? iss_error_set(err, "out of memory") : 0;
}

void
iss_cert_describe(struct iss_buf *out, const X509 *cert, int depth, long error)
{
	struct iss_error ignored;
	const ASN1_TIME *when = NULL;
	BIO *text = NULL;
	char *date;
	long len;

	iss_error_clear(&ignored);
	iss_buf_printf(out, " (depth %d", depth);
	if (cert != NULL) {
		iss_buf_puts(out, ", subject ");
		iss_cert_subject_text(&ignored, cert, out);
		iss_buf_puts(out, ", issuer ");
		iss_cert_issuer_text(&ignored, cert, out);
		if (error == X509_V_ERR_CERT_HAS_EXPIRED)
			when = X509_get0_notAfter(cert);
		if (error == X509_V_ERR_CERT_NOT_YET_VALID)
			when = X509_get0_notBefore(cert);
	}
	if (when != NULL && (text = BIO_new(BIO_s_mem())) != NULL &&
	    ASN1_TIME_print(text, when)) {
		len = BIO_get_mem_data(text, &date);
		iss_buf_printf(out, ", %s %.*s",
		    error == X509_V_ERR_CERT_HAS_EXPIRED ? "not after"
							 : "not before",
		    (int)len, date);
	}
	BIO_free(text);
	iss_buf_puts(out, ")");
}

ISS_EX_INDEX(taken_index, X509, NULL);

bool
iss_cert_take(X509 *cert)
{
	return X509_get_ex_data(cert, taken_index()) == NULL &&
	       X509_set_ex_data(cert, taken_index(), cert) != 0;
}

bool
iss_cert_must_staple(const X509 *cert)
{
	TLS_FEATURE *features;
	bool must = false;
	int i, found;

	features = X509_get_ext_d2i(cert, NID_tlsfeature, &found, NULL);
	if (features == NULL)
		must = found != -1; /* -1: there is none */
	for (i = 0; i < sk_ASN1_INTEGER_num(features); i++)
		must |= ASN1_INTEGER_get(sk_ASN1_INTEGER_value(features, i)) ==
			TLSEXT_TYPE_status_request;
	TLS_FEATURE_free(features);
	ERR_clear_error();
	return must;
}
