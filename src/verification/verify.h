/*
 * The verdict on a peer: the chain, the user's opinion on each certificate
 * of it, and the name.  It belongs to one connection, never to a context:
 * two handshakes under way on one context must not see each other's name.
 */
#ifndef ISS_VERIFY_H
#define ISS_VERIFY_H

#include <stdbool.h>

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "base/error.h"
#include "options/fingerprint.h"
#include "link/callbacks.h"
#include "names/reference_id.h"
#include "names/suffix.h"
#include "sessions/session_policy.h"
#include "revocation/staple.h"

/* How the name of a peer is to be checked. */
enum iss_name_check {
	ISS_NAME_UNCHECKED,
	ISS_NAME_BY_SCHEME,
	ISS_NAME_BY_HOST /* the scheme is a sub: host_ops->check_name */
};

/* One connection's rules, and what came of them.  Zeroed: no name check. */
struct iss_verify {
	struct iss_owner *asker; /* borrowed: the connection's */
	/* rules */
	enum iss_name_check check;
	struct iss_scheme scheme;
	bool any_suffix; /* wildcards may match below public suffixes */
	struct iss_suffix_list *suffixes; /* owned; NULL: the usual ones */
	char *name;                       /* as the user wrote it, owned */
	struct iss_reference_id host;
	struct iss_fingerprints fingerprints; /* owned */
	bool force_fingerprint;               /* nothing else accepts */
	bool must_ask;            /* the host has a say; no host, no peer */
	struct iss_staple staple; /* and its verdict */
	/* verdict */
	bool pinned; /* the leaf is one of fingerprints: all else is well */
	/* the first failure that was not overruled */
	struct iss_error failure;
};

/* Free what the struct owns; it is as zeroed afterwards. */
void iss_verify_release(struct iss_verify *verify);

/*
 * Check the peer's name, of len bytes, by the scheme; with scheme NULL by
 * asking host_ops->check_name.  Returns ISS_OK, or ISS_ERROR when that is no
 * name that could ever match, or when memory runs out.
 */
int iss_verify_set_name(struct iss_error *err, struct iss_verify *verify,
    const char *name, size_t len, const struct iss_scheme *scheme);

/*
 * Accept certificates by fingerprint, of which a copy is taken; with force
 * by nothing else.  Before iss_verify_attach.  Returns ISS_OK, or ISS_ERROR
 * when memory runs out.
 */
int iss_verify_set_fingerprints(struct iss_error *err,
    struct iss_verify *verify, const struct iss_fingerprints *fingerprints,
    bool force);

/*
 * Have all connections of a context judged by their own struct; those that
 * somebody else made on it, by OpenSSL alone.  Once, when it is made.
 */
void iss_verify_install(SSL_CTX *ctx);

/*
 * Judge this connection by verify, which must outlive it.  Returns ISS_OK or
 * ISS_ERROR when memory runs out.
 */
int iss_verify_attach(
    struct iss_error *err, struct iss_verify *verify, SSL *ssl);

/*
 * The connection went over to another context (SNI): judge it as that one
 * says.  SSL_set_SSL_CTX(3) alone leaves the old rules in force.  Returns
 * ISS_OK or ISS_ERROR.
 */
int iss_verify_follow(struct iss_error *err, SSL *ssl);

/* What judges this connection; NULL when it is none of ours.  Borrowed. */
struct iss_verify *iss_verify_of(const SSL *ssl);

/*
 * A handshake is done.  Where an anonymous cipher was agreed on, a server had
 * to show no certificate, and nothing was judged (SSL_CTX_set_verify(3),
 * NOTES).  Returns ISS_OK, or ISS_ERROR with verify->failure for a client that
 * verifies.
 */
int iss_verify_finish(struct iss_verify *verify, const SSL *ssl);

/*
 * Does the certificate belong to the name, by these rules?  If not, err says
 * which name was wanted and which are offered.  Returns ISS_OK or ISS_ERROR.
 */
int iss_verify_cert_name(
    struct iss_error *err, struct iss_verify *verify, X509 *cert);

/*
 * The chain that vouches for the peer, leaf first: the one that was verified,
 * or where none was (a session was resumed, a fingerprint accepted the leaf)
 * the one that would be, as far as it can be built.  The caller's, to be freed
 * with sk_X509_pop_free; NULL when there is none.
 */
STACK_OF(X509) * iss_verify_get1_chain(SSL *ssl);

/* Add what this connection demands of its peer. */
void iss_verify_add_rules(
    const struct iss_verify *verify, struct iss_session_policy *rules);

/*
 * Would the peer of the session that ssl is about to resume pass a full
 * handshake today?  Resuming, OpenSSL verifies nothing, and since then a
 * certificate may have expired or been revoked.
 */
bool iss_verify_session(struct iss_verify *verify, SSL *ssl);

#endif
