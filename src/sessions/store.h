/*
 * A store of sessions that several processes and machines share, such as
 * memcached.  The program moves sealed values to and from it (callbacks
 * store_*); what is in them is ours (seal.h).  Whatever goes wrong with a store
 * is a miss, never a failure.
 */
#ifndef ISS_STORE_H
#define ISS_STORE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"
#include "link/link.h"
#include "sessions/seal.h"

enum { ISS_STORE_SECRETS_MAX = 16 };

struct iss_store;

/* What a value is for: a role, and bytes that name it. */
struct iss_store_key {
	const char *role;
	const void *bytes;
	size_t len;
};

/* A store whose sessions live for so many seconds; *out is the caller's. */
int iss_store_new(struct iss_error *err, struct iss_store **out, long timeout);
struct iss_store *iss_store_up_ref(struct iss_store *store);
void iss_store_free(struct iss_store *store);

/* Add a secret, of ISS_SEAL_SECRET_MIN bytes or more: the first writes, all
 * read.  Before the store is used. */
int iss_store_add_secret(struct iss_error *err, struct iss_store *store,
    const void *bytes, size_t len);

/* Put a value there, for so many seconds or the store's time, whichever is
 * less. */
void iss_store_put(const struct iss_store *store, const struct iss_link *link,
    const struct iss_store_key *key, const struct iss_buf *value, long seconds);

/*
 * Append the value to out, and write the name under which it is stored; false
 * if there is none that can be opened.
 */
bool iss_store_get(const struct iss_store *store, const struct iss_link *link,
    const struct iss_store_key *key, struct iss_buf *out,
    char name[ISS_SEAL_KEY_LEN + 1]);

/* The same by one of the secrets, which may be answered later: a server's
 * questions, one after the other.  GIVEN, NONE or LATER. */
enum iss_reply iss_store_ask(const struct iss_store *store,
    const struct iss_link *link, const struct iss_store_key *key, size_t secret,
    struct iss_buf *out, char name[ISS_SEAL_KEY_LEN + 1]);
size_t iss_store_secrets(const struct iss_store *store);

/* Remove the value of that name.  False if somebody else did it before, who may
 * then use it. */
bool iss_store_take(const struct iss_link *link, const char *name);

#endif
