/*
 * Our own certificate, its chain and its key, from files or handles into an
 * SSL_CTX.
 */
#ifndef ISS_IDENTITY_H
#define ISS_IDENTITY_H

#include <stdbool.h>

#include <openssl/ssl.h>

#include "options/config.h"
#include "base/error.h"
#include "link/link.h"

/*
 * Load the certificate and key of identity, with link's password callback, and
 * add them to ctx, which can have one for each kind of key.
 *
 * A key without a certificate is ignored, and its file not read.  A certificate
 * handle without a key is added alone: the program may add the key to ctx;
 * without one, OpenSSL does not show the certificate to a peer.  *used tells
 * whether both a certificate and a key were added.  If remember is true, a pair
 * from files is taken from, or put into, the memory of pairs (pair_cache.h).
 *
 * Returns ISS_OK, or ISS_ERROR with the option, the file and the reason.
 */
int iss_identity_use(struct iss_error *err, SSL_CTX *ctx,
    const struct iss_identity *identity, const struct iss_link *link,
    bool remember, bool *used);

/*
 * The same for one connection, which must get both a certificate and a key; its
 * pair of that kind is replaced.  SSL_use_cert_and_key(3).
 */
int iss_identity_show(struct iss_error *err, SSL *ssl,
    const struct iss_identity *identity, const struct iss_link *link,
    bool remember);

#endif
