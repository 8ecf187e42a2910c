/*
 * Session tickets (RFC 5077, RFC 8446 4.6.1) under keys of the program's, which
 * several servers may share and which change over time.
 */
#ifndef ISS_TICKET_H
#define ISS_TICKET_H

#include <openssl/ssl.h>

#include "base/error.h"

/*
 * Take the ticket keys of a server's context from its files (ticket_files.h),
 * its shared keys (shared_keys.h), or else from the ticket_key callback.  A
 * ticket under an older key is replaced, and each that TLS 1.3 uses; one under
 * an unknown key is ignored. Once, when the context is made.
 * SSL_CTX_set_tlsext_ticket_key_evp_cb(3).
 */
void iss_ticket_install(SSL_CTX *ctx);

/*
 * Without such keys: give a server's context the keys that OpenSSL chose for
 * another one, so that tickets of both are good.  Returns ISS_OK or ISS_ERROR.
 * SSL_CTX_get_tlsext_ticket_keys(3).
 */
int iss_ticket_keep_keys(struct iss_error *err, SSL_CTX *to, SSL_CTX *from);

#endif
