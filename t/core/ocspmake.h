/*
 * Responses of OCSP for the tests of the core, of all kinds; the key is that
 * of t/certs/NAME.key.
 */
#ifndef ISS_OCSPMAKE_H
#define ISS_OCSPMAKE_H

#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#include "fixture.h"

/* What a response is made from; zeroes and NULLs mean the usual. */
struct made_response {
	const EVP_MD *id_digest; /* SHA-1 */
	int status;              /* good */
	int reason;              /* of a revocation; -1: none */
	long long this_update;   /* since 1970 */
	long long next_update;   /* 0: none */
	X509 *signer;            /* the issuer */
	const char *key;         /* whose key signs */
	X509 *along;             /* goes along beside the signer */
	unsigned long flags;     /* of OCSP_basic_sign(3) */
};

static inline ASN1_TIME *
made_time(long long seconds)
{
	return ASN1_TIME_adj(
	    NULL, 0, (int)(seconds / 86400), (long)(seconds % 86400));
}

/* A certificate of t/certs/NAME.key, issued by issuer with the key of
 * ISSUER_KEY.key; usage may be NULL. */
static inline X509 *
made_cert(const char *name, X509 *issuer, const char *issuer_key,
    const char *usage, long long until)
{
	X509 *cert = X509_new();
	EVP_PKEY *key = fixture_key(name);
	EVP_PKEY *ca_key = fixture_key(issuer_key);
	ASN1_TIME *from = made_time(1577836800); /* 2020 */
	ASN1_TIME *to = made_time(until);
	X509_NAME *subject = X509_NAME_new();
	X509_EXTENSION *ext;
	char text[64];

	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
	    (const unsigned char *)name, -1, -1, 0);
	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 77);
	X509_set_subject_name(cert, subject);
	X509_set_issuer_name(cert, X509_get_subject_name(issuer));
	X509_set1_notBefore(cert, from);
	X509_set1_notAfter(cert, to);
	X509_set_pubkey(cert, key);
	if (usage != NULL) {
		snprintf(text, sizeof(text), "%s", usage);
		ext = X509V3_EXT_conf_nid(NULL, NULL, NID_ext_key_usage, text);
		X509_add_ext(cert, ext, -1);
		X509_EXTENSION_free(ext);
	}
	if (!X509_sign(cert, ca_key, EVP_sha256())) {
		printf("Bail out! cannot make a certificate\n");
		exit(2);
	}
	X509_NAME_free(subject);
	ASN1_TIME_free(from);
	ASN1_TIME_free(to);
	EVP_PKEY_free(key);
	EVP_PKEY_free(ca_key);
	return cert;
}

static inline OCSP_BASICRESP *
made_basic(X509 *cert, X509 *issuer, const struct made_response *how)
{
	OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
	EVP_PKEY *key = fixture_key(how->key != NULL ? how->key : "ca");
	STACK_OF(X509) *along = sk_X509_new_null();
	OCSP_CERTID *id = OCSP_cert_to_id(
	    how->id_digest != NULL ? how->id_digest : EVP_sha1(), cert, issuer);
	ASN1_TIME *this_update = made_time(how->this_update);
	ASN1_TIME *next_update =
	    how->next_update != 0 ? made_time(how->next_update) : NULL;
	ASN1_TIME *revoked = made_time(1577836800);

	ASN1_TIME_to_generalizedtime(this_update, &this_update);
	if (next_update != NULL)
		ASN1_TIME_to_generalizedtime(next_update, &next_update);
	if (how->along != NULL)
		sk_X509_push(along, how->along);
	if (OCSP_basic_add1_status(basic, id, how->status, how->reason,
		how->status == V_OCSP_CERTSTATUS_REVOKED ? revoked : NULL,
		this_update, next_update) == NULL ||
	    !OCSP_basic_sign(basic, how->signer != NULL ? how->signer : issuer,
		key, EVP_sha256(), along, how->flags)) {
		printf("Bail out! cannot make a response\n");
		exit(2);
	}
	ASN1_TIME_free(this_update);
	ASN1_TIME_free(next_update);
	ASN1_TIME_free(revoked);
	OCSP_CERTID_free(id);
	sk_X509_free(along);
	EVP_PKEY_free(key);
	return basic;
}

/* Its DER, to be freed with OPENSSL_free. */
static inline unsigned char *
made_der(OCSP_BASICRESP *basic, int status, size_t *len)
{
	OCSP_RESPONSE *response = OCSP_response_create(status, basic);
	unsigned char *der = NULL;

	*len = (size_t)i2d_OCSP_RESPONSE(response, &der);
	OCSP_RESPONSE_free(response);
	return der;
}

#endif
