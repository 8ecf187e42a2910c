/*
 * Pre-shared keys: who has the key needs no certificate (RFC 4279 for TLS
 * 1.2, RFC 8446, 4.2.11 for 1.3).
 */
#ifndef ISS_PSK_H
#define ISS_PSK_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/ssl.h>

#include "error.h"

/* What a client calls itself that was given a key alone. */
#define ISS_PSK_IDENTITY "io_socket_ssl"

struct iss_psk {
	char *identity; /* NULL: of whoever is not named otherwise */
	unsigned char *key;
	size_t len;
};

/* A list, owned; zeroed it is empty. */
struct iss_psks {
	struct iss_psk *list;
	size_t count;
};

/*
 * Append a key, of which a copy is taken; with identity "" it is that of all
 * others.  Returns ISS_OK; or ISS_ERROR, with the list as it was, where the
 * key or the identity is longer than OpenSSL allows, the key is empty or the
 * identity has a NUL in it.
 */
int iss_psks_add(struct iss_error *err, struct iss_psks *psks,
    const char *option, const char *identity, size_t identity_len,
    const char *key, size_t key_len);

/* An empty list becomes a copy of another; false when memory runs out. */
bool iss_psks_copy(struct iss_psks *to, const struct iss_psks *from);

/* Free everything, wiping the keys; the list is empty afterwards. */
void iss_psks_release(struct iss_psks *psks);

/* Can this OpenSSL do it? */
bool iss_psk_is_possible(void);

/*
 * Let connections of ctx use the keys, which must outlive it or be taken
 * back by iss_psk_forget; a client has exactly one.  Returns ISS_OK or
 * ISS_ERROR.  SSL_CTX_set_psk_client_callback(3).
 */
int iss_psk_use(struct iss_error *err, SSL_CTX *ctx,
    const struct iss_psks *psks, bool server);
void iss_psk_forget(SSL_CTX *ctx);

#endif
