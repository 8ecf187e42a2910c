/*
 * Facts of a session, read from OpenSSL's own fields.
 */
#include "sessions/session.h"

#include <string.h>
#include <time.h>

#include "base/compat.h"

long
iss_session_seconds_left(const SSL_SESSION *session)
{
	long life = SSL_SESSION_get_timeout(session);
	unsigned long hint = SSL_SESSION_get_ticket_lifetime_hint(session);

	if (hint > 0 && hint < (unsigned long)life)
		life = (long)hint;
	return (long)(iss_compat_session_time(session) - time(NULL)) + life;
}

bool
iss_session_is_usable(const SSL_SESSION *session)
{
	return SSL_SESSION_is_resumable(session) &&
	       iss_session_seconds_left(session) > 0;
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
