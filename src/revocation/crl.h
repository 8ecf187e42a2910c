/*
 * Revocation lists beyond the leaf's own: what OpenSSL does not look at with
 * X509_V_FLAG_CRL_CHECK alone.
 */
#ifndef ISS_CRL_H
#define ISS_CRL_H

#include <openssl/x509_vfy.h>

/*
 * What do the lists that are loaded say of the certificate at depth of the
 * chain that store has just verified?  Returns
 *
 *   X509_V_ERR_CERT_REVOKED      a list of its issuer revokes it (RFC 5280, 5):
 *       the newest of its scope or a delta, current or not;
 *   X509_V_ERR_CRL_HAS_EXPIRED   its issuer's lists are loaded, but none is
 *       current; not for the leaf, which OpenSSL itself checks for that;
 *   X509_V_OK                    none of these.
 *
 * A list counts only if the issuer has signed it.  The issuer is the next in
 * the chain.  At its end, a trusted certificate that is not self-signed, it is
 * one that is trusted too; if there is none, an entry counts unsigned.
 */
int iss_crl_status(X509_STORE_CTX *store, int depth);

#endif
