/*
 * Pre-shared keys, which take the place of certificates (RFC 4279 for TLS 1.2;
 * RFC 8446, 4.2.11 for 1.3).
 */
#ifndef ISS_PSK_H
#define ISS_PSK_H

#include <stdbool.h>

#include <openssl/ssl.h>

#include "base/error.h"
#include "options/psk_list.h"

/* The identity of a client that was given a key alone. */
#define ISS_PSK_IDENTITY "io_socket_ssl"

/* Was this OpenSSL built with pre-shared keys? */
bool iss_psk_is_possible(void);

/*
 * Let connections of ctx use the keys, which must outlive it, or
 * iss_psk_forget be called for ctx, which may be NULL.  A client must have
 * exactly one.  Returns ISS_OK or ISS_ERROR.
 * SSL_CTX_set_psk_client_callback(3).
 */
int iss_psk_use(struct iss_error *err, SSL_CTX *ctx,
    const struct iss_psk_list *psks, bool server);
void iss_psk_forget(SSL_CTX *ctx);

/* A server's connection has changed to another context: use the keys of that
 * one alone. */
void iss_psk_follow(SSL *ssl);

#endif
