/*
 * The session id context of a server: a name that OpenSSL keeps in each
 * session, and compares before it resumes one.  It keeps apart the sessions of
 * contexts and connections that demand different things of their clients.
 * SSL_CTX_set_session_id_context(3).
 */
#ifndef ISS_SESSION_ID_H
#define ISS_SESSION_ID_H

#include <openssl/ssl.h>

#include "base/error.h"
#include "link/link.h"
#include "options/config.h"
#include "sessions/session_policy.h"

struct iss_session_id {
	unsigned char bytes[ISS_SESSION_POLICY_LEN];
	/* for connections that the program has sent to the context: not shared
	 * with other contexts, even where these have the same bytes */
	unsigned char chosen[ISS_SESSION_POLICY_LEN];
};

/*
 * Give the sessions of a server's context their name, which *id gets as well:
 * made of SSL_session_id_context, the virtual host and, where clients are
 * selected, the rules of the context: its options but for certificates. Without
 * that option it is made of host, rules and the names in the certificates if
 * the context shares its sessions with other processes, else it is before, or
 * if that is NULL a random one.  by_program: a sub of the program may have a
 * say in who is accepted, so contexts without one do not get the same name. The
 * certificates of ctx must be set.  Returns ISS_OK or ISS_ERROR.
 */
int iss_session_id_use(struct iss_error *err, struct iss_session_id *id,
    SSL_CTX *ctx, const struct iss_config *config,
    const unsigned char rules[ISS_SESSION_POLICY_LEN], bool by_program,
    const struct iss_session_id *before);

/* Does this server accept only some clients, by certificate or by key? */
bool iss_session_id_selects(const struct iss_config *config);

/* May other contexts have the same name? */
bool iss_session_id_is_shared(const struct iss_config *config);

/*
 * The program judges clients by a sub, and no digest tells one sub from
 * another: where a program chooses this context (choice.h), its sessions are
 * its own.  After iss_session_id_use.  Returns ISS_OK or ISS_ERROR.
 */
int iss_session_id_set_alone(struct iss_error *err, struct iss_session_id *id);

/*
 * The SSL of link begins under a server's context with this id, or goes over to
 * it.  Rules of its own, if it has any, become part of its session id context,
 * so that a client cannot evade them with a session from another connection.
 * Returns ISS_OK or ISS_ERROR.  SSL_set_session_id_context(3).
 */
int iss_session_id_bind(struct iss_error *err, const struct iss_session_id *id,
    const struct iss_link *link);

#endif
