/*
 * PEM and certificates as Perl values.
 */
#ifndef ISS_XS_UTILS_H
#define ISS_XS_UTILS_H

#include "perl_core.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

/* What iss_push_pem looks for, and where. */
enum {
	ISS_PEM_FILE = 1, /* the source is a file's name, not PEM */
	ISS_PEM_KEY = 2,  /* a private key, not a certificate */
	ISS_PEM_ALL = 4,  /* all certificates */
	ISS_PEM_FILE_ALL = ISS_PEM_FILE | ISS_PEM_ALL,
	ISS_PEM_FILE_KEY = ISS_PEM_FILE | ISS_PEM_KEY
};

/* Push handles that are the program's to free. */
void iss_push_pem(pTHX_ SV *source, unsigned what);
/* New values; all of these croak with the reason. */
SV *iss_cert_to_pem(pTHX_ X509 *cert);
SV *iss_key_to_pem(pTHX_ EVP_PKEY *key);
void iss_write_pem(pTHX_ SV *file, SV *pem, bool secret);
SV *iss_new_rsa_key(pTHX_ SV *bits);
SV *iss_new_ec_key(pTHX_ SV *curve);
SV *iss_cert_as_hash(pTHX_ X509 *cert, SV *digest);

#endif
