/*
 * The verdict on a peer: its chain, the program's opinion on each certificate
 * of the chain, and the name.  It belongs to one connection, never to a
 * context: two handshakes on one context must not see each other's name.
 */
#ifndef ISS_VERIFY_H
#define ISS_VERIFY_H

#include <stdbool.h>

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "base/error.h"
#include "link/link.h"
#include "sessions/peer_end.h"
#include "verification/demands.h"

/*
 * Have the connections of a context judged by the verify of their link; OpenSSL
 * alone judges those that somebody else made on it.  Once, when the context is
 * made.  SSL_CTX_set_cert_verify_callback(3).
 */
void iss_verify_install(SSL_CTX *ctx);

/* Judge the connection by link->verify from now on. */
void iss_verify_begin(const struct iss_link *link);

/*
 * The connection changed to another context (SNI): judge it by that context's
 * options.  SSL_set_SSL_CTX(3) alone leaves the old ones in force.  Also for an
 * SSL without a link.  Returns ISS_OK or ISS_ERROR.
 */
int iss_verify_follow(struct iss_error *err, SSL *ssl);

/*
 * Does the certificate belong to the name, by these rules?  If not, err says
 * which name was wanted and which are offered.  The link lends the check_name
 * callback.  chain is the certificate's, leaf first; NULL: that of link->ssl,
 * if there is one, whose connection then keeps the names of the certificate for
 * the next time.  If a CA in it has name constraints, they must permit the
 * name itself, and the common name does not count: they bind only alternative
 * names (RFC 5280, 4.2.1.10).  Returns ISS_OK or ISS_ERROR.
 */
int iss_verify_cert_name(struct iss_error *err, const struct iss_verify *verify,
    const struct iss_link *link, X509 *cert, STACK_OF(X509) * chain);

/*
 * Would the peer of the session that the connection is about to resume pass a
 * full handshake today?  OpenSSL verifies nothing when it resumes, and the
 * certificate may have expired or been revoked since.  If not, link->failure
 * may tell why; the caller clears it.
 */
bool iss_verify_session(struct iss_link *link);

/*
 * The same for servers, before they resume a session that another context may
 * have made, or under revocation lists that may have changed.  Intermediate
 * certificates that are not in the store of the context are not known any more.
 */
extern const struct iss_peer_judge iss_verify_judge;

#endif
