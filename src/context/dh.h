/*
 * The Diffie-Hellman group of a server in TLS 1.2 and below, if the program
 * does not leave the choice to OpenSSL.
 */
#ifndef ISS_DH_H
#define ISS_DH_H

#include <openssl/ssl.h>

#include "base/error.h"

/*
 * Use the group in a file, in PEM as openssl-dhparam(1) writes it.  Returns
 * ISS_OK, or ISS_ERROR with "FILE: reason": as iss_file_read, no parameters in
 * it, a group that is too small for the security level.
 */
int iss_dh_use_file(struct iss_error *err, SSL_CTX *ctx, const char *file);

/* Use the group of a DH *, still the caller's to free.  Returns likewise. */
int iss_dh_use_handle(struct iss_error *err, SSL_CTX *ctx, void *dh);

/*
 * The groups of a server that has such a group of its own, or NULL for
 * OpenSSL's: since 4.0 OpenSSL prefers a group of RFC 7919 that the client
 * names to that of the program, so these must be left out, in any version of
 * TLS.
 */
const char *iss_dh_other_groups(void);

/*
 * Use no finite-field group in TLS 1.2 and below, after the ciphers are set.
 * Returns ISS_OK, or ISS_ERROR with the reason.
 */
int iss_dh_turn_off(struct iss_error *err, SSL_CTX *ctx);

#endif
