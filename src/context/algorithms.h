/*
 * Which versions, ciphers and groups an SSL_CTX offers.
 */
#ifndef ISS_ALGORITHMS_H
#define ISS_ALGORITHMS_H

#include <stdbool.h>

#include <openssl/ssl.h>

#include "base/error.h"
#include "options/config.h"

/* SSL_cipher_list by default, with SSL_psk and without: OpenSSL's own list less
 * everything that is weak today. */
#define ISS_DEFAULT_CIPHERS_PSK                                                \
	"DEFAULT:!EXPORT:!LOW:!MEDIUM:!NULL:!aNULL:!eNULL:!RC4:!DES:!MD5:"     \
	"!SRP"
#define ISS_DEFAULT_CIPHERS ISS_DEFAULT_CIPHERS_PSK ":!PSK"

/*
 * Give an SSL_CTX what the config says, in this order, since
 * SSL_dh_file => undef changes the ciphers:
 *
 * _versions    SSL_version
 * _ciphers     SSL_cipher_list, SSL_ciphersuites
 * _groups      SSL_ecdh_curve.  may_leave: a connection may go over to another
 *              context, and must then not find these groups (choice.h); they
 *              are only checked
 * _dh          SSL_dh, SSL_dh_file: of a server; a handle takes precedence
 *
 * ISS_OK, ISS_INVALID for a version that there is not, or ISS_ERROR.
 */
int iss_algorithms_use_versions(
    struct iss_error *err, SSL_CTX *ctx, const struct iss_config *config);
int iss_algorithms_use_ciphers(
    struct iss_error *err, SSL_CTX *ctx, const struct iss_config *config);
int iss_algorithms_use_groups(struct iss_error *err, SSL_CTX *ctx,
    const struct iss_config *config, bool may_leave);
int iss_algorithms_use_dh(
    struct iss_error *err, SSL_CTX *ctx, const struct iss_config *config);

/* The groups that the program wants, or those that SSL_dh_file asks for if it
 * does not say.  NULL: OpenSSL's own. */
const char *iss_algorithms_groups(const struct iss_config *config);

#endif
