/*
 * The process's memory of signatures: "this issuer signed this certificate".
 * To verify a signature is most of the work of verifying a chain, and its
 * result never changes.
 */
#ifndef ISS_SIGNATURES_H
#define ISS_SIGNATURES_H

#include <openssl/x509_vfy.h>

/*
 * X509_verify_cert(3), except that signatures found good before are not
 * verified again.  Everything else is done by OpenSSL, each time: building the
 * chain, trust, extensions, key sizes, revocation, names, policies.  Dates are
 * compared each time, too, and if one is wrong OpenSSL judges it.
 *
 * Verdict, error, depth, chain and the calls of the store's verify callback are
 * those of X509_verify_cert.  Only X509_STORE_CTX_get0_current_issuer(3) is
 * not set in those calls, so do not use this if the program sees them.
 *
 * Signatures are remembered by both whole certificates, of chains in which
 * nothing at all was wrong, and only a bounded number: 256, of certificates up
 * to 8 KiB.  May be called from several threads.
 */
int iss_signatures_verify_cert(X509_STORE_CTX *store);

#endif
