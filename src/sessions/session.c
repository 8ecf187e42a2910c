/*
 * Facts of a session, read from OpenSSL's own fields.
 */
#include "sessions/session.h"

#include <string.h>
#include <time.h>

#include "base/compat.h"

bool
iss_session_is_usable(const SSL_SESSION *session)
{
	time_t ends = iss_compat_session_time(session) +
		      (time_t)SSL_SESSION_get_timeout(session);

	return SSL_SESSION_is_resumable(session) && time(NULL) < ends;
}

bool
iss_session_is_single_use(const SSL_SESSION *session)
{
	return SSL_SESSION_get_protocol_version(session) >= TLS1_3_VERSION;
}

bool
iss_session_has_policy(
    const SSL_SESSION *session, const void *digest, size_t len)
{
	unsigned int its_len;
	const unsigned char *its =
	    SSL_SESSION_get0_id_context(session, &its_len);

	return its_len == len && memcmp(its, digest, len) == 0;
}
