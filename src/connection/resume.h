/*
 * Resuming sessions: what a client's connection does with those that it made
 * before.  They are bound to its rules (rules.h): whom it trusts, which name
 * it wants, who it is.
 */
#ifndef ISS_RESUME_H
#define ISS_RESUME_H

#include <stdbool.h>

#include "connection/conn.h"
#include "sessions/new_sessions.h"
#include "sessions/session_cache.h"

/*
 * Gather the sessions of this connection (conn->arrivals), bound to its
 * rules, which stay as they are from now on.  Before the handshake; for a
 * client.  share: whoever looks on may see that connections belong together,
 * so that a session for single use may be used again when none has come in
 * its place: a server of FTP wants one for each upload, however short.
 * One that has a pre-shared key keeps none, which is no failure.  Returns
 * ISS_OK or ISS_ERROR with conn->err filled.
 */
int iss_conn_keep_sessions(struct iss_conn *conn, bool share);

/*
 * Offer a session to the server; after iss_conn_keep_sessions.  It is not
 * offered unless it was made under the same rules and the certificates of its
 * peer pass, once more, every check that a full handshake would make: the
 * host may be asked.  The connection takes a reference of its own.
 *
 * Returns true when a cache should drop the session: it is for single use and
 * was offered, or it is too old.  SSL_set_session(3).
 */
bool iss_conn_offer_session(struct iss_conn *conn, SSL_SESSION *session);

/* The same with the best session that a cache has for key. */
void iss_conn_offer_from(struct iss_conn *conn, struct iss_session_cache *cache,
    struct iss_session_key key);

/* The handshake is done: has the server replaced the session (RFC 5077, 3.3)
 * that it resumed? */
void iss_conn_note_renewal(struct iss_conn *conn);

/*
 * The connection ends.  Gather what has arrived and was not read: a client
 * that only writes would never see the sessions of TLS 1.3.  Never waits,
 * loses no data.
 */
void iss_conn_collect_sessions(struct iss_conn *conn);

#endif
