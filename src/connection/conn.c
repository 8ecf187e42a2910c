/*
 * Makes and frees connections, and owns the bracket around OpenSSL's calls.
 */
#include "connection/conn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "base/compat.h"
#include "connection/trace.h"
#include "verification/anonymous.h"
#include "verification/dane.h"

/*
 * TLS 1.3 servers write session tickets right after the handshake, and the
 * first answer after them would wait for their acknowledgement: Nagle and
 * delayed acknowledgements cost 40 ms together.  We write whole records, so
 * there is nothing for Nagle to gather.
 */
static void
set_nodelay(int fd)
{
	int on = 1;

	/* Fails, harmlessly, on a socket that is not TCP. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

/*
 * SNI carries A-labels without a final dot (RFC 6066, 3).  An address goes out
 * as it was given: against the RFC, but programs and their servers rely on it.
 */
static int
set_hostname(struct iss_error *err, SSL *ssl, const char *hostname)
{
	struct iss_reference_id host;
	const char *name = hostname;

	if (iss_reference_id_init(err, &host, hostname, strlen(hostname)) !=
	    ISS_OK) {
		iss_error_prefix(err, "SSL_hostname");
		return ISS_ERROR;
	}
	if (host.kind == ISS_REFERENCE_NAME)
		name = host.name;
	if (SSL_set_tlsext_host_name(ssl, name))
		return ISS_OK;
	return iss_error_openssl(err, "SSL_hostname \"%s\"", hostname);
}

/* The connection's own fingerprints, or those of its context. */
static int
set_fingerprints(struct iss_error *err, struct iss_verify *verify,
    const struct iss_ctx *ctx, const struct iss_peer_config *config)
{
	bool own = config->fingerprints.count > 0;
	bool force = config->force_fingerprint < 0
			 ? ctx->force_fingerprint
			 : config->force_fingerprint != 0;

	return iss_verify_set_fingerprints(err, verify,
	    own ? &config->fingerprints : &ctx->fingerprints, force);
}

/*
 * Where a fingerprint alone decides, a staple cannot change the verdict.  But
 * since OpenSSL 3.6 one that cannot be read would end the handshake.
 */
static int
ocsp_mode(const struct iss_conn *conn, const struct iss_peer_config *config)
{
	if (conn->verify.force_fingerprint)
		return ISS_OCSP_NO_STAPLE;
	return config->ocsp_mode < 0 ? conn->ctx->ocsp_mode : config->ocsp_mode;
}

/* Make the SSL with its socket, and the ways to what belongs to it. */
static int
make_ssl(struct iss_error *err, struct iss_conn *conn, int fd)
{
	BIO *bio;

	if ((conn->ssl = SSL_new(conn->ctx->ssl_ctx)) == NULL ||
	    (bio = iss_sock_new(fd, &conn->sock)) == NULL)
		return iss_error_openssl(err, "cannot create an SSL object");
	SSL_set_bio(conn->ssl, bio, bio);
	conn->frees_buffers =
	    (SSL_get_mode(conn->ssl) & SSL_MODE_RELEASE_BUFFERS) != 0;
	conn->pump.sock = conn->sock;
	conn->pump.link = &conn->link;
	conn->pump.err = &conn->err;
	conn->link.verify = &conn->verify;
	conn->link.stats = conn->ctx->stats;
	conn->link.staple = &conn->staple;
	return iss_link_attach(err, &conn->link, conn->ssl);
}

/* Keep a ClientHello for the program: OpenSSL tells only of the extensions that
 * it knows. */
static bool
expect_hello(struct iss_conn *conn)
{
	if (!conn->ctx->choice.asks)
		return true;
	if ((conn->hello = malloc(sizeof(*conn->hello))) == NULL)
		return false;
	iss_buf_init(conn->hello, ISS_HELLO_MAX);
	conn->link.hello = conn->hello;
	iss_conn_tell_messages(conn, false);
	return true;
}

void
iss_conn_drop_hello(struct iss_conn *conn)
{
	if (conn->hello == NULL)
		return;
	iss_buf_release(conn->hello);
	free(conn->hello);
	conn->hello = conn->link.hello = NULL;
	iss_conn_tell_messages(conn, conn->tells_messages);
}

bool
iss_conn_choose(struct iss_conn *conn, struct iss_ctx *ctx)
{
	struct iss_ctx *before = conn->chosen;

	if (!ctx->server)
		return false;
	conn->chosen = iss_ctx_up_ref(ctx);
	conn->link.chosen = &ctx->choice;
	iss_ctx_free(before);
	return true;
}

int
iss_conn_new(struct iss_error *err, struct iss_conn **out, struct iss_ctx *ctx,
    int fd, const struct iss_peer_config *config,
    const struct iss_callbacks *callbacks)
{
	struct iss_conn *conn = calloc(1, sizeof(*conn));
	int rv = ISS_ERROR;

	if (conn == NULL || !iss_refcount_init(&conn->refs)) {
		free(conn);
		return iss_error_set(err, "out of memory");
	}
	ERR_clear_error();
	conn->ctx = iss_ctx_up_ref(ctx);
	conn->link.callbacks = callbacks;
	iss_buf_init(&conn->unsent, ISS_RECORD_MAX);
	iss_buf_init(&conn->taken, ISS_RECORD_MAX);
	conn->strict_eof = config->strict_eof;
	if (make_ssl(err, conn, fd) != ISS_OK ||
	    set_fingerprints(err, &conn->verify, ctx, config) != ISS_OK ||
	    iss_dane_begin(err, &conn->link, &config->tlsa,
		config->dane_ee_name) != ISS_OK)
		goto done;
	if (!iss_limits_begin(&conn->limits, config) || !expect_hello(conn)) {
		iss_error_memory(err);
		goto done;
	}
	iss_conn_look_ahead(conn);
	iss_verify_begin(&conn->link);
	if (iss_staple_begin(err, &conn->link, ocsp_mode(conn, config)) !=
	    ISS_OK)
		goto done;
	if (config->hostname != NULL &&
	    set_hostname(err, conn->ssl, config->hostname) != ISS_OK)
		goto done;
	conn->sock->pumped = config->usebio;
	if (config->handshake_report &&
	    (conn->report = iss_report_new()) == NULL) {
		iss_error_memory(err);
		goto done;
	}
	if (config->nodelay && !config->usebio)
		set_nodelay(fd);

	*out = conn;
	conn = NULL;
	rv = ISS_OK;

done:
	iss_conn_free(conn);
	return rv;
}

struct iss_conn *
iss_conn_up_ref(struct iss_conn *conn)
{
	iss_refcount_up(&conn->refs);
	return conn;
}

static void
count_bytes(const struct iss_conn *conn)
{
	iss_stats_add(conn->ctx->stats, ISS_STATS_BYTES_IN,
	    BIO_number_read(SSL_get_rbio(conn->ssl)));
	iss_stats_add(conn->ctx->stats, ISS_STATS_BYTES_OUT,
	    BIO_number_written(SSL_get_wbio(conn->ssl)));
}

void
iss_conn_free(struct iss_conn *conn)
{
	if (conn == NULL || !iss_refcount_down(&conn->refs))
		return;
	if (conn->ssl != NULL) {
		count_bytes(conn);
		/*
		 * Without a close_notify OpenSSL would mark the session as bad.
		 * But the session is good, even if the program lets the socket
		 * go out of scope.
		 */
		SSL_set_quiet_shutdown(conn->ssl, 1);
		if (conn->state == ISS_CONN_OPEN)
			SSL_shutdown(conn->ssl);
		SSL_free(conn->ssl);
	}
	iss_resume_release(&conn->resume);
	iss_ctx_free(conn->ctx);
	iss_ctx_free(conn->chosen);
	if (conn->hello != NULL)
		iss_buf_release(conn->hello);
	free(conn->hello);
	iss_verify_release(&conn->verify);
	iss_buf_release(&conn->unsent);
	iss_buf_release(&conn->taken);
	iss_ahead_release(&conn->ahead);
	iss_report_free(conn->report);
	free(conn->limits);
	iss_kept_error_clear(&conn->err);
	iss_kept_error_clear(&conn->link.failure);
	iss_refcount_release(&conn->refs);
	free(conn);
}

int
iss_conn_keep_sessions(struct iss_conn *conn, bool share)
{
	struct iss_error err;

	iss_kept_error_clear(&conn->err);
	iss_error_clear(&err);
	ERR_clear_error();
	if (iss_resume_keep(
		&err, &conn->resume, &conn->link, conn->ctx, share) == ISS_OK)
		return ISS_OK;
	return iss_kept_error_copy(&conn->err, &err);
}

bool
iss_conn_offer_session(struct iss_conn *conn, SSL_SESSION *session)
{
	return conn->state == ISS_CONN_NEW &&
	       iss_resume_offer(&conn->resume, &conn->link, session);
}

void
iss_conn_offer_from(struct iss_conn *conn, struct iss_session_cache *cache,
    struct iss_session_key key)
{
	if (conn->state == ISS_CONN_NEW)
		iss_resume_offer_from(&conn->resume, &conn->link, cache, key);
}

void
iss_conn_offer_stored(struct iss_conn *conn, const struct iss_store *store,
    struct iss_session_key key)
{
	if (conn->state == ISS_CONN_NEW)
		iss_resume_offer_stored(&conn->resume, &conn->link, store, key);
}

void
iss_conn_import_session(struct iss_conn *conn,
    const struct iss_seal_secret *secret, const void *bytes, size_t len)
{
	if (conn->state == ISS_CONN_NEW)
		iss_resume_import(
		    &conn->resume, &conn->link, secret, bytes, len);
}

int
iss_conn_export_session(struct iss_error *err, struct iss_conn *conn,
    bool has_cache, const struct iss_seal_secret *secret, struct iss_buf *out)
{
	if (conn->state != ISS_CONN_OPEN)
		return iss_error_set(
		    err, "export_session: the connection is not open");
	return iss_resume_export(
	    err, &conn->resume, &conn->link, conn->ctx, has_cache, secret, out);
}

static bool
is_hello(const struct iss_message *message)
{
	return !message->sent && message->content_type == SSL3_RT_HANDSHAKE &&
	       message->len > 0 &&
	       *(const unsigned char *)message->bytes == SSL3_MT_CLIENT_HELLO;
}

static void
on_message(int sent, int version, int content_type, const void *bytes,
    size_t len, SSL *ssl, void *arg)
{
	const struct iss_link *link = iss_link_of(ssl);
	const struct iss_callbacks *ask = iss_link_callbacks(link);
	struct iss_message message = { sent != 0, version, content_type, bytes,
		len };

	if (link->hello != NULL && is_hello(&message)) {
		iss_buf_release(link->hello);
		(void)iss_buf_append(link->hello, bytes, len);
	}
	if (arg != NULL)
		iss_report_add(arg, &message);
	if (ask->message != NULL)
		ask->message(link->handle, &message);
}

void
iss_conn_tell_messages(struct iss_conn *conn, bool tell)
{
	bool report = conn->report != NULL && conn->state != ISS_CONN_OPEN;

	conn->tells_messages = tell;
	SSL_set_msg_callback(conn->ssl,
	    tell || report || conn->hello != NULL ? on_message : NULL);
	SSL_set_msg_callback_arg(conn->ssl, report ? conn->report : NULL);
}

bool
iss_conn_can_read(const struct iss_conn *conn)
{
	return conn->state == ISS_CONN_OPEN && !conn->got_notify &&
	       !conn->truncated;
}

bool
iss_conn_can_write(const struct iss_conn *conn)
{
	return conn->state == ISS_CONN_OPEN && !conn->sent_notify &&
	       !conn->peer_gone;
}

int
iss_conn_refuse(struct iss_conn *conn, int errnum, const char *why)
{
	iss_kept_error_clear(&conn->err);
	return iss_error_errno(
	    iss_kept_error_fill(&conn->err), errnum, "%s", why);
}

void
iss_conn_abandon(struct iss_conn *conn)
{
	conn->sock->fd = -1;
}

/* Bytes must never be served twice. */
static bool
settle(struct iss_conn *conn)
{
	bool drained = conn->ahead.served == conn->ahead.len;

	conn->data_in += conn->ahead.served;
	if (iss_ahead_settle(&conn->ahead, conn->ssl)) {
		if (drained)
			iss_conn_free_buffers(conn);
		return true;
	}
	conn->state = ISS_CONN_FAILED;
	iss_kept_error_clear(&conn->err);
	iss_error_set(iss_kept_error_fill(&conn->err),
	    "the program read from the SSL object of this socket by itself");
	return false;
}

void
iss_conn_lend_ssl(struct iss_conn *conn)
{
	conn->ahead.lent = true;
	iss_conn_look_ahead(conn);
}

int
iss_conn_set_deadline(struct iss_conn *conn, int ways, iss_deadline until)
{
	if (!iss_limits_set(&conn->limits, ways, until)) {
		iss_kept_error_clear(&conn->err);
		return iss_error_memory(iss_kept_error_fill(&conn->err));
	}
	iss_conn_look_ahead(conn);
	return ISS_OK;
}

void
iss_conn_look_ahead(struct iss_conn *conn)
{
	conn->ahead.off = conn->ahead.lent || iss_limits_until(conn->limits,
						  ISS_READS) != ISS_NO_DEADLINE;
	if (conn->ahead.off && conn->ahead.bytes != NULL &&
	    iss_conn_enter(conn) == ISS_OK)
		iss_conn_leave(conn);
}

int
iss_conn_enter(struct iss_conn *conn)
{
	if (!iss_link_enter(&conn->link))
		return iss_conn_refuse(conn, EDEADLK,
		    "a callback used the connection for which it was called");
	conn->sock->sys_errno = 0;
	iss_sock_limit(conn->sock);
	if (conn->ahead.bytes != NULL && !settle(conn)) {
		iss_conn_leave(conn);
		return ISS_ERROR;
	}
	return ISS_OK;
}

void
iss_conn_leave(struct iss_conn *conn)
{
	iss_sock_unlimit(conn->sock);
	iss_link_leave(&conn->link);
}
