/*
 * What a context trusts: CA files, CA directories, CA certificates at hand,
 * revocation lists, put into the X509_STORE of that context.
 *
 * A CA file is parsed once a process, into an immutable set that all stores
 * share; a store takes from it what a verification asks for, by name, and
 * keeps it as its own.  So a certificate which a program adds to one context
 * is trusted by that context alone, and a context with 140 CAs costs what one
 * with none does.
 */
#ifndef ISS_TRUST_H
#define ISS_TRUST_H

#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include "base/error.h"

/*
 * Trust the certificates of a file: PEM (plain or "TRUSTED CERTIFICATE", any
 * text between them) or one in DER.  Revocation lists in it are added too.
 * The file is parsed unless the process holds what it parsed from the same,
 * unchanged, file (device, inode, size, times).  Several files may be added
 * to one store.
 *
 * The store's get_issuer and lookup_certs are set (X509_STORE_set_get_issuer
 * (3)); they fetch the certificates of the name, then do what OpenSSL does.
 *
 * Returns 0, or ISS_ERROR with "FILE: reason".
 */
int iss_trust_add_file(
    struct iss_error *err, X509_STORE *store, const char *file);

/*
 * Trust the certificates, and use the revocation lists, of directories with
 * hashed names (openssl-rehash(1)); they are looked up when needed.  dirs is
 * one path or several with ':' between them.  Returns 0, or ISS_ERROR that
 * names the one which is no readable directory.
 */
int iss_trust_add_dirs(
    struct iss_error *err, X509_STORE *store, const char *dirs);

/* Trust this certificate; the store takes its own reference. */
int iss_trust_add_cert(struct iss_error *err, X509_STORE *store, X509 *cert);

/*
 * Use all revocation lists of a file, PEM or one in DER; none is an error.
 * Whether a verification asks for them is X509_V_FLAG_CRL_CHECK's business.
 * Returns 0, or ISS_ERROR with "FILE: reason".
 */
int iss_trust_add_crl_file(
    struct iss_error *err, X509_STORE *store, const char *file);

/*
 * The subjects of the certificates in a file, each once, in the order of the
 * file: what a server names as the CAs it accepts (SSL_CTX_set_client_CA_list
 * (3)).  *out is the caller's to free.  Returns 0, or ISS_ERROR with "FILE:
 * reason".
 */
int iss_trust_subjects(
    struct iss_error *err, const char *file, STACK_OF(X509_NAME) * *out);

/* Where the default CAs are; one, both or neither may be NULL. */
struct iss_trust_default {
	char *file; /* for iss_trust_add_file */
	char *dirs; /* for iss_trust_add_dirs */
};

/*
 * Look for the default CAs, without reading any: the file and the directories
 * that SSL_CERT_FILE and SSL_CERT_DIR name, each in place of OpenSSL's own
 * (X509_get_default_cert_file(3)).  The variables are not believed in a
 * process that runs setuid or setgid.  Left out is a file that is not there,
 * not readable or empty, and a directory without a hashed name, as OpenSSL
 * would pass over it.  Finding none is not an error.
 *
 * Returns 0, or ISS_ERROR, with nothing to release, when memory runs out.
 */
int iss_trust_default_init(
    struct iss_error *err, struct iss_trust_default *where);
void iss_trust_default_release(struct iss_trust_default *where);

#endif
