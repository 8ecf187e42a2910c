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
 * add them to ctx, which can have one for each kind of key.  *used tells
 * whether identity named anything.  Returns ISS_OK, or ISS_ERROR with the
 * option, the file and the reason.
 */
int iss_identity_use(struct iss_error *err, SSL_CTX *ctx,
    const struct iss_identity *identity, const struct iss_link *link,
    bool *used);

#endif
