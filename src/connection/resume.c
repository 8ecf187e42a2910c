/*
 * Owns when a session may be offered.  A session that does not fit is not a
 * failure: a full handshake is always possible.
 */
#include "connection/resume.h"

#include "base/compat.h"
#include "sessions/session.h"
#include "verification/verify.h"

void
iss_resume_release(struct iss_resume *resume)
{
	iss_new_sessions_release(&resume->new_sessions);
	SSL_SESSION_free(resume->offered);
	SSL_SESSION_free(resume->spare);
	resume->offered = NULL;
	resume->spare = NULL;
}

static int
digest_policy(struct iss_error *err, const struct iss_link *link,
    const struct iss_ctx *ctx, unsigned char digest[ISS_SESSION_POLICY_LEN])
{
	struct iss_session_policy policy;
	int rv;

	iss_session_policy_init(&policy);
	iss_session_policy_add(&policy, ctx->rules, sizeof(ctx->rules));
	iss_session_policy_add_number(&policy, SSL_get_verify_mode(link->ssl));
	iss_session_policy_add_text(
	    &policy, SSL_get_servername(link->ssl, TLSEXT_NAMETYPE_host_name));
	/* A program may have loaded one into the SSL_CTX by itself. */
	iss_session_policy_add_cert(&policy, SSL_get_certificate(link->ssl));
	iss_verify_add_policy(link, &policy);
	rv = iss_session_policy_final(err, &policy, digest);
	iss_session_policy_release(&policy);
	return rv;
}

int
iss_resume_keep(struct iss_error *err, struct iss_resume *resume,
    struct iss_link *link, const struct iss_ctx *ctx, bool share)
{
	/*
	 * A pre-shared key saves what a session would.  TLS 1.3 makes a session
	 * of it, which is bound to no policy: OpenSSL would break off.
	 */
	if (ctx->psks.count > 0)
		return ISS_OK;
	if (digest_policy(err, link, ctx, resume->policy) != ISS_OK)
		return ISS_ERROR;
	if (!SSL_set_session_id_context(
		link->ssl, resume->policy, sizeof(resume->policy)))
		return iss_error_openssl(
		    err, "cannot prepare session resumption");
	link->new_sessions = &resume->new_sessions;
	resume->keeps = true;
	resume->shares = share;
	return ISS_OK;
}

/* The program may be asked, and must not go on with the handshake meanwhile. */
static bool
set_if_good(struct iss_link *link, SSL_SESSION *session)
{
	bool good;

	if (!iss_link_enter(link))
		return false;
	good = SSL_set_session(link->ssl, session) && iss_verify_session(link);
	if (!good)
		SSL_set_session(link->ssl, NULL);
	iss_link_leave(link);
	ERR_clear_error();
	return good;
}

bool
iss_resume_offer(
    struct iss_resume *resume, struct iss_link *link, SSL_SESSION *session)
{
	if (!resume->keeps)
		return false;
	if (!iss_session_is_usable(session))
		return true;
	if (!iss_session_has_policy(
		session, resume->policy, sizeof(resume->policy)) ||
	    !set_if_good(link, session))
		return false;
	SSL_SESSION_free(resume->offered);
	SSL_SESSION_up_ref(session);
	resume->offered = session;
	if (!iss_session_is_single_use(session))
		return false;
	/* A copy, since OpenSSL marks the one that is used. */
	if (resume->shares && resume->spare == NULL)
		resume->spare = SSL_SESSION_dup(session);
	return true;
}

void
iss_resume_offer_from(struct iss_resume *resume, struct iss_link *link,
    struct iss_session_cache *cache, struct iss_session_key key)
{
	SSL_SESSION *session = iss_session_cache_use(
	    cache, key, resume->policy, sizeof(resume->policy));

	if (session == NULL)
		return;
	/* One for single use has left the cache: another connection may be able
	 * to use it. */
	if (!iss_resume_offer(resume, link, session) &&
	    iss_session_is_single_use(session))
		iss_session_cache_add0(cache, key, session);
	else
		SSL_SESSION_free(session);
}

void
iss_resume_offer_stored(struct iss_resume *resume, struct iss_link *link,
    const struct iss_store *store, struct iss_session_key key)
{
	SSL_SESSION *session;

	if (!resume->keeps || !iss_link_enter(link))
		return;
	session = iss_client_store_use(
	    store, link, key, resume->policy, sizeof(resume->policy));
	iss_link_leave(link);
	if (session == NULL)
		return;
	iss_resume_offer(resume, link, session);
	SSL_SESSION_free(session);
}

/* OpenSSL's callback for new sessions is not called for renewed ones of TLS
 * 1.2. */
void
iss_resume_note_renewal(struct iss_resume *resume, const struct iss_link *link)
{
	SSL_SESSION *session = SSL_get0_session(link->ssl);

	if (resume->offered == NULL || !SSL_session_reused(link->ssl) ||
	    session == resume->offered || session == NULL ||
	    iss_session_is_single_use(session))
		return;
	SSL_SESSION_up_ref(session);
	iss_new_sessions_add0(&resume->new_sessions, session);
}

/* Take in a record that holds no data; one that does stays where it is. */
static bool
take_record(struct iss_link *link, struct iss_sock *sock)
{
	char byte;
	size_t got;
	bool more;

	if (!iss_sock_has_input(sock) || !iss_link_enter(link))
		return false;
	more = !SSL_peek_ex(link->ssl, &byte, sizeof(byte), &got) &&
	       SSL_get_error(link->ssl, 0) == SSL_ERROR_WANT_READ;
	iss_link_leave(link);
	return more;
}

void
iss_resume_collect(
    struct iss_resume *resume, struct iss_link *link, struct iss_sock *sock)
{
	bool dont_wait = sock->dont_wait;

	if (!resume->keeps || SSL_version(link->ssl) < TLS1_3_VERSION)
		return;
	SSL_clear_mode(link->ssl, SSL_MODE_AUTO_RETRY);
	sock->dont_wait = true;
	iss_sock_limit(sock);
	while (!sock->spent && take_record(link, sock))
		;
	iss_sock_unlimit(sock);
	sock->dont_wait = dont_wait;
	SSL_set_mode(link->ssl, SSL_MODE_AUTO_RETRY);
	ERR_clear_error();
}

void
iss_resume_return_spare(struct iss_resume *resume, const struct iss_link *link)
{
	if (resume->spare == NULL || resume->new_sessions.any ||
	    !SSL_session_reused(link->ssl))
		return;
	iss_new_sessions_add0(&resume->new_sessions, resume->spare);
	resume->spare = NULL;
}
