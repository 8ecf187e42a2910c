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
#include "options/fingerprint.h"
#include "link/link.h"
#include "names/reference_id.h"
#include "names/scheme.h"
#include "names/suffix.h"
#include "sessions/session_policy.h"
#include "verification/blame.h"

/* How the name of a peer is checked. */
enum iss_name_check {
	ISS_NAME_UNCHECKED,
	ISS_NAME_BY_SCHEME,
	ISS_NAME_BY_CALLBACK /* the scheme is a sub: the check_name callback */
};

/* One connection's rules.  Zeroed: no name check.  The outcome is in the link:
 * pinned and failure. */
struct iss_verify {
	enum iss_name_check check;
	struct iss_scheme scheme;
	bool any_suffix; /* wildcards may match below public suffixes */
	struct iss_suffix_list *suffixes; /* owned; NULL: the default ones */
	char *name;                       /* as the user wrote it, owned */
	struct iss_reference_id host;
	struct iss_fingerprint_list fingerprints; /* owned */
	bool force_fingerprint;                   /* nothing else accepts */
	bool must_ask; /* refuse all if the program cannot be asked */
	/* of the peer, parsed when the program first asked for a name; owned */
	struct iss_kept_names *peer_names; /* cert_names.h */
	struct iss_blame blame;            /* of the last refusal */
};

/* Free what the struct owns, and zero it. */
void iss_verify_release(struct iss_verify *verify);

/*
 * Require that the peer's certificate belongs to name, of len bytes, by the
 * rules of scheme; if scheme is NULL, by the check_name callback.  Both are
 * copied.  Returns ISS_OK, or ISS_ERROR if no certificate could ever match that
 * name, or memory runs out.
 */
int iss_verify_set_name(struct iss_error *err, struct iss_verify *verify,
    const char *name, size_t len, const struct iss_scheme *scheme);

/* Check no name any more. */
void iss_verify_forget_name(struct iss_verify *verify);

/*
 * The name is one that no certificate can have: accept nothing but a
 * fingerprint.  False, and nothing is changed, if there are no fingerprints.
 */
bool iss_verify_require_fingerprint(struct iss_verify *verify);

/*
 * The public suffixes below which no wildcard may match: those of list (one
 * more reference is taken), the default ones if it is NULL; none at all if any
 * is true.
 */
void iss_verify_set_suffixes(
    struct iss_verify *verify, bool any, struct iss_suffix_list *list);

/* The program has a verify callback: refuse all certificates if it cannot be
 * asked. */
void iss_verify_set_must_ask(struct iss_verify *verify, bool must_ask);

/*
 * Accept a peer whose certificate has one of the fingerprints (copied); with
 * force, accept no other.  Before iss_verify_begin.  Returns ISS_OK, or
 * ISS_ERROR when memory runs out.
 */
int iss_verify_set_fingerprints(struct iss_error *err,
    struct iss_verify *verify, const struct iss_fingerprint_list *fingerprints,
    bool force);

/* The same in place of others, before iss_verify_follow. */
int iss_verify_replace_fingerprints(struct iss_error *err,
    struct iss_verify *verify, const struct iss_fingerprint_list *fingerprints,
    bool force);

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
 * the next time.  If a CA in it has name constraints, the common name does
 * not count: they bind only alternative names (RFC 5280, 4.2.1.10).  Returns
 * ISS_OK or ISS_ERROR.
 */
int iss_verify_cert_name(struct iss_error *err, const struct iss_verify *verify,
    const struct iss_link *link, X509 *cert, STACK_OF(X509) * chain);

/* Add everything that this connection demands of its peer, stapling
 * included. */
void iss_verify_add_policy(
    const struct iss_link *link, struct iss_session_policy *policy);

/*
 * Would the peer of the session that the connection is about to resume pass a
 * full handshake today?  OpenSSL verifies nothing when it resumes, and the
 * certificate may have expired or been revoked since.  If not, link->failure
 * may tell why; the caller clears it.
 */
bool iss_verify_session(struct iss_link *link);

#endif
