/*
 * Owns the secrets of a store.
 */
#include "sessions/store.h"

#include <stdlib.h>

#include "base/refcount.h"

struct iss_store {
	struct iss_refcount refs;
	long timeout;
	struct iss_seal_secret secrets[ISS_STORE_SECRETS_MAX];
	size_t count;
};

int
iss_store_new(struct iss_error *err, struct iss_store **out, long timeout)
{
	struct iss_store *store = calloc(1, sizeof(*store));

	if (store == NULL || !iss_refcount_init(&store->refs)) {
		free(store);
		return iss_error_memory(err);
	}
	store->timeout = timeout;
	*out = store;
	return ISS_OK;
}

struct iss_store *
iss_store_up_ref(struct iss_store *store)
{
	iss_refcount_up(&store->refs);
	return store;
}

void
iss_store_free(struct iss_store *store)
{
	size_t i;

	if (store == NULL || !iss_refcount_down(&store->refs))
		return;
	for (i = 0; i < store->count; i++)
		iss_seal_secret_release(&store->secrets[i]);
	iss_refcount_release(&store->refs);
	free(store);
}

int
iss_store_add_secret(struct iss_error *err, struct iss_store *store,
    const void *bytes, size_t len)
{
	if (len < ISS_SEAL_SECRET_MIN)
		return iss_error_set(err,
		    "a secret must have %d bytes or more, not %zu",
		    ISS_SEAL_SECRET_MIN, len);
	if (store->count == ISS_STORE_SECRETS_MAX)
		return iss_error_set(
		    err, "at most %d secrets", ISS_STORE_SECRETS_MAX);
	if (!iss_seal_secret_set(&store->secrets[store->count], bytes, len))
		return iss_error_memory(err);
	store->count++;
	return ISS_OK;
}

void
iss_store_put(const struct iss_store *store, const struct iss_link *link,
    const struct iss_store_key *key, const struct iss_buf *value, long seconds)
{
	const struct iss_callbacks *ask = iss_link_callbacks(link);
	const struct iss_seal_secret *secret = &store->secrets[0];
	char name[ISS_SEAL_KEY_LEN + 1];
	struct iss_buf sealed;

	iss_buf_init(&sealed, ISS_SEAL_MAX);
	if (ask->store_put != NULL && seconds > 0 &&
	    iss_seal_key(secret, key->role, key->bytes, key->len, name) &&
	    iss_seal_close(secret, key->role, name, iss_buf_text(value),
		value->len, &sealed))
		ask->store_put(link->handle, name, iss_buf_text(&sealed),
		    sealed.len,
		    seconds < store->timeout ? seconds : store->timeout);
	iss_buf_release(&sealed);
}

enum iss_reply
iss_store_ask(const struct iss_store *store, const struct iss_link *link,
    const struct iss_store_key *key, size_t secret, struct iss_buf *out,
    char name[ISS_SEAL_KEY_LEN + 1])
{
	const struct iss_seal_secret *by = &store->secrets[secret];
	const struct iss_callbacks *ask = iss_link_callbacks(link);
	enum iss_reply reply = ISS_REPLY_NONE;
	struct iss_buf sealed;

	iss_buf_clear(out);
	iss_buf_init(&sealed, ISS_SEAL_MAX);
	if (ask->store_get != NULL &&
	    iss_seal_key(by, key->role, key->bytes, key->len, name))
		reply = ask->store_get(link->handle, name, &sealed);
	if (reply == ISS_REPLY_GIVEN &&
	    !iss_seal_open(
		by, key->role, name, iss_buf_text(&sealed), sealed.len, out))
		reply = ISS_REPLY_NONE;
	iss_buf_release(&sealed);
	return reply;
}

bool
iss_store_get(const struct iss_store *store, const struct iss_link *link,
    const struct iss_store_key *key, struct iss_buf *out,
    char name[ISS_SEAL_KEY_LEN + 1])
{
	size_t i;

	for (i = 0; i < store->count; i++)
		if (iss_store_ask(store, link, key, i, out, name) ==
		    ISS_REPLY_GIVEN)
			return true;
	return false;
}

size_t
iss_store_secrets(const struct iss_store *store)
{
	return store->count;
}

bool
iss_store_take(const struct iss_link *link, const char *name)
{
	const struct iss_callbacks *ask = iss_link_callbacks(link);

	return ask->store_take != NULL && ask->store_take(link->handle, name);
}
