/*
 * The certificates of a peer whose status responders can tell.
 */
#ifndef ISS_OCSP_CHAIN_H
#define ISS_OCSP_CHAIN_H

#include <stddef.h>

#include <openssl/x509.h>

#include "link/link.h"

struct iss_ocsp_chain {
	X509 *leaf;             /* owned */
	STACK_OF(X509) * certs; /* owned: the peer's chain, leaf first */
	size_t count;           /* how many of them to ask about */
};

/*
 * The certificates to ask about after a handshake: the leaf, or with
 * ISS_OCSP_FULL_CHAIN in link->staple->mode every certificate below the end of
 * the chain.  None if the leaf itself is trusted.  When memory runs out, the
 * leaf without its issuer.  To be released.
 */
void iss_ocsp_chain_init(
    struct iss_ocsp_chain *chain, const struct iss_link *link);
void iss_ocsp_chain_release(struct iss_ocsp_chain *chain);

/*
 * The certificate at i (< count), and its issuer: NULL if that is not known, in
 * which case there is no responder to ask.  Borrowed.
 */
X509 *iss_ocsp_chain_get0_cert(const struct iss_ocsp_chain *chain, size_t i);
X509 *iss_ocsp_chain_get0_issuer(const struct iss_ocsp_chain *chain, size_t i);

#endif
