/*
 * Whom a server says it is.  Its sessions are bound to that, and not to the
 * certificate that says so, which will be renewed.
 */
#ifndef ISS_OWN_NAMES_H
#define ISS_OWN_NAMES_H

#include <openssl/ssl.h>

#include "sessions/session_policy.h"

/*
 * Add the names of a context's certificates, each once, in any order: the
 * alternative names or, without those, the common name.  A certificate whose
 * names cannot be read counts as it is.  The policy fails when memory runs out.
 */
void iss_own_names_add(struct iss_session_policy *policy, SSL_CTX *ctx);

#endif
