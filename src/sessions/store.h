/*
 * A store of sessions that several servers share, such as memcached.  The
 * program moves sealed values to and from it (callbacks store_*); what is in
 * them is ours (seal.h).
 */
#ifndef ISS_STORE_H
#define ISS_STORE_H

#include <openssl/ssl.h>

#include "base/error.h"
#include "sessions/seal.h"

enum { ISS_STORE_SECRETS_MAX = 16 };

struct iss_store;

/* A store whose sessions live for so many seconds; *out is the caller's. */
int iss_store_new(struct iss_error *err, struct iss_store **out, long timeout);
struct iss_store *iss_store_up_ref(struct iss_store *store);
void iss_store_free(struct iss_store *store);

/* Add a secret, of ISS_SEAL_SECRET_MIN bytes or more: the first writes, all
 * read.  Before the store is used. */
int iss_store_add_secret(struct iss_error *err, struct iss_store *store,
    const void *bytes, size_t len);

/*
 * Keep the sessions of a server's context in the store, of which it takes a
 * reference, and nothing but an id at the clients.  A session of TLS 1.3 is
 * taken out when it is used.  Whatever goes wrong with the store is a full
 * handshake, never a failure.  SSL_CTX_sess_set_new_cb(3).
 */
int iss_store_install(
    struct iss_error *err, SSL_CTX *ctx, struct iss_store *store);

#endif
