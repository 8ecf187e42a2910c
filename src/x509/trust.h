/*
 * What a context trusts: CA files, CA directories, CA certificates, and
 * revocation lists, put into the X509_STORE of that context.
 *
 * A CA file is parsed once a process, and all stores share the result
 * (ca_cache.h).  A store takes from it the certificates that a verification
 * asks for, by name, and keeps them.  So a certificate that a program adds to
 * one context is trusted by that context alone, and a context with 140 CAs
 * costs no more than one without any.
 */
#ifndef ISS_TRUST_H
#define ISS_TRUST_H

#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include "base/error.h"

/*
 * Trust the certificates of a file: PEM (plain or "TRUSTED CERTIFICATE", with
 * any text between them) or one in DER.  Its revocation lists are added as
 * well. May be called several times for a store.
 *
 * Sets get_issuer and lookup_certs of the store (X509_STORE_set_get_issuer(3)),
 * which fetch the certificates of a name and then do what OpenSSL does.
 *
 * Returns ISS_OK, or ISS_ERROR with "FILE: reason".
 */
int iss_trust_add_file(
    struct iss_error *err, X509_STORE *store, const char *file);

/*
 * Trust the certificates, and use the revocation lists, of directories with
 * hashed names (openssl-rehash(1)), which are looked up when needed.  Each of
 * the count texts is a path, or several with ':' between them.  Paths that are
 * not directories are passed over if there is another.  Returns ISS_OK, or
 * ISS_ERROR with the first path that is not a readable directory.
 */
int iss_trust_add_dirs(struct iss_error *err, X509_STORE *store,
    const char *const *dirs, size_t count);

/*
 * Trust this certificate; the store takes its own reference.  Returns ISS_OK or
 * ISS_ERROR.
 */
int iss_trust_add_cert(struct iss_error *err, X509_STORE *store, X509 *cert);

/*
 * Use all revocation lists of a file: PEM, or one in DER.  A verification looks
 * at them only with X509_V_FLAG_CRL_CHECK.  Returns ISS_OK, or ISS_ERROR with
 * "FILE: reason", also if there is no list in it.
 */
int iss_trust_add_crl_file(
    struct iss_error *err, X509_STORE *store, const char *file);

/*
 * Get the subjects of the certificates in a file, each once, in the order of
 * the file, for a server to name as the CAs that it accepts
 * (SSL_CTX_set_client_CA_list(3)).  Returns ISS_OK with *out for the caller to
 * free, or ISS_ERROR with "FILE: reason".
 */
int iss_trust_subjects(
    struct iss_error *err, const char *file, STACK_OF(X509_NAME) * *out);

/* Where the default CAs are; either may be NULL. */
struct iss_trust_default {
	char *file; /* for iss_trust_add_file */
	char *dirs; /* for iss_trust_add_dirs */
};

/*
 * Look for the default CAs without parsing them: the file and the directories
 * that SSL_CERT_FILE and SSL_CERT_DIR name, each in place of OpenSSL's own
 * (X509_get_default_cert_file(3)).  The variables are ignored in a process that
 * runs setuid or setgid.  A file that is missing, unreadable or without a
 * certificate is left out, and so is a directory without hashed names, which
 * OpenSSL would pass over.  Finding nothing is not an error.
 *
 * Returns ISS_OK, or ISS_ERROR, with nothing to release, when memory runs out.
 */
int iss_trust_default_init(
    struct iss_error *err, struct iss_trust_default *where);
void iss_trust_default_release(struct iss_trust_default *where);

#endif
