/*
 * The application protocol, agreed on in the handshake: by ALPN (RFC 7301),
 * where the server chooses, or by its predecessor NPN, where the client does,
 * in TLS 1.2 and below.
 */
#ifndef ISS_PROTOCOLS_H
#define ISS_PROTOCOLS_H

#include <stdbool.h>

#include <openssl/ssl.h>

#include "base/buf.h"
#include "base/error.h"

/* The protocols of a context, in wire format; zeroed there are none. */
struct iss_protocols {
	struct iss_buf alpn;
	struct iss_buf npn;
};

/*
 * Use copies of the two lists, each of which may be empty, for ctx.  Callbacks
 * of ctx point to protocols until iss_protocols_release.  Returns ISS_OK, or
 * ISS_ERROR with the name of the option.
 */
int iss_protocols_use(struct iss_error *err, struct iss_protocols *protocols,
    SSL_CTX *ctx, const struct iss_buf *alpn, const struct iss_buf *npn);

/* Remove the callbacks from ctx, which may be NULL, and free the lists. */
void iss_protocols_release(struct iss_protocols *protocols, SSL_CTX *ctx);

/* Was this OpenSSL built with NPN? */
bool iss_protocols_can_npn(void);

#endif
