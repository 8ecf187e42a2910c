/*
 * The chain of certificates that vouches for a connection's peer.
 */
#ifndef ISS_CHAIN_H
#define ISS_CHAIN_H

#include <stdbool.h>

#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

/*
 * The certificates as the peer sent them: SSL_get_peer_cert_chain(3), or those
 * of a session that was read from bytes.  Borrowed; NULL if there are none.
 * _remember gives them to such a session, which takes over the reference, also
 * on failure, which is false.
 */
STACK_OF(X509) * iss_chain_get0_sent(const SSL *ssl);
bool iss_chain_remember(SSL_SESSION *session, STACK_OF(X509) * chain);

/*
 * Prepare store to verify leaf, the certificate of ssl's peer, as OpenSSL
 * itself would in a full handshake.  The rest of the chain is the one that the
 * session remembers.  False when memory runs out.  X509_STORE_CTX_init(3).
 */
bool iss_chain_prepare(X509_STORE_CTX *store, SSL *ssl, X509 *leaf);

/*
 * The peer's chain, leaf first: the one that was verified, or, if none was (a
 * session was resumed, a fingerprint accepted the leaf), the one that would be,
 * as far as it can be built.  To be freed with sk_X509_pop_free; NULL if there
 * is none, or memory runs out.
 */
STACK_OF(X509) * iss_chain_get1(SSL *ssl);

#endif
