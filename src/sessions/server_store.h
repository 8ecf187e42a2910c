/*
 * The sessions of servers in a store (store.h): a client gets nothing but an
 * id.
 */
#ifndef ISS_SERVER_STORE_H
#define ISS_SERVER_STORE_H

#include <openssl/ssl.h>

#include "base/error.h"
#include "sessions/store.h"

/*
 * Keep the sessions of a server's context in the store, of which it takes a
 * reference.  A session of TLS 1.3 is taken out when it is used.
 * SSL_CTX_sess_set_new_cb(3).
 */
int iss_server_store_install(
    struct iss_error *err, SSL_CTX *ctx, struct iss_store *store);

/*
 * Ask the store for the sessions that the client offers, four at most, until
 * one is found; nothing is asked without a store.  Call it while the
 * ClientHello is read, when version and context are settled, and return its
 * result there; call it again after SSL_CLIENT_HELLO_RETRY.
 * SSL_CTX_set_client_hello_cb(3).
 */
int iss_server_store_ask(SSL *ssl, int *alert);

/* The handshake is done: free what was found for it. */
void iss_server_store_done(SSL *ssl);

#endif
