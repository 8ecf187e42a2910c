/*
 * Resuming sessions: which sessions a client's connection keeps and which one
 * it offers.  A session is bound to the policy of the connection that made it
 * (sessions/session_policy.h): whom that trusts, which name it wants, who it
 * is.  It is never offered under another policy.
 */
#ifndef ISS_RESUME_H
#define ISS_RESUME_H

#include <stdbool.h>

#include "base/error.h"
#include "connection/sock.h"
#include "context/ctx.h"
#include "link/link.h"
#include "sessions/client_store.h"
#include "sessions/exported.h"
#include "sessions/new_sessions.h"
#include "sessions/session_cache.h"
#include "sessions/session_policy.h"

/* Zeroed: no session is kept or offered. */
struct iss_resume {
	bool keeps; /* under this policy: */
	unsigned char policy[ISS_SESSION_POLICY_LEN];
	bool shares;          /* a session for single use may be reused */
	SSL_SESSION *offered; /* owned, or NULL */
	SSL_SESSION *spare;   /* a copy of it, for the next connection */
	char *refused; /* why an exported one was not offered; owned, or NULL */
	struct iss_new_sessions new_sessions;
};

/* Free what the struct owns. */
void iss_resume_release(struct iss_resume *resume);

/*
 * Keep the sessions that a client receives on the connection, in
 * resume->new_sessions.  Before the handshake; the rules for the peer must not
 * change afterwards.  share: permit reuse of a TLS 1.3 ticket if no new one
 * arrives, which lets observers link connections; FTPS needs it.  A client with
 * a pre-shared key keeps none, which is not a failure.  Returns ISS_OK or
 * ISS_ERROR.
 */
int iss_resume_keep(struct iss_error *err, struct iss_resume *resume,
    struct iss_link *link, const struct iss_ctx *ctx, bool share);

/*
 * Offer a session to the server, after iss_resume_keep and before the
 * handshake.  It is offered only if it was made under the same policy and its
 * peer's certificates pass, once more, every check of a full handshake, for
 * which the program may be asked.  resume takes a reference of its own.
 *
 * Returns true if a cache should drop the session: it is for single use and
 * was offered, or it is too old.  SSL_set_session(3).
 */
bool iss_resume_offer(
    struct iss_resume *resume, struct iss_link *link, SSL_SESSION *session);

/* The same with the best session that a cache has for key. */
void iss_resume_offer_from(struct iss_resume *resume, struct iss_link *link,
    struct iss_session_cache *cache, struct iss_session_key key);

/* The same with the session that a store has for key. */
void iss_resume_offer_stored(struct iss_resume *resume, struct iss_link *link,
    const struct iss_store *store, struct iss_session_key key);

/* The same with a session that iss_resume_export wrote.  If it is not offered,
 * resume->refused tells why. */
void iss_resume_import(struct iss_resume *resume, struct iss_link *link,
    const struct iss_seal_secret *secret, const void *bytes, size_t len);

/*
 * Append the newest session that the connection received (exported.h), each for
 * single use once.  Returns ISS_OK; ISS_ERROR with err if there is none, or if
 * one for single use has gone to a cache.
 */
int iss_resume_export(struct iss_error *err, struct iss_resume *resume,
    struct iss_link *link, const struct iss_ctx *ctx, bool has_cache,
    const struct iss_seal_secret *secret, struct iss_buf *out);

/*
 * The handshake is done: keep the session that the server made in place of the
 * one it resumed, if it did so (RFC 5077, 3.3).
 */
void iss_resume_note_renewal(
    struct iss_resume *resume, const struct iss_link *link);

/*
 * The connection ends, and could still read: take in the sessions of TLS 1.3
 * that have arrived but were not read, since a client that only writes would
 * never see them.  Never waits, loses no data.
 */
void iss_resume_collect(
    struct iss_resume *resume, struct iss_link *link, struct iss_sock *sock);

/*
 * The connection ends, and no more is collected: where sessions are shared and
 * no new one arrived, keep the one that was offered for the next connection.
 */
void iss_resume_return_spare(
    struct iss_resume *resume, const struct iss_link *link);

#endif
