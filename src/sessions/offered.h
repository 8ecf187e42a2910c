/*
 * The session ids that a client offers in its ClientHello, for which a server
 * with a store asks before OpenSSL looks for a session.
 */
#ifndef ISS_OFFERED_H
#define ISS_OFFERED_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/ssl.h>

enum { ISS_OFFERED_LEN = 32 };

/*
 * The id at i, ISS_OFFERED_LEN bytes, borrowed; false if there are not as many.
 * In TLS 1.3, if the server speaks it too, these are identities of pre-shared
 * keys, otherwise the session id.  Ids of another length are none of ours and
 * do not count.  Only in the callback for a ClientHello.
 */
bool iss_offered_id(SSL *ssl, size_t i, const unsigned char **id);

/* The same in the body of a pre_shared_key extension (RFC 8446, 4.2.11). */
bool iss_offered_psk(
    const unsigned char *ext, size_t len, size_t i, const unsigned char **id);

#endif
