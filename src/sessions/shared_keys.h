/*
 * Keys for session tickets that servers make by themselves: a random one for
 * each period, from whoever needs it first.  They share the keys by a backend
 * of the program's (callbacks store_get, store_add), where they are sealed
 * (seal.h).  Threads share the object, and a forked process begins with the
 * keys of its parent.
 */
#ifndef ISS_SHARED_KEYS_H
#define ISS_SHARED_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include <openssl/ssl.h>

#include "base/error.h"
#include "link/link.h"
#include "sessions/ticket_files.h"

enum {
	ISS_SHARED_KEYS_SECRETS_MAX = 16,
	ISS_SHARED_KEYS_KEEP_MAX = 1000 /* periods */
};

struct iss_shared_keys;

/*
 * Keys that encrypt for rotate seconds, and decrypt for keep more periods, at
 * most ISS_SHARED_KEYS_KEEP_MAX.  *out is the caller's.  Returns ISS_OK, or
 * ISS_ERROR when memory runs out.
 */
int iss_shared_keys_new(struct iss_error *err, struct iss_shared_keys **out,
    long rotate, long keep);
struct iss_shared_keys *iss_shared_keys_up_ref(struct iss_shared_keys *keys);
void iss_shared_keys_free(struct iss_shared_keys *keys);

/* Add a secret, of ISS_SEAL_SECRET_MIN bytes or more: the first writes, all
 * read.  Before the keys are used. */
int iss_shared_keys_add_secret(struct iss_error *err,
    struct iss_shared_keys *keys, const void *bytes, size_t len);

/* Use them for the tickets of a server's context, which takes a reference.
 * Returns ISS_OK or ISS_ERROR. */
int iss_shared_keys_use(
    struct iss_error *err, SSL_CTX *ctx, struct iss_shared_keys *keys);

/* The keys of the connection's context, borrowed; NULL if it has none. */
struct iss_shared_keys *iss_shared_keys_of(const SSL *ssl);

/*
 * The key for new tickets at that time; if name is not NULL, the key of that
 * name, when *current tells whether it is for new ones.  False: there is no
 * such key.  While the backend fails, which is asked again after a second, the
 * keys that are known go on serving.  The caller cleanses *out.
 */
bool iss_shared_keys_find(struct iss_shared_keys *keys,
    const struct iss_link *link, time_t now, const unsigned char *name,
    struct iss_ticket_secret *out, bool *current);

#endif
