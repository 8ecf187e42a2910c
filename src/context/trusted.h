/*
 * Whom a context trusts: its verify mode, its CAs and revocation lists, and the
 * CAs that a server names to its clients.
 */
#ifndef ISS_TRUSTED_H
#define ISS_TRUSTED_H

#include <stdbool.h>

#include <openssl/ssl.h>

#include "base/error.h"
#include "options/config.h"

/* Are peers verified under this config? */
bool iss_trusted_verifies(const struct iss_config *config);

/*
 * Set the verify mode and flags, and load CAs and revocation lists.
 * *ignores_crl_file: SSL_crl_file is given, but nothing says that it is to be
 * used.  Returns ISS_OK; ISS_INVALID if the program named something that is not
 * there; or ISS_ERROR.  SSL_CTX_set_verify(3).
 */
int iss_trusted_use(struct iss_error *err, SSL_CTX *ssl_ctx,
    const struct iss_config *config, bool *ignores_crl_file);

/* Set the CA names that a server sends when it asks for a certificate.  Returns
 * ISS_OK or ISS_ERROR.  SSL_CTX_set_client_CA_list(3). */
int iss_trusted_use_client_cas(
    struct iss_error *err, SSL_CTX *ssl_ctx, const struct iss_config *config);

#endif
