/*
 * Sessions meet a connection.  Owns when one may be offered; a session that
 * does not fit is no failure, a full handshake is always possible.
 */
#include "connection/resume.h"

#include <sys/types.h>
#include <sys/socket.h>

#include "base/compat.h"
#include "sessions/session.h"
#include "sessions/session_policy.h"

static int
gather_rules(struct iss_conn *conn)
{
	struct iss_session_policy rules;
	int rv;

	iss_session_policy_init(&rules);
	iss_session_policy_add(
	    &rules, conn->ctx->rules, sizeof(conn->ctx->rules));
	iss_session_policy_add_number(&rules, SSL_get_verify_mode(conn->ssl));
	iss_session_policy_add_text(
	    &rules, SSL_get_servername(conn->ssl, TLSEXT_NAMETYPE_host_name));
	/* A program may have loaded one into the SSL_CTX by itself. */
	iss_session_policy_add_cert(&rules, SSL_get_certificate(conn->ssl));
	iss_verify_add_policy(&conn->link, &rules);
	rv = iss_session_policy_final(&conn->err, &rules, conn->rules);
	iss_session_policy_release(&rules);
	return rv;
}

int
iss_conn_keep_sessions(struct iss_conn *conn, bool share)
{
	iss_error_clear(&conn->err);
	ERR_clear_error();
	/*
	 * A key agreed on saves what a session would.  TLS 1.3 makes one of
	 * it, which is bound to no rules: OpenSSL would break off.
	 */
	if (conn->ctx->psks.count > 0)
		return ISS_OK;
	if (gather_rules(conn) != ISS_OK)
		return ISS_ERROR;
	if (!SSL_set_session_id_context(
		conn->ssl, conn->rules, sizeof(conn->rules)))
		return iss_error_openssl(&conn->err, "cannot keep sessions");
	conn->link.new_sessions = &conn->arrivals;
	conn->keeps_sessions = true;
	conn->shares_sessions = share;
	return ISS_OK;
}

/* The host may be asked, and must not go on with the handshake meanwhile. */
static bool
set_if_good(struct iss_conn *conn, SSL_SESSION *session)
{
	bool good;

	if (iss_conn_enter(conn) != ISS_OK)
		return false;
	good = SSL_set_session(conn->ssl, session) &&
	       iss_verify_session(&conn->link);
	if (!good)
		SSL_set_session(conn->ssl, NULL);
	iss_conn_leave(conn);
	ERR_clear_error();
	return good;
}

bool
iss_conn_offer_session(struct iss_conn *conn, SSL_SESSION *session)
{
	if (!conn->keeps_sessions || conn->state != ISS_CONN_NEW)
		return false;
	if (!iss_session_is_usable(session))
		return true;
	if (!iss_session_has_policy(
		session, conn->rules, sizeof(conn->rules)) ||
	    !set_if_good(conn, session))
		return false;
	SSL_SESSION_free(conn->offered);
	SSL_SESSION_up_ref(session);
	conn->offered = session;
	if (!iss_session_is_single_use(session))
		return false;
	/* OpenSSL will mark the one that is used. */
	if (conn->shares_sessions && conn->spare == NULL)
		conn->spare = SSL_SESSION_dup(session);
	return true;
}

void
iss_conn_offer_from(struct iss_conn *conn, struct iss_session_cache *cache,
    struct iss_session_key key)
{
	SSL_SESSION *session =
	    iss_session_cache_use(cache, key, conn->rules, sizeof(conn->rules));

	if (session == NULL)
		return;
	/* One for single use was taken out: others may like it better. */
	if (!iss_conn_offer_session(conn, session) &&
	    iss_session_is_single_use(session))
		iss_session_cache_add0(cache, key, session);
	else
		SSL_SESSION_free(session);
}

/* OpenSSL tells of new sessions, but in TLS 1.2 not of renewed ones. */
void
iss_conn_note_renewal(struct iss_conn *conn)
{
	SSL_SESSION *session = SSL_get0_session(conn->ssl);

	if (conn->offered == NULL || !SSL_session_reused(conn->ssl) ||
	    session == conn->offered || session == NULL ||
	    iss_session_is_single_use(session))
		return;
	SSL_SESSION_up_ref(session);
	iss_new_sessions_add0(&conn->arrivals, session);
}

/* Is there a byte to be had?  An end is none: it would be told as one. */
static bool
has_input(const struct iss_conn *conn)
{
	char byte;

	return iss_sock_waiting_in(conn->sock) > 0 ||
	       recv(conn->sock->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 1;
}

/* Take in a record that holds no data; one that does stays as it is. */
static bool
take_record(struct iss_conn *conn)
{
	char byte;
	size_t got;
	bool more;

	if (!has_input(conn) || iss_conn_enter(conn) != ISS_OK)
		return false;
	more = !SSL_peek_ex(conn->ssl, &byte, sizeof(byte), &got) &&
	       SSL_get_error(conn->ssl, 0) == SSL_ERROR_WANT_READ;
	iss_conn_leave(conn);
	return more;
}

void
iss_conn_collect_sessions(struct iss_conn *conn)
{
	bool dont_wait = conn->sock->dont_wait;

	if (!conn->keeps_sessions || !iss_conn_can_read(conn) ||
	    SSL_version(conn->ssl) < TLS1_3_VERSION)
		return;
	SSL_clear_mode(conn->ssl, SSL_MODE_AUTO_RETRY);
	conn->sock->dont_wait = true;
	while (take_record(conn))
		;
	conn->sock->dont_wait = dont_wait;
	SSL_set_mode(conn->ssl, SSL_MODE_AUTO_RETRY);
	ERR_clear_error();
	if (conn->spare != NULL && !conn->arrivals.any &&
	    SSL_session_reused(conn->ssl)) {
		iss_new_sessions_add0(&conn->arrivals, conn->spare);
		conn->spare = NULL;
	}
}
