/*
 * What can be told of one TLS session that a client kept in order to resume it.
 */
#ifndef ISS_SESSION_H
#define ISS_SESSION_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/ssl.h>

/* May it be resumed: neither expired nor ended by a fatal alert? */
bool iss_session_is_usable(const SSL_SESSION *session);

/* How long it may be resumed, by its timeout and, if its ticket says so, by the
 * server (RFC 8446, 4.6.1); 0 or less: no more. */
long iss_session_seconds_left(const SSL_SESSION *session);

/* Is it good for one connection only, as all of TLS 1.3 are (RFC 8446, C.4)? */
bool iss_session_is_single_use(const SSL_SESSION *session);

/*
 * Was it made under the policy with this digest (session_policy.h)?
 * SSL_set_session_id_context(3).
 */
bool iss_session_has_policy(
    const SSL_SESSION *session, const void *digest, size_t len);

#endif
