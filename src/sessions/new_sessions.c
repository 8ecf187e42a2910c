/*
 * Owns OpenSSL's callback for new sessions.
 */
#include "sessions/new_sessions.h"

#include "link/link.h"

/* Returning 1 takes over OpenSSL's reference. */
static int
on_new_session(SSL *ssl, SSL_SESSION *session)
{
	struct iss_link *link = iss_link_of(ssl);

	if (link == NULL)
		return 0;
	link->session_came = true;
	if (link->new_sessions == NULL)
		return 0;
	iss_new_sessions_add0(link->new_sessions, session);
	return 1;
}

/*
 * OpenSSL's own cache would be of no use to a client: it cannot be searched,
 * and would tie a session to one context.
 */
void
iss_new_sessions_install(SSL_CTX *ctx)
{
	SSL_CTX_set_session_cache_mode(
	    ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(ctx, on_new_session);
}

void
iss_new_sessions_add0(struct iss_new_sessions *sessions, SSL_SESSION *session)
{
	sessions->any = true;
	iss_session_list_add0(&sessions->list, session);
}

SSL_SESSION *
iss_new_sessions_take(struct iss_new_sessions *sessions)
{
	if (iss_new_sessions_is_empty(sessions))
		return NULL;
	return iss_session_list_take(&sessions->list, 0);
}

bool
iss_new_sessions_is_empty(const struct iss_new_sessions *sessions)
{
	return sessions->list.count == 0;
}

void
iss_new_sessions_release(struct iss_new_sessions *sessions)
{
	iss_session_list_release(&sessions->list);
}
