/*
 * Challenges of the ACME protocol by tls-alpn-01 (RFC 8737, for addresses RFC
 * 8738): a certificate authority connects with the protocol "acme-tls/1" alone
 * and looks at the certificate, which must hold a digest.  The connection has
 * no other use.
 */
#ifndef ISS_ACME_H
#define ISS_ACME_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/ssl.h>

#include "base/error.h"
#include "link/link.h"

/*
 * Make the SSL_CTX for handshakes with such clients: no certificate, nobody is
 * verified, no session is resumed elsewhere.  The caller frees it.  Returns
 * ISS_OK or ISS_ERROR.
 */
int iss_acme_new_ctx(struct iss_error *err, SSL_CTX **out);

/* In the callback for a ClientHello: is it that of such a client?  Not if it
 * offers other protocols, too. */
bool iss_acme_is_asked(SSL *ssl);

/*
 * In that callback: ask the program for the key authorization of the name that
 * the client sent (NULL: none), make a certificate with its digest, and go over
 * to ctx.  Returns SSL_CLIENT_HELLO_SUCCESS; or SSL_CLIENT_HELLO_ERROR with
 * *alert, and the failure kept in the link of ssl, also if the program has no
 * key authorization for the name: then no certificate is made.  If it wants to
 * answer later: SSL_CLIENT_HELLO_RETRY.
 */
int iss_acme_answer(
    SSL *ssl, int *alert, SSL_CTX *ctx, const unsigned char *name, size_t len);

/*
 * The handshake of link is done.  ISS_OK; or ISS_ERROR, with link->failure
 * filled, if it has answered a challenge and the connection must end.
 */
int iss_acme_finish(struct iss_link *link);

/*
 * The host that a client names: for an address RFC 8738 has names in
 * in-addr.arpa and ip6.arpa.  False for anything that is no host.
 */
struct iss_reference_id;
bool iss_acme_host(
    struct iss_reference_id *host, const unsigned char *name, size_t len);

#endif
