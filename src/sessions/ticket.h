/*
 * Session tickets (RFC 5077, RFC 8446 4.6.1) under keys of the host's, which
 * several servers may share and which change in time.
 */
#ifndef ISS_TICKET_H
#define ISS_TICKET_H

#include <openssl/ssl.h>

/*
 * Ask host_ops->ticket_key of each connection for the keys.  A ticket of a
 * key that is not the current one is replaced; of one that the host does not
 * know, ignored.  SSL_CTX_set_tlsext_ticket_key_evp_cb(3).
 */
void iss_ticket_install(SSL_CTX *ctx);

#endif
