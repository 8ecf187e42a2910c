/*
 * A server of several names: from the name in the ClientHello (RFC 6066, 3)
 * to the context that serves it.
 */
#ifndef ISS_SNI_H
#define ISS_SNI_H

#include <stdbool.h>
#include <stddef.h>

#include "ctx.h"

/*
 * Let connections of a server's context go over to the one of ctx->hosts
 * that the client names, if there is one; else they stay, unless ctx has
 * hosts and no certificate: then the handshake fails.  Once, when ctx is
 * made; the hosts may come later.
 */
void iss_sni_install(struct iss_ctx *ctx);

/*
 * The host name in the server_name extension of a ClientHello; borrowed from
 * its bytes.  False when there is none, or the extension is damaged.
 */
bool iss_sni_parse(const unsigned char *ext, size_t len,
    const unsigned char **name, size_t *name_len);

/* The context that serves this name, in any case; NULL: there is none. */
struct iss_ctx *iss_sni_find(
    const struct iss_ctx *ctx, const unsigned char *name, size_t len);

#endif
