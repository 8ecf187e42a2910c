/*
 * The sessions of clients in a store (store.h), each under what it is for and
 * the rules it was made under.
 */
#ifndef ISS_CLIENT_STORE_H
#define ISS_CLIENT_STORE_H

#include <stddef.h>

#include <openssl/ssl.h>

#include "link/link.h"
#include "sessions/session_cache.h"
#include "sessions/store.h"

/* Put there a session that came on the connection of link.  The store keeps the
 * newest of each key and policy (session_policy.h). */
void iss_client_store_put(const struct iss_store *store,
    const struct iss_link *link, struct iss_session_key key,
    const SSL_SESSION *session);

/*
 * For a connection to resume: the session of the key that was made under the
 * policy with this digest.  The caller's to free; NULL if there is none that is
 * usable.  One for single use leaves the store.
 */
SSL_SESSION *iss_client_store_use(const struct iss_store *store,
    const struct iss_link *link, struct iss_session_key key, const void *policy,
    size_t len);

#endif
