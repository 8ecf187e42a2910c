/*
 * Building a peer's chain outside of a full handshake.  Judges nobody.  Owns
 * the chain of sessions that were read from bytes: OpenSSL's DER has the leaf
 * alone.
 */
#include "x509/chain.h"

#include <openssl/err.h>

#include "base/compat.h"
#include "base/ex_index.h"

static void *
copy_chain(void *chain)
{
	return X509_chain_up_ref(chain);
}

static void
free_chain(void *chain)
{
	sk_X509_pop_free(chain, X509_free);
}

ISS_EX_INDEX_COPIED(sent_index, SSL_SESSION, copy_chain, free_chain);

STACK_OF(X509) * iss_chain_get0_sent(const SSL *ssl)
{
	STACK_OF(X509) *chain = SSL_get_peer_cert_chain(ssl);
	const SSL_SESSION *session = SSL_get0_session(ssl);

	return chain != NULL || session == NULL
		   ? chain
		   : SSL_SESSION_get_ex_data(session, sent_index());
}

bool
iss_chain_remember(SSL_SESSION *session, STACK_OF(X509) * chain)
{
	if (SSL_SESSION_set_ex_data(session, sent_index(), chain))
		return true;
	free_chain(chain);
	return false;
}

bool
iss_chain_prepare(X509_STORE_CTX *store, SSL *ssl, X509 *leaf)
{
	X509_STORE *trusted = SSL_CTX_get_cert_store(SSL_get_SSL_CTX(ssl));
	STACK_OF(X509) *chain = iss_chain_get0_sent(ssl);
	X509_VERIFY_PARAM *param;

	if (!X509_STORE_CTX_init(store, trusted, leaf, chain) ||
	    !X509_STORE_CTX_set_ex_data(
		store, SSL_get_ex_data_X509_STORE_CTX_idx(), ssl) ||
	    !X509_STORE_CTX_set_default(
		store, SSL_is_server(ssl) ? "ssl_client" : "ssl_server"))
		return false;
	X509_STORE_CTX_set0_dane(store, SSL_get0_dane(ssl));
	param = X509_STORE_CTX_get0_param(store);
	X509_VERIFY_PARAM_set_auth_level(param, SSL_get_security_level(ssl));
	return X509_VERIFY_PARAM_set1(param, SSL_get0_param(ssl));
}

/* Build the chain as far as it goes.  Where memory runs out it would end too
 * early, and the CAs above would not count: then there is none. */
static STACK_OF(X509) * built(X509_STORE_CTX *store)
{
	if (X509_verify_cert(store) < 0 ||
	    X509_STORE_CTX_get_error(store) == X509_V_ERR_OUT_OF_MEM)
		return NULL;
	return X509_STORE_CTX_get1_chain(store);
}

STACK_OF(X509) * iss_chain_get1(SSL *ssl)
{
	STACK_OF(X509) *chain = SSL_get0_verified_chain(ssl);
	X509_STORE_CTX *store;
	X509 *leaf;

	if (chain != NULL)
		return X509_chain_up_ref(chain);
	leaf = SSL_get1_peer_certificate(ssl);
	store = X509_STORE_CTX_new();
	if (leaf != NULL && store != NULL &&
	    iss_chain_prepare(store, ssl, leaf))
		chain = built(store);
	X509_STORE_CTX_free(store);
	X509_free(leaf);
	ERR_clear_error();
	return chain;
}
