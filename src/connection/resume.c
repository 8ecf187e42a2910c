/*
 * Owns when a session may be offered.  A session that does not fit is not a
 * failure: a full handshake is always possible.
 */
#include "connection/resume.h"

#include <stdlib.h>
#include <string.h>

#include "base/compat.h"
#include "sessions/session.h"
#include "verification/verify.h"
#include "x509/chain.h"

void
iss_resume_release(struct iss_resume *resume)
{
	iss_new_sessions_release(&resume->new_sessions);
	SSL_SESSION_free(resume->offered);
	SSL_SESSION_free(resume->spare);
	free(resume->refused);
	resume->offered = NULL;
	resume->spare = NULL;
	resume->refused = NULL;
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

static char *
text_of_failure(const struct iss_link *link)
{
	const char *text = iss_kept_error_get0(&link->failure)->text;

	return strdup(*text != '\0' ? text : "its certificate is refused");
}

/* The program may be asked, and must not go on with the handshake meanwhile.
 * The full handshake that follows a refusal reports its own failure; why,
 * unless NULL, gets the text of this one, for the caller to free.  Until it
 * has a role OpenSSL takes an SSL for a server's, whose peers need
 * certificates of clients. */
static bool
set_if_good(struct iss_link *link, SSL_SESSION *session, char **why)
{
	bool good;

	if (!iss_link_enter(link))
		return false;
	SSL_set_connect_state(link->ssl);
	good = SSL_set_session(link->ssl, session) && iss_verify_session(link);
	if (!good)
		SSL_set_session(link->ssl, NULL);
	if (!good && why != NULL)
		*why = text_of_failure(link);
	if (!good)
		iss_kept_error_clear(&link->failure);
	iss_link_leave(link);
	ERR_clear_error();
	return good;
}

static void
note_offer(struct iss_resume *resume, SSL_SESSION *session)
{
	SSL_SESSION_free(resume->offered);
	SSL_SESSION_up_ref(session);
	resume->offered = session;
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
	    !set_if_good(link, session, NULL))
		return false;
	note_offer(resume, session);
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

	iss_stats_add(link->stats,
	    session != NULL ? ISS_STATS_HITS : ISS_STATS_MISSES, 1);
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
	iss_stats_add(link->stats,
	    session != NULL ? ISS_STATS_HITS : ISS_STATS_MISSES, 1);
	if (session == NULL)
		return;
	iss_resume_offer(resume, link, session);
	SSL_SESSION_free(session);
}

/* Returns NULL, or why the session may not be offered, for the caller to free.
 */
static char *
offer_imported(
    struct iss_resume *resume, struct iss_link *link, SSL_SESSION *session)
{
	char *why = NULL;

	if (!resume->keeps || !iss_session_has_policy(session, resume->policy,
				  sizeof(resume->policy)))
		return strdup("other rules");
	if (!iss_session_is_usable(session))
		return strdup("expired");
	if (set_if_good(link, session, &why))
		note_offer(resume, session);
	return why;
}

void
iss_resume_import(struct iss_resume *resume, struct iss_link *link,
    const struct iss_seal_secret *secret, const void *bytes, size_t len)
{
	const char *flaw;
	SSL_SESSION *session = iss_exported_read(secret, bytes, len, &flaw);

	free(resume->refused);
	resume->refused = session != NULL
			      ? offer_imported(resume, link, session)
			      : strdup(flaw);
	SSL_SESSION_free(session);
}

/* A copy that is bound to the rules of the connection. */
static SSL_SESSION *
bound_copy(struct iss_resume *resume, const struct iss_link *link,
    const struct iss_ctx *ctx)
{
	SSL_SESSION *session;
	struct iss_error ignored;

	iss_error_clear(&ignored);
	if (!resume->keeps &&
	    digest_policy(&ignored, link, ctx, resume->policy) != ISS_OK)
		return NULL;
	session = SSL_SESSION_dup(SSL_get0_session(link->ssl));
	if (session != NULL && SSL_SESSION_set1_id_context(session,
				   resume->policy, sizeof(resume->policy)))
		return session;
	SSL_SESSION_free(session);
	return NULL;
}

/* Why is there no session for somebody else?  NULL if there is one. */
static const char *
why_none(const struct iss_link *link, const struct iss_ctx *ctx, bool has_cache)
{
	const SSL_SESSION *session = SSL_get0_session(link->ssl);

	if (SSL_is_server(link->ssl))
		return "only a client has sessions to export";
	if (link->shown)
		return "the session belongs to a certificate that "
		       "SSL_cert_callback has chosen";
	if (session == NULL || ctx->psks.count > 0 ||
	    !iss_session_is_usable(session))
		return "no session has come";
	if (!iss_session_is_single_use(session))
		return NULL;
	if (has_cache)
		return "the sessions have gone to SSL_session_cache";
	return link->session_came ? NULL : "no session has come";
}

int
iss_resume_export(struct iss_error *err, struct iss_resume *resume,
    struct iss_link *link, const struct iss_ctx *ctx, bool has_cache,
    const struct iss_seal_secret *secret, struct iss_buf *out)
{
	const char *why = why_none(link, ctx, has_cache);
	SSL_SESSION *session;
	bool good;

	if (why != NULL)
		return iss_error_set(err, "export_session: %s", why);
	session = bound_copy(resume, link, ctx);
	good = session != NULL && iss_exported_write(out, secret, session,
				      iss_chain_get0_sent(link->ssl));
	SSL_SESSION_free(session);
	if (!good)
		return iss_error_openssl(err, "export_session");
	link->session_came = false;
	return ISS_OK;
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
