#include "context/session_settings.h"

#include "sessions/new_sessions.h"
#include "sessions/peer_end.h"
#include "sessions/server_store.h"
#include "sessions/shared_keys.h"
#include "sessions/ticket.h"
#include "sessions/ticket_files.h"

/* RFC 8446, 4.6.1: a ticket lives for seven days at most. */
enum { TICKETS_MAX = 16, TIMEOUT_MAX = 7 * 24 * 60 * 60 };

static int
set_timeout(struct iss_error *err, SSL_CTX *ctx, int seconds)
{
	if (seconds < 0)
		return ISS_OK;
	if (seconds < 1 || seconds > TIMEOUT_MAX) {
		iss_error_set(err,
		    "SSL_session_timeout must be 1 to %d seconds, not %d",
		    TIMEOUT_MAX, seconds);
		return ISS_INVALID;
	}
	SSL_CTX_set_timeout(ctx, seconds);
	return ISS_OK;
}

static int
set_num_tickets(struct iss_error *err, SSL_CTX *ctx, int count)
{
	if (count < 0)
		return ISS_OK;
	if (count > TICKETS_MAX) {
		iss_error_set(err, "SSL_num_tickets must be 0 to %d, not %d",
		    TICKETS_MAX, count);
		return ISS_INVALID;
	}
	if (SSL_CTX_set_num_tickets(ctx, (size_t)count))
		return ISS_OK;
	return iss_error_openssl(err, "SSL_num_tickets");
}

static int
use_as_server(struct iss_error *err, SSL_CTX *ctx,
    const struct iss_config *config, const struct iss_link *link,
    SSL_CTX *before)
{
	const struct iss_texts *files = &config->ticket_keys;

	iss_peer_end_install(ctx);
	if (config->store != NULL &&
	    iss_server_store_install(err, ctx, config->store) != ISS_OK)
		return ISS_ERROR;
	if (files->count > 0 && iss_ticket_files_use(err, ctx, files) != ISS_OK)
		return ISS_ERROR;
	if (config->shared_keys != NULL &&
	    iss_shared_keys_use(err, ctx, config->shared_keys) != ISS_OK)
		return ISS_ERROR;
	if (files->count > 0 || config->shared_keys != NULL ||
	    iss_link_callbacks(link)->ticket_key != NULL)
		iss_ticket_install(ctx);
	else if (before != NULL &&
		 iss_ticket_keep_keys(err, ctx, before) != ISS_OK)
		return ISS_ERROR;
	/* The clients of a store come back with the newest ticket. */
	return set_num_tickets(err, ctx,
	    config->store != NULL && config->num_tickets < 0
		? 1
		: config->num_tickets);
}

int
iss_session_settings_use(struct iss_error *err, SSL_CTX *ctx,
    const struct iss_config *config, const struct iss_link *link,
    SSL_CTX *before)
{
	int rv = set_timeout(err, ctx, config->session_timeout);

	if (rv == ISS_OK && config->server)
		return use_as_server(err, ctx, config, link, before);
	if (rv == ISS_OK)
		iss_new_sessions_install(ctx);
	return rv;
}
