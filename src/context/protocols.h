/*
 * The application's protocol, agreed on in the handshake: by ALPN (RFC 7301),
 * where the server chooses, and by its forerunner NPN, where the client does,
 * in TLS 1.2 and below.
 */
#ifndef ISS_PROTOCOLS_H
#define ISS_PROTOCOLS_H

#include <stdbool.h>

#include <openssl/ssl.h>

#include "base/buf.h"
#include "base/error.h"

/* What a context offers and accepts, in wire format; zeroed: nothing. */
struct iss_protocols {
	struct iss_buf alpn;
	struct iss_buf npn;
};

/*
 * Use copies of the two lists, each perhaps empty, for ctx, which asks
 * protocols as long as it lives: iss_protocols_release ends that.  Returns
 * ISS_OK, or ISS_ERROR with the option's name.
 */
int iss_protocols_use(struct iss_error *err, struct iss_protocols *protocols,
    SSL_CTX *ctx, const struct iss_buf *alpn, const struct iss_buf *npn);

/* Somebody else may hold ctx longer, and will not find us there. */
void iss_protocols_release(struct iss_protocols *protocols, SSL_CTX *ctx);

/* Does this OpenSSL have NPN? */
bool iss_protocols_can_npn(void);

#endif
