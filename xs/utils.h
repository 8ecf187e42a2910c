/*
 * IO::Socket::SSL::Utils: certificates and keys as handles, PEM in scalars, and
 * what a certificate says as a hash.  All functions croak with the reason of a
 * failure.
 */
#ifndef ISS_XS_UTILS_H
#define ISS_XS_UTILS_H

#include "perl_core.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

/* Flags of iss_push_pem. */
enum {
	ISS_PEM_FILE = 1, /* the source is a file's name, not PEM */
	ISS_PEM_KEY = 2,  /* a private key, not a certificate */
	ISS_PEM_ALL = 4,  /* all certificates */
	ISS_PEM_FILE_ALL = ISS_PEM_FILE | ISS_PEM_ALL,
	ISS_PEM_FILE_KEY = ISS_PEM_FILE | ISS_PEM_KEY
};

/* Push handles, which the program must free, on the stack: after a PUTBACK of
 * the XSUB. */
void iss_push_pem(pTHX_ SV *source, unsigned what);
/* All return new values. */
SV *iss_cert_to_pem(pTHX_ X509 *cert);
SV *iss_key_to_pem(pTHX_ EVP_PKEY *key);
void iss_write_pem(pTHX_ SV *file, SV *pem, bool secret);
SV *iss_new_rsa_key(pTHX_ SV *bits);
SV *iss_new_ec_key(pTHX_ SV *curve);

#endif
