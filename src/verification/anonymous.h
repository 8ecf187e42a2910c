/*
 * Anonymous ciphers of TLS 1.2, with which a server shows no certificate.
 */
#ifndef ISS_ANONYMOUS_H
#define ISS_ANONYMOUS_H

#include "link/link.h"

/*
 * A handshake is done.  With an anonymous cipher nothing was judged
 * (SSL_CTX_set_verify(3), NOTES): a client that verifies must fail then.  A
 * side that verifies accepts no anonymous cipher in a later renegotiation
 * either.  Returns ISS_OK, or ISS_ERROR with link->failure set.
 */
int iss_anonymous_refuse(struct iss_link *link);

#endif
