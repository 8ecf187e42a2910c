/*
 * The sessions that a connection received and that wait for whoever keeps them.
 * In TLS 1.3 they arrive after the handshake, whenever something is read.
 */
#ifndef ISS_NEW_SESSIONS_H
#define ISS_NEW_SESSIONS_H

#include <stdbool.h>

#include <openssl/ssl.h>

#include "sessions/session_list.h"

/* Zeroed: none has arrived. */
struct iss_new_sessions {
	struct iss_session_list list;
	bool any; /* one has arrived, even if it was taken since */
};

/*
 * Have each connection of a client's context add its new sessions to the
 * new_sessions of its link, if that is not NULL.  Once, when the context is
 * made.  SSL_CTX_sess_set_new_cb(3).
 */
void iss_new_sessions_install(SSL_CTX *ctx);

/* Add a session, taking over the caller's reference; the oldest makes room. */
void iss_new_sessions_add0(
    struct iss_new_sessions *sessions, SSL_SESSION *session);

/* The oldest session, the caller's to free; NULL if none is waiting. */
SSL_SESSION *iss_new_sessions_take(struct iss_new_sessions *sessions);

/* Is none waiting? */
bool iss_new_sessions_is_empty(const struct iss_new_sessions *sessions);

/* Free what is waiting. */
void iss_new_sessions_release(struct iss_new_sessions *sessions);

#endif
