/*
 * Owns the choice of the certificates to ask about.
 */
#include "revocation/ocsp_chain.h"

#include <stdbool.h>

#include "base/compat.h"
#include "revocation/staple.h"
#include "x509/chain.h"

/* Was the leaf trusted for its own sake? */
static bool
leaf_is_anchor(const SSL *ssl)
{
	return SSL_get0_verified_chain(ssl) != NULL &&
	       SSL_get_verify_result(ssl) == X509_V_OK;
}

/* The end of a chain is trusted, or its issuer is not known. */
static size_t
count_to_ask(const struct iss_link *link, size_t len)
{
	if (len == 1)
		return leaf_is_anchor(link->ssl) ? 0 : 1;
	if (len > 1 && (link->staple->mode & ISS_OCSP_FULL_CHAIN))
		return len - 1;
	return len > 0 ? 1 : 0;
}

void
iss_ocsp_chain_init(struct iss_ocsp_chain *chain, const struct iss_link *link)
{
	int len;

	chain->leaf = SSL_get1_peer_certificate(link->ssl);
	chain->certs = iss_chain_get1(link->ssl);
	len = sk_X509_num(chain->certs);
	if (len > 0)
		chain->count = count_to_ask(link, (size_t)len);
	else /* memory has run out, if there is a leaf */
		chain->count = chain->leaf != NULL ? 1 : 0;
}

void
iss_ocsp_chain_release(struct iss_ocsp_chain *chain)
{
	X509_free(chain->leaf);
	chain->leaf = NULL;
	sk_X509_pop_free(chain->certs, X509_free);
	chain->certs = NULL;
	chain->count = 0;
}

X509 *
iss_ocsp_chain_get0_cert(const struct iss_ocsp_chain *chain, size_t i)
{
	X509 *cert = sk_X509_value(chain->certs, (int)i);

	/* While OpenSSL refuses a chain, only that has the leaf. */
	return cert == NULL && i == 0 ? chain->leaf : cert;
}

X509 *
iss_ocsp_chain_get0_issuer(const struct iss_ocsp_chain *chain, size_t i)
{
	return sk_X509_value(
	    chain->certs, (int)i + 1); /* NULL behind the end */
}
