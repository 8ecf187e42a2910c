/*
 * Who we are: a certificate, its chain and its key, given as files or
 * handles, put into an SSL_CTX.
 */
#ifndef ISS_IDENTITY_H
#define ISS_IDENTITY_H

#include <stdbool.h>

#include <openssl/ssl.h>

#include "options/config.h"
#include "base/error.h"
#include "link/link.h"

/*
 * Load what the identity names, asking link's password callback, and use it for
 * ctx beside those of other kinds of keys; a second one of the same kind is
 * refused.  *used tells whether it named anything.  Returns ISS_OK, or
 * ISS_ERROR with the option, the file and the reason.
 */
int iss_identity_use(struct iss_error *err, SSL_CTX *ctx,
    const struct iss_identity *identity, const struct iss_link *link,
    bool *used);

#endif
