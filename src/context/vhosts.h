/*
 * A server of several names: from the name in the ClientHello (RFC 6066, 3)
 * to the context that serves it.
 */
#ifndef ISS_VHOSTS_H
#define ISS_VHOSTS_H

#include <stdbool.h>
#include <stddef.h>

#include "context/ctx.h"

/*
 * Let connections of a server's context go over to the one of ctx->vhosts
 * that the client names, if there is one; else they stay, unless ctx has
 * hosts and no certificate: then the handshake fails.  Once, when ctx is
 * made; the hosts may come later.
 */
void iss_vhosts_install(struct iss_ctx *ctx);

/*
 * The host name in the server_name extension of a ClientHello; borrowed from
 * its bytes.  False when there is none, or the extension is damaged.
 */
bool iss_vhosts_parse(const unsigned char *ext, size_t len,
    const unsigned char **name, size_t *name_len);

/* The context that serves this name, in any case; NULL: there is none. */
struct iss_ctx *iss_vhosts_find(
    const struct iss_ctx *ctx, const unsigned char *name, size_t len);

#endif
