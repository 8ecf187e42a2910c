/*
 * What an SSL_CTX does with sessions, from the options of a context; how its
 * sessions are told from those of others is in session_id.h.
 */
#ifndef ISS_SESSION_SETTINGS_H
#define ISS_SESSION_SETTINGS_H

#include <openssl/ssl.h>

#include "base/error.h"
#include "link/link.h"
#include "options/config.h"

/*
 * Have a client tell of its new sessions, and a server watch the end of its
 * clients' certificates (peer_end.h) and use the ticket keys of the program;
 * SSL_session_timeout and SSL_num_tickets.  link is asked whether the program
 * has a ticket_key callback.  before, or NULL, is the context whose place this
 * one takes: OpenSSL's own ticket keys stay.  Returns ISS_OK, ISS_INVALID for a
 * number that is out of range, or ISS_ERROR.
 */
int iss_session_settings_use(struct iss_error *err, SSL_CTX *ctx,
    const struct iss_config *config, const struct iss_link *link,
    SSL_CTX *before);

#endif
